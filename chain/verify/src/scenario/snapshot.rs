//! Gas snapshots: what the calls of scenarios cost, a line each, to be compared with later.
//!
//! A snapshot names a scenario by its path from the folder of the snapshot, so that it says the same from whatever
//! folder and however typed. Snapshots of the first form have no column for what was given back: their gas is what was
//! charged, and their paths are as they were typed, from the current folder.

use super::report::ScenarioRun;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};
use std::io;
use std::path::{self, Component, Path, PathBuf};

/// The first line of a snapshot.
const TITLE: &str = "# smart51 gas snapshot: path from here, step, name, contract, machine cycles, steps, gas, given back";

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

/// The folder of a snapshot, from which it names scenarios.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    folder: PathBuf,
}

impl Place {
    /// The place of the snapshot in `file`, which need not be there.
    ///
    /// # Errors
    /// If its folder is not there or cannot be looked at.
    pub fn of(file: &Path) -> io::Result<Place> {
        Ok(Place {
            folder: folder_of(file).canonicalize()?,
        })
    }

    /// The name of the scenario at `path`: its path from the snapshot's folder, parted by `/`.
    #[must_use]
    pub fn name(&self, path: &Path) -> String {
        let whole = whole(path);
        let (mut from, mut to) = (self.folder.components(), whole.components());
        let rest = loop {
            let before = (from.clone(), to.clone());
            match (from.next(), to.next()) {
                (Some(a), Some(b)) if a == b => {}
                _ => break before,
            }
        };
        let up = rest.0.map(|_| "..".into());
        let down = rest.1.map(|part| part.as_os_str().to_string_lossy());
        up.chain(down).collect::<Vec<Cow<'_, str>>>().join("/")
    }
}

/// The folder that a file lies in.
fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// The one whole path of a file. A link to a folder is followed, one to a file is a file of its own.
fn whole(path: &Path) -> PathBuf {
    if let (Ok(folder), Some(name)) = (folder_of(path).canonicalize(), path.file_name()) {
        return folder.join(name);
    }
    // The file of an older snapshot may be there no more.
    let mut whole = PathBuf::new();
    for part in path::absolute(path)
        .unwrap_or_else(|_| path.into())
        .components()
    {
        match part {
            Component::ParentDir => drop(whole.pop()),
            part => whole.push(part),
        }
    }
    whole
}

/// A call, in the order in which a snapshot lists them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Call {
    path: String,
    step: String,
    name: String,
    contract: String,
}

/// What a call cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cost {
    cycles: u64,
    steps: i64,
    /// Gas used, before anything was given back; in a snapshot of the first form what was charged.
    gas: u64,
    /// Gas given back; not in a snapshot of the first form.
    refund: Option<u64>,
}

/// The snapshot at `place` of `runs`: a line per call.
#[must_use]
pub fn write(runs: &[ScenarioRun], place: &Place) -> String {
    let mut text = format!("{TITLE}\n");
    for (call, cost) in lines(runs, place) {
        let Call {
            path,
            step,
            name,
            contract,
        } = call;
        let Cost {
            cycles,
            steps,
            gas,
            refund,
        } = cost;
        let refund = refund.unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{path}\t{step}\t{name}\t{contract}\t{cycles}\t{steps}\t{gas}\t{refund}"
        );
    }
    text
}

/// What is different between the snapshot `text` at `place` and `runs`, in order of path and step.
///
/// # Errors
/// The number of the first line (from 1) that is none of a snapshot.
pub fn compare(text: &str, runs: &[ScenarioRun], place: &Place) -> Result<Vec<Change>, usize> {
    Ok(changes(old(text, place)?, runs, place))
}

/// The same of the scenarios in `runs` alone: those that the snapshot has besides were not run.
///
/// # Errors
/// As [`compare`].
pub fn compare_part(text: &str, runs: &[ScenarioRun], place: &Place) -> Result<Vec<Change>, usize> {
    let ran: BTreeSet<String> = runs
        .iter()
        .map(|run| one_line(&place.name(&run.path)))
        .collect();
    let mut old = old(text, place)?;
    old.retain(|call, _| ran.contains(&call.path));
    Ok(changes(old, runs, place))
}

