//! CODE, predecoded.

mod builder;

pub use builder::ProgramBuilder;

use crate::bus::XdataAsk;
use crate::cost::Cost;
use crate::decode::{Bytes, Insn, Shape, decode, decode_bytes, opcode_len, shape};
use crate::fusion::fuse;
use crate::isa::Uop;
use crate::lower::Lowering;
use crate::policy::{CpuFault, Reserved, Unprogrammed};
use crate::sfr::SfrSet;
use crate::slot::Slot;

/// CODE with everything a run wants to know about it: immutable, to be shared in an `Arc`. It takes 840 KiB.
pub struct Program {
    code: Box<[u8; 65536]>,
    /// The byte that CODE holds where it is not programmed.
    fill: u8,
    programmed: Box<BitMap>,
    traps: Box<BitMap>,
    unprogrammed: Unprogrammed,
    reserved: Reserved,
    hooks: SfrSet,
    ask_after_xdata: XdataAsk,
    guards_stack: bool,
    slots: Box<[Slot; 65536]>,
    costs: Box<[Cost; 65536]>,
}

/// A bit for each address of CODE.
type BitMap = [u64; BIT_MAP_WORDS];

const BIT_MAP_WORDS: usize = 65536 / 64;

fn bit(map: &BitMap, at: u16) -> bool {
    map[usize::from(at >> 6)] >> (at & 63) & 1 != 0
}

fn set_bit(map: &mut BitMap, at: u16) {
    map[usize::from(at >> 6)] |= 1 << (at & 63);
}

/// Whether the bits of `len` addresses (1 to 3) from `at` on are all set.
#[inline(always)]
fn all_set(map: &BitMap, at: u16, len: u8) -> bool {
    let shift = at & 63;
    if shift <= 61 {
        let mask = [0, 1, 3, 7][usize::from(len & 3)];
        return map[usize::from(at >> 6)] >> shift & mask == mask;
    }
    (0..u16::from(len)).all(|i| bit(map, at.wrapping_add(i)))
}

/// The special cases that predecoding has to look out for at some addresses of CODE.
enum LookOut {
    /// They hold programmed instructions and no trap.
    Nothing,
    /// They are not programmed: the block loop is left at all of them.
    Everything,
    /// Some of them are traps or not programmed, or they are the last.
    Some,
}

/// The longest a block may be: longer straight-line code is cut into several, so that sums stay small.
const LONGEST_BLOCK: Cost = Cost::new(2048, 2048);

impl Program {
    /// The memory that every program holds, in bytes.
    pub const SIZE: usize = size_of::<[u8; 65536]>()
        + 2 * size_of::<BitMap>()
        + size_of::<[Slot; 65536]>()
        + size_of::<[Cost; 65536]>();

    /// Begins a program with nothing in it.
    pub fn builder() -> ProgramBuilder {
        ProgramBuilder::default()
    }

    /// All of CODE, with the fill byte where nothing was programmed.
    pub fn code(&self) -> &[u8; 65536] {
        &self.code
    }

    /// The instruction at `pc`, decoded afresh from CODE.
    pub fn insn_at(&self, pc: u16) -> Insn {
        decode(&self.code, pc)
    }

    /// Whether arriving at `pc` ends a run.
    pub fn is_trap(&self, pc: u16) -> bool {
        bit(&self.traps, pc)
    }

    /// Whether a segment programmed the byte at `pc`.
    pub fn is_programmed(&self, pc: u16) -> bool {
        bit(&self.programmed, pc)
    }

    /// Why the instruction at `pc` cannot be executed, if so.
    #[inline(always)]
    pub fn fault_at(&self, pc: u16) -> Option<CpuFault> {
        let opcode = self.code[pc as usize];
        if self.unprogrammed == Unprogrammed::Fault
            && !all_set(&self.programmed, pc, opcode_len(opcode))
        {
            return Some(CpuFault::Unprogrammed);
        }
        (opcode == 0xA5 && self.reserved == Reserved::Fault).then_some(CpuFault::Reserved)
    }

