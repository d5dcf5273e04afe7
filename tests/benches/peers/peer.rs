//! The emulators that run the same work: ours, `s51`, and the `i8051` crate.

use std::env;
use std::error::Error;

use emu8051::{Cpu, Limit, Program, ProgramBuilder, Stop, Xdata, run, run_unmetered};
use i8051::{CpuView, MemoryMapper, ReadOnlyMemoryMapper};
use loader::Segment;
use tests::s51;
use tests::workload::{CHECKSUM, END, Workload};

use crate::host;

/// An emulator of the comparison.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    Ours,
    S51,
    I8051,
    /// Our core without its meter.
    Unmetered,
}

impl Peer {
    pub(crate) const ALL: [Self; 4] = [Self::Ours, Self::S51, Self::I8051, Self::Unmetered];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "smart51",
            Self::S51 => "s51",
            Self::I8051 => "i8051",
            Self::Unmetered => "smart51-unmetered",
        }
    }

    /// Runs a workload and returns the machine cycles a second of processor time, in millions.
    pub(crate) fn speed(self, workload: &Workload) -> Result<f64, Box<dyn Error>> {
        let (cycles, seconds) = match self {
            Self::Ours => timed(workload, &Ours::new(workload))?,
            Self::I8051 => timed(workload, &I8051::new(workload))?,
            Self::Unmetered => timed(workload, &Unmetered(Ours::new(workload)))?,
            Self::S51 => s51_speed(workload)?,
        };
        Ok(cycles / seconds / 1e6)
    }

    /// The host instructions for an 8051 instruction of a workload; `None` without valgrind.
    ///
    /// Two runs of different length are counted and subtracted, so that start and predecoding are not in it.
    pub(crate) fn host_instructions(
        self,
        workload: &Workload,
    ) -> Result<Option<f64>, Box<dyn Error>> {
        const STEPS: [u64; 2] = [10_000, 60_000];
        let counted = |times: usize| {
            let program = env::current_exe()?;
            let program = program.to_str().ok_or("the benchmark's path is no text")?;
            host::instructions(
                &[
                    program,
                    RUN,
                    self.name(),
                    &workload.name,
                    &times.to_string(),
                ],
                b"",
            )
        };
        let (short, long, steps) = match self {
            Self::S51 => {
                let counted = |steps| {
                    host::instructions(&["s51", "-q", "-b", path(workload)?], &script(steps))
                };
                (counted(STEPS[0])?, counted(STEPS[1])?, STEPS[1] - STEPS[0])
            }
            Self::Ours | Self::I8051 | Self::Unmetered => {
                (counted(1)?, counted(2)?, workload.instructions)
            }
        };
        Ok(short
            .zip(long)
            .map(|(short, long)| (long - short) as f64 / steps as f64))
    }

    /// Runs a workload in this process, `times` times.
    pub(crate) fn run_here(self, workload: &Workload, times: usize) -> Result<(), Box<dyn Error>> {
        let prepared: Box<dyn Prepared> = match self {
            Self::Ours => Box::new(Ours::new(workload)),
            Self::I8051 => Box::new(I8051::new(workload)),
            Self::Unmetered => Box::new(Unmetered(Ours::new(workload))),
            Self::S51 => return Err("s51 runs in a process of its own".into()),
        };
        for _ in 0..times {
            prepared.run(workload)?;
        }
        Ok(())
    }
}

/// The argument that makes the benchmark run one workload on one peer, for callgrind.
pub(crate) const RUN: &str = "run";

/// A workload in the form that an emulator of this process executes.
trait Prepared {
    /// Runs it from reset to its end and returns the checksum.
    fn run(&self, workload: &Workload) -> Result<[u8; 4], Box<dyn Error>>;
}

/// Machine cycles and seconds of a workload, run as often as a turn lasts: a fast peer's turn is not the shorter one.
fn timed(workload: &Workload, prepared: &dyn Prepared) -> Result<(f64, f64), Box<dyn Error>> {
    const TURN_SECONDS: f64 = 0.3;
    let (begin, mut cycles) = (host::own_seconds(), 0.0);
    loop {
        prepared.run(workload)?;
        cycles += workload.machine_cycles as f64;
        let seconds = host::own_seconds() - begin;
        if seconds >= TURN_SECONDS {
            return Ok((cycles, seconds));
        }
    }
}

/// Our core: a predecoded program.
struct Ours(Program);

impl Ours {
    fn new(workload: &Workload) -> Self {
        let place = |program: ProgramBuilder, segment: &Segment| {
            program.segment(segment.start, &segment.bytes)
        };
        Self(
            workload
                .segments
                .iter()
                .fold(Program::builder().trap(END), place)
                .build(),
        )
    }
}

