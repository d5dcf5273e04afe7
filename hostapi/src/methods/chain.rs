//! What a contract can ask about transactions, accounts and blocks: methods 10 to 15, 29, 30 and 35.

use crate::accounts::{self, Account};
use crate::context::KnownTx;
use crate::dispatch::{Host, Served};
use crate::failure::Failure;
use crate::host::{CallEnd, NodeError};
use crate::varint;
use abi::codec::Args;
use abi::method;
use state::keys::Hash;

impl Host<'_, '_> {
    /// The contract bytes of the confirmed transaction that `hash` names.
    fn input_of(&self, hash: &[u8]) -> Result<Option<Vec<u8>>, NodeError> {
        match hash.try_into() {
            Ok(hash) => self.chain.transaction_input(hash),
            Err(_) => Ok(None),
        }
    }

    /// The account that the only argument names.
    fn account(&mut self, args: &Args<'_>) -> Result<Option<Account>, NodeError> {
        let Some([id]) = args.exactly() else {
            return Ok(None);
        };
        match accounts::resolve(self.state, self.context.network, id)? {
            Some(key_id) => Account::load(self.state, &key_id),
            None => Ok(None),
        }
    }

    /// A fact of the transaction that the only argument names.
    pub(crate) fn about_tx<const N: usize>(
        &mut self,
        args: &Args<'_>,
        fact: fn(KnownTx) -> [u8; N],
    ) -> Result<Served, Failure<CallEnd>> {
        let hash: Option<&Hash> = args.exactly().and_then(|[hash]| hash.try_into().ok());
        let Some(hash) = hash else {
            return Ok(Served::REFUSED);
        };
        let Some(tx) = self.chain.transaction(hash)? else {
            return Ok(Served::REFUSED);
        };
        self.answer(&fact(tx))
    }

    /// The contract bytes of the transaction that the only argument names.
    pub(crate) fn tx_contract(&mut self, args: &Args<'_>) -> Result<Served, Failure<CallEnd>> {
        let Some([hash]) = args.exactly() else {
            return Ok(Served::REFUSED);
        };
        let Some(input) = self.input_of(hash)? else {
            return Ok(Served::REFUSED);
        };
        self.answer(&input)
    }

    /// An account's public key. The original's node stopped at an account without one.
    pub(crate) fn pubkey(&mut self, args: &Args<'_>) -> Result<Served, Failure<CallEnd>> {
        let Some(account) = self.account(args)? else {
            return Ok(Served::REFUSED);
        };
        match account.public_key {
            Some(key) => self.answer(&key),
            None => self.undefined(method::PUBKEY),
        }
    }

    /// An account's balance.
    pub(crate) fn balance(&mut self, args: &Args<'_>) -> Result<Served, Failure<CallEnd>> {
        let Some(account) = self.account(args)? else {
            return Ok(Served::REFUSED);
        };
        self.answer(&account.balance.to_le_bytes())
    }

    /// The address of a registered account.
    pub(crate) fn address(&mut self, args: &Args<'_>) -> Result<Served, Failure<CallEnd>> {
        let Some([regid]) = args.exactly() else {
            return Ok(Served::REFUSED);
        };
        let network = self.context.network;
        let key_id =
            accounts::resolve(self.state, network, regid)?.filter(|key_id| *key_id != [0; 20]);
        let Some(key_id) = key_id else {
            return Ok(Served::REFUSED);
        };
        self.answer(network.address(&key_id).as_bytes())
    }

    /// The hash of an earlier block: not of block 0, nor of one that is not there yet.
    pub(crate) fn block_hash(&mut self, args: &Args<'_>) -> Result<Served, Failure<CallEnd>> {
        let height = args
            .exactly()
            .and_then(|[height]| Some(i32::from_le_bytes(height.try_into().ok()?)));
        let height = height
            .and_then(|height| u32::try_from(height).ok())
            .filter(|&height| {
                height > 0 && height < self.context.height && height <= self.context.chain_tip
            });
        let Some(height) = height else {
            return Ok(Served::REFUSED);
        };
        let Some(hash) = self.chain.block_hash(height)? else {
            return Ok(Served::REFUSED);
        };
        self.answer(&hash)
    }

    /// The numbers in the input.
    pub(crate) fn unpack(&mut self, args: &Args<'_>) -> Result<Served, Failure<CallEnd>> {
        let Some([format]) = args.exactly() else {
            return Ok(Served::REFUSED);
        };
        self.unpacked(format, self.context.input)
    }

    /// The numbers in the input of a transaction.
    pub(crate) fn tx_unpack(&mut self, args: &Args<'_>) -> Result<Served, Failure<CallEnd>> {
        let Some([format, hash]) = args.exactly() else {
            return Ok(Served::REFUSED);
        };
        let Some(input) = self.input_of(hash)? else {
            return Ok(Served::REFUSED);
        };
        self.unpacked(format, &input)
    }

    fn unpacked(&mut self, format: &[u8], input: &[u8]) -> Result<Served, Failure<CallEnd>> {
        let mut out = Vec::new();
        if varint::unpack(format, input, self.context.semantics, &mut out).is_none() {
            return Ok(Served::REFUSED);
        }
        self.answer(&out)
    }
}
