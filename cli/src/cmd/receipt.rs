//! `smart51 receipt`.

use crate::error::{Error, Status};
use crate::output::Output;
use crate::receipts::Report;
use crate::store::StoreArgs;
use chain::Chain;
use clap::Args;
use state::keys::Hash;

/// Show the receipt of a transaction.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  smart51 receipt 5f3a90")]
pub(crate) struct Receipt {
    /// The transaction's id in hex, or the beginning of it: an even number of digits.
    id: String,
    #[command(flatten)]
    store: StoreArgs,
}

impl Receipt {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let chain = self.store.look()?;
        let id = find(&chain, &self.id)?;
        out.print(&Report::of(&chain, &chain.receipt(&id)?, true)?)?;
        Ok(Status::Success)
    }
}

pub(super) fn find(chain: &Chain, text: &str) -> Result<Hash, Error> {
    let prefix = hex::decode(text.strip_prefix("0x").unwrap_or(text));
    let prefix = prefix
        .map_err(|error| Error::input(format_args!("`{text}` is no transaction id: {error}")))?;
    match chain.ids_with_prefix(&prefix)?[..] {
        [id] => Ok(id),
        [] => Err(Error::input(format_args!("there is no transaction {text}"))),
        _ => Err(Error::input(format_args!(
            "more than one transaction begins with {text}; give more digits"
        ))),
    }
}
