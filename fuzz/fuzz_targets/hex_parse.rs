//! Whatever the Intel HEX parser takes, written again it reads as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use loader::hex;

fuzz_target!(|text: &[u8]| {
    if let Ok(segments) = hex::parse(text) {
        let written = hex::write(&segments);
        assert_eq!(hex::parse(written.as_bytes()), Ok(segments), "{written}");
    }
});
