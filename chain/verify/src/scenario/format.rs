//! The scenario file.

use super::bytes::Bytes;
use super::chain_table::ChainTable;
use crate::abi_file::{self, AbiFileError};
use crate::actions::ActionTable;
use abi::{Schedule, Semantics};
use chain::ContractFlags;
use hostapi::Network;
use loader::{FILE_MAX, FileError, Image, LoadError, file};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::Utf8Error;

/// A scenario, as read from its file, with the images it names.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The file.
    pub(super) path: PathBuf,
    pub(super) file: File,
    pub(super) semantics: BTreeMap<String, Semantics>,
    pub(super) images: BTreeMap<String, Image>,
    /// The new code of upgrades, by the number of the step.
    pub(super) upgrades: BTreeMap<usize, (Image, Semantics)>,
    /// The ABIs of contracts that have one, in binary form, and of new code.
    pub(super) abis: BTreeMap<String, Vec<u8>>,
    pub(super) upgraded_abis: BTreeMap<usize, Vec<u8>>,
}

/// Why a scenario cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// A file cannot be read, or is larger than [`FILE_MAX`].
    #[error(transparent)]
    File(#[from] FileError),
    /// The scenario is not UTF-8.
    #[error("{}: is not text: {source}", path.display())]
    Text {
        /// The scenario.
        path: PathBuf,
        /// Where it stops being text.
        source: Utf8Error,
    },
    /// The scenario is no TOML, or has a field it cannot have.
    #[error("{}: {problem}", path.display())]
    Toml {
        /// The scenario.
        path: PathBuf,
        /// What and where, as [`toml_problem`] says it.
        problem: String,
    },
    /// An ABI cannot be read.
    #[error(transparent)]
    Abi(#[from] AbiFileError),
    /// An image cannot be read.
    #[error("{}: {source}", path.display())]
    Image {
        /// The image.
        path: PathBuf,
        /// What and where.
        source: LoadError,
    },
    /// A field has a value that it cannot have.
    #[error("{}: {field} is `{found}`: {expected}", path.display())]
    Value {
        /// The scenario.
        path: PathBuf,
        /// The field.
        field: String,
        /// What it holds.
        found: String,
        /// What it may hold.
        expected: String,
    },
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(default)]
    pub(super) chain: ChainTable,
    #[serde(default)]
    pub(super) accounts: BTreeMap<String, u64>,
    #[serde(default)]
    pub(super) contracts: BTreeMap<String, ContractTable>,
    #[serde(default)]
    pub(super) step: Vec<Step>,
    #[serde(default)]
    pub(super) invariant: Vec<InvariantTable>,
}

/// Something that holds after each step.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InvariantTable {
    pub(super) name: Option<String>,
    pub(super) call: Option<String>,
    pub(super) action: Option<String>,
    pub(super) args: Option<Value>,
    #[serde(default)]
    pub(super) expect: Expect,
    pub(super) sum: Option<SumTable>,
    pub(super) equals: Option<SumTable>,
}

/// The sum of a field over all rows of a table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SumTable {
    pub(super) contract: String,
    pub(super) table: String,
    pub(super) field: String,
}

/// Random calls.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FuzzTable {
    pub(super) calls: Option<u32>,
    pub(super) seed: Option<u64>,
    pub(super) contracts: Option<Vec<String>>,
    pub(super) actions: Option<Vec<String>>,
    pub(super) from: Option<Vec<String>>,
    pub(super) value: Option<u64>,
    pub(super) gas: Option<u64>,
    pub(super) faults: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ContractTable {
    pub(super) image: PathBuf,
    pub(super) semantics: Option<String>,
    pub(super) from: Option<String>,
    #[serde(default)]
    pub(super) reentrant: bool,
    #[serde(default)]
    pub(super) apply: bool,
    pub(super) payable: Option<bool>,
    #[serde(default)]
    pub(super) fixed: bool,
    pub(super) init: Option<InitTable>,
    pub(super) abi: Option<PathBuf>,
}

/// What a contract is initialised with.
#[derive(Clone, Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "expected bytes, or { action = NAME, args = { … } }"
)]
pub(super) enum InitTable {
    /// These bytes.
    Bytes(Bytes),
    /// An action by name.
    Call(NamedCall),
}

/// An action by name, with its arguments.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NamedCall {
    pub(super) action: String,
    #[serde(default)]
    pub(super) args: Value,
}

impl ContractTable {
    /// Its ABI in binary form, if it has one: the file that is named, or what belongs to the image.
    fn read_abi(&self, folder: &Path, image: &Image) -> Result<Option<Vec<u8>>, AbiFileError> {
        let abi = match &self.abi {
            Some(file) => Some(abi_file::read(&folder.join(file))?),
            None => abi_file::beside(&folder.join(&self.image), image)?,
        };
        Ok(abi.map(|abi| abi.to_bytes()))
    }

