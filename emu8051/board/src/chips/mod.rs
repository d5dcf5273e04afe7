//! The members of the family, as data.
//!
//! From Intel's *MCS 51 Microcontroller Family User's Manual* (1994): table 1 of the Architectural Overview for memory
//! sizes, figures 2 and 3 of the Hardware Description for registers and reset values.

use emu8051::sfr::{self, SfrSet};

/// How a second data pointer is reached, where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecondDptr {
    /// The register that selects.
    pub select: u8,
    /// Its selecting bit: clear for DPTR0, set for DPTR1.
    pub bit: u8,
    /// The bits that can be written; the others read as zero, so that `INC` flips the selecting bit and nothing else.
    pub writable: u8,
}

/// AUXR1 of the dual-DPTR members (Philips and Atmel): DPS is bit 0, GF2 bit 3, and bit 1 stays zero.
const AUXR1: SecondDptr = SecondDptr {
    select: 0xA2,
    bit: 0x01,
    writable: 0x09,
};

/// The register that says where XDATA lies, of the members with some on the chip (Philips).
pub(crate) const AUXR: u8 = 0x8E;
/// AUXR.1: all of XDATA is external.
pub(crate) const AUXR_EXTRAM: u8 = 0x02;
/// The bits of AUXR that exist: EXTRAM, and AO, which stops ALE.
pub(crate) const AUXR_BITS: u8 = 0x03;

/// What a chip has and has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chip {
    /// The name users give, upper case.
    pub name: &'static str,
    /// On-chip ROM or EPROM in bytes; the rest of the 64 KiB of CODE is external.
    pub rom_bytes: u32,
    /// On-chip RAM in bytes: 128 or 256.
    pub iram_bytes: u16,
    /// Whether timer 2 exists, with its registers and its interrupt.
    pub timer2: bool,
    /// Whether PCON has IDL and PD: CHMOS parts do, HMOS ones do not.
    pub power_saving: bool,
    /// The second data pointer.
    pub second_dptr: Option<SecondDptr>,
    /// XDATA on the chip, in bytes from 0x0000 on; it is there while AUXR.1 is 0. Accesses to it do not reach the ports.
    pub xram_bytes: u16,
    /// Whether INT0 and INT1, as levels, end power down; else only a reset does.
    pub interrupts_end_power_down: bool,
}

const MCS51: Chip = Chip {
    name: "8051",
    rom_bytes: 4096,
    iram_bytes: 128,
    timer2: false,
    power_saving: true,
    second_dptr: None,
    xram_bytes: 0,
    interrupts_end_power_down: false,
};
const MCS52: Chip = Chip {
    name: "8052",
    rom_bytes: 8192,
    iram_bytes: 256,
    timer2: true,
    ..MCS51
};

/// Every chip that can be asked for by name.
///
/// Bare names mean the CHMOS parts, which are those still made; `AH` names the HMOS ones.
pub const CHIPS: &[Chip] = &[
    Chip {
        name: "8031",
        rom_bytes: 0,
        ..MCS51
    },
    Chip {
        name: "80C31",
        rom_bytes: 0,
        ..MCS51
    },
    MCS51,
    Chip {
        name: "80C51",
        ..MCS51
    },
    Chip {
        name: "8751",
        ..MCS51
    },
    Chip {
        name: "87C51",
        ..MCS51
    },
    Chip {
        name: "8032",
        rom_bytes: 0,
        ..MCS52
    },
    Chip {
        name: "80C32",
        rom_bytes: 0,
        ..MCS52
    },
    MCS52,
    Chip {
        name: "80C52",
        ..MCS52
    },
    Chip {
        name: "8752",
        ..MCS52
    },
    Chip {
        name: "87C52",
        ..MCS52
    },
    Chip {
        name: "80C54",
        rom_bytes: 16384,
        ..MCS52
    },
    Chip {
        name: "80C58",
        rom_bytes: 32768,
        ..MCS52
    },
    Chip {
        name: "89C51RX",
        rom_bytes: 65536,
        second_dptr: Some(AUXR1),
        xram_bytes: 768,
        interrupts_end_power_down: true,
        ..MCS52
    },
    Chip {
        name: "8031AH",
        rom_bytes: 0,
        power_saving: false,
        ..MCS51
    },
    Chip {
        name: "8051AH",
        power_saving: false,
        ..MCS51
    },
    Chip {
        name: "8751H",
        power_saving: false,
        ..MCS51
    },
    Chip {
        name: "8032AH",
        rom_bytes: 0,
        power_saving: false,
        ..MCS52
    },
    Chip {
        name: "8052AH",
        power_saving: false,
        ..MCS52
    },
];

impl Chip {
    /// The chip called `name`, in whatever case.
    pub fn named(name: &str) -> Option<&'static Chip> {
        CHIPS
            .iter()
            .find(|chip| chip.name.eq_ignore_ascii_case(name))
    }

    /// The registers that exist.
    pub fn sfrs(&self) -> SfrSet {
        let family = [
            sfr::P0,
            sfr::SP,
            sfr::DPL,
            sfr::DPH,
            sfr::PCON,
            sfr::TCON,
            sfr::TMOD,
            sfr::TL0,
            sfr::TL1,
            sfr::TH0,
            sfr::TH1,
            sfr::P1,
            sfr::SCON,
            sfr::SBUF,
            sfr::P2,
            sfr::IE,
            sfr::P3,
            sfr::IP,
            sfr::PSW,
            sfr::ACC,
            sfr::B,
        ];
        let timer2 = [sfr::T2CON, sfr::RCAP2L, sfr::RCAP2H, sfr::TL2, sfr::TH2];
        let set = family.into_iter().fold(SfrSet::EMPTY, SfrSet::with);
        let set = timer2
            .into_iter()
            .filter(|_| self.timer2)
            .fold(set, SfrSet::with);
        let set = self
            .second_dptr
            .map_or(set, |second| set.with(second.select));
        if self.xram_bytes > 0 {
            set.with(AUXR)
        } else {
            set
        }
    }

    /// The bits of PCON that exist: SMOD alone on HMOS parts.
    pub fn pcon_bits(&self) -> u8 {
        if self.power_saving { 0x8F } else { 0x80 }
    }

    /// The bits of IE and of IP that name a source.
    pub fn interrupt_bits(&self) -> u8 {
        if self.timer2 { 0x3F } else { 0x1F }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case_and_only_once() {
        for chip in CHIPS {
            assert_eq!(Chip::named(&chip.name.to_lowercase()), Some(chip));
            assert_eq!(
                CHIPS.iter().filter(|other| other.name == chip.name).count(),
                1,
                "{}",
                chip.name
            );
        }
        assert_eq!(Chip::named("8048"), None);
    }

    #[test]
    fn an_8051_has_21_registers_and_an_8052_has_5_more() {
        let count = |name| {
            let sfrs = Chip::named(name).expect("listed").sfrs();
            (0x80..=0xFF)
                .filter(|&address| sfrs.contains(address))
                .count()
        };
        assert_eq!(
            (count("8051"), count("8052"), count("89C51RX")),
            (21, 26, 28)
        );
    }

    #[test]
    fn hmos_parts_have_no_idle_and_no_power_down() {
        let pcon = |name| Chip::named(name).expect("listed").pcon_bits();
        assert_eq!((pcon("8051AH"), pcon("80C51")), (0x80, 0x8F));
    }
}
