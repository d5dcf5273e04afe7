//! What `smart51 test` reports.

use super::bills::{GasReport, Own};
use super::functions::{self, Functions};
use crate::receipts::{FrameReport, frames};
use crate::text::{Page, Text, say};
use crate::tree::{Known, Sources};
use bridge::EngineId;
use chain::Receipt;
use firmware::watch::coverage::Summary;
use firmware::watch::stack::Stack;
use serde::Serialize;
use std::collections::BTreeMap;
use verify::scenario::snapshot::Change;
use verify::scenario::{Fuzzed, ScenarioRun, StepReport};

#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) scenarios: usize,
    pub(super) steps: usize,
    pub(super) failed: usize,
    pub(super) results: Vec<ScenarioReport>,
    pub(super) gas_changes: Vec<ChangeReport>,
    /// How high the stack of each image's contracts grew, by the image's file.
    pub(super) stacks: BTreeMap<String, Stack>,
    pub(super) coverage: Option<Summary>,
    /// How often each function of WebAssembly was entered, by the image's file; null where coverage is not asked for.
    pub(super) functions: Option<Functions>,
    /// With `--gas-report`.
    pub(super) gas_report: Option<GasReport>,
}

#[derive(Debug, Serialize)]
pub(super) struct ScenarioReport {
    pub(super) path: String,
    pub(super) passed: bool,
    pub(super) steps: Vec<StepResult>,
}

#[derive(Debug, Serialize)]
pub(super) struct StepResult {
    pub(super) step: usize,
    pub(super) name: String,
    pub(super) contract: Option<String>,
    pub(super) outcome: Option<String>,
    pub(super) machine_cycles: Option<u64>,
    pub(super) steps: Option<i64>,
    /// Gas used, before anything was given back.
    pub(super) gas: Option<u64>,
    pub(super) refund: Option<u64>,
    /// What is left of `gas` without `refund`.
    pub(super) charged: Option<u64>,
    /// The random calls of a fuzz step.
    pub(super) fuzzed: Option<FuzzReport>,
    pub(super) differences: Vec<DifferenceReport>,
    /// The frames, of a step that comes out otherwise.
    pub(super) frames: Option<Vec<FrameReport>>,
    /// The deferred actions that were executed in the blocks of a step that comes out otherwise, at most
    /// [`DEFERRED_SHOWN`].
    pub(super) deferred: Option<Vec<DeferredResult>>,
    #[serde(skip)]
    pub(super) tree: Vec<String>,
    /// How many deferred actions are not in `deferred`.
    #[serde(skip)]
    pub(super) deferred_left_out: usize,
}

/// The most deferred actions of a step that are shown.
const DEFERRED_SHOWN: usize = 16;

/// A deferred action that was executed, or telling that one failed.
#[derive(Debug, Serialize)]
pub(super) struct DeferredResult {
    pub(super) height: u32,
    pub(super) outcome: &'static str,
    pub(super) frames: Vec<FrameReport>,
    #[serde(skip)]
    pub(super) tree: Vec<String>,
}

impl DeferredResult {
    fn new(receipt: &Receipt, known: &Known) -> DeferredResult {
        DeferredResult {
            height: receipt.height,
            outcome: receipt.verdict.name(),
            frames: frames(receipt, known),
            tree: known.tree(receipt),
        }
    }
}

/// The random calls of a fuzz step.
#[derive(Debug, Serialize)]
pub(super) struct FuzzReport {
    pub(super) calls: u32,
    pub(super) succeeded: u32,
    pub(super) seed: u64,
}

