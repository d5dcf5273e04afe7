//! The chain as it was: blocks taken back in memory, and a stored transaction executed again above them.

use crate::chain::Chain;
use crate::error::ChainError;
use crate::hostlog::HostCalls;
use crate::open_block::OpenBlock;
use crate::open_block::again::Kept;
use crate::receipt::Receipt;
use bridge::Engine;
use hostapi::NodeError;
use loader::Image;
use state::keys::{self, Hash};
use state::{Batch, Pair, StateStore, StoreError};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock};

/// A store with changes above it that are kept in memory. The store itself is only read.
#[derive(Debug)]
struct Changed {
    store: Arc<dyn StateStore>,
    changes: RwLock<Batch>,
}

// As with the store in memory: nothing panics while it changes.
impl StateStore for Changed {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let changes = self.changes.read().unwrap_or_else(PoisonError::into_inner);
        match changes.get(key) {
            Some(value) => Ok(value.clone()),
            None => self.store.get(key),
        }
    }

    fn next(&self, prefix: &[u8], after: Option<&[u8]>) -> Result<Option<Pair>, StoreError> {
        let changes = self.changes.read().unwrap_or_else(PoisonError::into_inner);
        let mut stored = self.store.next(prefix, after)?;
        while let Some((key, _)) = &stored
            && changes.contains_key(key)
        {
            stored = self.store.next(prefix, Some(key))?;
        }
        let from = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let range = changes.range::<[u8], _>((from, Bound::Unbounded));
        let mut put = range.take_while(|(key, _)| key.starts_with(prefix));
        let put = put.find_map(|(key, value)| Some((key.clone(), value.clone()?)));
        Ok(match (stored, put) {
            (Some(stored), Some(put)) => Some(stored.min(put)),
            (stored, put) => stored.or(put),
        })
    }

    fn prev(&self, prefix: &[u8], before: Option<&[u8]>) -> Result<Option<Pair>, StoreError> {
        let changes = self.changes.read().unwrap_or_else(PoisonError::into_inner);
        let mut stored = self.store.prev(prefix, before)?;
        while let Some((key, _)) = &stored
            && changes.contains_key(key)
        {
            stored = self.store.prev(prefix, Some(key))?;
        }
        let before = before.map_or_else(|| keys::behind(prefix), |before| Some(before.into()));
        let below = match &before {
            Some(before) => {
                changes.range::<[u8], _>((Bound::Unbounded, Bound::Excluded(&before[..])))
            }
            None => changes.range::<[u8], _>(..),
        };
        // A place behind the prefix can have other keys below it.
        let mut put = below
            .rev()
            .skip_while(|(key, _)| !key.starts_with(prefix) && key[..] > *prefix)
            .take_while(|(key, _)| key.starts_with(prefix));
        let put = put.find_map(|(key, value)| Some((key.clone(), value.clone()?)));
        Ok(match (stored, put) {
            (Some(stored), Some(put)) => Some(stored.max(put)),
            (stored, put) => stored.or(put),
        })
    }

    fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        let mut changes = self.changes.write().unwrap_or_else(PoisonError::into_inner);
        changes.extend(batch);
        Ok(())
    }
}

impl Chain {
    /// The chain in `store` as it was when the block at `height` was the newest. The blocks above it are taken back in
    /// memory, by their undo records; what is done on it stays there too.
    ///
    /// # Errors
    /// [`ChainError::NoBlock`]; [`ChainError::UndoEnds`] where an undo record on the way is missing or damaged; or as
    /// [`Chain::existing`].
    pub fn as_of(store: &Arc<dyn StateStore>, height: u32) -> Result<Chain, ChainError> {
        let now = Chain::existing(Box::new(Arc::clone(store)))?;
        let newest = now.head()?.height;
        if height > newest || height < now.genesis().height {
            return Err(ChainError::NoBlock {
                asked: height,
                newest,
            });
        }
        let mut changes = Batch::new();
        for block in (height + 1..=newest).rev() {
            match now.undo_of(block) {
                // An older block's record comes later and replaces what a newer one put back.
                Ok(undo) => changes.extend(undo),
                Err(ChainError::Node(NodeError::Damaged { .. })) => {
                    return Err(ChainError::UndoEnds { block, newest });
                }
                Err(error) => return Err(error),
            }
        }
        Chain::existing(Box::new(Changed {
            store: Arc::clone(store),
            changes: RwLock::new(changes),
        }))
    }
}

