//! The tree of a transaction as every command shows it: local names, the places of faults, and host calls on request.
//!
//! The chain draws it ([`chain::Receipt::tree`]); here is what is known beside the receipt.

use crate::error::{Error, about};
use crate::files::{self, read_image};
use crate::host_calls::HostCall;
use crate::output::note;
use bridge::EngineId;
use chain::hostlog::{HostCalls, Stop, USUAL_ROOM};
use chain::interface::{Given, Typed};
use chain::receipt::{Below, Event, Notes};
use chain::{Chain, OpenBlock, Receipt, RunReceipt, Work, names};
use clap::Args;
use firmware::watch::places::{Place, Places};
use loader::Image;
use serde::Serialize;
use state::keys::{Hash, RegId};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The options of commands that execute a transaction and show its tree.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct TreeArgs {
    /// Show the host calls of each frame: method, arguments and reply, as many as 16 MiB hold.
    #[arg(long)]
    calls: bool,
    #[command(flatten)]
    images: ImageArgs,
}

/// The option that names images on disk.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ImageArgs {
    /// An image of an 8051 contract with its .cdb, .rst or .map beside it: where it faults, function, file and line are
    /// shown. May be given more than once.
    #[arg(long = "image", value_name = "FILE")]
    images: Vec<PathBuf>,
}

/// Where an 8051 faulted, and who had called there.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct FaultPlace {
    #[serde(flatten)]
    place: Place,
    /// The calls of the functions under way, the newest first, as far as symbols tell them.
    callers: Vec<Place>,
}

impl FaultPlace {
    /// The place, and the calls of the functions under way, which are known.
    pub(crate) const fn called(place: Place, callers: Vec<Place>) -> FaultPlace {
        FaultPlace { place, callers }
    }

    /// It in lines.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> {
        let callers = self.callers.iter();
        let callers = callers.map(|caller| format!("called at {caller}"));
        [format!("at {}", self.place)].into_iter().chain(callers)
    }

    /// Whether more is known than the address.
    pub(crate) fn is_named(&self) -> bool {
        self.place.is_named() || !self.callers.is_empty()
    }
}

/// What the images of contracts on disk say of places in CODE, by code hash.
#[derive(Debug, Default)]
pub(crate) struct Sources(BTreeMap<Hash, (PathBuf, Option<Places>)>);

impl TreeArgs {
    /// Has `block` keep what the tree shows.
    pub(crate) fn keep(&self, block: &mut OpenBlock<'_>) {
        block.keep_host_calls(if self.calls { USUAL_ROOM } else { 0 });
    }

    /// What the images on disk say.
    ///
    /// # Errors
    /// As [`ImageArgs::sources`].
    pub(crate) fn sources(&self) -> Result<Sources, Error> {
        self.images.sources()
    }

    /// All that is known of the transaction that `block` executed last, of this receipt, and what it was given.
    ///
    /// # Errors
    /// If the store can't be read.
    pub(crate) fn known(
        &self,
        chain: &Chain,
        block: &OpenBlock<'_>,
        receipt: &Receipt,
        sources: &Sources,
        given: Given<'_>,
    ) -> Result<Known, Error> {
        sources.note_unused(receipt);
        let names = names::in_receipt(chain.store(), receipt)?;
        let known = Known::names(names).with(receipt, &block.host_calls(), sources, self.calls);
        let typed = Typed::of(&mut chain.state(), receipt, given)?;
        Ok(known.typed(receipt, typed))
    }
}

impl ImageArgs {
    /// What the images say of places.
    ///
    /// # Errors
    /// If one can't be read, is for no 8051, or has no symbols of its own beside it.
    pub(crate) fn sources(&self) -> Result<Sources, Error> {
        let mut sources = Sources::default();
        for path in &self.images {
            let image = read_image(path)?.image;
            if image.as_wasm().is_some() {
                return Err(about(
                    path,
                    "--image is for the 8051, and this is WebAssembly: where it faults is not known; leave it out",
                ));
            }
            if !sources.add(path, &image)? {
                return Err(about(
                    path,
                    "there are no symbols beside it; build it with `smart51 build --debug`, or leave --image out",
                ));
            }
        }
        Ok(sources)
    }
}

