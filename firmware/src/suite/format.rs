//! Firmware regression tests: TOML files that say what to run and what must come of it.
//!
//! ```toml
//! image = "echo.ihx"          # next to this file
//! chip = "8051"
//! max_cycles = 100_000
//! clock = "12MHz"             # as with --clock
//! baud = 4800                 # as with --baud, "auto" too
//! uart_pace = "line"          # as with --uart-pace
//! uart_in = "hello"
//! stimulus = ["1000 P3.2 0", "2000 P3.2 1"]
//! ram = "random:1"            # as with --ram
//!
//! [expect]
//! stop = "cycles"             # or leave it to the snapshot
//! uart = "hello"
//! baud = 4800                 # at which the firmware sends, to 4 %
//! max_stack = 0x30            # the highest SP
//! max_latency = { SERIAL = 20 }  # machine cycles from a request to its routine
//! snapshot = true             # and everything else as recorded in echo.test.snapshot
//!
//! [[expect.pin]]              # the first such change in the window
//! pin = "P1.0"
//! level = 0
//! from = 400_000
//! to = 500_000
//!
//! [[expect.memory]]
//! iram = 0x30                 # or xdata
//! bytes = "c0c1"
//! ```

use super::SuiteError;
use crate::rate::{Baud, Clock};
use crate::settings::PaceName;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A test file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TestFile {
    pub(super) image: PathBuf,
    #[serde(default = "default_chip")]
    pub(super) chip: String,
    pub(super) max_cycles: u64,
    #[serde(default)]
    pub(super) von_neumann: bool,
    #[serde(default)]
    pub(super) clock: Clock,
    #[serde(default)]
    pub(super) baud: Baud,
    #[serde(default = "default_pace")]
    pub(super) uart_pace: PaceName,
    #[serde(default)]
    pub(super) uart_in: String,
    #[serde(default)]
    pub(super) stimulus: Vec<String>,
    #[serde(default = "default_ram")]
    pub(super) ram: String,
    pub(super) eeprom: Option<EepromPins>,
    pub(super) expect: Expect,
}

impl TestFile {
    /// The test that `text`, the contents of the file at `path`, describes.
    pub(super) fn parse(path: &Path, text: String) -> Result<TestFile, SuiteError> {
        toml::from_str(&text).map_err(|error| SuiteError::Toml {
            path: path.into(),
            text,
            error: Box::new(error),
        })
    }
}

fn default_chip() -> String {
    "8052".into()
}

fn default_pace() -> PaceName {
    PaceName::Taken
}

fn default_ram() -> String {
    "zero".into()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EepromPins {
    pub(super) scl: String,
    pub(super) sda: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expect {
    pub(super) stop: Option<String>,
    #[serde(default)]
    pub(super) snapshot: bool,
    pub(super) uart: Option<String>,
    pub(super) baud: Option<u64>,
    pub(super) max_stack: Option<u8>,
    #[serde(default)]
    pub(super) max_latency: BTreeMap<String, u64>,
    #[serde(default)]
    pub(super) pin: Vec<PinEvent>,
    #[serde(default)]
    pub(super) memory: Vec<Memory>,
}

/// A change of a pin, in a window of machine cycles.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PinEvent {
    pub(super) pin: String,
    pub(super) level: u8,
    pub(super) from: u64,
    pub(super) to: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Memory {
    pub(super) iram: Option<u8>,
    pub(super) xdata: Option<u16>,
    pub(super) eeprom: Option<u8>,
    pub(super) bytes: String,
}
