//! The 8051 engine: input into Communicate, run, trap, reply, exit.
//!
//! The loop is the original VM's (`CVm8051::run`): a vector counts when PC *arrives* there, however it
//! got there; the buffer is zeroed before a reply; after a reply the bytes at the api vector run as they
//! stand in the image, usually a `RET`.

use crate::engine::{
    Arrival, Call, Engine, EngineId, Module, Observer, PrepareError, Report, Served,
};
use crate::meter::{Limits, Meter, Schedule};
use crate::outcome::{Fault, Outcome};
use crate::watchdog::{Watch, Watchdog, WatchedHost};
use abi::codec::reply_fits;
use abi::layout::{APICALL, COMMUNICATE, COMMUNICATE_SIZE, EXIT, INPUT_MAX, REQUEST_SIZE, RESULT};
use abi::{ExitCode, Gas, Semantics};
use emu8051::{
    Cpu, Cycles, Insn, Program, ProgramBuilder, Run, Steps, Stop, Unprogrammed, Xdata, run,
    run_observed,
};
use hostapi::{HostApi, HostError, HostFault, NodeError, Status};
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

/// The instructions between two looks at the clock, of a call that is watched: about a millisecond.
const SLICE: Steps = Steps(200_000);

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

    fn prepare(
        &self,
        image: &Image,
        semantics: Semantics,
    ) -> Result<Arc<dyn Module>, PrepareError> {
        if image.as_wasm().is_some() {
            return Err(PrepareError::WrongKind {
                engine: EngineId::Mcs51,
            });
        }
        let header = header::check(image, semantics)?.header;
        let mut builder = Program::builder().trap(EXIT).trap(APICALL);
        if semantics.is_dacrs() {
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
            entry_gas: Schedule::V1.entry_gas(program.predecoded()),
            program: Some(program),
            semantics,
            account_check: header.account_check.unwrap_or(false),
            pool: Arc::clone(&self.pool),
            watchdog: self.watchdog,
        }))
    }
}

/// Registers, IRAM and XDATA of one 8051.
#[derive(Debug)]
struct Machine {
    cpu: Cpu,
    xdata: Xdata,
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
            })
        })
    }

    fn put_back(&self, mut machine: Box<Machine>) {
        machine.cpu = Cpu::new();
        machine.xdata.clear_dirty();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < POOL_MAX {
            idle.push(machine);
        }
    }
}

/// A prepared 8051 contract.
struct Contract {
    /// Taken out only when the contract is dropped.
    program: Option<Program>,
    /// What a call pays before its first instruction.
    entry_gas: Gas,
    semantics: Semantics,
    account_check: bool,
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
            .field("semantics", &self.semantics)
            .finish_non_exhaustive()
    }
}

impl Module for Contract {
    fn engine(&self) -> EngineId {
        EngineId::Mcs51
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

    fn call(
        &self,
        call: &Call<'_>,
        host: &mut dyn HostApi,
        observer: &mut dyn Observer,
    ) -> Result<Report, NodeError> {
        match self.watchdog.map(Watchdog::start) {
            None => self.run(call, host, observer, None),
            Some(watch) => {
                let host = &mut WatchedHost { watch, host };
                self.run(call, host, observer, Some(watch))
            }
        }
    }
}

impl Contract {
    fn program(&self) -> &Program {
        // It is taken out when the contract is dropped, and then there is nobody left to call it.
        self.program.as_ref().expect("it is there until the drop")
    }

    fn run(
        &self,
        call: &Call<'_>,
        host: &mut dyn HostApi,
        observer: &mut dyn Observer,
        watch: Option<Watch>,
    ) -> Result<Report, NodeError> {
        let meter = Meter::new(Schedule::V1, self.semantics, call.limits);
        let mut machine = self.pool.take();
        let mut running = Running {
            contract: self,
            machine: &mut machine,
            meter,
            host,
            observer,
            watch,
        };
        let result = running.start_and_run(call.input, &call.limits);
        let meter = running.meter;
        let report = result.map(|outcome| Report {
            outcome,
            usage: meter.finish(outcome.is_success()),
        });
        self.pool.put_back(machine);
        report
    }
}

/// One call under way.
struct Running<'a> {
    contract: &'a Contract,
    machine: &'a mut Machine,
    meter: Meter,
    host: &'a mut dyn HostApi,
    observer: &'a mut dyn Observer,
    watch: Option<Watch>,
}

