//! Where calls spend, by function: the trees of small programs to the cycle, and that their parts add up.

use abi::{Gas, Semantics, method};
use bridge::profile::{Active, Function, NODES_MAX, Spent};
use bridge::{
    Call, CallLimits, CallObserver, Cycles, Engine, Entered, FrameEnd, Mcs51, Module, Profile,
    Report, Rules, Steps, Wasmi, World, drive,
};
use hostapi::{Answer, CallEnd, Failure, HostApi, NodeError, Status};
use loader::Image;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A host whose calls cost 100 gas and answer nothing; calls of contracts enter its callees, one after the other.
#[derive(Default)]
struct TestHost {
    callees: Vec<Arc<dyn Module>>,
    entered: usize,
}

impl HostApi for TestHost {
    fn call(&mut self, _: u16, _: &[u8]) -> Result<Answer<'_>, Failure<CallEnd>> {
        Ok(Answer {
            status: Status::Done,
            reply: &[],
            step_delta: 0,
            gas: Gas(100),
            refund: Gas(1),
            reason: None,
        })
    }
}

impl World for TestHost {
    fn has_others(&self) -> bool {
        true
    }

    fn enter(
        &mut self,
        _: bridge::engine::Request<'_>,
        left: Gas,
    ) -> Result<Option<Box<Entered>>, Failure<CallEnd>> {
        let Some(module) = self.callees.get(self.entered) else {
            return Ok(None);
        };
        self.entered += 1;
        Ok(Some(Box::new(Entered {
            contract: [self.entered as u8; 6],
            module: Arc::clone(module),
            input: Arc::from(&b"input"[..]),
            price: Gas(7),
            gas: bridge::meter::forwarded(Gas(left.0 - 7), None),
        })))
    }

    fn leave(&mut self, end: &FrameEnd) -> Result<bool, NodeError> {
        Ok(end.outcome.is_success())
    }
}

/// A prepared contract, and what its functions are called.
struct Contract {
    module: Arc<dyn Module>,
    names: BTreeMap<u16, String>,
}

/// A contract in assembler, whose code begins at 0x0020.
fn mcs51(source: &str, semantics: Semantics) -> Contract {
    let text = format!(
        "LJMP 0x0020\n.org 4\n.db 0, 1, 1\n.org 8\nRET\nRET\n.org 0x12\nRET\nRET\n.org 0x20\n{source}"
    );
    let assembly = emu8051::assemble(&text).expect("it assembles");
    let program = assembly.program().build();
    let end = (0..=u16::MAX).rev().find(|at| program.is_programmed(*at));
    let rom = &program.code()[..=usize::from(end.expect("some code"))];
    let symbols = assembly.symbols.into_iter();
    Contract {
        module: mcs51_of(rom, semantics),
        names: symbols.map(|(name, at)| (at as u16, name)).collect(),
    }
}

fn mcs51_of(rom: &[u8], semantics: Semantics) -> Arc<dyn Module> {
    let image = loader::load(rom).expect("a ROM").image;
    let rules = Rules::v1(semantics);
    Mcs51::new().prepare(&image, &rules).expect("a header")
}

fn wasm(source: &str, engine: &Wasmi) -> Arc<dyn Module> {
    let image = Image::wasm(wat::parse_str(source).expect("a module"));
    let rules = Rules::v1(Semantics::V1);
    engine.prepare(&image, &rules).expect("a contract")
}

fn run(module: &Arc<dyn Module>, host: &mut TestHost, observer: &mut dyn CallObserver) -> Report {
    run_within(module, CallLimits::NONE, host, observer)
}

fn run_within(
    module: &Arc<dyn Module>,
    limits: CallLimits,
    host: &mut TestHost,
    observer: &mut dyn CallObserver,
) -> Report {
    let call = Call { input: &[], limits };
    drive(module, &call, host, observer).expect("the node works")
}

/// Path, calls, and what each node spent itself: cycles, instructions, gas.
type Row = (String, u64, [u64; 3]);

fn name(function: Function, names: &BTreeMap<u16, String>) -> String {
    match function {
        Function::Call => "call".into(),
        Function::Transaction => "transaction".into(),
        Function::Entry => "entry".into(),
        Function::Host(method) => format!("host {method}"),
        Function::Code(0, 0) => "start".into(),
        Function::Code(0, at) => names
            .get(&at)
            .cloned()
            .unwrap_or_else(|| format!("{at:04x}")),
        Function::Wasm(0, index) => format!("f{index}"),
        Function::Code(image, at) => format!("{image}:{at:04x}"),
        Function::Wasm(image, index) => format!("{image}:f{index}"),
    }
}

