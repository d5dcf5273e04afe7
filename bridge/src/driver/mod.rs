//! The driver of all engines: meter, observer, watchdog and host of a call, in one place.
//!
//! [`drive`] runs a call to its end. An [`Execution`] is the same call for those who want to stop in between: at each
//! host call, after so many instructions, or at addresses of CODE.

use crate::engine::{
    Allowance, Call, Module, Process, Reply, Report, Request, Running, Stopped, Used,
};
use crate::meter::Meter;
use crate::observer::{CallObserver, HostCall, HostReply, MachineView};
use crate::outcome::{Fault, Outcome};
use crate::watchdog::Watch;
use abi::ExitCode;
use abi::Gas;
use abi::codec::reply_fits;
use abi::layout::INPUT_MAX;
use core::ops::ControlFlow::{self, Break, Continue};
use emu8051::Steps;
use hostapi::{Answer, CallEnd, Failure, HostApi, HostFault, NodeError, Status};
use std::fmt;
use std::sync::Arc;

mod breakpoints;
mod whole;

use breakpoints::Breakpoints;
use whole::run_whole;

/// The instructions between two looks at the clock, of a call that is watched: about a millisecond.
const SLICE: Steps = Steps(200_000);

/// Runs one call to its end. Nothing of one call is visible to the next.
///
/// # Errors
/// Only if the node fails, or `observer` ends the call; whatever the contract does is in the [`Report`].
pub fn drive(
    module: &Arc<dyn Module>,
    call: &Call<'_>,
    host: &mut dyn HostApi,
    observer: &mut dyn CallObserver,
) -> Result<Report, NodeError> {
    let mut entered = Entered::new(&**module, call);
    let (meter, watch, barred) = (&mut entered.meter, entered.watch, entered.barred);
    if watch.is_none()
        && barred.is_none()
        && let Some(report) = run_whole(&**module, call.input, meter, host, observer)
    {
        return report;
    }
    let mut running = Arc::clone(module).start(call.input);
    let ended = match (barred, &mut running) {
        (Some(fault), _) => Ok(Outcome::Fault { fault }),
        (None, Process::Mcs51(machine)) => run_on(&mut **machine, meter, watch, host, observer),
        (None, Process::Other(other)) => run_on(&mut **other, meter, watch, host, observer),
    };
    finish(running, meter, ended, observer)
}

/// A call whose entry is paid.
struct Entered {
    meter: Meter,
    watch: Option<Watch>,
    /// A fault before the first instruction.
    barred: Option<Fault>,
}

impl Entered {
    fn new(module: &dyn Module, call: &Call<'_>) -> Entered {
        let rules = module.rules();
        let mut entered = Entered {
            meter: Meter::new(rules.schedule, rules.semantics, call.limits),
            watch: module.watchdog().map(|watchdog| watchdog.start()),
            barred: None,
        };
        entered.barred = if call.input.len() > INPUT_MAX {
            Some(Fault::InputTooLong {
                length: call.input.len(),
            })
        } else if entered.meter.old_rules() {
            (call.limits.steps.0 == 0).then_some(Fault::OutOfSteps)
        } else {
            entered.meter.charge_gas(module.entry_gas()).err()
        };
        entered
    }
}

/// Runs a call from one host call to the next until it ends. It is made for each kind of run, so
/// that the 8051's stops and replies need no table of functions.
fn run_on<R: Running + ?Sized>(
    running: &mut R,
    meter: &mut Meter,
    watch: Option<Watch>,
    host: &mut dyn HostApi,
    observer: &mut dyn CallObserver,
) -> Result<Outcome, NodeError> {
    let watched = observer.wants_host_calls();
    loop {
        match advance(running, meter, watch, None, observer)? {
            Continue(Stopped::HostCall) => {
                let answered = answer(running, meter, watch, host, observer, watched)?;
                if let Break(outcome) = answered {
                    return Ok(outcome);
                }
            }
            Continue(_) => {}
            Break(outcome) => return Ok(outcome),
        }
    }
}

