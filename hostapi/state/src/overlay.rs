//! [`Overlay`]: what a block changes, above a store that does not change yet.
//!
//! Each key that was read or written has a slot, and a slot stays where it is. So the undo journal is a
//! list of slot numbers with the values they had, and going back is putting them back, last one first.
//! The values written lie one behind the other in one buffer, which going back cuts: a write costs no
//! memory of its own. What was read from the store is kept too: a second read costs no store access, and
//! what a block replaces is known without asking again.
//!
//! The next key is found without looking at any key again that was removed, or only looked at. The keys
//! that are there stand in an order of their own, and the parts of the store whose keys are all known are
//! kept as [`Spans`]: inside of one the order alone answers. Who removes a key of the store with
//! [`Overlay::remove`] asks the store for the one after it at once, so that removed keys lie inside of spans
//! and are stepped over together. Spans tell of the store, which does not change: going back leaves them.

use super::memory::{lower_bound, upper_bound};
use super::ordered::{HEAD, Ordered};
use super::spans::{EndsAt, Span, Spans};
use super::store::{Batch, Pair, StateStore, StoreError};
use smallvec::SmallVec;
use std::collections::BTreeMap;
use std::ops::{Bound, Range};

/// What the overlay knows of one key.
#[derive(Debug)]
struct Slot {
    key: Ordered,
    /// The store's value, once it was read.
    base: Option<Option<Vec<u8>>>,
    written: Option<Written>,
    /// Whether the key was met in the store in the search for a next one: it lies inside of a span.
    met: bool,
}

impl Slot {
    /// Whether the key is to be found by a search for the next one, as of now.
    fn is_listed(&self) -> bool {
        match &self.written {
            Some(written) => written.is_some(),
            None => self.met,
        }
    }

    /// About what the slot takes in memory beyond a written value, in bytes.
    fn size(&self) -> usize {
        let base = self.base.as_ref().and_then(Option::as_ref);
        SLOT_SIZE + self.key.tail_len() + base.map_or(0, Vec::len)
    }
}

/// What a slot takes with its places in the two orders, in bytes.
const SLOT_SIZE: usize = 400;

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
    /// The slots whose keys a search for the next one finds, as of now.
    listed: BTreeMap<Ordered, usize>,
    spans: Spans,
    /// The values written, in the order in which they were.
    values: Vec<u8>,
    journal: Vec<Change>,
    /// About what is kept of keys that were only looked at, in bytes.
    reads: usize,
    /// Whether something of that was given up.
    forgot: bool,
}

