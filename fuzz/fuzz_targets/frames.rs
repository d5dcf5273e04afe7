//! A request frame that can be read is the frame its items make.
#![no_main]

use abi::codec::{Args, reply_items, request, scan};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|window: &[u8]| {
    let mut items = Vec::new();
    let scanned = scan(window, |item| items.push(item));
    let read = Args::read(window);
    assert_eq!(
        read.as_ref().map(|_| ()),
        scanned.as_ref().map(|()| ()),
        "reading and scanning disagree"
    );
    if let Ok(args) = read {
        let frame = request(&items);
        assert_eq!(Some(frame.as_slice()), window.get(..frame.len()));
        assert_eq!(args.len(), items.len());
        assert!(items.starts_with(args.items()));
    }
    for item in reply_items(window) {
        assert!(item.len() + 2 <= window.len());
    }
});
