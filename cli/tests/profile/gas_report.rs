//! `smart51 test --gas-report`, and the functions of gas snapshots.

use super::common::Dir;
use super::{DEEP, trees};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const SCENARIO: &str = r#"
[accounts]
alice = 1_000_000
[contracts.twice]
image = "twice.ihx"
[contracts.deep]
image = "deep.wat"
[[step]]
name = "two inputs"
call = "twice"
input = ["u8:1", "u8:9"]
[[step]]
name = "the same again"
call = "twice"
input = ["u8:1"]
[[step]]
name = "it goes down"
call = "deep"
input = ["u8:2"]
[[step]]
name = "and traps there"
call = "deep"
expect = { outcome = "fault", fault = "unreachable" }
"#;

/// What the linker would say of the functions in [`trees::ASM`].
const MAP: &str = "C:   00000020  _start  m\nC:   0000002B  _twice  m\nC:   0000002F  _once  m\n";

fn scenario() -> Dir {
    let dir = Dir::new();
    dir.write("twice.asm", trees::ASM);
    dir.write("twice.map", MAP);
    dir.write("deep.wat", DEEP);
    dir.write("both.scenario.toml", SCENARIO);
    dir.run(&["asm", "twice.asm", "-o", "twice.ihx"]).ok();
    dir
}

/// Contract, name, calls, least, average, median and most gas.
fn rows(table: &Value) -> Vec<Value> {
    let keys = [
        "contract", "name", "calls", "min", "average", "median", "max",
    ];
    let rows = table.as_array().expect("a list").iter();
    rows.map(|row| Value::from(keys.map(|key| row[key].clone()).to_vec()))
        .collect()
}

