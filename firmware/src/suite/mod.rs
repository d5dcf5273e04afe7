//! Firmware regression tests.
//!
//! * `format`: the fields of a test file
//! * `compare`: the outcome of a test, and where it is not what was expected
//! * `snapshot`: the whole outcome, recorded once and expected from then on

mod compare;
mod error;
mod format;
mod snapshot;

use crate::eeprom::Eeprom;
use crate::files::Files;
use crate::image;
use crate::note::Note;
use crate::ram::Ram;
use crate::settings::Settings;
use crate::stimulus::{self, parse_pin};
use crate::values::HexBytes;
use crate::watch::Watches;
use crate::watch::counts::Counts;
use crate::watch::coverage::SourceMap;
use crate::watch::stack::StackWatch;
use crate::watch::symbol_files::{Wanted, names};
use board::line::SerialByte;
use board::{Board, Device};
use compare::Outcome;
use emu8051::Cycles;
use format::{EepromPins, TestFile};
use loader::{FILE_MAX, Image};
use snapshot::Snapshot;
use std::fmt;
use std::path::{Path, PathBuf};

/// The JSON Schema of test files, for editors: draft 7. Its keys are held against the parser's.
pub const SCHEMA: &str = include_str!("../../../editors/firmware-test.schema.json");

pub use error::{SnapshotError, SuiteError};

/// How tests are run.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// The files: tests, images, symbols and snapshots.
    pub files: &'a dyn Files,
    /// Whether snapshots are written instead of compared with.
    pub update_snapshots: bool,
    /// Folders with sources, if coverage is asked for.
    pub coverage: Option<&'a [PathBuf]>,
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("update_snapshots", &self.update_snapshots)
            .field("coverage", &self.coverage)
            .finish_non_exhaustive()
    }
}

/// The verdict on a test file.
#[derive(Debug)]
pub struct Verdict {
    /// The file.
    pub path: PathBuf,
    /// The differences from the expectations; empty for a pass.
    pub failures: Vec<Failure>,
    /// Why the file is no test, or what it names is not there; then nothing was run.
    pub error: Option<SuiteError>,
    /// How long it ran.
    pub machine_cycles: Option<u64>,
    /// The coverage of its image, if that was asked for.
    pub covered: Option<(SourceMap, Counts)>,
    /// Notes on its files.
    pub notes: Vec<Note>,
}

/// A difference between an outcome and the expectations.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// A value is another one.
    Differs {
        /// The name of the value.
        what: String,
        /// The expected value.
        expected: String,
        /// The value found.
        found: String,
    },
    /// The snapshot to compare with is not there.
    NoSnapshot {
        /// Its file.
        path: PathBuf,
    },
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Differs {
                what,
                expected,
                found,
            } => write!(f, "{what}\n  expected {expected}\n  found    {found}"),
            Failure::NoSnapshot { path } => {
                let path = path.display();
                write!(f, "snapshot\n  expected {path}\n  found    no such file")
            }
        }
    }
}

impl Verdict {
    /// Whether everything came out as expected.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failures.is_empty() && self.error.is_none()
    }
}

/// Runs the test in a file; one that is none has that as its verdict.
#[must_use]
pub fn run_file(path: &Path, options: Options<'_>) -> Verdict {
    let mut notes = Vec::new();
    let run = run(path, options, &mut notes);
    let (error, (failures, machine_cycles, covered)) = match run {
        Ok((failures, cycles, covered)) => (None, (failures, Some(cycles), covered)),
        Err(error) => (Some(error), (Vec::new(), None, None)),
    };
    Verdict {
        path: path.into(),
        failures,
        error,
        machine_cycles,
        covered,
        notes,
    }
}

/// Failures, machine cycles, and what ran, if that was asked for.
type Ran = (Vec<Failure>, u64, Option<(SourceMap, Counts)>);

