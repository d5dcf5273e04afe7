//! Calls: a transaction of the block, or a query.

use super::actions::{Stop, UnderWay};
use super::outcome::{Cost, Done};
use super::{OpenBlock, frames};
use crate::body::Body;
use crate::error::ChainError;
use crate::hostlog::HostLog;
use crate::names::RegIdText;
use crate::receipt::{ErrorText, Event, Frame, FrameKind, Receipt, RunReceipt, Verdict, Work};
use crate::registry::{Contract, ContractRecord};
use crate::session::{self, FinishedRun, Payment, Rejection, Surroundings, Transaction};
use abi::{Gas, Name};
use bridge::{CallObserver, Cycles, Module, Steps};
use hostapi::fees::MAX_STEPS;
use hostapi::hash::blake2b;
use hostapi::{CallContext, FollowUp};
use state::keys::{Hash, RegId};
use std::sync::Arc;

/// A contract to call.
#[derive(Clone, Copy, Debug)]
pub struct CallRequest<'a> {
    /// The sender, who pays.
    pub sender: RegId,
    /// The contract.
    pub contract: RegId,
    /// The contract bytes, at most [`abi::layout::INPUT_MAX`].
    pub input: &'a [u8],
    /// The amount sent with it, in the smallest unit.
    pub value: u64,
    /// The payment for the run. Under the old chain's rules it must be by fuel, under ours by gas.
    pub payment: Payment,
}

