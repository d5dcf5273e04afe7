//! `--coverage`, of firmware and of contracts.

use super::common::{Dir, ran};
use super::{assembled, firmware, sample};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The records of one source in an lcov file.
fn records(lcov: &str, source: &str) -> Vec<String> {
    let (_, from) = lcov
        .split_once(&format!("SF:{source}\n"))
        .unwrap_or_else(|| panic!("no {source} in {lcov}"));
    from.lines()
        .take_while(|line| *line != "end_of_record")
        .map(str::to_owned)
        .collect()
}

fn read(dir: &Dir, name: &str) -> String {
    String::from_utf8(dir.read(name)).unwrap()
}

/// Whether sdcc is there; says so if not.
fn sdcc_is_here() -> bool {
    let here = Command::new("sdcc").arg("--version").output().is_ok();
    if !here {
        eprintln!(
            "SKIPPED: sdcc is not installed, so nothing is covered by lines of C; `make test` installs it"
        );
    }
    here
}

/// A folder with `folder/NAME.c`, compiled there.
fn compiled(name: &str, source: &str, flags: &[&str]) -> Dir {
    let dir = Dir::new();
    dir.write(name, source);
    let mut sdcc = Command::new("sdcc");
    ran(sdcc
        .current_dir(dir.path(""))
        .arg("-mmcs51")
        .args(flags)
        .arg(name))
    .ok();
    dir
}

/// Line 10 runs five times, line 12 once, line 6 never.
const SOURCE: &str = "\
#include <mcs51/8051.h>
volatile unsigned char total;
void step(unsigned char n)
{
    if (n > 100)
        total = 0;
    total += n;
}
void main(void) {
    unsigned char i; for (i = 0; i < 5; i++)
        step(i);
    PCON |= 2;
}
";

fn check_lines(lcov: &str) {
    let records = records(lcov, "twice.c");
    let has = |record: &str| {
        assert!(
            records.iter().any(|r| r == record),
            "no {record} in {records:#?}"
        )
    };
    has("DA:5,5");
    has("DA:6,0");
    has("DA:7,5");
    has("DA:11,5");
    has("DA:12,1");
    has("FNDA:5,step");
    has("FNDA:1,main");
    has("FNF:2");
    has("FNH:2");
    let taken = |line: &str| -> Vec<String> {
        let counts = records
            .iter()
            .filter_map(|r| r.strip_prefix("BRDA:")?.strip_prefix(line));
        counts
            .map(|r| r.rsplit(',').next().unwrap().to_owned())
            .collect()
    };
    let mut decided = taken("5,");
    decided.sort();
    assert_eq!(decided, ["0", "5"], "n > 100 is never true");
}

#[test]
fn a_cdb_gives_lines_branches_and_functions_of_c() {
    if !sdcc_is_here() {
        return;
    }
    let dir = compiled("twice.c", SOURCE, &["--debug"]);
    let ran = dir
        .run(&["firmware", "twice.ihx", "--coverage", "out.info"])
        .ok();
    let shown = ran
        .stdout
        .lines()
        .find(|line| line.starts_with("coverage"))
        .expect("a summary");
    assert!(
        shown.contains(" lines, ") && shown.contains("2 of 2 functions"),
        "{shown}"
    );
    check_lines(&read(&dir, "out.info"));
    assert!(
        ran.stderr
            .contains("come from no known line (libraries, start-up)"),
        "{}",
        ran.stderr
    );
}

