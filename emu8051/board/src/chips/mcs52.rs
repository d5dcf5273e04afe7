//! Intel's 8052: an 8051 with 256 bytes of RAM and timer 2.

use super::{Chip, Interrupt, Register, bits_from, family, joined, mcs51};
use crate::interrupt::Source;
use crate::peripherals::PeripheralId as Part;
use emu8051::sfr;

const REGISTERS: [Register; 5] = [
    Register::new(sfr::T2CON, "T2CON", Part::Timer2, 0x00),
    Register::new(sfr::RCAP2L, "RCAP2L", Part::Timer2, 0x00),
    Register::new(sfr::RCAP2H, "RCAP2H", Part::Timer2, 0x00),
    Register::new(sfr::TL2, "TL2", Part::Timer2, 0x00),
    Register::new(sfr::TH2, "TH2", Part::Timer2, 0x00),
];

const INTERRUPTS: [Interrupt; 1] = [Interrupt {
    source: Source::Timer2,
    flags: (sfr::T2CON, 0xC0),
    enable: 0x20,
    priority: 0x20,
    vector: 0x002B,
}];

/// The 8052 in CHMOS.
pub(super) fn mcs52() -> Chip {
    let mcs51 = mcs51::mcs51();
    let t2con = [
        "CP_RL2", "C_T2", "TR2", "EXEN2", "TCLK", "RCLK", "EXF2", "TF2",
    ];
    let bits = [
        mcs51.bits.clone(),
        bits_from(sfr::IE + 5, &["ET2"]),
        bits_from(sfr::IP + 5, &["PT2"]),
        bits_from(sfr::T2CON, &t2con),
    ];
    Chip {
        iram_bytes: 256,
        registers: joined(&mcs51.registers, &REGISTERS),
        bits: bits.concat(),
        interrupts: joined(&mcs51.interrupts, &INTERRUPTS),
        ..mcs51
    }
}

pub(super) fn chmos() -> Vec<Chip> {
    let rows = [
        ("8032", 0),
        ("80C32", 0),
        ("8052", 8192),
        ("80C52", 8192),
        ("8752", 8192),
        ("87C52", 8192),
        ("80C54", 16384),
        ("80C58", 32768),
    ];
    family(&mcs52(), &rows)
}

pub(super) fn hmos() -> Vec<Chip> {
    let hmos = Chip {
        pcon_bits: 0x80,
        ..mcs52()
    };
    family(&hmos, &[("8032AH", 0), ("8052AH", 8192)])
}
