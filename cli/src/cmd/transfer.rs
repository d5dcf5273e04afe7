//! `smart51 transfer`.

use crate::args::number;
use crate::error::{Error, Status};
use crate::output::Output;
use crate::receipts::Report;
use crate::store::StoreArgs;
use clap::Args;

/// Send money from one account to another: one transaction in a block of its own. Prints the receipt.
///
/// A contract is sent money with a call: smart51 call --value.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  smart51 transfer alice bob 1_000_000")]
pub(crate) struct Transfer {
    /// The account that sends and pays the fee.
    from: String,
    /// The account that gets it: its local name, registered id or address.
    to: String,
    /// How much, in the smallest unit.
    #[arg(value_parser = number::<u64>)]
    amount: u64,
    #[command(flatten)]
    store: StoreArgs,
}

impl Transfer {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let chain = self.store.existing()?;
        let (from, to) = (chain.resolve(&self.from)?, chain.resolve(&self.to)?);
        let mut block = chain.begin_block()?;
        let due = block.receipts().len();
        let report = Report::of(&chain, block.transfer(from, to, self.amount)?, true)?;
        let report = report.behind(&block.receipts()[..due]);
        block.commit()?;
        out.confirm(&report, report.committed());
        Ok(Status::Success)
    }
}
