//! `smart51 trace`.

use super::receipt;
use crate::engine::EngineArgs;
use crate::error::{Error, Status};
use crate::files::read_image;
use crate::host_calls::shortened;
use crate::output::{Bytes, Output, note};
use crate::receipts;
use crate::state_keys::describe;
use crate::store::StoreArgs;
use crate::text::{Page, Text, say};
use crate::tree::{Known, Sources};
use crate::typed::read_abi;
use chain::hostlog::USUAL_ROOM;
use chain::interface::{self, Typed};
use chain::past::{Access, Again, AgainOptions, Write, again};
use chain::{Chain, ChainError, Receipt, names};
use clap::Args;
use loader::Image;
use serde::Serialize;
use state::StateStore;
use state::keys::Hash;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Execute a transaction of the chain again, and show all it did.
///
/// Blocks are taken back in memory to the one before it, the earlier transactions of its block are executed, and then
/// it is, with its host calls and the places of its faults shown. Its receipt must come out as the chain has it, byte
/// for byte; the status is 1 if it does not. The store is only read.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  smart51 trace 5f3a90\n  smart51 trace 5f3a90 --rwset --image token.ihx --json"
)]
pub(crate) struct Trace {
    /// The transaction's id in hex, or the beginning of it: an even number of digits.
    id: String,
    /// Show the keys of the state that it read and wrote, with their values.
    #[arg(long)]
    rwset: bool,
    /// An image on disk: with its .cdb, .rst or .map beside it, function, file and line of a fault are shown; and it is
    /// taken where the store lacks it. May be given more than once.
    #[arg(long = "image", value_name = "FILE")]
    images: Vec<PathBuf>,
    /// Contract JSON that the store lacks. May be given more than once.
    #[arg(long = "abi", value_name = "FILE")]
    abis: Vec<PathBuf>,
    #[command(flatten)]
    engine: EngineArgs,
    #[command(flatten)]
    store: StoreArgs,
}

/// The most bytes of a value that are shown in text.
const SHORT: usize = 48;

#[derive(Debug, Serialize)]
struct Report {
    /// Whether the receipt is the stored one, byte for byte.
    equal: bool,
    stored_receipt_hash: Bytes,
    /// How many blocks were taken back.
    taken_back: u32,
    /// How many transactions of its block are before it.
    before: u16,
    /// Those of them whose receipts came out otherwise.
    differing_before: Vec<Bytes>,
    #[serde(flatten)]
    receipt: receipts::Report,
    read: Option<Vec<Read>>,
    /// The parts of the state that were looked through for a next or a previous key.
    looked_through: Option<Vec<Range>>,
    written: Option<Vec<Written>>,
    #[serde(skip)]
    differing: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Read {
    key: Bytes,
    /// The key in words.
    is: String,
    value: Option<Bytes>,
}

#[derive(Debug, Serialize)]
struct Range {
    /// The first place.
    from: Bytes,
    /// The first place behind it.
    to: Bytes,
    /// Both in words.
    is: String,
}

#[derive(Debug, Serialize)]
struct Written {
    key: Bytes,
    /// The key in words.
    is: String,
    before: Option<Bytes>,
    after: Option<Bytes>,
}

impl Trace {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let mut sources = Sources::default();
        let mut images: BTreeMap<Hash, Image> = BTreeMap::new();
        let mut abis: BTreeMap<Hash, Vec<u8>> = BTreeMap::new();
        for path in &self.abis {
            let abi = read_abi(path)?.to_bytes();
            abis.insert(interface::hash(&abi), abi);
        }
        for path in &self.images {
            let image = read_image(path)?.image;
            sources.add_if_known(path, &image);
            images.insert(image.code_hash(), image);
        }
        let engines = self.engine.engines()?;
        let store: Arc<dyn StateStore> = Arc::new(self.store.look_store()?);
        let chain = Chain::existing(Box::new(Arc::clone(&store)))?;
        let id = receipt::find(&chain, &self.id)?;
        let options = AgainOptions {
            engines: Some(engines),
            room: USUAL_ROOM,
            images,
            abis,
        };
        let again = again(&store, &id, options).map_err(advised)?;
        sources.note_unused(&again.receipt);
        let known = Known::names(names::in_receipt(&*store, &again.receipt)?);
        let known = known.with(&again.receipt, &again.host_calls, &sources, true);
        let body = chain.body(&id)?;
        let typed = Typed::of(&mut chain.state(), &again.receipt, body.as_ref().into())?;
        let known = known.typed(&again.receipt, typed);
        let report = Report::new(&again, &known, self.rwset);
        out.print(&report)?;
        if report.equal && report.differing_before.is_empty() {
            return Ok(Status::Success);
        }
        note(
            "error: the transaction does not come out as the chain has it: the store was changed by something else, or \
             written by a program that executes otherwise; run `smart51 state check`",
        );
        Ok(Status::Refused)
    }
}

