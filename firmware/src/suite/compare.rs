//! The outcome of a test, and where it is not what was expected.

use super::format::{self, Expect, PinEvent};
use super::{Failure, Memory};
use crate::eeprom::Eeprom;
use crate::rate::{Baud, Clock};
use crate::stimulus::parse_pin;
use crate::warning::off_rate;
use crate::watch::stack::Stack;
use crate::{fault_message, stop_name};
use board::interrupt::Source;
use board::trace::{Event, Signal};
use board::{Board, BoardStop};
use std::fmt::Write;
use symbols::Symbols;

/// Everything expectations are about.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) stop: BoardStop,
    pub(super) board: Board,
    /// RAM before the first instruction.
    pub(super) before: Memory,
    pub(super) stack: Option<Stack>,
    pub(super) eeprom: Option<Eeprom>,
    pub(super) uart: Vec<u8>,
    events: Vec<Event>,
}

/// A value that is not what was expected.
pub(super) fn failure(what: &str, expected: &str, found: &str) -> Failure {
    let [what, expected, found] = [what, expected, found].map(str::to_owned);
    Failure::Differs {
        what,
        expected,
        found,
    }
}

impl Outcome {
    /// The outcome of a board that stopped.
    pub(super) fn new(
        stop: BoardStop,
        mut board: Board,
        before: Memory,
        stack: Option<Stack>,
        eeprom: Option<Eeprom>,
    ) -> Outcome {
        let sent = board.take_sent().into_iter();
        Outcome {
            stop,
            uart: sent.map(|(byte, _)| byte.data).collect(),
            events: board.take_events(),
            board,
            before,
            stack,
            eeprom,
        }
    }

    /// The differences from `expect`; `names` are the image's functions, if a failure is to name them.
    ///
    /// # Errors
    /// If `expect` makes no sense.
    pub(super) fn compare(
        &self,
        expect: &Expect,
        clock: Clock,
        names: impl Fn() -> Symbols,
    ) -> Result<Vec<Failure>, String> {
        let mut failures = Vec::new();
        failures.extend(self.stop(expect)?);
        if let Some(uart) = &expect.uart
            && uart.as_bytes() != self.uart
        {
            let [expected, found] =
                [uart.as_bytes(), &self.uart].map(|bytes| bytes.escape_ascii().to_string());
            failures.push(failure("uart", &expected, &found));
        }
        failures.extend(self.baud(expect, clock)?);
        failures.extend(self.stack(expect, names));
        for (name, most) in &expect.max_latency {
            failures.extend(self.latency(name, *most)?);
        }
        for event in &expect.pin {
            failures.extend(self.pin(event)?);
        }
        for memory in &expect.memory {
            failures.extend(self.memory(memory)?);
        }
        Ok(failures)
    }

    /// Name of the stop and address, and what it means if it is a fault.
    pub(super) fn stopped(&self) -> String {
        let pc = self.board.cpu().pc();
        let why = fault_message(self.stop, pc).map_or(String::new(), |why| format!(": {why}"));
        format!("{} at 0x{pc:04X}{why}", stop_name(self.stop))
    }

    fn stop(&self, expect: &Expect) -> Result<Option<Failure>, String> {
        match &expect.stop {
            Some(stop) if stop == stop_name(self.stop) => Ok(None),
            Some(stop) => Ok(Some(failure("stop", stop, &self.stopped()))),
            None if expect.snapshot => Ok(None),
            None => Err("expect: say with stop how the run ends, or snapshot = true".into()),
        }
    }

    /// At which rate it sent.
    fn baud(&self, expect: &Expect, clock: Clock) -> Result<Option<Failure>, String> {
        let Some(baud) = expect.baud else {
            return Ok(None);
        };
        let expected = Baud::Own(baud);
        let problem = |error| format!("expect.baud: {error}");
        expected.rate(clock).map_err(problem)?;
        let found = match (
            self.board.serial_bits(),
            off_rate(&self.board, clock, expected),
        ) {
            (None, _) => "nothing was sent".to_owned(),
            (_, Some(found)) => format!("{found} baud"),
            _ => return Ok(None),
        };
        let expected = format!("{baud} baud with an oscillator of {} Hz", clock.0);
        Ok(Some(failure("baud", &expected, &found)))
    }

