//! What a gas takes in host instructions, by callgrind: no dear row takes more than 8 times what plain code takes.
//!
//! The same rows in processor time are `make gas-time`. Instructions are counted, so this test does not depend on how
//! busy the machine is.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use tests::gas_time::{COUNTED, MOST};
use tests::tool;

/// Host instructions a gas, by row; plain code's mean.
struct Counts {
    plain: f64,
    rows: BTreeMap<String, f64>,
}

fn counts() -> Counts {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--tool=callgrind", "--collect-atstart=no"])
        .arg("--toggle-collect=*gas_time_measured*")
        .arg("--dump-before=*gas_time_counted*")
        .arg(format!(
            "--callgrind-out-file={}",
            folder.path().join("out").display()
        ))
        .args([env!("CARGO_BIN_EXE_gas-time"), "--counted"]);
    let said = tool::output(&mut valgrind).expect("valgrind runs the rows");
    let said = String::from_utf8(said).expect("text");
    // Each row has run twice, the history and the whole, and each run has made a file.
    let runs: Vec<(u64, u64, &str)> = said
        .lines()
        .zip(1..)
        .map(|(line, number)| {
            let (gas, name) = line.split_once(' ').expect("gas and name");
            let file = folder.path().join(format!("out.{number}"));
            let profile = fs::read_to_string(&file).expect("a file for each run");
            let total = profile
                .lines()
                .find_map(|line| line.strip_prefix("totals: "))
                .expect("a sum of instructions");
            (
                gas.parse().expect("a number"),
                total.trim().parse().expect("a number"),
                name,
            )
        })
        .collect();
    let (mut plain, mut rows) = (Vec::new(), BTreeMap::new());
    for run in runs.chunks_exact(2) {
        let &[(gas_before, before, name), (gas, whole, _)] = run else {
            unreachable!("chunks of two");
        };
        let each = (whole - before) as f64 / (gas - gas_before) as f64;
        match COUNTED.contains(&name) {
            true => drop(rows.insert(name.to_owned(), each)),
            false => plain.push(each),
        }
    }
    // Six workloads on two engines.
    assert_eq!((plain.len(), rows.len()), (12, COUNTED.len()), "{said}");
    Counts {
        plain: plain.iter().sum::<f64>() / plain.len() as f64,
        rows,
    }
}

#[test]
fn no_row_takes_8_times_plain_instructions() {
    let Counts { plain, rows } = counts();
    let mut above = Vec::new();
    println!("plain code: {plain:.1} instructions a gas");
    for (name, each) in rows {
        let times = each / plain;
        println!("{times:6.2} times plain code: {name}");
        if times > MOST {
            above.push(format!("{name}: {times:.2} times plain code"));
        }
    }
    assert!(above.is_empty(), "{above:#?}");
}
