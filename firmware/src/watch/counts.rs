//! How often each instruction of a program ran, and which way its branches went.

use emu8051::isa::Attrs;
use emu8051::{Cpu, Insn, Observer};
use std::ops::ControlFlow::{self, Continue};

/// How often each instruction ran, by its address.
#[derive(Clone, Debug)]
pub struct Counts {
    ran: Vec<u64>,
    /// How often a branch went elsewhere.
    went: Vec<u64>,
    /// The instruction under way.
    at: u16,
}

impl Default for Counts {
    fn default() -> Counts {
        Counts {
            ran: vec![0; 0x10000],
            went: vec![0; 0x10000],
            at: 0,
        }
    }
}

impl Counts {
    /// How often the instruction at `at` ran.
    #[must_use]
    pub fn ran(&self, at: u16) -> u64 {
        self.ran[usize::from(at)]
    }

    /// How often the branch at `at` went elsewhere, and how often on to the next instruction.
    #[must_use]
    pub fn ways(&self, at: u16) -> [u64; 2] {
        let went = self.went[usize::from(at)];
        [went, self.ran(at).saturating_sub(went)]
    }

    /// Takes over what another run of the same image did.
    pub fn add(&mut self, other: &Counts) {
        let sum = |into: &mut Vec<u64>, from: &[u64]| {
            into.iter_mut()
                .zip(from)
                .for_each(|(a, b)| *a = a.saturating_add(*b));
        };
        sum(&mut self.ran, &other.ran);
        sum(&mut self.went, &other.went);
    }
}

impl Observer for Counts {
    fn before(&mut self, cpu: &Cpu, _: &Insn) -> ControlFlow<()> {
        self.at = cpu.pc();
        self.ran[usize::from(self.at)] += 1;
        Continue(())
    }

    fn after(&mut self, cpu: &Cpu, insn: &Insn) -> ControlFlow<()> {
        if insn.info().attrs.contains(Attrs::BRANCH) && cpu.pc() == insn.target {
            self.went[usize::from(self.at)] += 1;
        }
        Continue(())
    }
}

/// Whether two ways lead on from an instruction, to different places.
pub(super) fn is_branch(insn: &Insn) -> bool {
    insn.info().attrs.contains(Attrs::BRANCH) && insn.target != insn.next
}
