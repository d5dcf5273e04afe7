//! The commands for the local chain, as their users see them.

mod common;

use common::{Dir, Ran};
use firmware_samples::SAMPLES;
use std::fs;

/// A folder with the token's image, and a chain in `chain` with Alice, Bob and the deployed token.
fn dir() -> Dir {
    let dir = Dir::new();
    let token = SAMPLES
        .iter()
        .find(|sample| sample.name == "token")
        .unwrap();
    dir.write("token.ihx", token.image);
    on_chain(&dir, &["account", "new", "alice"]).ok();
    on_chain(&dir, &["account", "new", "bob", "--balance", "1_000"]).ok();
    on_chain(
        &dir,
        &["deploy", "token.ihx", "--from", "alice", "--name", "token"],
    )
    .ok();
    dir
}

fn on_chain(dir: &Dir, args: &[&str]) -> Ran {
    dir.run(&[args, &["--store", "chain"]].concat())
}

/// Alice, the first transaction of block 1, mints 1000 for herself.
const MINT: &str = "01_010000000000_e803000000000000";
/// She gives Bob 30.
const TRANSFER: &str = "02_020000000000_1e00000000000000";

fn call(dir: &Dir, input: &str) -> Ran {
    on_chain(
        dir,
        &[
            "call", "token", "--from", "alice", "--input", input, "--json",
        ],
    )
}

#[test]
fn accounts_are_the_same_on_every_machine() {
    let dir = dir();
    insta::assert_snapshot!(on_chain(&dir, &["account", "list"]).all());
    insta::assert_snapshot!(on_chain(&dir, &["account", "show", "alice", "--json"]).all());
}

/// A contract that asks for what its input says.
const ASKS: &str = r#"(module
    (import "smart51" "call" (func $call (param i32 i32 i32 i32 i32) (result i32)))
    (import "smart51" "exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (global (export "smart51_buffer") i32 (i32.const 1024))
    (func (export "smart51_main")
        (drop (call $call (i32.const 24)
            (i32.const 1026) (i32.load16_u (i32.const 1024)) (i32.const 8192) (i32.const 8)))
        (call $exit (i32.const 1))))"#;

/// Money can be paid to an address before anybody has registered it: it is shown, kept, and nobody's to send.
#[test]
fn money_without_an_account_is_shown_and_kept() {
    let dir = dir();
    dir.write("asks.wat", ASKS);
    let asks = ["deploy", "asks.wat", "--from", "alice", "--name", "asks"];
    let asks = on_chain(&dir, &[&asks[..], &["--json"]].concat())
        .ok()
        .json();
    assert_eq!(asks["contract"], "4-0");
    // The development key of a name is the same on every chain.
    let elsewhere = ["account", "new", "carol", "--store", "elsewhere", "--json"];
    let carol = dir.run(&elsewhere).ok().json();
    let address = carol["address"].as_str().unwrap();
    assert_eq!(on_chain(&dir, &["account", "show", address]).status, 2);

    let give = [
        &[2][..],
        address.as_bytes(),
        &[1, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0],
    ]
    .concat();
    let mut take = [0; 48];
    (take[0], take[1], take[35], take[40]) = (1, 4, 2, 9);
    dir.write("input", [&[98, 0, 96, 0][..], &give, &take].concat());
    let pay = [
        "call", "asks", "--from", "alice", "--value", "9", "--input", "@input",
    ];
    on_chain(&dir, &pay).ok();
    let shown = on_chain(&dir, &["account", "show", address, "--json"])
        .ok()
        .json();
    assert_eq!(
        [
            &shown["address"],
            &shown["regid"],
            &shown["name"],
            &shown["balance"]
        ],
        [
            &address.into(),
            &serde_json::Value::Null,
            &serde_json::Value::Null,
            &9.into()
        ]
    );
    let text = on_chain(&dir, &["account", "show", address]).ok().stdout;
    assert!(text.contains("regid        none"), "{text}");

    on_chain(&dir, &["account", "new", "carol", "--balance", "1"]).ok();
    let shown = on_chain(&dir, &["account", "show", address, "--json"])
        .ok()
        .json();
    assert_eq!(
        (&shown["name"], &shown["balance"]),
        (&"carol".into(), &10.into())
    );

    let sent = on_chain(&dir, &["call", "token", "--from", "asks"]);
    assert_eq!(sent.status, 2, "{}", sent.all());
    assert!(
        sent.stderr.contains("the sender has no key"),
        "{}",
        sent.all()
    );
    on_chain(&dir, &["state", "check"]).ok();
}

