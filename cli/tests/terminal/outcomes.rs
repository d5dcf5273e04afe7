//! Outcomes that no option decides: outputs beside the chain, limits that nobody set, figures that nobody measured.

use super::options::{W, copy, fixture};
use super::{Dir, ran};
use std::fs;

/// No output takes the place of one of the chain's own files, or lies beside them.
#[test]
fn outputs_stay_out_of_the_chains_folder() {
    let fixture = fixture();
    for args in [
        "state export chain/db",
        "state export chain/new",
        "call counter --from alice --record chain/db",
    ] {
        let args: Vec<&str> = args.split(' ').chain(["--store", "chain"]).collect();
        let ran = fixture.run(&args);
        assert_eq!(ran.status, 2, "{args:?}: {}", ran.all());
        assert!(
            ran.stderr.contains("the folder of the chain"),
            "{}",
            ran.stderr
        );
    }
    fixture.run(&["state", "check", "--store", "chain"]).ok();
    let height = fixture.run(&["block", "--store", "chain", "--json"]).ok();
    assert_eq!(height.json()["height"], 5);
}

/// A report that can't be written after the block is on the disk is no failure of the node, and says where it is.
#[test]
fn a_full_output_after_a_commit_says_what_is_done() {
    let fixture = fixture();
    for (args, said) in [
        ("account new carol", "account 6-0 is made"),
        ("deploy counter.ihx --from alice", "shows it"),
        (
            "call counter --from alice",
            "the transaction is in block 6: smart51 receipt ",
        ),
        ("transfer alice bob 5", "shows it"),
        ("rollback 1", "the newest block is now 4"),
        ("chain mine 2", "the newest block is now 7"),
        ("state import all.state", "the state is imported"),
    ] {
        let dir = Dir::new();
        copy(&fixture.path(""), &dir.path(""));
        let full = fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let store = if args.starts_with("state") {
            "new"
        } else {
            "chain"
        };
        let args: Vec<&str> = args.split(' ').chain(["--store", store]).collect();
        let ran = ran(dir.command(&args).stdout(full));
        assert_eq!(ran.status, 0, "{args:?}: {}", ran.stderr);
        assert!(
            ran.stderr.contains(said) && !ran.stderr.starts_with("error"),
            "{args:?}: {}",
            ran.stderr
        );
        if store == "new" {
            dir.run(&["block", "--store", store]).ok();
            continue;
        }
        let height = |dir: &Dir| {
            dir.run(&["block", "--store", "chain", "--json"])
                .ok()
                .json()["height"]
                .clone()
        };
        assert_ne!(height(&dir), height(&fixture), "{args:?}");
    }
}

/// A loop in WebAssembly that nothing limits ends at the limit that the help names.
#[test]
fn an_endless_wasm_run_ends_at_its_limit() {
    let dir = Dir::new();
    let endless = W.replace(
        "(br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))",
        "(br $l)",
    );
    dir.write("loop.wat", endless);
    let ran = dir.run(&["run", "loop.wat", "--gas", "2_000_000", "--json"]);
    let report = ran.json();
    assert_eq!((ran.status, &report["fault"]), (1, &"out_of_gas".into()));
    for unmeasured in [
        "pc",
        "machine_cycles",
        "instructions",
        "steps",
        "registers",
        "stack",
        "coverage",
    ] {
        assert!(report[unmeasured].is_null(), "{unmeasured}: {report}");
    }
    let text = dir.run(&["run", "loop.wat", "--gas", "2_000_000"]).stdout;
    assert!(
        !text.contains("cycles") && !text.contains("instructions"),
        "{text}"
    );
    let help = dir.run(&["run", "--help"]).ok().stdout;
    assert!(help.contains("2000000000 for WebAssembly"), "{help}");
    // A context that names no limit is none.
    dir.write("context.json", "{}");
    let ran = dir.run(&["run", "loop.wat", "--context", "context.json"]);
    assert_eq!(
        (ran.status, ran.stderr.as_str()),
        (
            1,
            "stopped at the default limit of 2000000000 gas: --gas sets another\n"
        )
    );
}

/// What WebAssembly has not is null in receipts, tests and comparisons too, and absent in text.
#[test]
fn what_is_not_measured_is_null() {
    let fixture = fixture();
    let tested = fixture
        .run(&["test", "w.scenario.toml", "--json"])
        .ok()
        .json();
    let step = &tested["results"][0]["steps"][0];
    assert!(
        step["machine_cycles"].is_null() && step["gas"].is_u64(),
        "{step}"
    );
    let compared = fixture
        .run(&["parity", "w.wat", "w.wat", "w.scenario.toml", "--json"])
        .ok()
        .json();
    assert!(
        compared["steps"][0]["a"]["machine_cycles"].is_null(),
        "{compared}"
    );
    for args in ["deploy w.wat --from alice --name w", "call w --from alice"] {
        let args: Vec<&str> = args.split(' ').chain(["--store", "chain"]).collect();
        let text = fixture.run(&args).ok().stdout;
        assert!(!text.contains("machine cycles"), "{text}");
    }
    let receipt = fixture
        .run(&["query", "w", "--store", "chain", "--json"])
        .ok()
        .json();
    assert!(
        receipt["machine_cycles"].is_null() && receipt["steps"].is_null(),
        "{receipt}"
    );
}

