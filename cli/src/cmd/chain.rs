//! `smart51 chain`.

use super::gas::{Named, preset};
use crate::args::number;
use crate::error::{Error, Status};
use crate::output::{Bytes, Output};
use crate::store::StoreArgs;
use crate::text::{Page, Text, say};
use abi::{Gas, Schedule};
use chain::actions::set_schedule;
use chain::{ActionList, FuelRate, Genesis, RegIdText, names, schedules};
use clap::{Args, Subcommand};
use serde::Serialize;

/// Make a local chain, and let blocks and time pass on it.
///
/// Its blocks are made by its transactions, one each, and its time is that of its newest block. What a contract does
/// later, after so many blocks or seconds, needs blocks without transactions.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  smart51 chain new\n  smart51 chain mine 100\n  smart51 chain advance --seconds 86_400"
)]
pub(crate) struct Chain {
    #[command(flatten)]
    store: StoreArgs,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a chain in a new or empty folder. `account new` makes one too, with what is usual.
    #[command(after_help = "Example:\n  smart51 chain new --no-upgrades --store fixed")]
    New {
        /// Let no contract's code ever be set again, nor removed.
        #[arg(long)]
        no_upgrades: bool,
        /// The gas schedule that is in force first; `smart51 gas list` has them.
        #[arg(long, value_name = "NAME", value_parser = preset, default_value = "data-sheet")]
        schedule: &'static Schedule,
        /// Let the price of gas follow the use of the newest N blocks, under dacrs.
        #[arg(long, value_name = "N", value_parser = number::<u16>)]
        fuel_window: Option<u16>,
        /// The least price of gas, if it follows the use of blocks.
        #[arg(long, value_name = "N", value_parser = number::<u64>, requires = "fuel_window", default_value = "1")]
        fuel_floor: u64,
    },
    /// Have another gas schedule hold from a later block on. Prints the receipt.
    #[command(after_help = "Example:\n  smart51 chain schedule wayki --at 100 --from alice")]
    Schedule {
        /// Its name; `smart51 gas list` has them.
        #[arg(value_name = "NAME", value_parser = preset)]
        schedule: &'static Schedule,
        /// The height of the first block in which it holds.
        #[arg(long, value_name = "HEIGHT", value_parser = number::<u32>)]
        at: u32,
        /// The account that sends and pays: the chain's first one.
        #[arg(long, value_name = "ACCOUNT")]
        from: String,
    },
    /// List the gas schedules that the chain has had, has and will have, and what a gas costs next.
    #[command(after_help = "Example:\n  smart51 chain schedules --json")]
    Schedules,
    /// Make blocks without transactions, ten seconds from one to the next.
    #[command(after_help = "Example:\n  smart51 chain mine\n  smart51 chain mine 100 --json")]
    Mine {
        /// How many.
        #[arg(value_name = "N", default_value = "1", value_parser = number::<u32>)]
        blocks: u32,
    },
    /// Make one block without transactions, so many seconds after the newest one.
    #[command(after_help = "Example:\n  smart51 chain advance --seconds 86_400")]
    Advance {
        /// How many seconds.
        #[arg(long, value_name = "N", value_parser = number::<u64>)]
        seconds: u64,
    },
    /// List the deferred actions that wait, in the order in which they will be executed.
    #[command(after_help = "Example:\n  smart51 chain deferred --json")]
    Deferred,
}

/// The most gas of a change of the schedule; what is not used comes back.
const DEFAULT_GAS: u64 = 10_000_000;

/// The newest block.
#[derive(Debug, Serialize)]
struct Report {
    /// How many blocks were made.
    blocks: u32,
    /// How many transactions are in them, of deferred actions.
    executed: usize,
    height: u32,
    time: u64,
    hash: Bytes,
}

impl Chain {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let (chain, action) = match self.action {
            Action::Deferred => {
                out.print(&Waiting::of(&self.store.look()?)?)?;
                return Ok(Status::Success);
            }
            Action::Schedules => {
                out.print(&Schedules::of(&self.store.look()?)?)?;
                return Ok(Status::Success);
            }
            Action::Schedule { schedule, at, from } => {
                return change(&self.store.existing()?, schedule, at, &from, out);
            }
            Action::New {
                no_upgrades,
                schedule,
                fuel_window,
                fuel_floor,
            } => {
                let fuel_rate = fuel_window.map(|window| FuelRate {
                    window,
                    floor: fuel_floor,
                });
                check_fuel(fuel_rate, schedule)?;
                let genesis = Genesis {
                    upgrades: !no_upgrades,
                    schedule: schedule.version,
                    fuel_rate,
                    ..Genesis::default()
                };
                (self.store.new_chain(genesis)?, None)
            }
            action => (self.store.existing()?, Some(action)),
        };
        let mut executed = 0;
        let blocks = match action {
            None
            | Some(
                Action::New { .. } | Action::Deferred | Action::Schedule { .. } | Action::Schedules,
            ) => 0,
            Some(Action::Mine { blocks }) => {
                for _ in 0..blocks {
                    executed += chain.begin_block()?.commit()?.1.len();
                }
                blocks
            }
            Some(Action::Advance { seconds }) => {
                let now = chain.head()?.time;
                let then = now.checked_add(seconds).ok_or_else(|| {
                    Error::input(format_args!(
                        "the newest block's time is {now}: {seconds} seconds more is no time"
                    ))
                })?;
                executed = chain.begin_block_at(then)?.commit()?.1.len();
                1
            }
        };
        let head = chain.head()?;
        let report = Report {
            blocks,
            executed,
            height: head.height,
            time: head.time,
            hash: Bytes(head.hash.to_vec()),
        };
        out.confirm(
            &report,
            format_args!("the newest block is now {}", report.height),
        );
        Ok(Status::Success)
    }
}

