//! Whether a state is sound: every key of the schema, everything that points to something else, and every block taken
//! back in turn, down to the first one.

use crate::action::{Action, Stored};
use crate::block::{Header, hash_of_hashes, ids_of};
use crate::chain::Chain;
use crate::error::ChainError;
use crate::export::pairs;
use crate::genesis::{FORMAT_NAME, GENESIS, Genesis, check_format, first_block};
use crate::head::{HEAD, Head};
use crate::modules::Modules;
use crate::names;
use crate::receipt::Receipt;
use crate::registry::Contract;
use crate::rollback;
use abi::Semantics;
use hostapi::NodeError;
use hostapi::accounts::{Account, contract_key_id};
use hostapi::app_accounts;
use hostapi::hash::{blake2b, key_hash};
use loader::Image;
use state::keys::{self, Hash, KeyId, RegId, kind};
use state::{Batch, StateStore};
use std::collections::BTreeMap;

/// Something in the state that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key in hex.
    pub key: String,
    /// What is wrong, as a sentence.
    pub what: String,
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// How many pairs there are.
    pub pairs: u64,
    /// How many blocks.
    pub blocks: u64,
    /// What is wrong; empty for a sound state.
    pub problems: Vec<Problem>,
}

impl Chain {
    /// Reads the whole state and checks it.
    ///
    /// # Errors
    /// If the store cannot be read; a damaged state is no error but a list of [`Problem`]s.
    pub fn check(&self) -> Result<Checked, NodeError> {
        check(self.store())
    }
}

/// Reads the whole state in `store` and checks it. It holds what blocks replaced in memory: the keys of the state, and
/// the values that the oldest blocks to change them found.
///
/// # Errors
/// If the store cannot be read; a damaged state is no error but a list of [`Problem`]s.
pub fn check(store: &dyn StateStore) -> Result<Checked, NodeError> {
    let mut check = Check {
        store,
        replaced: Batch::new(),
        found: Checked::default(),
        transactions: BTreeMap::new(),
        modules: Modules::new(),
        runnable: BTreeMap::new(),
        genesis: Genesis::default(),
        head: None,
    };
    let key = keys::meta(GENESIS);
    match store.get(&key)?.and_then(|stored| Genesis::decode(&stored)) {
        Some(genesis) => check.genesis = genesis,
        None => {
            check.problem(&key, "the chain's first settings are missing");
            return Ok(check.found);
        }
    }
    match check_format(store) {
        Ok(()) => {}
        Err(ChainError::Node(NodeError::Store(error))) => return Err(error.into()),
        Err(error) => {
            check.problem(&keys::meta(FORMAT_NAME), error.to_string());
            return Ok(check.found);
        }
    }
    let key = keys::meta(HEAD);
    check.head = store.get(&key)?.and_then(|stored| Head::decode(&stored));
    match check.head {
        None => check.problem(&key, "it names no newest block"),
        Some(head) if head.height < check.genesis.height => {
            check.problem(&key, "the newest block is below the first one");
        }
        Some(_) => {}
    }
    let mut counts = Counts::new();
    for pair in pairs(store) {
        let (key, value) = pair?;
        check.found.pairs += 1;
        if let Some(contract) = contract_of_data(&key) {
            *counts.entry(contract).or_default() += 1;
        }
        if key.first() == Some(&kind::TRANSACTION)
            && let Some(stored) = Stored::read(&value)
        {
            // Each block is held against its ids; that none is left over, their number says.
            *check.transactions.entry(stored.height).or_default() += 1;
        }
        if let Some(what) = check.pair(&key, &value)? {
            check.problem(&key, what);
        }
    }
    check.counts(counts)?;
    if let Some(head) = check.head {
        check.blocks(head)?;
        // Only what is sound can be taken back step by step.
        if check.found.problems.is_empty() {
            check.take_back(head)?;
        }
    }
    Ok(check.found)
}

/// Keys of data, by contract.
type Counts = BTreeMap<RegId, u32>;

/// The contract whose data has `key`, if it is such a key.
fn contract_of_data(key: &[u8]) -> Option<RegId> {
    key.strip_prefix(&[kind::DATA])?.first_chunk().copied()
}

struct Check<'c> {
    store: &'c dyn StateStore,
    /// What the blocks that were taken back so far had replaced.
    replaced: Batch,
    found: Checked,
    /// Transactions found and not held against their block's ids yet, by height.
    transactions: BTreeMap<u32, usize>,
    modules: Modules,
    /// What the chain must keep of a contract, by its image and rules; nothing for an image that cannot be run.
    runnable: BTreeMap<(Hash, Semantics), Option<Contract>>,
    genesis: Genesis,
    head: Option<Head>,
}

