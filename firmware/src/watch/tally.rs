//! The coverage of one image, by the lines of its sources.

use super::counts::{Counts, is_branch};
use super::coverage::Covered;
use super::program::{Lines, Program};
use std::collections::BTreeMap;

/// The coverage of an image's sources.
pub(super) struct Tally<'a> {
    program: &'a Program,
    counts: &'a Counts,
    /// By index of the file.
    pub(super) files: Vec<Covered>,
    /// The file and line that an instruction is of: where two begin with it, the later one, which is the inner one.
    owners: BTreeMap<u16, (usize, u32)>,
}

impl<'a> Tally<'a> {
    /// The tally of `lines` by `counts`.
    pub(super) fn new(program: &'a Program, lines: &Lines, counts: &'a Counts) -> Tally<'a> {
        let mut tally = Tally {
            program,
            counts,
            files: vec![Covered::default(); lines.files.len()],
            owners: BTreeMap::new(),
        };
        tally.add_lines(lines);
        tally.add_branches();
        tally.add_functions(lines);
        tally
    }

    fn add_lines(&mut self, lines: &Lines) {
        // Many lines can begin with the same instruction: what they cover is looked at once.
        for group in lines
            .spans
            .chunk_by(|a, b| (a.first, a.last) == (b.first, b.last))
        {
            let [.., inner] = group else { continue };
            let mut most = 0;
            for at in self.program.instructions(inner.first, inner.last) {
                most = most.max(self.counts.ran(at));
                self.owners.insert(at, (inner.file, inner.line));
            }
            for span in group {
                let count = self.files[span.file].lines.entry(span.line).or_default();
                *count = (*count).max(most);
            }
        }
    }

    fn add_branches(&mut self) {
        let mut on_line: BTreeMap<(usize, u32), usize> = BTreeMap::new();
        for (at, owner @ (file, line)) in &self.owners {
            if is_branch(&self.program.insn(*at)) {
                let n = on_line.entry(*owner).or_default();
                let ways = (self.counts.ran(*at) > 0).then(|| self.counts.ways(*at));
                self.files[*file].branches.insert((*line, *n), ways);
                *n += 1;
            }
        }
    }

    fn add_functions(&mut self, lines: &Lines) {
        // The first line of the source that begins at an address. Spans are in order of address.
        let begins = |at: u16| {
            let first = lines.spans.partition_point(|span| span.first < at);
            let here = lines.spans[first..].iter();
            here.take_while(|span| span.first == at)
                .min_by_key(|span| span.line)
        };
        for functions in lines.functions.chunk_by(|a, b| a.at == b.at) {
            let at = functions[0].at;
            let Some(span) = begins(at) else { continue };
            for function in functions {
                let called = (span.line, self.counts.ran(at));
                self.files[span.file]
                    .functions
                    .insert(function.name.clone(), called);
            }
        }
    }

    /// How many instructions come from known lines.
    pub(super) fn instructions(&self) -> usize {
        self.owners.len()
    }

    /// How many of them ran.
    pub(super) fn instructions_hit(&self) -> usize {
        self.owners
            .keys()
            .filter(|at| self.counts.ran(**at) > 0)
            .count()
    }

    /// How many others ran.
    pub(super) fn elsewhere(&self) -> usize {
        let other = |at: &u16| self.counts.ran(*at) > 0 && !self.owners.contains_key(at);
        (0..=0xFFFF).filter(other).count()
    }
}
