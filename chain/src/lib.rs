//! Accounts, deployments, calls, blocks and receipts over the engines and the store.

pub mod recording;
pub mod session;
