//! `smart51 transact`.

use crate::args::number;
use crate::engine::EngineArgs;
use crate::error::{Error, Status};
use crate::files::read_text;
use crate::output::Output;
use crate::receipts::Report;
use crate::store::StoreArgs;
use crate::tree::TreeArgs;
use abi::Gas;
use chain::interface::Given;
use clap::Args;
use std::path::PathBuf;
use verify::actions::{self, ActionsFile};

/// Send a transaction of several actions, which are all done or none: in a block of its own. Prints the receipt.
///
/// The file is TOML: a table `[[action]]` for each action, with account, name, data, value and authorization, and
/// `[[context_free]]` for those that see nothing of the state. The status is 1 if the transaction did not succeed.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  smart51 transact actions.toml --from alice\n  \
    smart51 transact actions.toml --from alice --gas 500_000 --dry-run\n\n\
    A file:\n  [[action]]\n  account = \"token\"\n  name = \"transfer\"\n  data = [\"regid:bob\", \"u64:30\"]"
)]
pub(crate) struct Transact {
    /// The file, or - for standard input.
    file: PathBuf,
    /// The account that sends and pays, and whose authority the actions have.
    #[arg(long, value_name = "ACCOUNT")]
    from: String,
    /// The most gas, for all actions together. What is not used comes back [default: 10000000].
    #[arg(long, value_name = "N", value_parser = number::<u64>, default_value = "10000000", hide_default_value = true)]
    gas: u64,
    /// Show what would happen, and change nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    tree: TreeArgs,
    #[command(flatten)]
    engine: EngineArgs,
    #[command(flatten)]
    store: StoreArgs,
}

impl Transact {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let text = read_text(&self.file)?;
        let wrong = |problem: &dyn std::fmt::Display| {
            Error::input(format_args!("{}: {problem}", self.file.display()))
        };
        let file = ActionsFile::read(&text).map_err(|problem| wrong(&problem))?;
        let sources = self.tree.sources()?;
        let chain = if self.dry_run {
            self.store.look()?
        } else {
            self.store.existing()?
        };
        let chain = chain.with_engines(self.engine.engines()?);
        let sender = chain.resolve(&self.from)?;
        let tables = (&file.context_free[..], &file.action[..]);
        let list = actions::list(&chain, &chain, sender, tables, Gas(self.gas))
            .map_err(|error| wrong(&error))?;
        let mut block = chain.begin_block()?;
        let due = block.receipts().len();
        self.tree.keep(&mut block);
        let receipt = block.transact(&list, &mut ())?.clone();
        let given = Given::Actions(&list);
        let known = self.tree.known(&chain, &block, &receipt, &sources, given)?;
        let report = Report::new(&receipt, &known, !self.dry_run);
        let report = report.behind(&block.receipts()[..due]);
        if self.dry_run {
            out.print(&report)?;
        } else {
            block.commit()?;
            out.confirm(&report, report.committed());
        }
        Ok(report.status())
    }
}
