//! XDATA on the chip, of the members that have some (Philips).

use super::{Effects, Peripheral};
use crate::archive::{Archive, Reader, SnapshotError};
use crate::chips::Chip;
use crate::trace::Trace;
use emu8051::Cycles;

/// The register that says where XDATA lies.
pub(crate) const AUXR: u8 = 0x8E;
/// AUXR.1: all of XDATA is external.
const EXTRAM: u8 = 0x02;
/// The bits of AUXR that exist: EXTRAM, and AO, which stops ALE.
const IMPLEMENTED: u8 = 0x03;

/// AUXR, and the size of the memory it switches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Xram {
    auxr: u8,
    bytes: u16,
}

impl Xram {
    /// The bytes of XDATA that lie on the chip, from 0x0000 on.
    #[inline(always)]
    pub(crate) fn bytes(&self) -> u16 {
        if self.auxr & EXTRAM == 0 {
            self.bytes
        } else {
            0
        }
    }
}

impl Peripheral for Xram {
    fn after_reset(chip: &Chip) -> Xram {
        Xram {
            auxr: 0,
            bytes: chip.xram_bytes,
        }
    }

    fn read(&self, _: u8) -> u8 {
        self.auxr
    }

    /// The board has to find out how much RAM there is.
    fn write(&mut self, _: u8, value: u8, _: Cycles, _: &mut Trace) -> Effects {
        self.auxr = value & IMPLEMENTED;
        Effects::BOARD
    }

    fn save(&self, out: &mut Vec<u8>) {
        self.auxr.save(out);
    }

    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), SnapshotError> {
        self.auxr = Archive::restore(from)?;
        Ok(())
    }
}
