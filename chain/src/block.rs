//! [`Block`]: transactions made together, linked to the block before.

use crate::body::Body;
use crate::wire::{Reader, Writer};
use hostapi::hash::{blake2b, double_sha256};
use state::keys::Hash;

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
        double_sha256(&self.encode())
    }

    /// The stored form, which is what the hash is made of.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::with_capacity(110);
        w.u16(VERSION);
        w.u32(self.height);
        w.u64(self.time);
        w.array(&self.parent);
        w.array(&self.transactions);
        w.array(&self.receipts);
        w.end()
    }

    /// The header whose stored form this is.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Header> {
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
        r.end()?;
        Some(header)
    }
}

/// A block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its header.
    pub header: Header,
    /// What its transactions do, in order.
    pub bodies: Vec<Body>,
}

impl Block {
    /// The ids of its transactions, in order.
    pub fn ids(&self) -> impl Iterator<Item = Hash> {
        self.bodies
            .iter()
            .zip(0..=u16::MAX)
            .map(|(body, index)| body.id(self.header.height, index))
    }
}

/// The ids of a block's transactions, from their stored form: one after the other.
pub(crate) fn ids_of(stored: &[u8]) -> Option<&[Hash]> {
    let (ids, rest) = stored.as_chunks();
    rest.is_empty().then_some(ids)
}

/// BLAKE2b of hashes, one after the other.
pub(crate) fn hash_of_hashes(hashes: &[Hash]) -> Hash {
    blake2b(hashes.as_flattened())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn headers_read_back_and_nothing_shorter_does(height: u32, time: u64, parent: Hash) {
            let header = Header { height, time, parent, transactions: [2; 32], receipts: [3; 32] };
            let bytes = header.encode();
            prop_assert_eq!(Header::decode(&bytes), Some(header));
            for length in 0..bytes.len() {
                prop_assert_eq!(Header::decode(&bytes[..length]), None);
            }
            prop_assert_eq!(Header::decode(&[&bytes[..], &[0]].concat()), None);
        }
    }
}
