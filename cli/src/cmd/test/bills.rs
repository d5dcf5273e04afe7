//! `--gas-report`: what actions, functions and methods of the host took; and what gas snapshots say of functions.

use super::watched::Cast;
use crate::profile::names::ImageNames;
use crate::text::{Page, Text, say};
use abi::{Name, Semantics, method};
use bridge::profile::Function;
use bridge::{CallObserver, Profile};
use chain::receipt::FrameKind;
use chain::{Receipt, RegIdText, Work};
use serde::Serialize;
use state::keys::RegId;
use std::collections::BTreeMap;
use verify::scenario::{Scenario, ScenarioRun, Watch};

/// Amounts of gas, and how often each was.
#[derive(Clone, Debug, Default)]
struct Amounts(BTreeMap<u64, u64>);

/// What the contracts of a scenario took.
#[derive(Debug, Default)]
pub(super) struct Bill {
    /// By contract and function, each call with all that it called.
    functions: BTreeMap<(String, String), Amounts>,
    methods: BTreeMap<String, Amounts>,
    /// By contract and action, each run from entering the contract on.
    actions: BTreeMap<(String, String), Amounts>,
    /// What functions spent themselves in each step.
    pub(super) own: BTreeMap<usize, BTreeMap<String, Own>>,
    /// The first byte of the input of each run of a step.
    selectors: BTreeMap<usize, Vec<Option<u8>>>,
    ids: BTreeMap<RegId, String>,
    left_out: u64,
}

/// What a function spent itself in a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Own {
    pub(super) calls: u64,
    pub(super) gas: u64,
}

/// A watch that makes a bill of what another watch sees.
pub(super) struct Billed {
    watched: (Cast, Option<Profile>),
    names: BTreeMap<String, ImageNames>,
    is_on: bool,
    step: usize,
    contract: String,
    bill: Bill,
}

impl Billed {
    /// The watch of a run of `scenario`, which makes a bill if `is_on`.
    pub(super) fn of(scenario: &Scenario, cast: Cast, is_on: bool) -> Billed {
        let images = scenario.images().filter(|_| is_on);
        let names =
            images.map(|(name, path, image)| (name.into(), ImageNames::if_known(&path, image)));
        Billed {
            watched: (cast, None),
            names: names.collect(),
            is_on,
            step: 0,
            contract: String::new(),
            bill: Bill::default(),
        }
    }

    /// The other watch, and the bill of what was run.
    pub(super) fn end(mut self, run: Option<&ScenarioRun>) -> (Cast, Bill) {
        self.settle();
        let run = run.filter(|_| self.is_on);
        for step in run.into_iter().flat_map(|run| &run.steps) {
            let selectors = self.bill.selectors.remove(&step.number).unwrap_or_default();
            if let Some(receipt) = &step.receipt {
                self.bill.add_receipt(receipt, &selectors);
                self.bill.add_base(step.number, receipt.gas);
            }
            for receipt in &step.deferred {
                self.bill.add_receipt(receipt, &[]);
            }
        }
        (self.watched.0, self.bill)
    }

    /// Adds the profile of the step that has ended.
    fn settle(&mut self) {
        let Some(profile) = self.watched.1.take() else {
            return;
        };
        self.bill.left_out += profile.samples_left_out();
        for (function, gas, calls) in profile.samples() {
            let amounts = match function {
                Function::Host(number) => {
                    let methods = &mut self.bill.methods;
                    methods.entry(method_name(number)).or_default()
                }
                Function::Code(..) | Function::Wasm(..) => {
                    let (contract, known) = self.function(&profile, function);
                    let name = known.unwrap_or_else(|| ImageNames::plain(function));
                    self.bill.functions.entry((contract, name)).or_default()
                }
                _ => continue,
            };
            *amounts.0.entry(gas.0).or_default() += calls;
        }
        for node in profile.nodes().filter(|node| node.parent.is_some()) {
            let name = match node.function {
                Function::Host(number) => method_name(number),
                Function::Code(..) | Function::Wasm(..) => {
                    let (contract, known) = self.function(&profile, node.function);
                    let name = known.unwrap_or_else(|| "functions without a name".into());
                    format!("{contract} {name}")
                }
                _ => "entry".into(),
            };
            let of_step = self.bill.own.entry(self.step).or_default();
            let own = of_step.entry(name).or_default();
            own.calls += node.calls;
            own.gas += node.own.gas.0;
        }
        let selectors = profile.selectors().to_vec();
        self.bill.selectors.insert(self.step, selectors);
    }

