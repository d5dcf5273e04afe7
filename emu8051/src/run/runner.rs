//! A run under way: the exact loop, and what is charged and asked between blocks.

use super::blocks::{Left, Told, block_loop, part_of_block, to_deadline};
use super::{Limit, Run, Stop};
use crate::bus::{Bus, Interrupt};
use crate::calls::{CallWatch, Transfer, tell};
use crate::cost::Cost;
use crate::cpu::Cpu;
use crate::datapath::Core;
use crate::direct::Checked;
use crate::exec::Flow;
use crate::isa::Uop;
use crate::memory::direct;
use crate::observer::Observer;
use crate::policy::CpuFault;
use crate::program::Program;
use crate::regs::Regs;
use crate::sfr;
use crate::slot::Slot;
use crate::units::{Cycles, Steps};

/// A run under way.
pub(super) struct Runner<'a, B, W> {
    pub(super) core: Core<'a, B, Checked>,
    program: &'a Program,
    limit: Limit,
    /// [`Bus::deadline`].
    deadline: Cycles,
    cycles: Cycles,
    steps: Steps,
    watch: W,
}

impl<'a, B: Bus, W: CallWatch> Runner<'a, B, W> {
    pub(super) fn new(
        cpu: &'a mut Cpu,
        bus: &'a mut B,
        program: &'a Program,
        limit: Limit,
        watch: W,
    ) -> Runner<'a, B, W> {
        let regs = Regs::load(cpu);
        let direct = Checked {
            hooks: program.hooks(),
            ask_after_xdata: program.asks_after_xdata(),
            now: Cycles::ZERO,
            ask_bus: false,
        };
        let deadline = bus.deadline(Cycles::ZERO);
        let core = Core {
            regs,
            memory: &mut cpu.memory,
            code: program.code(),
            bus,
            direct,
        };
        Runner {
            core,
            program,
            limit,
            deadline,
            cycles: Cycles::ZERO,
            steps: Steps::ZERO,
            watch,
        }
    }

    /// Whether the instruction at PC must not begin because PC arrived at a trap.
    pub(super) fn arrived(&self) -> Option<Stop> {
        let pc = self.core.regs.pc;
        self.program.is_trap(pc).then_some(Stop::Trap(pc))
    }

    /// Executes the instruction at PC, be it a trap or not, or says why it cannot begin; `watched` tells the observer.
    #[inline(always)]
    pub(super) fn step<O: Observer + ?Sized>(
        &mut self,
        observer: &mut O,
        watched: bool,
    ) -> Option<Stop> {
        if let Some(stop) = self.barred() {
            return Some(stop);
        }
        let insn = self.program.insn_at(self.core.regs.pc);
        let cost = insn.shape().cost;
        if let Some(stop) = self.short_of(cost) {
            return Some(stop);
        }
        let slot = Slot::from(insn);
        if self.wraps_stack(slot.uop, &slot) {
            return Some(Stop::Fault(CpuFault::StackOverflow));
        }
        if watched && observer.before(&self.cpu(), &insn).is_break() {
            return Some(Stop::Observer);
        }
        self.execute(slot.uop, &slot, cost);
        let ended = watched && observer.after(&self.cpu(), &insn).is_break();
        let stop = self.ask_bus();
        if ended { Some(Stop::Observer) } else { stop }
    }

    /// Executes the instruction of the trap at PC, or says why it cannot begin.
    pub(super) fn leave_trap(&mut self) -> Option<Stop> {
        if let Some(stop) = self.barred() {
            return Some(stop);
        }
        let (uop, slot, cost) = self.program.exact_at(self.core.regs.pc);
        if let Some(stop) = self.short_of(cost) {
            return Some(stop);
        }
        if self.wraps_stack(uop, slot) {
            return Some(Stop::Fault(CpuFault::StackOverflow));
        }
        self.execute(uop, slot, cost);
        self.ask_bus()
    }

    /// Whether the instruction about to be executed would make a guarded stack wrap around.
    #[inline(always)]
    fn wraps_stack(&self, uop: Uop, slot: &Slot) -> bool {
        !B::HOOKED && self.program.guards_stack() && self.core.wraps_stack(uop, slot)
    }

    /// Why the instruction at PC cannot begin, whatever it costs.
    #[inline(always)]
    fn barred(&self) -> Option<Stop> {
        if self.cycles >= self.deadline {
            return Some(Stop::Event);
        }
        let fault = self.program.fault_at(self.core.regs.pc);
        fault.map(Stop::Fault)
    }

    /// The limit that an instruction of that cost would exceed.
    #[inline(always)]
    fn short_of(&self, cost: Cost) -> Option<Stop> {
        let (cycles, steps) = self.left();
        if cost.cycles() > cycles {
            Some(Stop::OutOfCycles)
        } else if steps == Steps::ZERO {
            Some(Stop::OutOfSteps)
        } else {
            None
        }
    }

    /// The rest of the limit. No run uses more than that.
    #[inline(always)]
    fn left(&self) -> (Cycles, Steps) {
        (
            Cycles(self.limit.cycles.0 - self.cycles.0),
            Steps(self.limit.steps.0 - self.steps.0),
        )
    }

    /// How far the deadline is away, which lies ahead.
    #[inline(always)]
    fn until_deadline(&self) -> Cycles {
        Cycles(self.deadline.0 - self.cycles.0)
    }

    /// Whether the limit leaves that much.
    #[inline(always)]
    fn affords(&self, cost: Cost) -> bool {
        let (cycles, steps) = self.left();
        cost.cycles() <= cycles && cost.steps() <= steps
    }

    /// Executes an affordable instruction that is as the table has it.
    #[inline(always)]
    fn execute(&mut self, uop: Uop, slot: &Slot, cost: Cost) {
        let at = self.core.regs.pc;
        self.core.direct.now = self.cycles;
        self.core.execute(uop, slot);
        self.pay(cost);
        if W::WATCHES {
            let transfer = self.transfer(at);
            tell(&mut self.watch, uop, || transfer);
        }
    }

    /// The instruction or the hardware's call that has led from `at` to PC.
    fn transfer(&self, at: u16) -> Transfer {
        Transfer {
            at,
            to: self.core.regs.pc,
            sp: self.core.memory[direct(sfr::SP)],
            cycles: self.cycles,
            steps: self.steps,
        }
    }

    /// The loops' way to the watcher.
    #[inline(always)]
    fn told(watch: &mut W, cycles: Cycles, steps: Steps) -> Told<'_, W> {
        Told {
            watch,
            cycles,
            steps,
        }
    }

    #[inline(always)]
    fn pay(&mut self, cost: Cost) {
        // neither overflows: no limit allows more
        self.cycles.0 += cost.cycles().0;
        self.steps.0 += cost.steps().0;
    }

    /// If the instruction just executed may have reached the bus, asks it when and whether to stop.
    #[inline(always)]
    fn ask_bus(&mut self) -> Option<Stop> {
        if !std::mem::take(&mut self.core.direct.ask_bus) {
            return None;
        }
        self.deadline = self.core.bus.deadline(self.cycles);
        self.core.bus.stop_requested().then_some(Stop::Event)
    }

    /// Executes whole blocks as long as they fit, then what fits of the next one; on a bus with hooks also the
    /// instructions that reach it. `None` means that the exact loop has to do the next instruction.
    #[inline(always)]
    pub(super) fn blocks(&mut self) -> Option<Stop> {
        loop {
            if self.cycles >= self.deadline {
                match self.at_deadline() {
                    Some(stop) => return Some(stop),
                    None => continue,
                }
            }
            if self.at_hooked() {
                if let Some(stop) = self.hooked() {
                    return Some(stop);
                }
                continue;
            }
            let (cycles, steps) = self.left();
            let allowance = Cost::saturating(cycles.min(self.until_deadline()), steps);
            let costs = self.program.costs();
            let block = costs[self.core.regs.pc as usize];
            if block.exceeds(allowance) {
                if B::HOOKED && self.affords(block) {
                    let beyond = block.cycles() - self.until_deadline();
                    let told = Self::told(&mut self.watch, self.cycles, self.steps);
                    let unused = to_deadline(&mut self.core, self.program, beyond, told);
                    self.pay(block - unused);
                    continue;
                }
                let rest = part_of_block(&mut self.core, self.program, allowance);
                self.pay(allowance - rest);
                return self.arrived();
            }
            let told = Self::told(&mut self.watch, self.cycles, self.steps);
            let (rest, left) =
                block_loop::<B, W, true>(&mut self.core, self.program, allowance, told);
            let unused = costs[self.core.regs.pc as usize]; // paid for what was not executed from PC on
            self.pay(allowance - (rest + unused));
            if left == Left::AtInstruction && !self.at_hooked() {
                return self.arrived();
            }
        }
    }

    /// At the deadline, the run ends, or hardware calls a service routine.
    #[inline(always)]
    fn at_deadline(&mut self) -> Option<Stop> {
        if let Some(stop) = self.arrived() {
            return Some(stop);
        }
        if !B::HOOKED {
            return Some(Stop::Event);
        }
        let Some(Interrupt { vector, call }) = self.core.bus.pending_interrupt(self.cycles) else {
            return Some(Stop::Event);
        };
        let after = self.cycles + call;
        if after > self.limit.cycles || self.program.fault_at(vector).is_some() {
            return Some(Stop::Event);
        }
        let at = self.core.regs.pc;
        self.core.bus.acknowledge(vector, self.cycles);
        self.core.interrupt(vector);
        self.cycles = after;
        if W::WATCHES {
            let transfer = self.transfer(at);
            self.watch.called(&transfer);
        }
        self.deadline = self.core.bus.deadline(after);
        None
    }

    /// Whether the block loop leaves the instruction at PC to [`Self::hooked`].
    #[inline(always)]
    fn at_hooked(&self) -> bool {
        B::HOOKED && self.program.slots()[self.core.regs.pc as usize].uop == Uop::Exact
    }

    /// Executes the instruction at PC, which likely reaches the bus.
    #[inline(always)]
    fn hooked(&mut self) -> Option<Stop> {
        let pc = self.core.regs.pc;
        let (uop, slot, cost) = self.program.exact_at(pc);
        if let Some(stop) = self.short_of(cost) {
            return Some(stop);
        }
        self.execute(uop, slot, cost);
        let stop = self.ask_bus();
        if stop.is_none() && self.core.regs.pc == pc && matches!(uop, Uop::Jb | Uop::Jnb) {
            self.wait(slot.x, cost);
        }
        stop
    }

    /// Goes on to where the direct address `x` may have changed: the instruction at PC waits for
    /// one of its bits by jumping to itself.
    fn wait(&mut self, x: u8, cost: Cost) {
        let each = cost.cycles().0;
        let steady = (self.core.bus.unchanged_until(x) - self.cycles)
            .0
            .div_ceil(each);
        let fitting = (self.limit.cycles.min(self.deadline) - self.cycles).0 / each;
        let times = steady.min(fitting).min((self.limit.steps - self.steps).0);
        self.cycles += Cycles(times * each);
        self.steps += Steps(times);
    }

    /// The processor as an observer may see it.
    fn cpu(&self) -> Cpu {
        let mut cpu = Cpu {
            pc: 0,
            memory: *self.core.memory,
        };
        self.core.regs.store(&mut cpu);
        cpu
    }

    pub(super) fn end(self, stop: Stop) -> (Regs, Run) {
        (
            self.core.regs,
            Run {
                cycles: self.cycles,
                steps: self.steps,
                stop,
            },
        )
    }
}

impl<B: Bus> Core<'_, B, Checked> {
    /// Executes an operation of the instruction table with the operands of `slot`, and goes on to the next one.
    fn execute(&mut self, uop: Uop, slot: &Slot) {
        self.regs.pc = match self.exec_as(uop, slot) {
            Flow::Next(_) => slot.next,
            Flow::Jump(to) => to,
            Flow::Leave => unreachable!("no row of the instruction table leaves the loop"),
        };
    }
}