/// What a snapshot says.
fn old(text: &str, place: &Place) -> Result<BTreeMap<Call, Cost>, usize> {
    let mut old = BTreeMap::new();
    for (number, line) in (1usize..)
        .zip(text.lines())
        .filter(|(_, line)| !line.starts_with('#'))
    {
        let (call, cost) = read(line, place).ok_or(number)?;
        old.insert(call, cost);
    }
    Ok(old)
}

/// What is different between a snapshot and `runs`.
fn changes(old: BTreeMap<Call, Cost>, runs: &[ScenarioRun], place: &Place) -> Vec<Change> {
    let new = lines(runs, place);
    let calls: BTreeSet<&Call> = old.keys().chain(new.keys()).collect();
    let change = |call: &Call| {
        let (expected, actual) = (old.get(call).copied(), new.get(call).copied());
        let actual = match expected {
            Some(expected) => actual.map(|actual| actual.as_in(expected)),
            None => actual,
        };
        (expected != actual).then(|| Change {
            call: call.to_string(),
            expected: expected.map(|cost| cost.to_string()),
            actual: actual.map(|cost| cost.to_string()),
        })
    };
    calls.into_iter().filter_map(change).collect()
}

/// The call and its cost that a line of either form holds.
fn read(line: &str, place: &Place) -> Option<(Call, Cost)> {
    let fields: Vec<&str> = line.split('\t').collect();
    let (path, [step, name, contract, cycles, steps, gas], refund) = match fields[..] {
        [path, step, name, contract, cycles, steps, gas, refund] => {
            let call = [step, name, contract, cycles, steps, gas];
            (path.into(), call, Some(refund))
        }
        [path, step, name, contract, cycles, steps, gas] => {
            let call = [step, name, contract, cycles, steps, gas];
            (place.name(Path::new(path)), call, None)
        }
        _ => return None,
    };
    let call = Call::new(&path, step, name, contract);
    let cost = Cost {
        cycles: cycles.parse().ok()?,
        steps: steps.parse().ok()?,
        gas: gas.parse().ok()?,
        refund: refund.map(|refund| refund.parse()).transpose().ok()?,
    };
    Some((call, cost))
}

/// A field. A tab or line end in a name would be taken for the end of one.
fn one_line(field: &str) -> String {
    field.replace(['\t', '\n', '\r'], " ")
}

/// Each call and its cost.
fn lines(runs: &[ScenarioRun], place: &Place) -> BTreeMap<Call, Cost> {
    let mut lines = BTreeMap::new();
    for run in runs {
        let path = place.name(&run.path);
        for step in &run.steps {
            let (Some(receipt), Some(contract)) = (&step.receipt, &step.contract) else {
                continue;
            };
            if receipt.run().is_none() {
                continue;
            }
            let call = Call::new(&path, &format!("{:04}", step.number), &step.name, contract);
            let cost = Cost {
                cycles: receipt.meters.cycles,
                steps: receipt.meters.steps,
                gas: receipt.gas,
                refund: Some(receipt.refund),
            };
            lines.insert(call, cost);
        }
    }
    lines
}

impl Call {
    fn new(path: &str, step: &str, name: &str, contract: &str) -> Call {
        let [path, step, name, contract] = [path, step, name, contract].map(one_line);
        Call {
            path,
            step,
            name,
            contract,
        }
    }
}

impl Cost {
    /// The same in the form that `other` has.
    fn as_in(self, other: Cost) -> Cost {
        match (self.refund, other.refund) {
            (Some(refund), None) => Cost {
                gas: self.gas.saturating_sub(refund),
                refund: None,
                ..self
            },
            _ => self,
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Call {
            path,
            step,
            name,
            contract,
        } = self;
        write!(f, "{path} {step} {name} {contract}")
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cost {
            cycles,
            steps,
            gas,
            refund,
        } = self;
        write!(f, "{cycles} cycles, {steps} steps, {gas} gas")?;
        match refund {
            Some(0) => Ok(()),
            Some(refund) => write!(f, " less {refund} given back"),
            None => write!(f, " charged"),
        }
    }
}
