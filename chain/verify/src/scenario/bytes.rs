//! Bytes as people write them: `KIND:VALUE`; in scenarios a list of such texts too.

use abi::Name;
use serde::Deserialize;

/// Bytes that are known only when the scenario runs, because they may name accounts.
#[derive(Clone, Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "expected a text `KIND:VALUE` or a list of such texts"
)]
pub enum Bytes {
    /// One text.
    One(String),
    /// Several, whose bytes follow each other.
    List(Vec<String>),
}

impl Default for Bytes {
    fn default() -> Self {
        Bytes::List(Vec::new())
    }
}

/// What the names in such texts stand for.
pub trait Resolve {
    /// The bytes of `name` as `kind`; `None` if there is no such name.
    fn bytes(&self, kind: NameKind, name: &str) -> Option<Vec<u8>>;
}

/// The kinds whose value is a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameKind {
    /// A registered id, 6 bytes.
    RegId,
    /// An address, 34 characters.
    Address,
    /// A key id, 20 bytes.
    KeyId,
    /// A public key, 33 bytes.
    PublicKey,
    /// The hash of a contract's image, 32 bytes.
    CodeHash,
    /// A transaction's id, 32 bytes.
    TxHash,
}

impl NameKind {
    /// The kind written as `text`.
    fn parse(text: &str) -> Option<NameKind> {
        Some(match text {
            "regid" => NameKind::RegId,
            "address" => NameKind::Address,
            "keyid" => NameKind::KeyId,
            "pubkey" => NameKind::PublicKey,
            "codehash" => NameKind::CodeHash,
            "txhash" => NameKind::TxHash,
            _ => return None,
        })
    }
}

/// The most zeros written in one go; more than any buffer of a contract holds.
const ZEROS_MAX: usize = 65_536;

/// What is wrong with a text that should be bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BytesError {
    /// The text has no known kind in front.
    #[error(
        "`{0}` begins with no kind: use hex:, text:, u8:, u16:, u32:, u64:, i64:, zeros:, name:, \
         regid:, address:, keyid:, pubkey:, codehash: or txhash:"
    )]
    NoKind(String),
    /// The value is not one of its kind.
    #[error("`{text}` is no {expected}")]
    BadValue {
        /// The text.
        text: String,
        /// What the value should be.
        expected: &'static str,
    },
    /// There are more bytes than there is room for.
    #[error("{what} has {found} bytes, expected at most {most}")]
    TooLong {
        /// What they are.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there may be.
        most: usize,
    },
    /// A value, or a name, is none that a contract's ABI has.
    #[error("{0}")]
    Typed(String),
    /// The name stands for nothing of this kind.
    #[error("`{0}` names nothing that is there")]
    Unknown(String),
}

impl Bytes {
    /// The bytes, with names looked up in `names`.
    ///
    /// # Errors
    /// What is wrong with the first text that is none.
    pub fn resolve(&self, names: &dyn Resolve) -> Result<Vec<u8>, BytesError> {
        let texts = match self {
            Bytes::One(text) => std::slice::from_ref(text),
            Bytes::List(texts) => texts,
        };
        let mut out = Vec::new();
        for text in texts {
            append(&mut out, text, names)?;
        }
        Ok(out)
    }
}

