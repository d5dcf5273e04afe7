//! The report of `smart51 firmware`.

use crate::error::Status;
use crate::output::{Address, Bytes, Registers};
use crate::text::{Page, Text, say};
use firmware::dump::Part;
use firmware::recording::{Difference, Ended};
use firmware::session::Stopped;
use firmware::watch::coverage::Summary;
use firmware::watch::stack::Stack;
use serde::Serialize;

/// The result of a run.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    stop: &'static str,
    pc: Address,
    machine_cycles: u64,
    instructions: u64,
    uart: Bytes,
    registers: Registers,
    /// Faults and warnings, in words.
    pub(super) warnings: Vec<String>,
    stack: Option<Stack>,
    pub(super) coverage: Option<Summary>,
    /// The memory asked for.
    pub(super) memory: Option<Vec<Part>>,
    /// The differences of a replay from the recording.
    pub(super) differences: Option<Vec<Difference>>,
    /// Whether the bytes of the serial port were shown as they came.
    #[serde(skip)]
    pub(super) shown: bool,
}

impl Text for Report {
    fn text(&self, page: &mut Page) {
        say!(page, "stop          {} at {}", self.stop, self.pc);
        say!(page, "cycles        {}", self.machine_cycles);
        say!(page, "instructions  {}", self.instructions);
        say!(page, "registers     {}", self.registers);
        if !self.shown && !self.uart.0.is_empty() {
            say!(page, "uart          {}", self.uart.0.escape_ascii());
        }
        if let Some(stack) = &self.stack {
            say!(page, "stack         {stack}");
        }
        if let Some(coverage) = &self.coverage {
            say!(page, "coverage      {coverage}");
        }
        for part in self.memory.iter().flatten() {
            part.text(page);
        }
        match self.differences.as_deref() {
            None => {}
            Some([]) => say!(page, "replay        equal to the recording"),
            Some(differences) => differences
                .iter()
                .for_each(|difference| difference.text(page)),
        }
    }
}

impl Report {
    /// That of a run that ended: without warnings, coverage, memory and differences.
    pub(super) fn new(stopped: Stopped, ended: Ended) -> Report {
        let stop = stopped.stop.name();
        let stack = stopped.watches.stack.map(|stack| stack.seen);
        let overflow = stack.as_ref().and_then(|stack| stack.overflow.as_ref());
        Report {
            stop,
            pc: overflow.map_or(ended.pc, |overflow| overflow.pc),
            machine_cycles: ended.machine_cycles,
            instructions: ended.instructions,
            uart: ended.uart,
            registers: ended.registers,
            warnings: Vec::new(),
            stack,
            coverage: None,
            memory: None,
            differences: None,
            shown: false,
        }
    }

    pub(super) fn status(&self) -> Status {
        let equal = self.differences.as_ref().is_none_or(Vec::is_empty);
        if self.stop == "fault" || !equal {
            Status::Refused
        } else {
            Status::Success
        }
    }
}

impl Text for Part {
    fn text(&self, page: &mut Page) {
        for line in self.to_string().lines() {
            say!(page, "{line}");
        }
    }
}

impl Text for Difference {
    fn text(&self, page: &mut Page) {
        let Difference {
            field,
            recorded,
            found,
        } = self;
        say!(page, "different     {field}");
        say!(page, "  recorded {recorded}");
        say!(page, "  now      {found}");
    }
}
