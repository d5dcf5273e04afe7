//! A watched call is given up when its time is over, and is the same call in all else.

mod programs;

use abi::{Gas, Semantics};
use bridge::{
    Call, CallLimits, Engine, Mcs51, PrepareError, Report, Rules, Wasmi, Watchdog, World, drive,
};
use hostapi::{Answer, CallEnd, Failure, HostApi, NodeError, Status};
use loader::Image;
use programs::{PROGRAMS, compiled, module};
use std::time::Duration;

const SHORT: Watchdog = Watchdog::new(Duration::from_millis(20));
const LONG: Watchdog = Watchdog::new(Duration::from_secs(600));

/// A host that answers nothing to everything.
struct Nothing;

impl HostApi for Nothing {
    fn call(&mut self, _: u16, _: &[u8]) -> Result<Answer<'_>, Failure<CallEnd>> {
        Ok(Answer {
            status: Status::Done,
            reply: &[],
            step_delta: 0,
            gas: Gas(1),
            refund: Gas(0),
            reason: None,
        })
    }
}

impl World for Nothing {}

fn call(engine: &dyn Engine, image: &Image, limits: CallLimits) -> Result<Report, NodeError> {
    let module = engine
        .prepare(image, &Rules::v1(Semantics::V1))
        .expect("a contract");
    let call = Call {
        input: b"input",
        limits,
    };
    drive(&module, &call, &mut Nothing, &mut ())
}

/// An 8051 contract with a valid header and `code` at 0x0020.
fn mcs51(code: &[u8]) -> Image {
    let mut rom = vec![0x22; 0x20];
    rom[..3].copy_from_slice(&[0x02, 0x00, 0x20]);
    rom[4..7].copy_from_slice(&[0x00, 0x01, 0x01]);
    rom.extend_from_slice(code);
    loader::load(&rom).expect("a small ROM").image
}

#[test]
fn an_endless_call_is_given_up_as_the_nodes_failure() {
    let asks =
        "(drop (call $call (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))";
    for main in [
        "(loop $l br $l)".to_owned(),
        format!("(loop $l {asks} (br $l))"),
    ] {
        let image = Image::wasm(module("", &main));
        let given_up = call(&Wasmi::watched(SHORT), &image, CallLimits::NONE);
        assert!(
            matches!(given_up, Err(NodeError::TookTooLong { milliseconds: 20 })),
            "{given_up:?}"
        );
    }
}

/// A watched call that is in time has the report of any other.
#[test]
fn a_watched_call_in_time_has_the_same_report() {
    let limits = |gas| CallLimits {
        gas: Gas(gas),
        ..CallLimits::NONE
    };
    let mut images: Vec<_> = PROGRAMS
        .iter()
        .map(|(fields, main)| Image::wasm(module(fields, main)))
        .collect();
    images.push(Image::wasm(compiled()));
    for image in &images {
        for gas in [1 << 40, 2_000] {
            let plain = call(&Wasmi::new(), image, limits(gas)).expect("the node does not fail");
            let watched = call(&Wasmi::watched(LONG), image, limits(gas));
            assert_eq!(watched.expect("it is in time"), plain);
        }
    }
}

/// A watched 8051 stops between slices and goes on as if it had not.
#[test]
fn a_watched_8051_goes_on_between_slices() {
    // Three nested loops of half a million DJNZ, and exit code 1: MOV DPTR, MOV A, MOVX, LCALL 0x0008.
    let image = mcs51(&[
        0x7F, 0x08, 0x7E, 0x00, 0x7D, 0x00, 0xDD, 0xFE, 0xDE, 0xFA, 0xDF, 0xF6, 0x90, 0xEF, 0xFD,
        0x74, 0x01, 0xF0, 0x12, 0x00, 0x08,
    ]);
    for gas in [u64::MAX, 1_000_000, 700_001, 400_000] {
        let limits = CallLimits {
            gas: Gas(gas),
            ..CallLimits::NONE
        };
        let plain = call(&Mcs51::new(), &image, limits).expect("the node does not fail");
        let watched = call(&Mcs51::watched(LONG), &image, limits);
        assert_eq!(watched.expect("it is in time"), plain, "{gas} gas");
    }
}

/// A module that takes much longer to prepare than to run: its preparing is watched as well.
#[test]
fn preparing_too_long_is_given_up() {
    let function = format!("(func {})", "i32.const 0 if end ".repeat(9_000));
    let image = Image::wasm(module(&function.repeat(20), ""));
    let engine = Wasmi::watched(Watchdog::new(Duration::from_millis(1)));
    match engine.prepare(&image, &Rules::v1(Semantics::V1)) {
        Err(PrepareError::Node(NodeError::TookTooLong { milliseconds: 1 })) => {}
        other => panic!("{other:?}"),
    }
    assert!(
        Wasmi::watched(LONG)
            .prepare(&image, &Rules::v1(Semantics::V1))
            .is_ok()
    );
}
