//! Deferred actions: sent now, and executed in a later block.
//!
//! An entry of the queue has the action, and how much gas its contract has paid for. Contracts add and
//! cancel entries here; who executes them is not known.

use crate::actions::SentAction;
use crate::host::NodeError;
use abi::{Gas, Name};
use state::Overlay;
use state::keys::{self, RegId, kind};

/// Under this name the chain keeps the number of entries that were ever added (LE64); none before the first.
pub const COUNT_NAME: &str = "deferred";

/// The size of the record of a deferred action in bytes: id 8, delay 4, gas 8, gas of `onerror` 8, action 22.
pub(crate) const RECORD_SIZE: usize = 50;
/// The size of an entry without permissions and data, in bytes.
const FIXED_SIZE: usize = 62;

/// An action that waits for its block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deferred {
    /// The contract that sent it, and has paid for its gas.
    pub by: RegId,
    /// The id that the contract gave it.
    pub id: u64,
    /// The most gas that it and what follows it may use.
    pub gas: Gas,
    /// The most gas for telling the contract that it failed; with 0 nobody is told.
    pub onerror_gas: Gas,
    /// The price of a gas, in the smallest unit.
    pub price: u64,
    /// The action.
    pub action: SentAction,
}

/// The place of an entry in the queue: entries are executed in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueuePlace {
    /// The height of the first block in which it can be executed.
    pub due: u32,
    /// Its number among all that were ever added, from 0.
    pub number: u64,
}

impl QueuePlace {
    /// Its key in the state.
    #[must_use]
    pub fn key(&self) -> [u8; 13] {
        keys::deferred(self.due, self.number)
    }

    /// The place of a key; `None` for any other kind of key.
    #[must_use]
    pub fn of_key(key: &[u8]) -> Option<QueuePlace> {
        let place = key.strip_prefix(&[kind::DEFERRED])?;
        let (due, number) = place.split_first_chunk()?;
        Some(QueuePlace {
            due: u32::from_be_bytes(*due),
            number: u64::from_be_bytes(number.try_into().ok()?),
        })
    }
}

impl Deferred {
    /// What was paid for it, in the smallest unit.
    #[must_use]
    pub const fn prepaid(&self) -> u64 {
        let gas = self.gas.0.saturating_add(self.onerror_gas.0);
        gas.saturating_mul(self.price)
    }

    /// The stored form: contract 6, id 8, gas 8, gas of `onerror` 8, price 8, account 6, name 8, amount 8, the number
    /// of permissions 2 and each of them 8, and the data. Numbers are little-endian.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let Deferred {
            by,
            id,
            gas,
            onerror_gas,
            price,
            action,
        } = self;
        let mut out = Vec::with_capacity(stored_size(action));
        out.extend_from_slice(by);
        for number in [*id, gas.0, onerror_gas.0, *price] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&action.account);
        for number in [action.name.0, action.value] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        // A request has fewer than 2^16 bytes.
        out.extend_from_slice(&(action.permissions.len() as u16).to_le_bytes());
        for permission in &action.permissions {
            out.extend_from_slice(&permission.0.to_le_bytes());
        }
        out.extend_from_slice(&action.data);
        out
    }

    /// Reads the stored form; `None` if `bytes` is anything else.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Deferred> {
        let mut rest = bytes;
        let by = *take(&mut rest)?;
        let [id, gas, onerror_gas, price] = [
            number(&mut rest)?,
            number(&mut rest)?,
            number(&mut rest)?,
            number(&mut rest)?,
        ];
        let account = *take(&mut rest)?;
        let (name, value) = (number(&mut rest)?, number(&mut rest)?);
        let permissions = u16::from_le_bytes(*take(&mut rest)?);
        let permissions = (0..permissions).map(|_| number(&mut rest).map(Name));
        Some(Deferred {
            by,
            id,
            gas: Gas(gas),
            onerror_gas: Gas(onerror_gas),
            price,
            action: SentAction {
                account,
                name: Name(name),
                value,
                permissions: permissions.collect::<Option<_>>()?,
                data: rest.to_vec(),
            },
        })
    }

    /// The entry at `place`.
    ///
    /// # Errors
    /// If the store cannot be read or holds something else.
    pub fn load(
        state: &mut Overlay<'_>,
        place: &QueuePlace,
    ) -> Result<Option<Deferred>, NodeError> {
        let key = place.key();
        let Some(bytes) = state.get(&key)? else {
            return Ok(None);
        };
        Deferred::stored(&key, bytes).map(Some)
    }

    /// The entry that stands under a key, and nothing else can.
    fn stored(key: &[u8], bytes: &[u8]) -> Result<Deferred, NodeError> {
        let damaged = || NodeError::damaged(key, "a deferred action is expected");
        Deferred::decode(bytes).ok_or_else(damaged)
    }

    /// The entry of a pair of the store that has the kind of its key, and its place.
    ///
    /// # Errors
    /// If it is anything else.
    pub fn of_pair(key: &[u8], value: &[u8]) -> Result<(QueuePlace, Deferred), NodeError> {
        let place = QueuePlace::of_key(key);
        let damaged = || NodeError::damaged(key, "a deferred action is expected");
        Ok((place.ok_or_else(damaged)?, Deferred::stored(key, value)?))
    }

    /// Removes this entry, which stands at `place`.
    pub fn remove(&self, state: &mut Overlay<'_>, place: &QueuePlace) {
        state.delete(&place.key());
        state.delete(&keys::deferred_id(&self.by, self.id));
    }

    /// Adds the entry to those that are executed from the block at height `due` on.
    ///
    /// # Errors
    /// If the store cannot be read or holds something else.
    pub(crate) fn add(&self, state: &mut Overlay<'_>, due: u32) -> Result<(), NodeError> {
        let number = count(state)?;
        let place = QueuePlace { due, number };
        state.put(&keys::meta(COUNT_NAME), (number + 1).to_le_bytes());
        let key = place.key();
        state.put(&key, self.encode());
        state.put(&keys::deferred_id(&self.by, self.id), &key[1..]);
        Ok(())
    }
}

