//! What a contract can ask about transactions, accounts and blocks: methods 10 to 15, 29, 30 and 35.

use crate::accounts::{self, Account};
use crate::context::KnownTx;
use crate::dispatch::{Host, Served};
use crate::failure::Failure;
use crate::host::{CallEnd, NodeError};
use crate::varint;
use abi::method::{AccountName, Method};
use state::keys::{Hash, KeyId, RegId};

impl Host<'_, '_> {
    /// The account of that name.
    fn account(&mut self, name: AccountName<'_>) -> Result<Option<Account>, NodeError> {
        match accounts::resolve(self.state, self.context.network, name)? {
            Some(key_id) => Account::load(self.state, &key_id),
            None => Ok(None),
        }
    }

    /// A fact of a confirmed transaction.
    pub(crate) fn about_tx<const N: usize>(
        &mut self,
        tx: &Hash,
        fact: fn(KnownTx) -> [u8; N],
    ) -> Result<Served, Failure<CallEnd>> {
        match self.chain.transaction(tx)? {
            Some(tx) => self.answer(&fact(tx)),
            None => Ok(Served::REFUSED),
        }
    }

    /// The contract bytes of a confirmed transaction.
    pub(crate) fn tx_contract(&mut self, tx: &Hash) -> Result<Served, Failure<CallEnd>> {
        match self.chain.transaction_input(tx)? {
            Some(input) => self.answer(&input),
            None => Ok(Served::REFUSED),
        }
    }

    /// An account's public key. The original's node stopped at an account without one.
    pub(crate) fn pubkey(&mut self, account: AccountName<'_>) -> Result<Served, Failure<CallEnd>> {
        let Some(account) = self.account(account)? else {
            return Ok(Served::REFUSED);
        };
        match account.public_key {
            Some(key) => self.answer(&key),
            None => self.undefined(Method::Pubkey),
        }
    }

    /// An account's balance.
    pub(crate) fn balance(&mut self, account: AccountName<'_>) -> Result<Served, Failure<CallEnd>> {
        match self.account(account)? {
            Some(account) => self.answer(&account.balance.to_le_bytes()),
            None => Ok(Served::REFUSED),
        }
    }

    /// The address of a registered account.
    pub(crate) fn address(&mut self, regid: &RegId) -> Result<Served, Failure<CallEnd>> {
        match accounts::key_id_of(self.state, regid)? {
            Some(key_id) if key_id != KeyId::default() => {
                self.answer(self.context.network.address(&key_id).as_bytes())
            }
            _ => Ok(Served::REFUSED),
        }
    }

    /// The hash of an earlier block: not of block 0, nor of one that is not there yet.
    pub(crate) fn block_hash(&mut self, height: i32) -> Result<Served, Failure<CallEnd>> {
        let height = u32::try_from(height).ok().filter(|&height| {
            height > 0 && height < self.context.height && height <= self.context.chain_tip
        });
        let Some(height) = height else {
            return Ok(Served::REFUSED);
        };
        match self.chain.block_hash(height)? {
            Some(hash) => self.answer(&hash),
            None => Ok(Served::REFUSED),
        }
    }

    /// The numbers in the input of a confirmed transaction.
    pub(crate) fn tx_unpack(
        &mut self,
        format: &[u8],
        tx: &Hash,
    ) -> Result<Served, Failure<CallEnd>> {
        match self.chain.transaction_input(tx)? {
            Some(input) => self.unpack(format, &input),
            None => Ok(Served::REFUSED),
        }
    }

    /// The numbers in `input`.
    pub(crate) fn unpack(
        &mut self,
        format: &[u8],
        input: &[u8],
    ) -> Result<Served, Failure<CallEnd>> {
        let mut out = Vec::new();
        match varint::unpack(format, input, self.context.semantics, &mut out) {
            Some(_) => self.answer(&out),
            None => Ok(Served::REFUSED),
        }
    }
}
