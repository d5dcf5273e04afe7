//! [`Execution`]: a call that can be paused and continued.

use super::breakpoints::Breakpoints;
use super::frame::{Frame, Popped, Stack, begin};
use super::{Answered, Begun, Ran, reported};
use crate::engine::{Call, Module, Process, Report, Stopped};
use crate::meter::Usage;
use crate::observer::{CallObserver, MachineView};
use crate::outcome::Outcome;
use crate::watchdog::Watch;
use crate::world::World;
use core::ops::ControlFlow::{Break, Continue};
use emu8051::Steps;
use hostapi::NodeError;
use std::fmt;
use std::sync::Arc;

/// Where an [`Execution`] shall pause.
#[derive(Clone, Copy, Debug, Default)]
pub struct Until<'a> {
    /// At each host call, before the host has answered.
    pub host_call: bool,
    /// After so many instructions of an 8051; of a WebAssembly module that was
    /// [prepared for it](crate::Wasmi::pausing), after a few milliseconds.
    pub steps: Option<Steps>,
    /// Before the instructions at these addresses of CODE, of an 8051 in the outermost frame. Looking for them costs
    /// the run its speed.
    pub addresses: &'a [u16],
}

/// Why an [`Execution`] has paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paused {
    /// At a host call, before the host has answered.
    HostCall,
    /// After the instructions it was to run.
    Steps,
    /// Before the instruction at this address of CODE.
    Address(u16),
    /// It has ended.
    Ended(Outcome),
}

/// A call under way, which can be paused and continued. Paused anywhere and continued equals not paused.
pub struct Execution {
    frames: Stack,
    ended: Option<Outcome>,
}

impl fmt::Debug for Execution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Execution")
            .field("meter", &self.frames.top.meter)
            .field("depth", &self.depth())
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

impl Execution {
    /// Begins `call`, and pays for entering the contract.
    #[must_use]
    pub fn begin(module: &Arc<dyn Module>, call: &Call<'_>) -> Execution {
        let watch = module.watchdog().map(|watchdog| watchdog.start());
        let begun = Begun::new(&**module, call);
        Execution::of(Arc::clone(module).start(call.input), begun, watch)
    }

    pub(super) fn of(running: Process, begun: Begun, watch: Option<Watch>) -> Execution {
        Execution {
            frames: Stack {
                top: Frame::of(running, begun),
                callers: Vec::new(),
                watch,
            },
            ended: None,
        }
    }

