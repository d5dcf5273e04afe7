//! The fast interpreter and the slow, obvious one come to the same state after every instruction.
#![no_main]

use emu8051::{Cycles, Limit, Program, Reserved, Stop, Unprogrammed, reference, run, run_exact};
use libfuzzer_sys::fuzz_target;
use smart51_fuzz::Machine;

/// The most instructions of an input.
const STEPS: u64 = 500;

fuzz_target!(|machine: Machine<'_>| {
    let (at, code) = machine.code;
    let program = Program::builder()
        .segment(at, code)
        .unprogrammed(Unprogrammed::Execute)
        .reserved(Reserved::Nop);
    let program = program.fill(0).build();
    let (mut fast, mut slow) = (machine.cpu(), machine.cpu());
    let (mut fast_xdata, mut slow_xdata) = (machine.xdata(), machine.xdata());
    let mut cycles = Cycles(0);
    let mut steps = 0;
    while steps < STEPS {
        let cost = Cycles(reference::step(&mut slow, &mut slow_xdata, program.code()));
        let ran = run_exact(&mut fast, &mut fast_xdata, &program, Limit::steps(1));
        assert_eq!(
            (ran.cycles, ran.stop),
            (cost, Stop::OutOfSteps),
            "step {steps}"
        );
        assert_eq!(fast, slow, "step {steps}");
        cycles += ran.cycles;
        steps += 1;
    }
    assert!(fast_xdata == slow_xdata);

    let (mut whole, mut whole_xdata) = (machine.cpu(), machine.xdata());
    let ran = run(&mut whole, &mut whole_xdata, &program, Limit::steps(steps));
    assert_eq!((ran.cycles, ran.steps.0), (cycles, steps));
    assert_eq!(whole, slow);
    assert!(whole_xdata == slow_xdata);
});
