//! What people call accounts and contracts: local names, registered ids as text, addresses.

use crate::error::ChainError;
use crate::receipt::Receipt;
use hostapi::NodeError;
use hostapi::accounts::{self, Account};
use hostapi::network::{ADDRESS_LENGTH, Network};
use state::keys::{self, KeyId, RegId};
use state::{Overlay, StateStore};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The longest local name in characters.
const NAME_MAX: usize = 32;

/// A registered id as people write it: `HEIGHT-INDEX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegIdText(pub RegId);

impl fmt::Display for RegIdText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [.., low, high] = self.0;
        write!(
            f,
            "{}-{}",
            accounts::regid_height(&self.0),
            u16::from_le_bytes([low, high])
        )
    }
}

/// The registered id written as `text`, if it is one.
#[must_use]
pub fn parse_regid(text: &str) -> Option<RegId> {
    let (height, index) = text.split_once('-')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(height) || !is_number(index) {
        return None;
    }
    Some(accounts::regid(height.parse().ok()?, index.parse().ok()?))
}

/// Checks that `name` can be a local name: 1 to 32 letters, digits, `_`, `-` or `.`, and nothing that
/// reads as a registered id.
///
/// # Errors
/// [`ChainError::BadName`].
pub fn check_name(name: &str) -> Result<(), ChainError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let sound = (1..=NAME_MAX).contains(&name.len()) && name.bytes().all(allowed);
    // `-` in front would be taken for an option.
    if sound && !name.starts_with('-') && parse_regid(name).is_none() {
        return Ok(());
    }
    Err(ChainError::BadName { name: name.into() })
}

/// The registered id that `text` stands for: `HEIGHT-INDEX`, a local name, or an address.
///
/// # Errors
/// [`ChainError::Unknown`] if nobody is called so.
pub fn resolve(state: &mut Overlay<'_>, network: Network, text: &str) -> Result<RegId, ChainError> {
    let unknown = || ChainError::Unknown {
        what: "account or contract",
        name: text.into(),
    };
    if let Some(regid) = parse_regid(text) {
        return accounts::key_id_of(state, &regid)?
            .map(|_| regid)
            .ok_or_else(unknown);
    }
    if let Some(regid) = named(state, text)? {
        return Ok(regid);
    }
    if text.len() == ADDRESS_LENGTH
        && let Some(key_id) = network.key_id(text.as_bytes())
        && let Some(account) = Account::load(state, &key_id)?
    {
        return account.regid.ok_or_else(unknown);
    }
    Err(unknown())
}

/// The account that `text` stands for, registered or not: `HEIGHT-INDEX`, a local name, or an address that
/// somebody paid.
///
/// # Errors
/// [`ChainError::Unknown`] if there is none, or if the store cannot be read or holds something else.
pub fn account(
    state: &mut Overlay<'_>,
    network: Network,
    text: &str,
) -> Result<(KeyId, Account), ChainError> {
    // No name and no registered id reads as an address.
    let address = (text.len() == ADDRESS_LENGTH).then(|| network.key_id(text.as_bytes()));
    let key_id = match address.flatten() {
        Some(key_id) => Some(key_id),
        None => {
            let regid = resolve(state, network, text)?;
            accounts::key_id_of(state, &regid)?
        }
    };
    let account = key_id.map(|key_id| Account::load(state, &key_id));
    let account = account.transpose()?.flatten();
    key_id.zip(account).ok_or_else(|| ChainError::Unknown {
        what: "account or contract",
        name: text.into(),
    })
}

/// The registered id of the local name `name`.
///
/// # Errors
/// If the store cannot be read or holds something else.
pub fn named(state: &mut Overlay<'_>, name: &str) -> Result<Option<RegId>, NodeError> {
    let key = keys::name(name);
    let Some(value) = state.get(&key)? else {
        return Ok(None);
    };
    value
        .try_into()
        .map(Some)
        .map_err(|_| NodeError::damaged(&key, "a registered id is expected"))
}

/// Every local name with its registered id, in order of name.
///
/// # Errors
/// If the store cannot be read or holds something else.
pub fn all(state: &mut Overlay<'_>) -> Result<Vec<(String, RegId)>, NodeError> {
    let mut found = Vec::new();
    let prefix = keys::name("");
    let mut after: Option<Vec<u8>> = None;
    while let Some((key, value)) = state.next(&prefix, after.as_deref())? {
        found.push(decode((&key, &value))?);
        after = Some(key);
    }
    Ok(found)
}

/// The local names of these accounts and contracts, of as many as have one. It reads every name, and keeps those asked
/// for.
///
/// # Errors
/// If the store cannot be read or holds something else.
pub fn of(
    store: &dyn StateStore,
    ids: &BTreeSet<RegId>,
) -> Result<BTreeMap<RegId, String>, NodeError> {
    let mut found = BTreeMap::new();
    let prefix = keys::name("");
    let mut after: Option<Vec<u8>> = None;
    while found.len() < ids.len()
        && let Some((key, value)) = store.next(&prefix, after.as_deref())?
    {
        let (name, id) = decode((&key, &value))?;
        if ids.contains(&id) {
            found.insert(id, name);
        }
        after = Some(key);
    }
    Ok(found)
}

/// The local names of those that a receipt names.
///
/// # Errors
/// As [`of`].
pub fn in_receipt(
    store: &dyn StateStore,
    receipt: &Receipt,
) -> Result<BTreeMap<RegId, String>, NodeError> {
    let frames = receipt.frames.iter();
    let ids = frames.flat_map(|frame| [frame.receiver, frame.caller, frame.code]);
    of(
        store,
        &ids.chain([receipt.sender, receipt.target]).collect(),
    )
}

fn decode((key, value): (&[u8], &[u8])) -> Result<(String, RegId), NodeError> {
    let name = String::from_utf8(key[1..].to_vec());
    match (name, value.try_into()) {
        (Ok(name), Ok(regid)) => Ok((name, regid)),
        _ => Err(NodeError::damaged(
            key,
            "a name and its registered id are expected",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registered_ids_read_back_and_nothing_else_is_one() {
        for id in [[0; 6], [1, 0, 0, 0, 2, 0], [0xFF; 6]] {
            assert_eq!(parse_regid(&RegIdText(id).to_string()), Some(id));
        }
        assert_eq!(RegIdText([1, 0, 0, 0, 2, 0]).to_string(), "1-2");
        for text in [
            "",
            "-",
            "1-",
            "-2",
            "1-2-3",
            "+1-2",
            "1-65536",
            "4294967296-0",
            "a-b",
            " 1-2",
        ] {
            assert_eq!(parse_regid(text), None, "{text}");
        }
    }

    #[test]
    fn names_cannot_be_taken_for_ids_options_or_paths() {
        for name in ["alice", "a", "Token_2.old", "x-1", &"n".repeat(32)] {
            check_name(name).unwrap();
        }
        for name in ["", "1-2", "-x", "a b", "a/b", "ä", "a\n", &"n".repeat(33)] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
    }
}
