//! The JSON Schema of scenarios for editors is the parser's: its keys, its kinds of bytes, and what it refuses.

use crate::json_schema::{kinds, problem};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use verify::scenario::{SCHEMA, Scenario};

fn schema() -> Value {
    serde_json::from_str(SCHEMA).expect("the schema is JSON")
}

/// What the schema says of the scenario `text`, which is TOML.
fn judged(text: &str) -> Option<String> {
    let value: toml::Table = toml::from_str(text).expect("TOML");
    let value = serde_json::to_value(value).expect("JSON");
    let schema = schema();
    problem(&schema, &schema, &value, "")
}

/// What the parser says of the scenario `text`.
fn parsed(text: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("a folder");
    let image = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../firmware-samples/counter/counter.ihx"
    );
    std::fs::copy(image, folder.path().join("c.ihx")).expect("a sample");
    let path = folder.path().join("s.scenario.toml");
    std::fs::write(&path, text).expect("it is written");
    Scenario::read(&path)
        .map(|_| ())
        .map_err(|error| error.to_string())
}

/// A scenario that has `key` in the table that the schema defines under this name.
fn with_key(definition: &str, key: &str) -> String {
    let head = "[accounts]\na = 1\n";
    match definition {
        "" => format!("{key} = 1\n{head}"),
        "chain" => format!("{head}[chain]\n{key} = 1\n"),
        "contract" => format!("{head}[contracts.c]\nimage = \"c.ihx\"\n{key} = 1\n"),
        "step" => format!("{head}[[step]]\n{key} = 1\n"),
        "action" => format!("{head}[[step]]\nactions = [{{ account = \"0-0\", {key} = 1 }}]\n"),
        "invariant" => format!("{head}[[invariant]]\n{key} = 1\n"),
        "sum" => format!(
            "{head}[[invariant]]\nsum = {{ contract = \"c\", table = \"t\", field = \"f\", {key} = 1 }}\n"
        ),
        "fuzz" => format!("{head}[[step]]\nfuzz = {{ {key} = 1 }}\n"),
        "expect" => format!("{head}[[step]]\nexpect.{key} = 1\n"),
        "event" => format!(
            "{head}[[step]]\nexpect.events = [{{ contract = \"c\", name = \"n\", {key} = 1 }}]\n"
        ),
        "data" => format!(
            "{head}[[step]]\nexpect.data = [{{ contract = \"c\", key = \"u8:1\", {key} = 1 }}]\n"
        ),
        "funds" => format!(
            "{head}[[step]]\nexpect.funds = [{{ contract = \"c\", user = \"u8:1\", {key} = 1 }}]\n"
        ),
        "frozen" => format!(
            "{head}[[step]]\nexpect.funds = [{{ contract = \"c\", user = \"u8:1\", \
             frozen = [{{ height = 1, amount = 1, {key} = 1 }}] }}]\n"
        ),
        other => panic!(
            "say in this test where the table {other} of editors/scenario.schema.json stands"
        ),
    }
}

/// The keys that the parser has in that table, from what it says of one that it has not.
fn keys_of_parser(definition: &str) -> BTreeSet<String> {
    let error = parsed(&with_key(definition, "zzz")).expect_err("there is no key zzz");
    let (_, known) = error
        .split_once("unknown field `zzz`, expected ")
        .unwrap_or_else(|| panic!("{error}"));
    known
        .split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// The schema has each key of the parser and no other, in every table.
#[test]
fn the_schema_has_the_keys_of_the_parser() {
    let schema = schema();
    let tables = schema["definitions"].as_object().expect("definitions");
    let tables = tables
        .iter()
        .map(|(name, table)| (name.as_str(), table))
        .chain([("", &schema)]);
    let mut count = 0;
    for (name, table) in tables.filter(|(_, table)| table.get("properties").is_some()) {
        let keys = table["properties"]
            .as_object()
            .expect("keys")
            .keys()
            .cloned();
        assert_eq!(
            keys.collect::<BTreeSet<_>>(),
            keys_of_parser(name),
            "the table `{name}` of editors/scenario.schema.json has other keys than the parser"
        );
        assert_eq!(table["additionalProperties"], false, "{name}");
        count += 1;
    }
    assert!(count >= 10, "{count} tables");
}

/// The kinds of bytes are the parser's too.
#[test]
fn the_schema_has_the_kinds_of_the_parser() {
    let schema = schema();
    let pattern = schema
        .pointer("/definitions/bytes/anyOf/0/pattern")
        .and_then(Value::as_str);
    let text = "[accounts]\na = 1\n[contracts.c]\nimage = \"c.ihx\"\n[[step]]\ncall = \"c\"\ninput = \"zzz\"\n";
    let folder = tempfile::tempdir().expect("a folder");
    let image = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../firmware-samples/counter/counter.ihx"
    );
    std::fs::copy(image, folder.path().join("c.ihx")).expect("a sample");
    let path = folder.path().join("s.scenario.toml");
    std::fs::write(&path, text.replace("a = 1", "a = 100")).expect("it is written");
    let run = Scenario::read(&path)
        .expect("a scenario")
        .run(Default::default());
    let error = run.expect_err("zzz is no bytes").to_string();
    let (_, list) = error.split_once("use ").expect("the kinds");
    let list = list
        .split([' ', ','])
        .filter_map(|word| word.strip_suffix(':'));
    assert_eq!(
        kinds(pattern.expect("a pattern")),
        list.collect(),
        "{error}"
    );
}

