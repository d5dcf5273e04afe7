//! `smart51 inspect`.

use crate::error::{Error, Status};
use crate::files::read_file;
use crate::image;
use crate::output::{Address, Bytes, Output};
use crate::text::{Page, Text, say};
use abi::Semantics;
use clap::Args;
use loader::Loaded;
use loader::header::Checked;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;

/// Show what an image file holds and whether it is a contract.
///
/// IMAGE is Intel HEX, a raw ROM, the original chain's container, a wasm module or its text, or gzip of any
/// of them. The status is 2 if it is none of them or not a contract.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  smart51 inspect token.ihx\n  smart51 inspect old-contract.bin --semantics dacrs2017"
)]
pub(crate) struct Inspect {
    /// The image file, or - for standard input.
    image: PathBuf,
    /// The rules its header is checked by: v1, dacrs2017 or dacrs2014 [default: dacrs2017 for a container,
    /// v1 otherwise].
    #[arg(long)]
    semantics: Option<Semantics>,
}

/// What is known about an image. A field that doesn't apply, or can't be known, is null.
#[derive(Debug, Default, Serialize)]
struct Report {
    kind: Option<&'static str>,
    code_bytes: Option<usize>,
    code_hash: Option<Bytes>,
    version: Option<String>,
    reset_target: Option<Address>,
    valid: bool,
    warnings: Vec<String>,
    error: Option<String>,
    account_check: Option<bool>,
    semantics: Option<&'static str>,
    segments: Vec<Segment>,
    description: Option<Bytes>,
}

#[derive(Debug, Serialize)]
struct Segment {
    start: Address,
    bytes: usize,
}

impl Inspect {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let mut report = Report::default();
        match loader::load(&read_file(&self.image)?) {
            Ok(loaded) => report.describe(&loaded, self.semantics),
            Err(error) => report.error = Some(error.to_string()),
        }
        out.print(&report)?;
        Ok(if report.valid {
            Status::Success
        } else {
            Status::BadInput
        })
    }
}

impl Report {
    fn describe(&mut self, loaded: &Loaded, semantics: Option<Semantics>) {
        let image = &loaded.image;
        let semantics = semantics.or(loaded.semantics_hint).unwrap_or_default();
        let segments = image.segments().iter();
        self.kind = Some(image.kind().name());
        self.code_bytes = Some(image.code_bytes());
        self.code_hash = Some(Bytes(image.code_hash().to_vec()));
        self.semantics = Some(semantics.name());
        self.segments = segments
            .map(|s| Segment {
                start: Address(s.start),
                bytes: s.bytes.len(),
            })
            .collect();
        self.description =
            (!loaded.description.is_empty()).then(|| Bytes(loaded.description.clone()));
        match image::check(image, semantics) {
            Ok(checked) => {
                self.valid = true;
                if let Some(Checked {
                    header, warnings, ..
                }) = checked
                {
                    self.version = Some(header.version.to_string());
                    self.reset_target = Some(Address(header.reset_target));
                    self.account_check = header.account_check;
                    self.warnings = warnings.iter().map(ToString::to_string).collect();
                }
            }
            Err(error) => self.error = Some(error),
        }
    }
}

impl Text for Report {
    fn text(&self, page: &mut Page) {
        let segments: Vec<_> = self
            .segments
            .iter()
            .map(|s| format!("{} bytes at {}", s.bytes, s.start))
            .collect();
        let account_check = self.account_check.map(|on| if on { "on" } else { "off" });
        let mut row = |name: &str, value: Option<&dyn fmt::Display>| {
            if let Some(value) = value {
                say!(page, "{name:<14} {value}");
            }
        };
        row("kind", self.kind.as_ref().map(|v| v as _));
        row(
            "size",
            self.code_bytes
                .map(|v| format!("{v} bytes"))
                .as_ref()
                .map(|v| v as _),
        );
        row("code hash", self.code_hash.as_ref().map(|v| v as _));
        row("semantics", self.semantics.as_ref().map(|v| v as _));
        row("version", self.version.as_ref().map(|v| v as _));
        row("reset target", self.reset_target.as_ref().map(|v| v as _));
        row("account check", account_check.as_ref().map(|v| v as _));
        row(
            "programmed",
            (!segments.is_empty())
                .then(|| segments.join(", "))
                .as_ref()
                .map(|v| v as _),
        );
        row("description", self.description.as_ref().map(|v| v as _));
        for warning in &self.warnings {
            row("warning", Some(warning));
        }
        row("error", self.error.as_ref().map(|v| v as _));
        row(
            "contract",
            Some(&if self.valid { "valid" } else { "not valid" }),
        )
    }
}
