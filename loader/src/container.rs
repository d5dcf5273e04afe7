//! The original chain's container: `compactsize length, ROM, compactsize length, description`.
//!
//! It has no magic number, so a file counts as one only if it parses to its last byte and the ROM in it
//! could be an image: it starts with an `LJMP` and is long enough to hold a header. No other form can
//! look like that, because the container's first byte is the ROM's length or its prefix.
//!
//! Source: `CVmScript` and the serialization of the original chain.

use abi::layout::{HEADER_SIZE, LJMP};
use nom::bytes::complete::take;
use nom::combinator::{all_consuming, flat_map, verify};
use nom::error::{Error, ErrorKind};
use nom::number::complete::{le_u8, le_u16, le_u32, le_u64};
use nom::{Err, IResult, Parser};

/// The largest length the original's reader takes, in bytes.
const LENGTH_MAX: u64 = 0x0200_0000;

/// The ROM and the description of a container, or `None` if the file isn't one.
#[must_use]
pub fn parse(file: &[u8]) -> Option<(&[u8], &[u8])> {
    let (_, parts) = all_consuming((verify(counted, is_rom), counted))
        .parse(file)
        .ok()?;
    Some(parts)
}

fn is_rom(rom: &[u8]) -> bool {
    rom.first() == Some(&LJMP) && rom.len() >= HEADER_SIZE
}

fn counted(input: &[u8]) -> IResult<&[u8], &[u8]> {
    flat_map(compact_size, take).parse(input)
}

/// A length in the fewest bytes that can hold it: one below 253, otherwise a prefix and two, four or eight.
///
/// It is at most [`LENGTH_MAX`], so it fits in every host's `usize`.
fn compact_size(input: &[u8]) -> IResult<&[u8], usize> {
    let (rest, first) = le_u8(input)?;
    let (rest, length, least) = match first {
        0xFD => le_u16
            .map(u64::from)
            .parse(rest)
            .map(|(rest, n)| (rest, n, 0xFD))?,
        0xFE => le_u32
            .map(u64::from)
            .parse(rest)
            .map(|(rest, n)| (rest, n, 0x1_0000))?,
        0xFF => le_u64
            .parse(rest)
            .map(|(rest, n)| (rest, n, 0x1_0000_0000))?,
        _ => (rest, u64::from(first), 0),
    };
    match usize::try_from(length) {
        Ok(fits) if (least..=LENGTH_MAX).contains(&length) => Ok((rest, fits)),
        _ => Err(Err::Error(Error::new(input, ErrorKind::LengthValue))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn write_compact_size(n: u64) -> Vec<u8> {
        let wide = n.to_le_bytes();
        match n {
            0..0xFD => wide[..1].to_vec(),
            0xFD..=0xFFFF => [&[0xFD], &wide[..2]].concat(),
            0x1_0000..=0xFFFF_FFFF => [&[0xFE], &wide[..4]].concat(),
            _ => [&[0xFF], &wide[..]].concat(),
        }
    }

    fn container(rom: &[u8], description: &[u8]) -> Vec<u8> {
        let length = |part: &[u8]| write_compact_size(part.len() as u64);
        [&length(rom), rom, &length(description), description].concat()
    }

    fn rom(length: usize) -> Vec<u8> {
        let mut rom = vec![0x55; length];
        rom[0] = LJMP;
        rom
    }

    #[test]
    fn lengths_are_read_at_each_width() {
        for n in [0, 0xFC, 0xFD, 0xFFFF, 0x1_0000, LENGTH_MAX] {
            assert_eq!(
                compact_size(&write_compact_size(n)),
                Ok((&[][..], usize::try_from(n).expect("at most 32 MiB")))
            );
        }
    }

    #[test]
    fn a_length_in_more_bytes_than_it_needs_is_refused() {
        for wide in [
            &[0xFD, 0xFC, 0][..],
            &[0xFE, 0xFF, 0xFF, 0, 0],
            &[0xFF, 1, 0, 0, 0, 0, 0, 0, 0],
        ] {
            assert!(compact_size(wide).is_err(), "{wide:02X?}");
        }
    }

    #[test]
    fn a_length_above_the_originals_limit_is_refused() {
        assert!(compact_size(&write_compact_size(LENGTH_MAX + 1)).is_err());
        assert!(compact_size(&write_compact_size(u64::MAX)).is_err());
    }

    /// A truncated container or one with a byte more is refused.
    #[test]
    fn a_container_of_another_length_is_refused() {
        let whole = container(&rom(300), b"secured trade");
        assert_eq!(parse(&whole), Some((&rom(300)[..], &b"secured trade"[..])));
        for length in 0..whole.len() {
            assert!(parse(&whole[..length]).is_none(), "first {length} bytes");
        }
        assert!(parse(&[&whole[..], &[0]].concat()).is_none());
    }

    /// A rom without ljmp or shorter than a header makes no container.
    #[test]
    fn a_rom_without_ljmp_or_header_makes_no_container() {
        assert!(parse(&container(&[0x22; 0x30], b"")).is_none());
        assert!(parse(&container(&rom(HEADER_SIZE - 1), b"")).is_none());
        assert!(parse(&container(&rom(HEADER_SIZE), b"")).is_some());
    }

    proptest! {
        #[test]
        fn what_a_container_holds_comes_back(
            length in HEADER_SIZE..0x1_0001,
            description in proptest::collection::vec(any::<u8>(), 0..600),
        ) {
            let file = container(&rom(length), &description);
            prop_assert_eq!(parse(&file), Some((&rom(length)[..], &description[..])));
        }
    }
}
