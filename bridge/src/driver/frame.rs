//! A frame: a contract that runs, or waits for one that it has called.

use super::whole::run_whole;
use super::{Answered, Asked, Begun, Ran, advance, answer, deliver, run_process, told};
use crate::engine::{Call, Process, Stopped};
use crate::meter::Meter;
use crate::observer::CallObserver;
use crate::outcome::{Fault, Outcome};
use crate::watchdog::Watch;
use crate::world::{Entered, FrameEnd, World};
use core::ops::ControlFlow;
use emu8051::Steps;
use hostapi::{CallEnd, Failure, NodeError};
use std::sync::Arc;

/// A contract under way.
pub(super) struct Frame {
    pub(super) running: Process,
    pub(super) meter: Meter,
    /// A fault before the first instruction.
    pub(super) barred: Option<Fault>,
    /// The run has stopped at a host call that is not answered yet.
    pub(super) asks: bool,
    /// The run has stopped before this address, and goes on there.
    pub(super) at: Option<u16>,
}

impl Frame {
    /// The frame of a contract that is called with `input`.
    pub(super) fn of(running: Process, begun: Begun) -> Frame {
        Frame {
            running,
            meter: begun.meter,
            barred: begun.barred,
            asks: false,
            at: None,
        }
    }

    /// Shows the 8051 that has stopped for good, if it is one.
    pub(super) fn tell_stopped(&self, observer: &mut dyn CallObserver) {
        if let Some(machine) = self.running.machine() {
            observer.stopped(machine);
        }
    }

    /// Runs until it ends or calls another contract.
    pub(super) fn run(
        &mut self,
        watch: Option<Watch>,
        host: &mut dyn World,
        observer: &mut dyn CallObserver,
    ) -> Result<Ran, NodeError> {
        if let Some(fault) = self.barred.take() {
            return Ok(Ran::Ended(Outcome::Fault { fault }));
        }
        run_process(&mut self.running, &mut self.meter, watch, host, observer)
    }

    /// [`advance`], whatever runs.
    pub(super) fn advance(
        &mut self,
        watch: Option<Watch>,
        steps: Option<Steps>,
        observer: &mut dyn CallObserver,
    ) -> Result<ControlFlow<Outcome, Stopped>, NodeError> {
        let meter = &mut self.meter;
        match &mut self.running {
            Process::Mcs51(machine) => advance(&mut **machine, meter, watch, steps, observer),
            Process::Other(running) => advance(&mut **running, meter, watch, steps, observer),
        }
    }

    /// [`answer`], whatever runs.
    pub(super) fn answer(
        &mut self,
        watch: Option<Watch>,
        host: &mut dyn World,
        observer: &mut dyn CallObserver,
        watched: bool,
    ) -> Result<Answered, NodeError> {
        let meter = &mut self.meter;
        match &mut self.running {
            Process::Mcs51(machine) => {
                answer(&mut **machine, meter, watch, host, observer, watched)
            }
            Process::Other(running) => {
                answer(&mut **running, meter, watch, host, observer, watched)
            }
        }
    }

    /// Answers the call of another contract, whose run has ended.
    pub(super) fn resume_after(
        &mut self,
        outcome: Outcome,
        callee: &Meter,
        host: &mut dyn World,
        observer: &mut dyn CallObserver,
    ) -> Result<Answered, NodeError> {
        if let Some(aborted) = leave(&mut self.meter, outcome, callee, host, observer)? {
            return Ok(Answered::Ends(aborted));
        }
        let meter = &mut self.meter;
        let answer = host.answer(meter.gas_left());
        let watched = observer.wants_host_calls();
        let answered = told(meter, observer, watched, answer);
        let answered = match &mut self.running {
            Process::Mcs51(machine) => deliver(&mut **machine, meter, answered),
            Process::Other(running) => deliver(&mut **running, meter, answered),
        }?;
        if watched && matches!(answered, Answered::GoesOn) {
            observer.charged(meter.usage());
        }
        Ok(answered)
    }
}

/// Has the host begin the frame that a contract asks for; `None` if there is none, and the host answers.
#[cold]
pub(super) fn enter(
    meter: &mut Meter,
    watch: Option<Watch>,
    host: &mut dyn World,
    observer: &mut dyn CallObserver,
    asked: Asked<'_>,
) -> Result<Option<Box<Entered>>, Failure<CallEnd>> {
    asked.begin(meter, watch, observer)?;
    let Some(entered) = host.enter(asked.request, meter.gas_left())? else {
        return Ok(None);
    };
    // The host was told what is left, so it can be paid.
    meter
        .charge_gas(entered.price)
        .map_err(|_| CallEnd::OutOfGas)?;
    observer.entered(&entered);
    Ok(Some(entered))
}

/// The run of a contract that another one calls, before its first instruction.
pub(super) fn begin(caller: &Meter, entered: &Entered, observer: &mut dyn CallObserver) -> Begun {
    let call = Call {
        input: &entered.input,
        limits: caller.callee_limits(entered.gas),
    };
    let begun = Begun::new(&*entered.module, &call);
    if let Some(profile) = observer.profile() {
        profile.begin(begun.meter.usage());
    }
    begun
}

