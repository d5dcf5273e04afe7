//! `smart51 firmware`.

use crate::args::{Bytes as Input, about, number, read_text};
use crate::error::{Error, Status};
use crate::firmware::ram::Ram;
use crate::firmware::stack::StackWatch;
use crate::firmware::vcd::Vcd;
use crate::firmware::{explain, image, stimulus, stop_name};
use crate::output::{Address, Bytes, Output, Registers, note, write_stdout};
use clap::Args;
use emu8051::Cycles;
use emu8051::hw::board::{Board, BoardConfig, BoardStop, Wiring};
use emu8051::hw::chip::{CHIPS, Chip};
use emu8051::hw::interrupt::InterruptTiming;
use emu8051::hw::line::{Pace, SerialByte};
use emu8051::hw::time::States;
use serde::Serialize;
use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Machine cycles between two looks at what the firmware has sent and shown.
const SLICE: u64 = 1_000_000;

/// Machine cycles between two lines of progress.
const PROGRESS: u64 = 2_000_000_000;

/// Run firmware on an 8051 or 8052 with its timers, serial port, interrupts and ports.
///
/// It runs until a stop condition or the limit. Time is counted in machine cycles of twelve oscillator periods.
/// A stimulus file has a line for each change of a pin: machine cycle, pin, level (1000 P3.2 0).
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  smart51 firmware blink.ihx --max-cycles 1_000_000 --vcd blink.vcd\n  \
smart51 firmware echo.ihx --uart-in 68656c6c6f --uart-out - --max-cycles 500_000"
)]
pub(crate) struct Firmware {
    /// The image file, or - for standard input. A .bin may begin with anything.
    image: PathBuf,
    /// The chip: 8051, 8052, 8031, 8032, 80C51, 8751, 89C51RX, 8051AH and others of the family.
    #[arg(long, default_value = "8052", value_parser = chip, value_name = "CHIP")]
    chip: &'static Chip,
    /// The most machine cycles [default: 1000000000].
    #[arg(long, value_parser = number::<u64>, default_value = "1000000000", hide_default_value = true, value_name = "N")]
    max_cycles: u64,
    /// Stop on arriving at this address of CODE; may be given more than once.
    #[arg(long, value_parser = number::<u16>, value_name = "A")]
    stop_pc: Vec<u16>,
    /// Stop after reading this address of XDATA.
    #[arg(long, value_parser = number::<u16>, value_name = "A")]
    stop_xdata_read: Option<u16>,
    /// What a host sends over the serial line: hex, @FILE, or - for standard input.
    #[arg(
        long,
        default_value = "",
        hide_default_value = true,
        value_name = "BYTES"
    )]
    uart_in: Input,
    /// When the host sends its next byte: taken (the firmware has cleared RI) or line (back to back).
    #[arg(long, default_value = "taken", value_parser = pace, value_name = "WHEN")]
    uart_pace: Pace,
    /// Where to write what the firmware sends, byte for byte as it comes; - is standard output.
    #[arg(long, value_name = "FILE")]
    uart_out: Option<PathBuf>,
    /// What happens to the pins, in order of time.
    #[arg(long, value_name = "FILE")]
    stimulus: Option<PathBuf>,
    /// Write a waveform of ports, TXD, RXD, interrupts and timer overflows, for GTKWave.
    #[arg(long, value_name = "FILE")]
    vcd: Option<PathBuf>,
    /// The oscillator, in Hz, for times in the waveform.
    #[arg(long, default_value = "11059200", value_parser = number::<u64>, value_name = "HZ")]
    clock: u64,
    /// RAM before the first instruction: zero, random:SEED, or @FILE (XDATA from 0 on, then IRAM).
    #[arg(long, default_value = "zero", value_name = "WHAT")]
    ram: Ram,
    /// RAM outside the chip, in bytes from XDATA 0x0000 on.
    #[arg(long, default_value = "65536", value_parser = number::<u32>, value_name = "N")]
    xdata_bytes: u32,
    /// Wire one RAM as CODE and XDATA, so that firmware can load and change programs.
    #[arg(long, conflicts_with = "xdata_bytes")]
    von_neumann: bool,
    /// Refuse an image that does not fit the chip's own ROM.
    #[arg(long)]
    internal_code_only: bool,
    /// Machine cycles the call of a service routine takes: 2 is Intel's; 1, at once, is that of s51.
    #[arg(long, default_value = "2", value_parser = timing, value_name = "N")]
    interrupt_latency_cycles: InterruptTiming,
    /// Watch the stack: stop when it overflows, and report how high it grew. Slower.
    #[arg(long)]
    check_stack: bool,
}