/// Runs up to the next stop, at most so many instructions, and counts what that took.
#[inline(always)]
fn advance<R: Running + ?Sized>(
    running: &mut R,
    meter: &mut Meter,
    watch: Option<Watch>,
    steps: Option<Steps>,
    observer: &mut dyn CallObserver,
) -> Result<ControlFlow<Outcome, Stopped>, NodeError> {
    let limit = meter.allowance();
    let mut allowance = Allowance {
        gas: meter.gas_left(),
        cycles: limit.cycles,
        steps: limit.steps,
        slices: steps.is_some(),
    };
    if let Some(steps) = steps {
        allowance.steps = allowance.steps.min(steps);
    }
    if watch.is_some() {
        allowance.steps = allowance.steps.min(SLICE);
        allowance.slices = true;
    }
    let (used, stopped) = running.resume(allowance, observer)?;
    let ran = count(meter, used, stopped)?;
    if let Continue(Stopped::Slice) = ran {
        // The clock is looked at.
        watch.map_or(Ok(()), |watch| watch.check())?;
    }
    Ok(ran)
}

/// Has the host answer the call that the run has stopped at, and delivers the reply.
#[inline(always)]
fn answer<R: Running + ?Sized>(
    running: &mut R,
    meter: &mut Meter,
    watch: Option<Watch>,
    host: &mut dyn HostApi,
    observer: &mut dyn CallObserver,
    watched: bool,
) -> Result<ControlFlow<Outcome>, NodeError> {
    let request = match running.request() {
        Ok(request) => request,
        Err(fault) => return Ok(Break(Outcome::Fault { fault })),
    };
    let machine = if watched { running.machine() } else { None };
    match ask(meter, watch, host, observer, watched, request, machine) {
        // By reference: an answer is larger than it is worth to be moved.
        Ok(ref answer) => {
            tell(meter, observer, watched, answer)?;
            let reply = reply(meter, answer);
            running.reply(reply);
            // The original tests its limit only after the reply lies in the buffer.
            Ok(match settle(meter, answer, reply) {
                Ok(()) => Continue(()),
                Err(fault) => Break(Outcome::Fault { fault }),
            })
        }
        Err(failure) => {
            if let Failure::Contract(CallEnd::Fault(_)) = failure {
                // The original clears the buffer of a fatal call like that of any other.
                running.reply(Reply::Cleared);
            }
            unanswered(meter, failure).map(|fault| Break(Outcome::Fault { fault }))
        }
    }
}

/// Counts what a run used. A break is the end of the call; of the stops that are none, only a host
/// call needs something to be done before the run is resumed, and a part of the limits that is used
/// up is a slice.
#[inline(always)]
fn count(
    meter: &mut Meter,
    used: Used,
    stopped: Stopped,
) -> Result<ControlFlow<Outcome, Stopped>, NodeError> {
    let counted = match used {
        Used::Run(cycles, steps) => {
            meter.charge_run(cycles, steps);
            Ok(())
        }
        Used::Gas(gas) => meter.charge_gas(gas),
        Used::Untold => Ok(()),
    };
    let fault = match (counted, stopped) {
        (Err(fault), _) => fault,
        (Ok(()), Stopped::HostCall) => return Ok(Continue(Stopped::HostCall)),
        (Ok(()), Stopped::Exit(code)) => return Ok(Break(exited(code))),
        (Ok(()), Stopped::Fault(fault)) => fault,
        (Ok(()), Stopped::Observer) => return Err(NodeError::Interrupted),
        (Ok(()), Stopped::OutOfCycles) => meter.which_ran_out(),
        // Not the call's limit but a part of it.
        (Ok(()), Stopped::OutOfSteps) if meter.allowance().steps.0 > 0 => {
            return Ok(Continue(Stopped::Slice));
        }
        (Ok(()), Stopped::OutOfSteps) => Fault::OutOfSteps,
        (Ok(()), Stopped::Slice) => return Ok(Continue(Stopped::Slice)),
    };
    Ok(Break(Outcome::Fault { fault }))
}

/// Has the host answer a call. All engines are served here.
#[inline(always)]
fn ask<'h>(
    meter: &Meter,
    watch: Option<Watch>,
    host: &'h mut dyn HostApi,
    observer: &mut dyn CallObserver,
    watched: bool,
    request: Request<'_>,
    machine: Option<MachineView<'_>>,
) -> Result<Answer<'h>, Failure<CallEnd>> {
    if watched {
        let told = observer.host_call(&HostCall {
            method: request.method,
            request: request.bytes,
            usage: meter.usage(),
            machine,
        });
        if told.is_break() {
            return Err(NodeError::Interrupted.into());
        }
    }
    if let Some(watch) = watch {
        watch.check()?;
    }
    host.allow(meter.gas_left());
    host.call(request.method, request.bytes)
}

