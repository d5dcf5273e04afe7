//! The chip around the processor: timers, serial port, interrupts, ports, and the board they are
//! on.
//!
//! A [`Board`] is a [`Cpu`](emu8051::Cpu) with a program, external RAM, the peripherals of a
//! [`Chip`](chips::Chip), and time. Nothing of it costs a processor without peripherals anything:
//! it is one more [`Bus`](emu8051::Bus).
//!
//! ```
//! use emu8051::Cycles;
//! use board::{Board, BoardConfig, BoardStop};
//! use board::chips::Chip;
//!
//! // The service routine of timer 0 toggles a pin: CPL P1.0 | RETI.
//! let handler = [0xB2, 0x90, 0x32];
//! // MOV TMOD,#2 | MOV IE,#0x82 | SETB TR0 | SJMP $
//! let main = [0x75, 0x89, 0x02, 0x75, 0xA8, 0x82, 0xD2, 0x8C, 0x80, 0xFE];
//! let segments: [(u16, &[u8]); 3] = [(0x0000, &[0x02, 0x00, 0x30]), (0x000B, &handler), (0x0030, &main)];
//! let chip = Chip::named("8051").expect("a chip of the table");
//! let mut board = Board::new(&BoardConfig::new(chip), segments)?;
//!
//! assert_eq!(board.run(Cycles(300)), BoardStop::Cycles);
//! assert_eq!(board.pins(1), 0xFE); // toggled at the first overflow, 256 cycles after the start
//! # Ok::<(), board::BoardError>(())
//! ```
//!
//! Every decision, with the section of Intel's manual it rests on, is in `docs/hardware.md`.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod archive;
mod board;
pub mod chips;
pub mod interrupt;
pub mod line;
mod peripherals;
pub mod snapshot;
pub mod stimulus;
pub mod time;
pub mod trace;

pub use peripherals::PeripheralId;

pub use board::{Board, BoardConfig, BoardError, BoardStop, Device, Wiring};