    /// The contract of a function, and the function's name if it is known.
    fn function(&self, profile: &Profile, function: Function) -> (String, Option<String>) {
        let (Function::Code(image, _) | Function::Wasm(image, _)) = function else {
            return (String::new(), None);
        };
        let contract = match profile.contract(image) {
            None => self.contract.clone(),
            Some(id) => self.bill.contract(&id),
        };
        let names = self.names.get(&contract);
        let name = names.and_then(|names| names.function(function));
        (contract, name)
    }
}

impl Watch for Billed {
    fn deployed(&mut self, contract: &str, id: RegId) {
        self.bill.ids.insert(id, contract.into());
        self.watched.0.deployed(contract, id);
    }

    fn replaced(&mut self, contract: &str, id: RegId) {
        self.settle();
        self.names.remove(contract);
        self.watched.0.replaced(contract, id);
    }

    fn step(&mut self, number: usize) {
        self.settle();
        self.step = number;
        self.watched.0.step(number);
    }

    fn call(&mut self, contract: &str) -> &mut dyn CallObserver {
        self.settle();
        self.contract = contract.into();
        let _ = self.watched.0.call(contract);
        if !self.is_on {
            return &mut self.watched;
        }
        let mut profile = Profile::new().with_samples();
        if let Some(names) = self.names.get(contract) {
            names.prepare(&mut profile, None);
        }
        for (id, name) in &self.bill.ids {
            if let Some(names) = self.names.get(name) {
                names.prepare(&mut profile, Some(*id));
            }
        }
        self.watched.1 = Some(profile);
        &mut self.watched
    }
}

fn method_name(number: u16) -> String {
    let spec = method::spec_under(Semantics::V1, number);
    spec.map_or_else(|| format!("host {number}"), |spec| spec.name.to_owned())
}

impl Bill {
    /// The name of a contract, else its id.
    fn contract(&self, id: &RegId) -> String {
        let known = self.ids.get(id).cloned();
        known.unwrap_or_else(|| RegIdText(*id).to_string())
    }

    /// Adds the runs of a receipt that are none of contracts called by others.
    fn add_receipt(&mut self, receipt: &Receipt, selectors: &[Option<u8>]) {
        let mut selectors = selectors.iter();
        for frame in &receipt.frames {
            let Work::Run(run) = &frame.work else {
                continue;
            };
            if matches!(frame.kind, FrameKind::Call | FrameKind::StaticCall) {
                continue;
            }
            let selector = selectors.next().copied().flatten();
            let action = match (frame.action, selector) {
                (0, Some(byte)) => format!("0x{byte:02x}"),
                (0, None) => "without input".into(),
                (name, _) => Name(name).to_string(),
            };
            let amounts = self
                .actions
                .entry((self.contract(&frame.receiver), action))
                .or_default();
            *amounts.0.entry(run.gas).or_default() += 1;
        }
    }

    /// Adds what a step's transaction took beside what its runs did.
    fn add_base(&mut self, step: usize, gas: u64) {
        let own = self.own.entry(step).or_default();
        let runs: u64 = own.values().map(|own| own.gas).sum();
        let base = Own {
            calls: 1,
            gas: gas.saturating_sub(runs),
        };
        own.insert("transaction".into(), base);
    }

