//! The benchmark programs: six of our own in C, compiled by sdcc, with their recorded machine cycles and instructions.
//!
//! A workload runs from reset until PC arrives at [`END`]; its checksum is then at XDATA [`CHECKSUM`].

use std::fs;
use std::path::{Path, PathBuf};

use loader::{Segment, hex};
use serde::Deserialize;

/// Arriving here ends a workload.
pub const END: u16 = 0x0008;
/// The four bytes of the checksum, lowest first.
pub const CHECKSUM: u16 = 0xEFFF;
/// The workloads, about 62 million machine cycles each; those whose names end in `-s` are short forms of them.
pub const NAMES: [&str; 6] = ["sieve", "sha256", "crc32", "dhry", "matmul", "qsort"];

/// A benchmark program.
#[derive(Debug, Clone)]
pub struct Workload {
    /// Its name.
    pub name: String,
    /// Its image file, in Intel HEX.
    pub file: PathBuf,
    /// What the image puts into CODE.
    pub segments: Vec<Segment>,
    /// What a whole run takes.
    pub machine_cycles: u64,
    /// What a whole run takes.
    pub instructions: u64,
}

/// Why there is no such workload.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file of the workloads could not be read.
    #[error("{}: {source}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The recorded figures are not in their format.
    #[error("the recorded cycles: {0}")]
    Recorded(#[from] serde_json::Error),
    /// The image is damaged.
    #[error("the image: {0}")]
    Image(#[from] hex::HexError),
    /// There are no figures for this name.
    #[error("expected a recorded workload, found the name {name}")]
    Unknown {
        /// The name.
        name: String,
    },
}

#[derive(Deserialize)]
struct Recorded {
    workloads: std::collections::BTreeMap<String, Figures>,
}

#[derive(Deserialize)]
struct Figures {
    machine_cycles: u64,
    instructions: u64,
}

impl Workload {
    /// Reads a workload.
    ///
    /// # Errors
    /// When there is none of this name, or its files are damaged.
    pub fn named(name: &str) -> Result<Self, Error> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/workloads");
        let recorded: Recorded = serde_json::from_slice(&read(&folder.join("cycles.json"))?)?;
        let unknown = || Error::Unknown {
            name: name.to_owned(),
        };
        let figures = recorded.workloads.get(name).ok_or_else(unknown)?;
        let file = folder.join(format!("{name}.ihx"));
        let segments = hex::parse(&read(&file)?)?;
        let Figures {
            machine_cycles,
            instructions,
        } = *figures;
        Ok(Self {
            name: name.to_owned(),
            file,
            segments,
            machine_cycles,
            instructions,
        })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|source| Error::File {
        path: path.to_owned(),
        source,
    })
}
