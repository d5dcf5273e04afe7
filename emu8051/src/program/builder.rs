//! Building a [`Program`].

use super::{Program, boxed, set_bit};
use crate::bus::XdataAsk;
use crate::cost::Cost;
use crate::isa::Uop;
use crate::policy::{Reserved, Unprogrammed};
use crate::sfr::SfrSet;
use crate::slot::Slot;

/// Collects what a [`Program`] is made of.
#[derive(Clone, Debug)]
pub struct ProgramBuilder {
    segments: Vec<(u16, Vec<u8>)>,
    traps: Vec<u16>,
    fill: u8,
    unprogrammed: Unprogrammed,
    reserved: Reserved,
    hooks: SfrSet,
    ask_after_xdata: XdataAsk,
    guards_stack: bool,
}

impl Default for ProgramBuilder {
    fn default() -> ProgramBuilder {
        ProgramBuilder {
            segments: Vec::new(),
            traps: Vec::new(),
            fill: 0xFF,
            unprogrammed: Unprogrammed::default(),
            reserved: Reserved::default(),
            hooks: SfrSet::EMPTY,
            ask_after_xdata: XdataAsk::default(),
            guards_stack: false,
        }
    }
}

impl ProgramBuilder {
    /// Programs `bytes` at CODE `at`, wrapping around at the end of CODE; a later segment wins over an earlier one.
    #[must_use]
    pub fn segment(mut self, at: u16, bytes: &[u8]) -> ProgramBuilder {
        self.segments.push((at, bytes.to_vec()));
        self
    }

    /// The byte that `MOVC` reads where nothing is programmed; 0xFF by default.
    #[must_use]
    pub fn fill(mut self, byte: u8) -> ProgramBuilder {
        self.fill = byte;
        self
    }

    /// The effect of executing CODE that is not programmed.
    #[must_use]
    pub fn unprogrammed(mut self, what: Unprogrammed) -> ProgramBuilder {
        self.unprogrammed = what;
        self
    }

    /// The effect of the reserved opcode 0xA5.
    #[must_use]
    pub fn reserved(mut self, what: Reserved) -> ProgramBuilder {
        self.reserved = what;
        self
    }

    /// Arriving at CODE `at` ends a run. `MOVC` still reads the byte there.
    #[must_use]
    pub fn trap(mut self, at: u16) -> ProgramBuilder {
        self.traps.push(at);
        self
    }

    /// Direct accesses to these registers go to [`Bus::sfr_read`](crate::Bus::sfr_read) and
    /// [`Bus::sfr_write`](crate::Bus::sfr_write). ACC and PSW are the processor's own and stay so; SP, DPL, DPH, B and
    /// P2 may be hooked, but what instructions do with them implicitly is not seen.
    #[must_use]
    pub fn hooks(mut self, hooks: SfrSet) -> ProgramBuilder {
        self.hooks = hooks;
        self
    }

    /// Asks [`Bus::stop_requested`](crate::Bus::stop_requested) after each `MOVX` of the kinds in `ask`: writes, for
    /// machines whose CODE is also their XDATA and who have to call [`Program::write_code`] before going on; reads, to
    /// stop there.
    #[must_use]
    pub fn ask_after_xdata(mut self, ask: XdataAsk) -> ProgramBuilder {
        self.ask_after_xdata = ask;
        self
    }

    /// A stack that wraps around is [`CpuFault::StackOverflow`](crate::CpuFault): the instruction
    /// that would make SP grow beyond 0xFF, a call, a `PUSH`, `INC SP`, or `MOV SP,A` that adds
    /// less than 128 bytes to it, is not executed. What shrinks the stack is not looked at, nor is
    /// any other way to set SP. Nothing is guarded on a [`Bus`](crate::Bus) with hooks.
    #[must_use]
    pub fn guard_stack(mut self) -> ProgramBuilder {
        self.guards_stack = true;
        self
    }

    /// Predecodes all of CODE.
    pub fn build(self) -> Program {
        let empty = Program {
            code: boxed(self.fill),
            fill: self.fill,
            programmed: boxed(0),
            traps: boxed(0),
            unprogrammed: self.unprogrammed,
            reserved: self.reserved,
            hooks: self.hooks,
            ask_after_xdata: self.ask_after_xdata,
            guards_stack: self.guards_stack,
            slots: boxed(Slot::leave(Uop::Fault)),
            costs: boxed(Cost::ZERO),
        };
        self.fill_in(empty)
    }

    /// As [`ProgramBuilder::build`], in the memory of a program that is not needed any more. What nobody
    /// programmed, in either of them, is not touched: the time follows what both hold, and not the size of CODE.
    pub fn build_in(self, mut old: Program) -> Program {
        old.clear(self.fill);
        old.unprogrammed = self.unprogrammed;
        old.reserved = self.reserved;
        old.hooks = self.hooks;
        old.ask_after_xdata = self.ask_after_xdata;
        old.guards_stack = self.guards_stack;
        self.fill_in(old)
    }

    /// Fills in a program of which nothing is programmed.
    fn fill_in(self, mut program: Program) -> Program {
        for (at, bytes) in &self.segments {
            program.place(*at, bytes);
        }
        for at in self.traps {
            set_bit(&mut program.traps, at);
        }
        program.predecode_all();
        program
    }
}