fn rows(profile: &Profile, names: &BTreeMap<u16, String>) -> Vec<Row> {
    let mut paths: Vec<String> = Vec::new();
    let mut rows = Vec::new();
    for node in profile.nodes() {
        let above = node.parent.map_or("", |parent| &paths[parent]);
        let path = match name(node.function, names) {
            call if node.parent.is_none() => call,
            name => format!("{above}/{name}"),
        };
        let own = [node.own.cycles.0, node.own.instructions.0, node.own.gas.0];
        rows.push((path.clone(), node.calls, own));
        paths.push(path);
    }
    rows
}

fn rows_of(contract: &Contract) -> Vec<Row> {
    let mut profile = Profile::new();
    let report = run(&contract.module, &mut TestHost::default(), &mut profile);
    adds_up(&profile, &report);
    rows(&profile, &contract.names)
}

/// What the nodes spent is what the call used.
fn adds_up(profile: &Profile, report: &Report) {
    let usage = report.usage;
    let used = Spent {
        cycles: usage.cycles,
        instructions: usage.instructions,
        gas: usage.gas,
    };
    assert_eq!(profile.total(), used);
}

fn row(path: &str, calls: u64, own: [u64; 3]) -> Row {
    (path.into(), calls, own)
}

const HOST_CALL: &str =
    "MOV DPTR,#0xEFFD\nMOV A,#2\nMOVX @DPTR,A\nINC DPTR\nCLR A\nMOVX @DPTR,A\nLCALL 0x12\n";
const EXIT: &str = "MOV DPTR,#0xEFFD\nMOV A,#1\nMOVX @DPTR,A\nLJMP 8\n";

#[test]
fn an_8051_tells_its_functions_to_the_cycle() {
    let source = format!(
        "ACALL outer\nLCALL outer\n{EXIT}\n\
         outer: MOV R7,#3\nagain: ACALL inner\nDJNZ R7,again\n{HOST_CALL}RET\n\
         inner: NOP\nNOP\nRET\n"
    );
    let contract = mcs51(&source, Semantics::V1);
    let found = rows_of(&contract);
    // Three lines of 64 bytes of CODE.
    let entry = 500 + 2 * 105;
    let expected = [
        row("call", 1, [0, 0, 0]),
        row("call/entry", 1, [0, 0, entry]),
        // LJMP, ACALL, LCALL, and the exit: MOV DPTR 2, MOV A 1, MOVX 2, LJMP 2
        row("call/start", 1, [13, 7, 13]),
        // MOV, three times ACALL and DJNZ, the host call of 2+1+2+2+1+2+2, RET
        row("call/start/outer", 1, [27, 15, 27]),
        row("call/start/outer/inner", 3, [12, 9, 12]),
        // the price, and the RET at the host's address
        row("call/start/outer/host 2", 1, [2, 1, 102]),
        row("call/start/outer", 1, [27, 15, 27]),
        row("call/start/outer/inner", 3, [12, 9, 12]),
        row("call/start/outer/host 2", 1, [2, 1, 102]),
    ];
    assert_eq!(found, expected);
}

/// A function that jumps to another one is its caller, and both return at once; so does a RET to pushed bytes.
#[test]
fn jumps_to_functions_are_calls() {
    let source = format!(
        "LCALL f\nLCALL g\nLCALL h\n{EXIT}\n\
         f: NOP\nRET\n\
         g: LJMP f\n\
         h: MOV A,#f\nPUSH ACC\nCLR A\nPUSH ACC\nRET\n"
    );
    let found = rows_of(&mcs51(&source, Semantics::V1));
    let spent: Vec<_> = found
        .iter()
        .map(|(path, calls, own)| (&**path, *calls, own[0]))
        .collect();
    let expected = [
        ("call", 1, 0),
        ("call/entry", 1, 0),
        ("call/start", 1, 15),
        ("call/start/f", 1, 3),
        ("call/start/g", 1, 2),
        ("call/start/g/f", 1, 3),
        ("call/start/h", 1, 8),
        ("call/start/h/f", 1, 3),
    ];
    assert_eq!(spent, expected);
}