impl Check<'_> {
    fn problem(&mut self, key: &[u8], what: impl Into<String>) {
        self.found.problems.push(Problem {
            key: hex::encode(key),
            what: what.into(),
        });
    }

    /// The value of `key` after the newest block that was not taken back.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, NodeError> {
        match self.replaced.get(key) {
            Some(value) => Ok(value.clone()),
            None => Ok(self.store.get(key)?),
        }
    }

    /// Whether there is a block of this height, and whether it can be taken back.
    fn has_block(&self, height: u32) -> (bool, bool) {
        let first = self.genesis.height;
        let is_there = |head: Head| (first..=head.height).contains(&height);
        let there = self.head.is_some_and(is_there);
        (there, there && height > first)
    }

    /// What is wrong with one pair, if anything is.
    fn pair(&mut self, key: &[u8], value: &[u8]) -> Result<Option<&'static str>, NodeError> {
        let Some((&kind, name)) = key.split_first() else {
            return Ok(Some("the key is empty"));
        };
        let sound = |sound: bool, what| if sound { None } else { Some(what) };
        let height = || Some(u32::from_be_bytes(name.try_into().ok()?));
        Ok(match kind {
            kind::META => sound(
                [FORMAT_NAME, GENESIS, HEAD]
                    .iter()
                    .any(|known| known.as_bytes() == name),
                "there is no such fact of a chain",
            ),
            kind::ACCOUNT => self.account(name, value)?,
            kind::REGISTERED => {
                let account = match <KeyId>::try_from(value) {
                    Ok(key_id) => self.get(&keys::account(&key_id))?,
                    Err(_) => None,
                };
                let account = account.and_then(|bytes| Account::decode(&bytes));
                let points_back = account.and_then(|account| account.regid);
                sound(
                    points_back.is_some_and(|id| id == name),
                    "it points to no account that has this id",
                )
            }
            kind::CONTRACT => self.contract(name, value)?,
            kind::CODE => {
                let hash = Image::decode(value).map(|image| image.code_hash());
                sound(
                    hash.is_ok_and(|hash| hash == name),
                    "it is no image of this hash",
                )
            }
            kind::DATA => sound(name.len() >= 6, "the key names no contract"),
            kind::DATA_COUNT => sound(
                name.len() == 6 && value.len() == 4,
                "it is no count of a contract's keys",
            ),
            kind::APP_ACCOUNT => sound(
                app_accounts::is_account(name, value),
                "it is no app account",
            ),
            kind::APP_FUND => sound(
                app_accounts::is_fund(name, value),
                "it is no frozen fund of an app account",
            ),
            kind::NAME => self.name(name, value)?,
            kind::BLOCK => {
                let header = Header::decode(value);
                let stands_for = header.map(|header| header.height);
                match (stands_for, height()) {
                    (Some(stands_for), Some(height)) if stands_for == height => sound(
                        self.has_block(height).0,
                        "it lies beyond the first or the newest block",
                    ),
                    _ => Some("it is no header of a block of this height"),
                }
            }
            kind::IDS => sound(
                ids_of(value).is_some() && height().is_some_and(|height| self.has_block(height).0),
                "they are no ids of a block's transactions",
            ),
            kind::TRANSACTION => transaction(name, value),
            kind::RECEIPT => match Receipt::decode(value) {
                Some(receipt) => self.receipt(name, &receipt)?,
                None => Some("it is no receipt"),
            },
            kind::UNDO => {
                let can_be_taken_back = height().is_some_and(|height| self.has_block(height).1);
                sound(
                    can_be_taken_back && rollback::decode(value).is_some(),
                    "it is no record of what a block replaced",
                )
            }
            _ => Some("there is no such kind of key"),
        })
    }

    fn account(&self, name: &[u8], value: &[u8]) -> Result<Option<&'static str>, NodeError> {
        let Some(account) = Account::decode(value).filter(|_| name.len() == 20) else {
            return Ok(Some("it is no account"));
        };
        if account.balance > self.genesis.network.max_amount() {
            return Ok(Some("it holds more than the network allows"));
        }
        if account.public_key.is_some_and(|key| key_hash(&key) != name) {
            return Ok(Some("its public key does not have this key id"));
        }
        let Some(regid) = account.regid else {
            return Ok(None);
        };
        let points_back = self.get(&keys::registered(&regid))?;
        Ok((points_back.as_deref() != Some(name))
            .then_some("its registered id points to another account"))
    }

    fn contract(&mut self, name: &[u8], value: &[u8]) -> Result<Option<&'static str>, NodeError> {
        let (Ok(id), Some(contract)) = (<RegId>::try_from(name), Contract::decode(value)) else {
            return Ok(Some("it is no contract"));
        };
        let Some(code) = self.get(&keys::code(&contract.code_hash))? else {
            return Ok(Some("its image is missing"));
        };
        let Contract {
            code_hash,
            semantics,
            ..
        } = contract;
        let prepare = || {
            let image = Image::decode(&code).ok()?;
            let rules = self.genesis.rules(semantics);
            let prepared = self.modules.prepare(&image, &rules).ok()?;
            Some(Contract::of(code_hash, semantics, &*prepared))
        };
        let key = (code_hash, semantics);
        match *self.runnable.entry(key).or_insert_with(prepare) {
            None => return Ok(Some("its image cannot be run")),
            Some(expected) if expected != contract => {
                return Ok(Some(
                    "its engine, or the gas before its first instruction, is not that of its image",
                ));
            }
            Some(_) => {}
        }
        let account = self.get(&keys::registered(&id))?;
        Ok((account.as_deref() != Some(&contract_key_id(&id)[..]))
            .then_some("its registered id is not that of a contract's account"))
    }

    fn name(&self, name: &[u8], value: &[u8]) -> Result<Option<&'static str>, NodeError> {
        let readable = str::from_utf8(name).is_ok_and(|name| names::check_name(name).is_ok());
        if !readable {
            return Ok(Some("the key holds no local name"));
        }
        let Ok(id) = <RegId>::try_from(value) else {
            return Ok(Some("it is no registered id"));
        };
        let there = self.get(&keys::registered(&id))?;
        Ok(there.is_none().then_some("it is the name of nobody"))
    }

    fn receipt(&self, name: &[u8], receipt: &Receipt) -> Result<Option<&'static str>, NodeError> {
        if receipt.id != name {
            return Ok(Some("the receipt is of another transaction"));
        }
        let stored = self.store.get(&keys::transaction(&receipt.id))?;
        let place = stored
            .as_deref()
            .and_then(Stored::read)
            .map(|stored| (stored.height, stored.index));
        Ok((place != Some((receipt.height, receipt.index)))
            .then_some("its transaction is missing or stands elsewhere"))
    }

    /// Compares the counts of data keys with the keys there are.
    fn counts(&mut self, mut there: Counts) -> Result<(), NodeError> {
        let prefix = [kind::DATA_COUNT];
        let mut after: Option<Vec<u8>> = None;
        while let Some((key, value)) = self.store.next(&prefix, after.as_deref())? {
            if let (Ok(id), Ok(count)) = (RegId::try_from(&key[1..]), value.try_into()) {
                let (there, stated) = (there.remove(&id).unwrap_or(0), u32::from_le_bytes(count));
                self.count(&id, there, stated)?;
            }
            after = Some(key);
        }
        for (id, there) in there {
            self.count(&id, there, 0)?;
        }
        Ok(())
    }

    fn count(&mut self, id: &RegId, there: u32, stated: u32) -> Result<(), NodeError> {
        let key = keys::data_count(id);
        if there != stated {
            let what = format!("it says that the contract has {stated} keys, it has {there}");
            self.problem(&key, what);
        }
        if there > 0 && self.store.get(&keys::contract(id))?.is_none() {
            self.problem(&key, "there are data, and no contract that has them");
        }
        Ok(())
    }

    /// Follows the blocks from the first to the newest.
    fn blocks(&mut self, head: Head) -> Result<(), NodeError> {
        let first = first_block(&self.genesis);
        for key in [
            keys::block(self.genesis.height),
            keys::ids(self.genesis.height),
        ] {
            if first.get(&key[..]) != Some(&self.store.get(&key)?) {
                let what = "it is not that of the block that the chain's settings begin with";
                self.problem(&key, what);
            }
        }
        let (mut parent, mut time) = (Hash::default(), 0);
        for height in self.genesis.height..=head.height {
            let key = keys::block(height);
            let Some(header) = self.header(height)? else {
                self.problem(&key, "the block is missing");
                return Ok(());
            };
            self.found.blocks += 1;
            if let Some(what) = self.block(&header, height, parent)? {
                self.problem(&key, what);
            }
            (parent, time) = (header.hash(), header.time);
        }
        for height in std::mem::take(&mut self.transactions).into_keys() {
            self.problem(
                &keys::block(height),
                "there are transactions of it, and no block",
            );
        }
        if (parent, time) != (head.hash, head.time) {
            self.problem(
                &keys::block(head.height),
                "its hash and time are not those of the newest block",
            );
        }
        Ok(())
    }

    fn header(&self, height: u32) -> Result<Option<Header>, NodeError> {
        let stored = self.store.get(&keys::block(height))?;
        Ok(stored.and_then(|stored| Header::decode(&stored)))
    }

    fn block(
        &mut self,
        header: &Header,
        height: u32,
        parent: Hash,
    ) -> Result<Option<&'static str>, NodeError> {
        if header.height != height || header.parent != parent {
            return Ok(Some("it does not follow the block before it"));
        }
        let stored = self.store.get(&keys::ids(height))?;
        let Some(ids) = stored.as_deref().and_then(ids_of) else {
            return Ok(Some("the ids of its transactions are missing"));
        };
        if hash_of_hashes(ids) != header.transactions {
            return Ok(Some("its transactions do not have the hash in its header"));
        }
        let there = self.transactions.remove(&height).unwrap_or_default();
        if there != ids.len() {
            return Ok(Some(
                "there are not as many transactions of it as it has ids",
            ));
        }
        let mut receipts = Vec::new();
        for (id, index) in ids.iter().zip(0..=u16::MAX) {
            let stored = self.store.get(&keys::transaction(id))?;
            let place = stored.as_deref().and_then(Stored::read);
            if place.is_none_or(|stored| (stored.height, stored.index) != (height, index)) {
                return Ok(Some("a transaction of it is missing or stands elsewhere"));
            }
            let Some(stored) = self.store.get(&keys::receipt(id))? else {
                return Ok(Some("a receipt of it is missing"));
            };
            receipts.push(blake2b(&stored));
        }
        if receipts.len() != ids.len() {
            return Ok(Some("it has more transactions than a block can have"));
        }
        if hash_of_hashes(&receipts) != header.receipts {
            return Ok(Some("its receipts do not have the hash in its header"));
        }
        if self.has_block(height).1 && self.store.get(&keys::undo(height))?.is_none() {
            return Ok(Some("what it replaced is not recorded"));
        }
        Ok(None)
    }

    /// Takes the blocks back, the newest first: each must leave a sound state, and after all of them there must be
    /// nothing but the first block. So no record of what a block replaced makes money, or anything else.
    fn take_back(&mut self, head: Head) -> Result<(), NodeError> {
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
            if let Some(what) = self.take_back_one(height, &parent, undo)? {
                self.problem(&key, what);
                return Ok(());
            }
        }
        let first = first_block(&self.genesis);
        for pair in pairs(self.store) {
            let (key, _) = pair?;
            let is_history = matches!(
                key[0],
                kind::BLOCK | kind::IDS | kind::TRANSACTION | kind::RECEIPT | kind::UNDO
            );
            if !is_history && first.get(&key).cloned().flatten() != self.get(&key)? {
                self.problem(&key, "no block made it: it stays when all are taken back");
                return Ok(());
            }
        }
        let brought_back = self
            .replaced
            .iter()
            .find(|(key, value)| value.is_some() && first.get(*key) != Some(*value));
        if let Some(key) = brought_back.map(|(key, _)| key.clone()) {
            self.problem(
                &key,
                "no block made it: it is there when all are taken back",
            );
        }
        Ok(())
    }

    /// Takes one block back, which had replaced `undo`. What is wrong with that, if anything is.
    fn take_back_one(
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
            let action = stored.as_deref().and_then(Stored::read);
            if let Some(Action::NewAccount { balance, .. }) = action.and_then(|it| it.action()) {
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
                    | kind::APP_ACCOUNT
                    | kind::APP_FUND
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
                "the block made {made} of money, less fees, and with this the accounts had gained {gained}"
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

/// What is wrong with a transaction, if anything is.
fn transaction(id: &[u8], value: &[u8]) -> Option<&'static str> {
    if blake2b(value) != id {
        return Some("the transaction has another id");
    }
    let action = Stored::read(value).and_then(|stored| stored.action());
    action.is_none().then_some("it is no transaction")
}

/// What an account holds; nothing where there is none.
fn balance(stored: Option<&[u8]>) -> i128 {
    let account = stored.and_then(Account::decode);
    account.map_or(0, |account| account.balance.into())
}

/// The number of a contract's keys that is stored; 0 where none is.
fn count_in(stored: Option<&[u8]>) -> i64 {
    let count = stored.and_then(|stored| <[u8; 4]>::try_from(stored).ok());
    count.map_or(0, |count| u32::from_le_bytes(count).into())
}
