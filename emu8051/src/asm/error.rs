//! What the assembler complains about.

/// Why a text does not assemble.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {kind}")]
pub struct AsmError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong there.
    pub kind: AsmErrorKind,
}

/// What is wrong at the place an [`AsmError`] names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AsmErrorKind {
    /// A character that begins nothing.
    #[error("unexpected character {0:?}")]
    Character(char),
    /// A quoted text that does not end on its line.
    #[error("the quoted text does not end on this line")]
    OpenQuote,
    /// Digits that are no number of their base, or too many of them.
    #[error("{0:?} is not a number; expected forms are 12, 0x0C, 0Ch and 1100b")]
    Number(String),
    /// Something else stands where `expected` should.
    #[error("expected {expected}, found {found}")]
    Expected {
        /// What the grammar wants.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// Neither an instruction nor a directive.
    #[error("{0:?} is not an instruction or directive")]
    Mnemonic(String),
    /// No form of the instruction has such operands.
    #[error("{mnemonic} does not take these operands; its forms are {forms}")]
    Operands {
        /// The instruction.
        mnemonic: String,
        /// Every form the table has.
        forms: String,
    },
    /// A name nobody defined.
    #[error("{0:?} is not defined")]
    Undefined(String),
    /// A name defined twice, or one that means something already.
    #[error("{0:?} is taken already")]
    Taken(String),
    /// A number that does not fit its place.
    #[error("{value} does not fit: {what} is {low} to {high}")]
    Range {
        /// The number.
        value: i64,
        /// What it was to be.
        what: &'static str,
        /// Smallest that fits.
        low: i64,
        /// Largest that fits.
        high: i64,
    },
    /// A byte without bit addresses.
    #[error(
        "the bits of 0x{0:02X} have no addresses; those of 0x20 to 0x2F and of SFRs at multiples of 8 have"
    )]
    NoBits(u8),
    /// A branch too far away.
    #[error("0x{target:04X} is {distance} bytes away; a branch reaches -128 to 127")]
    TooFar {
        /// Where it should go.
        target: u16,
        /// From the next instruction.
        distance: i16,
    },
    /// An `AJMP` or `ACALL` out of its page.
    #[error(
        "0x{target:04X} is not in the 2 KiB page of the next instruction, 0x{next:04X}; use LJMP or LCALL"
    )]
    OtherPage {
        /// Where it should go.
        target: u16,
        /// The next instruction.
        next: u16,
    },
    /// Bytes beyond the end of CODE.
    #[error("CODE ends at 0xFFFF")]
    BeyondCode,
    /// Bytes where there are some already.
    #[error("CODE 0x{0:04X} is assembled twice")]
    Overlap(u16),
}
