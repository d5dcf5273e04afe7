//! Money from one account to another, without a contract.

use super::OpenBlock;
use crate::body::Body;
use crate::error::ChainError;
use crate::names::RegIdText;
use crate::receipt::{Receipt, Work};
use crate::registry::ContractRecord;
use hostapi::accounts::Account;
use state::keys::RegId;

impl OpenBlock<'_> {
    /// Moves `amount` from the account `sender` to the account `target`. The sender pays for being a transaction, as
    /// for a call without contract bytes.
    ///
    /// # Errors
    /// If the sender has no key or cannot pay, the target has no account, is a contract or would hold more than the
    /// network's largest amount, or the node fails. The block is then as it was.
    pub fn transfer(
        &mut self,
        sender: RegId,
        target: RegId,
        amount: u64,
    ) -> Result<&Receipt, ChainError> {
        self.check_room()?;
        if ContractRecord::load(&mut self.state, &target)?.is_some() {
            return Err(ChainError::ToContract {
                name: RegIdText(target).to_string(),
            });
        }
        let transaction = self.identify(Body::Transfer {
            sender,
            target,
            amount,
        })?;
        let gas = self.schedule.call_gas(0, amount).0;
        let fee = gas.saturating_mul(self.gas_price);
        let before = self.state.checkpoint();
        let moved = self
            .pay(&sender, amount.saturating_add(fee))
            .and_then(|()| self.credit(&target, amount));
        if let Err(error) = moved {
            self.state.revert(before);
            return Err(error);
        }
        self.finish_native(
            transaction,
            before,
            (sender, target, amount),
            (gas, fee),
            Work::Transfer,
        )
    }

    /// Adds `amount` to what the account `target` holds.
    fn credit(&mut self, target: &RegId, amount: u64) -> Result<(), ChainError> {
        let account = Account::of(&mut self.state, target)?;
        let (place, mut account) = account.ok_or_else(|| ChainError::Unknown {
            what: "account",
            name: RegIdText(*target).to_string(),
        })?;
        let most = self.chain.genesis().network.max_amount();
        let sum = account.balance.checked_add(amount);
        account.balance = sum
            .filter(|&sum| sum <= most)
            .ok_or(ChainError::AmountTooLarge {
                amount: account.balance.saturating_add(amount),
                most,
            })?;
        account.set(&mut self.state, place);
        Ok(())
    }
}
