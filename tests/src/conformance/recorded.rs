//! What `s51` said about every image: figures recorded once, from the images that Debian's sdcc 4.2.0 makes.

use std::io::Read;

use flate2::read::GzDecoder;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Error;
use crate::s51::CLOCKS_PER_MACHINE_CYCLE;

/// Port, image and figures of `s51 -t 32`, one image a line (our own recording; no text of the suite).
const TABLE: &[u8] = include_bytes!("../../data/sdcc-suite.tsv.gz");

/// What a run of an image amounts to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// How many assertions the image made.
    pub tests: u32,
    /// How many functions they were in.
    pub cases: u32,
    /// How many assertions failed.
    pub failures: u32,
    /// From reset to the end of the test.
    pub machine_cycles: u64,
    /// From reset to the end of the test.
    pub instructions: u64,
    /// The first 16 hexadecimal digits of the output's sha256.
    pub output: String,
}

impl Figures {
    /// Reads the verdict from an image's output, which ends with
    /// `--- Summary: F/T/C: F failed of T tests in C cases.`; `None` without such a line.
    #[must_use]
    pub fn of_output(output: &[u8], machine_cycles: u64, instructions: u64) -> Option<Self> {
        let text = String::from_utf8_lossy(output);
        let (_, summary) = text.rsplit_once("--- Summary: ")?;
        let (counts, _) = summary.split_once(':')?;
        let mut counts = counts.split('/').map(|count| count.trim().parse().ok());
        let (failures, tests, cases) = (counts.next()??, counts.next()??, counts.next()??);
        Some(Self {
            tests,
            cases,
            failures,
            machine_cycles,
            instructions,
            output: digest(output),
        })
    }
}

/// One image and what `s51` said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The port's name.
    pub port: String,
    /// The image's name without extension.
    pub case: String,
    /// The first 16 hexadecimal digits of the image file's sha256.
    pub image: String,
    /// The run of it.
    pub figures: Figures,
}

/// All recorded images: port by port, in order of name.
///
/// # Errors
/// When the table is damaged.
pub fn all() -> Result<Vec<Recorded>, Error> {
    let mut text = String::new();
    GzDecoder::new(TABLE)
        .read_to_string(&mut text)
        .map_err(|_| Error::Recorded { line: 1 })?;
    let lines = text.lines().enumerate().skip(1);
    lines
        .map(|(at, line)| parse(line).ok_or(Error::Recorded { line: at + 1 }))
        .collect()
}

/// The first 16 hexadecimal digits of the sha256 of `bytes`: how the table names images and outputs.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    let mut digits = hex::encode(Sha256::digest(bytes));
    digits.truncate(16);
    digits
}

fn parse(line: &str) -> Option<Recorded> {
    let columns: Vec<&str> = line.split('\t').collect();
    let &[
        port,
        image,
        tests,
        cases,
        failures,
        clocks,
        instructions,
        _max_sp,
        image_sha256,
        output,
    ] = columns.as_slice()
    else {
        return None;
    };
    let clocks: u64 = clocks.parse().ok()?;
    Some(Recorded {
        port: port.to_owned(),
        case: image.strip_suffix(".ihx")?.to_owned(),
        image: image_sha256.to_owned(),
        figures: Figures {
            tests: tests.parse().ok()?,
            cases: cases.parse().ok()?,
            failures: failures.parse().ok()?,
            machine_cycles: clocks / CLOCKS_PER_MACHINE_CYCLE,
            instructions: instructions.parse().ok()?,
            output: output.to_owned(),
        },
    })
}
