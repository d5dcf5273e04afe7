//! `smart51 abi`: the methods that a contract's host has, and the descriptions of contracts.

mod describe;
mod extract;
mod list;
mod values;

use crate::error::{Error, Status, about};
use crate::files::read_file;
use crate::output::Output;
use clap::{Args, Subcommand};
use contract::{Codec, Contract};
use std::path::Path;

/// Describe contracts: check contract JSON, turn values into bytes and back, compare versions.
///
/// FILE is contract JSON or its binary form, or - for standard input; docs/contract-json.md
/// describes both. `abi list` lists the methods that a contract's host has.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  smart51 abi check token.contract.json")]
pub(crate) struct Abi {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(list::ListMethods),
    Check(describe::Check),
    Encode(values::Encode),
    Decode(values::Decode),
    Diff(describe::Diff),
    Docs(describe::Docs),
    Json(describe::Json),
    Binary(describe::Binary),
    Extract(extract::Extract),
    Show(extract::Show),
}

impl Abi {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        match self.action {
            Action::List(list) => list.run(out),
            Action::Check(check) => check.run(out),
            Action::Encode(encode) => encode.run(out),
            Action::Decode(decode) => decode.run(out),
            Action::Diff(diff) => diff.run(out),
            Action::Docs(docs) => docs.run(out),
            Action::Json(json) => json.run(out),
            Action::Binary(binary) => binary.run(out),
            Action::Extract(extract) => extract.run(out),
            Action::Show(show) => show.run(out),
        }
    }
}

/// The contract that a file describes, in JSON or in bytes.
///
/// # Errors
/// If it can't be read or is neither.
fn read(path: &Path) -> Result<Contract, Error> {
    let bytes = read_file(path)?;
    // The binary form begins with the length of the version's text, which is no white space and no
    // brace.
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    let read = match first {
        Some(b'{') => {
            let text = std::str::from_utf8(&bytes);
            Contract::from_json(text.map_err(|error| about(path, error))?)
        }
        _ => Contract::from_bytes(&bytes),
    };
    read.map_err(|error| about(path, error))
}

/// The same, checked.
///
/// # Errors
/// Also the first thing that is wrong with it.
fn read_checked(path: &Path) -> Result<Codec, Error> {
    Codec::new(&read(path)?).map_err(|errors| {
        let more = match errors.len() {
            0 | 1 => String::new(),
            count => format!("; `smart51 abi check` shows {} more", count - 1),
        };
        let first = errors.first().map(ToString::to_string);
        about(path, format_args!("{}{more}", first.unwrap_or_default()))
    })
}