impl Prepared for Ours {
    fn run(&self, workload: &Workload) -> Result<[u8; 4], Box<dyn Error>> {
        let (mut cpu, mut xdata) = (Cpu::new(), Xdata::new());
        let used = run(&mut cpu, &mut xdata, &self.0, Limit::NONE);
        let recorded = (
            Stop::Trap(END),
            workload.machine_cycles,
            workload.instructions,
        );
        if (used.stop, used.cycles.0, used.steps.0) != recorded {
            return Err(format!("{}: {used:?} is not what was recorded", workload.name).into());
        }
        Ok(checksum(&xdata))
    }
}

/// Our core without its meter: neither limits nor counts.
struct Unmetered(Ours);

impl Prepared for Unmetered {
    fn run(&self, _: &Workload) -> Result<[u8; 4], Box<dyn Error>> {
        let (mut cpu, mut xdata) = (Cpu::new(), Xdata::new());
        match run_unmetered(&mut cpu, &mut xdata, &self.0.0) {
            Stop::Trap(END) => Ok(checksum(&xdata)),
            stop => Err(format!("{stop:?} is not the end of a workload").into()),
        }
    }
}

fn checksum(xdata: &Xdata) -> [u8; 4] {
    std::array::from_fn(|at| xdata.read(CHECKSUM + at as u16))
}

/// The `i8051` crate: all of CODE. It counts no cycles.
struct I8051(Memory);

impl I8051 {
    fn new(workload: &Workload) -> Self {
        let mut code = Memory::filled(0xFF);
        for segment in &workload.segments {
            code.0[usize::from(segment.start)..segment.end()].copy_from_slice(&segment.bytes);
        }
        Self(code)
    }
}

impl Prepared for I8051 {
    fn run(&self, _: &Workload) -> Result<[u8; 4], Box<dyn Error>> {
        let mut cpu = i8051::Cpu::new();
        // Without ports, which no workload has: the crate's fastest form.
        let mut context = ((), Memory::filled(0), self.0.clone());
        while cpu.pc != END {
            cpu.step(&mut context);
        }
        Ok(std::array::from_fn(|at| {
            context.1.0[usize::from(CHECKSUM) + at]
        }))
    }
}

/// 64 KiB that need no bounds check: faster than the memories of the `i8051` crate.
#[derive(Clone)]
struct Memory(Box<[u8; 65536]>);

impl Memory {
    fn filled(byte: u8) -> Self {
        Self(Box::new([byte; 65536]))
    }
}

impl ReadOnlyMemoryMapper for Memory {
    fn len(&self) -> u32 {
        65536
    }

    #[inline]
    fn read<C: CpuView>(&self, _: &C, address: u32) -> u8 {
        self.0[usize::from(address as u16)]
    }
}

impl MemoryMapper for Memory {
    type WriteValue = (u16, u8);

    fn len(&self) -> u32 {
        65536
    }

    #[inline]
    fn read<C: CpuView>(&self, _: &C, address: u32) -> u8 {
        self.0[usize::from(address as u16)]
    }

    #[inline]
    fn prepare_write<C: CpuView>(&self, _: &C, address: u32, value: u8) -> (u16, u8) {
        (address as u16, value)
    }

    #[inline]
    fn write(&mut self, (address, value): (u16, u8)) {
        self.0[usize::from(address)] = value;
    }
}

/// Machine cycles and seconds of two million instructions on `s51`, its start subtracted.
fn s51_speed(workload: &Workload) -> Result<(f64, f64), Box<dyn Error>> {
    const STEPS: u64 = 2_000_000;
    let timed = |steps| -> Result<(f64, f64), Box<dyn Error>> {
        let begin = host::children_seconds()?;
        let said = s51::batch(&[], &workload.file, std::str::from_utf8(&script(steps))?)?;
        let clocks = s51::figure(&said, &["stepped "], " ticks").ok_or("s51 printed no ticks")?;
        Ok((
            (clocks / s51::CLOCKS_PER_MACHINE_CYCLE) as f64,
            host::children_seconds()? - begin,
        ))
    };
    let (start, long) = (timed(1)?, timed(STEPS)?);
    Ok((long.0 - start.0, long.1 - start.1))
}

fn script(steps: u64) -> Vec<u8> {
    format!("step {steps}\nquit\n").into_bytes()
}

fn path(workload: &Workload) -> Result<&str, Box<dyn Error>> {
    workload
        .file
        .to_str()
        .ok_or_else(|| "the workload's path is no text".into())
}

/// Whether all that run to the end come to the same checksum: they did the same work.
pub(crate) fn agree(workload: &Workload) -> Result<bool, Box<dyn Error>> {
    let ours = Ours::new(workload);
    let checksum = ours.run(workload)?;
    Ok(checksum == I8051::new(workload).run(workload)?
        && checksum == Unmetered(ours).run(workload)?)
}
