//! The settings of a board, besides its image and its inputs: the same for a run, a recording and its replay.

use crate::ram::Ram;
use crate::rate::{Baud, Clock};
use crate::session::Session;
use crate::values::{Address, HexBytes};
use board::chips::Chip;
use board::interrupt::InterruptTiming;
use board::line::{Pace, RateError};
use board::{Board, BoardConfig, BoardError, Wiring};
use loader::Image;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The limit of a run that is given no other, in machine cycles.
pub const DEFAULT_CYCLES: u64 = 1_000_000_000;

/// The settings of a board, as a recording holds them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The chip's name.
    pub chip: String,
    /// Whether one RAM is CODE and XDATA.
    pub von_neumann: bool,
    /// RAM outside the chip, in bytes from XDATA 0x0000 on.
    pub xdata_bytes: u32,
    /// Whether CODE is the chip's own ROM alone.
    pub internal_code_only: bool,
    /// Machine cycles that the call of a service routine takes: 2, or 1.
    pub interrupt_latency_cycles: u64,
    /// When the host sends its next byte.
    pub uart_pace: PaceName,
    /// The host's rate. Older recordings have none: then the host took the firmware's.
    #[serde(default = "Baud::auto")]
    pub baud: Baud,
    /// The oscillator, with which the host's bits have their length.
    #[serde(default)]
    pub clock: Clock,
    /// Whether somebody was at the other end of the line, for whom an idle processor waits.
    pub uart_pty: bool,
    /// Addresses of CODE at which the run stops.
    pub stop_pc: Vec<Address>,
    /// The address of XDATA after whose reading the run stops.
    pub stop_xdata_read: Option<Address>,
    /// The limit of the run, in machine cycles since reset.
    pub max_cycles: u64,
    /// RAM before the first instruction, without the zeros at its end: XDATA, then IRAM.
    pub ram: HexBytes,
}

/// A [`Pace`] by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PaceName {
    /// When the firmware has cleared RI.
    Taken,
    /// Back to back.
    Line,
}

impl From<PaceName> for Pace {
    fn from(name: PaceName) -> Pace {
        match name {
            PaceName::Taken => Pace::WhenTaken,
            PaceName::Line => Pace::BackToBack,
        }
    }
}

impl Default for Settings {
    /// An 8052 with 64 KiB of RAM, at 11.0592 MHz, and a host at 9600 baud.
    fn default() -> Settings {
        Settings {
            chip: "8052".into(),
            von_neumann: false,
            xdata_bytes: 65536,
            internal_code_only: false,
            interrupt_latency_cycles: 2,
            uart_pace: PaceName::Taken,
            baud: Baud::default(),
            clock: Clock::default(),
            uart_pty: false,
            stop_pc: Vec::new(),
            stop_xdata_read: None,
            max_cycles: DEFAULT_CYCLES,
            ram: HexBytes(Vec::new()),
        }
    }
}

/// Why there is no board with some settings.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// No chip has this name.
    #[error("expected one of {}, found {found}", known_chips())]
    Chip {
        /// The name.
        found: String,
    },
    /// More RAM than XDATA has addresses.
    #[error("expected at most 65536 bytes of XDATA, found {found}")]
    Xdata {
        /// Its size, in bytes.
        found: u32,
    },
    /// An interrupt latency that no chip has.
    #[error("expected 2 or 1 interrupt latency cycles, found {found}")]
    Latency {
        /// The latency, in machine cycles.
        found: u64,
    },
    /// The image does not fit the chip.
    #[error(transparent)]
    Board(#[from] BoardError),
    /// The oscillator can't time the host's bits.
    #[error(transparent)]
    Rate(#[from] RateError),
}

fn known_chips() -> String {
    let known: Vec<_> = Chip::all().iter().map(|chip| &*chip.name).collect();
    known.join(", ")
}

impl Settings {
    /// A board with these settings and `image`, before its first instruction.
    ///
    /// # Errors
    /// If there is no such chip, or the image does not fit it.
    pub fn board(&self, image: &Image) -> Result<Board, SettingsError> {
        let wiring = match (self.von_neumann, self.xdata_bytes) {
            (true, _) => Wiring::VonNeumann,
            (false, xdata_bytes @ 0..=65536) => Wiring::Harvard { xdata_bytes },
            (false, found) => return Err(SettingsError::Xdata { found }),
        };
        let config = BoardConfig {
            wiring,
            external_code: !self.internal_code_only,
            timing: timing(self.interrupt_latency_cycles)?,
            breakpoints: self.stop_pc.iter().map(|at| at.0).collect(),
            inputs_may_come: self.uart_pty,
            stop_on_xdata_read: self.stop_xdata_read.map(|at| at.0),
            ..BoardConfig::new(chip(&self.chip)?)
        };
        let segments = image.segments().iter();
        let segments = segments.map(|segment| (segment.start, segment.bytes.as_slice()));
        let mut board = Board::new(&config, segments)?;
        Ram::fill(&self.ram.0, &mut board);
        board.set_pace(self.uart_pace.into());
        board.set_rate(self.baud.rate(self.clock)?);
        Ok(board)
    }

    /// A session of `image` on such a board.
    ///
    /// # Errors
    /// Those of [`Settings::board`].
    pub fn session(&self, image: &Image) -> Result<Session<'static>, SettingsError> {
        Ok(Session::new(self.board(image)?, self.clock, self.baud))
    }
}

/// The chip called `name`.
///
/// # Errors
/// The names there are.
pub fn chip(name: &str) -> Result<&'static Chip, SettingsError> {
    Chip::named(name).ok_or_else(|| SettingsError::Chip { found: name.into() })
}

fn timing(found: u64) -> Result<InterruptTiming, SettingsError> {
    match found {
        2 => Ok(InterruptTiming::INTEL),
        1 => Ok(InterruptTiming::S51),
        _ => Err(SettingsError::Latency { found }),
    }
}
