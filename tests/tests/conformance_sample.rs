//! A fixed sample of SDCC's regression suite over all six ports; `make conformance` runs the whole.

use std::thread::available_parallelism;

use tests::conformance::build::PORTS;
use tests::conformance::recorded::{self, Recorded};
use tests::conformance::source::Suite;
use tests::conformance::{default_cache, suite};

/// Every so manieth image is in the sample: 96 of 14,016, other cases in every port.
const EVERY: usize = 147;

/// In the sample for what they need: timer 2's interrupt, RETI's rule, timer registers, an unimplemented SFR.
const NAMED: [&str; 7] = [
    "bug1535242",
    "critical",
    "interrupt_regbank_0",
    "interrupt_regbank_1",
    "setjmp",
    "sfr16",
    "bug-2235",
];

fn sample() -> Vec<Recorded> {
    let all = recorded::all().expect("the recorded figures are in their format");
    let named = |case: &Recorded| case.port == "mcs51-small" && NAMED.contains(&case.case.as_str());
    let numbered = all.into_iter().enumerate();
    numbered
        .filter(|(at, case)| at % EVERY == 0 || named(case))
        .map(|(_, case)| case)
        .collect()
}

#[test]
fn a_sample_of_sdccs_suite_runs_as_on_s51() {
    let sample = sample();
    assert!(
        sample.len() > 100,
        "only {} images are in the sample",
        sample.len()
    );
    let suite = Suite::fetch(&default_cache()).unwrap_or_else(|error| {
        panic!("SDCC's suite comes from Debian's mirror and could not be had: {error}")
    });

    let jobs = available_parallelism().map_or(2, usize::from);
    let cases =
        suite::judge(&suite, &PORTS, &sample, jobs, &|_, _| ()).expect("the sample can be built");

    assert_eq!(cases.len(), sample.len());
    for case in &cases {
        assert!(
            !case.is_different(),
            "{}/{}: {:?}",
            case.port,
            case.image,
            case.findings
        );
    }
}
