//! Bytes to instructions.

use crate::cost::Cost;
use crate::isa::{Attrs, OPCODES, OpInfo, Operand, Uop};
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

/// The bytes an instruction may have: those from its address on, around the end of CODE, the first one lowest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bytes(u32);

impl Bytes {
    #[inline(always)]
    pub(crate) fn fetch(code: &[u8; 65536], pc: u16) -> Bytes {
        let byte = |i: u16| code[pc.wrapping_add(i) as usize];
        Bytes(u32::from_le_bytes([byte(0), byte(1), byte(2), 0]))
    }

    /// Those from one address before, where this byte stands.
    #[inline(always)]
    pub(crate) fn preceded_by(self, byte: u8) -> Bytes {
        Bytes(self.0 << 8 | u32::from(byte))
    }
}

/// Decodes the instruction at `pc`.
#[inline(always)]
pub(crate) fn decode(code: &[u8; 65536], pc: u16) -> Insn {
    decode_bytes(Bytes::fetch(code, pc), pc)
}

/// Decodes the instruction of these bytes, which stand at `pc`.
///
/// Where its operands are taken from is looked up, not decided by the kind of instruction: predecoding goes through
/// 65,536 addresses of data and code alike, where such branches would be mispredicted.
#[inline(always)]
pub(crate) fn decode_bytes(bytes: Bytes, pc: u16) -> Insn {
    let [opcode, first, second, _] = bytes.0.to_le_bytes();
    let shape = &SHAPES[opcode as usize];
    let next = pc.wrapping_add(u16::from(shape.len));
    let relative = |distance: u8| next.wrapping_add_signed(i16::from(distance as i8));
    let fields = Field::all(bytes);
    Insn {
        opcode,
        x: shape.x.of(fields),
        y: shape.y.of(fields),
        next,
        // One load from all it may be: which one is as good as random, and a jump would be mispredicted.
        target: [
            0,
            u16::from_be_bytes([first, second]),
            next & 0xF800 | u16::from(opcode & 0xE0) << 3 | u16::from(first),
            relative(first),
            relative(second),
        ][shape.target as usize],
    }
}

/// [`bit_place`] of every bit address, the mask in the high byte.
static BIT_PLACES: [u16; 256] = {
    let mut places = [0; 256];
    let mut bit = 0;
    while bit < 256 {
        let (byte, mask) = bit_place(bit as u8);
        places[bit] = u16::from_le_bytes([byte, mask]);
        bit += 1;
    }
    places
};

/// Bytes of an instruction with this opcode.
#[inline(always)]
pub(crate) fn opcode_len(opcode: u8) -> u8 {
    SHAPES[opcode as usize].len
}

/// Where an 8-bit operand is among what the bytes of an instruction may mean.
#[derive(Clone, Copy)]
struct Field {
    shift: u8,
    mask: u8,
}

impl Field {
    const NONE: Field = Field { shift: 0, mask: 0 };
    const RN: Field = Field { shift: 0, mask: 7 };
    const RI: Field = Field { shift: 0, mask: 1 };
    const FIRST: Field = Field::byte(1);
    const SECOND: Field = Field::byte(2);
    const BIT_BYTE: Field = Field::byte(4);
    const BIT_MASK: Field = Field::byte(5);

    const fn byte(index: u8) -> Field {
        Field {
            shift: 8 * index,
            mask: 0xFF,
        }
    }

    /// All of them: the bytes, and from bit 32 on where the bit is that the first operand may address.
    #[inline(always)]
    fn all(bytes: Bytes) -> u64 {
        let first = (bytes.0 >> 8) as u8;
        u64::from(bytes.0) | u64::from(BIT_PLACES[first as usize]) << 32
    }

    #[inline(always)]
    fn of(self, all: u64) -> u8 {
        (all >> (self.shift & 63)) as u8 & self.mask
    }
}

/// How the 16-bit operand is made.
#[derive(Clone, Copy)]
enum Target {
    None,
    /// From both bytes.
    Wide,
    /// Within the page, from the opcode and the first byte.
    Page,
    /// Relative, by the first byte.
    First,
    /// Relative, by the second byte.
    Second,
}

/// An opcode's row of the table boiled down to what predecoding asks.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    len: u8,
    x: Field,
    y: Field,
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

/// The shape of an opcode.
#[inline(always)]
pub(crate) fn shape(opcode: u8) -> &'static Shape {
    &SHAPES[opcode as usize]
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
            x: Field::NONE,
            y: Field::NONE,
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
                Field::FIRST
            } else {
                Field::SECOND
            };
            match operand {
                Operand::Rn => shape.put(&mut slot, Field::RN, false),
                Operand::AtRi => shape.put(&mut slot, Field::RI, false),
                Operand::Direct => shape.put(&mut slot, from, true),
                Operand::Imm => shape.put(&mut slot, from, false),
                Operand::Bit | Operand::NotBit => {
                    shape.x = Field::BIT_BYTE;
                    shape.y = Field::BIT_MASK;
                    shape.x_direct = true;
                }
                Operand::Rel if byte == 1 => shape.target = Target::First,
                Operand::Rel => shape.target = Target::Second,
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
            shape.x = Field::SECOND;
            shape.y = Field::FIRST;
        }
        shape
    }

    const fn put(&mut self, slot: &mut u8, from: Field, direct: bool) {
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
