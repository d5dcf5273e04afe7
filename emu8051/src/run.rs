//! The run loops, and how they charge.
//!
//! # Charging by the block
//!
//! What a program may use is counted in machine cycles and in steps, and both counts are exact: an instruction begins
//! only if its whole cost is affordable. Counting at every instruction would cost a quarter of the speed, so
//! [`run`] pays in advance. Each address of CODE has a sum, made at predecode: the cost of everything from there to the
//! end of its *basic block*, that is up to and including the next jump, call, return or branch. Control can enter a
//! block anywhere, hence a sum at every address; it leaves only at the end. So it is enough to subtract one sum
//! whenever control arrives somewhere by a jump or by a branch not taken, and no other instruction looks at the meter.
//!
//! When a sum does not fit into what is left, nothing of that block has happened yet. The subtraction is undone, as
//! many of the block's instructions are executed as do fit, which the sums at their addresses say, and the exact loop
//! goes on from there, one instruction at a time, until the limit is met or blocks fit again. Hence [`run`] and
//! [`run_exact`] stop at the same instruction with the same state for every limit, which the tests try for thousands of
//! limits on every workload.
//!
//! A deadline of the bus within a block is met the same way, except that the instruction that reaches it is executed
//! too. If all the bus wants there is an interrupt, its service routine is called and the run goes on.
//!
//! Blocks also end, with nothing to pay for the instruction itself, before
//! * a trap or a fault, which cost nothing;
//! * an instruction the block loop leaves to the exact loop ([`Uop::Exact`](crate::isa::Uop)): a hooked register, the
//!   last instruction before the end of CODE, and one in every couple of thousand of straight-line code;
//! * an instruction that would make the stack wrap around, which in a program that
//!   [guards its stack](crate::ProgramBuilder::guard_stack) is a fault. All others pay one host instruction for each push.
//!
//! Cycles and steps are subtracted together, as two halves of one word ([`Cost`]). A half holds 15 bits, so the block
//! loop is given its allowance in slices; a new slice costs some fifty host instructions every twenty thousand.

use crate::bus::{Bus, Interrupt};
use crate::cost::Cost;
use crate::cpu::Cpu;
use crate::datapath::Core;
use crate::direct::{Checked, Plain};
use crate::exec::Flow;
use crate::fusion::unfused;
use crate::isa::Uop;
use crate::observer::Observer;
use crate::policy::CpuFault;
use crate::program::Program;
use crate::regs::Regs;
use crate::slot::Slot;
use crate::units::{Cycles, Steps};

/// What a run may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Machine cycles.
    pub cycles: Cycles,
    /// Instructions.
    pub steps: Steps,
}

impl Limit {
    /// No limit that a run could reach.
    pub const NONE: Limit = Limit {
        cycles: Cycles::MAX,
        steps: Steps::MAX,
    };

    /// That many machine cycles and any number of steps.
    pub const fn cycles(cycles: u64) -> Limit {
        Limit {
            cycles: Cycles(cycles),
            steps: Steps::MAX,
        }
    }

    /// That many steps and any number of machine cycles.
    pub const fn steps(steps: u64) -> Limit {
        Limit {
            cycles: Cycles::MAX,
            steps: Steps(steps),
        }
    }
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stop {
    /// PC arrived at this trap address.
    Trap(u16),
    /// The next instruction takes more machine cycles than are left.
    OutOfCycles,
    /// No step is left.
    OutOfSteps,
    /// The instruction at PC cannot be executed.
    Fault(CpuFault),
    /// The bus asked for it ([`Bus::stop_requested`]).
    Event,
    /// The observer ended the run.
    Observer,
}

/// What a run used, and why it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Machine cycles used.
    pub cycles: Cycles,
    /// Instructions executed.
    pub steps: Steps,
    /// Why it ended; [`Cpu::pc`] says where.
    pub stop: Stop,
}

/// Runs until a trap, a fault, an event or the end of a limit, charging by the block.
///
/// * An instruction begins only if its whole cost is affordable, in cycles and in steps.
/// * Arriving at a trap ends the run however it was reached; it costs nothing and comes before the end of a limit.
///   A run that *starts* on a trap executes the instruction there: it is leaving the trap.
/// * A faulting instruction costs nothing and changes nothing; PC stays on it.
/// * Stopped anywhere and continued equals not stopped.
pub fn run<B: Bus>(cpu: &mut Cpu, bus: &mut B, program: &Program, limit: Limit) -> Run {
    let mut runner = Runner::new(cpu, bus, program, limit);
    let leaving = runner.arrived().and_then(|_| runner.leave_trap());
    let stop = leaving.unwrap_or_else(|| {
        loop {
            if let Some(stop) = runner.blocks().or_else(|| runner.step(&mut (), false)) {
                break stop;
            }
        }
    });
    let (regs, run) = runner.end(stop);
    regs.store(cpu);
    run
}

