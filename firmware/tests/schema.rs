//! The JSON Schema of test files for editors is the parser's.

#[path = "../../chain/verify/tests/verify/json_schema.rs"]
#[allow(dead_code, reason = "scenarios use all of it")]
mod json_schema;

use firmware::files::Disk;
use firmware::suite::{Options, SCHEMA, run_file};
use json_schema::problem;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn schema() -> Value {
    serde_json::from_str(SCHEMA).expect("the schema is JSON")
}

/// What the schema says of the test `text`, which is TOML.
fn judged(text: &str) -> Option<String> {
    let value: toml::Table = toml::from_str(text).expect("TOML");
    let value = serde_json::to_value(value).expect("JSON");
    let schema = schema();
    problem(&schema, &schema, &value, "")
}

/// Why the text is no test.
fn refused(text: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.test.toml");
    std::fs::write(&path, text).expect("it is written");
    let options = Options {
        files: &Disk,
        update_snapshots: false,
        coverage: None,
    };
    run_file(&path, options)
        .error
        .map(|error| error.to_string())
        .unwrap_or_default()
}

/// A test that has `key` in the table that the schema defines under this name.
fn with_key(definition: &str, key: &str) -> String {
    let head = "image = \"x.ihx\"\nmax_cycles = 1\n";
    match definition {
        "" => format!("{head}{key} = 1\n[expect]\n"),
        "eeprom" => {
            format!("{head}eeprom = {{ scl = \"P1.0\", sda = \"P1.1\", {key} = 1 }}\n[expect]\n")
        }
        "expect" => format!("{head}expect.{key} = 1\n"),
        "pin" => format!(
            "{head}[[expect.pin]]\npin = \"P1.0\"\nlevel = 0\nfrom = 1\nto = 2\n{key} = 1\n"
        ),
        "memory" => format!("{head}[[expect.memory]]\nbytes = \"00\"\n{key} = 1\n"),
        other => panic!(
            "say in this test where the table {other} of editors/firmware-test.schema.json stands"
        ),
    }
}

/// The schema has each key of the parser and no other, in every table.
#[test]
fn the_schema_has_the_keys_of_the_parser() {
    let schema = schema();
    let tables = schema["definitions"].as_object().expect("definitions");
    for (name, table) in tables
        .iter()
        .map(|(name, table)| (name.as_str(), table))
        .chain([("", &schema)])
    {
        let error = refused(&with_key(name, "zzz"));
        let (_, known) = error
            .split_once("unknown field `zzz`, expected ")
            .unwrap_or_else(|| panic!("{error}"));
        let parser: BTreeSet<&str> = known
            .lines()
            .next()
            .unwrap_or_default()
            .split('`')
            .skip(1)
            .step_by(2)
            .collect();
        let keys = table["properties"].as_object().expect("keys").keys();
        assert_eq!(
            keys.map(String::as_str).collect::<BTreeSet<_>>(),
            parser,
            "the table `{name}`"
        );
        assert_eq!(table["additionalProperties"], false, "{name}");
    }
}

fn tests(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder)
        .expect("a folder")
        .map(Result::unwrap)
    {
        let path = entry.path();
        if path.to_string_lossy().ends_with(".test.toml") {
            found.push(path);
        }
    }
}

#[test]
fn the_schema_takes_every_test_there_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    tests(&root.join("firmware-samples/firmware"), &mut found);
    tests(&root.join("cli/tests/firmware/cases"), &mut found);
    assert!(found.len() > 20, "{}", found.len());
    for path in found {
        let text = std::fs::read_to_string(&path).expect("text");
        assert_eq!(judged(&text), None, "{}", path.display());
    }
}

#[test]
fn the_schema_refuses_what_the_parser_refuses() {
    let head = "image = \"x.ihx\"\nmax_cycles = 1\n";
    for text in [
        "max_cycles = 1\n[expect]".to_owned(),
        "image = \"x.ihx\"\n[expect]".into(),
        head.into(),
        format!("{head}chip = 8052\n[expect]"),
        format!("{head}clock = []\n[expect]"),
        format!("{head}uart_pace = \"fast\"\n[expect]"),
        format!("{head}stimulus = \"10 P1.0 0\"\n[expect]"),
        format!("{head}eeprom = {{ scl = \"P1.0\" }}\n[expect]"),
        format!("{head}expect.max_stack = 256"),
        format!("{head}expect.pin = [{{ pin = \"P1.0\" }}]"),
        format!("{head}expect.memory = [{{ xdata = 65536, bytes = \"00\" }}]"),
        with_key("expect", "zzz"),
    ] {
        let why = refused(&text);
        assert!(why.contains("line "), "the parser takes {text}: {why}");
        assert!(judged(&text).is_some(), "the schema takes {text}");
    }
}
