//! The 8051 engine: input into Communicate, run, trap, reply, exit.
//!
//! It does what the original VM does (`CVm8051::run`): a vector counts when PC *arrives* there, however it
//! got there; the buffer is zeroed before a reply; after a reply the bytes at the api vector run as they
//! lie in the image, usually a `RET`.

use crate::engine::{
    Allowance, Engine, EngineId, Module, PrepareError, Process, Reply, Request, Running, Stopped,
    Used,
};
use crate::observer::{CallObserver, MachineView};
use crate::outcome::Fault;
use crate::profile::{Profile, Stepwise};
use crate::rules::Rules;
use crate::watchdog::Watchdog;
use abi::layout::{
    APICALL, COMMUNICATE, COMMUNICATE_SIZE, EXIT, INPUT_MAX, REFUSED_WORD, REQUEST_SIZE, RESULT,
};
use abi::{AbiVersion, ExitCode, Gas};
use emu8051::{
    Cpu, CpuFault, Cycles, Limit, Program, ProgramBuilder, Run, Stop, Unprogrammed, Xdata, run,
    run_calls, run_observed,
};
use hostapi::NodeError;
use loader::{Image, header};
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// The XDATA that the host clears before each reply.
const BUFFER: Range<usize> = COMMUNICATE as usize..COMMUNICATE as usize + COMMUNICATE_SIZE;
/// Under our own rules the byte after the buffer too, where a reply that fills it has its end looked for.
const BUFFER_END: Range<usize> = BUFFER.end..COMMUNICATE as usize + REQUEST_SIZE;

/// The most machines kept for later calls; more than run at one time are dropped.
const POOL_MAX: usize = 16;

/// The most programs kept for their memory.
const OLD_MAX: usize = 2;

/// The 8051 engine. Clones share one pool of machines.
#[derive(Clone, Debug, Default)]
pub struct Mcs51 {
    pool: Arc<Pool>,
    watchdog: Option<Watchdog>,
}

impl Mcs51 {
    /// An engine with an empty pool.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An engine that gives up calls that run too long: for queries, never for what makes blocks.
    #[must_use]
    pub fn watched(watchdog: Watchdog) -> Self {
        Mcs51 {
            watchdog: Some(watchdog),
            ..Self::default()
        }
    }
}

impl Engine for Mcs51 {
    fn id(&self) -> EngineId {
        EngineId::Mcs51
    }

    fn prepare(&self, image: &Image, rules: &Rules) -> Result<Arc<dyn Module>, PrepareError> {
        if image.as_wasm().is_some() {
            return Err(PrepareError::WrongKind {
                engine: EngineId::Mcs51,
            });
        }
        let header = header::check(image, rules.semantics)?.header;
        let mut builder = Program::builder().trap(EXIT).trap(APICALL);
        if rules.semantics.is_dacrs() {
            // The old chain's CODE is 64 KiB of zeros under the image, and zeros run as NOP.
            builder = builder.fill(0x00).unprogrammed(Unprogrammed::Execute);
        } else {
            builder = builder.guard_stack();
        }
        for segment in image.segments() {
            builder = builder.segment(segment.start, &segment.bytes);
        }
        let program = self.pool.build(builder);
        Ok(Arc::new(Contract {
            entry_gas: rules.schedule.entry_gas(program.predecoded()),
            program: Some(program),
            rules: rules.clone(),
            account_check: header.account_check.unwrap_or(false),
            is_told: !rules.semantics.is_dacrs() && header.version >= AbiVersion::REFUSED_WORD,
            pool: Arc::clone(&self.pool),
            watchdog: self.watchdog,
        }))
    }
}

/// Registers, IRAM and XDATA of one 8051, and the contract that runs on it.
#[derive(Debug)]
pub struct Machine {
    cpu: Cpu,
    xdata: Xdata,
    /// Nothing while it is idle.
    contract: Option<Arc<Contract>>,
    /// Whether that contract runs under the old chain's rules.
    old_rules: bool,
}