fn chip(name: &str) -> Result<&'static Chip, String> {
    let known = || {
        CHIPS
            .iter()
            .map(|chip| chip.name)
            .collect::<Vec<_>>()
            .join(", ")
    };
    Chip::named(name).ok_or_else(|| format!("expected one of {}", known()))
}

fn pace(text: &str) -> Result<Pace, String> {
    match text {
        "taken" => Ok(Pace::WhenTaken),
        "line" => Ok(Pace::BackToBack),
        _ => Err("expected taken or line".into()),
    }
}

fn timing(text: &str) -> Result<InterruptTiming, String> {
    match text {
        "2" => Ok(InterruptTiming::INTEL),
        "1" => Ok(InterruptTiming::S51),
        _ => Err("expected 2 or 1".into()),
    }
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
    /// What went wrong, in words; and how high the stack grew.
    #[serde(skip)]
    notes: Vec<String>,
    /// Whether the bytes of the serial port were shown as they came.
    #[serde(skip)]
    shown: bool,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Registers {
            a,
            b,
            psw,
            sp,
            dptr,
            r,
        } = &self.registers;
        writeln!(f, "stop          {} at {}", self.stop, self.pc)?;
        writeln!(f, "cycles        {}", self.machine_cycles)?;
        writeln!(f, "instructions  {}", self.instructions)?;
        writeln!(
            f,
            "registers     A={a:02X} B={b:02X} PSW={psw:02X} SP={sp:02X} DPTR={dptr:04X} R0-7={r:02X?}"
        )?;
        if !self.shown && !self.uart.0.is_empty() {
            writeln!(f, "uart          {}", self.uart.0.escape_ascii())?;
        }
        self.notes
            .iter()
            .try_for_each(|note| writeln!(f, "note          {note}"))
    }
}

impl Firmware {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let mut board = self.board()?;
        let mut outputs = Outputs::create(&self, out)?;
        board.trace(outputs.vcd.is_some());
        let mut stack = self
            .check_stack
            .then(|| StackWatch::new(board.chip().iram_bytes, board.cpu().sp()));
        let until = Cycles(self.max_cycles);
        let mut uart = Vec::new();
        let stop = loop {
            let slice = (board.now() + Cycles(SLICE)).min(until);
            let stop = match &mut stack {
                Some(stack) => board.run_observed(slice, &mut (), stack),
                None => board.run(slice),
            };
            outputs.collect(&mut board, &mut uart)?;
            let overflowed = stack.as_ref().is_some_and(|stack| stack.overflow.is_some());
            if stop != BoardStop::Cycles || slice >= until || overflowed {
                break stop;
            }
            if board.now().0 / PROGRESS != (board.now().0 + SLICE) / PROGRESS {
                note(format_args!(
                    "{} of {} machine cycles",
                    board.now().0,
                    self.max_cycles
                ));
            }
        };
        outputs.finish(board.now())?;
        let overflow = stack.as_ref().and_then(|stack| stack.overflow.as_ref());
        let mut problems: Vec<String> = explain(stop, board.cpu().pc()).into_iter().collect();
        problems.extend(overflow.map(ToString::to_string));
        problems.extend(board.unknown_sfrs().map(|(address, at)| {
            format!(
                "SFR 0x{address:02X}, which the {} has not, was accessed first in cycle {}",
                board.chip().name,
                at.0
            )
        }));
        if board.serial_overruns() > 0 {
            problems.push(format!(
                "{} bytes came over the serial line while RI was set and are lost",
                board.serial_overruns()
            ));
        }
        problems
            .iter()
            .for_each(|problem| note(format_args!("warning: {problem}")));
        let notes = stack
            .iter()
            .map(|stack| format!("the stack grew to 0x{:02X}", stack.highest))
            .collect();
        let stop = if overflow.is_some() {
            "fault"
        } else {
            stop_name(stop)
        };
        let report = Report {
            stop,
            pc: Address(board.cpu().pc()),
            machine_cycles: board.now().0,
            instructions: board.steps().0,
            uart: Bytes(uart),
            registers: Registers::from(board.cpu()),
            notes,
            shown: self.uart_out.is_some(),
        };
        out.print(&report)?;
        Ok(if stop == "fault" {
            Status::Refused
        } else {
            Status::Success
        })
    }

    /// The board as asked for, before its first instruction.
    fn board(&self) -> Result<Board, Error> {
        let wiring = match (self.von_neumann, self.xdata_bytes) {
            (true, _) => Wiring::VonNeumann,
            (false, xdata_bytes @ 0..=65536) => Wiring::Harvard { xdata_bytes },
            (false, found) => {
                return Err(Error::input(format_args!(
                    "expected at most 65536 bytes of XDATA, found {found}"
                )));
            }
        };
        let config = BoardConfig {
            wiring,
            external_code: !self.internal_code_only,
            timing: self.interrupt_latency_cycles,
            breakpoints: self.stop_pc.clone(),
            stop_on_xdata_read: self.stop_xdata_read,
            ..BoardConfig::new(self.chip)
        };
        let mut board = image::board(&config, &image::read(&self.image)?)?;
        self.ram.fill(&mut board)?;
        board.set_pace(self.uart_pace);
        if let Some(file) = &self.stimulus {
            for stimulus in
                stimulus::parse(&read_text(file)?).map_err(|error| about(file, error))?
            {
                board.input(stimulus).map_err(Error::input)?;
            }
        }
        board.send_serial(
            self.uart_in
                .clone()
                .read()?
                .into_iter()
                .map(SerialByte::from),
        );
        Ok(board)
    }
}

