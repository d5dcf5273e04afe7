//! `smart51 abi list`.

use crate::error::{Error, Status};
use crate::output::Output;
use crate::text::{Page, Text, say};
use abi::Schedule;
use abi::document;
use abi::method::{self, Item, METHODS, MethodSpec, PerBytes};
use abi::schedule::General;
use clap::Args;
use serde::Serialize;

/// List all methods, in order of number.
///
/// Prices are in gas, under v1, by the gas schedule `data-sheet`; `smart51 gas show` has the others.
/// With --json: arguments, answers and all parts of a price too.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  smart51 abi list --json")]
pub(crate) struct ListMethods;

#[derive(Debug, Serialize)]
struct List {
    schedule: Prices,
    methods: Vec<Method>,
}

/// What else than methods costs gas.
#[derive(Debug, Serialize)]
struct Prices {
    version: u16,
    /// Of being a transaction.
    transaction: u64,
    /// Of a byte of input or of a local name.
    input_byte: u64,
    /// Of an action of a transaction of several.
    action: u64,
    /// Of sending an amount.
    value: u64,
    /// Of looking for an image by its hash.
    code: u64,
    /// Of an account or contract that is made.
    account: u64,
    deployed_byte: u64,
    /// Of calling an 8051 contract.
    entry: u64,
    /// Of each 64 bytes of CODE of which its image programs any.
    code_line: u64,
    machine_cycle: u64,
    /// The most actions of a transaction.
    actions_max: u64,
    /// How deep inline actions can stand below one of them.
    inline_depth: u64,
    /// The most gas of the deferred actions that are executed in one block.
    deferred_gas_max: u64,
    /// At most one part in so many of the gas used is given back.
    refund_divisor: u64,
    storage: Storage,
}

/// The price of a record of a contract's data, for every started `bytes` of it.
#[derive(Debug, Serialize)]
struct Storage {
    bytes: u64,
    added: u64,
    changed: u64,
    unchanged: u64,
    removed: u64,
    given_back: u64,
}

#[derive(Debug, Serialize)]
struct Method {
    number: u16,
    name: &'static str,
    original: Option<&'static str>,
    since: &'static str,
    summary: &'static str,
    arguments: Vec<Holds>,
    optional: Vec<Holds>,
    answer: Vec<Holds>,
    gas: Gas,
    steps: &'static str,
}

#[derive(Debug, Serialize)]
struct Holds {
    name: &'static str,
    holds: String,
}

#[derive(Debug, Serialize)]
struct Gas {
    /// The whole price in words.
    price: String,
    base: u64,
    arguments: Bytes,
    answer: Bytes,
}

/// So much gas for every started run of so many bytes.
#[derive(Debug, Serialize)]
struct Bytes {
    gas: u64,
    bytes: u64,
}

impl ListMethods {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        out.print(&List::new())?;
        Ok(Status::Success)
    }
}

impl List {
    fn new() -> List {
        let Schedule {
            version,
            general:
                General {
                    gas_per_cycle,
                    gas_per_code_byte,
                    gas_per_transaction,
                    gas_per_input_byte,
                    gas_per_action,
                    gas_of_value,
                    gas_of_code,
                    gas_of_account,
                    gas_per_entry,
                    gas_per_code_line,
                    actions_max,
                    inline_depth,
                    deferred_gas_max,
                    refund_divisor,
                    // The rest bounds nothing by `data-sheet`, or is told with what it bounds: `gas show` lists all.
                    ..
                },
            ..
        } = Schedule::DATA_SHEET;
        List {
            schedule: Prices {
                version,
                transaction: gas_per_transaction,
                input_byte: gas_per_input_byte,
                action: gas_per_action,
                value: gas_of_value,
                code: gas_of_code,
                account: gas_of_account,
                deployed_byte: gas_per_code_byte,
                entry: gas_per_entry,
                code_line: gas_per_code_line,
                machine_cycle: gas_per_cycle,
                actions_max,
                inline_depth,
                deferred_gas_max,
                refund_divisor,
                storage: Storage {
                    bytes: method::STORAGE_RUN,
                    added: method::ADDED,
                    changed: method::CHANGED,
                    unchanged: method::UNCHANGED,
                    removed: method::REMOVED,
                    given_back: method::FREED,
                },
            },
            methods: METHODS.iter().map(Method::new).collect(),
        }
    }
}

impl Method {
    fn new(spec: &MethodSpec) -> Method {
        let hold = |items: &[Item]| {
            let hold = |item: &Item| Holds {
                name: item.name,
                holds: document::describe(item.kind),
            };
            items.iter().map(hold).collect()
        };
        Method {
            number: spec.id,
            name: spec.name,
            original: spec.original,
            since: spec.since().name(),
            summary: spec.summary,
            arguments: hold(spec.args),
            optional: hold(spec.optional),
            answer: hold(spec.reply),
            gas: Gas {
                price: document::price(&spec.gas),
                base: spec.gas.base,
                arguments: spec.gas.request.into(),
                answer: spec.gas.reply.into(),
            },
            steps: spec.steps.formula(),
        }
    }
}

impl From<PerBytes> for Bytes {
    fn from(PerBytes { gas, bytes }: PerBytes) -> Bytes {
        Bytes { gas, bytes }
    }
}

impl Text for List {
    fn text(&self, page: &mut Page) {
        for Method {
            number,
            name,
            gas,
            summary,
            ..
        } in &self.methods
        {
            say!(page, "{number:>5} {name:<22} {summary}");
            say!(page, "{:>28} {}", "gas", gas.price);
        }
        let Storage {
            bytes,
            added,
            changed,
            unchanged,
            removed,
            given_back,
        } = &self.schedule.storage;
        say!(
            page,
            "storage, for every started {bytes} bytes of a key and its value: {added} added, {changed} changed, \
             {unchanged} left as they are, {removed} where they go, and {given_back} given back"
        );
        let Prices {
            transaction,
            input_byte,
            action,
            value,
            account,
            deployed_byte,
            entry,
            code_line,
            machine_cycle,
            ..
        } = &self.schedule;
        say!(
            page,
            "a transaction: {transaction}, and {input_byte} for each byte of input or of a name, {action} for each \
             action of several, {value} for an amount sent, {account} for an account or a contract made, {deployed_byte} for each byte of its image"
        );
        say!(
            page,
            "a call of an 8051 contract: {entry}, {code_line} for each 64 bytes of CODE that hold any of the image, and \
             {machine_cycle} for each machine cycle"
        );
    }
}
