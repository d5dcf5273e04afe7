//! The local chain's small commands.

use super::common::Dir;
use super::{KEYS, number};
use serde_json::Value;

/// Blocks and seconds pass as told, and are taken back like others.
#[test]
fn blocks_are_mined_and_time_advances() {
    let dir = Dir::new();
    let on_chain = |args: &[&str]| dir.run(&[args, &["--store", "chain"]].concat());
    assert_eq!(
        on_chain(&["chain", "mine"]).status,
        2,
        "there is no chain yet"
    );
    on_chain(&["account", "new", "alice"]).ok();
    let place = |report: &Value| [number(report, "height"), number(report, "time")];
    let start = place(&on_chain(&["block", "--json"]).ok().json());
    let one = on_chain(&["chain", "mine", "--json"]).ok().json();
    assert_eq!(place(&one), [start[0] + 1, start[1] + 10]);
    let more = on_chain(&["chain", "mine", "3", "--json"]).ok().json();
    assert_eq!(
        (place(&more), &more["blocks"]),
        ([start[0] + 4, start[1] + 40], &3.into())
    );
    let later = on_chain(&["chain", "advance", "--seconds", "86_400", "--json"])
        .ok()
        .json();
    assert_eq!(place(&later), [start[0] + 5, start[1] + 86_440]);
    let newest = on_chain(&["block", "--json"]).ok().json();
    assert_eq!(
        (place(&newest), &newest["hash"]),
        (place(&later), &later["hash"])
    );
    assert_eq!(
        on_chain(&["chain", "mine", "0", "--json"]).ok().json()["blocks"],
        0
    );
    let text = on_chain(&["chain", "mine"]).ok().stdout;
    assert!(
        text.starts_with(&format!("height       {}\n", start[0] + 6)),
        "{text}"
    );
    let beyond = on_chain(&["chain", "advance", "--seconds", "0xffff_ffff_ffff_ffff"]);
    assert!(
        beyond.status == 2 && beyond.stderr.contains("is no time"),
        "{}",
        beyond.all()
    );
    assert_eq!(on_chain(&["chain", "mine", "-1"]).status, 2);
    on_chain(&["rollback", "6"]).ok();
    assert_eq!(place(&on_chain(&["block", "--json"]).ok().json()), start);
    on_chain(&["state", "check"]).ok();
}

/// Contracts are listed in order of deployment, named or not.
#[test]
fn contracts_are_listed() {
    let dir = Dir::new();
    dir.write("keys.wat", KEYS);
    dir.write(
        "token.ihx",
        firmware_samples::sample("token").unwrap().image,
    );
    let on_chain = |args: &[&str]| dir.run(&[args, &["--store", "chain"]].concat());
    on_chain(&["account", "new", "alice"]).ok();
    assert_eq!(
        on_chain(&["contract", "list", "--json"]).ok().stdout,
        "{\"contracts\":[]}\n"
    );
    on_chain(&["deploy", "token.ihx", "--from", "alice", "--name", "token"]).ok();
    on_chain(&["chain", "mine", "254"]).ok();
    // Its registered id, 257-0, begins with a smaller byte than 2-0.
    on_chain(&["deploy", "keys.wat", "--from", "alice"]).ok();
    on_chain(&[
        "call",
        "token",
        "--from",
        "alice",
        "--value",
        "5",
        "--input",
        "u8:3",
        "--input",
        "regid:alice",
    ])
    .ok();
    let listed = on_chain(&["contract", "list", "--json"]).ok().json();
    let field = |key: &str| [&listed["contracts"][0][key], &listed["contracts"][1][key]];
    assert_eq!(field("contract"), ["2-0", "257-0"]);
    assert_eq!(field("name"), [&Value::from("token"), &Value::Null]);
    assert_eq!(field("engine"), ["8051", "wasm"]);
    assert_eq!(field("balance"), [&Value::from(5), &Value::from(0)]);
    let shown = on_chain(&["account", "show", "2-0", "--json"]).ok().json();
    assert_eq!(*field("address")[0], shown["address"]);
    let text = on_chain(&["contract", "list"]).ok().stdout;
    assert!(
        text.starts_with("token            2-0      ") && text.lines().count() == 2,
        "{text}"
    );
}

/// A transfer prints a receipt that is found again, and says why it cannot be.
#[test]
fn a_transfer_has_a_receipt() {
    let dir = Dir::new();
    dir.write("keys.wat", KEYS);
    let on_chain = |args: &[&str]| dir.run(&[args, &["--store", "chain"]].concat());
    assert_eq!(
        on_chain(&["transfer", "a", "b", "1"]).status,
        2,
        "there is no chain"
    );
    on_chain(&["account", "new", "alice"]).ok();
    on_chain(&["account", "new", "bob", "--balance", "5"]).ok();
    on_chain(&["deploy", "keys.wat", "--from", "alice", "--name", "keys"]).ok();
    let bob = on_chain(&["account", "show", "bob", "--json"]).ok().json();
    let address = bob["address"].as_str().unwrap();
    let sent = on_chain(&["transfer", "alice", address, "1_000", "--json"])
        .ok()
        .json();
    assert_eq!(
        [&sent["kind"], &sent["from"], &sent["to"], &sent["outcome"]],
        ["transfer", "1-0", "2-0", "success"]
    );
    assert_eq!(number(&sent, "value"), 1000);
    assert!(
        number(&sent, "gas") > 0 && sent["gas"] == sent["fee"] && sent["gas"] == sent["charged"]
    );
    let id = sent["transaction"].as_str().unwrap();
    assert_eq!(on_chain(&["receipt", id, "--json"]).ok().json(), sent);
    let text = on_chain(&["receipt", id]).ok().stdout;
    assert!(
        text.contains("transfer     alice 1-0 to bob 2-0, amount 1000\n"),
        "{text}"
    );
    let balance = on_chain(&["account", "show", "bob", "--json"]).ok().json();
    assert_eq!(number(&balance, "balance"), 1005);
    for (args, said) in [
        (["alice", "keys", "1"], "is a contract"),
        (
            ["alice", "carol", "1"],
            "there is no account or contract `carol`",
        ),
        (["bob", "alice", "1"], "the transaction may cost"),
        (["alice", "bob", "-1"], "unexpected argument"),
    ] {
        let refused = on_chain(&[&["transfer"], &args[..]].concat());
        assert!(
            refused.status == 2 && refused.stderr.contains(said),
            "{}",
            refused.all()
        );
    }
    on_chain(&["state", "check"]).ok();
}

