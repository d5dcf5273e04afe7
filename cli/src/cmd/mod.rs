//! The commands, one file each. A new one is a `mod` and a line in `commands!`.

mod abi;
mod account;
mod asm;
mod block;
mod build;
mod call;
mod chain;
mod contract;
mod deploy;
mod disasm;
mod events;
mod firmware;
mod firmware_test;
mod gas;
mod inspect;
mod new;
mod parity;
mod query;
mod receipt;
mod replay;
mod rollback;
mod run;
mod sdk;
mod state;
mod test;
mod trace;
mod transact;
mod transfer;
mod undeploy;
mod upgrade;

use crate::error::{Error, Status};
use crate::output::Output;
use clap::Subcommand;

/// The enum that clap reads, and its dispatch. A command's struct has its options, its help, and
/// `run(self, &Output) -> Result<Status, Error>`.
macro_rules! commands {
    ($($module:ident::$name:ident)*) => {
        #[derive(Debug, Subcommand)]
        #[allow(clippy::large_enum_variant, reason = "a process reads one command")]
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
    sdk::Sdk
    abi::Abi
    gas::Gas
    run::Run
    replay::Replay
    test::Test
    parity::Parity
    account::Account
    chain::Chain
    contract::Contract
    transfer::Transfer
    transact::Transact
    deploy::Deploy
    upgrade::Upgrade
    undeploy::Undeploy
    call::Call
    query::Query
    state::State
    receipt::Receipt
    trace::Trace
    events::Events
    block::Block
    rollback::Rollback
}

#[cfg(test)]
mod tests {
    use crate::Cli;
    use clap::{CommandFactory, Parser};

    /// The commands of smart51 in the examples of a help text: its lines that begin with `smart51`, each up to a `&&`,
    /// `|` or `>`.
    fn examples(help: &str) -> impl Iterator<Item = Vec<&str>> {
        let lines = help
            .lines()
            .filter(|line| line.trim_start().starts_with("smart51 "));
        let commands = lines.flat_map(|line| line.split("&&"));
        let words = commands.map(|command| {
            let words = command.split_whitespace();
            words
                .take_while(|word| !["|", ">"].contains(word))
                .collect()
        });
        words.filter(|words: &Vec<&str>| words[0] == "smart51")
    }

    /// Every command and subcommand shows an example of itself, and every example is right usage.
    #[test]
    fn every_example_in_the_help_is_right_usage() {
        let mut found = 0;
        let mut left = vec![(String::from("smart51"), Cli::command())];
        while let Some((name, command)) = left.pop() {
            for sub in command.get_subcommands() {
                left.push((format!("{name} {}", sub.get_name()), sub.clone()));
            }
            if name == "smart51" {
                continue;
            }
            let help = command.get_after_help().map(ToString::to_string);
            let help = help.unwrap_or_default();
            assert!(
                help.contains("Example") && help.contains(&name),
                "{name}: {help}"
            );
            for words in examples(&help) {
                found += 1;
                if let Err(error) = Cli::try_parse_from(&words) {
                    panic!("{}: {error}", words.join(" "));
                }
            }
        }
        assert!(found > 30, "{found} examples");
    }
}