impl<'s> Overlay<'s> {
    /// An overlay without any change.
    pub fn new(store: &'s dyn StateStore) -> Overlay<'s> {
        Overlay {
            store,
            index: BTreeMap::new(),
            slots: Vec::new(),
            listed: BTreeMap::new(),
            spans: Spans::default(),
            values: Vec::with_capacity(16 * USUAL_CHANGES),
            journal: Vec::with_capacity(USUAL_CHANGES),
            reads: 0,
            forgot: false,
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
            self.reads = self.reads.saturating_add(slot.size());
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
        let slot = &self.slots[place.0];
        let base = || slot.base.as_ref().map(Option::as_deref);
        if self.written(slot).or_else(base) == Some(value) {
            return; // it is known to be so already
        }
        let written = value.map(|value| {
            let start = self.values.len();
            self.values.extend_from_slice(value);
            start..self.values.len()
        });
        let before = self.write(place.0, Some(written));
        self.journal.push(Change {
            slot: place.0,
            before,
        });
    }

    /// Removes what stands at `place`, and asks the store for the key after it that starts with `prefix`, if a
    /// search for the next one would have to: a search steps over any number of keys removed so.
    ///
    /// # Errors
    /// If the store cannot be read; nothing is removed then.
    pub fn remove(&mut self, place: Place, prefix: &[u8]) -> Result<(), StoreError> {
        let slot = &self.slots[place.0];
        if matches!(slot.base, Some(Some(_))) && !self.spans.lead_on_from(&slot.key, prefix) {
            let key = slot.key.clone();
            let next = self.store.next(prefix, Some(&key.to_vec()))?;
            match next {
                Some((next, _)) => self.spans.leads(key, &next),
                None => self.spans.ended(key, prefix),
            }
            // Inside of a span a key is found in the order of what is listed, should this be taken back.
            self.slots[place.0].met = true;
        }
        self.set(place, None);
        Ok(())
    }

    /// Puts `written` into a slot, with its place in the order of what is listed. What was written there before.
    fn write(&mut self, at: usize, written: Option<Written>) -> Option<Written> {
        let slot = &mut self.slots[at];
        let was_listed = slot.is_listed();
        let before = std::mem::replace(&mut slot.written, written);
        match (was_listed, slot.is_listed()) {
            (false, true) => drop(self.listed.insert(slot.key.clone(), at)),
            (true, false) => drop(self.listed.remove(&slot.key)),
            _ => {}
        }
        before
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
        let from = match lower_bound(prefix, after) {
            Bound::Excluded(after) => Ordered::right_after(after),
            _ => Ordered::from(prefix),
        };
        self.first_from(prefix, from)
    }

    /// The first pair as of now whose key starts with `prefix` and is `from` or greater.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn first(&mut self, prefix: &[u8], from: &[u8]) -> Result<Option<Pair>, StoreError> {
        self.first_from(prefix, from.max(prefix).into())
    }

    /// The first pair as of now whose key starts with `prefix` and is not below `from`, which is not below `prefix`.
    fn first_from(&mut self, prefix: &[u8], from: Ordered) -> Result<Option<Pair>, StoreError> {
        if !from.starts_with(prefix) {
            return Ok(None); // the search begins behind all keys with this prefix
        }
        loop {
            let span = self.spans.at(&from).cloned();
            let first = self.first_listed(&from, prefix);
            let Some(Span { end, ends_at }) = span else {
                if !self.meet(&from, &from, EndsAt::Anywhere, prefix)? {
                    return Ok(first.map(|at| self.pair(at)));
                }
                continue;
            };
            // Up to the end of the span all keys of the store are known.
            match first {
                Some(at) if self.slots[at].key < end => return Ok(Some(self.pair(at))),
                first
                    if !end.starts_with(prefix) || !self.meet(&from, &end, ends_at, prefix)? =>
                {
                    return Ok(first.map(|at| self.pair(at)));
                }
                _ => {}
            }
        }
    }

    /// The first slot that is listed and whose key starts with `prefix` and is not below `from`.
    fn first_listed(&self, from: &Ordered, prefix: &[u8]) -> Option<usize> {
        let (key, &at) = self.listed.range(from..).next()?;
        key.starts_with(prefix).then_some(at)
    }

    /// The key and the value of a slot that is listed.
    fn pair(&self, at: usize) -> Pair {
        let value = self.value(Place(at)).unwrap_or_default();
        (self.slots[at].key.to_vec(), value.to_vec())
    }

    /// Looks in the store for the first key that starts with `prefix` and is not below `end`, as a search does
    /// that began at `from`: a span holds the way to it afterwards. Whether there is one.
    fn meet(
        &mut self,
        from: &Ordered,
        end: &Ordered,
        ends_at: EndsAt,
        prefix: &[u8],
    ) -> Result<bool, StoreError> {
        let end = end.to_vec();
        let found = match end.strip_suffix(&[0]) {
            // The end is the first place after a shorter key, and not a key itself as far as is known.
            Some(after) if ends_at != EndsAt::Key => self.store.next(prefix, Some(after))?,
            _ if end == prefix => self.store.next(prefix, None)?,
            _ => match self.store.get(&end)? {
                Some(value) => Some((end, value)),
                None => self.store.next(prefix, Some(&end))?,
            },
        };
        let Some((key, value)) = found else {
            self.spans.ended(from.clone(), prefix);
            return Ok(false);
        };
        self.note(&key, value);
        self.spans.met(from.clone(), &key);
        Ok(true)
    }

    /// Notes a pair of the store that a search has found. A span must hold its key afterwards.
    fn note(&mut self, key: &[u8], value: Vec<u8>) {
        let at = self.slot(key);
        let slot = &mut self.slots[at];
        if slot.base.is_none() {
            slot.base = Some(Some(value));
            self.reads = self.reads.saturating_add(slot.size());
        }
        let was_listed = slot.is_listed();
        slot.met = true;
        if slot.is_listed() && !was_listed {
            self.listed.insert(slot.key.clone(), at);
        }
    }

    /// The last pair as of now whose key starts with `prefix` and is less than `before` (where given).
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn prev(
        &mut self,
        prefix: &[u8],
        before: Option<&[u8]>,
    ) -> Result<Option<Pair>, StoreError> {
        let first = Ordered::from(prefix);
        let mut end = match upper_bound(prefix, before) {
            Bound::Excluded(end) => Some(Ordered::from(&end[..])),
            _ => None,
        };
        loop {
            if end.as_ref().is_some_and(|end| *end <= first) {
                return Ok(None);
            }
            let last = self.last_listed(end.as_ref(), prefix);
            if let Some(known) = end.as_ref().and_then(|end| self.spans.below(end)) {
                // From there up to the end all keys of the store are known.
                match last {
                    Some(at) if self.slots[at].key >= *known => return Ok(Some(self.pair(at))),
                    _ => end = Some(known.clone()),
                }
                continue;
            }
            let before = end.as_ref().map(Ordered::to_vec);
            let Some((key, value)) = self.store.prev(prefix, before.as_deref())? else {
                if let Some(end) = end {
                    let ends_at = self.ends_at(&end);
                    self.spans.nothing(first, end, ends_at);
                }
                return Ok(last.map(|at| self.pair(at)));
            };
            self.note(&key, value);
            match &end {
                Some(end) => {
                    let ends_at = self.ends_at(end);
                    self.spans.met_below(end.clone(), ends_at, &key);
                }
                None => {
                    let behind = Ordered::right_after(&key);
                    self.spans.met(Ordered::from(&key[..]), &key);
                    if let Some(at) = last
                        && self.slots[at].key >= behind
                    {
                        return Ok(Some(self.pair(at)));
                    }
                    end = Some(behind);
                }
            }
        }
    }

    /// The last slot that is listed and whose key starts with `prefix` and is below `end` (where given).
    fn last_listed(&self, end: Option<&Ordered>, prefix: &[u8]) -> Option<usize> {
        let end = end.map_or(Bound::Unbounded, Bound::Excluded);
        let mut below = self.listed.range((Bound::Unbounded, end));
        let (key, &at) = below.next_back()?;
        key.starts_with(prefix).then_some(at)
    }

    /// What a span that ends at `place` ends at, as far as is known.
    fn ends_at(&self, place: &Ordered) -> EndsAt {
        let slot = self.index.get(place).map(|&at| &self.slots[at]);
        match slot.and_then(|slot| slot.base.as_ref()) {
            Some(Some(_)) => EndsAt::Key,
            _ => EndsAt::Anywhere,
        }
    }

    /// The parts of the store that were looked through for a next or a previous key, in order: each from its first
    /// place up to, not including, its end. What was found depends on there being no other keys in them.
    pub fn ranges_read(&self) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
        self.spans
            .ranges()
            .map(|(from, to)| (from.to_vec(), to.to_vec()))
    }

