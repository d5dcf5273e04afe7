//! `smart51 events`.

use super::{Dir, SWAP, exchange, on_chain};
use serde_json::Value;

/// Emits the event `n` with a byte of data as often as the input's byte says.
const EMITS: &str = r#"(module
    (import "smart51" "call" (func $call (param i32 i32 i32 i32 i32) (result i32)))
    (import "smart51" "exit" (func $exit (param i32)))
    (memory (export "memory") 2)
    (global (export "smart51_buffer") i32 (i32.const 0))
    (data (i32.const 8192) "\25\00\20\00n")
    (data (i32.const 8228) "\01\00\07")
    (func (export "smart51_main") (local $left i32)
        (local.set $left (i32.load8_u (i32.const 2)))
        (block $done (loop $again
            (br_if $done (i32.eqz (local.get $left)))
            (drop (call $call (i32.const 0x105) (i32.const 8192) (i32.const 39) (i32.const 65536) (i32.const 4096)))
            (local.set $left (i32.sub (local.get $left) (i32.const 1)))
            (br $again)))
        (call $exit (i32.const 1))))"#;

/// The exchange's chain with a swap in block 10, a contract without a name in block 11 that emits two events in
/// block 12, and another swap in block 13.
fn with_events() -> Dir {
    let dir = exchange();
    dir.write("emits.wat", EMITS);
    for words in [
        SWAP,
        "deploy emits.wat --from alice",
        "call 11-0 --from alice --input u8:2",
        SWAP,
    ] {
        on_chain(&dir, words).ok();
    }
    dir
}

/// The heights of the events listed.
fn heights(dir: &Dir, options: &str) -> Vec<u64> {
    let ran = on_chain(dir, &format!("events --json{options}")).ok();
    let report = ran.json();
    let events = report["events"].as_array().expect("a list");
    events
        .iter()
        .map(|event| event["height"].as_u64().expect("a height"))
        .collect()
}

#[test]
fn events_are_listed_oldest_first() {
    let dir = with_events();
    let text = on_chain(&dir, "events").ok().stdout;
    let lines: Vec<Vec<&str>> = (text.lines())
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(lines.len(), 4, "{text}");
    let block = on_chain(&dir, "block 10 --json").ok().json();
    let receipt = &block["receipts"][0];
    let swapped = &receipt["events"][0];
    let topic = format!("swapped({})", swapped["topics"][0].as_str().expect("hex"));
    assert_eq!(
        lines[0],
        [
            "10",
            receipt["transaction"].as_str().expect("an id"),
            "exchange",
            &topic,
            swapped["data"].as_str().expect("hex"),
        ]
    );
    // A contract without a name is called what its id is.
    assert_eq!(
        (lines[1][0], &lines[1][2..]),
        ("12", &["11-0", "n()", "07"][..])
    );
    let report = on_chain(&dir, "events --json").ok().json();
    let (first, second) = (&report["events"][0], &report["events"][1]);
    for key in ["frame", "contract", "name", "topics", "data"] {
        assert_eq!(first[key], swapped[key], "{key}");
    }
    assert_eq!(first["transaction"], receipt["transaction"]);
    assert_eq!(first["contract_name"], "exchange");
    assert_eq!(
        (&second["contract_name"], &second["contract"]),
        (&Value::Null, &"11-0".into())
    );
    assert_eq!(report["next"], Value::Null);
}

#[test]
fn events_are_chosen_by_contract_name_and_height() {
    let dir = with_events();
    for (options, expected) in [
        ("", &[10, 12, 12, 13][..]),
        (" --contract exchange", &[10, 13]),
        (" --contract 11-0", &[12, 12]),
        (" --contract gold", &[]),
        (" --name n", &[12, 12]),
        (" --name swap", &[]),
        (" --from 11", &[12, 12, 13]),
        (" --contract exchange --name swapped --from 11", &[13]),
    ] {
        assert_eq!(heights(&dir, options), expected, "{options}");
    }
    let none = on_chain(&dir, "events --name swap").ok().stdout;
    assert_eq!(none, "no events\n");
}

/// What a limit leaves out is said, with the option that goes on there.
#[test]
fn a_limit_says_where_the_events_go_on() {
    let dir = with_events();
    assert_eq!(heights(&dir, " --limit 2"), [10, 12]);
    let report = on_chain(&dir, "events --limit 3 --json").ok().json();
    assert_eq!(report["next"], 13);
    let text = on_chain(&dir, "events --limit 3").ok().stdout;
    let last = text.lines().last().expect("a line");
    assert!(last.starts_with("there are more: --from 13 "), "{last}");
    assert_eq!(heights(&dir, " --limit 3 --from 13"), [13]);
    let all = on_chain(&dir, "events --limit 4 --json").ok().json();
    assert_eq!(all["next"], Value::Null);
}

/// Each error says what to do next; nothing is listed then.
#[test]
fn events_that_cannot_be_listed_say_what_to_do() {
    let dir = exchange();
    for (options, said) in [
        ("--contract nobody", "`smart51 contract list`"),
        ("--contract alice", "`alice` is an account and no contract"),
        ("--from 10", "the newest is 9; give --from at most that"),
        ("--limit 0", "give at least 1"),
    ] {
        let ran = on_chain(&dir, &format!("events {options}"));
        assert_eq!((ran.status, &*ran.stdout), (2, ""), "{options}");
        assert!(ran.stderr.contains(said), "{options}: {}", ran.stderr);
    }
    let none = dir.run(&["events", "--store", "nothing"]);
    assert_eq!(none.status, 2);
    assert!(none.stderr.contains("account new"), "{}", none.stderr);
}

/// Events of blocks that were taken back are gone with them.
#[test]
fn events_go_with_their_blocks() {
    let dir = with_events();
    on_chain(&dir, "rollback 2").ok();
    assert_eq!(heights(&dir, ""), [10]);
}
