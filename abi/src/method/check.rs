//! Whether a request has the items a method takes.

use super::{Item, Kind, MethodSpec};
use crate::codec::Args;
use core::fmt;

/// Which lengths an item may have, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Length {
    /// This many.
    Exactly(u16),
    /// The one or the other.
    Either(u16, u16),
    /// This many or more.
    AtLeast(u16),
    /// A multiple of this, and not nothing.
    MultipleOf(u16),
}

impl Length {
    /// Whether `length` bytes are right.
    #[must_use]
    pub const fn allows(self, length: usize) -> bool {
        match self {
            Length::Exactly(n) => length == n as usize,
            Length::Either(a, b) => length == a as usize || length == b as usize,
            Length::AtLeast(n) => length >= n as usize,
            Length::MultipleOf(n) => length > 0 && length.is_multiple_of(n as usize),
        }
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Length::Exactly(1) => write!(f, "1 byte"),
            Length::Exactly(n) => write!(f, "{n} bytes"),
            Length::Either(a, b) => write!(f, "{a} or {b} bytes"),
            Length::AtLeast(1) => write!(f, "1 byte or more"),
            Length::AtLeast(n) => write!(f, "{n} bytes or more"),
            Length::MultipleOf(n) => write!(f, "a multiple of {n} bytes"),
        }
    }
}

/// Why a request is not what a method takes. The call then answers nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ArgsError {
    /// There are too few or too many items.
    Count {
        /// The fewest allowed.
        least: usize,
        /// The most allowed.
        most: usize,
        /// How many there are.
        found: usize,
    },
    /// An item has a wrong length.
    Length {
        /// Its place in the request, from 0.
        index: usize,
        /// Its name.
        name: &'static str,
        /// The lengths allowed.
        expected: Length,
        /// Its length in bytes.
        found: usize,
    },
}

impl fmt::Display for ArgsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            ArgsError::Count { least, most, found } if least == most => {
                write!(f, "expected {least} arguments, found {found}")
            }
            ArgsError::Count { least, most, found } => {
                write!(f, "expected {least} to {most} arguments, found {found}")
            }
            ArgsError::Length {
                index,
                name,
                expected,
                found,
            } => {
                write!(
                    f,
                    "argument {index} ({name}): expected {expected}, found {found}"
                )
            }
        }
    }
}

impl core::error::Error for ArgsError {}

impl Kind {
    /// Which lengths an argument of this kind may have.
    #[must_use]
    pub const fn lengths(self) -> Length {
        match self {
            Kind::Int64 => Length::Exactly(8),
            Kind::Int32 => Length::Exactly(4),
            Kind::Index => Length::AtLeast(4),
            Kind::Bytes | Kind::Flag => Length::AtLeast(1),
            Kind::DesKey => Length::Either(8, 16),
            Kind::Account => Length::Either(6, 34),
            Kind::Regid => Length::Exactly(6),
            Kind::Address => Length::Exactly(34),
            Kind::Hash => Length::Exactly(32),
            Kind::PublicKey => Length::Exactly(33),
            Kind::AppUser => Length::Exactly(41),
            Kind::Records(size) => Length::MultipleOf(size),
            Kind::Record(size) => Length::Exactly(size),
        }
    }
}

