//! The same programs on `s51`: a script of commands, and what it says to them.

use std::fmt::Write;

use emu8051::{Cpu, sfr};
use loader::{Segment, hex};

use super::generate::Batch;
use super::ours::Trace;
use super::{Error, State};
use crate::s51::{self, CLOCKS_PER_MACHINE_CYCLE};

/// The type with 256 bytes of IRAM; none of its peripherals is used.
const OPTIONS: [&str; 2] = ["-t", "52"];

/// Makes `s51` execute every instruction of `traces`.
///
/// # Errors
/// When `s51` is missing or fails.
pub fn run(batch: &Batch, traces: &[Trace]) -> Result<Answers, Error> {
    let folder = tempfile::tempdir()?;
    let image = folder.path().join("code.ihx");
    std::fs::write(
        &image,
        hex::write(&[Segment {
            start: 0,
            bytes: batch.code.to_vec(),
        }]),
    )?;
    let said = s51::batch(&OPTIONS, &image, &script(batch, traces))?;
    Ok(Answers { said, at: 0 })
}

fn script(batch: &Batch, traces: &[Trace]) -> String {
    // Otherwise it stops, without a state, where the stack wraps around.
    let mut script = "set error stack off\nreset\n".to_owned();
    for (page, value) in batch.pages.iter().enumerate() {
        line(
            &mut script,
            format_args!("fill xram {page:#04x}00 {page:#04x}ff {value:#04x}"),
        );
    }
    for (start, trace) in batch.starts.iter().zip(traces) {
        set_state(&mut script, start);
        for step in &trace.steps {
            script.push_str("step 1\ndump /i iram 0 0xff\n");
            if let Some(at) = step.written {
                line(
                    &mut script,
                    format_args!("dump /i xram {at:#06x} {at:#06x}"),
                );
            }
        }
    }
    script.push_str("dump /i xram 0 0xffff\nquit\n");
    script
}

/// PSW after ACC: `s51` works out the parity when ACC is written, and keeps what is written to PSW.
fn set_state(script: &mut String, cpu: &Cpu) {
    script.push_str("set memory iram 0");
    for byte in cpu.iram_all() {
        // Writing to a string cannot fail.
        let _ = write!(script, " {byte}");
    }
    script.push('\n');
    for register in [
        sfr::ACC,
        sfr::B,
        sfr::SP,
        sfr::DPL,
        sfr::DPH,
        sfr::P2,
        sfr::PSW,
    ] {
        line(
            script,
            format_args!("set memory sfr {register} {}", cpu.sfr(register)),
        );
    }
    line(script, format_args!("pc {}", cpu.pc()));
}

fn line(script: &mut String, command: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(script, "{command}");
}

/// What `s51` said, read from front to back.
#[derive(Debug)]
pub struct Answers {
    said: String,
    at: usize,
}

impl Answers {
    /// The state after the next instruction, with the byte of XDATA at `written`, if that was asked for.
    ///
    /// # Errors
    /// When there is no such state.
    pub fn state(&mut self, written: Option<u16>) -> Result<State, Error> {
        let pc = self.number("Stop at 0x", 16)?;
        let ticks = self.number("stepped ", 10)?;
        let a = self.number("ACC= 0x", 16)?;
        let b = self.number("B= 0x", 16)?;
        let psw = self.number("PSW= 0x", 16)?;
        let sp = self.number("SP 0x", 16)?;
        let dptr = self.number("DPTR= 0x", 16)?;
        // The end of what a step says; a dump follows.
        self.number("F 0x", 16)?;
        let iram = self.dump(0, "a dump of IRAM")?;
        let xdata = written
            .map(|at| self.dump(at, "a byte of XDATA"))
            .transpose()?;
        Ok(State {
            pc: pc as u16,
            a: a as u8,
            b: b as u8,
            psw: psw as u8,
            sp: sp as u8,
            dptr: dptr as u16,
            iram,
            xdata: xdata.map(|[byte]| byte),
            cycles: ticks / CLOCKS_PER_MACHINE_CYCLE,
        })
    }

    /// All of XDATA, asked for at the end.
    ///
    /// # Errors
    /// When it is not there.
    pub fn xdata(&mut self) -> Result<Box<[u8; 65536]>, Error> {
        self.dump(0, "a dump of XDATA").map(Box::new)
    }

    /// The number after the next `before`.
    fn number(&mut self, before: &'static str, radix: u32) -> Result<u64, Error> {
        let rest = &self.said[self.at..];
        let digits = rest.find(before).map(|found| found + before.len());
        let digits = digits.ok_or(Error::Answer { expected: before })?;
        self.at += digits;
        let rest = &rest[digits..];
        let end = rest
            .find(|c: char| !c.is_digit(radix))
            .unwrap_or(rest.len());
        u64::from_str_radix(&rest[..end], radix).map_err(|_| Error::Answer { expected: before })
    }

    /// The bytes of the next dump that begins at `at`; it is in Intel HEX, 32 bytes a record.
    fn dump<const N: usize>(&mut self, at: u16, expected: &'static str) -> Result<[u8; N], Error> {
        const END: &str = ":00000001FF";
        let missing = || Error::Answer { expected };
        let rest = &self.said[self.at..];
        // Not always at the beginning of a line: the echo of the script may stand before it.
        let begin = rest
            .find(&format!(":{:02X}{at:04X}00", N.min(32)))
            .ok_or_else(missing)?;
        let end = begin + rest[begin..].find(END).ok_or_else(missing)? + END.len();
        self.at += end;
        let segments = hex::parse(&rest.as_bytes()[begin..end]).map_err(|_| missing())?;
        let bytes: Vec<u8> = segments
            .into_iter()
            .flat_map(|segment| segment.bytes)
            .collect();
        bytes.try_into().map_err(|_| missing())
    }
}
