//! What an engine is: [`Engine`] prepares an image once, a [`Module`] runs calls.

use crate::meter::{Limits, Usage};
use crate::outcome::Outcome;
use abi::{Gas, Semantics};
use emu8051::{Cpu, Insn, Xdata};
use hostapi::{Answer, HostApi, NodeError};
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
    /// The name used in receipts and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            EngineId::Mcs51 => "8051",
            EngineId::Wasm => "wasm",
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
    /// The module breaks a rule of docs/wasm.md.
    #[error(transparent)]
    Wasm(#[from] crate::wasm::Refusal),
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
    pub limits: Limits,
}

/// How a run ended and what it used. How an 8051 stood at the end, [`Observer::stopped`] sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How it ended.
    pub outcome: Outcome,
    /// What it used.
    pub usage: Usage,
}

/// The moment a contract arrives at the api vector, before the host has answered.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// The method asked for.
    pub method: u16,
    /// The whole exchange buffer as the contract left it.
    pub request: &'a [u8],
    /// What had been used on arrival, the arriving instruction included.
    pub usage: Usage,
    /// The processor and its XDATA; `None` from an engine that has none.
    pub machine: Option<(&'a Cpu, &'a Xdata)>,
}

/// What the host answered, before the reply goes into the buffer.
#[derive(Clone, Copy, Debug)]
pub struct Served<'a> {
    /// The answer.
    pub answer: Answer<'a>,
    /// Whether the reply fits in the buffer. That of a refused call is never delivered.
    pub fits: bool,
}

/// Watches a run. Nothing it does can change one.
pub trait Observer {
    /// Whether [`Observer::instruction`] and [`Observer::executed`] are wanted; they cost the run its speed.
    fn wants_instructions(&self) -> bool {
        false
    }
    /// Called before each instruction of an 8051, where wanted.
    fn instruction(&mut self, _cpu: &Cpu, _insn: &Insn) {}
    /// Called after each instruction of an 8051, where wanted; PC is the address of the next one.
    fn executed(&mut self, _cpu: &Cpu, _insn: &Insn) {}
    /// Called when a contract arrives at the api vector.
    fn arrived(&mut self, _arrival: &Arrival<'_>) {}
    /// Called when the host has answered; not called where the call ended the run.
    fn served(&mut self, _served: &Served<'_>) {}
    /// Called once when an 8051 has stopped for good.
    fn stopped(&mut self, _cpu: &Cpu, _xdata: &Xdata) {}
}

/// An observer that looks away.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {}

/// A prepared contract: immutable, shared between calls and threads.
pub trait Module: Send + Sync + fmt::Debug {
    /// Which engine prepared it.
    fn engine(&self) -> EngineId;

    /// What it holds in memory while idle, in bytes.
    fn size(&self) -> usize;

    /// What each call pays before its first instruction, in gas: preparing the module, as though nobody kept it, so
    /// that gas never depends on what a node has in memory. Nothing is paid under the old chain's rules.
    fn entry_gas(&self) -> Gas;

    /// Whether the image has the account check switched on: its money must then add up when a call succeeds.
    fn account_check(&self) -> bool;

    /// Runs one call. Nothing of one call is visible to the next.
    ///
    /// # Errors
    /// Only if the node fails; whatever the contract does is in the [`Report`].
    fn call(
        &self,
        call: &Call<'_>,
        host: &mut dyn HostApi,
        observer: &mut dyn Observer,
    ) -> Result<Report, NodeError>;
}

/// An engine: turns images into modules.
pub trait Engine: Send + Sync + fmt::Debug {
    /// Which engine it is.
    fn id(&self) -> EngineId;

    /// Prepares `image` to run under `semantics`. A deployment pays for it by the image's length, and each call
    /// by [`Module::entry_gas`].
    ///
    /// # Errors
    /// If the image is not one that this engine can run.
    fn prepare(&self, image: &Image, semantics: Semantics)
    -> Result<Arc<dyn Module>, PrepareError>;
}