/// The size of the stored form of an entry with this action, in bytes.
pub(crate) const fn stored_size(action: &SentAction) -> usize {
    FIXED_SIZE + 8 * action.permissions.len() + action.data.len()
}

/// The number of entries that were ever added.
fn count(state: &mut Overlay<'_>) -> Result<u64, NodeError> {
    let key = keys::meta(COUNT_NAME);
    match state.get(&key)? {
        None => Ok(0),
        // As many as gas can pay for are never so many that one more cannot be counted.
        Some(bytes) => match bytes.try_into().map(u64::from_le_bytes) {
            Ok(count) if count < u64::MAX => Ok(count),
            _ => Err(NodeError::damaged(
                &key,
                "the number of deferred actions is expected",
            )),
        },
    }
}

/// Where the entry stands to which `by` gave this id, if it waits.
///
/// # Errors
/// If the store cannot be read or holds something else.
pub fn find(state: &mut Overlay<'_>, by: &RegId, id: u64) -> Result<Option<QueuePlace>, NodeError> {
    let key = keys::deferred_id(by, id);
    let Some(bytes) = state.get(&key)? else {
        return Ok(None);
    };
    let place = QueuePlace::of_key(&[&[kind::DEFERRED], bytes].concat());
    let damaged = || NodeError::damaged(&key, "a place in the queue is expected");
    place.map(Some).ok_or_else(damaged)
}

/// The first entry, if it can be executed in the block at `height`, and its place.
///
/// # Errors
/// If the store cannot be read or holds something else.
pub fn first_due(
    state: &mut Overlay<'_>,
    height: u32,
) -> Result<Option<(QueuePlace, Deferred)>, NodeError> {
    let Some((key, value)) = state.next(&[kind::DEFERRED], None)? else {
        return Ok(None);
    };
    let (place, entry) = Deferred::of_pair(&key, &value)?;
    Ok((place.due <= height).then_some((place, entry)))
}

fn take<'b, const N: usize>(rest: &mut &'b [u8]) -> Option<&'b [u8; N]> {
    let (taken, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(taken)
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    take(rest).copied().map(u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use state::MemStore;

    fn entry() -> impl Strategy<Value = Deferred> {
        let action = (
            any::<RegId>(),
            any::<u64>(),
            any::<u64>(),
            vec(any::<u64>(), 0..3),
            vec(any::<u8>(), 0..40),
        );
        (any::<RegId>(), any::<[u64; 4]>(), action).prop_map(
            |(by, [id, gas, onerror_gas, price], (account, name, value, permissions, data))| {
                Deferred {
                    by,
                    id,
                    gas: Gas(gas),
                    onerror_gas: Gas(onerror_gas),
                    price,
                    action: SentAction {
                        account,
                        name: Name(name),
                        value,
                        permissions: permissions.into_iter().map(Name).collect(),
                        data,
                    },
                }
            },
        )
    }

    proptest! {
        #[test]
        fn stored_form_reads_back(entry in entry()) {
            let bytes = entry.encode();
            prop_assert_eq!(bytes.len(), stored_size(&entry.action));
            for cut in 0..bytes.len() - entry.action.data.len() {
                prop_assert_eq!(Deferred::decode(&bytes[..cut]), None);
            }
            prop_assert_eq!(Deferred::decode(&bytes), Some(entry));
        }

        #[test]
        fn a_queue_is_in_order_of_height_and_number(
            entries in vec((entry(), 0u32..4), 0..8),
            height in 0u32..4,
        ) {
            let store = MemStore::default();
            let mut state = Overlay::new(&store);
            for (entry, due) in &entries {
                entry.add(&mut state, *due).unwrap();
            }
            let mut expected: Vec<_> = entries.iter().filter(|(_, due)| *due <= height).collect();
            expected.sort_by_key(|(_, due)| *due);
            for (entry, due) in expected {
                let (place, first) = first_due(&mut state, height).unwrap().unwrap();
                prop_assert_eq!((place.due, &first), (*due, entry));
                let found = find(&mut state, &first.by, first.id).unwrap();
                prop_assert_eq!(found, Some(place));
                first.remove(&mut state, &place);
                prop_assert_eq!(find(&mut state, &first.by, first.id).unwrap(), None);
            }
            prop_assert_eq!(first_due(&mut state, height).unwrap(), None);
        }
    }
}
