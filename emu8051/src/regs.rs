//! The registers that a run keeps out of memory.

use crate::alu::Carries;
use crate::cpu::Cpu;
use crate::memory::{Memory, direct};
use crate::sfr::{self, Psw};

/// The registers an instruction touches most, out of memory while a run lasts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Regs {
    pub(crate) a: u8,
    pub(crate) pc: u16,
    pub(crate) cy: bool,
    pub(crate) carries: Carries,
    /// RS1 and RS0 in place, which is the IRAM address of R0.
    pub(crate) bank: u8,
}

impl Regs {
    pub(crate) fn load(cpu: &Cpu) -> Regs {
        let mut regs = Regs {
            pc: cpu.pc,
            a: cpu.a(),
            cy: false,
            carries: Carries::default(),
            bank: 0,
        };
        regs.take_psw_flags(cpu.psw());
        regs
    }

    pub(crate) fn store(&self, cpu: &mut Cpu) {
        cpu.pc = self.pc;
        let psw = self.psw(&cpu.memory);
        cpu.set_a(self.a);
        cpu.set_psw(psw);
    }

    /// The whole of PSW. F0, F1 and the bank bits are those in memory.
    pub(crate) fn psw(&self, memory: &Memory) -> Psw {
        let mut psw = Psw::from_bits_retain(memory[direct(sfr::PSW)]);
        psw.set(Psw::CY, self.cy);
        psw.set(Psw::AC, self.carries.ac());
        psw.set(Psw::OV, self.carries.ov());
        psw.set(Psw::P, self.a.count_ones() % 2 == 1);
        psw
    }

    pub(crate) fn set_psw(&mut self, memory: &mut Memory, psw: Psw) {
        memory[direct(sfr::PSW)] = (psw - Psw::P).bits();
        self.take_psw_flags(psw);
    }

    fn take_psw_flags(&mut self, psw: Psw) {
        self.cy = psw.contains(Psw::CY);
        self.carries = Carries::new(psw.contains(Psw::AC), psw.contains(Psw::OV));
        self.bank = (psw & (Psw::RS0 | Psw::RS1)).bits();
    }
}
