//! The facts of a board but its program.

use crate::chips::Chip;
use crate::interrupt::InterruptTiming;
use emu8051::{Cycles, Unprogrammed};

/// The wiring of memory to the chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wiring {
    /// CODE and XDATA apart; the first that many bytes of XDATA are RAM, the others read 0xFF and
    /// cannot be written.
    Harvard {
        /// Up to 65536.
        xdata_bytes: u32,
    },
    /// `PSEN` and `RD` joined: 64 KiB of RAM that is CODE and XDATA at once, with the image loaded
    /// into it.
    VonNeumann,
}

/// Everything about a board but its program.
#[derive(Clone, Debug)]
pub struct BoardConfig {
    /// The chip.
    pub chip: Chip,
    /// The memories.
    pub wiring: Wiring,
    /// Whether CODE beyond the chip's ROM is there, as external memory.
    pub external_code: bool,
    /// The effect of executing CODE that the image does not fill.
    pub unprogrammed: Unprogrammed,
    /// The time that interrupts take.
    pub timing: InterruptTiming,
    /// Arriving at these addresses of CODE stops the board.
    pub breakpoints: Vec<u16>,
    /// Reading this address of XDATA stops the board.
    pub stop_on_xdata_read: Option<u16>,
    /// Inputs may come that the board does not know of yet: an idle processor waits for them,
    /// instead of stopping the board.
    pub inputs_may_come: bool,
}

impl BoardConfig {
    /// `chip` with 64 KiB each of CODE and XDATA, Intel's timing, and no breakpoints.
    pub fn new(chip: &Chip) -> BoardConfig {
        BoardConfig {
            chip: chip.clone(),
            wiring: Wiring::Harvard { xdata_bytes: 65536 },
            external_code: true,
            unprogrammed: Unprogrammed::Fault,
            timing: InterruptTiming::INTEL,
            breakpoints: Vec::new(),
            stop_on_xdata_read: None,
            inputs_may_come: false,
        }
    }
}

/// The reason why a board cannot be built, or not be given an input.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BoardError {
    /// The image has bytes where the chip has no ROM and there is no external CODE.
    #[error(
        "image fills CODE 0x{address:04X}, but the {chip} has {rom_bytes} bytes of ROM and no external CODE is \
         connected: choose a larger chip or allow external CODE"
    )]
    BeyondRom {
        /// The chip's name.
        chip: String,
        /// Its ROM in bytes.
        rom_bytes: u32,
        /// The first address beyond that the image fills.
        address: u16,
    },
    /// An input lies in the past.
    #[error("input at cycle {} lies in the past: the board has reached cycle {}", at.0, now.0)]
    InputInThePast {
        /// The machine cycle asked for.
        at: Cycles,
        /// The machine cycle the board has reached.
        now: Cycles,
    },
}