/// A call prints its receipt and the receipt is found again.
#[test]
fn call_prints_a_receipt_found_again() {
    let dir = dir();
    let minted = call(&dir, MINT).ok().json();
    assert_eq!(
        (&minted["outcome"], &minted["exit_code"]),
        (&"success".into(), &1.into())
    );
    let id = minted["transaction"].as_str().unwrap();
    for name in [id, &id[..8]] {
        assert_eq!(
            on_chain(&dir, &["receipt", name, "--json"]).ok().json(),
            minted
        );
    }
    let block = on_chain(&dir, &["block", "4", "--json"]).ok().json();
    assert_eq!(block["receipts"][0], minted);
    assert_eq!(on_chain(&dir, &["block", "--json"]).ok().json(), block);
}

/// A recorded call replays from its one file without the chain.
#[test]
fn recorded_call_replays_without_the_chain() {
    let dir = dir();
    let args = [
        "call",
        "token",
        "--from",
        "alice",
        "--input",
        MINT,
        "--record",
        "call.json",
        "--json",
    ];
    let called = on_chain(&dir, &args).ok().json();
    let recording: serde_json::Value = serde_json::from_slice(&dir.read("call.json")).unwrap();
    let result = &recording["rows"][0]["result"];
    assert_eq!(result["machine_cycles"], called["machine_cycles"]);
    assert_eq!(result["gas"], called["gas"]);
    fs::remove_dir_all(dir.path("chain")).unwrap();
    let replayed = dir.run(&["replay", "call.json", "--json"]).ok().json();
    assert_eq!(
        (&replayed["rows"], &replayed["equal"]),
        (&1.into(), &1.into())
    );
}

#[test]
fn a_refusal_is_status_1_and_changes_no_data() {
    let dir = dir();
    let refused = call(&dir, TRANSFER);
    assert_eq!(refused.status, 1);
    assert_eq!(
        (&refused.json()["outcome"], &refused.json()["exit_code"]),
        (&"refused".into(), &4.into())
    );
    let state = on_chain(&dir, &["state", "token", "--json"]).ok().json();
    assert_eq!(
        (&state["keys"], &state["data"]),
        (&0.into(), &serde_json::json!([]))
    );
}

/// State shows all keys one key or those with a prefix.
#[test]
fn state_shows_keys_by_prefix() {
    let dir = dir();
    call(&dir, MINT).ok();
    call(&dir, TRANSFER).ok();
    insta::assert_snapshot!(on_chain(&dir, &["state", "token"]).all());
    assert_eq!(
        on_chain(&dir, &["state", "token", "020000000000"])
            .ok()
            .stdout,
        "1e00000000000000\n"
    );
    let one = on_chain(&dir, &["state", "token", "00", "--json"])
        .ok()
        .json();
    assert_eq!(one["value"], serde_json::Value::Null);
    let some = on_chain(&dir, &["state", "token", "--prefix", "6f", "--json"])
        .ok()
        .json();
    assert_eq!(some["data"].as_array().map(Vec::len), Some(1));
}

/// Keys are written as in scenarios, too, where hex is no name of anything.
#[test]
fn state_takes_keys_as_scenarios_write_them() {
    let dir = dir();
    call(&dir, MINT).ok();
    let state = |args: &[&str]| on_chain(&dir, &[&["state", "token"], args].concat());
    let hex = state(&["010000000000"]).ok().stdout;
    assert_ne!(hex, "no such key\n");
    assert_eq!(state(&["regid:alice"]).ok().stdout, hex);
    let some = state(&["--prefix", "text:tot", "--json"]).ok().json();
    assert_eq!(some["data"][0]["key"], "746f74616c");
    for (args, name) in [
        (&["regid:zed"][..], "KEY"),
        (&["--prefix", "u8:256"], "--prefix"),
    ] {
        let refused = state(args);
        assert_eq!(refused.status, 2, "{}", refused.all());
        let error = format!("error: {name}: ");
        assert!(refused.stderr.starts_with(&error), "{}", refused.all());
    }
}

