//! `smart51 test`.

mod bills;
mod changed;
mod chosen;
mod functions;
mod report;
mod rounds;
mod suites;
mod watched;

use crate::args::number;
use crate::engine::EngineArgs;
use crate::error::about;
use crate::error::{Error, Status};
use crate::files;
use crate::files::{find_files, read_text, write as write_file};
use crate::junit;
use crate::output::Output;
use crate::parallel::JobsArgs;
use crate::tree::Sources;
use crate::watch::CoverageArgs;
use bills::{Bill, Billed, GasReport};
use bridge::Engine;
use chain::hostlog::USUAL_ROOM;
use clap::Args;
use firmware::watch::coverage::Coverage;
use report::{ChangeReport, Report};
use std::path::{Path, PathBuf};
use verify::scenario::snapshot::{self, Place};
use verify::scenario::{RunError, RunOptions, Scenario, ScenarioRun};
use watched::{At, Images, Roles};

/// Run scenario files: who is there, what they do, and what must come of it.
///
/// Scenarios run in parallel; the order of the report is that of the files. The status is 1 if anything comes out
/// otherwise than expected.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  smart51 test firmware-samples\n  \
    smart51 test firmware-samples --filter token --junit report.xml\n  \
    smart51 test token.scenario.toml --watch --build make\n  \
    smart51 test token.scenario.toml --gas-snapshot gas.txt --check")]
pub(crate) struct Test {
    /// Scenario files; a folder stands for every *.scenario.toml below it.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Run only the scenarios whose path has this text in it, or is all of it, if there is a * (any text) or ? (any
    /// character) in it. May be given more than once.
    #[arg(long, value_name = "TEXT")]
    filter: Vec<String>,
    #[command(flatten)]
    jobs: JobsArgs,
    /// Write the results as JUnit XML too: a suite for each scenario, a case for each step.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Run again whenever a scenario, an image, or a source in or below their folders changes, until Ctrl-C.
    #[arg(long)]
    watch: bool,
    /// Have the shell run this before each round of --watch, to build the images; a round without it runs nothing.
    #[arg(long, value_name = "COMMAND", requires = "watch")]
    build: Option<String>,
    /// Write what each call costs to a file. It names scenarios by their paths from its own folder.
    #[arg(long, value_name = "FILE")]
    gas_snapshot: Option<PathBuf>,
    /// Compare with the file instead of writing it, exact to the cycle.
    #[arg(long, requires = "gas_snapshot")]
    check: bool,
    /// Report what each action, function and method of the host took: how often, and the least, average, median and
    /// most gas. Names of functions come from symbols beside the image, or from the name section of WebAssembly.
    #[arg(long)]
    gas_report: bool,
    /// Make the random calls of fuzz steps from this seed, in place of each step's own.
    #[arg(long, value_name = "N", value_parser = number::<u64>)]
    seed: Option<u64>,
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

/// A scenario that was run.
struct Ran {
    run: ScenarioRun,
    /// What is known of places in its images, if it failed.
    sources: Sources,
    /// What it took, if that is asked for.
    bill: Bill,
}

impl Test {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        if !self.filter.is_empty() && self.gas_snapshot.is_some() && !self.check {
            return Err(Error::input(
                "--filter would leave calls out of the gas snapshot; leave it out, or compare with --check",
            ));
        }
        if !self.watch {
            return self.round(out);
        }
        if out.is_json() {
            return Err(Error::input(
                "--watch prints a report each round, for which one JSON object has no place; leave --json or --watch out",
            ));
        }
        rounds::run(&self, out)
    }

    /// The scenarios to run, in order.
    fn scenarios(&self) -> Result<Vec<PathBuf>, Error> {
        chosen::chosen(find_files(&self.paths, ".scenario.toml")?, &self.filter)
    }