    /// Both bills.
    fn add(&mut self, other: Bill) {
        let sum = |own: &mut BTreeMap<(String, String), Amounts>, other| {
            for (name, amounts) in other {
                own.entry(name).or_default().add(amounts);
            }
        };
        sum(&mut self.functions, other.functions);
        sum(&mut self.actions, other.actions);
        for (name, amounts) in other.methods {
            self.methods.entry(name).or_default().add(amounts);
        }
        self.left_out += other.left_out;
    }
}

impl Amounts {
    fn add(&mut self, other: Amounts) {
        for (gas, calls) in other.0 {
            *self.0.entry(gas).or_default() += calls;
        }
    }

    fn calls(&self) -> u64 {
        self.0.values().sum()
    }

    /// The amount of this place, from 0, in order.
    fn at(&self, place: u64) -> u64 {
        let mut before = 0;
        for (gas, calls) in &self.0 {
            before += calls;
            if place < before {
                return *gas;
            }
        }
        0
    }

    fn row(&self, contract: Option<String>, name: String) -> Row {
        let calls = self.calls().max(1);
        let sum: u128 = (self.0.iter())
            .map(|(gas, calls)| u128::from(*gas) * u128::from(*calls))
            .sum();
        let middle = u128::from(self.at((calls - 1) / 2)) + u128::from(self.at(calls / 2));
        Row {
            contract,
            name,
            calls,
            min: self.at(0),
            average: (sum / u128::from(calls)) as u64,
            median: (middle / 2) as u64,
            max: self.at(calls - 1),
        }
    }
}

/// What `--gas-report` adds to the report.
#[derive(Debug, Serialize)]
pub(super) struct GasReport {
    actions: Vec<Row>,
    functions: Vec<Row>,
    host_methods: Vec<Row>,
    /// Calls whose gas was not kept, for want of room.
    calls_left_out: u64,
}

/// The gas of the calls of something: of an even number the median is the mean of both in the middle. What is no whole
/// number is rounded down.
#[derive(Debug, Serialize)]
struct Row {
    #[serde(skip_serializing_if = "Option::is_none")]
    contract: Option<String>,
    name: String,
    calls: u64,
    min: u64,
    average: u64,
    median: u64,
    max: u64,
}

impl GasReport {
    /// The report on the bills of all scenarios.
    pub(super) fn of(bills: Vec<Bill>) -> GasReport {
        let mut all = Bill::default();
        bills.into_iter().for_each(|bill| all.add(bill));
        let rows = |of: BTreeMap<(String, String), Amounts>| -> Vec<Row> {
            let rows = of.into_iter();
            rows.map(|((contract, name), amounts)| amounts.row(Some(contract), name))
                .collect()
        };
        let methods = all.methods.into_iter();
        GasReport {
            actions: rows(all.actions),
            functions: rows(all.functions),
            host_methods: methods
                .map(|(name, amounts)| amounts.row(None, name))
                .collect(),
            calls_left_out: all.left_out,
        }
    }
}

impl Text for GasReport {
    fn text(&self, page: &mut Page) {
        let tables = [
            ("action", &self.actions),
            ("function", &self.functions),
            ("method of the host", &self.host_methods),
        ];
        for (title, rows) in tables {
            say!(
                page,
                "{:>9} {:>11} {:>11} {:>11} {:>11}  gas by {title}",
                "calls",
                "min",
                "average",
                "median",
                "max"
            );
            for row in rows {
                let contract = row.contract.as_deref().unwrap_or_default();
                let name = format!("{contract} {}", row.name);
                say!(
                    page,
                    "{:>9} {:>11} {:>11} {:>11} {:>11}  {}",
                    row.calls,
                    row.min,
                    row.average,
                    row.median,
                    row.max,
                    name.trim_start()
                );
            }
        }
        if self.calls_left_out > 0 {
            say!(
                page,
                "{} calls are left out: their gas differs too often to be kept",
                self.calls_left_out
            );
        }
    }
}
