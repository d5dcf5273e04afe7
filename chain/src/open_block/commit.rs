//! The finished block.

use super::{NewTransaction, OpenBlock};
use crate::block::{Block, Header, hash_of_hashes};
use crate::error::ChainError;
use crate::fuel;
use crate::head::{HEAD, Head};
use crate::receipt::Receipt;
use crate::rollback;
use hostapi::hash::blake2b_each;
use state::keys::{self, Hash};

impl OpenBlock<'_> {
    /// Writes the block into the store: transactions, receipts and all changes, or nothing. It is durable
    /// when this returns.
    ///
    /// # Errors
    /// [`ChainError::Overtaken`] where the block before it is no longer the newest, or if the store fails.
    pub fn commit(mut self) -> Result<(Block, Vec<Receipt>), ChainError> {
        let ids: Vec<Hash> = self.transactions.iter().map(|t| t.id).collect();
        let encoded: Vec<Vec<u8>> = self.receipts.iter().map(Receipt::encode).collect();
        let header = Header {
            height: self.height,
            time: self.time,
            parent: self.parent.hash,
            transactions: hash_of_hashes(&ids),
            receipts: hash_of_hashes(&blake2b_each(encoded.iter().map(Vec::as_slice))),
        };
        let head = Head {
            height: self.height,
            time: self.time,
            hash: header.hash(),
        };
        self.state.put(&keys::meta(HEAD), head.encode());
        if let Some(fuel) = fuel::after(self.chain, &self.schedule, self.gas())? {
            self.state.put(&keys::meta(fuel::FUEL_NAME), fuel);
        }
        // Blocks, transactions, receipts and undo records are new keys: taking them back is removing them.
        let undo = rollback::encode(&self.state.replaced()?);
        let mut batch = self.state.writes();
        batch.insert(keys::undo(self.height).into(), Some(undo));
        batch.insert(keys::block(self.height).into(), Some(header.encode()));
        let ids_stored = ids.as_flattened().to_vec();
        batch.insert(keys::ids(self.height).into(), Some(ids_stored));
        let mut bodies = Vec::with_capacity(ids.len());
        for (transaction, receipt) in self.transactions.into_iter().zip(encoded) {
            let NewTransaction { id, body, stored } = transaction;
            batch.insert(keys::transaction(&id).into(), Some(stored));
            batch.insert(keys::receipt(&id).into(), Some(receipt));
            bodies.push(body);
        }
        self.chain.commit_after(&self.parent, batch)?;
        Ok((Block { header, bodies }, self.receipts))
    }
}