/// A stack that overflows fails the test and the run that watch it, though under the old rules the contract succeeds.
#[test]
fn an_overflow_that_is_watched_is_no_success() {
    let dir = Dir::new();
    // PUSH with SP at 0xFF wraps around to 0. Then it ends with exit code 1.
    dir.write(
        "over.asm",
        "ljmp main\n .org 4\n .db 0,2,2\n .org 8\n .db 0x22,0x22\n .org 0x12\n .db 0x22,0x22,0\n main: mov SP,#0xFF\n
         push ACC\n mov SP,#7\n mov A,#1\n mov DPTR,#0xEFFD\n movx @DPTR,A\n ljmp 8\n",
    );
    dir.run(&["asm", "over.asm", "-o", "over.ihx"]).ok();
    let watched = dir.run(&[
        "run",
        "over.ihx",
        "--semantics",
        "dacrs2017",
        "--check-stack",
        "--json",
    ]);
    assert!(
        watched.json()["stack"]["overflow"].is_object(),
        "{}",
        watched.all()
    );
    assert_eq!(
        (watched.status, &watched.json()["outcome"]),
        (1, &"success".into())
    );
    dir.run(&["run", "over.ihx", "--semantics", "dacrs2017"])
        .ok();
    let scenario = "[accounts]\na = 100_000_000\n[contracts.over]\nimage = \"over.ihx\"\nsemantics = \"dacrs2017\"\n[[step]]\ncall = \"over\"\n";
    dir.write("over.scenario.toml", scenario);
    dir.run(&["test", "over.scenario.toml"]).ok();
    let tested = dir.run(&["test", "over.scenario.toml", "--check-stack"]);
    assert_eq!(tested.status, 1, "{}", tested.all());
    assert!(
        tested.stdout.contains("overflowed at CODE"),
        "{}",
        tested.stdout
    );
}

/// What a called contract runs is its own image's stack and coverage, also where that is its caller's image.
#[test]
fn a_callee_is_watched_as_itself() {
    let dir = Dir::new();
    let head = "ljmp main\n .org 4\n .db 0,2,3\n .org 8\n .db 0x22,0x22\n .org 0x12\n .db 0x22,0x22,0\n main: ";
    let exit = "mov DPTR,#0xEFFD\n mov A,#1\n movx @DPTR,A\n ljmp 8\n";
    // Its input is the request; an input of no bytes asks for nothing.
    let outer = "mov DPTR,#0xEFFF\n movx A,@DPTR\n jz done\n push ACC\n mov DPTR,#0xEFFD\n mov A,#3\n movx @DPTR,A\n inc DPTR\n \
         mov A,#1\n movx @DPTR,A\n lcall 0x12\n done: ";
    dir.write("outer.asm", format!("{head}{outer}{exit}"));
    dir.write(
        "inner.asm",
        format!("{head}mov SP,#0x3F\n push ACC\n {exit}"),
    );
    for name in ["outer", "inner"] {
        let (source, image) = (format!("{name}.asm"), format!("{name}.ihx"));
        dir.run(&["asm", &source, "-o", &image]).ok();
    }
    let scenario = |callee: &str| {
        format!(
            "[accounts]\na = 1\n[contracts.outer]\nimage = \"outer.ihx\"\nreentrant = true\n[contracts.inner]\n\
             image = \"inner.ihx\"\n[[step]]\ncall = \"outer\"\n\
             input = [\"u16:22\", \"regid:{callee}\", \"zeros:16\"]\nexpect.outcome = \"success\"\n"
        )
    };
    let watch = |callee: &str| {
        dir.write("s.scenario.toml", scenario(callee));
        let options = ["--check-stack", "--coverage", "out.info", "--json"];
        let args = [&["test", "s.scenario.toml"], &options[..]].concat();
        let report = dir.run(&args).ok().json();
        let highest = |image: &str| report["stacks"][image]["highest"].clone();
        let hit = report["coverage"]["instructions_hit"].as_u64();
        (highest("outer.ihx"), highest("inner.ihx"), hit)
    };
    let (outer, inner, hit) = watch("inner");
    assert_eq!((outer, inner), (10.into(), 0x40.into()));
    assert_eq!(hit, Some(17 + 7));
    let (outer, inner, hit) = watch("outer");
    assert_eq!((outer, inner), (10.into(), 7.into()));
    assert_eq!(hit, Some(17));
}

/// Nothing that could be compared is no success.
#[test]
fn a_replay_that_skips_every_row_is_no_success() {
    let fixture = fixture();
    let ran = fixture.run(&["replay", "named.json", "--json"]);
    assert_eq!(ran.status, 2, "{}", ran.all());
    assert_eq!(
        (&ran.json()["rows"], &ran.json()["equal"]),
        (&1.into(), &0.into())
    );
    assert!(
        ran.stderr.contains("nothing was compared"),
        "{}",
        ran.stderr
    );
    fixture.write(
        "none.json",
        "{\"format\": 1, \"made_with\": \"\", \"rows\": []}",
    );
    assert_eq!(fixture.run(&["replay", "none.json"]).status, 2);
}
