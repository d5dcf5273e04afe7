//! Runs a scenario.

use super::bytes::{BytesError, Resolve};
use super::expect::{CompareError, compare};
use super::format::{InitTable, Scenario, Step};
use super::report::{OtherImage, RunError, ScenarioRun, StepContext, StepReport};
use crate::actions::{self, ActionTable};
use crate::typed::TypedContract;
use abi::Gas;
use bridge::{CallObserver, Engine};
use chain::chain::Chain;
use chain::export::pairs;
use chain::genesis::Genesis;
use chain::hostlog::HostCalls;
use chain::names;
use chain::open_block::{CallRequest, Deploy, Init, SetCode};
use chain::receipt::Receipt;
use chain::registry::Contract;
use chain::session::Payment;
use contract::Codec;
use hostapi::NodeError;
use hostapi::fees::{MAX_STEPS, MIN_FEE};
use loader::Image;
use serde_json::{Map, Value};
use state::keys::{RegId, kind};
use state::{MemStore, Pair};
use std::collections::BTreeMap;
use std::fmt;

/// An observer for each call of a scenario.
pub trait Watch {
    /// This contract has been deployed under this id, by which observers are told of the frames of called contracts.
    fn deployed(&mut self, contract: &str, id: RegId);

    /// This contract has other code from now on than the scenario began with, or none.
    fn replaced(&mut self, contract: &str, id: RegId);

    /// The step of this number begins, counted from 1.
    fn step(&mut self, number: usize) {
        let _ = number;
    }

    /// The observer of the call of `contract` that is about to begin.
    fn call(&mut self, contract: &str) -> &mut dyn CallObserver;
}

/// The most gas of a call that names no limit.
pub(super) const DEFAULT_GAS: u64 = 10_000_000;

/// The options of a run; by default it is run by a chain's own engines and nothing else.
#[derive(Default)]
pub struct RunOptions<'o> {
    /// The engines, where they are not those of a chain.
    pub engines: Option<Vec<Box<dyn Engine>>>,
    /// The observer of its calls.
    pub watch: Option<&'o mut dyn Watch>,
    /// A contract and another image: each of its calls is made with that first, from the same state,
    /// and reverted.
    pub other_image: Option<(&'o str, Image)>,
    /// The room in bytes for the host calls that the report of a step holds; `None` where it holds nothing of how the
    /// step ran.
    pub keep_host_calls: Option<usize>,
    /// Whether that is kept of steps alone that come out otherwise than expected.
    pub keep_of_failed: bool,
    /// The seed of random calls, in place of that of each fuzz step.
    pub seed: Option<u64>,
}

impl fmt::Debug for RunOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunOptions")
            .field("engines", &self.engines)
            .field("other_image", &self.other_image)
            .field("keep_host_calls", &self.keep_host_calls)
            .field("keep_of_failed", &self.keep_of_failed)
            .finish_non_exhaustive()
    }
}

impl Scenario {
    /// Runs the scenario on a fresh chain in memory.
    ///
    /// # Errors
    /// If it cannot be run to its end. A difference from the expectations is no error but in the
    /// [`ScenarioRun`].
    pub fn run(&self, mut options: RunOptions<'_>) -> Result<ScenarioRun, RunError> {
        let mut chain = Chain::open(Box::new(MemStore::new()), self.genesis())?;
        if let Some(engines) = options.engines.take() {
            chain = chain.with_engines(engines);
        }
        self.set_up(&chain, &mut options)?;
        let mut steps = Vec::new();
        let mut transactions = BTreeMap::new();
        for (step, number) in self.file.step.iter().zip(1..) {
            let mut context = StepContext {
                chain: &chain,
                transactions: &transactions,
            };
            let report = self.step(&mut context, step, number, &mut options)?;
            if let Some(receipt) = &report.receipt {
                transactions.insert(number, receipt.id);
            }
            steps.push(report);
        }
        Ok(ScenarioRun {
            path: self.path.clone(),
            steps,
            state: state_of(&chain)?,
        })
    }

