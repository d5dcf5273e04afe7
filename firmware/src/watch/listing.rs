//! A listing of an image without symbols: a line for each instruction, to be covered like a source.

use super::program::Lines;
use emu8051::Insn;
use std::fmt::Write;
use std::path::PathBuf;
use symbols::{Function, Span};

/// The text so far, and where its instructions lie.
#[derive(Debug)]
pub(super) struct Listing<'a> {
    pub(super) text: String,
    line: u32,
    spans: Vec<Span>,
    names: &'a [Function],
}

impl Listing<'_> {
    /// An empty listing that will name functions where they begin.
    pub(super) fn new(names: &[Function]) -> Listing<'_> {
        Listing {
            text: String::new(),
            line: 0,
            spans: Vec::new(),
            names,
        }
    }

    fn push(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a String does not fail.
        let _ = writeln!(self.text, "{line}");
        self.line += 1;
    }

    /// An instruction.
    pub(super) fn instruction(&mut self, at: u16, insn: &Insn) {
        // They are in order of address.
        let first = self.names.partition_point(|function| function.at < at);
        let names = &self.names[first..];
        for function in names.iter().take_while(|function| function.at == at) {
            self.push(format_args!("{}:", function.name));
        }
        self.push(format_args!("{at:04X}  {insn}"));
        self.spans.push(Span {
            first: at,
            last: at,
            file: 0,
            line: self.line,
        });
    }

    /// A byte that begins no instruction.
    pub(super) fn byte(&mut self, at: u16, byte: u8) {
        self.push(format_args!("{at:04X}  .db 0x{byte:02X}"));
    }

    /// The lines of the listing, which was written to `file`.
    pub(super) fn lines(self, file: PathBuf) -> Lines {
        Lines {
            files: vec![file],
            spans: self.spans,
            functions: self.names.to_vec(),
        }
    }
}
