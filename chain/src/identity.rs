//! Development identities: the key pair of a name.
//!
//! The secret key is a hash of the name, so everybody can compute it. That is what a local chain and its
//! tests need, and nothing else: no money of worth may ever lie under such a key.

use hostapi::accounts::PublicKey;
use hostapi::hash::sha256;
use k256::SecretKey;

/// The public key of the development identity `name`.
///
/// The secret key is the SHA-256 of `smart51 development key 0 of NAME`; where that is no key of secp256k1
/// (once in 2^128), the number is counted up.
#[must_use]
pub fn public_key(name: &str) -> PublicKey {
    (0u32..)
        .find_map(|attempt| {
            let secret = sha256(format!("smart51 development key {attempt} of {name}").as_bytes());
            let public = SecretKey::from_slice(&secret).ok()?.public_key();
            PublicKey::try_from(&*public.to_sec1_bytes()).ok()
        })
        .expect("nearly every hash is a secret key")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name always has the same key and another name another.
    #[test]
    fn a_name_has_one_key_and_another_name_another() {
        let alice = public_key("alice");
        assert_eq!(alice, public_key("alice"));
        assert_ne!(alice, public_key("bob"));
        assert!(
            matches!(alice[0], 2 | 3),
            "a compressed key begins with 02 or 03"
        );
        // Worked out with another implementation of secp256k1, in Python.
        assert_eq!(
            hex::encode(alice),
            "02e0bbc16c4ac6dd66bef5c77d42599f7009c1303e56387c4560b7990c5573e423"
        );
    }
}
