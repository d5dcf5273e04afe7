//! State: stores below, one overlay above.

mod store;

pub use store::{Batch, Pair, StateStore, StoreError};
