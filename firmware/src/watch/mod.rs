//! What is watched of a run, of firmware and of contracts alike: the stack, and which CODE runs.
//!
//! Whoever watches is told of every instruction, and the run takes the exact loop; a run that nobody watches does not
//! know that it could be.

pub(crate) mod counts;
pub(crate) mod coverage;
mod lcov;
mod listing;
mod program;
pub(crate) mod stack;
pub(crate) mod symbol_files;
mod tally;

use crate::error::Error;
use bridge::CallObserver;
use clap::Args;
use counts::Counts;
use coverage::{CoverageArgs, Covering, Summary};
use emu8051::{Cpu, Insn, Observer};
use loader::Image;
use stack::StackWatch;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// The options of commands that run one image.
#[derive(Args, Clone, Debug)]
pub(crate) struct WatchArgs {
    /// Watch the stack: report how high it grew, and who called whom when it overflows: that ends firmware, and the status is 1. Slower. For the 8051.
    #[arg(long)]
    check_stack: bool,
    #[command(flatten)]
    coverage: CoverageArgs,
    /// A .cdb, .rst or .map for the coverage, instead of the one beside the image; may be given more than once.
    #[arg(long, value_name = "FILE", requires = "coverage")]
    symbols: Vec<PathBuf>,
}

impl WatchArgs {
    /// The options by name, and whether each was given.
    pub(crate) fn given(&self) -> [(&'static str, bool); 2] {
        [
            ("--check-stack", self.check_stack),
            ("--coverage", self.coverage.is_asked_for()),
        ]
    }

    /// The files that will be written.
    pub(crate) fn outputs(&self) -> Option<&PathBuf> {
        self.coverage.coverage.as_ref()
    }

    /// The symbols of `image`, if coverage was asked for.
    ///
    /// # Errors
    /// If they can't be read, or are those of another image.
    pub(crate) fn covering(&self, path: &Path, image: &Image) -> Result<Option<Covering>, Error> {
        self.coverage.of(path, image, &self.symbols)
    }

    /// The watchers asked for, of a processor with that much IRAM and this stack pointer.
    pub(crate) fn watches(&self, iram_bytes: u16, sp: u8) -> Watches {
        Watches {
            stack: self.check_stack.then(|| StackWatch::new(iram_bytes, sp)),
            counts: self.coverage.is_asked_for().then(Counts::default),
        }
    }

    /// Writes the coverage, if it was asked for.
    ///
    /// # Errors
    /// If it can't be written.
    pub(crate) fn write(
        &self,
        covering: Option<&Covering>,
        watches: &Watches,
    ) -> Result<Option<Summary>, Error> {
        self.coverage.write(covering.zip(watches.counts.as_ref()))
    }
}

/// The IRAM of a contract in bytes.
pub(crate) const CONTRACT_IRAM: u16 = 0x100;

/// The watchers of a run, as far as they were asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watches {
    pub(crate) stack: Option<StackWatch>,
    pub(crate) counts: Option<Counts>,
}

impl Watches {
    /// Those of contracts.
    pub(crate) fn contract(stack: bool, coverage: bool) -> Watches {
        Watches {
            stack: stack.then(|| StackWatch::new(CONTRACT_IRAM, Cpu::new().sp())),
            counts: coverage.then(Counts::default),
        }
    }

    /// The same, for the call of a contract that is about to begin.
    pub(crate) fn begin(&mut self) -> &mut dyn CallObserver {
        if let Some(stack) = &mut self.stack {
            stack.restart(Cpu::new().sp());
        }
        self
    }

    /// Whether anybody watches.
    pub(crate) fn any(&self) -> bool {
        self.stack.is_some() || self.counts.is_some()
    }
}

impl Observer for Watches {
    fn wants_instructions(&self) -> bool {
        self.any()
    }

    fn before(&mut self, cpu: &Cpu, insn: &Insn) -> ControlFlow<()> {
        (&mut self.stack, &mut self.counts).before(cpu, insn)
    }

    fn after(&mut self, cpu: &Cpu, insn: &Insn) -> ControlFlow<()> {
        (&mut self.stack, &mut self.counts).after(cpu, insn)
    }
}

impl CallObserver for Watches {}
