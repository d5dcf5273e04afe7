//! `smart51 test`.

use crate::engine::EngineArgs;
use crate::error::about;
use crate::error::{Error, Status};
use crate::files;
use crate::files::{find_files, read_text, write as write_file};
use crate::output::Output;
use crate::receipts::{FrameReport, frames};
use crate::text::{Page, Text, say};
use crate::tree::{Known, Sources};
use crate::watch::{CallWatches, CoverageArgs};
use bridge::{CallObserver, Cpu, EngineId, Entered, FrameEnd, Insn, Observer};
use chain::hostlog::USUAL_ROOM;
use clap::Args;
use firmware::watch::counts::Counts;
use firmware::watch::coverage::{SourceMap, Summary};
use firmware::watch::stack::{Stack, StackWatch};
use serde::Serialize;
use state::keys::RegId;
use std::collections::BTreeMap;
use std::ops::ControlFlow::{self, Continue};
use std::path::{Path, PathBuf};
use verify::scenario::snapshot::{self, Change, Place};
use verify::scenario::{RunError, RunOptions, Scenario, ScenarioRun, StepReport, Watch};

/// Run scenario files: who is there, what they do, and what must come of it.
///
/// The status is 1 if anything comes out otherwise than expected.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  smart51 test firmware-samples\n  \
    smart51 test token.scenario.toml --gas-snapshot gas.txt --check")]
pub(crate) struct Test {
    /// Scenario files; a folder stands for every *.scenario.toml below it.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Write what each call costs to a file. It names scenarios by their paths from its own folder.
    #[arg(long, value_name = "FILE")]
    gas_snapshot: Option<PathBuf>,
    /// Compare with the file instead of writing it, exact to the cycle.
    #[arg(long, requires = "gas_snapshot")]
    check: bool,
    /// Watch the stack of each contract on the 8051, and report how high it grew; the status is 1
    /// if it overflows. Slower.
    #[arg(long)]
    check_stack: bool,
    /// Show the host calls of each frame of a step that comes out otherwise: method, arguments and reply.
    #[arg(long)]
    calls: bool,
    #[command(flatten)]
    coverage: CoverageArgs,
    #[command(flatten)]
    engine: EngineArgs,
}

#[derive(Debug, Serialize)]
struct Report {
    scenarios: usize,
    steps: usize,
    failed: usize,
    results: Vec<ScenarioReport>,
    gas_changes: Vec<ChangeReport>,
    /// How high the stack of each image's contracts grew, by the image's file.
    stacks: BTreeMap<String, Stack>,
    coverage: Option<Summary>,
}

#[derive(Debug, Serialize)]
struct ScenarioReport {
    path: String,
    passed: bool,
    steps: Vec<StepResult>,
}

#[derive(Debug, Serialize)]
struct StepResult {
    step: usize,
    name: String,
    contract: Option<String>,
    outcome: Option<String>,
    machine_cycles: Option<u64>,
    steps: Option<i64>,
    /// Gas used, before anything was given back.
    gas: Option<u64>,
    refund: Option<u64>,
    /// What is left of `gas` without `refund`.
    charged: Option<u64>,
    differences: Vec<DifferenceReport>,
    /// The frames, of a step that comes out otherwise.
    frames: Option<Vec<FrameReport>>,
    #[serde(skip)]
    tree: Vec<String>,
}

#[derive(Debug, Serialize)]
struct DifferenceReport {
    field: String,
    expected: String,
    actual: String,
}

#[derive(Debug, Serialize)]
struct ChangeReport {
    call: String,
    expected: Option<String>,
    actual: Option<String>,
}