/// Ends a callee's frame, and counts what it used for its caller. An outcome ends the caller too: it is aborted.
pub(super) fn leave(
    caller: &mut Meter,
    outcome: Outcome,
    callee: &Meter,
    host: &mut dyn World,
    observer: &mut dyn CallObserver,
) -> Result<Option<Outcome>, NodeError> {
    let end = FrameEnd {
        outcome,
        usage: callee.usage(),
    };
    let kept = host.leave(&end)?;
    caller.charge_callee(callee, kept);
    observer.left(&end);
    let aborted = outcome.fault().is_some_and(|fault| fault.aborts());
    Ok(aborted.then_some(outcome))
}

/// Runs a called contract to its end: for a caller that waits on the host's stack, answered inside its import.
pub(super) fn run_callee(
    caller: &Meter,
    entered: &Entered,
    host: &mut dyn World,
    observer: &mut dyn CallObserver,
) -> Result<(Outcome, Meter), NodeError> {
    let mut begun = begin(caller, entered, observer);
    if begun.barred.is_none()
        && let Some(outcome) = run_whole(
            &*entered.module,
            &entered.input,
            &mut begun.meter,
            host,
            observer,
        )
    {
        return Ok((outcome?, begun.meter));
    }
    let running = Arc::clone(&entered.module).start(&entered.input);
    let mut stack = Stack {
        top: Frame::of(running, begun),
        callers: Vec::new(),
        watch: None,
    };
    let outcome = stack.run(host, observer)?;
    stack.top.tell_stopped(observer);
    Ok((outcome, stack.end()))
}

/// The frames of a call: the running one, and those that wait.
pub(super) struct Stack {
    pub(super) top: Frame,
    /// The outermost one first.
    pub(super) callers: Vec<Frame>,
    pub(super) watch: Option<Watch>,
}

impl Stack {
    /// Runs to the end of the outermost frame.
    pub(super) fn run(
        &mut self,
        host: &mut dyn World,
        observer: &mut dyn CallObserver,
    ) -> Result<Outcome, NodeError> {
        let first = self.top.run(self.watch, host, observer)?;
        self.run_from(first, host, observer)
    }

    /// Runs to the end of the outermost frame, where the running one has given up control.
    pub(super) fn run_from(
        &mut self,
        mut next: Ran,
        host: &mut dyn World,
        observer: &mut dyn CallObserver,
    ) -> Result<Outcome, NodeError> {
        loop {
            let goes_on = match next {
                Ran::Ended(outcome) => match self.pop(outcome, host, observer)? {
                    Popped::All(outcome) => return Ok(outcome),
                    Popped::CallerEnded(outcome) => Some(outcome),
                    Popped::CallerGoesOn => None,
                },
                Ran::Enters(entered) => self.begin_callee(&entered, host, observer)?,
            };
            next = match goes_on {
                Some(ended) => Ran::Ended(ended),
                None => self.top.run(self.watch, host, observer)?,
            };
        }
    }

    /// Begins the frame of a contract that the running one calls, or runs it at once, on an engine that can. An
    /// outcome is the caller's, which has ended with it.
    fn begin_callee(
        &mut self,
        entered: &Entered,
        host: &mut dyn World,
        observer: &mut dyn CallObserver,
    ) -> Result<Option<Outcome>, NodeError> {
        let mut begun = begin(&self.top.meter, entered, observer);
        if self.watch.is_none()
            && begun.barred.is_none()
            && let Some(outcome) = run_whole(
                &*entered.module,
                &entered.input,
                &mut begun.meter,
                host,
                observer,
            )
        {
            return match self
                .top
                .resume_after(outcome?, &begun.meter, host, observer)?
            {
                Answered::Ends(outcome) => Ok(Some(outcome)),
                Answered::GoesOn | Answered::Enters(_) => Ok(None),
            };
        }
        self.push(entered, begun);
        Ok(None)
    }

    /// Begins the frame of a contract that the running one calls.
    pub(super) fn push(&mut self, entered: &Entered, begun: Begun) {
        let running = Arc::clone(&entered.module).start(&entered.input);
        let caller = std::mem::replace(&mut self.top, Frame::of(running, begun));
        self.callers.push(caller);
    }

    /// Ends the running frame, and answers its caller, if it has one.
    pub(super) fn pop(
        &mut self,
        outcome: Outcome,
        host: &mut dyn World,
        observer: &mut dyn CallObserver,
    ) -> Result<Popped, NodeError> {
        let Some(caller) = self.callers.pop() else {
            return Ok(Popped::All(outcome));
        };
        let mut callee = std::mem::replace(&mut self.top, caller);
        callee.tell_stopped(observer);
        callee.meter.hold(callee.running.finish());
        Ok(
            match self
                .top
                .resume_after(outcome, &callee.meter, host, observer)?
            {
                Answered::Ends(outcome) => Popped::CallerEnded(outcome),
                Answered::GoesOn | Answered::Enters(_) => Popped::CallerGoesOn,
            },
        )
    }

    /// The machine goes back to where it came from; the meter of the outermost frame stays.
    pub(super) fn end(mut self) -> Meter {
        // They wait only where the node has failed.
        for frame in self.callers {
            frame.running.finish();
        }
        self.top.meter.hold(self.top.running.finish());
        self.top.meter
    }
}

/// What is left after a frame has ended.
pub(super) enum Popped {
    /// Nothing: it was the outermost one.
    All(Outcome),
    /// Its caller, which has ended as well.
    CallerEnded(Outcome),
    /// Its caller, which goes on.
    CallerGoesOn,
}
