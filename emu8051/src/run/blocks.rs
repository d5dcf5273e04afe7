//! The loops over predecoded slots: whole blocks, those up to a deadline, and what fits of one.

use crate::bus::Bus;
use crate::calls::{CallWatch, Transfer, tell};
use crate::cost::Cost;
use crate::datapath::Core;
use crate::direct::{Checked, Plain};
use crate::exec::Flow;
use crate::fusion::unfused;
use crate::isa::Uop;
use crate::memory::direct;
use crate::program::Program;
use crate::sfr;
use crate::units::{Cycles, Steps};

/// Why the block loop was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// The instruction at PC is a trap, faults, or is for the exact loop.
    AtInstruction,
    /// The block at PC does not fit.
    Overdrawn,
}

impl<B: Bus> Core<'_, B, Checked> {
    /// The same with direct addresses as plain memory; its registers are a copy.
    #[inline(always)]
    fn plain(&mut self) -> Core<'_, B, Plain> {
        Core {
            regs: self.regs,
            memory: self.memory,
            code: self.code,
            bus: self.bus,
            direct: Plain,
        }
    }
}

/// What a run has used up to the blocks that follow, and who is told of their calls.
pub(super) struct Told<'w, W> {
    pub(super) watch: &'w mut W,
    pub(super) cycles: Cycles,
    pub(super) steps: Steps,
}

impl<W: CallWatch> Told<'_, W> {
    /// The end of a block has been executed, that of the instruction `uop` at `at`; `used` is what the blocks have
    /// cost up to here.
    #[inline(always)]
    fn tell<B: Bus, D>(&mut self, uop: Uop, at: u16, to: u16, core: &Core<'_, B, D>, used: Cost) {
        if W::WATCHES {
            tell(self.watch, uop, || Transfer {
                at,
                to,
                sp: core.memory[direct(sfr::SP)],
                cycles: self.cycles + used.cycles(),
                steps: Steps(self.steps.0 + used.steps().0),
            });
        }
    }
}

/// The block loop: the registers are locals, direct addresses are plain memory, and only jumps look at the meter.
#[inline(never)]
pub(super) fn block_loop<B: Bus, W: CallWatch, const METERED: bool>(
    outer: &mut Core<'_, B, Checked>,
    program: &Program,
    allowance: Cost,
    mut told: Told<'_, W>,
) -> (Cost, Left) {
    let (slots, costs) = (program.slots(), program.costs());
    let mut core = outer.plain();
    let mut rest = allowance;
    let mut pc = core.regs.pc;
    let left = 'blocks: loop {
        if METERED {
            rest = rest - costs[pc as usize];
            if rest.overdrawn() {
                break Left::Overdrawn;
            }
        }
        let mut at = u32::from(pc);
        pc = loop {
            let slot = &slots[at as u16 as usize];
            match core.exec(slot) {
                Flow::Next(len) => at += len,
                Flow::Jump(to) => {
                    told.tell(slot.uop, at as u16, to, &core, allowance - rest);
                    break to;
                }
                Flow::Leave => {
                    pc = at as u16;
                    break 'blocks Left::AtInstruction;
                }
            }
        };
    };
    core.regs.pc = pc;
    outer.regs = core.regs;
    (rest, left)
}

/// Executes instructions of the block at PC until no more than `beyond` cycles of it are left; gives the cost of what
/// is left.
#[inline(never)]
pub(super) fn to_deadline<B: Bus, W: CallWatch>(
    outer: &mut Core<'_, B, Checked>,
    program: &Program,
    beyond: Cycles,
    mut told: Told<'_, W>,
) -> Cost {
    let (slots, costs) = (program.slots(), program.costs());
    let mut core = outer.plain();
    let whole = costs[core.regs.pc as usize];
    let reached = |pc: u16| costs[pc as usize].cycles() <= beyond;
    let mut pc = core.regs.pc;
    let unused = loop {
        let mut slot = slots[pc as usize];
        if reached(slot.next) && slot.uop.is_pair() && reached(program.next_of(pc)) {
            slot = unfused(slot, program.next_of(pc));
        }
        match core.exec(&slot) {
            Flow::Next(_) => pc = slot.next,
            Flow::Jump(to) => {
                told.tell(slot.uop, pc, to, &core, whole);
                pc = to;
                break Cost::ZERO;
            }
            Flow::Leave => break costs[pc as usize],
        }
        if reached(pc) {
            break costs[pc as usize];
        }
    };
    core.regs.pc = pc;
    outer.regs = core.regs;
    unused
}

/// Executes as many slots of the block at PC, which does not fit into `rest`, as do; gives what is left.
#[inline(never)]
pub(super) fn part_of_block<B: Bus>(
    outer: &mut Core<'_, B, Checked>,
    program: &Program,
    mut rest: Cost,
) -> Cost {
    let (slots, costs) = (program.slots(), program.costs());
    let mut core = outer.plain();
    let mut pc = core.regs.pc;
    loop {
        let slot = &slots[pc as usize];
        // The last instruction of the block never fits, or all of it would.
        if program.ends_block(pc) {
            break;
        }
        let after = rest - (costs[pc as usize] - costs[slot.next as usize]);
        if after.overdrawn() {
            break;
        }
        match core.exec(slot) {
            Flow::Next(_) => {}
            Flow::Leave => break,
            Flow::Jump(_) => unreachable!("only the end of a block leads elsewhere"),
        }
        rest = after;
        pc = slot.next;
    }
    core.regs.pc = pc;
    outer.regs = core.regs;
    rest
}
