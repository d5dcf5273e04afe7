//! [`Prepared`]: the image of a row, ready to run.

use super::execute::ExecuteError;
use abi::Semantics;
use bridge::{Engine, Module, Rules};
use chain::modules::Modules;
use loader::Image;
use std::sync::Arc;

/// The image of a row, prepared to run, and the engines for those of the contracts that it calls.
#[derive(Debug)]
pub struct Prepared {
    pub(super) module: Arc<dyn Module>,
    pub(super) modules: Modules,
}

impl Prepared {
    /// `image`, prepared by those of `modules` that runs its kind.
    pub(super) fn with(
        image: &Image,
        semantics: Semantics,
        modules: Modules,
    ) -> Result<Prepared, ExecuteError> {
        let module = modules.prepare(image, &Rules::v1(semantics))?;
        Ok(Prepared { module, modules })
    }

    /// Whether the image switches the account check on.
    #[must_use]
    pub fn account_check(&self) -> bool {
        self.module.account_check()
    }
}

/// Prepares the image of a row to run under `semantics`, by those of `engines` that runs its kind.
///
/// # Errors
/// If the image cannot be run, or no engine runs its kind.
pub fn prepare(
    image: &Image,
    semantics: Semantics,
    engines: Vec<Box<dyn Engine>>,
) -> Result<Prepared, ExecuteError> {
    Prepared::with(image, semantics, Modules::with(engines))
}
