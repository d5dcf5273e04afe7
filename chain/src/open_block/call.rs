//! Calls: a transaction of the block, or a query.

use super::{NewTransaction, OpenBlock};
use crate::action::Action;
use crate::error::ChainError;
use crate::hostlog::HostLog;
use crate::names::RegIdText;
use crate::receipt::{ActionReceipt, CallReceipt, Receipt, Verdict};
use crate::registry::Contract;
use crate::session::{self, Payment, Rejection, Transaction};
use bridge::{CallObserver, Cycles, Module, Steps};
use hostapi::CallContext;
use hostapi::fees::MAX_STEPS;
use hostapi::hash::blake2b;
use loader::Image;
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

/// A call that was run and settled.
pub(super) struct Called {
    pub(super) transaction: NewTransaction,
    pub(super) receipt: Box<CallReceipt>,
    /// The sender's fee, in the smallest unit.
    pub(super) fee: u64,
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
        let before = self.state.checkpoint();
        match self.run(request, None, true, observer) {
            Ok(called) => {
                let parties = (request.sender, request.contract);
                let action = ActionReceipt::Call(called.receipt);
                Ok(self.finish_transaction(called.transaction, parties, called.fee, action))
            }
            Err(error) => {
                self.state.revert(before);
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
        let (before, steps) = (self.state.checkpoint(), self.steps);
        let result = self.run(request, None, false, observer);
        self.state.revert(before);
        self.steps = steps;
        let called = result?;
        Ok(Receipt {
            id: called.transaction.id,
            height: self.height,
            index: self.next_index()?,
            sender: request.sender,
            target: request.contract,
            fee: called.fee,
            action: ActionReceipt::Call(called.receipt),
        })
    }

    /// Runs a call on this block's state, with the contract's own image if it is given no other.
    /// Nothing is prepared or hashed for a call that cannot be paid. A transaction needs a sender
    /// with a key.
    ///
    /// # Errors
    /// As [`OpenBlock::call`]; the state is then to be reverted.
    pub(super) fn run(
        &mut self,
        request: &CallRequest<'_>,
        image: Option<&Image>,
        needs_key: bool,
        observer: &mut dyn CallObserver,
    ) -> Result<Called, ChainError> {
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
        let rules = self.chain.rules(semantics);
        let mut transaction = Transaction {
            schedule: &rules.schedule,
            context: CallContext {
                semantics,
                network: self.chain.genesis().network,
                height: self.height,
                chain_tip: self.parent.height,
                block_time: self.time,
                tip_time: u32::try_from(self.parent.time).unwrap_or(u32::MAX),
                tx_hash: Hash::default(),
                sender,
                contract: id,
                input,
                pay_amount: value,
                traversal: true,
                account_check: false,
            },
            payment,
            needs_key,
            cycles: Cycles(u64::MAX),
            steps: Steps(u64::MAX),
        };
        let mut admitted = session::admit(&transaction, contract.entry_gas, &mut self.state)?;
        let module = match image {
            None => self.ready(&id, &contract)?,
            Some(image) => {
                let module = self.chain.modules().prepare(image, &rules)?;
                // Another image has another price of entry.
                admitted = session::admit(&transaction, module.entry_gas(), &mut self.state)?;
                module
            }
        };
        let new = self.identify(Action::Call {
            sender,
            contract: id,
            input: input.to_vec(),
            value,
            payment,
        })?;
        transaction.context.tx_hash = new.id;
        transaction.context.account_check = module.account_check();
        let buffer = std::mem::take(&mut self.log);
        let mut watched = (HostLog::new(buffer, self.kept.as_mut()), observer);
        let run = session::apply(
            &transaction,
            admitted,
            &module,
            &mut self.state,
            self.chain,
            &mut watched,
        )?;
        let (host_calls, host_log, buffer) = watched.0.finish();
        self.log = buffer;
        self.charge_steps(run.steps_charged)?;
        let usage = run.report.usage;
        let receipt = CallReceipt {
            semantics,
            engine: module.engine(),
            schedule: rules.schedule.version,
            code_hash,
            input_hash: blake2b(input),
            value,
            verdict: match run.verdict {
                Ok(()) => Verdict::Success,
                Err(Rejection::Run(outcome)) => outcome.into(),
                Err(other) => Verdict::SettlementFailed {
                    reason: other.to_string(),
                },
            },
            cycles: usage.cycles.0,
            instructions: usage.instructions.0,
            steps: usage.steps,
            gas: usage.gas.0,
            refund: usage.refund.0,
            host_calls,
            host_log,
            prints: run.requests.prints,
        };
        Ok(Called {
            transaction: new,
            receipt: Box::new(receipt),
            fee: run.fee,
        })
    }

    /// The contract of this id. A deployed contract never changes.
    fn contract(&mut self, id: &RegId) -> Result<Contract, ChainError> {
        if let Some((last, contract, _)) = &self.ready
            && last == id
        {
            return Ok(*contract);
        }
        Contract::load(&mut self.state, id)?.ok_or_else(|| ChainError::NoContract {
            name: RegIdText(*id).to_string(),
        })
    }

    /// `contract`, whose id this is, ready to run.
    fn ready(&mut self, id: &RegId, contract: &Contract) -> Result<Arc<dyn Module>, ChainError> {
        if let Some((last, _, prepared)) = &self.ready
            && last == id
        {
            return Ok(prepared.clone());
        }
        let modules = self.chain.modules();
        let rules = self.chain.rules(contract.semantics);
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
