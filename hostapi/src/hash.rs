//! The three hashes of the original chain.

use crate::state::keys::{Hash, KeyId};
use ripemd::Ripemd160;
use sha2::{Digest, Sha256};

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

#[cfg(test)]
mod tests {
    use super::*;

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
