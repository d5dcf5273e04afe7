//! `smart51 chain`.

use crate::args::number;
use crate::error::{Error, Status};
use crate::output::{Bytes, Output};
use crate::store::StoreArgs;
use crate::text::{Page, Text, say};
use chain::{Genesis, RegIdText, names};
use clap::{Args, Subcommand};
use serde::Serialize;

/// Make a local chain, and let blocks and time pass on it.
///
/// Its blocks are made by its transactions, one each, and its time is that of its newest block. What a contract does
/// later, after so many blocks or seconds, needs blocks without transactions.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  smart51 chain new\n  smart51 chain mine 100\n  smart51 chain advance --seconds 86_400"
)]
pub(crate) struct Chain {
    #[command(flatten)]
    store: StoreArgs,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a chain in a new or empty folder. `account new` makes one too, with what is usual.
    #[command(after_help = "Example:\n  smart51 chain new --no-upgrades --store fixed")]
    New {
        /// Let no contract's code ever be set again, nor removed.
        #[arg(long)]
        no_upgrades: bool,
    },
    /// Make blocks without transactions, ten seconds from one to the next.
    #[command(after_help = "Example:\n  smart51 chain mine\n  smart51 chain mine 100 --json")]
    Mine {
        /// How many.
        #[arg(value_name = "N", default_value = "1", value_parser = number::<u32>)]
        blocks: u32,
    },
    /// Make one block without transactions, so many seconds after the newest one.
    #[command(after_help = "Example:\n  smart51 chain advance --seconds 86_400")]
    Advance {
        /// How many seconds.
        #[arg(long, value_name = "N", value_parser = number::<u64>)]
        seconds: u64,
    },
    /// List the deferred actions that wait, in the order in which they will be executed.
    #[command(after_help = "Example:\n  smart51 chain deferred --json")]
    Deferred,
}

/// The newest block.
#[derive(Debug, Serialize)]
struct Report {
    /// How many blocks were made.
    blocks: u32,
    /// How many transactions are in them, of deferred actions.
    executed: usize,
    height: u32,
    time: u64,
    hash: Bytes,
}

impl Chain {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let (chain, action) = match self.action {
            Action::Deferred => {
                out.print(&Waiting::of(&self.store.look()?)?)?;
                return Ok(Status::Success);
            }
            Action::New { no_upgrades } => {
                let genesis = Genesis {
                    upgrades: !no_upgrades,
                    ..Genesis::default()
                };
                (self.store.new_chain(genesis)?, None)
            }
            action => (self.store.existing()?, Some(action)),
        };
        let mut executed = 0;
        let blocks = match action {
            None | Some(Action::New { .. } | Action::Deferred) => 0,
            Some(Action::Mine { blocks }) => {
                for _ in 0..blocks {
                    executed += chain.begin_block()?.commit()?.1.len();
                }
                blocks
            }
            Some(Action::Advance { seconds }) => {
                let now = chain.head()?.time;
                let then = now.checked_add(seconds).ok_or_else(|| {
                    Error::input(format_args!(
                        "the newest block's time is {now}: {seconds} seconds more is no time"
                    ))
                })?;
                executed = chain.begin_block_at(then)?.commit()?.1.len();
                1
            }
        };
        let head = chain.head()?;
        let report = Report {
            blocks,
            executed,
            height: head.height,
            time: head.time,
            hash: Bytes(head.hash.to_vec()),
        };
        out.confirm(
            &report,
            format_args!("the newest block is now {}", report.height),
        );
        Ok(Status::Success)
    }
}

impl Text for Report {
    fn text(&self, page: &mut Page) {
        say!(page, "height       {}", self.height);
        say!(page, "time         {} seconds since 1970", self.time);
        say!(page, "hash         {}", self.hash);
        if self.executed > 0 {
            say!(
                page,
                "executed     {} transactions of deferred actions; `smart51 block` shows those of a block",
                self.executed
            );
        }
    }
}

/// The deferred actions that wait.
#[derive(Debug, Serialize)]
struct Waiting {
    deferred: Vec<Listed>,
}

#[derive(Debug, Serialize)]
struct Listed {
    /// The height of the first block in which it can be executed.
    due: u32,
    number: u64,
    by: String,
    by_name: Option<String>,
    /// The id that the contract gave it.
    id: u64,
    account: String,
    account_name: Option<String>,
    action: String,
    value: u64,
    gas: u64,
    onerror_gas: u64,
    price: u64,
    data: Bytes,
}

impl Waiting {
    fn of(chain: &chain::Chain) -> Result<Waiting, Error> {
        let waiting = chain.deferred()?;
        let all = waiting
            .iter()
            .flat_map(|(_, entry)| [entry.by, entry.action.account]);
        let names = names::of(chain.store(), &all.collect())?;
        let deferred = waiting.into_iter().map(|(place, entry)| Listed {
            due: place.due,
            number: place.number,
            by: RegIdText(entry.by).to_string(),
            by_name: names.get(&entry.by).cloned(),
            id: entry.id,
            account: RegIdText(entry.action.account).to_string(),
            account_name: names.get(&entry.action.account).cloned(),
            action: entry.action.name.to_string(),
            value: entry.action.value,
            gas: entry.gas.0,
            onerror_gas: entry.onerror_gas.0,
            price: entry.price,
            data: Bytes(entry.action.data),
        });
        Ok(Waiting {
            deferred: deferred.collect(),
        })
    }
}

impl Text for Waiting {
    fn text(&self, page: &mut Page) {
        if self.deferred.is_empty() {
            say!(page, "no deferred actions");
        }
        for listed in &self.deferred {
            let Listed {
                due,
                by,
                id,
                account,
                action,
                value,
                gas,
                onerror_gas,
                data,
                ..
            } = listed;
            let shown = |name: &Option<String>| {
                name.as_deref()
                    .map_or(String::new(), |name| format!("{name} "))
            };
            let (by_name, account_name) = (shown(&listed.by_name), shown(&listed.account_name));
            let amount = match value {
                0 => String::new(),
                value => format!(" with {value}"),
            };
            say!(
                page,
                "from block {due}: {account_name}{account} {action}{amount}, id {id} of {by_name}{by}, at most {gas} gas, and {onerror_gas} to tell a failure"
            );
            if !data.0.is_empty() {
                say!(page, "    data {data}");
            }
        }
    }
}
