//! The blocks reverted in turn, down to the first one.

use super::Check;
use super::counts::contract_of_data;
use crate::block::{Header, ids_of};
use crate::body::{Body, Stored};
use crate::export::pairs;
use crate::fuel::FUEL_NAME;
use crate::genesis::first_block;
use crate::head::{HEAD, Head};
use crate::names;
use crate::receipt::Receipt;
use crate::rollback;
use hostapi::NodeError;
use hostapi::accounts::Account;
use hostapi::deferred::{COUNT_NAME, Deferred};
use state::Batch;
use state::keys::{self, RegId, kind};
use std::collections::BTreeMap;

impl Check<'_> {
    /// Reverts the blocks, the newest first: each must leave a sound state, and after all of them
    /// there must be nothing but the first block. So no record of what a block replaced makes money,
    /// or anything else.
    pub(super) fn revert_blocks(&mut self, head: Head) -> Result<(), NodeError> {
        for height in (self.genesis.height..head.height)
            .rev()
            .map(|below| below + 1)
        {
            let key = keys::undo(height);
            let stored = self.store.get(&key)?;
            let undo = stored.and_then(|stored| rollback::decode(&stored));
            let (Some(undo), Some(parent)) = (undo, self.header(height - 1)?) else {
                self.problem(&key, "it cannot be read again");
                return Ok(());
            };
            if let Some(what) = self.revert_block(height, &parent, undo)? {
                self.problem(&key, what);
                return Ok(());
            }
        }
        let first = first_block(&self.genesis);
        for pair in pairs(self.store) {
            let (key, _) = pair?;
            // Another version of the program can have another schedule by this version.
            let is_first_schedule = *key == keys::schedule(self.genesis.height);
            let is_history = matches!(
                key[0],
                kind::BLOCK | kind::IDS | kind::TRANSACTION | kind::RECEIPT | kind::UNDO
            );
            if !is_history
                && !is_first_schedule
                && first.get(&key).cloned().flatten() != self.get(&key)?
            {
                self.problem(&key, "no block made it: it stays when all are taken back");
                return Ok(());
            }
        }
        let brought_back = self.replaced.iter().find(|(key, value)| {
            let is_first_schedule = **key == keys::schedule(self.genesis.height);
            value.is_some() && !is_first_schedule && first.get(*key) != Some(*value)
        });
        if let Some(key) = brought_back.map(|(key, _)| key.clone()) {
            self.problem(
                &key,
                "no block made it: it is there when all are taken back",
            );
        }
        Ok(())
    }

    /// Reverts one block, which had replaced `undo`: the problem with that, if there is one.
    fn revert_block(
        &mut self,
        height: u32,
        parent: &Header,
        undo: Batch,
    ) -> Result<Option<String>, NodeError> {
        let parent = Head {
            height: parent.height,
            time: parent.time,
            hash: parent.hash(),
        };
        if undo.get(&keys::meta(HEAD)) != Some(&Some(parent.encode())) {
            return Ok(Some("it does not lead back to the block before".into()));
        }
        let mut made = 0i128;
        let ids = self.store.get(&keys::ids(height))?;
        for id in ids.as_deref().and_then(ids_of).unwrap_or_default() {
            let stored = self.store.get(&keys::transaction(id))?;
            let stored = stored.as_deref().and_then(Stored::read);
            if let Some(Body::NewAccount { balance, .. }) = stored.and_then(|stored| stored.body())
            {
                made += i128::from(balance);
            }
            let stored = self.store.get(&keys::receipt(id))?;
            if let Some(receipt) = stored.and_then(|stored| Receipt::decode(&stored)) {
                made -= i128::from(receipt.fee);
            }
        }
        let mut gained = 0i128;
        let mut counted: BTreeMap<RegId, i64> = BTreeMap::new();
        for (key, before) in &undo {
            let now = self.get(key)?;
            let (now, before) = (now.as_deref(), before.as_deref());
            let name = key.get(1..).unwrap_or_default();
            match key.first() {
                Some(&kind::META) if name == HEAD.as_bytes() => {}
                Some(&kind::META) if name == COUNT_NAME.as_bytes() => {}
                Some(&kind::META) if name == FUEL_NAME.as_bytes() => {}
                Some(&kind::DEFERRED) => gained += prepaid(now) - prepaid(before),
                Some(&kind::ACCOUNT) => gained += balance(now) - balance(before),
                Some(&kind::DATA) => {
                    if let Some(id) = contract_of_data(key) {
                        let count = counted.entry(id).or_default();
                        *count += i64::from(now.is_some()) - i64::from(before.is_some());
                    }
                }
                Some(&kind::DATA_COUNT) => {
                    if let Ok(id) = name.try_into() {
                        *counted.entry(id).or_default() -= count_in(now) - count_in(before);
                    }
                }
                Some(
                    &(kind::REGISTERED
                    | kind::CONTRACT
                    | kind::CODE
                    | kind::INDEX
                    | kind::OBJECT
                    | kind::FIELD
                    | kind::OWNED
                    | kind::ABI
                    | kind::ABI_ACTIONS
                    | kind::APP_ACCOUNT
                    | kind::APP_FUND
                    | kind::DEFERRED_ID
                    | kind::SCHEDULE
                    | kind::NAME),
                ) => {}
                _ => {
                    let key = hex::encode(key);
                    return Ok(Some(format!("it has key {key}, which no block replaces")));
                }
            }
        }
        if gained != made {
            let what = format!(
                "the block made {made} of money, less fees, and with this accounts and deferred actions had gained {gained}"
            );
            return Ok(Some(what));
        }
        if let Some((id, _)) = counted.iter().find(|(_, difference)| **difference != 0) {
            let id = names::RegIdText(*id);
            return Ok(Some(format!(
                "the count of the keys of {id} would be wrong"
            )));
        }
        let keys: Vec<Vec<u8>> = undo.keys().cloned().collect();
        self.replaced.extend(undo);
        for key in keys {
            let value = self.replaced.get(&key).cloned().flatten();
            if let Some(value) = value
                && let Some(what) = self.pair(&key, &value)?
            {
                let key = hex::encode(key);
                return Ok(Some(format!("it puts back key {key}, and {what}")));
            }
        }
        Ok(None)
    }
}

/// The balance of a stored account; 0 where there is none.
fn balance(stored: Option<&[u8]>) -> i128 {
    let account = stored.and_then(Account::decode);
    account.map_or(0, |account| account.balance.into())
}

/// What was paid for a stored deferred action; 0 where there is none.
fn prepaid(stored: Option<&[u8]>) -> i128 {
    let entry = stored.and_then(Deferred::decode);
    entry.map_or(0, |entry| entry.prepaid().into())
}

/// The stored count of a contract's keys; 0 where there is none.
fn count_in(stored: Option<&[u8]>) -> i64 {
    let count = stored.and_then(|stored| <[u8; 4]>::try_from(stored).ok());
    count.map_or(0, |count| u32::from_le_bytes(count).into())
}
