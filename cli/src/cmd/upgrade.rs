//! `smart51 upgrade`.

use super::deploy::{Code, CodeArgs};
use crate::engine::EngineArgs;
use crate::error::{Error, Status};
use crate::output::{Output, note};
use crate::receipts::Report;
use crate::store::StoreArgs;
use chain::registry::Contract;
use chain::{ContractFlags, SetCode};
use clap::Args;

/// Set the code of a contract again: its account, balance, data and name stay. Only its owner can.
///
/// What was chosen for it stays: --apply, --reentrant, --unpayable, and the rules of an 8051 whose image does not say
/// its own; --no-apply, --no-reentrant, --payable and --semantics say otherwise. For a contract whose code was removed
/// all is chosen anew. An image that the contract runs already, in the same way, is refused.
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
    /// Let it not be called any more while it runs already.
    #[arg(long, conflicts_with = "reentrant")]
    no_reentrant: bool,
    /// Run it no more when it is notified, and put nothing in front of its data.
    #[arg(long, conflicts_with = "apply")]
    no_apply: bool,
    /// Let it take amounts again that are sent to it.
    #[arg(long, conflicts_with = "unpayable")]
    payable: bool,
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
        let mut code = self.code.read(&chain)?;
        let contract = chain.resolve(&self.contract)?;
        let old = Contract::load(&mut chain.state(), &contract)?;
        let mut given_up = ContractFlags::empty();
        given_up.set(ContractFlags::REENTRANT, self.no_reentrant);
        given_up.set(ContractFlags::APPLY, self.no_apply);
        given_up.set(ContractFlags::UNPAYABLE, self.payable);
        if let Some(old) = old {
            keep(&mut code, &old, given_up);
        }
        let set = SetCode {
            sender: chain.resolve(&self.from)?,
            contract,
            image: &code.image,
            semantics: code.semantics,
            flags: code.flags,
            init: code.init(),
            abi: code.abi(),
        };
        let mut block = chain.begin_block()?;
        let due = block.receipts().len();
        // As with deployments: what would be paid for in vain is not sent.
        let report = Report::of(&chain, block.set_code(&set)?.deployed()?, true)?;
        let report = report.behind(&block.receipts()[..due]);
        block.commit()?;
        out.confirm(&report, report.committed());
        Ok(Status::Success)
    }
}

/// Has `code` keep what was chosen for the contract, but for what is given up, and says so.
fn keep(code: &mut Code, old: &Contract, given_up: ContractFlags) {
    let kept = (old.flags - given_up) - code.flags;
    for name in kept.names() {
        let otherwise = match name {
            "unpayable" => "payable".into(),
            name => format!("no-{name}"),
        };
        note(format_args!(
            "the contract stays {name}; --{otherwise} changes that"
        ));
    }
    code.flags |= kept;
    let is_old_rules = old.semantics.is_dacrs() && code.image.as_wasm().is_none();
    if is_old_rules && !code.says_semantics {
        code.semantics = old.semantics;
        note(format_args!(
            "the contract stays under {}; --semantics v1 changes that",
            old.semantics
        ));
    }
}
