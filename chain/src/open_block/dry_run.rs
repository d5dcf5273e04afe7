//! Calls with another image than the contract's own, for comparisons.

use super::{CallRequest, OpenBlock};
use crate::actions::ActionList;
use crate::error::ChainError;
use crate::hostlog::HostCalls;
use crate::receipt::Receipt;
use crate::registry::{Contract, ContractRecord};
use loader::Image;
use state::keys::{self, RegId};
use std::collections::BTreeMap;

/// The result of a reverted call.
#[derive(Clone, Debug)]
pub struct DryRun {
    /// The receipt it would have had, or the reason why it did not begin.
    pub receipt: Result<Box<Receipt>, String>,
    /// The host calls, where the block keeps them.
    pub host_calls: HostCalls,
    /// The writes of the block after it, in order of key; `None` where a key was removed.
    pub writes: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

/// A key that was set for a dry run.
struct Exchanged {
    put: Vec<u8>,
    /// What the block had written there, if it had.
    before: Option<Option<Vec<u8>>>,
}

impl OpenBlock<'_> {
    /// Makes the call with `image` in place of the contract's own, and reverts it.
    ///
    /// # Errors
    /// If `image` cannot be run, or the node fails. That the call cannot begin is in the result.
    pub fn dry_run_with(
        &mut self,
        request: &CallRequest<'_>,
        image: &Image,
    ) -> Result<DryRun, ChainError> {
        self.dry_run((&request.contract, image), |block| {
            block.run(request, true, &mut ())
        })
    }

    /// Executes the actions with `image` in place of the contract `id`'s own, and reverts them.
    ///
    /// # Errors
    /// As [`OpenBlock::dry_run_with`].
    pub fn dry_run_list_with(
        &mut self,
        list: &ActionList,
        id: &RegId,
        image: &Image,
    ) -> Result<DryRun, ChainError> {
        self.dry_run((id, image), |block| block.execute_all(list, &mut ()))
    }

    /// Runs with the code of a contract set to another image, so that it is found by whatever enters the contract.
    fn dry_run(
        &mut self,
        other: (&RegId, &Image),
        run: impl FnOnce(&mut Self) -> Result<(), ChainError>,
    ) -> Result<DryRun, ChainError> {
        let before = self.place();
        let exchanged = self.exchange(other)?;
        let begun = self.place();
        let result = run(self);
        if result.is_err() {
            self.go_back(begun);
        }
        let host_calls = self.host_calls();
        let written = self.writes().into_iter();
        let writes = written.filter_map(|(key, value)| match exchanged.get(&key) {
            Some(code) if value.as_ref() == Some(&code.put) => Some((key, code.before.clone()?)),
            _ => Some((key, value)),
        });
        let writes = writes.collect();
        let receipt = match result {
            Ok(()) => Ok(Box::new(self.take_back(before))),
            Err(error) => {
                self.go_back(before);
                match error {
                    error @ (ChainError::Image(_) | ChainError::NoEngine(_)) => return Err(error),
                    error if error.is_node() => return Err(error),
                    error => Err(error.to_string()),
                }
            }
        };
        Ok(DryRun {
            receipt,
            host_calls,
            writes,
        })
    }

    /// Sets the code of a contract, if it has any: what that wrote, by key.
    fn exchange(
        &mut self,
        (id, image): (&RegId, &Image),
    ) -> Result<BTreeMap<Vec<u8>, Exchanged>, ChainError> {
        let mut exchanged = BTreeMap::new();
        let Some(record) = ContractRecord::load(&mut self.state, id)? else {
            return Ok(exchanged);
        };
        let Some(old) = record.contract else {
            return Ok(exchanged);
        };
        let rules = self.rules(old.semantics);
        let module = self.chain.modules().prepare(image, &rules)?;
        let code_hash = image.code_hash();
        let new = Contract {
            // Whether there is enough gas to enter it is decided alike for both images.
            entry_gas: old.entry_gas,
            ..Contract::of(code_hash, old.semantics, &*module, old.flags, old.abi)
        };
        let record = ContractRecord {
            contract: Some(new),
            ..record
        };
        self.ready = None;
        let mut written: BTreeMap<_, _> = self.writes().into_iter().collect();
        for (key, put) in [
            (keys::code(&code_hash).to_vec(), image.encode()),
            (keys::contract(id).to_vec(), record.encode()),
        ] {
            self.state.put(&key, put.clone());
            let before = written.remove(&key);
            exchanged.insert(key, Exchanged { put, before });
        }
        Ok(exchanged)
    }
}
