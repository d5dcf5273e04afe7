//! Metering changes nothing but the meter: metered and plain modules compute the same, the bill is what the
//! table says, and a call ends where the gas or the stack does.

mod programs;

use abi::Schedule;
use bridge::wasm::{self, Metered, ModuleLimits};
use programs::{PROGRAMS, bodies, compiled, module};
use proptest::prelude::*;
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{
    CodeSection, ConstExpr, ExportKind, ExportSection, GlobalSection, GlobalType, RawSection,
};
use wasmi::{Caller, Config, Engine, Error, Instance, Linker, Module, Store, TrapCode, Val};
use wasmparser::{Operator, Parser, Payload};

/// How a run of `smart51_main` ended, and what it left.
#[derive(Debug, PartialEq, Eq)]
struct Ran {
    end: Result<(), Option<TrapCode>>,
    memory: Vec<u8>,
    /// What is left of the gas and of the stack, if the module meters itself.
    left: Option<(i64, i32)>,
    /// What a module made by [`counted`] has counted.
    counted: Option<i64>,
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
    let counted = global(&store, &instance, "counted").and_then(|sum| sum.get(&store).i64());
    Ran {
        end,
        memory,
        left,
        counted,
    }
}

const PLENTY: i64 = 1 << 40;
const STACK: i32 = ModuleLimits::V1.stack as i32;

fn meter(wasm: &[u8]) -> Metered {
    wasm::meter(wasm, &ModuleLimits::V1, &Schedule::DATA_SHEET)
        .unwrap_or_else(|refusal| panic!("{refusal}"))
}

/// The gas that a run to its end takes.
fn price(wasm: &[u8]) -> i64 {
    let ran = run(&meter(wasm).wasm, PLENTY, STACK);
    assert_eq!(ran.end, Ok(()));
    PLENTY - ran.left.expect("it is metered").0
}

