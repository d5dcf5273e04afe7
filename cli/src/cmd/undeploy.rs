//! `smart51 undeploy`.

use crate::error::{Error, Status};
use crate::output::Output;
use crate::receipts::Report;
use crate::store::StoreArgs;
use clap::Args;

/// Remove the code of a contract: nobody can call it then. Only its owner can.
///
/// Its account, balance, data and name stay, and its owner can set its code again: smart51 upgrade.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  smart51 undeploy token --from alice")]
pub(crate) struct Undeploy {
    /// The contract: its local name, registered id or address.
    contract: String,
    /// The account that owns the contract, and pays.
    #[arg(long, value_name = "ACCOUNT")]
    from: String,
    #[command(flatten)]
    store: StoreArgs,
}

impl Undeploy {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let chain = self.store.existing()?;
        let sender = chain.resolve(&self.from)?;
        let contract = chain.resolve(&self.contract)?;
        let mut block = chain.begin_block()?;
        let due = block.receipts().len();
        let report = Report::of(&chain, block.remove_code(sender, contract)?, true)?;
        let report = report.behind(&block.receipts()[..due]);
        block.commit()?;
        out.confirm(&report, report.committed());
        Ok(Status::Success)
    }
}
