//! Contracts and arguments of actions have the bytes that a chain of EOS gives them, and what it
//! reads of the bytes is what we read: `tests/data/abi_eos.json` holds what the chain said to
//! random questions (`tests/eos/pack.py`).

use contract::{Codec, Contract};
use serde_json::{Value, json};
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;
use tests::rng::Rng;
use tests::typed::random;

/// The contracts that are asked about.
const CONTRACTS: usize = 40;

/// Questions: contracts that have no suffix of types that this chain does not know, and arguments
/// for each action.
fn questions() -> Vec<Value> {
    let mut rng = Rng::new(0x51AB3);
    let mut all = Vec::new();
    while all.len() < CONTRACTS {
        let contract = random::contract(&mut rng);
        let mut abi = contract.to_value();
        write_out(&mut abi);
        let text = abi.to_string();
        if ["[3]", "[][]", "?[]", "[]?", "float128"]
            .iter()
            .any(|suffix| text.contains(suffix))
        {
            continue;
        }
        let codec = Codec::new(&contract).expect("it is sound");
        let actions = contract.actions.iter().map(|action| {
            let mut arguments = random::value(&mut rng, &codec, &action.r#type);
            write_out(&mut arguments);
            json!({"name": action.name.to_string(), "arguments": arguments})
        });
        let actions = actions.collect::<Value>();
        all.push(json!({"abi": abi, "actions": actions}));
    }
    all
}

/// Writes floating-point numbers as text, and no zeros in texts: this chain's JSON knows neither an
/// exponent with a sign nor letters by their numbers.
fn write_out(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => *value = number.to_string().into(),
        Value::String(text) => *text = text.replace('\0', "0"),
        Value::Array(list) => list.iter_mut().for_each(write_out),
        Value::Object(object) => object.values_mut().for_each(write_out),
        _ => {}
    }
}

/// Question and answer as one.
fn joined(question: &Value, answer: &Value) -> Value {
    let mut joined = question.clone();
    joined["binary"] = answer["binary"].clone();
    let actions = joined["actions"].as_array_mut().expect("a list");
    for (action, answer) in actions
        .iter_mut()
        .zip(answer["actions"].as_array().expect("a list"))
    {
        action["data"] = answer["data"].clone();
        action["unpacked"] = answer["unpacked"].clone();
    }
    joined
}

/// What the chain says now; `None` where this Python does not have it, and why.
fn asked(python: &Path, questions: &[Value]) -> Result<Vec<Value>, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("questions.json");
    fs::write(&file, json!(questions).to_string()).expect("writable");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/eos/pack.py");
    let mut command = Command::new(python);
    let ended = command
        .arg(script)
        .arg(&file)
        .output()
        .map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&ended.stdout);
    if ended.status.code() == Some(2) {
        return Err(said
            .lines()
            .find(|line| line.starts_with("SKIPPED"))
            .expect("a reason")
            .into());
    }
    let errors = String::from_utf8_lossy(&ended.stderr);
    let (_, answers) = said
        .split_once("ANSWERS\n")
        .unwrap_or_else(|| panic!("{errors}"));
    let answers: Vec<Value> =
        serde_json::from_str(answers.lines().next().expect("a line")).expect("JSON");
    assert_eq!(answers.len(), questions.len());
    Ok(questions
        .iter()
        .zip(&answers)
        .map(|(question, answer)| joined(question, answer))
        .collect())
}

#[test]
fn arguments_are_packed_as_by_an_eos_chain() {
    let recorded: Vec<Value> =
        serde_json::from_str(include_str!("../data/abi_eos.json")).expect("JSON");
    let (mut count, mut unpacked) = (0, 0);
    for entry in &recorded {
        let contract = Contract::from_value(&entry["abi"]).expect("a contract");
        assert_eq!(json!(hex::encode(contract.to_bytes())), entry["binary"]);
        let codec = Codec::new(&contract).expect("it is sound");
        for action in entry["actions"].as_array().expect("a list") {
            let name = action["name"].as_str().expect("text");
            let pack = |arguments: &Value| {
                let packed = codec.encode_arguments(name, arguments, &());
                packed.map(hex::encode).map_err(|error| error.to_string())
            };
            let data = action["data"].as_str().expect("text");
            assert_eq!(
                pack(&action["arguments"]).as_deref(),
                Ok(data),
                "{}",
                entry["abi"]
            );
            // It writes floating-point numbers with 17 digits behind the point, however small they
            // are.
            if !entry["abi"].to_string().contains("float") {
                let read = pack(&action["unpacked"]);
                assert_eq!(read.as_deref(), Ok(data), "{action} {}", entry["abi"]);
                unpacked += 1;
            }
            count += 1;
        }
    }
    assert!(
        recorded.len() == CONTRACTS && count > 100 && unpacked > 30,
        "{count} {unpacked}"
    );
}

/// The record is what the chain says now, where the chain is there: in one of the Pythons that
/// `SMART51_EOS_PYTHON` lists as PATH does, or in python3.
#[test]
fn the_eos_chain_packs_as_recorded() {
    let named = std::env::var_os("SMART51_EOS_PYTHON");
    let pythons = named.clone().unwrap_or_else(|| OsString::from("python3"));
    let mut has_answered = false;
    for python in std::env::split_paths(&pythons) {
        let answers = match asked(&python, &questions()) {
            Ok(answers) => answers,
            Err(why) => {
                eprintln!("{why}; so an EOS chain is not asked again how it packs arguments");
                continue;
            }
        };
        let lines: Vec<String> = answers.iter().map(Value::to_string).collect();
        let text = format!("[\n{}\n]\n", lines.join(",\n"));
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/data/abi_eos.json");
        if std::env::var_os("SMART51_BLESS").is_some() {
            fs::write(file, &text).expect("writable");
        }
        assert_eq!(fs::read_to_string(file).expect("the record"), text);
        has_answered = true;
    }
    // Whoever names one wants no silence.
    assert!(has_answered || named.is_none(), "no Python has the chain");
}
