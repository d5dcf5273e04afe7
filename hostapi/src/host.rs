//! The seam between the engines and the host: [`HostApi`].

use crate::failure::Failure;
use abi::layout::COMMUNICATE_SIZE;
use abi::{ExitCode, Gas, method};
use core::fmt;
use state::StoreError;

/// What became of a call into the host, as the original VM counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// The call was served (the original's 1). The reply may still be empty.
    Done,
    /// The call was not served (the original's 0). Nothing is delivered and the contract goes on.
    Refused,
}

/// The answer to one call. The reply borrows from the host, so a call allocates nothing of its own.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// Whether the call was served.
    pub status: Status,
    /// The reply: items framed as `LE16 length, bytes`, one after the other. Not yet cut to what fits, and
    /// not to be delivered where `status` is [`Status::Refused`].
    pub reply: &'a [u8],
    /// The old chain's adjustment of the step counter; it may be negative.
    pub step_delta: i64,
    /// What the host charges for the call.
    pub gas: Gas,
    /// What the host gives back, kept apart from `gas` and capped by the meter.
    pub refund: Gas,
    /// Why the call was refused, for those who watch: no contract and no receipt is told. `None` where the method has
    /// one reason alone, or it is not known.
    pub reason: Option<&'static str>,
}

/// The most that a run may write and print under the old rules, in bytes, with [`KEPT_EACH`] for each time. Its
/// steps allow far more, and the original's node died of it; under our own rules what is kept is paid for.
pub const KEPT_MAX: usize = 64 << 20;
/// What a write or a print counts for beyond its bytes: about what the overlay takes for a key.
pub const KEPT_EACH: usize = 512;

/// Why a call ends the contract's run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HostFault {
    /// There is no method of this id.
    UnknownMethod(u16),
    /// The method is fatal here: the original returns -1 (a hundredth output record).
    TooManyOutputs,
    /// The original leaves the run by an exception: a reply item of length 0.
    EmptyReplyItem,
    /// The reply does not fit in the buffer, under our own semantics.
    ReplyTooLarge {
        /// The size in bytes, length fields and all.
        size: usize,
    },
    /// A request that a method without an answer does not take, under our own semantics: it has no other way to say so.
    RequestRefused(u16),
    /// The original's node does not survive this call of this method, under its rules.
    Undefined(u16),
    /// The run has written and printed more than the node keeps for one, under the old rules.
    TooMuchKept,
    /// A contract has ended the whole transaction, with this code.
    Aborted(ExitCode),
}

impl HostFault {
    /// The fault's name in JSON and receipts.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            HostFault::UnknownMethod(_) => "unknown_method",
            HostFault::TooManyOutputs => "too_many_outputs",
            HostFault::EmptyReplyItem => "empty_reply_item",
            HostFault::ReplyTooLarge { .. } => "reply_too_large",
            HostFault::RequestRefused(_) => "request_refused",
            HostFault::Undefined(_) => "undefined",
            HostFault::TooMuchKept => "too_much_kept",
            HostFault::Aborted(_) => "aborted",
        }
    }
}

impl fmt::Display for HostFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            HostFault::UnknownMethod(id) => write!(f, "there is no method 0x{id:04X}"),
            HostFault::TooMuchKept => {
                let most = KEPT_MAX >> 20;
                write!(f, "the run has written and printed more than {most} MiB")
            }
            HostFault::Aborted(code) => {
                write!(f, "a contract has aborted the transaction with code {code}")
            }
            HostFault::TooManyOutputs => write!(f, "100 or more output records in one run"),
            HostFault::EmptyReplyItem => write!(f, "the reply has an item of length 0"),
            HostFault::ReplyTooLarge { size } => {
                write!(
                    f,
                    "the reply takes {size} bytes with the lengths of its items, and the buffer has {COMMUNICATE_SIZE}"
                )
            }
            HostFault::RequestRefused(id) => {
                let name = method::spec(id).map_or("unknown", |spec| spec.name);
                write!(
                    f,
                    "{name} (method 0x{id:04X}) does not take this request; docs/abi.md says which it takes"
                )
            }
            HostFault::Undefined(id) => {
                write!(
                    f,
                    "method 0x{id:04X} has no result for these arguments under the old chain's rules"
                )
            }
        }
    }
}

/// The node failed: not the contract's fault, never part of a receipt.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// The store could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The state holds something that this program did not write.
    #[error("state key {key} is damaged: {what}")]
    Damaged {
        /// The key, in hex.
        key: String,
        /// What was expected there.
        what: &'static str,
    },
    /// An engine could not run a contract for want of something of this machine.
    #[error("the engine failed: {0}; the call was given up, free some memory and try again")]
    Engine(String),
    /// An observer ended the call, so nobody knows how it would have ended.
    #[error("the call was interrupted by its observer")]
    Interrupted,
    /// A query ran longer than its caller is willing to wait.
    #[error("the call took longer than {milliseconds} ms and was given up")]
    TookTooLong {
        /// What was allowed.
        milliseconds: u64,
    },
}

impl NodeError {
    /// The error of finding something else under `key` than `what` says is expected.
    #[must_use]
    pub fn damaged(key: &[u8], what: &'static str) -> NodeError {
        NodeError::Damaged {
            key: hex::encode(key),
            what,
        }
    }
}

/// How a call ends its contract's run instead of being answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum CallEnd {
    /// The contract is at fault. What was done for the call until then costs so much.
    #[error("{0}")]
    Fault(HostFault, Gas),
    /// The contract ends with this code, other than 1. The call costs so much.
    #[error("the contract ends with code {0}")]
    Exit(ExitCode, Gas),
    /// The contract ends the whole transaction with this code. The call costs so much.
    #[error("the contract aborts the transaction with code {0}")]
    Abort(ExitCode, Gas),
    /// The call costs more than the run may spend, and was not served: see [`HostApi::allow`].
    #[error("the call costs more gas than is left")]
    OutOfGas,
}

impl CallEnd {
    /// The end of a call for which `paid` was to be paid until then.
    pub(crate) const fn costing(self, paid: Gas) -> CallEnd {
        match self {
            CallEnd::Fault(fault, _) => CallEnd::Fault(fault, paid),
            CallEnd::Exit(code, _) => CallEnd::Exit(code, paid),
            CallEnd::Abort(code, _) => CallEnd::Abort(code, paid),
            CallEnd::OutOfGas => CallEnd::OutOfGas,
        }
    }
}

impl From<CallEnd> for Failure<CallEnd> {
    fn from(end: CallEnd) -> Self {
        Failure::Contract(end)
    }
}

impl From<HostFault> for Failure<CallEnd> {
    fn from(fault: HostFault) -> Self {
        CallEnd::Fault(fault, Gas::ZERO).into()
    }
}

/// A host that serves calls. Both engines see exactly this.
pub trait HostApi {
    /// Serves `method`. `request` is the whole exchange buffer as the contract left it, up to
    /// [`abi::layout::REQUEST_SIZE`] bytes: a request frame at its start (see [`abi::codec`]), or anything at all.
    ///
    /// # Errors
    /// [`Failure::Contract`] ends the run, [`Failure::Node`] gives up the transaction.
    fn call(&mut self, method: u16, request: &[u8]) -> Result<Answer<'_>, Failure<CallEnd>>;

    /// Says what the next call may cost. One that costs more ends with [`CallEnd::OutOfGas`] before what it
    /// cannot pay for is done, and all gas is then used. Without it, and under the old rules, any call is served.
    fn allow(&mut self, gas: Gas) {
        let _ = gas;
    }
}
