//! Recordings: a run's settings and all its inputs, which make it happen again bit for bit, and what came of it.
//!
//! A recording is JSON. Its inputs are lines of a [stimulus file](super::stimulus). Its checkpoints are digests of the
//! machine on the way, so that a replay that comes out differently can say since when.

use super::session::Stopped;
use super::settings::Settings;
use super::{stimulus, stop_name};
use crate::args::{about, read_json, write_file};
use crate::error::Error;
use crate::output::{Address, Bytes, Registers};
use crate::text::{Page, Text, say};
use board::Board;
use board::stimulus::Stimulus;
use loader::Image;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::path::Path;

/// The format written and read here.
const FORMAT: u32 = 1;

/// Machine cycles between two checkpoints.
pub(crate) const CHECKPOINT: u64 = 1_000_000;

/// A recorded run.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recording {
    firmware_recording: u32,
    made_with: String,
    /// The image's code hash.
    image: Bytes,
    pub(crate) settings: Settings,
    #[serde(with = "lines")]
    pub(crate) inputs: Vec<Stimulus>,
    checkpoints: Vec<Checkpoint>,
    result: Ended,
}

/// What the machine was when it had run until a cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Checkpoint {
    cycle: u64,
    digest: Bytes,
}

/// How a run ended. One that ended because a pseudo-terminal was closed, or the stack overflowed, ends by its cycles when
/// it is replayed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ended {
    stop: String,
    pub(crate) pc: Address,
    pub(crate) machine_cycles: u64,
    pub(crate) instructions: u64,
    pub(crate) uart: Bytes,
    pub(crate) registers: Registers,
    digest: Bytes,
}

/// A field of an end, as text.
type Field = (&'static str, fn(&Ended) -> String);

/// The fields that are compared.
const FIELDS: [Field; 7] = [
    ("stop", |ended| ended.stop.clone()),
    ("pc", |ended| ended.pc.to_string()),
    ("machine_cycles", |ended| ended.machine_cycles.to_string()),
    ("instructions", |ended| ended.instructions.to_string()),
    ("uart", |ended| ended.uart.0.escape_ascii().to_string()),
    ("registers", |ended| ended.registers.to_string()),
    ("digest", |ended| ended.digest.to_string()),
];

impl Ended {
    /// The end of a run.
    pub(crate) fn of(stopped: &Stopped) -> Ended {
        let board = &stopped.board;
        Ended {
            stop: stop_name(stopped.board_stop).into(),
            pc: Address(board.cpu().pc()),
            machine_cycles: board.now().0,
            instructions: board.steps().0,
            uart: Bytes(stopped.sent.clone()),
            registers: Registers::from(board.cpu()),
            digest: digest(board),
        }
    }
}

/// Inputs as lines of a stimulus file.
mod lines {
    use super::stimulus;
    use board::stimulus::Stimulus;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(stimuli: &[Stimulus], to: S) -> Result<S::Ok, S::Error> {
        stimulus::write(stimuli).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<Stimulus>, D::Error> {
        let lines = Vec::<String>::deserialize(from)?;
        stimulus::parse(&lines.join("\n"))
            .map_err(|error| D::Error::custom(format_args!("inputs: {error}")))
    }
}

/// What a replay did otherwise than the run that was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Difference {
    field: String,
    recorded: String,
    found: String,
}

impl Text for Difference {
    fn text(&self, page: &mut Page) {
        let Difference {
            field,
            recorded,
            found,
        } = self;
        say!(page, "different     {field}");
        say!(page, "  recorded {recorded}");
        say!(page, "  now      {found}");
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "digest {} at cycle {}", self.digest, self.cycle)
    }
}

impl Checkpoint {
    /// What `board` is after it has run until `cycle`.
    pub(crate) fn new(cycle: u64, board: &Board) -> Checkpoint {
        let digest = digest(board);
        Checkpoint { cycle, digest }
    }
}

/// 64 bits over all that a program could read, and the time.
fn digest(board: &Board) -> Bytes {
    let mut hash = Sha256::new();
    let cpu = board.cpu();
    hash.update(board.now().0.to_le_bytes());
    hash.update(board.steps().0.to_le_bytes());
    hash.update(cpu.pc().to_le_bytes());
    hash.update(cpu.iram_all());
    hash.update([0, 1, 2, 3].map(|port| board.pins(port)));
    hash.update((0x80..=0xFF).map(|sfr| board.sfr(sfr)).collect::<Vec<u8>>());
    hash.update(board.xdata().bytes());
    Bytes(hash.finalize()[..8].to_vec())
}

impl Recording {
    /// A recording of a run of `image` with `settings` that ended.
    pub(crate) fn new(
        image: &Image,
        settings: Settings,
        stopped: &Stopped,
        result: Ended,
    ) -> Recording {
        Recording {
            firmware_recording: FORMAT,
            made_with: concat!("smart51 ", env!("CARGO_PKG_VERSION")).into(),
            image: Bytes(image.code_hash().to_vec()),
            settings: Settings {
                max_cycles: stopped.until,
                ..settings
            },
            inputs: stopped.board.recorded().to_vec(),
            checkpoints: stopped.checkpoints.clone(),
            result,
        }
    }

    /// The recording in a file, which has to be one of `image`.
    ///
    /// # Errors
    /// If it can't be read, has another format, or was made with another image.
    pub(crate) fn read(path: &Path, image: &Image) -> Result<Recording, Error> {
        let recording: Recording = read_json(path)?;
        if recording.firmware_recording != FORMAT {
            let found = recording.firmware_recording;
            let problem = format!("expected firmware recording format {FORMAT}, found {found}");
            return Err(about(path, problem));
        }
        let found = Bytes(image.code_hash().to_vec());
        if recording.image != found {
            let expected = recording.image;
            let problem = format!(
                "expected the image that was recorded, code hash {expected}, found one with {found}: replay the \
                 image it was made with"
            );
            return Err(about(path, problem));
        }
        Ok(recording)
    }

    /// Writes it to a file.
    ///
    /// # Errors
    /// If it can't be written.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Error> {
        let mut text = serde_json::to_vec_pretty(self).map_err(Error::node)?;
        text.push(b'\n');
        write_file(path, &text)
    }

    /// Where a replay, with these checkpoints and this end, differs.
    pub(crate) fn compare(&self, checkpoints: &[Checkpoint], now: &Ended) -> Vec<Difference> {
        let mut differences = Vec::new();
        let mut differ = |field: &str, recorded: String, found: String| {
            if recorded != found {
                differences.push(Difference {
                    field: field.into(),
                    recorded,
                    found,
                });
            }
        };
        let then = &self.result;
        let mut pairs = self.checkpoints.iter().zip(checkpoints);
        if let Some((recorded, found)) = pairs.find(|(recorded, found)| recorded != found) {
            let (from, to) = (recorded.cycle.saturating_sub(CHECKPOINT), recorded.cycle);
            let field = format!("machine, between cycles {from} and {to}");
            differ(&field, recorded.to_string(), found.to_string());
        }
        for (name, value) in FIELDS {
            differ(name, value(then), value(now));
        }
        differences
    }
}
