//! The local chain: accounts, deployments, calls, blocks and receipts over the engines and the store.
//!
//! A [`Chain`] is a store and the engines that run its contracts. Everything that changes it is a
//! transaction in an [`OpenBlock`], and a block is written in one batch: with its receipts and with what
//! takes it back, or not at all.
//!
//! | module | holds |
//! |---|---|
//! | [`chain`] | opening a chain, and looking at it |
//! | [`open_block`] | making a block: accounts, deployments, calls |
//! | [`interface`] | the ABI of a contract, as the chain keeps it |
//! | [`actions`] | transactions of several actions |
//! | [`session`] | one call: money, limits, run, settlement |
//! | [`body`], [`block`], [`receipt`] | what is kept of it, byte for byte |
//! | [`schedules`], [`fuel`] | the gas schedules of a chain, and the price of gas |
//! | [`hostlog`] | what contract and host said to each other |
//! | [`events`] | the events of all receipts |
//! | [`past`] | the chain as it was, and a transaction executed again |
//! | [`export`], [`check`] | the whole state: out, in, and whether it is sound |

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod actions;
pub mod block;
pub mod body;
pub mod callees;
pub mod chain;
pub mod check;
pub mod error;
pub mod events;
pub mod export;
pub mod fuel;
pub mod genesis;
pub mod head;
pub mod hostlog;
pub mod identity;
pub mod interface;
pub mod modules;
pub mod names;
pub mod open_block;
pub mod past;
pub mod receipt;
pub mod registry;
mod rollback;
pub mod schedules;
pub mod session;
mod wire;

pub use actions::{Action, ActionList, Authorization};
pub use block::Block;
pub use body::Body;
pub use chain::Chain;
pub use error::ChainError;
pub use fuel::FuelRate;
pub use genesis::Genesis;
pub use head::Head;
pub use names::RegIdText;
pub use open_block::{CallRequest, Deploy, DryRun, Init, OpenBlock, SetCode};
pub use receipt::{Receipt, RunReceipt, Verdict, Work};
pub use registry::{CodeChoice, CodeRefusal, Contract, ContractFlags, ContractRecord};
