//! Access to direct addresses, which the run loops differ in.
//!
//! Predecoded CODE never holds a direct access to ACC, PSW or a hooked register (see [`lower`](crate::lower)), so the
//! block loop reads plain memory ([`Plain`]); the exact loop looks first ([`Checked`]).

use crate::bus::{Bus, Side, XdataAsk};
use crate::memory::{Memory, direct};
use crate::regs::Regs;
use crate::sfr::{self, Psw, SfrSet};
use crate::units::Cycles;

/// How a loop reaches direct addresses, and what a `RETI` and a write to XDATA mean to it.
pub(crate) trait DirectAccess<B: Bus> {
    /// Whether the loop can be left before an instruction, for the exact loop to look at it.
    const LEAVES: bool;
    fn read(
        &mut self,
        regs: &Regs,
        memory: &Memory,
        bus: &mut B,
        address: u8,
        side: Side,
        bits: u8,
    ) -> u8;
    fn write(&mut self, regs: &mut Regs, memory: &mut Memory, bus: &mut B, address: u8, value: u8);
    fn reti(&mut self, bus: &mut B);
    fn xdata_read(&mut self);
    fn xdata_written(&mut self);
}

/// Direct addresses are plain memory.
#[derive(Debug)]
pub(crate) struct Plain;

impl<B: Bus> DirectAccess<B> for Plain {
    const LEAVES: bool = true;

    #[inline(always)]
    fn read(&mut self, _: &Regs, memory: &Memory, _: &mut B, address: u8, _: Side, _: u8) -> u8 {
        memory[direct(address)]
    }

    #[inline(always)]
    fn write(&mut self, _: &mut Regs, memory: &mut Memory, _: &mut B, address: u8, value: u8) {
        memory[direct(address)] = value;
    }

    #[inline(always)]
    fn reti(&mut self, _: &mut B) {}

    #[inline(always)]
    fn xdata_read(&mut self) {}

    #[inline(always)]
    fn xdata_written(&mut self) {}
}

/// Direct addresses are looked at: ACC and PSW live in registers, hooked ones belong to the bus.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) hooks: SfrSet,
    /// The cycles the run has used when the instruction begins.
    pub(crate) now: Cycles,
    /// Whether the bus may have something to say after the instruction.
    pub(crate) ask_bus: bool,
    /// The accesses to XDATA that are such a case.
    pub(crate) ask_after_xdata: XdataAsk,
}

impl<B: Bus> DirectAccess<B> for Checked {
    const LEAVES: bool = false;

    #[inline(always)]
    fn read(
        &mut self,
        regs: &Regs,
        memory: &Memory,
        bus: &mut B,
        address: u8,
        side: Side,
        bits: u8,
    ) -> u8 {
        match address {
            sfr::ACC => regs.a,
            sfr::PSW => regs.psw(memory).bits(),
            _ if self.hooks.contains(address) => {
                self.ask_bus = true;
                bus.sfr_read(address, side, bits, memory[direct(address)], self.now)
            }
            _ => memory[direct(address)],
        }
    }

    #[inline(always)]
    fn write(&mut self, regs: &mut Regs, memory: &mut Memory, bus: &mut B, address: u8, value: u8) {
        match address {
            sfr::ACC => regs.a = value,
            sfr::PSW => regs.set_psw(memory, Psw::from_bits_retain(value)),
            _ if self.hooks.contains(address) => {
                self.ask_bus = true;
                memory[direct(address)] = bus.sfr_write(address, value, self.now);
            }
            _ => memory[direct(address)] = value,
        }
    }

    fn reti(&mut self, bus: &mut B) {
        if !self.hooks.is_empty() {
            self.ask_bus = true;
            bus.reti(self.now);
        }
    }

    fn xdata_read(&mut self) {
        self.ask_bus |= self.ask_after_xdata.reads;
    }

    fn xdata_written(&mut self) {
        self.ask_bus |= self.ask_after_xdata.writes;
    }
}
