//! The watchers of a run, of firmware and of contracts alike: the stack, and which CODE runs.
//!
//! A watcher is told of every instruction, and the run takes the exact loop; a run without one pays nothing for it.

pub mod counts;
pub mod coverage;
mod lcov;
mod listing;
pub mod places;
mod program;
pub mod stack;
pub mod symbol_files;
mod tally;

use counts::Counts;
use emu8051::{Cpu, Insn, Observer};
use stack::StackWatch;
use std::ops::ControlFlow;

/// The watchers of a run, as far as they were asked for.
#[derive(Clone, Debug, Default)]
pub struct Watches {
    /// The watcher of the stack.
    pub stack: Option<StackWatch>,
    /// The counter of instructions, for coverage.
    pub counts: Option<Counts>,
}

impl Watches {
    /// Whether there is one.
    #[must_use]
    pub fn any(&self) -> bool {
        self.stack.is_some() || self.counts.is_some()
    }
}

impl Observer for Watches {
    fn wants_instructions(&self) -> bool {
        self.any()
    }

    fn before(&mut self, cpu: &Cpu, insn: &Insn) -> ControlFlow<()> {
        (&mut self.stack, &mut self.counts).before(cpu, insn)
    }

    fn after(&mut self, cpu: &Cpu, insn: &Insn) -> ControlFlow<()> {
        (&mut self.stack, &mut self.counts).after(cpu, insn)
    }
}
