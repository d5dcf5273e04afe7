//! The result word behind a host call: images of version 00.02.03 and later are told of a refused one.

use super::*;

/// Calls method 19 and exits with what then stands in the first byte of the result word.
fn code_after_call(version: [u8; 3], semantics: Semantics, refuses: bool) -> Option<u8> {
    let code = [call_method(19), vec![0x12, 0x00, 0x08]].concat();
    let mut rom = vec![0x22; usize::from(START)];
    rom[..3].copy_from_slice(&[0x02, 0x00, START]);
    rom[4..7].copy_from_slice(&version);
    rom[0x14] = 0; // no account check
    rom.extend_from_slice(&code);
    let image = loader::load(&rom).expect("a small ROM").image;
    let module = Mcs51::new()
        .prepare(&image, &Rules::v1(semantics))
        .expect("a valid header");
    let mut host = Scripted {
        refuses,
        ..Scripted::default()
    };
    let limits = CallLimits {
        steps: Steps(1_000),
        ..CallLimits::NONE
    };
    let report = run_with(&module, &[], limits, &mut host);
    report.outcome.exit_code().map(|code| code.0)
}

#[test]
fn newer_images_are_told_of_refused_calls() {
    for (version, told) in [
        ([0, 1, 1], false),
        ([0, 2, 2], false),
        ([0, 2, 3], true),
        ([0, 3, 0], true),
        ([1, 0, 0], true),
    ] {
        let served = code_after_call(version, Semantics::V1, false);
        assert_eq!(served, Some(19), "{version:?}");
        let refused = code_after_call(version, Semantics::V1, true);
        let expected = if told { 0xFF } else { 19 };
        assert_eq!(refused, Some(expected), "{version:?}");
        let old = code_after_call(version, Semantics::Dacrs2017, true);
        assert_eq!(old, Some(19), "{version:?}");
    }
}
