//! Watching a run instruction by instruction.

use crate::cpu::Cpu;
use crate::decode::Insn;
use core::ops::ControlFlow::{self, Continue};

/// Sees every instruction of a [`run_observed`](crate::run_observed), and can end the run with
/// [`Stop::Observer`](crate::Stop::Observer).
///
/// Observers compose: a pair `(A, B)` tells both, A first, and ends the run if either breaks; an
/// `Option` observes where it holds one.
pub trait Observer {
    /// Whether it needs to be told of instructions; asked once, when a run begins. One that does not costs nothing.
    fn wants_instructions(&self) -> bool {
        true
    }

    /// `insn` is about to be executed; [`Cpu::pc`] is its address. A break ends the run before it:
    /// it costs nothing, and PC stays on it.
    fn before(&mut self, cpu: &Cpu, insn: &Insn) -> ControlFlow<()> {
        let _ = (cpu, insn);
        Continue(())
    }

    /// `insn` was executed; [`Cpu::pc`] is the address of the next one. A break ends the run here.
    fn after(&mut self, cpu: &Cpu, insn: &Insn) -> ControlFlow<()> {
        let _ = (cpu, insn);
        Continue(())
    }
}

/// No observer.
impl Observer for () {
    fn wants_instructions(&self) -> bool {
        false
    }
}

impl<O: Observer + ?Sized> Observer for &mut O {
    fn wants_instructions(&self) -> bool {
        (**self).wants_instructions()
    }

    fn before(&mut self, cpu: &Cpu, insn: &Insn) -> ControlFlow<()> {
        (**self).before(cpu, insn)
    }

    fn after(&mut self, cpu: &Cpu, insn: &Insn) -> ControlFlow<()> {
        (**self).after(cpu, insn)
    }
}

impl<O: Observer> Observer for Option<O> {
    fn wants_instructions(&self) -> bool {
        self.as_ref().is_some_and(O::wants_instructions)
    }

    fn before(&mut self, cpu: &Cpu, insn: &Insn) -> ControlFlow<()> {
        self.as_mut().map_or(Continue(()), |o| o.before(cpu, insn))
    }

    fn after(&mut self, cpu: &Cpu, insn: &Insn) -> ControlFlow<()> {
        self.as_mut().map_or(Continue(()), |o| o.after(cpu, insn))
    }
}

impl<A: Observer, B: Observer> Observer for (A, B) {
    fn wants_instructions(&self) -> bool {
        self.0.wants_instructions() || self.1.wants_instructions()
    }

    fn before(&mut self, cpu: &Cpu, insn: &Insn) -> ControlFlow<()> {
        // Both are told, whatever the first says.
        both(self.0.before(cpu, insn), self.1.before(cpu, insn))
    }

    fn after(&mut self, cpu: &Cpu, insn: &Insn) -> ControlFlow<()> {
        both(self.0.after(cpu, insn), self.1.after(cpu, insn))
    }
}

/// A break if either breaks.
fn both(first: ControlFlow<()>, second: ControlFlow<()>) -> ControlFlow<()> {
    if first.is_break() { first } else { second }
}
