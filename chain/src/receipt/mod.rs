//! [`Receipt`]: the result of a transaction, in a form that never changes.

mod codec;
mod rows;
mod verdict;

use crate::error::ChainError;
use abi::Semantics;
use bridge::EngineId;
use hostapi::Print;
use hostapi::hash::blake2b;
use state::keys::{Hash, RegId};

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
    /// The sender.
    pub sender: RegId,
    /// The contract called or deployed, or the account made.
    pub target: RegId,
    /// The fee that the sender paid, in the smallest unit.
    pub fee: u64,
    /// The part of its kind.
    pub action: ActionReceipt,
}

/// The part of a receipt that depends on the kind of transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionReceipt {
    /// Made an account.
    NewAccount {
        /// The gas it took, for which nobody pays.
        gas: u64,
    },
    /// Moved money from one account to another.
    Transfer {
        /// The amount, in the smallest unit.
        amount: u64,
        /// The gas charged.
        gas: u64,
    },
    /// Deployed a contract.
    Deploy {
        /// The hash of its image.
        code_hash: Hash,
        /// The rules it runs under.
        semantics: Semantics,
        /// The engine that runs it.
        engine: EngineId,
        /// The size of its image in bytes.
        code_bytes: u32,
        /// The gas charged.
        gas: u64,
        /// The reason why there is no contract, where the image cannot be run.
        refusal: Option<String>,
    },
    /// Called a contract.
    Call(Box<CallReceipt>),
}

/// The result of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallReceipt {
    /// The rules it ran under.
    pub semantics: Semantics,
    /// The engine that ran it.
    pub engine: EngineId,
    /// The version of the gas schedule.
    pub schedule: u16,
    /// The hash of the contract's image.
    pub code_hash: Hash,
    /// BLAKE2b of the input.
    pub input_hash: Hash,
    /// The amount sent with the call, in the smallest unit.
    pub value: u64,
    /// How it ended.
    pub verdict: Verdict,
    /// Machine cycles.
    pub cycles: u64,
    /// Instructions executed.
    pub instructions: u64,
    /// The old chain's step counter.
    pub steps: i64,
    /// Gas used, before anything was given back.
    pub gas: u64,
    /// Gas given back.
    pub refund: u64,
    /// The number of its calls into the host.
    pub host_calls: u32,
    /// BLAKE2b of the host-call log, see [`crate::hostlog`].
    pub host_log: Hash,
    /// Its prints, in order.
    pub prints: Vec<Print>,
}

impl Receipt {
    /// The call's part, if the transaction was one.
    #[must_use]
    pub fn call(&self) -> Option<&CallReceipt> {
        match &self.action {
            ActionReceipt::Call(call) => Some(call),
            ActionReceipt::NewAccount { .. }
            | ActionReceipt::Transfer { .. }
            | ActionReceipt::Deploy { .. } => None,
        }
    }

    /// The gas used, before anything was given back.
    #[must_use]
    pub fn gas(&self) -> u64 {
        match &self.action {
            ActionReceipt::NewAccount { gas }
            | ActionReceipt::Transfer { gas, .. }
            | ActionReceipt::Deploy { gas, .. } => *gas,
            ActionReceipt::Call(call) => call.gas,
        }
    }

    /// The gas the sender was charged for: what was used, less what was given back.
    #[must_use]
    pub fn gas_charged(&self) -> u64 {
        match &self.action {
            ActionReceipt::NewAccount { gas }
            | ActionReceipt::Transfer { gas, .. }
            | ActionReceipt::Deploy { gas, .. } => *gas,
            ActionReceipt::Call(call) => call.gas.saturating_sub(call.refund),
        }
    }

    /// The reason why there is no contract, after a deployment of an image that cannot be run.
    #[must_use]
    pub fn refusal(&self) -> Option<&str> {
        match &self.action {
            ActionReceipt::Deploy { refusal, .. } => refusal.as_deref(),
            ActionReceipt::NewAccount { .. }
            | ActionReceipt::Transfer { .. }
            | ActionReceipt::Call(_) => None,
        }
    }

    /// The receipt of a deployment, unless there is no contract.
    ///
    /// # Errors
    /// [`ChainError::NotDeployed`].
    pub fn deployed(&self) -> Result<&Receipt, ChainError> {
        match self.refusal() {
            Some(reason) => Err(ChainError::NotDeployed {
                reason: reason.into(),
            }),
            None => Ok(self),
        }
    }

    /// The BLAKE2b of the encoding.
    #[must_use]
    pub fn hash(&self) -> Hash {
        blake2b(&self.encode())
    }
}
