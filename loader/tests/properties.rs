//! What holds for all images and all bytes.

use loader::image::DecodeError;
use loader::{Image, Kind, Segment, hex, load};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

/// Segments that don't touch, of any number, size and distance that fits.
fn segments() -> impl Strategy<Value = Vec<Segment>> {
    vec((1u32..3000, vec(any::<u8>(), 1..3000)), 0..20).prop_map(|pieces| {
        let mut next = 0;
        let mut segments = Vec::new();
        for (gap, bytes) in pieces {
            // A first gap of 1 stands for none, so that some images start at 0.
            let start = next + if next == 0 { gap - 1 } else { gap };
            next = start + bytes.len() as u32;
            if next <= 0x1_0000 {
                segments.push(Segment {
                    start: start as u16,
                    bytes,
                });
            }
        }
        segments
    })
}

fn image(segments: &[Segment]) -> Image {
    load(hex::write(segments).as_bytes()).unwrap().image
}

proptest! {
    #[test]
    fn arbitrary_bytes_load_or_are_refused(file in vec(any::<u8>(), 0..2000)) {
        let _ = load(&file);
        let _ = Image::decode(&file);
    }

    /// Arbitrary bytes behind each magic load or are refused.
    #[test]
    fn any_bytes_behind_each_magic_load_or_are_refused(
        magic in prop::sample::select(vec![&b"\x1f\x8b\x08"[..], b":", b"(module", b"\0asm", b"\x02", b"\xfd"]),
        tail in vec(any::<u8>(), 0..500),
    ) {
        let _ = load(&[magic, &tail].concat());
    }

    #[test]
    fn text_of_the_hex_alphabet_loads_or_is_refused(text in "[:0-9A-Fa-f \r\n]{0,400}") {
        let _ = load(text.as_bytes());
    }

    /// What is no oddity is read as a contract's is, without a warning; nothing makes the reader panic.
    #[test]
    fn firmware_is_read_as_a_contract_or_with_a_warning(text in "(:0[0-4]00[0-9A-F]{2}0[0-5][0-9A-F]{0,10}\r?\n|[:0-9A-Fa-f \r\n\x1A]{0,40}){0,8}", segments in segments()) {
        let whole = hex::write(&segments);
        for text in [&text[..], &whole, &format!("{whole}{text}"), &format!("{}{text}", whole.trim_end_matches(":00000001FF\n"))] {
            match (hex::parse(text.as_bytes()), hex::parse_firmware(text.as_bytes())) {
                (Ok(strict), lenient) => prop_assert_eq!(lenient, Ok((strict, Vec::new()))),
                (Err(_), Ok((_, warnings))) => prop_assert!(!warnings.is_empty(), "{text}"),
                (Err(_), Err(_)) => {}
            }
        }
    }

    /// A hex file with one byte changed is refused or means the same.
    #[test]
    fn a_changed_byte_of_hex_is_refused_or_harmless(
        segments in segments(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut text = hex::write(&segments).into_bytes();
        let at = at.index(text.len());
        text[at] = byte;
        // One byte may turn a digit's case, or a line end into another; the checksum finds the rest.
        if let Ok(read) = hex::parse(&text) {
            prop_assert_eq!(read, segments);
        }
    }

    #[test]
    fn what_is_written_as_hex_reads_back(segments in segments()) {
        prop_assert_eq!(hex::parse(hex::write(&segments).as_bytes()), Ok(segments.clone()));
        let image = image(&segments);
        let text = image.write_hex().unwrap();
        prop_assert_eq!(load(text.as_bytes()).unwrap().image, image);
    }

    #[test]
    fn bytes_in_any_order_make_the_same_image(
        bytes in btree_map(any::<u16>(), any::<u8>(), 1..200), seed in any::<u64>(),
    ) {
        let record = |(&start, &byte): (&u16, &u8)| hex::write(&[Segment { start, bytes: vec![byte] }]);
        let mut records: Vec<String> = bytes.iter().map(record).collect();
        let end = records[0].lines().last().unwrap().to_owned();
        records.iter_mut().for_each(|r| r.truncate(r.len() - end.len() - 1));
        let sorted = format!("{}{end}", records.concat());
        records.sort_by_key(|r| r.bytes().fold(seed, |h, b| h.rotate_left(7) ^ u64::from(b)).wrapping_mul(seed | 1));
        let shuffled = format!("{}{end}", records.concat());
        prop_assert_eq!(hex::parse(sorted.as_bytes()), hex::parse(shuffled.as_bytes()));
        for (address, byte) in bytes {
            prop_assert_eq!(load(shuffled.as_bytes()).unwrap().image.byte(address), Some(byte));
        }
    }

    #[test]
    fn the_stored_form_decodes_to_the_image(segments in segments()) {
        let image = image(&segments);
        prop_assert_eq!(Image::decode(&image.encode()), Ok(image));
    }

    #[test]
    fn stored_bytes_that_decode_are_the_stored_form(
        tag in prop::sample::select(b"HBCW?".to_vec()), body in vec(0u8..4, 0..64),
    ) {
        let stored = [&[tag][..], &body].concat();
        if let Ok(image) = Image::decode(&stored) {
            prop_assert_eq!(image.encode(), stored);
        }
    }

    /// A truncated stored form is refused or another image.
    #[test]
    fn a_truncated_form_is_refused_or_another_image(segments in segments(), cut in 1usize..40) {
        let image = image(&segments);
        let stored = image.encode();
        let cut = &stored[..stored.len().saturating_sub(cut)];
        prop_assert_ne!(Image::decode(cut), Ok(image));
    }

    #[test]
    fn the_flat_rom_has_the_programmed_bytes_and_the_fill(segments in segments(), fill in any::<u8>()) {
        let image = image(&segments);
        for (address, byte) in (0..=u16::MAX).zip(image.flat(fill)) {
            prop_assert_eq!(byte, image.byte(address).unwrap_or(fill));
        }
        prop_assert_eq!(image.flat(fill).len(), segments.last().map_or(0, Segment::end));
        prop_assert_eq!(image.code_bytes(), segments.iter().map(|s| s.bytes.len()).sum::<usize>());
    }
}

#[test]
fn stored_forms_no_image_has_are_refused() {
    let decode = |bytes: &[u8]| Image::decode(bytes).unwrap_err();
    assert_eq!(decode(b""), DecodeError::Kind { found: None });
    assert_eq!(decode(b"?"), DecodeError::Kind { found: Some(b'?') });
    assert_eq!(decode(b"H\0\0\0"), DecodeError::Truncated { offset: 1 });
    assert_eq!(
        decode(b"H\0\0\x01\0\x02"),
        DecodeError::Truncated { offset: 1 }
    );
    let touching = [b"H\0\0\0\0\x02".as_slice(), b"\x01\0\0\0\x02"].concat();
    assert_eq!(
        decode(&touching),
        DecodeError::Misplaced {
            offset: 6,
            start: 1
        }
    );
    assert_eq!(
        decode(b"H\xff\xff\x01\0\x02\x03"),
        DecodeError::Misplaced {
            offset: 1,
            start: 0xFFFF
        }
    );
    assert_eq!(decode(b"B"), DecodeError::NotRom { kind: Kind::Bin });
    assert_eq!(
        decode(b"C\x01\0\0\0\x02"),
        DecodeError::NotRom {
            kind: Kind::Container
        }
    );
}

/// A whole rom of 64 kib has a stored form and a hex form.
#[test]
fn a_rom_of_64_kib_has_a_stored_and_a_hex_form() {
    let image = Image::bin(&vec![0x02; 0x1_0000]).unwrap();
    assert_eq!(Image::decode(&image.encode()), Ok(image.clone()));
    assert_eq!(
        load(image.write_hex().unwrap().as_bytes())
            .unwrap()
            .image
            .segments(),
        image.segments()
    );
}
