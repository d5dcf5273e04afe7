//! Firmware on an emulated board: what `smart51 firmware` and `smart51 firmware-test` do, for programs and for tests.
//!
//! * [`image`]: images of firmware; [`settings`]: the board they run on; [`rate`]: its oscillator and the host's rate
//! * [`session`]: a run, with its inputs and outputs; [`stimulus`]: inputs as text; [`ram`], [`eeprom`]: memories
//! * [`vcd`]: waveforms; [`dump`]: memory at the end; [`recording`]: runs that can be repeated bit for bit
//! * [`watch`]: the stack and the coverage of sources
//! * [`suite`]: regression tests in TOML files
//!
//! Nothing here prints or ends a program: what is worth telling is returned as a [`note::Note`], a warning or an error.
//! All files are reached through [`files::Files`].
//!
//! ```
//! use firmware::Cycles;
//! use firmware::settings::Settings;
//!
//! // MOV SBUF,#'!' and a loop, with the serial port in mode 0.
//! let image = loader::Image::bin(&[0x75, 0x99, 0x21, 0x80, 0xFE])?;
//! let mut session = Settings::default().session(&image)?;
//! session.run_until(Cycles(100))?;
//! assert_eq!(session.sent(), b"!");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod checkpoint;
pub mod dump;
pub mod eeprom;
pub mod files;
pub mod image;
pub mod note;
pub mod number;
pub mod ram;
pub mod rate;
pub mod recording;
pub mod session;
pub mod settings;
pub mod stimulus;
pub mod suite;
pub mod values;
pub mod vcd;
pub mod warning;
pub mod watch;

use board::BoardStop;
use emu8051::CpuFault;

pub use emu8051::Cycles;

/// The name of a stop in reports.
#[must_use]
pub fn stop_name(stop: BoardStop) -> &'static str {
    match stop {
        BoardStop::Cycles => "cycles",
        BoardStop::Pc(_) => "pc",
        BoardStop::XdataRead(_) => "xdata_read",
        BoardStop::Idle => "idle",
        BoardStop::PowerDown => "power_down",
        BoardStop::Observer => "observer",
        _ => "fault",
    }
}

/// The message for a stop that is a fault.
#[must_use]
pub fn fault_message(stop: BoardStop, pc: u16) -> Option<String> {
    match stop {
        BoardStop::Fault(CpuFault::Unprogrammed) => Some(format!(
            "the program runs into unprogrammed CODE at 0x{pc:04X}"
        )),
        BoardStop::Fault(_) => Some(format!(
            "the instruction at CODE 0x{pc:04X} cannot be executed"
        )),
        BoardStop::NoHandler(source) => Some(format!(
            "interrupt {} was accepted, but no service routine is at its vector 0x{pc:04X}",
            source.name()
        )),
        _ => None,
    }
}
