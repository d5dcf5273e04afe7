//! The whole state as one file: in order of key and the same from every store, so that equal states are
//! equal files.
//!
//! ```text
//! "smart51 state 1\n"
//! each pair, in order of key:  LE32 key length (not 0) · key · LE32 value length · value
//! the end:                     LE32 0 · LE64 number of pairs · CRC-32 of everything before (LE32)
//! ```

use crate::wire::{Reader, push_bytes};
use hostapi::state::{Batch, Pair, StateStore, StoreError};
use std::io::{self, Write};

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

/// Why a file was not imported. Nothing was changed.
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
        offset: usize,
        /// What should stand there.
        expected: &'static str,
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
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Every pair of `store`, in order of key.
pub(crate) fn pairs(store: &dyn StateStore) -> impl Iterator<Item = Result<Pair, StoreError>> {
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
    let mut bytes = Vec::new();
    for pair in pairs(store) {
        let (key, value) = pair?;
        bytes.clear();
        push_bytes(&mut bytes, &key);
        push_bytes(&mut bytes, &value);
        write(&bytes)?;
        count += 1;
    }
    write(&0u32.to_le_bytes())?;
    write(&count.to_le_bytes())?;
    let sum = sum.finalize();
    out.write_all(&sum.to_le_bytes())?;
    out.flush()?;
    Ok(count)
}

/// Reads an export: the batch that puts all its pairs into an empty store.
///
/// # Errors
/// An [`ImportError`] with the place of the first thing that is wrong.
pub fn read(file: &[u8]) -> Result<Batch, ImportError> {
    let body = file.strip_prefix(MAGIC).ok_or(ImportError::NoExport)?;
    let mut batch = Batch::new();
    let mut r = Reader(body);
    loop {
        let offset = file.len() - r.0.len();
        let damaged = |expected| ImportError::Damaged { offset, expected };
        let key = r.bytes().ok_or_else(|| damaged("a key"))?;
        if key.is_empty() {
            break;
        }
        let value = r.bytes().ok_or_else(|| damaged("a value"))?;
        if batch
            .last_key_value()
            .is_some_and(|(last, _)| last.as_slice() >= key)
        {
            return Err(damaged("a greater key"));
        }
        batch.insert(key.to_vec(), Some(value.to_vec()));
    }
    let offset = file.len() - r.0.len();
    let damaged = |expected| ImportError::Damaged { offset, expected };
    let count = r.u64().ok_or_else(|| damaged("the number of pairs"))?;
    if usize::try_from(count) != Ok(batch.len()) {
        return Err(damaged("the number of pairs read"));
    }
    let contents = &file[..file.len() - r.0.len()];
    let found = r.u32().ok_or_else(|| damaged("a CRC-32"))?;
    r.end().ok_or_else(|| damaged("the end of the file"))?;
    let computed = crc32fast::hash(contents);
    if found != computed {
        return Err(ImportError::Sum { found, computed });
    }
    Ok(batch)
}

/// Puts an export into an empty store, in one batch; returns the number of pairs.
///
/// # Errors
/// An [`ImportError`]; the store is then as it was.
pub fn import(store: &dyn StateStore, file: &[u8]) -> Result<usize, ImportError> {
    let batch = read(file)?;
    if store.next(b"", None)?.is_some() {
        return Err(ImportError::NotEmpty);
    }
    let pairs = batch.len();
    store.commit(batch)?;
    Ok(pairs)
}
