//! The result of a scenario and of its steps.

use super::bytes::BytesError;
use super::fuzz::Fuzzed;
use crate::actions::ActionsError;
use crate::difference::Difference;
use chain::chain::Chain;
use chain::error::ChainError;
use chain::hostlog::HostCalls;
use chain::open_block::DryRun;
use chain::receipt::Receipt;
use hostapi::NodeError;
use state::Pair;
use state::keys::{Hash, RegId};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The result of a scenario.
#[derive(Clone, Debug)]
pub struct ScenarioRun {
    /// The file.
    pub path: PathBuf,
    /// The result of each step, in order.
    pub steps: Vec<StepReport>,
    /// The state of accounts and contracts at the end, in order of key: everything but code, blocks
    /// and receipts. It does not depend on the engine where gas costs nothing.
    pub state: Vec<Pair>,
}

impl ScenarioRun {
    /// Whether everything came out as expected.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.steps.iter().all(|step| step.differences.is_empty())
    }
}

/// The result of a step.
#[derive(Clone, Debug, Default)]
pub struct StepReport {
    /// Its place, counted from 1.
    pub number: usize,
    /// Its name.
    pub name: String,
    /// The contract called, if one was.
    pub contract: Option<String>,
    /// The action that was called, by name, if one was.
    pub action: Option<String>,
    /// The receipt, if a call was made.
    pub receipt: Option<Receipt>,
    /// The receipts of the deferred actions that were executed in its blocks, before its own transaction.
    pub deferred: Vec<Receipt>,
    /// The reason why a call was not made.
    pub rejected: Option<String>,
    /// The host calls, where [`RunOptions::keep_host_calls`](super::RunOptions::keep_host_calls) asks
    /// for them.
    pub host_calls: HostCalls,
    /// The local names of those in the receipts, where there are differences.
    pub names: BTreeMap<RegId, String>,
    /// The differences from the expectations.
    pub differences: Vec<Difference>,
    /// The random calls that it made, if it is a fuzz step.
    pub fuzzed: Option<Fuzzed>,
    /// The call with the other image of its contract, if it has one.
    pub other_image: Option<OtherImage>,
}

/// A call made twice from the same state: with the contract's image, and with another in its place.
#[derive(Clone, Debug)]
pub struct OtherImage {
    /// The call with the other image.
    pub dry_run: DryRun,
    /// The writes of the call with the contract's own image, in order of key.
    pub writes: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

/// The reason why a scenario cannot be run to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// An account cannot be made.
    #[error("{}: account `{name}`: {source}", path.display())]
    Account {
        /// The scenario.
        path: PathBuf,
        /// The account.
        name: String,
        /// The reason.
        source: ChainError,
    },
    /// A contract cannot be deployed.
    #[error("{}: contract `{name}`: {source}", path.display())]
    Contract {
        /// The scenario.
        path: PathBuf,
        /// The contract.
        name: String,
        /// The reason.
        source: ChainError,
    },
    /// What a contract is initialised with cannot be made.
    #[error("{}: contract `{name}`: init: {source}", path.display())]
    Init {
        /// The scenario.
        path: PathBuf,
        /// The contract.
        name: String,
        /// The reason.
        source: BytesError,
    },
    /// Bytes in a step cannot be made.
    #[error("{}: step {number}: {source}", path.display())]
    Bytes {
        /// The scenario.
        path: PathBuf,
        /// The step, counted from 1.
        number: usize,
        /// The reason.
        source: BytesError,
    },
    /// Actions in a step cannot be made.
    #[error("{}: step {number}: {source}", path.display())]
    Actions {
        /// The scenario.
        path: PathBuf,
        /// The step, counted from 1.
        number: usize,
        /// The reason.
        source: ActionsError,
    },
    /// A name in a step stands for nothing.
    #[error("{}: step {number}: {source}", path.display())]
    Step {
        /// The scenario.
        path: PathBuf,
        /// The step, counted from 1.
        number: usize,
        /// The reason.
        source: ChainError,
    },
    /// The chain failed.
    #[error(transparent)]
    Chain(#[from] ChainError),
}

impl From<NodeError> for RunError {
    fn from(error: NodeError) -> Self {
        RunError::Chain(error.into())
    }
}

/// The chain after a step, and the steps' transactions so far.
pub(super) struct StepContext<'c> {
    pub(super) chain: &'c Chain,
    pub(super) transactions: &'c BTreeMap<usize, Hash>,
}
