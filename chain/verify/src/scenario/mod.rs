//! Scenarios: accounts, contracts, calls, and the expected results. The file is described in
//! `docs/scenario.md`.
//!
//! [`Scenario::read`] reads a file, [`Scenario::run`] runs it on a fresh chain in memory; the result is a
//! [`ScenarioRun`]. [`snapshot`] keeps the costs of the calls, and [`bytes`] reads bytes as people write
//! them.

pub mod bytes;
mod chain_table;
mod check;
mod expect;
mod format;
mod fuzz;
#[cfg(test)]
pub(crate) mod made;
mod names;
mod report;
mod run;
mod said;
pub mod snapshot;

/// The JSON Schema of scenario files, for editors: draft 7. Its keys are held against the parser's.
pub const SCHEMA: &str = include_str!("../../../../editors/scenario.schema.json");

pub use format::{ReadError, Scenario, named_images, toml_problem};
pub use fuzz::Fuzzed;
pub use report::{OtherImage, RunError, ScenarioRun, StepReport};
pub use run::{RunOptions, Watch};
