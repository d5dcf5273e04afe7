//! Random programs: a CODE full of valid instructions, and states to start in.

use emu8051::isa::{OPCODES, Operand};
use emu8051::{Cpu, Psw, sfr};

use crate::rng::Rng;

/// The opcode that means nothing.
pub(super) const RESERVED: u8 = 0xA5;
/// The registers that a direct address of a generated instruction may name. The others belong to peripherals.
pub(super) const CORE_SFRS: [u8; 6] = [sfr::ACC, sfr::B, sfr::PSW, sfr::SP, sfr::DPL, sfr::DPH];
/// Those of them whose bits have addresses.
const BIT_SFRS: [u8; 3] = [sfr::ACC, sfr::B, sfr::PSW];

/// Programs that share CODE, and XDATA from the first to the last.
#[derive(Debug)]
pub struct Batch {
    /// All of CODE: random instructions, one after the other.
    pub code: Box<[u8; 65536]>,
    /// What each page of XDATA is filled with at the start of the batch.
    pub pages: [u8; 256],
    /// The state each program starts in.
    pub starts: Vec<Cpu>,
}

impl Batch {
    /// Makes the batch of `count` programs whose first is number `first` of those that `seed` names.
    #[must_use]
    pub fn new(seed: u64, first: usize, count: usize) -> Self {
        let mut rng = Rng::new(seed ^ (first as u64).rotate_left(32));
        let code = code(&mut rng);
        let pages = std::array::from_fn(|_| rng.byte());
        let starts = (0..count).map(|_| start(&mut rng)).collect();
        Self {
            code,
            pages,
            starts,
        }
    }
}

/// Fills CODE with instructions; one that the end of CODE cuts off goes on where CODE begins.
fn code(rng: &mut Rng) -> Box<[u8; 65536]> {
    let mut code = Box::new([0; 65536]);
    let mut filled = 0;
    while filled < code.len() {
        let opcode = rng.byte();
        if opcode == RESERVED {
            continue;
        }
        let operands = OPCODES[usize::from(opcode)].operands;
        let instruction = [opcode]
            .into_iter()
            .chain(operands.iter().flat_map(|operand| bytes(rng, *operand)));
        for (place, byte) in code[filled..].iter_mut().zip(instruction) {
            *place = byte;
            filled += 1;
        }
    }
    code
}

/// The bytes of an operand, such that the core can execute it alone.
fn bytes(rng: &mut Rng, operand: Operand) -> Vec<u8> {
    match operand {
        Operand::Direct if rng.once_in(3) => vec![rng.one_of(&CORE_SFRS)],
        Operand::Bit | Operand::NotBit if rng.once_in(3) => {
            vec![rng.one_of(&BIT_SFRS) | rng.byte() & 7]
        }
        Operand::Direct | Operand::Bit | Operand::NotBit => vec![rng.byte() & 0x7F],
        other => (0..other.bytes()).map(|_| rng.byte()).collect(),
    }
}

/// Any state, with a liking for the edges: page ends, the end of CODE, the middle and the end of IRAM.
fn start(rng: &mut Rng) -> Cpu {
    let mut cpu = Cpu::new();
    let near = |rng: &mut Rng, edges: &[u16]| {
        rng.one_of(edges)
            .wrapping_add(u16::from(rng.byte() % 8))
            .wrapping_sub(4)
    };
    let pc = if rng.once_in(3) {
        near(rng, &[0x0000, 0x0800, 0x4000, 0x7800, 0xF800])
    } else {
        rng.word()
    };
    let [sp, _] = if rng.once_in(3) {
        near(rng, &[0x00, 0x80])
    } else {
        rng.word()
    }
    .to_le_bytes();
    let dptr = if rng.once_in(3) {
        near(rng, &[0x0000])
    } else {
        rng.word()
    };
    cpu.set_pc(pc);
    cpu.set_sp(sp);
    cpu.set_dptr(dptr);
    cpu.set_a(rng.byte());
    cpu.set_b(rng.byte());
    cpu.set_psw(Psw::from_bits_retain(rng.byte()));
    cpu.set_sfr(sfr::P2, rng.byte());
    for at in 0..=255 {
        cpu.set_iram(at, rng.byte());
    }
    cpu
}
