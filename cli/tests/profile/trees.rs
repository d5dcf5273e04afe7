//! `--trace calls`, and the functions under way at a fault.

use super::DEEP;
use super::common::Dir;
use serde_json::{Value, json};

/// A contract of the 8051 in assembler, which `smart51 asm` makes an image of.
pub(super) const ASM: &str = "\
ljmp start
.org 4
.db 0, 1, 1
.org 8
ret
ret
.org 0x12
ret
ret
.org 0x20
start:
  acall twice
  mov dptr,#0xEFFD
  mov a,#1
  movx @dptr,a
  ljmp 8
twice:
  acall once
  ajmp once
once:
  nop
  ret
";

/// Each function as one path reached it: its caller, name, calls, own cycles, all cycles, own gas, all gas.
fn rows(report: &Value) -> Vec<Value> {
    let functions = report["tree"]["functions"].as_array().expect("a list");
    let keys = [
        "parent",
        "function",
        "calls",
        "own_machine_cycles",
        "machine_cycles",
        "own_gas",
        "gas",
    ];
    functions
        .iter()
        .map(|row| Value::from(keys.map(|key| row[key].clone()).to_vec()))
        .collect()
}

#[test]
fn a_tree_of_an_8051_is_exact() {
    let dir = Dir::new();
    dir.write("twice.asm", ASM);
    dir.run(&["asm", "twice.asm", "-o", "twice.ihx"]).ok();
    let report = dir
        .run(&["run", "twice.ihx", "--trace", "calls", "--json"])
        .ok()
        .json();
    let expected = [
        json!([null, "call", 1, 0, 21, 0, 10_626]),
        json!([0, "entry", 1, 0, 0, 605, 605]),
        json!([0, "0x0000", 1, 11, 21, 11, 21]),
        json!([2, "0x002B", 1, 4, 10, 4, 10]),
        json!([3, "0x002F", 2, 6, 6, 6, 6]),
        json!([0, "transaction", 1, 0, 0, 10_000, 10_000]),
    ];
    assert_eq!(rows(&report), expected);
    assert_eq!(report["tree"]["merged_calls"], 0);
    assert_eq!(
        (&report["machine_cycles"], &report["gas"]),
        (&21.into(), &10_626.into())
    );
}

#[test]
fn a_tree_of_wasm_is_exact() {
    let dir = Dir::new();
    dir.write("deep.wat", DEEP);
    let trace = [
        "run", "deep.wat", "--input", "u8:1", "--trace", "calls", "--json",
    ];
    let report = dir.run(&trace).ok().json();
    let gas = report["gas"].as_u64().expect("a number");
    let plain = dir
        .run(&["run", "deep.wat", "--input", "u8:1", "--json"])
        .ok()
        .json();
    assert_eq!(plain["gas"], gas);
    let names: Vec<_> = rows(&report)
        .iter()
        .map(|row| (row[1].clone(), row[2].clone()))
        .collect();
    let expected = [
        ("call", 1),
        ("entry", 1),
        ("function 3", 1),
        ("down", 1),
        ("check", 1),
        ("down", 1),
        ("check", 1),
        ("down", 1),
        ("check", 1),
        ("down", 1),
        ("check", 1),
        ("transaction", 1),
    ];
    assert_eq!(
        names,
        expected.map(|(name, calls)| (json!(name), json!(calls)))
    );
    let own: u64 = rows(&report).iter().filter_map(|row| row[5].as_u64()).sum();
    assert_eq!(own, gas);
    assert!(
        rows(&report)
            .iter()
            .all(|row| row[3].is_null() && row[4].is_null())
    );
}

/// Without symbols, functions are addresses; the run that faulted is the one that is told.
#[test]
fn a_fault_shows_the_functions_under_way() {
    let dir = Dir::new();
    dir.write("fault.asm", ASM.replace("nop", ".db 0xA5"));
    dir.run(&["asm", "fault.asm", "-o", "fault.ihx"]).ok();
    let ran = dir.run(&["run", "fault.ihx"]);
    assert_eq!(ran.status, 1);
    let lines: Vec<_> = ran
        .stdout
        .lines()
        .filter(|line| line.starts_with("fault "))
        .collect();
    let line = |text: &str| format!("{:<15} {text}", "fault");
    let expected = [
        "at CODE 0x002F",
        "called at CODE 0x002B",
        "called at CODE 0x0020",
    ]
    .map(line);
    assert_eq!(lines, expected);
    let report = dir.run(&["run", "fault.ihx", "--json"]).json();
    assert_eq!(report["fault_stack"], json!(["0x002F", "0x002B", "0x0000"]));
    assert!(report["tree"].is_null());

    dir.write("deep.wat", DEEP);
    let report = dir.run(&["run", "deep.wat", "--json"]).json();
    let expected = json!(["check", "down", "down", "down", "down", "function 3"]);
    assert_eq!(report["fault_stack"], expected);
}

/// What clang makes of C has the names of its functions if it is asked to keep them, and does the same.
#[test]
fn c_in_wasm_keeps_its_names_on_request() {
    let dir = Dir::new();
    dir.write(
        "sums.c",
        super::SUMS.replace("static uint16_t squares(", "uint16_t squares("),
    );
    let trace = [
        "run",
        "sums.wasm",
        "--input",
        "u8:5",
        "--trace",
        "calls",
        "--json",
    ];
    let mut told = Vec::new();
    for debug in [&[][..], &["--debug"]] {
        dir.run(&[&["build", "sums.c", "--target", "wasm"], debug].concat())
            .ok();
        let report = dir.run(&trace).ok().json();
        let functions = report["tree"]["functions"]
            .as_array()
            .expect("a list")
            .clone();
        told.push(
            functions
                .into_iter()
                .map(|row| row["function"].clone())
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(told[0].len(), told[1].len());
    assert!(
        told[0].iter().all(|name| name != "smart51_main"),
        "{told:?}"
    );
    assert!(
        told[1].iter().any(|name| name == "smart51_main"),
        "{told:?}"
    );
    assert!(told[1].iter().all(|name| {
        !name
            .as_str()
            .is_some_and(|name| name.starts_with("function "))
    }));
}
