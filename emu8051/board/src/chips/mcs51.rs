//! Intel's 8051: 128 bytes of RAM, two timers, a serial port, five interrupts.

use super::{Chip, Interrupt, Name, Register, bits_from, family};
use crate::interrupt::Source;
use crate::peripherals::PeripheralId as Part;
use emu8051::sfr;

const REGISTERS: [Register; 21] = [
    Register::new(sfr::P0, "P0", Part::Ports, 0xFF),
    Register::new(sfr::SP, "SP", Part::Cpu, 0x07),
    Register::new(sfr::DPL, "DPL", Part::Cpu, 0x00),
    Register::new(sfr::DPH, "DPH", Part::Cpu, 0x00),
    Register::new(sfr::PCON, "PCON", Part::Power, 0x00),
    Register::new(sfr::TCON, "TCON", Part::Tcon, 0x00),
    Register::new(sfr::TMOD, "TMOD", Part::Timers, 0x00),
    Register::new(sfr::TL0, "TL0", Part::Timers, 0x00),
    Register::new(sfr::TL1, "TL1", Part::Timers, 0x00),
    Register::new(sfr::TH0, "TH0", Part::Timers, 0x00),
    Register::new(sfr::TH1, "TH1", Part::Timers, 0x00),
    Register::new(sfr::P1, "P1", Part::Ports, 0xFF),
    Register::new(sfr::SCON, "SCON", Part::Uart, 0x00),
    Register::new(sfr::SBUF, "SBUF", Part::Uart, 0x00),
    Register::new(sfr::P2, "P2", Part::Ports, 0xFF),
    Register::new(sfr::IE, "IE", Part::Interrupts, 0x00),
    Register::new(sfr::P3, "P3", Part::Ports, 0xFF),
    Register::new(sfr::IP, "IP", Part::Interrupts, 0x00),
    Register::new(sfr::PSW, "PSW", Part::Cpu, 0x00),
    Register::new(sfr::ACC, "ACC", Part::Cpu, 0x00),
    Register::new(sfr::B, "B", Part::Cpu, 0x00),
];

/// The bits of each register that is reached by bit, lowest first.
fn bits() -> Vec<(u8, Name)> {
    [
        bits_from(
            sfr::TCON,
            &["IT0", "IE0", "IT1", "IE1", "TR0", "TF0", "TR1", "TF1"],
        ),
        bits_from(
            sfr::SCON,
            &["RI", "TI", "RB8", "TB8", "REN", "SM2", "SM1", "SM0"],
        ),
        bits_from(sfr::IE, &["EX0", "ET0", "EX1", "ET1", "ES", "", "", "EA"]),
        bits_from(sfr::IP, &["PX0", "PT0", "PX1", "PT1", "PS"]),
        bits_from(sfr::PSW, &["P", "", "OV", "RS0", "RS1", "F0", "AC", "CY"]),
    ]
    .concat()
}

const INTERRUPTS: [Interrupt; 5] = [
    Interrupt {
        source: Source::External0,
        flags: (sfr::TCON, 0x02),
        enable: 0x01,
        priority: 0x01,
        vector: 0x0003,
    },
    Interrupt {
        source: Source::Timer0,
        flags: (sfr::TCON, 0x20),
        enable: 0x02,
        priority: 0x02,
        vector: 0x000B,
    },
    Interrupt {
        source: Source::External1,
        flags: (sfr::TCON, 0x08),
        enable: 0x04,
        priority: 0x04,
        vector: 0x0013,
    },
    Interrupt {
        source: Source::Timer1,
        flags: (sfr::TCON, 0x80),
        enable: 0x08,
        priority: 0x08,
        vector: 0x001B,
    },
    Interrupt {
        source: Source::Serial,
        flags: (sfr::SCON, 0x03),
        enable: 0x10,
        priority: 0x10,
        vector: 0x0023,
    },
];

/// The 8051 in CHMOS.
pub(super) fn mcs51() -> Chip {
    Chip {
        name: Name::Borrowed("8051"),
        rom_bytes: 4096,
        iram_bytes: 128,
        xram_bytes: 0,
        registers: REGISTERS.to_vec(),
        bits: bits(),
        interrupts: INTERRUPTS.to_vec(),
        pcon_bits: 0x8F,
        second_dptr: None,
        interrupts_end_power_down: false,
    }
}

pub(super) fn chmos() -> Vec<Chip> {
    let rows = [
        ("8031", 0),
        ("80C31", 0),
        ("8051", 4096),
        ("80C51", 4096),
        ("8751", 4096),
        ("87C51", 4096),
    ];
    family(&mcs51(), &rows)
}

pub(super) fn hmos() -> Vec<Chip> {
    let hmos = Chip {
        pcon_bits: 0x80,
        ..mcs51()
    };
    family(&hmos, &[("8031AH", 0), ("8051AH", 4096), ("8751H", 4096)])
}
