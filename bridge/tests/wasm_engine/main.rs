//! What a call of a WebAssembly contract does, as the host and the caller see it.

mod limits;
#[path = "../programs/mod.rs"]
mod programs;

use abi::Schedule;
use abi::layout::INPUT_MAX;
use abi::{ExitCode, Gas, Semantics};
use bridge::Trap;
use bridge::{
    Call, CallLimits, Engine, EngineId, Fault, Mcs51, Module, Outcome, PrepareError, Report, Rules,
    Wasmi, World, drive,
};
use hostapi::{Answer, CallEnd, Failure, HostApi, HostFault, NodeError, Status};
use loader::Image;
use programs::{PROGRAMS, bodies, module};
use proptest::prelude::*;
use std::sync::{Arc, LazyLock};

/// What the host is told to do with a call.
#[derive(Clone, Copy, Debug)]
enum Does {
    Answer,
    Refuse,
    Fault,
    Fail,
}

/// A host that keeps what it is asked and answers with `reply`.
#[derive(Clone, Debug)]
struct Host {
    does: Does,
    reply: Vec<u8>,
    gas: u64,
    refund: u64,
    asked: Vec<(u16, Vec<u8>)>,
}

impl Host {
    fn answering(reply: &[u8]) -> Self {
        Host {
            does: Does::Answer,
            reply: reply.to_vec(),
            gas: 100,
            refund: 0,
            asked: Vec::new(),
        }
    }

    fn that(does: Does) -> Self {
        Host {
            does,
            ..Host::answering(b"reply")
        }
    }
}

impl HostApi for Host {
    fn call(&mut self, method: u16, request: &[u8]) -> Result<Answer<'_>, Failure<CallEnd>> {
        self.asked.push((method, request.to_vec()));
        let status = match self.does {
            Does::Answer => Status::Done,
            Does::Refuse => Status::Refused,
            Does::Fault => return Err(HostFault::UnknownMethod(method).into()),
            Does::Fail => {
                return Err(Failure::Node(NodeError::Engine(
                    "a test asked for it".into(),
                )));
            }
        };
        Ok(Answer {
            status,
            reply: &self.reply,
            step_delta: 0,
            gas: Gas(self.gas),
            refund: Gas(self.refund),
            reason: None,
        })
    }
}

impl World for Host {}

fn image(fields: &str, main: &str) -> Image {
    let wat = format!(
        r#"(module
            (import "smart51" "call" (func $call (param i32 i32 i32 i32 i32) (result i32)))
            (import "smart51" "exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (global (export "smart51_buffer") i32 (i32.const 1024))
            {fields}
            (func (export "smart51_main") {main}))"#
    );
    Image::wasm(wat::parse_str(&wat).unwrap_or_else(|error| panic!("{error}\n{wat}")))
}

/// The engines there are: both, with the feature `wasmtime`.
static ENGINES: LazyLock<Vec<Box<dyn Engine>>> = LazyLock::new(|| {
    vec![
        Box::new(Wasmi::new()),
        #[cfg(feature = "wasmtime")]
        Box::new(bridge::Wasmtime::new(None).expect("it runs here")),
    ]
});

/// The contract as each engine prepares it.
fn prepare(image: &Image) -> Vec<Arc<dyn Module>> {
    let prepared = ENGINES.iter().map(|engine| {
        engine
            .prepare(image, &Rules::v1(Semantics::V1))
            .unwrap_or_else(|error| panic!("{error}"))
    });
    prepared.collect()
}

/// Calls the contract on each engine. All must do the same; what one of them did is returned and left in `host`.
fn call(
    modules: &[Arc<dyn Module>],
    host: &mut Host,
    input: &[u8],
    gas: u64,
) -> Result<Report, NodeError> {
    let limits = CallLimits {
        gas: Gas(gas),
        ..CallLimits::NONE
    };
    let mut runs = modules.iter().map(|module| {
        let mut host = host.clone();
        let report = drive(module, &Call { input, limits }, &mut host, &mut ());
        (report, host)
    });
    let (report, after) = runs.next().expect("there is an engine");
    for (other, others) in runs {
        assert_eq!(format!("{report:?}"), format!("{other:?}"));
        assert_eq!(after.asked, others.asked);
    }
    *host = after;
    report
}

/// Runs `main` once with plenty of gas.
fn run(main: &str, host: &mut Host) -> Report {
    call(&prepare(&image("", main)), host, b"", 1 << 30).expect("the node does not fail")
}

fn fault(main: &str, host: &mut Host) -> Fault {
    run(main, host)
        .outcome
        .fault()
        .unwrap_or_else(|| panic!("{main} should fault"))
}

const PAGE: u64 = Schedule::DATA_SHEET.wasm.page as u64;

