//! Our core and the peers that registries offer, on the same work in one run, taking turns.
//!
//! `make bench` prints the tables of docs/performance.md: million machine cycles a second, host instructions for an
//! 8051 instruction (with valgrind), ratios, and the costs around a run.

mod host;
mod machine;
mod peer;

use std::env;
use std::error::Error;
use std::process::ExitCode;

use tests::workload::{NAMES, Workload};

use crate::peer::{Peer, RUN};

/// How often each workload's turn comes on each peer. The best turn counts: a machine shared with others only slows
/// down.
const ROUNDS: usize = 7;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments
        .iter()
        .map(String::as_str)
        .filter(|word| *word != "--bench")
        .collect();
    let done = match words.as_slice() {
        [RUN, peer, workload, times] => run_one(peer, workload, times),
        _ => compare(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one workload on one peer: what callgrind watches.
fn run_one(peer: &str, workload: &str, times: &str) -> Result<(), Box<dyn Error>> {
    let peer = Peer::ALL
        .into_iter()
        .find(|known| known.name() == peer)
        .ok_or("no such peer")?;
    peer.run_here(&Workload::named(workload)?, times.parse()?)
}

fn compare() -> Result<(), Box<dyn Error>> {
    let workloads = NAMES
        .iter()
        .map(|name| Workload::named(name))
        .collect::<Result<Vec<_>, _>>()?;
    for workload in &workloads {
        if !peer::agree(workload)? {
            return Err(format!("{}: the peers come to different checksums", workload.name).into());
        }
    }

    let mut speeds = vec![vec![Vec::with_capacity(ROUNDS); workloads.len()]; Peer::ALL.len()];
    for round in 1..=ROUNDS {
        eprintln!("round {round} of {ROUNDS}");
        for (at, workload) in workloads.iter().enumerate() {
            for (peer, speeds) in Peer::ALL.into_iter().zip(&mut speeds) {
                speeds[at].push(peer.speed(workload)?);
            }
        }
    }
    let best: Vec<Vec<f64>> = speeds
        .into_iter()
        .map(|peer| peer.into_iter().map(best).collect())
        .collect();
    println!("Million machine cycles a second of processor time, the best of {ROUNDS} rounds:\n");
    table(&Peer::ALL.map(Peer::name), &best, 1);
    let [ours, s51, i8051, unmetered] = best.as_slice() else {
        return Err("four peers were measured".into());
    };
    println!("\nHow many times as fast smart51 is:\n");
    let ratio = |peer: &[f64]| {
        ours.iter()
            .zip(peer)
            .map(|(ours, peer)| ours / peer)
            .collect()
    };
    table(
        &["as s51", "as i8051", "as without a meter"],
        &[ratio(s51), ratio(i8051), ratio(unmetered)],
        2,
    );

    let mut counts = Vec::new();
    for peer in Peer::ALL {
        eprintln!("counting host instructions of {}", peer.name());
        let shorts = NAMES
            .iter()
            .map(|name| Workload::named(&format!("{name}-s")))
            .collect::<Result<Vec<_>, _>>()?;
        let count = |workload: &Workload| peer.host_instructions(workload);
        counts.push(
            shorts
                .iter()
                .map(count)
                .collect::<Result<Option<Vec<f64>>, _>>()?,
        );
    }
    match counts.into_iter().collect::<Option<Vec<_>>>() {
        Some(counts) => {
            println!("\nHost instructions for an 8051 instruction, by callgrind:\n");
            table(&Peer::ALL.map(Peer::name), &counts, 1);
        }
        None => println!("\nvalgrind is not installed: host instructions were not counted"),
    }
    machine::costs();
    Ok(())
}

/// A row for each name, a column for each workload, and the mean at the end.
fn table(names: &[&str], rows: &[Vec<f64>], digits: usize) {
    println!("| | {} | mean |", NAMES.join(" | "));
    println!("|---|{}", "--:|".repeat(NAMES.len() + 1));
    for (name, row) in names.iter().zip(rows) {
        let mean = row.iter().sum::<f64>() / row.len() as f64;
        let cells: Vec<String> = row
            .iter()
            .chain([&mean])
            .map(|value| format!("{value:.digits$}"))
            .collect();
        println!("| {name} | {} |", cells.join(" | "));
    }
}

fn best(values: Vec<f64>) -> f64 {
    values.into_iter().fold(0.0, f64::max)
}
