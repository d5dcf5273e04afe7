//! `smart51 rollback`.

use crate::args::number;
use crate::error::{Error, Status};
use crate::output::{Bytes, Output};
use crate::store::StoreArgs;
use crate::text::{Page, Text, say};
use clap::Args;
use serde::Serialize;

/// Take the newest blocks back, with everything they changed.
///
/// The state is afterwards byte for byte what it was before them.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  smart51 rollback 1")]
pub(crate) struct Rollback {
    /// How many blocks to take back.
    #[arg(value_name = "N", value_parser = number::<u32>)]
    blocks: u32,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Serialize)]
struct Report {
    taken_back: u32,
    height: u32,
    hash: Bytes,
}

impl Rollback {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let chain = self.store.existing()?;
        chain.rollback(self.blocks)?;
        let head = chain.head()?;
        let report = Report {
            taken_back: self.blocks,
            height: head.height,
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
        say!(
            page,
            "took {} back; the newest block is {}, {}",
            self.taken_back,
            self.height,
            self.hash
        )
    }
}
