//! Where an 8051 is to be paused.

use crate::meter::Usage;
use crate::observer::{CallObserver, HostCall, HostReply, MachineView};
use crate::profile::Profile;
use crate::world::{Entered, FrameEnd};
use core::ops::ControlFlow::{self, Break, Continue};
use emu8051::{Cpu, Insn, Observer};

/// Ends a run before the instruction at one of its addresses; all else goes to the observer within.
pub(super) struct Breakpoints<'a> {
    pub(super) addresses: &'a [u16],
    /// The address that the run goes on from, which does not count at once.
    pub(super) leaving: Option<u16>,
    pub(super) hit: Option<u16>,
    pub(super) observer: &'a mut dyn CallObserver,
}

impl Observer for Breakpoints<'_> {
    fn before(&mut self, cpu: &Cpu, insn: &Insn) -> ControlFlow<()> {
        let pc = cpu.pc();
        if self.leaving.take() != Some(pc) && self.addresses.contains(&pc) {
            self.hit = Some(pc);
            return Break(());
        }
        if self.observer.wants_instructions() {
            return self.observer.before(cpu, insn);
        }
        Continue(())
    }

    fn after(&mut self, cpu: &Cpu, insn: &Insn) -> ControlFlow<()> {
        if self.observer.wants_instructions() {
            return self.observer.after(cpu, insn);
        }
        Continue(())
    }
}

impl CallObserver for Breakpoints<'_> {
    fn wants_host_calls(&self) -> bool {
        self.observer.wants_host_calls()
    }

    fn host_call(&mut self, call: &HostCall<'_>) -> ControlFlow<()> {
        self.observer.host_call(call)
    }

    fn host_reply(&mut self, reply: &HostReply<'_>) -> ControlFlow<()> {
        self.observer.host_reply(reply)
    }

    fn charged(&mut self, usage: Usage) {
        self.observer.charged(usage);
    }

    fn entered(&mut self, frame: &Entered) {
        self.observer.entered(frame);
    }

    fn left(&mut self, end: &FrameEnd) {
        self.observer.left(end);
    }

    fn entered_function(&mut self, index: u32) {
        self.observer.entered_function(index);
    }

    fn stopped(&mut self, machine: MachineView<'_>) {
        self.observer.stopped(machine);
    }

    fn profile(&mut self) -> Option<&mut Profile> {
        self.observer.profile()
    }
}
