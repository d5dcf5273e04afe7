//! SDCC's symbol files: from which line of which source each part of CODE comes, and what its functions are called.
//!
//! * [`cdb`]: `NAME.cdb`, what `sdcc --debug` leaves for debuggers; lines of C
//! * [`listing`]: `NAME.rst`, the listing with final addresses that every link leaves; lines of C where the compiler
//!   wrote them into comments, else lines of assembler
//! * [`map`]: `NAME.map`, the linker's; names alone
//!
//! Their formats are those of SDCC 4.2 (the CDB format is in the appendix of its manual). What a reader does not know,
//! it passes over.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod cdb;
mod listing;
mod map;

use std::collections::BTreeMap;

pub use cdb::cdb;
pub use listing::listing;
pub use map::map;

/// What symbol files say of a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Symbols {
    /// Source files, as they are named there.
    pub files: Vec<String>,
    /// The parts of CODE that are known to come from a line, in order of address; they may lie in each other, where
    /// two lines begin with the same instruction.
    pub spans: Vec<Span>,
    /// In order of address.
    pub functions: Vec<Function>,
}

/// A part of CODE and the line it was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Its first address.
    pub first: u16,
    /// The last address at which an instruction of it can begin.
    pub last: u16,
    /// Index of the file in [`Symbols::files`].
    pub file: usize,
    /// The line, from 1.
    pub line: u32,
}

/// Where a function begins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Function {
    /// Its first address.
    pub at: u16,
    /// The address of its last instruction, where that is known.
    pub last: Option<u16>,
    /// Its name in the source.
    pub name: String,
}

/// What is wrong with a symbol file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: expected {expected}, found {found:?}: link the program again")]
pub struct SymbolError {
    /// The line, from 1.
    pub line: usize,
    /// What should be there.
    pub expected: &'static str,
    /// What is there.
    pub found: String,
}

impl Symbols {
    /// Takes over what another file says.
    pub fn add(&mut self, other: Symbols) {
        let mut files = Files::from(std::mem::take(&mut self.files));
        let moved: Vec<usize> = other.files.iter().map(|file| files.index(file)).collect();
        self.files = files.names;
        self.spans
            .extend(other.spans.into_iter().filter_map(|span| {
                let file = *moved.get(span.file)?;
                Some(Span { file, ..span })
            }));
        self.functions.extend(other.functions);
        self.sort();
    }

    fn sort(&mut self) {
        self.spans.sort_by_key(|span| span.first);
        self.functions.sort();
        self.functions.dedup();
    }

    /// The source file and the line that the instruction at `at` was made from: of parts that lie in each other the
    /// innermost one.
    #[must_use]
    pub fn line_at(&self, at: u16) -> Option<(&str, u32)> {
        let after = self.spans.partition_point(|span| span.first <= at);
        let before = self.spans.get(..after)?.iter().rev();
        let span = before.into_iter().find(|span| at <= span.last)?;
        Some((self.files.get(span.file)?, span.line))
    }

    /// The function that `at` lies in: the last one that begins not later, if it is not known to have ended.
    #[must_use]
    pub fn function_at(&self, at: u16) -> Option<&Function> {
        let after = self.functions.partition_point(|function| function.at <= at);
        let function = self.functions.get(after.checked_sub(1)?)?;
        function
            .last
            .is_none_or(|last| at <= last)
            .then_some(function)
    }
}

/// Source files, each once.
#[derive(Default)]
struct Files {
    names: Vec<String>,
    /// Where each stands in `names`.
    known: BTreeMap<String, usize>,
}

impl From<Vec<String>> for Files {
    fn from(names: Vec<String>) -> Files {
        let known = names.iter().cloned().zip(0..).collect();
        Files { names, known }
    }
}

impl Files {
    /// The index of a file, which is new or known.
    fn index(&mut self, name: &str) -> usize {
        if let Some(index) = self.known.get(name) {
            return *index;
        }
        let index = self.names.len();
        self.names.push(name.into());
        self.known.insert(name.into(), index);
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn two_files_name_a_shared_source_once() {
        let mut first =
            cdb("L:C$a.c$1$0_0$1:10\nL:XG$one$0$0:11\nL:G$one$0$0:10\n").expect("a cdb");
        first.add(
            cdb("L:C$b.c$1$0_0$1:4\nL:C$a.c$9$0_0$1:8\nL:XG$two$0$0:9\nL:G$two$0$0:4\n")
                .expect("a cdb"),
        );
        assert_eq!(first.files, ["a.c", "b.c"]);
        let spans: Vec<_> = first
            .spans
            .iter()
            .map(|span| (span.first, span.file, span.line))
            .collect();
        assert_eq!(spans, [(0x04, 1, 1), (0x08, 0, 9), (0x10, 0, 1)]);
        assert_eq!(first.function_at(3), None);
        let name = |symbols: &Symbols, at| symbols.function_at(at).map(|f| f.name.clone());
        let names = [4, 9, 10, 0x10, 0x12].map(|at| name(&first, at));
        let [two, one] = ["two", "one"].map(|name| Some(name.to_owned()));
        assert_eq!(names, [two.clone(), two, None, one, None]);
        let line = |at| first.line_at(at);
        assert_eq!(line(3), None);
        assert_eq!(line(8), Some(("a.c", 9)));
        assert_eq!(line(0x10), Some(("a.c", 1)));
        let open_end = map("C:   00000010  _one  m\n");
        assert_eq!(name(&open_end, 0xFFFF).as_deref(), Some("one"));
    }

    /// Time of this thread alone, so that what else runs does not matter. Looking for each name among all before it
    /// would be seven thousand million comparisons.
    #[test]
    fn time_grows_with_the_number_of_names() {
        let names = 0..120_000;
        let text: String = names
            .map(|n| format!("L:C$source{n}.c$1$0_0$1:{:X}\n", n % 0x1_0000))
            .collect();
        let before = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        let mut symbols = cdb(&text).expect("it is one");
        symbols.add(cdb(&text).expect("it is one"));
        let after = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        assert_eq!(symbols.files.len(), 120_000);
        assert_eq!(symbols.spans.len(), 240_000);
        let seconds = after.tv_sec - before.tv_sec;
        assert!(seconds < 10, "{seconds} s");
    }

    proptest! {
        #[test]
        fn no_text_makes_a_reader_panic(text in "([LX:CG$A-F0-9 \t;\n\\[\\].:_]|\\PC){0,200}") {
            let _ = (cdb(&text), listing(&text, "a.asm"), map(&text));
        }
    }
}
