//! The order of actions against a real EOS chain: `tests/eos/record.py` has recorded what it does with the same
//! scenarios.
//!
//! Not recorded are the context-free actions of a transaction, which the package cannot send, and telling of failures,
//! which fails in the package itself.

use crate::actions::{A, Call, action, inline, inline_context_free, list, notify};
use crate::common::{balance, script};
use crate::deferred::{USUAL, cancel, is_sound};
use abi::codec::request;
use abi::method;
use bridge::EngineId;
use chain::{Action, Receipt};
use hostapi::data;
use serde_json::Value;
use state::keys::RegId;
use std::process::Command;

/// What the recorded chain says where ours has an outcome of its own.
const TOO_DEEP: &str = "max inline action depth per transaction reached";

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
        let calls = calls.as_array().unwrap().iter();
        let mut calls: Vec<Call> = calls.map(|one| call(by, one)).collect();
        // A contract has to say that it has succeeded.
        let fails = calls.last().is_some_and(|(id, _)| *id == method::FAIL);
        let code = if fails { 7 } else { 1 };
        (by, script(&std::mem::take(&mut calls), code))
    };
    does.iter().map(part).collect()
}

/// What a contract asks its host for.
fn call(by: RegId, one: &Value) -> Call {
    match one[0].as_str().unwrap() {
        "notify" => notify(account(&one[1])),
        "inline" => inline(by, account(&one[1]["account"]), 0, &does(&one[1])),
        "context_free" => inline_context_free(account(&one[1]["account"]), &does(&one[1])),
        "write" => (
            method::DB_WRITE,
            request(&[&one[1].as_u64().unwrap().to_le_bytes(), b"1"]),
        ),
        "fail" => (
            method::FAIL,
            request(&[&[7], one[1].as_str().unwrap().as_bytes()]),
        ),
        "defer" => crate::deferred::Sent {
            by,
            id: one[1].as_u64().unwrap(),
            account: account(&one[2]["account"]),
            does: &does(&one[2]),
            ..USUAL
        }
        .call(),
        "cancel" => cancel(one[1].as_u64().unwrap()),
        kind => panic!("{kind}"),
    }
}

/// A receipt as the recording has it.
fn told(receipt: &Receipt) -> Value {
    let letter = |id: RegId| ((b'a' + id[4]) as char).to_string();
    if let Some(error) = &receipt.error {
        return serde_json::json!({ "error": String::from_utf8_lossy(error.bytes()) });
    }
    if receipt.verdict.fault() == Some("inline_too_deep") {
        return serde_json::json!({ "error": TOO_DEEP });
    }
    assert!(receipt.verdict.is_success(), "{receipt}");
    let ordinal = |place: u16| receipt.frames[usize::from(place)].ordinal;
    let frames = receipt.frames.iter().map(|frame| {
        serde_json::json!([
            letter(frame.receiver),
            letter(frame.code),
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
            let actions = actions.as_array().unwrap().iter();
            let actions: Vec<Action> = actions
                .map(|one| action(account(&one["account"]), &does(one)))
                .collect();
            block.transact(&list(&actions), &mut ()).unwrap();
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

#[test]
fn actions_are_as_on_an_eos_chain() {
    let recorded = include_str!("../../../tests/data/eos.json");
    let scenarios: Vec<Value> = serde_json::from_str(recorded).unwrap();
    assert!(scenarios.len() > 100);
    for first in [EngineId::Mcs51, EngineId::Wasm] {
        for scenario in &scenarios {
            let (told, rows) = executed(scenario, first);
            assert_eq!(told, scenario["told"], "{first:?}: {scenario}");
            assert_eq!(rows, scenario["rows"], "{first:?}: {scenario}");
        }
    }
}

/// The recording is what the chain does now, where the chain is there.
#[test]
fn the_eos_chain_does_what_is_recorded() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/eos/record.py");
    let checked = Command::new("python3").args([script, "--check"]).output();
    let checked = checked.expect("python3 is among the tools of `make test`");
    let said = String::from_utf8_lossy(&checked.stdout);
    match checked.status.code() {
        Some(0) => {}
        Some(2) => eprintln!("{}, so the recording is not made again", said.trim_end()),
        _ => panic!("{said}{}", String::from_utf8_lossy(&checked.stderr)),
    }
}
