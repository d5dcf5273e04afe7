//! The second data pointer of the members that have one (Philips and Atmel).

use super::{Effects, Peripheral};
use crate::archive::{Archive, Reader, SnapshotError};
use crate::chips::{Chip, SecondDptr};
use crate::trace::Trace;
use emu8051::Cycles;

/// The register that selects a data pointer.
pub(crate) const AUXR1: u8 = 0xA2;

/// AUXR1, and the data pointer that is not selected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DataPointers {
    second: Option<SecondDptr>,
    /// AUXR1.
    selector: u8,
    other: u16,
    /// The selecting bit was flipped: the processor's data pointer and the other one have to change
    /// places.
    exchange_due: bool,
}

impl DataPointers {
    /// Selects the other data pointer, if that is due; `selected` is the processor's.
    pub(crate) fn exchange(&mut self, selected: u16) -> Option<u16> {
        let due = std::mem::take(&mut self.exchange_due);
        due.then(|| std::mem::replace(&mut self.other, selected))
    }
}

impl Peripheral for DataPointers {
    fn after_reset(chip: &Chip) -> DataPointers {
        DataPointers {
            second: chip.second_dptr,
            selector: 0,
            other: 0,
            exchange_due: false,
        }
    }

    fn read(&self, _: u8) -> u8 {
        self.selector
    }

    fn write(&mut self, _: u8, value: u8, _: Cycles, _: &mut Trace) -> Effects {
        let Some(second) = self.second else {
            return Effects::empty();
        };
        let value = value & second.writable;
        self.exchange_due ^= (self.selector ^ value) & second.bit != 0;
        self.selector = value;
        Effects::BOARD
    }

    fn save(&self, out: &mut Vec<u8>) {
        self.selector.save(out);
        self.other.save(out);
    }

    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), SnapshotError> {
        self.selector = Archive::restore(from)?;
        self.other = Archive::restore(from)?;
        Ok(())
    }
}
