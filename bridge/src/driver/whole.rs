//! A call on an engine that does not stop for host calls: see [`Module::run_whole`].

use super::{ask, count, reply, settle, tell, unanswered};
use crate::engine::{Module, Reply, Report, Request, Server, Used};
use crate::meter::Meter;
use crate::observer::CallObserver;
use crate::outcome::{Fault, Outcome};
use abi::Gas;
use core::ops::ControlFlow::{Break, Continue};
use hostapi::{Failure, HostApi, NodeError};

/// Runs a call on an engine that does not stop for host calls: `None` from one that does.
pub(super) fn run_whole(
    module: &dyn Module,
    input: &[u8],
    meter: &mut Meter,
    host: &mut dyn HostApi,
    observer: &mut dyn CallObserver,
) -> Option<Result<Report, NodeError>> {
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
    let outcome = match (whole, ended) {
        (Err(error), _) | (_, Some(Failure::Node(error))) => return Some(Err(error)),
        (_, Some(Failure::Contract(fault))) => Outcome::Fault { fault },
        (Ok(Some((used, stopped))), None) => match count(meter, used, stopped) {
            Ok(Break(outcome)) => outcome,
            // It runs to its end, and nobody watches its instructions.
            Ok(Continue(_)) => return Some(Err(NodeError::Engine("a call has not ended".into()))),
            Err(error) => return Some(Err(error)),
        },
        (Ok(None), None) => {
            return Some(Err(NodeError::Engine("a call ended by itself".into())));
        }
    };
    Some(Ok(Report {
        outcome,
        usage: meter.finish(outcome.is_success()),
    }))
}

/// The driver's side of a run that does not stop for host calls.
struct Serving<'a> {
    meter: &'a mut Meter,
    host: &'a mut dyn HostApi,
    observer: &'a mut dyn CallObserver,
    watched: bool,
    /// What ended the run at a host call.
    ended: Option<Failure<Fault>>,
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
                self.ended = Some(Failure::Contract(fault));
                return None;
            }
        };
        let asked = ask(
            self.meter,
            None,
            self.host,
            self.observer,
            self.watched,
            request,
            None,
        );
        let answer = match asked {
            Ok(answer) => answer,
            Err(failure) => {
                let end = unanswered(self.meter, failure);
                self.ended = Some(end.map_or_else(Failure::Node, Failure::Contract));
                return None;
            }
        };
        if let Err(error) = tell(self.meter, self.observer, self.watched, &answer) {
            self.ended = Some(Failure::Node(error));
            return None;
        }
        let reply = reply(self.meter, &answer);
        match settle(self.meter, &answer, reply) {
            Ok(()) => Some((reply, self.meter.gas_left())),
            Err(fault) => {
                self.ended = Some(Failure::Contract(fault));
                None
            }
        }
    }
}
