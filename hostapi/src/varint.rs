//! The original chain's variable-length integers, and the format strings that unpack them.
//!
//! A VARINT is big-endian in base 128, with bit 7 set on all bytes but the last, and one is added for each
//! byte that continues, so that every number has one form only.

use abi::Semantics;

/// Reads one VARINT from the front of `input`, modulo 2^64; `None` if it does not end there.
#[must_use]
pub fn read(input: &mut &[u8]) -> Option<u64> {
    let mut n = 0u64;
    loop {
        let (&byte, rest) = input.split_first()?;
        *input = rest;
        n = n << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some(n);
        }
        n = n.wrapping_add(1);
    }
}

/// Appends `n` as a VARINT.
pub fn write(out: &mut Vec<u8>, mut n: u64) {
    let start = out.len();
    out.push((n & 0x7f) as u8);
    while n > 0x7f {
        n = (n >> 7) - 1;
        out.push((n & 0x7f) as u8 | 0x80);
    }
    out[start..].reverse();
}

/// What a format byte asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item {
    /// One number of this many bytes, least significant first.
    Number(usize),
    /// The next format byte says how many numbers of one byte.
    Bytes,
}

impl Item {
    fn of(format: u8, semantics: Semantics) -> Option<Item> {
        Some(match format {
            0 | 1 => Item::Number(2),
            // The original reads its "U32" into 16 bits.
            2 if semantics.is_dacrs() => Item::Number(2),
            2 | 3 => Item::Number(4),
            4 | 5 => Item::Number(8),
            6 => Item::Bytes,
            _ => return None,
        })
    }
}

/// Appends what `input` holds according to `format`. Each number is cut to its width; what is left of
/// `input` is ignored. `None` if a format byte is unknown or lacks its count, or the input runs out.
#[must_use]
pub fn unpack(
    format: &[u8],
    mut input: &[u8],
    semantics: Semantics,
    out: &mut Vec<u8>,
) -> Option<()> {
    let mut format = format.iter();
    while let Some(&byte) = format.next() {
        let (count, width) = match Item::of(byte, semantics)? {
            Item::Number(width) => (1, width),
            Item::Bytes => (*format.next()?, 1),
        };
        for _ in 0..count {
            out.extend_from_slice(&read(&mut input)?.to_le_bytes()[..width]);
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unpacked(format: &[u8], input: &[u8], semantics: Semantics) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        unpack(format, input, semantics, &mut out).map(|()| out)
    }

    // The table in Bitcoin's serialize.h, which the original took over.
    #[test]
    fn published_numbers_have_their_published_form() {
        let table: [(u64, &str); 8] = [
            (0, "00"),
            (1, "01"),
            (127, "7f"),
            (128, "8000"),
            (255, "807f"),
            (256, "8100"),
            (16_383, "fe7f"),
            (65_535, "82fe7f"),
        ];
        for (n, form) in table {
            let mut out = Vec::new();
            write(&mut out, n);
            assert_eq!(hex::encode(&out), form, "{n}");
            assert_eq!(read(&mut &out[..]), Some(n));
        }
    }

    proptest! {
        #[test]
        fn every_number_reads_back(n: u64) {
            let mut out = Vec::new();
            write(&mut out, n);
            prop_assert_eq!(read(&mut &out[..]), Some(n));
        }

        #[test]
        fn any_format_and_input_is_bounded(format: Vec<u8>, input: Vec<u8>) {
            for semantics in Semantics::ALL {
                if let Some(out) = unpacked(&format, &input, semantics) {
                    prop_assert!(out.len() <= 8 * input.len());
                }
            }
        }
    }

    #[test]
    fn u32_format_reads_16_bits_under_the_old_rules_only() {
        let mut input = Vec::new();
        write(&mut input, 0x1234_5678);
        assert_eq!(
            unpacked(&[2], &input, Semantics::Dacrs2017),
            Some(vec![0x78, 0x56])
        );
        assert_eq!(
            unpacked(&[2], &input, Semantics::V1),
            Some(vec![0x78, 0x56, 0x34, 0x12])
        );
        assert_eq!(
            unpacked(&[3], &input, Semantics::Dacrs2017),
            Some(vec![0x78, 0x56, 0x34, 0x12])
        );
    }

    #[test]
    fn numbers_are_cut_to_their_width() {
        let mut input = Vec::new();
        write(&mut input, 0x1_0203);
        assert_eq!(unpacked(&[0], &input, Semantics::V1), Some(vec![3, 2]));
        assert_eq!(unpacked(&[6, 1], &input, Semantics::V1), Some(vec![3]));
        assert_eq!(
            unpacked(&[5], &input, Semantics::V1),
            Some(vec![3, 2, 1, 0, 0, 0, 0, 0])
        );
    }

    #[test]
    fn bad_formats_and_short_inputs_are_refused() {
        for (format, input) in [
            (&[7][..], &[1][..]),
            (&[6], &[1]),
            (&[6, 2], &[1]),
            (&[0], &[]),
            (&[0], &[0x80]),
        ] {
            assert_eq!(
                unpacked(format, input, Semantics::Dacrs2017),
                None,
                "{format:?} {input:?}"
            );
        }
        assert_eq!(unpacked(&[6, 0], &[], Semantics::V1), Some(vec![]));
    }
}