    /// This place in the history.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint(self.journal.len())
    }

    /// Takes back everything written since `to`. A checkpoint that was itself taken back already is the
    /// present: nothing happens.
    pub fn revert(&mut self, to: Checkpoint) {
        while self.journal.len() > to.0 {
            let Some(change) = self.journal.pop() else {
                return;
            };
            if let Some(Some(undone)) = self.write(change.slot, change.before) {
                self.values.truncate(undone.start);
            }
        }
    }

    /// Gives `each` the keys whose values are others than at `since`, in order of key: the key, the value then,
    /// and the value now; `None` where there is none. It depends on the values alone, and not on what was read or
    /// written on the way. A checkpoint that was itself taken back already is the present: nothing has changed.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn changes_since(
        &self,
        since: Checkpoint,
        mut each: impl FnMut(&[u8], Option<&[u8]>, Option<&[u8]>),
    ) -> Result<(), StoreError> {
        let journal = self.journal.get(since.0..).unwrap_or_default();
        let mut changes: SmallVec<[&Change; 16]> = journal.iter().collect();
        // The first change of a key, which knows the value of then, stays the first.
        changes.sort_by(|a, b| self.slots[a.slot].key.cmp(&self.slots[b.slot].key));
        let (mut first, mut long) = ([0; HEAD], Vec::new());
        let mut last = usize::MAX;
        for Change { slot: at, before } in &changes {
            if std::mem::replace(&mut last, *at) == *at {
                continue;
            }
            let slot = &self.slots[*at];
            let now = self.written(slot).flatten();
            let stored;
            let then = match (before, &slot.base) {
                (Some(then), _) => then.as_ref().map(|then| &self.values[then.clone()]),
                (None, Some(base)) => base.as_deref(),
                (None, None) => {
                    stored = self.store.get(&slot.key.to_vec())?;
                    stored.as_deref()
                }
            };
            if then != now {
                each(slot.key.bytes_in(&mut first, &mut long), then, now);
            }
        }
        Ok(())
    }

    /// About what is kept of keys that were only looked at, in bytes.
    #[must_use]
    pub const fn reads_size(&self) -> usize {
        self.reads
    }

    /// Gives up what is kept of keys that were only looked at. No [`Place`] of before means anything after.
    pub fn forget_reads(&mut self) {
        let mut places = vec![0; self.slots.len()];
        let mut kept = Vec::new();
        for (at, mut slot) in std::mem::take(&mut self.slots).into_iter().enumerate() {
            // What the journal takes back is written as of now: such slots stay.
            if slot.written.is_some() {
                slot.met = false;
                places[at] = kept.len();
                kept.push(slot);
            } else {
                places[at] = usize::MAX;
            }
        }
        self.slots = kept;
        let stays = |_: &Ordered, at: &mut usize| {
            *at = places[*at];
            *at != usize::MAX
        };
        self.index.retain(stays);
        self.listed.retain(stays);
        for change in &mut self.journal {
            change.slot = places[change.slot];
        }
        self.spans = Spans::default();
        self.reads = 0;
        self.forgot = true;
    }

    /// Whether something that was read is kept no longer.
    #[must_use]
    pub const fn has_forgotten(&self) -> bool {
        self.forgot
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
            self.slots.push(Slot {
                key: key.into(),
                base: None,
                written: None,
                met: false,
            });
            self.slots.len() - 1
        })
    }
}
