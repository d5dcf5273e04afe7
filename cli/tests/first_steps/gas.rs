//! The gas of a call is told alike everywhere.

use super::common::{Dir, ran};
use super::{KEYS, KEYS_SCENARIO, number};

/// Gas is what was used, before anything was given back: in a test, a snapshot, an expectation, a run and a receipt.
#[test]
fn gas_means_the_same_everywhere() {
    let dir = Dir::new();
    dir.write("keys.wat", KEYS);
    dir.write("keys.scenario.toml", KEYS_SCENARIO);
    let tested = dir
        .run(&[
            "test",
            "keys.scenario.toml",
            "--gas-snapshot",
            "gas.txt",
            "--json",
        ])
        .ok();
    let deleted = &tested.json()["results"][0]["steps"][1];
    let [gas, refund, charged] = ["gas", "refund", "charged"].map(|key| number(deleted, key));
    assert!(refund > 0 && gas - refund == charged, "{deleted}");

    let text = dir.run(&["test", "keys.scenario.toml"]).ok().stdout;
    assert!(
        text.contains(&format!(
            "{gas} gas less {refund} given back  two are deleted"
        )),
        "{text}"
    );
    let snapshot = String::from_utf8(dir.read("gas.txt")).unwrap();
    assert!(
        snapshot.contains(&format!("\t{gas}\t{refund}\n# functions")),
        "{snapshot}"
    );

    let expecting = format!("{KEYS_SCENARIO}expect.gas = {gas}\nexpect.refund = {refund}\n");
    dir.write("expect.scenario.toml", expecting);
    dir.run(&["test", "expect.scenario.toml"]).ok();

    dir.run(&["account", "new", "alice", "--store", "chain"])
        .ok();
    dir.run(&[
        "deploy", "keys.wat", "--from", "alice", "--name", "keys", "--store", "chain",
    ])
    .ok();
    let call = |input| {
        let args = [
            "call", "keys", "--from", "alice", "--input", input, "--store", "chain", "--json",
        ];
        dir.run(&args).ok().json()
    };
    call("11000102");
    let receipt = call("12000102");
    let figures = ["gas", "refund", "charged", "fee"].map(|key| number(&receipt, key));
    assert_eq!(figures, [gas, refund, charged, charged]);

    let run = [
        "run",
        "-",
        "--input",
        "11000102",
        "--gas",
        "1_000_000",
        "--json",
    ];
    let run = dir.run_with(&run, KEYS.as_bytes()).ok().json();
    assert_eq!(
        number(&run, "gas") - number(&run, "refund"),
        number(&run, "charged")
    );
}

/// A snapshot made in one folder and with one spelling of a path holds in another and with another.
#[test]
fn a_gas_snapshot_holds_from_any_folder() {
    let dir = Dir::new();
    std::fs::create_dir_all(dir.path("a/b")).unwrap();
    dir.write("a/keys.wat", KEYS);
    dir.write("a/keys.scenario.toml", KEYS_SCENARIO);
    dir.run(&[
        "test",
        "a/keys.scenario.toml",
        "--gas-snapshot",
        "a/gas.txt",
    ])
    .ok();
    let text = String::from_utf8(dir.read("a/gas.txt")).unwrap();
    assert!(text.contains("\nkeys.scenario.toml\t0001\t"), "{text}");
    let whole = dir.path("a").display().to_string();
    for (folder, path, file) in [
        ("", "a", "./a/gas.txt"),
        ("", "./a/../a", "a/gas.txt"),
        ("a", ".", "gas.txt"),
        ("a/b", "../keys.scenario.toml", "../b/../gas.txt"),
        ("a/b", &whole, "../gas.txt"),
    ] {
        let mut command = dir.command(&["test", path, "--gas-snapshot", file, "--check"]);
        ran(command.current_dir(dir.path(folder))).ok();
    }
    // It moves with its folder.
    std::fs::rename(dir.path("a"), dir.path("c")).unwrap();
    dir.run(&["test", "c", "--gas-snapshot", "c/gas.txt", "--check"])
        .ok();
    assert_eq!(
        dir.run(&["test", "c", "--gas-snapshot", "none/gas.txt"])
            .status,
        2
    );
}

/// The methods are those of the table, with the price that a call pays.
#[test]
fn the_methods_are_listed_with_what_they_cost() {
    let dir = Dir::new();
    let listed = dir.run(&["abi", "list", "--json"]).ok().json();
    let methods = listed["methods"].as_array().unwrap();
    assert_eq!(methods.len(), abi::method::METHODS.len());
    dir.write("keys.wat", KEYS);
    let gas_of = |input: &str| {
        let args = [
            "run",
            "keys.wat",
            "--gas",
            "1_000_000",
            "--json",
            "--input",
            input,
        ];
        number(&dir.run(&args).ok().json(), "gas")
    };
    // Two keys of 1 byte with values of 1 byte: what the second adds is one call and its loop.
    let write = &methods[17];
    assert_eq!(
        (&write["number"], &write["name"]),
        (&17.into(), &"db_write".into())
    );
    let priced = number(&write["gas"], "base")
        + number(&write["gas"]["arguments"], "gas")
            * 2u64.div_ceil(number(&write["gas"]["arguments"], "bytes"))
        + number(&write["gas"]["answer"], "gas")
        + number(&listed["schedule"]["storage"], "added");
    let paid = gas_of("11000102") - gas_of("11000101");
    assert!(
        (priced..priced + 64).contains(&paid),
        "{paid} paid, {priced} by the list: {write}"
    );
    let text = dir.run(&["abi", "list"]).ok().stdout;
    assert!(
        text.contains("db_write") && text.contains("+ storage\n"),
        "{text}"
    );
}
