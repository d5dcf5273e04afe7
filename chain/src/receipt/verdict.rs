//! [`Verdict`]: the end of a transaction, or of a run.

use bridge::{Fault, Outcome};
use std::fmt;

/// The end of a transaction, or of a contract's run. Only after a success are changes kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The contract ended with exit code 1 and got what it asked for.
    Success,
    /// The contract ended with another exit code.
    Refused {
        /// The code.
        code: u8,
    },
    /// The contract ended with exit code 1, but asked for something it must not have, or cost more
    /// than its fee.
    SettlementFailed {
        /// The reason, as a sentence.
        reason: String,
    },
    /// The contract could not go on.
    Fault {
        /// The fault's name, as in [`Fault::name`].
        name: String,
        /// The same as a sentence.
        reason: String,
    },
    /// The image to be deployed cannot be run: there is no contract.
    NotDeployed {
        /// The reason, as a sentence.
        reason: String,
    },
}

impl Verdict {
    /// `success`, `refused` or `fault`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Verdict::Success => "success",
            Verdict::Refused { .. }
            | Verdict::SettlementFailed { .. }
            | Verdict::NotDeployed { .. } => "refused",
            Verdict::Fault { .. } => "fault",
        }
    }

    /// Whether the changes were kept.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self, Verdict::Success)
    }

    /// The exit code of a contract that reached its exit; 1 after the success of any transaction.
    #[must_use]
    pub const fn exit_code(&self) -> Option<u8> {
        match self {
            Verdict::Success | Verdict::SettlementFailed { .. } => Some(1),
            Verdict::Refused { code } => Some(*code),
            Verdict::Fault { .. } | Verdict::NotDeployed { .. } => None,
        }
    }

    /// The name of the fault, if there was one.
    #[must_use]
    pub fn fault(&self) -> Option<&str> {
        match self {
            Verdict::Fault { name, .. } => Some(name),
            _ => None,
        }
    }

    /// The reason why there is no success, as a sentence.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Verdict::SettlementFailed { reason }
            | Verdict::Fault { reason, .. }
            | Verdict::NotDeployed { reason } => Some(reason),
            Verdict::Success | Verdict::Refused { .. } => None,
        }
    }
}

impl From<Fault> for Verdict {
    fn from(fault: Fault) -> Verdict {
        Verdict::Fault {
            name: fault.name().into(),
            reason: fault.to_string(),
        }
    }
}

impl From<Outcome> for Verdict {
    fn from(outcome: Outcome) -> Verdict {
        match outcome {
            Outcome::Success => Verdict::Success,
            Outcome::Refused { code } => Verdict::Refused { code: code.0 },
            Outcome::Fault { fault } => fault.into(),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Success => write!(f, "success"),
            Verdict::Refused { code } => write!(f, "refused with exit code {code}"),
            Verdict::SettlementFailed { reason } | Verdict::NotDeployed { reason } => {
                write!(f, "refused: {reason}")
            }
            Verdict::Fault { name, reason } => write!(f, "fault {name}: {reason}"),
        }
    }
}
