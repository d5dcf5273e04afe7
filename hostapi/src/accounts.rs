//! Accounts: who they are and what they hold.
//!
//! An account lives under its *key id*. Once registered it also has a *registered id*, which points to the
//! key id. A contract's account has the key id that its registered id hashes to, and no public key.

use crate::hash::key_hash;
use crate::host::NodeError;
use crate::network::Network;
use abi::method::AccountName;
use byteorder::{ByteOrder, LittleEndian};
use smallvec::SmallVec;
use state::keys::{self, KeyId, RegId};
use state::{Overlay, Place};

/// A compressed public key of secp256k1.
pub type PublicKey = [u8; 33];

/// The registered id of the `index`-th transaction of block `height`.
#[must_use]
pub fn regid(height: u32, index: u16) -> RegId {
    let mut id = RegId::default();
    LittleEndian::write_u32(&mut id[..4], height);
    LittleEndian::write_u16(&mut id[4..], index);
    id
}

/// The height of the block in which `id` was registered.
#[must_use]
pub fn regid_height(id: &RegId) -> u32 {
    LittleEndian::read_u32(&id[..4])
}

/// The key id of a contract's account.
#[must_use]
pub fn contract_key_id(contract: &RegId) -> KeyId {
    key_hash(contract)
}

/// One account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// What it holds, in the smallest unit.
    pub balance: u64,
    /// Its registered id, if it was registered.
    pub regid: Option<RegId>,
    /// Its public key, if it was made known.
    pub public_key: Option<PublicKey>,
}

const HAS_REGID: u8 = 1;
const HAS_PUBLIC_KEY: u8 = 2;

impl Account {
    /// The stored form: balance (LE64), flags (1: registered id follows, 2: public key follows), and those.
    #[must_use]
    pub fn encode(&self) -> SmallVec<[u8; 64]> {
        let regid = self.regid.as_slice().as_flattened();
        let public_key = self.public_key.as_slice().as_flattened();
        let flag = |field: &[u8], flag: u8| if field.is_empty() { 0 } else { flag };
        let flags = flag(regid, HAS_REGID) | flag(public_key, HAS_PUBLIC_KEY);
        let mut out = SmallVec::from_elem(flags, 8 + 1 + regid.len() + public_key.len());
        out[..8].copy_from_slice(&self.balance.to_le_bytes());
        let (first, second) = out[9..].split_at_mut(regid.len());
        first.copy_from_slice(regid);
        second.copy_from_slice(public_key);
        out
    }

    /// Reads the stored form; `None` if `bytes` is anything else.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Account> {
        let (balance, rest) = bytes.split_first_chunk::<8>()?;
        let (&flags, mut rest) = rest.split_first()?;
        let mut account = Account {
            balance: u64::from_le_bytes(*balance),
            ..Account::default()
        };
        if flags & HAS_REGID != 0 {
            let (regid, after) = rest.split_first_chunk()?;
            account.regid = Some(*regid);
            rest = after;
        }
        if flags & HAS_PUBLIC_KEY != 0 {
            let (key, after) = rest.split_first_chunk()?;
            account.public_key = Some(*key);
            rest = after;
        }
        (rest.is_empty() && flags <= HAS_REGID | HAS_PUBLIC_KEY).then_some(account)
    }

    /// The account of `key_id`, if there is one.
    ///
    /// # Errors
    /// If the store cannot be read or holds something else.
    pub fn load(state: &mut Overlay<'_>, key_id: &KeyId) -> Result<Option<Account>, NodeError> {
        Ok(Account::find(state, key_id)?.map(|(_, account)| account))
    }

    /// The account of `key_id`, if there is one, and where it stands.
    ///
    /// # Errors
    /// If the store cannot be read or holds something else.
    pub fn find(
        state: &mut Overlay<'_>,
        key_id: &KeyId,
    ) -> Result<Option<(Place, Account)>, NodeError> {
        let key = keys::account(key_id);
        let place = state.find(&key)?;
        let Some(bytes) = state.value(place) else {
            return Ok(None);
        };
        Account::decode(bytes)
            .map(|account| Some((place, account)))
            .ok_or_else(|| NodeError::damaged(&key, "an account is expected"))
    }

    /// The account of a registered id, if there is one, and where it stands.
    ///
    /// # Errors
    /// If the store cannot be read or holds something else.
    pub fn of(
        state: &mut Overlay<'_>,
        regid: &RegId,
    ) -> Result<Option<(Place, Account)>, NodeError> {
        match key_id_of(state, regid)? {
            Some(key_id) => Account::find(state, &key_id),
            None => Ok(None),
        }
    }

    /// The account at `place`, if one stands there.
    #[must_use]
    pub fn at(state: &Overlay<'_>, place: Place) -> Option<Account> {
        Account::decode(state.value(place)?)
    }

    /// Stores the account at `place`.
    pub fn set(&self, state: &mut Overlay<'_>, place: Place) {
        state.set(place, Some(&self.encode()));
    }

    /// Stores the account under `key_id`.
    pub fn save(&self, state: &mut Overlay<'_>, key_id: &KeyId) {
        state.put(&keys::account(key_id), self.encode());
    }

    /// Stores a new account under `key_id`, and `key_id` under its registered id.
    pub fn register(&self, state: &mut Overlay<'_>, key_id: &KeyId) {
        self.save(state, key_id);
        if let Some(regid) = &self.regid {
            state.put(&keys::registered(regid), *key_id);
        }
    }
}

