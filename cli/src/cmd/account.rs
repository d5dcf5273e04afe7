//! `smart51 account`.

use crate::args::number;
use crate::error::{Error, Status};
use crate::output::{Bytes, Output};
use crate::store::StoreArgs;
use crate::text::{Page, Text, say};
use chain::{Chain, ContractRecord, RegIdText, names};
use clap::{Args, Subcommand};
use serde::Serialize;

/// Make and show accounts of the local chain.
///
/// An account has the development key of its name: everybody can compute it, so it is good for a local chain
/// and for nothing else.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  smart51 account new alice --balance 1_000_000_000\n  smart51 account list"
)]
pub(crate) struct Account {
    #[command(flatten)]
    store: StoreArgs,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make an account.
    #[command(after_help = "Example:\n  smart51 account new alice --balance 1_000_000_000")]
    New {
        /// Its local name: 1 to 32 letters, digits, `_`, `.` or `-`.
        name: String,
        /// What it holds at first, in the smallest unit.
        #[arg(long, value_name = "N", default_value = "100_000_000_000", value_parser = number::<u64>)]
        balance: u64,
    },
    /// List all accounts, in order of name.
    #[command(after_help = "Example:\n  smart51 account list --json")]
    List,
    /// Show an account, a contract's account, or what was paid to an address that has no account yet.
    #[command(after_help = "Example:\n  smart51 account show alice")]
    Show {
        /// Its local name, registered id or address.
        name: String,
    },
}

#[derive(Debug, Serialize)]
struct Report {
    name: Option<String>,
    /// None of money that was paid to an address without an account.
    regid: Option<String>,
    address: String,
    key_id: Bytes,
    public_key: Option<Bytes>,
    balance: u64,
}

#[derive(Debug, Serialize)]
struct List {
    accounts: Vec<Report>,
}

impl Account {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let chain = match self.action {
            Action::New { .. } => self.store.open()?,
            Action::List | Action::Show { .. } => self.store.look()?,
        };
        match self.action {
            Action::New { name, balance } => {
                let mut block = chain.begin_block()?;
                let id = block.new_account(&name, balance)?.target;
                block.commit()?;
                let id = RegIdText(id).to_string();
                let report = report(&chain, &id, Some(name))?;
                out.confirm(&report, format_args!("account {id} is made"));
            }
            Action::List => {
                let mut accounts = Vec::new();
                for (name, id) in names::all(&mut chain.state())? {
                    if ContractRecord::load(&mut chain.state(), &id)?.is_none() {
                        accounts.push(report(&chain, &RegIdText(id).to_string(), Some(name))?);
                    }
                }
                out.print(&List { accounts })?;
            }
            Action::Show { name } => out.print(&report(&chain, &name, None)?)?,
        }
        Ok(Status::Success)
    }
}

/// What there is to say of the account that `text` stands for. Its local name is looked for where it is not given.
fn report(chain: &Chain, text: &str, name: Option<String>) -> Result<Report, Error> {
    let network = chain.genesis().network;
    let (key_id, account) = names::account(&mut chain.state(), network, text)?;
    let name = match (name, account.regid) {
        (None, Some(id)) => chain.names()?.remove(&id),
        (name, _) => name,
    };
    Ok(Report {
        name,
        regid: account.regid.map(|id| RegIdText(id).to_string()),
        address: network.address(&key_id),
        key_id: Bytes(key_id.to_vec()),
        public_key: account.public_key.map(|key| Bytes(key.to_vec())),
        balance: account.balance,
    })
}

impl Text for Report {
    fn text(&self, page: &mut Page) {
        if let Some(name) = &self.name {
            say!(page, "name         {name}");
        }
        match &self.regid {
            Some(regid) => say!(page, "regid        {regid}"),
            None => say!(
                page,
                "regid        none: nobody has registered this address yet"
            ),
        }
        say!(page, "address      {}", self.address);
        say!(page, "key id       {}", self.key_id);
        if let Some(public_key) = &self.public_key {
            say!(page, "public key   {public_key}");
        }
        say!(page, "balance      {}", self.balance)
    }
}

impl Text for List {
    fn text(&self, page: &mut Page) {
        for Report {
            name,
            regid,
            address,
            balance,
            ..
        } in &self.accounts
        {
            let [name, regid] = [name, regid].map(|text| text.as_deref().unwrap_or_default());
            say!(page, "{name:<16} {regid:<8} {address}  {balance}");
        }
    }
}