#[test]
fn a_gas_report_is_exact() {
    let dir = scenario();
    let report = dir
        .run(&["test", "both.scenario.toml", "--gas-report", "--json"])
        .ok()
        .json();
    let gas = &report["gas_report"];
    let functions = [
        json!(["deep", "check", 8, 7, 7, 7, 7]),
        json!(["deep", "down", 8, 18, 68, 68, 119]),
        json!(["deep", "function 3", 2, 128, 134, 134, 141]),
        json!(["twice", "0x0000", 2, 21, 21, 21, 21]),
        json!(["twice", "once", 4, 3, 3, 3, 3]),
        json!(["twice", "start", 2, 19, 19, 19, 19]),
        json!(["twice", "twice", 2, 10, 10, 10, 10]),
    ];
    assert_eq!(rows(&gas["functions"]), functions);
    let receipts: Vec<u64> = (report["results"][0]["steps"].as_array().unwrap().iter())
        .map(|step| step["gas"].as_u64().unwrap())
        .collect();
    let entered = 605 + 21;
    let (down, trapped) = (receipts[2] - 10_020, receipts[3] - 10_000);
    let actions = [
        json!(["deep", "0x02", 1, down, down, down, down]),
        json!([
            "deep",
            "without input",
            1,
            trapped,
            trapped,
            trapped,
            trapped
        ]),
        json!(["twice", "0x01", 2, entered, entered, entered, entered]),
    ];
    assert_eq!(rows(&gas["actions"]), actions);
    assert_eq!(rows(&gas["host_methods"]), [] as [Value; 0]);
    assert_eq!(gas["calls_left_out"], 0);
    let plain = dir
        .run(&["test", "both.scenario.toml", "--json"])
        .ok()
        .json();
    assert!(plain["gas_report"].is_null());
    assert_eq!(plain["results"], report["results"]);
    let text = dir
        .run(&["test", "both.scenario.toml", "--gas-report"])
        .ok()
        .stdout;
    for line in [
        "    calls         min     average      median         max  gas by function\n",
        "\n        8          18          68          68         119  deep down\n",
        "    calls         min     average      median         max  gas by method of the host\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

/// A method's gas is its price, without the machine cycles around it and however it ends.
#[test]
fn methods_of_the_host_are_told_by_their_prices() {
    let dir = Dir::new();
    dir.write(
        "echo.scenario.toml",
        "[accounts]\na = 1_000_000\n[contracts.echo]\nimage = \"echo.ihx\"\n[[step]]\ncall = \"echo\"\ninput = [\"text:hello\"]\n",
    );
    dir.write("echo.ihx", firmware_samples::sample("echo").unwrap().image);
    let report = dir
        .run(&["test", "echo.scenario.toml", "--gas-report", "--json"])
        .ok()
        .json();
    let run = [
        "run",
        "echo.ihx",
        "--input",
        "text:hello",
        "--trace",
        "calls",
        "--json",
    ];
    let traced = dir.run(&run).json();
    let functions = traced["tree"]["functions"].as_array().unwrap();
    let methods = report["gas_report"]["host_methods"].as_array().unwrap();
    assert!(!methods.is_empty());
    for method in methods {
        let same = functions
            .iter()
            .filter(|row| row["function"] == method["name"]);
        let spent: u64 = same
            .map(|row| row["gas"].as_u64().unwrap() - row["machine_cycles"].as_u64().unwrap())
            .sum();
        assert_eq!(
            method["average"].as_u64().unwrap() * method["calls"].as_u64().unwrap(),
            spent
        );
    }
}

#[test]
fn a_gas_snapshot_says_which_functions_changed() {
    let dir = scenario();
    let snapshot = ["test", "both.scenario.toml", "--gas-snapshot", "gas.txt"];
    dir.run(&snapshot).ok();
    let check = [&snapshot[..], &["--check"]].concat();
    dir.run(&check).ok();
    dir.write("twice.asm", trees::ASM.replace("  nop\n", "  nop\n  nop\n"));
    dir.run(&["asm", "twice.asm", "-o", "twice.ihx"]).ok();
    let ran = dir.run(&check);
    assert_eq!(ran.status, 1);
    let from = "gas changed: both.scenario.toml 0001 two inputs twice\n    \
                expected 21 cycles, 12 steps, 10666 gas\n    \
                found    23 cycles, 14 steps, 10668 gas\n    \
                +2 in twice once: 6 gas in 2 calls, now 8 gas in 2 calls\n\
                gas changed: both.scenario.toml 0002 the same again twice\n";
    assert!(ran.stdout.contains(from), "{}", ran.stdout);
    let report = dir.run(&[&check[..], &["--json"]].concat()).json();
    let expected = json!([{
        "function": "twice once", "expected": {"calls": 2, "gas": 6}, "actual": {"calls": 2, "gas": 8},
    }]);
    assert_eq!(report["gas_changes"][0]["functions"], expected);
    // A snapshot without functions is compared as before.
    let text = String::from_utf8(dir.read("gas.txt")).unwrap();
    let bare = text.lines().filter(|line| !line.starts_with("#\t"));
    dir.write(
        "gas.txt",
        bare.map(|line| format!("{line}\n")).collect::<String>(),
    );
    let report = dir.run(&[&check[..], &["--json"]].concat()).json();
    assert_eq!(report["gas_changes"].as_array().map(Vec::len), Some(2));
    assert_eq!(report["gas_changes"][0]["functions"], json!([]));
}

/// In transactions of several runs too, functions and methods take no more than the transaction has left for them.
#[test]
fn functions_of_a_call_add_up_to_its_gas() {
    let dir = Dir::new();
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../firmware-samples");
    for name in ["wallet", "factory", "exchange", "standing_order"] {
        let path = format!("{samples}/{name}");
        dir.run(&["test", &path, "--gas-snapshot", "gas.txt"]).ok();
        let text = String::from_utf8(dir.read("gas.txt")).unwrap();
        let mut own = BTreeMap::<_, u64>::new();
        let mut calls = BTreeMap::new();
        for line in text.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            match fields[..] {
                ["#", path, step, function, _, gas] => {
                    let gas: u64 = gas.parse().unwrap();
                    assert!(function != "transaction" || gas >= 10_000, "{line}");
                    *own.entry((path, step)).or_default() += gas;
                }
                [path, step, _, _, _, _, gas, _] => {
                    calls.insert((path, step), gas.parse::<u64>().unwrap());
                }
                _ => {}
            }
        }
        assert!(calls.len() > 2, "{text}");
        assert_eq!(own, calls);
    }
}
