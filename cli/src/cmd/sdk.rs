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

/// The files that `smart51 build` compiles a contract with.
const FILES: [(&str, &str); 3] = [
    ("smart51.h", HEADER),
    ("smart51.c", RUNTIME),
    ("mcs51.asm", MCS51),
];

/// Write the header and the runtime that `smart51 build` uses to a folder.
///
/// Editors find smart51.h there, and other tools can build what smart51 build builds: --json tells
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
