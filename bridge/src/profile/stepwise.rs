//! A profile beside an observer of instructions, which the block loop can't tell.

use crate::observer::CallObserver;
use core::ops::ControlFlow;
use emu8051::isa::Attrs;
use emu8051::{CallWatch, Cpu, Cycles, Insn, Observer, Steps, Transfer};

/// Tells the profile of an observer of calls and returns, as the block loop does, and the observer of instructions.
pub(crate) struct Stepwise<'a> {
    observer: &'a mut dyn CallObserver,
    /// Whether the observer wants to be told itself.
    told: bool,
    /// The address of the instruction.
    at: u16,
    cycles: Cycles,
    steps: Steps,
}

impl<'a> Stepwise<'a> {
    pub(crate) fn of(observer: &'a mut dyn CallObserver) -> Stepwise<'a> {
        Stepwise {
            told: observer.wants_instructions(),
            observer,
            at: 0,
            cycles: Cycles::ZERO,
            steps: Steps::ZERO,
        }
    }
}

impl Observer for Stepwise<'_> {
    fn before(&mut self, cpu: &Cpu, insn: &Insn) -> ControlFlow<()> {
        self.at = cpu.pc();
        if self.told {
            return self.observer.before(cpu, insn);
        }
        ControlFlow::Continue(())
    }

    fn after(&mut self, cpu: &Cpu, insn: &Insn) -> ControlFlow<()> {
        self.cycles += insn.cycles();
        self.steps = Steps(self.steps.0 + 1);
        if let Some(profile) = self.observer.profile() {
            profile.count(self.at, insn.cycles());
            let transfer = Transfer {
                at: self.at,
                to: cpu.pc(),
                sp: cpu.sp(),
                cycles: self.cycles,
                steps: self.steps,
            };
            let attrs = insn.info().attrs;
            if attrs.contains(Attrs::CALL) {
                profile.called(&transfer);
            } else if attrs.contains(Attrs::RET) {
                profile.returned(&transfer);
            } else if attrs.contains(Attrs::JUMP) {
                profile.jumped(&transfer);
            }
        }
        if self.told {
            return self.observer.after(cpu, insn);
        }
        ControlFlow::Continue(())
    }
}
