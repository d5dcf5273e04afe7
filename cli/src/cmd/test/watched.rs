//! What watches the contracts of scenarios: their images, and the runs of each.

use super::Test;
use super::functions::CoveredModule;
use crate::error::Error;
use crate::files;
use crate::watch::CallWatches;
use bridge::{CallObserver, Cpu, Entered, FrameEnd, Insn, Observer};
use firmware::watch::counts::Counts;
use firmware::watch::coverage::SourceMap;
use firmware::watch::stack::{Overflow, Stack, StackWatch};
use state::keys::RegId;
use std::collections::BTreeMap;
use std::ops::ControlFlow::{self, Continue};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use verify::scenario::{Scenario, Watch};

/// The images of all scenarios, in the order in which the scenarios name them: those for the 8051, and for WebAssembly
/// those whose coverage is asked for.
#[derive(Default)]
pub(super) struct Images {
    watched: Vec<Watched>,
    modules: Vec<CoveredModule>,
}

struct Watched {
    path: PathBuf,
    sources: Option<SourceMap>,
    /// A watch that has seen nothing.
    fresh: CallWatches,
    /// What was seen of it in all scenarios so far.
    seen: Mutex<Seen>,
}

/// What is the same whatever scenario ended first.
struct Seen {
    counts: Option<Counts>,
    stack: Option<Stack>,
    /// The scenario that overflowed it, of which the first in order counts.
    overflowed: Option<(usize, Overflow)>,
}

/// The place of an image among its like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    Mcs51(usize),
    Wasm(usize),
}

/// The images of a scenario's contracts, by the names it gives them.
pub(super) type Roles = BTreeMap<String, At>;

impl Images {
    /// The contracts of `scenario`, to be watched as asked for.
    pub(super) fn roles(&mut self, scenario: &Scenario, asked: &Test) -> Result<Roles, Error> {
        let mut roles = BTreeMap::new();
        for (contract, path, image) in scenario.images() {
            files::has_read(&path);
            if let Some(wasm) = image.as_wasm() {
                if asked.coverage.is_asked_for() {
                    let at = self.module(path, wasm);
                    roles.insert(contract.to_owned(), At::Wasm(at));
                }
                continue;
            }
            let known = self.watched.iter().position(|image| image.path == path);
            let at = known.unwrap_or(self.watched.len());
            if known.is_none() {
                let sources = asked.coverage.of(&path, image, &[])?;
                let fresh = CallWatches::contract(asked.check_stack, sources.is_some());
                let seen = Mutex::new(Seen {
                    counts: fresh.0.counts.clone(),
                    stack: fresh.0.stack.as_ref().map(|stack| stack.seen.clone()),
                    overflowed: None,
                });
                self.watched.push(Watched {
                    path,
                    sources,
                    fresh,
                    seen,
                });
            }
            roles.insert(contract.to_owned(), At::Mcs51(at));
        }
        Ok(roles)
    }

    /// The place of a module.
    fn module(&mut self, path: PathBuf, wasm: &[u8]) -> usize {
        let known = self.modules.iter().position(|module| module.path == path);
        known.unwrap_or_else(|| {
            self.modules.push(CoveredModule::new(path, wasm));
            self.modules.len() - 1
        })
    }

    /// Whether no contract is for the 8051.
    pub(super) fn is_empty(&self) -> bool {
        self.watched.is_empty()
    }

    /// The functions of modules, in order of path.
    pub(super) fn modules(&self) -> Vec<&CoveredModule> {
        let mut modules: Vec<_> = self.modules.iter().collect();
        modules.sort_by_key(|module| &module.path);
        modules
    }

    /// The watch of a run of the scenario with these contracts.
    pub(super) fn cast(&self, roles: &Roles) -> Cast {
        let fresh = |at: &At| match at {
            At::Mcs51(at) => Some((*at, self.watched.get(*at)?.fresh.clone())),
            At::Wasm(_) => None,
        };
        Cast {
            watches: roles.values().filter_map(fresh).collect(),
            entries: BTreeMap::new(),
            roles: roles.clone(),
            ids: BTreeMap::new(),
            frames: Vec::new(),
        }
    }

