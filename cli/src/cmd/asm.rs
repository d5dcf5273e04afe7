//! `smart51 asm`.

use crate::error::about;
use crate::error::{Error, Status};
use crate::files::{read_text, write as write_file};
use crate::output::{Bytes, Output};
use crate::text::{Page, Text, say};
use clap::Args;
use emu8051::assemble;
use loader::{Segment, hex, load};
use serde::Serialize;
use std::path::PathBuf;

/// Assemble 8051 text, such as `smart51 disasm` writes, to Intel HEX.
///
/// A line is `[label:] [MNEMONIC operands | .directive arguments] [; comment]`. The directives are .org, .db,
/// .dw, .ds and .equ.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  smart51 asm blink.asm -o blink.ihx")]
pub(crate) struct Asm {
    /// The source file, or - for standard input.
    file: PathBuf,
    /// The Intel HEX file to write.
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
}

#[derive(Debug, Serialize)]
struct Report {
    output: String,
    code_bytes: usize,
    code_hash: Bytes,
}

impl Asm {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let assembly = assemble(&read_text(&self.file)?).map_err(|e| about(&self.file, e))?;
        let segments: Vec<_> = assembly
            .segments
            .into_iter()
            .map(|(start, bytes)| Segment { start, bytes })
            .collect();
        // The text may program CODE in any order; reading it back sorts and joins what touches.
        let image = load(hex::write(&segments).as_bytes())
            .map_err(|e| about(&self.file, e))?
            .image;
        write_file(&self.output, hex::write(image.segments()).as_bytes())?;
        out.print(&Report {
            output: self.output.display().to_string(),
            code_bytes: image.code_bytes(),
            code_hash: Bytes(image.code_hash().to_vec()),
        })?;
        Ok(Status::Success)
    }
}

impl Text for Report {
    fn text(&self, page: &mut Page) {
        say!(
            page,
            "{}: {} bytes, code hash {}",
            self.output,
            self.code_bytes,
            self.code_hash
        )
    }
}
