//! Which generation of rules an image runs under.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

/// The SDK version bytes of an image, CODE 0x0004..=0x0006, compared most significant byte first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AbiVersion(pub [u8; 3]);

impl AbiVersion {
    /// The first version whose images carry the account-check switch at CODE 0x0014.
    pub const ACCOUNT_CHECK: AbiVersion = AbiVersion([0, 2, 2]);

    /// The first version whose images are told of refused calls in the result word.
    pub const REFUSED_WORD: AbiVersion = AbiVersion([0, 2, 3]);

    /// Whether images of this version carry the account-check switch.
    #[must_use]
    pub fn has_account_check(self) -> bool {
        self >= Self::ACCOUNT_CHECK
    }
}

impl fmt::Display for AbiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major:02x}.{minor:02x}.{patch:02x}")
    }
}

/// The host-side rules a contract runs under. The CPU is the same in all of them.
///
/// What they differ in is one table, `docs/semantics.md`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Semantics {
    /// Our own rules: metered in machine cycles, every defect of the original repaired.
    #[default]
    V1,
    /// The original chain as of 2017: limited by steps, its replies, refunds and defects kept.
    Dacrs2017,
    /// [`Semantics::Dacrs2017`] with the method numbers of the 2014 SDK.
    Dacrs2014,
}

impl Semantics {
    /// Every profile, in the order in which help texts list them.
    pub const ALL: [Semantics; 3] = [Semantics::V1, Semantics::Dacrs2017, Semantics::Dacrs2014];

    /// The name used on the command line, in files and in receipts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Semantics::V1 => "v1",
            Semantics::Dacrs2017 => "dacrs2017",
            Semantics::Dacrs2014 => "dacrs2014",
        }
    }

    /// The byte that stands for the profile in stored and hashed encodings. It never changes.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Semantics::V1 => 1,
            Semantics::Dacrs2017 => 2,
            Semantics::Dacrs2014 => 3,
        }
    }

    /// The profile that [`Semantics::code`] gives `code` for.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Semantics> {
        Self::ALL
            .into_iter()
            .find(|semantics| semantics.code() == code)
    }

    /// Whether the original chain's rules hold (steps, fee, fuel rate, reply and refund defects).
    #[must_use]
    pub const fn is_dacrs(self) -> bool {
        matches!(self, Semantics::Dacrs2017 | Semantics::Dacrs2014)
    }
}

impl fmt::Display for Semantics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The error of parsing a [`Semantics`] name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownSemantics(pub String);

impl fmt::Display for UnknownSemantics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "unknown semantics `{}`: use v1, dacrs2017 or dacrs2014",
            self.0
        )
    }
}

impl core::error::Error for UnknownSemantics {}

impl FromStr for Semantics {
    type Err = UnknownSemantics;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|s| s.name() == text)
            .ok_or_else(|| UnknownSemantics(text.into()))
    }
}
