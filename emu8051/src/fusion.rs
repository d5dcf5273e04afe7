//! Two instructions for one dispatch.
//!
//! Finding the code for the next instruction costs the block loop about as much as executing it, so the pairs that
//! compilers for the 8051 emit most (16-bit pointers counted up and followed, bytes moved through A, 16-bit sums), and
//! those of loops that copy memory, are put into one slot at predecode. Each address keeps its own slot: a jump to the
//! second instruction finds it alone, or fused with its successor. A pair never spans the end of a block, as none of
//! its instructions ends one and a trap, a fault or an instruction for the exact loop is never in a pair. Cycles and
//! steps are those of both: they are in the block sums anyway.

use crate::decode::opcode_len;
use crate::isa::{PAIRS, Uop};
use crate::slot::Slot;

type ByUop<T> = [T; Uop::COUNT];

/// The pair of an operation and the slot next it, which may be a pair itself: then with its first half.
static FUSED: ByUop<ByUop<Option<Uop>>> = {
    let mut fused = [[None; Uop::COUNT]; Uop::COUNT];
    let mut i = 0;
    while i < PAIRS.len() {
        let (first, second, both) = PAIRS[i];
        fused[first as usize][second as usize] = Some(both);
        let mut j = 0;
        while j < PAIRS.len() {
            let (next, _, pair) = PAIRS[j];
            if next as usize == second as usize {
                fused[first as usize][pair as usize] = Some(both);
            }
            j += 1;
        }
        i += 1;
    }
    fused
};

/// The first operation of a pair.
static FIRST: ByUop<Option<Uop>> = {
    let mut first = [None; Uop::COUNT];
    let mut i = 0;
    while i < PAIRS.len() {
        first[PAIRS[i].2 as usize] = Some(PAIRS[i].0);
        i += 1;
    }
    first
};

/// The first instruction of a pair alone; the second is at `next`.
pub(crate) fn unfused(pair: Slot, next: u16) -> Slot {
    let uop = FIRST[pair.uop as usize].unwrap_or(pair.uop);
    Slot { uop, next, ..pair }
}

/// Puts the slot at `pc` in one with the slot next it, if they are a pair. The operands of the first stay in place,
/// those of the second go to `z` and `target`.
#[inline(always)]
pub(crate) fn fuse(slots: &mut [Slot; 65536], code: &[u8; 65536], pc: u16) {
    let slot = slots[pc as usize];
    let next = slots[slot.next as usize];
    let Some(both) = FUSED[slot.uop as usize][next.uop as usize] else {
        return;
    };
    let len = opcode_len(code[slot.next as usize]);
    slots[pc as usize] = Slot {
        uop: both,
        z: next.x,
        next: slot.next.wrapping_add(u16::from(len)),
        target: match slot.uop {
            Uop::MovDptr => slot.target,
            _ => u16::from(next.y),
        },
        ..slot
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_told_from_its_halves() {
        for (first, second, both) in PAIRS {
            assert!(both.is_pair() && !first.is_pair() && !second.is_pair());
            assert_eq!(FIRST[*both as usize], Some(*first));
        }
    }
}
