//! What an engine is: [`Engine`] prepares an image once, a [`Module`] starts runs, and a [`Running`] runs from one host
//! call to the next. Engines only run: what a run costs, who watches it and who answers it, [`drive`](crate::drive)
//! knows.

use crate::mcs51::Machine;
use crate::meter::{CallLimits, Meter, Usage};
use crate::observer::{CallObserver, MachineView};
use crate::outcome::{Fault, Outcome};
use crate::rules::Rules;
use crate::watchdog::Watchdog;
use abi::{ExitCode, Gas, Semantics};
use emu8051::{Cycles, Steps};
use hostapi::NodeError;
use loader::Image;
use std::fmt;
use std::sync::Arc;

/// Which engine runs an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EngineId {
    /// The 8051.
    Mcs51,
    /// WebAssembly.
    Wasm,
}

impl EngineId {
    /// The engine that runs images of the kind of `image`.
    #[must_use]
    pub fn of(image: &Image) -> EngineId {
        match image.as_wasm() {
            Some(_) => EngineId::Wasm,
            None => EngineId::Mcs51,
        }
    }

    /// The name used in receipts and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            EngineId::Mcs51 => "8051",
            EngineId::Wasm => "wasm",
        }
    }

    /// The byte used in stored forms.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            EngineId::Mcs51 => 1,
            EngineId::Wasm => 2,
        }
    }

    /// The engine of a byte of [`EngineId::code`].
    #[must_use]
    pub const fn from_code(code: u8) -> Option<EngineId> {
        match code {
            1 => Some(EngineId::Mcs51),
            2 => Some(EngineId::Wasm),
            _ => None,
        }
    }
}

impl fmt::Display for EngineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why an image cannot be run at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrepareError {
    /// The image is of a kind that the engine does not run.
    #[error("the {engine} engine does not run this kind of image")]
    WrongKind {
        /// The engine that was asked.
        engine: EngineId,
    },
    /// The image does not have the header of a contract.
    #[error(transparent)]
    Header(#[from] loader::HeaderError),
    /// The old chain has no WebAssembly, so no rules of its own for it.
    #[error("WebAssembly runs under the semantics v1 only, not under {0}")]
    Semantics(Semantics),
    /// The module breaks a rule of its kind; for WebAssembly a [`wasm::InvalidModule`](crate::wasm::InvalidModule).
    #[error(transparent)]
    Module(Box<dyn std::error::Error + Send + Sync>),
    /// The module is valid, and still the engine below does not take it.
    #[error("the engine does not take the module: {0}")]
    Compile(String),
    /// The node failed, or gave up: nothing is said about the image.
    #[error(transparent)]
    Node(#[from] NodeError),
}

/// One call of a contract.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The input bytes, at most [`abi::layout::INPUT_MAX`].
    pub input: &'a [u8],
    /// What the run may use.
    pub limits: CallLimits,
}

/// How a run ended and what it used. The final state of an 8051 is shown to
/// [`CallObserver::stopped`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How it ended.
    pub outcome: Outcome,
    /// What it used.
    pub usage: Usage,
    /// What the host has offered to give back, before it is capped.
    pub offered: Gas,
    /// The memory that the contract used, in bytes: of an 8051 the pages of XDATA that were written, of
    /// 256 bytes each, its input among them; of WebAssembly the linear memory, which never shrinks.
    pub memory: u64,
}

impl Report {
    /// The report on a call that ended so, and was counted by `meter`.
    pub(crate) fn of(outcome: Outcome, meter: Meter) -> Report {
        Report {
            outcome,
            memory: meter.memory(),
            offered: meter.offered(),
            usage: meter.finish(outcome.is_success()),
        }
    }
}

/// What a run may use before it has to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Gas; an engine that counts cycles does not look at it.
    pub gas: Gas,
    /// Machine cycles.
    pub cycles: Cycles,
    /// Instructions.
    pub steps: Steps,
    /// Whether the run shall pause every few milliseconds ([`Stopped::Slice`]), by an engine that
    /// has another measure than these.
    pub slices: bool,
}

/// What a run used of its allowance since it was resumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Used {
    /// Machine cycles and instructions of an 8051.
    Run(Cycles, Steps),
    /// Gas that a module counted itself.
    Gas(Gas),
    /// Nothing that can be told yet: a module that pauses between its own counts.
    Untold,
}

/// Why a run has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The contract makes a host call: [`Running::request`] has it, and [`Running::reply`] must come before the run is
    /// resumed.
    HostCall,
    /// The contract has ended with this code.
    Exit(ExitCode),
    /// The contract can not go on.
    Fault(Fault),
    /// The next instruction takes more machine cycles than the allowance.
    OutOfCycles,
    /// The allowance of instructions is used up.
    OutOfSteps,
    /// A slice is over: see [`Allowance::slices`].
    Slice,
    /// The observer has ended it.
    Observer,
}

/// A host call as it lies in the contract's memory.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method's number.
    pub method: u16,
    /// The exchange buffer.
    pub bytes: &'a [u8],
}