impl MethodSpec {
    /// Checks the number of items and the length of each.
    ///
    /// A method without arguments accepts anything, because it does not look.
    ///
    /// # Errors
    /// The first thing that is wrong; the call then answers nothing and the contract goes on.
    pub fn check(&self, args: &Args<'_>) -> Result<(), ArgsError> {
        if !self.reads_request() {
            return Ok(());
        }
        let least = self.args.len();
        let most = least + self.optional.len();
        if !(least..=most).contains(&args.len()) {
            return Err(ArgsError::Count {
                least,
                most,
                found: args.len(),
            });
        }
        for (index, item) in args.items().iter().enumerate() {
            let optional = || &self.optional[index - least];
            let &Item { name, kind } = self.args.get(index).unwrap_or_else(optional);
            let (expected, found) = (kind.lengths(), item.len());
            if !expected.allows(found) {
                return Err(ArgsError::Length {
                    index,
                    name,
                    expected,
                    found,
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::codec::{self, Args};
    use crate::method::{self, ArgsError, Length};

    /// What the table says of a request with items of these lengths.
    fn check(id: u16, lengths: &[usize]) -> Result<(), ArgsError> {
        let items: Vec<Vec<u8>> = lengths.iter().map(|&n| vec![0x11; n]).collect();
        let borrowed: Vec<&[u8]> = items.iter().map(Vec::as_slice).collect();
        let frame = codec::request(&borrowed);
        let args = if items.is_empty() {
            Args::NONE
        } else {
            Args::read(&frame).expect("a sound frame")
        };
        method::spec(id)
            .expect("a method of the table")
            .check(&args)
    }

    /// Demands that method `id` takes items of the lengths in each of `taken`, and none of those in `refused`.
    fn rule(id: u16, taken: &[&[usize]], refused: &[&[usize]]) {
        for lengths in taken {
            assert_eq!(check(id, lengths), Ok(()), "method {id}, items {lengths:?}");
        }
        for lengths in refused {
            assert!(
                check(id, lengths).is_err(),
                "method {id}, items {lengths:?}"
            );
        }
    }

    #[test]
    fn lengths_are_those_of_the_original() {
        rule(method::COMPARE, &[&[8, 8]], &[&[8], &[8, 7], &[8, 8, 8]]);
        rule(method::HASH, &[&[1], &[4000]], &[&[1, 1]]);
        rule(
            method::DES,
            &[&[1, 8, 1], &[9, 16, 2]],
            &[&[1, 24, 1], &[1, 8]],
        );
        rule(
            method::VERIFY,
            &[&[70, 33, 32]],
            &[&[70, 65, 32], &[70, 33, 31], &[1, 1, 1]],
        );
        rule(method::PRINT, &[&[1], &[1, 1], &[5, 90]], &[&[1, 1, 1]]);
        rule(method::TX_HEIGHT, &[&[32]], &[&[33], &[31]]);
        rule(method::PUBKEY, &[&[6], &[34]], &[&[20], &[33], &[6, 6]]);
        rule(method::BALANCE, &[&[6], &[34]], &[&[5], &[35]]);
        rule(method::BLOCK_HASH, &[&[4]], &[&[2], &[8]]);
        rule(method::DB_READ, &[&[1]], &[&[1, 1]]);
        rule(
            method::DB_NEXT,
            &[&[4], &[4, 1], &[9, 3]],
            &[&[3], &[3, 1], &[4, 1, 1]],
        );
        rule(
            method::OUTPUT,
            &[&[48], &[144]],
            &[&[19], &[47], &[49], &[48, 48]],
        );
        rule(method::SCRIPT_DATA, &[&[6, 2]], &[&[5, 2], &[6]]);
        rule(method::APP_FREE, &[&[41]], &[&[7], &[40]]);
        rule(method::APP_FROZEN, &[&[95]], &[&[94], &[190]]);
        rule(method::APP_OPERATE, &[&[95], &[190]], &[&[94], &[96]]);
        rule(method::ADDRESS, &[&[6]], &[&[7], &[34]]);
    }

    #[test]
    fn a_method_without_arguments_accepts_anything() {
        for spec in method::METHODS.iter().filter(|s| !s.reads_request()) {
            assert_eq!(check(spec.id, &[]), Ok(()));
            assert_eq!(check(spec.id, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), Ok(()));
        }
    }

    #[test]
    fn the_error_names_the_argument_and_both_lengths() {
        let error = check(method::VERIFY, &[70, 32, 32]).expect_err("the key is one byte short");
        assert_eq!(
            error,
            ArgsError::Length {
                index: 1,
                name: "public_key",
                expected: Length::Exactly(33),
                found: 32
            }
        );
        assert_eq!(
            error.to_string(),
            "argument 1 (public_key): expected 33 bytes, found 32"
        );
        let error = check(method::DB_NEXT, &[4, 1, 1]).expect_err("one item too many");
        assert_eq!(error.to_string(), "expected 1 to 2 arguments, found 3");
    }
}
