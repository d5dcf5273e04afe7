//! `smart51 state`.

use crate::error::about;
use crate::error::{Error, Status};
use crate::files::replace_file;
use crate::input::Value;
use crate::output::{Bytes, Output};
use crate::store::StoreArgs;
use crate::text::{Page, Text, say};
use chain::export::{self, ExportError, ImportError};
use chain::interface::Typed;
use chain::{Chain, Contract, RegIdText};
use clap::{Args, Subcommand};
use hostapi::app_funds::AppAccount;
use hostapi::data;
use loader::file;
use serde::Serialize;
use state::keys::{self, RegId};
use state::{Pair, SledStore, StateStore};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The largest export read, in bytes.
const IMPORT_MAX: u64 = 1 << 36;

/// Show what a contract holds, or export, import and check the whole state.
#[derive(Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Example:\n  smart51 state token\n  smart51 state token regid:alice\n  smart51 state token --prefix 6f77\n  \
        smart51 state export all.state"
)]
pub(crate) struct State {
    /// The contract: its local name, registered id or address.
    #[arg(required = true)]
    contract: Option<String>,
    /// Only the value of this key: hex, @FILE, -, or a value as in scenario files: text:owner, regid:alice, …
    #[arg(conflicts_with = "prefix")]
    key: Option<Value>,
    /// Only the keys that begin so, written as a key is.
    #[arg(long, value_name = "P")]
    prefix: Option<Value>,
    #[command(flatten)]
    store: StoreArgs,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Write the whole state to a file: the same file from every store with the same state.
    #[command(after_help = "Example:\n  smart51 state export all.state")]
    Export {
        /// The file to write.
        file: PathBuf,
    },
    /// Put an exported state into a new or empty folder. What `state check` finds unsound is refused; after a refusal,
    /// or when the command is stopped, there is no store.
    #[command(after_help = "Example:\n  smart51 state import all.state --store new-folder")]
    Import {
        /// The file to read.
        file: PathBuf,
    },
    /// Check that every key, block and receipt is what it must be, and that taking back every block leads to the first
    /// one with all money accounted for. The status is 3 if anything is not so.
    #[command(after_help = "Example:\n  smart51 state check")]
    Check,
}

#[derive(Debug, Serialize)]
struct ContractReport {
    contract: String,
    name: Option<String>,
    code_hash: Bytes,
    engine: &'static str,
    semantics: &'static str,
    keys: u32,
    data: Vec<Entry>,
    app_accounts: Vec<AppReport>,
}

#[derive(Debug, Serialize)]
struct Entry {
    key: Bytes,
    value: Bytes,
    /// It as the row of a table of the contract's ABI.
    row: Option<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    table: String,
    key: serde_json::Value,
    value: serde_json::Value,
    #[serde(skip)]
    line: String,
}

impl Row {
    fn new(types: &Typed, contract: &RegId, key: &[u8], value: &[u8]) -> Option<Row> {
        let (table, key, value) = types.row(contract, key, value)?;
        Some(Row {
            table: table.to_string(),
            line: format!("{table} {} = {}", key.text(), value.text()),
            key: key.value,
            value: value.value,
        })
    }
}

#[derive(Debug, Serialize)]
struct AppReport {
    user: Bytes,
    free: u64,
    frozen: Vec<FundReport>,
}

#[derive(Debug, Serialize)]
struct FundReport {
    tag: Bytes,
    height: u32,
    amount: u64,
}

#[derive(Debug, Serialize)]
struct ValueReport {
    contract: String,
    key: Bytes,
    value: Option<Bytes>,
}

#[derive(Debug, Serialize)]
struct FileReport {
    file: String,
    pairs: u64,
}

#[derive(Debug, Serialize)]
struct CheckReport {
    pairs: u64,
    blocks: u64,
    problems: Vec<ProblemReport>,
}

#[derive(Debug, Serialize)]
struct ProblemReport {
    key: String,
    what: String,
}

impl State {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        match (self.action, self.contract) {
            (Some(Action::Export { file }), _) => export_to(&self.store.look()?, &file, out),
            (Some(Action::Import { file }), _) => import_from(self.store, &file, out),
            (Some(Action::Check), _) => check(&self.store.look_store()?, out),
            (None, Some(contract)) => {
                let chain = self.store.look()?;
                match self.key {
                    Some(key) => show_value(&chain, &contract, key.read(&chain, "KEY")?, out),
                    None => {
                        let prefix = self
                            .prefix
                            .map(|prefix| prefix.read(&chain, "--prefix"))
                            .transpose()?
                            .unwrap_or_default();
                        show_contract(&chain, &contract, &prefix, out)
                    }
                }
            }
            (None, None) => Err(Error::input(
                "name a contract, or one of export, import and check",
            )),
        }
    }
}

fn show_value(chain: &Chain, contract: &str, key: Vec<u8>, out: &Output) -> Result<Status, Error> {
    let (id, _) = chain.contract(contract)?;
    let value = data::get(&mut chain.state(), &id, &key)?.map(|value| Bytes(value.to_vec()));
    out.print(&ValueReport {
        contract: RegIdText(id).to_string(),
        key: Bytes(key),
        value,
    })?;
    Ok(Status::Success)
}

