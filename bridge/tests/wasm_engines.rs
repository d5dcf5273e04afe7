//! wasmi and wasmtime give equal outcomes, host calls, gas and memory, with any state of the cache.

#![cfg(feature = "wasmtime")]

mod programs;

use abi::{Gas, Semantics};
use hostapi::{Answer, HostApi, HostError, NodeError, Status};
use loader::Image;
use programs::{PROGRAMS, bodies, compiled, module};
use proptest::prelude::*;
use smart51_bridge::cache::Cache;
use smart51_bridge::{Call, Engine, Limits, Report, Silent, Wasmi, Wasmtime, Watchdog};
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

static WASMI: LazyLock<Wasmi> = LazyLock::new(Wasmi::new);
static WASMTIME: LazyLock<Wasmtime> = LazyLock::new(|| Wasmtime::new(None).expect("it runs here"));

/// A host that keeps what it is asked and answers with a part of it.
#[derive(Debug, Default)]
struct Echo {
    asked: Vec<(u16, Vec<u8>)>,
}

impl HostApi for Echo {
    fn call(&mut self, method: u16, request: &[u8]) -> Result<Answer<'_>, HostError> {
        self.asked.push((method, request.to_vec()));
        let reply = &self.asked.last().expect("it was just put there").1;
        Ok(Answer {
            status: if method % 3 == 2 {
                Status::Refused
            } else {
                Status::Done
            },
            reply: &reply[..reply.len() / 2],
            step_delta: 0,
            gas: Gas(u64::from(method)),
            refund: Gas(7),
        })
    }
}

/// What a contract does, with the memory that it hands to the host at its end.
fn run(engine: &dyn Engine, wasm: &[u8], gas: u64) -> (Report, Vec<(u16, Vec<u8>)>) {
    let module = engine
        .prepare(&Image::wasm(wasm.to_vec()), Semantics::V1)
        .expect("a contract");
    let limits = Limits {
        gas: Gas(gas),
        ..Limits::NONE
    };
    let mut host = Echo::default();
    let report = module
        .call(
            &Call {
                input: b"input",
                limits,
            },
            &mut host,
            &mut Silent,
        )
        .expect("the node does not fail");
    (report, host.asked)
}

fn same(wasm: &[u8], gas: u64) -> Report {
    let (a, b) = (run(&*WASMI, wasm, gas), run(&*WASMTIME, wasm, gas));
    assert_eq!(a, b);
    a.0
}

/// Hands the first 4 KiB of memory to the host.
const SHOW: &str = "(drop (call $call (i32.const 1) (i32.const 0) (i32.const 4097) (i32.const 8192) (i32.const 4096)))";

#[test]
fn all_programs_are_the_same_with_every_budget() {
    for (fields, main) in PROGRAMS {
        let wasm = module(fields, &format!("{main} {SHOW}"));
        let whole = same(&wasm, 1 << 40).usage.gas.0;
        let step = (whole / 200).max(1);
        for gas in (0..whole).step_by(usize::try_from(step).expect("it is small")) {
            same(&wasm, gas);
        }
        same(&wasm, whole);
    }
}

#[test]
fn a_program_compiled_by_clang_is_the_same() {
    let wasm = compiled();
    let whole = same(&wasm, 1 << 40).usage.gas.0;
    for gas in [whole - 1, whole / 2, whole / 3] {
        same(&wasm, gas);
    }
}

#[test]
fn recursion_ends_at_the_same_depth_with_frames_of_every_size() {
    for locals in [0, 1, 10, 100, 1000] {
        let fields = format!(
            "(global $depth (mut i32) (i32.const 0))
             (func $f (local {}) (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
                (i32.store (i32.const 0) (global.get $depth))
                (drop (call $call (i32.const 1) (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 0))) (call $f))",
            "i64 ".repeat(locals)
        );
        let report = same(&module(&fields, "(call $f)"), 1 << 40);
        let name = report.outcome.fault().expect("it is endless").name();
        assert_eq!(name, "stack_exhausted", "{locals} locals");
    }
}

#[test]
fn an_endless_call_that_is_watched_is_given_up() {
    let watchdog = Watchdog::new(Duration::from_millis(20));
    let engine = Wasmtime::watched(None, watchdog).expect("it runs here");
    let image = Image::wasm(module("", "(loop $l br $l)"));
    let module = engine.prepare(&image, Semantics::V1).expect("a contract");
    let call = Call {
        input: b"",
        limits: Limits::NONE,
    };
    let given_up = module.call(&call, &mut Echo::default(), &mut Silent);
    assert!(
        matches!(given_up, Err(NodeError::TookTooLong { milliseconds: 20 })),
        "{given_up:?}"
    );
}

/// The files of a cache, without the node's secret.
fn entries(folder: &Path) -> Vec<std::path::PathBuf> {
    let files = std::fs::read_dir(folder)
        .expect("the folder is there")
        .map(|file| file.expect("a file").path());
    files.filter(|file| !file.ends_with("secret")).collect()
}

#[test]
fn with_any_state_of_the_cache_the_same_comes_out() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let engine = || {
        Wasmtime::new(Some(Cache::open(folder.path()).expect("it can be made")))
            .expect("it runs here")
    };
    let wasm = compiled();
    let right = run(&*WASMI, &wasm, 1 << 40);
    assert_eq!(run(&engine(), &wasm, 1 << 40), right, "an empty cache");
    let files = entries(folder.path());
    assert!(!files.is_empty(), "what was compiled is kept");
    let whole: Vec<Vec<u8>> = files
        .iter()
        .map(|file| std::fs::read(file).expect("it can be read"))
        .collect();
    assert_eq!(run(&engine(), &wasm, 1 << 40), right, "a full cache");
    for (file, bytes) in files.iter().zip(&whole) {
        let mut damaged = bytes.clone();
        *damaged.last_mut().expect("it is not empty") ^= 0xFF;
        std::fs::write(file, &damaged).expect("it can be written");
    }
    assert_eq!(run(&engine(), &wasm, 1 << 40), right, "a damaged cache");
    let again: Vec<Vec<u8>> = files
        .iter()
        .map(|file| std::fs::read(file).expect("it can be read"))
        .collect();
    assert_eq!(again, whole, "damaged entries were replaced");
    // An entry of another function, put in the place of each.
    for file in &files {
        std::fs::write(file, &whole[0]).expect("it can be written");
    }
    assert_eq!(run(&engine(), &wasm, 1 << 40), right, "a foreign cache");
    std::fs::write(folder.path().join("secret"), b"lost").expect("it can be written");
    assert_eq!(run(&engine(), &wasm, 1 << 40), right, "a lost secret");
}

proptest! {
    #[test]
    fn random_programs_are_the_same(body in bodies(), part in 0..=100u64) {
        let wasm = module(&format!("(func $body {body})"), &format!("(call $body) {SHOW}"));
        let whole = same(&wasm, 1 << 40).usage.gas.0;
        same(&wasm, whole * part / 100);
    }
}