    fn stack(&self, expect: &Expect, names: impl Fn() -> Symbols) -> Option<Failure> {
        let stack = self.stack.as_ref()?;
        if let Some(overflow) = &stack.overflow {
            return Some(failure(
                "stack",
                "no overflow",
                &overflow.describe(&names()),
            ));
        }
        let most = expect.max_stack.filter(|most| stack.highest > *most)?;
        let found = format!("0x{:02X}", stack.highest);
        Some(failure("stack", &format!("at most 0x{most:02X}"), &found))
    }

    fn latency(&self, name: &str, most: u64) -> Result<Option<Failure>, String> {
        let source = Source::ALL.into_iter().find(|source| source.name() == name);
        let source = source.ok_or_else(|| format!("no interrupt is called {name:?}"))?;
        let found = match self.board.worst_latency(source) {
            Some(worst) if worst.0 <= most => return Ok(None),
            Some(worst) => format!("{} cycles", worst.0),
            None => "no such interrupt came".into(),
        };
        let expected = format!("at most {most} cycles");
        Ok(Some(failure(
            &format!("latency of {name}"),
            &expected,
            &found,
        )))
    }

    fn pin(&self, event: &PinEvent) -> Result<Option<Failure>, String> {
        let PinEvent {
            pin,
            level,
            from,
            to,
        } = event;
        let (port, bit) = parse_pin(pin).ok_or_else(|| format!("expected a pin, found {pin:?}"))?;
        let changes = self.changes(port, bit);
        let hit = |(at, now): &(u64, bool)| (from..=to).contains(&at) && u8::from(*now) == *level;
        if changes.iter().any(hit) {
            return Ok(None);
        }
        let mut found = String::from("changes ");
        for (at, level) in changes.iter().take(12) {
            // Writing to a String does not fail.
            let _ = write!(found, "{}@{at} ", u8::from(*level));
        }
        let _ = write!(found, "({} in all)", changes.len());
        let expected = format!("{level} between cycles {from} and {to}");
        Ok(Some(failure(&format!("pin {pin}"), &expected, &found)))
    }

    fn memory(&self, memory: &format::Memory) -> Result<Option<Failure>, String> {
        let bytes = hex::decode(memory.bytes.replace([' ', '_'], ""))
            .map_err(|error| format!("memory: {error}"))?;
        let iram = self.board.cpu().iram_all();
        let (name, start, all): (_, usize, &[u8]) =
            match (memory.iram, memory.xdata, memory.eeprom, &self.eeprom) {
                (Some(at), None, None, _) => ("IRAM", at.into(), &iram),
                (None, Some(at), None, _) => ("XDATA", at.into(), self.board.xdata().bytes()),
                (None, None, Some(at), Some(eeprom)) => ("EEPROM", at.into(), eeprom.memory()),
                _ => {
                    return Err(
                        "memory: name one of iram, xdata and, with an [eeprom], eeprom".into(),
                    );
                }
            };
        let end = start + bytes.len();
        let found = all.get(start..end).ok_or_else(|| {
            format!(
                "memory: {name} ends at 0x{:02X}, expected bytes up to 0x{end:02X}",
                all.len()
            )
        })?;
        Ok((found != bytes).then(|| {
            failure(
                &format!("{name} 0x{start:02X}"),
                &hex::encode(&bytes),
                &hex::encode(found),
            )
        }))
    }

    /// When a pin changed, in machine cycles, and to what.
    pub(super) fn changes(&self, port: u8, bit: u8) -> Vec<(u64, bool)> {
        let mut level = true;
        let mut changes = Vec::new();
        for event in &self.events {
            if let Signal::Port(of, pins) = event.signal
                && of == port
                && (pins >> bit & 1 == 1) != level
            {
                level = !level;
                changes.push((event.at.ceil().0, level));
            }
        }
        changes
    }
}