/// Refuses a fuel rate that would never count.
fn check_fuel(fuel_rate: Option<FuelRate>, schedule: &Schedule) -> Result<(), Error> {
    match fuel_rate {
        Some(FuelRate { window: 0, .. }) => Err(Error::input(
            "--fuel-window 0 averages no blocks: give at least 1",
        )),
        Some(_) if schedule.general.fuel_rate == 0 => Err(Error::input(format_args!(
            "under {} the price of gas follows nothing: give --schedule dacrs with --fuel-window",
            schedule.name()
        ))),
        _ => Ok(()),
    }
}

/// Has `schedule` hold from block `at` on, by a transaction in a block of its own.
fn change(
    chain: &chain::Chain,
    schedule: &Schedule,
    at: u32,
    from: &str,
    out: &Output,
) -> Result<Status, Error> {
    let sender = chain.resolve(from)?;
    let list = ActionList {
        sender,
        actions: vec![set_schedule(sender, at, &schedules::hash(schedule))],
        gas_limit: Gas(DEFAULT_GAS),
        gas_price: chain.gas_price()?,
        ..ActionList::default()
    };
    let mut block = chain.begin_block()?;
    let report = crate::receipts::Report::of(chain, block.transact(&list, &mut ())?, true)?;
    block.commit()?;
    out.confirm(&report, report.committed());
    Ok(report.status())
}

/// The gas schedules of a chain.
#[derive(Debug, Serialize)]
struct Schedules {
    schedules: Vec<Since>,
    /// What a gas costs in the next block, in the smallest unit.
    gas_price: u64,
    /// The account that can change the schedule, if the chain has it.
    changed_by: Option<String>,
}

#[derive(Debug, Serialize)]
struct Since {
    /// The height of the first block in which it holds.
    from: u32,
    #[serde(flatten)]
    named: Named,
}

impl Schedules {
    fn of(chain: &chain::Chain) -> Result<Schedules, Error> {
        let schedules = chain.schedules()?.into_iter().map(|it| Since {
            from: it.from,
            named: Named::of(&it.schedule),
        });
        let first = chain.first_account();
        Ok(Schedules {
            schedules: schedules.collect(),
            gas_price: chain.gas_price()?,
            changed_by: first.map(|id| RegIdText(id).to_string()),
        })
    }
}

impl Text for Schedules {
    fn text(&self, page: &mut Page) {
        for Since { from, named } in &self.schedules {
            say!(page, "from block {from:<10} {}", named.line());
        }
        say!(page, "gas price {} in the next block", self.gas_price);
    }
}

impl Text for Report {
    fn text(&self, page: &mut Page) {
        say!(page, "height       {}", self.height);
        say!(page, "time         {} seconds since 1970", self.time);
        say!(page, "hash         {}", self.hash);
        if self.executed > 0 {
            say!(
                page,
                "executed     {} transactions of deferred actions; `smart51 block` shows those of a block",
                self.executed
            );
        }
    }
}

/// The deferred actions that wait.
#[derive(Debug, Serialize)]
struct Waiting {
    deferred: Vec<Listed>,
}

#[derive(Debug, Serialize)]
struct Listed {
    /// The height of the first block in which it can be executed.
    due: u32,
    number: u64,
    by: String,
    by_name: Option<String>,
    /// The id that the contract gave it.
    id: u64,
    account: String,
    account_name: Option<String>,
    action: String,
    value: u64,
    gas: u64,
    onerror_gas: u64,
    price: u64,
    data: Bytes,
}

impl Waiting {
    fn of(chain: &chain::Chain) -> Result<Waiting, Error> {
        let waiting = chain.deferred()?;
        let all = waiting
            .iter()
            .flat_map(|(_, entry)| [entry.by, entry.action.account]);
        let names = names::of(chain.store(), &all.collect())?;
        let deferred = waiting.into_iter().map(|(place, entry)| Listed {
            due: place.due,
            number: place.number,
            by: RegIdText(entry.by).to_string(),
            by_name: names.get(&entry.by).cloned(),
            id: entry.id,
            account: RegIdText(entry.action.account).to_string(),
            account_name: names.get(&entry.action.account).cloned(),
            action: entry.action.name.to_string(),
            value: entry.action.value,
            gas: entry.gas.0,
            onerror_gas: entry.onerror_gas.0,
            price: entry.price,
            data: Bytes(entry.action.data),
        });
        Ok(Waiting {
            deferred: deferred.collect(),
        })
    }
}

impl Text for Waiting {
    fn text(&self, page: &mut Page) {
        if self.deferred.is_empty() {
            say!(page, "no deferred actions");
        }
        for listed in &self.deferred {
            let Listed {
                due,
                by,
                id,
                account,
                action,
                value,
                gas,
                onerror_gas,
                data,
                ..
            } = listed;
            let shown = |name: &Option<String>| {
                name.as_deref()
                    .map_or(String::new(), |name| format!("{name} "))
            };
            let (by_name, account_name) = (shown(&listed.by_name), shown(&listed.account_name));
            let amount = match value {
                0 => String::new(),
                value => format!(" with {value}"),
            };
            say!(
                page,
                "from block {due}: {account_name}{account} {action}{amount}, id {id} of {by_name}{by}, at most {gas} gas, and {onerror_gas} to tell a failure"
            );
            if !data.0.is_empty() {
                say!(page, "    data {data}");
            }
        }
    }
}