/// What to do about a transaction that cannot be executed again.
fn advised(error: ChainError) -> Error {
    match error {
        ChainError::UndoEnds { block, newest } if block < newest => Error::node(format_args!(
            "{error}: transactions of blocks {} to {newest} can be traced; run `smart51 state check`",
            block + 1
        )),
        ChainError::UndoEnds { .. } => Error::node(format_args!(
            "{error}: no transaction can be traced; run `smart51 state check`"
        )),
        ChainError::NoAbi(_) => Error::input(format_args!("{error}: name its file with --abi")),
        ChainError::NoImage(_) => Error::input(format_args!("{error}: name its file with --image")),
        ChainError::NotAgain { .. } => Error::node(format_args!(
            "{error}; the store was changed by something else, or written by a program that executes otherwise: run \
             `smart51 state check`"
        )),
        error => error.into(),
    }
}

impl Report {
    fn new(again: &Again, known: &Known, with_access: bool) -> Report {
        let access = with_access.then_some(&again.access);
        let ids = again.differing_before.iter();
        Report {
            equal: again.is_equal,
            stored_receipt_hash: Bytes(again.stored.hash().to_vec()),
            taken_back: again.taken_back,
            before: again.stored.index,
            differing_before: ids.map(|id| Bytes(id.to_vec())).collect(),
            receipt: receipts::Report::new(&again.receipt, known, true),
            read: access.map(|access| reads(access, known)),
            looked_through: access.map(|access| ranges(access, known)),
            written: access.map(|access| writes(access, known)),
            differing: differing(&again.stored, &again.receipt, known),
        }
    }
}

fn reads(access: &Access, known: &Known) -> Vec<Read> {
    let reads = access.reads.iter();
    reads
        .map(|(key, value)| Read {
            key: Bytes(key.clone()),
            is: describe(key, known),
            value: value.clone().map(Bytes),
        })
        .collect()
}

fn ranges(access: &Access, known: &Known) -> Vec<Range> {
    let ranges = access.ranges.iter();
    ranges
        .map(|(from, to)| Range {
            from: Bytes(from.clone()),
            to: Bytes(to.clone()),
            is: format!("{} up to {}", describe(from, known), describe(to, known)),
        })
        .collect()
}

fn writes(access: &Access, known: &Known) -> Vec<Written> {
    let writes = access.writes.iter();
    writes
        .map(|Write { key, before, after }| Written {
            key: Bytes(key.clone()),
            is: describe(key, known),
            before: before.clone().map(Bytes),
            after: after.clone().map(Bytes),
        })
        .collect()
}

/// The lines of the stored receipt that the new one has not.
fn differing(stored: &Receipt, now: &Receipt, known: &Known) -> Vec<String> {
    // Places and host calls are no part of a receipt.
    let names = known.only_names();
    let [stored, now] = [stored, now].map(|receipt| receipt.rows_with(&names));
    let lost = stored.into_iter().filter(|row| !now.contains(row));
    lost.map(|(name, value)| format!("{name:<12} {value}"))
        .collect()
}

/// A value in text.
fn shown(value: Option<&Bytes>) -> String {
    match value {
        None => "nothing".into(),
        Some(Bytes(value)) if value.is_empty() => "no bytes".into(),
        Some(Bytes(value)) => shortened(value, SHORT),
    }
}

impl Text for Report {
    fn text(&self, page: &mut Page) {
        self.receipt.text(page);
        for Read { is, value, .. } in self.read.iter().flatten() {
            say!(page, "read         {is} = {}", shown(value.as_ref()));
        }
        for Range { is, .. } in self.looked_through.iter().flatten() {
            say!(page, "looked       through {is}");
        }
        for written in self.written.iter().flatten() {
            let Written {
                is, before, after, ..
            } = written;
            let (before, after) = (shown(before.as_ref()), shown(after.as_ref()));
            say!(page, "wrote        {is} = {after}, was {before}");
        }
        say!(
            page,
            "executed     on block {} with {} taken back, after {} of its own block",
            self.receipt.height().saturating_sub(1),
            self.taken_back,
            self.before
        );
        for id in &self.differing_before {
            say!(page, "DIFFERS      the earlier transaction {id}");
        }
        if self.equal {
            say!(page, "receipt      equal to the stored one, byte for byte");
            return;
        }
        say!(
            page,
            "DIFFERS      the receipt is not the stored one, whose hash is {}",
            self.stored_receipt_hash
        );
        for row in &self.differing {
            say!(page, "stored       {row}");
        }
    }
}