impl Test {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let (mut runs, mut sources) = (Vec::new(), Vec::new());
        let mut images = Images::default();
        for path in find_files(&self.paths, ".scenario.toml")? {
            let scenario = Scenario::read(&path).map_err(Error::input)?;
            files::has_read(&path);
            let mut cast = images.cast(&scenario, &self)?;
            let run = scenario.run(RunOptions {
                engines: Some(self.engine.engines()?),
                watch: Some(&mut cast),
                keep_host_calls: Some(if self.calls { USUAL_ROOM } else { 0 }),
                keep_of_failed: true,
                ..RunOptions::default()
            });
            let run = run.map_err(|error| match &error {
                RunError::Chain(chain) if chain.is_node() => Error::node(error),
                _ => Error::input(error),
            })?;
            let mut known = Sources::default();
            if !run.passed() {
                for (_, path, image) in scenario.images() {
                    known.add_if_known(&path, image);
                }
            }
            runs.push(run);
            sources.push(known);
        }
        self.check_options(&images)?;
        let changes = match &self.gas_snapshot {
            Some(file) => self.gas_changes(file, &runs)?,
            None => Vec::new(),
        };
        let report = Report {
            stacks: images.stacks(),
            coverage: self.coverage.write(images.counted())?,
            ..Report::new(&runs, &sources, self.calls, changes)
        };
        out.print(&report)?;
        let overflows = report.stacks.values().any(|stack| stack.overflow.is_some());
        let passed = report.failed == 0 && report.gas_changes.is_empty() && !overflows;
        Ok(if passed {
            Status::Success
        } else {
            Status::Refused
        })
    }

    /// Refuses options that watch the 8051 where no contract is for it.
    fn check_options(&self, images: &Images) -> Result<(), Error> {
        let option = match (self.check_stack, self.coverage.is_asked_for()) {
            _ if !images.watched.is_empty() => return Ok(()),
            (true, _) => "--check-stack",
            (_, true) => "--coverage",
            _ => return Ok(()),
        };
        Err(Error::input(format_args!(
            "{option} is for the 8051, and no contract of these scenarios is an image for it"
        )))
    }

    /// Writes the snapshot in `file`, or says what it has otherwise.
    fn gas_changes(&self, file: &Path, runs: &[ScenarioRun]) -> Result<Vec<Change>, Error> {
        let place = Place::of(file).map_err(|e| about(file, e))?;
        if !self.check {
            write_file(file, snapshot::write(runs, &place).as_bytes())?;
            return Ok(Vec::new());
        }
        let line = |line| about(file, format_args!("line {line} is none of a gas snapshot"));
        snapshot::compare(&read_text(file)?, runs, &place).map_err(line)
    }
}

/// The images of all scenarios for the 8051, each with what watches its calls.
#[derive(Default)]
struct Images {
    watched: Vec<Watched>,
}

struct Watched {
    path: PathBuf,
    watches: CallWatches,
    sources: Option<SourceMap>,
}

impl Images {
    /// The contracts of `scenario`, to be watched as asked for.
    fn cast<'i>(&'i mut self, scenario: &Scenario, asked: &Test) -> Result<Cast<'i>, Error> {
        let mut roles = BTreeMap::new();
        for (contract, path, image) in scenario.images() {
            files::has_read(&path);
            if image.as_wasm().is_some() {
                continue;
            }
            let known = self.watched.iter().position(|image| image.path == path);
            let at = known.unwrap_or(self.watched.len());
            if known.is_none() {
                let sources = asked.coverage.of(&path, image, &[])?;
                let watches = CallWatches::contract(asked.check_stack, sources.is_some());
                self.watched.push(Watched {
                    path,
                    watches,
                    sources,
                });
            }
            roles.insert(contract.to_owned(), at);
        }
        Ok(Cast {
            roles,
            ids: BTreeMap::new(),
            frames: Vec::new(),
            images: self,
        })
    }

    /// In order of path.
    fn counted(&self) -> impl Iterator<Item = (&SourceMap, &Counts)> {
        let mut images: Vec<_> = self.watched.iter().collect();
        images.sort_by_key(|image| &image.path);
        images
            .into_iter()
            .filter_map(|image| Some((image.sources.as_ref()?, image.watches.0.counts.as_ref()?)))
    }

    fn stacks(&self) -> BTreeMap<String, Stack> {
        let report = |image: &Watched| {
            Some((
                image.path.display().to_string(),
                image.watches.0.stack.as_ref()?.seen.clone(),
            ))
        };
        self.watched.iter().filter_map(report).collect()
    }
}

/// The contracts of one scenario, by the names it gives them and by their ids, each as the place of its image; those
/// that nothing watches are left out. What runs is told to the image that runs.
struct Cast<'i> {
    roles: BTreeMap<String, usize>,
    ids: BTreeMap<RegId, usize>,
    /// The frames of the call under way: the place of the image, and what watched a frame of it that waits.
    frames: Vec<(Option<usize>, Option<StackWatch>)>,
    images: &'i mut Images,
}

