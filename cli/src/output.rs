//! What a command prints: one report, as text for people or as one JSON object.

use crate::error::{Error, Status};
use crate::text::{Page, Text, json};
pub(crate) use firmware::values::{Address, HexBytes as Bytes, Registers};
use hostapi::prints::visible;
use serde::Serialize;
use std::fmt::Display;
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

    /// Prints the report of a change that is made and stays made, whether or not the report can be
    /// written: if it can't, that is said with `done`, and the command has not failed.
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

/// Standard output, for results. Each write reaches the reader at once. That a pipe is closed is no error: nobody is
/// left to read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stdout;

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
            _ => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes a result to standard output.
///
/// # Errors
/// If it can't be written. A closed pipe is no error.
pub(crate) fn write_stdout(bytes: &[u8]) -> Result<(), Error> {
    let written = Stdout.write_all(bytes);
    written.map_err(|error| Error::node(format_args!("standard output: {error}")))
}

/// Writes one line to standard error: progress, warnings, diagnostics. That it can't be written is no error.
pub(crate) fn note(line: impl Display) {
    let _ = writeln!(io::stderr(), "{}", visible(&line.to_string()));
}
