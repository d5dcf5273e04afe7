//! Firmware images: what programmers and `s51` load is loaded, with a word on what was odd. The
//! same files are refused as contracts.

use loader::{Image, LoadError, load, load_firmware};
use std::fs;
use std::path::Path;

fn golden(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/firmware");
    fs::read(folder.join(name)).unwrap()
}

/// `MOV 0x30,#0x42` and a loop, from 0 on.
const PROGRAM: [u8; 5] = [0x75, 0x30, 0x42, 0x80, 0xFE];

fn loaded(name: &str) -> (Image, Vec<String>) {
    let (image, warnings) =
        load_firmware(&golden(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    (image, warnings.iter().map(ToString::to_string).collect())
}

/// What is odd is passed over with a warning, and refused in a contract.
#[test]
fn odd_firmware_is_loaded_and_a_contract_refused() {
    for (name, warning) in [
        (
            "eof_entry_then_eof.hex",
            "line 3: everything after the end record is ignored, from `:` on",
        ),
        (
            "ctrl_z.hex",
            "line 3: everything after the end record is ignored, from byte 1A on",
        ),
        (
            "crlf_nul.hex",
            "line 4: everything after the end record is ignored, from byte 00 on",
        ),
        (
            "trailing_text.hex",
            "line 3: everything after the end record is ignored, from `;` on",
        ),
        (
            "no_eof.hex",
            "line 2: the file ends without an end record, so it may have been cut short",
        ),
        (
            "same_twice.hex",
            "line 2: CODE 0x0000 is programmed again with the same byte (5 bytes in all)",
        ),
        (
            "idata.hex",
            "line 3: 0x800000 lies beyond CODE and is left out (1 byte in all)",
        ),
        (
            "bank1.hex",
            "line 3: 0x18000 lies beyond CODE and is left out (1 byte in all)",
        ),
    ] {
        let (image, warnings) = loaded(name);
        assert_eq!(image.flat(0xFF), PROGRAM, "{name}");
        assert_eq!(warnings, [warning], "{name}");
        assert!(
            matches!(load(&golden(name)), Err(LoadError::Hex(_))),
            "{name} is no contract"
        );
    }
}

/// Of two bytes for one address the later one counts.
#[test]
fn a_later_record_patches_firmware() {
    let (image, warnings) = loaded("patched.hex");
    assert_eq!(image.flat(0xFF), [0x75, 0x30, 0x43, 0x80, 0xFE]);
    assert_eq!(
        warnings,
        ["line 2: CODE 0x0002 is programmed again, and 0x43 replaces 0x42 (1 byte in all)"]
    );
    assert!(load(&golden("patched.hex")).is_err());
}

/// A record that runs over the end of CODE does not wrap: what lies beyond is left out.
#[test]
fn a_record_across_the_end_of_code_is_cut() {
    let (image, warnings) = loaded("beyond_wrap.hex");
    let bytes = [0, 4, 0xFFFE, 0xFFFF].map(|at| image.byte(at));
    assert_eq!(bytes, [Some(0x75), Some(0xFE), Some(1), Some(2)]);
    assert_eq!(
        warnings,
        ["line 2: 0x10000 lies beyond CODE and is left out (2 bytes in all)"]
    );
}

/// What is not odd is loaded as for a contract, without a word.
#[test]
fn plain_firmware_has_no_warning() {
    for name in [
        "plain.hex",
        "lower.hex",
        "spaces.hex",
        "ela0.hex",
        "esa0.hex",
        "keil_order.hex",
    ] {
        let (image, warnings) = loaded(name);
        assert_eq!(
            Ok(&image),
            load(&golden(name)).as_ref().map(|l| &l.image),
            "{name}"
        );
        assert!(warnings.is_empty(), "{name}: {warnings:?}");
    }
}

/// Neither objcopy nor a person knows what these are: the line is named.
#[test]
fn what_is_no_hex_is_refused_with_its_line() {
    for (name, problem) in [
        (
            "leading_text.hex",
            "line 1, column 1: expected `:`, found `F`",
        ),
        ("bom.hex", "line 1, column 1: expected `:`, found byte EF"),
        (
            "empty.hex",
            "expected an image, found one without a byte of code: build it again",
        ),
    ] {
        let error = load_firmware(&golden(name)).unwrap_err();
        assert_eq!(error.to_string(), problem, "{name}");
    }
    let cut = load_firmware(b":0500000075304280FE96\n:05000500753042").unwrap_err();
    assert_eq!(
        cut.to_string(),
        "line 2, column 16, CODE 0x0005: expected 20 hex digits by the byte count, found 14"
    );
}

/// However often a file repeats itself, each kind of oddity is said once.
#[test]
fn warnings_do_not_grow_with_the_file() {
    let text = ":0500000075304280FE96\n:0500000075304280FE96\n:0100020043BA\n".repeat(100);
    let (image, warnings) = load_firmware(text.as_bytes()).unwrap();
    assert_eq!(image.byte(2), Some(0x43));
    let shown: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(shown.len(), 3, "{shown:?}");
    assert!(shown[0].contains("(896 bytes in all)"), "{shown:?}");
    assert!(shown[1].contains("(199 bytes in all)"), "{shown:?}");
}