/// A function leaves two at once by taking a return address off the stack, or sets the stack anew.
#[test]
fn what_returns_follows_the_stack_pointer() {
    let source = format!(
        "LCALL fa\nLCALL fc\n{EXIT}\n\
         fa: LCALL fb\nRET\n\
         fb: POP ACC\nPOP ACC\nRET\n\
         fc: MOV SP,#0x30\nLCALL fd\nMOV SP,#9\nRET\n\
         fd: LCALL fe\nRET\n\
         fe: NOP\nRET\n"
    );
    let found = rows_of(&mcs51(&source, Semantics::V1));
    let spent: Vec<_> = found
        .iter()
        .map(|(path, calls, own)| (&**path, *calls, own[0]))
        .collect();
    let expected = [
        ("call", 1, 0),
        ("call/entry", 1, 0),
        ("call/start", 1, 13),
        ("call/start/fa", 1, 2),
        ("call/start/fa/fb", 1, 6),
        ("call/start/fc", 1, 8),
        ("call/start/fc/fd", 1, 4),
        ("call/start/fc/fd/fe", 1, 3),
    ];
    assert_eq!(spent, expected);
}

/// Two tasks with a stack each that resume each other by RET: no depth is wrong for long, and none grows.
#[test]
fn tasks_that_switch_stacks_stay_bounded() {
    let source = format!(
        "MOV 0x40,#two\nMOV 0x41,#0\nMOV 0x50,#0x41\nMOV R6,#200\nMOV R0,#0x50\n\
         one: LCALL yield\nDJNZ R6,one\n{EXIT}\n\
         two: LCALL yield\nSJMP two\n\
         yield: MOV A,SP\nXCH A,@R0\nMOV SP,A\nRET\n"
    );
    let contract = mcs51(&source, Semantics::V1);
    let found = rows_of(&contract);
    let expected = [
        row("call", 1, [0, 0, 0]),
        row("call/entry", 1, [0, 0, 710]),
        row("call/start", 1, [817, 410, 817]),
        row("call/start/yield", 200, [1798, 1199, 1798]),
        row("call/start/yield/yield", 200, [1000, 800, 1000]),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_fault_leaves_its_functions_under_way() {
    let source = "LCALL fa\nfa: LCALL fb\nRET\nfb: NOP\n.db 0xA5\n";
    let contract = mcs51(source, Semantics::V1);
    let mut profile = Profile::new();
    let report = run(&contract.module, &mut TestHost::default(), &mut profile);
    assert!(report.outcome.fault().is_some());
    let named = |active: &Active| (name(active.function, &contract.names), active.site);
    let stack: Vec<_> = profile.stack().iter().map(named).collect();
    let expected = [("fb", Some(0x23)), ("fa", Some(0x20)), ("start", None)];
    assert_eq!(stack, expected.map(|(name, site)| (name.to_owned(), site)));
}

const WASM: &str = r#"(module
    (import "smart51" "call" (func $call (param i32 i32 i32 i32 i32) (result i32)))
    (import "smart51" "exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (global (export "smart51_buffer") i32 (i32.const 1024))
    (table 2 funcref) (elem (i32.const 1) $fib)
    (type $unary (func (param i32) (result i32)))
    (func $fib (param i32) (result i32)
        (if (i32.lt_s (local.get 0) (i32.const 2)) (then (return (local.get 0))))
        (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                 (call $fib (i32.sub (local.get 0) (i32.const 2)))))
    (func $ask (drop (call $call (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 64) (i32.const 64))))
    (func $down (param i32) (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1)))))
        (call $ask) (drop (call_indirect (type $unary) (i32.const 1) (i32.const 1))))
    (func (export "smart51_main")
        (drop (call_indirect (type $unary) (i32.const 4) (i32.const 1))) (call $down (i32.const 1)) END))"#;

