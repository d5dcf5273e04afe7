//! Compares random programs on our core and on `s51`, instruction by instruction.
//!
//! Status 0: no difference; 1: a difference, printed with what led to it; 2: wrong usage; 3: `s51` is missing or fails.

use std::process::ExitCode;

use clap::Parser;
use tests::lockstep;

/// Compare random programs on our core and on s51, instruction by instruction.
#[derive(Parser)]
#[command(after_help = "example: lockstep --seed 7 --programs 2000")]
struct Arguments {
    /// What the programs are made from; the same seed makes the same programs.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many programs to compare.
    #[arg(long, default_value_t = 200)]
    programs: usize,
    /// How many instructions a program may have.
    #[arg(long, default_value_t = 30)]
    length: usize,
}

fn main() -> ExitCode {
    let Arguments {
        seed,
        programs,
        length,
    } = Arguments::parse();
    let progress = |tally: &lockstep::Tally| {
        if tally.programs.is_multiple_of(500) {
            eprintln!("seed {seed}: {} of {programs} programs", tally.programs);
        }
    };
    match lockstep::run(seed, programs, length, progress) {
        Ok((tally, None)) => {
            println!("seed {seed}: {tally}\nno difference");
            ExitCode::SUCCESS
        }
        Ok((tally, Some(difference))) => {
            println!("seed {seed}: {tally}\n{difference}");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("lockstep: {error}");
            ExitCode::from(3)
        }
    }
}
