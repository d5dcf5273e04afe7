//! Public keys and signatures: `PUB_K1_…`, `SIG_K1_…`, base 58 with a checksum.

use super::text;
use crate::error::Problem;
use crate::wire::Reader;
use ripemd::{Digest, Ripemd160};
use serde_json::Value;

/// The most bytes of a key or signature of the kind `WA`, which has text of a browser in it. Base
/// 58 takes time by the square of its length.
const WEB_MAX: usize = 1024;
/// The most characters that as many bytes have in base 58.
const TEXT_MAX: usize = 1500;

/// Keys or signatures.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    prefix: &'static str,
    /// The bytes of the kinds `K1` and `R1`, and the first ones of `WA`.
    size: usize,
    /// What follows in a `WA`: bytes, and texts with their lengths.
    rest: (usize, usize),
    expected: &'static str,
}

/// 33 bytes of a point; in `WA` one byte for the user's presence and the name of a site.
pub(super) const PUBLIC: Kind = Kind {
    prefix: "PUB_",
    size: 33,
    rest: (1, 1),
    expected: "a public key as PUB_K1_…, with a right checksum",
};
/// 65 bytes of a compact signature; in `WA` two texts of a browser.
pub(super) const SIGNATURE: Kind = Kind {
    prefix: "SIG_",
    size: 65,
    rest: (0, 2),
    expected: "a signature as SIG_K1_…, with a right checksum",
};

/// The kinds, each at its number.
const CURVES: [&str; 3] = ["K1", "R1", "WA"];
const WEB: u8 = 2;

/// The first four bytes of the hash of data and a word: what stands behind the data in base 58.
fn checksum(data: &[u8], word: &str) -> [u8; 4] {
    let hash = Ripemd160::new()
        .chain_update(data)
        .chain_update(word)
        .finalize();
    [hash[0], hash[1], hash[2], hash[3]]
}

/// The data of a text in base 58, if its checksum is right.
fn unpacked(text: &str, word: &str) -> Option<Vec<u8>> {
    if text.len() > TEXT_MAX {
        return None;
    }
    let mut data = bs58::decode(text).into_vec().ok()?;
    let sum = data.split_off(data.len().checked_sub(4)?);
    (checksum(&data, word) == *sum).then_some(data)
}

/// Takes the data of a key, without its curve.
fn take<'b>(kind: Kind, curve: u8, at: &mut Reader<'b>) -> Result<&'b [u8], Problem> {
    let start = at.at();
    at.take(kind.size)?;
    if curve == WEB {
        let (bytes, texts) = kind.rest;
        at.take(bytes)?;
        for _ in 0..texts {
            at.bytes()?;
        }
    }
    let data = at.since(start);
    match data.len() {
        ..=WEB_MAX => Ok(data),
        size => Err(Problem::TooLong {
            size,
            most: WEB_MAX,
        }),
    }
}

pub(super) fn encode(kind: Kind, value: &Value, out: &mut Vec<u8>) -> Result<(), Problem> {
    let text = text(value, kind.expected)?;
    let found = parse(kind, text).ok_or_else(|| Problem::expected(kind.expected, value))?;
    out.push(found.0);
    out.extend(found.1);
    Ok(())
}

/// The number of the curve, and the data.
fn parse(kind: Kind, text: &str) -> Option<(u8, Vec<u8>)> {
    let (curve, data) = match text.strip_prefix(kind.prefix) {
        Some(rest) => {
            let (word, rest) = rest.split_once('_')?;
            let curve = CURVES.iter().position(|&curve| curve == word)?;
            (curve as u8, unpacked(rest, word)?)
        }
        // The form before there were other curves, of keys alone.
        None if kind.prefix == PUBLIC.prefix => (0, unpacked(text.strip_prefix("EOS")?, "")?),
        None => return None,
    };
    let mut at = Reader::new(&data);
    take(kind, curve, &mut at).ok()?;
    at.end().ok()?;
    Some((curve, data))
}

pub(super) fn decode(kind: Kind, at: &mut Reader<'_>) -> Result<String, Problem> {
    let start = at.at();
    let curve = at.u8()?;
    let Some(word) = CURVES.get(usize::from(curve)) else {
        return Err(Problem::NotCanonical {
            at: start,
            what: "kind of key, which is 0, 1 or 2",
        });
    };
    let data = take(kind, curve, at)?;
    let sum = checksum(data, word);
    let text = bs58::encode([data, &sum].concat()).into_string();
    Ok(format!("{}{word}_{text}", kind.prefix))
}
