//! wasmi and wasmtime give equal outcomes, host calls, gas and memory, with any state of the cache.

#![cfg(feature = "wasmtime")]

mod programs;

use abi::{Gas, Semantics};
use bridge::cache::Cache;
use bridge::wasm::ModuleLimits;
use bridge::{Call, CallLimits, Engine, Report, Rules, Wasmi, Wasmtime, Watchdog, World, drive};
use hostapi::{Answer, CallEnd, Failure, HostApi, NodeError, Status};
use loader::Image;
use programs::{PROGRAMS, bodies, compiled, frames, module};
use proptest::prelude::*;
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
    fn call(&mut self, method: u16, request: &[u8]) -> Result<Answer<'_>, Failure<CallEnd>> {
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
            reason: None,
        })
    }
}

impl World for Echo {}

/// What a contract does, with what it asks the host.
type Done = (Report, Vec<(u16, Vec<u8>)>);

/// What a contract does, with the memory that it hands to the host at its end.
fn run(engine: &dyn Engine, wasm: &[u8], gas: u64) -> Done {
    attempt(engine, wasm, gas).expect("the node does not fail")
}

/// The same, of a contract that may bring the node to fail.
fn attempt(engine: &dyn Engine, wasm: &[u8], gas: u64) -> Result<Done, NodeError> {
    let module = engine
        .prepare(&Image::wasm(wasm.to_vec()), &Rules::v1(Semantics::V1))
        .expect("a contract");
    let limits = CallLimits {
        gas: Gas(gas),
        ..CallLimits::NONE
    };
    let mut host = Echo::default();
    let call = Call {
        input: b"input",
        limits,
    };
    let report = drive(&module, &call, &mut host, &mut ())?;
    Ok((report, host.asked))
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

/// Recursion ends at the same depth with frames of every size.
#[test]
fn recursion_of_any_frame_ends_at_the_same_depth() {
    for locals in [0, 1, 10, 100, 500] {
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
    let module = engine
        .prepare(&image, &Rules::v1(Semantics::V1))
        .expect("a contract");
    let call = Call {
        input: b"",
        limits: CallLimits::NONE,
    };
    let given_up = drive(&module, &call, &mut Echo::default(), &mut ());
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

/// A function that calls itself for ever, in the middle of what makes its frame large.
#[derive(Clone, Copy, Debug)]
struct Frame {
    /// Its parameters, all i64.
    params: usize,
    /// The locals that live across the call.
    locals: usize,
    /// The operands that lie below it.
    operands: usize,
    /// The values computed before it and once more after it: a compiler keeps each in the frame, where neither a local
    /// nor an operand counts for it.
    twice: usize,
    /// The values alive across one call of the host each, in turn, so that their places in the frame are used anew.
    in_turn: usize,
    /// Whether a function between calls this one.
    between: bool,
}

impl Frame {
    fn fields(&self) -> String {
        let Frame {
            params,
            locals,
            operands,
            twice,
            in_turn,
            between,
        } = *self;
        let x = "(i64.load (i32.const 8))";
        let set: String = (0..locals)
            .map(|n| {
                format!(
                    "(local.set {} (i64.add (local.get $x) (i64.const {n})))",
                    params + 1 + n
                )
            })
            .collect();
        let used: String = (0..locals)
            .map(|n| {
                format!(
                    "(local.set $sum (i64.xor (local.get $sum) (local.get {})))",
                    params + 1 + n
                )
            })
            .collect();
        let lie: String = (0..operands)
            .map(|n| format!("(i64.rotl (local.get $x) (i64.const {n}))"))
            .collect();
        let compute = |with: &str| -> String {
            (0..twice)
                .map(|n| {
                    format!(
                        "(local.set $sum (i64.add (local.get $sum) ({with} (i64.mul (local.get $x) (i64.const {})) (local.get $sum))))",
                        2 * n + 12345
                    )
                })
                .collect()
        };
        let host = "(drop (call $call (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))";
        let turns: String = (0..in_turn)
            .map(|n| {
                let value = format!("(i64.div_u (local.get $x) (i64.const {}))", n + 3);
                let values = value.repeat(8);
                format!(
                    "{values} {host} {}",
                    "(local.set $sum (i64.xor (local.get $sum)))".repeat(8)
                )
            })
            .collect();
        let arguments: String = (0..params).map(|n| format!("(local.get {n})")).collect();
        let types = "i64 ".repeat(params);
        let callee = if between { "$g" } else { "$f" };
        format!(
            "(global $depth (mut i32) (i32.const 0))
             (func $g (param {types}) (call $f {arguments}))
             (func $f (param {types}) (local $x i64) (local {}) (local $sum i64)
                (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
                (i32.store (i32.const 0) (global.get $depth))
                (i64.store (i32.const 8) (i64.extend_i32_u (global.get $depth)))
                (local.set $x {x}) {set} {} {turns} {lie} (call {callee} {arguments}) {} {used} {}
                (i64.store (i32.const 16) (local.get $sum)))",
            "i64 ".repeat(locals),
            compute("i64.xor"),
            "(local.set $sum (i64.xor (local.get $sum)))".repeat(operands),
            compute("i64.sub"),
        )
    }
}

/// A deep recursion of any function that may be deployed ends alike on both engines, and never as a failure of the
/// node: native frames, however large the compiler makes them, fit into what the limit `stack` lets them be.
#[test]
fn the_worst_frames_end_alike_on_both_engines() {
    let least = Frame {
        params: 0,
        locals: 0,
        operands: 0,
        twice: 0,
        in_turn: 0,
        between: false,
    };
    let most = ModuleLimits::V1;
    let frames = [
        least,
        Frame {
            between: true,
            ..least
        },
        Frame {
            params: most.params as usize,
            between: true,
            ..least
        },
        Frame {
            locals: most.locals as usize - 2,
            ..least
        },
        Frame {
            operands: most.operands as usize - 4,
            ..least
        },
        Frame {
            locals: 500,
            operands: 240,
            params: 8,
            ..least
        },
        Frame { twice: 10, ..least },
        Frame {
            twice: 100,
            ..least
        },
        Frame {
            twice: 1500,
            ..least
        },
        Frame {
            twice: 1500,
            between: true,
            params: 16,
            ..least
        },
        Frame {
            in_turn: 50,
            ..least
        },
        Frame {
            in_turn: 50,
            twice: 300,
            locals: 100,
            operands: 100,
            ..least
        },
    ];
    for frame in frames {
        let main = format!("(call $f {})", "(i64.const 1)".repeat(frame.params));
        let show = format!("{main} {SHOW}");
        let wasm = module(&frame.fields(), &show);
        let report = same(&wasm, 1 << 40);
        let name = report.outcome.fault().expect("it is endless").name();
        assert_eq!(name, "stack_exhausted", "{frame:?}");
    }
}

/// The gas of one of the next modules; almost all use up the stack long before.
const FRAME_GAS: u64 = 1 << 26;
/// How many of them are tried, unless `SMART51_FRAMES` says how many.
const FRAMES: u64 = 30;

/// The same of frames as they come: the number in a failure is the seed of its module.
#[test]
fn random_frames_end_alike_on_both_engines() {
    let asked = std::env::var("SMART51_FRAMES").ok();
    let many = asked.map_or(FRAMES, |text| text.parse().expect("a number"));
    let mut deep = 0;
    for seed in 0..many {
        // A few are as long as a body may be: compiling them takes the most time.
        let large = if seed % 16 == 15 { 7000 } else { 1000 };
        let wasm = frames::endless(seed, large);
        let ends = [&*WASMI as &dyn Engine, &*WASMTIME]
            .map(|engine| attempt(engine, &wasm, FRAME_GAS).map_err(|error| error.to_string()));
        let [Ok(first), Ok(second)] = ends else {
            panic!("seed {seed}: {:?}", ends.map(|end| end.err()));
        };
        assert!(
            first == second,
            "seed {seed}: {:?}, {:?}",
            first.0,
            second.0
        );
        let name = first.0.outcome.fault().expect("it is endless").name();
        assert!(["stack_exhausted", "out_of_gas"].contains(&name), "{name}");
        deep += u64::from(name == "stack_exhausted");
    }
    println!("{deep} of {many} modules used up the stack");
    assert!(deep >= many * 3 / 4, "{deep} of {many}");
}
