//! Fitting instructions to the block loop, once, at predecode.
//!
//! The block loop keeps ACC and the flags out of memory, so a direct access to ACC or PSW must not reach it as such.
//! Most such instructions on ACC *are* another instruction (`INC ACC` is `INC A`; their cycles differ, and those are
//! in the block sums). The rest, and every access to a hooked register, become [`Uop::Exact`]: the block ends before
//! them and the exact loop executes them.

use crate::bus::XdataAsk;
use crate::decode::Insn;
use crate::exec::Slot;
use crate::isa::{OPCODES, Uop};
use crate::program::Reserved;
use crate::sfr::{self, SfrSet};

/// Decides for one `Program` how each instruction is executed.
#[derive(Debug)]
pub(crate) struct Lowering {
    /// Direct addresses that are not plain memory to the block loop.
    special: [bool; 256],
    /// Opcodes the block loop cannot execute whatever their operands.
    exact: [bool; 256],
}

impl Lowering {
    pub(crate) fn new(hooks: SfrSet, ask: XdataAsk, reserved: Reserved) -> Lowering {
        let mut special = [false; 256];
        for address in 0x80..=0xFF_u8 {
            special[address as usize] =
                matches!(address, sfr::ACC | sfr::PSW) || hooks.contains(address);
        }
        let exact = std::array::from_fn(|opcode| match OPCODES[opcode].uop {
            Uop::Reserved => reserved == Reserved::Fault,
            Uop::Reti => !hooks.is_empty(),
            Uop::MovxADptr | Uop::MovxAAtRi => ask.reads,
            Uop::MovxDptrA | Uop::MovxAtRiA => ask.writes,
            _ => false,
        });
        Lowering { special, exact }
    }

    /// Whether the block loop executes the instruction as the table has it. Most are such.
    #[inline(always)]
    pub(crate) fn leaves_alone(&self, insn: &Insn) -> bool {
        let shape = insn.shape();
        let special = |is_direct: bool, address: u8| is_direct & self.special[address as usize];
        !(special(shape.x_direct, insn.x)
            | special(shape.y_direct, insn.y)
            | self.exact[insn.opcode as usize])
    }

    /// What the block loop executes instead of an instruction that is not left alone, if it can.
    #[cold]
    pub(crate) fn lower(&self, insn: Insn) -> Option<Slot> {
        let shape = insn.shape();
        let foreign = |is_direct: bool, address: u8| {
            is_direct && self.special[address as usize] && address != sfr::ACC
        };
        if self.exact[insn.opcode as usize]
            || foreign(shape.x_direct, insn.x)
            || foreign(shape.y_direct, insn.y)
        {
            return None;
        }
        on_accumulator(Slot::from(insn))
    }
}

/// The instruction a direct access to ACC amounts to, if there is one.
fn on_accumulator(slot: Slot) -> Option<Slot> {
    use Uop::*;
    let Slot { x, y, .. } = slot;
    let same = |uop| Some(Slot { uop, ..slot });
    let on = |uop, x| Some(Slot { uop, x, ..slot });
    match slot.uop {
        IncDir => same(IncA),
        DecDir => same(DecA),
        OrlDirImm => on(OrlImm, y),
        AnlDirImm => on(AnlImm, y),
        XrlDirImm => on(XrlImm, y),
        OrlDirA | OrlDir | AnlDirA | AnlDir | MovADir | MovDirA | XchDir => same(Nop),
        XrlDirA | XrlDir => same(ClrA),
        MovDirImm => on(MovAImm, y),
        MovDirRn => on(MovARn, y),
        MovDirAtRi => on(MovAAtRi, y),
        MovRnDir => same(MovRnA),
        MovAtRiDir => same(MovAtRiA),
        MovDirDir if x == sfr::ACC && y == sfr::ACC => same(Nop),
        MovDirDir if x == sfr::ACC => on(MovADir, y),
        MovDirDir => same(MovDirA),
        AddDir => same(AddA),
        AddcDir => same(AddcA),
        SubbDir => same(SubbA),
        Push => same(PushA),
        Pop => same(PopA),
        Jb => same(JbA),
        Jnb => same(JnbA),
        ClrBit => on(AnlImm, !y),
        SetbBit => on(OrlImm, y),
        CplBit => on(XrlImm, y),
        MovCBit => same(MovCA),
        MovBitC => same(MovAC),
        _ => None,
    }
}
