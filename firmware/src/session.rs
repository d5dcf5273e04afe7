//! A run of firmware: slice by slice, with what comes and goes between them.

use crate::checkpoint::{CHECKPOINT, Checkpoint};
use crate::rate::{Baud, Clock};
use crate::vcd::Vcd;
use crate::warning::{Warning, warnings};
use crate::watch::Watches;
use crate::watch::counts::Counts;
use crate::watch::stack::{Overflow, StackWatch};
use crate::{fault_message, stop_name};
use board::line::SerialByte;
use board::time::{CLOCKS_PER_CYCLE, States};
use board::{Board, BoardStop};
use emu8051::Cycles;
use std::fmt;
use std::io::{self, Write};
use std::time::{Duration, Instant};
use thiserror::Error;

/// Machine cycles between two looks at what the firmware has sent and shown.
const SLICE: u64 = 1_000_000;

/// Looks in a second at a serial line that is connected.
const LOOKS: u64 = 100;

/// Nanoseconds in a second.
const NANOSECONDS: u128 = 1_000_000_000;

/// The other end of the serial line, for a run at the speed of the oscillator.
pub trait SerialLine {
    /// The bytes that have come since the last call, without waiting.
    ///
    /// # Errors
    /// If the line fails.
    fn receive(&mut self) -> io::Result<Received>;

    /// Sends bytes.
    ///
    /// # Errors
    /// If the line fails.
    fn send(&mut self, bytes: &[u8]) -> io::Result<()>;
}

impl<L: SerialLine + ?Sized> SerialLine for &mut L {
    fn receive(&mut self) -> io::Result<Received> {
        (**self).receive()
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        (**self).send(bytes)
    }
}

/// The result of a look at a [`SerialLine`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// These bytes, or none yet.
    Bytes(Vec<u8>),
    /// The other end was closed.
    Closed,
}

/// Why a session failed: one of its outputs can't be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The copy of the bytes sent.
    #[error("the serial output: {0}")]
    Serial(io::Error),
    /// The waveform.
    #[error("the waveform: {0}")]
    Waveform(io::Error),
    /// The serial line.
    #[error("the serial line: {0}")]
    Line(io::Error),
}

/// Why a session stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionStop {
    /// As the board stopped.
    Board(BoardStop),
    /// The stack overflowed.
    StackOverflow,
    /// The other end of the serial line was closed.
    LineClosed,
}

impl SessionStop {
    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            SessionStop::Board(stop) => stop_name(stop),
            SessionStop::StackOverflow => "fault",
            SessionStop::LineClosed => "hung_up",
        }
    }
}

/// A run under way.
pub struct Session<'a> {
    board: Board,
    watches: Watches,
    /// The oscillator, to which a run with a serial line keeps.
    clock: Clock,
    /// The host's rate.
    baud: Baud,
    serial: Option<Box<dyn Write + 'a>>,
    waveform: Option<Vcd<Box<dyn Write + 'a>>>,
    line: Option<Box<dyn SerialLine + 'a>>,
    progress: Option<Box<dyn FnMut(u64) + 'a>>,
    /// Checkpoints so far, if they are made.
    checkpoints: Option<Vec<Checkpoint>>,
    /// All bytes the firmware sent.
    sent: Vec<u8>,
    /// Until when the board was let run, in machine cycles.
    until: u64,
    stop: SessionStop,
}

impl fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("now", &self.board.now())
            .field("stop", &self.stop)
            .finish_non_exhaustive()
    }
}

/// A run that has ended.
#[derive(Debug)]
pub struct Stopped {
    /// The board as it is then.
    pub board: Board,
    /// Why the session stopped.
    pub stop: SessionStop,
    /// Until when the board was let run, in machine cycles.
    pub until: u64,
    /// The checkpoints on the way, if they were asked for.
    pub checkpoints: Vec<Checkpoint>,
    /// The watchers.
    pub watches: Watches,
    /// The bytes the firmware sent.
    pub sent: Vec<u8>,
    /// Warnings: signs that the program does not work as meant.
    pub warnings: Vec<Warning>,
}

impl Stopped {
    /// Why the board stopped: at its cycles, where the session ended for another reason.
    #[must_use]
    pub fn board_stop(&self) -> BoardStop {
        match self.stop {
            SessionStop::Board(stop) => stop,
            SessionStop::StackOverflow | SessionStop::LineClosed => BoardStop::Cycles,
        }
    }

