//! The events of a chain: what the receipts of its blocks hold, oldest first.

use crate::chain::Chain;
use crate::error::ChainError;
use crate::receipt::{Event, Receipt};
use state::keys::{Hash, RegId};
use std::vec;

/// An event of a stored receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// The height of its block.
    pub height: u32,
    /// The transaction's id.
    pub transaction: Hash,
    /// The contract it came from.
    pub contract: RegId,
    /// The event.
    pub event: Event,
}

/// The events of the blocks of a chain, in order. It holds one block's ids and one receipt.
#[derive(Debug)]
pub struct Events<'c> {
    chain: &'c Chain,
    /// The height of the next block, and that of the last one.
    blocks: std::ops::RangeInclusive<u32>,
    ids: vec::IntoIter<Hash>,
    events: vec::IntoIter<StoredEvent>,
}

impl Chain {
    /// The events of the blocks from height `from` on, oldest first.
    ///
    /// # Errors
    /// [`ChainError::NoBlock`] where `from` is above the newest block, or if the store cannot be read.
    pub fn events(&self, from: u32) -> Result<Events<'_>, ChainError> {
        let newest = self.head()?.height;
        if from > newest {
            return Err(ChainError::NoBlock {
                asked: from,
                newest,
            });
        }
        Ok(Events {
            chain: self,
            blocks: from.max(self.genesis().height)..=newest,
            ids: Vec::new().into_iter(),
            events: Vec::new().into_iter(),
        })
    }
}

impl Events<'_> {
    /// The next event, if there is one.
    fn find(&mut self) -> Result<Option<StoredEvent>, ChainError> {
        loop {
            if let Some(event) = self.events.next() {
                return Ok(Some(event));
            }
            if let Some(id) = self.ids.next() {
                self.events = of(self.chain.receipt(&id)?).into_iter();
            } else if let Some(height) = self.blocks.next() {
                self.ids = self.chain.ids(height)?.into_iter();
            } else {
                return Ok(None);
            }
        }
    }
}

impl Iterator for Events<'_> {
    type Item = Result<StoredEvent, ChainError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.find().transpose()
    }
}

/// The events of a receipt.
fn of(mut receipt: Receipt) -> Vec<StoredEvent> {
    let events = std::mem::take(&mut receipt.events);
    let stored = |event: Event| StoredEvent {
        height: receipt.height,
        transaction: receipt.id,
        contract: receipt.event_source(&event).unwrap_or_default(),
        event,
    };
    events.into_iter().map(stored).collect()
}
