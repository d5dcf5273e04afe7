//! `smart51 firmware`.

mod board;
mod outputs;
mod report;

use self::board::BoardArgs;
use crate::args::Bytes as Input;
use crate::error::{Error, Status, about};
use crate::files::{Guarded, read_file, read_json_bytes, read_text, write as write_file};
use crate::messages::{self, tell};
use crate::output::{Output, note};
use crate::watch::WatchArgs;
use ::board::Board;
use ::board::line::SerialByte;
use clap::Args;
use emu8051::Cycles;
use firmware::dump::{Dump, Part};
use firmware::image;
use firmware::rate::Clock;
use firmware::recording::{Ended, Recording};
use firmware::session::{Session, Stopped};
use firmware::settings::DEFAULT_CYCLES;
use firmware::stimulus;
use firmware::watch::symbol_files::names;
use loader::Image;
use outputs::Outputs;
use report::Report;
use std::path::PathBuf;

/// Machine cycles between two lines of progress.
const PROGRESS: u64 = 2_000_000_000;

/// Run firmware on an 8051 or 8052 with its timers, serial port, interrupts and ports.
///
/// It runs until a stop condition or the limit. Time is counted in machine cycles of twelve oscillator periods since
/// reset. A stimulus file has a line for each change of a pin: machine cycle, pin, level (1000 P3.2 0); bytes for the
/// serial line can stand there too (5000 serial 68690a).
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  smart51 firmware blink.ihx --max-cycles 1_000_000 --vcd blink.vcd\n  \
smart51 firmware echo.ihx --uart-in 68656c6c6f --uart-out - --max-cycles 500_000\n  \
smart51 firmware echo.ihx --clock 22.1184MHz --baud 19200 --uart-in 6869 --max-cycles 500_000\n  \
smart51 firmware echo.ihx --stop-pc main --dump iram:0x30..0x3F --dump sfr\n  \
smart51 firmware echo.ihx --uart-pty --record session.json\n  \
smart51 firmware echo.ihx --replay session.json --coverage echo.info"
)]
pub(crate) struct Firmware {
    /// The image file, or - for standard input. A .bin may begin with anything.
    image: PathBuf,
    #[command(flatten)]
    board: BoardArgs,
    /// What a host sends over the serial line: hex, @FILE, or - for standard input.
    #[arg(
        long,
        default_value = "",
        hide_default_value = true,
        value_name = "BYTES"
    )]
    uart_in: Input,
    /// Where to write what the firmware sends, byte for byte as it comes; - is standard output.
    #[arg(long, value_name = "FILE")]
    uart_out: Option<PathBuf>,
    /// Connect the serial line to a pseudo-terminal, whose device is named on standard error. The firmware then runs
    /// no faster than the oscillator says, and until the device is closed again.
    #[arg(long)]
    uart_pty: bool,
    /// What happens to the pins and the serial line, in order of time.
    #[arg(long, value_name = "FILE")]
    stimulus: Option<PathBuf>,
    /// Write a waveform of ports, TXD, RXD, interrupts and timer overflows, for GTKWave.
    #[arg(long, value_name = "FILE")]
    vcd: Option<PathBuf>,
    /// The oscillator: Hz, or with a unit, as 12MHz. With it, the host's bits, times in the waveform and the pace of a
    /// pseudo-terminal have their length; with --replay, those in the waveform [default: 11.0592MHz].
    #[arg(long, value_name = "HZ")]
    clock: Option<Clock>,
    #[command(flatten)]
    watch: WatchArgs,
    /// Write settings, all inputs with their times, and the result to a file, for --replay.
    #[arg(long, value_name = "FILE", conflicts_with = "restore")]
    record: Option<PathBuf>,
    /// Run what a file says that --record wrote, and compare what comes of it; the status is 1 if it differs.
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "board", "uart_in", "uart_pty", "stimulus", "record", "restore"
    ])]
    replay: Option<PathBuf>,
    /// Show memory as it is at the end: iram, xdata or sfr, perhaps with addresses, as xdata:0x4000..0x40FF, or
    /// registers, as sfr:P1; may be given more than once.
    #[arg(long, value_name = "WHAT")]
    dump: Vec<Dump>,
    /// Write the whole machine to a file when it stops, peripherals included, for --restore.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Begin with the machine that --save wrote, instead of with reset; the same chip and image are needed.
    #[arg(long, value_name = "FILE")]
    restore: Option<PathBuf>,
}

