//! Metering changes nothing but the meter: metered and plain modules compute the same, the bill is what the
//! table says, and a call ends where the gas or the stack does.

use smart51_bridge::wasm::{self, Costs, Limits, Metered};
use std::path::Path;
use std::process::Command;
use wasmi::{Caller, Config, Engine, Error, Instance, Linker, Module, Store, TrapCode, Val};

/// How a run of `smart51_main` ended, and what it left.
#[derive(Debug, PartialEq, Eq)]
struct Ran {
    end: Result<(), Option<TrapCode>>,
    memory: Vec<u8>,
    /// What is left of the gas and of the stack, if the module meters itself.
    left: Option<(i64, i32)>,
}

/// Runs a module, metered or not, with a host that adds up what it is called with.
fn run(wasm: &[u8], gas: i64, stack: i32) -> Ran {
    let mut config = Config::default();
    config
        .set_max_recursion_depth(10_000)
        .set_max_stack_height(1 << 22);
    let engine = Engine::new(&config);
    let module = Module::new(&engine, wasm).unwrap_or_else(|error| panic!("{error}"));
    let mut store = Store::new(&engine, 0i32);
    let mut linker = Linker::new(&engine);
    let call = |mut caller: Caller<'_, i32>, method: i32, a: i32, b: i32, c: i32, d: i32| {
        *caller.data_mut() = caller.data().wrapping_add(method ^ a ^ b ^ c ^ d);
        *caller.data()
    };
    linker.func_wrap("smart51", "call", call).expect("no other");
    let exit = |_: Caller<'_, i32>, code: i32| -> Result<(), Error> { Err(Error::i32_exit(code)) };
    linker.func_wrap("smart51", "exit", exit).expect("no other");
    let instance = linker
        .instantiate_and_start(&mut store, &module)
        .expect("the segments are in range");
    let global = |store: &Store<i32>, instance: &Instance, name| instance.get_global(store, name);
    if let Some(left) = global(&store, &instance, "gas") {
        left.set(&mut store, Val::I64(gas)).expect("it is mutable");
        let left = global(&store, &instance, "stack").expect("both are there");
        left.set(&mut store, Val::I32(stack))
            .expect("it is mutable");
    }
    let main = instance
        .get_typed_func::<(), ()>(&store, "smart51_main")
        .expect("checked");
    let end = main
        .call(&mut store, ())
        .map_err(|error| error.as_trap_code());
    let memory = instance
        .get_memory(&store, "memory")
        .expect("checked")
        .data(&store)
        .to_vec();
    let left = global(&store, &instance, "gas").map(|gas| {
        let stack = global(&store, &instance, "stack").expect("both are there");
        (
            gas.get(&store).i64().expect("its type"),
            stack.get(&store).i32().expect("its type"),
        )
    });
    Ran { end, memory, left }
}

const PLENTY: i64 = 1 << 40;
const STACK: i32 = Limits::V1.stack as i32;

fn meter(wasm: &[u8]) -> Metered {
    wasm::meter(wasm, &Limits::V1, &Costs::V1).unwrap_or_else(|refusal| panic!("{refusal}"))
}

fn module(fields: &str, main: &str) -> Vec<u8> {
    let wat = format!(
        r#"(module
            (import "smart51" "call" (func $call (param i32 i32 i32 i32 i32) (result i32)))
            (import "smart51" "exit" (func $exit (param i32)))
            (memory (export "memory") 1 16)
            (global (export "smart51_buffer") i32 (i32.const 1024))
            {fields}
            (func (export "smart51_main") {main}))"#
    );
    wat::parse_str(&wat).unwrap_or_else(|error| panic!("{error}\n{wat}"))
}

/// The gas that a run to its end takes.
fn price(wasm: &[u8]) -> i64 {
    let ran = run(&meter(wasm).wasm, PLENTY, STACK);
    assert_eq!(ran.end, Ok(()));
    PLENTY - ran.left.expect("it is metered").0
}

