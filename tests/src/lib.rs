//! The outside judges of the processor, for this crate's programs and tests.

pub mod conformance;
pub mod lockstep;
pub mod rng;
pub mod s51;
pub mod tool;
pub mod workload;
