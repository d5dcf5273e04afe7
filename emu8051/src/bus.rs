//! The outside of the processor: XDATA, and the peripherals behind hooked SFRs.

use crate::units::Cycles;

/// The side of a port that an instruction reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The pin, as most instructions do.
    Pin,
    /// The latch, as read-modify-write instructions do.
    Latch,
}

/// Accesses to XDATA after which the bus is asked whether to stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct XdataAsk {
    /// `MOVX` that reads.
    pub reads: bool,
    /// `MOVX` that writes.
    pub writes: bool,
}

/// An interrupt that can be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupt {
    /// The address of its service routine.
    pub vector: u16,
    /// The cycles that calling it takes.
    pub call: Cycles,
}

/// The world around a [`Cpu`](crate::Cpu).
///
/// The hooks have defaults and are reached only from a [`Program`](crate::Program) built with
/// [`hooks`](crate::ProgramBuilder::hooks) or [`ask_after_xdata`](crate::ProgramBuilder::ask_after_xdata):
/// without those, a run costs the same as if they did not exist. `now` is what the run has used when the instruction
/// begins.
pub trait Bus {
    /// Whether programs with hooks are run on this bus. Changes nothing but speed: instructions
    /// that reach hooked registers are then executed between blocks, and `PUSH PSW`, `MOV PSW,#imm`
    /// and `POP PSW` within them, instead of by the exact loop.
    const HOOKED: bool = false;

    /// The byte at XDATA `address`.
    fn xread(&mut self, address: u16) -> u8;

    /// Stores a byte at XDATA `address`.
    fn xwrite(&mut self, address: u16, value: u8);

    /// [`Bus::xread`] for an instruction outside the block loop, as all are that
    /// [`ask_after_xdata`](crate::ProgramBuilder::ask_after_xdata) names: for what a bus does
    /// besides storing, which the block loop would pay for with every access.
    fn xread_asked(&mut self, address: u16) -> u8 {
        self.xread(address)
    }

    /// [`Bus::xwrite`], likewise.
    fn xwrite_asked(&mut self, address: u16, value: u8) {
        self.xwrite(address, value);
    }

    /// The value that an instruction reads from the hooked register `sfr`; `stored` is what was
    /// written there last, and of what it reads it looks at `bits`.
    fn sfr_read(&mut self, sfr: u8, side: Side, bits: u8, stored: u8, now: Cycles) -> u8 {
        let _ = (sfr, side, bits, now);
        stored
    }

    /// An instruction writes `value` to the hooked register `sfr`; returns what the register holds from now on.
    fn sfr_write(&mut self, sfr: u8, value: u8, now: Cycles) -> u8 {
        let _ = (sfr, now);
        value
    }

    /// `RETI` was executed (programs with hooks only).
    fn reti(&mut self, now: Cycles) {
        let _ = now;
    }

    /// Whether the run shall end with [`Stop::Event`](crate::Stop::Event) after this instruction. Asked after each
    /// instruction that touched a hooked register, was a `RETI`, or reached XDATA in a way
    /// [`ask_after_xdata`](crate::ProgramBuilder::ask_after_xdata) names.
    fn stop_requested(&mut self) -> bool {
        false
    }

    /// Before which moment, counted as `now` is, reads of the hooked register `sfr` give what they gave last, unless
    /// something is written: an instruction that waits for a bit by jumping to itself need not be executed until then.
    fn unchanged_until(&self, sfr: u8) -> Cycles {
        let _ = sfr;
        Cycles::ZERO
    }

    /// The interrupt to be accepted at the boundary `now`, if there is nothing else to do there. Asked by
    /// [`run`](crate::run) at the deadline, on a bus that is [`HOOKED`](Self::HOOKED): with `None` the run ends, as the
    /// other run loops do at every deadline.
    fn pending_interrupt(&mut self, now: Cycles) -> Option<Interrupt> {
        let _ = now;
        None
    }

    /// At `now`, hardware calls the service routine at `vector`, as [`Bus::pending_interrupt`] wanted.
    fn acknowledge(&mut self, vector: u16, now: Cycles) {
        let _ = (vector, now);
    }

    /// At the boundary `now`, says when the run shall end with [`Stop::Event`](crate::Stop::Event)
    /// in any case, counted as `now` is: at the first end of an instruction that is not earlier,
    /// unless [`Bus::pending_interrupt`] names an interrupt. Asked when a run begins, after an
    /// interrupt, and whenever [`Bus::stop_requested`] is.
    fn deadline(&mut self, now: Cycles) -> Cycles {
        let _ = now;
        Cycles::MAX
    }
}
