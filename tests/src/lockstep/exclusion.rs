//! What is left out of the comparison, and why: where `s51` 0.6.4 is not the MCS-51, or brings its own peripherals.

use std::fmt;

use emu8051::isa::Operand;
use emu8051::{Cpu, Insn, Psw, sfr};

use super::generate::{CORE_SFRS, RESERVED};

/// A reason to end a program before an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Exclusion {
    /// The reserved opcode 0xA5: a fault here, a no-operation there.
    Reserved,
    /// A direct or bit address of a peripheral or an unimplemented register; reached by jumps into instructions.
    Peripheral,
    /// A write to PSW whose lowest bit is not the parity of ACC: `s51` keeps what was written.
    WrittenParity,
    /// A bit instruction that changes RS0 or RS1: `s51` goes on with the old bank.
    BankByBit,
    /// A MOVC beyond 0xFFFF: `s51` does not wrap, it reads 0 there.
    MovcBeyondEnd,
    /// A branch or a `JMP @A+DPTR` forward to 0x10000 and no further: that one address `s51` does not wrap, and
    /// executes a NOP there.
    BranchToEnd,
    /// `MOV A,ACC`, which `s51` does not know.
    MovAAcc,
}

impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reserved => "the reserved opcode A5: it has no meaning to agree on",
            Self::Peripheral => {
                "an access to a peripheral's register: only the core is compared here"
            }
            Self::WrittenParity => {
                "a write of the wrong parity to PSW: s51 keeps it, P always follows ACC"
            }
            Self::BankByBit => "a bit instruction on RS0 or RS1: s51 does not switch the bank",
            Self::MovcBeyondEnd => {
                "a MOVC beyond 0xFFFF: s51 reads 0 there, the address wraps to 0x0000"
            }
            Self::BranchToEnd => {
                "a branch or JMP forward to 0x10000: s51 executes a NOP there, the address wraps to 0x0000"
            }
            Self::MovAAcc => "MOV A,ACC: s51 takes it for an unknown instruction",
        })
    }
}

/// Why `s51` is no judge of `insn`, which leads from `before` to `after`; `None` if it is.
#[must_use]
pub fn exclusion(before: &Cpu, insn: &Insn, after: &Cpu) -> Option<Exclusion> {
    const MOV_A_DIRECT: u8 = 0xE5;
    let banks = (before.psw() ^ after.psw()) & (Psw::RS0 | Psw::RS1);
    let by_bit = matches!(insn.info().operands.first(), Some(Operand::Bit));
    if insn.opcode == RESERVED {
        Some(Exclusion::Reserved)
    } else if direct_addresses(insn).any(|address| address >= 0x80 && !CORE_SFRS.contains(&address))
    {
        Some(Exclusion::Peripheral)
    } else if insn.opcode == MOV_A_DIRECT && insn.x == sfr::ACC {
        Some(Exclusion::MovAAcc)
    } else if by_bit && !banks.is_empty() {
        Some(Exclusion::BankByBit)
    } else if written_to_psw(before, insn)
        .is_some_and(|value| (value ^ after.psw()).contains(Psw::P))
    {
        Some(Exclusion::WrittenParity)
    } else {
        at_the_end(before, insn, after)
    }
}

/// The direct addresses an instruction names; a bit's is that of its byte.
fn direct_addresses(insn: &Insn) -> impl Iterator<Item = u8> {
    let valued = |operand: &&Operand| {
        matches!(
            operand,
            Operand::Rn
                | Operand::AtRi
                | Operand::Imm
                | Operand::Direct
                | Operand::Bit
                | Operand::NotBit
        )
    };
    let operands = insn
        .info()
        .operands
        .iter()
        .filter(valued)
        .zip([insn.x, insn.y]);
    operands.filter_map(|(operand, value)| {
        matches!(operand, Operand::Direct | Operand::Bit | Operand::NotBit).then_some(value)
    })
}

/// The whole byte an instruction puts into PSW, the bit of the parity as the instruction has it.
fn written_to_psw(cpu: &Cpu, insn: &Insn) -> Option<Psw> {
    if insn.x != sfr::PSW {
        return None;
    }
    let psw = cpu.psw().bits();
    let source = |operand: Operand| match operand {
        Operand::A => cpu.a(),
        Operand::Imm => insn.y,
        Operand::Rn => cpu.r(insn.y),
        Operand::AtRi => cpu.iram(cpu.r(insn.y)),
        _ if insn.y < 0x80 => cpu.iram(insn.y),
        _ => cpu.sfr(insn.y),
    };
    let bit = if insn.info().operands.first() == Some(&Operand::Bit) {
        insn.y
    } else {
        0
    };
    let value = match (insn.info().mnemonic, insn.info().operands) {
        ("MOV", &[Operand::Direct, from]) => source(from),
        ("ANL", &[Operand::Direct, from]) => psw & source(from),
        ("ORL", &[Operand::Direct, from]) => psw | source(from),
        ("XRL", &[Operand::Direct, from]) => psw ^ source(from),
        ("POP", _) => cpu.iram(cpu.sp()),
        ("XCH", [Operand::A, Operand::Direct]) => cpu.a(),
        ("INC", [Operand::Direct]) => psw.wrapping_add(1),
        ("DEC", [Operand::Direct]) | ("DJNZ", [Operand::Direct, _]) => psw.wrapping_sub(1),
        ("SETB", [Operand::Bit]) => psw | bit,
        ("CLR" | "JBC", [Operand::Bit, ..]) => psw & !bit,
        ("CPL", [Operand::Bit]) => psw ^ bit,
        ("MOV", [Operand::Bit, Operand::C]) if cpu.psw().contains(Psw::CY) => psw | bit,
        ("MOV", [Operand::Bit, Operand::C]) => psw & !bit,
        _ => return None,
    };
    Some(Psw::from_bits_retain(value))
}

/// Whether an instruction reads beyond the end of CODE or goes exactly there, where `s51` does not wrap.
fn at_the_end(before: &Cpu, insn: &Insn, after: &Cpu) -> Option<Exclusion> {
    const END: u32 = 0x1_0000;
    let indexed = |base: u16| u32::from(base) + u32::from(before.a());
    match (insn.info().mnemonic, insn.info().operands.last()) {
        ("MOVC", Some(Operand::AtADptr)) if indexed(before.dptr()) >= END => {
            Some(Exclusion::MovcBeyondEnd)
        }
        ("MOVC", Some(Operand::AtAPc)) if indexed(insn.next) >= END => {
            Some(Exclusion::MovcBeyondEnd)
        }
        ("JMP", _) if indexed(before.dptr()) == END => Some(Exclusion::BranchToEnd),
        // A distance is less than 128 bytes: from so far up, 0x0000 is reached forward.
        (_, Some(Operand::Rel)) if insn.next > 0xFF00 && insn.target == 0 && after.pc() == 0 => {
            Some(Exclusion::BranchToEnd)
        }
        _ => None,
    }
}
