//! Any text as a symbol file of each kind: what the readers find lies in CODE, in order, and names
//! a file that is there, also after two of them were put together.
#![no_main]

use libfuzzer_sys::fuzz_target;
use symbols::{Symbols, cdb, listing, map};

fn check(symbols: &Symbols) {
    for span in &symbols.spans {
        assert!(span.first <= span.last, "{span:?}");
        assert!(span.file < symbols.files.len(), "{span:?}");
    }
    assert!(symbols.spans.is_sorted_by_key(|span| span.first));
    assert!(symbols.functions.is_sorted());
    for function in &symbols.functions {
        let found = symbols.function_at(function.at);
        assert!(found.is_none_or(|found| found.at == function.at));
    }
}

fuzz_target!(|text: &[u8]| {
    let text = String::from_utf8_lossy(text);
    let read = [
        cdb(&text).unwrap_or_default(),
        listing(&text, "image.asm"),
        map(&text),
    ];
    read.iter().for_each(check);
    let mut all = Symbols::default();
    for symbols in read {
        all.add(symbols);
        check(&all);
    }
});
