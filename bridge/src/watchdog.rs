//! [`Watchdog`]: a limit on wall-clock time, for calls whose outcome nobody has to agree on.
//!
//! How long a call takes differs from machine to machine, so time may never decide an outcome: what makes
//! blocks is limited by gas alone. A query changes nothing and is nobody's business but the asker's. One that
//! runs too long is given up, which is the node's failure and not a result.

use hostapi::NodeError;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How long a call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watchdog {
    limit: Duration,
}

impl Watchdog {
    /// A watchdog that gives up a call once it has run for `limit`, and the preparing of a module before it once
    /// that has. It looks at the clock every few milliseconds, and before each call into the host.
    #[must_use]
    pub const fn new(limit: Duration) -> Self {
        Watchdog { limit }
    }

    /// What `work` gives, unless it takes too long. It is then left to itself: nothing can stop a compiler, but the
    /// limits of docs/wasm.md bound how long it goes on.
    pub(crate) fn within<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NodeError> {
        let (done, result) = mpsc::channel();
        thread::spawn(move || done.send(work()));
        result.recv_timeout(self.limit).map_err(|_| self.too_long())
    }

    fn too_long(self) -> NodeError {
        NodeError::TookTooLong {
            milliseconds: u64::try_from(self.limit.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// Begins to watch a call.
    #[expect(
        clippy::disallowed_methods,
        reason = "only a caller's time limit ends by the clock, and no block has one"
    )]
    pub(crate) fn start(self) -> Watch {
        Watch {
            began: Instant::now(),
            watchdog: self,
        }
    }
}

/// A call that is watched.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch {
    began: Instant,
    watchdog: Watchdog,
}

impl Watch {
    /// Gives the call up if its time is over.
    pub(crate) fn check(&self) -> Result<(), NodeError> {
        if self.began.elapsed() < self.watchdog.limit {
            return Ok(());
        }
        Err(self.watchdog.too_long())
    }
}
