//! [`Name`]: the name of an action as a number, in the form that EOS gives names.

use core::fmt;
use core::str::FromStr;

/// The name of an action: up to 12 letters of 5 bits, and a 13th of 4, the first one in the highest bits. Letters are
/// `.`, `1` to `5` and `a` to `z`, in this order; the 13th is one of the first 16. Dots at the end are no part of it,
/// so that 0 is the empty name. (EOS, `name.hpp` of its library for contracts.)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(pub u64);

/// The letters, each at its number.
const LETTERS: &[u8; 32] = b".12345abcdefghijklmnopqrstuvwxyz";
/// The most letters.
const MOST: usize = 13;

impl Name {
    /// The empty name.
    pub const EMPTY: Name = Name(0);

    /// The name of a text; `None` if it is none.
    #[must_use]
    pub const fn of(text: &str) -> Option<Name> {
        let text = text.as_bytes();
        if text.len() > MOST {
            return None;
        }
        let (mut number, mut place) = (0, 0);
        while place < text.len() {
            let Some(letter) = letter(text[place]) else {
                return None;
            };
            number |= match Self::shift(place) {
                0 if letter > 15 => return None,
                shift => letter << shift,
            };
            place += 1;
        }
        Some(Name(number))
    }

    /// How far to the left the letter at `place` stands.
    const fn shift(place: usize) -> u32 {
        59_u32.saturating_sub(5 * place as u32)
    }
}

/// The number of a letter.
const fn letter(byte: u8) -> Option<u64> {
    match byte {
        b'.' => Some(0),
        b'1'..=b'5' => Some((byte - b'1') as u64 + 1),
        b'a'..=b'z' => Some((byte - b'a') as u64 + 6),
        _ => None,
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [b'.'; MOST];
        for (place, slot) in text.iter_mut().enumerate() {
            let mask = if Self::shift(place) == 0 { 15 } else { 31 };
            *slot = LETTERS[(self.0 >> Self::shift(place) & mask) as usize];
        }
        let length = text
            .iter()
            .rposition(|&byte| byte != b'.')
            .map_or(0, |at| at + 1);
        f.pad(core::str::from_utf8(&text[..length]).unwrap_or_default())
    }
}

/// A text is no [`Name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameError;

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name has up to 12 letters of `a` to `z`, `1` to `5` and `.`")
    }
}

impl core::error::Error for NameError {}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Name, NameError> {
        Name::of(text).ok_or(NameError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    #[test]
    fn names_have_the_numbers_that_eos_gives_them() {
        // `cleos` and eosjs print these numbers.
        for (text, number) in [
            ("", 0),
            ("eosio", 6_138_663_577_826_885_632),
            ("transfer", 14_829_575_313_431_724_032),
            ("newaccount", 11_148_770_977_341_390_848),
            ("zzzzzzzzzzzzj", u64::MAX),
        ] {
            assert_eq!(Name::of(text), Some(Name(number)), "{text}");
            assert_eq!(Name(number).to_string(), text);
        }
        for text in ["6", "A", "aaaaaaaaaaaaak", "aaaaaaaaaaaaz", "a b"] {
            assert_eq!(Name::of(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn names_read_back(number: u64) {
            prop_assert_eq!(Name(number).to_string().parse(), Ok(Name(number)));
        }
    }
}
