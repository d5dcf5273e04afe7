//! Runs an Intel HEX image from reset until PC arrives at 0x0008 and prints what it used.
//!
//! `valgrind --tool=callgrind --toggle-collect='*block_loop*' target/release/examples/workload FILE.ihx` counts the
//! host instructions of the run alone.

use std::process::ExitCode;

use emu8051::{Cpu, Limit, Program, ProgramBuilder, Xdata, run};

/// The data records of an Intel HEX file; checksums are the loader's business.
fn segments(text: &str) -> Option<ProgramBuilder> {
    let mut builder = Program::builder().trap(0x0008);
    for line in text.lines() {
        let digits = line.trim().strip_prefix(':')?;
        let bytes: Vec<u8> = (0..digits.len() / 2)
            .map(|i| u8::from_str_radix(digits.get(2 * i..2 * i + 2)?, 16).ok())
            .collect::<Option<_>>()?;
        let [len, high, low, kind, data @ ..] = &bytes[..] else {
            return None;
        };
        if *kind == 0 {
            builder = builder.segment(
                u16::from_be_bytes([*high, *low]),
                data.get(..*len as usize)?,
            );
        }
    }
    Some(builder)
}

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: workload FILE.ihx");
        return ExitCode::from(2);
    };
    let Some(builder) = std::fs::read_to_string(&path)
        .ok()
        .and_then(|text| segments(&text))
    else {
        eprintln!("{path} is not an Intel HEX file");
        return ExitCode::from(2);
    };
    let begin = std::time::Instant::now();
    let program = builder.build();
    let predecoded = begin.elapsed();
    let (mut cpu, mut xdata) = (Cpu::new(), Xdata::new());
    let begin = std::time::Instant::now();
    let used = run(&mut cpu, &mut xdata, &program, Limit::NONE);
    let took = begin.elapsed();
    println!(
        "{path}: {:?} after {}, {}; predecoding {:.0} us, {:.0} M cycles/s",
        used.stop,
        used.cycles,
        used.steps,
        predecoded.as_secs_f64() * 1e6,
        used.cycles.0 as f64 / took.as_secs_f64() / 1e6,
    );
    ExitCode::SUCCESS
}
