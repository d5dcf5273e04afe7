//! What makes an image a contract, under our rules and under those of the original chain.

use abi::{AbiVersion, Semantics};
use loader::header::{self, Field, Warning};
use loader::{HeaderError, Image, Segment, hex, load};
use std::path::Path;

const DACRS: Semantics = Semantics::Dacrs2017;

/// A ROM with a right header of version 01.00.00 and a program of two bytes behind it.
fn rom() -> Vec<u8> {
    let mut rom = vec![0; 0x32];
    rom[..7].copy_from_slice(&[0x02, 0x00, 0x30, 0x00, 0x01, 0x00, 0x00]);
    rom[8..10].fill(0x22);
    rom[0x12..0x14].fill(0x22);
    rom[0x30..].copy_from_slice(&[0x80, 0xFE]);
    rom
}

fn with(at: usize, bytes: &[u8]) -> Image {
    let mut rom = rom();
    rom[at..at + bytes.len()].copy_from_slice(bytes);
    Image::bin(&rom).unwrap()
}

fn warnings(image: &Image, semantics: Semantics) -> Vec<Warning> {
    header::check(image, semantics).unwrap().warnings
}

#[test]
fn a_right_header_is_read_without_warnings() {
    for semantics in Semantics::ALL {
        let checked = header::check(&with(0x14, &[1]), semantics).unwrap();
        assert_eq!(checked.header.reset_target, 0x0030);
        assert_eq!(checked.header.version, AbiVersion([1, 0, 0]));
        assert_eq!(checked.header.account_check, Some(true));
        assert_eq!(checked.warnings, []);
    }
}

#[test]
fn the_switch_exists_from_version_00_02_02_on() {
    let check = |version: [u8; 3], switch| {
        let mut rom = rom();
        rom[4..7].copy_from_slice(&version);
        rom[0x14] = switch;
        header::check(&Image::bin(&rom).unwrap(), DACRS).map(|c| c.header.account_check)
    };
    assert_eq!(check([0, 2, 1], 0x55), Ok(None));
    assert_eq!(check([0, 1, 0xFF], 0x55), Ok(None));
    for version in [[0, 2, 2], [0, 2, 3], [0, 3, 0], [1, 0, 0]] {
        assert_eq!(check(version, 0), Ok(Some(false)));
        assert_eq!(check(version, 1), Ok(Some(true)));
        for found in 2..=0xFF {
            assert_eq!(
                check(version, found),
                Err(HeaderError::AccountCheck { found })
            );
        }
    }
}

#[test]
fn only_ljmp_may_stand_at_the_reset_vector() {
    for semantics in Semantics::ALL {
        for found in (0..=0xFF).filter(|&byte| byte != 0x02) {
            assert_eq!(
                header::check(&with(0, &[found]), semantics),
                Err(HeaderError::NoLjmp { found })
            );
        }
    }
}

/// Other vectors are refused by our rules and warned of by the old ones.
#[test]
fn other_vectors_are_refused_by_our_rules_only() {
    for (at, field) in [
        (0x08, Field::Exit),
        (0x09, Field::Exit),
        (0x12, Field::ApiCall),
        (0x13, Field::ApiCall),
    ] {
        let image = with(at, &[0x00]);
        let found = if at % 2 == 0 {
            [0x00, 0x22]
        } else {
            [0x22, 0x00]
        };
        assert_eq!(
            header::check(&image, Semantics::V1),
            Err(HeaderError::Vector { field, found })
        );
        assert_eq!(warnings(&image, DACRS), [Warning::Vector { field, found }]);
    }
}

#[test]
fn an_image_shorter_than_the_header_is_refused() {
    for semantics in Semantics::ALL {
        for found in 1..0x15 {
            let image = Image::bin(&rom()[..found]).unwrap();
            assert_eq!(
                header::check(&image, semantics),
                Err(HeaderError::TooShort { found })
            );
        }
        let empty = load(b":00000001FF").unwrap().image;
        assert_eq!(
            header::check(&empty, semantics),
            Err(HeaderError::TooShort { found: 0 })
        );
        assert!(header::check(&Image::bin(&rom()[..0x15]).unwrap(), semantics).is_ok());
    }
}