impl Firmware {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let mut notes = Vec::new();
        let image = image::read(&Guarded, &self.image, &mut notes);
        notes.iter().for_each(tell);
        let image = image?;
        let replayed = self.replayed(&image)?;
        let settings = match &replayed {
            Some(recording) => recording.settings.clone(),
            None => self
                .board
                .settings(&self.image, self.clock, self.uart_pty)?,
        };
        let mut board = settings.board(&image).map_err(Error::input)?;
        if self.record.is_some() {
            board.record();
        }
        self.give_inputs(&mut board, replayed.as_ref())?;
        let sources = self.watch.sources(&self.image, &image)?;
        let watches = self
            .watch
            .watches(board.chip().iram_bytes, board.cpu().sp());
        let clock = self.clock.unwrap_or(settings.clock);
        let mut outputs = Outputs::create(&self, clock, out)?;
        let mut session = Session::new(board, clock, settings.baud).watched_by(watches);
        if self.record.is_some() || replayed.is_some() {
            session = session.with_checkpoints();
        }
        if !out.is_json() {
            session = session.telling(progress(settings.max_cycles));
        }
        let mut session = outputs.attach(session);
        let run = session.run_until(Cycles(settings.max_cycles));
        let stopped = run.and_then(|_| session.finish());
        let mut stopped = stopped.map_err(|error| outputs.failed(error))?;
        outputs.note_lost();
        let ended = Ended::of(&stopped);
        if stopped.stop.name() == "cycles" && self.board.max_cycles.is_none() && replayed.is_none()
        {
            note(format_args!(
                "stopped at the default limit of {DEFAULT_CYCLES} machine cycles: --max-cycles sets another"
            ));
        }
        let warnings = self.warnings(&stopped);
        for warning in &warnings {
            note(format_args!("warning: {warning}"));
        }
        if let Some(file) = &self.save {
            write_file(file, &stopped.board.snapshot().to_bytes())?;
        }
        if let Some(file) = &self.record {
            let recording = Recording::new(&image, settings, &stopped, ended.clone());
            write_file(file, &recording.to_json().map_err(Error::node)?)?;
            note(format_args!("recorded to {}", file.display()));
        }
        let checkpoints = stopped.checkpoints.clone();
        let memory: Vec<Part> = self
            .dump
            .iter()
            .map(|dump| dump.of(&stopped.board))
            .collect();
        let coverage = self.watch.write(sources.as_ref(), &stopped.watches)?;
        let mut report = Report::new(stopped, ended.clone());
        report.warnings = warnings;
        report.coverage = coverage;
        report.memory = Some(memory).filter(|parts| !parts.is_empty());
        report.shown = outputs.show_bytes();
        report.differences = replayed.map(|recording| recording.compare(&checkpoints, &ended));
        out.print(&report)?;
        Ok(report.status())
    }

    /// The recording to replay.
    fn replayed(&self, image: &Image) -> Result<Option<Recording>, Error> {
        let Some(file) = &self.replay else {
            return Ok(None);
        };
        let read = Recording::read(&read_json_bytes(file)?, image);
        read.map(Some)
            .map_err(|error| messages::recording(file, &error))
    }

    /// Faults and warnings, in words.
    fn warnings(&self, stopped: &Stopped) -> Vec<String> {
        let fault = match stopped.overflow() {
            Some(overflow) => Some(overflow.describe(&names(&Guarded, &self.image))),
            None => stopped.fault_message(),
        };
        let warnings = stopped.warnings.iter().map(messages::warning);
        fault.into_iter().chain(warnings).collect()
    }

    /// Gives the board the inputs that are known beforehand, after it was made what it was when it was saved.
    fn give_inputs(&self, board: &mut Board, replayed: Option<&Recording>) -> Result<(), Error> {
        if let Some(file) = &self.restore {
            let snapshot = board.read_snapshot(&read_file(file)?);
            snapshot
                .and_then(|snapshot| board.restore(&snapshot))
                .map_err(|error| about(file, error))?;
            if let Some(pace) = self.board.uart_pace {
                board.set_pace(pace.into());
            }
            if let Some(baud) = self.board.baud {
                let rate = baud.rate(self.clock.unwrap_or_default());
                board.set_rate(rate.map_err(Error::input)?);
            }
        }
        let stimuli = match (&self.stimulus, replayed) {
            (_, Some(recording)) => recording.inputs.clone(),
            (Some(file), _) => {
                stimulus::parse(&read_text(file)?).map_err(|error| about(file, error))?
            }
            (None, None) => Vec::new(),
        };
        for stimulus in stimuli {
            board.input(stimulus).map_err(Error::input)?;
        }
        let bytes = self.uart_in.clone().read()?;
        board.send_serial(bytes.into_iter().map(SerialByte::from));
        Ok(())
    }
}

/// Tells how far a run has come, each so many machine cycles.
fn progress(most: u64) -> Box<dyn FnMut(u64)> {
    let mut before = 0;
    Box::new(move |until| {
        if before / PROGRESS != until / PROGRESS {
            note(format_args!("{until} of {most} machine cycles"));
        }
        before = until;
    })
}