/// What the owner of a contract can do with it, and a chain on which he cannot.
#[test]
fn a_chain_can_be_made_without_upgrades() {
    let dir = Dir::new();
    dir.write(
        "counter.ihx",
        firmware_samples::sample("counter").unwrap().image,
    );
    dir.write(
        "hello.ihx",
        firmware_samples::sample("hello").unwrap().image,
    );
    for (store, options) in [("open", &[][..]), ("shut", &["--no-upgrades"])] {
        let on = |args: &[&str]| dir.run(&[args, &["--store", store]].concat());
        on(&[&["chain", "new"], options].concat()).ok();
        let again = on(&["chain", "new"]);
        assert_eq!(again.status, 2);
        assert!(
            again.stderr.contains("holds a chain already"),
            "{}",
            again.stderr
        );
        on(&["account", "new", "alice"]).ok();
        on(&["account", "new", "bob"]).ok();
        on(&["deploy", "counter.ihx", "--from", "alice", "--name", "c"]).ok();
        let upgrade = |image: &str, from: &str| on(&["upgrade", "c", image, "--from", from]);
        let undeploy = || on(&["undeploy", "c", "--from", "alice"]);
        for (run, why) in [
            (upgrade("hello.ihx", "bob"), "only its owner sets its code"),
            (upgrade("counter.ihx", "alice"), "runs this code already"),
        ] {
            assert_eq!(run.status, 2);
            assert!(run.stderr.contains(why), "{}", run.stderr);
        }
        if store == "shut" {
            for run in [upgrade("hello.ihx", "alice"), undeploy()] {
                assert_eq!(run.status, 2);
                assert!(run.stderr.contains("on this chain"), "{}", run.stderr);
            }
            continue;
        }
        upgrade("hello.ihx", "alice").ok();
        undeploy().ok();
        let call = on(&["call", "c", "--from", "alice"]);
        assert_eq!(call.status, 2);
        assert!(call.stderr.contains("smart51 upgrade"), "{}", call.stderr);
        upgrade("counter.ihx", "alice").ok();
        on(&["call", "c", "--from", "alice"]).ok();
        let list = on(&["contract", "list", "--json"]).ok().json();
        assert_eq!(list["contracts"][0]["sequence"], 4);
        on(&["state", "check"]).ok();
    }
}

/// `chain new --schedule` decides the first schedule, and --fuel-floor the least price of gas.
#[test]
fn a_chain_begins_with_a_schedule() {
    let dir = Dir::new();
    for (options, name, price) in [
        (&[][..], "data-sheet", 1),
        (&["--schedule", "wayki"], "wayki", 1),
        (&["--schedule", "dacrs", "--fuel-window", "3"], "dacrs", 1),
        (
            &["--schedule=dacrs", "--fuel-window=3", "--fuel-floor=7"],
            "dacrs",
            7,
        ),
    ] {
        let store = format!("store{}", options.len());
        let new = [&["chain", "new", "--store", &store], options].concat();
        assert_eq!(dir.run(&new).status, 0, "{options:?}");
        let ran = dir.run(&["chain", "schedules", "--json", "--store", &store]);
        let report = ran.json();
        assert_eq!(report["schedules"][0]["name"], name, "{options:?}");
        assert_eq!(report["gas_price"], price, "{options:?}");
    }
}

/// A schedule that is changed by somebody else, or for a block that is there, is not changed.
#[test]
fn a_schedule_is_changed_by_the_first_account() {
    let dir = Dir::new();
    for name in ["alice", "bob"] {
        let new = [
            "account",
            "new",
            name,
            "--balance",
            "1000000000",
            "--store",
            "chain",
        ];
        assert_eq!(dir.run(&new).status, 0);
    }
    let change = |from: &str, at: &str| {
        let ran = dir.run(&[
            "chain", "schedule", "wayki", "--at", at, "--from", from, "--json", "--store", "chain",
        ]);
        (ran.status, ran.json()["fault"].clone())
    };
    assert_eq!(change("bob", "9"), (1, "no_authority".into()));
    assert_eq!(change("alice", "2"), (1, "no_schedule".into()));
    assert_eq!(change("alice", "9"), (0, serde_json::Value::Null));
    let report = dir
        .run(&["chain", "schedules", "--json", "--store", "chain"])
        .json();
    assert_eq!(report["schedules"][1]["from"], 9);
    assert_eq!(report["schedules"][1]["name"], "wayki");
}