/// The functions of the contract are 2 and 5; the imports are not told but as methods of the host.
#[test]
fn wasm_tells_its_functions_to_the_gas() {
    let source = WASM.replace("END", "(call $exit (i32.const 1))");
    let plain = run(
        &wasm(&source, &Wasmi::new()),
        &mut TestHost::default(),
        &mut (),
    );
    let module = wasm(&source, &Wasmi::tracing());
    let mut profile = Profile::new();
    let report = run(&module, &mut TestHost::default(), &mut profile);
    assert_eq!(report, plain);
    adds_up(&profile, &report);
    let found = rows(&profile, &BTreeMap::new());
    let told: Vec<_> = found
        .iter()
        .map(|(path, calls, own)| (&**path, *calls, own[2]))
        .collect();
    let expected = [
        ("call", 1, 0),
        ("call/entry", 1, 11318),
        ("call/f5", 1, 39),
        ("call/f5/f2", 1, 31),
        ("call/f5/f2/f2", 2, 62),
        ("call/f5/f2/f2/f2", 4, 49),
        ("call/f5/f2/f2/f2/f2", 2, 12),
        ("call/f5/f4", 1, 42),
        ("call/f5/f4/f4", 1, 29),
        ("call/f5/f4/f4/f3", 1, 16),
        ("call/f5/f4/f4/f3/host 2", 1, 100),
        ("call/f5/f4/f4/f2", 1, 6),
        ("call/f5/f4/f3", 1, 16),
        ("call/f5/f4/f3/host 2", 1, 100),
        ("call/f5/f4/f2", 1, 6),
    ];
    assert_eq!(told, expected);
}

/// The stack of a module that traps, also of one that has none left for its frame.
#[test]
fn wasm_faults_leave_their_functions_under_way() {
    let source = WASM.replace("END", "unreachable");
    let stack = |source: &str| -> Vec<Function> {
        let mut profile = Profile::new();
        let module = wasm(source, &Wasmi::tracing());
        let report = run(&module, &mut TestHost::default(), &mut profile);
        assert!(report.outcome.fault().is_some(), "{report:?}");
        adds_up(&profile, &report);
        profile
            .stack()
            .iter()
            .map(|active| active.function)
            .collect()
    };
    assert_eq!(stack(&source), [Function::Wasm(0, 5)]);
    let traps = source.replace("(drop (call $call", "unreachable (drop (call $call");
    let expected = [3, 4, 4, 5].map(|index| Function::Wasm(0, index));
    assert_eq!(stack(&traps), expected);
    let endless = source.replace("(if (local.get 0) (then", "(if (i32.const 1) (then");
    let deep = stack(&endless);
    assert_eq!(deep[0], Function::Wasm(0, 4));
    assert!(deep.len() > 1000);
}

/// A contract that works, calls another one and works again, and the same in WebAssembly.
fn callers() -> [Contract; 2] {
    let ask = HOST_CALL.replace("#2", "#3").replace("CLR A", "MOV A,#1");
    let code = format!("LCALL f\n{EXIT}\nf: NOP\n{ask}NOP\nRET\n");
    let [low, high] = method::CALL_CONTRACT.to_le_bytes();
    assert_eq!((low, high), (3, 1));
    let text = WASM
        .replace(
            "(call $call (i32.const 2)",
            &format!("(call $call (i32.const {})", method::CALL_CONTRACT),
        )
        .replace("END", "(call $exit (i32.const 1))");
    let names = BTreeMap::new();
    let module = wasm(&text, &Wasmi::tracing());
    [mcs51(&code, Semantics::V1), Contract { module, names }]
}

/// A called contract stands below the host's method, and what it spends is what its caller's meter says.
#[test]
fn called_contracts_stand_below_their_callers() {
    let contracts = callers();
    for outer in &contracts {
        for inner in &contracts {
            let mut host = TestHost {
                callees: vec![Arc::clone(&inner.module)],
                entered: 0,
            };
            let mut profile = Profile::new();
            let report = run(&outer.module, &mut host, &mut profile);
            assert!(report.outcome.is_success());
            adds_up(&profile, &report);
            let found = rows(&profile, &outer.names);
            let host = format!("host {}/", method::CALL_CONTRACT);
            let below = found.iter().map(|(path, ..)| &**path);
            let below: Vec<_> = below.filter_map(|path| path.split_once(&host)).collect();
            let below: Vec<_> = below.iter().map(|(_, rest)| *rest).collect();
            let expected: &[&str] = match inner.names.is_empty() {
                false => &["entry", "1:0000", "1:0000/1:002c", "1:0000/1:002c/host 259"],
                true => &["entry", "1:f5", "1:f5/1:f2"],
            };
            assert_eq!(&below[..expected.len()], expected, "{found:#?}");
            assert_eq!(profile.contract(1), Some([1; 6]));
        }
    }
}

