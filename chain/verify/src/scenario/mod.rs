//! Scenarios: who is there, what they do, and what must come of it. The file is described in
//! `docs/scenario.md`.
//!
//! [`Scenario::read`] reads a file, [`Scenario::run`] runs it on a fresh chain in memory; what came of it
//! is a [`Run`]. [`snapshot`] keeps what the calls cost, and [`bytes`] reads bytes as people write them.

pub mod bytes;
mod expect;
mod format;
mod run;
pub mod snapshot;

pub use expect::Difference;
pub use format::{ReadError, Scenario, toml_problem};
pub use run::{Beside, Run, RunError, StepReport, Watch};
