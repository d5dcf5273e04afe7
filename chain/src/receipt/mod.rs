//! [`Receipt`]: the result of a transaction, in a form that never changes.
//!
//! A transaction is a tree of frames, one for each piece of work: an action of it, a notification, a
//! call of another contract. The receipt has them in the order in which they began.
//!
//! | module | holds |
//! |---|---|
//! | `frame` | [`Frame`], and the run of a contract in it |
//! | `event` | [`Event`], and a contract's own [`ErrorText`] |
//! | `verdict` | [`Verdict`] |
//! | `codec` | the stored form |
//! | `rows` | the text for people |
//! | `tree` | the frames in it, with [`Notes`] on them |

mod codec;
mod event;
mod frame;
mod rows;
#[cfg(test)]
mod tests;
mod tree;
mod verdict;

use crate::error::ChainError;
use hostapi::Print;
use hostapi::hash::blake2b;
use state::keys::{Hash, RegId};

pub use event::{ErrorText, Event, EventError};
pub use frame::{Frame, FrameKind, RunReceipt, Work};
pub use tree::{Below, Called, Notes};
pub use verdict::Verdict;

/// The result of one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The transaction's id.
    pub id: Hash,
    /// The height of its block.
    pub height: u32,
    /// Its place in the block, counted from 0.
    pub index: u16,
    /// The sender, who pays.
    pub sender: RegId,
    /// The contract called or deployed, the account made, or the account that was paid.
    pub target: RegId,
    /// The fee that the sender paid, in the smallest unit.
    pub fee: u64,
    /// The end of the transaction. Only after a success are its changes kept.
    pub verdict: Verdict,
    /// The words of the contract that failed it.
    pub error: Option<ErrorText>,
    /// Gas used, before anything was given back: the price of being a transaction, and all frames.
    pub gas: u64,
    /// Gas given back.
    pub refund: u64,
    /// The version of the gas schedule.
    pub schedule: u16,
    /// The sums over all frames.
    pub meters: Meters,
    /// BLAKE2b of the writes of the transaction, the fee's debit among them. For each key whose value
    /// is another one after it, in order of key: the key's length, the key, and the value's length plus
    /// one and the value, or 0 for a removal. Lengths are numbers as in [`Receipt::encode`].
    pub write_set: Hash,
    /// The work done, in the order in which it began: 1 to 65,535 frames.
    pub frames: Vec<Frame>,
    /// The events of the contracts, in order.
    pub events: Vec<Event>,
}

/// What a transaction used, beside gas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meters {
    /// Machine cycles; WebAssembly has none.
    pub cycles: u64,
    /// Instructions executed; WebAssembly does not count them.
    pub instructions: u64,
    /// The old chain's step counter.
    pub steps: i64,
    /// The memory of all runs in bytes: pages of XDATA that were written, and linear memory at the end.
    pub memory: u64,
    /// The bytes of contracts' data (key and value) and of stored code that it added to the state, less
    /// those it removed.
    pub state_bytes: i64,
    /// The number of calls into the host.
    pub host_calls: u32,
}

impl Meters {
    /// The sums over `frames`. Memory and state are not told by frames.
    pub(crate) fn of(frames: &[Frame]) -> Meters {
        let mut sum = Meters::default();
        for frame in frames {
            if let Work::Run(run) = &frame.work {
                sum.cycles = sum.cycles.saturating_add(run.cycles);
                sum.instructions = sum.instructions.saturating_add(run.instructions);
                sum.steps = sum.steps.saturating_add(run.steps);
                sum.host_calls = sum.host_calls.saturating_add(run.host_calls);
            }
        }
        sum
    }
}

impl Receipt {
    /// The most frames of a transaction.
    pub const FRAMES_MAX: usize = 65_535;

    /// The run of the contract called, if the transaction was a call.
    #[must_use]
    pub fn run(&self) -> Option<&RunReceipt> {
        match &self.frames.first()?.work {
            Work::Run(run) => Some(run),
            _ => None,
        }
    }

    /// Whether it is that of a list of actions, rather than of a call, an account, a payment or a deployment.
    #[must_use]
    pub fn is_list(&self) -> bool {
        let mut roots = self.frames.iter().filter(|frame| frame.parent.is_none());
        match (roots.next(), roots.next()) {
            (Some(first), None) => first.action != 0 || first.work == Work::Nothing,
            _ => true,
        }
    }

    /// The runs of contracts, in order.
    pub fn runs(&self) -> impl Iterator<Item = &RunReceipt> {
        self.frames.iter().filter_map(|frame| match &frame.work {
            Work::Run(run) => Some(run),
            _ => None,
        })
    }

    /// The prints of all contracts, in order of frames.
    pub fn prints(&self) -> impl Iterator<Item = &Print> {
        self.runs().flat_map(|run| &run.prints)
    }

    /// The amount that the transaction moved from the sender to the target, in the smallest unit.
    #[must_use]
    pub fn value(&self) -> u64 {
        self.frames.first().map_or(0, |frame| frame.value)
    }

    /// The gas the sender was charged for: what was used, less what was given back.
    #[must_use]
    pub const fn gas_charged(&self) -> u64 {
        self.gas.saturating_sub(self.refund)
    }

    /// The reason why there is no contract, after a deployment of an image that cannot be run.
    #[must_use]
    pub fn refusal(&self) -> Option<&str> {
        match &self.frames.first()?.work {
            Work::Deploy { refusal, .. } => refusal.as_deref(),
            _ => None,
        }
    }

    /// The receipt of a deployment, unless there is no contract.
    ///
    /// # Errors
    /// [`ChainError::NotDeployed`].
    pub fn deployed(&self) -> Result<&Receipt, ChainError> {
        match self.refusal() {
            Some(reason) => Err(ChainError::NotDeployed {
                reason: match &self.error {
                    Some(error) => format!("{reason} ({error})"),
                    None => reason.into(),
                },
            }),
            None => Ok(self),
        }
    }

    /// The account whose contract an event came from.
    #[must_use]
    pub fn event_source(&self, event: &Event) -> Option<RegId> {
        let frame = self.frames.get(usize::from(event.frame()))?;
        Some(frame.receiver)
    }

    /// The BLAKE2b of the encoding.
    #[must_use]
    pub fn hash(&self) -> Hash {
        blake2b(&self.encode())
    }
}