    /// Runs the scenarios once and reports.
    fn round(&self, out: &Output) -> Result<Status, Error> {
        let paths = self.scenarios()?;
        let mut images = Images::default();
        let read = |path: &PathBuf| self.read(path, &mut images);
        let scenarios: Vec<_> = paths.iter().map(read).collect();
        let results = self.jobs.all(&scenarios, |place, scenario| match scenario {
            Ok((scenario, roles)) => Some(self.play(place, scenario, roles, &images)),
            Err(_) => None,
        });
        let (mut runs, mut sources, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        let mut bills = Vec::new();
        for (scenario, result) in scenarios.into_iter().zip(results) {
            match (scenario, result) {
                (Err(error), _) | (_, Some(Err(error))) => errors.push(Some(error)),
                (_, Some(Ok(ran))) => {
                    runs.push(ran.run);
                    sources.push(ran.sources);
                    bills.push(ran.bill);
                    errors.push(None);
                }
                (Ok(_), None) => {}
            }
        }
        let is_whole = errors.iter().all(Option::is_none);
        if is_whole {
            self.check_options(&images)?;
        }
        let changes = match &self.gas_snapshot {
            Some(file) if is_whole => self.gas_changes(file, &runs, &bills)?,
            _ => Vec::new(),
        };
        let mut report = Report::new(&runs, &sources, self.calls, changes);
        report.stacks = images.stacks();
        report.gas_report = self.gas_report.then(|| GasReport::of(bills));
        if let Some(file) = &self.junit {
            let compared = self.gas_snapshot.as_deref();
            let compared = compared.filter(|_| self.check && is_whole);
            let errors: Vec<_> = errors.iter().map(Option::as_ref).collect();
            let suites = suites::of(&paths, &errors, &report, compared);
            write_file(file, junit::all(&suites).as_bytes())?;
        }
        if let Some(error) = errors.into_iter().flatten().next() {
            return Err(error);
        }
        if self.coverage.is_asked_for() {
            let mut coverage = Coverage::default();
            report.functions = Some(functions::report(&images, &self.coverage, &mut coverage)?);
            let counted = images.counted();
            let counted = counted.iter().map(|(sources, counts)| (*sources, counts));
            report.coverage = self.coverage.write_all(counted, coverage)?;
        }
        out.print(&report)?;
        Ok(if report.passed() {
            Status::Success
        } else {
            Status::Refused
        })
    }

    /// Reads a scenario and adds its images.
    fn read(&self, path: &Path, images: &mut Images) -> Result<(Scenario, Roles), Error> {
        let scenario = Scenario::read(path).map_err(Error::input)?;
        files::has_read(path);
        let roles = images.roles(&scenario, self)?;
        Ok((scenario, roles))
    }

    /// Runs the scenario of this place in order.
    fn play(
        &self,
        place: usize,
        scenario: &Scenario,
        roles: &Roles,
        images: &Images,
    ) -> Result<Ran, Error> {
        let (engines, is_billed) = self.engines(roles)?;
        let mut watch = Billed::of(scenario, images.cast(roles), is_billed);
        let run = scenario.run(RunOptions {
            engines: Some(engines),
            watch: Some(&mut watch),
            keep_host_calls: Some(if self.calls { USUAL_ROOM } else { 0 }),
            keep_of_failed: true,
            seed: self.seed,
            ..RunOptions::default()
        });
        let (cast, bill) = watch.end(run.as_ref().ok());
        images.add(place, cast);
        let mut run = run.map_err(|error| match &error {
            RunError::Chain(chain) if chain.is_node() => Error::node(error),
            _ => Error::input(error),
        })?;
        // Nobody compares it here.
        run.state = Vec::new();
        let mut sources = Sources::default();
        if !run.passed() {
            for (_, path, image) in scenario.images() {
                sources.add_if_known(&path, image);
            }
        }
        Ok(Ran { run, sources, bill })
    }

    /// The engines, and whether a bill is made of what they tell of functions: for a report of gas, and for a snapshot
    /// where they can.
    fn engines(&self, roles: &Roles) -> Result<(Vec<Box<dyn Engine>>, bool), Error> {
        let counted = roles.values().any(|at| matches!(at, At::Wasm(_)));
        if self.gas_report || counted {
            let is_billed = self.gas_report || self.gas_snapshot.is_some();
            return Ok((self.engine.tracing()?, is_billed));
        }
        match self.engine.tracing() {
            Ok(engines) if self.gas_snapshot.is_some() => Ok((engines, true)),
            _ => Ok((self.engine.engines()?, false)),
        }
    }

    /// Refuses options that watch the 8051 where no contract is for it.
    fn check_options(&self, images: &Images) -> Result<(), Error> {
        if !self.check_stack || !images.is_empty() {
            return Ok(());
        }
        Err(Error::input(format_args!(
            "--check-stack is for the 8051, and no contract of these scenarios is an image for it"
        )))
    }

    /// Writes the snapshot in `file`, or says what it has otherwise.
    fn gas_changes(
        &self,
        file: &Path,
        runs: &[ScenarioRun],
        bills: &[Bill],
    ) -> Result<Vec<ChangeReport>, Error> {
        let place = Place::of(file).map_err(|e| about(file, e))?;
        if !self.check {
            let text = changed::write(&snapshot::write(runs, &place), runs, bills, &place);
            write_file(file, text.as_bytes())?;
            return Ok(Vec::new());
        }
        let line = |line| about(file, format_args!("line {line} is none of a gas snapshot"));
        let compare = match self.filter[..] {
            [] => snapshot::compare,
            _ => snapshot::compare_part,
        };
        let text = read_text(file)?;
        let changes = compare(&text, runs, &place).map_err(line)?;
        let mut changes: Vec<_> = changes.into_iter().map(ChangeReport::from).collect();
        changed::compare(&mut changes, &text, runs, bills, &place);
        Ok(changes)
    }
}
