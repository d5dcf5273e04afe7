//! `smart51 firmware`.

use crate::args::{Bytes as Input, about, number, read_file, read_text, write_file};
use crate::error::{Error, Status};
use crate::firmware::dump::{Dump, Part};
use crate::firmware::image;
use crate::firmware::outputs::Outputs;
use crate::firmware::ram::Ram;
use crate::firmware::rate::{Baud, Clock};
use crate::firmware::recording::{Difference, Ended, Recording};
use crate::firmware::session::{Options, Session, Stopped};
use crate::firmware::settings::{PaceName, Settings, chip};
use crate::firmware::stimulus;
use crate::output::{Address, Bytes, Output, Registers, note};
use crate::text::{Page, Text, say};
use crate::watch::WatchArgs;
use crate::watch::coverage::Summary;
use crate::watch::stack::Stack;
use crate::watch::symbol_files::names;
use board::Board;
use board::chips::Chip;
use board::line::SerialByte;
use clap::Args;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// The most machine cycles of a run that is given no other limit.
const DEFAULT_CYCLES: u64 = 1_000_000_000;

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

/// What decides what the board does, besides its inputs.
#[derive(Args, Clone, Debug)]
#[group(id = "board", multiple = true)]
struct BoardArgs {
    /// The chip: 8051, 8052, 8031, 8032, 80C51, 8751, 89C51RX, 8051AH and others of the family [default: 8052].
    #[arg(long, value_parser = chip, value_name = "CHIP")]
    chip: Option<&'static Chip>,
    /// The most machine cycles [default: 1000000000].
    #[arg(long, value_parser = number::<u64>, value_name = "N")]
    max_cycles: Option<u64>,
    /// Stop on arriving at this address of CODE, or where this function begins, by the .cdb, .rst or .map beside the
    /// image; may be given more than once.
    #[arg(long, value_parser = place, value_name = "A|NAME")]
    stop_pc: Vec<Place>,
    /// Stop after reading this address of XDATA.
    #[arg(long, value_parser = number::<u16>, value_name = "A")]
    stop_xdata_read: Option<u16>,
    /// How many bits in a second the host on the serial line sends, whatever rate the firmware has set; auto is the
    /// firmware's, once its receiver is on [default: 9600].
    #[arg(long, value_name = "RATE")]
    baud: Option<Baud>,
    /// When the host sends its next byte: taken (the firmware has cleared RI, or looks at the pin RXD itself) or line
    /// (from the start on, back to back) [default: taken].
    #[arg(long, value_enum, hide_possible_values = true, value_name = "WHEN")]
    uart_pace: Option<PaceName>,
    /// RAM before the first instruction: zero, random:SEED, or @FILE (XDATA from 0 on, then IRAM) [default: zero].
    #[arg(long, value_name = "WHAT", conflicts_with = "restore")]
    ram: Option<Ram>,
    /// RAM outside the chip, in bytes from XDATA 0x0000 on [default: 65536].
    #[arg(long, value_parser = number::<u32>, value_name = "N")]
    xdata_bytes: Option<u32>,
    /// Wire one RAM as CODE and XDATA, so that firmware can load and change programs.
    #[arg(long, conflicts_with = "xdata_bytes")]
    von_neumann: bool,
    /// Refuse an image that does not fit the chip's own ROM.
    #[arg(long)]
    internal_code_only: bool,
    /// Machine cycles the call of a service routine takes: 2 is Intel's; 1, at once, is that of s51 [default: 2].
    #[arg(long, value_parser = number::<u64>, value_name = "N")]
    interrupt_latency_cycles: Option<u64>,
}

impl BoardArgs {
    fn settings(
        &self,
        image: &Path,
        clock: Option<Clock>,
        uart_pty: bool,
    ) -> Result<Settings, Error> {
        Ok(Settings {
            chip: self.chip.map_or("8052", |chip| &chip.name).into(),
            von_neumann: self.von_neumann,
            xdata_bytes: self.xdata_bytes.unwrap_or(65536),
            internal_code_only: self.internal_code_only,
            interrupt_latency_cycles: self.interrupt_latency_cycles.unwrap_or(2),
            uart_pace: self.uart_pace.unwrap_or(PaceName::Taken),
            baud: self.baud.unwrap_or_default(),
            clock: clock.unwrap_or_default(),
            uart_pty,
            stop_pc: stops(&self.stop_pc, image)?,
            stop_xdata_read: self.stop_xdata_read.map(Address),
            max_cycles: self.max_cycles.unwrap_or(DEFAULT_CYCLES),
            ram: Bytes(self.ram.clone().unwrap_or_default().bytes()?),
        })
    }
}

/// A place in CODE.
#[derive(Clone, Debug)]
enum Place {
    At(u16),
    /// Where the function of this name begins.
    Function(String),
}

/// A name begins as one does in C, so that a mistyped number is none.
fn place(text: &str) -> Result<Place, String> {
    match text.chars().next() {
        Some(c) if c == '_' || c.is_ascii_alphabetic() => Ok(Place::Function(text.into())),
        _ => number(text).map(Place::At),
    }
}

