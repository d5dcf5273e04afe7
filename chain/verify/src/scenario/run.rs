//! Runs a scenario.

use super::bytes::{BytesError, Kind, Names};
use super::expect::{Difference, Stage, compare};
use super::format::{Scenario, Step};
use abi::Gas;
use bridge::{CallObserver, Engine};
use chain::chain::Chain;
use chain::error::ChainError;
use chain::export::pairs;
use chain::genesis::Genesis;
use chain::hostlog::{HostCalls, USUAL_ROOM};
use chain::open_block::{CallRequest, Deploy, DryRun};
use chain::receipt::Receipt;
use chain::session::Payment;
use hostapi::NodeError;
use hostapi::accounts::{self, Account};
use hostapi::fees::{MAX_STEPS, MIN_FEE};
use state::keys::{Hash, kind};
use state::{MemStore, Pair};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What came of a scenario.
#[derive(Clone, Debug)]
pub struct Run {
    /// The file.
    pub path: PathBuf,
    /// What came of each step, in order.
    pub steps: Vec<StepReport>,
    /// What accounts and contracts hold at the end, in order of key: everything but code, blocks and
    /// receipts. It does not depend on the engine where gas costs nothing.
    pub state: Vec<Pair>,
}

impl Run {
    /// Whether everything came out as expected.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.steps.iter().all(|step| step.differences.is_empty())
    }
}

/// What came of a step.
#[derive(Clone, Debug)]
pub struct StepReport {
    /// Its place, counted from 1.
    pub number: usize,
    /// Its name.
    pub name: String,
    /// The contract called, if one was.
    pub contract: Option<String>,
    /// The receipt, if a call was made.
    pub receipt: Option<Receipt>,
    /// Why a call was not made.
    pub rejected: Option<String>,
    /// What the contract and its host said to each other, where [`Scenario::keep_host_calls`] asks for it.
    pub host_calls: HostCalls,
    /// What came out otherwise than expected.
    pub differences: Vec<Difference>,
    /// What the call comes to with the other image of its contract, if it has one.
    pub beside: Option<Beside>,
}