#[test]
fn lcov_itself_counts_what_the_summary_says() {
    let version = Command::new("lcov").arg("--version").output();
    if version.is_err() || !sdcc_is_here() {
        eprintln!(
            "SKIPPED: lcov or sdcc is not installed, so no other reader is asked; `make test` installs them"
        );
        return;
    }
    let dir = compiled("twice.c", SOURCE, &["--debug"]);
    let report = dir
        .run(&["firmware", "twice.ihx", "--coverage", "out.info", "--json"])
        .ok()
        .json();
    let coverage = &report["coverage"];
    let mut lcov = Command::new("lcov");
    let branches = [
        "--rc",
        "lcov_branch_coverage=1",
        "--rc",
        "branch_coverage=1",
    ];
    let read = ran(lcov
        .current_dir(dir.path(""))
        .args(branches)
        .args(["--summary", "out.info"]))
    .ok();
    for what in ["lines", "branches", "functions"] {
        let [hit, all] =
            [format!("{what}_hit"), what.to_owned()].map(|key| coverage[key].as_u64().unwrap());
        let counted = format!("({hit} of {all} {what})");
        assert!(
            read.all().contains(&counted),
            "no {counted} in {}",
            read.all()
        );
    }
}

/// Without a cdb the listing of the link gives the lines of c.
#[test]
fn listing_of_the_link_gives_lines_of_c() {
    if !sdcc_is_here() {
        return;
    }
    let dir = compiled("twice.c", SOURCE, &[]);
    assert!(!dir.path("twice.cdb").exists());
    let ran = dir
        .run(&["firmware", "twice.ihx", "--coverage", "out.info"])
        .ok();
    assert!(
        ran.stderr
            .contains("no .cdb is beside it: lines come from twice.rst"),
        "{}",
        ran.stderr
    );
    check_lines(&read(&dir, "out.info"));
}

/// Without symbols a listing is covered and said to be.
#[test]
fn listing_is_covered_without_symbols() {
    let dir =
        assembled("mov R0,#3\n loop: djnz R0,loop\n jnz never\n orl PCON,#2\n never: sjmp never\n");
    let ran = firmware(&dir, &["--coverage", "out.info", "--json"]).ok();
    assert!(
        ran.stderr
            .contains("image.ihx: no .cdb or .rst tells its lines: a listing is covered"),
        "{}",
        ran.stderr
    );
    let lines: Vec<String> = read(&dir, "out.info.image.ihx.lst")
        .lines()
        .map(str::to_owned)
        .collect();
    assert_eq!(
        lines,
        [
            "0000  MOV R0,#0x03",
            "0002  DJNZ R0,0x0002",
            "0004  JNZ 0x0009",
            "0006  ORL PCON,#0x02",
            "0009  SJMP 0x0009"
        ]
    );
    let records = records(&read(&dir, "out.info"), "out.info.image.ihx.lst");
    assert_eq!(
        records,
        [
            "FNF:0",
            "FNH:0",
            "BRDA:2,0,0,2",
            "BRDA:2,0,1,1",
            "BRDA:3,0,0,0",
            "BRDA:3,0,1,1",
            "BRF:4",
            "BRH:3",
            "DA:1,1",
            "DA:2,3",
            "DA:3,1",
            "DA:4,1",
            "DA:5,0",
            "LF:5",
            "LH:4"
        ]
    );
    let coverage = &ran.json()["coverage"];
    assert_eq!(
        (&coverage["instructions"], &coverage["instructions_hit"]),
        (&5.into(), &4.into())
    );
    assert_eq!(
        (&coverage["branches"], &coverage["branches_hit"]),
        (&4.into(), &3.into())
    );
}

#[test]
fn symbols_of_another_image_are_refused() {
    let dir = assembled("sjmp $\n");
    dir.write(
        "image.cdb",
        "M:other\nL:C$other.c$12$0_0$2:1234\nL:G$main$0$0:1234\nL:XG$main$0$0:1240\n",
    );
    let ran = firmware(&dir, &["--coverage", "out.info", "--max-cycles", "10"]);
    assert_eq!(ran.status, 2);
    assert!(
        ran.stderr.contains("they have other.c:12 at CODE 0x1234"),
        "{}",
        ran.stderr
    );
    dir.write("image.cdb", "M:other\nL:C$other.c$12$0_0$2:123456\n");
    let ran = firmware(&dir, &["--coverage", "out.info", "--max-cycles", "10"]);
    assert_eq!(ran.status, 2);
    assert!(
        ran.stderr
            .starts_with("error: image.cdb: line 2: expected an address"),
        "{}",
        ran.stderr
    );
    let ran = firmware(&dir, &["--coverage", "out.info", "--symbols", "image.asm"]);
    assert_eq!(ran.status, 2);
    let ran = firmware(&dir, &["--symbols", "image.cdb"]);
    assert_eq!(ran.status, 2, "symbols are for coverage");
}

