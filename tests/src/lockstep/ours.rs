//! The programs on our core, recorded instruction by instruction.

use emu8051::{Bus, Cpu, Insn, Limit, Program, Reserved, Steps, Xdata, run, run_exact};

use super::State;
use super::exclusion::{Exclusion, exclusion};
use super::generate::Batch;

/// One executed instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its address.
    pub at: u16,
    /// What it was.
    pub insn: Insn,
    /// The address in XDATA that it wrote.
    pub written: Option<u16>,
    /// The state after it.
    pub state: State,
}

/// One program's run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// Every instruction.
    pub steps: Vec<Step>,
    /// Why it ended before its full length.
    pub end: Option<Exclusion>,
    /// Whether the loop that charges by the block comes to the same end as the one that records.
    pub blocks_agree: bool,
}

/// Runs a batch, each program for at most `length` instructions; returns what happened, and XDATA at the end.
#[must_use]
pub fn record(batch: &Batch, length: usize) -> (Vec<Trace>, Xdata) {
    let program = Program::builder()
        .segment(0, &batch.code[..])
        .reserved(Reserved::Nop)
        .build();
    let mut recorder = Recorder {
        xdata: Xdata::new(),
        written: None,
    };
    for (page, value) in (0..=0xFF).zip(batch.pages) {
        recorder
            .xdata
            .copy_in(u16::from_be_bytes([page, 0]), &[value; 256]);
    }
    let record = |start: &Cpu| record_program(&program, &mut recorder, start, length);
    let traces = batch.starts.iter().map(record).collect();
    (traces, recorder.xdata)
}

fn record_program(program: &Program, recorder: &mut Recorder, start: &Cpu, length: usize) -> Trace {
    let mut cpu = start.clone();
    let mut xdata = recorder.xdata.clone();
    let mut steps = Vec::with_capacity(length);
    let mut end = None;
    while steps.len() < length {
        let insn = program.insn_at(cpu.pc());
        let mut after = cpu.clone();
        recorder.written = None;
        let cost = run_exact(&mut after, recorder, program, Limit::steps(1)).cycles;
        end = exclusion(&cpu, &insn, &after);
        if end.is_some() {
            break;
        }
        let state = State::of(
            &after,
            recorder.written.map(|at| recorder.xdata.read(at)),
            cost.0,
        );
        steps.push(Step {
            at: cpu.pc(),
            insn,
            written: recorder.written,
            state,
        });
        cpu = after;
    }
    let mut at_once = start.clone();
    let whole = run(
        &mut at_once,
        &mut xdata,
        program,
        Limit::steps(steps.len() as u64),
    );
    let blocks_agree = at_once == cpu
        && whole.steps == Steps(steps.len() as u64)
        && xdata.bytes() == recorder.xdata.bytes();
    Trace {
        steps,
        end,
        blocks_agree,
    }
}

/// XDATA that remembers where it was written.
struct Recorder {
    xdata: Xdata,
    written: Option<u16>,
}

impl Bus for Recorder {
    fn xread(&mut self, address: u16) -> u8 {
        self.xdata.read(address)
    }

    fn xwrite(&mut self, address: u16, value: u8) {
        self.written = Some(address);
        self.xdata.write(address, value);
    }
}
