//! Typed contracts: the ABI that belongs to an image, and actions by name.

use crate::error::Error;
use crate::files::has_read;
use crate::input::InputArgs;
use chain::Chain;
use clap::Args;
use contract::Contract;
use loader::Image;
use serde_json::Value;
use std::path::{Path, PathBuf};
use verify::abi_file;
use verify::typed::{TypedContract, TypedError};

/// The option of the commands that set the code of a contract.
#[derive(Args, Clone, Debug)]
pub(crate) struct AbiArgs {
    /// The contract JSON, by which actions have names, or its binary form [default: the image's name with .abi, if it
    /// is there, or what a WebAssembly image says of itself].
    #[arg(long, value_name = "FILE", conflicts_with = "no_abi")]
    abi: Option<PathBuf>,
    /// Set no contract JSON, though there is one.
    #[arg(long)]
    no_abi: bool,
}

impl AbiArgs {
    /// The contract that belongs to the image in this file, if one does.
    ///
    /// # Errors
    /// If it can't be read, or is no contract.
    pub(crate) fn read(&self, file: &Path, image: &Image) -> Result<Option<Contract>, Error> {
        match &self.abi {
            _ if self.no_abi => Ok(None),
            Some(named) => read_abi(named).map(Some),
            None if file == Path::new("-") => Ok(None),
            None => abi_file::beside(file, image).map_err(Error::input),
        }
    }
}

/// Reads a contract in JSON or in binary form.
///
/// # Errors
/// If the file can't be read, or holds no contract.
pub(crate) fn read_abi(file: &Path) -> Result<Contract, Error> {
    has_read(file);
    abi_file::read(file).map_err(Error::input)
}

/// The input of a call: an action by name with its arguments, or bytes.
#[derive(Args, Clone, Debug)]
pub(crate) struct ActionArgs {
    /// The action, by name, of a contract with an ABI: `smart51 abi show` lists them.
    #[arg(conflicts_with = "values")]
    action: Option<String>,
    /// Its arguments: in order, or as NAME=VALUE. An account or a contract is named as everywhere; a list or a struct
    /// is JSON.
    #[arg(requires = "action", allow_negative_numbers = true)]
    arguments: Vec<String>,
    /// Its arguments as one JSON object, or a list in order.
    #[arg(
        long,
        value_name = "JSON",
        requires = "action",
        conflicts_with = "arguments"
    )]
    args: Option<String>,
    #[command(flatten)]
    input: InputArgs,
}

impl ActionArgs {
    /// The bytes for this contract, with names looked up in `chain`.
    ///
    /// # Errors
    /// If the contract has no ABI or no such action, an argument is none of its type, or as [`InputArgs::read`].
    pub(crate) fn read(self, chain: &Chain, contract: &str) -> Result<Vec<u8>, Error> {
        let Some(action) = &self.action else {
            return self.input.read(chain);
        };
        let contract = TypedContract::of(chain, contract)?;
        Ok(match &self.args {
            Some(text) => {
                let value: Value = serde_json::from_str(text)
                    .map_err(|error| Error::input(format_args!("--args: not JSON: {error}")))?;
                contract.input(action, &value)?
            }
            None => contract.input_of_texts(action, &self.arguments)?,
        })
    }
}

impl From<TypedError> for Error {
    fn from(error: TypedError) -> Error {
        match error {
            TypedError::Chain(error) => error.into(),
            TypedError::NoAbi(_) => Error::input(format_args!(
                "{error}: give the bytes with --input, or set one with `smart51 upgrade --abi FILE`"
            )),
            error => Error::input(error),
        }
    }
}