    /// The settings of the scenario's chain.
    fn genesis(&self) -> Genesis {
        let table = &self.file.chain;
        let before_steps = 3 * u64::from(table.block_seconds);
        Genesis {
            network: self.network().unwrap_or_default(),
            height: table.height.saturating_sub(3),
            time: table.time.saturating_sub(before_steps),
            block_seconds: table.block_seconds,
            gas_price: table.gas_price,
            upgrades: table.upgrades,
            schedule: self.schedule().map_or(0, |schedule| schedule.version),
            fuel_rate: table.fuel_rate.map(Into::into),
        }
    }

    /// Makes the scenario's accounts and contracts.
    fn set_up(&self, chain: &Chain, options: &mut RunOptions<'_>) -> Result<(), RunError> {
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
            let abi = self.abis.get(name).map(Vec::as_slice);
            let init = table
                .init
                .as_ref()
                .map(|init| init.input(chain, chain, abi));
            let init = init.transpose().map_err(|source| RunError::Init {
                path: self.path.clone(),
                name: name.clone(),
                source,
            })?;
            let deploy = Deploy {
                sender: chain.resolve(table.from.as_deref().unwrap_or(self.first_account()))?,
                image: &self.images[name],
                semantics: self.semantics[name],
                name: Some(name),
                flags: table.flags(),
                init: init.as_deref().map(|input| Init {
                    input,
                    gas: Gas(DEFAULT_GAS),
                }),
                abi,
            };
            let made = block.deploy(&deploy).and_then(Receipt::deployed);
            let made = made.map_err(|source| RunError::Contract {
                path: self.path.clone(),
                name: name.clone(),
                source,
            })?;
            if let Some(watch) = &mut options.watch {
                watch.deployed(name, made.target);
            }
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
        context: &mut StepContext<'_>,
        step: &Step,
        number: usize,
        options: &mut RunOptions<'_>,
    ) -> Result<StepReport, RunError> {
        let mut report = StepReport {
            number,
            name: step.title(number),
            contract: step.contract().map(Into::into),
            action: step.action.clone(),
            receipt: None,
            deferred: Vec::new(),
            rejected: None,
            host_calls: HostCalls::default(),
            names: BTreeMap::new(),
            differences: Vec::new(),
            fuzzed: None,
            other_image: None,
        };
        if let Some(watch) = &mut options.watch {
            watch.step(number);
        }
        let chain = context.chain;
        if let Some(contract) = &step.call {
            self.call(context, step, contract, options, &mut report)?;
        }
        if let Some(actions) = &step.actions {
            self.act(context, step, actions, options, &mut report)?;
        }
        if step.upgrade.is_some() || step.undeploy.is_some() {
            self.set_code(context, step, &mut report)?;
        }
        if let Some(fuzz) = &step.fuzz {
            self.fuzz(context, fuzz, options.seed, &mut report)?;
        }
        for _ in 0..step.mine.unwrap_or_default() {
            report.deferred.extend(chain.begin_block()?.commit()?.1);
        }
        if let Some(seconds) = step.travel {
            let time = chain.head()?.time.saturating_add(seconds);
            report
                .deferred
                .extend(chain.begin_block_at(time)?.commit()?.1);
        }
        self.look_for_other_code(chain, options)?;
        let differences = compare(&step.expect, &report, context);
        let failed = |error: CompareError| error.at(&self.path, number);
        report.differences.extend(differences.map_err(failed)?);
        // What a fuzz step breaks it tells itself.
        if report.fuzzed.is_none() {
            self.check_invariants(context, &mut report)
                .map_err(failed)?;
        }
        let failed = !report.differences.is_empty();
        if options.keep_of_failed && !failed {
            report.host_calls = HostCalls::default();
        }
        if failed {
            for receipt in report.receipt.iter().chain(&report.deferred) {
                report
                    .names
                    .extend(names::in_receipt(chain.store(), receipt)?);
            }
        }
        Ok(report)
    }

