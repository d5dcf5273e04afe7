//! State: stores below, one overlay above.
//!
//! [`StateStore`] is an ordered map that is written one [`Batch`] at a time: [`MemStore`] for tests and
//! throw-away runs, [`SledStore`] on disk, [`FaultyStore`] around either to see what an error does.
//! [`Overlay`] lies above a store and collects what a block changes; [`keys`] says what is stored where.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod faulty;
mod folder;
pub mod keys;
mod memory;
mod ordered;
mod overlay;
mod sled;
mod spans;
mod store;

#[cfg(test)]
mod model_tests;

pub use self::sled::SledStore;
pub use faulty::{FaultyStore, StoreFault};
pub use memory::MemStore;
pub use overlay::{Checkpoint, Overlay, Place};
pub use store::{Batch, Pair, StateStore, StoreError};
