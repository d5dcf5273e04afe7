//! The four ports: their latches, and the levels outside.
//!
//! After *Port Structures and Operation* in Intel's Hardware Description of the 8051 (1994).

use super::{Effects, Peripheral};
use crate::archive::{Reader, SnapshotError, archived_fields};
use crate::chips::Chip;
use crate::trace::Trace;
use emu8051::Cycles;

/// Latches and outside levels of P0 to P3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ports {
    pub(crate) latch: [u8; 4],
    outside: [u8; 4],
}

impl Ports {
    /// As after reset, with nothing connected: all high.
    pub(crate) fn new() -> Ports {
        Ports {
            latch: [0xFF; 4],
            outside: [0xFF; 4],
        }
    }

    /// The pins: a latch bit of 1 only pulls up weakly, so that the world can pull the pin low; a
    /// bit of 0 wins against whatever is outside. P0 has no pull-ups; they are taken to be on the
    /// board.
    pub(crate) fn pins(&self, port: usize) -> u8 {
        self.latch[port] & self.outside[port]
    }

    /// The world drives a pin low, or lets go of it.
    pub(crate) fn drive(&mut self, port: usize, bit: u8, level: bool) {
        let mask = 1 << (bit & 7);
        self.outside[port] = if level {
            self.outside[port] | mask
        } else {
            self.outside[port] & !mask
        };
    }
}

/// The number of the port whose latch is at the direct address `register`.
#[inline(always)]
pub(crate) fn port_at(register: u8) -> usize {
    usize::from(register >> 4 & 3)
}

archived_fields!(Ports: latch, outside);

impl Peripheral for Ports {
    fn after_reset(_: &Chip) -> Ports {
        Ports::new()
    }

    /// The latch; the pins are for [`Peripherals::read`](super::Peripherals::read), as others drive
    /// them, too.
    fn read(&self, register: u8) -> u8 {
        self.latch[port_at(register)]
    }

    /// The latch; the pins are for [`Peripherals::write`](super::Peripherals::write), as others are
    /// to be told.
    fn write(&mut self, register: u8, value: u8, _: Cycles, _: &mut Trace) -> Effects {
        self.latch[port_at(register)] = value;
        Effects::empty()
    }

    fn save(&self, out: &mut Vec<u8>) {
        self.save_fields(out);
    }

    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), SnapshotError> {
        self.restore_fields(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_high_only_if_latch_and_world_let_it() {
        for latch in [0x00, 0xFF, 0x5A] {
            for bit in 0..8 {
                let mut ports = Ports::new();
                ports.latch[1] = latch;
                ports.drive(1, bit, false);
                assert_eq!(ports.pins(1), latch & !(1 << bit));
                ports.drive(1, bit, true);
                assert_eq!(ports.pins(1), latch);
            }
        }
    }
}
