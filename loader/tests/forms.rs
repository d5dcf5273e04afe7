//! How files of each form are told apart, and what bounds them.

use abi::Semantics;
use flate2::Compression;
use flate2::write::GzEncoder;
use loader::error::GzipProblem;
use loader::{FILE_MAX, Image, Kind, LoadError, Segment, hex, load};
use sha2::{Digest, Sha256};
use std::io::Write;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A ROM of `length` bytes that starts with `LJMP`.
fn rom(length: usize) -> Vec<u8> {
    let mut rom: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
    rom[0] = 0x02;
    rom
}

fn hex_of(rom: &[u8]) -> String {
    hex::write(&[Segment {
        start: 0,
        bytes: rom.to_vec(),
    }])
}

/// A container of a ROM of 0x30 bytes and a description of 4.
fn container() -> Vec<u8> {
    [&[0x30][..], &rom(0x30), &[4], b"text"].concat()
}

const MODULE: &str = r#"(module (memory 1) (func (export "smart51_main")))"#;

#[test]
fn each_form_is_told_by_its_first_bytes() {
    let kind = |file: &[u8]| load(file).unwrap().image.kind();
    assert_eq!(kind(hex_of(&rom(0x30)).as_bytes()), Kind::Hex);
    assert_eq!(
        kind(format!("\r\n \t{}", hex_of(&rom(0x30))).as_bytes()),
        Kind::Hex
    );
    assert_eq!(kind(&rom(0x30)), Kind::Bin);
    assert_eq!(kind(&container()), Kind::Container);
    assert_eq!(kind(b"\0asm\x01\0\0\0"), Kind::Wasm);
    assert_eq!(kind(MODULE.as_bytes()), Kind::Wasm);
    assert_eq!(
        kind(format!(";; a comment\n{MODULE}").as_bytes()),
        Kind::Wasm
    );
}

#[test]
fn gzip_of_each_form_loads_as_the_form() {
    for file in [
        hex_of(&rom(99)).as_bytes(),
        &rom(99),
        &container(),
        b"\0asm\x01\0\0\0",
        MODULE.as_bytes(),
    ] {
        assert_eq!(load(&gzip(file)), load(file));
        assert!(load(file).is_ok());
    }
}

/// A container implies the original chains rules and nothing else does.
#[test]
fn only_a_container_implies_the_old_rules() {
    let loaded = load(&container()).unwrap();
    assert_eq!(loaded.semantics_hint, Some(Semantics::Dacrs2017));
    assert_eq!(loaded.description, b"text");
    assert_eq!(load(&rom(0x30)).unwrap().semantics_hint, None);
}

/// Containers that begin like hex or blanks are containers.
#[test]
fn containers_may_begin_like_hex_or_blanks() {
    // 0x20 is a blank and 0x3A is `:`: here they are lengths of ROMs.
    for length in [0x20u8, 0x3A] {
        let file = [&[length][..], &rom(length.into()), &[0]].concat();
        assert_eq!(load(&file).unwrap().image.kind(), Kind::Container);
    }
}

#[test]
fn text_modules_are_assembled() {
    let image = load(MODULE.as_bytes()).unwrap().image;
    assert!(image.as_wasm().unwrap().starts_with(b"\0asm\x01\0\0\0"));
    assert_eq!(load(image.as_wasm().unwrap()).unwrap().image, image);
}

#[test]
fn a_rom_has_the_same_hash_from_every_form_of_file() {
    let rom = rom(0x30);
    let expected: [u8; 32] = Sha256::digest(&rom).into();
    for file in [hex_of(&rom).as_bytes(), &rom, &container(), &gzip(&rom)] {
        assert_eq!(load(file).unwrap().image.code_hash(), expected);
    }
}

#[test]
fn a_wasm_module_is_named_by_the_hash_of_its_bytes() {
    let module = b"\0asm\x01\0\0\0";
    assert_eq!(
        load(module).unwrap().image.code_hash(),
        <[u8; 32]>::from(Sha256::digest(module))
    );
}

#[test]
fn a_gap_is_not_the_byte_it_reads_as() {
    let segments = |starts: &[u16]| -> Vec<Segment> {
        starts
            .iter()
            .map(|&start| Segment {
                start,
                bytes: vec![0x02],
            })
            .collect()
    };
    let hash = |starts: &[u16]| {
        load(hex::write(&segments(starts)).as_bytes())
            .unwrap()
            .image
            .code_hash()
    };
    let filled = Image::bin(&[0x02, 0xFF, 0x02]).unwrap();
    assert_eq!(
        load(hex::write(&segments(&[0, 2])).as_bytes())
            .unwrap()
            .image
            .flat(0xFF),
        filled.flat(0xFF)
    );
    assert_ne!(hash(&[0, 2]), filled.code_hash());
    assert_ne!(hash(&[1]), hash(&[0]));
}

/// Bad files are refused with what was expected and found.
#[test]
fn bad_files_are_refused_with_what_was_expected() {
    let said = |file: &[u8]| load(file).unwrap_err().to_string();
    let wat = said(b"(module\n  (func (export \"f\") (bad)))");
    let lines = [
        said(b""),
        said(b"\x75\x90\x55\x80\xfe"),
        said(b" "),
        said(&rom(0x1_0001)),
        said(&[&[0xFE, 1, 0, 1, 0][..], &rom(0x1_0001), &[0]].concat()),
        said(&vec![0x02; FILE_MAX + 1]),
        said(&gzip(&vec![0x02; FILE_MAX + 1])),
        said(&gzip(&gzip(&rom(0x30)))),
        said(&container()[..0x31]),
        said(b"(module \xff)"),
        wat,
    ];
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn truncated_and_corrupt_gzip_is_refused() {
    let packed = gzip(&rom(4000));
    for length in 2..packed.len() {
        assert_eq!(
            load(&packed[..length]),
            Err(LoadError::Gzip(GzipProblem::Truncated)),
            "{length} bytes"
        );
    }
    for at in packed.len() - 8..packed.len() {
        let mut wrong = packed.clone();
        wrong[at] ^= 1;
        assert_eq!(
            load(&wrong),
            Err(LoadError::Gzip(GzipProblem::Corrupt)),
            "trailer byte {at}"
        );
    }
    let followed = [&packed[..], b"more, and it is not gzip"].concat();
    assert_eq!(load(&followed), Err(LoadError::Gzip(GzipProblem::Corrupt)));
}

#[test]
fn a_gzip_bomb_is_refused_at_the_bound() {
    let bomb = gzip(&vec![0; 64 << 20]);
    assert!(bomb.len() < 100_000);
    assert_eq!(load(&bomb), Err(LoadError::UnpackedTooLarge));
}

/// The hex text of the largest image fits even with a byte a record.
#[test]
fn the_largest_hex_text_fits() {
    let byte = |start: u16| {
        hex::write(&[Segment {
            start,
            bytes: vec![start as u8],
        }])
    };
    let text: String = (0..=u16::MAX)
        .map(|a| byte(a).lines().next().unwrap().to_owned() + "\n")
        .collect();
    let image = load(&gzip(format!("{text}:00000001FF\n").as_bytes()))
        .unwrap()
        .image;
    assert_eq!(image.code_bytes(), 0x1_0000);
}

#[test]
fn files_of_up_to_21_bytes_never_panic() {
    for length in 0..=0x15 {
        for first in [0x00, 0x02, 0x1F, b':', b'('] {
            let file: Vec<u8> = [first].into_iter().cycle().take(length).collect();
            let _ = load(&file);
        }
    }
}
