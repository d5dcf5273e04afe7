//! (being written)

pub mod wasm;
