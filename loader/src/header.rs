//! The header of an 8051 contract: reset vector, version, exit and api vectors, account-check switch.
//!
//! | CODE | bytes | holds |
//! |---|---|---|
//! | 0x0000 | 3 | `LJMP start` |
//! | 0x0004 | 3 | the SDK version, most significant byte first |
//! | 0x0008 | 2 | exit vector, `22 22` |
//! | 0x0012 | 2 | api vector, `22 22` |
//! | 0x0014 | 1 | account-check switch, 0 or 1, from version 00.02.02 on; before that, code |

use crate::shown::Bytes;
use crate::{Image, Kind};
use abi::layout::{ACCOUNT_CHECK, APICALL, EXIT, HEADER_SIZE, LJMP, RESET, RET, VERSION};
use abi::{AbiVersion, Semantics};
use std::fmt;
use thiserror::Error;

/// What a contract's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// Where the `LJMP` at the reset vector goes.
    pub reset_target: u16,
    /// The SDK version.
    pub version: AbiVersion,
    /// The account-check switch; `None` in images from before it existed.
    pub account_check: Option<bool>,
}

/// A header that is valid, and what is odd about it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checked {
    /// The header.
    pub header: Header,
    /// What its author should look at.
    pub warnings: Vec<Warning>,
}

/// A part of the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// The reset vector.
    Reset,
    /// The SDK version.
    Version,
    /// The exit vector.
    Exit,
    /// The api vector.
    ApiCall,
    /// The account-check switch.
    AccountCheck,
}

impl Field {
    /// The address of the first byte.
    #[must_use]
    pub const fn address(self) -> u16 {
        match self {
            Field::Reset => RESET,
            Field::Version => VERSION,
            Field::Exit => EXIT,
            Field::ApiCall => APICALL,
            Field::AccountCheck => ACCOUNT_CHECK,
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Field::Reset => "reset vector",
            Field::Version => "version",
            Field::Exit => "exit vector",
            Field::ApiCall => "api vector",
            Field::AccountCheck => "account-check switch",
        };
        write!(f, "CODE 0x{:04X} ({name})", self.address())
    }
}

/// Why an image is not a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// A wasm module has no such header.
    #[error("expected an 8051 image, found a wasm module")]
    Wasm,
    /// The image ends within the header.
    #[error("CODE 0x{found:04X}: expected an image of at least {HEADER_SIZE} bytes, found the end")]
    TooShort {
        /// The image's length from address 0 in bytes.
        found: usize,
    },
    /// A byte of the header is not programmed.
    #[error("{field}: expected to be programmed, found a gap at 0x{address:04X}")]
    Unprogrammed {
        /// The part it belongs to.
        field: Field,
        /// The address of the byte.
        address: u16,
    },
    /// The image doesn't start with an `LJMP`.
    #[error("{}: expected 02 (LJMP), found {found:02X}", Field::Reset)]
    NoLjmp {
        /// The opcode there.
        found: u8,
    },
    /// A vector doesn't hold two `RET`.
    #[error("{field}: expected 22 22 (RET, RET), found {}", Bytes(found))]
    Vector {
        /// Which one.
        field: Field,
        /// The bytes there.
        found: [u8; 2],
    },
    /// The account-check switch is neither off nor on.
    #[error(
        "{}: expected 00 (off) or 01 (on), found {found:02X}",
        Field::AccountCheck
    )]
    AccountCheck {
        /// The byte there.
        found: u8,
    },
}

/// What is odd about a valid header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum Warning {
    /// The reset vector jumps into the header.
    #[error(
        "{}: jumps to CODE 0x{target:04X}, which is inside the header",
        Field::Reset
    )]
    ResetIntoHeader {
        /// Where it jumps.
        target: u16,
    },
    /// The reset vector jumps where nothing is programmed.
    #[error(
        "{}: jumps to CODE 0x{target:04X}, where nothing is programmed",
        Field::Reset
    )]
    ResetUnprogrammed {
        /// Where it jumps.
        target: u16,
    },
    /// The version is 00.00.00, as in images from before versions.
    #[error("{}: 00.00.00, the image names no SDK version", Field::Version)]
    NoVersion,
    /// A byte between the header's parts is used, as by an interrupt vector or by misplaced data.
    #[error("CODE 0x{address:04X}: holds {found:02X}, but lies between the parts of the header")]
    BetweenParts {
        /// The address of the first such byte.
        address: u16,
        /// The byte there.
        found: u8,
    },
    /// A vector doesn't hold two `RET`, which the original chain allowed.
    #[error("{field}: expected 22 22 (RET, RET), found {}", Bytes(found))]
    Vector {
        /// Which one.
        field: Field,
        /// The bytes there.
        found: [u8; 2],
    },
}

