//! The four ports: what the program put into the latches, and what the world does to the pins.
//!
//! After *Port Structures and Operation* in Intel's Hardware Description of the 8051 (1994).

use crate::archive::{Carrier, Fields, SnapshotError};

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

    /// The pins: a latch bit of 1 only pulls up weakly, so that the world can pull the pin low; a bit of 0 wins
    /// against whatever is outside. P0 has no pull-ups; they are taken to be on the board.
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

impl Fields for Ports {
    fn fields(&mut self, carrier: &mut Carrier<'_>) -> Result<(), SnapshotError> {
        carrier.bytes(&mut self.latch)?;
        carrier.bytes(&mut self.outside)
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