/// What a contract gets for a host call.
#[derive(Clone, Copy, Debug)]
pub enum Reply<'a> {
    /// The call was served: the items of the reply, framed.
    Served(&'a [u8]),
    /// The call was refused.
    Refused,
    /// The run ends here, or the reply is dropped under the old rules: the buffer is cleared, as before every reply.
    Cleared,
}

/// A run under way. It can be kept as long as somebody likes, and dropped at any time.
pub trait Running: Send {
    /// Runs on within `allowance` until something stops it.
    ///
    /// # Errors
    /// Only if the node fails.
    fn resume(
        &mut self,
        allowance: Allowance,
        observer: &mut dyn CallObserver,
    ) -> Result<(Used, Stopped), NodeError>;

    /// The host call that the run has stopped at.
    ///
    /// # Errors
    /// If the request does not lie in the contract's memory.
    fn request(&self) -> Result<Request<'_>, Fault>;

    /// Gives the contract what the host answered.
    fn reply(&mut self, reply: Reply<'_>);

    /// The machine, of an 8051.
    fn machine(&self) -> Option<MachineView<'_>> {
        None
    }

    /// Ends the run, and gives back what later ones can use. Returns the memory that the contract used,
    /// in bytes ([`Report::memory`]).
    fn finish(self: Box<Self>) -> u64;
}

/// A run under way, of an engine of ours or another one. The 8051 is told apart because a call through a table of
/// functions costs it a twelfth of a host call.
pub enum Process {
    /// On an 8051.
    Mcs51(Box<Machine>),
    /// On any other engine.
    Other(Box<dyn Running>),
}

impl std::fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Process::Mcs51(_) => "Mcs51",
            Process::Other(_) => "Other",
        })
    }
}

impl Process {
    /// [`Running::machine`].
    #[inline]
    #[must_use]
    pub fn machine(&self) -> Option<MachineView<'_>> {
        match self {
            Process::Mcs51(machine) => machine.machine(),
            Process::Other(running) => running.machine(),
        }
    }

    /// [`Running::finish`].
    pub fn finish(self) -> u64 {
        match self {
            Process::Mcs51(machine) => machine.finish(),
            Process::Other(running) => running.finish(),
        }
    }
}

/// Answers the host calls of a run that does not stop for them.
pub trait Server {
    /// Counts what the run used since the last one, and has the host answer: the reply, and the gas
    /// that is left. `None` ends the run.
    fn serve(
        &mut self,
        used: Used,
        request: Result<Request<'_>, Fault>,
    ) -> Option<(Reply<'_>, Gas)>;

    /// The function of this index begins, where the run has used `spent` since its last host call; told by modules
    /// that were prepared to.
    fn entered_function(&mut self, index: u32, spent: Gas) {
        let _ = (index, spent);
    }

    /// The function that began last of those that have not ended ends.
    fn left_function(&mut self, spent: Gas) {
        let _ = spent;
    }
}

/// The end of [`Module::run_whole`].
#[derive(Clone, Copy, Debug)]
pub struct Whole {
    /// What the run used since its last host call, and why it stopped; `None` where the server ended
    /// it.
    pub stopped: Option<(Used, Stopped)>,
    /// The memory that the contract used, in bytes ([`Report::memory`]).
    pub memory: u64,
}

/// A prepared contract: immutable, shared between calls and threads.
pub trait Module: Send + Sync + fmt::Debug {
    /// Which engine prepared it.
    fn engine(&self) -> EngineId;

    /// What it was prepared under.
    fn rules(&self) -> &Rules;

    /// What it holds in memory while idle, in bytes.
    fn size(&self) -> usize;

    /// What each call pays before its first instruction, in gas: preparing the module, as though nobody kept it, so
    /// that gas never depends on what a node has in memory. Nothing is paid under the old chain's rules.
    fn entry_gas(&self) -> Gas;

    /// Whether the image has the account check switched on: its money must then add up when a call succeeds.
    fn account_check(&self) -> bool;

    /// How long the node lets a call take, for a query.
    fn watchdog(&self) -> Option<Watchdog> {
        None
    }

    /// Starts a run with `input` in the contract's memory, unless it is too long for it. Nothing of
    /// one run is visible to the next.
    fn start(self: Arc<Self>, input: &[u8]) -> Process;

    /// Whether [`Module::run_whole`] does: asked first, as it costs less than trying.
    fn runs_whole(&self) -> bool {
        false
    }

    /// Runs a whole call that nobody wants to pause, with `gas` to spend, and has `server` answer
    /// its host calls: for an engine to which stopping at each of them costs much. `None` from all
    /// others.
    fn run_whole(
        &self,
        input: &[u8],
        gas: Gas,
        server: &mut dyn Server,
    ) -> Option<Result<Whole, NodeError>> {
        let _ = (input, gas, server);
        None
    }
}

/// An engine: turns images into modules.
pub trait Engine: Send + Sync + fmt::Debug {
    /// Which engine it is.
    fn id(&self) -> EngineId;

    /// Prepares `image` to run under `rules`. A deployment pays for it by the image's length, and each call
    /// by [`Module::entry_gas`].
    ///
    /// # Errors
    /// If the image is not one that this engine can run.
    fn prepare(&self, image: &Image, rules: &Rules) -> Result<Arc<dyn Module>, PrepareError>;
}
