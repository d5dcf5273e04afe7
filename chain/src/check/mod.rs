//! Whether a state is sound: every key of the schema, everything that points to something else, and
//! every block reverted in turn, down to the first one.

mod blocks;
mod counts;
mod pairs;
mod undo;

use crate::body::Stored;
use crate::chain::Chain;
use crate::error::ChainError;
use crate::export;
use crate::genesis::{FORMAT_NAME, GENESIS, Genesis, check_format};
use crate::head::{HEAD, Head};
use crate::modules::Modules;
use crate::registry::Contract;
use crate::schedules;
use abi::{Schedule, Semantics};
use bridge::data_sheet;
use counts::{Counts, contract_of_data};
use hostapi::NodeError;
use state::keys::{self, Hash, kind};
use state::{Batch, StateStore};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A flaw in the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key in hex.
    pub key: String,
    /// The flaw, as a sentence.
    pub what: String,
}

/// The result of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// The number of pairs.
    pub pairs: u64,
    /// The number of blocks.
    pub blocks: u64,
    /// The flaws; none in a sound state.
    pub problems: Vec<Problem>,
}

impl Chain {
    /// Reads the whole state and checks it.
    ///
    /// # Errors
    /// If the store cannot be read; a damaged state is no error but a list of [`Problem`]s.
    pub fn check(&self) -> Result<Checked, NodeError> {
        check(self.store())
    }
}

/// Reads the whole state in `store` and checks it. It holds in memory what blocks replaced: the keys
/// of the state, and the values that the oldest blocks to change them found.
///
/// # Errors
/// If the store cannot be read; a damaged state is no error but a list of [`Problem`]s.
pub fn check(store: &dyn StateStore) -> Result<Checked, NodeError> {
    let mut check = Check {
        store,
        replaced: Batch::new(),
        found: Checked::default(),
        transactions: BTreeMap::new(),
        modules: Modules::new(),
        runnable: BTreeMap::new(),
        schedules: schedules_of(store)?,
        genesis: Genesis::default(),
        head: None,
    };
    let key = keys::meta(GENESIS);
    match store.get(&key)?.and_then(|stored| Genesis::decode(&stored)) {
        Some(genesis) => check.genesis = genesis,
        None => {
            check.problem(&key, "the chain's first settings are missing");
            return Ok(check.found);
        }
    }
    match check_format(store) {
        Ok(()) => {}
        Err(ChainError::Node(NodeError::Store(error))) => return Err(error.into()),
        Err(error) => {
            check.problem(&keys::meta(FORMAT_NAME), error.to_string());
            return Ok(check.found);
        }
    }
    let key = keys::meta(HEAD);
    check.head = store.get(&key)?.and_then(|stored| Head::decode(&stored));
    match check.head {
        None => check.problem(&key, "it names no newest block"),
        Some(head) if head.height < check.genesis.height => {
            check.problem(&key, "the newest block is below the first one");
        }
        Some(_) => {}
    }
    let mut counts = Counts::new();
    for pair in export::pairs(store) {
        let (key, value) = pair?;
        check.found.pairs += 1;
        if let Some(contract) = contract_of_data(&key) {
            *counts.entry(contract).or_default() += 1;
        }
        if key.first() == Some(&kind::TRANSACTION)
            && let Some(stored) = Stored::read(&value)
        {
            // Each block is held against its ids; that none is left over, their number says.
            *check.transactions.entry(stored.height).or_default() += 1;
        }
        if let Some(what) = check.pair(&key, &value)? {
            check.problem(&key, what);
        }
    }
    check.counts(counts)?;
    if let Some(head) = check.head {
        check.blocks(head)?;
        // Only a sound state can be reverted step by step.
        if check.found.problems.is_empty() {
            check.revert_blocks(head)?;
        }
    }
    Ok(check.found)
}

/// The schedules in `store`, each once.
fn schedules_of(store: &dyn StateStore) -> Result<Vec<Arc<Schedule>>, NodeError> {
    let mut found = Vec::new();
    let mut after: Option<Vec<u8>> = None;
    while let Some((key, value)) = store.next(&[kind::SCHEDULE], after.as_deref())? {
        let schedule = schedules::of_pair(&key, &value);
        found.extend(schedule.map(|(_, schedule)| Arc::new(schedule)));
        after = Some(key);
    }
    if found.is_empty() {
        found.push(data_sheet());
    }
    found.sort_by_key(|schedule| schedule.version);
    found.dedup();
    Ok(found)
}

struct Check<'c> {
    store: &'c dyn StateStore,
    /// The pairs that the blocks reverted so far had replaced.
    replaced: Batch,
    found: Checked,
    /// Transactions found and not held against their block's ids yet, by height.
    transactions: BTreeMap<u32, usize>,
    modules: Modules,
    /// The contracts that the chain may keep, by image and rules, one for each schedule; none for an image that
    /// cannot be run.
    runnable: BTreeMap<(Hash, Semantics), Option<Vec<Contract>>>,
    /// The schedules that the chain has had, has and will have.
    schedules: Vec<Arc<Schedule>>,
    genesis: Genesis,
    head: Option<Head>,
}

impl Check<'_> {
    fn problem(&mut self, key: &[u8], what: impl Into<String>) {
        self.found.problems.push(Problem {
            key: hex::encode(key),
            what: what.into(),
        });
    }

    /// The value of `key` after the newest block that was not reverted.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, NodeError> {
        match self.replaced.get(key) {
            Some(value) => Ok(value.clone()),
            None => Ok(self.store.get(key)?),
        }
    }

    /// Whether there is a block of this height, and whether it can be reverted.
    fn has_block(&self, height: u32) -> (bool, bool) {
        let first = self.genesis.height;
        let is_there = |head: Head| (first..=head.height).contains(&height);
        let there = self.head.is_some_and(is_there);
        (there, there && height > first)
    }
}