/// A call made twice from the same state: with the contract's image, and with another in its place.
#[derive(Clone, Debug)]
pub struct Beside {
    /// What came of it with the other image; it was taken back.
    pub other: DryRun,
    /// What the call with the contract's own image wrote, in order of key.
    pub writes: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

/// Why a scenario cannot be run to its end.
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
        /// Why.
        source: ChainError,
    },
    /// A contract cannot be deployed.
    #[error("{}: contract `{name}`: {source}", path.display())]
    Contract {
        /// The scenario.
        path: PathBuf,
        /// The contract.
        name: String,
        /// Why.
        source: ChainError,
    },
    /// Bytes in a step cannot be made.
    #[error("{}: step {number}: {source}", path.display())]
    Bytes {
        /// The scenario.
        path: PathBuf,
        /// The step, counted from 1.
        number: usize,
        /// Why.
        source: BytesError,
    },
    /// A name in a step stands for nothing.
    #[error("{}: step {number}: {source}", path.display())]
    Step {
        /// The scenario.
        path: PathBuf,
        /// The step, counted from 1.
        number: usize,
        /// Why.
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

/// Watches the calls of a scenario.
pub trait Watch {
    /// Who watches the call of `contract` that is about to begin.
    fn call(&mut self, contract: &str) -> &mut dyn CallObserver;
}

/// Watches nothing.
impl Watch for () {
    fn call(&mut self, _: &str) -> &mut dyn CallObserver {
        self
    }
}

/// The most gas of a call that names no limit.
const DEFAULT_GAS: u64 = 10_000_000;

impl Scenario {
    /// Runs the scenario on a fresh chain in memory.
    ///
    /// # Errors
    /// If it cannot be run to its end. What came out otherwise than expected is no error but in the [`Run`].
    pub fn run(&self) -> Result<Run, RunError> {
        self.run_watched(bridge::engines(), &mut ())
    }

    /// [`Scenario::run_with`], shown to `watch`.
    ///
    /// # Errors
    /// Those of [`Scenario::run`].
    pub fn run_watched(
        &self,
        engines: Vec<Box<dyn Engine>>,
        watch: &mut dyn Watch,
    ) -> Result<Run, RunError> {
        let chain = Chain::open(Box::new(MemStore::new()), self.genesis())?;
        self.run_on(&chain.with_engines(engines), watch)
    }

    /// [`Scenario::run`] with `engines` instead of those that a chain has unasked.
    ///
    /// # Errors
    /// Those of [`Scenario::run`].
    pub fn run_with(&self, engines: Vec<Box<dyn Engine>>) -> Result<Run, RunError> {
        self.run_watched(engines, &mut ())
    }

    fn run_on(&self, chain: &Chain, watch: &mut dyn Watch) -> Result<Run, RunError> {
        self.set_up(chain)?;
        let mut reports = Vec::new();
        let mut transactions = BTreeMap::new();
        for (step, number) in self.file.step.iter().zip(1..) {
            let mut stage = Stage {
                chain,
                transactions: &transactions,
            };
            let report = self.step(&mut stage, step, number, watch)?;
            if let Some(receipt) = &report.receipt {
                transactions.insert(number, receipt.id);
            }
            reports.push(report);
        }
        Ok(Run {
            path: self.path.clone(),
            steps: reports,
            state: state_of(chain)?,
        })
    }

    /// What the scenario's chain begins with.
    fn genesis(&self) -> Genesis {
        let table = &self.file.chain;
        let before_steps = 3 * u64::from(table.block_seconds);
        Genesis {
            network: self.network().unwrap_or_default(),
            height: table.height.saturating_sub(3),
            time: table.time.saturating_sub(before_steps),
            block_seconds: table.block_seconds,
            gas_price: table.gas_price,
        }
    }

    /// Makes the scenario's accounts and contracts.
    fn set_up(&self, chain: &Chain) -> Result<(), RunError> {
        let mut block = chain.begin_block()?;
        for (name, balance) in &self.file.accounts {
            let made = block.new_account(name, *balance);
            made.map_err(|source| RunError::Account {
                path: self.path.clone(),
                name: name.clone(),
                source,
            })?;
        }
        block.commit()?;
        let mut block = chain.begin_block()?;
        for (name, table) in &self.file.contracts {
            let deploy = Deploy {
                sender: chain.resolve(table.from.as_deref().unwrap_or(self.first_account()))?,
                image: &self.images[name],
                semantics: self.semantics[name],
                name: Some(name),
            };
            let made = block.deploy(&deploy).and_then(Receipt::deployed);
            made.map_err(|source| RunError::Contract {
                path: self.path.clone(),
                name: name.clone(),
                source,
            })?;
        }
        block.commit()?;
        Ok(())
    }

    /// The account that acts where none is named.
    fn first_account(&self) -> &str {
        self.file.accounts.keys().next().map_or("", String::as_str)
    }

    fn step(
        &self,
        stage: &mut Stage<'_>,
        step: &Step,
        number: usize,
        watch: &mut dyn Watch,
    ) -> Result<StepReport, RunError> {
        let mut report = StepReport {
            number,
            name: step.title(number),
            contract: step.call.clone(),
            receipt: None,
            rejected: None,
            host_calls: HostCalls::default(),
            differences: Vec::new(),
            beside: None,
        };
        let chain = stage.chain;
        if let Some(contract) = &step.call {
            self.call(stage, step, contract, watch.call(contract), &mut report)?;
        }
        for _ in 0..step.mine.unwrap_or_default() {
            chain.begin_block()?.commit()?;
        }
        if let Some(seconds) = step.travel {
            chain
                .begin_block_at(chain.head()?.time.saturating_add(seconds))?
                .commit()?;
        }
        report.differences =
            compare(&step.expect, &report, stage).map_err(|error| error.at(&self.path, number))?;
        Ok(report)
    }

    fn call(
        &self,
        stage: &mut Stage<'_>,
        step: &Step,
        contract: &str,
        observer: &mut dyn CallObserver,
        report: &mut StepReport,
    ) -> Result<(), RunError> {
        let number = report.number;
        let bytes_error = |source| RunError::Bytes {
            path: self.path.clone(),
            number,
            source,
        };
        let input = step.input.as_ref().map(|input| input.resolve(stage));
        let input = input.transpose().map_err(bytes_error)?.unwrap_or_default();
        let chain = stage.chain;
        let payment = if self.semantics[contract].is_dacrs() {
            let fee = step.fee.unwrap_or(MIN_FEE + MAX_STEPS / 100);
            Payment::Fuel {
                fee,
                rate: step.fuel_rate.unwrap_or(1),
            }
        } else {
            let limit = Gas(step.gas.unwrap_or(DEFAULT_GAS));
            Payment::Gas {
                limit,
                price: chain.genesis().gas_price,
            }
        };
        let request = CallRequest {
            sender: chain.resolve(step.from.as_deref().unwrap_or(self.first_account()))?,
            contract: chain.resolve(contract)?,
            input: &input,
            value: step.value.unwrap_or_default(),
            payment,
        };
        let mut block = chain.begin_block()?;
        if self.keep_host_calls {
            block.keep_host_calls(USUAL_ROOM);
        }
        let other = match self.beside.get(contract) {
            Some(image) => Some(block.dry_run_with(&request, image)?),
            None => None,
        };
        match block.call(&request, observer) {
            Ok(receipt) => report.receipt = Some(receipt.clone()),
            Err(error) if error.is_node() => return Err(error.into()),
            Err(error) => report.rejected = Some(error.to_string()),
        }
        report.host_calls = block.host_calls();
        report.beside = other.map(|other| Beside {
            other,
            writes: block.writes(),
        });
        // A call that did not begin leaves its block empty, so that heights do not depend on it.
        block.commit()?;
        Ok(())
    }
}

impl Stage<'_> {
    fn transaction(&self, number: &str) -> Option<Hash> {
        self.transactions.get(&number.parse().ok()?).copied()
    }
}

