//! The emulators that run the same work: ours, `s51`, and the `i8051` crate.

use std::env;
use std::error::Error;

use emu8051::{Cpu, Limit, Program, Stop, Xdata, run};
use i8051::DefaultPortMapper;
use i8051::memory::{RAM, ROM};
use smart51_tests::s51;
use smart51_tests::workload::{CHECKSUM, END, Workload};

use crate::host;

/// An emulator of the comparison.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    Ours,
    S51,
    I8051,
}

impl Peer {
    pub(crate) const ALL: [Self; 3] = [Self::Ours, Self::S51, Self::I8051];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "smart51",
            Self::S51 => "s51",
            Self::I8051 => "i8051",
        }
    }

    /// Runs a workload and returns the machine cycles a second of processor time, in millions.
    pub(crate) fn speed(self, workload: &Workload) -> Result<f64, Box<dyn Error>> {
        let (cycles, seconds) = match self {
            Self::Ours => timed(workload, ours)?,
            Self::I8051 => timed(workload, i8051)?,
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
            Self::Ours | Self::I8051 => (counted(1)?, counted(2)?, workload.instructions),
        };
        Ok(short
            .zip(long)
            .map(|(short, long)| (long - short) as f64 / steps as f64))
    }

    /// Runs a workload of [`RUN`] in this process.
    pub(crate) fn run_here(self, workload: &Workload, times: usize) -> Result<(), Box<dyn Error>> {
        let run = match self {
            Self::Ours => ours,
            Self::I8051 => i8051,
            Self::S51 => return Err("s51 runs in a process of its own".into()),
        };
        for _ in 0..times {
            run(workload)?;
        }
        Ok(())
    }
}

/// The argument that makes the benchmark run one workload on one peer, for callgrind.
pub(crate) const RUN: &str = "run";

/// The checksum of a workload that was run.
type Checksum = Result<[u8; 4], Box<dyn Error>>;

/// Machine cycles and seconds of a whole workload.
fn timed(
    workload: &Workload,
    run: fn(&Workload) -> Checksum,
) -> Result<(f64, f64), Box<dyn Error>> {
    let begin = host::own_seconds();
    run(workload)?;
    Ok((workload.machine_cycles as f64, host::own_seconds() - begin))
}

/// A whole workload on our core, checked against the recorded figures; returns the checksum.
fn ours(workload: &Workload) -> Checksum {
    let builder = workload
        .segments
        .iter()
        .fold(Program::builder(), |program, segment| {
            program.segment(segment.start, &segment.bytes)
        });
    let program = builder.trap(END).build();
    let (mut cpu, mut xdata) = (Cpu::new(), Xdata::new());
    let used = run(&mut cpu, &mut xdata, &program, Limit::NONE);
    if used.stop != Stop::Trap(END)
        || used.cycles.0 != workload.machine_cycles
        || used.steps.0 != workload.instructions
    {
        return Err(format!("{}: {used:?} is not what was recorded", workload.name).into());
    }
    Ok(std::array::from_fn(|at| xdata.read(CHECKSUM + at as u16)))
}

/// A whole workload on the `i8051` crate, which counts no cycles; returns the checksum.
fn i8051(workload: &Workload) -> Checksum {
    let mut code = vec![0xFF; 0x1_0000];
    for segment in &workload.segments {
        code[usize::from(segment.start)..segment.end()].copy_from_slice(&segment.bytes);
    }
    let mut cpu = i8051::Cpu::new();
    let mut context = (DefaultPortMapper::default(), RAM::new(), ROM::new(code));
    while cpu.pc != END {
        cpu.step(&mut context);
    }
    Ok(std::array::from_fn(|at| {
        context.1.read(CHECKSUM + at as u16)
    }))
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

/// Whether ours and `i8051` come to the same checksum: they did the same work.
pub(crate) fn agree(workload: &Workload) -> Result<bool, Box<dyn Error>> {
    Ok(ours(workload)? == i8051(workload)?)
}
