//! A call that is paused and continued is the call that was not paused: same outcome, usage and host calls.

mod programs;

use abi::{Gas, Semantics};
use bridge::{
    Call, CallLimits, Cycles, Engine, Execution, Fault, Mcs51, Module, Outcome, Paused, Report,
    Rules, Steps, Until, Wasmi, World, drive,
};
use hostapi::{Answer, CallEnd, Failure, HostApi, Status};
use loader::Image;
use programs::{PROGRAMS, compiled, module};
use std::sync::Arc;

/// A host that answers each call with its number, and remembers what was asked.
#[derive(Default, Debug, PartialEq, Eq)]
struct Counting {
    seen: Vec<(u16, Vec<u8>)>,
    reply: Vec<u8>,
}

impl HostApi for Counting {
    fn call(&mut self, method: u16, request: &[u8]) -> Result<Answer<'_>, Failure<CallEnd>> {
        self.seen
            .push((method, request[..8.min(request.len())].to_vec()));
        self.reply = vec![1, 0, self.seen.len() as u8];
        Ok(Answer {
            status: Status::Done,
            reply: &self.reply,
            step_delta: 0,
            gas: Gas(3),
            refund: Gas(0),
            reason: None,
        })
    }
}

impl World for Counting {}

/// An 8051 contract that makes three host calls, adds up the replies, and ends with their sum, 6, as its exit code.
fn summing() -> Arc<dyn Module> {
    let source = "
        ljmp main
        .org 0x20
        main: mov R2,#3
        mov R3,#0
        again: mov DPTR,#0xEFFD
        mov A,#7
        movx @DPTR,A
        inc DPTR
        clr A
        movx @DPTR,A
        lcall 0x0012
        mov DPTR,#0xF001
        movx A,@DPTR
        add A,R3
        mov R3,A
        djnz R2,again
        mov DPTR,#0xEFFD
        mov A,R3
        movx @DPTR,A
        lcall 0x0008";
    let assembly = emu8051::assemble(source).expect("it assembles");
    let mut rom = vec![0x22; 0x20];
    for (at, bytes) in &assembly.segments {
        let at = usize::from(*at);
        rom.resize(rom.len().max(at + bytes.len()), 0x22);
        rom[at..at + bytes.len()].copy_from_slice(bytes);
    }
    rom[4..7].copy_from_slice(&[0x00, 0x01, 0x01]);
    let image = loader::load(&rom).expect("a small ROM").image;
    Mcs51::new()
        .prepare(&image, &Rules::v1(Semantics::V1))
        .expect("a contract")
}

/// The same for WebAssembly, by `engine`.
fn summing_wasm(engine: &Wasmi) -> Arc<dyn Module> {
    let call =
        "(call $call (i32.const 7) (i32.const 0) (i32.const 0) (i32.const 64) (i32.const 8))";
    let main = format!(
        "(local $n i32) (local $sum i32) (local.set $n (i32.const 3))
         (loop $l (drop {call})
           (local.set $sum (i32.add (local.get $sum) (i32.load8_u (i32.const 66))))
           (local.set $n (i32.sub (local.get $n) (i32.const 1))) (br_if $l (local.get $n)))
         (call $exit (local.get $sum))"
    );
    engine
        .prepare(&Image::wasm(module("", &main)), &Rules::v1(Semantics::V1))
        .expect("a contract")
}

fn limits(gas: u64) -> CallLimits {
    CallLimits {
        gas: Gas(gas),
        ..CallLimits::NONE
    }
}

/// The call in one go.
fn whole(module: &Arc<dyn Module>, limits: CallLimits) -> (Report, Counting) {
    let mut host = Counting::default();
    let call = Call {
        input: b"in",
        limits,
    };
    let report = drive(module, &call, &mut host, &mut ()).expect("the node works");
    (report, host)
}

/// The call paused at each `until`, and where it paused.
fn in_parts(
    module: &Arc<dyn Module>,
    limits: CallLimits,
    until: Until<'_>,
) -> (Report, Counting, Vec<Paused>) {
    let mut host = Counting::default();
    let mut paused = Vec::new();
    let mut execution = Execution::begin(
        module,
        &Call {
            input: b"in",
            limits,
        },
    );
    loop {
        match execution
            .run(until, &mut host, &mut ())
            .expect("the node works")
        {
            Paused::Ended(_) => break,
            pause => paused.push(pause),
        }
        assert!(paused.len() < 1_000_000, "it never ends");
    }
    let report = execution.report(&mut ()).expect("it has ended");
    (report, host, paused)
}

