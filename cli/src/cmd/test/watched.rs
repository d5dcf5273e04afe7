//! What watches the contracts of scenarios on the 8051: their images, and the runs of each.

use super::Test;
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

/// The images of all scenarios for the 8051, in the order in which the scenarios name them.
#[derive(Default)]
pub(super) struct Images {
    watched: Vec<Watched>,
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

/// The images of a scenario's contracts, by the names it gives them.
pub(super) type Roles = BTreeMap<String, usize>;

impl Images {
    /// The contracts of `scenario`, to be watched as asked for.
    pub(super) fn roles(&mut self, scenario: &Scenario, asked: &Test) -> Result<Roles, Error> {
        let mut roles = BTreeMap::new();
        for (contract, path, image) in scenario.images() {
            files::has_read(&path);
            if image.as_wasm().is_some() {
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
            roles.insert(contract.to_owned(), at);
        }
        Ok(roles)
    }

    /// Whether no contract is for the 8051.
    pub(super) fn is_empty(&self) -> bool {
        self.watched.is_empty()
    }

    /// The watch of a run of the scenario with these contracts.
    pub(super) fn cast(&self, roles: &Roles) -> Cast {
        let fresh = |at: &usize| Some((*at, self.watched.get(*at)?.fresh.clone()));
        Cast {
            watches: roles.values().filter_map(fresh).collect(),
            roles: roles.clone(),
            ids: BTreeMap::new(),
            frames: Vec::new(),
        }
    }

    /// Adds what was seen in the scenario of this place in order.
    pub(super) fn add(&self, place: usize, cast: Cast) {
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
    ids: BTreeMap<RegId, usize>,
    /// The frames of the call under way: the place of the image, and what watched a frame of it that waits.
    frames: Vec<(Option<usize>, Option<StackWatch>)>,
    watches: BTreeMap<usize, CallWatches>,
}

impl Cast {
    /// A frame of the image at this place begins.
    fn begin(&mut self, at: Option<usize>) {
        let watches = at.and_then(|at| self.watches.get_mut(&at));
        let waiting = watches.and_then(CallWatches::begin);
        self.frames.push((at, waiting));
    }

    /// What watches the running frame.
    fn running(&mut self) -> Option<&mut CallWatches> {
        let (at, _) = self.frames.last()?;
        self.watches.get_mut(at.as_ref()?)
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
            && let Some(watches) = at.and_then(|at| self.watches.get_mut(&at))
        {
            watches.end(waiting);
        }
    }
}