#[test]
fn coverage_changes_nothing_of_a_run() {
    let dir = Dir::new();
    let run = |options: &[&str]| {
        let echo = [
            "firmware",
            &sample("echo"),
            "--uart-in",
            "616263",
            "--max-cycles",
            "50_000",
            "--json",
        ];
        let mut report = dir.run(&[&echo, options].concat()).ok().json();
        report["coverage"] = serde_json::Value::Null;
        report["stack"] = serde_json::Value::Null;
        report
    };
    assert_eq!(run(&[]), run(&["--coverage", "out.info", "--check-stack"]));
}

#[test]
fn tests_of_one_image_are_added_up() {
    let dir = assembled("jb P1.0,one\n mov R0,#1\n one: orl PCON,#2\n sjmp one\n");
    let test = "image = \"image.ihx\"\nmax_cycles = 100\nexpect.stop = \"power_down\"\n";
    dir.write("a.test.toml", test);
    dir.write("b.test.toml", format!("stimulus = [\"0 P1.0 0\"]\n{test}"));
    let ran = dir
        .run(&[
            "firmware-test",
            "a.test.toml",
            "b.test.toml",
            "--coverage",
            "out.info",
            "--json",
        ])
        .ok();
    let coverage = &ran.json()["coverage"];
    assert_eq!(
        (&coverage["branches"], &coverage["branches_hit"]),
        (&2.into(), &2.into())
    );
    let records = records(&read(&dir, "out.info"), "out.info.image.ihx.lst");
    assert!(
        records.contains(&"DA:1,2".into()) && records.contains(&"DA:2,1".into()),
        "{records:?}"
    );
}

fn contract(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../firmware-samples/{name}"))
}

/// Contracts are covered in runs and in scenarios with their stack.
#[test]
fn contracts_are_covered_in_runs_and_scenarios() {
    if !sdcc_is_here() {
        return;
    }
    let dir = Dir::new();
    for file in ["token.c", "token.scenario.toml"] {
        dir.write(file, std::fs::read(contract("token").join(file)).unwrap());
    }
    dir.run(&["build", "token.c", "--debug"]).ok();
    let ran = dir.run(&[
        "run",
        "token.ihx",
        "--coverage",
        "run.info",
        "--check-stack",
        "--json",
    ]);
    let report = ran.json();
    assert!(report["stack"]["highest"].as_u64().unwrap() > 7, "{report}");
    assert_eq!(report["stack"]["overflow"], serde_json::Value::Null);
    let one_call = report["coverage"]["lines_hit"].as_u64().unwrap();
    assert!(read(&dir, "run.info").contains("SF:token.c\n"));
    let ran = dir
        .run(&[
            "test",
            "token.scenario.toml",
            "--coverage",
            "test.info",
            "--check-stack",
            "--json",
        ])
        .ok();
    let report = ran.json();
    assert!(
        report["coverage"]["lines_hit"].as_u64().unwrap() > one_call,
        "more of it runs in a scenario"
    );
    assert!(
        report["stacks"]["token.ihx"]["highest"].as_u64().unwrap() > 7,
        "{report}"
    );
    let records = records(&read(&dir, "test.info"), "token.c");
    let called = records
        .iter()
        .filter_map(|record| record.strip_prefix("FNDA:")?.strip_suffix(",contract"));
    let called: Vec<u64> = called.map(|count| count.parse().unwrap()).collect();
    let calls = report["results"][0]["steps"].as_array().unwrap();
    let made = calls
        .iter()
        .filter(|step| !step["contract"].is_null())
        .count();
    assert_eq!(called, [made as u64], "contract() runs once in each call");
}
