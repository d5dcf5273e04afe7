//! `smart51 chain`.

use crate::args::number;
use crate::error::{Error, Status};
use crate::output::{Bytes, Output};
use crate::store::StoreArgs;
use crate::text::{Page, Text, say};
use chain::Genesis;
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
}

/// The newest block.
#[derive(Debug, Serialize)]
struct Report {
    /// How many blocks were made.
    blocks: u32,
    height: u32,
    time: u64,
    hash: Bytes,
}

impl Chain {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let (chain, action) = match self.action {
            Action::New { no_upgrades } => {
                let genesis = Genesis {
                    upgrades: !no_upgrades,
                    ..Genesis::default()
                };
                (self.store.new_chain(genesis)?, None)
            }
            action => (self.store.existing()?, Some(action)),
        };
        let blocks = match action {
            None | Some(Action::New { .. }) => 0,
            Some(Action::Mine { blocks }) => {
                for _ in 0..blocks {
                    chain.begin_block()?.commit()?;
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
                chain.begin_block_at(then)?.commit()?;
                1
            }
        };
        let head = chain.head()?;
        let report = Report {
            blocks,
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
        say!(page, "hash         {}", self.hash)
    }
}