    /// The message for a stop that is a fault of the processor.
    #[must_use]
    pub fn fault_message(&self) -> Option<String> {
        fault_message(self.board_stop(), self.board.cpu().pc())
    }

    /// The overflow of the stack, if it was watched for and happened.
    #[must_use]
    pub fn overflow(&self) -> Option<&Overflow> {
        self.watches.stack.as_ref()?.seen.overflow.as_ref()
    }
}

impl<'a> Session<'a> {
    /// A session of `board`, with its oscillator and the host's rate; [`crate::settings::Settings::session`] makes
    /// both from one description.
    #[must_use]
    pub fn new(board: Board, clock: Clock, baud: Baud) -> Session<'a> {
        Session {
            until: board.now().0,
            board,
            watches: Watches::default(),
            clock,
            baud,
            serial: None,
            waveform: None,
            line: None,
            progress: None,
            checkpoints: None,
            sent: Vec::new(),
            stop: SessionStop::Board(BoardStop::Cycles),
        }
    }

    /// Watches with `watches`. An overflow of a stack that is watched ends the run at that instruction.
    #[must_use]
    pub fn watched_by(mut self, watches: Watches) -> Session<'a> {
        self.watches = Watches {
            stack: watches.stack.map(StackWatch::ending_runs),
            ..watches
        };
        self
    }

    /// Counts instructions, for [`Session::counts`].
    #[must_use]
    pub fn counting(mut self) -> Session<'a> {
        self.watches.counts.get_or_insert_default();
        self
    }

    /// Watches the stack, whose overflow ends the run at that instruction.
    #[must_use]
    pub fn checking_stack(mut self) -> Session<'a> {
        let watch = StackWatch::new(self.board.chip().iram_bytes, self.board.cpu().sp());
        self.watches.stack = Some(watch.ending_runs());
        self
    }

    /// Writes each byte that the firmware sends to `to` too.
    #[must_use]
    pub fn serial_to(mut self, to: Box<dyn Write + 'a>) -> Session<'a> {
        self.serial = Some(to);
        self
    }

    /// Writes a waveform.
    #[must_use]
    pub fn waveform_to(mut self, to: Vcd<Box<dyn Write + 'a>>) -> Session<'a> {
        self.board.trace(true);
        self.waveform = Some(to);
        self
    }

    /// Connects the serial line. The firmware then runs no faster than the oscillator says, and until the line is
    /// closed.
    #[must_use]
    pub fn connected_to(mut self, line: Box<dyn SerialLine + 'a>) -> Session<'a> {
        self.line = Some(line);
        self
    }

    /// Makes a checkpoint each [`CHECKPOINT`] machine cycles.
    #[must_use]
    pub fn with_checkpoints(mut self) -> Session<'a> {
        self.checkpoints = Some(Vec::new());
        self
    }

    /// Calls `progress` after each slice of a million machine cycles or less, with the machine cycles so far.
    #[must_use]
    pub fn telling(mut self, progress: Box<dyn FnMut(u64) + 'a>) -> Session<'a> {
        self.progress = Some(progress);
        self
    }

    /// Sends bytes to the firmware over the serial line, at the host's rate, after those that wait there already.
    pub fn send(&mut self, bytes: &[u8]) {
        let bytes = bytes.iter().copied();
        self.board.send_serial(bytes.map(SerialByte::from));
    }

    /// All bytes that the firmware has sent.
    #[must_use]
    pub fn sent(&self) -> &[u8] {
        &self.sent
    }

    /// The level of a pin: `pin(1, 0)` is that of P1.0, `true` for high. Ports are 0 to 3, bits 0 to 7.
    ///
    /// # Panics
    /// If there is no such port.
    #[must_use]
    pub fn pin(&self, port: usize, bit: u8) -> bool {
        self.board.pins(port) >> (bit & 7) & 1 == 1
    }

    /// The board.
    #[must_use]
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// The board, to give it inputs ([`Board::input`]) or to change its memory.
    pub fn board_mut(&mut self) -> &mut Board {
        &mut self.board
    }

    /// How often each instruction ran, if that is counted.
    #[must_use]
    pub fn counts(&self) -> Option<&Counts> {
        self.watches.counts.as_ref()
    }

    /// The watchers.
    #[must_use]
    pub fn watches(&self) -> &Watches {
        &self.watches
    }

    /// Runs until `cycles` since reset, or until something ends the run before.
    ///
    /// # Errors
    /// If an output can't be written.
    pub fn run_until(&mut self, cycles: Cycles) -> Result<SessionStop, SessionError> {
        let began = (Instant::now(), self.board.now());
        self.stop = loop {
            if self.line_closed()? {
                break SessionStop::LineClosed;
            }
            self.until = self.next_slice(self.until, cycles.0);
            let stop = self.run_slice(Cycles(self.until));
            self.collect()?;
            if self.has_overflowed() {
                self.until = self.board.now().0;
                break SessionStop::StackOverflow;
            }
            if stop != BoardStop::Cycles || self.until >= cycles.0 {
                break SessionStop::Board(stop);
            }
            self.after_slice();
            if self.line.is_some() {
                self.keep_time(began);
            }
        };
        Ok(self.stop)
    }

    /// Ends the session and its outputs.
    ///
    /// # Errors
    /// If an output can't be written.
    pub fn finish(self) -> Result<Stopped, SessionError> {
        if let Some(waveform) = self.waveform {
            let end = States::from_cycles(self.board.now());
            waveform.finish(end).map_err(SessionError::Waveform)?;
        }
        Ok(Stopped {
            warnings: warnings(&self.board, self.clock, self.baud),
            stop: self.stop,
            until: self.until,
            sent: self.sent,
            board: self.board,
            checkpoints: self.checkpoints.unwrap_or_default(),
            watches: self.watches,
        })
    }

    fn has_overflowed(&self) -> bool {
        let stack = self.watches.stack.as_ref();
        stack.is_some_and(|stack| stack.seen.overflow.is_some())
    }

    /// The end of the slice that begins at `from`: a multiple of its length, so that checkpoints are in every run
    /// alike.
    fn next_slice(&self, from: u64, most: u64) -> u64 {
        let length = match self.line {
            Some(_) => (self.clock.0 / CLOCKS_PER_CYCLE / LOOKS).clamp(1, SLICE),
            None => SLICE,
        };
        let end_of = |length: u64| (from / length + 1).saturating_mul(length);
        end_of(length).min(end_of(CHECKPOINT)).min(most.max(from))
    }

    fn run_slice(&mut self, until: Cycles) -> BoardStop {
        if self.watches.any() {
            self.board.run_with(until, &mut (), &mut self.watches)
        } else {
            self.board.run(until)
        }
    }

    /// Writes what has come since the last slice.
    fn collect(&mut self) -> Result<(), SessionError> {
        let sent = self.board.take_sent().into_iter();
        let sent: Vec<u8> = sent.map(|(byte, _)| byte.data).collect();
        if let Some(to) = &mut self.serial {
            to.write_all(&sent).map_err(SessionError::Serial)?;
        }
        if let Some(line) = &mut self.line {
            line.send(&sent).map_err(SessionError::Line)?;
        }
        self.sent.extend(sent);
        if let Some(waveform) = &mut self.waveform {
            let events = self.board.take_events();
            waveform.add(&events).map_err(SessionError::Waveform)?;
        }
        Ok(())
    }

    fn after_slice(&mut self) {
        if let Some(checkpoints) = &mut self.checkpoints
            && self.until.is_multiple_of(CHECKPOINT)
        {
            checkpoints.push(Checkpoint::new(self.until, &self.board));
        }
        if let Some(progress) = &mut self.progress {
            progress(self.until);
        }
    }

    /// Gives the firmware what has come over the serial line; whether its other end was closed.
    fn line_closed(&mut self) -> Result<bool, SessionError> {
        let Some(line) = &mut self.line else {
            return Ok(false);
        };
        match line.receive().map_err(SessionError::Line)? {
            Received::Bytes(bytes) => {
                self.send(&bytes);
                Ok(false)
            }
            Received::Closed => Ok(true),
        }
    }

    /// Waits until the oscillator would have come as far as the board has.
    fn keep_time(&self, (began, at): (Instant, Cycles)) {
        let clocks = u128::from((self.board.now() - at).0) * u128::from(CLOCKS_PER_CYCLE);
        let nanoseconds = clocks * NANOSECONDS / u128::from(self.clock.0);
        let since = Duration::from_nanos(nanoseconds.min(u64::MAX.into()) as u64);
        std::thread::sleep(since.saturating_sub(began.elapsed()));
    }
}
