//! The contract bytes of a call, as they are typed: `--input`.

use crate::args::Bytes;
use crate::error::Error;
use clap::Args;
use std::path::Path;
use std::str::FromStr;
use verify::scenario::bytes::{Resolve, append};

/// The option of the commands that call a contract.
#[derive(Args, Clone, Debug)]
pub(crate) struct InputArgs {
    /// The contract bytes: hex, @FILE, - for standard input, or a value as in scenario files: u8:1, u64:5, i64:-1,
    /// text:hello, regid:bob, address:bob, … Given several times, one after the other.
    #[arg(long = "input", value_name = "BYTES")]
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
        let is_stdin = |value: &&Value| matches!(value, Value::Bytes(Bytes::From(file)) if file == Path::new("-"));
        if self.values.iter().filter(is_stdin).count() > 1 {
            return Err(Error::input(
                "--input - can be given once: standard input is read to its end",
            ));
        }
        let mut bytes = Vec::new();
        for value in self.values {
            bytes.extend(value.read(names, "--input")?);
        }
        Ok(bytes)
    }
}