/// Every limit of gas, from none to what the call takes, ends it alike with a pause at each host call.
#[test]
fn a_pause_at_every_host_call_changes_nothing() {
    let until = Until {
        host_call: true,
        ..Until::default()
    };
    for module in [
        summing(),
        summing_wasm(&Wasmi::new()),
        summing_wasm(&Wasmi::pausing()),
    ] {
        let (report, host) = whole(&module, CallLimits::NONE);
        let code = report.outcome.exit_code().expect("it ends");
        assert_eq!((code.0, host.seen.len()), (6, 3), "{:?}", module.engine());
        let (parts, asked, paused) = in_parts(&module, CallLimits::NONE, until);
        assert_eq!((parts, asked), (report.clone(), host));
        assert_eq!(paused, [Paused::HostCall; 3]);
        let entry = module.entry_gas().0;
        for gas in (0..=report.usage.gas.0 + 2).filter(|gas| *gas < 3 || *gas + 3 > entry) {
            let (report, host) = whole(&module, limits(gas));
            let (parts, asked, _) = in_parts(&module, limits(gas), until);
            assert_eq!((parts, asked), (report, host), "{gas} gas");
        }
    }
}

/// After any number of instructions, with any limit on steps or cycles.
#[test]
fn a_pause_after_any_instruction_changes_nothing() {
    let module = summing();
    let (report, host) = whole(&module, CallLimits::NONE);
    let all = report.usage.instructions.0;
    for steps in 1..=all + 1 {
        let until = Until {
            steps: Some(Steps(steps)),
            ..Until::default()
        };
        let (parts, asked, paused) = in_parts(&module, CallLimits::NONE, until);
        assert_eq!((&parts, &asked), (&report, &host), "{steps} steps");
        assert!(paused.iter().all(|pause| *pause == Paused::Steps));
        let limited = CallLimits {
            steps: Steps(all / 2),
            cycles: Cycles(report.usage.cycles.0 * 2 / 3),
            ..CallLimits::NONE
        };
        let (report, host) = whole(&module, limited);
        assert_eq!(report.outcome.fault(), Some(Fault::OutOfSteps));
        let (parts, asked, _) = in_parts(&module, limited, until);
        assert_eq!((parts, asked), (report, host), "{steps} steps, limited");
    }
}

/// Before the instruction at an address, each time it comes there; the state is then that of the machine.
#[test]
fn a_pause_at_an_address_shows_the_machine_there() {
    let module = summing();
    let (report, host) = whole(&module, CallLimits::NONE);
    let again = 0x24;
    let until = Until {
        addresses: &[again],
        ..Until::default()
    };
    let (parts, asked, paused) = in_parts(&module, CallLimits::NONE, until);
    assert_eq!((parts, asked), (report, host));
    assert_eq!(paused, [Paused::Address(again); 3]);

    let mut host = Counting::default();
    let call = Call {
        input: b"in",
        limits: CallLimits::NONE,
    };
    let mut execution = Execution::begin(&module, &call);
    for left in [3, 2, 1] {
        let pause = execution.run(until, &mut host, &mut ()).expect("it runs");
        assert_eq!(pause, Paused::Address(again));
        let machine = execution.machine().expect("an 8051");
        assert_eq!((machine.cpu.pc(), machine.cpu.r(2)), (again, left));
    }
    let end = execution.run(until, &mut host, &mut ()).expect("it runs");
    assert!(matches!(end, Paused::Ended(Outcome::Refused { .. })));
    assert_eq!(
        execution.run(until, &mut host, &mut ()).expect("again"),
        end
    );
}

/// A module that can pause does so every few milliseconds, and computes what it does without.
#[test]
fn a_module_that_can_pause_is_the_same_call() {
    let until = Until {
        steps: Some(Steps(1)),
        ..Until::default()
    };
    let rules = Rules::v1(Semantics::V1);
    let mut pauses = 0;
    let small = PROGRAMS.iter().map(|(fields, main)| module(fields, main));
    let endless = module("", "(loop $l br $l)");
    for wasm in small.chain([compiled(), endless]) {
        let image = Image::wasm(wasm);
        let plain = Wasmi::new().prepare(&image, &rules).expect("a contract");
        let pausing = Wasmi::pausing()
            .prepare(&image, &rules)
            .expect("a contract");
        for gas in [plain.entry_gas().0 + 2_000, 40_000_000] {
            let (report, host) = whole(&plain, limits(gas));
            let (parts, asked, paused) = in_parts(&pausing, limits(gas), until);
            assert_eq!((&parts, &asked), (&report, &host), "{gas} gas");
            assert_eq!(whole(&pausing, limits(gas)), (report, host), "{gas} gas");
            pauses += paused.len();
        }
    }
    assert!(pauses > 0, "none of them ran long enough");
}

/// An execution that is dropped half-way leaves nothing to the next call.
#[test]
fn a_call_dropped_half_way_leaves_no_trace() {
    let engine_calls = summing();
    let (report, host) = whole(&engine_calls, CallLimits::NONE);
    let until = Until {
        host_call: true,
        ..Until::default()
    };
    for _ in 0..3 {
        let call = Call {
            input: b"other",
            limits: CallLimits::NONE,
        };
        let mut execution = Execution::begin(&engine_calls, &call);
        let mut other = Counting::default();
        assert_eq!(
            execution.run(until, &mut other, &mut ()).expect("it runs"),
            Paused::HostCall
        );
        assert!(execution.report(&mut ()).is_none());
    }
    assert_eq!(whole(&engine_calls, CallLimits::NONE), (report, host));
}
