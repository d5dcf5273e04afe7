//! `smart51 abi encode` and `decode`.

use super::describe::Shown;
use super::read_checked;
use crate::args::Bytes as Given;
use crate::error::{Error, Status};
use crate::output::{Bytes, Output};
use crate::text::{Page, Text, say};
use clap::{Args, ValueEnum};
use contract::Codec;
use serde::Serialize;
use serde_json::Value;
use std::path::PathBuf;

/// What the bytes are.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// The input of a call: an action's selector and its arguments.
    Call,
    /// The arguments of an action alone.
    Data,
    /// What an action returns.
    Result,
    /// A value of a type.
    Type,
}

impl Kind {
    /// The kind that is meant where none is said: a call, if there is an action of that name.
    fn of(given: Option<Kind>, codec: &Codec, name: &str) -> Kind {
        let is_action = codec.contract().action(name).is_some();
        match (given, codec.contract().selector(name)) {
            (Some(kind), _) => kind,
            (None, Some(_)) => Kind::Call,
            (None, None) if is_action => Kind::Data,
            (None, None) => Kind::Type,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Kind::Call => "call",
            Kind::Data => "data",
            Kind::Result => "result",
            Kind::Type => "type",
        }
    }
}

/// Turn a value into bytes: the input of a call, or a value of a type.
///
/// VALUE is JSON: an action's arguments as an object or as a list in order. Text, numbers and times
/// of a type may be given without quotes, and a registered id as 2-0.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  smart51 abi encode token.contract.json transfer '[\"2-0\",30]'\n  smart51 abi encode token.contract.json uint64[] '[1,2]'"
)]
pub(crate) struct Encode {
    /// The contract's JSON or its binary form.
    file: PathBuf,
    /// An action of the contract, or a type: one of the contract or one that is built in, or a list or an optional of
    /// one, as `uint64[]` and `uint64?`.
    name: String,
    /// The value.
    #[arg(allow_hyphen_values = true)]
    value: String,
    /// What to make: call, data (without a selector), result or type [default: call for an action
    /// that has a selector, data for another one, type for what is none].
    #[arg(long = "as", value_name = "KIND", hide_possible_values = true)]
    kind: Option<Kind>,
}

#[derive(Debug, Serialize)]
struct Encoded {
    name: String,
    kind: &'static str,
    bytes: Bytes,
}

impl Encode {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let codec = read_checked(&self.file)?;
        let name = self.name.as_str();
        let kind = Kind::of(self.kind, &codec, name);
        let json = || -> Result<Value, Error> {
            serde_json::from_str(&self.value)
                .map_err(|error| Error::input(format_args!("VALUE is not JSON: {error}")))
        };
        let bytes = match kind {
            Kind::Call => codec.encode_call(name, &json()?),
            Kind::Data => codec.encode_arguments(name, &json()?, &()),
            Kind::Result => {
                let of = result_type(&codec, name)?;
                let value = codec.parse_argument(&of, &self.value);
                value.and_then(|value| codec.encode(&of, &value))
            }
            Kind::Type => {
                let value = codec.parse_argument(name, &self.value);
                value.and_then(|value| codec.encode(name, &value))
            }
        };
        out.print(&Encoded {
            bytes: Bytes(bytes.map_err(Error::input)?),
            kind: kind.name(),
            name: self.name,
        })?;
        Ok(Status::Success)
    }
}

/// The type of what an action returns.
fn result_type(codec: &Codec, name: &str) -> Result<String, Error> {
    let found = codec.contract().result_type(name).map(str::to_owned);
    found.ok_or_else(|| {
        Error::input(format_args!(
            "the contract does not say what `{name}` returns: `action_results` would"
        ))
    })
}

impl Text for Encoded {
    fn text(&self, page: &mut Page) {
        say!(page, "{}", self.bytes);
    }
}

/// Turn bytes into a value: the arguments of a call, or a value of a type, as JSON.
///
/// All bytes have to be used.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  smart51 abi decode token.contract.json transfer 020200000000001e00000000000000"
)]
pub(crate) struct Decode {
    /// The contract's JSON or its binary form.
    file: PathBuf,
    /// An action of the contract, or a type.
    name: String,
    /// The bytes: hex, @FILE, or - for standard input.
    bytes: Given,
    /// What the bytes are: call, data (without a selector), result or type [default: as of `abi
    /// encode`].
    #[arg(long = "as", value_name = "KIND", hide_possible_values = true)]
    kind: Option<Kind>,
}

#[derive(Debug, Serialize)]
struct Decoded {
    name: String,
    kind: &'static str,
    value: Shown,
}

impl Decode {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let codec = read_checked(&self.file)?;
        let bytes = self.bytes.read()?;
        let name = self.name.as_str();
        let kind = Kind::of(self.kind, &codec, name);
        let value = match kind {
            Kind::Call => match codec.decode_call(&bytes) {
                Ok((action, _)) if action.to_string() != name => {
                    return Err(Error::input(format_args!(
                        "the selector {} is that of `{action}`",
                        bytes.first().copied().unwrap_or_default()
                    )));
                }
                other => other.map(|(_, arguments)| arguments),
            },
            Kind::Data => codec.decode_arguments(name, &bytes),
            Kind::Result => codec.decode_result(name, &bytes),
            Kind::Type => codec.decode(name, &bytes),
        };
        out.print(&Decoded {
            value: Shown {
                value: value.map_err(Error::input)?,
            },
            kind: kind.name(),
            name: self.name,
        })?;
        Ok(Status::Success)
    }
}

impl Text for Decoded {
    fn text(&self, page: &mut Page) {
        self.value.text(page);
    }
}
