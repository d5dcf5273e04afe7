//! [`ChainError`]: why the chain does not do what it was asked to.

use crate::registry::CodeRefusal;
use crate::session::Rejection;
use bridge::{EngineId, PrepareError};
use hostapi::{Failure, NodeError};
use state::StoreError;
use state::keys::Hash;

/// Why the chain does not do what it was asked to. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// The node failed.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The name cannot be a local name.
    #[error(
        "`{name}` is no name: use 1 to 32 letters, digits, `_`, `.` or `-`, and nothing like 12-3"
    )]
    BadName {
        /// The name.
        name: String,
    },
    /// The name is in use.
    #[error("the name `{name}` is taken; choose another one")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// The address that something new would get has an owner.
    #[error("its address belongs to {regid} already")]
    AddressTaken {
        /// The owner's registered id, as text.
        regid: String,
    },
    /// A recording, run again at once, does not come out as the call did.
    #[error("the recording of this call differs from it in its {what}; please report this")]
    RecordingDiffers {
        /// What differs.
        what: &'static str,
    },
    /// A call looks at more state than a recording holds.
    #[error(
        "the call looks at more state than a recording holds; record it with a lower --gas or --fee"
    )]
    RecordingLooksTooFar,
    /// A call makes more host calls than a recording holds.
    #[error(
        "the call makes more host calls than a recording holds; record it with a lower --gas or --fee"
    )]
    RecordingTooLarge,
    /// The call has something follow, which is executed after it.
    #[error(
        "the call has accounts notified or sends actions, and a recording ends with the call; make it without \
        --record: `smart51 trace ID` shows what follows too"
    )]
    RecordingOfFollowUps,
    /// Deferred actions are due, which would be executed before the call in its block.
    #[error(
        "deferred actions are due before the call, and a recording holds the call alone; let a block be made \
        first (`smart51 chain mine`)"
    )]
    RecordingBehindOthers,
    /// There is no such thing.
    #[error("there is no {what} `{name}`")]
    Unknown {
        /// What was looked for.
        what: &'static str,
        /// What it was to be called.
        name: String,
    },
    /// The registered id is an account's, and a contract is needed.
    #[error("`{name}` is an account and no contract")]
    NoContract {
        /// What the account is called.
        name: String,
    },
    /// Money is sent to a contract without calling it.
    #[error("{name} is a contract: send it money with a call and its value")]
    ToContract {
        /// What the contract is called.
        name: String,
    },
    /// The image cannot be run.
    #[error("the image cannot be deployed: {0}")]
    Image(PrepareError),
    /// The image was looked at and cannot be run; its sender paid for that.
    #[error("the image cannot be deployed: {reason}")]
    NotDeployed {
        /// Why.
        reason: String,
    },
    /// The code of the contract is not set.
    #[error(transparent)]
    Code(#[from] CodeRefusal),
    /// The contract has no code at present.
    #[error(
        "`{name}` has no code: its owner removed it, and can set it again with `smart51 upgrade`"
    )]
    Undeployed {
        /// What the contract is called.
        name: String,
    },
    /// No engine of this build runs the image.
    #[error("this build has no {0} engine")]
    NoEngine(EngineId),
    /// The sender cannot send the transaction.
    #[error("the transaction is not accepted: {0}")]
    Rejected(#[from] Rejection),
    /// An amount is larger than the network allows.
    #[error("the account would hold {amount}, the most is {most}")]
    AmountTooLarge {
        /// The amount.
        amount: u64,
        /// The most.
        most: u64,
    },
    /// The block cannot hold another transaction.
    #[error("the block is full: {0}")]
    BlockFull(&'static str),
    /// The gas schedule is none of those that have a name.
    #[error("there is no such gas schedule in this version of the program")]
    NoSchedule,
    /// The heights are used up.
    #[error("the chain is at the last height there is")]
    LastHeight,
    /// The time given is before that of the newest block.
    #[error(
        "the block's time is {time}, it must not be before {parent}, the time of the newest block"
    )]
    TimeBeforeParent {
        /// The time asked for, in seconds since 1970.
        time: u64,
        /// The newest block's time, in seconds since 1970.
        parent: u64,
    },
    /// Since the block was begun, another one was committed, or blocks were taken back.
    #[error(
        "block {height} was begun above a block that is no longer the newest (that is block {newest} now); \
        nothing of it was kept: begin it again"
    )]
    Overtaken {
        /// The height of the block that was to be committed.
        height: u32,
        /// The newest height.
        newest: u32,
    },
    /// The store is of another version of the program.
    #[error(
        "the store has format {found} and this version of the program reads format {ours}; go on with the \
        version that wrote it, or begin a new chain in another folder with --store. Exports carry the same \
        format, so `state export` and `state import` do not convert it"
    )]
    Format {
        /// The store's.
        found: u16,
        /// The program's.
        ours: u16,
    },
    /// Fewer blocks exist than are to be taken back.
    #[error("{asked} blocks are to be taken back, there are {there}")]
    RollbackTooFar {
        /// How many are to be taken back.
        asked: u32,
        /// How many there are above the first one.
        there: u32,
    },
    /// There is no block at this height.
    #[error("there is no block {asked}; the newest is {newest}")]
    NoBlock {
        /// The height asked for.
        asked: u32,
        /// The newest height.
        newest: u32,
    },
    /// An undo record is missing or damaged: blocks are not taken back further.
    #[error(
        "blocks are taken back by their undo records, and that of block {block} is missing or damaged: from block \
        {newest} they reach back to block {block}, and no further"
    )]
    UndoEnds {
        /// The height of the block that cannot be taken back.
        block: u32,
        /// The newest height.
        newest: u32,
    },
    /// The image that a transaction sets is not in the store: it cannot be run, or was removed.
    #[error("the image {}, which the transaction sets, is not in the store", hex::encode(.0))]
    NoImage(Hash),
    /// An ABI that a transaction set is nowhere to be found.
    #[error("the ABI {} is not in the store", hex::encode(.0))]
    NoAbi(Hash),
    /// A transaction that the chain has is refused when it is executed again.
    #[error("the transaction {}, executed again, is refused: {reason}", hex::encode(.id))]
    NotAgain {
        /// Its id.
        id: Hash,
        /// The reason, as a sentence.
        reason: String,
    },
    /// There is no receipt of this transaction.
    #[error("there is no transaction {}", hex::encode(.0))]
    NoReceipt(Hash),
}

impl ChainError {
    /// Whether the node failed, rather than the request being wrong.
    #[must_use]
    pub const fn is_node(&self) -> bool {
        matches!(self, ChainError::Node(_))
    }
}

impl From<PrepareError> for ChainError {
    fn from(error: PrepareError) -> Self {
        match error {
            PrepareError::Node(error) => ChainError::Node(error),
            error => ChainError::Image(error),
        }
    }
}

impl From<Failure<Rejection>> for ChainError {
    fn from(failure: Failure<Rejection>) -> Self {
        match failure {
            Failure::Contract(rejection) => ChainError::Rejected(rejection),
            Failure::Node(error) => ChainError::Node(error),
        }
    }
}

impl From<StoreError> for ChainError {
    fn from(error: StoreError) -> Self {
        ChainError::Node(error.into())
    }
}
