//! `smart51 query`.

use super::call::PaymentArgs;
use crate::args::number;
use crate::engine::EngineArgs;
use crate::error::{Error, Status};
use crate::output::Output;
use crate::receipts::Report;
use crate::store::StoreArgs;
use crate::tree::TreeArgs;
use crate::typed::ActionArgs;
use bridge::Watchdog;
use chain::CallRequest;
use chain::interface::Given;
use clap::Args;
use std::time::Duration;

/// Ask a contract something: a call that costs nothing and changes nothing.
///
/// It runs on top of the newest block. The status is 1 if the contract refused or faulted.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  smart51 query token balance alice\n  smart51 query token --input u8:3 --input regid:alice"
)]
pub(crate) struct Query {
    /// The contract: its local name, registered id or address.
    contract: String,
    #[command(flatten)]
    call: ActionArgs,
    /// The account that asks. Under the old chain's rules it must hold the fee, though it keeps it [default:
    /// the contract itself].
    #[arg(long, value_name = "ACCOUNT")]
    from: Option<String>,
    /// Give up, with status 3, if the answer takes longer than this many milliseconds.
    #[arg(long, value_name = "MS", value_parser = number::<u64>)]
    timeout: Option<u64>,
    #[command(flatten)]
    limits: PaymentArgs,
    #[command(flatten)]
    tree: TreeArgs,
    #[command(flatten)]
    engine: EngineArgs,
    #[command(flatten)]
    store: StoreArgs,
}

impl Query {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let engines = match self.timeout {
            None => self.engine.engines()?,
            Some(timeout) => {
                let watchdog = Watchdog::new(Duration::from_millis(timeout));
                self.engine.watched(watchdog)?
            }
        };
        let sources = self.tree.sources()?;
        let chain = self.store.look()?.with_engines(engines);
        let (contract, record) = chain.contract(&self.contract)?;
        let input = self.call.read(&chain, &self.contract)?;
        let sender = match &self.from {
            Some(from) => chain.resolve(from)?,
            None => contract,
        };
        let payment = self.limits.payment(record.semantics, 0)?;
        let request = CallRequest {
            sender,
            contract,
            input: &input,
            value: 0,
            payment,
        };
        let mut block = chain.begin_block()?;
        self.tree.keep(&mut block);
        let receipt = block.query(&request, &mut ())?;
        let given = Given::Input(&input);
        let known = self.tree.known(&chain, &block, &receipt, &sources, given)?;
        let report = Report::new(&receipt, &known, false);
        out.print(&report)?;
        Ok(report.status())
    }
}