/// Programs with every form of control, each leaving what it computed in memory.
const PROGRAMS: &[(&str, &str)] = &[
    ("", "(i32.store (i32.const 0) (i32.add (i32.const 2) (i32.const 3)))"),
    // A loop with an early way out and a value carried by a block.
    (
        "",
        "(local $i i32) (local $sum i64)
         (block $out (loop $again
            (br_if $out (i32.eq (local.get $i) (i32.const 1000)))
            (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 31)) (i64.extend_i32_u (local.get $i))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br $again)))
         (i64.store (i32.const 8) (local.get $sum))
         (i32.store (i32.const 0) (block (result i32) i32.const 5 local.get $i br_if 0 drop i32.const 6))",
    ),
    // Returns from inside, through a table, and by branching to the function's own label.
    (
        "(type $unary (func (param i32) (result i32)))
         (table 4 funcref) (elem (i32.const 0) $early $label $table $tail)
         (func $early (param i32) (result i32)
            (if (i32.gt_s (local.get 0) (i32.const 3)) (then (return (i32.const 100)))) (local.get 0))
         (func $label (param i32) (result i32)
            (block (br_if 1 (i32.const 7) (local.get 0)) drop) (i32.const 8))
         (func $table (param i32) (result i32)
            (block $a (result i32)
                (block $b (result i32)
                    (block $c (result i32) (br_table $c $b $a 3 (i32.const 9) (local.get 0)))
                    i32.const 10 i32.add return)
                i32.const 20 i32.add return)
            i32.const 30 i32.add)
         (func $tail (param i32) (result i32) (loop (result i32) (block (br 2 (i32.const 13))) unreachable))",
        "(local $i i32) (local $f i32)
         (loop $functions
            (local.set $i (i32.const 0))
            (loop $values
                (i32.store (i32.add (i32.shl (local.get $f) (i32.const 6)) (i32.shl (local.get $i) (i32.const 2)))
                    (call_indirect (type $unary) (local.get $i) (local.get $f)))
                (br_if $values (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 6))))
            (br_if $functions (i32.lt_u (local.tee $f (i32.add (local.get $f) (i32.const 1))) (i32.const 4))))",
    ),
    // Nested ifs with and without else, and dead code after a jump.
    (
        "(global $state (mut i32) (i32.const 1))
         (func $step (param i32) (result i32)
            (if (result i32) (i32.and (local.get 0) (i32.const 1))
                (then (if (i32.and (local.get 0) (i32.const 2)) (then (global.set $state (i32.const 17))))
                      (i32.mul (local.get 0) (global.get $state)))
                (else (block (br 0) (global.set $state (i32.const 99)) (br 0)) (i32.sub (i32.const 0) (local.get 0)))))",
        "(local $i i32)
         (loop $l (i32.store (i32.shl (local.get $i) (i32.const 2)) (call $step (local.get $i)))
            (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 16))))",
    ),
    // Bulk memory and growth, past the limit too.
    (
        "",
        r#"(memory.fill (i32.const 100) (i32.const 0xAB) (i32.const 33))
           (memory.copy (i32.const 110) (i32.const 90) (i32.const 40))
           (i32.store (i32.const 0) (memory.grow (i32.const 2)))
           (i32.store (i32.const 4) (memory.grow (i32.const 65535)))
           (i32.store (i32.const 8) (memory.size))
           (i32.store (i32.const 131072) (i32.const 7))"#,
    ),
    // Calls of the host in the middle of an expression.
    (
        "",
        "(local $i i32)
         (loop $l (i32.store (i32.shl (local.get $i) (i32.const 2))
                (i32.add (local.get $i)
                    (call $call (local.get $i) (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4))))
            (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 9))))
         (call $exit (i32.const 1))
         (i32.store (i32.const 0) (i32.const 0xDEAD))",
    ),
    // Faults of the program itself, after it has written something.
    ("", "(i32.store (i32.const 0) (i32.const 1)) unreachable"),
    ("", "(i32.store (i32.const 0) (i32.const 1)) (drop (i32.div_u (i32.const 1) (i32.const 0)))"),
    ("", "(i32.store (i32.const 0) (i32.const 1)) (drop (i64.rem_s (i64.const 1) (i64.const 0)))"),
    ("", "(i32.store (i32.const 0) (i32.const 1)) (drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))"),
    ("", "(i32.store (i32.const 0) (i32.const 1)) (i32.store (i32.const 65533) (i32.const 1))"),
    ("(table 1 funcref)", "(i32.store (i32.const 0) (i32.const 1)) (call_indirect (i32.const 0))"),
    ("(table 1 funcref)", "(i32.store (i32.const 0) (i32.const 1)) (call_indirect (i32.const 1))"),
];

