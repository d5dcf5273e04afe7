//! Philips' 89C51RX: an 8052 with XDATA on the chip and a second data pointer, which interrupts
//! wake from power down.

use super::{Chip, Register, SecondDptr, family, joined, mcs52};
use crate::peripherals::PeripheralId as Part;
use crate::peripherals::data_pointers::AUXR1;
use crate::peripherals::xram::AUXR;

const REGISTERS: [Register; 2] = [
    Register::new(AUXR, "AUXR", Part::Xram, 0x00),
    Register::new(AUXR1, "AUXR1", Part::DataPointers, 0x00),
];

pub(super) fn chips() -> Vec<Chip> {
    let mcs52 = mcs52::mcs52();
    let rx = Chip {
        xram_bytes: 768,
        registers: joined(&mcs52.registers, &REGISTERS),
        // DPS is bit 0, GF2 bit 3, and bit 1 stays zero
        second_dptr: Some(SecondDptr {
            bit: 0x01,
            writable: 0x09,
        }),
        interrupts_end_power_down: true,
        ..mcs52
    };
    family(&rx, &[("89C51RX", 65536)])
}
