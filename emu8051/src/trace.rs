//! Watching a run instruction by instruction.

use crate::cpu::Cpu;
use crate::decode::Insn;

/// Told of every instruction of a [`run_observed`](crate::run_observed).
pub trait Observer {
    /// `insn` is about to be executed; [`Cpu::pc`] is its address.
    fn before(&mut self, cpu: &Cpu, insn: &Insn) {
        let _ = (cpu, insn);
    }

    /// `insn` was executed; [`Cpu::pc`] is the address of the next one.
    fn after(&mut self, cpu: &Cpu, insn: &Insn) {
        let _ = (cpu, insn);
    }

    /// Whether it wants to be told: an observer that does not costs nothing.
    const ACTIVE: bool = true;
}

/// Watches nothing.
impl Observer for () {
    const ACTIVE: bool = false;
}