/// Where the run is written to while it lasts.
struct Outputs {
    vcd: Option<Vcd<BufWriter<File>>>,
    vcd_path: PathBuf,
    uart: Option<File>,
    uart_path: PathBuf,
    stdout: bool,
}

impl Outputs {
    fn create(options: &Firmware, out: &Output) -> Result<Outputs, Error> {
        let stdout = options.uart_out.as_deref() == Some(Path::new("-"));
        if stdout && out.is_json() {
            return Err(Error::input(
                "--json leaves no place for --uart-out -; name a file for the bytes",
            ));
        }
        let create = |path: &Path| File::create(path).map_err(|error| about(path, error));
        let uart = options
            .uart_out
            .as_deref()
            .filter(|_| !stdout)
            .map(create)
            .transpose()?;
        let vcd_path = options.vcd.clone().unwrap_or_default();
        let vcd = match &options.vcd {
            Some(path) => {
                let file = BufWriter::new(create(path)?);
                Some(Vcd::create(file, options.clock).map_err(|error| about(path, error))?)
            }
            None => None,
        };
        Ok(Outputs {
            vcd,
            vcd_path,
            uart,
            uart_path: options.uart_out.clone().unwrap_or_default(),
            stdout,
        })
    }

    /// Writes what has come since the last time.
    fn collect(&mut self, board: &mut Board, all: &mut Vec<u8>) -> Result<(), Error> {
        let sent: Vec<u8> = board
            .take_sent()
            .into_iter()
            .map(|(byte, _)| byte.data)
            .collect();
        if self.stdout && !sent.is_empty() {
            write_stdout(&sent)?;
        }
        if let Some(file) = &mut self.uart {
            file.write_all(&sent)
                .map_err(|error| about(&self.uart_path, error))?;
        }
        all.extend(sent);
        if let Some(vcd) = &mut self.vcd {
            vcd.add(&board.take_events())
                .map_err(|error| about(&self.vcd_path, error))?;
        }
        Ok(())
    }

    fn finish(self, at: Cycles) -> Result<(), Error> {
        let finished = self.vcd.map(|vcd| vcd.finish(States::from_cycles(at)));
        finished
            .transpose()
            .map(drop)
            .map_err(|error| about(&self.vcd_path, error))
    }
}
