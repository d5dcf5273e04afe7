//! Watching a call: its instructions, its host calls, and the machine it runs on.

use core::ops::ControlFlow::{self, Continue};
use emu8051::{Cpu, Insn, Observer, Xdata};
use hostapi::Answer;

use crate::meter::Usage;
use crate::profile::Profile;
use crate::world::{Entered, FrameEnd};

/// An 8051 as an observer sees it: registers, IRAM and SFRs, and XDATA.
#[derive(Clone, Copy, Debug)]
pub struct MachineView<'a> {
    /// Registers, IRAM and SFRs.
    pub cpu: &'a Cpu,
    /// The 64 KiB of XDATA.
    pub xdata: &'a Xdata,
}

/// A host call as the contract makes it, before the host has answered.
#[derive(Clone, Copy, Debug)]
pub struct HostCall<'a> {
    /// The method's number.
    pub method: u16,
    /// The whole exchange buffer as the contract left it.
    pub request: &'a [u8],
    /// What the run has used so far, the instruction that makes the call included.
    pub usage: Usage,
    /// The machine; `None` from an engine that is no 8051.
    pub machine: Option<MachineView<'a>>,
}

/// The host's answer, before the reply goes into the buffer.
#[derive(Clone, Copy, Debug)]
pub struct HostReply<'a> {
    /// The answer.
    pub answer: Answer<'a>,
    /// Whether the reply fits in the buffer. That of a refused call is never delivered.
    pub fits: bool,
}

/// Watches a call. It changes nothing of one, but a break ends it: the call is then given up with
/// [`NodeError::Interrupted`](hostapi::NodeError::Interrupted), for nothing is known of how it would have ended.
///
/// Its instructions, which only an 8051 shows, it sees as an [`Observer`]; they cost the run its
/// speed, so one that does not need them says so there. Observers compose as pairs: `(A, B)` tells
/// both, A first.
pub trait CallObserver: Observer {
    /// Whether it needs to be told of host calls; asked once, when a run goes on.
    fn wants_host_calls(&self) -> bool {
        true
    }

    /// The contract makes a host call.
    fn host_call(&mut self, call: &HostCall<'_>) -> ControlFlow<()> {
        let _ = call;
        Continue(())
    }

    /// The host has answered; not told where the call ended the run.
    fn host_reply(&mut self, reply: &HostReply<'_>) -> ControlFlow<()> {
        let _ = reply;
        Continue(())
    }

    /// A host call is paid and the run goes on, which has used that much now; told where host calls are.
    fn charged(&mut self, usage: Usage) {
        let _ = usage;
    }

    /// The contract has called another one, whose frame begins. What is told next is of that frame.
    fn entered(&mut self, frame: &Entered) {
        let _ = frame;
    }

    /// The frame that was entered last has ended. What is told next is of its caller.
    fn left(&mut self, end: &FrameEnd) {
        let _ = end;
    }

    /// The function of this index, among all of a WebAssembly contract, imports first, begins in the running frame.
    /// Told by modules prepared by [`Wasmi::tracing`](crate::Wasmi::tracing).
    fn entered_function(&mut self, index: u32) {
        let _ = index;
    }

    /// An 8051 has stopped for good. A called contract is shown before its frame is [left](CallObserver::left).
    fn stopped(&mut self, machine: MachineView<'_>) {
        let _ = machine;
    }

    /// The profile to be made of the call, if it is or has one.
    fn profile(&mut self) -> Option<&mut Profile> {
        None
    }
}

/// No observer.
impl CallObserver for () {
    fn wants_host_calls(&self) -> bool {
        false
    }
}

impl<O: CallObserver + ?Sized> CallObserver for &mut O {
    fn wants_host_calls(&self) -> bool {
        (**self).wants_host_calls()
    }

    fn host_call(&mut self, call: &HostCall<'_>) -> ControlFlow<()> {
        (**self).host_call(call)
    }

    fn host_reply(&mut self, reply: &HostReply<'_>) -> ControlFlow<()> {
        (**self).host_reply(reply)
    }