    /// The frames that run or wait: 1 while no other contract has been called.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.frames.callers.len() + 1
    }

    /// The machine of the running frame, of an 8051.
    #[must_use]
    pub fn machine(&self) -> Option<MachineView<'_>> {
        self.frames.top.running.machine()
    }

    /// What the running frame has used. A WebAssembly module tells only at host calls and at its end.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.frames.top.meter.usage()
    }

    /// The instructions of all frames.
    fn instructions(&self) -> Steps {
        let of = |frame: &Frame| frame.meter.usage().instructions.0;
        let waiting: u64 = self.frames.callers.iter().map(of).sum();
        Steps(waiting + of(&self.frames.top))
    }

    /// Runs on until `until`, or to the end.
    ///
    /// # Errors
    /// Only if the node fails, or `observer` ends the call: it cannot be continued then.
    pub fn run(
        &mut self,
        until: Until<'_>,
        host: &mut dyn World,
        observer: &mut dyn CallObserver,
    ) -> Result<Paused, NodeError> {
        if let Some(outcome) = self.ended {
            return Ok(Paused::Ended(outcome));
        }
        let mut steps_left = until.steps;
        loop {
            let before = self.instructions();
            let paused = if until.addresses.is_empty() || !self.frames.callers.is_empty() {
                self.round(steps_left, until.host_call, host, observer)?
            } else {
                self.round_to(until, steps_left, host, observer)?
            };
            if let Some(paused) = paused {
                if let Paused::Ended(outcome) = paused {
                    self.ended = Some(outcome);
                }
                return Ok(paused);
            }
            let ran = self.instructions() - before;
            steps_left = steps_left.map(|left| Steps(left.0.saturating_sub(ran.0)));
        }
    }

    /// A round that looks at addresses of CODE before each instruction.
    fn round_to(
        &mut self,
        until: Until<'_>,
        steps: Option<Steps>,
        host: &mut dyn World,
        observer: &mut dyn CallObserver,
    ) -> Result<Option<Paused>, NodeError> {
        let mut breakpoints = Breakpoints {
            addresses: until.addresses,
            leaving: self.frames.top.at.take(),
            hit: None,
            observer,
        };
        let paused = self.round(steps, until.host_call, host, &mut breakpoints);
        match breakpoints.hit {
            Some(pc) => {
                self.frames.top.at = Some(pc);
                Ok(Some(Paused::Address(pc)))
            }
            None => paused,
        }
    }

    /// Answers the host call that the run stands at, runs on, and says where to pause.
    fn round(
        &mut self,
        steps: Option<Steps>,
        at_host_call: bool,
        host: &mut dyn World,
        observer: &mut dyn CallObserver,
    ) -> Result<Option<Paused>, NodeError> {
        if steps == Some(Steps::ZERO) {
            return Ok(Some(Paused::Steps));
        }
        let watch = self.frames.watch;
        let frame = &mut self.frames.top;
        let ended = match frame.barred.take() {
            Some(fault) => Some(Outcome::Fault { fault }),
            None if std::mem::take(&mut frame.asks) => {
                let watched = observer.wants_host_calls();
                match frame.answer(watch, host, observer, watched)? {
                    Answered::GoesOn => None,
                    Answered::Ends(outcome) => Some(outcome),
                    Answered::Enters(entered) => {
                        let begun = begin(&self.frames.top.meter, &entered, observer);
                        self.frames.push(&entered, begun);
                        return Ok(None);
                    }
                }
            }
            None => None,
        };
        let outcome = match ended {
            Some(outcome) => outcome,
            None => match self.frames.top.advance(watch, steps, observer)? {
                Continue(Stopped::HostCall) => {
                    self.frames.top.asks = true;
                    return Ok(at_host_call.then_some(Paused::HostCall));
                }
                Continue(Stopped::Slice) => return Ok(steps.is_some().then_some(Paused::Steps)),
                Continue(_) => return Ok(None),
                Break(outcome) => outcome,
            },
        };
        self.end_frames(outcome, host, observer)
    }

    /// Ends the running frame, and those below it that end with it.
    fn end_frames(
        &mut self,
        mut outcome: Outcome,
        host: &mut dyn World,
        observer: &mut dyn CallObserver,
    ) -> Result<Option<Paused>, NodeError> {
        loop {
            match self.frames.pop(outcome, host, observer)? {
                Popped::All(outcome) => return Ok(Some(Paused::Ended(outcome))),
                Popped::CallerEnded(of_caller) => outcome = of_caller,
                Popped::CallerGoesOn => return Ok(None),
            }
        }
    }

    /// Runs a call to its end at once, that has given up control once, and reports on it.
    pub(super) fn finish_from(
        mut self,
        next: Ran,
        host: &mut dyn World,
        observer: &mut dyn CallObserver,
    ) -> Result<Report, NodeError> {
        let ended = self.frames.run_from(next, host, observer);
        self.finish(ended, observer)
    }

    /// The report on a call that has ended.
    ///
    /// # Errors
    /// The node's failure that ended it.
    fn finish(
        self,
        ended: Result<Outcome, NodeError>,
        observer: &mut dyn CallObserver,
    ) -> Result<Report, NodeError> {
        if ended.is_ok() {
            self.frames.top.tell_stopped(observer);
        }
        let meter = self.frames.end();
        Ok(reported(ended?, meter, observer))
    }

    /// The report on a call that has ended; `None` while it has not, and the call is then given up.
    #[must_use]
    pub fn report(self, observer: &mut dyn CallObserver) -> Option<Report> {
        let outcome = self.ended?;
        self.finish(Ok(outcome), observer).ok()
    }
}