/// Tells an observer of the host calls about an answer.
#[inline(always)]
fn tell(
    meter: &Meter,
    observer: &mut dyn CallObserver,
    watched: bool,
    answer: &Answer<'_>,
) -> Result<(), NodeError> {
    if watched {
        let told = observer.host_reply(&HostReply {
            answer: *answer,
            fits: fits(meter, answer),
        });
        if told.is_break() {
            return Err(NodeError::Interrupted);
        }
    }
    Ok(())
}

/// Counts a call without an answer, and says how it ends its run.
#[cold]
fn unanswered(meter: &mut Meter, failure: Failure<CallEnd>) -> Result<Fault, NodeError> {
    match failure {
        Failure::Contract(CallEnd::Fault(fault)) => {
            // The original counts a fatal call like any other.
            let counted = meter.charge_call(Gas::ZERO, Gas::ZERO, 0);
            Ok(counted.err().unwrap_or(fault.into()))
        }
        Failure::Contract(CallEnd::OutOfGas) => Ok(meter.run_out()),
        Failure::Node(error) => Err(error),
    }
}

fn fits(meter: &Meter, answer: &Answer<'_>) -> bool {
    reply_fits(meter.semantics(), answer.reply.len())
}

/// What the contract gets for an answer.
#[inline(always)]
fn reply<'h>(meter: &Meter, answer: &Answer<'h>) -> Reply<'h> {
    match answer.status {
        // The original can have a reply to a refused call too, and does not deliver it.
        Status::Refused => Reply::Refused,
        Status::Done if fits(meter, answer) => Reply::Served(answer.reply),
        Status::Done => Reply::Cleared,
    }
}

/// Counts a call that is answered with `reply`.
#[inline(always)]
fn settle(meter: &mut Meter, answer: &Answer<'_>, reply: Reply<'_>) -> Result<(), Fault> {
    if let Reply::Cleared = reply
        && !meter.old_rules()
    {
        // The original drops it without a word, and a contract cannot tell that from "nothing found".
        let size = answer.reply.len();
        return Err(HostFault::ReplyTooLarge { size }.into());
    }
    meter.charge_call(answer.gas, answer.refund, answer.step_delta)
}

/// The report on a call that has ended.
///
/// # Errors
/// The node's failure that ended it.
fn finish(
    running: Process,
    meter: &Meter,
    ended: Result<Outcome, NodeError>,
    observer: &mut dyn CallObserver,
) -> Result<Report, NodeError> {
    if ended.is_ok()
        && let Some(machine) = running.machine()
    {
        observer.stopped(machine);
    }
    running.finish();
    let outcome = ended?;
    Ok(Report {
        outcome,
        usage: meter.finish(outcome.is_success()),
    })
}

/// Where an [`Execution`] shall pause.
#[derive(Clone, Copy, Debug, Default)]
pub struct Until<'a> {
    /// At each host call, before the host has answered.
    pub host_call: bool,
    /// After so many instructions of an 8051; of a WebAssembly module that was
    /// [prepared for it](crate::Wasmi::pausing), after a few milliseconds.
    pub steps: Option<Steps>,
    /// Before the instructions at these addresses of CODE, of an 8051. Looking for them costs the run its speed.
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
    running: Process,
    meter: Meter,
    watch: Option<Watch>,
    /// A fault before the first instruction.
    barred: Option<Fault>,
    /// The run has stopped at a host call that is not answered yet.
    asks: bool,
    /// The run has stopped before this address, and goes on there.
    at: Option<u16>,
    ended: Option<Outcome>,
}

impl fmt::Debug for Execution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Execution")
            .field("meter", &self.meter)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

impl Execution {
    /// Begins `call`, and pays for entering the contract.
    #[must_use]
    pub fn begin(module: &Arc<dyn Module>, call: &Call<'_>) -> Execution {
        let entered = Entered::new(&**module, call);
        Execution {
            running: Arc::clone(module).start(call.input),
            watch: entered.watch,
            meter: entered.meter,
            barred: entered.barred,
            asks: false,
            at: None,
            ended: None,
        }
    }

