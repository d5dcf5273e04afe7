//! [`Gas`], what a caller pays, and [`ExitCode`], what a contract says when it ends.

use core::fmt;

/// Gas: the unit a caller pays in. Never mixed with machine cycles or steps; those are converted in one
/// place, the bridge's meter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gas(pub u64);

impl Gas {
    /// No gas at all.
    pub const ZERO: Gas = Gas(0);
    /// The largest amount that can be named.
    pub const MAX: Gas = Gas(u64::MAX);

    /// The sum, or `None` where it does not fit in 64 bits.
    #[must_use]
    pub const fn checked_add(self, other: Gas) -> Option<Gas> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Gas(sum)),
            None => None,
        }
    }

    /// The difference, or `None` where `other` is the larger.
    #[must_use]
    pub const fn checked_sub(self, other: Gas) -> Option<Gas> {
        match self.0.checked_sub(other.0) {
            Some(rest) => Some(Gas(rest)),
            None => None,
        }
    }
}

impl fmt::Display for Gas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} gas", self.0)
    }
}

/// The exit code of a contract: the byte at XDATA 0xEFFD when PC arrives at the exit vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExitCode(pub u8);

impl ExitCode {
    /// The one code that means success. Every other code is a refusal.
    pub const SUCCESS: ExitCode = ExitCode(1);

    /// Whether this is [`ExitCode::SUCCESS`].
    #[must_use]
    pub const fn is_success(self) -> bool {
        self.0 == Self::SUCCESS.0
    }
}

impl fmt::Display for ExitCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