impl Sources {
    /// Adds an image, of which nothing is known where its symbols can't be used.
    pub(crate) fn add_if_known(&mut self, path: &Path, image: &Image) {
        let places = Places::beside(&files::Guarded, path, image);
        let places = places.ok().flatten();
        self.0.insert(image.code_hash(), (path.into(), places));
    }

    /// Adds an image of an 8051 contract. Whether there are symbols beside it.
    ///
    /// # Errors
    /// If they can't be read, or are those of another image.
    pub(crate) fn add(&mut self, path: &Path, image: &Image) -> Result<bool, Error> {
        let places = Places::beside(&files::Guarded, path, image)?;
        let found = places.is_some();
        self.0.insert(image.code_hash(), (path.into(), places));
        Ok(found)
    }

    /// Says which images no frame ran or deployed.
    pub(crate) fn note_unused(&self, receipt: &Receipt) {
        let works = receipt.frames.iter().map(|frame| &frame.work);
        let ran: BTreeSet<&Hash> = works
            .filter_map(|work| match work {
                Work::Run(RunReceipt { code_hash, .. }) | Work::Deploy { code_hash, .. } => {
                    Some(code_hash)
                }
                _ => None,
            })
            .collect();
        for (path, _) in (self.0.iter())
            .filter(|(hash, _)| !ran.contains(hash))
            .map(|(_, image)| image)
        {
            note(format_args!(
                "warning: {}: no contract of this transaction ran this image",
                path.display()
            ));
        }
    }

    /// What is known of this stop of the image of this hash.
    pub(crate) fn at(&self, code_hash: &Hash, stop: &Stop) -> FaultPlace {
        let places = (self.0.get(code_hash)).and_then(|(_, places)| places.as_ref());
        match places {
            None => FaultPlace {
                place: Place::of(stop.pc),
                callers: Vec::new(),
            },
            Some(places) => FaultPlace {
                place: places.at(stop.pc),
                callers: places.callers(stop.pc, &stop.stack),
            },
        }
    }
}

/// What is known of a transaction beside its receipt.
#[derive(Debug, Default)]
pub(crate) struct Known {
    names: BTreeMap<RegId, String>,
    /// What the ABIs of its contracts say.
    typed: Typed,
    /// The action of each frame that is known, and what each returned.
    actions: BTreeMap<u16, String>,
    returned: BTreeMap<u16, String>,
    /// Where frames on the 8051 faulted.
    places: BTreeMap<u16, FaultPlace>,
    /// The host calls of each frame, where they are to be shown.
    calls: Option<BTreeMap<u16, Vec<Made>>>,
    /// How many came after them.
    left_out: u32,
}

/// A host call of a frame.
#[derive(Debug)]
struct Made {
    call: HostCall,
    /// Whether it began a frame.
    entered: bool,
}

impl Known {
    /// Local names alone.
    pub(crate) fn names(names: BTreeMap<RegId, String>) -> Known {
        Known {
            names,
            ..Known::default()
        }
    }

    /// The same in the words of its contracts' ABIs.
    pub(crate) fn typed(self, receipt: &Receipt, typed: Typed) -> Known {
        let numbers = (0..=u16::MAX).take(receipt.frames.len());
        let action = |frame| {
            let (name, arguments) = typed.call(receipt, frame)?;
            Some((frame, format!("{name} {}", arguments.text())))
        };
        let returned = |frame| Some((frame, typed.returned(receipt, frame)?.text()));
        Known {
            actions: numbers.clone().filter_map(action).collect(),
            returned: numbers.filter_map(returned).collect(),
            typed,
            ..self
        }
    }

    /// What the ABIs of its contracts say.
    pub(crate) const fn types(&self) -> &Typed {
        &self.typed
    }

    /// Its local names alone.
    pub(crate) fn only_names(&self) -> Known {
        Known::names(self.names.clone())
    }