    /// What is chosen for it.
    pub(super) fn flags(&self) -> ContractFlags {
        let is_payable = self.payable.unwrap_or(true);
        let mut flags = ContractFlags::new(self.reentrant, self.apply, is_payable);
        flags.set(ContractFlags::FIXED, self.fixed);
        flags
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    pub(super) name: Option<String>,
    pub(super) call: Option<String>,
    pub(super) actions: Option<Vec<ActionTable>>,
    #[serde(default)]
    pub(super) context_free: Vec<ActionTable>,
    pub(super) from: Option<String>,
    pub(super) input: Option<Bytes>,
    pub(super) action: Option<String>,
    pub(super) args: Option<Value>,
    pub(super) value: Option<u64>,
    pub(super) gas: Option<u64>,
    pub(super) fee: Option<u64>,
    pub(super) fuel_rate: Option<u64>,
    pub(super) mine: Option<u32>,
    pub(super) travel: Option<u64>,
    pub(super) upgrade: Option<String>,
    /// The new code of an upgrade.
    pub(super) code: Option<ContractTable>,
    pub(super) undeploy: Option<String>,
    pub(super) fuzz: Option<FuzzTable>,
    #[serde(default)]
    pub(super) expect: Expect,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Expect {
    pub(super) outcome: Option<String>,
    pub(super) code: Option<ExitCode>,
    pub(super) fault: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) error: Option<String>,
    pub(super) returns: Option<Bytes>,
    pub(super) result: Option<Value>,
    pub(super) prints: Option<Vec<String>>,
    pub(super) events: Option<Vec<EventTable>>,
    pub(super) deferred: Option<Vec<String>>,
    pub(super) cycles: Option<u64>,
    pub(super) instructions: Option<u64>,
    pub(super) steps: Option<i64>,
    pub(super) gas: Option<u64>,
    pub(super) refund: Option<u64>,
    pub(super) fee: Option<u64>,
    pub(super) host_calls: Option<u64>,
    pub(super) height: Option<u32>,
    pub(super) time: Option<u64>,
    pub(super) balances: BTreeMap<String, u64>,
    pub(super) keys: BTreeMap<String, u32>,
    pub(super) data: Vec<DataTable>,
    pub(super) funds: Vec<FundsTable>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventTable {
    pub(super) contract: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) topics: Vec<Bytes>,
    #[serde(default)]
    pub(super) data: Bytes,
    pub(super) fields: Option<Value>,
}

/// An exit code: its number, or its name in the contract's ABI.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "expected an exit code, 0 to 255, or its name")]
pub(super) enum ExitCode {
    Number(u8),
    Name(String),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DataTable {
    pub(super) contract: String,
    pub(super) table: Option<String>,
    pub(super) key: Option<Value>,
    pub(super) value: Option<Value>,
    #[serde(default)]
    pub(super) missing: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FundsTable {
    pub(super) contract: String,
    pub(super) user: Bytes,
    pub(super) free: Option<u64>,
    pub(super) frozen: Option<Vec<FrozenTable>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FrozenTable {
    #[serde(default)]
    pub(super) tag: Bytes,
    pub(super) height: u32,
    pub(super) amount: u64,
}

impl Scenario {
    /// Reads the scenario at `path` and the images it names.
    ///
    /// # Errors
    /// A [`ReadError`] with the file, and the place or field in it.
    pub fn read(path: &Path) -> Result<Scenario, ReadError> {
        let bytes = file::read(path, FILE_MAX)?;
        let text = str::from_utf8(&bytes).map_err(|source| ReadError::Text {
            path: path.into(),
            source,
        })?;
        let toml_error = |error| ReadError::Toml {
            path: path.into(),
            problem: toml_problem(text, &error),
        };
        let file: File = toml::from_str(text).map_err(toml_error)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let (mut images, mut semantics) = (BTreeMap::new(), BTreeMap::new());
        let (mut abis, mut upgraded_abis) = (BTreeMap::new(), BTreeMap::new());
        for (name, contract) in &file.contracts {
            let field = format!("contracts.{name}");
            let image = folder.join(&contract.image);
            let (image, rules) = code(path, image, contract.semantics.as_deref(), &field)?;
            let abi = contract.read_abi(folder, &image)?;
            abis.extend(abi.map(|abi| (name.clone(), abi)));
            images.insert(name.clone(), image);
            semantics.insert(name.clone(), rules);
        }
        let mut upgrades = BTreeMap::new();
        for (step, number) in file.step.iter().zip(1..) {
            if let Some(table) = &step.code {
                let field = format!("step {number}: code");
                let image = folder.join(&table.image);
                let code = code(path, image, table.semantics.as_deref(), &field)?;
                let abi = table.read_abi(folder, &code.0)?;
                upgraded_abis.extend(abi.map(|abi| (number, abi)));
                upgrades.insert(number, code);
            }
        }
        let scenario = Scenario {
            path: path.into(),
            file,
            semantics,
            images,
            upgrades,
            abis,
            upgraded_abis,
        };
        scenario.check()?;
        Ok(scenario)
    }

    /// The file it was read from.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of its contracts, in order.
    pub fn contracts(&self) -> impl Iterator<Item = &str> {
        self.images.keys().map(String::as_str)
    }

    /// Its contracts, in order of name: the name, the image's file and the image.
    pub fn images(&self) -> impl Iterator<Item = (&str, PathBuf, &Image)> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let table = self.file.contracts.iter();
        table.filter_map(move |(name, table)| {
            Some((
                name.as_str(),
                folder.join(&table.image),
                self.images.get(name)?,
            ))
        })
    }

    /// Replaces the image of a contract; nothing happens where the scenario has no such contract.
    pub fn set_image(&mut self, contract: &str, image: Image) {
        if let Some(slot) = self.images.get_mut(contract) {
            *slot = image;
        }
    }

    /// Lets gas cost nothing, so that balances do not depend on what runs the contracts.
    pub fn set_free_gas(&mut self) {
        self.file.chain.gas_price = 0;
        self.file.chain.fuel_rate = None;
    }

    /// Has the chain begin with another gas schedule.
    pub fn set_schedule(&mut self, schedule: &Schedule) {
        self.file.chain.schedule = schedule.name().into();
    }

    /// The gas schedule, if its name is known.
    pub(super) fn schedule(&self) -> Option<&'static Schedule> {
        Schedule::preset(&self.file.chain.schedule)
    }

    /// The network, if its name is known.
    pub(super) fn network(&self) -> Option<Network> {
        self.file.chain.network.parse().ok()
    }
}

impl Step {
    /// The first of the fields of a step that calls nothing that has no use in it, and what it needs.
    pub(super) fn field_without_use(&self) -> Option<(&'static str, &'static str)> {
        let acts = self.actions.is_some();
        let sets = self.upgrade.is_some() || self.undeploy.is_some();
        let fields = [
            (
                "from",
                self.from.is_some() && !acts && !sets,
                "a call, actions or new code",
            ),
            ("gas", self.gas.is_some() && !acts, "a call or actions"),
            ("input", self.input.is_some(), "a call"),
            ("action", self.action.is_some(), "a call"),
            ("value", self.value.is_some(), "a call"),
            ("fee", self.fee.is_some(), "a call"),
            ("fuel_rate", self.fuel_rate.is_some(), "a call"),
            (
                "context_free",
                !self.context_free.is_empty() && !acts,
                "actions",
            ),
        ];
        let found = fields.into_iter().find(|(_, is_there, _)| *is_there);
        found.map(|(field, _, needed)| (field, needed))
    }

