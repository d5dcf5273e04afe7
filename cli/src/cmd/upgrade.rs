//! `smart51 upgrade`.

use super::deploy::CodeArgs;
use crate::engine::EngineArgs;
use crate::error::{Error, Status};
use crate::output::Output;
use crate::receipts::Report;
use crate::store::StoreArgs;
use chain::SetCode;
use clap::Args;

/// Set the code of a contract again: its account, balance, data and name stay. Only its owner can.
///
/// What is chosen for it, as --apply, is chosen anew. An image that the contract runs already, in the same way, is
/// refused.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  smart51 upgrade token better.ihx --from alice\n  \
    smart51 upgrade token better.ihx --from alice --init u8:9 --fixed"
)]
pub(crate) struct Upgrade {
    /// The contract: its local name, registered id or address.
    contract: String,
    #[command(flatten)]
    code: CodeArgs,
    /// The account that owns the contract, and pays.
    #[arg(long, value_name = "ACCOUNT")]
    from: String,
    #[command(flatten)]
    engine: EngineArgs,
    #[command(flatten)]
    store: StoreArgs,
}

impl Upgrade {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let chain = self.store.existing()?.with_engines(self.engine.engines()?);
        let code = self.code.read(&chain)?;
        let set = SetCode {
            sender: chain.resolve(&self.from)?,
            contract: chain.resolve(&self.contract)?,
            image: &code.image,
            semantics: code.semantics,
            flags: code.flags,
            init: code.init(),
        };
        let mut block = chain.begin_block()?;
        // As with deployments: what would be paid for in vain is not sent.
        let report = Report::of(&chain, block.set_code(&set)?.deployed()?, true)?;
        block.commit()?;
        out.confirm(&report, report.committed());
        Ok(Status::Success)
    }
}
