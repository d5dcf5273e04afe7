//! The form of each pair, and of the other pairs that it points to.

use super::Check;
use crate::block::{Header, ids_of};
use crate::body::Stored;
use crate::fuel::{FUEL_NAME, Fuel};
use crate::genesis::{FORMAT_NAME, GENESIS};
use crate::head::HEAD;
use crate::interface;
use crate::names;
use crate::receipt::Receipt;
use crate::registry::{Contract, ContractFlags, ContractRecord};
use crate::{rollback, schedules};
use bridge::Rules;
use hostapi::NodeError;
use hostapi::accounts::{Account, contract_key_id};
use hostapi::app_accounts;
use hostapi::deferred::{COUNT_NAME, Deferred, QueuePlace};
use hostapi::hash::{blake2b, key_hash};
use hostapi::objects::{FIELD_MAX, Object};
use loader::Image;
use state::keys::{self, KeyId, RegId, kind};

impl Check<'_> {
    /// The problem of one pair, if it has one.
    pub(super) fn pair(
        &mut self,
        key: &[u8],
        value: &[u8],
    ) -> Result<Option<&'static str>, NodeError> {
        let Some((&kind, name)) = key.split_first() else {
            return Ok(Some("the key is empty"));
        };
        let sound = |sound: bool, what| if sound { None } else { Some(what) };
        let height = || Some(u32::from_be_bytes(name.try_into().ok()?));
        Ok(match kind {
            kind::META if name == COUNT_NAME.as_bytes() => {
                sound(value.len() == 8, "it is no number of deferred actions")
            }
            kind::META if name == FUEL_NAME.as_bytes() => {
                let settings = self.genesis.fuel_rate;
                let fuel = Fuel::decode(value);
                sound(
                    fuel.zip(settings).is_some_and(|(fuel, by)| fuel.fits(&by)),
                    "it is no price of gas with the gas of the newest blocks",
                )
            }
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
            kind::ABI => {
                let actions = self.get(&joined(kind::ABI_ACTIONS, name))?;
                sound(
                    interface::hash(value) == name && interface::actions(value).ok() == actions,
                    "it is no ABI of this hash, or its actions are missing or others",
                )
            }
            kind::ABI_ACTIONS => sound(
                self.get(&joined(kind::ABI, name))?.is_some(),
                "they are the actions of no ABI",
            ),
            kind::DATA => sound(name.len() >= 6, "the key names no contract"),
            kind::DATA_COUNT => sound(
                name.len() == 6 && value.len() == 4,
                "it is no count of a contract's keys",
            ),
            kind::INDEX => self.index_entry(name, value)?,
            kind::OBJECT => self.object(name, value)?,
            kind::FIELD => self.field(name)?,
            kind::OWNED => self.owned(name, value)?,
            kind::APP_ACCOUNT => sound(
                app_accounts::is_account(name, value),
                "it is no app account",
            ),
            kind::APP_FUND => sound(
                app_accounts::is_fund(name, value),
                "it is no frozen fund of an app account",
            ),
            kind::DEFERRED => self.deferred(key, value)?,
            kind::DEFERRED_ID => {
                let place = QueuePlace::of_key(&[&[kind::DEFERRED], value].concat());
                let entry = match place {
                    Some(place) => self.get(&place.key())?,
                    None => None,
                };
                let entry = entry.and_then(|stored| Deferred::decode(&stored));
                sound(
                    entry.is_some_and(|entry| keys::deferred_id(&entry.by, entry.id) == key),
                    "it points to no deferred action of this contract and id",
                )
            }
            kind::SCHEDULE => sound(
                schedules::of_pair(key, value).is_some(),
                "it is no gas schedule",
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
        let record = ContractRecord::decode(value);
        let (Ok(id), Some(record)) = (<RegId>::try_from(name), record) else {
            return Ok(Some("it is no contract"));
        };
        let account = self.get(&keys::registered(&id))?;
        if account.as_deref() != Some(&contract_key_id(&id)[..]) {
            return Ok(Some(
                "its registered id is not that of a contract's account",
            ));
        }
        match record.contract {
            Some(Contract { abi: Some(abi), .. }) if self.get(&keys::abi(&abi))?.is_none() => {
                Ok(Some("its ABI is missing"))
            }
            Some(contract) => self.code_of(&contract),
            None => Ok(None),
        }
    }

    /// The problem of a contract's code, if it has one.
    fn code_of(&mut self, contract: &Contract) -> Result<Option<&'static str>, NodeError> {
        let Some(code) = self.get(&keys::code(&contract.code_hash))? else {
            return Ok(Some("its image is missing"));
        };
        let Contract {
            code_hash,
            semantics,
            ..
        } = *contract;
        let prepare = || {
            let image = Image::decode(&code).ok()?;
            let prepared = self.schedules.iter().map(|schedule| {
                let mut rules = Rules::by(schedule, semantics);
                rules.limits = rules.limits.once_deployed();
                let prepared = self.modules.prepare(&image, &rules).ok()?;
                // What its deployer chose is no fact of the image.
                let flags = ContractFlags::empty();
                Some(Contract::of(code_hash, semantics, &*prepared, flags, None))
            });
            prepared.collect()
        };
        let key = (code_hash, semantics);
        match self.runnable.entry(key).or_insert_with(prepare) {
            None => return Ok(Some("its image cannot be run")),
            // Deployed under any schedule of the chain: what the record says is what is asked before a call.
            Some(expected)
                if expected.iter().all(|expected| {
                    let (flags, abi) = (contract.flags, contract.abi);
                    Contract {
                        flags,
                        abi,
                        ..*expected
                    } != *contract
                }) =>
            {
                return Ok(Some(
                    "its engine, or the gas before its first instruction, is not that of its image",
                ));
            }
            Some(_) => {}
        }
        Ok(None)
    }

    /// An entry of an index can outlive its row, which a contract may write by other methods.
    fn index_entry(&self, name: &[u8], value: &[u8]) -> Result<Option<&'static str>, NodeError> {
        // Contract, number of the index, number of the entry, and a key.
        let Some((id, entry)) = name.split_first_chunk::<{ size_of::<RegId>() }>() else {
            return Ok(Some("the key names no contract"));
        };
        if entry.len() <= 1 + size_of::<u64>() || !value.is_empty() {
            return Ok(Some("it is no entry of an index"));
        }
        let there = self.get(&keys::contract(id))?;
        Ok(there.is_none().then_some("no contract can have this index"))
    }

    /// An object, or how many a contract ever made.
    fn object(&self, name: &[u8], value: &[u8]) -> Result<Option<&'static str>, NodeError> {
        let Some((contract, id)) = name.split_first_chunk::<{ size_of::<RegId>() }>() else {
            return Ok(Some("the key names no contract"));
        };
        if self.get(&keys::contract(contract))?.is_none() {
            return Ok(Some("no contract can have made it"));
        }
        if id.is_empty() {
            let is_count = value.len() == size_of::<u64>();
            return Ok((!is_count).then_some("it is no count of a contract's objects"));
        }
        let (Ok(id), Some(object)) = (<[u8; 8]>::try_from(id), Object::decode(value)) else {
            return Ok(Some("it is no object"));
        };
        let id = u64::from_be_bytes(id);
        let made = self.get(&keys::object_count(contract))?;
        let made = made.and_then(|made| made.try_into().ok());
        if id == 0 || Some(id) > made.map(u64::from_le_bytes) {
            return Ok(Some("its id is not among those that were given"));
        }
        if self.get(&keys::registered(&object.owner))?.is_none() {
            return Ok(Some("its owner is nobody"));
        }
        let entry = self.get(&keys::owned_object(&object.owner, contract, id))?;
        Ok(entry.is_none().then_some("its owner has no entry of it"))
    }

    /// The object of a contract and an id, as keys have them one after the other, if it is there.
    fn object_of(&self, contract: &[u8], id: &[u8]) -> Result<Option<Object>, NodeError> {
        let object = self.get(&[&[kind::OBJECT], contract, id].concat())?;
        Ok(object.and_then(|object| Object::decode(&object)))
    }

    /// The name of a field's key: contract, id, field.
    fn field(&self, name: &[u8]) -> Result<Option<&'static str>, NodeError> {
        let length = name.len().saturating_sub(6 + 8);
        if !(1..=FIELD_MAX).contains(&length) {
            return Ok(Some("it is no field of an object"));
        }
        let object = self.object_of(&name[..6], &name[6..14])?;
        Ok(object.is_none().then_some("the object is gone"))
    }

    /// The name of an entry's key: owner, contract, id.
    fn owned(&self, name: &[u8], value: &[u8]) -> Result<Option<&'static str>, NodeError> {
        if name.len() != 6 + 6 + 8 || !value.is_empty() {
            return Ok(Some("it is no entry of an owner's object"));
        }
        let object = self.object_of(&name[6..12], &name[12..])?;
        let is_owned = object.is_some_and(|object| object.owner == name[..6]);
        Ok((!is_owned).then_some("the object is gone, or somebody else's"))
    }

    fn deferred(&self, key: &[u8], value: &[u8]) -> Result<Option<&'static str>, NodeError> {
        let (Some(place), Some(entry)) = (QueuePlace::of_key(key), Deferred::decode(value)) else {
            return Ok(Some("it is no deferred action"));
        };
        if self.get(&keys::contract(&entry.by))?.is_none() {
            return Ok(Some("no contract can have sent it"));
        }
        let gas = entry.gas.0.saturating_add(entry.onerror_gas.0);
        if self
            .schedules
            .iter()
            .all(|it| gas > it.general.deferred_entry_gas_max)
            || entry.price != self.genesis.gas_price && self.genesis.fuel_rate.is_none()
        {
            return Ok(Some(
                "it has more gas than can be sent, or at another price",
            ));
        }
        let count = self.get(&keys::meta(COUNT_NAME))?;
        let count = count.and_then(|count| count.try_into().ok());
        if count.map(u64::from_le_bytes) <= Some(place.number) {
            return Ok(Some("its number is not among those that were given"));
        }
        let points_here = self.get(&keys::deferred_id(&entry.by, entry.id))?;
        Ok((points_here.as_deref() != Some(&key[1..]))
            .then_some("its contract and id point to another deferred action"))
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
}

/// A key of another kind with the same name.
fn joined(kind: u8, name: &[u8]) -> Vec<u8> {
    [&[kind], name].concat()
}

/// The problem of a transaction, if it has one.
fn transaction(id: &[u8], value: &[u8]) -> Option<&'static str> {
    if blake2b(value) != id {
        return Some("the transaction has another id");
    }
    let body = Stored::read(value).and_then(|stored| stored.body());
    body.is_none().then_some("it is no transaction")
}
