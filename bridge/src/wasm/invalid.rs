//! Why a module is refused: [`InvalidModule`], and in which section it is wrong.

use std::fmt;

/// Why a module is refused. Offsets are in bytes from its start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidModule {
    /// The bytes are not a module, or use a feature that is off.
    #[error("wasm offset 0x{offset:x}: {reason}")]
    Malformed {
        /// Where.
        offset: u64,
        /// What wasmparser says.
        reason: String,
    },
    /// There is more of something than the table of limits allows.
    #[error("wasm offset 0x{offset:x}: {what} is {found}, the most is {most}")]
    Limit {
        /// Where it is claimed.
        offset: u64,
        /// The row of the table.
        what: &'static str,
        /// What the module has.
        found: u64,
        /// What the table allows.
        most: u32,
    },
    /// An operator that contracts may not use.
    #[error(
        "wasm offset 0x{offset:x}: {operator} is not allowed; see the operators in docs/wasm.md"
    )]
    Operator {
        /// Where it stands.
        offset: u64,
        /// Its name.
        operator: String,
    },
    /// An import that the host does not offer.
    #[error(
        "wasm offset 0x{offset:x}: import `{module}.{name}` is not offered; the host has \
         `smart51.call` (five i32 to i32) and `smart51.exit` (one i32 to nothing)"
    )]
    Import {
        /// Where it stands.
        offset: u64,
        /// The module it is imported from.
        module: String,
        /// Its name.
        name: String,
    },
    /// A start function: a call begins in `smart51_main` and nowhere else.
    #[error("wasm offset 0x{offset:x}: a start function is not allowed; begin in `smart51_main`")]
    Start {
        /// Where it stands.
        offset: u64,
    },
    /// An export is missing, or is not what a call needs.
    #[error("export `{name}` must be {expected}, found {found}")]
    Export {
        /// Its name.
        name: &'static str,
        /// What it must be.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// A segment that is not put at a fixed place.
    #[error("wasm offset 0x{offset:x}: a passive {kind} segment is not allowed")]
    PassiveSegment {
        /// Where it stands.
        offset: u64,
        /// `data` or `element`.
        kind: &'static str,
    },
    /// A segment, or the exchange buffer, that does not lie inside what it is put in.
    #[error(
        "wasm offset 0x{offset:x}: {kind} covers {start} to {end}, but only {size} {unit} are there"
    )]
    OutOfRange {
        /// Where it stands.
        offset: u64,
        /// What does not fit.
        kind: &'static str,
        /// Its first byte or element.
        start: u64,
        /// One past its last byte or element.
        end: u64,
        /// What is there.
        size: u64,
        /// `bytes` or `elements`.
        unit: &'static str,
    },
}

impl InvalidModule {
    /// The place of what is wrong, in bytes from the module's start; `None` for something that is missing.
    #[must_use]
    pub const fn offset(&self) -> Option<u64> {
        match self {
            InvalidModule::Malformed { offset, .. }
            | InvalidModule::Limit { offset, .. }
            | InvalidModule::Operator { offset, .. }
            | InvalidModule::Import { offset, .. }
            | InvalidModule::Start { offset, .. }
            | InvalidModule::PassiveSegment { offset, .. }
            | InvalidModule::OutOfRange { offset, .. } => Some(*offset),
            _ => None,
        }
    }
}

impl From<wasmparser::Error> for InvalidModule {
    fn from(error: wasmparser::Error) -> Self {
        InvalidModule::Malformed {
            offset: error.offset(),
            reason: error.message().to_owned(),
        }
    }
}

/// An [`InvalidModule`] with the section that it is in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct InvalidSection {
    /// The section's name, as the specification has it; `None` outside of any, and for something that is missing.
    pub section: Option<&'static str>,
    /// What is wrong.
    pub error: InvalidModule,
}

impl fmt::Display for InvalidSection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(section) = self.section {
            write!(f, "{section} section, ")?;
        }
        self.error.fmt(f)
    }
}

impl InvalidSection {
    /// `error`, found in `wasm`.
    #[must_use]
    pub fn new(error: InvalidModule, wasm: &[u8]) -> InvalidSection {
        let offset = error.offset().and_then(|at| usize::try_from(at).ok());
        InvalidSection {
            section: offset.and_then(|offset| section_at(wasm, offset)),
            error,
        }
    }
}

/// The name of the section of `wasm` that holds the byte at `offset`, its own header included.
fn section_at(wasm: &[u8], offset: usize) -> Option<&'static str> {
    /// By their numbers, in the binary format of WebAssembly 2.0.
    const NAMES: [&str; 13] = [
        "custom",
        "type",
        "import",
        "function",
        "table",
        "memory",
        "global",
        "export",
        "start",
        "element",
        "code",
        "data",
        "data count",
    ];
    let mut at = 8;
    while offset >= at {
        let name = NAMES.get(usize::from(*wasm.get(at)?))?;
        let (mut size, mut shift) = (0usize, 0);
        at += 1;
        loop {
            let byte = *wasm.get(at)?;
            at += 1;
            size |= usize::from(byte & 0x7F).checked_shl(shift)?;
            shift += 7;
            if byte < 0x80 || shift > 28 {
                break;
            }
        }
        at = at.checked_add(size)?;
        if offset < at {
            return Some(name);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each byte of a module belongs to the section it lies in, and no bytes make this panic.
    #[test]
    fn every_byte_lies_in_its_section() {
        let module = [0, 0, 0, 0, 1, 0, 0, 0, 1, 2, 9, 9, 10, 0x81, 0, 7];
        let names = |bytes: &[u8]| -> Vec<_> {
            (0..bytes.len() + 3)
                .map(|at| section_at(bytes, at))
                .collect()
        };
        let expected = [
            vec![None; 8],
            vec![Some("type"); 4],
            vec![Some("code"); 4],
            vec![None; 3],
        ];
        assert_eq!(names(&module), expected.concat());
        for end in 0..module.len() {
            names(&module[..end]);
            for value in [0, 13, 0x7F, 0xFF] {
                let mut damaged = module;
                damaged[end] = value;
                names(&damaged);
            }
        }
    }
}
