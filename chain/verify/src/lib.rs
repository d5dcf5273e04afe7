//! Contracts checked against what is expected of them.
//!
//! | module | holds |
//! |---|---|
//! | [`actions`] | lists of actions as people write them |
//! | [`scenario`] | scenario files for contract authors |
//! | [`recording`] | calls with everything they needed, run again and compared |
//! | [`parity`] | the same contract on two machines, call by call |

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod actions;
mod difference;
pub mod parity;
pub mod recording;
pub mod scenario;

pub use difference::Difference;
