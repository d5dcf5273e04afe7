//! Runs SDCC's regression suite on our core and compares every image with what `s51` says about it.
//!
//! Status 0: no difference; 1: differences; 2: wrong usage; 3: the suite could not be fetched or
//! built, or a file could not be written.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use std::{fs, io};

use clap::Parser;
use tests::conformance::build::{PORTS, Port};
use tests::conformance::report::Report;
use tests::conformance::source::Suite;
use tests::conformance::{default_cache, live, recorded, suite};

/// Run SDCC's regression suite on our core and compare every image with s51.
#[derive(Parser)]
#[command(after_help = "example: conformance --ports mcs51-small,mcs51-large --jobs 2 --s51 20")]
struct Arguments {
    /// Ports to judge, separated by commas; all six by default.
    #[arg(long, value_delimiter = ',', value_parser = port)]
    ports: Vec<Port>,
    /// How many images to build at the same time.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Only images whose name begins so.
    #[arg(long, default_value = "")]
    only: String,
    /// Also run this many images of each port on the installed s51, evenly chosen.
    #[arg(long, default_value_t = 0)]
    s51: usize,
    /// Where the sources and images are kept.
    #[arg(long, default_value_os_t = default_cache())]
    cache: PathBuf,
    /// Where the JSON report goes; in the cache by default.
    #[arg(long)]
    json: Option<PathBuf>,
}

fn port(name: &str) -> Result<Port, String> {
    let known = || PORTS.map(|port| port.name).join(", ");
    PORTS
        .into_iter()
        .find(|port| port.name == name)
        .ok_or_else(|| format!("expected one of {}", known()))
}

fn main() -> ExitCode {
    match judge(Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("conformance: {error}");
            ExitCode::from(3)
        }
    }
}

/// Judges, prints and writes the report; true if nothing differs.
fn judge(arguments: Arguments) -> Result<bool, Box<dyn std::error::Error>> {
    let ports = if arguments.ports.is_empty() {
        PORTS.to_vec()
    } else {
        arguments.ports
    };
    let names: Vec<&str> = ports.iter().map(|port| port.name).collect();
    let mut recorded = recorded::all()?;
    recorded.retain(|case| case.case.starts_with(&arguments.only));

    let suite = Suite::fetch(&arguments.cache)?;
    let images = suite::judge(&suite, &ports, &recorded, arguments.jobs, &progress())?;
    let live = live::compare(&suite, &ports, &images, arguments.s51)?;
    let report = Report::new(&names, images);
    print!("{report}");
    for difference in &live.differences {
        println!("{difference}");
    }
    if live.images > 0 {
        println!(
            "s51, run now: {} images, {} differ",
            live.images,
            live.differences.len()
        );
    }
    let json = arguments
        .json
        .unwrap_or_else(|| arguments.cache.join("report.json"));
    fs::write(&json, serde_json::to_vec_pretty(&report)?)?;
    println!("report: {}", json.display());
    Ok(live.differences.is_empty() && report.all_equal())
}

/// Shows how far the work is: ten times a second on a terminal, every half minute elsewhere, and at the end.
fn progress() -> impl Fn(usize, usize) + Sync {
    let terminal = io::stderr().is_terminal();
    let pause = if terminal {
        Duration::from_millis(100)
    } else {
        Duration::from_secs(30)
    };
    let last = Mutex::new(Instant::now());
    move |judged, total| {
        let Ok(mut last) = last.lock() else { return };
        if judged < total && last.elapsed() < pause {
            return;
        }
        *last = Instant::now();
        let (begin, end) = if terminal {
            ("\r", if judged == total { "\n" } else { "" })
        } else {
            ("", "\n")
        };
        eprint!("{begin}{judged} of {total} images judged{end}");
        // A closed standard error is no reason to stop judging.
        let _ = io::stderr().flush();
    }
}
