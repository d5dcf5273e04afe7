//! `smart51 build`.

use crate::error::about;
use crate::error::{Error, Status};
use crate::files;
use crate::files::{replace_with, write as write_file};
use crate::image::check;
use crate::output::{Bytes, Output, note};
use crate::text::{Page, Text, say};
use crate::toolchain::{Compiled, Sources, Target, compile, extract};
use crate::traps::Trap;
use abi::Semantics;
use clap::Args;
use serde::Serialize;
use std::path::{Path, PathBuf};
use verify::abi_file;

/// Compile a contract in C, with the header and runtime that smart51 ships.
///
/// The contract includes smart51.h and defines `void contract(void)`, in one file or in several, of
/// which all but one say `#define S51_PART` before they include it. The image is checked as at
/// deployment. A warning names what compiles for the 8051 and does not do what it says, where the
/// compiler's output shows it: constants without a value, recursion without __reentrant, and bytes
/// that sdcc shifts with a sign.
///
/// Of a typed contract, one with a list S51_CONTRACT, the contract JSON is written beside the image, as .abi: `deploy`
/// takes it from there.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  smart51 build token.c\n  smart51 build token.c --target wasm -o token.wasm\n  \
    smart51 build token.c math.c -I include -D LIMIT=1000\n  \
    smart51 build token.c --debug"
)]
pub(crate) struct Build {
    #[command(flatten)]
    sources: Sources,
    /// The machine to build for: 8051 needs sdcc, wasm needs clang and lld.
    #[arg(long, value_enum, default_value_t = Target::Mcs51)]
    target: Target,
    /// The image to write [default: the first FILE with .ihx or .wasm].
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Keep what functions and lines are called, for --coverage, --trace calls and --profile: on the 8051 as .cdb
    /// beside the image, which is then another one and takes a little longer; in WebAssembly as names in the image.
    #[arg(long)]
    debug: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    output: String,
    target: &'static str,
    code_bytes: usize,
    code_hash: Bytes,
    /// The file of the contract JSON, if the contract is typed.
    abi: Option<String>,
    actions: usize,
    /// Traps of the language that the code shows; also on standard error.
    warnings: Vec<String>,
}

impl Build {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let first = self
            .sources
            .files
            .first()
            .map_or(Path::new(""), PathBuf::as_path);
        let output = self
            .output
            .unwrap_or_else(|| first.with_extension(self.target.extension()));
        check_output(&output, &self.sources.files)?;
        let Compiled {
            image,
            symbols,
            traps,
        } = compile(&self.sources, self.target, self.debug)?;
        check(&image, Semantics::V1).map_err(|e| about(first, e))?;
        let abi = extract(&self.sources, self.target)?;
        write_file(&output, &self.target.file(&image))?;
        let abi_file = output.with_extension(abi_file::EXTENSION);
        if let Some(abi) = &abi {
            replace_with(&abi_file, format!("{}\n", abi.to_json()).as_bytes())?;
        }
        if let Some(symbols) = symbols {
            replace_with(&output.with_extension("cdb"), &symbols)?;
        }
        for trap in &traps {
            note(format_args!("warning: {trap}"));
        }
        out.print(&Report {
            output: output.display().to_string(),
            target: self.target.name(),
            code_bytes: image.code_bytes(),
            code_hash: Bytes(image.code_hash().to_vec()),
            abi: abi.is_some().then(|| abi_file.display().to_string()),
            actions: abi.map_or(0, |abi| abi.actions.len()),
            warnings: traps.iter().map(Trap::to_string).collect(),
        })?;
        Ok(Status::Success)
    }
}

/// Checks that an image may be written to `output`: it is no source, nor where the symbols go.
fn check_output(output: &Path, sources: &[PathBuf]) -> Result<(), Error> {
    let kind = output.extension().and_then(|kind| kind.to_str());
    if matches!(kind, Some("c" | "h" | "cdb" | "abi")) {
        return Err(about(
            output,
            "an image is not written to a file of this ending; use .ihx or .wasm",
        ));
    }
    sources.iter().for_each(|source| files::has_read(source));
    files::may_write(output)?;
    files::may_write(&output.with_extension(abi_file::EXTENSION))?;
    files::may_write(&output.with_extension("cdb"))
}

impl Text for Report {
    fn text(&self, page: &mut Page) {
        say!(
            page,
            "{}: {} bytes for {}, code hash {}",
            self.output,
            self.code_bytes,
            self.target,
            self.code_hash
        );
        if let Some(abi) = &self.abi {
            say!(page, "{abi}: {} actions", self.actions);
        }
    }
}
