//! [`Block`]: transactions made together, linked to the block before.

use crate::action::Action;
use crate::wire::{Reader, push_bytes};
use hostapi::hash::{blake2b, double_sha256};
use hostapi::state::keys::Hash;

/// The version of the encoding.
const VERSION: u16 = 1;

/// What a block's hash is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The height.
    pub height: u32,
    /// The time in seconds since 1970.
    pub time: u64,
    /// The hash of the block before; zeros for the first block.
    pub parent: Hash,
    /// BLAKE2b of the transactions' ids, one after the other.
    pub transactions: Hash,
    /// BLAKE2b of the receipts' hashes, one after the other.
    pub receipts: Hash,
}

impl Header {
    /// The block's hash: the double SHA-256 of `version 2 · height 4 · time 8 · parent 32 · transactions 32
    /// · receipts 32`, numbers little-endian.
    #[must_use]
    pub fn hash(&self) -> Hash {
        let mut bytes = Vec::with_capacity(110);
        self.encode_to(&mut bytes);
        double_sha256(&bytes)
    }

    fn encode_to(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&self.height.to_le_bytes());
        out.extend_from_slice(&self.time.to_le_bytes());
        for hash in [&self.parent, &self.transactions, &self.receipts] {
            out.extend_from_slice(hash);
        }
    }
}

/// A block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its header.
    pub header: Header,
    /// Its transactions, in order.
    pub actions: Vec<Action>,
}

impl Block {
    /// The ids of its transactions, in order.
    pub fn ids(&self) -> impl Iterator<Item = Hash> {
        self.actions
            .iter()
            .zip(0u16..)
            .map(|(action, index)| action.id(self.header.height, index))
    }

    /// The stored form: the header, and each transaction with its length (LE32) in front.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(128 * (1 + self.actions.len()));
        self.header.encode_to(&mut out);
        let mut bytes = Vec::new();
        for action in &self.actions {
            bytes.clear();
            action.encode_to(&mut bytes);
            push_bytes(&mut out, &bytes);
        }
        out
    }

    /// The block whose stored form this is.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Block> {
        let mut r = Reader(bytes);
        if r.u16()? != VERSION {
            return None;
        }
        let header = Header {
            height: r.u32()?,
            time: r.u64()?,
            parent: r.array()?,
            transactions: r.array()?,
            receipts: r.array()?,
        };
        let mut actions = Vec::new();
        while r.end().is_none() {
            actions.push(Action::decode(r.bytes()?)?);
        }
        Some(Block { header, actions })
    }
}

/// BLAKE2b of hashes, one after the other.
pub(crate) fn hash_of_hashes(hashes: &[Hash]) -> Hash {
    blake2b(hashes.as_flattened())
}
