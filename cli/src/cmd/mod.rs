//! The commands, one file each. A new one is a `mod` and a line in `commands!`.

mod account;
mod asm;
mod block;
mod build;
mod call;
mod deploy;
mod disasm;
mod firmware;
mod firmware_test;
mod inspect;
mod new;
mod parity;
mod query;
mod receipt;
mod replay;
mod rollback;
mod run;
mod state;
mod test;

use crate::error::{Error, Status};
use crate::output::Output;
use clap::Subcommand;

/// The enum that clap reads, and its dispatch. A command's struct has its options, its help, and
/// `run(self, &Output) -> Result<Status, Error>`.
macro_rules! commands {
    ($($module:ident::$name:ident)*) => {
        #[derive(Debug, Subcommand)]
        pub(crate) enum Command {
            $($name($module::$name),)*
        }

        impl Command {
            pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
                match self {
                    $(Command::$name(command) => command.run(out),)*
                }
            }
        }
    };
}

commands! {
    inspect::Inspect
    disasm::Disasm
    asm::Asm
    build::Build
    firmware::Firmware
    firmware_test::FirmwareTest
    new::New
    run::Run
    replay::Replay
    test::Test
    parity::Parity
    account::Account
    deploy::Deploy
    call::Call
    query::Query
    state::State
    receipt::Receipt
    block::Block
    rollback::Rollback
}
