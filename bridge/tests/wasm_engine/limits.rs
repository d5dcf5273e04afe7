//! The bounds of the engine below, and random calls.

use super::*;

#[test]
fn deep_frames_do_not_reach_the_engines_own_stack() {
    // Frames of every size, from none to the largest, until the limit `stack` ends the call.
    for locals in [0, 1, 10, 100, 500] {
        let fields = format!("(func $f (local {}) (call $f))", "i64 ".repeat(locals));
        let report = call(
            &prepare(&image(&fields, "(call $f)")),
            &mut Host::answering(b""),
            b"",
            1 << 30,
        );
        let outcome = report.expect("the node does not fail").outcome;
        assert_eq!(
            outcome,
            Outcome::Fault {
                fault: Fault::Wasm(Trap::StackExhausted)
            },
            "{locals} locals"
        );
    }
}

/// What is dropped is freed: a node that goes through ever new modules does not grow.
#[cfg(target_os = "linux")]
#[test]
fn a_dropped_module_leaves_nothing_in_memory() {
    let resident = || -> usize {
        let text = std::fs::read_to_string("/proc/self/statm").expect("Linux has it");
        let pages = text
            .split(' ')
            .nth(1)
            .and_then(|pages| pages.parse::<usize>().ok());
        pages.expect("a number of pages") * 4096
    };
    let engine = Wasmi::new();
    let function = format!("(func {})", "i32.const 0 if end ".repeat(12_000));
    let wasm = wat::parse_str(format!(
        r#"(module (memory (export "memory") 1) (global (export "smart51_buffer") i32 (i32.const 0))
            {} (func (export "smart51_main")))"#,
        function.repeat(4)
    ));
    let image = Image::wasm(wasm.expect("valid"));
    let prepare = || {
        let module = engine
            .prepare(&image, &Rules::v1(Semantics::V1))
            .expect("a contract");
        module.size()
    };
    let size = (0..3).map(|_| prepare()).max().expect("three");
    let before = resident();
    for _ in 0..60 {
        prepare();
    }
    let grown = resident().saturating_sub(before);
    // Other tests of this file run at the same time, and take much less.
    assert!(
        grown < 10 * size,
        "{grown} bytes more, of modules of {size}"
    );
}

/// Runs a module with `gas`: its report, and what it asked of the host.
fn with_gas(wasm: &[u8], gas: u64) -> (Report, Vec<(u16, Vec<u8>)>) {
    let mut host = Host::answering(b"reply");
    let modules = prepare(&Image::wasm(wasm.to_vec()));
    let report = call(&modules, &mut host, b"", gas).expect("the node does not fail");
    (report, host.asked)
}

/// Budgets around each power of two that a counter of gas may have for its end.
const VAST: [u64; 7] = [
    (1 << 62) - 1,
    1 << 62,
    i64::MAX as u64 - 1,
    i64::MAX as u64,
    1 << 63,
    u64::MAX - 1,
    u64::MAX,
];

/// Hands the first 64 bytes of memory to the host, before and after what is tried.
const SHOW: &str =
    "(drop (call $call (i32.const 1) (i32.const 0) (i32.const 64) (i32.const 128) (i32.const 64)))";

/// A loop that owes more where it is entered than where it goes around, just after a call of the host: the difference
/// is given back, then the gas is looked at.
const AROUND: (&str, &str) = (
    "",
    "(local $i i32)
     (i64.store (i32.const 8) (i64.div_u (i64.const 7) (i64.const 3)))
     (i64.store (i32.const 16) (i64.div_u (i64.const 7) (i64.const 3)))
     (loop $l
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (call $show)
        (br_if $l (i32.lt_u (local.get $i) (i32.const 3))))",
);

#[test]
fn vast_gas_changes_nothing_in_any_program() {
    for (fields, main) in [AROUND].iter().chain(PROGRAMS) {
        // The host is called in a function of its own: a program may begin with its locals.
        let fields = format!("{fields} (func $show {SHOW})(func $program {main})");
        let wasm = module(&fields, "(call $show) (call $program) (call $show)");
        let right = with_gas(&wasm, 1 << 40);
        for gas in VAST {
            assert_eq!(with_gas(&wasm, gas), right, "{gas} gas:\n{main}");
        }
    }
}

proptest! {
    #[test]
    fn vast_gas_changes_nothing_at_random(body in bodies(), at in 0..VAST.len()) {
        // Calls of the host in place of returns: what is given back is due after them.
        let body = body.replace("(return)", "(call $show)");
        let fields = format!("(func $show {SHOW})(func $program {body})");
        let wasm = module(&fields, "(call $show) (call $program) (call $show)");
        prop_assert_eq!(with_gas(&wasm, VAST[at]), with_gas(&wasm, 1 << 40));
    }
}
