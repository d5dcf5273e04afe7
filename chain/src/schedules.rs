//! The gas schedules of a chain: which is in force at a height, and what a gas costs there.
//!
//! A chain begins with a schedule, and its first account can have another one hold from a later height on. Each is kept
//! whole, so that a later version of the program still reads the prices that the chain has.

use crate::chain::Chain;
use crate::error::ChainError;
use crate::fuel;
use abi::Schedule;
use bridge::data_sheet;
use hostapi::hash::blake2b;
use hostapi::{NodeError, accounts};
use state::keys::{self, Hash, RegId, kind};
use state::{Pair, StateStore};
use std::sync::{Arc, Mutex, PoisonError};

/// A schedule with the height of the first block in which it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    /// The height.
    pub from: u32,
    /// The schedule.
    pub schedule: Arc<Schedule>,
}

/// The hash that a schedule is named by: BLAKE2b of its byte form.
#[must_use]
pub fn hash(schedule: &Schedule) -> Hash {
    blake2b(&schedule.encode())
}

/// The schedule of this hash among those that have a name.
#[must_use]
pub fn of_hash(wanted: &Hash) -> Option<&'static Schedule> {
    let mut presets = Schedule::PRESETS.iter().copied();
    presets.find(|preset| hash(preset) == *wanted)
}

/// The height and the schedule of a pair of the store; `None` if it is none.
pub(crate) fn of_pair(key: &[u8], value: &[u8]) -> Option<(u32, Schedule)> {
    let height = key.strip_prefix(&[kind::SCHEDULE])?.try_into().ok()?;
    Some((!u32::from_be_bytes(height), Schedule::decode(value)?))
}

/// The schedule read last, with its byte form: mostly the one of the next block too.
#[derive(Debug, Default)]
pub(crate) struct LastRead(Mutex<Option<(Vec<u8>, Arc<Schedule>)>>);

impl LastRead {
    fn read(&self, (key, value): Pair) -> Result<InForce, NodeError> {
        let damaged = || NodeError::damaged(&key, "a gas schedule is expected");
        // Whoever panicked while holding it has replaced it whole, or not.
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((bytes, schedule)) = &*last
            && *bytes == value
        {
            let name = key.get(1..).and_then(|name| name.try_into().ok());
            let from = !u32::from_be_bytes(name.ok_or_else(damaged)?);
            let schedule = Arc::clone(schedule);
            return Ok(InForce { from, schedule });
        }
        let (from, schedule) = of_pair(&key, &value).ok_or_else(damaged)?;
        let schedule = Arc::new(schedule);
        *last = Some((value, Arc::clone(&schedule)));
        Ok(InForce { from, schedule })
    }
}

/// The pair of the schedule that is in force at `height`. A store that an earlier version of the program made has none.
fn pair_at(store: &dyn StateStore, height: u32) -> Result<Option<Pair>, NodeError> {
    // The newest one comes first in the store; those that hold later lie before.
    let later = height.checked_add(1).map(keys::schedule);
    Ok(store.next(&[kind::SCHEDULE], later.as_ref().map(|key| &key[..]))?)
}

impl Chain {
    /// The schedule in force in the block at `height`, which need not be there yet.
    ///
    /// # Errors
    /// If the store cannot be read or holds something else.
    pub fn schedule_at(&self, height: u32) -> Result<InForce, NodeError> {
        match pair_at(self.store(), height)? {
            Some(pair) => self.last_read().read(pair),
            None => Ok(InForce {
                from: self.genesis().height,
                schedule: data_sheet(),
            }),
        }
    }

    /// Every schedule that the chain has had, has and will have, the first one first.
    ///
    /// # Errors
    /// If the store cannot be read or holds something else.
    pub fn schedules(&self) -> Result<Vec<InForce>, NodeError> {
        let mut found = Vec::new();
        let mut after: Option<Vec<u8>> = None;
        while let Some(pair) = self.store().next(&[kind::SCHEDULE], after.as_deref())? {
            after = Some(pair.0.clone());
            found.push(self.last_read().read(pair)?);
        }
        if found.is_empty() {
            found.push(self.schedule_at(u32::MAX)?);
        }
        found.reverse();
        Ok(found)
    }

    /// What a gas costs in the next block, in the smallest unit.
    ///
    /// # Errors
    /// If the store cannot be read or holds something else, or there is no next block.
    pub fn gas_price(&self) -> Result<u64, ChainError> {
        let next = self.head()?.height.checked_add(1);
        let next = next.ok_or(ChainError::LastHeight)?;
        let schedule = self.schedule_at(next)?.schedule;
        Ok(fuel::price(self, &schedule)?)
    }

    /// The account that can change the schedule: the first one that was made in the chain's first block after the one
    /// that it began with. On a chain that made none there, nobody can.
    #[must_use]
    pub fn first_account(&self) -> Option<RegId> {
        let height = self.genesis().height.checked_add(1)?;
        Some(accounts::regid(height, 0))
    }
}
