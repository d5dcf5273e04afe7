//! What a gas takes in processor time, of everything that costs gas, beside a gas of plain code: the table of
//! docs/performance.md.
//!
//! Status 0: nothing takes more than 8 times; 1: something does; 2: wrong usage; 3: a case could not be run.

use abi::Schedule;
use clap::Parser;
use std::process::ExitCode;
use tests::gas_time::measure::{self, Taken, gas_time_counted, gas_time_measured};
use tests::gas_time::world::World;
use tests::gas_time::{self, Case, Error, MOST, Part, plain};

/// Measure what a gas takes in processor time, of everything that costs gas.
#[derive(Parser)]
#[command(after_help = "example: gas-time --only verify --memory")]
struct Arguments {
    /// Only the rows with this text in their names.
    #[arg(long, default_value = "")]
    only: String,
    /// Only on the store in memory.
    #[arg(long)]
    memory: bool,
    /// How many keys the contract has on disk.
    #[arg(long, default_value_t = 300_000)]
    keys: u32,
    /// The gas schedule whose gas is measured. Only data-sheet is held to the limit.
    #[arg(long, value_name = "NAME", default_value = "data-sheet", value_parser = preset)]
    schedule: &'static Schedule,
    /// Run each row that is counted once, for callgrind to watch, and print its gas.
    #[arg(long, exclusive = true)]
    counted: bool,
}

fn preset(name: &str) -> Result<&'static Schedule, String> {
    Schedule::preset(name).ok_or_else(|| "there is no such gas schedule".into())
}

/// The keys that the contract has in memory.
const KEYS_IN_MEMORY: u32 = 10_000;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    gas_time::choose(arguments.schedule);
    let done = match arguments.counted {
        true => counted().map(|()| true),
        false => table(&arguments),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("gas-time: {error}");
            ExitCode::from(3)
        }
    }
}

/// A line of the table.
struct Row {
    name: String,
    store: &'static str,
    taken: Taken,
}

/// Measures and prints; whether all is within the limit.
fn table(arguments: &Arguments) -> Result<bool, Error> {
    let cases: Vec<Case> = gas_time::cases()?
        .into_iter()
        .filter(|case| case.name.contains(&arguments.only))
        .collect();
    let mut plain = plain::trials()?;
    let mut best = vec![f64::INFINITY; plain.len()];
    // Before and after the rows: whichever half of the run the machine was quieter in.
    let mut measure_plain = || -> Result<(), Error> {
        for ((_, trial), best) in plain.iter_mut().zip(&mut best) {
            *best = best.min(measure::taken(trial)?.each());
        }
        Ok(())
    };
    measure_plain()?;
    let mut rows = Vec::new();
    let mut measure_rows = |store: &'static str, world: &World| -> Result<(), Error> {
        for case in &cases {
            eprintln!("{store}: {}", case.name);
            let taken = case
                .prepare(world)
                .and_then(|mut trial| measure::taken(&mut trial))
                .map_err(|error| format!("{}: {error}", case.name));
            let taken = match taken {
                Ok(taken) => taken,
                // The limits of the rows are made for data-sheet.
                Err(error) if !is_held() => {
                    println!("{store}: not measured: {error}");
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            rows.push(Row {
                name: case.name.clone(),
                store,
                taken,
            });
        }
        Ok(())
    };
    measure_rows("memory", &World::in_memory(KEYS_IN_MEMORY)?)?;
    if !arguments.memory {
        measure_rows("sled", &World::on_disk(arguments.keys)?)?;
    }
    measure_plain()?;
    let mean = best.iter().sum::<f64>() / best.len() as f64;
    println!("Plain code: {mean:.2} ns a gas, the mean of\n");
    println!("| workload | ns a gas |\n|---|--:|");
    for ((name, _), each) in plain.iter().zip(&best) {
        println!("| {name} | {each:.2} |");
    }
    rows.sort_by(|a, b| b.taken.each().total_cmp(&a.taken.each()));
    println!("\n| what | store | gas | ns a gas | times plain code |\n|---|---|--:|--:|--:|");
    for Row { name, store, taken } in &rows {
        let (gas, each) = (taken.gas, taken.each());
        println!(
            "| {name} | {store} | {gas} | {each:.2} | {:.2} |",
            each / mean
        );
    }
    let above = rows.iter().filter(|row| row.taken.each() > MOST * mean);
    let count = above.count();
    match count {
        _ if !is_held() => {
            println!("\n{}", warning(count));
            Ok(true)
        }
        0 => Ok(true),
        _ => {
            println!("\n{count} rows are above {MOST} times plain code");
            Ok(false)
        }
    }
}

/// Whether the schedule is the one that the limit binds.
fn is_held() -> bool {
    gas_time::chosen().version == Schedule::DATA_SHEET.version
}

/// What is to be known of the ratios of another schedule.
fn warning(above: usize) -> String {
    let name = gas_time::chosen().name();
    format!(
        "warning: the gas of {name} does not follow the time that work takes: {above} rows are above {MOST} times \
         plain code, and a block of that gas takes a node as much longer"
    )
}

/// Runs each part of what is counted once, and prints its name and gas in the order in which it ran.
fn counted() -> Result<(), Error> {
    let world = World::in_memory(0)?;
    let cases = gas_time::cases()?;
    let mut trials = plain::trials()?;
    for name in gas_time::COUNTED {
        let case = cases.iter().find(|case| case.name == *name);
        let case = case.ok_or_else(|| format!("there is no row `{name}`"))?;
        trials.push((case.name.clone(), case.prepare(&world)?));
    }
    for (name, trial) in &mut trials {
        trial(Part::Whole)?; // what is made ready once is ready then
        for part in [Part::History, Part::Whole] {
            let gas = gas_time_measured(trial, part)?;
            gas_time_counted();
            println!("{gas} {name}");
        }
    }
    Ok(())
}
