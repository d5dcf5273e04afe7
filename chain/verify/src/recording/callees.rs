//! The contracts that a recorded call can call: their records stand in the state, their images in the context.

use super::execute::ExecuteError;
use super::format::Context;
use abi::Schedule;
use bridge::{Module, Rules};
use chain::callees::Contracts;
use chain::modules::Modules;
use chain::registry::Contract;
use hostapi::NodeError;
use loader::Image;
use state::Overlay;
use state::keys::{self, Hash};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The contracts of a context, prepared.
#[derive(Debug)]
pub(super) struct Callees(BTreeMap<Hash, Arc<dyn Module>>);

impl Callees {
    /// Prepares every image of `context` to run under `rules`: only contracts under our own rules are called.
    ///
    /// # Errors
    /// [`ExecuteError::Code`] for the first one that is no image or cannot be run.
    pub(super) fn prepare(
        context: &Context,
        rules: &Rules,
        modules: &Modules,
    ) -> Result<Callees, ExecuteError> {
        let prepared = context.codes.iter().enumerate().map(|(at, code)| {
            let refused = |reason: String| ExecuteError::Code { at, reason };
            let image = Image::decode(&code.0).map_err(|error| refused(error.to_string()))?;
            let module = modules
                .prepare(&image, rules)
                .map_err(|error| refused(error.to_string()))?;
            Ok((image.code_hash(), module))
        });
        Ok(Callees(prepared.collect::<Result<_, ExecuteError>>()?))
    }
}

impl Contracts for Callees {
    fn module(
        &self,
        _: &mut Overlay<'_>,
        contract: &Contract,
        _: &Arc<Schedule>,
    ) -> Result<Arc<dyn Module>, NodeError> {
        let found = self.0.get(&contract.code_hash);
        found.cloned().ok_or_else(|| {
            NodeError::damaged(
                &keys::code(&contract.code_hash),
                "a contract is called whose image is not among `codes`",
            )
        })
    }
}
