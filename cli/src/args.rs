//! How arguments are read: numbers and bytes.

use crate::error::Error;
use crate::files;
pub(crate) use firmware::number::number;
use std::path::PathBuf;
use std::str::FromStr;

/// Bytes: hex, `@FILE` for what a file holds, or `-` for standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Bytes {
    /// Given as hex.
    Given(Vec<u8>),
    /// To be read from a file, or from standard input if it is `-`.
    From(PathBuf),
}

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Bytes, String> {
        match text.strip_prefix('@') {
            Some(file) => Ok(Bytes::From(file.into())),
            None if text == "-" => Ok(Bytes::From(text.into())),
            None => {
                let digits = text.strip_prefix("0x").unwrap_or(text).replace('_', "");
                let given =
                    hex::decode(digits).map_err(|e| format!("{e}; give hex, @FILE or -"))?;
                Ok(Bytes::Given(given))
            }
        }
    }
}

impl Bytes {
    /// The bytes.
    ///
    /// # Errors
    /// If a file can't be read or is larger than [`FILE_MAX`](loader::FILE_MAX).
    pub(crate) fn read(self) -> Result<Vec<u8>, Error> {
        match self {
            Bytes::Given(bytes) => Ok(bytes),
            Bytes::From(file) => files::read_file(&file),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_hex_or_name_where_they_are() {
        assert_eq!("0x00_fF".parse(), Ok(Bytes::Given(vec![0, 0xFF])));
        assert_eq!("".parse(), Ok(Bytes::Given(vec![])));
        assert_eq!("@a.bin".parse(), Ok(Bytes::From("a.bin".into())));
        assert_eq!("-".parse(), Ok(Bytes::From("-".into())));
        for wrong in ["0", "xx", "00 11"] {
            assert!(wrong.parse::<Bytes>().is_err(), "{wrong}");
        }
    }
}
