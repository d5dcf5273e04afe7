//! One piece of work: the run of a contract.

use super::{Failed, Stop, Subject, UnderWay, Waiting};
use crate::actions::apply;
use crate::actions::native::{self, SYSTEM};
use crate::callees::WithContracts;
use crate::hostlog::HostLog;
use crate::interface::Selected;
use crate::names::RegIdText;
use crate::open_block::{OpenBlock, frames};
use crate::receipt::{ErrorText, Event, Frame, FrameKind, RunReceipt, Verdict, Work};
use crate::registry::{Contract, ContractFlags};
use crate::session::Rejection;
use abi::{Gas, Name};
use bridge::{Call, CallLimits, CallObserver, Entered, Fault, FrameEnd, drive};
use hostapi::hash::blake2b;
use hostapi::{ActionFrame, CallContext, Failure, FollowUp, Host, settle};
use std::sync::Arc;

/// A piece of work before a contract runs.
enum Prepared {
    /// This contract runs, with this in front of the action's data.
    Runs(Contract, Option<u8>),
    /// None does: it is done, and this follows.
    Done(Option<FollowUp>),
}

impl OpenBlock<'_> {
    /// Does one piece of work: what it asked to follow.
    pub(super) fn execute(
        &mut self,
        under: &mut UnderWay<'_>,
        waiting: &Waiting,
        observer: &mut dyn CallObserver,
    ) -> Result<Vec<FollowUp>, Stop> {
        let place = under.place()?;
        let (contract, selector) = match self.prepare(under, waiting) {
            Ok(Prepared::Runs(contract, selector)) => (contract, selector),
            Ok(Prepared::Done(follow_up)) => return Ok(follow_up.into_iter().collect()),
            Err(stop) => {
                if under.frames.len() == usize::from(place) {
                    under.push(waiting, waiting.kind, Work::Nothing);
                }
                return Err(stop);
            }
        };
        self.run_contract(under, place, waiting, (&contract, selector), observer)
    }

    /// Does work that needs no contract, or finds the contract that is to run.
    fn prepare(&mut self, under: &mut UnderWay<'_>, waiting: &Waiting) -> Result<Prepared, Stop> {
        let receiver = &waiting.receiver;
        let is_notified = waiting.kind == FrameKind::Notified;
        if *receiver == SYSTEM && !is_notified {
            let follow_up = self.native(under, waiting)?;
            return Ok(Prepared::Done(follow_up));
        }
        let contract = Contract::load(&mut self.state, receiver)?;
        let contract = match contract {
            Some(contract) if !contract.semantics.is_dacrs() => contract,
            _ if is_notified => {
                under.push(waiting, waiting.kind, Work::Nothing);
                return Ok(Prepared::Done(None));
            }
            None => {
                let reason = format!("{} has no contract", RegIdText(*receiver));
                return Err(Stop::fault("no_contract", reason));
            }
            Some(_) => {
                let reason = format!(
                    "{} runs under the old chain's rules, which have no actions",
                    RegIdText(*receiver)
                );
                return Err(Stop::fault("old_rules", reason));
            }
        };
        if is_notified && !contract.flags.contains(ContractFlags::APPLY) {
            under.push(waiting, waiting.kind, Work::Nothing);
            return Ok(Prepared::Done(None));
        }
        let action = waiting.subject.action;
        let is_named = action != Name::EMPTY && !contract.flags.contains(ContractFlags::APPLY);
        let selector = match is_named {
            true => match contract.select(&mut self.state, action)? {
                Selected::Selector(selector) => Some(selector),
                Selected::Untyped => None,
                Selected::NoAction => {
                    let reason = format!("{} has no action {action}", RegIdText(*receiver));
                    return Err(Stop::fault("no_action", reason));
                }
            },
            false => None,
        };
        if under.left() < contract.entry_gas {
            under.used = under.limit;
            return Err(Stop::failed(Fault::OutOfGas.into()));
        }
        if waiting.value != 0 {
            let input = match &selector {
                Some(selector) => std::slice::from_ref(selector),
                None => &waiting.subject.data[..],
            };
            if !contract.takes_money(&mut self.state, input)? {
                return Err(Failure::Contract(Rejection::Unpayable).into());
            }
            let most = self.chain.genesis().network.max_amount();
            native::send(
                &mut self.state,
                &waiting.caller,
                receiver,
                waiting.value,
                most,
            )?;
        }
        Ok(Prepared::Runs(contract, selector))
    }

    /// Runs the contract of a piece of work.
    fn run_contract(
        &mut self,
        under: &mut UnderWay<'_>,
        place: u16,
        waiting: &Waiting,
        (contract, selector): (&Contract, Option<u8>),
        observer: &mut dyn CallObserver,
    ) -> Result<Vec<FollowUp>, Stop> {
        let receiver = waiting.receiver;
        let module = self.ready(&receiver, contract)?;
        let Subject {
            code,
            action,
            data,
            actors,
            is_context_free,
        } = &*waiting.subject;
        let input: Arc<[u8]> = match contract.flags.contains(ContractFlags::APPLY) {
            true => apply::input(&receiver, code, *action, data).into(),
            false => match selector {
                Some(selector) => [&[selector], &data[..]].concat().into(),
                None => data.as_slice().into(),
            },
        };
        let context = CallContext {
            contract: receiver,
            input: &input,
            pay_amount: waiting.value,
            account_check: module.account_check(),
            ..under.context
        };
        let chain = self.chain;
        let schedule = Arc::clone(&under.rules.schedule);
        let host = Host::new(&context, chain, &mut self.state).priced_by(&schedule);
        let mut host = host.for_action(&ActionFrame {
            caller: waiting.caller,
            actors: Arc::clone(actors),
            is_context_free: *is_context_free,
            frames_before: usize::from(place),
        });
        let log = HostLog::after(place, std::mem::take(&mut self.log), self.kept.as_mut());
        // The first run is the one that the observer was made for.
        let is_first = place == 0;
        if !is_first {
            observer.entered(&Entered {
                contract: receiver,
                module: Arc::clone(&module),
                input: Arc::clone(&input),
                price: Gas::ZERO,
                gas: under.left(),
            });
        }
        let mut watched = (log, &mut *observer);
        let mut host_of_all = WithContracts::new(&mut host, chain, &schedule);
        let call = Call {
            input: &input,
            limits: CallLimits {
                gas: under.left(),
                ..CallLimits::NONE
            },
        };
        let report = drive(&module, &call, &mut host_of_all, &mut watched)?;
        let runs = host_of_all.runs;
        let (requests, transcript) = host.finish_frames();
        let mut logs = watched.0.finish();
        self.log = std::mem::take(&mut logs.buffer);
        let usage = report.usage;
        if !is_first {
            observer.left(&FrameEnd {
                outcome: report.outcome,
                usage,
            });
        }
        under.used = Gas(under.used.0.saturating_add(usage.gas.0));
        under.memory = under.memory.saturating_add(report.memory);
        let mut verdict: Verdict = report.outcome.into();
        if verdict.is_success() {
            under.offered = Gas(under.offered.0.saturating_add(report.offered.0));
            match settle(&requests, &mut self.state, &context) {
                Ok(()) => {}
                Err(Failure::Contract(refusal)) => {
                    verdict = Verdict::SettlementFailed {
                        reason: refusal.to_string(),
                    };
                }
                Err(Failure::Node(error)) => return Err(error.into()),
            }
        }
        let error = transcript.error.and_then(ErrorText::new);
        let outermost = Frame {
            parent: waiting.parent,
            ordinal: waiting.ordinal,
            kind: waiting.kind,
            receiver,
            caller: waiting.caller,
            code: *code,
            action: action.0,
            value: waiting.value,
            work: Work::Run(RunReceipt {
                semantics: contract.semantics,
                engine: module.engine(),
                code_hash: contract.code_hash,
                input_hash: blake2b(&input),
                verdict: verdict.clone(),
                error: error.clone(),
                cycles: usage.cycles.0,
                instructions: usage.instructions.0,
                steps: usage.steps,
                gas: usage.gas.0,
                host_calls: logs.calls,
                host_log: logs.hash,
                returned: transcript.returned,
                prints: requests.prints,
            }),
        };
        let run = frames::of(outermost, transcript.frames, runs, &logs.entered);
        under.add(place, run)?;
        let events = transcript.events.into_iter().filter_map(|event| {
            let frame = place.saturating_add(event.frame);
            Event::new(frame, event.name.into(), event.topics, event.data).ok()
        });
        under.events.extend(events);
        match verdict.is_success() {
            true => Ok(requests.follow_ups),
            false => Err(Stop::Failed(Box::new(Failed { verdict, error }))),
        }
    }
}