    /// The contract that it calls or sets the code of, or whose action comes first.
    pub(super) fn contract(&self) -> Option<&str> {
        let actions = self.actions.iter().flatten();
        let mut acted = self.context_free.iter().chain(actions);
        let set = self.upgrade.as_ref().or(self.undeploy.as_ref());
        let named = self.call.as_ref().or(set);
        let named = named.or_else(|| acted.next().map(|action| &action.account));
        named.map(String::as_str)
    }

    /// Its name, or its number.
    pub(super) fn title(&self, number: usize) -> String {
        self.name
            .clone()
            .unwrap_or_else(|| format!("step {number}"))
    }
}

/// The images that the scenario at `path` names, those of upgrades too, whether or not they are there; none where it is
/// no scenario.
#[must_use]
pub fn named_images(path: &Path) -> Vec<PathBuf> {
    let text = file::read(path, FILE_MAX).ok();
    let text = text.and_then(|bytes| String::from_utf8(bytes).ok());
    let Some(file) = text.and_then(|text| toml::from_str::<File>(&text).ok()) else {
        return Vec::new();
    };
    let upgrades = file.step.iter().filter_map(|step| step.code.as_ref());
    let tables = file.contracts.values().chain(upgrades);
    let folder = path.parent().unwrap_or(Path::new(""));
    tables.map(|table| folder.join(&table.image)).collect()
}

/// An image with the rules that a table names, or that it asks for itself.
fn code(
    path: &Path,
    image: PathBuf,
    rules: Option<&str>,
    field: &str,
) -> Result<(Image, Semantics), ReadError> {
    let loaded = loader::load(&file::read(&image, FILE_MAX)?);
    let loaded = loaded.map_err(|source| ReadError::Image {
        path: image,
        source,
    })?;
    let rules = match rules {
        Some(rules) => rules
            .parse()
            .map_err(|error: abi::version::UnknownSemantics| {
                value_error(path, format!("{field}.semantics"), rules, error.to_string())
            })?,
        None => loaded.semantics_hint.unwrap_or_default(),
    };
    Ok((loaded.image, rules))
}

pub(super) fn value_error(path: &Path, field: String, found: &str, expected: String) -> ReadError {
    ReadError::Value {
        path: path.into(),
        field,
        found: found.into(),
        expected,
    }
}

/// Where and why `text` is not the TOML that was expected, in one line: the library's own report quotes lines of it.
#[must_use]
pub fn toml_problem(text: &str, error: &toml::de::Error) -> String {
    let message = error.message();
    let before = error.span().and_then(|span| text.get(..span.start));
    let Some(before) = before else {
        return message.into();
    };
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let column = before[start..].chars().count() + 1;
    format!("line {line}, column {column}: {message}")
}
