//! Whether a state is sound: every key of the schema, and everything that points to something else.

use crate::action::Stored;
use crate::block::{Header, hash_of_hashes, ids_of};
use crate::chain::Chain;
use crate::export::pairs;
use crate::receipt::Receipt;
use crate::registry::Contract;
use crate::rollback;
use hostapi::NodeError;
use hostapi::accounts::Account;
use hostapi::app_funds::AppAccount;
use hostapi::hash::{blake2b, key_hash};
use hostapi::state::StateStore;
use hostapi::state::keys::{self, Hash, KeyId, RegId, kind};
use loader::Image;
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
        let mut check = Check {
            chain: self,
            found: Checked::default(),
            counts: BTreeMap::new(),
            transactions: BTreeMap::new(),
        };
        for pair in pairs(self.store()) {
            let (key, value) = pair?;
            check.found.pairs += 1;
            if let Some(what) = check.pair(&key, &value)? {
                check.problem(&key, what);
            }
        }
        check.counts()?;
        check.blocks()?;
        Ok(check.found)
    }
}

struct Check<'c> {
    chain: &'c Chain,
    found: Checked,
    /// Keys of data found, by contract.
    counts: BTreeMap<RegId, u32>,
    /// Transactions found, by height.
    transactions: BTreeMap<u32, usize>,
}

