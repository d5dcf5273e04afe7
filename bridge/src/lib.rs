//! Engines and host, and the driver between them.
//!
//! An [`Engine`] turns an image into a [`Module`] once, at deploy, under given [`Rules`]; [`drive`]
//! runs a call of it against any [`hostapi::HostApi`]. The result is a [`Report`]: the [`Outcome`]
//! and what it cost. A node's own trouble is a [`hostapi::NodeError`] beside it and never part of a
//! report.
//!
//! | module | holds |
//! |---|---|
//! | [`driver`] | the driver of all engines: meter, observer, watchdog and host of a call |
//! | [`engine`] | what an engine is, a call's inputs and its report |
//! | [`observer`] | who watches a call |
//! | [`outcome`] | how a run can end, for both engines |
//! | [`profile`] | where a call spends, by function |
//! | [`rules`] | everything that decides prices and bounds |
//! | [`meter`] | where cycles, steps and gas meet |
//! | [`mcs51`] | the 8051 engine |
//! | [`wasm`] | the WebAssembly engines: what is allowed, what it costs |
//! | [`world`] | a host with other contracts in reach |
//! | [`watchdog`] | a limit on wall-clock time, for queries |
//! | `cache` | compiled code on disk, with the feature `wasmtime` |
//!
//! Whoever stands above names no processor: what of the 8051 shows in a report or to an observer is named here too.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

#[cfg(feature = "wasmtime")]
pub mod cache;
pub mod driver;
pub mod engine;
pub mod mcs51;
pub mod meter;
pub mod observer;
pub mod outcome;
pub mod profile;
pub mod rules;
pub mod wasm;
pub mod watchdog;
pub mod world;

pub use driver::{Execution, Paused, Until, drive};
pub use emu8051::{Cpu, Cycles, Insn, Observer, Steps, Xdata};
pub use engine::{Call, Engine, EngineId, Module, PrepareError, Process, Report, Running};
pub use hostapi::Failure;
pub use mcs51::Mcs51;
pub use meter::{CallLimits, Usage};
pub use observer::{CallObserver, HostCall, HostReply, Instructions, MachineView};
pub use outcome::{Fault, Outcome, Trap};
pub use profile::Profile;
pub use rules::{Rules, data_sheet};
pub use wasm::Wasmi;
#[cfg(feature = "wasmtime")]
pub use wasm::Wasmtime;
pub use watchdog::Watchdog;
pub use world::{Entered, FrameEnd, World};

/// The engines by default, one for each kind of image.
#[must_use]
pub fn engines() -> Vec<Box<dyn Engine>> {
    vec![Box::new(Mcs51::new()), Box::new(Wasmi::new())]
}
