//! What entering and overflowing cost.

use super::*;
use abi::Schedule;

/// Entering is paid by what the image programs, whatever the engine has kept, and not at all under the old rules.
#[test]
fn entry_gas_follows_the_programmed_lines_of_code() {
    let engine = Mcs51::new();
    let entry = |code: &[u8], semantics| {
        let image = image(code);
        let module = engine
            .prepare(&image, &Rules::v1(semantics))
            .expect("a contract");
        (module.entry_gas(), image.code_bytes())
    };
    let (small, length) = entry(&exit(1), Semantics::V1);
    let lines = |length: usize| length.div_ceil(64) as u64;
    let price = |length| {
        Schedule::DATA_SHEET.general.gas_per_entry
            + lines(length) * Schedule::DATA_SHEET.general.gas_per_code_line
    };
    assert_eq!(small, Gas(price(length)));
    let (large, length) = entry(&[0; 5000], Semantics::V1);
    assert_eq!(large, Gas(price(length)));
    // The program is built in the memory of the one before, and costs what it cost.
    assert_eq!(entry(&exit(1), Semantics::V1).0, small);
    let module = prepare(&exit(1), Semantics::Dacrs2017);
    let limits = CallLimits {
        gas: Gas(0),
        ..CallLimits::NONE
    };
    let report = run_with(&module, &[], limits, &mut Scripted::default());
    assert_eq!(report.outcome, Outcome::Success);
}

/// A call too many goes around to IRAM 0x00 under the old rules, and is a fault of its own under ours.
#[test]
fn a_stack_that_wraps_is_a_fault_under_our_rules() {
    let endless = [0x12, 0x00, 0x20]; // LCALL 0x0020, where it stands
    let limits = CallLimits {
        steps: Steps(1000),
        ..CallLimits::NONE
    };
    let end = |semantics| {
        let module = prepare(&endless, semantics);
        run_to_stop(&module, limits, &mut Scripted::default())
    };
    let (report, cpu) = end(Semantics::V1);
    let fault = Fault::StackOverflow;
    assert_eq!(fault.name(), "stack_overflow");
    assert_eq!(report.outcome, Outcome::Fault { fault });
    // LJMP, then from SP = 7 as many calls as there is room for
    assert_eq!((cpu.pc(), cpu.sp()), (0x0020, 0xFF));
    assert_eq!(report.usage.cycles, Cycles(2 + 2 * (0xFF - 7) / 2));
    let (report, _) = end(Semantics::Dacrs2017);
    let fault = Fault::OutOfSteps;
    assert_eq!(report.outcome, Outcome::Fault { fault });
}
