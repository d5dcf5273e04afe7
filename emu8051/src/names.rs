//! The names of special function registers and bits, which differ from chip to chip.

use crate::sfr;

/// The names that a chip gives to its registers and their bits: what the disassembler writes and the assembler reads.
pub trait SfrNames {
    /// The name of the register at direct address `address`, 0x80 to 0xFF, if it has one.
    fn register_name(&self, address: u8) -> Option<&str>;

    /// The name of the bit at bit address `bit`, 0x80 to 0xFF, if it has one of its own.
    fn bit_name(&self, bit: u8) -> Option<&str>;

    /// The address of the register called `name`, or else of the bit, in either case.
    fn address_of(&self, name: &str) -> Option<u8> {
        let is = |found: Option<&str>| found.is_some_and(|word| word.eq_ignore_ascii_case(name));
        let addresses = || 0x80..=0xFF_u8;
        addresses()
            .find(|at| is(self.register_name(*at)))
            .or_else(|| addresses().find(|at| is(self.bit_name(*at))))
    }
}

/// The names of the 8052, those in [`sfr`]. A chip that has other registers gives its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct Names8052;

impl SfrNames for Names8052 {
    fn register_name(&self, address: u8) -> Option<&str> {
        sfr::name(address)
    }

    fn bit_name(&self, bit: u8) -> Option<&str> {
        sfr::bit_name(bit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Program, assemble, assemble_with, disasm, disasm_with, disassemble_with};

    /// A chip with AUXR1 and, in place of timer 2, a register with a bit of its own.
    struct Other;

    impl SfrNames for Other {
        fn register_name(&self, address: u8) -> Option<&str> {
            match address {
                0xA2 => Some("AUXR1"),
                0xC8 => Some("XICON"),
                _ => None,
            }
        }

        fn bit_name(&self, bit: u8) -> Option<&str> {
            (bit == 0xC9).then_some("IT2")
        }
    }

    #[test]
    fn every_name_of_the_8052_has_its_address() {
        for (address, name) in sfr::NAMES {
            assert_eq!(Names8052.address_of(name), Some(*address));
        }
        for (bit, name) in sfr::BIT_NAMES {
            assert_eq!(Names8052.address_of(&name.to_lowercase()), Some(*bit));
        }
        assert_eq!(Names8052.address_of("AUXR1"), None);
    }

    #[test]
    fn text_uses_the_names_of_a_chip() {
        let text = "INC AUXR1\n SETB IT2\n CLR XICON.0\n MOV A,0x90\n";
        let assembly = assemble_with(text, &Other).expect("it assembles");
        let bytes = vec![0x05, 0xA2, 0xD2, 0xC9, 0xC2, 0xC8, 0xE5, 0x90];
        assert_eq!(assembly.segments, [(0, bytes)]);
        let program: Program = assembly.program().build();

        assert_eq!(disasm_with(program.code(), 0, &Other), "INC AUXR1");
        assert_eq!(disasm(program.code(), 0), "INC 0xA2");
        assert_eq!(disasm_with(program.code(), 6, &Other), "MOV A,0x90");
        assert_eq!(disasm(program.code(), 6), "MOV A,P1");
        let listing = disassemble_with(program.code(), &[0..=7], &Other).to_string();
        let again = assemble_with(&listing, &Other).expect("it assembles again");
        assert_eq!(again.segments, assembly.segments);
        assert!(assemble(text).is_err());
    }

    #[test]
    fn a_name_of_the_chip_is_taken() {
        assert!(assemble_with("IT2: NOP", &Other).is_err());
        assert!(assemble_with("P1: NOP", &Other).is_ok());
    }
}