impl Running<'_> {
    fn start_and_run(&mut self, input: &[u8], limits: &Limits) -> Result<Outcome, NodeError> {
        let outcome = match self.start(input, limits) {
            Ok(()) => self.run_and_serve()?,
            Err(fault) => Outcome::Fault { fault },
        };
        self.observer
            .stopped(&self.machine.cpu, &self.machine.xdata);
        Ok(outcome)
    }

    /// Places the input: `LE16 length, bytes` from the start of Communicate.
    fn start(&mut self, input: &[u8], limits: &Limits) -> Result<(), Fault> {
        if input.len() > INPUT_MAX {
            return Err(Fault::InputTooLong {
                length: input.len(),
            });
        }
        if !self.contract.semantics.is_dacrs() {
            self.meter.charge_gas(self.contract.entry_gas)?;
        } else if limits.steps.0 == 0 {
            return Err(Fault::OutOfSteps);
        }
        let length = u16::try_from(input.len()).expect("checked against INPUT_MAX");
        self.machine
            .xdata
            .copy_in(COMMUNICATE, &length.to_le_bytes());
        self.machine.xdata.copy_in(COMMUNICATE + 2, input);
        Ok(())
    }

    fn run_and_serve(&mut self) -> Result<Outcome, NodeError> {
        loop {
            let run = self.run();
            self.meter.charge_run(&run);
            let fault = match run.stop {
                Stop::Fault(emu8051::Fault::Reserved) if self.contract.semantics.is_dacrs() => {
                    self.spin();
                    Fault::OutOfSteps
                }
                Stop::Trap(APICALL) => match self.serve() {
                    Ok(()) => continue,
                    Err(Ended::Fault(fault)) => fault,
                    Err(Ended::Node(error)) => return Err(error),
                },
                Stop::Trap(_) => return Ok(self.exit()),
                // Only programs with hooked registers stop for an event, and a contract has none.
                Stop::Event => continue,
                // Not the call's limit but a slice of it: the clock is looked at.
                Stop::OutOfSteps if self.meter.allowance().steps.0 > 0 => {
                    self.watch.map_or(Ok(()), |watch| watch.check())?;
                    continue;
                }
                Stop::OutOfSteps => Fault::OutOfSteps,
                Stop::OutOfCycles => self.meter.which_ran_out(),
                Stop::Fault(emu8051::Fault::Reserved) => Fault::ReservedOpcode,
                Stop::Fault(emu8051::Fault::Unprogrammed) => Fault::UnprogrammedCode,
                Stop::Fault(emu8051::Fault::StackOverflow) => Fault::StackOverflow,
            };
            return Ok(Outcome::Fault { fault });
        }
    }

    /// Runs up to the next trap, limit or fault.
    fn run(&mut self) -> Run {
        let Machine { cpu, xdata } = &mut *self.machine;
        let program = self.contract.program();
        let mut limit = self.meter.allowance();
        if self.watch.is_some() {
            limit.steps = limit.steps.min(SLICE);
        }
        if self.observer.wants_instructions() {
            run_observed(
                cpu,
                xdata,
                program,
                limit,
                &mut EachInstruction(self.observer),
            )
        } else {
            run(cpu, xdata, program, limit)
        }
    }

    /// Stands on 0xA5 until the limit: in the original the opcode does nothing, PC stays where it is, and
    /// each round counts as an instruction of one machine cycle.
    fn spin(&mut self) {
        let rounds = self.meter.allowance().steps;
        if self.observer.wants_instructions() {
            let cpu = &self.machine.cpu;
            let insn = self.contract.program().insn_at(cpu.pc());
            (0..rounds.0).for_each(|_| self.observer.instruction(cpu, &insn));
        }
        self.meter.charge_run(&Run {
            cycles: Cycles(rounds.0),
            steps: rounds,
            stop: Stop::OutOfSteps,
        });
    }

    /// The contract has arrived at the exit vector: its exit code stands in the result word.
    fn exit(&self) -> Outcome {
        match ExitCode(self.machine.xdata.read(RESULT)) {
            ExitCode::SUCCESS => Outcome::Success,
            code => Outcome::Refused { code },
        }
    }

    /// The contract has arrived at the api vector: has the host answer, and delivers the reply.
    fn serve(&mut self) -> Result<(), Ended> {
        let Machine { cpu, xdata } = &mut *self.machine;
        let method = u16::from_le_bytes([xdata.read(RESULT), xdata.read(RESULT + 1)]);
        let request = &xdata.bytes()[usize::from(COMMUNICATE)..];
        let usage = self.meter.usage();
        self.observer.arrived(&Arrival {
            method,
            request,
            usage,
            machine: Some((cpu, xdata)),
        });
        self.host.allow(self.meter.gas_left());
        let answer = match self.host.call(method, request) {
            Ok(answer) => answer,
            Err(HostError::Fault(fault)) => {
                // The original counts a fatal call, and clears its buffer, like any other.
                xdata.zero(BUFFER);
                self.meter.charge_call(Gas::ZERO, Gas::ZERO, 0)?;
                return Err(fault.into());
            }
            Err(HostError::OutOfGas) => return Err(self.meter.run_out().into()),
            Err(HostError::Node(error)) => return Err(Ended::Node(error)),
        };
        let fits = reply_fits(self.contract.semantics, answer.reply.len());
        self.observer.served(&Served { answer, fits });
        // The pages of a range that is a constant are told apart when this is compiled.
        xdata.zero(BUFFER);
        if !self.contract.semantics.is_dacrs() {
            xdata.zero(BUFFER_END);
        }
        // The original can have a reply to a refused call too, and does not deliver it.
        if answer.status == Status::Done {
            if fits {
                xdata.copy_in(COMMUNICATE, answer.reply);
            } else if !self.contract.semantics.is_dacrs() {
                // The original drops it without a word, and a contract cannot tell that from "nothing found".
                return Err(HostFault::ReplyTooLarge {
                    size: answer.reply.len(),
                }
                .into());
            }
        }
        // The original tests its limit only after the reply stands in the buffer.
        self.meter
            .charge_call(answer.gas, answer.refund, answer.step_delta)?;
        Ok(())
    }
}

/// Why a call into the host ended the run.
enum Ended {
    Fault(Fault),
    Node(NodeError),
}

impl From<HostFault> for Ended {
    fn from(fault: HostFault) -> Self {
        Ended::Fault(Fault::Host(fault))
    }
}

impl From<Fault> for Ended {
    fn from(fault: Fault) -> Self {
        Ended::Fault(fault)
    }
}

/// Hands each instruction of the processor's own observer to the engine's.
struct EachInstruction<'a>(&'a mut dyn Observer);

impl emu8051::Observer for EachInstruction<'_> {
    fn before(&mut self, cpu: &Cpu, insn: &Insn) {
        self.0.instruction(cpu, insn);
    }

    fn after(&mut self, cpu: &Cpu, insn: &Insn) {
        self.0.executed(cpu, insn);
    }
}
