//! A call on an engine that does not stop for host calls: see [`Module::run_whole`].

use super::frame::{enter, leave, run_callee};
use super::{Asked, ask, charge, count, ended, reply, told};
use crate::engine::{Module, Reply, Request, Server, Used};
use crate::meter::Meter;
use crate::observer::CallObserver;
use crate::outcome::{Fault, Outcome};
use crate::world::{World, enters};
use abi::Gas;
use core::ops::ControlFlow::{Break, Continue};
use hostapi::{Failure, NodeError};

/// Runs a call on an engine that does not stop for host calls: `None` from one that does.
#[inline]
pub(super) fn run_whole(
    module: &dyn Module,
    input: &[u8],
    meter: &mut Meter,
    host: &mut dyn World,
    observer: &mut dyn CallObserver,
) -> Option<Result<Outcome, NodeError>> {
    if !module.runs_whole() {
        return None;
    }
    whole(module, input, meter, host, observer)
}

/// The same, on an engine that does not stop.
fn whole(
    module: &dyn Module,
    input: &[u8],
    meter: &mut Meter,
    host: &mut dyn World,
    observer: &mut dyn CallObserver,
) -> Option<Result<Outcome, NodeError>> {
    let gas = meter.gas_left();
    let mut serving = Serving {
        meter,
        host,
        watched: observer.wants_host_calls(),
        observer,
        ended: None,
    };
    let whole = module.run_whole(input, gas, &mut serving)?;
    let ended = serving.ended.take();
    let whole = match whole {
        Ok(whole) => whole,
        Err(error) => return Some(Err(error)),
    };
    meter.hold(whole.memory);
    let outcome = match (whole.stopped, ended) {
        (_, Some(Failure::Node(error))) => return Some(Err(error)),
        (_, Some(Failure::Contract(outcome))) => outcome,
        (Some((used, stopped)), None) => match count(meter, used, stopped) {
            Ok(Break(outcome)) => outcome,
            // It runs to its end, and nobody watches its instructions.
            Ok(Continue(_)) => return Some(Err(NodeError::Engine("a call has not ended".into()))),
            Err(error) => return Some(Err(error)),
        },
        (None, None) => {
            return Some(Err(NodeError::Engine("a call ended by itself".into())));
        }
    };
    Some(Ok(outcome))
}

/// The driver's side of a run that does not stop for host calls.
struct Serving<'a> {
    meter: &'a mut Meter,
    host: &'a mut dyn World,
    observer: &'a mut dyn CallObserver,
    watched: bool,
    /// What ended the run at a host call.
    ended: Option<Failure<Outcome>>,
}

impl Server for Serving<'_> {
    fn serve(
        &mut self,
        used: Used,
        request: Result<Request<'_>, Fault>,
    ) -> Option<(Reply<'_>, Gas)> {
        let counted = match used {
            Used::Gas(gas) => self.meter.charge_gas(gas),
            Used::Run(..) | Used::Untold => Ok(()),
        };
        let request = match counted.and(request) {
            Ok(request) => request,
            Err(fault) => {
                self.ended = Some(fault.into());
                return None;
            }
        };
        let asked = Asked {
            request,
            machine: None,
            watched: self.watched,
        };
        let answered = if enters(request.method) && self.host.has_others() {
            if let Err(end) = self.enter(asked) {
                self.ended = Some(end);
                return None;
            }
            let answer = self.host.answer(self.meter.gas_left());
            told(self.meter, self.observer, self.watched, answer)
        } else {
            ask(self.meter, None, self.host, self.observer, asked)
        };
        let answer = match answered {
            Ok(answer) => answer,
            Err(failure) => {
                self.ended = Some(match ended(self.meter, failure) {
                    Ok(outcome) => Failure::Contract(outcome),
                    Err(error) => error.into(),
                });
                return None;
            }
        };
        let reply = reply(self.meter, &answer);
        match charge(self.meter, &answer) {
            Ok(()) => {
                if self.watched {
                    self.observer.charged(self.meter.usage());
                }
                Some((reply, self.meter.gas_left()))
            }
            Err(fault) => {
                self.ended = Some(fault.into());
                None
            }
        }
    }

    fn entered_function(&mut self, index: u32, spent: Gas) {
        self.observer.entered_function(index);
        if let Some(profile) = self.observer.profile() {
            profile.entered_function(index, spent.0);
        }
    }

    fn left_function(&mut self, spent: Gas) {
        if let Some(profile) = self.observer.profile() {
            profile.left_function(spent.0);
        }
    }
}

impl Serving<'_> {
    /// Runs the contract that is called, if it is entered, to its end; the host has the answer then.
    fn enter(&mut self, asked: Asked<'_>) -> Result<(), Failure<Outcome>> {
        let (host, observer) = (&mut *self.host, &mut *self.observer);
        let entered = match enter(self.meter, None, host, observer, asked) {
            Ok(Some(entered)) => entered,
            Ok(None) => return Ok(()),
            Err(failure) => return Err(Failure::Contract(ended(self.meter, failure)?)),
        };
        let (outcome, callee) = run_callee(self.meter, &entered, host, observer)?;
        match leave(self.meter, outcome, &callee, host, observer)? {
            Some(aborted) => Err(Failure::Contract(aborted)),
            None => Ok(()),
        }
    }
}
