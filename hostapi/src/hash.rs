//! The three hashes of the original chain, and the one this chain keeps its records with.

use blake2b_simd::Params;
use blake2b_simd::many::{HashManyJob, hash_many};
use ripemd::Ripemd160;
use sha2::{Digest, Sha256};
use state::keys::{Hash, KeyId};

/// SHA-256 of `data`.
#[must_use]
pub fn sha256(data: &[u8]) -> Hash {
    Sha256::digest(data).into()
}

/// SHA-256 of the SHA-256 of `data`: what the original chain calls its hash.
#[must_use]
pub fn double_sha256(data: &[u8]) -> Hash {
    sha256(&sha256(data))
}

/// RIPEMD-160 of the SHA-256 of `data`: how key ids are made.
#[must_use]
pub fn key_hash(data: &[u8]) -> KeyId {
    Ripemd160::digest(sha256(data)).into()
}

/// BLAKE2b of `data` with a result of 32 bytes: what names transactions, receipts, inputs and logs.
///
/// A call hashes some 500 bytes of these. BLAKE2b takes a fifth of the time of SHA-256 on a processor that
/// has no instructions for SHA-256, so that hashing does not cost more than the call.
#[must_use]
pub fn blake2b(data: &[u8]) -> Hash {
    of_digest(&params().hash(data))
}

/// A [`blake2b`] of data that comes piece by piece: it holds none of it.
#[derive(Clone, Debug)]
pub struct Blake2b(blake2b_simd::State);

impl Default for Blake2b {
    fn default() -> Self {
        Blake2b(params().to_state())
    }
}

impl Blake2b {
    /// Adds `data`.
    pub fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    /// The hash of all data so far.
    #[must_use]
    pub fn hash(&self) -> Hash {
        of_digest(&self.0.finalize())
    }
}

/// The [`blake2b`] of each of `data`, in order: four at a time where the processor can, so that hashing a
/// block's receipts together takes half the time.
#[must_use]
pub fn blake2b_each<'a>(data: impl IntoIterator<Item = &'a [u8]>) -> Vec<Hash> {
    let params = params();
    let jobs = data.into_iter().map(|data| HashManyJob::new(&params, data));
    let mut jobs: Vec<_> = jobs.collect();
    hash_many(&mut jobs);
    jobs.iter().map(|job| of_digest(&job.to_hash())).collect()
}

fn params() -> Params {
    let mut params = Params::new();
    params.hash_length(size_of::<Hash>());
    params
}

fn of_digest(digest: &blake2b_simd::Hash) -> Hash {
    let mut hash = Hash::default();
    hash.copy_from_slice(digest.as_bytes());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blake2b_of_pieces_is_blake2b_of_the_whole() {
        let data = [0x51; 1000];
        for piece in [1, 127, 128, 129, 999] {
            let mut pieces = Blake2b::default();
            data.chunks(piece).for_each(|piece| pieces.update(piece));
            assert_eq!(pieces.hash(), blake2b(&data), "pieces of {piece}");
        }
    }

    // Worked out with Python's hashlib.blake2b(digest_size=32).
    #[test]
    fn blake2b_of_32_bytes_is_pythons() {
        for (data, hash) in [
            (
                &b"abc"[..],
                "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319",
            ),
            (
                &[0x51; 300],
                "24cbe8a1b50bf0078c0f8a7c885172a4634d9baf9df574ffa1aca461405681de",
            ),
        ] {
            assert_eq!(hex::encode(blake2b(data)), hash);
        }
    }

    #[test]
    fn hashing_many_together_is_hashing_each() {
        let data: Vec<Vec<u8>> = (0..300).map(|length| vec![0x51; length]).collect();
        let each: Vec<Hash> = data.iter().map(|data| blake2b(data)).collect();
        for count in [0, 1, 2, 3, 4, 5, 300] {
            let together = blake2b_each(data[..count].iter().map(Vec::as_slice));
            assert_eq!(together, each[..count]);
        }
    }

    // FIPS 180-2, the first example; its double from Bitcoin's tests.
    #[test]
    fn abc_has_the_published_hashes() {
        assert_eq!(
            hex::encode(sha256(b"abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            hex::encode(double_sha256(b"abc")),
            "4f8b42c22dd3729b519ba6f68d2da7cc5b2d606d05daed5ad5128cc03e6c6358"
        );
    }

    // The public key of the secret key 1, whose key id is in the Bitcoin wiki's address examples.
    #[test]
    fn generator_has_the_published_key_id() {
        let key = hex::decode("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")
            .unwrap();
        assert_eq!(
            hex::encode(key_hash(&key)),
            "751e76e8199196d454941c45d1b3a323f1433bd6"
        );
    }
}