    /// Adds what was seen in the scenario of this place in order.
    pub(super) fn add(&self, place: usize, cast: Cast) {
        for ((at, index), count) in cast.entries {
            if let Some(module) = self.modules.get(at) {
                module.add(index, count);
            }
        }
        for (at, watches) in cast.watches {
            let Some(image) = self.watched.get(at) else {
                continue;
            };
            let mut seen = image.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if let (Some(sum), Some(counts)) = (&mut seen.counts, &watches.0.counts) {
                sum.add(counts);
            }
            let Some(Stack { highest, overflow }) = watches.0.stack.map(|stack| stack.seen) else {
                continue;
            };
            if let Some(sum) = &mut seen.stack {
                sum.highest = sum.highest.max(highest);
            }
            let is_first = seen.overflowed.as_ref().is_none_or(|(by, _)| place < *by);
            if let Some(overflow) = overflow.filter(|_| is_first) {
                seen.overflowed = Some((place, overflow));
            }
        }
    }

    /// What was counted of each image, in order of path.
    pub(super) fn counted(&self) -> Vec<(&SourceMap, Counts)> {
        let mut images: Vec<_> = self.watched.iter().collect();
        images.sort_by_key(|image| &image.path);
        let counted = |image: &&'_ Watched| {
            let seen = image.seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.counts.clone()
        };
        (images.into_iter())
            .filter_map(|image| Some((image.sources.as_ref()?, counted(&image)?)))
            .collect()
    }

    /// How high the stack of each image's contracts grew.
    pub(super) fn stacks(&self) -> BTreeMap<String, Stack> {
        let report = |image: &Watched| {
            let seen = image.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let overflow = (seen.overflowed.as_ref()).map(|(_, overflow)| overflow.clone());
            let highest = seen.stack.as_ref()?.highest;
            let stack = Stack { highest, overflow };
            Some((image.path.display().to_string(), stack))
        };
        self.watched.iter().filter_map(report).collect()
    }
}

/// The contracts of one scenario, by the names it gives them and by their ids, each as the place of its image; those
/// that nothing watches are left out. What runs is told to the image that runs.
pub(super) struct Cast {
    roles: Roles,
    ids: BTreeMap<RegId, At>,
    /// The frames of the call under way: the place of the image, and what watched a frame of it that waits.
    frames: Vec<(Option<At>, Option<StackWatch>)>,
    watches: BTreeMap<usize, CallWatches>,
    /// How often functions of modules were entered, by the place of the module and the function's index.
    entries: BTreeMap<(usize, u32), u64>,
}

impl Cast {
    /// A frame of the image at this place begins.
    fn begin(&mut self, at: Option<At>) {
        let watches = self.watches(at);
        let waiting = watches.and_then(CallWatches::begin);
        self.frames.push((at, waiting));
    }

    /// What watches the 8051 image at this place.
    fn watches(&mut self, at: Option<At>) -> Option<&mut CallWatches> {
        match at? {
            At::Mcs51(at) => self.watches.get_mut(&at),
            At::Wasm(_) => None,
        }
    }

    /// What watches the running frame.
    fn running(&mut self) -> Option<&mut CallWatches> {
        let (at, _) = self.frames.last()?;
        self.watches(*at)
    }
}

impl Watch for Cast {
    fn deployed(&mut self, contract: &str, id: RegId) {
        if let Some(at) = self.roles.get(contract) {
            self.ids.insert(id, *at);
        }
    }

    fn replaced(&mut self, contract: &str, id: RegId) {
        self.roles.remove(contract);
        self.ids.remove(&id);
    }

    fn call(&mut self, contract: &str) -> &mut dyn CallObserver {
        self.frames.clear();
        self.begin(self.roles.get(contract).copied());
        self
    }
}

impl Observer for Cast {
    fn wants_instructions(&self) -> bool {
        self.watches.values().any(Observer::wants_instructions)
    }

    fn before(&mut self, cpu: &Cpu, insn: &Insn) -> ControlFlow<()> {
        let running = self.running();
        running.map_or(Continue(()), |watches| watches.before(cpu, insn))
    }

    fn after(&mut self, cpu: &Cpu, insn: &Insn) -> ControlFlow<()> {
        let running = self.running();
        running.map_or(Continue(()), |watches| watches.after(cpu, insn))
    }
}

impl CallObserver for Cast {
    fn entered(&mut self, frame: &Entered) {
        self.begin(self.ids.get(&frame.contract).copied());
    }

    fn left(&mut self, _: &FrameEnd) {
        if let Some((at, waiting)) = self.frames.pop()
            && let Some(watches) = self.watches(at)
        {
            watches.end(waiting);
        }
    }

    fn entered_function(&mut self, index: u32) {
        if let Some((Some(At::Wasm(at)), _)) = self.frames.last() {
            let count = self.entries.entry((*at, index)).or_default();
            *count = count.saturating_add(1);
        }
    }
}
