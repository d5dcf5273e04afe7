//! Coverage: which instructions ran and which way branches went, by the lines of the source.

use super::lcov;
use super::program::Program;
use crate::args::{about, write_file};
use crate::error::Error;
use crate::output::note;
use clap::Args;
use emu8051::isa::Attrs;
use emu8051::{Cpu, Insn, Observer};
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

/// How often each instruction ran, by its address.
#[derive(Clone, Debug)]
pub(crate) struct Counts {
    ran: Vec<u64>,
    /// How often a branch went elsewhere.
    went: Vec<u64>,
    /// The instruction under way.
    at: u16,
}

impl Default for Counts {
    fn default() -> Counts {
        Counts {
            ran: vec![0; 0x10000],
            went: vec![0; 0x10000],
            at: 0,
        }
    }
}

impl Counts {
    /// How often the instruction at `at` ran.
    pub(super) fn ran(&self, at: u16) -> u64 {
        self.ran[usize::from(at)]
    }

    /// How often the branch at `at` went elsewhere, and how often on to the next instruction.
    fn ways(&self, at: u16) -> [u64; 2] {
        let went = self.went[usize::from(at)];
        [went, self.ran(at).saturating_sub(went)]
    }

    /// Takes over what another run of the same image did.
    pub(crate) fn add(&mut self, other: &Counts) {
        let sum = |into: &mut Vec<u64>, from: &[u64]| {
            into.iter_mut()
                .zip(from)
                .for_each(|(a, b)| *a = a.saturating_add(*b));
        };
        sum(&mut self.ran, &other.ran);
        sum(&mut self.went, &other.went);
    }
}

impl Observer for Counts {
    fn before(&mut self, cpu: &Cpu, _: &Insn) {
        self.at = cpu.pc();
        self.ran[usize::from(self.at)] += 1;
    }

    fn after(&mut self, cpu: &Cpu, insn: &Insn) {
        if insn.info().attrs.contains(Attrs::BRANCH) && cpu.pc() == insn.target {
            self.went[usize::from(self.at)] += 1;
        }
    }
}

/// Whether two ways lead on from an instruction, to different places.
pub(super) fn is_branch(insn: &Insn) -> bool {
    insn.info().attrs.contains(Attrs::BRANCH) && insn.target != insn.next
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
    instructions: (usize, usize),
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
        if self.coverage.is_none() {
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
            instructions: (0, 0),
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
                write_file(&file, listing.text.as_bytes()).map_err(|e| about(&file, e.message))?;
                listed = listing.lines(file);
                &listed
            }
        };
        let mut found: BTreeMap<usize, Covered> = BTreeMap::new();
        // The line an instruction is of: where two begin with it, the later one, which is the inner one.
        let mut owner: BTreeMap<u16, (usize, u32)> = BTreeMap::new();
        for span in &lines.spans {
            let line = found
                .entry(span.file)
                .or_default()
                .lines
                .entry(span.line)
                .or_default();
            for at in program.instructions(span.first, span.last) {
                *line = (*line).max(counts.ran(at));
                owner.insert(at, (span.file, span.line));
            }
        }
        let mut nth: BTreeMap<(usize, u32), usize> = BTreeMap::new();
        for (at, place @ (file, line)) in &owner {
            if is_branch(&program.insn(*at)) {
                let n = nth.entry(*place).or_default();
                let ways = (counts.ran(*at) > 0).then(|| counts.ways(*at));
                found
                    .entry(*file)
                    .or_default()
                    .branches
                    .insert((*line, *n), ways);
                *n += 1;
            }
        }
        for function in &lines.functions {
            let spans = lines.spans.iter().filter(|span| span.first == function.at);
            if let Some(span) = spans.min_by_key(|span| span.line) {
                let called = (span.line, counts.ran(function.at));
                found
                    .entry(span.file)
                    .or_default()
                    .functions
                    .insert(function.name.clone(), called);
            }
        }
        for (file, covered) in found {
            self.files
                .entry(lines.files[file].clone())
                .or_default()
                .add(covered);
        }
        self.instructions.0 += owner.len();
        self.instructions.1 += owner.keys().filter(|at| counts.ran(**at) > 0).count();
        let known = |at: &u16| owner.contains_key(at);
        self.elsewhere += (0..=0xFFFF)
            .filter(|at| counts.ran(*at) > 0 && !known(at))
            .count();
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
            instructions: self.instructions.0,
            instructions_hit: self.instructions.1,
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