/// Metered and plain modules compute the same and fault alike.
#[test]
fn metered_and_plain_modules_end_alike() {
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

/// A program compiled by clang computes the same and gives back its stack.
#[test]
fn a_metered_program_of_clang_gives_back_its_stack() {
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
    let costs = Schedule::DATA_SHEET.wasm;
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
    let costs = Schedule::DATA_SHEET.wasm;
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

/// With any budget below its price a run is found out and more gas does not do less.
#[test]
fn any_budget_below_the_price_is_found_out() {
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
        let (gas, stack) = ran.left.expect("it is metered");
        assert!(gas < 0 && stack > 0, "{budget}: {gas} gas, {stack} bytes");
        assert!(
            i32::from(ran.memory[0]) >= rounds,
            "{budget}: more gas does not do less"
        );
        rounds = i32::from(ran.memory[0]);
    }
    assert_eq!(rounds, 5, "what stores last is paid for after it has");
    let ran = run(&metered.wasm, whole, STACK);
    assert_eq!((ran.end, ran.left.map(|left| left.0)), (Ok(()), Some(0)));
}

/// Loops that fit into what is written out, and one that does not: each stores its round at 0 and ends after
/// the round `n`, by its own condition or by a branch from its middle.
fn counting_loops(n: u32) -> [String; 4] {
    let head = "(local $i i32) (local $j i32)";
    let step = "(i32.store (i32.const 0) (local.tee $i (i32.add (local.get $i) (i32.const 1))))";
    let more = format!("(i32.lt_u (local.get $i) (i32.const {n}))");
    let long = "(local.set $j (i32.const 77777777))".repeat(200);
    [
        format!("{head} (loop $l {step} (br_if $l {more}))"),
        format!("{head} (block $out (loop $l {step} (br_if $out (i32.eqz {more})) (br $l)))"),
        format!("{head} (loop $l {step} (loop $m {step} (br_if $l {more})))"),
        format!("{head} (loop $l {step} {long} (br_if $l {more}))"),
    ]
}

/// A loop costs the same each round and ends with any budget that is short by one.
#[test]
fn a_loop_costs_the_same_each_round() {
    for n in 1..=50 {
        for main in counting_loops(n) {
            let wasm = module("", &main);
            let metered = meter(&wasm).wasm;
            let whole = price(&wasm);
            let counted = run(&counted(&wasm), 0, 0).counted;
            let locals = 2 * i64::from(Schedule::DATA_SHEET.wasm.local);
            assert_eq!(counted.map(|sum| sum + locals), Some(whole), "{main}");
            let exact = run(&metered, whole, STACK);
            assert_eq!(
                (&exact.end, exact.left),
                (&Ok(()), Some((0, STACK))),
                "{main}"
            );
            let short = run(&metered, whole - 1, STACK);
            assert!(short.left.is_some_and(|(gas, _)| gas < 0), "{main}");
        }
    }
}

/// A loop without gas goes on for sixteen rounds at most.
#[test]
fn a_loop_without_gas_ends_within_sixteen_rounds() {
    for main in counting_loops(1_000_000) {
        for gas in [0, 1, 100, 500] {
            let ran = run(&meter(&module("", &main)).wasm, gas, STACK);
            assert_eq!(ran.end, Err(Some(TrapCode::UnreachableCodeReached)));
            // A store alone costs more than 2, so with `gas` there are not more than half as many rounds.
            let rounds = i64::from(ran.memory[0]) + 256 * i64::from(ran.memory[1]);
            assert!(
                rounds <= gas / 2 + 2 * 16,
                "{gas} gas: {rounds} rounds of {main}"
            );
        }
    }
}

/// What loops are written out to is bounded for a whole module.
#[test]
fn the_unrolling_of_a_whole_module_is_bounded() {
    let tiny = "(loop $l (br_if $l (i32.const 0)))";
    let nested = |depth: usize| format!("{}{}{}", "(loop ".repeat(depth), tiny, ")".repeat(depth));
    let functions = format!("(func {})", tiny.repeat(9)).repeat(4000);
    for (fields, main) in [
        ("", tiny.repeat(8000)),
        ("", nested(200)),
        ("", nested(30).repeat(200)),
        (functions.as_str(), String::new()),
    ] {
        let wasm = module(fields, &main);
        let metered = meter(&wasm).wasm;
        Module::new(&Engine::default(), &metered[..]).expect("it is valid");
        assert!(
            metered.len() < 8 * wasm.len() + (1 << 19),
            "{} bytes become {}",
            wasm.len(),
            metered.len()
        );
    }
}

#[test]
fn recursion_ends_at_the_depth_that_the_frames_give() {
    // One parameter, two operands at most, 8 operators: 64 + 8 * 3 + 8 / 4 bytes a frame. Main has one operand and
    // three operators.
    let deep = |depth: i32| {
        module(
            "(func $down (param i32) (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1))))))",
            &format!("(call $down (i32.const {depth}))"),
        )
    };
    let frames = (STACK - (64 + 8)) / (64 + 8 * 3 + 2);
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

/// What one operator costs, by its name: the table of the documentation once more.
fn price_of(operator: &Operator<'_>) -> i64 {
    let debug = format!("{operator:?}");
    let name = debug.split([' ', '{']).next().unwrap_or_default();
    match name {
        "Block" | "Loop" | "Else" | "End" | "Nop" | "Unreachable" => 0,
        "If" | "Br" | "BrIf" | "Return" => 1,
        "BrTable" => 3,
        _ if name.contains("Div") || name.contains("Rem") => 8,
        _ if name.contains("Load") || name.contains("Store") => 2,
        _ => 1,
    }
}

/// `wasm` with a global `counted` to which each operator adds its own price just before it runs.
fn counted(wasm: &[u8]) -> Vec<u8> {
    let mut module = wasm_encoder::Module::new();
    let mut code = CodeSection::new();
    let mut same = RoundtripReencoder;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.expect("it is valid") {
            Payload::GlobalSection(section) => {
                let mut globals = GlobalSection::new();
                same.parse_global_section(&mut globals, section)
                    .expect("it is valid");
                let (val_type, mutable, shared) = (wasm_encoder::ValType::I64, true, false);
                let ty = GlobalType {
                    val_type,
                    mutable,
                    shared,
                };
                globals.global(ty, &ConstExpr::i64_const(0));
                module.section(&globals);
            }
            Payload::ExportSection(section) => {
                let mut exports = ExportSection::new();
                same.parse_export_section(&mut exports, section)
                    .expect("it is valid");
                exports.export("counted", ExportKind::Global, 1);
                module.section(&exports);
            }
            Payload::CodeSectionEntry(body) => {
                let mut function = same
                    .new_function_with_parsed_locals(&body)
                    .expect("it is valid");
                for operator in body.get_operators_reader().expect("it is valid") {
                    let operator = operator.expect("it is valid");
                    let price = price_of(&operator);
                    if price > 0 {
                        let mut sink = function.instructions();
                        sink.global_get(1).i64_const(price).i64_add().global_set(1);
                    }
                    let instruction = same.instruction(operator).expect("it is valid");
                    function.instruction(&instruction);
                }
                code.function(&function);
                module.section(&code);
            }
            other => {
                if let Some((id, range)) = other.as_section() {
                    let data = &wasm[range.start as usize..range.end as usize];
                    if id != wasm_encoder::SectionId::Code as u8 {
                        module.section(&RawSection { id, data });
                    }
                }
            }
        }
    }
    module.finish()
}

proptest! {
    /// The bill of random programs is the sum of all operators that ran.
    #[test]
    fn the_bill_is_the_sum_of_the_operators_that_ran(body in bodies()) {
        let wasm = module("", &body);
        let ran = run(&meter(&wasm).wasm, PLENTY, STACK);
        prop_assume!(ran.end.is_ok());
        let counting = run(&counted(&wasm), 0, 0);
        let locals = 3 * i64::from(Schedule::DATA_SHEET.wasm.local);
        let (left, _) = ran.left.expect("it is metered");
        prop_assert_eq!(Some(PLENTY - left), counting.counted.map(|sum| sum + locals));
    }

    /// Random programs compute the same when metered and cost the same each time.
    #[test]
    fn metered_random_programs_compute_the_same(body in bodies()) {
        let wasm = module("", &body);
        let (plain, metered) = (run(&wasm, 0, 0), meter(&wasm));
        let ran = run(&metered.wasm, PLENTY, STACK);
        prop_assert_eq!((&plain.end, &plain.memory), (&ran.end, &ran.memory));
        let (left, stack) = ran.left.expect("it is metered");
        prop_assert!(left >= 0 && stack == STACK);
        // Exactly what it took suffices, and one gas less does not. What faults pays for what was counted by
        // then, so the same limit may end it before.
        let price = PLENTY - left;
        if ran.end.is_err() {
            let again = run(&metered.wasm, PLENTY - 1, STACK);
            prop_assert_eq!((again.end, again.left), (ran.end, Some((left - 1, STACK))));
            return Ok(());
        }
        let exact = run(&metered.wasm, price, STACK);
        prop_assert_eq!((&exact.end, exact.left), (&ran.end, Some((0, STACK))));
        if price > 0 {
            let short = run(&metered.wasm, price - 1, STACK);
            prop_assert!(short.left.is_some_and(|(gas, _)| gas < 0));
        }
    }
}
