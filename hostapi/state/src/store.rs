//! [`StateStore`]: an ordered map of bytes to bytes, written one batch at a time.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Why a store could not be opened, read or written. Always the node's trouble, never a contract's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Reading or writing failed.
    #[error("the store could not {action}: {source}")]
    Io {
        /// What was being done, as a verb phrase.
        action: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// The stored bytes are damaged.
    #[error("the store is damaged: {0}")]
    Corrupt(String),
    /// Another process has the store open.
    #[error("the store {} is in use by another process", path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
        /// How long it was waited for, in seconds.
        waited: u64,
    },
    /// There is no store in the folder.
    #[error("there is no smart51 store in {}", .0.display())]
    Missing(PathBuf),
    /// There is a store in the folder already.
    #[error("there is a store in {} already", .0.display())]
    Exists(PathBuf),
    /// The folder holds something else.
    #[error("{} is not a smart51 store: {found}", path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// What was found in it.
        found: String,
    },
    /// A fault that a test asked for.
    #[error("injected fault at store operation {0}")]
    Injected(u64),
}

/// Changes to be made together: a value to put, or `None` to remove. Ordered by key.
pub type Batch = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// One key and its value.
pub type Pair = (Vec<u8>, Vec<u8>);

/// An ordered map of bytes to bytes. Keys are compared byte by byte.
pub trait StateStore: Send + Sync + std::fmt::Debug {
    /// The value of `key`, if it has one.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// The first pair whose key starts with `prefix` and is greater than `after` (where given).
    ///
    /// # Errors
    /// If the store cannot be read.
    fn next(&self, prefix: &[u8], after: Option<&[u8]>) -> Result<Option<Pair>, StoreError>;

    /// The last pair whose key starts with `prefix` and is less than `before` (where given).
    ///
    /// # Errors
    /// If the store cannot be read.
    fn prev(&self, prefix: &[u8], before: Option<&[u8]>) -> Result<Option<Pair>, StoreError>;

    /// Makes all changes of `batch` or none of them; they are durable when this returns.
    ///
    /// # Errors
    /// If the store cannot be written; the old state then stands.
    fn commit(&self, batch: Batch) -> Result<(), StoreError>;
}

/// A store that several hold.
impl<S: StateStore + ?Sized> StateStore for Arc<S> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        (**self).get(key)
    }

    fn next(&self, prefix: &[u8], after: Option<&[u8]>) -> Result<Option<Pair>, StoreError> {
        (**self).next(prefix, after)
    }

    fn prev(&self, prefix: &[u8], before: Option<&[u8]>) -> Result<Option<Pair>, StoreError> {
        (**self).prev(prefix, before)
    }

    fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        (**self).commit(batch)
    }
}
