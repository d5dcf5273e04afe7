//! Gas snapshots: what the calls of scenarios cost, a line each, to be compared with later.

use super::run::Run;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The first line of a snapshot.
const TITLE: &str =
    "# smart51 gas snapshot: path, step, name, contract, machine cycles, steps, gas";

/// A line that is different now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The path of the scenario and the step's number and name.
    pub call: String,
    /// What the snapshot says; `None` for a call it does not have.
    pub expected: Option<String>,
    /// What there is now; `None` for a call that is no more.
    pub actual: Option<String>,
}

/// The snapshot of `runs`: a line per call.
#[must_use]
pub fn write(runs: &[Run]) -> String {
    let mut text = format!("{TITLE}\n");
    for (call, cost) in lines(runs) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{call}\t{cost}");
    }
    text
}

/// What is different between the snapshot `text` and `runs`, in order of path and step.
///
/// # Errors
/// The number of the first line (from 1) that is none of a snapshot.
pub fn compare(text: &str, runs: &[Run]) -> Result<Vec<Change>, usize> {
    let mut old = BTreeMap::new();
    for (number, line) in (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.starts_with('#'))
    {
        let fields: Vec<&str> = line.split('\t').collect();
        let [path, step, name, contract, cycles, steps, gas] = fields[..] else {
            return Err(number);
        };
        old.insert(call(path, step, name, contract), cost(cycles, steps, gas));
    }
    let new: BTreeMap<String, String> = lines(runs).into_iter().collect();
    let calls: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let changes = calls
        .into_iter()
        .filter(|call| old.get(*call) != new.get(*call))
        .map(|call| Change {
            call: call.replace('\t', " "),
            expected: old.get(call).map(|cost| shown(cost)),
            actual: new.get(call).map(|cost| shown(cost)),
        });
    Ok(changes.collect())
}

/// Each call and its cost, both as the snapshot writes them.
fn lines(runs: &[Run]) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for run in runs {
        let path = run.path.display().to_string();
        for step in &run.steps {
            let (Some(receipt), Some(contract)) = (&step.receipt, &step.contract) else {
                continue;
            };
            let Some(ran) = receipt.call() else { continue };
            lines.push((
                call(&path, &format!("{:04}", step.number), &step.name, contract),
                cost(ran.cycles, ran.steps, receipt.gas_charged()),
            ));
        }
    }
    lines
}

fn call(path: &str, step: &str, name: &str, contract: &str) -> String {
    // A tab or line end in a name would be taken for the end of the field.
    [path, step, name, contract]
        .map(|field| field.replace(['\t', '\n', '\r'], " "))
        .join("\t")
}

fn cost(cycles: impl ToString, steps: impl ToString, gas: impl ToString) -> String {
    [cycles.to_string(), steps.to_string(), gas.to_string()].join("\t")
}

/// A cost for people.
fn shown(cost: &str) -> String {
    let mut fields = cost.split('\t');
    let mut next = || fields.next().unwrap_or_default();
    format!("{} cycles, {} steps, {} gas", next(), next(), next())
}