impl OpenBlock<'_> {
    /// Calls a contract. Whatever the contract does, there is a receipt and the sender pays by the rules;
    /// its changes are kept only after a success.
    ///
    /// # Errors
    /// If the call cannot begin (no such contract, a sender who cannot pay), or the node fails. The block
    /// is then as it was.
    pub fn call(
        &mut self,
        request: &CallRequest<'_>,
        observer: &mut dyn CallObserver,
    ) -> Result<&Receipt, ChainError> {
        let before = self.place();
        match self.run(request, true, observer) {
            Ok(()) => Ok(self.newest()),
            Err(error) => {
                self.go_back(before);
                Err(error)
            }
        }
    }

    /// Makes a call that is no transaction, and reverts it: the receipt is that of a transaction.
    /// Nobody signs a query, so anybody can be named as its sender, also a contract.
    ///
    /// # Errors
    /// As [`OpenBlock::call`].
    pub fn query(
        &mut self,
        request: &CallRequest<'_>,
        observer: &mut dyn CallObserver,
    ) -> Result<Receipt, ChainError> {
        let before = self.place();
        match self.run(request, false, observer) {
            Ok(()) => Ok(self.take_back(before)),
            Err(error) => {
                self.go_back(before);
                Err(error)
            }
        }
    }

    /// Runs a call on this block's state, and adds it to the block. Nothing is prepared or hashed for a call that
    /// cannot be paid. A transaction needs a sender with a key.
    ///
    /// # Errors
    /// As [`OpenBlock::call`]; the state is then to be reverted.
    pub(super) fn run(
        &mut self,
        request: &CallRequest<'_>,
        needs_key: bool,
        observer: &mut dyn CallObserver,
    ) -> Result<(), ChainError> {
        self.check_room()?;
        let before = self.state.checkpoint();
        let CallRequest {
            sender,
            contract: id,
            input,
            value,
            payment,
        } = *request;
        self.forget_reads();
        if let Some(kept) = &mut self.kept {
            kept.clear();
        }
        let contract = self.contract(&id)?;
        let Contract {
            code_hash,
            semantics,
            ..
        } = contract;
        let rules = self.rules(semantics);
        let data = input;
        let input = &contract.input(&id, Name::EMPTY, data)[..];
        let mut transaction = Transaction {
            schedule: &rules.schedule,
            context: CallContext {
                semantics,
                contract: id,
                input,
                pay_amount: value,
                ..self.context(sender, Hash::default())
            },
            payment,
            needs_key,
            cycles: Cycles(u64::MAX),
            steps: Steps(u64::MAX),
        };
        if value != 0 && !contract.takes_money(&mut self.state, data)? {
            return Err(Rejection::Unpayable.into());
        }
        let admitted = session::admit(&transaction, contract.entry_gas, &mut self.state)?;
        let module = self.ready(&id, &contract)?;
        let new = self.identify(Body::Call {
            sender,
            contract: id,
            input: data.to_vec(),
            value,
            payment,
        })?;
        transaction.context.tx_hash = new.id;
        transaction.context.account_check = module.account_check();
        let buffer = std::mem::take(&mut self.log);
        let mut watched = (HostLog::new(buffer, self.kept.as_mut()), &mut *observer);
        let begun = session::begin(&transaction, admitted, &mut self.state);
        let mut run = begun.run(
            &transaction,
            &module,
            &mut self.state,
            &Surroundings {
                past: self.chain,
                contracts: Some(self.chain),
            },
            &mut watched,
        )?;
        let mut logs = watched.0.finish();
        self.log = std::mem::take(&mut logs.buffer);
        let usage = run.report.usage;
        let gas_before = session::gas_before(&transaction);
        let outermost = Frame {
            parent: None,
            ordinal: 1,
            kind: FrameKind::Action,
            receiver: id,
            caller: sender,
            code: id,
            action: 0,
            value,
            work: Work::Run(RunReceipt {
                semantics,
                engine: module.engine(),
                code_hash,
                input_hash: blake2b(input),
                verdict: verdict_of(&run.verdict),
                error: run.transcript.error.clone().and_then(ErrorText::new),
                cycles: usage.cycles.0,
                instructions: usage.instructions.0,
                steps: usage.steps,
                gas: usage.gas.0 - gas_before.0,
                host_calls: logs.calls,
                host_log: logs.hash,
                returned: std::mem::take(&mut run.transcript.returned),
                prints: std::mem::take(&mut run.requests.prints),
            }),
        };
        let seen = std::mem::take(&mut run.transcript.frames);
        let callees = std::mem::take(&mut run.callees);
        let events = std::mem::take(&mut run.transcript.events);
        let mut done = Done {
            verdict: verdict_of(&run.verdict),
            error: run.transcript.error.take().and_then(ErrorText::new),
            frames: frames::of(outermost, seen, callees, &logs.entered),
            events: events.into_iter().filter_map(event_of).collect(),
            cost: Cost::default(),
        };
        let asked = std::mem::take(&mut run.requests.follow_ups);
        if run.verdict.is_ok() && !asked.is_empty() {
            let context = self.context(sender, new.id);
            let mut under = UnderWay::new(context, rules.clone(), begun.gas());
            done = self.follow_up(
                (&mut under, gas_before),
                data,
                asked,
                done,
                &mut run,
                observer,
            )?;
        }
        begun.end(&transaction, &mut run, &mut self.state);
        self.charge_steps(run.steps_charged)?;
        let usage = run.report.usage;
        done.cost = Cost {
            gas: usage.gas.0,
            refund: usage.refund.0,
            fee: run.fee,
            memory: run.report.memory,
        };
        self.finish(new, before, (sender, id), done)?;
        Ok(())
    }

    /// Executes what follows a call that has run, with what is left of its gas; before the run it cost something too.
    #[cold]
    fn follow_up(
        &mut self,
        (under, gas_before): (&mut UnderWay<'_>, Gas),
        data: &[u8],
        asked: Vec<FollowUp>,
        done: Done,
        run: &mut FinishedRun,
        observer: &mut dyn CallObserver,
    ) -> Result<Done, ChainError> {
        let registered = self.registered;
        let report = &mut run.report;
        let used = Gas(report.usage.gas.0 - gas_before.0);
        under.resume(done.frames, used, report.offered);
        under.events = done.events;
        let followed = self.follow_call(under, data, asked, observer);
        report.memory = report.memory.saturating_add(under.memory);
        report.usage.gas = Gas(under.used.0.saturating_add(gas_before.0));
        report.usage.refund = Gas::ZERO;
        let mut done = Done {
            frames: std::mem::take(&mut under.frames),
            events: std::mem::take(&mut under.events),
            verdict: Verdict::Success,
            error: None,
            cost: Cost::default(),
        };
        match followed {
            Ok(()) => report.usage.refund = under.refund(),
            Err(Stop::Failed(failed)) => {
                self.registered = registered;
                self.ready = None;
                run.verdict = Err(Rejection::FollowUp);
                done.events.clear();
                (done.verdict, done.error) = (failed.verdict, failed.error);
            }
            Err(Stop::Node(error)) => return Err(error),
        }
        Ok(done)
    }

    /// The contract of this id.
    fn contract(&mut self, id: &RegId) -> Result<Contract, ChainError> {
        if let Some((last, contract, _)) = &self.ready
            && last == id
        {
            return Ok(*contract);
        }
        let name = || RegIdText(*id).to_string();
        match ContractRecord::load(&mut self.state, id)? {
            None => Err(ChainError::NoContract { name: name() }),
            Some(record) => record
                .contract
                .ok_or_else(|| ChainError::Undeployed { name: name() }),
        }
    }

    /// `contract`, whose id this is, ready to run.
    pub(super) fn ready(
        &mut self,
        id: &RegId,
        contract: &Contract,
    ) -> Result<Arc<dyn Module>, ChainError> {
        if let Some((last, _, prepared)) = &self.ready
            && last == id
        {
            return Ok(prepared.clone());
        }
        let modules = self.chain.modules();
        let rules = self.rules(contract.semantics);
        let prepared = modules.get(&mut self.state, &contract.code_hash, &rules)?;
        self.ready = Some((*id, *contract, prepared.clone()));
        Ok(prepared)
    }

    /// Counts the steps of a call that was accepted under the old chain's rules.
    fn charge_steps(&mut self, steps: u64) -> Result<(), ChainError> {
        let total = self.steps.saturating_add(steps);
        if total > MAX_STEPS {
            return Err(ChainError::BlockFull("its calls took 12,000,000 steps"));
        }
        self.steps = total;
        Ok(())
    }
}

/// The verdict on a call that ran.
fn verdict_of(settled: &Result<(), Rejection>) -> Verdict {
    match settled {
        Ok(()) => Verdict::Success,
        Err(Rejection::Run(outcome)) => (*outcome).into(),
        Err(other) => Verdict::SettlementFailed {
            reason: other.to_string(),
        },
    }
}

/// An event of a host as a receipt has it.
fn event_of(event: hostapi::Event) -> Option<Event> {
    Event::new(event.frame, event.name.into(), event.topics, event.data).ok()
}
