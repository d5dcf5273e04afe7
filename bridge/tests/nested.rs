//! Frames of contracts that other contracts call: run in one go, and paused after every few instructions.

use abi::{Gas, Semantics, codec, method};
use bridge::meter::forwarded;
use bridge::{
    Call, CallLimits, CallObserver, Engine, Entered, Execution, Fault, FrameEnd, HostCall, Mcs51,
    Module, Observer, Outcome, Paused, Report, Rules, Steps, Until, Wasmi, World, drive,
};
use core::ops::ControlFlow;
use hostapi::{Answer, CallEnd, Failure, HostApi, NodeError, Status};
use std::sync::Arc;

/// What a call of another contract costs here.
const PRICE: Gas = Gas(5);

/// A world in which every call enters the next of some contracts.
struct Row {
    callees: Vec<Arc<dyn Module>>,
    entered: usize,
    ends: Vec<FrameEnd>,
    reply: Vec<u8>,
}

impl Row {
    fn new(callees: &[Arc<dyn Module>]) -> Row {
        let mut reply = Vec::new();
        codec::push_item(&mut reply, &[1]);
        Row {
            callees: callees.to_vec(),
            entered: 0,
            ends: Vec::new(),
            reply,
        }
    }

    fn answered(&self) -> Answer<'_> {
        Answer {
            status: Status::Done,
            reply: &self.reply,
            step_delta: 0,
            gas: Gas(3),
            refund: Gas(1),
            reason: None,
        }
    }
}

impl HostApi for Row {
    fn call(&mut self, _: u16, _: &[u8]) -> Result<Answer<'_>, Failure<CallEnd>> {
        Ok(self.answered())
    }
}

impl World for Row {
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
            contract: [0; 6],
            module: Arc::clone(module),
            input: Arc::from(&b"input"[..]),
            price: PRICE,
            gas: forwarded(Gas(left.0 - PRICE.0), None),
        })))
    }

    fn leave(&mut self, end: &FrameEnd) -> Result<bool, NodeError> {
        self.ends.push(*end);
        Ok(end.outcome.is_success())
    }

    fn answer(&mut self, _: Gas) -> Result<Answer<'_>, Failure<CallEnd>> {
        Ok(self.answered())
    }
}

/// A contract on the 8051 that works a little, calls another one, works again and ends with `code`.
fn mcs51(code: u8) -> Arc<dyn Module> {
    let text = format!(
        "LJMP 0x0020\n.org 0x0004\n.db 0, 1, 1\n.org 0x0008\nRET\nRET\n.org 0x0012\nRET\nRET\n.org 0x0020\n\
         MOV R7,#9\nfirst: DJNZ R7,first\n\
         MOV DPTR,#0xEFFD\nMOV A,#0x03\nMOVX @DPTR,A\nINC DPTR\nMOV A,#0x01\nMOVX @DPTR,A\nLCALL 0x0012\n\
         MOV R7,#5\nsecond: DJNZ R7,second\n\
         MOV DPTR,#0xEFFD\nMOV A,#{code}\nMOVX @DPTR,A\nLJMP 0x0008\n"
    );
    let assembly = emu8051::assemble(&text).expect("it assembles");
    let program = assembly.program().build();
    let end = (0..=u16::MAX).rev().find(|at| program.is_programmed(*at));
    let rom = &program.code()[..=usize::from(end.expect("some code"))];
    let image = loader::load(rom).expect("an image").image;
    let rules = Rules::v1(Semantics::V1);
    Mcs51::new().prepare(&image, &rules).expect("a contract")
}

/// The same in WebAssembly, on an engine that can pause between host calls or on one that cannot.
fn wasm(code: u8, engine: &Wasmi) -> Arc<dyn Module> {
    let text = format!(
        r#"(module
            (import "smart51" "call" (func $call (param i32 i32 i32 i32 i32) (result i32)))
            (import "smart51" "exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (global (export "smart51_buffer") i32 (i32.const 1024))
            (func (export "smart51_main")
                (drop (call $call (i32.const {}) (i32.const 0) (i32.const 0) (i32.const 64) (i32.const 64)))
                (call $exit (i32.const {code}))))"#,
        method::CALL_CONTRACT
    );
    let image = loader::load(text.as_bytes()).expect("a module").image;
    let rules = Rules::v1(Semantics::V1);
    engine.prepare(&image, &rules).expect("a contract")
}

fn limits(gas: u64) -> CallLimits {
    CallLimits {
        gas: Gas(gas),
        ..CallLimits::NONE
    }
}

/// The call run in one go, and the ends of the frames that were entered.
fn at_once(modules: &[Arc<dyn Module>], gas: u64) -> (Report, Vec<FrameEnd>) {
    let mut world = Row::new(&modules[1..]);
    let call = Call {
        input: b"outer",
        limits: limits(gas),
    };
    let report = drive(&modules[0], &call, &mut world, &mut ()).expect("the node works");
    (report, world.ends)
}

