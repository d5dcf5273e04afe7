//! docs/contract-json.md tells the truth, as far as it is about commands, and what they do with what is wrong.

use super::common::{Dir, TOKEN_CONTRACT};
use super::page;

#[test]
fn the_page_on_contract_json_holds() {
    let text = include_str!("../../../docs/contract-json.md");
    let (_, json) = text.split_once("```json\n").unwrap();
    let dir = Dir::new();
    dir.write("token.contract.json", json.split_once("```").unwrap().0);
    assert!(page::holds("contract-json.md", &dir) > 10);
}

#[test]
fn wrong_contracts_and_values_are_bad_input() {
    let dir = Dir::new();
    dir.write("good.json", TOKEN_CONTRACT);
    let wrong = TOKEN_CONTRACT
        .replace("\"type\": \"regid\"", "\"type\": \"regit\"")
        .replace("\"selector\": 3", "\"selector\": 2");
    dir.write("wrong.json", wrong);
    dir.write("short.abi", [14, b'e']);
    let ran = dir.run(&["abi", "check", "wrong.json", "--json"]);
    assert_eq!(ran.status, 2);
    let report = ran.json();
    assert_eq!(report["valid"], false);
    let errors = report["errors"].as_array().unwrap();
    assert_eq!(errors[0]["path"], "structs.transfer.to");
    let paths: Vec<_> = errors.iter().map(|error| &error["path"]).collect();
    assert!(paths.contains(&&"smart51.actions.note".into()), "{paths:?}");
    for (args, error) in [
        (
            &["abi", "docs", "short.abi"][..],
            "short.abi: version: the bytes end at 2, and 13 more are expected",
        ),
        (&["abi", "check", "none.json"], "none.json"),
        (
            &["abi", "encode", "wrong.json", "note", "[]"],
            "`smart51 abi check` shows",
        ),
        (
            &["abi", "encode", "good.json", "transfer", "2-0"],
            "VALUE is not JSON",
        ),
        (
            &[
                "abi",
                "encode",
                "good.json",
                "transfer",
                "[]",
                "--as",
                "result",
            ],
            "`action_results` would",
        ),
        (
            &["abi", "encode", "good.json", "int8", "-129"],
            "int8: -129 does not fit int8",
        ),
        (
            &["abi", "decode", "good.json", "note", "02020000000000"],
            "transfer.amount: the bytes end at 6",
        ),
        (
            &[
                "abi",
                "decode",
                "good.json",
                "note",
                "020200000000001e00000000000000",
            ],
            "the selector 2 is that of `transfer`",
        ),
        (
            &["abi", "decode", "good.json", "transfer", ""],
            "the bytes end at 0",
        ),
    ] {
        let ran = dir.run(args);
        assert_eq!(ran.status, 2, "{args:?}: {}", ran.all());
        assert!(ran.stderr.contains(error), "{args:?}: {}", ran.stderr);
    }
}

/// Both forms of a contract are one contract.
#[test]
fn the_forms_of_a_contract_convert() {
    let dir = Dir::new();
    dir.write("token.json", TOKEN_CONTRACT);
    dir.run(&["abi", "binary", "token.json", "-o", "token.abi"])
        .ok();
    let shown = dir.run(&["abi", "binary", "token.json"]).ok().stdout;
    let hexadecimal: String = dir
        .read("token.abi")
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(shown.trim(), hexadecimal);
    let json = dir.run(&["abi", "json", "token.abi"]).ok().stdout;
    assert_eq!(dir.run(&["abi", "json", "token.json"]).ok().stdout, json);
    let line = dir.run(&["abi", "json", "token.abi", "--json"]).ok().json();
    assert_eq!(
        line,
        serde_json::from_str::<serde_json::Value>(&json).unwrap()
    );
    let ran = dir.run(&["abi", "diff", "token.json", "token.abi"]).ok();
    assert_eq!(ran.stdout, "no differences\n");
}
