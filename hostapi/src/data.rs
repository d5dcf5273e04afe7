//! A contract's data: its keys and values, and how many there are.

use crate::host::NodeError;
use state::keys::{self, RegId};
use state::{Overlay, Pair, Place};

/// The value of `key` in the data of `contract`.
///
/// # Errors
/// If the store cannot be read.
pub fn get<'o>(
    state: &'o mut Overlay<'_>,
    contract: &RegId,
    key: &[u8],
) -> Result<Option<&'o [u8]>, NodeError> {
    Ok(state.get(&keys::data(contract, key))?)
}

/// The place of `key` in the data of `contract`.
///
/// # Errors
/// If the store cannot be read.
pub fn find(state: &mut Overlay<'_>, contract: &RegId, key: &[u8]) -> Result<Place, NodeError> {
    Ok(state.find(&keys::data(contract, key))?)
}

/// Sets what stands at `place` in the data of `contract`, or removes it, and keeps count.
///
/// # Errors
/// If the store cannot be read or holds something else.
pub fn set(
    state: &mut Overlay<'_>,
    contract: &RegId,
    place: Place,
    value: Option<&[u8]>,
) -> Result<(), NodeError> {
    let was_there = state.value(place).is_some();
    if was_there != value.is_some() {
        let keys = count(state, contract)?;
        let keys = if was_there {
            keys.saturating_sub(1)
        } else {
            keys.saturating_add(1)
        };
        let count_key = keys::data_count(contract);
        match keys {
            0 => state.delete(&count_key),
            _ => state.put(&count_key, keys.to_le_bytes()),
        }
    }
    match value {
        Some(_) => state.set(place, value),
        None if was_there => state.remove(place, &keys::data(contract, b""))?,
        None => {}
    }
    Ok(())
}

/// How many keys the data of `contract` has.
///
/// # Errors
/// If the store cannot be read or holds something else.
pub fn count(state: &mut Overlay<'_>, contract: &RegId) -> Result<u32, NodeError> {
    let key = keys::data_count(contract);
    let Some(bytes) = state.get(&key)? else {
        return Ok(0);
    };
    let count = bytes
        .try_into()
        .map_err(|_| NodeError::damaged(&key, "a count of 4 bytes is expected"))?;
    Ok(u32::from_le_bytes(count))
}

/// The first key of the data of `contract` that is greater than `after`, in byte order, with its value.
///
/// # Errors
/// If the store cannot be read.
pub fn next(
    state: &mut Overlay<'_>,
    contract: &RegId,
    after: Option<&[u8]>,
) -> Result<Option<Pair>, NodeError> {
    let prefix = keys::data(contract, b"");
    let after = after.map(|after| keys::data(contract, after));
    let found = state.next(&prefix, after.as_deref())?;
    Ok(found.map(|(mut key, value)| {
        key.drain(..prefix.len());
        (key, value)
    }))
}
