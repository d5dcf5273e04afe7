//! The driver of all engines: meter, observer, watchdog and host of a call, in one place.
//!
//! [`drive`] runs a call to its end. An [`Execution`] is the same call for those who want to stop
//! in between: at each host call, after so many instructions, or at addresses of CODE. A contract
//! that calls another one waits in a stack of frames, not on the host's; only below a module that
//! is answered inside its import does the host's stack grow.

use crate::engine::{
    Allowance, Call, Module, Process, Reply, Report, Request, Running, Stopped, Used,
};
use crate::meter::Meter;
use crate::observer::{CallObserver, HostCall, HostReply, MachineView};
use crate::outcome::{Fault, Outcome};
use crate::watchdog::Watch;
use crate::world::{Entered, World, enters};
use abi::ExitCode;
use abi::Gas;
use abi::codec::reply_fits;
use abi::layout::INPUT_MAX;
use core::ops::ControlFlow::{self, Break, Continue};
use emu8051::Steps;
use hostapi::{Answer, CallEnd, Failure, HostFault, NodeError, Status};
use std::sync::Arc;

mod breakpoints;
mod execution;
mod frame;
mod whole;

pub use execution::{Execution, Paused, Until};

use frame::enter;
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
    host: &mut dyn World,
    observer: &mut dyn CallObserver,
) -> Result<Report, NodeError> {
    let watch = module.watchdog().map(|watchdog| watchdog.start());
    let mut begun = Begun::new(&**module, call);
    if let Some(profile) = observer.profile() {
        profile.enter(None, &**module);
        profile.select(call.input);
        profile.begin(begun.meter.usage());
    }
    if watch.is_none()
        && begun.barred.is_none()
        && let Some(outcome) = run_whole(&**module, call.input, &mut begun.meter, host, observer)
    {
        return Ok(reported(outcome?, begun.meter, observer));
    }
    let mut running = Arc::clone(module).start(call.input);
    let meter = &mut begun.meter;
    let ran = match begun.barred.take() {
        Some(fault) => Ok(Ran::Ended(Outcome::Fault { fault })),
        None => run_process(&mut running, meter, watch, host, observer),
    };
    let ended = match ran {
        Ok(Ran::Ended(outcome)) => Ok(outcome),
        // Only a call that needs one gets a stack of frames.
        Ok(Ran::Enters(entered)) => {
            let execution = Execution::of(running, begun, watch);
            return execution.finish_from(Ran::Enters(entered), host, observer);
        }
        Err(error) => Err(error),
    };
    if ended.is_ok()
        && let Some(machine) = running.machine()
    {
        observer.stopped(machine);
    }
    begun.meter.hold(running.finish());
    Ok(reported(ended?, begun.meter, observer))
}

/// The report on a call that has ended, of which the profile is told.
fn reported(outcome: Outcome, meter: Meter, observer: &mut dyn CallObserver) -> Report {
    let report = Report::of(outcome, meter);
    if let Some(profile) = observer.profile() {
        profile.end(report.usage);
    }
    report
}

/// [`run_on`], whatever runs.
#[inline(always)]
fn run_process(
    running: &mut Process,
    meter: &mut Meter,
    watch: Option<Watch>,
    host: &mut dyn World,
    observer: &mut dyn CallObserver,
) -> Result<Ran, NodeError> {
    match running {
        Process::Mcs51(machine) => run_on(&mut **machine, meter, watch, host, observer),
        Process::Other(running) => run_on(&mut **running, meter, watch, host, observer),
    }
}

/// A call whose entry is paid.
struct Begun {
    meter: Meter,
    /// A fault before the first instruction.
    barred: Option<Fault>,
}

