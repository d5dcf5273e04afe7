//! Random programs on our core and on the installed `s51`; `make lockstep` runs more of them.

use tests::lockstep;

/// Compared after every instruction.
#[test]
fn random_programs_run_as_on_s51() {
    let (tally, difference) =
        lockstep::run(8051, 150, 30, |_| ()).expect("s51 is installed and answers");

    assert_eq!(
        difference,
        None,
        "{}",
        difference
            .iter()
            .map(ToString::to_string)
            .collect::<String>()
    );
    assert_eq!(tally.programs, 150);
    assert!(
        tally.instructions > 1_500,
        "most programs ended early: {tally}"
    );
    assert!(tally.opcodes.len() > 240, "not enough opcodes: {tally}");
}
