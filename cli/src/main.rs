//! `smart51`: contracts for a real 8051, on the command line.
//!
//! Each command is a file in [`cmd`]; its doc comments are its help. What they share: [`args`]
//! reads numbers and bytes, [`files`] files, and keeps inputs from being overwritten, [`input`] the
//! bytes of a call, [`output`] prints text or JSON through the door that [`text`] is, [`error`]
//! carries the exit status, [`usage`] answers wrong arguments, [`store`] opens the local chain,
//! [`receipts`] shows the results of transactions on it, [`watch`] tells coverage and stack,
//! [`profile`] where a call spends, and [`messages`] puts what the crate `firmware` tells into words.

mod advice;
mod args;
mod cmd;
mod engine;
mod error;
mod files;
mod host_calls;
mod image;
mod input;
mod junit;
mod messages;
mod output;
mod parallel;
mod profile;
mod pty;
mod receipts;
mod state_keys;
mod store;
mod text;
mod toolchain;
mod trace;
mod traps;
mod tree;
mod typed;
mod usage;
mod watch;

use clap::Parser;
use output::Output;
use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

/// Contracts for a real 8051: build, inspect, run and test them, and keep a local chain of them.
#[derive(Debug, Parser)]
#[command(version, bin_name = "smart51", propagate_version = true, after_help = STATUS_HELP)]
struct Cli {
    /// Print one JSON object instead of text.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: cmd::Command,
}

const STATUS_HELP: &str = "\
Exit status: 0 success, 1 the contract refused or faulted or a comparison failed, 2 wrong usage or bad
input, 3 the node failed.

Numbers may be written as 0x1F and 1_000. BYTES are hex, @FILE for what a file holds, or - for standard
input.";

fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().collect();
    let Ok(cli) = Cli::try_parse_from(&arguments) else {
        return usage::answer(&arguments).into();
    };
    let out = Output::new(cli.json);
    match cli.command.run(&out) {
        Ok(status) => status.into(),
        Err(error) => out.fail(error).into(),
    }
}
