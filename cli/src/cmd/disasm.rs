//! `smart51 disasm`.

use crate::args::number;
use crate::error::about;
use crate::error::{Error, Status};
use crate::files::read_image;
use crate::output::{Address, Bytes, Output};
use crate::text::{Page, Text, say};
use abi::layout::CODE_SIZE;
use clap::Args;
use emu8051::{Line, Listing, disassemble};
use serde::{Serialize, Serializer};
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// List an 8051 image as assembler text, with addresses, bytes, machine cycles, and labels for jump targets.
///
/// What is not programmed is left out, so `smart51 asm` makes the same image of the listing.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  smart51 disasm token.ihx\n  smart51 disasm token.ihx --from 0x0015 --to 0x00FF"
)]
pub(crate) struct Disasm {
    /// The image file, or - for standard input.
    image: PathBuf,
    /// The first address to list. It should be that of an instruction.
    #[arg(long, value_name = "A", value_parser = number::<u16>, default_value = "0")]
    from: u16,
    /// The last address to list.
    #[arg(long, value_name = "B", value_parser = number::<u16>, default_value = "0xFFFF")]
    to: u16,
}

struct Report(Listing);

#[derive(Serialize)]
struct JsonReport {
    lines: Vec<JsonLine>,
}

#[derive(Serialize)]
struct JsonLine {
    address: Address,
    bytes: Bytes,
    text: String,
    machine_cycles: u64,
    target: bool,
}

impl Disasm {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let image = read_image(&self.image)?.image;
        if image.as_wasm().is_some() {
            return Err(about(
                &self.image,
                "expected an 8051 image, found a wasm module",
            ));
        }
        let programmed = |segment: &loader::Segment| -> RangeInclusive<u16> {
            let last = segment.start + (segment.bytes.len() - 1) as u16;
            segment.start.max(self.from)..=last.min(self.to)
        };
        let ranges: Vec<_> = image
            .segments()
            .iter()
            .map(programmed)
            .filter(|r| !r.is_empty())
            .collect();
        let mut code = Box::new([0xFF; CODE_SIZE]);
        for segment in image.segments() {
            code[segment.start.into()..segment.end()].copy_from_slice(&segment.bytes);
        }
        out.print(&Report(disassemble(&code, &ranges)))?;
        Ok(Status::Success)
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let line = |line: &Line| JsonLine {
            address: Address(line.at),
            bytes: Bytes(line.bytes.clone()),
            text: line.text.clone(),
            machine_cycles: line.cycles.0,
            target: line.target,
        };
        JsonReport {
            lines: self.0.lines.iter().map(line).collect(),
        }
        .serialize(serializer)
    }
}

impl Text for Report {
    fn text(&self, page: &mut Page) {
        for line in self.0.to_string().lines() {
            say!(page, "{line}");
        }
    }
}