    /// The same with what was kept when the transaction was executed.
    pub(crate) fn with(
        self,
        receipt: &Receipt,
        kept: &HostCalls,
        sources: &Sources,
        with_calls: bool,
    ) -> Known {
        let place = |(frame, stop): (&u16, &Stop)| {
            let run = run_of(receipt, *frame)?;
            let is_fault = run.engine == EngineId::Mcs51 && run.verdict.fault().is_some();
            is_fault.then(|| (*frame, sources.at(&run.code_hash, stop)))
        };
        Known {
            places: kept.stops.iter().filter_map(place).collect(),
            calls: with_calls.then(|| calls_of(receipt, kept)),
            left_out: if with_calls { kept.left_out } else { 0 },
            ..self
        }
    }

    /// The tree of frames, in lines, and how many host calls are not in it.
    pub(crate) fn tree(&self, receipt: &Receipt) -> Vec<String> {
        let mut lines = receipt.tree(self);
        if self.left_out > 0 {
            lines.push(format!("and {} more host calls", self.left_out));
        }
        lines
    }

    /// Where this frame faulted.
    pub(crate) fn place(&self, frame: u16) -> Option<&FaultPlace> {
        self.places.get(&frame)
    }

    /// The host calls of a frame, where they are to be shown.
    pub(crate) fn calls(&self, frame: u16) -> Option<Vec<HostCall>> {
        let made = self.calls.as_ref()?.get(&frame);
        let calls = made.into_iter().flatten().map(|made| made.call.clone());
        Some(calls.collect())
    }

    /// How many host calls are not shown because there was no room for them.
    pub(crate) fn calls_left_out(&self) -> Option<u32> {
        self.calls.as_ref().map(|_| self.left_out)
    }
}

impl Notes for Known {
    fn name(&self, id: &RegId) -> Option<&str> {
        self.names.get(id).map(String::as_str)
    }

    fn call(&self, frame: u16) -> Option<String> {
        self.actions.get(&frame).cloned()
    }

    fn returned(&self, frame: u16) -> Option<String> {
        self.returned.get(&frame).cloned()
    }

    fn error(&self, contract: &RegId, code: u8) -> Option<String> {
        let (name, sentence) = self.typed.error(contract, code)?;
        Some(match sentence {
            Some(sentence) => format!("{name}: {sentence}"),
            None => name.into(),
        })
    }

    fn event(&self, source: &RegId, event: &Event) -> Option<String> {
        Some(self.typed.event(source, event)?.text())
    }

    fn below(&self, frame: u16) -> Vec<Below> {
        let place = self.place(frame);
        let lines = place.into_iter().flat_map(FaultPlace::lines);
        let mut below: Vec<Below> = lines.map(Below::Line).collect();
        let made = self.calls.as_ref().and_then(|calls| calls.get(&frame));
        for made in made.into_iter().flatten() {
            below.push(Below::Line(made.call.short_line()));
            below.extend(made.entered.then_some(Below::Frame));
        }
        below
    }
}

fn run_of(receipt: &Receipt, frame: u16) -> Option<&RunReceipt> {
    match &receipt.frames.get(usize::from(frame))?.work {
        Work::Run(run) => Some(run),
        _ => None,
    }
}

/// The host calls of each frame. One that began a frame has the hash of its log behind the reply, which is the chain's.
fn calls_of(receipt: &Receipt, kept: &HostCalls) -> BTreeMap<u16, Vec<Made>> {
    let mut callees: BTreeMap<u16, Vec<&Hash>> = BTreeMap::new();
    for frame in receipt.frames.iter().rev() {
        if let (Some(parent), Work::Run(run)) = (frame.parent, &frame.work)
            && frame.kind.is_waited_for()
        {
            callees.entry(parent).or_default().push(&run.host_log);
        }
    }
    let mut calls: BTreeMap<u16, Vec<Made>> = BTreeMap::new();
    for logged in &kept.calls {
        let next = callees.entry(logged.frame).or_default();
        let entered = logged
            .reply
            .last()
            .is_some_and(|last| next.last().is_some_and(|log| last[..] == log[..]));
        let mut shown = logged.clone();
        if entered {
            next.pop();
            shown.reply.pop();
        }
        let semantics = run_of(receipt, logged.frame)
            .map(|run| run.semantics)
            .unwrap_or_default();
        let call = HostCall::logged(semantics, &shown);
        calls
            .entry(logged.frame)
            .or_default()
            .push(Made { call, entered });
    }
    calls
}