    /// Replaces one byte of CODE and predecodes what depends on it: for machines whose CODE is also their XDATA.
    /// The byte counts as programmed from now on.
    pub fn write_code(&mut self, at: u16, byte: u8) {
        self.code[at as usize] = byte;
        set_bit(&mut self.programmed, at);
        let lowering = self.lowering();
        // A slot depends on the instruction there, of up to three bytes, and on the slot and the block sum behind it:
        // three addresses in a row that come out as they were hide the change from all before them.
        let mut pc = at;
        let mut unchanged = 0;
        for back in 0..=u16::MAX {
            let before = (self.slots[pc as usize], self.costs[pc as usize]);
            self.predecode(&lowering, pc);
            let after = (self.slots[pc as usize], self.costs[pc as usize]);
            unchanged = if after == before { unchanged + 1 } else { 0 };
            if back >= 5 && unchanged >= 3 {
                break;
            }
            pc = pc.wrapping_sub(1);
        }
    }

    /// The same program, which asks after other accesses to XDATA.
    pub fn asking_after_xdata(&self, ask: XdataAsk) -> Program {
        let mut program = Program {
            code: self.code.clone(),
            fill: self.fill,
            programmed: self.programmed.clone(),
            traps: self.traps.clone(),
            unprogrammed: self.unprogrammed,
            reserved: self.reserved,
            hooks: self.hooks,
            ask_after_xdata: ask,
            guards_stack: self.guards_stack,
            slots: boxed(Slot::leave(Uop::Fault)),
            costs: boxed(Cost::ZERO),
        };
        program.predecode_all();
        program
    }

    pub(crate) fn slots(&self) -> &[Slot; 65536] {
        &self.slots
    }

    pub(crate) fn costs(&self) -> &[Cost; 65536] {
        &self.costs
    }

    /// The instruction at `pc`, a trap or one that the block loop leaves to the exact loop: its
    /// operation, the slot with its operands, and its cost.
    #[inline(always)]
    pub(crate) fn exact_at(&self, pc: u16) -> (Uop, &Slot, Cost) {
        let Shape { uop, cost, .. } = *shape(self.code[pc as usize]);
        (uop, &self.slots[pc as usize], cost)
    }

    /// Whether the instruction at `pc` ends a block.
    pub(crate) fn ends_block(&self, pc: u16) -> bool {
        shape(self.code[pc as usize]).ends_block
    }

    /// The address behind the instruction at `pc`.
    pub(crate) fn next_of(&self, pc: u16) -> u16 {
        pc.wrapping_add(opcode_len(self.code[pc as usize]).into())
    }

    pub(crate) fn hooks(&self) -> SfrSet {
        self.hooks
    }

    /// Whether a stack that wraps around is a fault.
    pub(crate) fn guards_stack(&self) -> bool {
        self.guards_stack
    }

    pub(crate) fn asks_after_xdata(&self) -> XdataAsk {
        self.ask_after_xdata
    }

    /// Copies `bytes` to CODE from `at` on, around its end if need be, and marks them as programmed.
    fn place(&mut self, at: u16, bytes: &[u8]) {
        let to_end = self.code.len() - usize::from(at);
        let (here, wrapped) = bytes.split_at(bytes.len().min(to_end));
        let begin = usize::from(at);
        self.code[begin..begin + here.len()].copy_from_slice(here);
        for (word, bits) in self.programmed.iter_mut().enumerate().skip(begin / 64) {
            let first = begin.saturating_sub(word * 64).min(64);
            let last = (begin + here.len()).saturating_sub(word * 64).min(64);
            if last <= first {
                break;
            }
            *bits |= (u64::MAX >> (64 - (last - first))) << first;
        }
        if !wrapped.is_empty() {
            self.place(0, wrapped);
        }
    }

