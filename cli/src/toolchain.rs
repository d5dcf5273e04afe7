//! A contract in C to an image, by the compilers a Debian user has: sdcc for the 8051, clang for WebAssembly.
//!
//! The flags are those the samples are built with, and so are the images.

use crate::args::write_file;
use crate::error::Error;
use clap::ValueEnum;
use firmware_samples::{CLANG, HEADER, MCS51, RUNTIME, SDAS, SDCC_COMPILE, SDCC_LINK};
use loader::{Image, load};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::process::{Command, Stdio};

/// The machine to build for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// The 8051, with sdcc.
    #[value(name = "8051")]
    Mcs51,
    /// WebAssembly, with clang and lld.
    Wasm,
}

impl Target {
    /// The name on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Target::Mcs51 => "8051",
            Target::Wasm => "wasm",
        }
    }

    /// The extension of an image's file.
    pub(crate) const fn extension(self) -> &'static str {
        match self {
            Target::Mcs51 => "ihx",
            Target::Wasm => "wasm",
        }
    }

    /// The bytes of an image's file, in the form users expect there.
    pub(crate) fn file(self, image: &Image) -> Vec<u8> {
        image
            .write_hex()
            .map_or_else(|| image.flat(0), String::into_bytes)
    }
}

/// What came of compiling.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) image: Image,
    /// The symbols of `sdcc --debug`, if they were asked for.
    pub(crate) symbols: Option<Vec<u8>>,
}

/// Compiles one C file, with the SDK's header and runtime, to an image. What the tools say goes to standard
/// error. `debug` asks sdcc for symbols; the image it then makes is another one, for the compiler leaves out steps that
/// would take code off its line.
///
/// # Errors
/// If a tool is missing or fails, or what it made is no image.
pub(crate) fn compile(source: &Path, target: Target, debug: bool) -> Result<Compiled, Error> {
    let work = tempfile::tempdir().map_err(Error::node)?;
    let at = |name: &str| work.path().join(name);
    write_file(&at("smart51.h"), HEADER.as_bytes())?;
    write_file(&at("smart51.c"), RUNTIME.as_bytes())?;
    let include = |tool: &str, flags: &str| {
        let mut command = Command::new(tool);
        command
            .args(flags.split_whitespace())
            .arg("-I")
            .arg(work.path())
            .args(debug.then_some("--debug"));
        command
    };
    let image = at("image");
    let mut symbols = None;
    match target {
        Target::Mcs51 => {
            let [mcs51, runtime, contract] = ["mcs51.rel", "smart51.rel", "contract.rel"].map(at);
            write_file(&at("mcs51.asm"), MCS51.as_bytes())?;
            let mut sdas = Command::new("sdas8051");
            run(
                sdas.args(SDAS.split_whitespace())
                    .arg("-o")
                    .arg(&mcs51)
                    .arg(at("mcs51.asm")),
                "sdcc",
            )?;
            for (from, to) in [(&*at("smart51.c"), &runtime), (source, &contract)] {
                run(
                    include("sdcc", SDCC_COMPILE)
                        .arg("-c")
                        .arg(from)
                        .arg("-o")
                        .arg(to),
                    "sdcc",
                )?;
            }
            let linked = at("image.ihx");
            run(
                include("sdcc", SDCC_LINK)
                    .args([mcs51, runtime, contract])
                    .arg("-o")
                    .arg(&linked),
                "sdcc",
            )?;
            fs::rename(linked, &image).map_err(Error::node)?;
            if debug {
                symbols = Some(fs::read(at("image.cdb")).map_err(Error::node)?);
            }
        }
        Target::Wasm => {
            // clang calls it, but doesn't say what to do when it is missing.
            run(
                Command::new("wasm-ld")
                    .arg("--version")
                    .stdout(Stdio::null()),
                "lld",
            )?;
            run(
                include("clang", CLANG)
                    .arg(source)
                    .arg(at("smart51.c"))
                    .arg("-o")
                    .arg(&image),
                "clang",
            )?;
        }
    }
    let loaded = load(&fs::read(image).map_err(Error::node)?).map_err(Error::input)?;
    Ok(Compiled {
        image: loaded.image,
        symbols,
    })
}

/// Runs a tool; what it prints goes to standard error, where diagnostics belong.
fn run(command: &mut Command, package: &str) -> Result<(), Error> {
    let tool = command.get_program().to_string_lossy().into_owned();
    match command.stdin(Stdio::null()).stdout(io::stderr()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Error::input(format_args!("{tool} failed ({status})"))),
        Err(e) if e.kind() == ErrorKind::NotFound => Err(Error::node(format_args!(
            "{tool} is not installed: install the Debian package {package} (sudo apt-get install {package})"
        ))),
        Err(e) => Err(Error::node(format_args!("{tool}: {e}"))),
    }
}
