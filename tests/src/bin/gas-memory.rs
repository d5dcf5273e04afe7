//! What a transaction holds in memory beside its gas: one case, in this process.
//!
//! Prints the gas used and the bytes held. Status 2: wrong usage; 3: the case could not be run.

use abi::Gas;
use clap::Parser;
use std::process::ExitCode;
use tests::gas_time::memory;

/// Run one transaction, and print its gas and the most bytes of memory that it held.
#[derive(Parser)]
#[command(after_help = "example: gas-memory \"missing keys\" --gas 20000000 --disk")]
struct Arguments {
    /// Which one.
    #[arg(value_parser = memory::names())]
    case: String,
    /// The gas it may use.
    #[arg(long, default_value_t = 10_000_000)]
    gas: u64,
    /// On a store on disk.
    #[arg(long)]
    disk: bool,
}

fn main() -> ExitCode {
    let Arguments { case, gas, disk } = Arguments::parse();
    match memory::held(&case, Gas(gas), disk) {
        Ok((used, held)) => {
            println!("{} {held}", used.0);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("gas-memory: {case}: {error}");
            ExitCode::from(3)
        }
    }
}
