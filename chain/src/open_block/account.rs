//! New accounts.

use super::OpenBlock;
use crate::body::Body;
use crate::error::ChainError;
use crate::identity;
use crate::names::{self, RegIdText};
use crate::receipt::{Receipt, Work};
use crate::session::Rejection;
use hostapi::accounts::Account;
use hostapi::hash::key_hash;
use state::keys::{self, KeyId, RegId};

impl OpenBlock<'_> {
    /// Makes an account with the development key of `name`. Its money comes from nowhere, so nobody pays a fee;
    /// the receipt names the gas. What was paid to its address before is added.
    ///
    /// # Errors
    /// If the name cannot be used, the balance is larger than the network allows, or the node fails.
    pub fn new_account(&mut self, name: &str, balance: u64) -> Result<&Receipt, ChainError> {
        self.check_room()?;
        let id = self.next_regid()?;
        self.check_free(name)?;
        let public_key = identity::public_key(name);
        let key_id = key_hash(&public_key);
        let account = Account {
            balance,
            regid: Some(id),
            public_key: Some(public_key),
        };
        let account = self.with_paid(&key_id, account)?;
        let transaction = self.identify(Body::NewAccount {
            id,
            name: name.into(),
            balance,
            public_key,
        })?;
        let before = self.state.checkpoint();
        account.register(&mut self.state, &key_id);
        self.state.put(&keys::name(name), id);
        self.registered += 1;
        let gas = self.schedule.account_gas(name.len()).0;
        self.finish_native(transaction, before, (id, id, 0), (gas, 0), Work::NewAccount)
    }

    /// Refuses a name that cannot be a local name, or is in use.
    pub(super) fn check_free(&mut self, name: &str) -> Result<(), ChainError> {
        names::check_name(name)?;
        match names::named(&mut self.state, name)? {
            Some(_) => Err(ChainError::NameTaken { name: name.into() }),
            None => Ok(()),
        }
    }

    /// `account`, which is to be registered under `key_id`, with what was paid to its address before.
    pub(super) fn with_paid(
        &mut self,
        key_id: &KeyId,
        account: Account,
    ) -> Result<Account, ChainError> {
        let paid = Account::load(&mut self.state, key_id)?.unwrap_or_default();
        if let Some(id) = paid.regid {
            return Err(ChainError::AddressTaken {
                regid: RegIdText(id).to_string(),
            });
        }
        let most = self.chain.genesis().network.max_amount();
        let balance = account.balance.saturating_add(paid.balance);
        if balance > most {
            return Err(ChainError::AmountTooLarge {
                amount: balance,
                most,
            });
        }
        Ok(Account { balance, ..account })
    }

    /// Takes `cost` from the account `sender`, which must have a key.
    pub(super) fn pay(&mut self, sender: &RegId, cost: u64) -> Result<(), ChainError> {
        self.forget_reads();
        let account = Account::of(&mut self.state, sender)?;
        let (place, mut account) = account.ok_or(Rejection::UnknownSender)?;
        if account.public_key.is_none() {
            return Err(Rejection::NoKey.into());
        }
        let balance = account.balance;
        account.balance = balance
            .checked_sub(cost)
            .ok_or(Rejection::InsufficientBalance { balance, cost })?;
        account.set(&mut self.state, place);
        Ok(())
    }
}
