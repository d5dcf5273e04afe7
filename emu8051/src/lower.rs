//! Fitting instructions to the block loop, once, at predecode.
//!
//! The block loop keeps ACC and the flags out of memory, so a direct access to ACC or PSW must not reach it as such.
//! Those on ACC that compilers emit have an operation of their own, or *are* another instruction of the same length
//! (`SETB ACC.0` is `ORL A,#1`); so have `PUSH PSW`, `MOV PSW,#imm` and `POP PSW`, with which service routines begin
//! and end. The rest, and every access to a hooked register, become [`Uop::Exact`]: the block ends before them and the
//! exact loop executes them.

use crate::bus::XdataAsk;
use crate::decode::Insn;
use crate::isa::{OPCODES, Uop};
use crate::policy::Reserved;
use crate::sfr::{self, SfrSet};
use crate::slot::Slot;

/// Decides for one `Program` how each instruction is executed.
#[derive(Debug)]
pub(crate) struct Lowering {
    /// Direct addresses that are not plain memory to the block loop.
    special: [bool; 256],
    /// Opcodes the block loop cannot execute whatever their operands.
    exact: [bool; 256],
    /// Whether setting SP is looked at.
    guards_stack: bool,
}

impl Lowering {
    pub(crate) fn new(
        hooks: SfrSet,
        ask: XdataAsk,
        reserved: Reserved,
        guards_stack: bool,
    ) -> Lowering {
        let guards_stack = guards_stack && !hooks.contains(sfr::SP);
        let mut special = [false; 256];
        for address in 0x80..=0xFF_u8 {
            special[address as usize] =
                matches!(address, sfr::ACC | sfr::PSW) || hooks.contains(address);
            special[address as usize] |= guards_stack && address == sfr::SP;
        }
        let exact = std::array::from_fn(|opcode| match OPCODES[opcode].uop {
            Uop::Reserved => reserved == Reserved::Fault,
            Uop::Reti => !hooks.is_empty(),
            Uop::MovxADptr | Uop::MovxAAtRi => ask.reads,
            Uop::MovxDptrA | Uop::MovxAtRiA => ask.writes,
            _ => false,
        });
        Lowering {
            special,
            exact,
            guards_stack,
        }
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
            is_direct
                && self.special[address as usize]
                && address != sfr::ACC
                && !(self.guards_stack && address == sfr::SP)
        };
        let is = |is_direct: bool, address: u8, sfr: u8| is_direct && address == sfr;
        let of_stack = self.guards_stack
            && (is(shape.x_direct, insn.x, sfr::SP) || is(shape.y_direct, insn.y, sfr::SP));
        let of_accumulator =
            is(shape.x_direct, insn.x, sfr::ACC) || is(shape.y_direct, insn.y, sfr::ACC);
        let slot = Slot::from(insn);
        if self.exact[insn.opcode as usize] || foreign(shape.y_direct, insn.y) {
            None
        } else if of_stack && !of_accumulator && !foreign(shape.x_direct, insn.x) {
            Some(on_stack(slot))
        } else if !foreign(shape.x_direct, insn.x) {
            on_accumulator(slot)
        } else if insn.x == sfr::PSW {
            on_psw(slot)
        } else {
            None
        }
    }
}

/// What makes room on a guarded stack, with `z` set for the one that counts; everything else that reaches SP is as the
/// table has it.
fn on_stack(slot: Slot) -> Slot {
    let z = match slot.uop {
        Uop::MovDirA if slot.x == sfr::SP => 0,
        Uop::IncDir if slot.x == sfr::SP => 1,
        _ => return slot,
    };
    let uop = Uop::SetSp;
    Slot { uop, z, ..slot }
}

/// What saves PSW, chooses a register bank and restores PSW, as service routines do.
fn on_psw(slot: Slot) -> Option<Slot> {
    let uop = match slot.uop {
        Uop::Push => Uop::PushPsw,
        Uop::Pop => Uop::PopPsw,
        Uop::MovDirImm => Uop::MovPswImm,
        _ => return None,
    };
    Some(Slot { uop, ..slot })
}

/// The instruction of the same length a direct access to ACC amounts to, if there is one.
fn on_accumulator(slot: Slot) -> Option<Slot> {
    use Uop::*;
    let same = |uop| Some(Slot { uop, ..slot });
    let with = |uop, x| Some(Slot { uop, x, ..slot });
    match slot.uop {
        AddDir => same(AddA),
        AddcDir => same(AddcA),
        SubbDir => same(SubbA),
        Push => same(PushA),
        Pop => same(PopA),
        Jb => same(JbA),
        Jnb => same(JnbA),
        ClrBit => with(AnlImm, !slot.y),
        SetbBit => with(OrlImm, slot.y),
        CplBit => with(XrlImm, slot.y),
        MovCBit => same(MovCA),
        MovBitC => same(MovAC),
        _ => None,
    }
}