impl Check<'_> {
    fn problem(&mut self, key: &[u8], what: impl Into<String>) {
        self.found.problems.push(Problem {
            key: hex::encode(key),
            what: what.into(),
        });
    }

    fn store(&self) -> &dyn StateStore {
        self.chain.store()
    }

    /// What is wrong with one pair, if anything is.
    fn pair(&mut self, key: &[u8], value: &[u8]) -> Result<Option<&'static str>, NodeError> {
        let Some((&kind, name)) = key.split_first() else {
            return Ok(Some("the key is empty"));
        };
        let sound = |sound: bool, what| if sound { None } else { Some(what) };
        Ok(match kind {
            kind::META => None,
            kind::ACCOUNT => self.account(name, value)?,
            kind::REGISTERED => {
                let account = match <KeyId>::try_from(value) {
                    Ok(key_id) => self.store().get(&keys::account(&key_id))?,
                    Err(_) => None,
                };
                let account = account.and_then(|bytes| Account::decode(&bytes));
                let points_back = account.and_then(|account| account.regid);
                sound(
                    points_back.is_some_and(|id| id == name),
                    "it points to no account that has this id",
                )
            }
            kind::CONTRACT => match Contract::decode(value) {
                Some(contract) => {
                    let image = self.store().get(&keys::code(&contract.code_hash))?;
                    sound(image.is_some(), "its image is missing")
                }
                None => Some("it is no contract"),
            },
            kind::CODE => {
                let hash = Image::decode(value).map(|image| image.code_hash());
                sound(
                    hash.is_ok_and(|hash| hash == name),
                    "it is no image of this hash",
                )
            }
            kind::DATA => match name.first_chunk::<6>() {
                Some(contract) => {
                    *self.counts.entry(*contract).or_default() += 1;
                    None
                }
                None => Some("the key names no contract"),
            },
            kind::DATA_COUNT => sound(
                name.len() == 6 && value.len() == 4,
                "it is no count of a contract's keys",
            ),
            kind::APP_ACCOUNT => sound(
                name.len() > 6 && AppAccount::decode(value).is_some(),
                "it is no app account",
            ),
            kind::NAME => match <RegId>::try_from(value) {
                Ok(id) => {
                    let there = self.store().get(&keys::registered(&id))?;
                    sound(there.is_some(), "it is the name of nobody")
                }
                Err(_) => Some("it is no registered id"),
            },
            kind::BLOCK => sound(
                Header::decode(value).is_some(),
                "it is no header of a block",
            ),
            kind::IDS => sound(
                ids_of(value).is_some() && name.len() == 4,
                "they are no ids of a block's transactions",
            ),
            kind::TRANSACTION => self.transaction(name, value)?,
            kind::RECEIPT => match Receipt::decode(value) {
                Some(receipt) => self.receipt(name, &receipt)?,
                None => Some("it is no receipt"),
            },
            kind::UNDO => sound(
                rollback::decode(value).is_some(),
                "it is no record of what a block replaced",
            ),
            _ => Some("there is no such kind of key"),
        })
    }

    fn account(&self, name: &[u8], value: &[u8]) -> Result<Option<&'static str>, NodeError> {
        let Some(account) = Account::decode(value) else {
            return Ok(Some("it is no account"));
        };
        if account.balance > self.chain.genesis().network.max_amount() {
            return Ok(Some("it holds more than the network allows"));
        }
        if account.public_key.is_some_and(|key| key_hash(&key) != name) {
            return Ok(Some("its public key does not have this key id"));
        }
        let Some(regid) = account.regid else {
            return Ok(None);
        };
        let points_back = self.store().get(&keys::registered(&regid))?;
        Ok((points_back.as_deref() != Some(name))
            .then_some("its registered id points to another account"))
    }

    fn receipt(&self, name: &[u8], receipt: &Receipt) -> Result<Option<&'static str>, NodeError> {
        if receipt.id != name {
            return Ok(Some("the receipt is of another transaction"));
        }
        let stored = self.store().get(&keys::transaction(&receipt.id))?;
        let place = stored
            .as_deref()
            .and_then(Stored::read)
            .map(|stored| (stored.height, stored.index));
        Ok((place != Some((receipt.height, receipt.index)))
            .then_some("its transaction is missing or stands elsewhere"))
    }

    fn transaction(
        &mut self,
        name: &[u8],
        value: &[u8],
    ) -> Result<Option<&'static str>, NodeError> {
        if blake2b(value) != name {
            return Ok(Some("the transaction has another id"));
        }
        let stored = Stored::read(value);
        let Some((stored, _)) = stored.and_then(|stored| Some((stored, stored.action()?))) else {
            return Ok(Some("it is no transaction"));
        };
        // Each block is held against its ids; that none is left over, their number says.
        *self.transactions.entry(stored.height).or_default() += 1;
        Ok(None)
    }

    /// Compares the counts of data keys with the keys there are.
    fn counts(&mut self) -> Result<(), NodeError> {
        let mut stated = BTreeMap::new();
        let prefix = [kind::DATA_COUNT];
        let mut after: Option<Vec<u8>> = None;
        while let Some((key, value)) = self.store().next(&prefix, after.as_deref())? {
            if let (Ok(id), Ok(count)) = (RegId::try_from(&key[1..]), value.try_into()) {
                stated.insert(id, u32::from_le_bytes(count));
            }
            after = Some(key);
        }
        let ids: Vec<RegId> = stated.keys().chain(self.counts.keys()).copied().collect();
        for id in ids {
            let there = self.counts.get(&id).copied().unwrap_or_default();
            let stated = stated.get(&id).copied().unwrap_or_default();
            if there != stated {
                let what = format!("it says that the contract has {stated} keys, it has {there}");
                self.problem(&keys::data_count(&id), what);
                self.counts.insert(id, stated);
            }
        }
        Ok(())
    }

    /// Follows the blocks from the first to the newest.
    fn blocks(&mut self) -> Result<(), NodeError> {
        let head = self.chain.head()?;
        let mut parent = Hash::default();
        for height in self.chain.genesis().height..=head.height {
            let key = keys::block(height);
            let stored = self.store().get(&key)?;
            let Some(header) = stored.and_then(|stored| Header::decode(&stored)) else {
                self.problem(&key, "the block is missing");
                return Ok(());
            };
            self.found.blocks += 1;
            if let Some(what) = self.block(&header, height, parent)? {
                self.problem(&key, what);
            }
            parent = header.hash();
        }
        for height in std::mem::take(&mut self.transactions).into_keys() {
            self.problem(
                &keys::block(height),
                "there are transactions of it, and no block",
            );
        }
        if parent != head.hash {
            self.problem(
                &keys::block(head.height),
                "its hash is not the one of the newest block",
            );
        }
        Ok(())
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
        let stored = self.store().get(&keys::ids(height))?;
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
        for (id, index) in ids.iter().zip(0u16..) {
            let stored = self.store().get(&keys::transaction(id))?;
            let place = stored.as_deref().and_then(Stored::read);
            if place.is_none_or(|stored| (stored.height, stored.index) != (height, index)) {
                return Ok(Some("a transaction of it is missing or stands elsewhere"));
            }
            let Some(stored) = self.store().get(&keys::receipt(id))? else {
                return Ok(Some("a receipt of it is missing"));
            };
            receipts.push(blake2b(&stored));
        }
        if hash_of_hashes(&receipts) != header.receipts {
            return Ok(Some("its receipts do not have the hash in its header"));
        }
        if height > self.chain.genesis().height && self.store().get(&keys::undo(height))?.is_none()
        {
            return Ok(Some("what it replaced is not recorded"));
        }
        Ok(None)
    }
}