    /// Clears all that was programmed, or is a trap; CODE is then `fill` everywhere.
    fn clear(&mut self, fill: u8) {
        if self.fill != fill {
            self.code.fill(fill);
        }
        for word in 0..BIT_MAP_WORDS {
            // Predecoding leaves alone what it need not look at.
            let untouched = self.unprogrammed == Unprogrammed::Fault
                && self.programmed[word] | self.traps[word] == 0;
            if untouched {
                continue;
            }
            let place = 64 * word..64 * word + 64;
            self.code[place.clone()].fill(fill);
            self.slots[place.clone()].fill(Slot::leave(Uop::Fault));
            self.costs[place].fill(Cost::ZERO);
            (self.programmed[word], self.traps[word]) = (0, 0);
        }
        self.fill = fill;
    }

    /// How many addresses of CODE were predecoded, in words of 64: what building the program took follows it.
    pub fn predecoded(&self) -> u32 {
        let words = match self.unprogrammed {
            Unprogrammed::Fault => self.programmed.iter().filter(|word| **word != 0).count(),
            Unprogrammed::Execute => BIT_MAP_WORDS,
        };
        words as u32 * 64
    }

    fn lowering(&self) -> Lowering {
        Lowering::new(
            self.hooks,
            self.ask_after_xdata,
            self.reserved,
            self.guards_stack,
        )
    }

    /// Fills in the slots and block sums of all CODE, which are as of unprogrammed CODE before. It goes down by the 64
    /// addresses of a word of the bit maps: most words have nothing programmed or nothing to look out for.
    fn predecode_all(&mut self) {
        let lowering = self.lowering();
        for word in (0..BIT_MAP_WORDS).rev() {
            let first = word as u16 * 64;
            match self.look_out(word) {
                LookOut::Nothing => self.predecode_plain(&lowering, first),
                LookOut::Everything => {}
                LookOut::Some => {
                    for pc in (first..=first + 63).rev() {
                        self.predecode(&lowering, pc);
                    }
                }
            }
        }
    }

    /// The special cases at the 64 addresses of a word of the bit maps.
    fn look_out(&self, word: usize) -> LookOut {
        let faults = self.unprogrammed == Unprogrammed::Fault;
        if faults && self.programmed[word] == 0 {
            return LookOut::Everything;
        }
        let whole = self.programmed[word] == u64::MAX || !faults;
        // Instructions here may reach two bytes into the next word. Those in the last one may fall through the end.
        let behind = self.programmed.get(word + 1);
        let whole_behind = behind.is_some_and(|behind| behind & 3 == 3 || !faults);
        let short = |costs: &[Cost]| !costs.iter().any(|cost| cost.exceeds(LONGEST_BLOCK));
        let short_behind = self
            .costs
            .get(64 * word + 64..64 * word + 67)
            .is_some_and(short);
        if self.traps[word] == 0 && whole && whole_behind && short_behind {
            LookOut::Nothing
        } else {
            LookOut::Some
        }
    }

    /// Fills in 64 slots and block sums from `first` on, where there is nothing to look out for.
    #[inline(never)]
    fn predecode_plain(&mut self, lowering: &Lowering, first: u16) {
        let mut bytes = Bytes::fetch(&self.code, first + 64);
        for at in (usize::from(first)..usize::from(first) + 64).rev() {
            let pc = at as u16;
            bytes = bytes.preceded_by(self.code[pc as usize]);
            self.predecode_insn(lowering, pc, decode_bytes(bytes, pc));
        }
    }

    /// Fills in the slot and the block sum of `pc`, which follow from CODE and from those behind it.
    fn predecode(&mut self, lowering: &Lowering, pc: u16) {
        let insn = decode(&self.code, pc);
        let falls_through_end = insn.next < pc && !insn.shape().ends_block;
        let too_long = self.costs[insn.next as usize].exceeds(LONGEST_BLOCK);
        if self.is_trap(pc) {
            self.leave_at(pc, Slot::leave_before(Uop::Trap, insn));
        } else if self.fault_at(pc).is_some() {
            self.leave_at(pc, Slot::leave(Uop::Fault));
        } else if falls_through_end || too_long {
            self.leave_at(pc, Slot::leave_before(Uop::Exact, insn));
        } else {
            self.predecode_insn(lowering, pc, insn);
        }
    }

