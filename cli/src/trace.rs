//! `--trace`: each instruction of an 8051 as a line of text, and where contracts call each other.

use crate::error::Error;
use crate::error::about;
use crate::files;
use crate::output::Output;
use bridge::{CallObserver, Cpu, Entered, FrameEnd, Insn, Observer};
use chain::RegIdText;
use std::fmt;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::ops::ControlFlow::{self, Continue};
use std::path::{Path, PathBuf};

/// Writes a line for each instruction before it runs: address, mnemonic, registers. A line that begins with `--` has
/// the frame whose instructions follow.
pub(crate) struct Trace {
    to: BufWriter<Box<dyn Write>>,
    path: PathBuf,
    /// The frames begun beside the outermost one.
    frames: usize,
    /// The numbers of those under way.
    under_way: Vec<usize>,
    /// The first failure to write; nothing is written after it.
    failed: Option<io::Error>,
}

impl Trace {
    /// A trace into a file, or to standard output if the path is `-`.
    ///
    /// # Errors
    /// If the file cannot be made, or standard output is to hold JSON alone.
    pub(crate) fn create(path: &Path, out: &Output) -> Result<Trace, Error> {
        let to: Box<dyn Write> = if path != Path::new("-") {
            Box::new(files::create(path)?)
        } else if out.is_json() {
            return Err(Error::input(
                "--json leaves no place for --trace -; name a file for the trace",
            ));
        } else {
            Box::new(io::stdout())
        };
        Ok(Trace {
            to: BufWriter::new(to),
            path: path.into(),
            frames: 0,
            under_way: Vec::new(),
            failed: None,
        })
    }

    /// Ends the trace.
    ///
    /// # Errors
    /// If it could not be written. A closed pipe is no error: nobody is left to read.
    pub(crate) fn finish(mut self) -> Result<(), Error> {
        match self.failed.take().map_or_else(|| self.to.flush(), Err) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(about(&self.path, error)),
            _ => Ok(()),
        }
    }
}

impl Trace {
    /// Writes a line, unless an earlier one could not be written.
    fn line(&mut self, line: impl fmt::Display) {
        if self.failed.is_none() {
            self.failed = writeln!(self.to, "{line}").err();
        }
    }
}

impl Observer for Trace {
    fn wants_instructions(&self) -> bool {
        self.failed.is_none()
    }

    fn before(&mut self, cpu: &Cpu, insn: &Insn) -> ControlFlow<()> {
        self.line(format_args!(
            "0x{:04X}  {:<24} A={:02X} B={:02X} PSW={:02X} SP={:02X} DPTR={:04X}",
            cpu.pc(),
            insn,
            cpu.a(),
            cpu.b(),
            cpu.psw().bits(),
            cpu.sp(),
            cpu.dptr(),
        ));
        Continue(())
    }
}

impl CallObserver for Trace {
    fn wants_host_calls(&self) -> bool {
        false
    }

    fn entered(&mut self, frame: &Entered) {
        self.frames += 1;
        self.under_way.push(self.frames);
        let (number, contract) = (self.frames, RegIdText(frame.contract));
        self.line(format_args!("-- frame {number}: {contract} is called"));
    }

    fn left(&mut self, end: &FrameEnd) {
        let number = self.under_way.pop().unwrap_or_default();
        let caller = self.under_way.last().copied().unwrap_or_default();
        self.line(format_args!(
            "-- frame {number} ends: {}; frame {caller} goes on",
            end.outcome
        ));
    }
}
