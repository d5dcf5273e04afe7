//! Random programs on our core and on `s51`, compared after every instruction.
//!
//! A batch is a CODE full of random instructions and a number of programs: states to start from. Our core runs first
//! and records its states; then one `s51` process is made to step through the same programs.

pub mod exclusion;
pub mod generate;
pub mod ours;
pub mod theirs;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use emu8051::{Cpu, Xdata, disasm};

use self::exclusion::Exclusion;
use self::generate::Batch;
use self::ours::{Step, Trace};
use self::theirs::Answers;
use crate::tool::ToolError;

/// How many programs share a CODE, an XDATA and an `s51` process.
const BATCH: usize = 50;

/// Why the two could not be compared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// `s51` is missing or failed.
    #[error("stepping s51: {0}")]
    S51(#[from] ToolError),
    /// The image for `s51` could not be written.
    #[error("writing the image for s51: {0}")]
    Image(#[from] std::io::Error),
    /// `s51` did not say what it was asked for.
    #[error("expected {expected} in what s51 says, found none")]
    Answer {
        /// What was looked for.
        expected: &'static str,
    },
}

/// What is compared after every instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The program counter.
    pub pc: u16,
    /// The accumulator.
    pub a: u8,
    /// The B register.
    pub b: u8,
    /// The program status word.
    pub psw: u8,
    /// The stack pointer.
    pub sp: u8,
    /// The data pointer.
    pub dptr: u16,
    /// All of IRAM.
    pub iram: [u8; 256],
    /// What the byte of XDATA is that the instruction wrote, if it wrote one.
    pub xdata: Option<u8>,
    /// The machine cycles of the instruction.
    pub cycles: u64,
}

impl State {
    /// A processor's state after an instruction.
    #[must_use]
    pub fn of(cpu: &Cpu, xdata: Option<u8>, cycles: u64) -> Self {
        Self {
            pc: cpu.pc(),
            a: cpu.a(),
            b: cpu.b(),
            psw: cpu.psw().bits(),
            sp: cpu.sp(),
            dptr: cpu.dptr(),
            iram: cpu.iram_all(),
            xdata,
            cycles,
        }
    }

    /// Each field in which the two are not equal, as text.
    fn differences(&self, theirs: &Self) -> Vec<String> {
        let field = |name: &str, ours: u64, theirs: u64| {
            (ours != theirs).then(|| format!("{name}: ours 0x{ours:02x}, s51 0x{theirs:02x}"))
        };
        let byte = |name: &str, ours: u8, theirs: u8| field(name, ours.into(), theirs.into());
        let registers = [
            field("PC", self.pc.into(), theirs.pc.into()),
            byte("A", self.a, theirs.a),
            byte("B", self.b, theirs.b),
            byte("PSW", self.psw, theirs.psw),
            byte("SP", self.sp, theirs.sp),
            field("DPTR", self.dptr.into(), theirs.dptr.into()),
            field("machine cycles", self.cycles, theirs.cycles),
            self.xdata
                .zip(theirs.xdata)
                .and_then(|(ours, theirs)| byte("XDATA written", ours, theirs)),
        ];
        let pairs = self.iram.iter().zip(&theirs.iram).enumerate();
        let iram =
            pairs.map(|(at, (&ours, &theirs))| byte(&format!("IRAM 0x{at:02x}"), ours, theirs));
        registers.into_iter().chain(iram).flatten().collect()
    }
}

/// What has been compared.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Tally {
    /// Programs.
    pub programs: usize,
    /// Instructions after which the states were compared.
    pub instructions: usize,
    /// The opcodes among them.
    pub opcodes: BTreeSet<u8>,
    /// How many programs ended before their full length, and by what.
    pub excluded: BTreeMap<Exclusion, usize>,
}

impl Tally {
    fn add(&mut self, trace: &Trace) {
        self.programs += 1;
        self.instructions += trace.steps.len();
        self.opcodes
            .extend(trace.steps.iter().map(|step| step.insn.opcode));
        if let Some(exclusion) = trace.end {
            *self.excluded.entry(exclusion).or_default() += 1;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} programs, {} instructions of {} opcodes compared",
            self.programs,
            self.instructions,
            self.opcodes.len()
        )?;
        for (exclusion, programs) in &self.excluded {
            write!(f, "\n{programs:6} programs ended before {exclusion}")?;
        }
        Ok(())
    }
}

/// The first difference, with what led to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The program, counted from 0.
    pub program: usize,
    /// Its last instructions up to the one after which the states differ.
    pub instructions: Vec<String>,
    /// What differs.
    pub fields: Vec<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "program {} differs after", self.program)?;
        for instruction in &self.instructions {
            writeln!(f, "    {instruction}")?;
        }
        write!(f, "{}", self.fields.join("\n"))
    }
}

/// Compares `programs` random programs of up to `length` instructions, all made from `seed`, and stops at the first
/// difference. `progress` is told what has been compared so far.
///
/// # Errors
/// When `s51` is missing or cannot be understood.
pub fn run(
    seed: u64,
    programs: usize,
    length: usize,
    mut progress: impl FnMut(&Tally),
) -> Result<(Tally, Option<Difference>), Error> {
    let mut tally = Tally::default();
    while tally.programs < programs {
        let batch = Batch::new(seed, tally.programs, BATCH.min(programs - tally.programs));
        let ours = ours::record(&batch, length);
        let mut answers = theirs::run(&batch, &ours.0)?;
        if let Some(difference) = compare(&batch, &ours, &mut answers, &mut tally)? {
            return Ok((tally, Some(difference)));
        }
        progress(&tally);
    }
    Ok((tally, None))
}

/// Compares what both recorded of a batch.
fn compare(
    batch: &Batch,
    (traces, xdata): &(Vec<Trace>, Xdata),
    answers: &mut Answers,
    tally: &mut Tally,
) -> Result<Option<Difference>, Error> {
    for trace in traces {
        let difference = |after: usize, fields| Difference {
            program: tally.programs,
            instructions: listing(batch, &trace.steps[..after]),
            fields,
        };
        for (number, step) in trace.steps.iter().enumerate() {
            let fields = step.state.differences(&answers.state(step.written)?);
            if !fields.is_empty() {
                return Ok(Some(difference(number + 1, fields)));
            }
        }
        if !trace.blocks_agree {
            let field =
                "the end: the loop that charges by the block comes to another one".to_owned();
            return Ok(Some(difference(trace.steps.len(), vec![field])));
        }
        tally.add(trace);
    }
    let theirs = answers.xdata()?;
    let differs = xdata
        .bytes()
        .iter()
        .zip(theirs.iter())
        .position(|(ours, theirs)| ours != theirs);
    Ok(differs.map(|at| Difference {
        program: tally.programs,
        instructions: Vec::new(),
        fields: vec![format!(
            "XDATA 0x{at:04x}, after the last program of a batch: only one of the two wrote it"
        )],
    }))
}

/// The last of some instructions, disassembled.
fn listing(batch: &Batch, steps: &[Step]) -> Vec<String> {
    const SHOWN: usize = 8;
    let last = &steps[steps.len().saturating_sub(SHOWN)..];
    last.iter()
        .map(|step| format!("{:04X}  {}", step.at, disasm(&batch.code, step.at)))
        .collect()
}
