//! Where processors and host meet: the engines behind one trait.
//!
//! An [`Engine`] turns an image into a [`Module`] once, at deploy; a module runs calls against any
//! [`hostapi::HostApi`]. What comes back is a [`Report`]: the [`Outcome`] and what it cost. A node's own
//! trouble is a [`hostapi::NodeError`] beside it and never part of a report.
//!
//! | module | holds |
//! |---|---|
//! | [`engine`] | the traits, a call's inputs and its report |
//! | [`outcome`] | how a run can end, for both engines |
//! | [`meter`] | where cycles, steps and gas meet |
//! | [`mcs51`] | the 8051 engine |
//! | [`wasm`] | the WebAssembly engines: what is allowed, what it costs |
//! | [`watchdog`] | a limit on wall-clock time, for queries |
//! | `cache` | compiled code on disk, with the feature `wasmtime` |

#[cfg(feature = "wasmtime")]
pub mod cache;
pub mod engine;
pub mod mcs51;
pub mod meter;
pub mod outcome;
pub mod wasm;
pub mod watchdog;

pub use engine::{
    Arrival, Call, Engine, EngineId, Module, Observer, PrepareError, Report, Served, Silent,
};
pub use mcs51::Mcs51;
pub use meter::{Limits, Schedule, Usage};
pub use outcome::{Fault, Outcome};
pub use wasm::Wasmi;
#[cfg(feature = "wasmtime")]
pub use wasm::Wasmtime;
pub use watchdog::Watchdog;

/// The engines by default, one for each kind of image.
#[must_use]
pub fn engines() -> Vec<Box<dyn Engine>> {
    vec![Box::new(Mcs51::new()), Box::new(Wasmi::new())]
}
