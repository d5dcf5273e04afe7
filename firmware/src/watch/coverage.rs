//! Coverage: which lines of the source ran, and which way branches went.

use super::counts::Counts;
use super::lcov;
use super::program::Program;
use super::symbol_files::{SymbolsError, Wanted};
use super::tally::Tally;
use crate::files::Files;
use crate::note::Note;
use loader::Image;
use serde::Serialize;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::path::{Path, PathBuf};

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

/// The coverage of one or more images.
#[derive(Debug, Default)]
pub struct Coverage {
    pub(super) files: BTreeMap<PathBuf, Covered>,
    /// Instructions of known lines, and how many of them ran.
    instructions: usize,
    instructions_hit: usize,
    /// Instructions that ran and are of no known line.
    elsewhere: usize,
}

/// An image and what is known of its sources.
#[derive(Debug)]
pub struct SourceMap {
    program: Program,
    image: PathBuf,
}

impl SourceMap {
    /// The sources of `image`, which was read from `path`. What is worth telling of them is added to `notes`.
    ///
    /// # Errors
    /// If symbols can't be read, or are those of another image.
    pub fn new(
        files: &dyn Files,
        path: &Path,
        image: &Image,
        wanted: Wanted<'_>,
        notes: &mut Vec<Note>,
    ) -> Result<SourceMap, SymbolsError> {
        Ok(SourceMap {
            program: Program::new(files, path, image, wanted, notes)?,
            image: path.into(),
        })
    }

    /// The coverage of a run. An image without known lines is covered by a listing, which is not written.
    #[must_use]
    pub fn coverage(&self, counts: &Counts) -> Coverage {
        let mut coverage = Coverage::default();
        let listing = self.image.with_added_extension("lst");
        let Ok(()) = coverage.add(self, counts, |_| Ok::<_, Infallible>(listing));
        coverage
    }

    /// The image's file.
    #[must_use]
    pub fn image(&self) -> &Path {
        &self.image
    }
}

impl Coverage {
    /// Adds what `counts` says of an image. An image without known lines is covered by a listing of its instructions,
    /// which `write_listing` gets as text; its result is the listing's file.
    ///
    /// # Errors
    /// That of `write_listing`.
    pub fn add<E>(
        &mut self,
        sources: &SourceMap,
        counts: &Counts,
        write_listing: impl FnOnce(&str) -> Result<PathBuf, E>,
    ) -> Result<(), E> {
        let program = &sources.program;
        let listed;
        let lines = match program.lines() {
            Some(lines) => lines,
            None => {
                let listing = program.listing(counts);
                let file = write_listing(&listing.text)?;
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

    /// Adds functions of which no lines are known, as they stand in the file `listing`, a line each: their names and
    /// how often each was called.
    pub fn add_functions(
        &mut self,
        listing: PathBuf,
        functions: impl IntoIterator<Item = (String, u64)>,
    ) {
        let mut covered = Covered::default();
        for ((name, called), line) in functions.into_iter().zip(1..) {
            // Readers of lcov want lines.
            covered.lines.insert(line, called);
            covered.functions.insert(name, (line, called));
        }
        self.files.entry(listing).or_default().add(covered);
    }

    /// The coverage in the lcov trace format.
    #[must_use]
    pub fn to_lcov(&self) -> String {
        lcov::write(self)
    }

    /// The sums over all images.
    #[must_use]
    pub fn summary(&self) -> Summary {
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
pub struct Summary {
    /// Lines of source with an instruction.
    pub lines: usize,
    /// Those of which an instruction ran.
    pub lines_hit: usize,
    /// Ways out of branches.
    pub branches: usize,
    /// Those that were taken.
    pub branches_hit: usize,
    /// Functions.
    pub functions: usize,
    /// Those that were called.
    pub functions_hit: usize,
    /// Instructions of known lines.
    pub instructions: usize,
    /// Those that ran.
    pub instructions_hit: usize,
    /// Instructions that ran and come from no known line.
    pub elsewhere: usize,
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
