//! `--trace`: each instruction of an 8051 as a line of text.

use crate::error::Error;
use crate::error::about;
use crate::files;
use crate::output::Output;
use bridge::{CallObserver, Cpu, Insn, Observer};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::ops::ControlFlow::{self, Continue};
use std::path::{Path, PathBuf};

/// Writes a line for each instruction before it runs: address, mnemonic, registers.
pub(crate) struct Trace {
    to: BufWriter<Box<dyn Write>>,
    path: PathBuf,
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

impl Observer for Trace {
    fn wants_instructions(&self) -> bool {
        self.failed.is_none()
    }

    fn before(&mut self, cpu: &Cpu, insn: &Insn) -> ControlFlow<()> {
        if self.failed.is_some() {
            return Continue(());
        }
        let written = writeln!(
            self.to,
            "0x{:04X}  {:<24} A={:02X} B={:02X} PSW={:02X} SP={:02X} DPTR={:04X}",
            cpu.pc(),
            insn,
            cpu.a(),
            cpu.b(),
            cpu.psw().bits(),
            cpu.sp(),
            cpu.dptr(),
        );
        self.failed = written.err();
        Continue(())
    }
}

impl CallObserver for Trace {}