    /// Fills in the slot and the block sum of a programmed instruction.
    #[inline(always)]
    fn predecode_insn(&mut self, lowering: &Lowering, pc: u16, insn: Insn) {
        let shape = insn.shape();
        let rest = if shape.ends_block {
            Cost::ZERO
        } else {
            self.costs[insn.next as usize]
        };
        if lowering.leaves_alone(&insn) {
            self.slots[pc as usize] = Slot::from(insn);
        } else if let Some(slot) = lowering.lower(insn) {
            self.slots[pc as usize] = slot;
        } else {
            return self.leave_at(pc, Slot::leave_before(Uop::Exact, insn));
        }
        self.costs[pc as usize] = shape.cost + rest;
        fuse(&mut self.slots, &self.code, pc);
    }

    /// The block loop is left at `pc`, with nothing to pay.
    fn leave_at(&mut self, pc: u16, slot: Slot) {
        self.slots[pc as usize] = slot;
        self.costs[pc as usize] = Cost::ZERO;
    }
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let programmed: u32 = self.programmed.iter().map(|word| word.count_ones()).sum();
        f.debug_struct("Program")
            .field("programmed", &programmed)
            .field("unprogrammed", &self.unprogrammed)
            .field("reserved", &self.reserved)
            .field("hooks", &self.hooks)
            .finish_non_exhaustive()
    }
}

/// A large array on the heap without passing over the stack.
fn boxed<T: Clone, const N: usize>(value: T) -> Box<[T; N]> {
    match vec![value; N].into_boxed_slice().try_into() {
        Ok(array) => array,
        Err(_) => unreachable!("the slice was made with this length"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sfr;

    /// Whatever was in its memory before, and whatever became of that: a program is the one that fresh memory gives.
    #[test]
    fn a_program_in_old_memory_is_a_new_one() {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut random = |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % below
        };
        let mut old = Program::builder().build();
        for round in 0..60 {
            let mut builder = Program::builder()
                .trap(random(0x1_0000) as u16)
                .trap(random(0x100) as u16)
                .fill([0xFF, 0, 0x55][random(3) as usize]);
            if round % 7 == 3 {
                builder = builder.unprogrammed(Unprogrammed::Execute);
            }
            if random(2) == 0 {
                builder = builder.guard_stack();
            }
            for _ in 0..random(4) {
                let length = [1, 20, 300, 70_000][random(4) as usize];
                let bytes: Vec<u8> = (0..random(length)).map(|_| random(256) as u8).collect();
                builder = builder.segment(random(0x1_0000) as u16, &bytes);
            }
            let new = builder.clone().build();
            old = builder.build_in(old);
            assert!(
                old.code == new.code && old.programmed == new.programmed,
                "{round}"
            );
            assert!(
                old.traps == new.traps && old.unprogrammed == new.unprogrammed,
                "{round}"
            );
            assert!(old.slots == new.slots && old.costs == new.costs, "{round}");
            assert_eq!(old.guards_stack, new.guards_stack, "{round}");
            if round % 5 == 0 {
                // What is written later is taken back as well.
                (0..20).for_each(|_| old.write_code(random(0x1_0000) as u16, random(256) as u8));
            }
        }
    }

    /// All opcodes with operands of every sort, each followed by every opcode it may be paired with.
    #[test]
    fn a_slot_is_as_long_as_the_instructions_it_executes() {
        let opcodes = || 0..=u8::MAX;
        for x in [0x20, sfr::ACC, sfr::B, sfr::PSW] {
            let cells = opcodes().flat_map(|first| opcodes().map(move |second| (first, second)));
            let cells: Vec<[u8; 8]> = cells
                .map(|(first, second)| {
                    let mut cell = [x; 8];
                    cell[0] = first;
                    cell[usize::from(opcode_len(first))] = second;
                    cell
                })
                .collect();
            for code in cells.chunks(65536 / 8) {
                let program = Program::builder().segment(0, code.as_flattened()).build();
                for (at, cell) in (0..=u16::MAX).step_by(8).zip(code) {
                    let slot = program.slots[usize::from(at)];
                    let len = u16::from(slot.uop.len());
                    assert!(len == 0 || slot.next == at + len, "{cell:02X?}: {slot:?}");
                }
            }
        }
    }
}
