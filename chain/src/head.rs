//! [`Head`]: the newest block, by which the next one is linked.

use crate::wire::{Reader, Writer};
use hostapi::NodeError;
use state::StateStore;
use state::keys::{self, Hash};

/// Under this name the store keeps [`Head`].
pub(crate) const HEAD: &str = "head";

/// The newest block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its height.
    pub height: u32,
    /// Its time in seconds since 1970.
    pub time: u64,
    /// Its hash.
    pub hash: Hash,
}

impl Head {
    /// The stored form: height 4, time 8, hash 32.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut w = Writer::with_capacity(44);
        w.u32(self.height);
        w.u64(self.time);
        w.array(&self.hash);
        w.end()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Head> {
        let mut r = Reader(bytes);
        let head = Head {
            height: r.u32()?,
            time: r.u64()?,
            hash: r.array()?,
        };
        r.end()?;
        Some(head)
    }

    /// The newest block of the chain in `store`.
    pub(crate) fn load(store: &dyn StateStore) -> Result<Head, NodeError> {
        let key = keys::meta(HEAD);
        let stored = store.get(&key)?;
        stored
            .and_then(|stored| Head::decode(&stored))
            .ok_or_else(|| NodeError::damaged(&key, "the newest block is expected"))
    }
}
