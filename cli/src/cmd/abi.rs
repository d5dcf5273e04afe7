//! `smart51 abi`.

use crate::error::{Error, Status};
use crate::output::Output;
use crate::text::{Page, Text, say};
use abi::document;
use abi::method::{self, Item, METHODS, MethodSpec, PerBytes};
use bridge::Schedule;
use clap::{Args, Subcommand};
use serde::Serialize;

/// List the methods that a contract's host has, with their prices.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  smart51 abi list")]
pub(crate) struct Abi {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List all methods, in order of number.
    ///
    /// Prices are in gas, under v1. With --json: arguments, answers and all parts of a price too.
    #[command(after_help = "Example:\n  smart51 abi list --json")]
    List,
}

#[derive(Debug, Serialize)]
struct List {
    schedule: Prices,
    methods: Vec<Method>,
}

/// What else than methods costs gas.
#[derive(Debug, Serialize)]
struct Prices {
    version: u16,
    machine_cycle: u64,
    deployed_byte: u64,
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

impl Abi {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        match self.action {
            Action::List => out.print(&List::new())?,
        }
        Ok(Status::Success)
    }
}

impl List {
    fn new() -> List {
        let schedule = Schedule::V1;
        List {
            schedule: Prices {
                version: schedule.version,
                machine_cycle: schedule.gas_per_cycle,
                deployed_byte: schedule.gas_per_code_byte,
                refund_divisor: schedule.refund_divisor,
                storage: Storage {
                    bytes: method::STORAGE_RUN,
                    added: method::ADDED,
                    changed: method::CHANGED,
                    unchanged: method::UNCHANGED,
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
            given_back,
        } = &self.schedule.storage;
        say!(
            page,
            "storage, for every started {bytes} bytes of a key and its value: {added} added, {changed} changed, \
             {unchanged} left as they are; {given_back} given back where they go"
        );
        let Prices {
            machine_cycle,
            deployed_byte,
            ..
        } = &self.schedule;
        say!(
            page,
            "a machine cycle: {machine_cycle}; a byte of an image that is deployed: {deployed_byte}"
        )
    }
}