/// What is asked of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rules {
    /// What a byte that is not programmed reads as; without one, it is an error.
    fill: Option<u8>,
    /// Whether both vectors must hold `22 22`.
    vectors: bool,
}

impl From<Semantics> for Rules {
    fn from(semantics: Semantics) -> Rules {
        if semantics.is_dacrs() {
            // The original checked the size, the first byte and the switch, and nothing else.
            Rules {
                fill: Some(0x00),
                vectors: false,
            }
        } else {
            Rules {
                fill: None,
                vectors: true,
            }
        }
    }
}

impl Rules {
    /// The `N` bytes of a part.
    fn read<const N: usize>(self, image: &Image, field: Field) -> Result<[u8; N], HeaderError> {
        let mut bytes = [0; N];
        for (address, byte) in (field.address()..).zip(&mut bytes) {
            let unprogrammed = HeaderError::Unprogrammed { field, address };
            *byte = image.byte(address).or(self.fill).ok_or(unprogrammed)?;
        }
        Ok(bytes)
    }
}

/// The header of an 8051 image, checked by the rules of `semantics`.
///
/// Under our own rules every part must be programmed and right. Under those of the original chain an image
/// is valid if it starts with an `LJMP` and its switch, where it has one, is 0 or 1; other vectors than
/// `22 22` only warn. An image shorter than the header is refused under both: the original read beyond it.
///
/// # Errors
/// A [`HeaderError`] that names the part, its address, and what was expected and found.
pub fn check(image: &Image, semantics: Semantics) -> Result<Checked, HeaderError> {
    if image.kind() == Kind::Wasm {
        return Err(HeaderError::Wasm);
    }
    let found = image.segments().last().map_or(0, crate::Segment::end);
    if found < HEADER_SIZE {
        return Err(HeaderError::TooShort { found });
    }
    let rules = Rules::from(semantics);
    let [opcode, high, low] = rules.read(image, Field::Reset)?;
    if opcode != LJMP {
        return Err(HeaderError::NoLjmp { found: opcode });
    }
    let target = u16::from_be_bytes([high, low]);
    let version = AbiVersion(rules.read(image, Field::Version)?);
    let mut warnings = Vec::new();
    if usize::from(target) < HEADER_SIZE && (target < ACCOUNT_CHECK || version.has_account_check())
    {
        warnings.push(Warning::ResetIntoHeader { target });
    } else if image.byte(target).is_none() {
        warnings.push(Warning::ResetUnprogrammed { target });
    }
    if version == AbiVersion::default() {
        warnings.push(Warning::NoVersion);
    }
    for field in [Field::Exit, Field::ApiCall] {
        let found = rules.read(image, field)?;
        if found != [RET, RET] {
            if rules.vectors {
                return Err(HeaderError::Vector { field, found });
            }
            warnings.push(Warning::Vector { field, found });
        }
    }
    let account_check = if version.has_account_check() {
        match rules.read(image, Field::AccountCheck)? {
            [0] => Some(false),
            [1] => Some(true),
            [found] => return Err(HeaderError::AccountCheck { found }),
        }
    } else {
        None
    };
    warnings.extend(between_parts(image));
    Ok(Checked {
        header: Header {
            reset_target: target,
            version,
            account_check,
        },
        warnings,
    })
}

/// The first byte between the header's parts that is programmed with something else than a filler.
fn between_parts(image: &Image) -> Option<Warning> {
    let unused = (RESET + 3..VERSION)
        .chain(VERSION + 3..EXIT)
        .chain(EXIT + 2..APICALL);
    unused
        .filter_map(|address| Some((address, image.byte(address)?)))
        .find(|&(_, found)| !matches!(found, 0x00 | 0xFF))
        .map(|(address, found)| Warning::BetweenParts { address, found })
}
