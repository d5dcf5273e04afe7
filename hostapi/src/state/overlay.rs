//! [`Overlay`]: what a block changes, above a store that does not change yet.
//!
//! Each key that was read or written has a slot, and a slot stays where it is. So the undo journal is a
//! list of slot numbers with the values they had, and going back is putting them back, last one first.
//! The values written lie one behind the other in one buffer, which going back cuts: a write costs no
//! memory of its own. What was read from the store is kept too: a second read costs no store access, and
//! what a block replaces is known without asking again.

use super::memory::lower_bound;
use super::ordered::Ordered;
use super::store::{Batch, Pair, StateStore, StoreError};
use std::collections::BTreeMap;
use std::ops::{Bound, Range};

/// What the overlay knows of one key.
#[derive(Debug, Default)]
struct Slot {
    /// The store's value, once it was read.
    base: Option<Option<Vec<u8>>>,
    written: Option<Written>,
}

/// Where in the buffer of written values one stands; `None` for a removal.
type Written = Option<Range<usize>>;

/// A write that can be taken back.
#[derive(Debug)]
struct Change {
    slot: usize,
    /// What was written in the slot before.
    before: Option<Written>,
}

/// The changes there is room for at first: those of a block of a hundred calls.
const USUAL_CHANGES: usize = 512;

/// A place in an overlay's history to go back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Checkpoint(usize);

/// Where an overlay keeps one key, as long as the overlay lives. It means nothing to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(usize);

/// Reads through to a store and keeps writes to itself, until what it has written is committed.
#[derive(Debug)]
pub struct Overlay<'s> {
    store: &'s dyn StateStore,
    index: BTreeMap<Ordered, usize>,
    slots: Vec<Slot>,
    /// The values written, in the order in which they were.
    values: Vec<u8>,
    journal: Vec<Change>,
}

impl<'s> Overlay<'s> {
    /// An overlay without any change.
    pub fn new(store: &'s dyn StateStore) -> Overlay<'s> {
        Overlay {
            store,
            index: BTreeMap::new(),
            slots: Vec::new(),
            values: Vec::with_capacity(16 * USUAL_CHANGES),
            journal: Vec::with_capacity(USUAL_CHANGES),
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
        let slot = &mut self.slots[at];
        if slot.written.is_none() && slot.base.is_none() {
            slot.base = Some(self.store.get(key)?);
        }
        Ok(Place(at))
    }

    /// The value at `place` as of now.
    #[must_use]
    pub fn value(&self, place: Place) -> Option<&[u8]> {
        let slot = &self.slots[place.0];
        match self.written(slot) {
            Some(written) => written,
            None => slot.base.as_ref()?.as_deref(),
        }
    }

    /// What was written in `slot`, if anything was: a value, or `None` for a removal.
    fn written(&self, slot: &Slot) -> Option<Option<&[u8]>> {
        let written = slot.written.as_ref()?;
        Some(written.as_ref().map(|range| &self.values[range.clone()]))
    }

    /// Sets the value at `place`, or removes it.
    pub fn set(&mut self, place: Place, value: Option<&[u8]>) {
        let written = value.map(|value| {
            let start = self.values.len();
            self.values.extend_from_slice(value);
            start..self.values.len()
        });
        let before = self.slots[place.0].written.replace(written);
        self.journal.push(Change {
            slot: place.0,
            before,
        });
    }

    /// Sets the value of `key`.
    pub fn put(&mut self, key: &[u8], value: impl AsRef<[u8]>) {
        let at = self.slot(key);
        self.set(Place(at), Some(value.as_ref()));
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
            .range((
                lower_bound(prefix, after).map(Ordered::from),
                Bound::Unbounded,
            ))
            .take_while(|(key, _)| key.starts_with(prefix))
            .find_map(|(key, &at)| {
                let value = self.written(&self.slots[at])??;
                Some((key.to_vec(), value.to_vec()))
            });
        Ok(match (above, below) {
            (Some(above), Some(below)) => Some(if above.0 < below.0 { above } else { below }),
            (above, below) => above.or(below),
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
        for change in self.journal.drain(to.0.min(self.journal.len())..).rev() {
            let written = &mut self.slots[change.slot].written;
            if let Some(Some(undone)) = std::mem::replace(written, change.before) {
                self.values.truncate(undone.start);
            }
        }
    }

    /// What was read from the store, in order of key, with the values found.
    pub fn reads(&self) -> impl Iterator<Item = (Vec<u8>, Option<&[u8]>)> {
        self.index
            .iter()
            .filter_map(|(key, &at)| Some((key.to_vec(), self.slots[at].base.as_ref()?.as_deref())))
    }

    /// What was written.
    #[must_use]
    pub fn writes(&self) -> Batch {
        let written = self.index.iter().filter_map(|(key, &at)| {
            let value = self.written(&self.slots[at])?;
            Some((key.to_vec(), value.map(<[u8]>::to_vec)))
        });
        written.collect()
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
                let key = key.to_vec();
                let base = match &self.slots[at].base {
                    Some(base) => base.clone(),
                    None => self.store.get(&key)?,
                };
                Ok((key, base))
            })
            .collect()
    }

    /// The slot of `key`, made if there is none.
    fn slot(&mut self, key: &[u8]) -> usize {
        *self.index.entry(key.into()).or_insert_with(|| {
            self.slots.push(Slot::default());
            self.slots.len() - 1
        })
    }
}