/// A stored transaction, executed again.
#[derive(Debug)]
pub struct Again {
    /// Its receipt, as it came out now.
    pub receipt: Receipt,
    /// The receipt that the chain has.
    pub stored: Receipt,
    /// Whether the two are equal byte for byte.
    pub is_equal: bool,
    /// How many blocks were taken back.
    pub taken_back: u32,
    /// The receipts of earlier transactions of its block that came out otherwise than the chain has them.
    pub differing_before: Vec<Hash>,
    /// What was kept of how it ran.
    pub host_calls: HostCalls,
    /// What it read and wrote.
    pub access: Access,
}

/// The keys of the state that a transaction read and wrote, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Each key read, with the value before the transaction; `None` for none. A key that was written and read after
    /// that is not among them.
    pub reads: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// The parts of the state that were looked through for a next or a previous key: each from its first place up to,
    /// not including, its end. What was found depends on there being no other keys in them.
    pub ranges: Vec<(Vec<u8>, Vec<u8>)>,
    /// Each key whose value is another one after the transaction.
    pub writes: Vec<Write>,
}

/// A key that a transaction changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// The key.
    pub key: Vec<u8>,
    /// Its value before; `None` for none.
    pub before: Option<Vec<u8>>,
    /// Its value after; `None` for none.
    pub after: Option<Vec<u8>>,
}

/// How a transaction is executed again.
#[derive(Debug, Default)]
pub struct AgainOptions {
    /// The engines, where they are not those of a chain.
    pub engines: Option<Vec<Box<dyn Engine>>>,
    /// The room for its host calls, in bytes.
    pub room: usize,
    /// Images that the store may lack, by their hashes.
    pub images: BTreeMap<Hash, Image>,
    /// ABIs in binary form that the store may lack, by their hashes.
    pub abis: BTreeMap<Hash, Vec<u8>>,
}

/// Images and ABIs in a store, and others beside it.
struct InStore<'a> {
    store: &'a dyn StateStore,
    images: &'a BTreeMap<Hash, Image>,
    abis: &'a BTreeMap<Hash, Vec<u8>>,
}

impl Kept for InStore<'_> {
    fn image(&self, hash: &Hash) -> Result<Image, ChainError> {
        if let Some(image) = self.images.get(hash) {
            return Ok(image.clone());
        }
        let key = keys::code(hash);
        let stored = self.store.get(&key)?.ok_or(ChainError::NoImage(*hash))?;
        let image = Image::decode(&stored);
        Ok(image.map_err(|_| NodeError::damaged(&key, "an image is expected"))?)
    }

    fn abi(&self, hash: &Hash) -> Result<Vec<u8>, ChainError> {
        if let Some(abi) = self.abis.get(hash) {
            return Ok(abi.clone());
        }
        let stored = self.store.get(&keys::abi(hash))?;
        stored.ok_or(ChainError::NoAbi(*hash))
    }
}

