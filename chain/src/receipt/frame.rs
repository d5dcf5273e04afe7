//! [`Frame`]: one piece of the work of a transaction.

use super::{ErrorText, Verdict};
use abi::Semantics;
use bridge::EngineId;
use hostapi::Print;
use state::keys::{Hash, RegId};

/// One piece of the work of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The place of the frame that began it, which is before its own; `None` where the transaction did.
    pub parent: Option<u16>,
    /// When it was asked for, among all frames, counted from 1: before it begins, where it has to wait for others.
    pub ordinal: u16,
    /// The way it began.
    pub kind: FrameKind,
    /// The account that it runs for, and whose data it changes.
    pub receiver: RegId,
    /// The account that began it: the sender, or a contract.
    pub caller: RegId,
    /// The account whose action it is: the receiver itself, but in a notification the one that was acted
    /// on. 0-0, the chain itself, in a native frame.
    pub code: RegId,
    /// The action's name, as a number; 0 for none.
    pub action: u64,
    /// The amount sent with it, in the smallest unit.
    pub value: u64,
    /// The work itself.
    pub work: Work,
}

/// The way in which a frame began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FrameKind {
    /// The chain's own work, which runs no contract.
    Native,
    /// An action of the transaction.
    Action,
    /// An account that was notified of an action.
    Notified,
    /// An action without access to the state.
    ContextFree,
    /// An action that a contract asked for, after its own.
    Inline,
    /// A call of another contract, whose caller waits for it.
    Call,
    /// A call that can change nothing.
    StaticCall,
    /// An action that a contract asked for at a later time.
    Deferred,
}

impl FrameKind {
    /// All of them, in order of code.
    pub const ALL: [FrameKind; 8] = [
        FrameKind::Native,
        FrameKind::Action,
        FrameKind::Notified,
        FrameKind::ContextFree,
        FrameKind::Inline,
        FrameKind::Call,
        FrameKind::StaticCall,
        FrameKind::Deferred,
    ];

    /// The name used in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            FrameKind::Native => "native",
            FrameKind::Action => "action",
            FrameKind::Notified => "notified",
            FrameKind::ContextFree => "context_free",
            FrameKind::Inline => "inline",
            FrameKind::Call => "call",
            FrameKind::StaticCall => "static_call",
            FrameKind::Deferred => "deferred",
        }
    }

    /// Whether the frame that began it waited for its end.
    #[must_use]
    pub const fn is_waited_for(self) -> bool {
        matches!(self, FrameKind::Call | FrameKind::StaticCall)
    }

    /// The byte used in stored forms.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            FrameKind::Native => 1,
            FrameKind::Action => 2,
            FrameKind::Notified => 3,
            FrameKind::ContextFree => 4,
            FrameKind::Inline => 5,
            FrameKind::Call => 6,
            FrameKind::StaticCall => 7,
            FrameKind::Deferred => 8,
        }
    }

    /// The kind of a byte of [`FrameKind::code`].
    #[must_use]
    pub fn from_code(code: u8) -> Option<FrameKind> {
        FrameKind::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// The work of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// Made the account `receiver`.
    NewAccount,
    /// Moved `value` from `caller` to `receiver`.
    Transfer,
    /// Deployed the contract `receiver`, or set its code again.
    Deploy {
        /// The hash of the image that it had before.
        replaced: Option<Hash>,
        /// The hash of its image.
        code_hash: Hash,
        /// The rules it runs under.
        semantics: Semantics,
        /// The engine that runs it.
        engine: EngineId,
        /// The size of its image in bytes.
        code_bytes: u32,
        /// The reason why there is no contract, where the image cannot be run; never empty.
        refusal: Option<String>,
    },
    /// Removed the code of the contract `receiver`.
    Undeploy {
        /// The hash of its image.
        code_hash: Hash,
    },
    /// Has a gas schedule hold from a later height on.
    SetSchedule {
        /// The height of the first block in which it holds.
        from: u32,
        /// Its version.
        version: u16,
        /// The hash of its byte form.
        hash: Hash,
    },
    /// Nothing: the account has no contract, or none that is to be notified; or there was a reason not to begin, which
    /// ended the transaction.
    Nothing,
    /// Ran a contract.
    Run(RunReceipt),
}

/// The result of one run of a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunReceipt {
    /// The rules it ran under.
    pub semantics: Semantics,
    /// The engine that ran it.
    pub engine: EngineId,
    /// The hash of the contract's image.
    pub code_hash: Hash,
    /// BLAKE2b of the input.
    pub input_hash: Hash,
    /// Its end, with the settlement of what it asked for. Whether its changes were kept is also up to the
    /// frames around it: see [`Receipt::verdict`](super::Receipt::verdict).
    pub verdict: Verdict,
    /// The contract's own words for its failure.
    pub error: Option<ErrorText>,
    /// Machine cycles.
    pub cycles: u64,
    /// Instructions executed.
    pub instructions: u64,
    /// The old chain's step counter.
    pub steps: i64,
    /// Gas used by the run, from entering the contract on, and by the frames that it waited for. The price
    /// of being a transaction is not in it.
    pub gas: u64,
    /// The number of its calls into the host.
    pub host_calls: u32,
    /// BLAKE2b of the host-call log, see [`crate::hostlog`].
    pub host_log: Hash,
    /// The data it returned to its caller.
    pub returned: Vec<u8>,
    /// Its prints, in order.
    pub prints: Vec<Print>,
}