#[test]
fn the_exit_code_is_the_outcome_and_exit_ends_at_once() {
    let outcome = |main: &str| run(main, &mut Host::answering(b"")).outcome;
    assert_eq!(
        outcome("(call $exit (i32.const 1)) unreachable"),
        Outcome::Success
    );
    assert_eq!(
        outcome("(call $exit (i32.const 7)) unreachable"),
        Outcome::Refused { code: ExitCode(7) }
    );
    assert_eq!(
        outcome("(call $exit (i32.const 0))"),
        Outcome::Refused { code: ExitCode(0) }
    );
    assert_eq!(
        outcome("(call $exit (i32.const 0x1FF))"),
        Outcome::Refused {
            code: ExitCode(0xFF)
        }
    );
    assert_eq!(outcome(""), Outcome::Refused { code: ExitCode(0) });
}

/// The input lies in the buffer with its length in front.
#[test]
fn the_input_lies_in_the_buffer_after_its_length() {
    // Exits with 1 if the length and the last byte are as expected.
    let main = |length: usize, last: u8| {
        let at = 1024 + 2 + length - 1;
        format!(
            "(if (i32.eq (i32.load16_u (i32.const 1024)) (i32.const {length}))
                (then (if (i32.eq (i32.load8_u (i32.const {at})) (i32.const {last})) (then (call $exit (i32.const 1))))))"
        )
    };
    for length in [1, 2, 255, 256, INPUT_MAX] {
        let mut input = vec![7; length];
        input[length - 1] = 0xA5;
        let module = prepare(&image("", &main(length, 0xA5)));
        let report =
            call(&module, &mut Host::answering(b""), &input, 1 << 30).expect("no node failure");
        assert_eq!(report.outcome, Outcome::Success, "{length} bytes");
    }
    let module = prepare(&image("", ""));
    let report = call(
        &module,
        &mut Host::answering(b""),
        &vec![0; INPUT_MAX + 1],
        1 << 30,
    )
    .expect("no node failure");
    assert_eq!(
        report.outcome,
        Outcome::Fault {
            fault: Fault::InputTooLong {
                length: INPUT_MAX + 1
            }
        }
    );
}

/// A call hands over method and frame and brings the reply.
#[test]
fn a_call_passes_the_frame_and_brings_the_reply() {
    let fields = r#"(data (i32.const 64) "\04\00\02\00hi")"#;
    let main = "(if (i32.eq (call $call (i32.const 0x3C05) (i32.const 64) (i32.const 6) (i32.const 200) (i32.const 5)) (i32.const 5))
                    (then (if (i32.eq (i32.load (i32.const 201)) (i32.const 0x796c7065)) (then (call $exit (i32.const 1))))))";
    let mut host = Host::answering(b"reply");
    let report =
        call(&prepare(&image(fields, main)), &mut host, b"", 1 << 30).expect("no node failure");
    assert_eq!(report.outcome, Outcome::Success);
    assert_eq!(host.asked, [(0x3C05, b"\x04\0\x02\0hi".to_vec())]);
}

/// Calls the host with these arguments and exits with the result, made positive: 100 + result.
fn result_of(args: (u32, u32), reply: (u32, u32), host: &mut Host) -> Outcome {
    let (args, args_len) = args;
    let (reply, reply_cap) = reply;
    let main = format!(
        "(call $exit (i32.add (i32.const 100) (call $call (i32.const 5)
            (i32.const {args}) (i32.const {args_len}) (i32.const {reply}) (i32.const {reply_cap}))))"
    );
    run(&main, host).outcome
}

fn exits(code: u8) -> Outcome {
    Outcome::Refused {
        code: ExitCode(code),
    }
}

/// Refusals and short rooms have their own results and write nothing.
#[test]
fn refusals_and_short_rooms_write_nothing() {
    assert_eq!(
        result_of((0, 8), (200, 100), &mut Host::that(Does::Refuse)),
        exits(99)
    );
    assert_eq!(
        result_of((0, 8), (200, 4), &mut Host::answering(b"reply")),
        exits(98)
    );
    assert_eq!(
        result_of((0, 8), (200, 0), &mut Host::answering(b"")),
        exits(100)
    );
    assert_eq!(
        result_of((0, 8), (200, 5), &mut Host::answering(b"reply")),
        exits(105)
    );
    for does in [Does::Refuse, Does::Answer] {
        let main = "(drop (call $call (i32.const 5) (i32.const 0) (i32.const 0) (i32.const 200) (i32.const 4)))
                    (call $exit (i32.load (i32.const 200)))";
        assert_eq!(
            run(main, &mut Host::that(does)).outcome,
            exits(0),
            "{does:?}"
        );
    }
}

