//! Payments and app accounts: methods 24 and 32 to 34. Payments and operations are made after the run.

use crate::app_accounts::{Frozen, Head, Thawing};
use crate::app_funds::{self, AppAccount, FUND_SIZE, FundRecord, USER_SIZE};
use crate::dispatch::{Host, Served};
use crate::failure::Failure;
use crate::host::{CallEnd, HostFault};
use crate::outputs::{OUTPUTS_END, Output};
use abi::Gas;
use abi::method::Method;
use state::keys;

/// Above this height the old chain refuses operations with a negative amount.
const NEGATIVE_AMOUNT_HEIGHT: u32 = 99_854;

/// The price of `records` records at `each`.
fn price(records: usize, each: u64) -> Gas {
    Gas(each.saturating_mul(records as u64))
}

impl Host<'_, '_> {
    /// Asks for payments.
    pub(crate) fn output(
        &mut self,
        records: impl ExactSizeIterator<Item = Output>,
    ) -> Result<Served, Failure<CallEnd>> {
        self.pay(price(records.len(), self.schedule.effects.output_record))?;
        self.requests.outputs.extend(records);
        if self.requests.outputs.len() >= OUTPUTS_END {
            return Err(HostFault::TooManyOutputs.into());
        }
        Ok(Served::DONE)
    }

    /// What a user of this contract has now, as the old rules look at it: whole; `None` if thawing overflows.
    fn app_account(&mut self, user: &[u8]) -> Result<Option<AppAccount>, Failure<CallEnd>> {
        Ok(AppAccount::load(self.state, &self.context.contract, user)?.thawed(&self.context))
    }

    /// A user's free amount.
    pub(crate) fn app_free(&mut self, user: &[u8; USER_SIZE]) -> Result<Served, Failure<CallEnd>> {
        let Some(user) = app_funds::name(user) else {
            return self.undefined(Method::AppFree);
        };
        let free = if self.context.semantics.is_dacrs() {
            self.app_account(user)?.map(|account| account.free)
        } else {
            let head = Head::load(self.state, &self.context.contract, user)?;
            self.thawed(user)?
                .and_then(|thawed| head.free.checked_add(thawed))
        };
        match free {
            Some(free) => self.answer(&free.to_le_bytes()),
            None => Ok(Served::REFUSED),
        }
    }

    /// What of a user's frozen funds has come by now, and pays for each; `None` if the sum does not fit.
    fn thawed(&mut self, user: &[u8]) -> Result<Option<u64>, Failure<CallEnd>> {
        let mut sum = Some(0u64);
        let mut thawing = Thawing::of(&self.context, user);
        while let Some((_, amount)) = thawing.next(self.state)? {
            self.pay(Gas(self.schedule.effects.thawed))?;
            sum = sum.and_then(|sum| sum.checked_add(amount));
        }
        Ok(sum)
    }

    /// The amount of a user's fund with a tag and a height.
    pub(crate) fn app_frozen(
        &mut self,
        fund: &[u8; FUND_SIZE],
    ) -> Result<Served, Failure<CallEnd>> {
        let record = FundRecord(*fund);
        let Some((user, tag)) = record.user().zip(record.tag()) else {
            return self.undefined(Method::AppFrozen);
        };
        let height = record.height();
        let amount = if self.context.semantics.is_dacrs() {
            let account = self.app_account(user)?;
            account.and_then(|account| Some(account.fund(tag, height)?.amount))
        } else {
            let key = keys::app_fund(&self.context.contract, user, height, tag);
            let (_, fund) = Frozen::find(self.state, &key)?;
            fund.filter(|_| height > self.context.height)
                .map(|fund| fund.amount)
        };
        match amount {
            Some(amount) => self.answer(&amount.to_le_bytes()),
            None => Ok(Served::REFUSED),
        }
    }

    /// Asks for operations on app accounts.
    ///
    /// Under the old rules the records before a refused one stay asked for, and negative amounts are
    /// refused above a height only; under ours the call is served as a whole or not at all.
    pub(crate) fn app_operate(
        &mut self,
        records: &[[u8; FUND_SIZE]],
    ) -> Result<Served, Failure<CallEnd>> {
        let is_dacrs = self.context.semantics.is_dacrs();
        self.pay(price(records.len(), self.schedule.effects.app_record))?;
        let before = self.requests.funds.len();
        for record in records.iter().copied().map(FundRecord) {
            if record.amount() < 0 && (!is_dacrs || self.context.height > NEGATIVE_AMOUNT_HEIGHT) {
                if !is_dacrs {
                    self.requests.funds.truncate(before);
                }
                return Ok(Served::REFUSED);
            }
            if record.user().is_none() {
                self.requests.funds.truncate(before);
                return self.undefined(Method::AppOperate);
            }
            // What has come by now is made free before the first operation on a user's account.
            if !is_dacrs
                && let Some(user) = record.user()
                && self.requests.funds.last().and_then(FundRecord::user) != Some(user)
            {
                self.thawed(user)?;
            }
            self.requests.funds.push(record);
        }
        let added = self.requests.funds.len() - before;
        Ok(Served {
            step_delta: (added * FUND_SIZE) as i64 - 1,
            ..Served::DONE
        })
    }
}
