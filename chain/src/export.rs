//! The whole state as one file: in order of key and the same from every store, so that equal states are
//! equal files.
//!
//! ```text
//! "smart51 state 1\n"
//! each pair, in order of key:  LE32 key length (not 0) · key · LE32 value length · value
//! the end:                     LE32 0 · LE64 number of pairs · CRC-32 of everything before (LE32)
//! ```

use crate::check::{self, Problem};
use crate::wire::Writer;
use hostapi::NodeError;
use state::{Batch, Pair, StateStore, StoreError};
use std::fmt;
use std::io::{self, BufReader, Read, Write};

/// How every export begins.
const MAGIC: &[u8] = b"smart51 state 1\n";

/// Why a state could not be exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file could not be written.
    #[error("the export could not be written: {0}")]
    Write(#[from] io::Error),
}

/// Why a file was not imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file does not begin as an export does.
    #[error("this is no state export: it must begin with `smart51 state 1`")]
    NoExport,
    /// A pair or the end is cut short or malformed.
    #[error("the export is damaged at byte {offset}: {expected} is expected")]
    Damaged {
        /// Where, in bytes from the start.
        offset: u64,
        /// What should stand there.
        expected: &'static str,
    },
    /// A key or a value is longer than any can be.
    #[error(
        "the export is damaged at byte {offset}: {expected} of at most {most} bytes is expected, found {found}"
    )]
    TooLarge {
        /// Where, in bytes from the start.
        offset: u64,
        /// What should stand there.
        expected: &'static str,
        /// Its length in bytes.
        found: u32,
        /// The largest length.
        most: u32,
    },
    /// The sum does not fit the contents.
    #[error("the export is damaged: its CRC-32 is {found:08x}, computed {computed:08x}")]
    Sum {
        /// The sum in the file.
        found: u32,
        /// The sum of the contents.
        computed: u32,
    },
    /// The store holds a state already.
    #[error("the store is not empty; name an empty or new folder with --store")]
    NotEmpty,
    /// The file could not be read.
    #[error("the export could not be read: {0}")]
    Read(#[from] io::Error),
    /// The state in it is not sound.
    #[error("the exported state is not sound: key {}: {}{}", .0.key, .0.what, More(*.1))]
    Unsound(Problem, usize),
    /// The state could not be checked.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The part of a message that says how many other problems there are.
struct More(usize);

impl fmt::Display for More {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            more => write!(f, " (and {more} more)"),
        }
    }
}

/// Every pair of `store`, in order of key.
pub fn pairs(store: &dyn StateStore) -> impl Iterator<Item = Result<Pair, StoreError>> {
    let mut after: Option<Vec<u8>> = None;
    std::iter::from_fn(move || {
        let next = store.next(b"", after.as_deref()).transpose()?;
        if let Ok((key, _)) = &next {
            after = Some(key.clone());
        }
        Some(next)
    })
}

/// Writes the whole state of `store` to `out`; returns the number of pairs.
///
/// # Errors
/// If the store cannot be read or `out` not written.
pub fn export(store: &dyn StateStore, out: &mut dyn Write) -> Result<u64, ExportError> {
    let mut sum = crc32fast::Hasher::new();
    let mut write = |bytes: &[u8]| {
        sum.update(bytes);
        out.write_all(bytes)
    };
    write(MAGIC)?;
    let mut count = 0u64;
    let mut w = Writer::default();
    for pair in pairs(store) {
        let (key, value) = pair?;
        w.0.clear();
        w.bytes(&key);
        w.bytes(&value);
        write(&w.0)?;
        count += 1;
    }
    w.0.clear();
    w.u32(0);
    w.u64(count);
    write(&w.0)?;
    let sum = sum.finalize();
    out.write_all(&sum.to_le_bytes())?;
    out.flush()?;
    Ok(count)
}

/// The largest value that an export may have, in bytes. What a block replaced is the largest there is.
const VALUE_MAX: u32 = 1 << 28;
/// The longest key, in bytes: a contract's key comes in a frame of 4 KiB.
const KEY_MAX: u32 = 1 << 16;
/// How much an import puts into the store at a time, in bytes and in pairs.
const BATCH_BYTES: usize = 1 << 20;
const BATCH_PAIRS: usize = 1 << 12;

