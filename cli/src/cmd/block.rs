//! `smart51 block`.

use crate::args::number;
use crate::error::{Error, Status};
use crate::output::{Bytes, Output};
use crate::receipts;
use crate::store::StoreArgs;
use crate::text::{Page, Text, say};
use clap::Args;
use serde::Serialize;

/// Show a block and its receipts.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  smart51 block 3")]
pub(crate) struct Block {
    /// Its height [default: the newest].
    #[arg(value_name = "N", value_parser = number::<u32>)]
    height: Option<u32>,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Serialize)]
struct Report {
    height: u32,
    time: u64,
    hash: Bytes,
    parent: Bytes,
    receipts: Vec<receipts::Report>,
}

impl Block {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let chain = self.store.look()?;
        let height = match self.height {
            Some(height) => height,
            None => chain.head()?.height,
        };
        let block = chain.block(height)?;
        let mut receipts = Vec::new();
        for id in block.ids() {
            receipts.push(receipts::Report::of(&chain, &chain.receipt(&id)?, true)?);
        }
        out.print(&Report {
            height,
            time: block.header.time,
            hash: Bytes(block.header.hash().to_vec()),
            parent: Bytes(block.header.parent.to_vec()),
            receipts,
        })?;
        Ok(Status::Success)
    }
}

impl Text for Report {
    fn text(&self, page: &mut Page) {
        say!(page, "height       {}", self.height);
        say!(page, "time         {} seconds since 1970", self.time);
        say!(page, "hash         {}", self.hash);
        say!(page, "parent       {}", self.parent);
        for receipt in &self.receipts {
            say!(page, "");
            receipt.text(page);
        }
    }
}
