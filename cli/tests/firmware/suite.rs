//! `smart51 firmware-test`.

use super::common::Dir;
use super::{assembled, junit, sample};
use std::path::Path;
use std::process::Command;

fn samples() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware-samples/firmware");
    folder.to_str().unwrap().to_owned()
}

/// A folder with a test of the echo that says `expect`.
fn echo_test(expect: &str) -> Dir {
    let dir = Dir::new();
    let test = format!(
        "image = {:?}\nchip = \"8051\"\nmax_cycles = 20_000\nuart_in = \"hi\"\n[expect]\n{expect}\n",
        sample("echo")
    );
    dir.write("echo.test.toml", test);
    dir
}

/// All samples pass in the order of their names however many run at a time.
#[test]
fn samples_pass_in_order_with_any_jobs() {
    let run = |jobs: &str| {
        Dir::new()
            .run(&["firmware-test", &samples(), "--jobs", jobs, "--json"])
            .ok()
            .json()
    };
    let report = run("3");
    assert_eq!(
        (&report["tests"], &report["passed"]),
        (&6.into(), &6.into())
    );
    let names: Vec<_> = report["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["path"].as_str().unwrap())
        .collect();
    for (path, name) in names
        .iter()
        .zip(["blink", "clock", "echo", "eeprom", "monitor", "softuart"])
    {
        assert!(path.ends_with(&format!("{name}.test.toml")), "{path}");
    }
    assert_eq!(run("1"), report);
}

/// What is not as expected is shown with both values and status 1.
#[test]
fn differences_show_both_values() {
    let expect =
        "stop = \"idle\"\nuart = \"hi!\"\nmax_stack = 0x10\nmax_latency = { SERIAL = 3, T0 = 9 }\n
        pin = [{ pin = \"P1.0\", level = 0, from = 10, to = 20 }]\n
        memory = [{ iram = 0x21, bytes = \"6800\" }]";
    let dir = echo_test(expect);
    let ran = dir.run(&["firmware-test", "echo.test.toml"]);
    assert_eq!(ran.status, 1);
    for difference in [
        "FAIL echo.test.toml (",
        "stop\n       expected idle\n       found    cycles at 0x01",
        "uart\n       expected hi!\n       found    hi\n",
        "stack\n       expected at most 0x10\n       found    0x4",
        "latency of SERIAL\n       expected at most 3 cycles\n       found    ",
        "latency of T0\n       expected at most 9 cycles\n       found    no such interrupt came\n",
        "pin P1.0\n       expected 0 between cycles 10 and 20\n       found    changes (0 in all)\n",
        "IRAM 0x21\n       expected 6800\n       found    6869\n",
        "0 of 1 passed\n",
    ] {
        assert!(
            ran.stdout.contains(difference),
            "no {difference:?} in {}",
            ran.stdout
        );
    }
}

/// A snapshot is written with a flag and compared from then on.
#[test]
fn snapshot_is_written_by_flag_then_compared() {
    let dir = echo_test("snapshot = true");
    let run = |options: &[&str]| dir.run(&[&["firmware-test", "echo.test.toml"], options].concat());
    let ran = run(&[]);
    assert_eq!(ran.status, 1);
    assert!(
        ran.stdout
            .contains("no such file: write it with --update-snapshots"),
        "{}",
        ran.stdout
    );
    run(&["--update-snapshots"]).ok();
    let written = String::from_utf8(dir.read("echo.test.snapshot")).unwrap();
    assert!(
        written.contains("\nuart = hi\n") && written.contains("\niram 0x20 = "),
        "{written}"
    );
    run(&[]).ok();
    let test = String::from_utf8(dir.read("echo.test.toml")).unwrap();
    dir.write("echo.test.toml", test.replace("\"hi\"", "\"ho\""));
    let ran = run(&[]);
    assert_eq!(ran.status, 1);
    assert!(
        ran.stdout
            .contains("snapshot: uart\n       expected hi\n       found    ho\n"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("snapshot: iram 0x20\n"),
        "{}",
        ran.stdout
    );
    dir.write(
        "echo.test.snapshot",
        written.replace("# firmware snapshot 1", "# firmware snapshot 2"),
    );
    let ran = run(&[]);
    assert_eq!(ran.status, 2, "another format is no difference");
    assert!(
        ran.stderr
            .contains("echo.test.snapshot: expected a firmware snapshot of format 1"),
        "{}",
        ran.stderr
    );
}

#[test]
fn junit_tells_passes_and_failures() {
    let dir = echo_test("stop = \"idle\"");
    let ran = dir.run(&[
        "firmware-test",
        "echo.test.toml",
        &samples(),
        "--junit",
        "report.xml",
    ]);
    assert_eq!(ran.status, 1);
    let xml = String::from_utf8(dir.read("report.xml")).unwrap();
    assert!(xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"firmware\" tests=\"7\" failures=\"1\" errors=\"0\">\n"));
    assert!(xml.contains("<testcase name=\"echo.test.toml\" classname=\"\">\n    <failure message=\"stop\">stop\n  expected idle\n"), "{xml}");
    assert!(
        xml.contains("<testcase name=\"softuart.test.toml\" classname=\""),
        "{xml}"
    );
    assert!(xml.ends_with("</testsuite>\n"));
    assert_eq!(junit::problem(&xml), None);
}

#[test]
fn an_xml_parser_reads_the_junit_report() {
    let dir = echo_test("stop = \"idle\"\nuart = \"<&\\u0001>\"");
    assert_eq!(
        dir.run(&["firmware-test", "echo.test.toml", "--junit", "report.xml"])
            .status,
        1
    );
    let script = "import sys, xml.etree.ElementTree as tree\n\
        suite = tree.parse('report.xml').getroot()\n\
        print(suite.get('tests'), suite.get('failures'), [case.get('name') for case in suite], suite[0][0].text)";
    let mut python = Command::new("python3");
    let Ok(read) = python
        .current_dir(dir.path(""))
        .args(["-c", script])
        .output()
    else {
        eprintln!(
            "SKIPPED: python3 is not installed, so no other parser is asked; `make test` installs it"
        );
        return;
    };
    let read = String::from_utf8(read.stdout).unwrap();
    assert!(
        read.starts_with("1 1 ['echo.test.toml'] stop\n  expected idle\n"),
        "{read}"
    );
    assert!(
        read.ends_with("uart\n  expected <&\\x01>\n  found    hi\n"),
        "{read}"
    );
}

/// Small programs that ask one thing each of the chip around the processor, and of the line: what
/// the manual says comes.
#[test]
fn every_case_of_the_manual_passes() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/firmware/cases");
    let ran = Dir::new()
        .run(&["firmware-test", cases.to_str().unwrap()])
        .ok();
    assert!(
        ran.stdout.ends_with("\n23 of 23 passed\n"),
        "{}",
        ran.stdout
    );
}

/// A file that is no test is named and counted, and the others are run.
#[test]
fn a_bad_test_does_not_stop_the_others() {
    let dir = echo_test("stop = \"cycles\"\nuart = \"hi\"");
    dir.write("a.test.toml", "image = 7");
    dir.write(
        "z.test.toml",
        "image = \"no.ihx\"\nmax_cycles = 1\nexpect.stop = \"idle\"",
    );
    let ran = dir.run(&["firmware-test", ".", "--junit", "report.xml"]);
    assert_eq!(ran.status, 2, "{}", ran.all());
    assert!(
        ran.stdout
            .starts_with("BAD  ./a.test.toml (not run)\nok   ./echo.test.toml ("),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.ends_with("1 of 3 passed\n"), "{}", ran.stdout);
    for problem in ["error: ./a.test.toml: ", "error: ./no.ihx: "] {
        assert!(ran.stderr.contains(problem), "{}", ran.stderr);
    }
    let xml = String::from_utf8(dir.read("report.xml")).unwrap();
    assert!(
        xml.contains("tests=\"3\" failures=\"0\" errors=\"2\">"),
        "{xml}"
    );
    let report = dir.run(&["firmware-test", ".", "--json"]).json();
    let bad = &report["results"][0];
    assert!(
        bad["error"]
            .as_str()
            .unwrap()
            .starts_with("./a.test.toml: "),
        "{report}"
    );
    assert!(
        bad["machine_cycles"].is_null() && bad["passed"] == false,
        "{report}"
    );
    assert!(report["results"][1]["error"].is_null(), "{report}");
}

/// The host of a test has 9600 baud at 11.0592 MHz unless the file says otherwise.
#[test]
fn a_test_says_clock_and_rate() {
    let test = |settings: &str, expect: &str| {
        let dir = echo_test(&format!("stop = \"cycles\"\n{expect}"));
        let text = String::from_utf8(dir.read("echo.test.toml")).unwrap();
        dir.write("echo.test.toml", format!("{settings}\n{text}"));
        dir.run(&["firmware-test", "echo.test.toml"])
    };
    test("", "uart = \"hi\"\nbaud = 9600").ok();
    test(
        "clock = \"22.1184MHz\"\nbaud = 19200",
        "uart = \"hi\"\nbaud = 19_200",
    )
    .ok();
    test(
        "clock = 22_118_400\nbaud = \"auto\"\nuart_pace = \"line\"",
        "uart = \"hi\"",
    )
    .ok();
    let ran = test("clock = \"22.1184MHz\"", "uart = \"hi\"\nbaud = 9600");
    assert_eq!(ran.status, 1, "{}", ran.all());
    assert!(
        ran.stdout.contains(
            "baud\n       expected 9600 baud with an oscillator of 22118400 Hz\n       found    19200 baud\n"
        ),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("uart\n       expected hi\n"),
        "{}",
        ran.stdout
    );
    for (settings, problem) in [
        (
            "clock = \"1MHz\"\nbaud = 1_000_000",
            "expected from 1 to 62500 baud with an oscillator of 1000000 Hz",
        ),
        (
            "clock = 12", // meant as MHz
            "expected an oscillator of 16 to 4294967296 Hz, found 12 Hz",
        ),
        (
            "clock = \"fast\"",
            "expected a frequency, as 11059200 or 11.0592MHz, found \"fast\"",
        ),
        (
            "baud = \"fast\"",
            "expected bits in a second, or auto, found \"fast\"",
        ),
    ] {
        let ran = test(settings, "");
        assert_eq!(ran.status, 2, "{settings}: {}", ran.all());
        let plain = ran.stderr.replace("\\\"", "\"");
        assert!(plain.contains(problem), "{settings}: {}", ran.stderr);
    }
}

#[test]
fn ram_is_filled_from_a_file_beside_the_test() {
    let dir = assembled("mov DPTR,#0x10\n movx A,@DPTR\n mov 0x40,A\n orl PCON,#2\n sjmp $\n");
    std::fs::create_dir(dir.path("tests")).unwrap();
    let mut ram = [0; 0x11];
    ram[0x10] = 0x7E;
    dir.write("tests/ram.bin", ram);
    let test = "image = \"../image.ihx\"\nmax_cycles = 100\nram = \"@ram.bin\"\nexpect.stop = \"power_down\"\n
        expect.memory = [{ iram = 0x40, bytes = \"7e\" }]\n";
    dir.write("tests/ram.test.toml", test);
    dir.run(&["firmware-test", "tests"]).ok();
}

#[test]
fn a_bad_test_is_status_2_with_its_file() {
    let dir = assembled("sjmp $\n");
    let base = "image = \"image.ihx\"\nmax_cycles = 10\n";
    for (text, problem) in [
        ("image = 7", "bad.test.toml: line 1, column 9: invalid type"),
        (
            "image = \"no.ihx\"\nmax_cycles = 1\nexpect.stop = \"idle\"",
            "no.ihx: ",
        ),
        (
            "expect.stop = \"idle\"\nchip = \"8048\"",
            "bad.test.toml: expected one of 8031, ",
        ),
        (
            "expect.stop = \"idle\"\nstimulus = [\"9 P1.0 0\", \"8 P1.0 1\"]",
            "bad.test.toml: stimulus: line 2, column 1: ",
        ),
        (
            "expect.stop = \"idle\"\nram = \"ones\"",
            "bad.test.toml: ram: expected zero, random:SEED or @FILE",
        ),
        (
            "expect.uart = \"\"",
            "bad.test.toml: expect: say with stop how the run ends, or snapshot = true",
        ),
        (
            "expect.stop = \"idle\"\nexpect.max_latency = { T9 = 1 }",
            "bad.test.toml: no interrupt is called \"T9\"",
        ),
        (
            "expect.stop = \"cycles\"\nexpect.memory = [{ iram = 0xFF, bytes = \"0000\" }]",
            "bad.test.toml: memory: IRAM ends at 0x100",
        ),
        (
            "expect.stop = \"idle\"\nexpect.memmory = []",
            "unknown field `memmory`",
        ),
    ] {
        let whole = if text.starts_with("image") {
            text.to_owned()
        } else {
            format!("{base}{text}")
        };
        dir.write("bad.test.toml", whole);
        let ran = dir.run(&["firmware-test", "bad.test.toml"]);
        assert_eq!(ran.status, 2, "{text}: {}", ran.all());
        assert!(ran.stderr.contains(problem), "{text}: {}", ran.stderr);
    }
    std::fs::create_dir(dir.path("empty")).unwrap();
    let ran = dir.run(&["firmware-test", "empty"]);
    assert_eq!(ran.status, 2);
    assert!(
        ran.stderr.contains("empty: holds no *.test.toml"),
        "{}",
        ran.stderr
    );
}
