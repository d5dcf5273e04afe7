//! [`Prepared`]: the image of a row, ready to run.

use super::execute::{ExecuteError, rules_of};
use super::format::Row;
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
        rules: &Rules,
        modules: Modules,
    ) -> Result<Prepared, ExecuteError> {
        let module = modules.prepare(image, rules)?;
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
    Prepared::with(image, &Rules::v1(semantics), Modules::with(engines))
}

/// Prepares the image of `row` to run as that was recorded.
///
/// # Errors
/// As [`prepare`], or if the row names unknown rules.
pub fn prepare_for(
    row: &Row,
    image: &Image,
    engines: Vec<Box<dyn Engine>>,
) -> Result<Prepared, ExecuteError> {
    Prepared::with(image, &rules_of(row)?, Modules::with(engines))
}
