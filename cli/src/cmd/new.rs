//! `smart51 new`.

use crate::args::{about, create_file};
use crate::error::{Error, Status};
use crate::output::Output;
use clap::Args;
use serde::Serialize;
use std::fmt;
use std::fs;
use std::path::PathBuf;

/// The files of a project: their names and contents, in which `NAME` stands for the project's.
const FILES: [(&str, &str); 5] = [
    ("NAME.c", include_str!("../../templates/contract.c")),
    (
        "NAME.scenario.toml",
        include_str!("../../templates/scenario.toml"),
    ),
    ("Makefile", include_str!("../../templates/Makefile")),
    ("README.md", include_str!("../../templates/README.md")),
    (".gitignore", include_str!("../../templates/gitignore")),
];

/// Write a contract project that builds, tests and runs as it is.
///
/// NAME is the folder to make; its last part names the contract.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  smart51 new ledger && cd ledger && make test")]
pub(crate) struct New {
    /// The folder to make. It must not be there yet.
    name: PathBuf,
}

#[derive(Debug, Serialize)]
struct Report {
    folder: String,
    files: Vec<String>,
}

impl New {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let name = self
            .name
            .file_name()
            .and_then(|name| name.to_str())
            .filter(|name| is_name(name));
        let name = name.ok_or_else(|| {
            about(
                &self.name,
                "expected a name of letters, digits, _ and -, a letter first",
            )
        })?;
        fs::create_dir(&self.name).map_err(|e| about(&self.name, e))?;
        let mut files = Vec::new();
        for (file, text) in FILES {
            let file = file.replace("NAME", name);
            create_file(
                &self.name.join(&file),
                text.replace("NAME", name).as_bytes(),
            )?;
            files.push(file);
        }
        out.print(&Report {
            folder: self.name.display().to_string(),
            files,
        })?;
        Ok(Status::Success)
    }
}

/// Whether make, the shell and C comments take it as it is.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.folder, self.files.join(", "))
    }
}
