//! Two instructions for one dispatch.
//!
//! Finding the code for the next instruction costs the block loop about as much as executing it, so the pairs that
//! compilers for the 8051 emit most (16-bit pointers counted up and followed, bytes moved through A, 16-bit sums) are
//! put into one slot at predecode. Each address keeps its own slot: a jump to the second instruction finds it alone,
//! or paired with its successor. A pair never spans the end of a block, as none of its instructions ends one and a
//! trap, a fault or an instruction for the exact loop is never in a pair. Cycles and steps are those of both: they
//! are in the block sums anyway.

use crate::exec::Slot;
use crate::isa::Uop;

macro_rules! pairs {
    ($( $pair:ident = $first:ident $second:ident; )*) => {
        /// The pair of two operations, if there is one.
        #[inline(always)]
        fn pair(first: Uop, second: Uop) -> Option<Uop> {
            match (first, second) {
                $( (Uop::$first, Uop::$second) => Some(Uop::$pair), )*
                _ => None,
            }
        }

        /// The first operation of a pair; of anything else, itself.
        #[inline(always)]
        fn first(uop: Uop) -> Uop {
            match uop {
                $( Uop::$pair => Uop::$first, )*
                alone => alone,
            }
        }
    };
}

pairs! {
    IncDptrThenMovxADptr = IncDptr MovxADptr;
    IncDptrThenMovxDptrA = IncDptr MovxDptrA;
    MovxADptrThenMovRnA = MovxADptr MovRnA;
    MovxADptrThenMovDirA = MovxADptr MovDirA;
    MovxDptrAThenMovARn = MovxDptrA MovARn;
    MovxDptrAThenMovADir = MovxDptrA MovADir;
    MovDptrThenMovxADptr = MovDptr MovxADptr;
    MovDptrThenMovARn = MovDptr MovARn;
    MovRnAThenMovARn = MovRnA MovARn;
    MovRnAThenMovADir = MovRnA MovADir;
    MovRnAThenIncDptr = MovRnA IncDptr;
    MovRnAThenMovDirRn = MovRnA MovDirRn;
    MovDirAThenMovARn = MovDirA MovARn;
    MovDirAThenMovADir = MovDirA MovADir;
    MovDirAThenIncDptr = MovDirA IncDptr;
    MovDirAThenClrA = MovDirA ClrA;
    MovARnThenAddImm = MovARn AddImm;
    MovARnThenAddcImm = MovARn AddcImm;
    MovARnThenAddRn = MovARn AddRn;
    MovARnThenRrcA = MovARn RrcA;
    MovARnThenRlcA = MovARn RlcA;
    MovADirThenAddImm = MovADir AddImm;
    AddImmThenMovDirA = AddImm MovDirA;
    AddcImmThenMovDirA = AddcImm MovDirA;
    AddRnThenMovRnA = AddRn MovRnA;
    AddcRnThenMovRnA = AddcRn MovRnA;
    RrcAThenMovRnA = RrcA MovRnA;
    RlcAThenMovRnA = RlcA MovRnA;
    ClrCThenMovARn = ClrC MovARn;
    ClrCThenMovADir = ClrC MovADir;
    ClrCThenMovAImm = ClrC MovAImm;
    PushThenPush = Push Push;
    PopThenPop = Pop Pop;
    MovDirRnThenMovDirRn = MovDirRn MovDirRn;
    MovDirDirThenMovDirDir = MovDirDir MovDirDir;
    MovRnDirThenMovRnDir = MovRnDir MovRnDir;
}

/// `slot` together with the one behind it, which may be a pair itself: then with its first half. `next` is the address
/// behind both. The operands of the first stay in place, those of the second go to `z` and `target`.
#[inline(always)]
pub(crate) fn fuse(slot: Slot, behind: &Slot, next: u16) -> Slot {
    let Some(uop) = pair(slot.uop, first(behind.uop)) else {
        return slot;
    };
    let target = if slot.uop == Uop::MovDptr {
        slot.target
    } else {
        u16::from(behind.y)
    };
    Slot {
        uop,
        z: behind.x,
        next,
        target,
        ..slot
    }
}
