//! `smart51 run` and `smart51 replay`, as their users see them.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn smart51(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_smart51"))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("the program starts")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("one JSON object on standard output")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn sample(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware-samples");
    let image: PathBuf = folder.join(name).join(format!("{name}.ihx"));
    image.to_str().expect("a path in UTF-8").into()
}

#[test]
fn json_has_the_fixed_keys_first_and_in_order() {
    let output = smart51(&["run", &sample("counter"), "--json"]);
    let report = json(&output);
    let keys: Vec<&str> = report
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    let fixed = [
        "outcome",
        "exit_code",
        "fault",
        "pc",
        "machine_cycles",
        "instructions",
        "steps",
        "gas",
        "registers",
        "host_calls",
        "output",
        "events",
    ];
    assert_eq!(keys[..fixed.len()], fixed);
    assert_eq!(report["outcome"], "success");
    assert_eq!(report["pc"], "0x0008");
    assert_eq!(report["registers"]["r"].as_array().map(Vec::len), Some(8));
    let calls = report["host_calls"].as_array().expect("a list");
    let names: Vec<&str> = calls
        .iter()
        .filter_map(|call| call["name"].as_str())
        .collect();
    assert_eq!(names, ["db_read", "db_write"]);
    assert_eq!(calls[1]["args"][0], "636f756e74");
    assert!(calls[0]["cycles"].as_u64() < calls[1]["cycles"].as_u64());
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_print_is_shown_and_given_as_output() {
    let output = smart51(&["run", &sample("hello")]);
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("printed         hello, chain\n"));
    assert_eq!(
        json(&smart51(&["run", &sample("hello"), "--json"]))["output"],
        "hello, chain"
    );
}

#[test]
fn a_limit_ends_the_run_with_a_fault_and_status_1() {
    for (limit, fault) in [
        ("--max-cycles=1_00", "out_of_cycles"),
        ("--max-steps=1_00", "out_of_steps"),
        ("--gas=15_000", "out_of_gas"),
    ] {
        let output = smart51(&["run", &sample("counter"), limit, "--json"]);
        let report = json(&output);
        assert_eq!(
            (&report["outcome"], &report["fault"]),
            (&"fault".into(), &fault.into())
        );
        assert_eq!(report["exit_code"], Value::Null);
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
fn bad_input_is_status_2_with_a_sentence() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let counter = sample("counter");
    let wrong: [&[&str]; 7] = [
        &["run", "no-such-file.ihx"],
        &["run", manifest],
        &["run", &counter, "--input", "0g"],
        &["run", &counter, "--input", "@no-such-file"],
        &["run", &counter, "--context", manifest],
        &["replay", manifest],
        &["run", &counter, "--max-cycles", "-1"],
    ];
    for arguments in wrong {
        let output = smart51(arguments);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{arguments:?}: {}",
            stderr(&output)
        );
        assert!(
            stderr(&output).starts_with("error: "),
            "{arguments:?}: {}",
            stderr(&output)
        );
    }
}

#[test]
fn an_input_that_does_not_fit_is_a_fault() {
    let input = "00".repeat(4096);
    let report = json(&smart51(&[
        "run",
        &sample("echo"),
        "--input",
        &input,
        "--json",
    ]));
    assert_eq!(report["fault"], "input_too_long");
}

#[test]
fn a_trace_has_a_line_for_each_instruction() {
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("trace.txt");
    let arguments = [
        "run",
        &sample("counter"),
        "--json",
        "--trace",
        trace.to_str().expect("UTF-8"),
    ];
    let instructions = json(&smart51(&arguments))["instructions"]
        .as_u64()
        .expect("a number");
    let text = std::fs::read_to_string(trace).expect("the trace");
    assert_eq!(text.lines().count() as u64, instructions);
    assert!(text.starts_with("0x0000  LJMP "), "{text:.80}");
    // Two things cannot share standard output.
    assert_eq!(
        smart51(&["run", &sample("counter"), "--json", "--trace", "-"])
            .status
            .code(),
        Some(2)
    );
}

#[test]
fn a_recorded_run_replays_from_its_one_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("call.json");
    let path = file.to_str().expect("UTF-8");
    for (image, semantics) in [("counter", "v1"), ("token", "v1"), ("echo", "dacrs2017")] {
        let arguments = [
            "run",
            &sample(image),
            "--input",
            "07",
            "--semantics",
            semantics,
            "--record",
            path,
        ];
        assert_ne!(smart51(&arguments).status.code(), Some(2));
        let replay = smart51(&["replay", path, "--json"]);
        let report = json(&replay);
        assert_eq!(
            (&report["rows"], &report["equal"]),
            (&1.into(), &1.into()),
            "{report}"
        );
        assert_eq!(replay.status.code(), Some(0));
    }
}

