//! `--coverage` of WebAssembly.

use super::common::Dir;
use super::counter;
use serde_json::{Value, json};

/// Calls `$twice` as often as its input is long, and that one an unnamed function twice. Nobody calls the others: one
/// has the name of another, and one a name that would forge a line.
const CALLS: &str = r#"(module
  (import "smart51" "call" (func $call (param i32 i32 i32 i32 i32) (result i32)))
  (import "smart51" "exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (global (export "smart51_buffer") i32 (i32.const 0))
  (func $main (export "smart51_main") (local $n i32)
    (local.set $n (i32.load16_u (i32.const 0)))
    (block $done (loop $l
      (br_if $done (i32.eqz (local.get $n)))
      (call $twice)
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br $l)))
    (call $exit (i32.const 1)))
  (func $twice (call 4) (call 4))
  (func)
  (func $never)
  (func $"never\nforged  9" (call $never)))"#;

/// A scenario of two calls of `a`, and of a transaction that runs `b` behind `a`.
const SCENARIO: &str = "[accounts]\nalice = 1_000_000\n\
    [contracts.a]\nimage = \"calls.wat\"\n[contracts.b]\nimage = \"other.wat\"\n[contracts.c]\nimage = \"counter.ihx\"\n\
    [[step]]\ncall = \"a\"\ninput = \"zeros:3\"\n\
    [[step]]\ncall = \"c\"\n\
    [[step]]\nactions = [{ account = \"a\" }, { account = \"b\", data = \"zeros:2\" }, { account = \"c\" }]\n";

fn dir() -> Dir {
    let dir = Dir::new();
    dir.write("calls.wat", CALLS);
    dir.write("other.wat", CALLS.replace("$twice", "$doubled"));
    dir.write("counter.ihx", counter());
    dir.write("x.scenario.toml", SCENARIO);
    dir.write("y.scenario.toml", SCENARIO.replace("zeros:3", "zeros:1"));
    dir
}

/// The names and counts of a module's functions.
fn counts<'r>(report: &'r Value, image: &str) -> Vec<(&'r str, u64)> {
    let functions = report["functions"][image].as_array().expect("functions");
    let count = |function: &'r Value| {
        let name = function["name"].as_str().expect("a name");
        (name, function["entered"].as_u64().expect("a count"))
    };
    functions.iter().map(count).collect()
}

#[test]
fn functions_of_wasm_are_counted() {
    let dir = dir();
    let report = dir.run(&[
        "test",
        "x.scenario.toml",
        "--coverage",
        "out.info",
        "--json",
    ]);
    let report = report.ok().json();
    let forged = "never\nforged  9";
    assert_eq!(
        counts(&report, "calls.wat"),
        [
            ("main", 2),
            ("twice", 3),
            ("func[4]", 6),
            ("never", 0),
            (forged, 0)
        ]
    );
    assert_eq!(
        counts(&report, "other.wat"),
        [
            ("main", 1),
            ("doubled", 2),
            ("func[4]", 4),
            ("never", 0),
            (forged, 0)
        ]
    );
    assert_eq!(report["functions"]["calls.wat"][0]["index"], 2);
    assert!(report["functions"]["counter.ihx"].is_null());
    // The 8051 beside them is covered as it is alone.
    assert!(report["coverage"]["lines_hit"].as_u64().expect("lines") > 0);
    assert!(report["coverage"]["functions"].as_u64().expect("functions") >= 10);
}

/// As text, in the trace, and in the listing that it names.
#[test]
fn functions_of_wasm_are_listed() {
    let dir = dir();
    let args = [
        "test",
        "x.scenario.toml",
        "y.scenario.toml",
        "--coverage",
        "out.info",
    ];
    let text = dir.run(&args).ok().stdout;
    let listed = "functions: 3 of 5 entered in calls.wat\n           4  main\n           4  twice\n           \
                  8  func[4]\n           0  never\n           0  never\\nforged  9\n";
    assert!(text.contains(listed), "{text}");
    let trace = String::from_utf8(dir.read("out.info")).expect("text");
    let record = trace.split("end_of_record\n");
    let mut record = record.filter(|record| record.contains("SF:out.info.calls.wat.lst\n"));
    let record = record.next().expect("a record");
    for line in [
        "FN:1,main\n",
        "FN:5,never\\nforged  9\n",
        "FNDA:8,func[4]\n",
        "FNF:5\nFNH:3\n",
        "DA:3,8\n",
    ] {
        assert!(record.contains(line), "{line}: {record}");
    }
    let listing = String::from_utf8(dir.read("out.info.calls.wat.lst")).expect("text");
    assert_eq!(listing, "main\ntwice\nfunc[4]\nnever\nnever\\nforged  9\n");
}

/// What comes of the steps, with gas, is the same whether functions are counted or not, for any number of jobs.
#[test]
fn coverage_of_wasm_changes_no_gas() {
    let dir = dir();
    let run = |words: &[&str]| {
        let args = [
            &["test", "x.scenario.toml", "y.scenario.toml", "--json"][..],
            words,
        ]
        .concat();
        dir.run(&args).ok().json()
    };
    let bare = run(&[]);
    assert_eq!(bare["functions"], json!(null));
    let covered = run(&["--coverage", "out.info", "--jobs", "1"]);
    assert_eq!(covered["results"], bare["results"]);
    assert!(bare["results"][0]["steps"][0]["gas"].as_u64().expect("gas") > 0);
    assert_eq!(run(&["--coverage", "out.info", "--jobs", "2"]), covered);
}

/// Code that takes the place of a module's is not counted as the module.
#[test]
fn new_code_is_not_counted_as_the_old() {
    let dir = dir();
    let more =
        "[[step]]\nupgrade = \"a\"\ncode = { image = \"other.wat\" }\n[[step]]\ncall = \"a\"\n";
    dir.write("x.scenario.toml", format!("{SCENARIO}{more}"));
    let report = dir.run(&[
        "test",
        "x.scenario.toml",
        "--coverage",
        "out.info",
        "--json",
    ]);
    let report = report.ok().json();
    assert_eq!(counts(&report, "calls.wat")[0], ("main", 2));
    assert_eq!(counts(&report, "other.wat")[0], ("main", 1));
}

/// lcov reads the trace, also of scenarios with nothing but WebAssembly.
#[test]
fn lcov_reads_functions_of_wasm() {
    let dir = dir();
    let (_, other) = SCENARIO.split_once("[contracts.c]").expect("it is there");
    let (_, steps) = other.split_once("[[step]]").expect("it is there");
    let wasm =
        format!("[accounts]\nalice = 1\n[contracts.a]\nimage = \"calls.wat\"\n[[step]]{steps}");
    let (wasm, _) = wasm
        .split_once("[[step]]\ncall = \"c\"")
        .expect("it is there");
    dir.write("x.scenario.toml", wasm);
    dir.run(&["test", "x.scenario.toml", "--coverage", "out.info"])
        .ok();
    let mut lcov = std::process::Command::new("lcov");
    let read = lcov
        .args(["--summary", "out.info"])
        .current_dir(dir.path(""))
        .output();
    let Ok(read) = read else {
        eprintln!(
            "SKIPPED: lcov is not installed, so nobody reads the trace; `make test` installs it"
        );
        return;
    };
    let said = [read.stdout, read.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(read.status.success(), "{said}");
    assert!(said.contains("(3 of 5 functions)"), "{said}");
}