/// The C workload, compiled by clang for wasm32.
fn compiled() -> Vec<u8> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wasm/hash.c");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("hash.wasm");
    let status = Command::new("clang")
        .args([
            "--target=wasm32",
            "-O2",
            "-ffreestanding",
            "-nostdlib",
            "-Wl,--no-entry",
            "-Wl,--export=smart51_buffer",
        ])
        .args(["-Wl,-z,stack-size=8192", "-o"])
        .args([&out, &source])
        .status()
        .expect("clang is installed: apt-get install clang lld");
    assert!(status.success(), "clang compiles the workload");
    std::fs::read(out).expect("clang wrote it")
}

#[test]
fn metered_and_plain_modules_compute_the_same_and_fault_alike() {
    for (fields, main) in PROGRAMS {
        let wasm = module(fields, main);
        let plain = run(&wasm, 0, 0);
        let metered = run(&meter(&wasm).wasm, PLENTY, STACK);
        assert_eq!(
            (&plain.end, &plain.memory),
            (&metered.end, &metered.memory),
            "{main}"
        );
        assert!(
            metered
                .left
                .is_some_and(|(gas, stack)| gas > 0 && stack > 0),
            "{main}: {:?}",
            metered.left
        );
    }
}

#[test]
fn a_program_compiled_by_clang_computes_the_same_and_gives_back_its_stack() {
    let wasm = compiled();
    let plain = run(&wasm, 0, 0);
    let metered = run(&meter(&wasm).wasm, PLENTY, STACK);
    assert_eq!((&plain.end, &plain.memory), (&metered.end, &metered.memory));
    assert_eq!(plain.end, Ok(()));
    let (gas, stack) = metered.left.expect("it is metered");
    assert!(gas > 0 && gas < PLENTY);
    assert_eq!(stack, STACK, "every frame was given back");
}

#[test]
fn the_bill_is_the_sum_of_the_table() {
    let costs = Costs::V1;
    let [simple, access, branch, call] =
        [costs.simple, costs.access, costs.branch, costs.call].map(i64::from);
    assert_eq!(price(&module("", "")), 0);
    assert_eq!(price(&module("", "nop block end")), 0);
    assert_eq!(
        price(&module("", "(local i32 i64 i32)")),
        3 * i64::from(costs.local)
    );
    assert_eq!(
        price(&module("", "(drop (i32.add (i32.const 1) (i32.const 2)))")),
        4 * simple
    );
    assert_eq!(
        price(&module("", "(i32.store (i32.const 1) (i32.const 2))")),
        2 * simple + access
    );
    assert_eq!(price(&module("(func $f)", "call $f call $f")), 2 * call);
    assert_eq!(
        price(&module(
            "(func $f (result i32) i32.const 1)",
            "call $f drop"
        )),
        call + 2 * simple
    );
    assert_eq!(
        price(&module("", "i32.const 1 i32.const 1 i32.div_u drop")),
        3 * simple + i64::from(costs.divide)
    );
    // What is not reached is not paid for.
    assert_eq!(price(&module("", "return i32.const 1 drop")), branch);
    assert_eq!(
        price(&module(
            "",
            "(block (br 0) (drop (i32.const 1))) (drop (i32.const 1))"
        )),
        branch + 2 * simple
    );
    // A condition and its if; then or else.
    let both = |c| format!("(if (i32.const {c}) (then (drop (i32.const 1))) (else nop))");
    assert_eq!(price(&module("", &both(1))), simple + branch + 2 * simple);
    assert_eq!(price(&module("", &both(0))), simple + branch);
    // A loop pays each round: tee, get, const, sub and br_if.
    let rounds = |n| {
        format!(
            "(local $i i32) (local.set $i (i32.const {n})) (loop $l (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))"
        )
    };
    for n in 1..=20 {
        let around = i64::from(costs.local) + 2 * simple;
        assert_eq!(
            price(&module("", &rounds(n))),
            around + n * (4 * simple + branch),
            "{n} rounds"
        );
    }
}