#[test]
fn a_changed_recording_is_different_and_status_1() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("call.json");
    let path = file.to_str().expect("UTF-8");
    smart51(&["run", &sample("counter"), "--record", path]);
    let text = std::fs::read_to_string(&file).expect("the recording");
    let mut recording: Value = serde_json::from_str(&text).expect("JSON");
    recording["rows"][0]["result"]["machine_cycles"] = 1.into();
    std::fs::write(&file, recording.to_string()).expect("written");
    let output = smart51(&["replay", path, "--json"]);
    let report = json(&output);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(report["different"][0]["field"], "result.machine_cycles");
    assert_eq!(report["different"][0]["expected"], 1);
}

/// A row whose image is not the recorded one is skipped with the reason.
#[test]
fn row_of_another_image_is_skipped() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("call.json");
    let path = file.to_str().expect("UTF-8");
    smart51(&["run", &sample("counter"), "--record", path]);
    let text = std::fs::read_to_string(&file).expect("the recording");
    let mut recording: Value = serde_json::from_str(&text).expect("JSON");
    recording["rows"][0]["rom_sha256"] = "00".into();
    std::fs::write(&file, recording.to_string()).expect("written");
    let report = json(&smart51(&["replay", path, "--json"]));
    assert_eq!(report["equal"], 0);
    let reason = report["skipped"][0]["reason"].as_str().expect("a reason");
    assert!(reason.contains("hash"), "{reason}");
}

#[test]
fn a_context_file_gives_the_chain_around_the_call() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("context.json");
    let count = ["010000000100", "636f756e74", "29000000"];
    let context = serde_json::json!({ "height": 7, "chain_tip": 6, "initial_db": [count] });
    std::fs::write(&file, context.to_string()).expect("written");
    let arguments = [
        "run",
        &sample("counter"),
        "--json",
        "--context",
        file.to_str().expect("UTF-8"),
    ];
    let report = json(&smart51(&arguments));
    assert_eq!(report["host_calls"][0]["reply"][0], "29000000");
}

/// A context is a file of somebody: names that nobody can have, and a state that no chain has, are bad input.
#[test]
fn a_context_that_no_chain_has_is_status_2() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("context.json");
    let funds = |user: usize, tag: usize| {
        let fund = serde_json::json!({ "tag": "00".repeat(tag), "height": 5, "value": 1 });
        serde_json::json!({ "initial_app_accounts": [{
            "script": "010000000100", "user": "75".repeat(user), "free": 1, "frozen": [fund]
        }] })
    };
    let damaged = |key: &str| serde_json::json!({ "state": [[key, "00"]] });
    for (context, said) in [
        (funds(300, 1), "user has at most 40 bytes, this one has 300"),
        (funds(1, 41), "tag has at most 40 bytes, this one has 41"),
        (
            damaged("72000000000100"),
            "the context is damaged at the state's key 72000000000100",
        ),
    ] {
        std::fs::write(&file, context.to_string()).expect("written");
        let path = file.to_str().expect("UTF-8");
        let output = smart51(&["run", &sample("counter"), "--context", path]);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains(said), "{}", stderr(&output));
    }
}

