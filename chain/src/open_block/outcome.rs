//! The end of a transaction: what it changed, and its receipt in the block.

use super::{NewTransaction, OpenBlock};
use crate::actions::SYSTEM;
use crate::error::ChainError;
use crate::receipt::{ErrorText, Event, Frame, FrameKind, Meters, Receipt, Verdict, Work};
use crate::wire::Writer;
use hostapi::hash::{Blake2b, blake2b};
use state::Checkpoint;
use state::keys::{Hash, RegId, kind};

/// Where a block stands between two transactions: what one that is reverted has changed.
#[derive(Clone, Copy)]
pub(super) struct BlockPlace {
    pub(super) state: Checkpoint,
    steps: u64,
    registered: u32,
}

/// What a transaction did.
pub(super) struct Done {
    pub(super) verdict: Verdict,
    pub(super) error: Option<ErrorText>,
    pub(super) frames: Vec<Frame>,
    pub(super) events: Vec<Event>,
    pub(super) cost: Cost,
}

/// What it cost: gas used and given back, the fee in the smallest unit, and memory in bytes.
#[derive(Default)]
pub(super) struct Cost {
    pub(super) gas: u64,
    pub(super) refund: u64,
    pub(super) fee: u64,
    pub(super) memory: u64,
}

/// The frame of work that runs no contract, the first of its transaction.
pub(super) const fn native_frame(
    (caller, receiver, value): (RegId, RegId, u64),
    work: Work,
) -> Frame {
    Frame {
        parent: None,
        ordinal: 1,
        kind: FrameKind::Native,
        receiver,
        caller,
        code: SYSTEM,
        action: 0,
        value,
        work,
    }
}

/// What a transaction changed.
pub(super) struct Changes {
    /// See [`Receipt::write_set`].
    pub(super) write_set: Hash,
    /// See [`Meters::state_bytes`].
    pub(super) state_bytes: i64,
}

/// The bytes of a write set that are collected before they are hashed.
const COLLECTED: usize = 4096;

impl OpenBlock<'_> {
    /// The changes of a transaction that began at `since`.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub(super) fn changes(&mut self, since: Checkpoint) -> Result<Changes, ChainError> {
        self.log.clear();
        let mut w = Writer(std::mem::take(&mut self.log));
        let mut long: Option<Blake2b> = None;
        let mut state_bytes = 0;
        self.state.changes_since(since, |key, then, now| {
            w.string(key);
            match now {
                Some(value) => {
                    w.number(value.len() as u64 + 1);
                    w.0.extend_from_slice(value);
                }
                None => w.u8(0),
            }
            if w.0.len() > COLLECTED {
                long.get_or_insert_default().update(&w.0);
                w.0.clear();
            }
            let owned = match key.first() {
                Some(&(kind::DATA | kind::INDEX | kind::OBJECT | kind::FIELD | kind::OWNED)) => {
                    1 + size_of::<RegId>()
                }
                Some(&(kind::CODE | kind::ABI | kind::ABI_ACTIONS)) => key.len(),
                _ => return,
            };
            // No value has 2^63 bytes.
            let size = |value: &[u8]| (key.len() - owned + value.len()) as i64;
            state_bytes += now.map_or(0, size) - then.map_or(0, size);
        })?;
        let write_set = match long {
            None => blake2b(&w.0),
            Some(mut hasher) => {
                hasher.update(&w.0);
                hasher.hash()
            }
        };
        self.log = w.end();
        Ok(Changes {
            write_set,
            state_bytes,
        })
    }

    /// Adds a transaction to the block, which `sender` sent and which began at `since`.
    ///
    /// # Errors
    /// If the store cannot be read; the block is then as it was.
    pub(super) fn finish(
        &mut self,
        transaction: NewTransaction,
        since: Checkpoint,
        (sender, target): (RegId, RegId),
        done: Done,
    ) -> Result<&Receipt, ChainError> {
        let index = self.next_index()?;
        let changes = match self.changes(since) {
            Ok(changes) => changes,
            Err(error) => {
                self.state.revert(since);
                return Err(error);
            }
        };
        let Done {
            verdict,
            error,
            frames,
            events,
            cost,
        } = done;
        self.receipts.push(Receipt {
            id: transaction.id,
            height: self.height,
            index,
            sender,
            target,
            fee: cost.fee,
            verdict,
            error,
            gas: cost.gas,
            refund: cost.refund,
            schedule: self.schedule.version,
            meters: Meters {
                memory: cost.memory,
                state_bytes: changes.state_bytes,
                ..Meters::of(&frames)
            },
            write_set: changes.write_set,
            frames,
            events,
        });
        self.transactions.push(transaction);
        Ok(self.newest())
    }

    /// The same for one that runs no contract: its work for `target` with `value`, and what it cost in gas and in the
    /// smallest unit.
    ///
    /// # Errors
    /// As [`OpenBlock::finish`].
    pub(super) fn finish_native(
        &mut self,
        transaction: NewTransaction,
        since: Checkpoint,
        (sender, target, value): (RegId, RegId, u64),
        (gas, fee): (u64, u64),
        work: Work,
    ) -> Result<&Receipt, ChainError> {
        let done = Done {
            verdict: Verdict::Success,
            error: None,
            frames: vec![native_frame((sender, target, value), work)],
            events: Vec::new(),
            cost: Cost {
                gas,
                fee,
                ..Cost::default()
            },
        };
        self.finish(transaction, since, (sender, target), done)
    }

    /// The receipt of the transaction that was added last.
    pub(super) fn newest(&self) -> &Receipt {
        self.receipts.last().expect("a transaction was just added")
    }

    /// Where the block stands between two transactions.
    pub(super) fn place(&self) -> BlockPlace {
        BlockPlace {
            state: self.state.checkpoint(),
            steps: self.steps,
            registered: self.registered,
        }
    }

    /// Reverts a transaction that was not added.
    pub(super) fn go_back(&mut self, to: BlockPlace) {
        self.state.revert(to.state);
        self.steps = to.steps;
        self.registered = to.registered;
        // It can have set the code of the contract that was called last.
        self.ready = None;
    }

    /// Reverts the transaction that was added last, which began there.
    pub(super) fn take_back(&mut self, to: BlockPlace) -> Receipt {
        self.go_back(to);
        self.transactions.pop();
        self.receipts.pop().expect("a call was just added")
    }
}
