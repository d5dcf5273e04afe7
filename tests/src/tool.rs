//! Running the outside programs the judges are made of: apt-get, sdcc, s51 and their like.

use std::io::{self, Write};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::thread;

/// Why an outside program gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ToolError {
    /// The program could not be started, most often because it is not installed.
    #[error(
        "cannot run `{command}`: {source}; `make test` installs the Debian packages the tests need"
    )]
    Start {
        /// The program with its arguments.
        command: String,
        /// What the system said.
        source: io::Error,
    },
    /// The program ran and said no.
    #[error("`{command}` ended with {status}: {message}")]
    Failed {
        /// The program with its arguments.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// The end of what it wrote on its standard error, or else on its standard output.
        message: String,
    },
}

/// Runs a program to its end and returns its standard output.
///
/// # Errors
/// When the program cannot be started, or ends with another status than 0.
pub fn output(command: &mut Command) -> Result<Vec<u8>, ToolError> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|source| start(command, source))?;
    stdout_of(command, output)
}

/// Runs a program with `input` on its standard input and returns its standard output.
///
/// # Errors
/// When the program cannot be started, or ends with another status than 0.
pub fn output_with_input(command: &mut Command, input: &[u8]) -> Result<Vec<u8>, ToolError> {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|source| start(command, source))?;
    let mut stdin = child.stdin.take();
    let output = thread::scope(|scope| {
        // A thread of its own: a program that fills its output before it has read its input would wait for ever.
        // One that ends without reading all of it closes the pipe, and its status tells whether that is an error.
        scope.spawn(move || stdin.take().map(|mut pipe| pipe.write_all(input)));
        child.wait_with_output()
    });
    stdout_of(command, output.map_err(|source| start(command, source))?)
}

fn stdout_of(command: &Command, output: Output) -> Result<Vec<u8>, ToolError> {
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = if output.stderr.is_empty() {
        &output.stdout
    } else {
        &output.stderr
    };
    Err(ToolError::Failed {
        command: text_of(command),
        status: output.status,
        message: tail(said),
    })
}

fn start(command: &Command, source: io::Error) -> ToolError {
    ToolError::Start {
        command: text_of(command),
        source,
    }
}

/// The command as a user would type it.
fn text_of(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The last lines of a program's message: the part that says what went wrong.
fn tail(message: &[u8]) -> String {
    const LINES: usize = 5;
    let text = String::from_utf8_lossy(message);
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    lines[lines.len().saturating_sub(LINES)..].join("; ")
}
