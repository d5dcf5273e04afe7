//! Contracts checked against what is expected of them.
//!
//! | module | holds |
//! |---|---|
//! | [`abi_file`] | the ABI of an image on disk |
//! | [`typed`] | calls, events and rows by the names of a contract's ABI |
//! | [`actions`] | lists of actions as people write them |
//! | [`scenario`] | scenario files for contract authors |
//! | [`recording`] | calls with everything they needed, run again and compared |
//! | [`parity`] | the same contract on two machines, call by call |

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod abi_file;
pub mod actions;
mod difference;
pub mod parity;
pub mod recording;
pub mod scenario;
pub mod typed;

pub use difference::Difference;
