//! `smart51 new`.

use super::sdk::{self, SCENARIO_SCHEMA, compile_flags};
use crate::error::about;
use crate::error::{Error, Status};
use crate::files::create_file;
use crate::output::Output;
use crate::text::{Page, Text, say};
use chain::names::check_name;
use clap::Args;
use firmware_samples::{RUST_CONFIG, RUST_SDK};
use serde::Serialize;
use std::fs;
use std::path::PathBuf;

/// The files of a project: their names and contents, in which `NAME` stands for the project's, and `ACCOUNT` for the
/// name of who calls it.
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

/// The files of a project in Rust, besides those of the SDK.
const RUST_FILES: [(&str, &str); 7] = [
    (
        "Cargo.toml",
        include_str!("../../templates/rust/Cargo.toml"),
    ),
    (".cargo/config.toml", RUST_CONFIG),
    (
        "src/lib.rs",
        include_str!("../../templates/rust/contract.rs"),
    ),
    (
        "NAME.scenario.toml",
        include_str!("../../templates/scenario.toml"),
    ),
    ("Makefile", include_str!("../../templates/rust/Makefile")),
    ("README.md", include_str!("../../templates/rust/README.md")),
    (".gitignore", include_str!("../../templates/rust/gitignore")),
];

/// The folder of the SDK in a project in C, from which editors have the header and the schema of scenarios.
const SDK_FOLDER: &str = "sdk";

/// The folder of the SDK in a project in Rust.
const RUST_SDK_FOLDER: &str = "smart51-sdk";

/// Write a contract project that builds, tests and runs as it is.
///
/// NAME is the folder to make; its last part names the contract: 1 to 32 letters, digits, `_` and `-`, a letter first.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  smart51 new ledger && cd ledger && make test\n  smart51 new --rust ledger"
)]
pub(crate) struct New {
    /// The folder to make. It must not be there yet.
    name: PathBuf,
    /// Write a contract in Rust, with its SDK, for WebAssembly, instead of one in C.
    #[arg(long)]
    rust: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    folder: String,
    files: Vec<String>,
}

impl New {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let name = self.name.file_name().and_then(|name| name.to_str());
        let name = name.filter(|name| is_name(name)).ok_or_else(|| {
            about(
                &self.name,
                "no name of a contract: expected 1 to 32 letters, digits, _ and -, a letter first",
            )
        })?;
        fs::create_dir(&self.name).map_err(|e| about(&self.name, e))?;
        let mut files = Vec::new();
        let mut create = |file: String, text: &str| {
            let path = self.name.join(&file);
            let folder = path.parent().unwrap_or(&self.name);
            fs::create_dir_all(folder).map_err(|e| about(folder, e))?;
            create_file(&path, text.as_bytes())?;
            files.push(file);
            Ok::<_, Error>(())
        };
        if self.rust {
            for (file, text) in RUST_FILES {
                // The scenario is the one of the contract in C, whose image has another name.
                let text = fill_in(text, name)
                    .replace(&format!("{name}.ihx"), &format!("{name}.wasm"))
                    .replace(
                        &format!("./{SDK_FOLDER}/"),
                        &format!("./{RUST_SDK_FOLDER}/"),
                    );
                create(file.replace("NAME", name), &text)?;
            }
            for (file, text) in RUST_SDK.iter().chain([&SCENARIO_SCHEMA]) {
                create(format!("{RUST_SDK_FOLDER}/{file}"), text)?;
            }
        } else {
            for (file, text) in FILES {
                create(file.replace("NAME", name), &fill_in(text, name))?;
            }
            create("compile_flags.txt".into(), &compile_flags(SDK_FOLDER))?;
            for (file, text) in sdk::FILES {
                create(format!("{SDK_FOLDER}/{file}"), text)?;
            }
        }
        out.print(&Report {
            folder: self.name.display().to_string(),
            files,
        })?;
        Ok(Status::Success)
    }
}

/// The text of a file for the project `name`. The account comes first: `name` may hold its placeholder.
fn fill_in(text: &str, name: &str) -> String {
    // Accounts and contracts of a chain share their names.
    let account = if name == "alice" { "bob" } else { "alice" };
    text.replace("ACCOUNT", account).replace("NAME", name)
}

/// Whether a chain, make, the shell and C comments take it as it is.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && !name.contains('.')
        && check_name(name).is_ok()
}

impl Text for Report {
    fn text(&self, page: &mut Page) {
        say!(page, "{}: {}", self.folder, self.files.join(", "))
    }
}
