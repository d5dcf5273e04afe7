//! Charged by the block or by the instruction, a run is the same for every budget, every trap, and in pieces.
#![no_main]

use emu8051::{Cycles, Limit, Program, Reserved, Steps, Stop, Unprogrammed, run, run_exact};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use smart51_fuzz::Machine;

/// A run, as the fuzzer likes it.
#[derive(Arbitrary, Debug)]
struct Input<'a> {
    machine: Machine<'a>,
    cycles: u16,
    steps: u16,
    traps: Vec<u16>,
    fault_unprogrammed: bool,
    fault_reserved: bool,
}

fuzz_target!(|input: Input<'_>| {
    let (at, code) = input.machine.code;
    let mut program = Program::builder().segment(at, code).fill(0);
    program = program.unprogrammed(if input.fault_unprogrammed {
        Unprogrammed::Fault
    } else {
        Unprogrammed::Execute
    });
    program = program.reserved(if input.fault_reserved {
        Reserved::Fault
    } else {
        Reserved::Nop
    });
    let program = input
        .traps
        .iter()
        .fold(program, |program, trap| program.trap(*trap))
        .build();
    let limit = Limit {
        cycles: Cycles(input.cycles.into()),
        steps: Steps(input.steps.into()),
    };

    let (mut exact, mut exact_xdata) = (input.machine.cpu(), input.machine.xdata());
    let expected = run_exact(&mut exact, &mut exact_xdata, &program, limit);
    let (mut block, mut block_xdata) = (input.machine.cpu(), input.machine.xdata());
    assert_eq!(run(&mut block, &mut block_xdata, &program, limit), expected);
    assert_eq!(block, exact);
    assert!(block_xdata == exact_xdata);

    // The same in two pieces, unless a trap ends the first: going on leaves the trap.
    let (mut pieces, mut pieces_xdata) = (input.machine.cpu(), input.machine.xdata());
    let half = Limit {
        cycles: Cycles(limit.cycles.0 / 2),
        steps: limit.steps,
    };
    let first = run(&mut pieces, &mut pieces_xdata, &program, half);
    if first.stop == Stop::OutOfCycles {
        let rest = Limit {
            cycles: limit.cycles - first.cycles,
            steps: limit.steps - first.steps,
        };
        let second = run(&mut pieces, &mut pieces_xdata, &program, rest);
        assert_eq!(
            (first.cycles + second.cycles, first.steps + second.steps),
            (expected.cycles, expected.steps)
        );
        assert_eq!(second.stop, expected.stop);
        assert_eq!(pieces, exact);
        assert!(pieces_xdata == exact_xdata);
    }
});