    /// Has nobody watch, or compare with another image, a contract whose code is no longer the scenario's: whoever has
    /// set it, or removed it.
    fn look_for_other_code(
        &self,
        chain: &Chain,
        options: &mut RunOptions<'_>,
    ) -> Result<(), RunError> {
        if options.watch.is_none() && options.other_image.is_none() {
            return Ok(());
        }
        for (name, image) in &self.images {
            let id = chain.resolve(name)?;
            let contract = Contract::load(&mut chain.state(), &id)?;
            if contract.is_some_and(|contract| contract.code_hash == image.code_hash()) {
                continue;
            }
            if let Some(watch) = &mut options.watch {
                watch.replaced(name, id);
            }
            if matches!(&options.other_image, Some((other, _)) if other == name) {
                options.other_image = None;
            }
        }
        Ok(())
    }

    /// Sets the code of a contract again, or removes it, in a block of its own.
    fn set_code(
        &self,
        context: &mut StepContext<'_>,
        step: &Step,
        report: &mut StepReport,
    ) -> Result<(), RunError> {
        let chain = context.chain;
        let sender = chain.resolve(step.from.as_deref().unwrap_or(self.first_account()))?;
        let contract = chain.resolve(step.contract().unwrap_or_default())?;
        let abi = self.upgraded_abis.get(&report.number).map(Vec::as_slice);
        let init = step.code.as_ref().and_then(|table| table.init.as_ref());
        let init = init.map(|init| init.input(chain, context, abi));
        let init = init.transpose().map_err(|source| RunError::Bytes {
            path: self.path.clone(),
            number: report.number,
            source,
        })?;
        let mut block = chain.begin_block()?;
        report.deferred.extend_from_slice(block.receipts());
        let code = self.upgrades.get(&report.number);
        let set = match (&step.code, code) {
            (Some(table), Some((image, semantics))) => block.set_code(&SetCode {
                sender,
                contract,
                image,
                semantics: *semantics,
                flags: table.flags(),
                init: init.as_deref().map(|input| Init {
                    input,
                    gas: Gas(DEFAULT_GAS),
                }),
                abi,
            }),
            _ => block.remove_code(sender, contract),
        };
        match set {
            Ok(receipt) => report.receipt = Some(receipt.clone()),
            Err(error) if error.is_node() => return Err(error.into()),
            Err(error) => report.rejected = Some(error.to_string()),
        }
        // As with calls.
        block.commit()?;
        Ok(())
    }

    fn act(
        &self,
        context: &mut StepContext<'_>,
        step: &Step,
        table: &[ActionTable],
        options: &mut RunOptions<'_>,
        report: &mut StepReport,
    ) -> Result<(), RunError> {
        let chain = context.chain;
        let sender = chain.resolve(step.from.as_deref().unwrap_or(self.first_account()))?;
        let gas = Gas(step.gas.unwrap_or(DEFAULT_GAS));
        let tables = (&step.context_free[..], table);
        let list = actions::list(chain, context, sender, tables, gas);
        let list = list.map_err(|source| RunError::Actions {
            path: self.path.clone(),
            number: report.number,
            source,
        })?;
        let mut block = chain.begin_block()?;
        report.deferred.extend_from_slice(block.receipts());
        if let Some(room) = options.keep_host_calls {
            block.keep_host_calls(room);
        }
        let dry_run = match &options.other_image {
            Some((name, image)) => {
                let contract = chain.resolve(name)?;
                Some(block.dry_run_list_with(&list, &contract, image)?)
            }
            None => None,
        };
        let first = step.context_free.first().or(table.first());
        let first = first.map_or("", |action| action.account.as_str());
        let observer = match &mut options.watch {
            Some(watch) => watch.call(first),
            None => &mut (),
        };
        match block.transact(&list, observer) {
            Ok(receipt) => report.receipt = Some(receipt.clone()),
            Err(error) if error.is_node() => return Err(error.into()),
            Err(error) => report.rejected = Some(error.to_string()),
        }
        report.host_calls = block.host_calls();
        report.other_image = dry_run.map(|dry_run| OtherImage {
            dry_run,
            writes: block.writes(),
        });
        // As with calls.
        block.commit()?;
        Ok(())
    }

