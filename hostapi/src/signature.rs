//! ECDSA signatures of secp256k1, as the original checks them.
//!
//! The original's library takes a signature apart, puts it together again in the strict form, and checks
//! that. So what counts are the two numbers; leading zeros, long lengths and bytes after the object do not.

use k256::ecdsa::signature::hazmat::PrehashVerifier;
use k256::ecdsa::{Signature, VerifyingKey};

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;

/// Whether `der` is a signature of the 32-byte `hash` by the holder of the compressed public key `key`.
///
/// Both halves of the curve's signatures are good: there is no rule of the low S.
#[must_use]
pub fn verifies(der: &[u8], key: &[u8], hash: &[u8]) -> bool {
    let is_compressed = key.len() == 33 && matches!(key[0], 2 | 3);
    let signature = parse(der).and_then(|(r, s)| Signature::from_scalars(r, s).ok());
    let key = VerifyingKey::from_sec1_bytes(key)
        .ok()
        .filter(|_| is_compressed);
    key.zip(signature)
        .is_some_and(|(key, signature)| key.verify_prehash(hash, &signature.normalize_s()).is_ok())
}

/// The two numbers of a signature, 32 bytes each, most significant first.
fn parse(der: &[u8]) -> Option<([u8; 32], [u8; 32])> {
    let (sequence, _ignored) = object(der, SEQUENCE)?;
    let (r, rest) = object(sequence, INTEGER)?;
    let (s, rest) = object(rest, INTEGER)?;
    rest.is_empty().then_some((scalar(r)?, scalar(s)?))
}

/// The contents of the object with this tag at the front of `input`, and what comes after it.
fn object(input: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, length], rest) = input.split_first_chunk()?;
    if found != tag {
        return None;
    }
    // Bit 7 announces so many bytes of length, most significant first, needed or not.
    let (length, rest) = match length {
        0x80.. => {
            let (bytes, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            (number(bytes)?, rest)
        }
        _ => (usize::from(length), rest),
    };
    rest.split_at_checked(length)
}

/// The value of a length in up to eight bytes. Without any it is an indefinite length, not taken here.
fn number(bytes: &[u8]) -> Option<usize> {
    if bytes.is_empty() || bytes.len() > 8 {
        return None;
    }
    bytes.iter().try_fold(0usize, |n, &byte| {
        n.checked_mul(256)?.checked_add(usize::from(byte))
    })
}

/// A number as 32 bytes; `None` if it takes more. The sign bit is not looked at.
fn scalar(bytes: &[u8]) -> Option<[u8; 32]> {
    let start = bytes
        .iter()
        .position(|&byte| byte != 0)
        .unwrap_or(bytes.len());
    let digits = &bytes[start..];
    let mut out = [0; 32];
    out.get_mut(32usize.checked_sub(digits.len())?..)?
        .copy_from_slice(digits);
    Some(out)
}
