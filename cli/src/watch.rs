//! `--check-stack` and `--coverage`: what watches a run, of firmware and of contracts alike.

use crate::error::Error;
use crate::files;
use crate::messages::tell;
use crate::output::note;
use bridge::{CallObserver, Cpu, Entered, FrameEnd, Insn, MachineView, Observer};
use clap::Args;
use firmware::watch::Watches;
use firmware::watch::counts::Counts;
use firmware::watch::coverage::{Coverage, SourceMap, Summary};
use firmware::watch::stack::StackWatch;
use firmware::watch::symbol_files::Wanted;
use loader::Image;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// The options of commands that can tell the coverage of their images.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct CoverageArgs {
    /// Write which lines, branches and functions ran, as lcov. Lines come from the .cdb that `sdcc --debug` leaves
    /// beside the image, else from the .rst, else from a listing that is written beside FILE. Slower.
    #[arg(long, value_name = "FILE")]
    pub(crate) coverage: Option<PathBuf>,
    /// Where sources lie that are not beside the symbol files; may be given more than once.
    #[arg(long, value_name = "DIR", requires = "coverage")]
    pub(crate) sources: Vec<PathBuf>,
}

impl CoverageArgs {
    /// Whether coverage is to be written.
    pub(crate) fn is_asked_for(&self) -> bool {
        self.coverage.is_some()
    }

    /// The sources of `image`, if coverage was asked for; `symbols` are files, or none for those beside it.
    ///
    /// # Errors
    /// If symbols can't be read, or are those of another image.
    pub(crate) fn of(
        &self,
        path: &Path,
        image: &Image,
        symbols: &[PathBuf],
    ) -> Result<Option<SourceMap>, Error> {
        if !self.is_asked_for() {
            return Ok(None);
        }
        let sources = &self.sources;
        let mut notes = Vec::new();
        let wanted = Wanted { symbols, sources };
        let map = SourceMap::new(&files::Guarded, path, image, wanted, &mut notes);
        notes.iter().for_each(tell);
        Ok(Some(map?))
    }

    /// Writes the coverage of each image as lcov, if coverage was asked for.
    ///
    /// # Errors
    /// If it can't be written.
    pub(crate) fn write<'a>(
        &self,
        counted: impl IntoIterator<Item = (&'a SourceMap, &'a Counts)>,
    ) -> Result<Option<Summary>, Error> {
        self.write_all(counted, Coverage::default())
    }

    /// The file beside the coverage in which an image without known lines is listed.
    pub(crate) fn listing(&self, image: &Path) -> Option<PathBuf> {
        let name = image.to_string_lossy().replace(['/', '\\'], "_");
        let to = self.coverage.as_ref()?;
        Some(to.with_added_extension(format!("{name}.lst")))
    }

    /// The same, with what `coverage` has already.
    ///
    /// # Errors
    /// If it can't be written.
    pub(crate) fn write_all<'a>(
        &self,
        counted: impl IntoIterator<Item = (&'a SourceMap, &'a Counts)>,
        mut coverage: Coverage,
    ) -> Result<Option<Summary>, Error> {
        let Some(to) = &self.coverage else {
            return Ok(None);
        };
        for (sources, counts) in counted {
            let file = self.listing(sources.image()).unwrap_or_default();
            coverage.add(sources, counts, |listing| {
                files::replace_with(&file, listing.as_bytes()).map(|()| file)
            })?;
        }
        files::write(to, coverage.to_lcov().as_bytes())?;
        let summary = coverage.summary();
        if summary.elsewhere > 0 {
            note(format_args!(
                "{}: {} instructions ran that come from no known line (libraries, start-up)",
                to.display(),
                summary.elsewhere
            ));
        }
        Ok(Some(summary))
    }
}

/// The options of commands that run one image.
#[derive(Args, Clone, Debug)]
pub(crate) struct WatchArgs {
    /// Watch the stack: report how high it grew, and who called whom when it overflows: that ends
    /// firmware, and the status is 1. Slower. For the 8051.
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

    /// The sources of `image`, if coverage was asked for.
    ///
    /// # Errors
    /// If they can't be read, or are those of another image.
    pub(crate) fn sources(&self, path: &Path, image: &Image) -> Result<Option<SourceMap>, Error> {
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
        sources: Option<&SourceMap>,
        watches: &Watches,
    ) -> Result<Option<Summary>, Error> {
        self.coverage.write(sources.zip(watches.counts.as_ref()))
    }
}

/// The IRAM of a contract in bytes.
pub(crate) const CONTRACT_IRAM: u16 = 0x100;

/// [`Watches`] of calls of contracts.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallWatches(pub(crate) Watches);

impl CallWatches {
    /// Those of contracts.
    pub(crate) fn contract(stack: bool, coverage: bool) -> CallWatches {
        CallWatches(Watches {
            stack: stack.then(|| StackWatch::new(CONTRACT_IRAM, Cpu::new().sp())),
            counts: coverage.then(Counts::default),
        })
    }

    /// A run of the contract begins; what the stack of one that waits for it is to be watched by then.
    pub(crate) fn begin(&mut self) -> Option<StackWatch> {
        let stack = self.0.stack.as_mut()?;
        let waiting = stack.clone();
        stack.restart(Cpu::new().sp());
        Some(waiting)
    }

    /// The run that was begun last has ended, and the one that waited goes on.
    pub(crate) fn end(&mut self, waiting: Option<StackWatch>) {
        if let (Some(stack), Some(waiting)) = (&mut self.0.stack, waiting) {
            let seen = stack.seen.clone();
            *stack = waiting;
            stack.seen = seen;
        }
    }
}

impl Observer for CallWatches {
    fn wants_instructions(&self) -> bool {
        self.0.any()
    }

    fn before(&mut self, cpu: &Cpu, insn: &Insn) -> ControlFlow<()> {
        self.0.before(cpu, insn)
    }

    fn after(&mut self, cpu: &Cpu, insn: &Insn) -> ControlFlow<()> {
        self.0.after(cpu, insn)
    }
}

impl CallObserver for CallWatches {}

/// An observer that is told of the outermost frame alone, and of nothing in the contracts that it calls.
#[derive(Debug)]
pub(crate) struct Outermost<O> {
    observer: O,
    /// The frames above it.
    above: usize,
}

impl<O> Outermost<O> {
    /// One that tells `observer`.
    pub(crate) const fn of(observer: O) -> Outermost<O> {
        Outermost { observer, above: 0 }
    }

    /// The observer that was told.
    pub(crate) fn end(self) -> O {
        self.observer
    }
}

impl<O: Observer> Observer for Outermost<O> {
    fn wants_instructions(&self) -> bool {
        self.observer.wants_instructions()
    }

    fn before(&mut self, cpu: &Cpu, insn: &Insn) -> ControlFlow<()> {
        match self.above {
            0 => self.observer.before(cpu, insn),
            _ => ControlFlow::Continue(()),
        }
    }

    fn after(&mut self, cpu: &Cpu, insn: &Insn) -> ControlFlow<()> {
        match self.above {
            0 => self.observer.after(cpu, insn),
            _ => ControlFlow::Continue(()),
        }
    }
}

impl<O: CallObserver> CallObserver for Outermost<O> {
    fn wants_host_calls(&self) -> bool {
        false
    }

    fn entered(&mut self, _: &Entered) {
        self.above += 1;
    }

    fn left(&mut self, _: &FrameEnd) {
        self.above = self.above.saturating_sub(1);
    }

    fn stopped(&mut self, machine: MachineView<'_>) {
        if self.above == 0 {
            self.observer.stopped(machine);
        }
    }
}
