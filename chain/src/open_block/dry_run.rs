//! Calls with another image than the contract's own, for comparisons.

use super::{CallRequest, OpenBlock};
use crate::actions::ActionList;
use crate::error::ChainError;
use crate::hostlog::HostCalls;
use crate::receipt::Receipt;
use abi::Semantics;
use loader::Image;
use state::keys::RegId;

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
        self.dry_run(|block| block.run(request, Some(image), true, &mut ()))
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
        let rules = self.chain.rules(Semantics::V1);
        let module = self.chain.modules().prepare(image, &rules)?;
        self.instead = Some((*id, module));
        let dry_run = self.dry_run(|block| block.execute_all(list, &mut ()));
        self.instead = None;
        dry_run
    }

    fn dry_run(
        &mut self,
        run: impl FnOnce(&mut Self) -> Result<(), ChainError>,
    ) -> Result<DryRun, ChainError> {
        let before = self.place();
        let result = run(self);
        if result.is_err() {
            self.go_back(before);
        }
        let (host_calls, writes) = (self.host_calls(), self.writes());
        let receipt = match result {
            Ok(()) => Ok(Box::new(self.take_back(before))),
            Err(error @ (ChainError::Image(_) | ChainError::NoEngine(_))) => return Err(error),
            Err(error) if error.is_node() => return Err(error),
            Err(error) => Err(error.to_string()),
        };
        Ok(DryRun {
            receipt,
            host_calls,
            writes,
        })
    }
}
