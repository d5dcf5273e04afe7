//! IRAM and SFRs as one array in which direct and indirect addresses meet.
//!
//! ```text
//! index    0 ........ 127 | 128 ...... 255 | 256 ...... 383
//! holds    IRAM 80..FF    | IRAM 00..7F    | SFR 80..FF
//! indirect <------ 0x80..=0xFF, 0x00..=0x7F ------>
//! direct                    <------ 0x00..=0xFF ------>
//! ```
//!
//! An indirect address counts from the middle as a signed byte, a direct one as an unsigned byte: no branch decides
//! between upper IRAM and SFRs, and no index needs a bounds check.

/// The array; its length is checked by the type.
pub(crate) type Memory = [u8; 384];

/// Index of a direct address: IRAM below 0x80, an SFR above.
#[inline(always)]
pub(crate) fn direct(address: u8) -> usize {
    address as usize + 128
}

/// Index of an indirect address or of the stack: IRAM throughout.
#[inline(always)]
pub(crate) fn indirect(address: u8) -> usize {
    (address as i8 as isize + 128) as usize
}