/// The scenarios below a folder.
fn scenarios(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder)
        .expect("a folder")
        .map(Result::unwrap)
    {
        let path = entry.path();
        if path.is_dir() && entry.file_name() != "target" {
            scenarios(&path, found);
        } else if path.to_string_lossy().ends_with(".scenario.toml") {
            found.push(path);
        }
    }
}

fn all_scenarios() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    for folder in ["firmware-samples", "cli/tests", "tests"] {
        scenarios(&root.join(folder), &mut found);
    }
    assert!(found.len() > 20, "{}", found.len());
    found
}

#[test]
fn the_schema_takes_every_scenario_there_is() {
    for path in all_scenarios() {
        let text = std::fs::read_to_string(&path).expect("text");
        assert_eq!(judged(&text), None, "{}", path.display());
    }
}

/// What the parser refuses for its form, and what the schema refuses for it.
const HOSTILE: &[&str] = &[
    "accounts = 1",
    "[accounts]",
    "[accounts]\na = -1",
    "[accounts]\na = \"1\"",
    "[accounts]\na = 1.5",
    "step = []",
    "[accounts]\na = 1\n[chain]\nnetwork = \"mainnet\"",
    "[accounts]\na = 1\n[chain]\nheight = 2",
    "[accounts]\na = 1\n[chain]\nheight = 4294967296",
    "[accounts]\na = 1\n[chain]\nupgrades = 1",
    "[accounts]\na = 1\n[contracts.c]\nsemantics = \"v1\"",
    "[accounts]\na = 1\n[contracts.c]\nimage = \"c.ihx\"\nsemantics = \"v2\"",
    "[accounts]\na = 1\n[contracts.c]\nimage = \"c.ihx\"\ninit = 5",
    "[accounts]\na = 1\n[step]\nmine = 1",
    "[accounts]\na = 1\n[[step]]\nmine = -1",
    "[accounts]\na = 1\n[[step]]\nmine = \"1\"",
    "[accounts]\na = 1\n[[step]]\nexpects.code = 1",
    "[accounts]\na = 1\n[[step]]\nexpect.code = 256",
    "[accounts]\na = 1\n[[step]]\nexpect.outcome = \"succes\"",
    "[accounts]\na = 1\n[[step]]\nexpect.deferred = [\"rejected\"]",
    "[accounts]\na = 1\n[[step]]\nexpect.prints = \"x\"",
    "[accounts]\na = 1\n[[step]]\nexpect.events = [{ contract = \"c\" }]",
    "[accounts]\na = 1\n[[step]]\nexpect.data = [{ contract = \"c\", value = \"u8:1\" }]",
    "[accounts]\na = 1\n[[step]]\nactions = [{ name = \"x\" }]",
    "[accounts]\na = 1\n[[step]]\nactions = [{ account = \"a\", data = [1] }]",
    "[accounts]\na = 1\n[[step]]\nexpect.funds = [{ contract = \"c\", user = \"u8:1\", frozen = [{ height = 1 }] }]",
];

#[test]
fn the_schema_refuses_what_the_parser_refuses() {
    for text in HOSTILE {
        assert!(parsed(text).is_err(), "the parser takes {text}");
        assert!(judged(text).is_some(), "the schema takes {text}");
    }
    let unknown = with_key("step", "zzz");
    assert!(
        judged(&unknown)
            .expect("refused")
            .contains("zzz: no such key")
    );
    // Of bytes the parser looks at the form only when they are needed.
    let bytes = "[accounts]\na = 1\n[[step]]\ncall = \"c\"\ninput = [\"u8:1\", \"five\"]";
    assert!(judged(bytes).is_some());
}

/// Another validator says the same: the Python package `jsonschema`, where it is installed.
#[test]
fn another_validator_says_the_same() {
    let script = "import json, sys, jsonschema\n\
        given = json.load(sys.stdin)\n\
        validator = jsonschema.Draft7Validator\n\
        validator.check_schema(given['schema'])\n\
        print(json.dumps([validator(given['schema']).is_valid(one) for one in given['values']]))";
    let probe = Command::new("python3")
        .args(["-c", "import jsonschema"])
        .output();
    if !probe.is_ok_and(|probe| probe.status.success()) {
        eprintln!(
            "SKIPPED: python3 has no jsonschema, so no other validator is asked; install python3-jsonschema"
        );
        return;
    }
    let good = all_scenarios();
    let good: Vec<_> = good
        .iter()
        .map(|path| std::fs::read_to_string(path).expect("text"))
        .collect();
    let texts = good
        .iter()
        .map(String::as_str)
        .chain(HOSTILE.iter().copied());
    let values: Vec<_> = texts
        .map(|text| toml::from_str::<toml::Table>(text).expect("TOML"))
        .collect();
    let given: BTreeMap<&str, Value> = BTreeMap::from([
        ("schema", schema()),
        ("values", serde_json::to_value(values).expect("JSON")),
    ]);
    let mut python = Command::new("python3");
    python
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut python = python.spawn().expect("it was there");
    let stdin = python.stdin.take().expect("a pipe");
    serde_json::to_writer(stdin, &given).expect("it is read");
    let said = python.wait_with_output().expect("it ends").stdout;
    let said: Vec<bool> = serde_json::from_slice(&said).expect("JSON");
    let expected = (good.iter().map(|_| true)).chain(HOSTILE.iter().map(|_| false));
    assert_eq!(said, expected.collect::<Vec<_>>());
}
