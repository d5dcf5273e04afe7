//! A run of firmware: slice by slice, with what comes and goes between them.

use super::outputs::Outputs;
use super::rate::{Baud, Clock};
use super::recording::{CHECKPOINT, Checkpoint};
use super::{explain, stop_name};
use crate::error::Error;
use crate::output::note;
use crate::pty::Received;
use crate::watch::Watches;
use crate::watch::stack::StackWatch;
use crate::watch::symbol_files::names;
use board::line::{Rate, SerialByte};
use board::time::CLOCKS_PER_CYCLE;
use board::{Board, BoardStop};
use emu8051::Cycles;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Machine cycles between two looks at what the firmware has sent and shown.
const SLICE: u64 = 1_000_000;

/// The same while the stack is watched: how far a run goes on after an overflow, at most.
const SLICE_OF_WATCHED: u64 = 1_000;

/// Looks in a second at a pseudo-terminal.
const LOOKS: u64 = 100;

/// Nanoseconds in a second.
const NANOSECONDS: u128 = 1_000_000_000;

/// Machine cycles between two lines of progress.
const PROGRESS: u64 = 2_000_000_000;

/// How a run is made.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// The image's file; symbols beside it name functions in reports.
    pub(crate) image: PathBuf,
    /// When it ends, in machine cycles since reset.
    pub(crate) max_cycles: u64,
    /// The oscillator, which a run on a pseudo-terminal keeps to.
    pub(crate) clock: Clock,
    /// The rate that the host listens for, in bits in a second.
    pub(crate) baud: Baud,
    /// Whether checkpoints are made.
    pub(crate) checkpoints: bool,
    /// Whether progress is said.
    pub(crate) progress: bool,
}

/// A run that has not begun.
pub(crate) struct Session {
    board: Board,
    outputs: Outputs,
    watches: Watches,
    options: Options,
    checkpoints: Vec<Checkpoint>,
}

/// A run that has ended.
pub(crate) struct Stopped {
    pub(crate) board: Board,
    /// Why, as reports name it.
    pub(crate) stop: &'static str,
    /// Why the board stopped, which the session may have ended for another reason.
    pub(crate) board_stop: BoardStop,
    /// Until when the board was let run, in machine cycles.
    pub(crate) until: u64,
    pub(crate) checkpoints: Vec<Checkpoint>,
    pub(crate) watches: Watches,
    /// The bytes the firmware sent.
    pub(crate) sent: Vec<u8>,
    /// Whether they were shown as they came.
    pub(crate) shown: bool,
    /// What went wrong, in words.
    pub(crate) warnings: Vec<String>,
}

/// Thousandths by which a bit may be too long or too short: a receiver that is right loses its way in ten bits at five
/// hundredths.
const TOLERANCE: i64 = 40;

/// The rate at which bytes were sent, if it is so far from the host's own that the host would not have read them.
pub(super) fn off_rate(board: &Board, clock: Clock, baud: Baud) -> Option<u64> {
    let Ok(Rate::Own(bit)) = baud.rate(clock) else {
        return None;
    };
    let (shortest, longest) = board.serial_bits()?;
    [shortest, longest]
        .into_iter()
        .find(|states| bit.excess(*states).abs() > TOLERANCE)
        .map(|states| (clock.0 / 2).div_ceil(states.0.max(1)))
}

impl Session {
    pub(crate) fn new(
        mut board: Board,
        outputs: Outputs,
        watches: Watches,
        options: Options,
    ) -> Session {
        board.trace(outputs.wants_signals());
        Session {
            board,
            outputs,
            watches,
            options,
            checkpoints: Vec::new(),
        }
    }

    /// Runs to the end.
    ///
    /// # Errors
    /// If an output can't be written.
    pub(crate) fn run(mut self) -> Result<Stopped, Error> {
        let began = (Instant::now(), self.board.now());
        let mut until = self.board.now().0;
        let (stop, board_stop, mut warnings) = loop {
            if self.hung_up()? {
                break ("hung_up", BoardStop::Cycles, Vec::new());
            }
            let before = until;
            until = self.next_slice(before);
            let stop = self.go(Cycles(until));
            self.outputs.collect(&mut self.board)?;
            if let Some(overflow) = self.stack().and_then(|stack| stack.seen.overflow.as_ref()) {
                let why = overflow.describe(&names(&self.options.image));
                break ("fault", stop, vec![why]);
            }
            if stop != BoardStop::Cycles || until >= self.options.max_cycles {
                let why = explain(stop, self.board.cpu().pc());
                break (stop_name(stop), stop, why.into_iter().collect());
            }
            self.after_slice(before, until);
            if self.outputs.pty.is_some() {
                self.keep_time(began);
            }
        };
        warnings.extend(self.oddities());
        Ok(Stopped {
            stop,
            board_stop,
            until,
            warnings,
            shown: self.outputs.shows_bytes(),
            sent: self.outputs.finish(self.board.now())?,
            board: self.board,
            checkpoints: self.checkpoints,
            watches: self.watches,
        })
    }

