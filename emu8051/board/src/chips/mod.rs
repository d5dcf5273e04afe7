//! The members of the family, as data: a file for each branch of it.
//!
//! From Intel's *MCS 51 Microcontroller Family User's Manual* (1994): table 1 of the Architectural
//! Overview for memory sizes, figures 2 and 3 of the Hardware Description for registers and reset
//! values.
//!
//! All of them take Intel's twelve oscillator periods for a machine cycle, and its cycles for each
//! instruction.

mod mcs51;
mod mcs52;
mod philips;

use std::borrow::Cow;
use std::sync::LazyLock;

use crate::interrupt::Source;
use crate::peripherals::PeripheralId;

/// A text that is part of the program, or was read from a file.
pub type Name = Cow<'static, str>;

/// The facts of a chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chip {
    /// The name users give, upper case.
    pub name: Name,
    /// On-chip ROM or EPROM in bytes; the rest of the 64 KiB of CODE is external.
    pub rom_bytes: u32,
    /// On-chip RAM in bytes: 128 or 256.
    pub iram_bytes: u16,
    /// XDATA on the chip, in bytes from 0x0000 on; it is there while AUXR.1 is 0. Accesses to it do
    /// not reach the ports.
    pub xram_bytes: u16,
    /// The special function registers.
    pub registers: Vec<Register>,
    /// The bits that have a name of their own, by bit address.
    pub bits: Vec<(u8, Name)>,
    /// The interrupts, in polling order: within a level, the first one pending is served first.
    pub interrupts: Vec<Interrupt>,
    /// The bits of PCON that exist: SMOD alone on HMOS parts, which have neither IDL nor PD.
    pub pcon_bits: u8,
    /// The second data pointer.
    pub second_dptr: Option<SecondDptr>,
    /// Whether INT0 and INT1, as levels, end power down; else only a reset does.
    pub interrupts_end_power_down: bool,
}

/// A special function register of a chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Register {
    /// Its direct address, from 0x80 on.
    pub address: u8,
    /// Its name in the manual, upper case.
    pub name: Name,
    /// The part of the chip that it belongs to.
    pub owner: PeripheralId,
    /// The value it has after reset.
    pub reset: u8,
}

impl Register {
    const fn new(address: u8, name: &'static str, owner: PeripheralId, reset: u8) -> Register {
        Register {
            address,
            name: Cow::Borrowed(name),
            owner,
            reset,
        }
    }
}

/// An interrupt of a chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupt {
    /// Its source.
    pub source: Source,
    /// The flags that request it: their register, and a mask of their bits.
    pub flags: (u8, u8),
    /// Its bit in IE, as a mask.
    pub enable: u8,
    /// Its bit in IP, as a mask.
    pub priority: u8,
    /// The address that its service routine begins at.
    pub vector: u16,
}

/// The way to a second data pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecondDptr {
    /// The selecting bit of AUXR1, as a mask: clear for DPTR0, set for DPTR1.
    pub bit: u8,
    /// The bits that can be written; the others read as zero, so that `INC` flips the selecting bit
    /// and nothing else.
    pub writable: u8,
}

impl Chip {
    /// Every chip that can be asked for by name.
    ///
    /// Bare names mean the CHMOS parts, which are those still made; `AH` names the HMOS ones.
    pub fn all() -> &'static [Chip] {
        static ALL: LazyLock<Vec<Chip>> = LazyLock::new(|| {
            let branches = [
                mcs51::chmos(),
                mcs52::chmos(),
                philips::chips(),
                mcs51::hmos(),
                mcs52::hmos(),
            ];
            branches.concat()
        });
        &ALL
    }

    /// The chip called `name`, in whatever case.
    pub fn named(name: &str) -> Option<&'static Chip> {
        Chip::all()
            .iter()
            .find(|chip| chip.name.eq_ignore_ascii_case(name))
    }

    /// The name of the register at `address`.
    pub fn register_name(&self, address: u8) -> Option<&str> {
        let register = self.registers.iter().find(|row| row.address == address);
        register.map(|row| &*row.name)
    }

    /// The name of the bit at bit address `bit`, if it has one of its own.
    pub fn bit_name(&self, bit: u8) -> Option<&str> {
        let row = self.bits.iter().find(|(address, _)| *address == bit);
        row.map(|(_, name)| &**name)
    }
}

/// The chips of `rows`, each a name and bytes of ROM, which are `like` another in everything else.
fn family(like: &Chip, rows: &[(&'static str, u32)]) -> Vec<Chip> {
    let chip = |&(name, rom_bytes): &(&'static str, u32)| Chip {
        name: Name::Borrowed(name),
        rom_bytes,
        ..like.clone()
    };
    rows.iter().map(chip).collect()
}

/// `first` and `second`, as rows of one table.
fn joined<T: Clone>(first: &[T], second: &[T]) -> Vec<T> {
    [first, second].concat()
}

/// Bits of one register from bit address `first` on; an empty name is a bit that has none.
fn bits_from(first: u8, names: &[&'static str]) -> Vec<(u8, Name)> {
    (first..)
        .zip(names)
        .filter(|(_, name)| !name.is_empty())
        .map(|(bit, name)| (bit, Name::Borrowed(*name)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use emu8051::sfr;

    fn chip(name: &str) -> &'static Chip {
        Chip::named(name).expect("listed")
    }

    #[test]
    fn names_are_found_in_any_case_and_only_once() {
        for chip in Chip::all() {
            assert_eq!(Chip::named(&chip.name.to_lowercase()), Some(chip));
            let same = Chip::all().iter().filter(|other| other.name == chip.name);
            assert_eq!(same.count(), 1, "{}", chip.name);
        }
        assert_eq!(Chip::named("8048"), None);
    }

    #[test]
    fn an_8051_has_21_registers_and_an_8052_has_5_more() {
        let count = |name| chip(name).registers.len();
        assert_eq!(
            (count("8051"), count("8052"), count("89C51RX")),
            (21, 26, 28)
        );
    }

    #[test]
    fn hmos_parts_have_no_idle_and_no_power_down() {
        let pcon = |name| chip(name).pcon_bits;
        assert_eq!((pcon("8051AH"), pcon("80C51")), (0x80, 0x8F));
    }

    /// Those that the assembler and the disassembler know are the 8052's.
    #[test]
    fn names_of_registers_and_bits_are_the_cores() {
        let chip = chip("8052");
        for row in &chip.registers {
            assert_eq!(sfr::name(row.address), Some(&*row.name));
            assert_eq!(chip.register_name(row.address), Some(&*row.name));
        }
        for bit in 0x80..=0xFF {
            assert_eq!(chip.bit_name(bit), sfr::bit_name(bit));
        }
    }

    #[test]
    fn no_register_bit_or_interrupt_is_listed_twice() {
        fn once<T: Ord + std::fmt::Debug>(rows: impl Iterator<Item = T>) {
            let mut rows: Vec<T> = rows.collect();
            rows.sort();
            let all = format!("{rows:?}");
            rows.dedup();
            assert_eq!(format!("{rows:?}"), all);
        }
        for chip in Chip::all() {
            once(chip.registers.iter().map(|row| row.address));
            once(chip.registers.iter().map(|row| &row.name));
            once(chip.bits.iter().map(|(bit, _)| *bit));
            once(chip.bits.iter().map(|(_, name)| name));
            once(chip.interrupts.iter().map(|row| row.source));
            once(chip.interrupts.iter().map(|row| row.vector));
            once(chip.interrupts.iter().map(|row| row.enable));
            once(chip.interrupts.iter().map(|row| row.priority));
        }
    }
}