impl From<&Fuzzed> for FuzzReport {
    fn from(fuzzed: &Fuzzed) -> Self {
        let Fuzzed {
            calls,
            succeeded,
            seed,
        } = *fuzzed;
        FuzzReport {
            calls,
            succeeded,
            seed,
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct DifferenceReport {
    pub(super) field: String,
    pub(super) expected: String,
    pub(super) actual: String,
}

#[derive(Debug, Serialize)]
pub(super) struct ChangeReport {
    pub(super) call: String,
    pub(super) expected: Option<String>,
    pub(super) actual: Option<String>,
    /// The functions that spend otherwise, where the snapshot has functions.
    pub(super) functions: Vec<FunctionChange>,
}

/// What a function spends otherwise than the snapshot says; null where it does not run.
#[derive(Debug, Serialize)]
pub(super) struct FunctionChange {
    pub(super) function: String,
    pub(super) expected: Option<Own>,
    pub(super) actual: Option<Own>,
}

impl Report {
    /// `sources` of each run, in the same order.
    pub(super) fn new(
        runs: &[ScenarioRun],
        sources: &[Sources],
        calls: bool,
        changes: Vec<ChangeReport>,
    ) -> Report {
        let known = runs.iter().zip(sources);
        Report {
            scenarios: runs.len(),
            steps: runs.iter().map(|run| run.steps.len()).sum(),
            failed: runs.iter().filter(|run| !run.passed()).count(),
            results: known
                .map(|(run, sources)| ScenarioReport::new(run, sources, calls))
                .collect(),
            gas_changes: changes,
            stacks: BTreeMap::new(),
            coverage: None,
            functions: None,
            gas_report: None,
        }
    }

    /// Whether everything came out as expected, and no stack overflowed.
    pub(super) fn passed(&self) -> bool {
        let overflows = self.stacks.values().any(|stack| stack.overflow.is_some());
        self.failed == 0 && self.gas_changes.is_empty() && !overflows
    }
}

impl ScenarioReport {
    fn new(run: &ScenarioRun, sources: &Sources, calls: bool) -> ScenarioReport {
        let steps = run.steps.iter();
        ScenarioReport {
            path: run.path.display().to_string(),
            passed: run.passed(),
            steps: steps
                .map(|step| StepResult::new(step, sources, calls))
                .collect(),
        }
    }
}

impl StepResult {
    fn new(step: &StepReport, sources: &Sources, calls: bool) -> StepResult {
        let receipt = step.receipt.as_ref();
        let failed = receipt.filter(|_| !step.differences.is_empty());
        let failed = failed.map(|receipt| {
            let known = Known::names(step.names.clone());
            (
                receipt,
                known.with(receipt, &step.host_calls, sources, calls),
            )
        });
        let on_8051 = receipt.filter(|receipt| {
            let run = receipt.run();
            run.is_some_and(|run| run.engine == EngineId::Mcs51)
        });
        let rejected = step
            .rejected
            .as_ref()
            .map(|reason| format!("rejected: {reason}"));
        let differences = step.differences.iter().cloned();
        StepResult {
            step: step.number,
            name: step.name.clone(),
            contract: step.contract.clone(),
            outcome: receipt
                .map(|receipt| receipt.verdict.to_string())
                .or(rejected),
            machine_cycles: on_8051.map(|receipt| receipt.meters.cycles),
            steps: on_8051.map(|receipt| receipt.meters.steps),
            gas: receipt.map(|receipt| receipt.gas),
            refund: receipt.map(|receipt| receipt.refund),
            charged: receipt.map(|receipt| receipt.gas_charged()),
            fuzzed: step.fuzzed.as_ref().map(FuzzReport::from),
            differences: differences
                .map(|found| DifferenceReport {
                    field: found.field,
                    expected: found.expected,
                    actual: found.actual,
                })
                .collect(),
            tree: (failed.iter())
                .flat_map(|(receipt, known)| known.tree(receipt))
                .collect(),
            frames: failed.map(|(receipt, known)| frames(receipt, &known)),
            deferred: (!step.differences.is_empty()).then(|| {
                let known = Known::names(step.names.clone());
                let shown = step.deferred.iter().take(DEFERRED_SHOWN);
                shown
                    .map(|receipt| DeferredResult::new(receipt, &known))
                    .collect()
            }),
            deferred_left_out: step.deferred.len().saturating_sub(DEFERRED_SHOWN),
        }
    }
}

impl StepResult {
    /// What came out otherwise than expected, and the tree of frames, in lines.
    pub(super) fn failure(&self) -> impl Iterator<Item = String> {
        let differences = self.differences.iter().flat_map(|found| {
            // Random calls have a line each.
            let mut actual = found.actual.lines();
            let first = [
                found.field.clone(),
                format!("  expected {}", found.expected),
                format!("  found    {}", actual.next().unwrap_or_default()),
            ];
            let more = actual.map(|line| format!("    {}", line.trim_start()));
            first.into_iter().chain(more)
        });
        let title = (!self.tree.is_empty()).then(|| "frames".to_owned());
        let tree = self.tree.iter().map(|line| format!("  {line}"));
        let deferred = self.deferred.iter().flatten().flat_map(|deferred| {
            let title = format!("frames of a deferred action in block {}", deferred.height);
            let tree = deferred.tree.iter().map(|line| format!("  {line}"));
            [title].into_iter().chain(tree)
        });
        let left_out = (self.deferred.is_some() && self.deferred_left_out > 0)
            .then(|| format!("and {} more deferred actions", self.deferred_left_out));
        (differences.chain(title).chain(tree))
            .chain(deferred)
            .chain(left_out)
    }
}

impl From<Change> for ChangeReport {
    fn from(change: Change) -> ChangeReport {
        let Change {
            call,
            expected,
            actual,
        } = change;
        ChangeReport {
            call,
            expected,
            actual,
            functions: Vec::new(),
        }
    }
}

impl ChangeReport {
    /// It in lines.
    pub(super) fn lines(&self) -> Vec<String> {
        let shown = |cost: &Option<String>| cost.clone().unwrap_or_else(|| "no such call".into());
        let mut lines = vec![
            format!("gas changed: {}", self.call),
            format!("    expected {}", shown(&self.expected)),
            format!("    found    {}", shown(&self.actual)),
        ];
        lines.extend(self.functions.iter().map(FunctionChange::line));
        lines
    }
}

impl FunctionChange {
    fn line(&self) -> String {
        let shown = |own: &Option<Own>| match own {
            Some(Own { calls, gas }) => format!("{gas} gas in {calls} calls"),
            None => "no call".into(),
        };
        let gas = |own: &Option<Own>| own.map_or(0, |own| i128::from(own.gas));
        let more = gas(&self.actual) - gas(&self.expected);
        let (expected, actual) = (shown(&self.expected), shown(&self.actual));
        format!(
            "    {more:+} in {}: {expected}, now {actual}",
            self.function
        )
    }
}

impl Text for Report {
    fn text(&self, page: &mut Page) {
        for scenario in &self.results {
            scenario.text(page);
        }
        for line in self.gas_changes.iter().flat_map(ChangeReport::lines) {
            say!(page, "{line}");
        }
        for (image, stack) in &self.stacks {
            say!(page, "stack {stack} in {image}");
        }
        if let Some(coverage) = &self.coverage {
            say!(page, "coverage: {coverage}");
        }
        for (image, functions) in self.functions.iter().flatten() {
            for line in functions::lines(image, functions) {
                say!(page, "{line}");
            }
        }
        if let Some(report) = &self.gas_report {
            report.text(page);
        }
        let (scenarios, steps, failed) = (self.scenarios, self.steps, self.failed);
        say!(
            page,
            "{scenarios} scenarios, {steps} steps, {failed} scenarios failed"
        )
    }
}

impl Text for ScenarioReport {
    fn text(&self, page: &mut Page) {
        say!(
            page,
            "{} {}",
            if self.passed { "ok  " } else { "FAIL" },
            self.path
        );
        for step in &self.steps {
            let mark = if step.differences.is_empty() {
                "ok  "
            } else {
                "FAIL"
            };
            let cost = match (step.machine_cycles, step.gas) {
                (Some(cycles), Some(gas)) => format!("{cycles} cycles {gas:>9} gas"),
                (None, Some(gas)) => format!("{gas:>9} gas"),
                (_, None) => step.fuzzed.as_ref().map_or(String::new(), |fuzzed| {
                    format!("{} of {} calls succeed", fuzzed.succeeded, fuzzed.calls)
                }),
            };
            let given_back = match step.refund {
                None | Some(0) => String::new(),
                Some(refund) => format!(" less {refund} given back"),
            };
            let (number, name) = (step.step, &step.name);
            say!(page, "  {mark} {number:>3} {cost:>30}{given_back}  {name}");
            for line in step.failure() {
                say!(page, "          {line}");
            }
        }
    }
}
