//! Golden HEX files: what the good ones hold, and what is said about the bad ones.

use loader::hex;
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// A line for each file of a folder of `tests/golden`, sorted by name.
fn each(folder: &str, mut describe: impl FnMut(&[u8]) -> String) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(folder);
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut out = String::new();
    for file in files {
        let name = file.file_stem().unwrap().to_str().unwrap();
        writeln!(out, "{name}: {}", describe(&fs::read(&file).unwrap())).unwrap();
    }
    out
}

#[test]
fn good_files_hold_these_segments() {
    let listing = each("good", |text| {
        let segments = hex::parse(text).unwrap();
        let shown = segments
            .iter()
            .map(|s| format!("0x{:04X}+{} {:02X?}", s.start, s.bytes.len(), s.bytes));
        shown.collect::<Vec<_>>().join(" | ")
    });
    insta::assert_snapshot!(listing);
}

/// Bad files are refused with line column address expected and found.
#[test]
fn bad_hex_is_refused_with_its_place() {
    insta::assert_snapshot!(each("bad", |text| hex::parse(text)
        .unwrap_err()
        .to_string()));
}