impl Names for Stage<'_> {
    fn bytes(&self, kind: Kind, name: &str) -> Option<Vec<u8>> {
        match kind {
            Kind::TxHash => self.transaction(name).map(Into::into),
            _ => self.chain.bytes(kind, name),
        }
    }
}

/// Names are what [`Chain::resolve`] takes, and a transaction is named by the first hex digits of its id.
impl Names for Chain {
    fn bytes(&self, kind: Kind, name: &str) -> Option<Vec<u8>> {
        if kind == Kind::TxHash {
            let digits = hex::decode(name).ok()?;
            return match self.ids_with_prefix(&digits).ok()?[..] {
                [id] => Some(id.into()),
                _ => None,
            };
        }
        let id = self.resolve(name).ok()?;
        let mut state = self.state();
        let key_id = accounts::key_id_of(&mut state, &id).ok()??;
        match kind {
            Kind::RegId => Some(id.into()),
            Kind::KeyId => Some(key_id.into()),
            Kind::Address => Some(self.genesis().network.address(&key_id).into()),
            Kind::PublicKey => {
                let account = Account::load(&mut state, &key_id).ok()??;
                account.public_key.map(Into::into)
            }
            Kind::TxHash => None,
        }
    }
}

/// What accounts and contracts hold.
fn state_of(chain: &Chain) -> Result<Vec<Pair>, NodeError> {
    let kept = [
        kind::ACCOUNT,
        kind::REGISTERED,
        kind::DATA,
        kind::DATA_COUNT,
        kind::APP_ACCOUNT,
        kind::APP_FUND,
        kind::NAME,
    ];
    let mut state = Vec::new();
    for pair in pairs(chain.store()) {
        let (key, value) = pair?;
        if key.first().is_some_and(|kind| kept.contains(kind)) {
            state.push((key, value));
        }
    }
    Ok(state)
}
