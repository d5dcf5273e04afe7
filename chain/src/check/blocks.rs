//! The blocks, from the first to the newest.

use super::Check;
use crate::block::{Header, hash_of_hashes, ids_of};
use crate::body::Stored;
use crate::genesis::first_block;
use crate::head::Head;
use hostapi::NodeError;
use hostapi::hash::blake2b;
use state::keys::{self, Hash};

impl Check<'_> {
    /// Follows the blocks from the first to the newest.
    pub(super) fn blocks(&mut self, head: Head) -> Result<(), NodeError> {
        let first = first_block(&self.genesis);
        for key in [
            keys::block(self.genesis.height),
            keys::ids(self.genesis.height),
        ] {
            if first.get(&key[..]) != Some(&self.store.get(&key)?) {
                let what = "it is not that of the block that the chain's settings begin with";
                self.problem(&key, what);
            }
        }
        let (mut parent, mut time) = (Hash::default(), 0);
        for height in self.genesis.height..=head.height {
            let key = keys::block(height);
            let Some(header) = self.header(height)? else {
                self.problem(&key, "the block is missing");
                return Ok(());
            };
            self.found.blocks += 1;
            if let Some(what) = self.block(&header, height, parent)? {
                self.problem(&key, what);
            }
            (parent, time) = (header.hash(), header.time);
        }
        for height in std::mem::take(&mut self.transactions).into_keys() {
            self.problem(
                &keys::block(height),
                "there are transactions of it, and no block",
            );
        }
        if (parent, time) != (head.hash, head.time) {
            self.problem(
                &keys::block(head.height),
                "its hash and time are not those of the newest block",
            );
        }
        Ok(())
    }

    pub(super) fn header(&self, height: u32) -> Result<Option<Header>, NodeError> {
        let stored = self.store.get(&keys::block(height))?;
        Ok(stored.and_then(|stored| Header::decode(&stored)))
    }

    fn block(
        &mut self,
        header: &Header,
        height: u32,
        parent: Hash,
    ) -> Result<Option<&'static str>, NodeError> {
        if header.height != height || header.parent != parent {
            return Ok(Some("it does not follow the block before it"));
        }
        let stored = self.store.get(&keys::ids(height))?;
        let Some(ids) = stored.as_deref().and_then(ids_of) else {
            return Ok(Some("the ids of its transactions are missing"));
        };
        if hash_of_hashes(ids) != header.transactions {
            return Ok(Some("its transactions do not have the hash in its header"));
        }
        let there = self.transactions.remove(&height).unwrap_or_default();
        if there != ids.len() {
            return Ok(Some(
                "there are not as many transactions of it as it has ids",
            ));
        }
        let mut receipts = Vec::new();
        for (id, index) in ids.iter().zip(0..=u16::MAX) {
            let stored = self.store.get(&keys::transaction(id))?;
            let place = stored.as_deref().and_then(Stored::read);
            if place.is_none_or(|stored| (stored.height, stored.index) != (height, index)) {
                return Ok(Some("a transaction of it is missing or stands elsewhere"));
            }
            let Some(stored) = self.store.get(&keys::receipt(id))? else {
                return Ok(Some("a receipt of it is missing"));
            };
            receipts.push(blake2b(&stored));
        }
        if receipts.len() != ids.len() {
            return Ok(Some("it has more transactions than a block can have"));
        }
        if hash_of_hashes(&receipts) != header.receipts {
            return Ok(Some("its receipts do not have the hash in its header"));
        }
        if self.has_block(height).1 && self.store.get(&keys::undo(height))?.is_none() {
            return Ok(Some("what it replaced is not recorded"));
        }
        Ok(None)
    }
}
