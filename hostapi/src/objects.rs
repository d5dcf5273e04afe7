//! Objects: things that contracts make and accounts own.

use crate::host::NodeError;
use state::keys::{self, RegId};
use state::{Overlay, Place};

/// The longest name of a field, in bytes.
pub const FIELD_MAX: usize = 32;
/// Nobody: the registered id 0-0.
pub const NOBODY: RegId = [0; 6];

/// An object, beside its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Object {
    /// Who owns it.
    pub owner: RegId,
    /// Who else may give it away; [`NOBODY`] for nobody.
    pub approved: RegId,
}

impl Object {
    /// The length of a stored object with somebody approved, in bytes.
    const LONG: usize = 2 * size_of::<RegId>();

    /// The stored object.
    #[must_use]
    pub fn decode(stored: &[u8]) -> Option<Object> {
        let (&owner, rest) = stored.split_first_chunk()?;
        let approved = match rest {
            [] => NOBODY,
            rest => rest.try_into().ok().filter(|id| *id != NOBODY)?,
        };
        Some(Object { owner, approved })
    }

    /// Hands its stored bytes to `use_them`: the owner, and who is approved if anybody is.
    pub(crate) fn stored<R>(self, use_them: impl FnOnce(&[u8]) -> R) -> R {
        let mut bytes = [0; Self::LONG];
        let (owner, approved) = bytes.split_at_mut(size_of::<RegId>());
        owner.copy_from_slice(&self.owner);
        approved.copy_from_slice(&self.approved);
        let length = if self.approved == NOBODY {
            self.owner.len()
        } else {
            Self::LONG
        };
        use_them(&bytes[..length])
    }
}

/// The object `id` that `contract` made, with its place, if it is there.
///
/// # Errors
/// If the store cannot be read or holds something else.
pub fn find(
    state: &mut Overlay<'_>,
    contract: &RegId,
    id: u64,
) -> Result<Option<(Place, Object)>, NodeError> {
    let key = keys::object(contract, id);
    let place = state.find(&key)?;
    let Some(stored) = state.value(place) else {
        return Ok(None);
    };
    match Object::decode(stored) {
        Some(object) => Ok(Some((place, object))),
        None => Err(NodeError::damaged(&key, "an object is expected")),
    }
}

/// How many objects `contract` ever made, with the place of the number.
///
/// # Errors
/// If the store cannot be read or holds something else.
pub fn count(state: &mut Overlay<'_>, contract: &RegId) -> Result<(Place, Option<u64>), NodeError> {
    let key = keys::object_count(contract);
    let place = state.find(&key)?;
    let Some(stored) = state.value(place) else {
        return Ok((place, None));
    };
    match stored.try_into() {
        Ok(count) => Ok((place, Some(u64::from_le_bytes(count)))),
        Err(_) => Err(NodeError::damaged(&key, "a count of 8 bytes is expected")),
    }
}

/// The first object of `owner` that `contract` made and whose id is greater than `after`.
///
/// # Errors
/// If the store cannot be read or holds something else.
pub fn next_of(
    state: &mut Overlay<'_>,
    owner: &RegId,
    contract: &RegId,
    after: u64,
) -> Result<Option<u64>, NodeError> {
    let prefix = keys::owned_objects(owner, contract);
    let after = keys::owned_object(owner, contract, after);
    let Some((key, _)) = state.next(&prefix, Some(&after))? else {
        return Ok(None);
    };
    match key[prefix.len()..].try_into() {
        Ok(id) => Ok(Some(u64::from_be_bytes(id))),
        Err(_) => Err(NodeError::damaged(
            &key,
            "an entry of an object is expected",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_read_as_they_are_stored() {
        for approved in [NOBODY, [2; 6]] {
            let object = Object {
                owner: [1; 6],
                approved,
            };
            assert_eq!(object.stored(Object::decode), Some(object));
        }
        for wrong in [&[][..], &[1; 5], &[1; 7], &[1; 13], &[0; 12]] {
            assert_eq!(Object::decode(wrong), None, "{wrong:?}");
        }
    }
}
