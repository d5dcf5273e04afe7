//! Warnings: what a program that works does not do.

use crate::rate::{Baud, Clock};
use board::Board;
use board::line::Rate;
use std::fmt;

/// A warning about a run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// An SFR was accessed that the chip does not have.
    UnknownSfr {
        /// The chip's name.
        chip: String,
        /// The SFR's address.
        address: u8,
        /// The machine cycle of the first access.
        at: u64,
    },
    /// Bytes came over the serial line while RI was set.
    Lost {
        /// How many.
        bytes: u64,
    },
    /// Bytes were sent while P3.1 held TXD low.
    Unread {
        /// How many.
        bytes: u64,
    },
    /// Bytes for the serial line were not taken by the firmware.
    Waiting {
        /// How many.
        bytes: usize,
    },
    /// The firmware sends at a rate that the host does not listen at.
    OffRate {
        /// The firmware's rate, in bits in a second.
        found: u64,
        /// The host's rate.
        baud: Baud,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::UnknownSfr { chip, address, at } => write!(
                f,
                "SFR 0x{address:02X}, which the {chip} has not, was accessed first in cycle {at}"
            ),
            Warning::Lost { bytes } => write!(
                f,
                "{bytes} bytes came over the serial line while RI was set and are lost"
            ),
            Warning::Unread { bytes } => {
                let were = if *bytes == 1 {
                    "byte was"
                } else {
                    "bytes were"
                };
                write!(
                    f,
                    "{bytes} {were} sent while the latch of P3.1 held TXD low, and nobody could read that"
                )
            }
            Warning::Waiting { bytes } => write!(
                f,
                "{bytes} bytes for the serial line were not sent: the firmware did not take them"
            ),
            Warning::OffRate { found, baud } => write!(
                f,
                "the firmware sent at {found} baud to a host that listens at {baud}, which would read something else"
            ),
        }
    }
}

/// The warnings about a board that ran, with the oscillator and the host's rate that it has.
pub(crate) fn warnings(board: &Board, clock: Clock, baud: Baud) -> Vec<Warning> {
    let chip = board.chip().name.to_string();
    let unknown = board.unknown_sfrs();
    let mut all: Vec<Warning> = unknown
        .map(|(address, at)| Warning::UnknownSfr {
            chip: chip.clone(),
            address,
            at: at.0,
        })
        .collect();
    if let bytes @ 1.. = board.serial_overruns() {
        all.push(Warning::Lost { bytes });
    }
    if let bytes @ 1.. = board.serial_unread() {
        all.push(Warning::Unread { bytes });
    }
    if let bytes @ 1.. = board.serial_waiting() {
        all.push(Warning::Waiting { bytes });
    }
    let off = off_rate(board, clock, baud);
    all.extend(off.map(|found| Warning::OffRate { found, baud }));
    all
}

/// Thousandths by which a bit may be too long or too short: a receiver that is right loses its way in ten bits at five
/// hundredths.
const TOLERANCE: i64 = 40;

/// The rate at which bytes were sent, if it is so far from the host's own that the host would not have read them.
pub(crate) fn off_rate(board: &Board, clock: Clock, baud: Baud) -> Option<u64> {
    let Ok(Rate::Own(bit)) = baud.rate(clock) else {
        return None;
    };
    let (shortest, longest) = board.serial_bits()?;
    [shortest, longest]
        .into_iter()
        .find(|states| bit.excess(*states).abs() > TOLERANCE)
        .map(|states| (clock.0 / 2).div_ceil(states.0.max(1)))
}
