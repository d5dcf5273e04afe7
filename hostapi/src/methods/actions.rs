//! Actions: authority, and what follows a run.

use crate::accounts::{self, Account};
use crate::actions::{FollowUp, Following, SentAction};
use crate::deferred::{self, Deferred, RECORD_SIZE};
use crate::dispatch::{Host, Served};
use crate::failure::Failure;
use crate::host::CallEnd;
use abi::Gas;
use state::keys::RegId;
use std::sync::Arc;

/// Why an action is not sent that [`SentAction::read`] does not take.
const NO_ACTION: &str = "the action or its authorities are none that the contract can send";

impl Host<'_, '_> {
    /// Whether the running frame has the authority of an account.
    pub(super) fn acts_for(&self, account: &RegId) -> bool {
        match &self.running.actors {
            Some(actors) => actors.contains(account),
            None => *account == self.running.caller,
        }
    }

    /// Method 0x0109.
    pub(crate) fn has_auth(&mut self, account: &RegId) -> Result<Served, Failure<CallEnd>> {
        let has = self.acts_for(account);
        self.answer(&[u8::from(has)])
    }

    /// Method 0x010A.
    pub(crate) fn notify(&mut self, account: &RegId) -> Served {
        let input = self.running.input.as_ref().map(Arc::clone);
        self.follow_up(Following::Notify {
            account: *account,
            input,
        })
    }

    /// Method 0x010B.
    pub(crate) fn send_action(
        &mut self,
        action: &[u8; 22],
        authorization: &[[u8; 14]],
        data: Option<&[u8]>,
    ) -> Result<Served, Failure<CallEnd>> {
        let by = self.context.contract;
        let Some(sent) = SentAction::read(&by, action, authorization, data) else {
            return Ok(Served::refused(NO_ACTION));
        };
        if sent.value != 0 {
            self.pay(Gas(self.schedule.effects.value))?;
        }
        // It leaves the contract's account, if only later.
        self.requests.sent = self.requests.sent.saturating_add(sent.leaving());
        Ok(self.follow_up(Following::Inline(sent)))
    }

    /// Method 0x010C.
    pub(crate) fn send_context_free(&mut self, action: &[u8; 22], data: Option<&[u8]>) -> Served {
        let by = self.context.contract;
        match SentAction::read(&by, action, &[], data) {
            Some(sent) if sent.value == 0 => self.follow_up(Following::ContextFree(sent)),
            _ => Served::REFUSED,
        }
    }

    /// Method 0x010D.
    pub(crate) fn send_deferred(
        &mut self,
        record: &[u8; RECORD_SIZE],
        authorization: &[[u8; 14]],
        data: Option<&[u8]>,
    ) -> Result<Served, Failure<CallEnd>> {
        let by = self.context.contract;
        let Some((id, delay, [gas, onerror_gas], action)) = fields(record) else {
            return Ok(Served::refused("the record has not the form of one"));
        };
        let Some(action) = SentAction::read(&by, action, authorization, data) else {
            return Ok(Served::refused(NO_ACTION));
        };
        // It would leave when no run is checked.
        if self.context.account_check && action.leaving() != 0 {
            return Ok(Served::refused(
                "a contract whose account is checked defers no amounts",
            ));
        }
        let bounds = &self.schedule.general;
        if gas.saturating_add(onerror_gas) > bounds.deferred_entry_gas_max {
            return Ok(Served::refused("more gas than deferred actions may have"));
        }
        let delays = 1..=bounds.deferred_delay_max;
        let due = self.context.height.checked_add(delay);
        let Some(due) = due.filter(|_| delays.contains(&u64::from(delay))) else {
            return Ok(Served::refused(
                "the delay is none of 1 to 1,000,000 blocks",
            ));
        };
        let entry = Deferred {
            by,
            id,
            gas: Gas(gas),
            onerror_gas: Gas(onerror_gas),
            price: self.context.gas_price,
            action,
        };
        self.pay(self.schedule.deferred_gas(
            deferred::stored_size(&entry.action),
            entry.action.value != 0,
            onerror_gas != 0,
        ))?;
        if deferred::find(self.state, &by, id)?.is_some() {
            return Ok(Served::refused("one of this id waits already"));
        }
        let cost = entry.prepaid();
        let Some((place, mut account)) = Account::of(self.state, &by)? else {
            return Ok(Served::refused("the contract has no account"));
        };
        let Some(left) = account.balance.checked_sub(cost) else {
            return Ok(Served::refused(
                "the contract's balance lacks what is paid in advance: amount, gas and gas of onerror",
            ));
        };
        account.balance = left;
        account.set(self.state, place);
        self.requests.sent = self.requests.sent.saturating_add(cost);
        entry.add(self.state, due)?;
        self.answer(&due.to_le_bytes())
    }

    /// Method 0x010E.
    pub(crate) fn cancel_deferred(&mut self, id: i64) -> Result<Served, Failure<CallEnd>> {
        let by = self.context.contract;
        let id = id.cast_unsigned();
        let Some(place) = deferred::find(self.state, &by, id)? else {
            return self.answer(&[0]);
        };
        let Some(entry) = Deferred::load(self.state, &place)? else {
            return self.answer(&[0]);
        };
        let size = deferred::stored_size(&entry.action);
        let removed = self.schedule.storage.change(size, Some(&[]), None);
        self.pay(removed.charge)?;
        let before = self.state.checkpoint();
        entry.remove(self.state, &place);
        let most = self.context.network.max_amount();
        let given = accounts::give_back(self.state, &by, entry.prepaid(), most)?;
        if given != entry.prepaid() {
            // The rest would belong to nobody, and no fee says so.
            self.state.revert(before);
            return Ok(Served::refused(
                "what comes back does not fit into the contract's account",
            ));
        }
        self.requests.come_back = self.requests.come_back.saturating_add(given);
        self.answer(&[1])
    }

    fn follow_up(&mut self, what: Following) -> Served {
        self.requests.follow_ups.push(FollowUp {
            frame: self.running.number,
            by: self.context.contract,
            what,
        });
        Served::DONE
    }
}

/// Id, delay, both amounts of gas, and the action of the record of a deferred action.
fn fields(record: &[u8; RECORD_SIZE]) -> Option<(u64, u32, [u64; 2], &[u8; 22])> {
    let (id, rest) = record.split_first_chunk()?;
    let (delay, rest) = rest.split_first_chunk()?;
    let (gas, rest) = rest.split_first_chunk()?;
    let (onerror_gas, action) = rest.split_first_chunk()?;
    let gas = [gas, onerror_gas].map(|gas| u64::from_le_bytes(*gas));
    Some((
        u64::from_le_bytes(*id),
        u32::from_le_bytes(*delay),
        gas,
        action.try_into().ok()?,
    ))
}