/// A query that takes too long is given up as the nodes failure.
#[test]
fn slow_query_is_a_failure_of_the_node() {
    let dir = dir();
    call(&dir, MINT).ok();
    let query = |timeout| {
        let input = "03_010000000000";
        on_chain(
            &dir,
            &["query", "token", "--input", input, "--timeout", timeout],
        )
    };
    query("60_000").ok();
    let given_up = query("0");
    assert_eq!(given_up.status, 3, "{}", given_up.all());
    assert!(
        given_up.stderr.contains("longer than 0 ms"),
        "{}",
        given_up.stderr
    );
}

#[test]
fn queries_and_dry_runs_change_nothing() {
    let dir = dir();
    call(&dir, MINT).ok();
    on_chain(&dir, &["state", "export", "before"]).ok();
    let balance = on_chain(
        &dir,
        &["query", "token", "--input", "03_010000000000", "--json"],
    )
    .ok()
    .json();
    assert_eq!(
        (&balance["output"][0], &balance["fee"]),
        (&"e803000000000000".into(), &0.into())
    );
    let dry = [
        "call",
        "token",
        "--from",
        "alice",
        "--input",
        TRANSFER,
        "--dry-run",
        "--json",
    ];
    let dry = on_chain(&dir, &dry).ok().json();
    assert_eq!(
        (&dry["outcome"], &dry["committed"]),
        (&"success".into(), &false.into())
    );
    on_chain(&dir, &["state", "export", "after"]).ok();
    assert!(dir.read("before") == dir.read("after"));
}

#[test]
fn rollback_export_import_and_check_agree() {
    let dir = dir();
    call(&dir, MINT).ok();
    on_chain(&dir, &["state", "export", "before"]).ok();
    call(&dir, TRANSFER).ok();
    call(&dir, TRANSFER).ok();
    on_chain(&dir, &["rollback", "2"]).ok();
    on_chain(&dir, &["state", "export", "after"]).ok();
    assert!(dir.read("before") == dir.read("after"));
    dir.run(&["state", "import", "before", "--store", "copy"])
        .ok();
    dir.run(&["state", "export", "again", "--store", "copy"])
        .ok();
    assert!(dir.read("before") == dir.read("again"));
    let checked = dir
        .run(&["state", "check", "--store", "copy", "--json"])
        .ok()
        .json();
    assert_eq!(checked["problems"], serde_json::json!([]));
    // Not into a store that has a chain, and not what is no export.
    assert_eq!(on_chain(&dir, &["state", "import", "before"]).status, 2);
    assert_eq!(
        dir.run(&["state", "import", "token.ihx", "--store", "other"])
            .status,
        2
    );
    assert!(!dir.path("other").exists());
    assert_eq!(on_chain(&dir, &["rollback", "5"]).status, 2);
}

/// Bad input is status 2 with a sentence and changes nothing.
#[test]
fn bad_input_is_status_2_and_changes_nothing() {
    let dir = dir();
    on_chain(&dir, &["state", "export", "before"]).ok();
    dir.write("long", vec![0; 5000]);
    for (args, said) in [
        (
            &["account", "new", "alice"][..],
            "the name `alice` is taken",
        ),
        (&["account", "new", "1-2"], "`1-2` is no name"),
        (
            &[
                "account",
                "new",
                "rich",
                "--balance",
                "18446744073709551615",
            ],
            "the most is",
        ),
        (
            &["account", "show", "nobody"],
            "no account or contract `nobody`",
        ),
        (
            &["deploy", "token.ihx", "--from", "nobody"],
            "no account or contract `nobody`",
        ),
        (
            &["deploy", "token.ihx", "--from", "bob"],
            "the sender holds 1000",
        ),
        (
            &["deploy", "token.ihx", "--from", "alice", "--name", "token"],
            "is taken",
        ),
        (
            &["call", "token", "--from", "alice", "--input", "@long"],
            "the input has 5000 bytes, the most is 4095",
        ),
        (
            &["call", "token", "--from", "alice", "--gas", "9_999"],
            "the limit is 9999 gas, this call takes ",
        ),
        (
            &["call", "bob", "--from", "alice"],
            "`bob` is an account and no contract",
        ),
        (
            &["call", "token", "--from", "bob"],
            "the sender holds 1000, the transaction may cost 10000000",
        ),
        (
            &["call", "token", "--from", "alice", "--input", "0"],
            "give hex, @FILE or -",
        ),
        (
            &["call", "token", "--from", "alice", "--fee", "1"],
            "use --gas",
        ),
        (&["receipt", "zz"], "is no transaction id"),
        (&["receipt", "ffffffff"], "no transaction ffffffff"),
        (&["block", "99"], "there is no block 99; the newest is 3"),
        (&["state", "nobody"], "no account or contract `nobody`"),
        (&["state"], "required"),
    ] {
        let ran = on_chain(&dir, args);
        assert_eq!(ran.status, 2, "{args:?}: {}", ran.all());
        assert!(ran.stderr.contains(said), "{args:?}: {}", ran.all());
    }
    on_chain(&dir, &["state", "export", "after"]).ok();
    assert!(dir.read("before") == dir.read("after"));
    let piped = [
        "call", "token", "--from", "alice", "--input", "-", "--store", "chain",
    ];
    assert_eq!(
        dir.run_with(&piped, &[1; 3]).status,
        1,
        "three bytes are no input of the token"
    );
}