/// The same call, paused after every `steps` instructions; also the deepest it was seen.
fn in_steps(modules: &[Arc<dyn Module>], gas: u64, steps: u64) -> (Report, Vec<FrameEnd>, usize) {
    let mut world = Row::new(&modules[1..]);
    let call = Call {
        input: b"outer",
        limits: limits(gas),
    };
    let mut execution = Execution::begin(&modules[0], &call);
    let until = Until {
        steps: Some(Steps(steps)),
        host_call: true,
        ..Until::default()
    };
    let mut deepest = 0;
    loop {
        deepest = deepest.max(execution.depth());
        let paused = execution.run(until, &mut world, &mut ());
        if let Paused::Ended(_) = paused.expect("the node works") {
            let report = execution.report(&mut ()).expect("it has ended");
            return (report, world.ends, deepest);
        }
    }
}

/// Rows of contracts on both machines, each called by the one before it.
fn rows(engine: &Wasmi) -> Vec<Vec<Arc<dyn Module>>> {
    vec![
        vec![mcs51(1), mcs51(1), mcs51(1)],
        vec![mcs51(1), mcs51(7), mcs51(1)],
        vec![mcs51(1), wasm(1, engine), mcs51(1), wasm(1, engine)],
        vec![wasm(1, engine), mcs51(1), wasm(9, engine), mcs51(1)],
    ]
}

/// Paused anywhere and continued equals not paused, in every frame, with gas for all of it or for a part.
#[test]
fn frames_paused_anywhere_end_alike() {
    let pausing = Wasmi::pausing();
    for row in rows(&pausing) {
        for gas in [1_000_000, 30_000, 8_000, 3_000, 1_000] {
            let (report, ends) = at_once(&row, gas);
            for steps in [1, 2, 7, 1_000] {
                let (paused, paused_ends, deepest) = in_steps(&row, gas, steps);
                assert_eq!(paused, report, "{gas} gas, {steps} steps");
                assert_eq!(paused_ends, ends, "{gas} gas, {steps} steps");
                if gas == 1_000_000 {
                    assert_eq!(deepest, row.len(), "{steps} steps");
                }
            }
        }
    }
}

/// A module that is answered inside its import, and one that stops for it, have the same frames.
#[test]
fn frames_inside_imports_are_the_same() {
    for (inside, stopping) in rows(&Wasmi::new()).iter().zip(rows(&Wasmi::pausing())) {
        for gas in [1_000_000, 30_000, 8_000, 3_000, 1_000] {
            assert_eq!(at_once(inside, gas), at_once(&stopping, gas), "{gas} gas");
        }
    }
}

/// What a callee used is its caller's too, and the price of the call with it.
#[test]
fn a_callers_usage_has_its_callees() {
    let row = [mcs51(1), mcs51(1)];
    let (report, ends) = at_once(&row, 1_000_000);
    let (alone, _) = at_once(&row[..1], 1_000_000);
    let callee = ends[0].usage;
    assert_eq!(
        report.usage.gas.0,
        alone.usage.gas.0 + callee.gas.0 + PRICE.0
    );
    assert_eq!(
        report.usage.cycles.0,
        alone.usage.cycles.0 + callee.cycles.0
    );
    assert_eq!(report.outcome, Outcome::Success);
    let (report, ends) = at_once(&row, 900);
    assert_eq!(report.outcome.fault(), Some(Fault::OutOfGas), "{ends:?}");
}

/// Notes what it is told of frames and host calls.
#[derive(Default)]
struct Told(Vec<String>);

impl Observer for Told {
    fn wants_instructions(&self) -> bool {
        false
    }
}

impl CallObserver for Told {
    fn host_call(&mut self, call: &HostCall<'_>) -> ControlFlow<()> {
        self.0.push(format!("call {}", call.method));
        ControlFlow::Continue(())
    }

    fn entered(&mut self, _: &Entered) {
        self.0.push("entered".into());
    }

    fn left(&mut self, end: &FrameEnd) {
        self.0.push(format!("left, {:?}", end.outcome));
    }
}

/// An observer is told of the same frames where the call is paused at addresses.
#[test]
fn frames_are_told_of_between_addresses_too() {
    for row in [vec![mcs51(1), mcs51(1)], vec![mcs51(1), mcs51(7), mcs51(1)]] {
        let call = Call {
            input: b"outer",
            limits: limits(1_000_000),
        };
        let mut at_once = Told::default();
        let report = drive(&row[0], &call, &mut Row::new(&row[1..]), &mut at_once).unwrap();
        let (mut world, mut told) = (Row::new(&row[1..]), Told::default());
        let mut execution = Execution::begin(&row[0], &call);
        let until = Until {
            addresses: &[0x0022],
            ..Until::default()
        };
        while !matches!(
            execution.run(until, &mut world, &mut told),
            Ok(Paused::Ended(_))
        ) {}
        assert_eq!(execution.report(&mut ()), Some(report));
        assert_eq!(told.0, at_once.0);
    }
}
