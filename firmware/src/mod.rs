//! Firmware on an emulated board: what `smart51 firmware` and `smart51 firmware-test` share.

pub(crate) mod dump;
pub(crate) mod eeprom;
pub(crate) mod image;
pub(crate) mod outputs;
pub(crate) mod ram;
pub(crate) mod rate;
pub(crate) mod recording;
pub(crate) mod session;
pub(crate) mod settings;
pub(crate) mod stimulus;
pub(crate) mod suite;
pub(crate) mod vcd;

use board::BoardStop;
use emu8051::CpuFault;

/// The name of a stop in reports.
pub(crate) fn stop_name(stop: BoardStop) -> &'static str {
    match stop {
        BoardStop::Cycles => "cycles",
        BoardStop::Pc(_) => "pc",
        BoardStop::XdataRead(_) => "xdata_read",
        BoardStop::Idle => "idle",
        BoardStop::PowerDown => "power_down",
        _ => "fault",
    }
}

/// What to say about a stop that is a fault.
pub(crate) fn explain(stop: BoardStop, pc: u16) -> Option<String> {
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
