//! `smart51 firmware-test`.

use crate::args::write_file;
use crate::error::{Error, Status};
use crate::firmware::suite::{Verdict, find, junit, run_file};
use crate::output::Output;
use clap::Args;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Run firmware regression tests: TOML files that name an image, what happens to it, and what must come of it.
///
/// A folder stands for the files in it that end in .test.toml. Tests run in parallel; the order of the report is that
/// of the files.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  smart51 firmware-test firmware/ --junit report.xml")]
pub(crate) struct FirmwareTest {
    /// Test files and folders.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Write the results as JUnit XML too.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Report {
    tests: usize,
    passed: usize,
    results: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    name: String,
    passed: bool,
    machine_cycles: u64,
    failures: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.results {
            let verdict = if row.passed { "ok" } else { "FAILED" };
            writeln!(
                f,
                "{verdict:6} {} ({} cycles)",
                row.name, row.machine_cycles
            )?;
            for line in row.failures.iter().flat_map(|failure| failure.lines()) {
                writeln!(f, "       {line}")?;
            }
        }
        writeln!(f, "{} of {} passed", self.passed, self.tests)
    }
}

impl FirmwareTest {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let files = find(&self.paths)?;
        let verdicts = run_all(&files)?;
        if let Some(path) = &self.junit {
            write_file(path, junit(&verdicts).as_bytes())?;
        }
        let passed = verdicts
            .iter()
            .filter(|verdict| verdict.failures.is_empty())
            .count();
        let rows = verdicts.into_iter().map(
            |Verdict {
                 name,
                 failures,
                 machine_cycles,
             }| Row {
                name,
                passed: failures.is_empty(),
                machine_cycles,
                failures,
            },
        );
        let report = Report {
            tests: files.len(),
            passed,
            results: rows.collect(),
        };
        out.print(&report)?;
        Ok(if passed == files.len() {
            Status::Success
        } else {
            Status::Refused
        })
    }
}

/// Runs the tests on all processors; the verdicts are in the order of the files.
fn run_all(files: &[PathBuf]) -> Result<Vec<Verdict>, Error> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            match files.get(index) {
                Some(file) => done.push((index, run_file(file))),
                None => return done,
            }
        }
    };
    let mut all = std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism()
            .map_or(1, usize::from)
            .min(files.len().max(1));
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_default())
            .collect::<Vec<_>>()
    });
    all.sort_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, verdict)| verdict).collect()
}
