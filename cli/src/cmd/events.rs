//! `smart51 events`.

use crate::args::number;
use crate::error::{Error, Status};
use crate::output::{Bytes, Output};
use crate::receipts::EventReport;
use crate::store::StoreArgs;
use crate::text::{Page, Text, say};
use chain::events::StoredEvent;
use chain::interface::Typed;
use chain::receipt::Event;
use chain::{Chain, ChainError, RegIdText, names};
use clap::Args;
use serde::Serialize;
use state::keys::RegId;
use std::collections::BTreeMap;

/// List the events of contracts, oldest first.
///
/// They are those of the receipts that the chain has. A line has the block's height, the transaction, the contract, the
/// event's name with its topics, and its data.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  smart51 events\n  smart51 events --contract exchange --name swapped --from 7 --limit 20 --json"
)]
pub(crate) struct Events {
    /// Only those of this contract: its local name, registered id or address.
    #[arg(long, value_name = "CONTRACT")]
    contract: Option<String>,
    /// Only those of this name.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Only those of blocks from this height on.
    #[arg(long, value_name = "HEIGHT", default_value = "0", value_parser = number::<u32>)]
    from: u32,
    /// The most events; one more line says how to go on. 16 MiB of them are a limit as well.
    #[arg(long, value_name = "N", default_value = "1_000", value_parser = number::<u32>)]
    limit: u32,
    #[command(flatten)]
    store: StoreArgs,
}

/// The room for what is listed, in bytes.
const ROOM: usize = 16 << 20;

/// About what a listed event takes besides its bytes.
const EVENT_SIZE: usize = 256;

#[derive(Debug, Serialize)]
struct Report {
    events: Vec<Listed>,
    /// The height of the first event that was left out.
    next: Option<u32>,
}

#[derive(Debug, Serialize)]
struct Listed {
    height: u32,
    transaction: Bytes,
    /// The contract's local name.
    contract_name: Option<String>,
    #[serde(flatten)]
    event: EventReport,
    #[serde(skip)]
    line: String,
}

impl Events {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        if self.limit == 0 {
            return Err(Error::input("--limit 0 lists nothing; give at least 1"));
        }
        let chain = self.store.look()?;
        let contract = self.contract.as_deref().map(|text| find(&chain, text));
        let contract = contract.transpose()?;
        let asked = |found: &StoredEvent| {
            contract.is_none_or(|contract| found.contract == contract)
                && (self.name.as_ref()).is_none_or(|name| found.event.name() == name.as_bytes())
        };
        let mut listed = Vec::new();
        let (mut next, mut room) = (None, ROOM);
        for found in chain.events(self.from).map_err(advised)? {
            let found = found?;
            if !asked(&found) {
                continue;
            }
            let left = room.checked_sub(size(&found.event));
            if listed.len() >= self.limit as usize || left.is_none() {
                next = Some(found.height);
                break;
            }
            room = left.unwrap_or_default();
            listed.push(found);
        }
        let contracts = listed.iter().map(|found| found.contract).collect();
        let names = names::of(chain.store(), &contracts)?;
        let types = Typed::of_contracts(&mut chain.state(), &contracts)?;
        let events = listed
            .into_iter()
            .map(|found| Listed::new(found, &names, &types));
        out.print(&Report {
            events: events.collect(),
            next,
        })?;
        Ok(Status::Success)
    }
}

/// The contract that `text` stands for.
fn find(chain: &Chain, text: &str) -> Result<RegId, Error> {
    match chain.contract(text) {
        Ok((id, _)) => Ok(id),
        Err(error) if error.is_node() => Err(error.into()),
        Err(error) => Err(Error::input(format_args!(
            "{error}; `smart51 contract list` lists the contracts"
        ))),
    }
}

fn advised(error: ChainError) -> Error {
    match error {
        ChainError::NoBlock { .. } => {
            Error::input(format_args!("{error}; give --from at most that"))
        }
        error => error.into(),
    }
}

/// About what an event takes when it is listed, in bytes.
fn size(event: &Event) -> usize {
    EVENT_SIZE + event.name().len() + 32 * event.topics().len() + event.data().len()
}

impl Listed {
    fn new(found: StoredEvent, names: &BTreeMap<RegId, String>, types: &Typed) -> Listed {
        let StoredEvent {
            height,
            transaction,
            contract,
            event,
        } = found;
        let name = names.get(&contract).cloned();
        let shown = (name.clone()).unwrap_or_else(|| RegIdText(contract).to_string());
        Listed {
            height,
            transaction: Bytes(transaction.into()),
            contract_name: name,
            line: match types.event(&contract, &event) {
                Some(fields) => format!("{shown} {} {}", event.shown_name(), fields.text()),
                None => format!("{shown} {event}"),
            },
            event: EventReport::new(contract, &event, types),
        }
    }
}

impl Text for Report {
    fn text(&self, page: &mut Page) {
        for listed in &self.events {
            let Listed {
                height,
                transaction,
                line,
                ..
            } = listed;
            say!(page, "{height:<6} {transaction} {line}");
        }
        match self.next {
            Some(next) => say!(
                page,
                "there are more: --from {next} begins with the block of the next one, --limit sets how many are listed"
            ),
            None if self.events.is_empty() => say!(page, "no events"),
            None => {}
        }
    }
}