/// Buffers outside of memory fault before the host is asked.
#[test]
fn buffers_outside_of_memory_never_reach_the_host() {
    let end = 65536;
    let out = Outcome::Fault {
        fault: Fault::Wasm(Trap::BufferOutOfBounds),
    };
    for (args, reply) in [
        ((end - 7, 8), (0, 8)),
        ((end + 1, 0), (0, 8)),
        ((u32::MAX, 8), (0, 8)),
        ((u32::MAX, u32::MAX), (0, 8)),
        ((0, 8), (end - 7, 8)),
        ((0, 8), (u32::MAX, 1)),
        ((0, 8), (1, u32::MAX)),
    ] {
        let mut host = Host::answering(b"");
        assert_eq!(result_of(args, reply, &mut host), out, "{args:?} {reply:?}");
        assert!(host.asked.is_empty(), "{args:?} {reply:?}");
    }
    // Just inside, and empty at the very end.
    assert_eq!(
        result_of((end - 8, 8), (end - 8, 8), &mut Host::answering(b"")),
        exits(100)
    );
    assert_eq!(
        result_of((end, 0), (end, 0), &mut Host::answering(b"")),
        exits(100)
    );
}

/// Of a request as much is shown as of the 8051s buffer.
#[test]
fn a_request_shows_as_much_as_on_the_8051() {
    for (given, shown) in [(4096, 4096), (4097, 4097), (4098, 4097), (u32::MAX, 4097)] {
        let mut host = Host::answering(b"");
        assert_eq!(
            result_of((0, given), (0, 0), &mut host),
            exits(100),
            "{given}"
        );
        assert_eq!(host.asked[0].1.len(), shown);
    }
}

#[test]
fn the_reply_may_overlap_the_request() {
    let fields = r#"(data (i32.const 64) "\04\00\02\00hi")"#;
    let main = "(drop (call $call (i32.const 5) (i32.const 64) (i32.const 6) (i32.const 66) (i32.const 100)))
                (call $exit (i32.load8_u (i32.const 66)))";
    let mut host = Host::answering(b"Reply");
    let report =
        call(&prepare(&image(fields, main)), &mut host, b"", 1 << 30).expect("no node failure");
    assert_eq!(
        (report.outcome, &host.asked[0].1[..]),
        (exits(b'R'), &b"\x04\0\x02\0hi"[..])
    );
}

#[test]
fn replies_are_held_to_the_buffer_of_the_8051() {
    let with = |size: usize| result_of((0, 8), (200, 8192), &mut Host::answering(&vec![0; size]));
    assert_eq!(with(4096), exits((100 + 4096) as u8));
    assert_eq!(
        with(4097),
        Outcome::Fault {
            fault: Fault::Host(HostFault::ReplyTooLarge { size: 4097 })
        }
    );
}

#[test]
fn faults_and_failures_of_the_host_end_the_call() {
    let main = "(drop (call $call (i32.const 0x12345) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))) unreachable";
    assert_eq!(
        fault(main, &mut Host::that(Does::Fault)),
        Fault::Host(HostFault::UnknownMethod(0x2345))
    );
    let failed = call(
        &prepare(&image("", main)),
        &mut Host::that(Does::Fail),
        b"",
        1 << 30,
    );
    assert!(matches!(failed, Err(NodeError::Engine(what)) if what == "a test asked for it"));
}

#[test]
fn each_fault_of_a_program_has_its_name() {
    for (main, trap) in [
        ("unreachable", Trap::Unreachable),
        (
            "(drop (i32.load (i32.const 65533)))",
            Trap::MemoryOutOfBounds,
        ),
        (
            "(memory.fill (i32.const 65530) (i32.const 0) (i32.const 7))",
            Trap::MemoryOutOfBounds,
        ),
        (
            "(drop (i32.div_u (i32.const 1) (i32.const 0)))",
            Trap::DivisionByZero,
        ),
        (
            "(drop (i64.div_s (i64.const 0x8000000000000000) (i64.const -1)))",
            Trap::IntegerOverflow,
        ),
    ] {
        assert_eq!(
            fault(main, &mut Host::answering(b"")),
            Fault::Wasm(trap),
            "{main}"
        );
    }
    for (fields, main, trap) in [
        (
            "(table 1 funcref)",
            "(call_indirect (i32.const 1))",
            Trap::TableOutOfBounds,
        ),
        (
            "(table 1 funcref)",
            "(call_indirect (i32.const 0))",
            Trap::IndirectCallToNull,
        ),
        (
            "(table 1 funcref) (func $f (param i32)) (elem (i32.const 0) $f)",
            "(call_indirect (i32.const 0))",
            Trap::BadSignature,
        ),
        ("(func $f (call $f))", "(call $f)", Trap::StackExhausted),
    ] {
        let report = call(
            &prepare(&image(fields, main)),
            &mut Host::answering(b""),
            b"",
            1 << 30,
        )
        .expect("no node failure");
        assert_eq!(
            report.outcome,
            Outcome::Fault {
                fault: Fault::Wasm(trap)
            },
            "{main}"
        );
        assert!(
            report.usage.gas < Gas(1 << 30),
            "a fault pays for what ran, not for all of the limit"
        );
    }
}