impl Begun {
    fn new(module: &dyn Module, call: &Call<'_>) -> Begun {
        let rules = module.rules();
        let mut meter = Meter::new(&rules.schedule, rules.semantics, call.limits);
        let too_long = (call.input.len() > INPUT_MAX).then_some(Fault::InputTooLong {
            length: call.input.len(),
        });
        let barred = if rules.semantics.is_dacrs() {
            too_long.or((call.limits.steps.0 == 0).then_some(Fault::OutOfSteps))
        } else {
            // The module is prepared already, whatever the input is.
            meter.charge_gas(module.entry_gas()).err().or(too_long)
        };
        Begun { meter, barred }
    }
}

/// Why a run gives up control.
enum Ran {
    Ended(Outcome),
    /// It waits for another contract.
    Enters(Box<Entered>),
}

/// What came of a host call.
enum Answered {
    GoesOn,
    Ends(Outcome),
    /// Nothing yet: another contract has to run first.
    Enters(Box<Entered>),
}

/// Runs a call from one host call to the next until it ends, or calls another contract. It is made
/// for each kind of run, so that the 8051's stops and replies need no table of functions.
fn run_on<R: Running + ?Sized>(
    running: &mut R,
    meter: &mut Meter,
    watch: Option<Watch>,
    host: &mut dyn World,
    observer: &mut dyn CallObserver,
) -> Result<Ran, NodeError> {
    let watched = observer.wants_host_calls();
    loop {
        match advance(running, meter, watch, None, observer)? {
            Continue(Stopped::HostCall) => {
                match answer(running, meter, watch, host, observer, watched)? {
                    Answered::GoesOn => {}
                    Answered::Ends(outcome) => return Ok(Ran::Ended(outcome)),
                    Answered::Enters(entered) => return Ok(Ran::Enters(entered)),
                }
            }
            Continue(_) => {}
            Break(outcome) => return Ok(Ran::Ended(outcome)),
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
    host: &mut dyn World,
    observer: &mut dyn CallObserver,
    watched: bool,
) -> Result<Answered, NodeError> {
    let request = match running.request() {
        Ok(request) => request,
        Err(fault) => return Ok(Answered::Ends(Outcome::Fault { fault })),
    };
    let machine = if watched { running.machine() } else { None };
    let asked = Asked {
        request,
        machine,
        watched,
    };
    let answered = if enters(request.method) && host.has_others() {
        match enter(meter, watch, host, observer, asked) {
            Ok(Some(entered)) => return Ok(Answered::Enters(entered)),
            Ok(None) => told(meter, observer, watched, host.answer(meter.gas_left())),
            Err(failure) => Err(failure),
        }
    } else {
        ask(meter, watch, host, observer, asked)
    };
    let answered = deliver(running, meter, answered)?;
    if watched && matches!(answered, Answered::GoesOn) {
        observer.charged(meter.usage());
    }
    Ok(answered)
}

/// Gives the contract its reply, and says how it goes on.
#[inline(always)]
fn deliver<R: Running + ?Sized>(
    running: &mut R,
    meter: &mut Meter,
    answered: Result<Answer<'_>, Failure<CallEnd>>,
) -> Result<Answered, NodeError> {
    let answer = match answered {
        Ok(answer) => answer,
        Err(failure) => {
            if let Failure::Contract(CallEnd::Fault(..)) = failure {
                // The original clears the buffer of a fatal call like that of any other.
                running.reply(Reply::Cleared);
            }
            return ended(meter, failure).map(Answered::Ends);
        }
    };
    running.reply(reply(meter, &answer));
    // The original tests its limit only after the reply lies in the buffer.
    Ok(match charge(meter, &answer) {
        Ok(()) => Answered::GoesOn,
        Err(fault) => Answered::Ends(Outcome::Fault { fault }),
    })
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
        (Ok(()), Stopped::OutOfSteps) => meter.which_steps_ran_out(),
        (Ok(()), Stopped::Slice) => return Ok(Continue(Stopped::Slice)),
    };
    Ok(Break(Outcome::Fault { fault }))
}

/// A host call as a contract makes it.
#[derive(Clone, Copy)]
struct Asked<'a> {
    request: Request<'a>,
    machine: Option<MachineView<'a>>,
    /// Whether the observer wants to know.
    watched: bool,
}

