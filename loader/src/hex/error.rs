//! What can be wrong in a HEX file, and what can be odd.

use crate::limits::LINE_MAX;
use crate::shown::Bytes;
use std::fmt;
use thiserror::Error;

/// What is wrong in a HEX file, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}, column {column}{}: {problem}", InCode(*address))]
pub struct HexError {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// Where in CODE the record's data goes, if it is a data record and that much could be read.
    pub address: Option<u32>,
    /// What was expected and found.
    pub problem: Problem,
}

/// What was expected in a HEX file and what was found instead.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Problem {
    /// A line doesn't start with `:`.
    #[error("expected `:`, found {}", Shown(*found))]
    NoColon {
        /// The character there.
        found: u8,
    },
    /// A character is no hex digit.
    #[error("expected a hex digit, found {}", Shown(*found))]
    NotHex {
        /// The character there.
        found: u8,
    },
    /// A byte has only one digit.
    #[error("expected an even number of hex digits, found {found}")]
    OddDigits {
        /// How many digits the record has.
        found: usize,
    },
    /// The record is shorter or longer than its byte count says.
    #[error("expected {expected} hex digits by the byte count, found {found}")]
    Length {
        /// How many digits the record should have; 10 is the least.
        expected: usize,
        /// How many it has.
        found: usize,
    },
    /// No record is that long.
    #[error("expected at most {LINE_MAX} characters, found {found}")]
    LineTooLong {
        /// The line's length in characters.
        found: usize,
    },
    /// The checksum doesn't make the sum of the record's bytes 0.
    #[error("expected checksum 0x{expected:02X}, found 0x{found:02X}")]
    Checksum {
        /// The checksum of the bytes before it.
        expected: u8,
        /// The record's.
        found: u8,
    },
    /// The record's type is none of the six.
    #[error("expected a record type from 00 to 05, found {found:02X}")]
    UnknownType {
        /// The type there.
        found: u8,
    },
    /// A record of a type with a fixed length has another one.
    #[error("expected {expected} data bytes in a record of type {record:02X}, found {found}")]
    TypeLength {
        /// The record's type.
        record: u8,
        /// The length of that type's data in bytes.
        expected: usize,
        /// The record's.
        found: usize,
    },
    /// The data runs over the end of its 64 KiB segment, where it would wrap to the segment's start.
    #[error(
        "expected data up to offset 0xFFFF of its segment, found {found} bytes from 0x{offset:04X}"
    )]
    Wraps {
        /// The record's address field.
        offset: u16,
        /// The length of the data in bytes.
        found: usize,
    },
    /// The data lies beyond CODE.
    #[error("expected addresses up to 0xFFFF, found 0x{found:04X}")]
    BeyondCode {
        /// The data's last address.
        found: u32,
    },
    /// An address is programmed twice.
    #[error("expected each address once, found CODE 0x{found:04X} again after line {line}")]
    Overlap {
        /// The first address in both records.
        found: u32,
        /// The line of the earlier record.
        line: usize,
    },
    /// The file ends without an end record.
    #[error("expected an end record `:00000001FF`, found the end of the file")]
    NoEnd,
    /// Something follows the end record.
    #[error("expected nothing after the end record, found {}", Shown(*found))]
    AfterEnd {
        /// The first character of it.
        found: u8,
    },
}

/// What is odd in a HEX file of firmware, though its meaning is clear.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Warning {
    /// Something follows the end record; it is ignored.
    #[error(
        "line {line}: everything after the end record is ignored, from {} on",
        Shown(*found)
    )]
    AfterEnd {
        /// Its line, from 1.
        line: usize,
        /// Its first character.
        found: u8,
    },
    /// The file ends without an end record.
    #[error("line {line}: the file ends without an end record, so it may have been cut short")]
    NoEnd {
        /// The last line.
        line: usize,
    },
    /// Addresses are programmed again with the bytes they have.
    #[error(
        "line {line}: CODE 0x{first:04X} is programmed again with the same byte ({} in all)",
        Count(*count)
    )]
    Repeated {
        /// The line of the first one.
        line: usize,
        /// Its address.
        first: u16,
        /// How many bytes there are more than once.
        count: usize,
    },
    /// Addresses are programmed again with other bytes; the later ones are taken.
    #[error(
        "line {line}: CODE 0x{first:04X} is programmed again, and 0x{now:02X} replaces 0x{before:02X} ({} in all)",
        Count(*count)
    )]
    Patched {
        /// The line of the first one.
        line: usize,
        /// Its address.
        first: u16,
        /// The byte it had.
        before: u8,
        /// The byte it has now.
        now: u8,
        /// How many bytes are replaced.
        count: usize,
    },
    /// Data lies beyond CODE; it is left out.
    #[error("line {line}: 0x{first:04X} lies beyond CODE and is left out ({} in all)", Count(*count))]
    BeyondCode {
        /// The line of the first one.
        line: usize,
        /// Its address.
        first: u64,
        /// How many bytes are left out.
        count: usize,
    },
}

/// How many bytes, in words.
struct Count(usize);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0 == 1 { "" } else { "s" };
        write!(f, "{} byte{plural}", self.0)
    }
}

/// A character as messages show it.
struct Shown(u8);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == b' ' || self.0.is_ascii_graphic() {
            write!(f, "`{}`", self.0 as char)
        } else {
            write!(f, "byte {}", Bytes(&[self.0]))
        }
    }
}

/// The part of a message that names the address, if it is known.
struct InCode(Option<u32>);

impl fmt::Display for InCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .map_or(Ok(()), |address| write!(f, ", CODE 0x{address:04X}"))
    }
}
