//! `smart51 sdk`.

use crate::error::about;
use crate::error::{Error, Status};
use crate::files::{create_file, read_file};
use crate::output::Output;
use crate::text::{Page, Text, say};
use clap::Args;
use firmware_samples::{CLANG, HEADER, MCS51, RUNTIME, SDAS, SDCC_COMPILE, SDCC_LINK};
use serde::Serialize;
use std::fs;
use std::path::PathBuf;
use verify::scenario::SCHEMA;

/// The files that `smart51 build` compiles a contract with, and the schemas of scenarios and of firmware tests for
/// editors.
pub(super) const FILES: [(&str, &str); 5] = [
    ("smart51.h", HEADER),
    ("smart51.c", RUNTIME),
    ("mcs51.asm", MCS51),
    SCENARIO_SCHEMA,
    ("firmware-test.schema.json", firmware::suite::SCHEMA),
];

/// The JSON Schema that the first line of a new project's scenario names.
pub(super) const SCENARIO_SCHEMA: (&str, &str) = ("scenario.schema.json", SCHEMA);

/// The keywords of sdcc that clang lacks, which an editor has to pass over.
const SDCC_KEYWORDS: [&str; 6] = [
    "__xdata",
    "__code",
    "__data",
    "__idata",
    "__pdata",
    "__reentrant",
];

/// What clangd is given to read a contract's files in C, with the header in `folder`: what clang compiles them with,
/// a line each.
pub(super) fn compile_flags(folder: &str) -> String {
    let compiles = |flag: &&str| !flag.starts_with("-Wl,") && *flag != "-nostdlib";
    let clang = CLANG.split_whitespace().filter(compiles);
    let mut flags: Vec<String> = clang.map(str::to_owned).collect();
    flags.push(format!("-I{folder}"));
    flags.extend(SDCC_KEYWORDS.map(|keyword| format!("-D{keyword}=")));
    flags.join("\n") + "\n"
}

/// Write the header and the runtime that `smart51 build` uses to a folder, and schemas for editors.
///
/// Editors find smart51.h there, and scenario.schema.json, which a scenario names in its first line as
/// `#:schema ./DIR/scenario.schema.json`; and other tools can build what smart51 build builds: --json tells
/// the flags too. For the 8051 what mcs51.asm makes is linked first, then what smart51.c makes,
/// then the contract's files in order; clang takes the contract's files and then smart51.c. A file
/// that is there with other contents stays as it is, and is an error.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  smart51 sdk --out include")]
pub(crate) struct Sdk {
    /// The folder; it is made if it is not there.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(Debug, Serialize)]
struct Report {
    folder: String,
    files: Vec<&'static str>,
    flags: Flags,
}

/// What the tools are given, beside the names of files and the folder of the header.
#[derive(Debug, Serialize)]
struct Flags {
    sdcc_compile: &'static str,
    sdcc_link: &'static str,
    sdas8051: &'static str,
    clang: &'static str,
}

impl Sdk {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        fs::create_dir_all(&self.out).map_err(|e| about(&self.out, e))?;
        let mut missing = Vec::new();
        for (name, text) in FILES {
            let path = self.out.join(name);
            if !path.exists() {
                missing.push((path, text));
            } else if read_file(&path)? != text.as_bytes() {
                return Err(about(
                    &path,
                    "is there, and another file than this version's; move it away or name another folder",
                ));
            }
        }
        for (path, text) in missing {
            create_file(&path, text.as_bytes())?;
        }
        out.print(&Report {
            folder: self.out.display().to_string(),
            files: FILES.map(|(name, _)| name).to_vec(),
            flags: Flags {
                sdcc_compile: SDCC_COMPILE,
                sdcc_link: SDCC_LINK,
                sdas8051: SDAS,
                clang: CLANG,
            },
        })?;
        Ok(Status::Success)
    }
}

impl Text for Report {
    fn text(&self, page: &mut Page) {
        say!(page, "{}: {}", self.folder, self.files.join(", "))
    }
}
