//! What a running call can know besides the state: [`CallContext`] and [`ChainView`].

use crate::host::NodeError;
use crate::network::Network;
use abi::Semantics;
use state::keys::{Hash, RegId};

/// The facts of the running call. They are the same on every node.
#[derive(Clone, Copy, Debug)]
pub struct CallContext<'a> {
    /// The rules the contract runs under.
    pub semantics: Semantics,
    /// The network, which decides addresses and the largest amount.
    pub network: Network,
    /// The height of the block being built.
    pub height: u32,
    /// The height of the newest block that exists.
    pub chain_tip: u32,
    /// The time of the block being built, in seconds since 1970.
    pub block_time: u64,
    /// The time of the newest block that exists and is not above `height`, in seconds since 1970. Under
    /// the old rules it decides when the funds of late contracts thaw.
    pub tip_time: u32,
    /// The hash of this transaction, in the order in which the hash function gives its bytes.
    pub tx_hash: Hash,
    /// Who sent the transaction.
    pub sender: RegId,
    /// The contract that runs. Its first four bytes are the height at which it was registered.
    pub contract: RegId,
    /// The transaction's contract bytes.
    pub input: &'a [u8],
    /// What was sent to the contract with this call, in the smallest unit. It is in its account already.
    pub pay_amount: u64,
    /// The price of one gas that a deferred action uses, in the smallest unit.
    pub gas_price: u64,
    /// Whether a contract may list its keys. A setting of the old chain's nodes, asked under its rules
    /// only: under ours it always may.
    pub traversal: bool,
    /// Whether app accounts must balance with the money paid (CODE 0x0014).
    pub account_check: bool,
}

/// A transaction of an earlier block, without its contract bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownTx {
    /// Who sent it.
    pub sender: RegId,
    /// The height of its block.
    pub height: u32,
}

/// What the chain knows of its past.
pub trait ChainView: core::fmt::Debug {
    /// The hash of the block at `height`, if there is one.
    ///
    /// # Errors
    /// If the node cannot read it.
    fn block_hash(&self, height: u32) -> Result<Option<Hash>, NodeError>;

    /// The transaction with this hash, if it is in a block.
    ///
    /// # Errors
    /// If the node cannot read it.
    fn transaction(&self, hash: &Hash) -> Result<Option<KnownTx>, NodeError>;

    /// The contract bytes of the transaction with this hash, if it is in a block.
    ///
    /// # Errors
    /// If the node cannot read it.
    fn transaction_input(&self, hash: &Hash) -> Result<Option<Vec<u8>>, NodeError>;
}