/// Executes the transaction `id` of the chain in `store` again, on the state that it was executed on. Nothing in the
/// store changes.
///
/// # Errors
/// [`ChainError::NoReceipt`]; as [`Chain::as_of`]; [`ChainError::NoImage`] where an image is missing;
/// [`ChainError::NotAgain`] where a transaction that the chain has is refused now; or if the node fails.
pub fn again(
    store: &Arc<dyn StateStore>,
    id: &Hash,
    options: AgainOptions,
) -> Result<Again, ChainError> {
    let now = Chain::existing(Box::new(Arc::clone(store)))?;
    let stored = now.receipt(id)?;
    let bytes = now.store().get(&keys::receipt(id))?.unwrap_or_default();
    let block = now.block(stored.height)?;
    let parent = stored.height.checked_sub(1).ok_or_else(|| {
        NodeError::damaged(
            &keys::receipt(id),
            "a height above the first block is expected",
        )
    })?;
    let mut past = Chain::as_of(store, parent)?;
    if let Some(engines) = options.engines {
        past = past.with_engines(engines);
    }
    let kept = InStore {
        store: &**store,
        images: &options.images,
        abis: &options.abis,
    };
    let mut open = past.begin_again(block.header.time)?;
    let mut differing_before = Vec::new();
    let refused = |id: Hash| {
        move |error: ChainError| match error {
            error if error.is_node() => error,
            error @ (ChainError::NoImage(_) | ChainError::NoAbi(_)) => error,
            error => ChainError::NotAgain {
                id,
                reason: error.to_string(),
            },
        }
    };
    let ids: Vec<Hash> = block.ids().collect();
    let before = usize::from(stored.index);
    for (body, earlier) in block.bodies.iter().zip(&ids).take(before) {
        let receipt = open.again(body, &kept).map_err(refused(*earlier))?;
        let bytes = store.get(&keys::receipt(earlier))?;
        if bytes.as_deref() != Some(&receipt.encode()) {
            differing_before.push(*earlier);
        }
    }
    open.look_afresh()?;
    open.keep_host_calls(options.room);
    let body = block.bodies.get(before).ok_or_else(|| {
        NodeError::damaged(
            &keys::ids(stored.height),
            "the transaction of a receipt is expected",
        )
    })?;
    let receipt = open.again(body, &kept).map_err(refused(*id))?.clone();
    Ok(Again {
        is_equal: receipt.encode() == bytes,
        receipt,
        taken_back: now.head()?.height - parent,
        differing_before,
        host_calls: open.host_calls(),
        access: access(&mut open)?,
        stored,
    })
}

/// What the only transaction that the state of `block` has seen read and wrote.
fn access(block: &mut OpenBlock<'_>) -> Result<Access, ChainError> {
    let beginning = block.beginning();
    let state = block.state();
    let reads = state.reads();
    let mut access = Access {
        reads: reads
            .map(|(key, value)| (key, value.map(<[u8]>::to_vec)))
            .collect(),
        ranges: state.ranges_read().collect(),
        writes: Vec::new(),
    };
    state.changes_since(beginning, |key, before, after| {
        access.writes.push(Write {
            key: key.to_vec(),
            before: before.map(<[u8]>::to_vec),
            after: after.map(<[u8]>::to_vec),
        });
    })?;
    Ok(access)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;
    use state::MemStore;

    proptest! {
        /// A store with changes above it is what the store would be with them.
        #[test]
        fn changes_above_a_store_are_as_in_it(
            stored in btree_map(vec(0u8..3, 0..4), vec(any::<u8>(), 0..3), 0..12),
            changes in btree_map(vec(0u8..3, 0..4), prop::option::of(vec(any::<u8>(), 0..3)), 0..12),
            prefix in vec(0u8..3, 0..3),
            after in prop::option::of(vec(0u8..3, 0..4)),
        ) {
            let (below, all) = (MemStore::new(), MemStore::new());
            let stored: Batch = stored.into_iter().map(|(key, value)| (key, Some(value))).collect();
            below.commit(stored.clone()).expect("in memory");
            all.commit(stored).expect("in memory");
            all.commit(changes.clone()).expect("in memory");
            let above = Changed { store: Arc::new(below), changes: RwLock::default() };
            above.commit(changes).expect("in memory");
            let after = after.as_deref();
            prop_assert_eq!(
                above.next(&prefix, after).expect("in memory"),
                all.next(&prefix, after).expect("in memory")
            );
            prop_assert_eq!(
                above.prev(&prefix, after).expect("in memory"),
                all.prev(&prefix, after).expect("in memory")
            );
            prop_assert_eq!(above.get(&prefix).expect("in memory"), all.get(&prefix).expect("in memory"));
        }
    }
}
