//! The order of actions against a real EOS chain: `tests/eos/record.py` has recorded what it does with the same
//! scenarios.
//!
//! What differs, as docs/actions.md says, is in [`DIFFERENT`].

use crate::actions::{A, Call, action, context_free_named, inline_named, list, notify};
use crate::common::{balance, script};
use crate::deferred::{GAS, Sent, USUAL, cancel, is_sound};
use abi::codec::request;
use abi::{Name, method};
use bridge::EngineId;
use chain::actions::SYSTEM;
use chain::receipt::{FrameKind, Verdict};
use chain::{Action, ActionList, Receipt};
use hostapi::data;
use serde_json::Value;
use state::keys::RegId;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

/// What the recorded chain says where ours has an outcome of its own.
const TOO_DEEP: &str = "max inline action depth per transaction reached";

/// The same where a context-free action asks for the state, or to have something done.
const CONTEXT_FREE: &str = "only context free api's can be used in this context";

/// Scenarios that EOS ends, and in which ours goes on without what was asked for: what ours does, and its rows.
const DIFFERENT: [(&str, &str, &str); 2] = [
    (
        "a context-free action that writes",
        r#"[[{"frames":[["b","b","go","context_free",1,0],["a","a","go","action",2,0]]}]]"#,
        r#"[["a",17]]"#,
    ),
    (
        "an id that waits",
        r#"[[{"frames":[["a","a","go","action",1,0]]},{"frames":[["a","a","go","action",1,0]]}],
            [{"frames":[["b","b","go","deferred",1,0]]}]]"#,
        r#"[["a",32],["b",30]]"#,
    ),
];

/// An id of a deferred action that has A fail when it is told, without a word: its part lies there.
const FAILS_WHEN_TOLD: u64 = u64::from_le_bytes([0, 3, 0, 0xFF, 0xFF, 7, 0, 0]);

fn account(letter: &Value) -> RegId {
    let letter = letter.as_str().unwrap().as_bytes()[0];
    let mut id = A;
    id[4] = letter - b'a';
    id
}

/// The parts of an action's data.
fn does(action: &Value) -> Vec<(RegId, Vec<u8>)> {
    let does = action["does"].as_object().unwrap();
    let part = |(letter, calls): (&String, &Value)| {
        let by = account(&Value::from(letter.as_str()));
        let calls = calls.as_array().unwrap();
        // A contract has to say itself that it has failed, and does nothing more.
        let failure = calls.iter().position(|one| one[0] == "fail");
        let until = failure.map_or(calls.len(), |place| place + 1);
        let made: Vec<Call> = calls[..until].iter().map(|one| call(by, one)).collect();
        (by, script(&made, if failure.is_some() { 7 } else { 1 }))
    };
    does.iter().map(part).collect()
}

fn named(action: &Value) -> (RegId, Name) {
    let name = Name::of(action["name"].as_str().unwrap()).unwrap();
    (account(&action["account"]), name)
}

fn number(id: &Value) -> u64 {
    if id == "fails when told" {
        return FAILS_WHEN_TOLD;
    }
    // An actor takes what it is told for parts, of which 0xFF ends them.
    id.as_u64().unwrap() << 8 | 0xFF
}

/// What a contract asks its host for.
fn call(by: RegId, one: &Value) -> Call {
    match one[0].as_str().unwrap() {
        "notify" => notify(account(&one[1])),
        "inline" => inline_named(by, named(&one[1]), 0, &does(&one[1])),
        "context_free" => context_free_named(named(&one[1]), &does(&one[1])),
        "write" => (
            method::DB_WRITE,
            request(&[&one[1].as_u64().unwrap().to_le_bytes(), b"1"]),
        ),
        "fail" => (
            method::FAIL,
            request(&[&[7], one[1].as_str().unwrap().as_bytes()]),
        ),
        kind @ ("defer" | "defer_and_tell") => Sent {
            by,
            id: number(&one[1]),
            onerror_gas: if kind == "defer" { 0 } else { GAS },
            account: account(&one[2]["account"]),
            does: &does(&one[2]),
            ..USUAL
        }
        .call(),
        "cancel" => cancel(number(&one[1])),
        kind => panic!("{kind}"),
    }
}

/// A transaction of these, with those that are context-free where they belong.
fn transaction(actions: &Value) -> ActionList {
    let (free, others): (Vec<&Value>, Vec<&Value>) = actions
        .as_array()
        .unwrap()
        .iter()
        .partition(|one| one["context_free"] == true);
    let made = |one: &&Value| {
        let (account, name) = named(one);
        Action {
            name,
            ..action(account, &does(one))
        }
    };
    let others: Vec<Action> = others.iter().map(made).collect();
    let context_free = free.iter().map(|one| Action {
        authorization: vec![],
        ..made(one)
    });
    ActionList {
        context_free: context_free.collect(),
        ..list(&others)
    }
}

/// A receipt as the recording has it.
fn told(receipt: &Receipt) -> Value {
    let letter = |id: RegId| match id {
        SYSTEM => "eosio".to_string(),
        id => ((b'a' + id[4]) as char).to_string(),
    };
    if let Some(error) = &receipt.error {
        return serde_json::json!({ "error": String::from_utf8_lossy(error.bytes()) });
    }
    if receipt.verdict.fault() == Some("inline_too_deep") {
        return serde_json::json!({ "error": TOO_DEEP });
    }
    let last = receipt.frames.last().map(|frame| frame.kind);
    if receipt.verdict.fault() == Some("request_refused") && last == Some(FrameKind::ContextFree) {
        return serde_json::json!({ "error": CONTEXT_FREE });
    }
    if receipt.verdict == (Verdict::Refused { code: 7 }) {
        return serde_json::json!({ "error": "" });
    }
    assert!(receipt.verdict.is_success(), "{receipt}");
    let ordinal = |place: u16| receipt.frames[usize::from(place)].ordinal;
    let kind = |kind| match kind {
        FrameKind::Action => "action",
        FrameKind::Notified => "notified",
        FrameKind::ContextFree => "context_free",
        FrameKind::Inline => "inline",
        FrameKind::Deferred => "deferred",
        _ => panic!("{receipt}"),
    };
    let frames = receipt.frames.iter().map(|frame| {
        serde_json::json!([
            letter(frame.receiver),
            letter(frame.code),
            Name(frame.action).to_string(),
            kind(frame.kind),
            frame.ordinal,
            frame.parent.map_or(0, ordinal)
        ])
    });
    serde_json::json!({ "frames": frames.collect::<Vec<_>>() })
}