/// A gap in the header is refused by our rules and reads 00 by the old ones.
#[test]
fn a_gap_in_the_header_reads_00_by_the_old_rules_only() {
    for (address, field) in [
        (0x00, Field::Reset),
        (0x02, Field::Reset),
        (0x04, Field::Version),
        (0x06, Field::Version),
        (0x08, Field::Exit),
        (0x13, Field::ApiCall),
        (0x14, Field::AccountCheck),
    ] {
        let at = usize::from(address);
        let segment = |range: std::ops::Range<usize>| Segment {
            start: range.start as u16,
            bytes: rom()[range].to_vec(),
        };
        let pieces = [segment(0..at), segment(at + 1..rom().len())];
        let pieces: Vec<_> = pieces.into_iter().filter(|s| !s.bytes.is_empty()).collect();
        let image = load(hex::write(&pieces).as_bytes()).unwrap().image;
        assert_eq!(
            header::check(&image, Semantics::V1),
            Err(HeaderError::Unprogrammed { field, address })
        );
        assert_eq!(
            header::check(&image, DACRS),
            header::check(&with(at, &[0]), DACRS)
        );
    }
}

#[test]
fn a_reset_vector_that_leads_nowhere_warns() {
    assert_eq!(
        warnings(&with(1, &[0x12, 0x34]), Semantics::V1),
        [Warning::ResetUnprogrammed { target: 0x1234 }]
    );
    assert_eq!(
        warnings(&with(1, &[0x00, 0x12]), Semantics::V1),
        [Warning::ResetIntoHeader { target: 0x0012 }]
    );
    assert_eq!(
        warnings(&with(1, &[0x00, 0x14]), Semantics::V1),
        [Warning::ResetIntoHeader { target: 0x0014 }]
    );
}

/// Code right behind the vectors of an image without the switch is no matter.
#[test]
fn code_may_follow_the_vectors_without_the_switch() {
    let mut rom = rom();
    rom[..7].copy_from_slice(&[0x02, 0x00, 0x14, 0x00, 0x00, 0x01, 0x01]);
    assert_eq!(warnings(&Image::bin(&rom).unwrap(), DACRS), []);
}

#[test]
fn an_image_without_a_version_warns() {
    assert_eq!(
        warnings(&with(4, &[0, 0, 0]), Semantics::V1),
        [Warning::NoVersion]
    );
}

/// Bytes between the parts of the header warn unless they are filler.
#[test]
fn bytes_between_header_parts_warn_unless_filler() {
    for address in [0x03, 0x07, 0x0A, 0x0B, 0x11] {
        let found = 0x32;
        let between = Warning::BetweenParts { address, found };
        assert_eq!(
            warnings(&with(address.into(), &[found]), Semantics::V1),
            [between]
        );
        assert_eq!(warnings(&with(address.into(), &[0xFF]), Semantics::V1), []);
    }
}

#[test]
fn a_wasm_module_has_no_header() {
    let module = Image::wasm(b"\0asm\x01\0\0\0".to_vec());
    assert_eq!(
        header::check(&module, Semantics::V1),
        Err(HeaderError::Wasm)
    );
}

/// Messages name the part its address what was expected and what was found.
#[test]
fn messages_name_the_part_its_address_and_both_values() {
    let errors = [(0, 0x75), (8, 0x00), (0x12, 0x00), (0x14, 0x02)].map(|(at, byte)| {
        header::check(&with(at, &[byte]), Semantics::V1)
            .unwrap_err()
            .to_string()
    });
    let short = header::check(&Image::bin(&rom()[..20]).unwrap(), DACRS)
        .unwrap_err()
        .to_string();
    let gaps = load(b":0100300000CF\n:00000001FF\n").unwrap().image;
    let gap = header::check(&gaps, Semantics::V1).unwrap_err().to_string();
    let mut odd = rom();
    odd[1..7].fill(0);
    odd[0x0B] = 0x32;
    odd[9] = 0x32;
    let odd = warnings(&Image::bin(&odd).unwrap(), DACRS)
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>();
    insta::assert_snapshot!(
        [&errors.join("\n"), &short, &gap, &odd.join("\n")]
            .map(|s| &s[..])
            .join("\n")
    );
}

/// Every known contract of the original chain is valid.
#[test]
fn every_known_contract_of_the_old_chain_is_valid() {
    let images = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/legacy/images");
    let Ok(files) = std::fs::read_dir(&images) else {
        eprintln!("SKIPPED: no folder ../shared/data/legacy/images beside the repository");
        return;
    };
    let mut checked = 0;
    for file in files {
        let file = file.unwrap().path();
        let image = load(&std::fs::read(&file).unwrap()).unwrap().image;
        header::check(&image, DACRS).unwrap();
        let hash: String = image
            .code_hash()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(Some(&hash[..]), file.file_stem().unwrap().to_str());
        checked += 1;
    }
    assert!(checked > 0);
}
