//! What decides what a board does, besides its image and its inputs: the same for a run, a recording and its replay.

use super::image;
use super::ram::Ram;
use super::rate::{Baud, Clock};
use crate::error::Error;
use crate::output::{Address, Bytes};
use board::chips::Chip;
use board::interrupt::InterruptTiming;
use board::line::Pace;
use board::{Board, BoardConfig, Wiring};
use loader::Image;
use serde::{Deserialize, Serialize};

/// The settings of a board, as a recording holds them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) chip: String,
    pub(crate) von_neumann: bool,
    pub(crate) xdata_bytes: u32,
    pub(crate) internal_code_only: bool,
    pub(crate) interrupt_latency_cycles: u64,
    pub(crate) uart_pace: PaceName,
    /// The host's rate. Older recordings have none: then the host took the firmware's.
    #[serde(default = "Baud::auto")]
    pub(crate) baud: Baud,
    /// The oscillator, with which the host's bits have their length.
    #[serde(default)]
    pub(crate) clock: Clock,
    /// Whether somebody was at the other end of the line, for whom an idle processor waits.
    pub(crate) uart_pty: bool,
    pub(crate) stop_pc: Vec<Address>,
    pub(crate) stop_xdata_read: Option<Address>,
    pub(crate) max_cycles: u64,
    /// RAM before the first instruction, without the zeros at its end: XDATA, then IRAM.
    pub(crate) ram: Bytes,
}

/// A [`Pace`] by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PaceName {
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

impl Settings {
    /// A board with these settings and `image`, before its first instruction.
    ///
    /// # Errors
    /// If there is no such chip, or the image does not fit it.
    pub(crate) fn board(&self, image: &Image) -> Result<Board, Error> {
        let wiring = match (self.von_neumann, self.xdata_bytes) {
            (true, _) => Wiring::VonNeumann,
            (false, xdata_bytes @ 0..=65536) => Wiring::Harvard { xdata_bytes },
            (false, found) => {
                return Err(Error::input(format_args!(
                    "expected at most 65536 bytes of XDATA, found {found}"
                )));
            }
        };
        let config = BoardConfig {
            wiring,
            external_code: !self.internal_code_only,
            timing: timing(self.interrupt_latency_cycles).map_err(Error::input)?,
            breakpoints: self.stop_pc.iter().map(|at| at.0).collect(),
            inputs_may_come: self.uart_pty,
            stop_on_xdata_read: self.stop_xdata_read.map(|at| at.0),
            ..BoardConfig::new(chip(&self.chip).map_err(Error::input)?)
        };
        let mut board = image::board(&config, image)?;
        Ram::fill(&self.ram.0, &mut board);
        board.set_pace(self.uart_pace.into());
        board.set_rate(self.baud.rate(self.clock).map_err(Error::input)?);
        Ok(board)
    }
}

/// The chip called `name`.
///
/// # Errors
/// The names there are, for clap to print.
pub(crate) fn chip(name: &str) -> Result<&'static Chip, String> {
    Chip::named(name).ok_or_else(|| {
        let known: Vec<_> = Chip::all().iter().map(|chip| &*chip.name).collect();
        format!("expected one of {}, found {name}", known.join(", "))
    })
}

fn timing(cycles: u64) -> Result<InterruptTiming, String> {
    match cycles {
        2 => Ok(InterruptTiming::INTEL),
        1 => Ok(InterruptTiming::S51),
        _ => Err(format!(
            "expected 2 or 1 interrupt latency cycles, found {cycles}"
        )),
    }
}