/// Executes a scenario on a chain of its own: its receipts, and the rows that are there of those that it has told of.
fn executed(scenario: &Value, first: EngineId) -> (Value, Value) {
    let chain = crate::deferred::rich(first);
    assert!(balance(&chain, A) > 0);
    let mut blocks = Vec::new();
    for transactions in scenario["blocks"].as_array().unwrap() {
        let mut block = chain.begin_block().unwrap();
        for actions in transactions.as_array().unwrap() {
            block.transact(&transaction(actions), &mut ()).unwrap();
        }
        let (_, receipts) = block.commit().unwrap();
        blocks.push(Value::from_iter(receipts.iter().map(told)));
    }
    let mut rows = Vec::new();
    let mut state = chain.state();
    for by in 0..5u8 {
        let letter = Value::from(((b'a' + by) as char).to_string());
        let id = account(&letter);
        let mut after: Option<Vec<u8>> = None;
        while let Some((key, _)) = data::next(&mut state, &id, after.as_deref()).unwrap() {
            let row = u64::from_le_bytes(key.to_vec().try_into().unwrap());
            rows.push((letter.to_string(), row, serde_json::json!([letter, row])));
            after = Some(key.to_vec());
        }
    }
    rows.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
    is_sound(&chain);
    (
        Value::from_iter(blocks),
        Value::from_iter(rows.into_iter().map(|(.., row)| row)),
    )
}

fn recorded() -> Vec<Value> {
    let actions = include_str!("../../../tests/data/eos.json");
    let told = include_str!("../../../tests/data/eos_onerror.json");
    let mut scenarios: Vec<Value> = serde_json::from_str(actions).unwrap();
    scenarios.extend(serde_json::from_str::<Vec<Value>>(told).unwrap());
    scenarios
}

fn differs(scenario: &Value) -> bool {
    DIFFERENT
        .iter()
        .any(|(name, ..)| scenario["name"] == **name)
}

#[test]
fn actions_are_as_on_an_eos_chain() {
    let (different, equal): (Vec<Value>, Vec<Value>) = recorded().into_iter().partition(differs);
    assert!(equal.len() > 230 && different.len() == DIFFERENT.len());
    for first in [EngineId::Mcs51, EngineId::Wasm] {
        for scenario in &equal {
            let (told, rows) = executed(scenario, first);
            assert_eq!(told, scenario["told"], "{first:?}: {scenario}");
            assert_eq!(rows, scenario["rows"], "{first:?}: {scenario}");
        }
    }
}

#[test]
fn what_differs_from_eos_is_as_stated() {
    let different: Vec<Value> = recorded().into_iter().filter(differs).collect();
    assert_eq!(different.len(), DIFFERENT.len());
    for (scenario, (name, ours, there)) in different.iter().zip(DIFFERENT) {
        assert_eq!(scenario["name"], name);
        let ours: Value = serde_json::from_str(ours).unwrap();
        let there: Value = serde_json::from_str(there).unwrap();
        assert_ne!(scenario["told"], ours);
        for first in [EngineId::Mcs51, EngineId::Wasm] {
            assert_eq!(executed(scenario, first), (ours.clone(), there.clone()));
        }
    }
}

/// What the recorder answers on this Python when it compares a file, or the recorded one: its status, and its words.
fn compared(python: &PathBuf, file: Option<&PathBuf>) -> (i32, String) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/eos/record.py");
    let mut command = Command::new(python);
    command.args([script, "--check"]).args(file);
    let ended = command.output().expect("python3 is there in `make test`");
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    let status = ended.status.code().expect("no signal");
    (
        status,
        format!("{said}{}", String::from_utf8_lossy(&ended.stderr)),
    )
}

/// The recordings are what the chain does now, where the chain is there: in one of the Pythons that
/// `SMART51_EOS_PYTHON` lists as PATH does, or in python3.
#[test]
fn the_eos_chain_does_what_is_recorded() {
    let named = std::env::var_os("SMART51_EOS_PYTHON");
    let pythons = named.clone().unwrap_or_else(|| OsString::from("python3"));
    for python in std::env::split_paths(&pythons) {
        let (status, said) = compared(&python, None);
        if status == 2 {
            let why = said.lines().find(|line| line.starts_with("SKIPPED: "));
            let why = why.unwrap_or_else(|| panic!("{said}"));
            eprintln!("{why}; so the recordings of an EOS chain are not made again");
            // Whoever names one wants no silence.
            assert!(named.is_none(), "{why}");
            continue;
        }
        assert!(
            status == 0 && said.contains("scenarios are as recorded"),
            "{said}"
        );
        let folder = tempfile::tempdir().unwrap();
        let wrong = folder.path().join("wrong.json");
        std::fs::write(&wrong, "[]").unwrap();
        let (status, said) = compared(&python, Some(&wrong));
        assert!(
            status == 1 && said.contains("wrong.json differs"),
            "{status}: {said}"
        );
    }
}