/// Machines in their reset state, ready for a call, and programs that are not needed any more.
#[derive(Debug, Default)]
struct Pool {
    /// Programs whose memory the next ones are built in. Building is then paid by what they hold; memory fresh from
    /// the system would cost its 848 KiB, however small the image.
    old: Mutex<Vec<Program>>,
    #[expect(
        clippy::vec_box,
        reason = "a machine is moved several times a call, and has 600 bytes"
    )]
    idle: Mutex<Vec<Box<Machine>>>,
}

impl Pool {
    fn build(&self, builder: ProgramBuilder) -> Program {
        let old = self
            .old
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        match old {
            Some(old) => builder.build_in(old),
            None => builder.build(),
        }
    }

    /// Takes back a program for the next to be built in, unless there are enough.
    fn give_back(&self, program: Program) {
        let mut old = self.old.lock().unwrap_or_else(PoisonError::into_inner);
        if old.len() < OLD_MAX {
            old.push(program);
        }
    }

    fn take(&self) -> Box<Machine> {
        // A panic elsewhere cannot leave a machine half cleared: only cleared ones are put back.
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        idle.unwrap_or_else(|| {
            Box::new(Machine {
                cpu: Cpu::new(),
                xdata: Xdata::new(),
                contract: None,
                old_rules: false,
            })
        })
    }

    /// Takes back a machine, cleared; returns the size of the pages of XDATA that it wrote, in bytes.
    fn put_back(&self, mut machine: Box<Machine>) -> u64 {
        machine.cpu = Cpu::new();
        let written = machine.xdata.clear_dirty() as u64;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < POOL_MAX {
            idle.push(machine);
        }
        written
    }
}

/// A prepared 8051 contract.
struct Contract {
    /// Taken out only when the contract is dropped.
    program: Option<Program>,
    /// What a call pays before its first instruction.
    entry_gas: Gas,
    rules: Rules,
    account_check: bool,
    /// Whether the result word tells it of refused calls.
    is_told: bool,
    pool: Arc<Pool>,
    watchdog: Option<Watchdog>,
}

impl Drop for Contract {
    fn drop(&mut self) {
        if let Some(program) = self.program.take() {
            self.pool.give_back(program);
        }
    }
}

impl fmt::Debug for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contract")
            .field("semantics", &self.rules.semantics)
            .finish_non_exhaustive()
    }
}

impl Module for Contract {
    fn engine(&self) -> EngineId {
        EngineId::Mcs51
    }

    fn rules(&self) -> &Rules {
        &self.rules
    }

    fn size(&self) -> usize {
        Program::SIZE
    }

    fn account_check(&self) -> bool {
        self.account_check
    }

    fn entry_gas(&self) -> Gas {
        self.entry_gas
    }

    fn watchdog(&self) -> Option<Watchdog> {
        self.watchdog
    }

    /// Places the input: `LE16 length, bytes` from the start of Communicate.
    fn start(self: Arc<Self>, input: &[u8]) -> Process {
        let mut machine = self.pool.take();
        if input.len() <= INPUT_MAX {
            let length = input.len() as u16;
            machine.xdata.copy_in(COMMUNICATE, &length.to_le_bytes());
            machine.xdata.copy_in(COMMUNICATE + 2, input);
        }
        machine.old_rules = self.rules.semantics.is_dacrs();
        machine.contract = Some(self);
        Process::Mcs51(machine)
    }
}

impl Machine {
    fn contract(&self) -> &Contract {
        self.contract
            .as_deref()
            .expect("a machine runs a contract from its start to its end")
    }

    /// Stays at 0xA5 until the limit: in the original the opcode does nothing, PC stays where it is, and
    /// each round counts as an instruction of one machine cycle.
    fn spin(
        &mut self,
        ran: &Run,
        limit: Limit,
        observer: &mut dyn CallObserver,
    ) -> (Used, Stopped) {
        let rounds = limit.steps - ran.steps;
        let mut stopped = Stopped::OutOfSteps;
        if observer.wants_instructions() {
            let program = self.contract().program();
            let insn = program.insn_at(self.cpu.pc());
            if (0..rounds.0).any(|_| observer.before(&self.cpu, &insn).is_break()) {
                stopped = Stopped::Observer;
            }
        }
        let used = Used::Run(ran.cycles + Cycles(rounds.0), ran.steps + rounds);
        (used, stopped)
    }
}

