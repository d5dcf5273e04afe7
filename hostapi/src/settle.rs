//! What happens after a run that succeeded: everything the contract asked for is checked and made.

use crate::app_funds::{self, FundError};
use crate::context::CallContext;
use crate::dispatch::Requests;
use crate::host::NodeError;
use crate::outputs;
use state::{Overlay, StoreError};

/// Why a contract does not get what it asked for. The whole transaction fails, and leaves no trace.
///
/// `record` is the place of an output record in the run, counted from 0.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
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
    TooPoor {
        /// Which record.
        record: usize,
        /// What it holds.
        balance: u64,
        /// What is to be taken.
        amount: u64,
    },
    /// The amount or the new balance is more than the network allows.
    #[error("output {record}: the amount or the new balance is more than {most}")]
    TooRich {
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

/// Why a run could not be settled.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// The contract asked for something it must not have.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The node is at fault; the whole transaction is given up.
    #[error(transparent)]
    Node(#[from] NodeError),
}

impl From<StoreError> for SettleError {
    fn from(error: StoreError) -> Self {
        SettleError::Node(error.into())
    }
}

/// Checks and makes what a contract asked for in a run that succeeded, in the original's order: the
/// output records are checked, then paid, then the account check is made if it is on, then the app
/// accounts change. The sum of all balances stays what it was.
///
/// # Errors
/// [`SettleError::Refused`] fails the transaction; [`SettleError::Node`] gives it up. Either way `state` is
/// as it was before the call.
pub fn settle(
    requests: &Requests,
    state: &mut Overlay<'_>,
    context: &CallContext<'_>,
) -> Result<(), SettleError> {
    let before = state.checkpoint();
    let result = make(requests, state, context);
    if result.is_err() {
        state.revert(before);
    }
    result
}

fn make(
    requests: &Requests,
    state: &mut Overlay<'_>,
    context: &CallContext<'_>,
) -> Result<(), SettleError> {
    outputs::check(&requests.outputs, state, context)?;
    outputs::apply(&requests.outputs, state, context)?;
    if context.account_check {
        let debits = outputs::own_debits(&requests.outputs, state, context)?;
        let paid = context.pay_amount.cast_signed();
        let change = debits.and_then(|debits| paid.checked_sub(debits));
        if change.is_none() || change != app_funds::net(&requests.funds) {
            return Err(Refusal::AccountCheck.into());
        }
    }
    app_funds::apply(&requests.funds, state, context)
}
