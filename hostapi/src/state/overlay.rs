//! [`Overlay`]: what a block changes, above a store that does not change yet.
//!
//! Each key that was read or written has a slot, and a slot stays where it is. So the undo journal is a
//! list of slot numbers with the values they had, and going back is putting them back, last one first.
//! What was read from the store is kept too: a second read costs no store access, and what a block
//! replaces is known without asking again.

use super::memory::lower_bound;
use super::store::{Batch, Pair, StateStore, StoreError};
use std::collections::BTreeMap;
use std::ops::Bound;

/// What the overlay knows of one key.
#[derive(Debug, Default)]
struct Slot {
    /// The store's value, once it was read.
    base: Option<Option<Vec<u8>>>,
    /// The value written here, `None` for a removal.
    written: Option<Option<Vec<u8>>>,
}

impl Slot {
    fn value(&self) -> Option<&[u8]> {
        self.written.as_ref().or(self.base.as_ref())?.as_deref()
    }

    fn is_known(&self) -> bool {
        self.written.is_some() || self.base.is_some()
    }
}

/// A place in an overlay's history to go back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Checkpoint(usize);

/// Where an overlay keeps one key, as long as the overlay lives. It means nothing to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(usize);

/// Reads through to a store and keeps writes to itself, until [`Overlay::into_batch`].
#[derive(Debug)]
pub struct Overlay<'s> {
    store: &'s dyn StateStore,
    index: BTreeMap<Vec<u8>, usize>,
    slots: Vec<Slot>,
    /// Which slot was written, and what was written in it before.
    journal: Vec<(usize, Option<Option<Vec<u8>>>)>,
}

impl<'s> Overlay<'s> {
    /// An overlay without any change.
    pub fn new(store: &'s dyn StateStore) -> Overlay<'s> {
        Overlay {
            store,
            index: BTreeMap::new(),
            slots: Vec::new(),
            journal: Vec::new(),
        }
    }

    /// The value of `key` as of now.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn get(&mut self, key: &[u8]) -> Result<Option<&[u8]>, StoreError> {
        let place = self.find(key)?;
        Ok(self.value(place))
    }

    /// The place of `key`, whether it has a value or not: who looks at a value and then changes it need not
    /// look for the key twice.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn find(&mut self, key: &[u8]) -> Result<Place, StoreError> {
        let at = self.slot(key);
        if !self.slots[at].is_known() {
            self.slots[at].base = Some(self.store.get(key)?);
        }
        Ok(Place(at))
    }

    /// The value at `place` as of now.
    #[must_use]
    pub fn value(&self, place: Place) -> Option<&[u8]> {
        self.slots[place.0].value()
    }

    /// Sets the value at `place`, or removes it.
    pub fn set(&mut self, place: Place, value: Option<Vec<u8>>) {
        let before = self.slots[place.0].written.replace(value);
        self.journal.push((place.0, before));
    }

    /// Sets the value of `key`.
    pub fn put(&mut self, key: &[u8], value: impl Into<Vec<u8>>) {
        let at = self.slot(key);
        self.set(Place(at), Some(value.into()));
    }

    /// Removes `key`, if it is there.
    pub fn delete(&mut self, key: &[u8]) {
        let at = self.slot(key);
        self.set(Place(at), None);
    }

    /// The first pair as of now whose key starts with `prefix` and is greater than `after` (where given).
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn next(
        &mut self,
        prefix: &[u8],
        after: Option<&[u8]>,
    ) -> Result<Option<Pair>, StoreError> {
        let mut below = self.store.next(prefix, after)?;
        // A key of the store that was removed or overwritten here does not count as the store's.
        while let Some((key, value)) = below {
            let at = self.slot(&key);
            let slot = &mut self.slots[at];
            if slot.written.is_none() {
                slot.base = Some(Some(value.clone()));
                below = Some((key, value));
                break;
            }
            below = self.store.next(prefix, Some(&key))?;
        }
        let above = self
            .index
            .range::<[u8], _>((lower_bound(prefix, after), Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix))
            .find_map(|(key, &at)| Some((key, self.slots[at].written.as_ref()?.as_ref()?)));
        Ok(match (above, below) {
            (Some((key, value)), Some(below)) if *key < below.0 => {
                Some((key.clone(), value.clone()))
            }
            (Some((key, value)), None) => Some((key.clone(), value.clone())),
            (_, below) => below,
        })
    }

    /// This place in the history.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint(self.journal.len())
    }

    /// Takes back everything written since `to`. A checkpoint that was itself taken back already is the
    /// present: nothing happens.
    pub fn revert(&mut self, to: Checkpoint) {
        for (at, written) in self.journal.drain(to.0.min(self.journal.len())..).rev() {
            self.slots[at].written = written;
        }
    }

    /// What was read from the store, in order of key, with the values found.
    pub fn reads(&self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        self.index
            .iter()
            .filter_map(|(key, &at)| Some((&key[..], self.slots[at].base.as_ref()?.as_deref())))
    }

    /// What was written, in order of key; `None` is a removal.
    pub fn writes(&self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        self.index
            .iter()
            .filter_map(|(key, &at)| Some((&key[..], self.slots[at].written.as_ref()?.as_deref())))
    }

    /// What the store holds under each key written, in order of key: the batch that takes the writes back.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn replaced(&self) -> Result<Batch, StoreError> {
        let written = self
            .index
            .iter()
            .filter(|&(_, &at)| self.slots[at].written.is_some());
        written
            .map(|(key, &at)| {
                let base = match &self.slots[at].base {
                    Some(base) => base.clone(),
                    None => self.store.get(key)?,
                };
                Ok((key.clone(), base))
            })
            .collect()
    }

    /// The writes as one batch.
    #[must_use]
    pub fn into_batch(mut self) -> Batch {
        let index = std::mem::take(&mut self.index);
        index
            .into_iter()
            .filter_map(|(key, at)| Some((key, self.slots[at].written.take()?)))
            .collect()
    }

    /// The slot of `key`, made if there is none.
    fn slot(&mut self, key: &[u8]) -> usize {
        if let Some(&at) = self.index.get(key) {
            return at;
        }
        let at = self.slots.len();
        self.slots.push(Slot::default());
        self.index.insert(key.to_vec(), at);
        at
    }
}
