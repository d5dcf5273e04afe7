//! Any bytes, disassembled and assembled again, are the same bytes; and no text makes the assembler panic.
#![no_main]

use emu8051::{assemble, disassemble};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u16, &[u8])| {
    let (at, bytes) = input;
    if let Ok(text) = std::str::from_utf8(bytes) {
        // Refusing is an answer like any other.
        let _ = assemble(text);
    }
    let bytes = &bytes[..bytes.len().min(0x1_0000 - usize::from(at))];
    let Some(last) = bytes.len().checked_sub(1) else {
        return;
    };
    let mut code = [0; 65536];
    code[usize::from(at)..][..bytes.len()].copy_from_slice(bytes);
    let text = disassemble(&code, &[at..=at + last as u16]).to_string();
    let assembled = assemble(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut again = [0; 65536];
    for (start, segment) in &assembled.segments {
        again[usize::from(*start)..][..segment.len()].copy_from_slice(segment);
    }
    assert!(again == code, "{text}");
});
