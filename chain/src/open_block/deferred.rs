//! Deferred actions: those that are due are executed first in their block, each as a transaction of its own.

use super::OpenBlock;
use super::actions::{UnderWay, Waiting};
use crate::actions::SYSTEM;
use crate::actions::apply;
use crate::body::{Body, OnError};
use crate::error::ChainError;
use crate::receipt::{Receipt, Verdict};
use abi::{Gas, Name, Semantics};
use hostapi::NodeError;
use hostapi::accounts::give_back;
use hostapi::deferred::{self, Deferred, QueuePlace};

/// The action by which the chain tells a contract that its deferred action has failed. Nobody else can send it: the
/// chain itself has no action of this name.
const ON_ERROR: Name = match Name::of("onerror") {
    Some(name) => name,
    None => panic!("not a name"),
};

impl OpenBlock<'_> {
    /// Executes the deferred actions that are due, in their order, as many as a block may have.
    ///
    /// # Errors
    /// Only if the node fails.
    pub(super) fn execute_due(&mut self) -> Result<(), ChainError> {
        let mut left = self.schedule.general.deferred_gas_max;
        while let Some((place, entry)) = deferred::first_due(&mut self.state, self.height)? {
            let gas = entry.gas.0.saturating_add(entry.onerror_gas.0);
            // What each takes beside its run bounds their number too.
            if self.is_full() {
                break;
            }
            let Some(rest) = left.checked_sub(gas.saturating_add(self.schedule.effects.later))
            else {
                break;
            };
            left = rest;
            let receipt = self.execute_deferred(&place)?;
            let failed = receipt.id;
            if receipt.verdict != Verdict::Success && entry.onerror_gas != Gas::ZERO {
                self.tell_failure(&OnError {
                    by: entry.by,
                    failed,
                    id: entry.id,
                    account: entry.action.account,
                    name: entry.action.name,
                    value: entry.action.value,
                    gas: entry.onerror_gas,
                    price: entry.price,
                })?;
            }
        }
        Ok(())
    }

    /// Executes the deferred action at `place`. It is then none that waits, whatever becomes of it.
    pub(super) fn execute_deferred(&mut self, place: &QueuePlace) -> Result<&Receipt, ChainError> {
        let since = self.state.checkpoint();
        self.forget_reads();
        let entry = Deferred::load(&mut self.state, place)?;
        let missing = || NodeError::damaged(&place.key(), "a deferred action is expected");
        let entry = entry.ok_or_else(missing)?;
        entry.remove(&mut self.state, place);
        let reserved = self.prepaid(entry.by, entry.gas, entry.price);
        let (by, account) = (entry.by, entry.action.account);
        let (gas, to_tell) = (entry.gas, entry.onerror_gas.0.saturating_mul(entry.price));
        let action = entry.clone();
        let new = self.identify(Body::Deferred {
            place: *place,
            entry,
        })?;
        let context = self.context(by, new.id);
        let mut under = UnderWay::new(context, self.rules(Semantics::V1), gas);
        let waiting = Waiting::deferred(&mut under, &action);
        let result = self.perform(&mut under, waiting, 0, &mut ());
        let mut done = self.conclude(&reserved, Gas::ZERO, under, result)?;
        if done.verdict == Verdict::Success {
            let most = self.chain.genesis().network.max_amount();
            let given = give_back(&mut self.state, &by, to_tell, most)?;
            done.cost.fee = done.cost.fee.saturating_add(to_tell - given);
        }
        self.finish(new, since, (by, account), done)
    }

    /// Tells a contract that its deferred action has failed. What becomes of that is nobody else's concern.
    pub(super) fn tell_failure(&mut self, told: &OnError) -> Result<&Receipt, ChainError> {
        let since = self.state.checkpoint();
        self.forget_reads();
        let reserved = self.prepaid(told.by, told.gas, told.price);
        let new = self.identify(Body::OnError(told.clone()))?;
        let context = self.context(told.by, new.id);
        let mut under = UnderWay::new(context, self.rules(Semantics::V1), told.gas);
        let data = apply::onerror(told.id, &told.account, told.name, told.value);
        let waiting = Waiting::notice(&mut under, told.by, (SYSTEM, ON_ERROR), data);
        let result = self.perform(&mut under, waiting, 0, &mut ());
        let done = self.conclude(&reserved, Gas::ZERO, under, result)?;
        self.finish(new, since, (told.by, told.by), done)
    }
}