    fn charged(&mut self, usage: Usage) {
        (**self).charged(usage);
    }

    fn entered(&mut self, frame: &Entered) {
        (**self).entered(frame);
    }

    fn left(&mut self, end: &FrameEnd) {
        (**self).left(end);
    }

    fn entered_function(&mut self, index: u32) {
        (**self).entered_function(index);
    }

    fn stopped(&mut self, machine: MachineView<'_>) {
        (**self).stopped(machine);
    }

    fn profile(&mut self) -> Option<&mut Profile> {
        (**self).profile()
    }
}

impl<O: CallObserver> CallObserver for Option<O> {
    fn wants_host_calls(&self) -> bool {
        self.as_ref().is_some_and(O::wants_host_calls)
    }

    fn host_call(&mut self, call: &HostCall<'_>) -> ControlFlow<()> {
        self.as_mut().map_or(Continue(()), |o| o.host_call(call))
    }

    fn host_reply(&mut self, reply: &HostReply<'_>) -> ControlFlow<()> {
        self.as_mut().map_or(Continue(()), |o| o.host_reply(reply))
    }

    fn charged(&mut self, usage: Usage) {
        if let Some(observer) = self {
            observer.charged(usage);
        }
    }

    fn entered(&mut self, frame: &Entered) {
        if let Some(observer) = self {
            observer.entered(frame);
        }
    }

    fn left(&mut self, end: &FrameEnd) {
        if let Some(observer) = self {
            observer.left(end);
        }
    }

    fn entered_function(&mut self, index: u32) {
        if let Some(observer) = self {
            observer.entered_function(index);
        }
    }

    fn stopped(&mut self, machine: MachineView<'_>) {
        if let Some(observer) = self {
            observer.stopped(machine);
        }
    }

    fn profile(&mut self) -> Option<&mut Profile> {
        self.as_mut().and_then(O::profile)
    }
}

impl<A: CallObserver, B: CallObserver> CallObserver for (A, B) {
    fn wants_host_calls(&self) -> bool {
        self.0.wants_host_calls() || self.1.wants_host_calls()
    }

    fn host_call(&mut self, call: &HostCall<'_>) -> ControlFlow<()> {
        // Both are told, whatever the first says.
        let (first, second) = (self.0.host_call(call), self.1.host_call(call));
        if first.is_break() { first } else { second }
    }

    fn host_reply(&mut self, reply: &HostReply<'_>) -> ControlFlow<()> {
        let (first, second) = (self.0.host_reply(reply), self.1.host_reply(reply));
        if first.is_break() { first } else { second }
    }

    fn charged(&mut self, usage: Usage) {
        self.0.charged(usage);
        self.1.charged(usage);
    }

    fn entered(&mut self, frame: &Entered) {
        self.0.entered(frame);
        self.1.entered(frame);
    }

    fn left(&mut self, end: &FrameEnd) {
        self.0.left(end);
        self.1.left(end);
    }

    fn entered_function(&mut self, index: u32) {
        self.0.entered_function(index);
        self.1.entered_function(index);
    }

    fn stopped(&mut self, machine: MachineView<'_>) {
        self.0.stopped(machine);
        self.1.stopped(machine);
    }

    /// That of the first one that has one.
    fn profile(&mut self) -> Option<&mut Profile> {
        match self.0.profile() {
            Some(profile) => Some(profile),
            None => self.1.profile(),
        }
    }
}

/// An observer of instructions watches calls too.
#[derive(Clone, Debug, Default)]
pub struct Instructions<O>(pub O);

impl<O: Observer> Observer for Instructions<O> {
    fn wants_instructions(&self) -> bool {
        self.0.wants_instructions()
    }

    fn before(&mut self, cpu: &Cpu, insn: &Insn) -> ControlFlow<()> {
        self.0.before(cpu, insn)
    }

    fn after(&mut self, cpu: &Cpu, insn: &Insn) -> ControlFlow<()> {
        self.0.after(cpu, insn)
    }
}

impl<O: Observer> CallObserver for Instructions<O> {
    fn wants_host_calls(&self) -> bool {
        false
    }
}