/// Reads an export bit by bit and gives `each` its pairs, in order of key; returns their number. Only when it returns
/// is known whether the export is whole.
///
/// # Errors
/// An [`ImportError`] with the place of the first thing that is wrong, or what `each` fails with.
pub fn read(
    file: impl Read,
    mut each: impl FnMut(Vec<u8>, Vec<u8>) -> Result<(), ImportError>,
) -> Result<u64, ImportError> {
    let mut from = Source {
        file: BufReader::with_capacity(1 << 16, file),
        offset: 0,
        sum: crc32fast::Hasher::new(),
    };
    if from
        .bytes(MAGIC.len() as u32, "smart51 state 1")
        .ok()
        .as_deref()
        != Some(MAGIC)
    {
        return Err(ImportError::NoExport);
    }
    let mut last: Option<Vec<u8>> = None;
    let mut count = 0u64;
    loop {
        let begin = from.offset;
        let damaged = |expected| ImportError::Damaged {
            offset: begin,
            expected,
        };
        let key = from.counted(KEY_MAX, begin, "a key")?;
        if key.is_empty() {
            break;
        }
        let value = from.counted(VALUE_MAX, begin, "a value")?;
        if last.is_some_and(|last| last >= key) {
            return Err(damaged("a greater key"));
        }
        last = Some(key.clone());
        each(key, value)?;
        count += 1;
    }
    let begin = from.offset;
    let stated = u64::from_le_bytes(from.array("the number of pairs")?);
    if stated != count {
        return Err(ImportError::Damaged {
            offset: begin,
            expected: "the number of pairs read",
        });
    }
    let computed = from.sum.clone().finalize();
    let found = u32::from_le_bytes(from.array("a CRC-32")?);
    if from.array::<1>("").is_ok() {
        return Err(ImportError::Damaged {
            offset: begin + 12,
            expected: "the end of the file",
        });
    }
    if found != computed {
        return Err(ImportError::Sum { found, computed });
    }
    Ok(count)
}

/// An export that is being read.
struct Source<R> {
    file: BufReader<R>,
    /// How many bytes were read.
    offset: u64,
    /// The sum of them.
    sum: crc32fast::Hasher,
}

impl<R: Read> Source<R> {
    /// The next `length` bytes. No more memory is taken than there are bytes.
    fn bytes(&mut self, length: u32, expected: &'static str) -> Result<Vec<u8>, ImportError> {
        let mut bytes = Vec::new();
        let read = (&mut self.file)
            .take(length.into())
            .read_to_end(&mut bytes)?;
        if read as u64 != u64::from(length) {
            return Err(ImportError::Damaged {
                offset: self.offset,
                expected,
            });
        }
        self.offset += u64::from(length);
        self.sum.update(&bytes);
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self, expected: &'static str) -> Result<[u8; N], ImportError> {
        let bytes = self.bytes(N as u32, expected)?;
        Ok(bytes.try_into().expect("as long as it was asked to be"))
    }

    /// Bytes with their length in front, at most `most` of them. Errors name the place `begin`.
    fn counted(
        &mut self,
        most: u32,
        begin: u64,
        expected: &'static str,
    ) -> Result<Vec<u8>, ImportError> {
        let damaged = |error| match error {
            ImportError::Damaged { .. } => ImportError::Damaged {
                offset: begin,
                expected,
            },
            error => error,
        };
        let length = u32::from_le_bytes(self.array(expected).map_err(damaged)?);
        if length > most {
            return Err(ImportError::TooLarge {
                offset: begin,
                expected,
                found: length,
                most,
            });
        }
        self.bytes(length, expected).map_err(damaged)
    }
}

/// Puts an export into an empty store, bit by bit: at most `BATCH_BYTES` and the largest pair are in memory. Returns
/// the number of pairs.
///
/// # Errors
/// An [`ImportError`]. The store then holds a part of the export, and is to be thrown away.
pub fn import(store: &dyn StateStore, file: impl Read) -> Result<u64, ImportError> {
    if store.next(b"", None)?.is_some() {
        return Err(ImportError::NotEmpty);
    }
    let (mut batch, mut bytes) = (Batch::new(), 0);
    let pairs = read(file, |key, value| {
        bytes += key.len() + value.len();
        batch.insert(key, Some(value));
        if bytes >= BATCH_BYTES || batch.len() >= BATCH_PAIRS {
            store.commit(std::mem::take(&mut batch))?;
            bytes = 0;
        }
        Ok(())
    })?;
    store.commit(batch)?;
    Ok(pairs)
}

/// [`import`], and then refuses what [`check::check`] finds unsound.
///
/// # Errors
/// As [`import`], and [`ImportError::Unsound`] with the first problem and the number of others.
pub fn import_sound(store: &dyn StateStore, file: impl Read) -> Result<u64, ImportError> {
    let pairs = import(store, file)?;
    let mut problems = check::check(store)?.problems.into_iter();
    match problems.next() {
        Some(first) => Err(ImportError::Unsound(first, problems.len())),
        None => Ok(pairs),
    }
}
