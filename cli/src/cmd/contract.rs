//! `smart51 contract`.

use crate::error::{Error, Status};
use crate::output::{Bytes, Output};
use crate::store::StoreArgs;
use crate::text::{Page, Text, say};
use chain::{Chain, RegIdText, registry};
use clap::{Args, Subcommand};
use hostapi::accounts::{self, Account};
use serde::Serialize;

/// List the contracts of the local chain.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  smart51 contract list")]
pub(crate) struct Contract {
    #[command(flatten)]
    store: StoreArgs,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List all contracts, in order of deployment.
    #[command(after_help = "Example:\n  smart51 contract list --json")]
    List,
}

#[derive(Debug, Serialize)]
struct List {
    contracts: Vec<Report>,
}

#[derive(Debug, Serialize)]
struct Report {
    contract: String,
    name: Option<String>,
    address: String,
    balance: u64,
    owner: String,
    /// How often its code was set or removed.
    sequence: u32,
    /// These are null where its code was removed.
    engine: Option<&'static str>,
    semantics: Option<&'static str>,
    code_hash: Option<Bytes>,
    flags: Vec<&'static str>,
}

impl Contract {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let chain = self.store.look()?;
        match self.action {
            Action::List => out.print(&list(&chain)?)?,
        }
        Ok(Status::Success)
    }
}

fn list(chain: &Chain) -> Result<List, Error> {
    let mut state = chain.state();
    let mut names = chain.names()?;
    let mut contracts = Vec::new();
    for (id, record) in registry::all(&mut state)? {
        let contract = record.contract;
        let key_id = accounts::contract_key_id(&id);
        let account = Account::load(&mut state, &key_id)?;
        contracts.push(Report {
            contract: RegIdText(id).to_string(),
            name: names.remove(&id),
            address: chain.genesis().network.address(&key_id),
            balance: account.map_or(0, |account| account.balance),
            owner: RegIdText(record.owner).to_string(),
            sequence: record.sequence,
            engine: contract.map(|it| it.engine.name()),
            semantics: contract.map(|it| it.semantics.name()),
            code_hash: contract.map(|it| Bytes(it.code_hash.to_vec())),
            flags: contract.map_or_else(Vec::new, |it| it.flags.names().collect()),
        });
    }
    Ok(List { contracts })
}

impl Text for List {
    fn text(&self, page: &mut Page) {
        for Report {
            contract,
            name,
            address,
            balance,
            owner,
            engine,
            semantics,
            flags,
            ..
        } in &self.contracts
        {
            let name = name.as_deref().unwrap_or_default();
            let engine = engine.unwrap_or("none");
            let semantics = semantics.unwrap_or_default();
            let flags: String = flags.iter().map(|flag| format!("  {flag}")).collect();
            say!(
                page,
                "{name:<16} {contract:<8} {address}  {engine:<5} {semantics:<9} {owner:<8} {balance}{flags}"
            );
        }
    }
}