fn run(path: &Path, options: Options<'_>, notes: &mut Vec<Note>) -> Result<Ran, SuiteError> {
    let files = options.files;
    let test = TestFile::parse(path, read_text(files, path)?)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let image_path = folder.join(&test.image);
    let image = image::read(files, &image_path, notes)?;
    let mut board = board(files, &test, path, folder, &image)?;
    let mut eeprom = match &test.eeprom {
        Some(EepromPins { scl, sda }) => Some(Eeprom::new(pin(path, scl)?, pin(path, sda)?)),
        None => None,
    };
    let sources = match options.coverage {
        Some(sources) => {
            let wanted = Wanted {
                symbols: &[],
                sources,
            };
            Some(SourceMap::new(files, &image_path, &image, wanted, notes)?)
        }
        None => None,
    };
    let mut watches = Watches {
        stack: Some(StackWatch::new(board.chip().iram_bytes, board.cpu().sp())),
        counts: sources.is_some().then(Counts::default),
    };
    let before = Memory::of(&board);
    let mut nothing = ();
    let device: &mut dyn Device = match &mut eeprom {
        Some(eeprom) => eeprom,
        None => &mut nothing,
    };
    let stop = board.run_with(Cycles(test.max_cycles), device, &mut watches);
    let Watches { stack, counts } = watches;
    let stack = stack.map(|stack| stack.seen);
    let outcome = Outcome::new(stop, board, before, stack, eeprom);
    let mut failures = outcome
        .compare(&test.expect, test.clock, || names(files, &image_path))
        .map_err(|problem| SuiteError::Test {
            path: path.into(),
            problem,
        })?;
    if test.expect.snapshot {
        let file = path.with_extension("snapshot");
        let found = Snapshot::of(&outcome);
        if options.update_snapshots {
            let text = found.to_string();
            let written = files.write(&file, text.as_bytes());
            written.map_err(SuiteError::Files)?;
        } else if file.is_file() {
            let expected = Snapshot::parse(&read_text(files, &file)?);
            let expected = expected.map_err(|error| SuiteError::Snapshot { path: file, error })?;
            failures.extend(expected.differences(&found));
        } else {
            failures.push(Failure::NoSnapshot { path: file });
        }
    }
    Ok((failures, outcome.board.now().0, sources.zip(counts)))
}

/// Text in a file.
fn read_text(files: &dyn Files, path: &Path) -> Result<String, SuiteError> {
    let bytes = files.read(path, FILE_MAX).map_err(SuiteError::Files)?;
    String::from_utf8(bytes).map_err(|error| SuiteError::NoText {
        path: path.into(),
        error: error.utf8_error(),
    })
}

/// The board that a test asks for, before its first instruction, with its inputs.
fn board(
    files: &dyn Files,
    test: &TestFile,
    path: &Path,
    folder: &Path,
    image: &Image,
) -> Result<Board, SuiteError> {
    let wrong = |problem| SuiteError::Test {
        path: path.into(),
        problem,
    };
    let ram = match test.ram.parse() {
        Ok(Ram::File(file)) => Ram::File(folder.join(file)),
        Ok(ram) => ram,
        Err(error) => return Err(wrong(format!("ram: {error}"))),
    };
    let settings = Settings {
        chip: test.chip.clone(),
        von_neumann: test.von_neumann,
        uart_pace: test.uart_pace,
        baud: test.baud,
        clock: test.clock,
        max_cycles: test.max_cycles,
        ram: HexBytes(ram.bytes(files)?),
        ..Settings::default()
    };
    let board = settings.board(image);
    let mut board = board.map_err(|error| SuiteError::Settings {
        path: path.into(),
        error,
    })?;
    let stimuli = stimulus::parse(&test.stimulus.join("\n"));
    for stimulus in stimuli.map_err(|error| wrong(format!("stimulus: {error}")))? {
        let given = board.input(stimulus);
        given.map_err(|error| wrong(error.to_string()))?;
    }
    board.send_serial(test.uart_in.bytes().map(SerialByte::from));
    board.trace(true);
    Ok(board)
}

fn pin(path: &Path, text: &str) -> Result<(u8, u8), SuiteError> {
    parse_pin(text).ok_or_else(|| SuiteError::Test {
        path: path.into(),
        problem: format!("expected a pin, found {text:?}"),
    })
}

/// RAM at one moment.
#[derive(Debug)]
struct Memory {
    iram: [u8; 256],
    xdata: Vec<u8>,
}

impl Memory {
    fn of(board: &Board) -> Memory {
        Memory {
            iram: board.cpu().iram_all(),
            xdata: board.xdata().bytes().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Disk;

    const COMPARE: Options<'_> = Options {
        files: &Disk,
        update_snapshots: false,
        coverage: None,
    };

    #[test]
    fn every_sample_does_what_its_test_file_says() {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware-samples/firmware");
        let entries = samples.read_dir().expect("the samples");
        let paths = entries.map(|entry| entry.expect("readable").path());
        let files: Vec<PathBuf> = paths
            .filter(|path| path.to_string_lossy().ends_with(".test.toml"))
            .collect();
        assert_eq!(files.len(), 6, "one for each sample");
        for file in files {
            let verdict = run_file(&file, COMPARE);
            assert!(verdict.passed(), "{}:\n{verdict:?}", file.display());
        }
    }
}
