//! The contents of RAM before the first instruction: hardware leaves them undefined.

use crate::files::{Files, FilesError};
use crate::number::number;
use board::Board;
use loader::FILE_MAX;
use std::path::PathBuf;
use std::str::FromStr;
use thiserror::Error;

/// Why RAM can't be filled from a file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RamError {
    /// It can't be read.
    #[error(transparent)]
    Files(FilesError),
    /// It is larger than XDATA and IRAM together.
    #[error("{}: expected at most {most} bytes, found {found}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The largest size, in bytes.
        most: usize,
        /// Its size, in bytes.
        found: usize,
    },
}

/// `zero`, `random:SEED`, or `@FILE`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ram {
    /// All zero.
    #[default]
    Zero,
    /// Bytes that look random and depend on the seed alone.
    Random(u64),
    /// XDATA from 0x0000 on; after its 65,536 bytes, IRAM.
    File(PathBuf),
}

impl FromStr for Ram {
    type Err = String;

    fn from_str(text: &str) -> Result<Ram, String> {
        match (text, text.strip_prefix('@'), text.strip_prefix("random:")) {
            ("zero", _, _) => Ok(Ram::Zero),
            (_, Some(file), _) => Ok(Ram::File(file.into())),
            (_, _, Some(seed)) => number(seed).map(Ram::Random),
            _ => Err("expected zero, random:SEED or @FILE".into()),
        }
    }
}

const XDATA_BYTES: usize = 0x10000;
const IRAM_BYTES: usize = 0x100;

impl Ram {
    /// The bytes, without the zeros at their end: XDATA from 0x0000 on, then IRAM.
    ///
    /// # Errors
    /// If a file can't be read or is larger than XDATA and IRAM together.
    pub fn bytes(&self, files: &dyn Files) -> Result<Vec<u8>, RamError> {
        let most = XDATA_BYTES + IRAM_BYTES;
        let mut bytes = match self {
            Ram::Zero => Vec::new(),
            Ram::Random(seed) => random(*seed).take(most).collect(),
            Ram::File(path) => {
                let bytes = files.read(path, FILE_MAX).map_err(RamError::Files)?;
                let found = bytes.len();
                if found > most {
                    return Err(RamError::TooLarge {
                        path: path.clone(),
                        most,
                        found,
                    });
                }
                bytes
            }
        };
        let used = bytes
            .iter()
            .rposition(|byte| *byte != 0)
            .map_or(0, |last| last + 1);
        bytes.truncate(used);
        Ok(bytes)
    }

    /// Fills the RAM of a board that has not run yet.
    pub fn fill(bytes: &[u8], board: &mut Board) {
        for (address, byte) in (0..=0xFFFF).zip(bytes) {
            let holds_image = board.shares_memory() && board.program().is_programmed(address);
            if !holds_image {
                board.set_xdata(address, *byte);
            }
        }
        for (address, byte) in (0..=0xFF).zip(bytes.iter().skip(XDATA_BYTES)) {
            board.cpu_mut().set_iram(address, *byte);
        }
    }
}

/// SplitMix64, byte by byte.
fn random(seed: u64) -> impl Iterator<Item = u8> {
    let words = (1..).map(move |n: u64| {
        let mut word = seed.wrapping_add(n.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        word = (word ^ word >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ word >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ word >> 31
    });
    words.flat_map(u64::to_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_read_from_text() {
        assert_eq!("zero".parse(), Ok(Ram::Zero));
        assert_eq!("random:0x10".parse(), Ok(Ram::Random(16)));
        assert_eq!("@ram.bin".parse(), Ok(Ram::File("ram.bin".into())));
        for wrong in ["", "random", "random:", "random:x", "ones"] {
            assert!(wrong.parse::<Ram>().is_err(), "{wrong}");
        }
    }

    /// A seed gives the same bytes every time and another seed others.
    #[test]
    fn seed_decides_the_bytes() {
        let first = |seed| random(seed).take(64).collect::<Vec<_>>();
        assert_eq!(first(1), first(1));
        assert_ne!(first(1), first(2));
    }
}
