//! An image and what is known of where it came from.

use super::counts::Counts;
use super::listing::Listing;
use super::symbol_files::{SymbolsError, Wanted, are_of, symbols_of};
use crate::files::Files;
use crate::note::Note;
use emu8051::Insn;
use loader::Image;
use std::path::{Path, PathBuf};
use symbols::{Function, Span};

/// An image and the lines it was made from.
#[derive(Debug)]
pub(super) struct Program {
    code: emu8051::Program,
    image: Image,
    lines: Lines,
}

/// From which lines CODE comes.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// Source files, as paths.
    pub(super) files: Vec<PathBuf>,
    /// By index into `files`; in order of address. None if no line is known.
    pub(super) spans: Vec<Span>,
    pub(super) functions: Vec<Function>,
}

impl Program {
    /// The image read from `path` with the symbols wanted. What is worth telling of them is added to `notes`.
    ///
    /// # Errors
    /// If symbols can't be read, or are those of another image.
    pub(super) fn new(
        files: &dyn Files,
        path: &Path,
        image: &Image,
        wanted: Wanted<'_>,
        notes: &mut Vec<Note>,
    ) -> Result<Program, SymbolsError> {
        let symbols = symbols_of(files, path, wanted, notes)?;
        let segments = image.segments().iter();
        let builder = segments.fold(emu8051::Program::builder(), |builder, segment| {
            builder.segment(segment.start, &segment.bytes)
        });
        are_of(&symbols, path, image)?;
        Ok(Program {
            code: builder.build(),
            image: image.clone(),
            lines: Lines {
                files: symbols.files.into_iter().map(PathBuf::from).collect(),
                spans: symbols.spans,
                functions: symbols.functions,
            },
        })
    }

    /// From which lines it comes, if that is known.
    pub(super) fn lines(&self) -> Option<&Lines> {
        Some(&self.lines).filter(|lines| !lines.spans.is_empty())
    }

    /// The instruction at `at`.
    pub(super) fn insn(&self, at: u16) -> Insn {
        self.code.insn_at(at)
    }

    /// The addresses of the instructions of a part of CODE, read one after the other.
    pub(super) fn instructions(&self, first: u16, last: u16) -> impl Iterator<Item = u16> {
        let next = move |at: &u16| at.checked_add(self.insn(*at).size().into());
        std::iter::successors(Some(first), next).take_while(move |at| *at <= last)
    }

    /// Its instructions as lines of text. One that ran begins where it began, whatever stands before it.
    pub(super) fn listing(&self, counts: &Counts) -> Listing<'_> {
        let mut listing = Listing::new(&self.lines.functions);
        for segment in self.image.segments() {
            let mut at = usize::from(segment.start);
            while at < segment.end() {
                let here = at as u16;
                let insn = self.insn(here);
                let end = at + usize::from(insn.size());
                let cut = (at + 1..end)
                    .any(|inner| inner >= segment.end() || counts.ran(inner as u16) > 0);
                if cut && counts.ran(here) == 0 {
                    listing.byte(here, self.code.code()[at]);
                    at += 1;
                } else {
                    listing.instruction(here, &insn);
                    at = end;
                }
            }
        }
        listing
    }
}