    fn stack(&self) -> Option<&StackWatch> {
        self.watches.stack.as_ref()
    }

    /// The end of the slice that begins at `from`: a multiple of its length, so that checkpoints are in every run alike.
    fn next_slice(&self, from: u64) -> u64 {
        let watched = self.stack().map_or(SLICE, |_| SLICE_OF_WATCHED);
        let length = match self.outputs.pty {
            Some(_) => (self.options.clock.0 / CLOCKS_PER_CYCLE / LOOKS).clamp(1, watched),
            None => watched,
        };
        let end_of = |length: u64| (from / length + 1).saturating_mul(length);
        end_of(length)
            .min(end_of(CHECKPOINT))
            .min(self.options.max_cycles.max(from))
    }

    fn go(&mut self, until: Cycles) -> BoardStop {
        if self.watches.any() {
            self.board.run_with(until, &mut (), &mut self.watches)
        } else {
            self.board.run(until)
        }
    }

    fn after_slice(&mut self, before: u64, until: u64) {
        if self.options.checkpoints && until.is_multiple_of(CHECKPOINT) {
            self.checkpoints.push(Checkpoint::new(until, &self.board));
        }
        if self.options.progress && before / PROGRESS != until / PROGRESS {
            let most = self.options.max_cycles;
            note(format_args!("{until} of {most} machine cycles"));
        }
    }

    /// Gives the firmware what has come over a pseudo-terminal; whether its other end was closed.
    fn hung_up(&mut self) -> Result<bool, Error> {
        let Some(pty) = &self.outputs.pty else {
            return Ok(false);
        };
        match pty.receive()? {
            Received::Bytes(bytes) => {
                self.board
                    .send_serial(bytes.into_iter().map(SerialByte::from));
                Ok(false)
            }
            Received::HungUp => Ok(true),
        }
    }

    /// Waits until the oscillator would have come as far as the board has.
    fn keep_time(&self, (began, at): (Instant, Cycles)) {
        let clocks = u128::from((self.board.now() - at).0) * u128::from(CLOCKS_PER_CYCLE);
        let nanoseconds = clocks * NANOSECONDS / u128::from(self.options.clock.0);
        let since = Duration::from_nanos(nanoseconds.min(u64::MAX.into()) as u64);
        std::thread::sleep(since.saturating_sub(began.elapsed()));
    }

    /// What a program that works does not do.
    fn oddities(&self) -> Vec<String> {
        let chip = &self.board.chip().name;
        let unknown = self.board.unknown_sfrs().map(|(address, at)| {
            let at = at.0;
            format!(
                "SFR 0x{address:02X}, which the {chip} has not, was accessed first in cycle {at}"
            )
        });
        let lost = Some(self.board.serial_overruns()).filter(|lost| *lost > 0);
        let lost = lost.map(|lost| {
            format!("{lost} bytes came over the serial line while RI was set and are lost")
        });
        unknown.chain(lost).chain(self.oddities_of_line()).collect()
    }

    /// What goes wrong on a serial line that is connected and is not heard.
    fn oddities_of_line(&self) -> Vec<String> {
        let board = &self.board;
        let unread = Some(board.serial_unread()).filter(|unread| *unread > 0);
        let unread = unread.map(|unread| {
            let bytes = if unread == 1 { "byte was" } else { "bytes were" };
            format!("{unread} {bytes} sent while the latch of P3.1 held TXD low, and nobody could read that")
        });
        let waiting = Some(board.serial_waiting()).filter(|waiting| *waiting > 0);
        let waiting = waiting.map(|waiting| {
            format!(
                "{waiting} bytes for the serial line were not sent: the firmware did not take them"
            )
        });
        let (clock, baud) = (self.options.clock, self.options.baud);
        let off = off_rate(board, clock, baud).map(|found| {
            format!(
                "the firmware sent at {found} baud to a host that listens at {baud}, which would read something else: \
                 --baud sets the host's rate, --clock the oscillator"
            )
        });
        unread.into_iter().chain(waiting).chain(off).collect()
    }
}
