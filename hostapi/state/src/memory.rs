//! [`MemStore`]: state that lives as long as the process.

use super::keys;
use super::ordered::Ordered;
use super::store::{Batch, Pair, StateStore, StoreError};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{PoisonError, RwLock};

/// A store in memory. A commit is atomic and, within the process, durable.
#[derive(Debug, Default)]
pub struct MemStore {
    pairs: RwLock<BTreeMap<Ordered, Vec<u8>>>,
}

impl MemStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> MemStore {
        MemStore::default()
    }
}

// A panic in another thread cannot leave the map half-written: nothing in here panics while writing. So a
// poisoned lock is used like any other.
impl StateStore for MemStore {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self
            .pairs
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key.into())
            .cloned())
    }

    fn next(&self, prefix: &[u8], after: Option<&[u8]>) -> Result<Option<Pair>, StoreError> {
        let pairs = self.pairs.read().unwrap_or_else(PoisonError::into_inner);
        let start = lower_bound(prefix, after).map(Ordered::from);
        let first = pairs.range((start, Bound::Unbounded)).next();
        Ok(first
            .filter(|(key, _)| key.starts_with(prefix))
            .map(|(key, value)| (key.to_vec(), value.clone())))
    }

    fn prev(&self, prefix: &[u8], before: Option<&[u8]>) -> Result<Option<Pair>, StoreError> {
        let pairs = self.pairs.read().unwrap_or_else(PoisonError::into_inner);
        let end = upper_bound(prefix, before).map(|end| Ordered::from(&end[..]));
        let last = pairs.range((Bound::Unbounded, end)).next_back();
        Ok(last
            .filter(|(key, _)| key.starts_with(prefix))
            .map(|(key, value)| (key.to_vec(), value.clone())))
    }

    fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        let mut pairs = self.pairs.write().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in batch {
            let key = key[..].into();
            match value {
                Some(value) => pairs.insert(key, value),
                None => pairs.remove(&key),
            };
        }
        Ok(())
    }
}

/// Where to look for the first key that has `prefix` and is greater than `after`.
pub(super) fn lower_bound<'a>(prefix: &'a [u8], after: Option<&'a [u8]>) -> Bound<&'a [u8]> {
    match after {
        Some(after) if after >= prefix => Bound::Excluded(after),
        _ => Bound::Included(prefix),
    }
}

/// Below what to look for the last key that has `prefix` and is less than `before`: the key below may have another
/// prefix, and then there is none.
pub(super) fn upper_bound(prefix: &[u8], before: Option<&[u8]>) -> Bound<Vec<u8>> {
    let behind = keys::behind(prefix);
    match (before, behind) {
        (Some(before), Some(behind)) if *before > behind[..] => Bound::Excluded(behind),
        (Some(before), _) => Bound::Excluded(before.to_vec()),
        (None, Some(behind)) => Bound::Excluded(behind),
        (None, None) => Bound::Unbounded,
    }
}
