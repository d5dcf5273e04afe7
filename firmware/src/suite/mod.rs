//! Firmware regression tests.
//!
//! * [`format`]: what a test file says
//! * [`compare`]: what came of it, and where that is not what was expected
//! * [`snapshot`]: everything that came of it, recorded once and expected from then on

mod compare;
mod format;
mod snapshot;

use super::eeprom::Eeprom;
use super::image;
use super::ram::Ram;
use super::settings::Settings;
use super::stimulus::{self, parse_pin};
use crate::args::{about, read_toml, replace_with};
use crate::error::Error;
use crate::output::Bytes;
use crate::watch::Watches;
use crate::watch::counts::Counts;
use crate::watch::coverage::{CoverageArgs, Covering};
use crate::watch::stack::StackWatch;
use crate::watch::symbol_files::names;
use board::line::SerialByte;
use board::{Board, Device};
use compare::Outcome;
use emu8051::Cycles;
use format::{EepromPins, TestFile};
use loader::Image;
use snapshot::Snapshot;
use std::path::{Path, PathBuf};

/// How tests are run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options<'a> {
    /// Write snapshots instead of comparing with them.
    pub(crate) update_snapshots: bool,
    /// The coverage asked for.
    pub(crate) coverage: &'a CoverageArgs,
}

/// What came of a test file.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) path: PathBuf,
    /// What differs from the expectations, a line or more each; empty for a pass.
    pub(crate) failures: Vec<String>,
    /// Why the file is no test, or what it names is not there; then nothing was run.
    pub(crate) error: Option<Error>,
    /// What was run.
    pub(crate) machine_cycles: Option<u64>,
    /// What ran of its image, if that was asked for.
    pub(crate) covered: Option<(Covering, Counts)>,
}

impl Verdict {
    /// Whether everything came out as expected.
    pub(crate) fn passed(&self) -> bool {
        self.failures.is_empty() && self.error.is_none()
    }
}

/// Runs the test in a file; one that is none has that as its verdict.
pub(crate) fn run_file(path: &Path, options: Options<'_>) -> Verdict {
    run(path, options).unwrap_or_else(|error| Verdict {
        path: path.into(),
        failures: Vec::new(),
        error: Some(error),
        machine_cycles: None,
        covered: None,
    })
}

fn run(path: &Path, options: Options<'_>) -> Result<Verdict, Error> {
    let test: TestFile = read_toml(path)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let image_path = folder.join(&test.image);
    let image = image::read(&image_path)?;
    let mut board = board(&test, path, folder, &image)?;
    let mut eeprom = match &test.eeprom {
        Some(EepromPins { scl, sda }) => Some(Eeprom::new(pin(path, scl)?, pin(path, sda)?)),
        None => None,
    };
    let covering = options.coverage.of(&image_path, &image, &[])?;
    let mut watches = Watches {
        stack: Some(StackWatch::new(board.chip().iram_bytes, board.cpu().sp())),
        counts: covering.is_some().then(Counts::default),
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
        .compare(&test.expect, test.clock, || names(&image_path))
        .map_err(|problem| about(path, problem))?;
    if test.expect.snapshot {
        let file = path.with_extension("snapshot");
        let found = Snapshot::of(&outcome);
        if options.update_snapshots {
            replace_with(&file, found.to_string().as_bytes())?;
        } else {
            failures.extend(found.compare(&file)?);
        }
    }
    Ok(Verdict {
        path: path.into(),
        failures,
        error: None,
        machine_cycles: Some(outcome.board.now().0),
        covered: covering.zip(counts),
    })
}

/// The board that a test asks for, before its first instruction, with its inputs.
fn board(test: &TestFile, path: &Path, folder: &Path, image: &Image) -> Result<Board, Error> {
    let ram = match test.ram.parse() {
        Ok(Ram::File(file)) => Ram::File(folder.join(file)),
        Ok(ram) => ram,
        Err(error) => return Err(about(path, format_args!("ram: {error}"))),
    };
    let settings = Settings {
        chip: test.chip.clone(),
        von_neumann: test.von_neumann,
        xdata_bytes: 65536,
        internal_code_only: false,
        interrupt_latency_cycles: 2,
        uart_pace: test.uart_pace,
        baud: test.baud,
        clock: test.clock,
        uart_pty: false,
        stop_pc: Vec::new(),
        stop_xdata_read: None,
        max_cycles: test.max_cycles,
        ram: Bytes(ram.bytes()?),
    };
    let board = settings.board(image);
    let mut board = board.map_err(|error| about(path, error.message))?;
    let stimuli = stimulus::parse(&test.stimulus.join("\n"));
    for stimulus in stimuli.map_err(|error| about(path, format_args!("stimulus: {error}")))? {
        board.input(stimulus).map_err(|error| about(path, error))?;
    }
    board.send_serial(test.uart_in.bytes().map(SerialByte::from));
    board.trace(true);
    Ok(board)
}

fn pin(path: &Path, text: &str) -> Result<(u8, u8), Error> {
    parse_pin(text).ok_or_else(|| about(path, format_args!("expected a pin, found {text:?}")))
}

/// What RAM held at one moment.
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
    use crate::args::find_files;

    const PLAIN: CoverageArgs = CoverageArgs {
        coverage: None,
        sources: Vec::new(),
    };
    const COMPARE: Options<'_> = Options {
        update_snapshots: false,
        coverage: &PLAIN,
    };

    fn samples() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware-samples/firmware")
    }

    #[test]
    fn every_sample_does_what_its_test_file_says() {
        let files =
            find_files(&[samples()], ".test.toml").unwrap_or_else(|e| panic!("{}", e.message));
        assert_eq!(files.len(), 6, "one for each sample");
        for file in files {
            let verdict = run_file(&file, COMPARE);
            let error = verdict.error.as_ref().map(|error| &error.message);
            assert!(
                verdict.passed(),
                "{}:\n{}{error:?}",
                file.display(),
                verdict.failures.join("\n")
            );
        }
    }
}
