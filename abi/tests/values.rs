//! Units, versions and rules of an image.

use abi::{AbiVersion, ExitCode, Gas, Semantics};

#[test]
fn gas_does_not_wrap() {
    assert_eq!(Gas(1).checked_add(Gas(2)), Some(Gas(3)));
    assert_eq!(Gas::MAX.checked_add(Gas(1)), None);
    assert_eq!(Gas::ZERO.checked_sub(Gas(1)), None);
    assert_eq!(Gas(7).to_string(), "7 gas");
}

#[test]
fn only_exit_code_1_is_success() {
    let good: Vec<u8> = (0..=u8::MAX)
        .filter(|&code| ExitCode(code).is_success())
        .collect();
    assert_eq!(good, [1]);
}

#[test]
fn the_account_check_begins_with_version_00_02_02() {
    for (version, has) in [
        ([0, 0, 0], false),
        ([0, 1, 0xFF], false),
        ([0, 2, 1], false),
        ([0, 2, 2], true),
        ([0, 2, 3], true),
        ([0, 3, 0], true),
        ([1, 0, 0], true),
    ] {
        assert_eq!(AbiVersion(version).has_account_check(), has, "{version:?}");
    }
    assert_eq!(AbiVersion([0, 2, 0x10]).to_string(), "00.02.10");
}

#[test]
fn every_name_of_semantics_reads_back() {
    for semantics in Semantics::ALL {
        assert_eq!(semantics.name().parse(), Ok(semantics));
        assert_eq!(semantics.is_dacrs(), semantics != Semantics::V1);
    }
    let error = "dacrs2018".parse::<Semantics>().expect_err("no such rules");
    assert!(error.to_string().contains("`dacrs2018`"));
}