    fn call(
        &self,
        context: &mut StepContext<'_>,
        step: &Step,
        contract: &str,
        options: &mut RunOptions<'_>,
        report: &mut StepReport,
    ) -> Result<(), RunError> {
        let number = report.number;
        let bytes_error = |source| RunError::Bytes {
            path: self.path.clone(),
            number,
            source,
        };
        let chain = context.chain;
        let input = match (&step.action, &step.input) {
            (Some(action), _) => {
                let arguments = step.args.clone().unwrap_or_else(no_arguments);
                let typed = TypedContract::of(chain, contract);
                let input = typed.and_then(|contract| contract.input(action, &arguments));
                input.map_err(|error| bytes_error(error.into()))?
            }
            (None, Some(input)) => input.resolve(context).map_err(bytes_error)?,
            (None, None) => Vec::new(),
        };
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
                price: chain.gas_price()?,
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
        report.deferred.extend_from_slice(block.receipts());
        if let Some(room) = options.keep_host_calls {
            block.keep_host_calls(room);
        }
        let dry_run = match &options.other_image {
            Some((name, image)) if *name == contract => Some(block.dry_run_with(&request, image)?),
            _ => None,
        };
        let observer = match &mut options.watch {
            Some(watch) => watch.call(contract),
            None => &mut (),
        };
        match block.call(&request, observer) {
            Ok(receipt) => report.receipt = Some(receipt.clone()),
            Err(error) if error.is_node() => return Err(error.into()),
            Err(error) => report.rejected = Some(error.to_string()),
        }
        report.host_calls = block.host_calls();
        report.other_image = dry_run.map(|dry_run| OtherImage {
            dry_run,
            writes: block.writes(),
        });
        // A call that did not begin leaves its block empty, so that heights do not depend on it.
        block.commit()?;
        Ok(())
    }
}

/// The arguments of an action that has none.
fn no_arguments() -> Value {
    Value::Object(Map::new())
}

impl InitTable {
    /// The bytes, by an ABI in binary form where they are an action.
    fn input(
        &self,
        chain: &Chain,
        names: &dyn Resolve,
        abi: Option<&[u8]>,
    ) -> Result<Vec<u8>, BytesError> {
        let call = match self {
            InitTable::Bytes(bytes) => return bytes.resolve(names),
            InitTable::Call(call) => call,
        };
        let failed = |problem: String| BytesError::Typed(problem);
        let abi = abi.ok_or_else(|| failed("the contract has no ABI".into()))?;
        let abi = contract::Contract::from_bytes(abi).map_err(|error| failed(error.to_string()))?;
        let codec = Codec::new(&abi).map_err(|_| failed("its ABI is none".into()))?;
        let arguments = match &call.args {
            Value::Null => no_arguments(),
            arguments => arguments.clone(),
        };
        let input = codec.encode_call_with(&call.action, &arguments, chain);
        input.map_err(|error| failed(error.to_string()))
    }
}

/// The state of accounts and contracts.
fn state_of(chain: &Chain) -> Result<Vec<Pair>, NodeError> {
    let kept = [
        kind::ACCOUNT,
        kind::REGISTERED,
        kind::DATA,
        kind::DATA_COUNT,
        kind::INDEX,
        kind::OBJECT,
        kind::FIELD,
        kind::OWNED,
        kind::APP_ACCOUNT,
        kind::APP_FUND,
        kind::DEFERRED,
        kind::DEFERRED_ID,
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
