//! Where a run is written to while it lasts: its bytes, its waveform, its end of a pseudo-terminal.

use super::rate::Clock;
use super::vcd::Vcd;
use crate::args::about;
use crate::error::Error;
use crate::files;
use crate::output::{Output, note, write_stdout};
use crate::pty::Pty;
use board::Board;
use board::time::States;
use emu8051::Cycles;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// The outputs asked for.
pub(crate) struct Outputs {
    vcd: Option<Named<Vcd<BufWriter<File>>>>,
    uart: Option<Named<File>>,
    stdout: bool,
    pub(crate) pty: Option<Pty>,
    /// All bytes the firmware sent.
    pub(crate) sent: Vec<u8>,
}

type Named<T> = (T, PathBuf);

fn create(path: &Path) -> Result<Named<File>, Error> {
    Ok((files::create(path)?, path.into()))
}

fn waveform(path: &Path, clock: Clock) -> Result<Named<Vcd<BufWriter<File>>>, Error> {
    let (file, path) = create(path)?;
    let vcd = Vcd::create(BufWriter::new(file), clock.0).map_err(|error| about(&path, error))?;
    Ok((vcd, path))
}

impl Outputs {
    /// Creates the files; `clock` is the oscillator, for times in the waveform.
    ///
    /// # Errors
    /// If one can't be created, or standard output is to hold JSON alone.
    pub(crate) fn create(
        uart: Option<&Path>,
        vcd: Option<&Path>,
        pty: bool,
        clock: Clock,
        out: &Output,
    ) -> Result<Outputs, Error> {
        let stdout = uart == Some(Path::new("-"));
        if stdout && out.is_json() {
            return Err(Error::input(
                "--json leaves no place for --uart-out -; name a file for the bytes",
            ));
        }
        let pty = pty.then(Pty::open).transpose()?;
        if let Some(pty) = &pty {
            note(format_args!("serial line: {}", pty.path()));
        }
        Ok(Outputs {
            vcd: vcd.map(|path| waveform(path, clock)).transpose()?,
            uart: uart.filter(|_| !stdout).map(create).transpose()?,
            stdout,
            pty,
            sent: Vec::new(),
        })
    }

    /// Whether a waveform is written, for which the board has to collect signals.
    pub(crate) fn wants_signals(&self) -> bool {
        self.vcd.is_some()
    }

    /// Whether the bytes are shown elsewhere than in the report.
    pub(crate) fn shows_bytes(&self) -> bool {
        self.stdout || self.uart.is_some() || self.pty.is_some()
    }

    /// Writes what has come since the last time.
    ///
    /// # Errors
    /// If it can't be written.
    pub(crate) fn collect(&mut self, board: &mut Board) -> Result<(), Error> {
        let sent: Vec<u8> = board
            .take_sent()
            .into_iter()
            .map(|(byte, _)| byte.data)
            .collect();
        if self.stdout && !sent.is_empty() {
            write_stdout(&sent)?;
        }
        if let Some((file, path)) = &mut self.uart {
            file.write_all(&sent).map_err(|error| about(path, error))?;
        }
        if let Some(pty) = &mut self.pty {
            pty.send(&sent)?;
        }
        self.sent.extend(sent);
        if let Some((vcd, path)) = &mut self.vcd {
            vcd.add(&board.take_events())
                .map_err(|error| about(path, error))?;
        }
        Ok(())
    }

    /// Ends the waveform, and gives back all bytes sent.
    ///
    /// # Errors
    /// If it can't be written.
    pub(crate) fn finish(self, at: Cycles) -> Result<Vec<u8>, Error> {
        if let Some((vcd, path)) = self.vcd {
            vcd.finish(States::from_cycles(at))
                .map_err(|error| about(&path, error))?;
        }
        if let Some(lost) = self.pty.map(|pty| pty.lost).filter(|lost| *lost > 0) {
            note(format_args!(
                "warning: {lost} bytes were sent to a serial line that nobody reads"
            ));
        }
        Ok(self.sent)
    }
}
