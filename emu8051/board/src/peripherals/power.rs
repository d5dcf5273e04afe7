//! PCON: idle, power down, and the bit that doubles the baud rate.

use super::{Effects, Peripheral};
use crate::archive::{Archive, Reader, SnapshotError};
use crate::chips::Chip;
use crate::trace::Trace;
use emu8051::Cycles;
use emu8051::sfr::Pcon;

/// The power control register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Power {
    pub(crate) control: Pcon,
    /// The bits the chip has.
    implemented: u8,
}

impl Peripheral for Power {
    fn after_reset(chip: &Chip) -> Power {
        Power {
            control: Pcon::empty(),
            implemented: chip.pcon_bits,
        }
    }

    fn read(&self, _: u8) -> u8 {
        self.control.bits()
    }

    fn write(&mut self, _: u8, value: u8, _: Cycles, _: &mut Trace) -> Effects {
        self.control = Pcon::from_bits_retain(value & self.implemented);
        Effects::POWER | Effects::BOARD | Effects::NEXT_CHANGE
    }

    fn save(&self, out: &mut Vec<u8>) {
        self.control.bits().save(out);
    }

    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), SnapshotError> {
        self.control = Pcon::from_bits_retain(u8::restore(from)?);
        Ok(())
    }
}
