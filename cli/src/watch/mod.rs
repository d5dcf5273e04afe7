//! What is watched of a run, of firmware and of contracts alike: the stack, and which CODE runs.
//!
//! Whoever watches is told of every instruction, and the run takes the exact loop; a run that nobody watches does not
//! know that it could be.

pub(crate) mod counts;
pub(crate) mod coverage;
mod lcov;
mod listing;
pub(crate) mod program;
pub(crate) mod stack;
mod tally;

use counts::Counts;
use emu8051::{Cpu, Insn};
use stack::StackWatch;

/// The watchers of a run, as far as they were asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watches {
    pub(crate) stack: Option<StackWatch>,
    pub(crate) counts: Option<Counts>,
}

impl Watches {
    /// Those of contracts: a contract has all 256 bytes of IRAM.
    pub(crate) fn contract(stack: bool, coverage: bool) -> Watches {
        Watches {
            stack: stack.then(|| StackWatch::new(0x100, Cpu::new().sp())),
            counts: coverage.then(Counts::default),
        }
    }

    /// The same, for the call of a contract that is about to begin.
    pub(crate) fn begin(&mut self) -> &mut dyn bridge::Observer {
        if let Some(stack) = &mut self.stack {
            stack.restart(Cpu::new().sp());
        }
        self
    }

    /// Whether anybody watches.
    pub(crate) fn any(&self) -> bool {
        self.stack.is_some() || self.counts.is_some()
    }
}

impl emu8051::Observer for Watches {
    fn before(&mut self, cpu: &Cpu, insn: &Insn) {
        if let Some(stack) = &mut self.stack {
            stack.before(cpu, insn);
        }
        if let Some(counts) = &mut self.counts {
            counts.before(cpu, insn);
        }
    }

    fn after(&mut self, cpu: &Cpu, insn: &Insn) {
        if let Some(stack) = &mut self.stack {
            stack.after(cpu, insn);
        }
        if let Some(counts) = &mut self.counts {
            counts.after(cpu, insn);
        }
    }
}

impl bridge::Observer for Watches {
    fn wants_instructions(&self) -> bool {
        self.any()
    }

    fn instruction(&mut self, cpu: &Cpu, insn: &Insn) {
        emu8051::Observer::before(self, cpu, insn);
    }

    fn executed(&mut self, cpu: &Cpu, insn: &Insn) {
        emu8051::Observer::after(self, cpu, insn);
    }
}
