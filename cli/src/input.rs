//! The contract bytes of a call, as they are typed: `--input`.

use crate::args::{Bytes, number};
use crate::error::Error;
use abi::Gas;
use clap::Args;
use std::path::Path;
use std::str::FromStr;
use verify::scenario::bytes::{Resolve, append};

/// The option of the commands that call a contract.
#[derive(Args, Clone, Debug)]
pub(crate) struct InputArgs {
    /// The contract bytes: hex, @FILE, - for standard input, or a value as in scenario files: u8:1, u64:5, i64:-1,
    /// text:hello, regid:bob, address:bob, … Given several times, one after the other.
    #[arg(long = "input", id = "values", value_name = "BYTES")]
    values: Vec<Value>,
}

/// A part of the contract bytes, or a key of a contract's data.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// As everywhere.
    Bytes(Bytes),
    /// `KIND:VALUE`, as in scenarios.
    Typed(String),
}

impl FromStr for Value {
    type Err = String;

    fn from_str(text: &str) -> Result<Value, String> {
        if text.contains(':') && !text.starts_with('@') {
            return Ok(Value::Typed(text.into()));
        }
        match text.parse() {
            Ok(bytes) => Ok(Value::Bytes(bytes)),
            Err(error) => Err(format!("{error}, or a value such as u64:5 or regid:bob")),
        }
    }
}

impl Value {
    /// The bytes, with names looked up in `names`. Errors begin with `what` they are for.
    ///
    /// # Errors
    /// If a file can't be read or is too large, a value is none of its kind, or a name stands for nothing.
    pub(crate) fn read(self, names: &dyn Resolve, what: &str) -> Result<Vec<u8>, Error> {
        match self {
            Value::Bytes(part) => part.read(),
            Value::Typed(text) => {
                let mut bytes = Vec::new();
                append(&mut bytes, &text, names)
                    .map_err(|error| Error::input(format_args!("{what}: {error}")))?;
                Ok(bytes)
            }
        }
    }
}

impl InputArgs {
    /// The bytes, with names looked up in `names`.
    ///
    /// # Errors
    /// If a file can't be read or is too large, a value is none of its kind, or a name stands for nothing.
    pub(crate) fn read(self, names: &dyn Resolve) -> Result<Vec<u8>, Error> {
        joined(self.values, names, "--input")
    }
}

/// The option of the commands that set the code of a contract.
#[derive(Args, Clone, Debug)]
pub(crate) struct InitArgs {
    /// Call the contract with these bytes at once, so that nobody comes before its owner: as --input of `call`. Unless
    /// it succeeds, its code is not set.
    #[arg(long = "init", value_name = "BYTES")]
    values: Vec<Value>,
    /// The most gas of that call. What is not used comes back [default: 10000000].
    #[arg(long, value_name = "N", value_parser = number::<u64>, default_value = "10000000", hide_default_value = true,
        requires = "values")]
    gas: u64,
}

impl InitArgs {
    /// The bytes and the most gas; `None` where none are given.
    ///
    /// # Errors
    /// As [`InputArgs::read`].
    pub(crate) fn read(self, names: &dyn Resolve) -> Result<Option<(Vec<u8>, Gas)>, Error> {
        if self.values.is_empty() {
            return Ok(None);
        }
        let input = joined(self.values, names, "--init")?;
        Ok(Some((input, Gas(self.gas))))
    }
}

/// The bytes of all values of `option`.
fn joined(values: Vec<Value>, names: &dyn Resolve, option: &str) -> Result<Vec<u8>, Error> {
    let is_stdin =
        |value: &&Value| matches!(value, Value::Bytes(Bytes::From(file)) if file == Path::new("-"));
    if values.iter().filter(is_stdin).count() > 1 {
        return Err(Error::input(format_args!(
            "{option} - can be given once: standard input is read to its end"
        )));
    }
    let mut bytes = Vec::new();
    for value in values {
        bytes.extend(value.read(names, option)?);
    }
    Ok(bytes)
}
