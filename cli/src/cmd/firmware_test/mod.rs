//! `smart51 firmware-test`.

use crate::error::{Error, Status};
use crate::files::{Guarded, find_files, write as write_file};
use crate::junit::{self, Case, Suite};
use crate::messages::{self, tell};
use crate::output::{Output, note};
use crate::parallel::JobsArgs;
use crate::text::{Page, Text, say};
use crate::watch::CoverageArgs;
use clap::Args;
use firmware::suite::{Options, Verdict, run_file};
use firmware::watch::counts::Counts;
use firmware::watch::coverage::{SourceMap, Summary};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Run firmware regression tests: TOML files that name an image, what happens to it, and what must come of it.
///
/// Tests run in parallel; the order of the report is that of the files. The status is 1 if anything comes out otherwise
/// than expected, and 2 if a file is no test; the others are run all the same.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  smart51 firmware-test firmware/ --junit report.xml\n  \
    smart51 firmware-test firmware/ --coverage firmware.info\n  \
    smart51 firmware-test firmware/monitor.test.toml --update-snapshots"
)]
pub(crate) struct FirmwareTest {
    /// Test files; a folder stands for every *.test.toml below it.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Write the results as JUnit XML too.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Record what comes of tests that say snapshot = true, instead of comparing: TEST.toml's goes to TEST.snapshot.
    #[arg(long)]
    update_snapshots: bool,
    #[command(flatten)]
    jobs: JobsArgs,
    #[command(flatten)]
    coverage: CoverageArgs,
}

#[derive(Debug, Serialize)]
struct Report {
    tests: usize,
    passed: usize,
    results: Vec<Row>,
    coverage: Option<Summary>,
}

#[derive(Debug, Serialize)]
struct Row {
    path: String,
    passed: bool,
    /// Nothing was run of a file that is no test.
    machine_cycles: Option<u64>,
    failures: Vec<String>,
    /// Why the file is no test.
    error: Option<String>,
}

impl Text for Report {
    fn text(&self, page: &mut Page) {
        for row in &self.results {
            match (&row.error, row.machine_cycles) {
                (None, Some(cycles)) => {
                    let verdict = if row.passed { "ok  " } else { "FAIL" };
                    say!(page, "{verdict} {} ({cycles} cycles)", row.path);
                }
                _ => say!(page, "BAD  {} (not run)", row.path),
            }
            for line in row.failures.iter().flat_map(|failure| failure.lines()) {
                say!(page, "     {line}");
            }
        }
        if let Some(coverage) = &self.coverage {
            say!(page, "coverage: {coverage}");
        }
        say!(page, "{} of {} passed", self.passed, self.tests)
    }
}

/// A test that was run, with its verdict in words.
#[derive(Debug)]
struct Checked {
    path: PathBuf,
    /// The differences from the expectations, three lines each; empty for a pass.
    failures: Vec<String>,
    /// Why the file is no test; then nothing was run.
    error: Option<Error>,
    machine_cycles: Option<u64>,
    /// The coverage of its image, if that was asked for.
    covered: Option<(SourceMap, Counts)>,
}

impl Checked {
    fn passed(&self) -> bool {
        self.failures.is_empty() && self.error.is_none()
    }
}

impl From<Verdict> for Checked {
    fn from(verdict: Verdict) -> Checked {
        verdict.notes.iter().for_each(tell);
        Checked {
            path: verdict.path,
            failures: verdict.failures.iter().map(messages::failure).collect(),
            error: verdict.error.map(Error::from),
            machine_cycles: verdict.machine_cycles,
            covered: verdict.covered,
        }
    }
}

impl From<&Checked> for Row {
    fn from(verdict: &Checked) -> Row {
        Row {
            path: verdict.path.display().to_string(),
            passed: verdict.passed(),
            machine_cycles: verdict.machine_cycles,
            failures: verdict.failures.clone(),
            error: verdict.error.as_ref().map(|error| error.message.clone()),
        }
    }
}

impl FirmwareTest {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let files = find_files(&self.paths, ".test.toml")?;
        let verdicts = self.run_all(&files);
        let worst = worst(&verdicts);
        if let Some(path) = &self.junit {
            write_file(path, junit::one(&suite(&verdicts)).as_bytes())?;
        }
        let results: Vec<Row> = verdicts.iter().map(Row::from).collect();
        let counted = counted(verdicts);
        let report = Report {
            tests: files.len(),
            passed: results.iter().filter(|row| row.passed).count(),
            results,
            coverage: self
                .coverage
                .write(counted.values().map(|(sources, counts)| (sources, counts)))?,
        };
        out.print(&report)?;
        Ok(worst)
    }

    /// Runs the tests, so many at a time; the verdicts are in the order of the files.
    fn run_all(&self, files: &[PathBuf]) -> Vec<Checked> {
        let options = Options {
            files: &Guarded,
            update_snapshots: self.update_snapshots,
            coverage: self
                .coverage
                .is_asked_for()
                .then_some(&self.coverage.sources[..]),
        };
        self.jobs
            .all(files, |_, file| Checked::from(run_file(file, options)))
    }
}

/// The verdicts as a suite: a class for each folder, a case for each file.
fn suite(verdicts: &[Checked]) -> Suite {
    let case = |checked: &Checked| Case {
        name: checked
            .path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        class: checked
            .path
            .parent()
            .unwrap_or(Path::new(""))
            .to_string_lossy()
            .into_owned(),
        verdict: match &checked.error {
            Some(error) => junit::Verdict::Broken(error.message.clone()),
            None if checked.failures.is_empty() => junit::Verdict::Passed,
            None => junit::Verdict::Failed(checked.failures.join("\n")),
        },
    };
    Suite {
        name: "firmware".into(),
        cases: verdicts.iter().map(case).collect(),
    }
}

/// The status of a run with these verdicts. What is no test is said on standard error too.
fn worst(verdicts: &[Checked]) -> Status {
    let mut worst = Status::Success;
    for verdict in verdicts {
        match &verdict.error {
            Some(error) => {
                note(format_args!("error: {}", error.message));
                worst = worst.max(error.status);
            }
            None if !verdict.passed() => worst = worst.max(Status::Refused),
            None => {}
        }
    }
    worst
}

/// The coverage of each image in all its tests.
fn counted(verdicts: Vec<Checked>) -> BTreeMap<PathBuf, (SourceMap, Counts)> {
    let mut images = BTreeMap::<PathBuf, (SourceMap, Counts)>::new();
    for (sources, counts) in verdicts.into_iter().filter_map(|verdict| verdict.covered) {
        match images.get_mut(sources.image()) {
            Some((_, sum)) => sum.add(&counts),
            None => {
                images.insert(sources.image().into(), (sources, counts));
            }
        }
    }
    images
}
