//! The outside judges of the processor and of contract JSON, and the measure of prices, for this
//! crate's programs and tests.

pub mod conformance;
pub mod gas_time;
pub mod lockstep;
pub mod rng;
pub mod s51;
pub mod tool;
pub mod typed;
pub mod workload;
