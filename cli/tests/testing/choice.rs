//! `--filter` and `--jobs`.

use super::common::Dir;
use super::{counter, scenario, three};
use std::path::Path;

/// The paths of the scenarios that were run.
fn ran(dir: &Dir, words: &[&str]) -> Vec<String> {
    let args = [&["test", ".", "--json"][..], words].concat();
    let report = dir.run(&args).json();
    let results = report["results"].as_array().expect("results").iter();
    let paths = results.map(|result| result["path"].as_str().expect("a path").to_owned());
    paths.collect()
}

#[test]
fn a_filter_chooses_scenarios_by_their_paths() {
    let dir = three();
    let [one, three, two] =
        ["./a/one", "./b/three", "./b/two"].map(|s| format!("{s}.scenario.toml"));
    assert_eq!(ran(&dir, &[]), [one.clone(), three.clone(), two.clone()]);
    assert_eq!(
        ran(&dir, &["--filter", "b/t"]),
        [three.clone(), two.clone()]
    );
    assert_eq!(
        ran(&dir, &["--filter", "*/o?e.*"]),
        std::slice::from_ref(&one)
    );
    let both = ["--filter", "two", "--filter", "one"];
    assert_eq!(ran(&dir, &both), [one, two]);
    let none = dir.run(&["test", ".", "--filter", "one", "--filter", "four"]);
    assert_eq!((none.status, none.stdout.as_str()), (2, ""));
    assert!(
        none.stderr.contains("--filter four: none of 3 scenarios"),
        "{}",
        none.stderr
    );
}

/// A snapshot is not written without what is left out, and compared in the part that was run.
#[test]
fn a_filter_compares_its_part_of_a_snapshot() {
    let dir = three();
    let words =
        |more: &[&'static str]| [&["test", ".", "--gas-snapshot", "gas.txt"][..], more].concat();
    dir.run(&words(&[]));
    let whole = dir.read("gas.txt");
    let written = dir.run(&words(&["--filter", "one"]));
    assert_eq!(written.status, 2);
    assert!(written.stderr.contains("--check"), "{}", written.stderr);
    assert_eq!(dir.read("gas.txt"), whole);
    dir.run(&words(&["--check", "--filter", "one"])).ok();
    let text = String::from_utf8(whole).expect("text");
    dir.write("gas.txt", text.replace("b/three", "b/thre"));
    dir.run(&words(&["--check", "--filter", "one"])).ok();
    assert_eq!(dir.run(&words(&["--check", "--filter", "three"])).status, 1);
}

/// All that a run says and writes is the same however many scenarios run at a time.
#[test]
fn any_number_of_jobs_reports_the_same() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware-samples");
    let dir = three();
    // It overflows its stack in both scenarios, at another place in each: the first in order is reported.
    dir.write(
        "over.asm",
        "ljmp main\n .org 4\n .db 0,2,2\n .org 8\n .db 0x22,0x22\n .org 0x12\n .db 0x22,0x22,0\n
         main: mov SP,#0xFF\n mov DPTR,#0xF000\n movx A,@DPTR\n jnz other\n push ACC\n sjmp on\n other: push B\n
         on: mov SP,#7\n mov A,#1\n mov DPTR,#0xEFFD\n movx @DPTR,A\n ljmp 8\n",
    );
    dir.run(&["asm", "over.asm", "-o", "over.ihx"]).ok();
    for (name, input) in [("x", ""), ("y", "input = \"u64:255\"")] {
        let text = scenario("over.ihx", input);
        let semantics = "image = \"over.ihx\"\nsemantics = \"dacrs2017\"";
        let text = text.replace("image = \"over.ihx\"", semantics);
        dir.write(&format!("{name}.scenario.toml"), text);
    }
    dir.write("counter.ihx", counter());
    let mut first = None;
    for jobs in ["1", "2", "7", "0"] {
        let ran = dir.run(&[
            "test",
            samples.to_str().expect("text"),
            ".",
            "--json",
            "--check-stack",
            "--coverage",
            "out.info",
            "--gas-snapshot",
            "gas.txt",
            "--junit",
            "out.xml",
            "--jobs",
            jobs,
        ]);
        assert_eq!(ran.status, 1, "{}", ran.stderr);
        assert!(
            ran.stdout.contains("\"overflow\":{\"pc\":"),
            "{}",
            ran.stdout
        );
        let files = ["out.info", "gas.txt", "out.xml"].map(|name| dir.read(name));
        let made = (ran.stdout, ran.stderr, files);
        match &first {
            None => first = Some(made),
            Some(first) => assert!(*first == made, "--jobs {jobs}"),
        }
    }
}

/// Scenarios that can't be read or run don't keep others from it, and the first of them in order is named.
#[test]
fn the_first_broken_scenario_is_named() {
    let dir = three();
    dir.write("b/four.scenario.toml", "accounts = 1");
    dir.write("c.scenario.toml", scenario("none.ihx", ""));
    for jobs in ["1", "4"] {
        let ran = dir.run(&["test", ".", "--jobs", jobs, "--junit", "out.xml"]);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
        assert!(
            ran.stderr.starts_with("error: ./b/four.scenario.toml: "),
            "{}",
            ran.stderr
        );
    }
    let xml = String::from_utf8(dir.read("out.xml")).expect("text");
    assert_eq!(super::junit::problem(&xml), None);
    assert!(
        xml.contains("<testsuites tests=\"5\" failures=\"1\" errors=\"2\">"),
        "{xml}"
    );
}
