//! Bytes to instructions.

use crate::isa::{Attrs, OPCODES, OpInfo, Operand, Uop};
use crate::meter::Cost;
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

    pub(crate) fn shape(&self) -> &'static Shape {
        &SHAPES[self.opcode as usize]
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
///
/// All that an operand could be is computed and the shape picks: predecoding goes through 65,536 addresses of data and
/// code alike, where branches on the opcode would be mispredicted most of the time.
#[inline(always)]
pub(crate) fn decode(code: &[u8; 65536], pc: u16) -> Insn {
    let byte = |i: u16| code[pc.wrapping_add(i) as usize];
    let (opcode, first, second) = (byte(0), byte(1), byte(2));
    let shape = &SHAPES[opcode as usize];
    let next = pc.wrapping_add(u16::from(shape.len));
    let (bit_byte, bit_mask) = BIT_PLACES[first as usize];
    let operands = [
        0,
        opcode & shape.register_mask,
        first,
        second,
        bit_byte,
        bit_mask,
        0,
        0,
    ];
    let relative = if shape.len == 2 { first } else { second };
    let targets = [
        0,
        u16::from_be_bytes([first, second]),
        next & 0xF800 | u16::from(opcode & 0xE0) << 3 | u16::from(first),
        next.wrapping_add_signed(i16::from(relative as i8)),
    ];
    Insn {
        opcode,
        x: operands[shape.x as usize & 7],
        y: operands[shape.y as usize & 7],
        next,
        target: targets[shape.target as usize & 3],
    }
}

/// [`bit_place`] of every bit address.
static BIT_PLACES: [(u8, u8); 256] = {
    let mut places = [(0, 0); 256];
    let mut bit = 0;
    while bit < 256 {
        places[bit] = bit_place(bit as u8);
        bit += 1;
    }
    places
};

/// Bytes of an instruction with this opcode.
#[inline(always)]
pub(crate) fn opcode_len(opcode: u8) -> u8 {
    SHAPES[opcode as usize].len
}

/// Where an operand comes from: an index into what [`decode`] computes.
#[derive(Clone, Copy)]
enum Source {
    None,
    Register,
    First,
    Second,
    BitByte,
    BitMask,
}

/// How the 16-bit operand is made: likewise.
#[derive(Clone, Copy)]
enum Target {
    None,
    Wide,
    Page,
    Relative,
}

/// An opcode's row of the table boiled down to what predecoding asks.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    len: u8,
    register_mask: u8,
    x: Source,
    y: Source,
    target: Target,
    /// Whether `x` and `y` are direct addresses.
    pub(crate) x_direct: bool,
    pub(crate) y_direct: bool,
    pub(crate) uop: Uop,
    /// A block ends after it.
    pub(crate) ends_block: bool,
    /// What it costs.
    pub(crate) cost: Cost,
}

static SHAPES: [Shape; 256] = {
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
            x: Source::None,
            y: Source::None,
            target: Target::None,
            x_direct: false,
            y_direct: false,
            uop: info.uop,
            ends_block: info.attrs.intersects(Attrs::ENDS_BLOCK),
            cost: Cost::new(info.cycles as u16, 1),
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
                    shape.x = Source::BitByte;
                    shape.y = Source::BitMask;
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