impl Asked<'_> {
    /// Tells the observer, and looks at the clock.
    #[inline(always)]
    fn begin(
        &self,
        meter: &Meter,
        watch: Option<Watch>,
        observer: &mut dyn CallObserver,
    ) -> Result<(), NodeError> {
        if self.watched {
            let told = observer.host_call(&HostCall {
                method: self.request.method,
                request: self.request.bytes,
                usage: meter.usage(),
                machine: self.machine,
            });
            if told.is_break() {
                return Err(NodeError::Interrupted);
            }
        }
        watch.map_or(Ok(()), |watch| watch.check())
    }
}

/// Has the host answer a call. All engines are served here.
#[inline(always)]
fn ask<'h>(
    meter: &Meter,
    watch: Option<Watch>,
    host: &'h mut dyn World,
    observer: &mut dyn CallObserver,
    asked: Asked<'_>,
) -> Result<Answer<'h>, Failure<CallEnd>> {
    asked.begin(meter, watch, observer)?;
    host.allow(meter.gas_left());
    let answer = host.call(asked.request.method, asked.request.bytes);
    told(meter, observer, asked.watched, answer)
}

/// An answer of which the observer has been told.
#[inline(always)]
fn told<'h>(
    meter: &Meter,
    observer: &mut dyn CallObserver,
    watched: bool,
    answer: Result<Answer<'h>, Failure<CallEnd>>,
) -> Result<Answer<'h>, Failure<CallEnd>> {
    let answer = answer?;
    if watched {
        let fits = fits(meter, &answer);
        if observer.host_reply(&HostReply { answer, fits }).is_break() {
            return Err(NodeError::Interrupted.into());
        }
    }
    Ok(answer)
}

#[inline(always)]
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

/// Counts a call that is answered.
#[inline(always)]
fn charge(meter: &mut Meter, answer: &Answer<'_>) -> Result<(), Fault> {
    meter.charge_call(answer.gas, answer.refund, answer.step_delta)?;
    if !meter.old_rules() && !fits(meter, answer) && answer.status == Status::Done {
        // The original drops it without a word, and a contract cannot tell that from "nothing found".
        let size = answer.reply.len();
        return Err(HostFault::ReplyTooLarge { size }.into());
    }
    Ok(())
}

/// The end of a run that a host call ends.
#[cold]
fn ended(meter: &mut Meter, failure: Failure<CallEnd>) -> Result<Outcome, NodeError> {
    Ok(match failure {
        Failure::Contract(CallEnd::Fault(fault, price)) => {
            // The original counts a fatal call like any other.
            let counted = meter.charge_call(price, Gas::ZERO, 0);
            let fault = counted.err().unwrap_or(fault.into());
            Outcome::Fault { fault }
        }
        Failure::Contract(CallEnd::Exit(code, price)) => {
            paid_end(meter, price, Outcome::Refused { code })
        }
        Failure::Contract(CallEnd::Abort(code, price)) => {
            let fault = HostFault::Aborted(code).into();
            paid_end(meter, price, Outcome::Fault { fault })
        }
        Failure::Contract(CallEnd::OutOfGas) => {
            let fault = meter.run_out();
            Outcome::Fault { fault }
        }
        Failure::Node(error) => return Err(error),
    })
}

/// `end`, if it can be paid.
fn paid_end(meter: &mut Meter, price: Gas, end: Outcome) -> Outcome {
    match meter.charge_gas(price) {
        Ok(()) => end,
        Err(fault) => Outcome::Fault { fault },
    }
}

/// The outcome of a contract that ended with `code`.
const fn exited(code: ExitCode) -> Outcome {
    match code {
        ExitCode::SUCCESS => Outcome::Success,
        code => Outcome::Refused { code },
    }
}
