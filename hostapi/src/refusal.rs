//! [`SettleRefusal`]: why the requests of a contract are not granted.

use crate::app_funds::FundError;
use crate::failure::Failure;

/// Why a contract does not get what it asked for. The whole transaction fails, and leaves no trace.
///
/// `record` is the place of an output record in the run, counted from 0.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum SettleRefusal {
    /// The account is named neither by registered id nor by address.
    #[error(
        "output {record}: kind of account is {kind}, it must be 1 (registered id) or 2 (address)"
    )]
    AccountKind {
        /// Which record.
        record: usize,
        /// The kind found.
        kind: u8,
    },
    /// The operation is neither plus nor minus.
    #[error("output {record}: operation is {operation}, it must be 1 (plus) or 2 (minus)")]
    Operation {
        /// Which record.
        record: usize,
        /// The operation found.
        operation: u8,
    },
    /// The amounts do not fit in 64 bits.
    #[error("output {record}: the sum of the amounts does not fit in 64 bits")]
    SumOverflow {
        /// Which record.
        record: usize,
    },
    /// No account has this registered id.
    #[error("output {record}: no account has the registered id {regid}")]
    UnknownAccount {
        /// Which record.
        record: usize,
        /// The registered id, in hex.
        regid: String,
    },
    /// Money is to be taken from another account than the contract's own.
    #[error("output {record}: a contract can only take from its own account")]
    ForeignDebit {
        /// Which record.
        record: usize,
    },
    /// More or less is handed out than taken.
    #[error("the outputs hand out {plus} and take {minus}, both must be equal")]
    Unbalanced {
        /// The sum handed out.
        plus: u64,
        /// The sum taken.
        minus: u64,
    },
    /// The text is no address of this network.
    #[error("output {record}: the account is no address of this network")]
    NoAddress {
        /// Which record.
        record: usize,
    },
    /// The account has less than is to be taken.
    #[error("output {record}: the account holds {balance}, {amount} are to be taken")]
    InsufficientBalance {
        /// Which record.
        record: usize,
        /// What it holds.
        balance: u64,
        /// What is to be taken.
        amount: u64,
    },
    /// The amount or the new balance is more than the network allows.
    #[error("output {record}: the amount or the new balance is more than {most}")]
    BalanceOverflow {
        /// Which record.
        record: usize,
        /// The most that is allowed.
        most: u64,
    },
    /// The app accounts do not change by what the contract's account did.
    #[error("the app accounts do not change by the money paid less the contract's own outputs")]
    AccountCheck,
    /// An operation on a user's app account fails.
    #[error("app account of user {user}: {error}")]
    Fund {
        /// The user id, in hex.
        user: String,
        /// What is wrong.
        error: FundError,
    },
}

impl From<SettleRefusal> for Failure<SettleRefusal> {
    fn from(refusal: SettleRefusal) -> Self {
        Failure::Contract(refusal)
    }
}
