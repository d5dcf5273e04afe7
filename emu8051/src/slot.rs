//! The form of an instruction that the run loops execute.

use crate::decode::Insn;
use crate::isa::Uop;

/// A predecoded instruction: 8 bytes, one for each address of CODE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Slot {
    pub(crate) uop: Uop,
    pub(crate) x: u8,
    pub(crate) y: u8,
    pub(crate) z: u8,
    pub(crate) next: u16,
    pub(crate) target: u16,
}

const _: () = assert!(size_of::<Slot>() == 8);

impl From<Insn> for Slot {
    /// The instruction as the table has it.
    #[inline(always)]
    fn from(insn: Insn) -> Slot {
        let Insn {
            x, y, next, target, ..
        } = insn;
        Slot {
            uop: insn.shape().uop,
            x,
            y,
            z: 0,
            next,
            target,
        }
    }
}

impl Slot {
    /// A slot where the block loop must be left before an instruction; `uop` says why.
    pub(crate) fn leave_before(uop: Uop, insn: Insn) -> Slot {
        Slot {
            uop,
            ..Slot::from(insn)
        }
    }

    /// A slot where the block loop must be left; `uop` says why.
    pub(crate) fn leave(uop: Uop) -> Slot {
        Slot {
            uop,
            x: 0,
            y: 0,
            z: 0,
            next: 0,
            target: 0,
        }
    }

    /// The operands of the instruction, or of the first one of a pair.
    #[inline(always)]
    pub(crate) fn first(&self) -> Operands {
        Operands {
            x: self.x,
            y: self.y,
            wide: self.target,
            next: self.next,
        }
    }

    /// The operands of the second instruction of a pair.
    #[inline(always)]
    pub(crate) fn second(&self) -> Operands {
        Operands {
            x: self.z,
            y: self.target as u8,
            wide: 0,
            next: self.next,
        }
    }
}

/// The operands of a straight instruction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operands {
    /// The first of its operands that is a byte, or that a byte stands for.
    pub(crate) x: u8,
    /// The second one, or the mask of a bit.
    pub(crate) y: u8,
    /// Its operand of 16 bits.
    pub(crate) wide: u16,
    /// The address of the next instruction.
    pub(crate) next: u16,
}
