//! The functions of gas snapshots: comments, which say where a call that costs otherwise spends otherwise.
//!
//! They stand at the end, a line for each function of each call: path, step, function, calls, and the gas that
//! it spent itself. Snapshots without them are compared as well, and so are these by a version that does not know them.

use super::bills::{Bill, Own};
use super::report::{ChangeReport, FunctionChange};
use std::collections::BTreeMap;
use std::fmt::Write;
use verify::scenario::ScenarioRun;
use verify::scenario::snapshot::Place;

/// The beginning of such a line.
const MARK: &str = "#\t";

/// The most functions that are told of a call.
const TOLD: usize = 20;

/// What functions spent themselves, by path and step of the call.
type Functions = BTreeMap<(String, String), BTreeMap<String, Own>>;

/// Those of the calls that a snapshot at `place` has.
fn of(runs: &[ScenarioRun], bills: &[Bill], place: &Place) -> Functions {
    let mut functions = Functions::new();
    for (run, bill) in runs.iter().zip(bills) {
        let path = field(&place.name(&run.path));
        for step in &run.steps {
            let ran = step.receipt.as_ref().and_then(|receipt| receipt.run());
            if let (Some(_), Some(_), Some(own)) = (ran, &step.contract, bill.own.get(&step.number))
            {
                let own = own.iter().map(|(name, own)| (field(name), *own));
                let call = (path.clone(), format!("{:04}", step.number));
                functions.insert(call, own.collect());
            }
        }
    }
    functions
}

/// A text that ends no field.
fn field(text: &str) -> String {
    text.replace(['\t', '\n', '\r'], " ")
}

/// The snapshot `text` with its functions.
pub(super) fn write(text: &str, runs: &[ScenarioRun], bills: &[Bill], place: &Place) -> String {
    let mut all = format!("{text}# functions: path, step, function, calls, own gas\n");
    for ((path, step), functions) in of(runs, bills, place) {
        for (name, Own { calls, gas }) in functions {
            // Writing to a String cannot fail.
            let _ = writeln!(all, "{MARK}{path}\t{step}\t{name}\t{calls}\t{gas}");
        }
    }
    all
}

/// The functions in a snapshot; lines that are none are passed over, as comments are.
fn read(text: &str) -> Functions {
    let mut functions = Functions::new();
    for line in text.lines().filter_map(|line| line.strip_prefix(MARK)) {
        let fields: Vec<&str> = line.split('\t').collect();
        if let [path, step, name, calls, gas] = fields[..]
            && let (Ok(calls), Ok(gas)) = (calls.parse(), gas.parse())
        {
            let call = (path.into(), step.into());
            let own = Own { calls, gas };
            let of_call: &mut BTreeMap<_, _> = functions.entry(call).or_default();
            of_call.insert(name.into(), own);
        }
    }
    functions
}

/// Says of each change which functions spend otherwise than in the snapshot `text`, those that do most first.
pub(super) fn compare(
    changes: &mut [ChangeReport],
    text: &str,
    runs: &[ScenarioRun],
    bills: &[Bill],
    place: &Place,
) {
    let (old, new) = (read(text), of(runs, bills, place));
    for ((path, step), new) in &new {
        let Some(old) = old.get(&(path.clone(), step.clone())) else {
            continue;
        };
        let call = format!("{path} {step} ");
        for change in changes.iter_mut().filter(|c| c.call.starts_with(&call)) {
            change.functions = differences(old, new);
        }
    }
}

fn differences(old: &BTreeMap<String, Own>, new: &BTreeMap<String, Own>) -> Vec<FunctionChange> {
    let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut changes: Vec<FunctionChange> = names
        .into_iter()
        .map(|name| FunctionChange {
            function: name.clone(),
            expected: old.get(name).copied(),
            actual: new.get(name).copied(),
        })
        .filter(|change| change.expected != change.actual)
        .collect();
    changes.sort_by_key(|change| {
        let gas = |own: &Option<Own>| own.map_or(0, |own| own.gas);
        std::cmp::Reverse(gas(&change.expected).abs_diff(gas(&change.actual)))
    });
    changes.truncate(TOLD);
    changes
}
