//! Calls with another image than the contract's own, for comparisons.

use super::{CallRequest, OpenBlock};
use crate::error::ChainError;
use crate::hostlog::HostCalls;
use crate::receipt::Receipt;
use loader::Image;

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
        let (before, steps) = (self.state.checkpoint(), self.steps);
        let result = self.run(request, Some(image), true, &mut ());
        if result.is_err() {
            self.state.revert(before);
        }
        let (host_calls, writes) = (self.host_calls(), self.writes());
        let receipt = match result {
            Ok(()) => Ok(Box::new(self.take_back(before, steps))),
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
