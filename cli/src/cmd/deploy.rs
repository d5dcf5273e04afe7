//! `smart51 deploy`.

use crate::engine::EngineArgs;
use crate::error::{Error, Status};
use crate::files::read_image;
use crate::input::InitArgs;
use crate::output::{Bytes, Output};
use crate::receipts;
use crate::store::StoreArgs;
use crate::text::{Page, Text, say};
use crate::tree::Known;
use crate::typed::AbiArgs;
use abi::{Gas, Semantics};
use chain::{Chain, ContractFlags, Init, RegIdText, names};
use clap::Args;
use contract::Dispatch;
use serde::Serialize;
use std::path::PathBuf;

/// Deploy an image as a new contract. Who deploys it owns it, and alone can set its code again.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  smart51 deploy token.ihx --from alice --name token\n  \
    smart51 deploy token.ihx --from alice --init u8:1 --init regid:alice --init u64:100"
)]
pub(crate) struct Deploy {
    #[command(flatten)]
    code: CodeArgs,
    /// The account that deploys it and pays for it.
    #[arg(long, value_name = "ACCOUNT")]
    from: String,
    /// Its local name.
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    engine: EngineArgs,
    #[command(flatten)]
    store: StoreArgs,
}

/// An image, and how it is run.
#[derive(Args, Debug)]
pub(super) struct CodeArgs {
    /// The image file, or - for standard input.
    image: PathBuf,
    /// The rules it shall run under: v1, dacrs2017 or dacrs2014 [default: dacrs2017 for a container, v1
    /// otherwise].
    #[arg(long)]
    semantics: Option<Semantics>,
    /// Let it be called while it runs already, by a contract that it has called.
    #[arg(long)]
    reentrant: bool,
    /// Run it when it is notified, and put in front of its data what they belong to: receiver, account and name of the
    /// action.
    #[arg(long)]
    apply: bool,
    /// Refuse amounts that are sent to it.
    #[arg(long)]
    unpayable: bool,
    /// Never let its code be set again, nor removed.
    #[arg(long)]
    fixed: bool,
    #[command(flatten)]
    abi: AbiArgs,
    #[command(flatten)]
    init: InitArgs,
}

/// What [`CodeArgs`] say.
pub(super) struct Code {
    pub(super) image: loader::Image,
    pub(super) semantics: Semantics,
    /// Whether the options or the image's form say the rules.
    pub(super) says_semantics: bool,
    pub(super) flags: ContractFlags,
    init: Option<(Vec<u8>, Gas)>,
    abi: Option<Vec<u8>>,
}

impl CodeArgs {
    /// Reads the image, and what it is initialised with, with names looked up in `chain`.
    pub(super) fn read(self, chain: &Chain) -> Result<Code, Error> {
        let loaded = read_image(&self.image)?;
        let mut flags = ContractFlags::new(self.reentrant, self.apply, !self.unpayable);
        flags.set(ContractFlags::FIXED, self.fixed);
        let semantics = self.semantics.or(loaded.semantics_hint);
        let abi = self.abi.read(&self.image, &loaded.image)?;
        if let Some(ours) = abi.as_ref().and_then(|abi| abi.smart51.as_ref()) {
            // What the contract says of itself is chosen by that.
            flags.set(ContractFlags::REENTRANT, self.reentrant || ours.reentrant);
            let is_apply = ours.dispatch == Dispatch::Apply;
            flags.set(ContractFlags::APPLY, self.apply || is_apply);
        }
        Ok(Code {
            semantics: semantics.unwrap_or_default(),
            says_semantics: semantics.is_some(),
            image: loaded.image,
            flags,
            init: self.init.read(chain)?,
            abi: abi.map(|abi| abi.to_bytes()),
        })
    }
}

impl Code {
    /// Its ABI in binary form.
    pub(super) fn abi(&self) -> Option<&[u8]> {
        self.abi.as_deref()
    }

    /// What it is initialised with.
    pub(super) fn init(&self) -> Option<Init<'_>> {
        self.init
            .as_ref()
            .map(|(input, gas)| Init { input, gas: *gas })
    }
}

#[derive(Debug, Serialize)]
struct Report {
    contract: String,
    name: Option<String>,
    address: String,
    code_hash: Bytes,
    gas: u64,
    receipt: receipts::Report,
}

impl Deploy {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let chain = self.store.existing()?.with_engines(self.engine.engines()?);
        let code = self.code.read(&chain)?;
        let deploy = chain::Deploy {
            sender: chain.resolve(&self.from)?,
            image: &code.image,
            semantics: code.semantics,
            name: self.name.as_deref(),
            flags: code.flags,
            init: code.init(),
            abi: code.abi(),
        };
        let mut block = chain.begin_block()?;
        let due = block.receipts().to_vec();
        // An image that cannot be run would be paid for: it is not sent.
        let receipt = block.deploy(&deploy)?.deployed()?.clone();
        let mut names = names::in_receipt(chain.store(), &receipt)?;
        names.extend(self.name.clone().map(|name| (receipt.target, name)));
        block.commit()?;
        let key_id = hostapi::accounts::contract_key_id(&receipt.target);
        let report = Report {
            contract: RegIdText(receipt.target).to_string(),
            address: chain.genesis().network.address(&key_id),
            code_hash: Bytes(code.image.code_hash().to_vec()),
            gas: receipt.gas,
            receipt: receipts::Report::new(&receipt, &Known::names(names), true).behind(&due),
            name: self.name,
        };
        out.confirm(&report, report.receipt.committed());
        Ok(Status::Success)
    }
}

impl Text for Report {
    fn text(&self, page: &mut Page) {
        say!(page, "contract     {}", self.contract);
        if let Some(name) = &self.name {
            say!(page, "name         {name}");
        }
        say!(page, "address      {}", self.address);
        self.receipt.text(page);
    }
}
