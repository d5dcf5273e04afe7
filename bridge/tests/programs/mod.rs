//! Programs that the tests of WebAssembly run: by hand, in C, and at random.

#![allow(dead_code, reason = "each file of tests takes what it needs")]

pub(crate) mod frames;

use proptest::prelude::*;
use std::path::Path;
use std::process::Command;

/// A module that has what every module must have, around `fields`; `main` is the body of `smart51_main`.
pub(crate) fn module(fields: &str, main: &str) -> Vec<u8> {
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

/// Programs with every form of control, each leaving what it computed in memory.
pub(crate) const PROGRAMS: &[(&str, &str)] = &[
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
pub(crate) fn compiled() -> Vec<u8> {
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

/// The body of a function that ends: three i32 locals, 64 bytes of memory, branches and loops of all kinds.
pub(crate) fn bodies() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (0..3usize, expression()).prop_map(|(at, value)| format!("(local.set {at} {value})")),
        (0..16usize, expression())
            .prop_map(|(at, value)| format!("(i32.store (i32.const {}) {value})", 4 * at)),
        expression().prop_map(|value| format!("(drop {value})")),
        (0..4u32, expression()).prop_map(|(to, value)| format!("(br_if {to} {value})")),
        (0..4u32, 0..4u32, expression())
            .prop_map(|(a, b, value)| format!("(br_table {a} {b} 0 {value})")),
        Just("(return)".to_owned()),
        (0..4u32).prop_map(|to| format!("(br {to})")),
    ];
    let statements = |inner: BoxedStrategy<String>| {
        prop::collection::vec(inner, 0..4).prop_map(|all| all.concat())
    };
    let statement = leaf.prop_recursive(4, 32, 4, move |inner| {
        let block = statements(inner);
        prop_oneof![
            block.clone().prop_map(|body| format!("(block {body})")),
            (expression(), block.clone(), block.clone())
                .prop_map(|(on, yes, no)| format!("(if {on} (then {yes}) (else {no}))")),
            (expression(), block.clone()).prop_map(|(on, yes)| format!("(if {on} (then {yes}))")),
            // All loops count their rounds together, in memory at 64 where nothing else is stored, so that
            // they end wherever branches lead.
            (expression(), block).prop_map(|(again, body)| format!(
                "(block (loop
                    (br_if 1 (i32.ge_u (i32.load (i32.const 64)) (i32.const 40)))
                    (i32.store (i32.const 64) (i32.add (i32.load (i32.const 64)) (i32.const 1)))
                    {body} (br_if 0 {again})))"
            )),
        ]
    });
    prop::collection::vec(statement, 1..8).prop_map(|all| {
        // Three blocks around all, so that branches of every depth above lead somewhere.
        format!(
            "(local i32 i32 i32) (block (block (block {})))",
            all.concat()
        )
    })
}

/// An expression of type i32; some of them fault.
fn expression() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        any::<i32>().prop_map(|value| format!("(i32.const {value})")),
        (0..3usize).prop_map(|at| format!("(local.get {at})")),
        (0..16usize).prop_map(|at| format!("(i32.load (i32.const {}))", 4 * at)),
    ];
    let operators = prop::sample::select(
        &[
            "add", "sub", "mul", "xor", "shr_u", "rotl", "lt_s", "eq", "div_s", "rem_u",
        ][..],
    );
    leaf.prop_recursive(3, 8, 2, move |inner| {
        prop_oneof![
            (operators.clone(), inner.clone(), inner.clone())
                .prop_map(|(op, a, b)| format!("(i32.{op} {a} {b})")),
            inner.clone().prop_map(|a| format!("(i32.eqz {a})")),
            (inner.clone(), inner.clone())
                .prop_map(|(a, b)| format!("(block (result i32) (br_if 0 {a} {b}))")),
            (inner.clone(), inner).prop_map(|(a, b)| format!(
                "(if (result i32) {a} (then {b}) (else (i32.const 7)))"
            )),
        ]
    })
    .boxed()
}