/// Programs that call, jump, return and touch the stack pointer at random.
fn wild() -> impl Strategy<Value = Vec<u8>> {
    let instruction = prop_oneof![
        4 => any::<u8>().prop_map(|to| vec![0x12, 0, 0x20 + to % 0x60]),
        2 => any::<u8>().prop_map(|to| vec![0x11, 0x20 + to % 0x60]),
        3 => Just(vec![0x22]),
        2 => any::<u8>().prop_map(|to| vec![0x02, 0, 0x20 + to % 0x60]),
        1 => any::<u8>().prop_map(|by| vec![0x80, by % 32]),
        1 => any::<u8>().prop_map(|sp| vec![0x75, 0x81, sp]),
        2 => any::<u8>().prop_map(|value| vec![0x74, value]),
        2 => Just(vec![0xC0, 0xE0]),
        2 => Just(vec![0xD0, 0xE0]),
        1 => Just(vec![0x73]),
        1 => Just(vec![0x12, 0x00, 0x12]),
        2 => (0..=7u8).prop_map(|n| vec![0xD8 + n, 0xFC]),
        1 => Just(vec![0xA5]),
    ];
    let start = Just(vec![0x90, 0, 0x40]);
    (start, proptest::collection::vec(instruction, 20..60)).prop_map(|(start, code)| {
        let mut rom = vec![0x22; 0x20];
        rom[..3].copy_from_slice(&[0x02, 0x00, 0x20]);
        rom[4..7].copy_from_slice(&[0x00, 0x01, 0x01]);
        rom.extend(start);
        rom.extend(code.concat());
        rom
    })
}

proptest! {
    /// Whatever a program does to its stack: the run is the same, the parts add up, and both loops tell the same.
    #[test]
    fn parts_add_up_and_both_loops_agree(
        rom in wild(),
        (cycles, gas) in (0..20_000u64, 0..20_000u64),
        old in any::<bool>(),
    ) {
        let semantics = if old { Semantics::Dacrs2017 } else { Semantics::V1 };
        let module = mcs51_of(&rom, semantics);
        let limits = CallLimits { gas: Gas(gas), cycles: Cycles(cycles), steps: Steps(30_000) };
        let plain = run_within(&module, limits, &mut TestHost::default(), &mut ());
        let mut profile = Profile::new();
        let told = run_within(&module, limits, &mut TestHost::default(), &mut profile);
        prop_assert_eq!(&told, &plain);
        adds_up(&profile, &told);
        let mut counting = Profile::new().with_counts().with_samples();
        let counted = run_within(&module, limits, &mut TestHost::default(), &mut counting);
        prop_assert_eq!(&counted, &plain);
        let names = BTreeMap::new();
        prop_assert_eq!(rows(&counting, &names), rows(&profile, &names));
        prop_assert_eq!(counting.stack(), profile.stack());
        let counted: u64 = counting.counts().map(|count| count.instructions.0).sum();
        prop_assert!(counted <= plain.usage.instructions.0);
        if !old {
            let cycles: u64 = counting.counts().map(|count| count.cycles.0).sum();
            prop_assert_eq!((counted, cycles), (plain.usage.instructions.0, plain.usage.cycles.0));
        }
        prop_assert!(profile.stack().len() < 256 + 64 * 64);
    }
}

/// More paths than are told apart: the tree ends there, and its parts still add up.
#[test]
fn a_tree_of_too_many_paths_ends() {
    // Each of 16 functions calls two others, 16 deep: 2^16 paths of that length.
    let body = |n: u32| {
        format!("(func $f{n} (param i32) (if (local.get 0) (then
        (call $f{} (i32.sub (local.get 0) (i32.const 1))) (call $f{} (i32.sub (local.get 0) (i32.const 1))))))",
        (n + 1) % 16, (n + 5) % 16)
    };
    let functions: String = (0..16).map(body).collect();
    let source = format!(
        r#"(module (memory (export "memory") 1)
        (global (export "smart51_buffer") i32 (i32.const 1024))
        {functions}
        (func (export "smart51_main") (call $f0 (i32.const 17))))"#
    );
    let mut profile = Profile::new();
    let report = run(
        &wasm(&source, &Wasmi::tracing()),
        &mut TestHost::default(),
        &mut profile,
    );
    adds_up(&profile, &report);
    assert_eq!(profile.nodes().len(), NODES_MAX);
    let calls: u64 = profile.nodes().skip(2).map(|node| node.calls).sum();
    assert_eq!(calls + profile.merged(), (1 << 18) - 1 + 1);
}
