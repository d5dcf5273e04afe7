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
//! * an instruction that would make the stack wrap around, which in a program that [guards its
//!   stack](crate::ProgramBuilder::guard_stack) is a fault. All others pay one host instruction for
//!   each push.
//!
//! Cycles and steps are subtracted together, as two halves of one word ([`Cost`]). A half holds 15 bits, so the block
//! loop is given its allowance in slices; a new slice costs some fifty host instructions every twenty thousand.

mod blocks;
mod runner;

use crate::bus::Bus;
use crate::calls::CallWatch;
#[cfg(feature = "unmetered")]
use crate::cost::Cost;
use crate::cpu::Cpu;
use crate::observer::Observer;
use crate::policy::CpuFault;
use crate::program::Program;
use crate::units::{Cycles, Steps};
use runner::Runner;

/// The most that a run may use.
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

/// The result of a run: its use of cycles and steps, and why it ended.
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
    run_told(cpu, bus, program, limit, ())
}

/// Does what [`run`] does and tells `watch` of every call, return and jump.
pub fn run_calls<B: Bus, W: CallWatch>(
    cpu: &mut Cpu,
    bus: &mut B,
    program: &Program,
    limit: Limit,
    watch: &mut W,
) -> Run {
    run_told(cpu, bus, program, limit, watch)
}

/// Both.
#[inline(always)]
fn run_told<B: Bus, W: CallWatch>(
    cpu: &mut Cpu,
    bus: &mut B,
    program: &Program,
    limit: Limit,
    watch: W,
) -> Run {
    let mut runner = Runner::new(cpu, bus, program, limit, watch);
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
    let mut runner = Runner::new(cpu, bus, program, Limit::NONE, ());
    let stop = loop {
        let told = blocks::Told {
            watch: &mut (),
            cycles: Cycles::ZERO,
            steps: Steps::ZERO,
        };
        blocks::block_loop::<B, (), false>(&mut runner.core, program, Cost::ZERO, told);
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
    let mut runner = Runner::new(cpu, bus, program, limit, ());
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