#[test]
fn a_closed_pipe_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_smart51"))
        .args(["run", &sample("counter"), "--trace", "-"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

/// A call of the local chain is recorded and replays from its one file.
#[test]
fn call_of_the_local_chain_is_recorded() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let (store, file) = (path("chain"), path("call.json"));
    let on_chain = |arguments: &[&str]| {
        let output = smart51(&[arguments, &["--store", &store, "--json"]].concat());
        assert_eq!(
            output.status.code(),
            Some(0),
            "{arguments:?}: {}",
            stderr(&output)
        );
        json(&output)
    };
    on_chain(&["account", "new", "alice", "--balance", "1_000_000_000"]);
    on_chain(&[
        "deploy",
        &sample("counter"),
        "--from",
        "alice",
        "--name",
        "counter",
    ]);
    let receipt = on_chain(&["call", "counter", "--from", "alice", "--record", &file]);
    let text = std::fs::read_to_string(&file).expect("the recording");
    let recording: Value = serde_json::from_str(&text).expect("JSON");
    let result = &recording["rows"][0]["result"];
    assert_eq!(
        result["machine_cycles"], receipt["machine_cycles"],
        "{receipt}"
    );
    let report = json(&smart51(&["replay", &file, "--json"]));
    assert_eq!(
        (&report["rows"], &report["equal"]),
        (&1.into(), &1.into()),
        "{report}"
    );
}

/// A recorded call of the chain has the contracts that it calls in it: they replay, and run without the chain.
#[test]
fn a_recording_runs_the_contracts_it_calls() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let (store, file, context) = (path("chain"), path("call.json"), path("context.json"));
    let on_chain = |line: &str, more: &[&str]| {
        let words: Vec<&str> = line
            .split(' ')
            .chain(["--store", &store, "--json"])
            .collect();
        let output = smart51(&[&words[..], more].concat());
        assert_eq!(output.status.code(), Some(0), "{line}: {}", stderr(&output));
        json(&output)
    };
    on_chain("account new alice --balance 1_000_000_000", &[]);
    for (name, image) in [
        ("gold", sample("token")),
        ("silver", sample("token")),
        ("exchange", sample("exchange")),
    ] {
        on_chain(&format!("deploy --from alice --name {name}"), &[&image]);
    }
    for name in ["gold", "silver"] {
        on_chain(
            &format!(
                "call {name} --from alice --input u8:1 --input regid:alice --input u64:1_000_000"
            ),
            &[],
        );
        on_chain(
            &format!(
                "call {name} --from alice --input u8:4 --input regid:exchange --input u64:500_000"
            ),
            &[],
        );
    }
    let open = "call exchange --from alice --input u8:1 --input regid:gold --input regid:silver --input u64:100_000";
    on_chain(open, &["--input", "u64:400_000"]);
    let swap = [
        "--input",
        "u8:2",
        "--input",
        "u8:0",
        "--input",
        "u64:25_000",
        "--input",
        "u64:80_000",
    ];
    let receipt = on_chain(
        "call exchange --from alice --dry-run",
        &[&swap[..], &["--record", &file]].concat(),
    );
    let text = std::fs::read_to_string(&file).expect("the recording");
    let mut recording: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(recording["format"], 2);
    let report = json(&smart51(&["replay", &file, "--json"]));
    assert_eq!(report["equal"], 1, "{report}");

    // The same call again, and one for which the pool has not enough, both without the chain.
    std::fs::write(&context, recording["rows"][0]["context"].to_string()).expect("written");
    let trace = path("trace.txt");
    let exchange = sample("exchange");
    let run = [
        "run",
        &exchange,
        "--context",
        &context,
        "--trace",
        &trace,
        "--json",
    ];
    let ran = smart51(&[&run[..], &swap].concat());
    let ran = json(&ran);
    assert_eq!(ran["outcome"], "success", "{ran}");
    assert_eq!(ran["gas"], receipt["gas"]);
    assert_eq!(ran["returned"], recording["rows"][0]["said"]["returned"]);
    let frames: Vec<_> = ran["frames"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| &it["outcome"])
        .collect();
    assert_eq!(frames, ["success", "success"]);
    let trace = std::fs::read_to_string(trace).expect("the trace");
    let marks: Vec<&str> = trace
        .lines()
        .filter(|line| line.starts_with("--"))
        .collect();
    assert_eq!(
        marks,
        [
            "-- frame 1: 2-0 is called",
            "-- frame 1 ends: success; frame 0 goes on",
            "-- frame 2: 3-0 is called",
            "-- frame 2 ends: success; frame 0 goes on",
        ]
    );
    // An 8051 that is called shows its instructions, and `pc` is the outer one's all the same.
    let inner = trace
        .split("-- frame 1")
        .nth(1)
        .expect("what the first callee does");
    assert!(inner.lines().count() > 100, "{}", inner.lines().count());
    assert_eq!(ran["pc"], "0x0008");

    assert_eq!(ran["host_calls"][5]["frame"], 0);
    assert_eq!(ran["host_calls"][6]["frame"], 1);
    let text = smart51(&[&["run", &exchange, "--context", &context], &swap[..]].concat()).stdout;
    let text = String::from_utf8_lossy(&text);
    let gas = &ran["frames"][0]["gas"];
    let frame = format!("\nframe 1         2-0 called by frame 0, value 0: success, {gas} gas\n");
    assert!(text.contains(&frame), "{text}");
    assert!(text.contains("\n  frame 1   at cycle "), "{text}");

    // Whatever a callee answered otherwise is found out, and a file of the wrong format refused with the place.
    recording["rows"][0]["said"]["frames"][1]["returned"] = "00".into();
    std::fs::write(&file, recording.to_string()).expect("written");
    let output = smart51(&["replay", &file, "--json"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        json(&output)["different"][0]["field"],
        "said.frames[2].returned"
    );
    for (format, words) in [
        (1, "rows[0].context.codes is of recording format 2"),
        (3, "found 3"),
    ] {
        recording["format"] = format.into();
        std::fs::write(&file, recording.to_string()).expect("written");
        let output = smart51(&["replay", &file]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
    }
}

/// A module that succeeds, with the account check on:
/// `(module (import "smart51" "exit" (func $exit (param i32))) (memory (export "memory") 1)
/// (global (export "smart51_buffer") i32 (i32.const 0)) (global (export "smart51_account_check") i32 (i32.const 1))
/// (func (export "smart51_main") (call $exit (i32.const 1))))`.
const ACCOUNT_CHECK: &str = "0061736d0100000001080260017f0060000002100107736d617274353104657869740000030201010503010001060b027f0041000b7f0041010b074204066d656d6f727902000e736d61727435315f627566666572030015736d61727435315f6163636f756e745f636865636b03010c736d61727435315f6d61696e00010a08010600410110000b";

/// A host call of WebAssembly comes at no machine cycle: null in JSON, and not a word in the text.
#[test]
fn host_calls_of_wasm_have_no_cycle() {
    let folder = tempfile::tempdir().expect("a folder");
    let wasm = folder.path().join("hey.wat");
    let wasm = wasm.to_str().expect("UTF-8");
    let page = include_str!("../../docs/wasm.md");
    let module = page.split("```wat\n").nth(1).expect("the module");
    let module = module.split("```").next().expect("its text");
    std::fs::write(wasm, module).expect("written");
    let report = json(&smart51(&["run", wasm, "--json"]));
    assert_eq!(report["host_calls"][0]["name"], "print");
    assert_eq!(report["host_calls"][0]["cycles"], Value::Null);
    let text = smart51(&["run", wasm]).stdout;
    let text = String::from_utf8_lossy(&text);
    assert!(text.ends_with("\n  print(00 686579) = []\n"), "{text}");
}

/// What a module says of itself holds wherever it runs: in `run`, in a block, and in a recording of either.
#[test]
fn the_account_check_of_wasm_is_known_everywhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let (store, file, wasm) = (path("chain"), path("call.json"), path("acc.wasm"));
    std::fs::write(&wasm, hex::decode(ACCOUNT_CHECK).expect("hex")).expect("written");
    let recorded = || -> Value {
        let text = std::fs::read_to_string(&file).expect("the recording");
        let recording: Value = serde_json::from_str(&text).expect("JSON");
        recording["rows"][0].clone()
    };
    smart51(&["run", &wasm, "--record", &file]);
    assert_eq!(recorded()["context"]["check_account_flag"], true);
    // So it is in surroundings that do not say otherwise: what the chain refuses below is refused here.
    let context = path("context.json");
    for (flag, accepted) in [
        ("", false),
        (", \"check_account_flag\": true", false),
        (", \"check_account_flag\": false", true),
    ] {
        std::fs::write(&context, format!("{{\"tx\": {{\"pay_amount\": 5}}{flag}}}"))
            .expect("written");
        let ran = smart51(&["run", &wasm, "--context", &context, "--json"]);
        assert_eq!(ran.status.success(), accepted, "{flag}: {}", stderr(&ran));
    }

    let on_chain =
        |arguments: &[&str]| smart51(&[arguments, &["--store", &store, "--json"]].concat());
    on_chain(&["account", "new", "alice", "--balance", "1_000_000_000"]);
    on_chain(&["deploy", &wasm, "--from", "alice", "--name", "acc"]);
    // The money that comes in is in no app account, and the check says so.
    let call = [
        "call", "acc", "--from", "alice", "--value", "5", "--record", &file,
    ];
    let receipt = on_chain(&call);
    assert_eq!(receipt.status.code(), Some(1), "{}", stderr(&receipt));
    assert_eq!(recorded()["context"]["check_account_flag"], true);
    assert_eq!(recorded()["result"]["ok"], false);
    let report = json(&smart51(&["replay", &file, "--json"]));
    assert_eq!(report["equal"], 1, "{report}");
}

/// The option says what it takes, and what this build has; receipts and recordings never name an engine.
#[test]
fn the_engine_option_takes_what_the_build_has() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let (wasm, file) = (path("acc.wasm"), path("call.json"));
    std::fs::write(&wasm, hex::decode(ACCOUNT_CHECK).expect("hex")).expect("written");
    let run = |engine: &str| smart51(&["run", &wasm, "--record", &file, "--engine", engine]);

    assert_eq!(run("wasm=wasmi").status.code(), Some(0));
    let recording = std::fs::read_to_string(&file).expect("the recording");
    assert!(!recording.contains("wasmi"));
    for nonsense in ["wasmi", "8051=wasmi", "wasm=v8", ""] {
        let refused = run(nonsense);
        assert_eq!(refused.status.code(), Some(2), "{nonsense}");
        assert!(stderr(&refused).contains("expected wasm=wasmi or wasm=wasmtime"));
    }
    let other = run("wasm=wasmtime");
    if cfg!(feature = "wasmtime") {
        assert_eq!(other.status.code(), Some(0), "{}", stderr(&other));
        assert_eq!(
            std::fs::read_to_string(&file).expect("the recording"),
            recording
        );
    } else {
        assert_eq!(other.status.code(), Some(2));
        assert!(stderr(&other).contains("this build has no wasmtime; build it with"));
    }
}
