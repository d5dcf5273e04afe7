//! A contract in C to an image, by the compilers a Debian user has: sdcc for the 8051, clang for WebAssembly.
//!
//! The flags are those the samples are built with, and so are the images.

use crate::error::Error;
use crate::error::about;
use crate::files::write as write_file;
use crate::output::note;
use crate::traps::{self, Trap};
use clap::{Args, ValueEnum};
use contract::{Contract, ExtractError};
use firmware::files::SYMBOLS_MAX;
use firmware_samples::{CLANG, HEADER, MCS51, RUNTIME, SDAS, SDCC_COMPILE, SDCC_LINK};
use loader::{FILE_MAX, Image, file, load};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

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

/// A contract to compile.
#[derive(Args, Debug)]
pub(crate) struct Sources {
    /// The contract's source files in C.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Look for headers in a folder too, after that of smart51.h.
    #[arg(short = 'I', value_name = "DIR")]
    include: Vec<PathBuf>,
    /// Define a macro, as 1 or as VALUE.
    #[arg(short = 'D', value_name = "NAME[=VALUE]")]
    define: Vec<String>,
    /// Link a library: NAME.lib for the 8051, libNAME.a for wasm.
    #[arg(short = 'l', value_name = "NAME")]
    library: Vec<String>,
    /// Look for libraries in a folder.
    #[arg(short = 'L', value_name = "DIR")]
    library_folder: Vec<PathBuf>,
}

impl Sources {
    /// What the compilers are given to compile with, the same for both.
    fn compile_flags(&self) -> impl Iterator<Item = OsString> {
        let include = self.include.iter().map(|folder| joined("-I", folder));
        include.chain(self.define.iter().map(|define| joined("-D", define)))
    }

    /// What the compilers are given to link with, the same for both.
    fn link_flags(&self) -> impl Iterator<Item = OsString> {
        let folders = self
            .library_folder
            .iter()
            .map(|folder| joined("-L", folder));
        folders.chain(self.library.iter().map(|library| joined("-l", library)))
    }

    /// Checks that the files are there and in C.
    fn check(&self) -> Result<(), Error> {
        for file in &self.files {
            if file.extension() != Some(OsStr::new("c")) {
                return Err(about(file, "expected a source in C, whose name ends in .c"));
            }
            File::open(file).map_err(|e| about(file, e))?;
        }
        Ok(())
    }

    /// Checks that one file alone is the contract's main one, by the `assembly` of each: that one
    /// programs the switch of the account check, and the linker would say no more than that bytes
    /// come twice, or that there are none.
    fn check_parts(&self, assembly: &[String]) -> Result<(), Error> {
        let programs = |text: &str| text.lines().any(|line| line == "_s51_account_check:");
        let mut main = self
            .files
            .iter()
            .zip(assembly)
            .filter(|(_, text)| programs(text));
        match (main.next(), main.next()) {
            (Some(_), None) => Ok(()),
            (Some((first, _)), Some((second, _))) => Err(about(
                second,
                format_args!(
                    "a second file without S51_PART, after {}: write `#define S51_PART` before smart51.h is included \
                     in all files of a contract but one",
                    first.display()
                ),
            )),
            (None, _) => Err(Error::input(
                "expected a file that includes smart51.h without `#define S51_PART` before it: one of a contract does",
            )),
        }
    }
}

/// An option and its value as one argument.
fn joined(option: &str, value: impl AsRef<OsStr>) -> OsString {
    let mut joined = OsString::from(option);
    joined.push(value);
    joined
}

/// What came of compiling.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) image: Image,
    /// The symbols of `sdcc --debug`, if they were asked for.
    pub(crate) symbols: Option<Vec<u8>>,
    /// What compiles and does not do what it says.
    pub(crate) traps: Vec<Trap>,
}