/// Does what [`run`] does without a limit, and counts nothing: the benchmark measures by it what the meter costs.
#[cfg(feature = "unmetered")]
pub fn run_unmetered<B: Bus>(cpu: &mut Cpu, bus: &mut B, program: &Program) -> Stop {
    let mut runner = Runner::new(cpu, bus, program, Limit::NONE);
    let stop = loop {
        block_loop::<B, false>(&mut runner.core, program, Cost::ZERO);
        if let Some(stop) = runner.arrived().or_else(|| runner.step(&mut (), false)) {
            break stop;
        }
    };
    runner.end(stop).0.store(cpu);
    stop
}

/// Does what [`run`] does, charging by the instruction and decoding each afresh from CODE.
pub fn run_exact<B: Bus>(cpu: &mut Cpu, bus: &mut B, program: &Program, limit: Limit) -> Run {
    run_observed(cpu, bus, program, limit, &mut ())
}

/// Does what [`run_exact`] does and tells `observer` of every instruction.
pub fn run_observed<B: Bus, O: Observer + ?Sized>(
    cpu: &mut Cpu,
    bus: &mut B,
    program: &Program,
    limit: Limit,
    observer: &mut O,
) -> Run {
    let watched = observer.wants_instructions();
    let mut runner = Runner::new(cpu, bus, program, limit);
    let stop = loop {
        let stop = runner.step(observer, watched);
        if let Some(stop) = stop.or_else(|| runner.arrived()) {
            break stop;
        }
    };
    let (regs, run) = runner.end(stop);
    regs.store(cpu);
    run
}

/// Why the block loop was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    /// The instruction at PC is a trap, faults, or is for the exact loop.
    AtInstruction,
    /// The block at PC does not fit.
    Overdrawn,
}

/// A run under way.
struct Runner<'a, B> {
    core: Core<'a, B, Checked>,
    program: &'a Program,
    limit: Limit,
    /// [`Bus::deadline`].
    deadline: Cycles,
    cycles: Cycles,
    steps: Steps,
}

impl<'a, B: Bus> Runner<'a, B> {
    fn new(cpu: &'a mut Cpu, bus: &'a mut B, program: &'a Program, limit: Limit) -> Runner<'a, B> {
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
        }
    }

    /// Whether the instruction at PC must not begin because PC arrived at a trap.
    fn arrived(&self) -> Option<Stop> {
        let pc = self.core.regs.pc;
        self.program.is_trap(pc).then_some(Stop::Trap(pc))
    }

    /// Executes the instruction at PC, be it a trap or not, or says why it cannot begin; `watched` tells the observer.
    #[inline(always)]
    fn step<O: Observer + ?Sized>(&mut self, observer: &mut O, watched: bool) -> Option<Stop> {
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
    fn leave_trap(&mut self) -> Option<Stop> {
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

    /// What an instruction of that cost is not affordable for.
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

    /// What the limit leaves. No run uses more than that.
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
        self.core.direct.now = self.cycles;
        self.core.execute(uop, slot);
        self.pay(cost);
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
    fn blocks(&mut self) -> Option<Stop> {
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
                    let unused = to_deadline(&mut self.core, self.program, beyond);
                    self.pay(block - unused);
                    continue;
                }
                let rest = part_of_block(&mut self.core, self.program, allowance);
                self.pay(allowance - rest);
                return self.arrived();
            }
            let (rest, left) = block_loop::<B, true>(&mut self.core, self.program, allowance);
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
        self.core.bus.acknowledge(vector, self.cycles);
        self.core.interrupt(vector);
        self.cycles = after;
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

    /// Goes on to where the direct address `x` may have changed: the instruction at PC waits for one of its bits by jumping
    /// to itself.
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

    fn end(self, stop: Stop) -> (Regs, Run) {
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

    /// Executes an operation of the instruction table with the operands of `slot`, and goes on to the next one.
    fn execute(&mut self, uop: Uop, slot: &Slot) {
        self.regs.pc = match self.exec_as(uop, slot) {
            Flow::Next(_) => slot.next,
            Flow::Jump(to) => to,
            Flow::Leave => unreachable!("no row of the instruction table leaves the loop"),
        };
    }
}

/// The block loop: the registers are locals, direct addresses are plain memory, and only jumps look at the meter.
#[inline(never)]
fn block_loop<B: Bus, const METERED: bool>(
    outer: &mut Core<'_, B, Checked>,
    program: &Program,
    allowance: Cost,
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
            match core.exec(&slots[at as u16 as usize]) {
                Flow::Next(len) => at += len,
                Flow::Jump(to) => break to,
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
fn to_deadline<B: Bus>(
    outer: &mut Core<'_, B, Checked>,
    program: &Program,
    beyond: Cycles,
) -> Cost {
    let (slots, costs) = (program.slots(), program.costs());
    let mut core = outer.plain();
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
fn part_of_block<B: Bus>(
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