/// The addresses that `places` are in `image`.
fn stops(places: &[Place], image: &Path) -> Result<Vec<Address>, Error> {
    let named = places
        .iter()
        .any(|place| matches!(place, Place::Function(_)));
    let symbols = if named {
        names(image)
    } else {
        Default::default()
    };
    let mut stops = Vec::new();
    for place in places {
        match place {
            Place::At(address) => stops.push(Address(*address)),
            Place::Function(name) => {
                let found = symbols.functions.iter().filter(|f| f.name == *name);
                let before = stops.len();
                stops.extend(found.map(|function| Address(function.at)));
                if stops.len() > before {
                    continue;
                }
                let problem = if symbols.functions.is_empty() {
                    "no .cdb, .rst or .map beside it tells functions: link with sdcc, or give an address".into()
                } else {
                    let known: Vec<&str> =
                        symbols.functions.iter().map(|f| f.name.as_str()).collect();
                    format!("its symbols have {}", known.join(", "))
                };
                let problem = format_args!("no function is called {name}: {problem}");
                return Err(about(image, problem));
            }
        }
    }
    Ok(stops)
}

/// What a run did.
#[derive(Debug, Serialize)]
struct Report {
    stop: &'static str,
    pc: Address,
    machine_cycles: u64,
    instructions: u64,
    uart: Bytes,
    registers: Registers,
    /// What went wrong, in words.
    warnings: Vec<String>,
    stack: Option<Stack>,
    coverage: Option<Summary>,
    /// The memory asked for.
    memory: Option<Vec<Part>>,
    /// Where a replay differs from the recording.
    differences: Option<Vec<Difference>>,
    /// Whether the bytes of the serial port were shown as they came.
    #[serde(skip)]
    shown: bool,
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
    fn new(stopped: Stopped, ended: Ended) -> Report {
        let stack = stopped.watches.stack.map(|stack| stack.seen);
        let overflow = stack.as_ref().and_then(|stack| stack.overflow.as_ref());
        Report {
            stop: stopped.stop,
            pc: overflow.map_or(ended.pc, |overflow| overflow.pc),
            machine_cycles: ended.machine_cycles,
            instructions: ended.instructions,
            uart: ended.uart,
            registers: ended.registers,
            warnings: stopped.warnings,
            stack,
            coverage: None,
            memory: None,
            differences: None,
            shown: stopped.shown,
        }
    }

    fn status(&self) -> Status {
        let equal = self.differences.as_ref().is_none_or(Vec::is_empty);
        if self.stop == "fault" || !equal {
            Status::Refused
        } else {
            Status::Success
        }
    }
}

impl Firmware {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let image = image::read(&self.image)?;
        let replay = self.replay.as_deref();
        let replayed = replay
            .map(|file| Recording::read(file, &image))
            .transpose()?;
        let settings = match &replayed {
            Some(recording) => recording.settings.clone(),
            None => self
                .board
                .settings(&self.image, self.clock, self.uart_pty)?,
        };
        let mut board = settings.board(&image)?;
        if self.record.is_some() {
            board.record();
        }
        self.give_inputs(&mut board, replayed.as_ref())?;
        let covering = self.watch.covering(&self.image, &image)?;
        let watches = self
            .watch
            .watches(board.chip().iram_bytes, board.cpu().sp());
        let options = Options {
            image: self.image.clone(),
            max_cycles: settings.max_cycles,
            clock: self.clock.unwrap_or(settings.clock),
            baud: settings.baud,
            checkpoints: self.record.is_some() || replayed.is_some(),
            progress: !out.is_json(),
        };
        let outputs = self.outputs(options.clock, out)?;
        let mut stopped = Session::new(board, outputs, watches, options).run()?;
        let ended = Ended::of(&stopped);
        if stopped.stop == "cycles" && self.board.max_cycles.is_none() && replayed.is_none() {
            note(format_args!(
                "stopped at the default limit of {DEFAULT_CYCLES} machine cycles: --max-cycles sets another"
            ));
        }
        for warning in &stopped.warnings {
            note(format_args!("warning: {warning}"));
        }
        if let Some(file) = &self.save {
            write_file(file, &stopped.board.snapshot().to_bytes())?;
        }
        if let Some(file) = &self.record {
            Recording::new(&image, settings, &stopped, ended.clone()).write(file)?;
            note(format_args!("recorded to {}", file.display()));
        }
        let memory: Vec<Part> = self
            .dump
            .iter()
            .map(|dump| dump.of(&stopped.board))
            .collect();
        let report = Report {
            memory: Some(memory).filter(|parts| !parts.is_empty()),
            coverage: self.watch.write(covering.as_ref(), &stopped.watches)?,
            differences: replayed.map(|recording| recording.compare(&stopped.checkpoints, &ended)),
            ..Report::new(stopped, ended)
        };
        out.print(&report)?;
        Ok(report.status())
    }

    fn outputs(&self, clock: Clock, out: &Output) -> Result<Outputs, Error> {
        let (uart, vcd) = (self.uart_out.as_deref(), self.vcd.as_deref());
        Outputs::create(uart, vcd, self.uart_pty, clock, out)
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
