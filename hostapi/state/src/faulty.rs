//! [`FaultyStore`]: a store that fails when a test wants it to.

use super::store::{Batch, Pair, StateStore, StoreError};
use std::sync::atomic::{AtomicU64, Ordering};

/// What happens at the chosen operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreFault {
    /// It fails and changes nothing; later operations work again. A passing error of the disk.
    Once,
    /// It and every later one fail and change nothing. The disk is gone, or the process was killed.
    FromThenOn,
    /// A commit is made but reported as failed, and every later operation fails: the answer was lost.
    /// At any other operation, the same as [`StoreFault::FromThenOn`].
    AnswerLost,
}

/// Wraps a store and fails at its `n`-th operation (`get`, `next` or `commit`), counted from 0.
#[derive(Debug)]
pub struct FaultyStore<S> {
    inner: S,
    fault: StoreFault,
    at: u64,
    operations: AtomicU64,
}

impl<S: StateStore> FaultyStore<S> {
    /// A store that works like `inner` up to operation `at`.
    pub fn new(inner: S, fault: StoreFault, at: u64) -> FaultyStore<S> {
        FaultyStore {
            inner,
            fault,
            at,
            operations: AtomicU64::new(0),
        }
    }

    /// How many operations were asked for so far.
    pub fn operations(&self) -> u64 {
        self.operations.load(Ordering::Relaxed)
    }

    /// The store inside, as a restarted node would find it.
    pub fn into_inner(self) -> S {
        self.inner
    }

    /// Counts an operation. `Err` holds whether it is the first that fails.
    fn count(&self) -> Result<(), Faulted> {
        let number = self.operations.fetch_add(1, Ordering::Relaxed);
        let fails = if self.fault == StoreFault::Once {
            number == self.at
        } else {
            number >= self.at
        };
        if fails {
            Err(Faulted {
                number,
                first: number == self.at,
            })
        } else {
            Ok(())
        }
    }
}

/// An operation that is to fail.
struct Faulted {
    number: u64,
    first: bool,
}

impl From<Faulted> for StoreError {
    fn from(faulted: Faulted) -> StoreError {
        StoreError::Injected(faulted.number)
    }
}

impl<S: StateStore> StateStore for FaultyStore<S> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.count()?;
        self.inner.get(key)
    }

    fn next(&self, prefix: &[u8], after: Option<&[u8]>) -> Result<Option<Pair>, StoreError> {
        self.count()?;
        self.inner.next(prefix, after)
    }

    fn prev(&self, prefix: &[u8], before: Option<&[u8]>) -> Result<Option<Pair>, StoreError> {
        self.count()?;
        self.inner.prev(prefix, before)
    }

    fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        if let Err(faulted) = self.count() {
            if self.fault == StoreFault::AnswerLost && faulted.first {
                self.inner.commit(batch)?;
            }
            return Err(faulted.into());
        }
        self.inner.commit(batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemStore;

    fn batch() -> Batch {
        Batch::from([(b"k".to_vec(), Some(b"v".to_vec()))])
    }

    #[test]
    fn a_passing_failure_hits_one_operation_only() {
        let store = FaultyStore::new(MemStore::new(), StoreFault::Once, 1);
        assert!(store.get(b"k").is_ok());
        assert!(matches!(
            store.commit(batch()),
            Err(StoreError::Injected(1))
        ));
        assert_eq!(store.get(b"k").unwrap(), None);
        store.commit(batch()).unwrap();
        assert_eq!(store.get(b"k").unwrap().as_deref(), Some(&b"v"[..]));
        assert_eq!(store.operations(), 5);
    }

    #[test]
    fn a_lasting_failure_changes_nothing() {
        let store = FaultyStore::new(MemStore::new(), StoreFault::FromThenOn, 0);
        assert!(store.commit(batch()).is_err());
        assert!(matches!(
            store.next(b"", None),
            Err(StoreError::Injected(1))
        ));
        assert_eq!(store.into_inner().get(b"k").unwrap(), None);
    }

    #[test]
    fn a_lost_answer_leaves_the_commit_made() {
        let store = FaultyStore::new(MemStore::new(), StoreFault::AnswerLost, 0);
        assert!(store.commit(batch()).is_err());
        assert!(store.get(b"k").is_err());
        assert!(store.into_inner().get(b"k").unwrap().is_some());
    }
}
