//! Taking blocks back: the newest first, each with everything it changed.

use crate::chain::Chain;
use crate::error::ChainError;
use crate::head::HEAD;
use crate::wire::{Reader, Writer};
use hostapi::NodeError;
use state::Batch;
use state::keys;

impl Chain {
    /// Takes back the newest `count` blocks, all of them or none. The store is then byte for byte what it
    /// was before them.
    ///
    /// # Errors
    /// [`ChainError::RollbackTooFar`] where the first block would be among them, or if the store fails.
    pub fn rollback(&self, count: u32) -> Result<(), ChainError> {
        let _alone = self.alone();
        let newest = self.head()?.height;
        let there = newest.checked_sub(self.genesis().height).ok_or_else(|| {
            NodeError::damaged(&keys::meta(HEAD), "a block not below the first is expected")
        })?;
        if count > there {
            return Err(ChainError::RollbackTooFar {
                asked: count,
                there,
            });
        }
        let mut batch = Batch::new();
        for height in (newest - count + 1..=newest).rev() {
            // An older block's record comes later and replaces what a newer one put back.
            batch.extend(self.undo_of(height)?);
        }
        self.store().commit(batch)?;
        Ok(())
    }

    /// What takes the block at `height` back, once those above are.
    pub(crate) fn undo_of(&self, height: u32) -> Result<Batch, ChainError> {
        let key = keys::undo(height);
        let stored = self.store().get(&key)?;
        let undo = stored.and_then(|stored| decode(&stored));
        let mut batch =
            undo.ok_or_else(|| NodeError::damaged(&key, "what the block replaced is expected"))?;
        batch.insert(key.to_vec(), None);
        batch.insert(keys::block(height).to_vec(), None);
        batch.insert(keys::ids(height).to_vec(), None);
        for id in self.ids(height)? {
            batch.insert(keys::transaction(&id).to_vec(), None);
            batch.insert(keys::receipt(&id).to_vec(), None);
        }
        Ok(batch)
    }
}

/// The stored form of what a block replaced: per key its length (LE32) and bytes, 1 where there was a
/// value and 0 where there was none, and the value with its length.
pub(crate) fn encode(replaced: &Batch) -> Vec<u8> {
    let mut w = Writer::default();
    for (key, value) in replaced {
        w.bytes(key);
        w.u8(u8::from(value.is_some()));
        if let Some(value) = value {
            w.bytes(value);
        }
    }
    w.end()
}

/// What [`encode`] wrote.
pub(crate) fn decode(stored: &[u8]) -> Option<Batch> {
    let mut r = Reader(stored);
    let mut batch = Batch::new();
    while r.end().is_none() {
        let key = r.bytes()?.to_vec();
        let value = match r.u8()? {
            0 => None,
            1 => Some(r.bytes()?.to_vec()),
            _ => return None,
        };
        batch.insert(key, value);
    }
    Some(batch)
}