/// Compiles the files, with the SDK's header and runtime, to one image. What the tools say goes to standard
/// error. `debug` asks sdcc for symbols; the image it then makes is another one, for the compiler leaves out steps that
/// would take code off its line. A WebAssembly module keeps the names of its functions then.
///
/// # Errors
/// If a file is no source, a tool is missing or fails, or what it made is no image.
pub(crate) fn compile(sources: &Sources, target: Target, debug: bool) -> Result<Compiled, Error> {
    sources.check()?;
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
            .args(sources.compile_flags())
            .args((debug && target == Target::Mcs51).then_some("--debug"));
        command
    };
    let image = at("image");
    let (mut symbols, mut traps) = (None, Vec::new());
    match target {
        Target::Mcs51 => {
            let [mcs51, runtime] = ["mcs51.rel", "smart51.rel"].map(at);
            write_file(&at("mcs51.asm"), MCS51.as_bytes())?;
            let mut sdas = Command::new("sdas8051");
            run(
                sdas.args(SDAS.split_whitespace())
                    .arg("-o")
                    .arg(&mcs51)
                    .arg(at("mcs51.asm")),
                "sdcc",
            )?;
            let mut compiled = vec![(at("smart51.c"), runtime)];
            for (file, number) in sources.files.iter().zip(1..) {
                compiled.push((file.clone(), at(&format!("contract{number}.rel"))));
            }
            for (from, to) in &compiled {
                run(
                    include("sdcc", SDCC_COMPILE)
                        .arg("-c")
                        .arg(from)
                        .arg("-o")
                        .arg(to),
                    "sdcc",
                )?;
            }
            // Beside what it compiles, sdcc leaves the assembly. The runtime's comes first, and has no traps.
            let mut assembly = Vec::new();
            for (_, object) in &compiled[1..] {
                let file = fs::read(object.with_extension("asm")).map_err(Error::node)?;
                assembly.push(String::from_utf8_lossy(&file).into_owned());
            }
            sources.check_parts(&assembly)?;
            let linked = at("image.ihx");
            run(
                include("sdcc", SDCC_LINK)
                    .arg(mcs51)
                    .args(compiled.iter().map(|(_, object)| object))
                    .args(sources.link_flags())
                    .arg("-o")
                    .arg(&linked),
                "sdcc",
            )?;
            traps = traps::traps(assembly.iter().map(String::as_str));
            fs::rename(linked, &image).map_err(Error::node)?;
            if debug {
                symbols = Some(file::read(&at("image.cdb"), SYMBOLS_MAX).map_err(Error::node)?);
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
            // The name section is none of debug information.
            let strip = if debug {
                "--strip-debug"
            } else {
                "--strip-all"
            };
            run(
                include("clang", &CLANG.replace("--strip-all", strip))
                    .args(&sources.files)
                    .arg(at("smart51.c"))
                    .args(sources.link_flags())
                    .arg("-o")
                    .arg(&image),
                "clang",
            )?;
        }
    }
    let loaded = load(&file::read(&image, FILE_MAX).map_err(Error::node)?).map_err(Error::input)?;
    Ok(Compiled {
        image: loaded.image,
        symbols,
        traps,
    })
}

/// The contract that the sources describe, by their list `S51_CONTRACT`; `None` if they have none. `target` says whose
/// preprocessor reads it: both read the same.
///
/// # Errors
/// If a file is no source, the tool is missing or fails, or the list is no contract.
pub(crate) fn extract(sources: &Sources, target: Target) -> Result<Option<Contract>, Error> {
    sources.check()?;
    let work = tempfile::tempdir().map_err(Error::node)?;
    write_file(&work.path().join("smart51.h"), HEADER.as_bytes())?;
    let (tool, flags) = match target {
        Target::Mcs51 => ("sdcc", "-mmcs51 --std-c11"),
        Target::Wasm => ("clang", "--target=wasm32 -std=c11 -ffreestanding"),
    };
    for file in &sources.files {
        let mut command = Command::new(tool);
        command
            .args(flags.split_whitespace())
            .args(["-E", "-DS51_ABI", "-I"])
            .arg(work.path())
            .args(sources.compile_flags())
            .arg(file);
        let text = output_of(&mut command, tool)?;
        match Contract::from_entries(&text) {
            Ok(contract) => return Ok(Some(contract)),
            Err(problems) if problems == [ExtractError::None] => {}
            Err(problems) => {
                let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
                return Err(about(file, problems.join("\n")));
            }
        }
    }
    Ok(None)
}

/// What a tool prints; what it says beside that goes to standard error.
fn output_of(command: &mut Command, package: &str) -> Result<String, Error> {
    let output = finished(command, package)?;
    String::from_utf8_lossy(&output.stderr)
        .lines()
        .for_each(note);
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(failed(command, &output)),
    }
}

/// Runs a tool; what it prints goes to standard error, where diagnostics belong, line by line.
///
/// # Errors
/// If it is not there, for which the Debian `package` is named, or fails.
pub(crate) fn run(command: &mut Command, package: &str) -> Result<(), Error> {
    let output = finished(command, package)?;
    for said in [&output.stdout, &output.stderr] {
        String::from_utf8_lossy(said).lines().for_each(note);
    }
    match output.status.success() {
        true => Ok(()),
        false => Err(failed(command, &output)),
    }
}

/// The error of a tool that has failed.
fn failed(command: &Command, output: &Output) -> Error {
    let tool = command.get_program().to_string_lossy();
    Error::input(format_args!("{tool} failed ({})", output.status))
}

/// Runs a tool to its end.
fn finished(command: &mut Command, package: &str) -> Result<Output, Error> {
    let tool = command.get_program().to_string_lossy().into_owned();
    match command.stdin(Stdio::null()).output() {
        Ok(output) => Ok(output),
        Err(e) if e.kind() == ErrorKind::NotFound => Err(Error::node(format_args!(
            "{tool} is not installed: install the Debian package {package} (sudo apt-get install {package})"
        ))),
        Err(e) => Err(Error::node(format_args!("{tool}: {e}"))),
    }
}
