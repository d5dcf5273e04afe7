//! Instructions to text, in the words [`assemble`](crate::assemble) understands.

use std::collections::BTreeSet;
use std::fmt::{self, Write};
use std::ops::RangeInclusive;

use crate::decode::{Insn, decode};
use crate::isa::{Attrs, Operand};
use crate::names::{Names8052, SfrNames};
use crate::units::Cycles;

/// The text of the instruction at `at`, such as `MOV A,#0x10` or `JNB P1.3,0x0123`. The reserved opcode is `.db 0xA5`.
pub fn disasm(code: &[u8; 65536], at: u16) -> String {
    disasm_with(code, at, &Names8052)
}

/// Does what [`disasm`] does, with the names of a chip.
pub fn disasm_with(code: &[u8; 65536], at: u16, names: &dyn SfrNames) -> String {
    text(&decode(code, at), names, &|_| None)
}

impl fmt::Display for Insn {
    /// The text of the instruction, as [`disasm`] gives it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&text(self, &Names8052, &|_| None))
    }
}

/// A line of a [`Listing`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// CODE address.
    pub at: u16,
    /// The bytes it stands for.
    pub bytes: Vec<u8>,
    /// Whether something jumps or calls here.
    pub target: bool,
    /// The instruction, or `.db` where the range ends within one.
    pub text: String,
    /// What it costs; zero for `.db`.
    pub cycles: Cycles,
}

/// A disassembly: displayed, it is text that assembles to the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// In order of address within each range.
    pub lines: Vec<Line>,
}

/// Disassembles the given address ranges from their beginnings on. Jumps and calls to addresses where a line begins are
/// written with labels (`L_0123`), others with numbers.
pub fn disassemble(code: &[u8; 65536], ranges: &[RangeInclusive<u16>]) -> Listing {
    disassemble_with(code, ranges, &Names8052)
}

/// Does what [`disassemble`] does, with the names of a chip.
pub fn disassemble_with(
    code: &[u8; 65536],
    ranges: &[RangeInclusive<u16>],
    names: &dyn SfrNames,
) -> Listing {
    let sweep: Vec<(u16, Option<Insn>)> =
        ranges.iter().flat_map(|range| sweep(code, range)).collect();
    let begins: BTreeSet<u16> = sweep.iter().map(|(at, _)| *at).collect();
    let targets: BTreeSet<u16> = sweep
        .iter()
        .filter_map(|(_, insn)| insn.as_ref().and_then(jump_target))
        .filter(|target| begins.contains(target))
        .collect();
    let label = |at: u16| targets.contains(&at).then(|| label(at));
    let line = |(at, insn): &(u16, Option<Insn>)| {
        let (text, len, cycles) = match insn {
            Some(insn) => (text(insn, names, &label), insn.size(), insn.cycles()),
            None => (format!(".db 0x{:02X}", code[*at as usize]), 1, Cycles::ZERO),
        };
        let bytes = (0..u16::from(len))
            .map(|i| code[at.wrapping_add(i) as usize])
            .collect();
        Line {
            at: *at,
            bytes,
            target: targets.contains(at),
            text,
            cycles,
        }
    };
    Listing {
        lines: sweep.iter().map(line).collect(),
    }
}

/// The instructions of a range one after the other; bytes of one that is cut off by the end of the range stand alone.
fn sweep(code: &[u8; 65536], range: &RangeInclusive<u16>) -> Vec<(u16, Option<Insn>)> {
    let end = u32::from(*range.end()) + 1;
    let mut at = u32::from(*range.start());
    let mut found = Vec::new();
    while at < end {
        let insn = decode(code, at as u16);
        let whole = at + u32::from(insn.size()) <= end;
        found.push((at as u16, whole.then_some(insn)));
        at += if whole { u32::from(insn.size()) } else { 1 };
    }
    found
}

fn jump_target(insn: &Insn) -> Option<u16> {
    let goes = Attrs::CALL | Attrs::JUMP | Attrs::BRANCH;
    let has_target = insn
        .info()
        .operands
        .iter()
        .any(|operand| matches!(operand, Operand::Rel | Operand::Addr11 | Operand::Addr16));
    (insn.info().attrs.intersects(goes) && has_target).then_some(insn.target)
}

fn label(at: u16) -> String {
    format!("L_{at:04X}")
}

fn text(insn: &Insn, names: &dyn SfrNames, label: &dyn Fn(u16) -> Option<String>) -> String {
    let info = insn.info();
    if insn.opcode == 0xA5 {
        return ".db 0xA5".to_owned();
    }
    let mut operands = [insn.x, insn.y].into_iter();
    let mut byte = || operands.next().unwrap_or_default();
    let words: Vec<String> = info
        .operands
        .iter()
        .map(|operand| match operand {
            Operand::A => "A".to_owned(),
            Operand::Ab => "AB".to_owned(),
            Operand::C => "C".to_owned(),
            Operand::Dptr => "DPTR".to_owned(),
            Operand::AtDptr => "@DPTR".to_owned(),
            Operand::AtADptr => "@A+DPTR".to_owned(),
            Operand::AtAPc => "@A+PC".to_owned(),
            Operand::Rn => format!("R{}", byte()),
            Operand::AtRi => format!("@R{}", byte()),
            Operand::Direct => direct_name(names, byte()),
            Operand::Imm => format!("#0x{:02X}", byte()),
            Operand::Imm16 => format!("#0x{:04X}", insn.target),
            Operand::Bit => bit_name(names, byte(), byte()),
            Operand::NotBit => format!("/{}", bit_name(names, byte(), byte())),
            Operand::Rel | Operand::Addr11 | Operand::Addr16 => {
                label(insn.target).unwrap_or_else(|| format!("0x{:04X}", insn.target))
            }
        })
        .collect();
    match words.is_empty() {
        true => info.mnemonic.to_owned(),
        false => format!("{} {}", info.mnemonic, words.join(",")),
    }
}

/// `P1`, `ACC`, `0x30`.
fn direct_name(names: &dyn SfrNames, address: u8) -> String {
    let name = (address >= 0x80).then(|| names.register_name(address));
    name.flatten()
        .map_or_else(|| format!("0x{address:02X}"), str::to_owned)
}

/// `TI`, `P1.3`, `0x20.7`.
fn bit_name(names: &dyn SfrNames, byte: u8, mask: u8) -> String {
    let number = mask.trailing_zeros() as u8;
    let named = if byte < 0x80 {
        None
    } else {
        names.bit_name(byte + number)
    };
    named.map_or_else(
        || format!("{}.{number}", direct_name(names, byte)),
        str::to_owned,
    )
}

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut expected = None;
        for line in &self.lines {
            if expected != Some(u32::from(line.at)) {
                writeln!(f, "        .org 0x{:04X}", line.at)?;
            }
            expected = Some(u32::from(line.at) + line.bytes.len() as u32);
            if line.target {
                writeln!(f, "{}:", label(line.at))?;
            }
            let mut bytes = String::new();
            for byte in &line.bytes {
                write!(bytes, "{byte:02X} ")?;
            }
            write!(f, "        {:<28}; {:04X}  {bytes:<9}", line.text, line.at)?;
            match line.cycles {
                Cycles::ZERO => writeln!(f)?,
                cycles => writeln!(f, " {cycles}")?,
            }
        }
        Ok(())
    }
}
