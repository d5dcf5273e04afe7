//! `--junit`.

use super::common::Dir;
use super::junit::problem;
use super::{counter, three};

fn report(dir: &Dir, words: &[&str]) -> String {
    let args = [&["test", ".", "--junit", "out.xml"][..], words].concat();
    dir.run(&args);
    let xml = String::from_utf8(dir.read("out.xml")).expect("text");
    assert_eq!(problem(&xml), None, "{xml}");
    xml
}

#[test]
fn a_suite_is_a_scenario_and_a_case_a_step() {
    let dir = three();
    let xml = report(&dir, &[]);
    assert!(xml.contains("<testsuites tests=\"3\" failures=\"1\" errors=\"0\">"));
    for line in [
        "<testsuite name=\"./a/one.scenario.toml\" tests=\"1\" failures=\"0\" errors=\"0\">",
        "<testcase name=\"counts\" classname=\"./a/one.scenario.toml\"/>",
        "<failure message=\"code\">code\n  expected 7\n  found    1\nframes\n  counter 9-0: success",
    ] {
        assert!(xml.contains(line), "{line}: {xml}");
    }
}

/// Gas that has changed and a stack that overflows fail cases too, as they do the run.
#[test]
fn all_that_fails_a_run_fails_a_case() {
    let dir = three();
    dir.run(&["test", ".", "--gas-snapshot", "gas.txt"]);
    let words = ["--gas-snapshot", "gas.txt", "--check", "--check-stack"];
    let passed = report(&dir, &words);
    assert!(
        passed.contains("<testcase name=\"gas.txt\" classname=\"gas snapshot\"/>"),
        "{passed}"
    );
    assert!(
        passed.contains("<testcase name=\"./a/../counter.ihx\" classname=\"stack\"/>"),
        "{passed}"
    );
    let text = String::from_utf8(dir.read("gas.txt")).expect("text");
    dir.write("gas.txt", text.replace("\tcounter\t", "\tcounter\t9"));
    let failed = report(&dir, &words);
    assert!(
        failed
            .contains("<failure message=\"gas changed: a/one.scenario.toml 0001 counts counter\">"),
        "{failed}"
    );
}

/// Hostile names stay within their attributes, and steps of one name are told apart.
#[test]
fn names_of_steps_are_escaped_and_differ() {
    let dir = Dir::new();
    dir.write("counter.ihx", counter());
    let step =
        "[[step]]\nname = \"<a & \\\"b\\u0001\\u202e\\n\"\ncall = \"counter\"\nexpect.code = 3\n";
    let head = "[accounts]\nalice = 1_000_000\n[contracts.counter]\nimage = \"counter.ihx\"\n";
    dir.write("x.scenario.toml", format!("{head}{step}{step}"));
    let xml = report(&dir, &[]);
    let names: Vec<_> = xml
        .matches("<testcase name=\"&lt;a &amp; &quot;b\u{FFFD}")
        .collect();
    assert_eq!(names.len(), 2, "{xml}");
    assert_eq!(xml.matches(" (step 2)\"").count(), 1, "{xml}");
}
