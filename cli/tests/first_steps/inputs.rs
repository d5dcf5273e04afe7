//! The bytes of a call, as they are typed.

use super::common::Dir;
use serde_json::Value;

/// `--input` takes the values of scenarios, one after the other, where a contract is called.
#[test]
fn an_input_is_made_of_the_kinds_of_scenarios() {
    let dir = Dir::new();
    let token = firmware_samples::sample("token").unwrap();
    dir.write("token.ihx", token.image);
    dir.write("balance.bin", [3]);
    let on_chain = |args: &[&str]| dir.run(&[args, &["--store", "chain"]].concat());
    on_chain(&["account", "new", "alice"]).ok();
    on_chain(&["account", "new", "bob"]).ok();
    on_chain(&["deploy", "token.ihx", "--from", "alice", "--name", "token"]).ok();
    let with = |command: &str, values: &[&str]| {
        let mut args = vec![command, "token", "--from", "alice", "--json"];
        args.extend(values.iter().flat_map(|value| ["--input", value]));
        on_chain(&args)
    };
    with("call", &["u8:1", "regid:alice", "u64:100"]).ok();
    with("call", &["hex:02", "regid:2-0", "0x1e00", "zeros:6"]).ok();
    for values in [
        &["u8:3", "regid:bob"][..],
        &["@balance.bin", "regid:bob"],
        &["03_020000000000"],
    ] {
        let asked = with("query", values).ok().json();
        assert_eq!(asked["output"][0], "1e00000000000000", "{values:?}");
    }
    let address = on_chain(&["account", "show", "bob", "--json"]).ok().json();
    let address = format!("regid:{}", address["address"].as_str().unwrap());
    with("query", &["u8:3", &address]).ok();
    for (wrong, said) in [
        ("regid:carol", "`regid:carol` names nothing"),
        ("u8:256", "`u8:256` is no number of 1 byte"),
        ("u7:1", "begins with no kind"),
        ("xyz", "or a value such as u64:5"),
        ("txhash:zz", "names nothing"),
    ] {
        for command in ["call", "query"] {
            let refused = with(command, &[wrong]);
            assert_eq!(refused.status, 2, "{wrong}");
            assert!(refused.stderr.contains(said), "{wrong}: {}", refused.stderr);
        }
    }
}

/// A transaction is named by the first digits of its id.
#[test]
fn an_input_can_name_a_transaction() {
    let dir = Dir::new();
    dir.write("echo.ihx", firmware_samples::sample("echo").unwrap().image);
    let on_chain = |args: &[&str]| dir.run(&[args, &["--store", "chain"]].concat());
    on_chain(&["account", "new", "alice"]).ok();
    let deployed = on_chain(&["deploy", "echo.ihx", "--from", "alice", "--json"])
        .ok()
        .json();
    let id = deployed["receipt"]["transaction"].as_str().unwrap();
    let hash_of = |input: &str| {
        let asked = on_chain(&["query", "2-0", "--input", input, "--json"]).ok();
        asked.json()["input_hash"].to_string()
    };
    assert_eq!(hash_of(&format!("txhash:{}", &id[..10])), hash_of(id));
}

/// Without a chain the names are those of the call's surroundings.
#[test]
fn a_run_takes_the_kinds_of_scenarios() {
    let dir = Dir::new();
    dir.write("echo.ihx", firmware_samples::sample("echo").unwrap().image);
    let run = |values: &[&str]| {
        let mut args = vec!["run", "echo.ihx", "--json"];
        args.extend(values.iter().flat_map(|value| ["--input", value]));
        dir.run(&args)
    };
    let key = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
    for (values, bytes) in [
        (
            &["regid:sender", "regid:contract", "regid:1-1"][..],
            "000000000100010000000100010000000100",
        ),
        (&["pubkey:sender"], key),
        (&["keyid:0-1"], "751e76e8199196d454941c45d1b3a323f1433bd6"),
        (&["u16:0x0102", "text:a b:c"], "02016120623a63"),
    ] {
        let ran = run(values).ok().json();
        let said = ran["host_calls"].to_string();
        assert!(said.contains(bytes), "{values:?}: {said}");
    }
    dir.run(&["run", "echo.ihx", "--input", "00", "--record", "call.json"])
        .ok();
    let recorded: Value = serde_json::from_slice(&dir.read("call.json")).unwrap();
    let address = recorded["rows"][0]["context"]["accounts"][0]["address"]
        .as_str()
        .unwrap();
    let said = run(&["address:sender"]).ok().json()["host_calls"].to_string();
    assert!(said.contains(&hex::encode(address)), "{address}: {said}");
    for wrong in ["pubkey:contract", "regid:9-9", "regid:alice", "txhash:00"] {
        let refused = run(&[wrong]);
        assert_eq!(refused.status, 2, "{wrong}");
        assert!(
            refused.stderr.contains("names nothing"),
            "{}",
            refused.stderr
        );
    }
    let twice = dir.run(&["run", "echo.ihx", "--input", "-", "--input", "-"]);
    assert!(
        twice.status == 2 && twice.stderr.contains("can be given once"),
        "{}",
        twice.all()
    );
    let once = dir.run_with(
        &["run", "echo.ihx", "--input", "-", "--input", "u8:0x21"],
        b"x",
    );
    assert!(once.ok().stdout.contains("7821"));
}
