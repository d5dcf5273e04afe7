//! Recordings: a run's settings and all its inputs, which make it happen again bit for bit, and their result.
//!
//! A recording is JSON. Its inputs are lines of a [stimulus file](super::stimulus). Its checkpoints are digests of the
//! machine on the way, so that a replay that comes out differently can say since when.

use crate::checkpoint::{CHECKPOINT, Checkpoint, digest};
use crate::session::Stopped;
use crate::settings::Settings;
use crate::values::{Address, HexBytes, Registers};
use crate::{stimulus, stop_name};
use board::stimulus::Stimulus;
use loader::Image;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The format written and read here.
const FORMAT: u32 = 1;

/// A recorded run.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    firmware_recording: u32,
    made_with: String,
    /// The image's code hash.
    image: HexBytes,
    /// The settings of its board.
    pub settings: Settings,
    /// All inputs, with their times.
    #[serde(with = "lines")]
    pub inputs: Vec<Stimulus>,
    checkpoints: Vec<Checkpoint>,
    result: Ended,
}

/// How a run ended. One that ended because a pseudo-terminal was closed, or the stack overflowed,
/// ends by its cycles when it is replayed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ended {
    stop: String,
    /// PC.
    pub pc: Address,
    /// Machine cycles since reset.
    pub machine_cycles: u64,
    /// Instructions since reset.
    pub instructions: u64,
    /// The bytes the firmware sent.
    pub uart: HexBytes,
    /// The registers.
    pub registers: Registers,
    digest: HexBytes,
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
    #[must_use]
    pub fn of(stopped: &Stopped) -> Ended {
        let board = &stopped.board;
        Ended {
            stop: stop_name(stopped.board_stop()).into(),
            pc: Address(board.cpu().pc()),
            machine_cycles: board.now().0,
            instructions: board.steps().0,
            uart: HexBytes(stopped.sent.clone()),
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

/// A difference between a replay and the run that was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The name of the value.
    pub field: String,
    /// Its value in the recording.
    pub recorded: String,
    /// Its value in the replay.
    pub found: String,
}

/// Why a file is no recording of an image.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// It is no JSON, or not what is expected there.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// It has another format.
    #[error("expected firmware recording format {FORMAT}, found {found}")]
    Format {
        /// Its format.
        found: u32,
    },
    /// It was made with another image.
    #[error("expected the image that was recorded, code hash {expected}, found one with {found}")]
    Image {
        /// The code hash in the recording.
        expected: HexBytes,
        /// The code hash of the image given.
        found: HexBytes,
    },
}

impl Recording {
    /// A recording of a run of `image` with `settings` that ended.
    #[must_use]
    pub fn new(image: &Image, settings: Settings, stopped: &Stopped, result: Ended) -> Recording {
        Recording {
            firmware_recording: FORMAT,
            made_with: concat!("smart51 ", env!("CARGO_PKG_VERSION")).into(),
            image: HexBytes(image.code_hash().to_vec()),
            settings: Settings {
                max_cycles: stopped.until,
                ..settings
            },
            inputs: stopped.board.recorded().to_vec(),
            checkpoints: stopped.checkpoints.clone(),
            result,
        }
    }

    /// The recording in `json`, which has to be one of `image`.
    ///
    /// # Errors
    /// If it is no recording, has another format, or was made with another image.
    pub fn read(json: &[u8], image: &Image) -> Result<Recording, RecordingError> {
        let recording: Recording = serde_json::from_slice(json)?;
        let found = recording.firmware_recording;
        if found != FORMAT {
            return Err(RecordingError::Format { found });
        }
        let found = HexBytes(image.code_hash().to_vec());
        if recording.image != found {
            let expected = recording.image;
            return Err(RecordingError::Image { expected, found });
        }
        Ok(recording)
    }

    /// The recording as JSON, with a line end.
    ///
    /// # Errors
    /// None that is known: all its values can be JSON.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        Ok(text)
    }

    /// The differences of a replay with these checkpoints and this end.
    #[must_use]
    pub fn compare(&self, checkpoints: &[Checkpoint], now: &Ended) -> Vec<Difference> {
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