/// Appends the bytes written as `text`, `KIND:VALUE`, with names looked up in `names`.
///
/// # Errors
/// What is wrong with the text.
pub fn append(out: &mut Vec<u8>, text: &str, names: &dyn Resolve) -> Result<(), BytesError> {
    let (kind, value) = text
        .split_once(':')
        .ok_or_else(|| BytesError::NoKind(text.into()))?;
    let bad = |expected| BytesError::BadValue {
        text: text.into(),
        expected,
    };
    if let Some(kind) = NameKind::parse(kind) {
        let found = names.bytes(kind, value);
        out.extend(found.ok_or_else(|| BytesError::Unknown(text.into()))?);
        return Ok(());
    }
    match kind {
        "hex" => {
            let digits: String = value
                .chars()
                .filter(|c| !c.is_whitespace() && *c != '_')
                .collect();
            out.extend(hex::decode(digits).map_err(|_| bad("even number of hex digits"))?);
        }
        "text" => out.extend_from_slice(value.as_bytes()),
        "u8" | "u16" | "u32" | "u64" => {
            let (size, expected) = match kind {
                "u8" => (1, "number of 1 byte"),
                "u16" => (2, "number of 2 bytes"),
                "u32" => (4, "number of 4 bytes"),
                _ => (8, "number of 8 bytes"),
            };
            let number = parse_number(value).ok_or_else(|| bad(expected))?;
            let bytes = number.to_le_bytes();
            let (low, high) = bytes.split_at(size);
            if high.iter().any(|&byte| byte != 0) {
                return Err(bad(expected));
            }
            out.extend_from_slice(low);
        }
        "i64" => {
            let number: i64 = value
                .replace('_', "")
                .parse()
                .map_err(|_| bad("signed number of 8 bytes"))?;
            out.extend_from_slice(&number.to_le_bytes());
        }
        "name" => {
            let name: Name = value.parse().map_err(|_| bad("name of an action"))?;
            out.extend_from_slice(&name.0.to_le_bytes());
        }
        "zeros" => {
            let count = parse_number(value).and_then(|count| usize::try_from(count).ok());
            let count = count.filter(|&count| count <= ZEROS_MAX);
            out.resize(
                out.len() + count.ok_or_else(|| bad("number up to 65536"))?,
                0,
            );
        }
        _ => return Err(BytesError::NoKind(text.into())),
    }
    Ok(())
}

/// A number as people write it: decimal or `0x`, with `_` anywhere.
fn parse_number(text: &str) -> Option<u64> {
    let digits = text.replace('_', "");
    match digits
        .strip_prefix("0x")
        .or_else(|| digits.strip_prefix("0X"))
    {
        // `from_str_radix` takes a sign, a number here has none.
        Some(hex) if hex.starts_with('+') => None,
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None if digits.starts_with('+') => None,
        None => digits.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Alice;

    impl Resolve for Alice {
        fn bytes(&self, kind: NameKind, name: &str) -> Option<Vec<u8>> {
            (kind == NameKind::RegId && name == "alice").then(|| vec![8, 0, 0, 0, 1, 0])
        }
    }

    fn bytes(texts: &[&str]) -> Result<Vec<u8>, BytesError> {
        Bytes::List(texts.iter().map(ToString::to_string).collect()).resolve(&Alice)
    }

    #[test]
    fn each_kind_has_its_bytes_and_a_list_is_joined() {
        assert_eq!(bytes(&["hex:00 f_F"]).unwrap(), [0, 0xFF]);
        assert_eq!(bytes(&["text:a:b"]).unwrap(), b"a:b");
        assert_eq!(
            bytes(&["u8:255", "u16:0x0102", "u32:1_0"]).unwrap(),
            [255, 2, 1, 10, 0, 0, 0]
        );
        assert_eq!(bytes(&["u64:0xffffffffffffffff"]).unwrap(), [0xFF; 8]);
        assert_eq!(bytes(&["i64:-2"]).unwrap(), (-2i64).to_le_bytes());
        assert_eq!(
            bytes(&["zeros:3", "regid:alice"]).unwrap(),
            [0, 0, 0, 8, 0, 0, 0, 1, 0]
        );
        assert_eq!(
            bytes(&["name:transfer"]).unwrap(),
            14_829_575_313_431_724_032u64.to_le_bytes()
        );
        assert!(bytes(&[]).unwrap().is_empty());
    }

    #[test]
    fn what_is_no_bytes_is_said_with_its_text() {
        for text in [
            "", "alice", "u8:256", "u8:-1", "u8:+1", "u16:0x+1", "u64:", "i64:x", "hex:0",
            "hex:0g", "name:UP",
        ] {
            let error = bytes(&[text]).unwrap_err();
            assert!(error.to_string().contains(&format!("`{text}`")), "{error}");
        }
        assert_eq!(
            bytes(&["zeros:65537"]).unwrap_err(),
            BytesError::BadValue {
                text: "zeros:65537".into(),
                expected: "number up to 65536"
            }
        );
        assert_eq!(
            bytes(&["regid:bob"]).unwrap_err(),
            BytesError::Unknown("regid:bob".into())
        );
        assert_eq!(
            bytes(&["address:alice"]).unwrap_err(),
            BytesError::Unknown("address:alice".into())
        );
    }
}