    /// The machine, of an 8051.
    #[must_use]
    pub fn machine(&self) -> Option<MachineView<'_>> {
        self.running.machine()
    }

    /// What the call has used. A WebAssembly module tells only at host calls and at its end.
    #[must_use]
    pub fn usage(&self) -> crate::Usage {
        self.meter.usage()
    }

    /// Runs on until `until`, or to the end.
    ///
    /// # Errors
    /// Only if the node fails, or `observer` ends the call: it cannot be continued then.
    pub fn run(
        &mut self,
        until: Until<'_>,
        host: &mut dyn HostApi,
        observer: &mut dyn CallObserver,
    ) -> Result<Paused, NodeError> {
        if let Some(outcome) = self.ended {
            return Ok(Paused::Ended(outcome));
        }
        let mut steps_left = until.steps;
        loop {
            let before = self.meter.usage().instructions;
            let paused = if until.addresses.is_empty() {
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
            let ran = self.meter.usage().instructions - before;
            steps_left = steps_left.map(|left| Steps(left.0.saturating_sub(ran.0)));
        }
    }

    /// A round that looks at addresses of CODE before each instruction.
    fn round_to(
        &mut self,
        until: Until<'_>,
        steps: Option<Steps>,
        host: &mut dyn HostApi,
        observer: &mut dyn CallObserver,
    ) -> Result<Option<Paused>, NodeError> {
        let mut breakpoints = Breakpoints {
            addresses: until.addresses,
            leaving: self.at.take(),
            hit: None,
            observer,
        };
        let paused = self.round(steps, until.host_call, host, &mut breakpoints);
        match breakpoints.hit {
            Some(pc) => {
                self.at = Some(pc);
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
        host: &mut dyn HostApi,
        observer: &mut dyn CallObserver,
    ) -> Result<Option<Paused>, NodeError> {
        if steps == Some(Steps::ZERO) {
            return Ok(Some(Paused::Steps));
        }
        let stopped = match self.barred.take() {
            Some(fault) => Break(Outcome::Fault { fault }),
            None if std::mem::take(&mut self.asks) => {
                let watched = observer.wants_host_calls();
                self.answer(host, observer, watched)?
            }
            None => Continue(()),
        };
        let stopped = match stopped {
            Continue(()) => self.advance(steps, observer)?,
            Break(outcome) => return Ok(Some(Paused::Ended(outcome))),
        };
        Ok(match stopped {
            Continue(Stopped::HostCall) => {
                self.asks = true;
                at_host_call.then_some(Paused::HostCall)
            }
            Continue(Stopped::Slice) => steps.is_some().then_some(Paused::Steps),
            Continue(_) => None,
            Break(outcome) => Some(Paused::Ended(outcome)),
        })
    }

    /// [`advance`], whatever runs.
    fn advance(
        &mut self,
        steps: Option<Steps>,
        observer: &mut dyn CallObserver,
    ) -> Result<ControlFlow<Outcome, Stopped>, NodeError> {
        let (meter, watch) = (&mut self.meter, self.watch);
        match &mut self.running {
            Process::Mcs51(machine) => advance(&mut **machine, meter, watch, steps, observer),
            Process::Other(running) => advance(&mut **running, meter, watch, steps, observer),
        }
    }

    /// [`answer`], whatever runs.
    fn answer(
        &mut self,
        host: &mut dyn HostApi,
        observer: &mut dyn CallObserver,
        watched: bool,
    ) -> Result<ControlFlow<Outcome>, NodeError> {
        let (meter, watch) = (&mut self.meter, self.watch);
        match &mut self.running {
            Process::Mcs51(machine) => {
                answer(&mut **machine, meter, watch, host, observer, watched)
            }
            Process::Other(running) => {
                answer(&mut **running, meter, watch, host, observer, watched)
            }
        }
    }

    /// The report on a call that has ended; `None` while it has not, and the call is then given up.
    #[must_use]
    pub fn report(self, observer: &mut dyn CallObserver) -> Option<Report> {
        let outcome = self.ended?;
        finish(self.running, &self.meter, Ok(outcome), observer).ok()
    }
}

/// The outcome of a contract that ended with `code`.
const fn exited(code: ExitCode) -> Outcome {
    match code {
        ExitCode::SUCCESS => Outcome::Success,
        code => Outcome::Refused { code },
    }
}