/// Gas is that of memory operators and host and a limit of exactly that suffices.
#[test]
fn a_limit_of_exactly_the_gas_suffices() {
    let main =
        "(drop (call $call (i32.const 5) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
                (call $exit (i32.const 1))";
    let module = prepare(&image("", main));
    let costs = Schedule::DATA_SHEET.wasm;
    let asking = u64::from(5 * costs.simple + costs.call);
    let entry = module[0].entry_gas().0;
    assert!(entry > PAGE, "the page and the module");
    let whole = entry + asking + 100 + u64::from(2 * costs.simple + costs.call);
    let report = call(&module, &mut Host::answering(b""), b"", 1 << 30).expect("no node failure");
    assert_eq!(
        (report.outcome, report.usage.gas),
        (Outcome::Success, Gas(whole))
    );
    assert_eq!(
        (report.usage.cycles.0, report.usage.instructions.0),
        (0, 0),
        "a wasm contract has no machine cycles"
    );
    for (gas, asked) in [
        (0, 0),
        (entry, 0),
        (entry + asking - 1, 0),
        (entry + asking, 1),
        (whole - 1, 1),
    ] {
        let mut host = Host::answering(b"");
        let report = call(&module, &mut host, b"", gas).expect("no node failure");
        assert_eq!(
            report.outcome,
            Outcome::Fault {
                fault: Fault::OutOfGas
            },
            "{gas}"
        );
        assert_eq!(
            (report.usage.gas, host.asked.len()),
            (Gas(gas), asked),
            "{gas}"
        );
    }
    let report = call(&module, &mut Host::answering(b""), b"", whole).expect("no node failure");
    assert_eq!(
        (report.outcome, report.usage.gas),
        (Outcome::Success, Gas(whole))
    );
}

#[test]
fn a_refund_is_capped_and_only_for_success() {
    let main = |code| {
        format!(
            "(drop (call $call (i32.const 5) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))) (call $exit (i32.const {code}))"
        )
    };
    let refund = |code| {
        run(
            &main(code),
            &mut Host {
                refund: 1 << 20,
                ..Host::answering(b"")
            },
        )
        .usage
    };
    assert_eq!(refund(1).refund, Gas(refund(1).gas.0 / 5));
    assert_eq!(refund(2).refund, Gas::ZERO);
}

#[test]
fn no_call_sees_anything_of_another() {
    let fields = "(global $count (mut i32) (i32.const 0))";
    let main = "(global.set $count (i32.add (global.get $count) (i32.const 1)))
                (i32.store8 (i32.const 0) (i32.add (i32.load8_u (i32.const 0)) (global.get $count)))
                (drop (memory.grow (i32.const 1)))
                (call $exit (i32.add (i32.load8_u (i32.const 0)) (i32.mul (i32.const 10) (memory.size))))";
    let module = prepare(&image(fields, main));
    let first = call(&module, &mut Host::answering(b""), b"xyz", 1 << 30).expect("no node failure");
    assert_eq!(first.outcome, exits(21));
    for _ in 0..3 {
        let next =
            call(&module, &mut Host::answering(b""), b"xyz", 1 << 30).expect("no node failure");
        assert_eq!(next, first);
    }
}

#[test]
fn memory_grows_to_the_limit_and_no_further() {
    let main = "(loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) (call $exit (memory.size))";
    assert_eq!(run(main, &mut Host::answering(b"")).outcome, exits(16));
}

/// Images of other kinds old semantics and bad modules are not prepared.
#[test]
fn unfit_images_are_not_prepared() {
    let good = image("", "");
    let rom = Image::bin(&[0x02, 0, 0x15]).expect("any bytes are a ROM");
    assert!(matches!(
        Wasmi::new().prepare(&rom, &Rules::v1(Semantics::V1)),
        Err(PrepareError::WrongKind {
            engine: EngineId::Wasm
        })
    ));
    assert!(matches!(
        Mcs51::new().prepare(&good, &Rules::v1(Semantics::V1)),
        Err(PrepareError::WrongKind {
            engine: EngineId::Mcs51
        })
    ));
    let old = Wasmi::new().prepare(&good, &Rules::v1(Semantics::Dacrs2017));
    assert!(matches!(
        old,
        Err(PrepareError::Semantics(Semantics::Dacrs2017))
    ));
    let bad = Wasmi::new().prepare(&Image::wasm(b"\0asm".to_vec()), &Rules::v1(Semantics::V1));
    assert!(matches!(bad, Err(PrepareError::Module(_))));
}
