//! Coverage: which lines of the source ran, and which way branches went.

use super::counts::Counts;
use super::lcov;
use super::program::Program;
use super::tally::Tally;
use crate::args::{replace_with, write_file};
use crate::error::Error;
use crate::output::note;
use clap::Args;
use loader::Image;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// The options of commands that can tell the coverage of their images.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct CoverageArgs {
    /// Write which lines, branches and functions ran, as lcov. Lines come from the .cdb that `sdcc --debug` leaves
    /// beside the image, else from the .rst, else from a listing that is written beside FILE. Slower.
    #[arg(long, value_name = "FILE")]
    pub(crate) coverage: Option<PathBuf>,
    /// Where sources lie that are not beside the symbol files; may be given more than once.
    #[arg(long, value_name = "DIR", requires = "coverage")]
    pub(crate) sources: Vec<PathBuf>,
}

/// The coverage of one source file.
#[derive(Clone, Debug, Default)]
pub(super) struct Covered {
    /// How often each line ran: the most any of its instructions did.
    pub(super) lines: BTreeMap<u32, u64>,
    /// For the n-th branch of a line: how often it went elsewhere, and on; `None` if it never ran.
    pub(super) branches: BTreeMap<(u32, usize), Option<[u64; 2]>>,
    /// Functions by name: the line each begins in, and how often it was called.
    pub(super) functions: BTreeMap<String, (u32, u64)>,
}

/// The coverage of a command's images.
#[derive(Debug)]
pub(crate) struct Coverage {
    to: PathBuf,
    pub(super) files: BTreeMap<PathBuf, Covered>,
    /// Instructions of known lines, and how many of them ran.
    instructions: usize,
    instructions_hit: usize,
    /// Instructions that ran and are of no known line.
    elsewhere: usize,
}

/// An image whose coverage was asked for, and what is known of its sources.
#[derive(Debug)]
pub(crate) struct Covering {
    program: Program,
    image: PathBuf,
}

impl Covering {
    /// The image's file.
    pub(crate) fn image(&self) -> &Path {
        &self.image
    }
}

impl CoverageArgs {
    /// Whether coverage is to be written.
    pub(crate) fn is_asked_for(&self) -> bool {
        self.coverage.is_some()
    }

    /// The symbols of `image`, if coverage was asked for; `symbols` are files, or none for those beside it.
    ///
    /// # Errors
    /// If they can't be read, or are those of another image.
    pub(crate) fn of(
        &self,
        path: &Path,
        image: &Image,
        symbols: &[PathBuf],
    ) -> Result<Option<Covering>, Error> {
        if !self.is_asked_for() {
            return Ok(None);
        }
        let program = Program::new(path, image, symbols, &self.sources)?;
        Ok(Some(Covering {
            program,
            image: path.into(),
        }))
    }

    /// What was counted in each image, written as lcov, if coverage was asked for.
    ///
    /// # Errors
    /// If it can't be written.
    pub(crate) fn write<'a>(
        &self,
        counted: impl IntoIterator<Item = (&'a Covering, &'a Counts)>,
    ) -> Result<Option<Summary>, Error> {
        let Some(to) = &self.coverage else {
            return Ok(None);
        };
        let mut coverage = Coverage {
            to: to.clone(),
            files: BTreeMap::new(),
            instructions: 0,
            instructions_hit: 0,
            elsewhere: 0,
        };
        for (covering, counts) in counted {
            coverage.add(covering, counts)?;
        }
        write_file(to, lcov::write(&coverage).as_bytes())?;
        let summary = coverage.summary();
        if summary.elsewhere > 0 {
            note(format_args!(
                "{}: {} instructions ran that come from no known line (libraries, start-up)",
                to.display(),
                summary.elsewhere
            ));
        }
        Ok(Some(summary))
    }
}

impl Coverage {
    /// Adds what `counts` says of an image.
    fn add(&mut self, covering: &Covering, counts: &Counts) -> Result<(), Error> {
        let program = &covering.program;
        let listed;
        let lines = match program.lines() {
            Some(lines) => lines,
            None => {
                let listing = program.listing(counts);
                let name = covering.image.to_string_lossy().replace(['/', '\\'], "_");
                let file = self.to.with_added_extension(format!("{name}.lst"));
                replace_with(&file, listing.text.as_bytes())?;
                listed = listing.lines(file);
                &listed
            }
        };
        let tally = Tally::new(program, lines, counts);
        self.instructions += tally.instructions();
        self.instructions_hit += tally.instructions_hit();
        self.elsewhere += tally.elsewhere();
        for (file, covered) in lines.files.iter().zip(tally.files) {
            self.files.entry(file.clone()).or_default().add(covered);
        }
        Ok(())
    }

    fn summary(&self) -> Summary {
        let files = || self.files.values();
        let hit = |count: &&u64| **count > 0;
        let ways = || files().flat_map(|file| file.branches.values());
        let called = || files().flat_map(|file| file.functions.values());
        Summary {
            lines: files().map(|file| file.lines.len()).sum(),
            lines_hit: files()
                .flat_map(|file| file.lines.values())
                .filter(hit)
                .count(),
            branches: ways().count() * 2,
            branches_hit: ways().flatten().flatten().filter(hit).count(),
            functions: called().count(),
            functions_hit: called().filter(|(_, count)| *count > 0).count(),
            instructions: self.instructions,
            instructions_hit: self.instructions_hit,
            elsewhere: self.elsewhere,
        }
    }
}

impl Covered {
    fn add(&mut self, other: Covered) {
        for (line, count) in other.lines {
            let sum = self.lines.entry(line).or_default();
            *sum = sum.saturating_add(count);
        }
        for (branch, ways) in other.branches {
            let sum = self.branches.entry(branch).or_default();
            *sum = match (*sum, ways) {
                (Some([a, b]), Some([c, d])) => Some([a.saturating_add(c), b.saturating_add(d)]),
                (one, other) => one.or(other),
            };
        }
        for (name, (line, count)) in other.functions {
            let sum = self.functions.entry(name).or_insert((line, 0));
            sum.1 = sum.1.saturating_add(count);
        }
    }
}

/// How much ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Summary {
    lines: usize,
    lines_hit: usize,
    /// Each way out of a branch counts.
    branches: usize,
    branches_hit: usize,
    functions: usize,
    functions_hit: usize,
    instructions: usize,
    instructions_hit: usize,
    /// Instructions that ran and come from no known line.
    elsewhere: usize,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of {} lines, {} of {} branches, {} of {} functions, {} of {} instructions",
            self.lines_hit,
            self.lines,
            self.branches_hit,
            self.branches,
            self.functions_hit,
            self.functions,
            self.instructions_hit,
            self.instructions
        )
    }
}
