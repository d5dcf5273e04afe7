//! No file makes the loader or its header checks panic, and an image survives being stored.
#![no_main]

use abi::Semantics;
use libfuzzer_sys::fuzz_target;
use loader::{Image, header};

fuzz_target!(|file: &[u8]| {
    if let Ok(loaded) = loader::load(file) {
        for semantics in [Semantics::V1, Semantics::Dacrs2017] {
            // Refusing is an answer like any other.
            let _ = header::check(&loaded.image, semantics);
        }
        let stored = loaded.image.encode();
        assert_eq!(Image::decode(&stored).as_ref(), Ok(&loaded.image));
    }
    if let Ok(image) = Image::decode(file) {
        assert_eq!(image.encode(), file, "two stored forms of one image");
    }
});