fn show_contract(
    chain: &Chain,
    contract: &str,
    prefix: &[u8],
    out: &Output,
) -> Result<Status, Error> {
    let (
        id,
        Contract {
            code_hash,
            semantics,
            engine,
            ..
        },
    ) = chain.contract(contract)?;
    let entries = below(chain, &keys::data(&id, prefix))?;
    let types = Typed::of_contracts(&mut chain.state(), &BTreeSet::from([id]))?;
    let data = entries.into_iter().map(|(key, value)| Entry {
        row: Row::new(&types, &id, &key, &value),
        key: Bytes(key),
        value: Bytes(value),
    });
    out.print(&ContractReport {
        contract: RegIdText(id).to_string(),
        name: chain.names()?.remove(&id),
        code_hash: Bytes(code_hash.to_vec()),
        engine: engine.name(),
        semantics: semantics.name(),
        keys: data::count(&mut chain.state(), &id)?,
        data: data.collect(),
        app_accounts: app_accounts(chain, &id)?,
    })?;
    Ok(Status::Success)
}

fn app_accounts(chain: &Chain, contract: &RegId) -> Result<Vec<AppReport>, Error> {
    let mut reports = Vec::new();
    for (user, _) in below(chain, &keys::app_account(contract, b""))? {
        let account = AppAccount::load(&mut chain.state(), contract, &user)?;
        let frozen = account.frozen.into_iter().map(|fund| FundReport {
            tag: Bytes(fund.tag),
            height: fund.height,
            amount: fund.amount,
        });
        reports.push(AppReport {
            user: Bytes(user),
            free: account.free,
            frozen: frozen.collect(),
        });
    }
    Ok(reports)
}

/// The pairs whose keys begin with `prefix`. The letter of the kind and the contract's id are taken off.
fn below(chain: &Chain, prefix: &[u8]) -> Result<Vec<Pair>, Error> {
    let mut pairs = Vec::new();
    let mut after: Option<Vec<u8>> = None;
    while let Some((key, value)) = chain.store().next(prefix, after.as_deref())? {
        pairs.push((key[7..].to_vec(), value));
        after = Some(key);
    }
    Ok(pairs)
}

/// Writes beside the file first, so that a failure leaves no half of an export behind.
fn export_to(chain: &Chain, file: &Path, out: &Output) -> Result<Status, Error> {
    let pairs = replace_file(file, |to| {
        export::export(chain.store(), to).map_err(|error| match error {
            ExportError::Store(error) => error.into(),
            error => Error::node(format_args!("{}: {error}", file.display())),
        })
    })?;
    out.print(&FileReport {
        file: file.display().to_string(),
        pairs,
    })?;
    Ok(Status::Success)
}

/// Imports only what is a sound chain, bit by bit; the store is there once all is found sound.
fn import_from(store: StoreArgs, path: &Path, out: &Output) -> Result<Status, Error> {
    let file = file::open(path, IMPORT_MAX).map_err(Error::input)?;
    let imported = SledStore::create(&store.folder()?, |store| export::import_sound(store, file));
    let (_, pairs) = imported.map_err(|error| match error {
        ImportError::Store(error) => error.into(),
        ImportError::Node(error) => error.into(),
        error => about(path, error),
    })?;
    let report = FileReport {
        file: path.display().to_string(),
        pairs,
    };
    out.confirm(&report, "the state is imported");
    Ok(Status::Success)
}

fn check(store: &dyn StateStore, out: &Output) -> Result<Status, Error> {
    let checked = chain::check::check(store)?;
    let problems = checked.problems.into_iter();
    let report = CheckReport {
        pairs: checked.pairs,
        blocks: checked.blocks,
        problems: problems
            .map(|problem| ProblemReport {
                key: problem.key,
                what: problem.what,
            })
            .collect(),
    };
    out.print(&report)?;
    Ok(if report.problems.is_empty() {
        Status::Success
    } else {
        Status::NodeFailed
    })
}

impl Text for ContractReport {
    fn text(&self, page: &mut Page) {
        say!(page, "contract     {}", self.contract);
        if let Some(name) = &self.name {
            say!(page, "name         {name}");
        }
        say!(page, "code         {}", self.code_hash);
        say!(
            page,
            "engine       {}, semantics {}",
            self.engine,
            self.semantics
        );
        say!(page, "keys         {}", self.keys);
        for Entry { key, value, row } in &self.data {
            match row {
                Some(Row { line, .. }) => say!(page, "  {line}"),
                None => say!(page, "  {key} = {value}"),
            }
        }
        for AppReport { user, free, frozen } in &self.app_accounts {
            say!(page, "app account  {user}: {free} free");
            for FundReport {
                tag,
                height,
                amount,
            } in frozen
            {
                say!(page, "  {amount} frozen until {height}, tag {tag}");
            }
        }
    }
}

impl Text for ValueReport {
    fn text(&self, page: &mut Page) {
        match &self.value {
            Some(value) => say!(page, "{value}"),
            None => say!(page, "no such key"),
        }
    }
}

impl Text for FileReport {
    fn text(&self, page: &mut Page) {
        say!(page, "{}: {} pairs", self.file, self.pairs)
    }
}

impl Text for CheckReport {
    fn text(&self, page: &mut Page) {
        for ProblemReport { key, what } in &self.problems {
            say!(page, "key {key}: {what}");
        }
        let problems = self.problems.len();
        say!(
            page,
            "{} pairs, {} blocks, {problems} problems",
            self.pairs,
            self.blocks
        )
    }
}