#[test]
fn growth_and_bulk_copies_are_paid_for_by_size() {
    let costs = Costs::V1;
    let base = i64::from(costs.bulk);
    for pages in [0, 1, 5, 15, 16, 65536] {
        let grow = module("", &format!("(drop (memory.grow (i32.const {pages})))"));
        assert_eq!(
            price(&grow),
            base + 2 + pages * i64::from(costs.page),
            "{pages} pages"
        );
    }
    for (bytes, words) in [(0, 0), (1, 1), (8, 1), (9, 2), (4096, 512)] {
        for operator in ["memory.fill", "memory.copy"] {
            let bulk = module(
                "",
                &format!("({operator} (i32.const 0) (i32.const 64) (i32.const {bytes}))"),
            );
            assert_eq!(
                price(&bulk),
                base + 3 + words * i64::from(costs.word),
                "{operator} of {bytes}"
            );
        }
    }
    // The largest request that can be made is too dear, not a wrap-around.
    let greedy = meter(&module("", "(drop (memory.grow (i32.const -1)))"));
    let ran = run(&greedy.wasm, PLENTY, STACK);
    assert_eq!(ran.end, Err(Some(TrapCode::UnreachableCodeReached)));
    assert!(ran.left.is_some_and(|(gas, _)| gas < 0));
}

#[test]
fn with_any_budget_a_run_ends_at_a_block_entry_or_at_its_end() {
    // Each round stores its number, so memory tells how many rounds were paid for.
    let wasm = module(
        "(func $store (param i32) (i32.store (i32.const 0) (local.get 0)))",
        "(local $i i32)
         (loop $l (call $store (local.tee $i (i32.add (local.get $i) (i32.const 1))))
            (br_if $l (i32.lt_u (local.get $i) (i32.const 5))))",
    );
    let whole = price(&wasm);
    let metered = meter(&wasm);
    let mut rounds = 0;
    for budget in 0..whole {
        let ran = run(&metered.wasm, budget, STACK);
        assert_eq!(
            ran.end,
            Err(Some(TrapCode::UnreachableCodeReached)),
            "{budget}"
        );
        let (gas, stack) = ran.left.expect("it is metered");
        assert!(gas < 0 && stack > 0, "{budget}: {gas} gas, {stack} bytes");
        assert!(
            i32::from(ran.memory[0]) >= rounds,
            "{budget}: more gas does not do less"
        );
        rounds = i32::from(ran.memory[0]);
    }
    assert_eq!(rounds, 4, "what is paid for last is the last store");
    let ran = run(&metered.wasm, whole, STACK);
    assert_eq!((ran.end, ran.left.map(|left| left.0)), (Ok(()), Some(0)));
}

#[test]
fn recursion_ends_at_the_depth_that_the_frames_give() {
    // One parameter, two operands at most: 64 + 8 * 3 bytes a frame. Main has one operand.
    let deep = |depth: i32| {
        module(
            "(func $down (param i32) (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1))))))",
            &format!("(call $down (i32.const {depth}))"),
        )
    };
    let frames = (STACK - (64 + 8)) / (64 + 8 * 3);
    assert_eq!(
        run(&meter(&deep(frames - 1)).wasm, PLENTY, STACK).end,
        Ok(())
    );
    let ran = run(&meter(&deep(frames)).wasm, PLENTY, STACK);
    assert_eq!(ran.end, Err(Some(TrapCode::UnreachableCodeReached)));
    let (gas, stack) = ran.left.expect("it is metered");
    assert!(
        gas > 0 && stack < 0,
        "the stack ended the run, not the gas: {gas} gas, {stack} bytes"
    );
}

#[test]
fn endless_programs_end() {
    for (fields, main) in [
        ("", "(loop $l br $l)"),
        ("", "(loop $l (br_if $l (i32.const 1)))"),
        ("", "(loop $l (br_table $l $l (i32.const 0)))"),
        ("(func $f (call $f))", "call $f"),
        ("(func $f (call $g)) (func $g (call $f))", "call $f"),
        (
            "(table 1 funcref) (func $f (call_indirect (i32.const 0))) (elem (i32.const 0) $f)",
            "call $f",
        ),
        ("", "(loop $l (drop (memory.grow (i32.const 1))) (br $l))"),
        ("", "(loop $l (drop (memory.grow (i32.const 0))) (br $l))"),
        (
            "",
            "(loop $l (memory.fill (i32.const 0) (i32.const 0) (i32.const 65536)) (br $l))",
        ),
    ] {
        let ran = run(&meter(&module(fields, main)).wasm, 10_000_000, STACK);
        assert_eq!(
            ran.end,
            Err(Some(TrapCode::UnreachableCodeReached)),
            "{fields} {main}"
        );
        assert!(
            ran.left.is_some_and(|(gas, stack)| gas < 0 || stack < 0),
            "{fields} {main}"
        );
    }
}
