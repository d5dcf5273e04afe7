//! [`Network`]: which chain it is, and the addresses of it.

use core::fmt;
use core::str::FromStr;
use state::keys::KeyId;

/// The length of an address in characters.
pub const ADDRESS_LENGTH: usize = 34;

/// One coin in its smallest unit.
const COIN: u64 = 100_000_000;

/// Which of the original's networks a chain follows: its address version and its largest amount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Network {
    /// The main network. Addresses begin with `D`.
    #[default]
    Main,
    /// The test network. Addresses begin with `d` or `e`.
    Test,
    /// The regression network: addresses as on the test network, twenty times the largest amount.
    Regtest,
}

impl Network {
    /// Every network, in the order in which help texts list them.
    pub const ALL: [Network; 3] = [Network::Main, Network::Test, Network::Regtest];

    /// The name used on the command line and in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Network::Main => "main",
            Network::Test => "test",
            Network::Regtest => "regtest",
        }
    }

    /// The first byte of every address before it is encoded.
    #[must_use]
    pub const fn address_version(self) -> u8 {
        match self {
            Network::Main => 0x1f,
            Network::Test | Network::Regtest => 0x5b,
        }
    }

    /// The largest balance, and the largest amount of one operation, in the smallest unit.
    #[must_use]
    pub const fn max_amount(self) -> u64 {
        let coins = match self {
            Network::Main | Network::Test => 1_000_000_000,
            Network::Regtest => 20_000_000_000,
        };
        coins * COIN
    }

    /// The address of `key_id`: base58 of version, key id and checksum; 34 characters but for key ids
    /// that begin with many zeros.
    #[must_use]
    pub fn address(self, key_id: &KeyId) -> String {
        bs58::encode(key_id)
            .with_check_version(self.address_version())
            .into_string()
    }

    /// The key id that the address `text` names. Blanks around it are skipped and a zero byte ends it, as
    /// in the original; `None` if the rest is not version, key id and checksum of this network.
    #[must_use]
    pub fn key_id(self, text: &[u8]) -> Option<KeyId> {
        let text = text.split(|&byte| byte == 0).next()?;
        // `isspace` of C also counts the vertical tab, `u8::is_ascii_whitespace` does not.
        let is_blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b;
        let start = text.iter().position(|byte| !is_blank(byte))?;
        let end = text.iter().rposition(|byte| !is_blank(byte))?;
        let mut decoded = [0; ADDRESS_LENGTH];
        let length = bs58::decode(&text[start..=end])
            .with_check(Some(self.address_version()))
            .onto(&mut decoded[..])
            .ok()?;
        decoded.get(1..length)?.try_into().ok()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The error of parsing a [`Network`] name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown network `{0}`: use main, test or regtest")]
pub struct UnknownNetwork(pub String);

impl FromStr for Network {
    type Err = UnknownNetwork;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|network| network.name() == text)
            .ok_or_else(|| UnknownNetwork(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::key_hash;

    /// An account of the original's test network, from its recordings.
    const KEY_ID: &str = "06afd46bcdfd22ef94ac122aa11f241244a37ecc";
    const ADDRESS: &str = "ddNFHu9LtsNTMspT6ktkQXvjDu5qzNUSLE";

    fn key_id() -> KeyId {
        hex::decode(KEY_ID).unwrap().try_into().unwrap()
    }

    #[test]
    fn address_of_a_public_key_is_the_originals() {
        let key = hex::decode("02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5")
            .unwrap();
        assert_eq!(key_hash(&key), key_id());
        assert_eq!(Network::Test.address(&key_id()), ADDRESS);
        assert_eq!(Network::Regtest.key_id(ADDRESS.as_bytes()), Some(key_id()));
        assert!(Network::Main.address(&key_id()).starts_with('D'));
    }

    #[test]
    fn contract_address_comes_from_its_registered_id() {
        assert_eq!(
            Network::Test.address(&key_hash(&[1, 0, 0, 0, 1, 0])),
            "dtzo5KPTQj3KgtxnuHVhCnCPd1hVB2WXo3"
        );
    }

    /// Blanks are skipped and a zero byte ends the address.
    #[test]
    fn blanks_are_skipped_and_a_zero_ends_the_address() {
        for text in [" \t\n\x0b\x0c\r{} ", "{}\0garbage", "  {}  \0"] {
            let text = text.replace("{}", ADDRESS);
            assert_eq!(
                Network::Test.key_id(text.as_bytes()),
                Some(key_id()),
                "{text:?}"
            );
        }
    }

    #[test]
    fn damaged_or_foreign_addresses_name_nobody() {
        for text in [
            "",
            " ",
            "\0",
            "ddNFHu9LtsNTMspT6ktkQXvjDu5qzNUSLX",
            "ddNFHu9LtsNT MspT6ktkQXvjDu5qzNUSLE",
            "1",
            "0OIl",
        ] {
            assert_eq!(Network::Test.key_id(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(Network::Main.key_id(ADDRESS.as_bytes()), None);
        assert_eq!(Network::Test.key_id(&[b'z'; 300]), None);
        let short = bs58::encode(&key_id()[1..])
            .with_check_version(0x5b)
            .into_vec();
        assert_eq!(Network::Test.key_id(&short), None);
    }

    #[test]
    fn names_parse_back() {
        for network in Network::ALL {
            assert_eq!(network.name().parse(), Ok(network));
        }
        assert!("mars".parse::<Network>().is_err());
    }
}
