//! `smart51 abi check`, `diff`, `docs`, `json` and `binary`.

use super::{read, read_checked};
use crate::error::{Error, Status};
use crate::files::write as write_file;
use crate::output::{Bytes, Output};
use crate::text::{Page, Text, pretty, say};
use clap::Args;
use contract::{Change, Contract, Problem};
use serde::Serialize;
use serde_json::Value;
use std::path::PathBuf;

/// Check the description of a contract.
///
/// All that is wrong is listed with its place, up to 100, and the status is 2 then.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  smart51 abi check token.contract.json")]
pub(crate) struct Check {
    /// The contract's JSON or its binary form, or - for standard input.
    file: PathBuf,
}

#[derive(Debug, Serialize)]
struct Checked {
    valid: bool,
    /// The size of the binary form.
    bytes: usize,
    actions: usize,
    tables: usize,
    events: usize,
    errors: Vec<Found>,
}

/// A problem and its place.
#[derive(Debug, Serialize)]
struct Found {
    path: String,
    error: String,
}

impl Check {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let contract = read(&self.file)?;
        let errors = contract.check().err().unwrap_or_default();
        let found = |error: contract::Error| Found {
            path: error.path,
            error: sentence(&error.problem),
        };
        let report = Checked {
            valid: errors.is_empty(),
            bytes: contract.to_bytes().len(),
            actions: contract.actions.len(),
            tables: contract.tables.len(),
            events: contract
                .smart51
                .as_ref()
                .map_or(0, |ours| ours.events.len()),
            errors: errors.into_iter().map(found).collect(),
        };
        out.print(&report)?;
        Ok(match report.valid {
            true => Status::Success,
            false => Status::BadInput,
        })
    }
}

/// A problem in words, and what to do about it.
fn sentence(problem: &Problem) -> String {
    let advice = match problem {
        Problem::CaseOnly(..) => "; rename one of them",
        Problem::UnknownType(_) => "; describe it under `types`, `structs` or `variants`",
        _ => "",
    };
    format!("{problem}{advice}")
}

impl Text for Checked {
    fn text(&self, page: &mut Page) {
        for Found { path, error } in &self.errors {
            match path.as_str() {
                "" => say!(page, "{error}"),
                path => say!(page, "{path}: {error}"),
            }
        }
        let Checked {
            bytes,
            actions,
            tables,
            events,
            ..
        } = self;
        if self.valid {
            say!(
                page,
                "sound: actions {actions}, tables {tables}, events {events}, {bytes} bytes"
            );
        } else {
            say!(page, "wrong: {} errors", self.errors.len());
        }
    }
}

/// Compare two versions of a contract's description.
///
/// A change is breaking if clients, callers or data of the old version do not go with the new one:
/// the status is 1 if there is one.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  smart51 abi diff old.contract.json token.contract.json")]
pub(crate) struct Diff {
    /// The old version's JSON or binary form.
    old: PathBuf,
    /// The new version's.
    new: PathBuf,
}

#[derive(Debug, Serialize)]
struct Differences {
    breaking: usize,
    changes: Vec<Difference>,
}

#[derive(Debug, Serialize)]
struct Difference {
    breaking: bool,
    path: String,
    change: String,
}

impl Diff {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let (old, new) = (read_checked(&self.old)?, read_checked(&self.new)?);
        let changes = contract::diff(&old, &new);
        let difference = |change: Change| Difference {
            breaking: change.breaking,
            path: change.path,
            change: change.what,
        };
        let report = Differences {
            breaking: changes.iter().filter(|change| change.breaking).count(),
            changes: changes.into_iter().map(difference).collect(),
        };
        out.print(&report)?;
        Ok(match report.breaking {
            0 => Status::Success,
            _ => Status::Refused,
        })
    }
}

impl Text for Differences {
    fn text(&self, page: &mut Page) {
        for Difference {
            breaking,
            path,
            change,
        } in &self.changes
        {
            let kind = if *breaking { "breaking" } else { "compatible" };
            say!(page, "{kind:<10} {path}: {change}");
        }
        if self.changes.is_empty() {
            say!(page, "no differences");
        }
    }
}

/// Write a page about a contract, in Markdown.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  smart51 abi docs token.contract.json > token.md")]
pub(crate) struct Docs {
    /// The contract's JSON or its binary form, or - for standard input.
    file: PathBuf,
}

#[derive(Debug, Serialize)]
struct Markdown {
    markdown: String,
}

impl Docs {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let markdown = contract::docs(&read(&self.file)?);
        out.print(&Markdown { markdown })?;
        Ok(Status::Success)
    }
}

impl Text for Markdown {
    fn text(&self, page: &mut Page) {
        for line in self.markdown.lines() {
            say!(page, "{line}");
        }
    }
}

/// Show a contract's description as JSON, all of its lists.
///
/// With --json in one line.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  smart51 abi json token.abi > token.contract.json")]
pub(crate) struct Json {
    /// The contract's JSON or its binary form, or - for standard input.
    file: PathBuf,
}

/// JSON, which is itself a report.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Shown {
    pub(super) value: Value,
}

impl Json {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let value = read(&self.file)?.to_value();
        out.print(&Shown { value })?;
        Ok(Status::Success)
    }
}

impl Text for Shown {
    fn text(&self, page: &mut Page) {
        for line in pretty(&self.value).lines() {
            say!(page, "{line}");
        }
    }
}

/// Write the binary form of a contract's description, which lies on the chain.
///
/// Without -o it is shown in hexadecimal.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  smart51 abi binary token.contract.json -o token.abi")]
pub(crate) struct Binary {
    /// The contract's JSON or its binary form, or - for standard input.
    file: PathBuf,
    /// The file to write.
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Written {
    output: Option<String>,
    bytes: usize,
    binary: Option<Bytes>,
}

impl Binary {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let contract: Contract = read(&self.file)?;
        let bytes = contract.to_bytes();
        if let Some(output) = &self.output {
            write_file(output, &bytes)?;
        }
        out.print(&Written {
            output: self.output.as_ref().map(|path| path.display().to_string()),
            bytes: bytes.len(),
            binary: self.output.is_none().then_some(Bytes(bytes)),
        })?;
        Ok(Status::Success)
    }
}

impl Text for Written {
    fn text(&self, page: &mut Page) {
        match (&self.output, &self.binary) {
            (Some(output), _) => say!(page, "{output}: {} bytes", self.bytes),
            (None, Some(binary)) => say!(page, "{binary}"),
            (None, None) => {}
        }
    }
}
