//! Bytes to instructions.

use crate::isa::{Attrs, OPCODES, OpInfo, Operand};
use crate::sfr::bit_place;
use crate::units::Cycles;

/// A decoded instruction: its opcode and its operands in the form the interpreter wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Insn {
    /// The first byte.
    pub opcode: u8,
    /// First operand: register number, direct address or immediate; of a bit, the direct address of its byte.
    pub x: u8,
    /// Second operand; of a bit, its mask.
    pub y: u8,
    /// Address of the next instruction in CODE.
    pub next: u16,
    /// Where it may go (jumps, calls, branches), or its 16-bit immediate; zero for the others.
    pub target: u16,
}

impl Insn {
    /// What the instruction table says about its opcode.
    pub fn info(&self) -> &'static OpInfo {
        &OPCODES[self.opcode as usize]
    }

    /// Its length in bytes.
    pub fn size(&self) -> u8 {
        self.info().len
    }

    /// What it costs.
    pub fn cycles(&self) -> Cycles {
        Cycles(u64::from(self.info().cycles))
    }
}

/// Decodes the instruction at `pc`. Operands wrap around at the end of CODE.
pub(crate) fn decode(code: &[u8; 65536], pc: u16) -> Insn {
    let opcode = code[pc as usize];
    let shape = &SHAPES[opcode as usize];
    let byte = |i: u8| code[pc.wrapping_add(u16::from(i)) as usize];
    let (first, second) = (byte(1), byte(2));
    let next = pc.wrapping_add(u16::from(shape.len));
    let pick = |from: Source| match from {
        Source::None => 0,
        Source::Register => opcode & shape.register_mask,
        Source::First => first,
        Source::Second => second,
    };
    let (x, y) = match shape.bit {
        true => bit_place(first),
        false => (pick(shape.x), pick(shape.y)),
    };
    let target = match shape.target {
        Target::None => 0,
        Target::Wide => u16::from_be_bytes([first, second]),
        Target::Page => next & 0xF800 | u16::from(opcode & 0xE0) << 3 | u16::from(first),
        Target::Relative => next.wrapping_add_signed(i16::from(byte(shape.len - 1) as i8)),
    };
    Insn {
        opcode,
        x,
        y,
        next,
        target,
    }
}

/// Where an operand comes from.
#[derive(Clone, Copy)]
enum Source {
    None,
    Register,
    First,
    Second,
}

/// How the 16-bit operand is made.
#[derive(Clone, Copy)]
enum Target {
    None,
    Wide,
    Page,
    Relative,
}

/// How to decode an opcode: its operand list boiled down, so that predecoding 65,536 addresses walks no lists.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    len: u8,
    register_mask: u8,
    bit: bool,
    x: Source,
    y: Source,
    target: Target,
    /// Whether `x` and `y` are direct addresses.
    pub(crate) x_direct: bool,
    pub(crate) y_direct: bool,
}

pub(crate) static SHAPES: [Shape; 256] = {
    let mut shapes = [Shape::of(&OPCODES[0]); 256];
    let mut opcode = 0;
    while opcode < 256 {
        shapes[opcode] = Shape::of(&OPCODES[opcode]);
        opcode += 1;
    }
    shapes
};

impl Shape {
    const fn of(info: &OpInfo) -> Shape {
        let mut shape = Shape {
            len: info.len,
            register_mask: 0,
            bit: false,
            x: Source::None,
            y: Source::None,
            target: Target::None,
            x_direct: false,
            y_direct: false,
        };
        let (mut slot, mut byte, mut i) = (0, 1, 0);
        while i < info.operands.len() {
            let operand = info.operands[i];
            let from = if byte == 1 {
                Source::First
            } else {
                Source::Second
            };
            match operand {
                Operand::Rn | Operand::AtRi => {
                    shape.register_mask = if let Operand::Rn = operand { 7 } else { 1 };
                    shape.put(&mut slot, Source::Register, false);
                }
                Operand::Direct => shape.put(&mut slot, from, true),
                Operand::Imm => shape.put(&mut slot, from, false),
                Operand::Bit | Operand::NotBit => {
                    shape.bit = true;
                    shape.x_direct = true;
                }
                Operand::Rel => shape.target = Target::Relative,
                Operand::Addr11 => shape.target = Target::Page,
                Operand::Imm16 | Operand::Addr16 => shape.target = Target::Wide,
                Operand::A
                | Operand::Ab
                | Operand::C
                | Operand::Dptr
                | Operand::AtDptr
                | Operand::AtADptr
                | Operand::AtAPc => {}
            }
            byte += operand.bytes();
            i += 1;
        }
        if info.attrs.contains(Attrs::SOURCE_FIRST) {
            shape.x = Source::Second;
            shape.y = Source::First;
        }
        shape
    }

    const fn put(&mut self, slot: &mut u8, from: Source, direct: bool) {
        if *slot == 0 {
            self.x = from;
            self.x_direct = direct;
        } else {
            self.y = from;
            self.y_direct = direct;
        }
        *slot += 1;
    }
}
