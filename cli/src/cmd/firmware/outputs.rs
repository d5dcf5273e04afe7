//! The outputs of a run while it lasts: its bytes, its waveform, its end of a pseudo-terminal.

use super::Firmware;
use crate::error::{Error, about};
use crate::files;
use crate::output::{Output, Stdout, note};
use crate::pty::Pty;
use firmware::rate::Clock;
use firmware::session::{Session, SessionError};
use firmware::vcd::Vcd;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// The outputs asked for, until a session takes them.
pub(super) struct Outputs {
    vcd: Option<Vcd<Box<dyn Write>>>,
    vcd_path: PathBuf,
    uart: Option<Box<dyn Write>>,
    /// The file of the bytes; none for standard output.
    uart_path: Option<PathBuf>,
    pty: Option<Pty>,
    shows_bytes: bool,
}

fn waveform(path: &Path, clock: Clock) -> Result<Vcd<Box<dyn Write>>, Error> {
    let file: Box<dyn Write> = Box::new(BufWriter::new(files::create(path)?));
    Vcd::create(file, clock.0).map_err(|error| about(path, error))
}

impl Outputs {
    /// Creates the files; `clock` is the oscillator, for times in the waveform.
    ///
    /// # Errors
    /// If one can't be created, or standard output is to hold JSON alone.
    pub(super) fn create(asked: &Firmware, clock: Clock, out: &Output) -> Result<Outputs, Error> {
        let (uart, vcd) = (asked.uart_out.as_deref(), asked.vcd.as_deref());
        let stdout = uart == Some(Path::new("-"));
        if stdout && out.is_json() {
            return Err(Error::input(
                "--json leaves no place for --uart-out -; name a file for the bytes",
            ));
        }
        let pty = asked.uart_pty.then(Pty::open).transpose()?;
        if let Some(pty) = &pty {
            note(format_args!("serial line: {}", pty.path()));
        }
        let waveform = vcd.map(|path| waveform(path, clock)).transpose()?;
        let uart_path = uart.filter(|_| !stdout).map(Path::to_owned);
        let file: Option<File> = uart_path.as_deref().map(files::create).transpose()?;
        let file = file.map(|file| Box::new(file) as Box<dyn Write>);
        Ok(Outputs {
            vcd: waveform,
            vcd_path: vcd.unwrap_or(Path::new("")).into(),
            uart: file.or_else(|| stdout.then(|| Box::new(Stdout) as Box<dyn Write>)),
            uart_path,
            shows_bytes: uart.is_some() || pty.is_some(),
            pty,
        })
    }

    /// `session` with these outputs.
    pub(super) fn attach<'a>(&'a mut self, mut session: Session<'a>) -> Session<'a> {
        if let Some(vcd) = self.vcd.take() {
            session = session.waveform_to(vcd);
        }
        if let Some(uart) = self.uart.take() {
            session = session.serial_to(uart);
        }
        if let Some(pty) = &mut self.pty {
            session = session.connected_to(Box::new(pty));
        }
        session
    }

    /// Whether the bytes are shown elsewhere than in the report.
    pub(super) fn show_bytes(&self) -> bool {
        self.shows_bytes
    }

    /// Why a session failed, with the name of the output that can't be written.
    pub(super) fn failed(&self, error: SessionError) -> Error {
        let line = self.pty.as_ref().map_or("", Pty::path);
        match (error, &self.uart_path) {
            (SessionError::Waveform(error), _) => about(&self.vcd_path, error),
            (SessionError::Serial(error), Some(path)) => about(path, error),
            (SessionError::Serial(error), None) => {
                Error::node(format_args!("standard output: {error}"))
            }
            (SessionError::Line(error), _) => Error::node(format_args!("{line}: {error}")),
            (error, _) => Error::node(error),
        }
    }

    /// Tells of the bytes that nobody read.
    pub(super) fn note_lost(&self) {
        if let Some(lost @ 1..) = self.pty.as_ref().map(|pty| pty.lost) {
            note(format_args!(
                "warning: {lost} bytes were sent to a serial line that nobody reads"
            ));
        }
    }
}