impl Cast<'_> {
    /// A frame of the image at this place begins.
    fn begin(&mut self, at: Option<usize>) {
        let image = at.and_then(|at| self.images.watched.get_mut(at));
        let waiting = image.and_then(|image| image.watches.begin());
        self.frames.push((at, waiting));
    }

    /// What watches the running frame.
    fn running(&mut self) -> Option<&mut CallWatches> {
        let (at, _) = self.frames.last()?;
        let image = self.images.watched.get_mut((*at)?)?;
        Some(&mut image.watches)
    }
}

impl Watch for Cast<'_> {
    fn deployed(&mut self, contract: &str, id: RegId) {
        if let Some(at) = self.roles.get(contract) {
            self.ids.insert(id, *at);
        }
    }

    fn replaced(&mut self, contract: &str, id: RegId) {
        self.roles.remove(contract);
        self.ids.remove(&id);
    }

    fn call(&mut self, contract: &str) -> &mut dyn CallObserver {
        self.frames.clear();
        self.begin(self.roles.get(contract).copied());
        self
    }
}

impl Observer for Cast<'_> {
    fn wants_instructions(&self) -> bool {
        let mut images = self.images.watched.iter();
        images.any(|image| image.watches.wants_instructions())
    }

    fn before(&mut self, cpu: &Cpu, insn: &Insn) -> ControlFlow<()> {
        let running = self.running();
        running.map_or(Continue(()), |watches| watches.before(cpu, insn))
    }

    fn after(&mut self, cpu: &Cpu, insn: &Insn) -> ControlFlow<()> {
        let running = self.running();
        running.map_or(Continue(()), |watches| watches.after(cpu, insn))
    }
}

impl CallObserver for Cast<'_> {
    fn entered(&mut self, frame: &Entered) {
        self.begin(self.ids.get(&frame.contract).copied());
    }

    fn left(&mut self, _: &FrameEnd) {
        if let Some((at, waiting)) = self.frames.pop()
            && let Some(image) = at.and_then(|at| self.images.watched.get_mut(at))
        {
            image.watches.end(waiting);
        }
    }
}

impl Report {
    /// `sources` of each run, in the same order.
    fn new(runs: &[ScenarioRun], sources: &[Sources], calls: bool, changes: Vec<Change>) -> Report {
        let known = runs.iter().zip(sources);
        Report {
            scenarios: runs.len(),
            steps: runs.iter().map(|run| run.steps.len()).sum(),
            failed: runs.iter().filter(|run| !run.passed()).count(),
            results: known
                .map(|(run, sources)| ScenarioReport::new(run, sources, calls))
                .collect(),
            gas_changes: changes
                .into_iter()
                .map(
                    |Change {
                         call,
                         expected,
                         actual,
                     }| ChangeReport {
                        call,
                        expected,
                        actual,
                    },
                )
                .collect(),
            stacks: BTreeMap::new(),
            coverage: None,
        }
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
        }
    }
}

impl Text for Report {
    fn text(&self, page: &mut Page) {
        for scenario in &self.results {
            scenario.text(page);
        }
        for ChangeReport {
            call,
            expected,
            actual,
        } in &self.gas_changes
        {
            let shown =
                |cost: &Option<String>| cost.clone().unwrap_or_else(|| "no such call".into());
            say!(page, "gas changed: {call}");
            say!(page, "    expected {}", shown(expected));
            say!(page, "    found    {}", shown(actual));
        }
        for (image, stack) in &self.stacks {
            say!(page, "stack {stack} in {image}");
        }
        if let Some(coverage) = &self.coverage {
            say!(page, "coverage: {coverage}");
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
                (_, None) => String::new(),
            };
            let given_back = match step.refund {
                None | Some(0) => String::new(),
                Some(refund) => format!(" less {refund} given back"),
            };
            let (number, name) = (step.step, &step.name);
            say!(page, "  {mark} {number:>3} {cost:>30}{given_back}  {name}");
            for DifferenceReport {
                field,
                expected,
                actual,
            } in &step.differences
            {
                say!(page, "          {field}");
                say!(page, "            expected {expected}");
                say!(page, "            found    {actual}");
            }
            if !step.tree.is_empty() {
                say!(page, "          frames");
            }
            for line in &step.tree {
                say!(page, "            {line}");
            }
        }
    }
}