/// Adds `amount` to what `to` holds, up to the most that it may hold: what was added.
///
/// # Errors
/// If the node fails.
pub fn give_back(
    state: &mut Overlay<'_>,
    to: &RegId,
    amount: u64,
    most: u64,
) -> Result<u64, NodeError> {
    let Some((place, mut account)) = Account::of(state, to)? else {
        return Ok(0);
    };
    let given = amount.min(most.saturating_sub(account.balance));
    account.balance += given;
    account.set(state, place);
    Ok(given)
}

/// The key id behind a registered id, if it was registered.
///
/// # Errors
/// If the store cannot be read or holds something else.
pub fn key_id_of(state: &mut Overlay<'_>, regid: &RegId) -> Result<Option<KeyId>, NodeError> {
    let key = keys::registered(regid);
    let Some(bytes) = state.get(&key)? else {
        return Ok(None);
    };
    bytes
        .try_into()
        .map(Some)
        .map_err(|_| NodeError::damaged(&key, "a key id is expected"))
}

/// The key id of the account that a contract's argument names.
///
/// # Errors
/// If the store cannot be read or holds something else.
pub fn resolve(
    state: &mut Overlay<'_>,
    network: Network,
    name: AccountName<'_>,
) -> Result<Option<KeyId>, NodeError> {
    match name {
        AccountName::Regid(regid) => key_id_of(state, regid),
        AccountName::Address(address) => Ok(network.key_id(address)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use state::MemStore;

    fn any_account() -> impl Strategy<Value = Account> {
        let public_key = prop::option::of(prop::array::uniform32(any::<u8>())).prop_map(|key| {
            key.map(|key| {
                let mut compressed = [2; 33];
                compressed[1..].copy_from_slice(&key);
                compressed
            })
        });
        (any::<u64>(), any::<Option<RegId>>(), public_key).prop_map(
            |(balance, regid, public_key)| Account {
                balance,
                regid,
                public_key,
            },
        )
    }

    proptest! {
        #[test]
        fn stored_form_reads_back(account in any_account()) {
            prop_assert_eq!(Account::decode(&account.encode()), Some(account));
        }

        #[test]
        fn stored_form_is_the_only_one(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Some(account) = Account::decode(&bytes) {
                prop_assert_eq!(&account.encode()[..], bytes);
            }
        }
    }

    #[test]
    fn account_is_found_by_registered_id_and_by_address() {
        let store = MemStore::default();
        let mut state = Overlay::new(&store);
        let (id, key_id) = (regid(7, 3), [9; 20]);
        let account = Account {
            balance: 5,
            regid: Some(id),
            public_key: None,
        };
        account.register(&mut state, &key_id);
        assert_eq!(id, [7, 0, 0, 0, 3, 0]);
        let address = Network::Main.address(&key_id);
        let text = address.as_bytes().try_into().unwrap();
        for name in [AccountName::Regid(&id), AccountName::Address(text)] {
            assert_eq!(
                resolve(&mut state, Network::Main, name).unwrap(),
                Some(key_id)
            );
        }
        assert_eq!(Account::load(&mut state, &key_id).unwrap(), Some(account));
        assert_eq!(
            resolve(&mut state, Network::Main, AccountName::Regid(&regid(7, 4))).unwrap(),
            None
        );
        assert_eq!(
            resolve(&mut state, Network::Test, AccountName::Address(text)).unwrap(),
            None
        );
    }

    #[test]
    fn damaged_account_is_the_nodes_trouble() {
        let store = MemStore::default();
        let mut state = Overlay::new(&store);
        state.put(&keys::account(&[1; 20]), vec![0; 8]);
        state.put(&keys::registered(&[1; 6]), vec![0; 19]);
        assert!(matches!(
            Account::load(&mut state, &[1; 20]),
            Err(NodeError::Damaged { .. })
        ));
        assert!(matches!(
            key_id_of(&mut state, &[1; 6]),
            Err(NodeError::Damaged { .. })
        ));
    }
}
