//! What a command prints: one report, as text for people or as one JSON object.

use crate::error::{Error, Status};
use crate::text::{Page, Text, json};
use emu8051::Cpu;
use hostapi::prints::visible;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt::{self, Display};
use std::io::{self, ErrorKind, Write};

/// Where reports go.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Output {
        Output { json }
    }

    /// Whether standard output is to hold one JSON object and nothing else.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Prints a report: its [`Text`] for people, or its fields in order as JSON.
    ///
    /// # Errors
    /// If standard output can't be written. A closed pipe is no error: nobody is left to read.
    pub(crate) fn print(&self, report: &(impl Serialize + Text)) -> Result<(), Error> {
        let text = if self.json {
            json(report).map_err(Error::node)?
        } else {
            Page::of(report)
        };
        write_stdout(text.as_bytes())
    }

    /// Prints the report of a change that is made and stays made, whether or not the report can be written: if it can't,
    /// that is said with `done`, and the command has not failed.
    pub(crate) fn confirm(&self, report: &(impl Serialize + Text), done: impl Display) {
        if let Err(error) = self.print(report) {
            note(format_args!("warning: {}; {done}", error.message));
        }
    }

    /// Says why a command has nothing to print: a sentence on standard error, and with `--json` the same
    /// as an object on standard output.
    pub(crate) fn fail(&self, error: Error) -> Status {
        note(format_args!("error: {}", error.message));
        if self.json {
            // The command has failed already; that this can't be written either changes nothing.
            let object = json(&Failure {
                error: &error.message,
            })
            .unwrap_or_default();
            let _ = write_stdout(object.as_bytes());
        }
        error.status
    }
}

/// What `--json` prints of a command that has nothing else to say.
#[derive(Serialize)]
struct Failure<'a> {
    error: &'a str,
}

/// Writes a result to standard output.
///
/// # Errors
/// If it can't be written. A closed pipe is no error.
pub(crate) fn write_stdout(bytes: &[u8]) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => {
            Err(Error::node(format_args!("standard output: {e}")))
        }
        _ => Ok(()),
    }
}

/// Writes one line to standard error: progress, warnings, diagnostics. That it can't be written is no error.
pub(crate) fn note(line: impl Display) {
    let _ = writeln!(io::stderr(), "{}", visible(&line.to_string()));
}

/// An address, `0x0012` in text and in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address(pub(crate) u16);

impl Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:04X}", self.0)
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Address, D::Error> {
        let text = String::deserialize(deserializer)?;
        crate::args::number(&text)
            .map(Address)
            .map_err(D::Error::custom)
    }
}

/// Bytes, as lower-case hex in text and in JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        let text = String::deserialize(deserializer)?;
        hex::decode(text).map(Bytes).map_err(D::Error::custom)
    }
}

/// The registers of an 8051, as reports have them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Registers {
    pub(crate) a: u8,
    pub(crate) b: u8,
    pub(crate) psw: u8,
    pub(crate) sp: u8,
    pub(crate) dptr: u16,
    pub(crate) r: [u8; 8],
}

impl Display for Registers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Registers {
            a,
            b,
            psw,
            sp,
            dptr,
            r,
        } = self;
        write!(
            f,
            "A={a:02X} B={b:02X} PSW={psw:02X} SP={sp:02X} DPTR={dptr:04X} R0-7={r:02X?}"
        )
    }
}

impl From<&Cpu> for Registers {
    fn from(cpu: &Cpu) -> Self {
        let r = [0, 1, 2, 3, 4, 5, 6, 7].map(|n| cpu.r(n));
        Registers {
            a: cpu.a(),
            b: cpu.b(),
            psw: cpu.psw().bits(),
            sp: cpu.sp(),
            dptr: cpu.dptr(),
            r,
        }
    }
}