/// A folder of another program is refused and a store in use is the nodes failure.
#[test]
fn foreign_folder_and_store_in_use_are_refused() {
    let dir = dir();
    fs::create_dir(dir.path("other")).unwrap();
    dir.write("other/notes.txt", "mine");
    let refused = dir.run(&["account", "list", "--store", "other"]);
    assert_eq!(refused.status, 2);
    assert!(
        refused.stderr.contains("is not a smart51 store"),
        "{}",
        refused.all()
    );
    assert_eq!(fs::read_dir(dir.path("other")).unwrap().count(), 1);
    let _held = state::SledStore::open(&dir.path("chain")).unwrap();
    let locked = on_chain(&dir, &["account", "list"]);
    assert_eq!(locked.status, 3);
    assert!(
        locked
            .stderr
            .contains("in use by another process; end that process"),
        "{}",
        locked.all()
    );
}

const SCENARIO: &str = r#"
[accounts]
alice = 0
[contracts.token]
image = "token.ihx"
[[step]]
name = "mint"
call = "token"
input = ["u8:1", "regid:alice", "u64:100"]
[[step]]
name = "a wrong expectation"
expect.keys = { token = 4 }
"#;

/// Scenarios are found below folders and their differences shown.
#[test]
fn scenarios_are_found_below_folders() {
    let dir = dir();
    fs::create_dir(dir.path("sub")).unwrap();
    dir.write("sub/token.ihx", dir.read("token.ihx"));
    dir.write(
        "sub/a.scenario.toml",
        SCENARIO.replace("token = 4", "token = 3"),
    );
    dir.write("sub/not-one.toml", "nonsense");
    dir.run(&["test", "sub"]).ok();
    dir.write("sub/b.scenario.toml", SCENARIO);
    insta::assert_snapshot!(dir.run(&["test", "sub"]).all());
    let report = dir.run(&["test", "sub", "--json"]).json();
    assert_eq!(
        (&report["scenarios"], &report["failed"]),
        (&2.into(), &1.into())
    );
    fs::create_dir(dir.path("empty")).unwrap();
    assert_eq!(dir.run(&["test", "empty"]).status, 2);
    assert_eq!(dir.run(&["test", "missing.toml"]).status, 2);
    assert_eq!(dir.run(&["test", "sub/not-one.toml"]).status, 2);
}

#[test]
fn a_gas_snapshot_is_compared_to_the_cycle() {
    let dir = dir();
    dir.write(
        "a.scenario.toml",
        SCENARIO.replace("token = 4", "token = 3"),
    );
    let snapshot = ["test", "a.scenario.toml", "--gas-snapshot", "gas.txt"];
    dir.run(&snapshot).ok();
    let check = [&snapshot[..], &["--check"]].concat();
    dir.run(&check).ok();
    let text = String::from_utf8(dir.read("gas.txt")).unwrap();
    let cycles = text.lines().nth(1).unwrap().split('\t').nth(4).unwrap();
    let more = cycles.parse::<u64>().unwrap() + 1;
    dir.write("gas.txt", text.replace(cycles, &more.to_string()));
    let changed = dir.run(&check);
    assert_eq!(changed.status, 1);
    assert!(
        changed.stdout.contains(&format!("expected {more} cycles")),
        "{}",
        changed.all()
    );
    dir.write("gas.txt", "nonsense");
    assert_eq!(dir.run(&check).status, 2);
    assert_eq!(dir.run(&["test", "a.scenario.toml", "--check"]).status, 2);
}