/// A run whose functions are told to `profile`.
fn run_profiled(
    cpu: &mut Cpu,
    xdata: &mut Xdata,
    program: &Program,
    limit: Limit,
    profile: &mut Profile,
) -> Run {
    let ran = run_calls(cpu, xdata, program, limit, profile);
    profile.ran(&ran);
    ran
}

impl Contract {
    fn program(&self) -> &Program {
        // It is taken out when the contract is dropped, and then there is nobody left to call it.
        self.program.as_ref().expect("it is there until the drop")
    }
}

impl Running for Machine {
    #[inline]
    fn resume(
        &mut self,
        allowance: Allowance,
        mut observer: &mut dyn CallObserver,
    ) -> Result<(Used, Stopped), NodeError> {
        let limit = Limit {
            cycles: allowance.cycles,
            steps: allowance.steps,
        };
        let Machine {
            cpu,
            xdata,
            contract,
            old_rules,
        } = self;
        let contract = contract
            .as_deref()
            .expect("a machine runs a contract from its start to its end");
        let program = contract.program();
        let stepwise = observer.wants_instructions();
        let ran = match observer.profile() {
            None if stepwise => run_observed(cpu, xdata, program, limit, &mut observer),
            None => run(cpu, xdata, program, limit),
            Some(profile) if !stepwise && !profile.counts_instructions() => {
                run_profiled(cpu, xdata, program, limit, profile)
            }
            Some(_) => {
                let mut told = Stepwise::of(observer);
                let ran = run_observed(cpu, xdata, program, limit, &mut told);
                if let Some(profile) = observer.profile() {
                    profile.ran(&ran);
                }
                ran
            }
        };
        let stopped = match ran.stop {
            Stop::Trap(APICALL) => Stopped::HostCall,
            // The contract has arrived at the exit vector, with its exit code in the result word.
            Stop::Trap(_) => Stopped::Exit(ExitCode(xdata.read(RESULT))),
            Stop::OutOfSteps => Stopped::OutOfSteps,
            Stop::OutOfCycles => Stopped::OutOfCycles,
            Stop::Observer => Stopped::Observer,
            // Only programs with hooked registers stop for an event, and a contract has none.
            Stop::Event => Stopped::Slice,
            Stop::Fault(CpuFault::Reserved) if *old_rules => {
                return Ok(self.spin(&ran, limit, observer));
            }
            Stop::Fault(CpuFault::Reserved) => Stopped::Fault(Fault::ReservedOpcode),
            Stop::Fault(CpuFault::Unprogrammed) => Stopped::Fault(Fault::UnprogrammedCode),
            Stop::Fault(CpuFault::StackOverflow) => Stopped::Fault(Fault::StackOverflow),
        };
        Ok((Used::Run(ran.cycles, ran.steps), stopped))
    }

    #[inline]
    fn request(&self) -> Result<Request<'_>, Fault> {
        let xdata = &self.xdata;
        Ok(Request {
            method: u16::from_le_bytes([xdata.read(RESULT), xdata.read(RESULT + 1)]),
            bytes: &xdata.bytes()[usize::from(COMMUNICATE)..],
        })
    }

    #[inline(always)]
    fn reply(&mut self, reply: Reply<'_>) {
        // The pages of a range that is a constant are told apart when this is compiled.
        self.xdata.zero(BUFFER);
        if !self.old_rules {
            self.xdata.zero(BUFFER_END);
        }
        match reply {
            Reply::Served(bytes) => self.xdata.copy_in(COMMUNICATE, bytes),
            Reply::Refused if self.contract().is_told => {
                self.xdata.copy_in(RESULT, &REFUSED_WORD.to_le_bytes());
            }
            Reply::Refused | Reply::Cleared => {}
        }
    }

    #[inline]
    fn machine(&self) -> Option<MachineView<'_>> {
        Some(MachineView {
            cpu: &self.cpu,
            xdata: &self.xdata,
        })
    }

    fn finish(mut self: Box<Self>) -> u64 {
        match self.contract.take() {
            Some(contract) => contract.pool.put_back(self),
            None => 0,
        }
    }
}
