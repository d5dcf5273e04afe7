//! Each option of each command does something for what it is given with, or is refused with a sentence.

use super::{Dir, commands, ran};
use firmware_samples::SAMPLES;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What comes of an option.
#[derive(Clone, Copy, Debug)]
enum Comes {
    /// The run with it says or writes something else than the run without it.
    Serves,
    /// Status 2, this in the sentence, and no file.
    Refused(&'static str),
    /// It needs more than a run and has a test of its own, of this name.
    Tested(&'static str),
}
use Comes::{Refused, Serves, Tested};

/// A command with its other arguments, the option, and what comes of it.
const TABLE: &[(&str, &str, Comes)] = &[
    ("inspect counter.ihx", "--semantics dacrs2017", Serves),
    ("inspect w.wat", "--semantics dacrs2017", Serves),
    ("disasm counter.ihx", "--from 0x30", Serves),
    ("disasm counter.ihx", "--to 0x10", Serves),
    ("asm fw.asm", "-o out.ihx", Serves),
    ("asm fw.asm", "--output fw.asm", Refused("reads that file")),
    ("asm fw.asm", "-o hard.asm", Refused("reads that file")),
    ("asm fw.asm", "-o soft.asm", Refused("reads that file")),
    ("build c.c", "--output out.ihx", Serves),
    ("build c.c", "-o c.c", Refused("c.c")),
    ("build c.c", "-o hard.out", Refused("reads that file")),
    ("build c.c", "-o soft.out", Refused("reads that file")),
    ("build c.c", "--target wasm", Serves),
    ("build c.c", "--debug", Serves),
    ("build c.c --target wasm", "--debug", Refused("8051")),
    ("build needs.c -D X=1", "-I inc", Serves),
    ("build needs.c -I inc", "-D X=1", Serves),
    ("build c.c", "-l nothing", Serves),
    (
        "build c.c -l nothing",
        "-L inc",
        Tested("build_links_libraries"),
    ),
    ("firmware fw.ihx --max-cycles 5000", "--chip 8051", Serves),
    ("firmware fw.ihx", "--max-cycles 500", Serves),
    (
        "firmware fw.ihx --max-cycles 5000",
        "--stop-pc 0x30",
        Serves,
    ),
    (
        "firmware fw.ihx --max-cycles 5000",
        "--stop-xdata-read 0x30",
        Serves,
    ),
    (
        "firmware fw.ihx --max-cycles 90000 --baud auto --uart-in 414243",
        "--uart-pace line",
        Serves,
    ),
    (
        "firmware fw.ihx --max-cycles 5000",
        "--ram random:1",
        Serves,
    ),
    (
        "firmware fw.ihx --max-cycles 5000 --ram random:1",
        "--xdata-bytes 16",
        Serves,
    ),
    ("firmware fw.ihx --max-cycles 5000", "--von-neumann", Serves),
    (
        "firmware fw.ihx --max-cycles 5000 --chip 8031",
        "--internal-code-only",
        Serves,
    ),
    (
        "firmware fw.ihx --max-cycles 5000",
        "--interrupt-latency-cycles 1",
        Serves,
    ),
    ("firmware fw.ihx --max-cycles 90000", "--uart-in 41", Serves),
    (
        "firmware fw.ihx --max-cycles 90000 --uart-in 41",
        "--uart-out out.bin",
        Serves,
    ),
    (
        "firmware fw.ihx",
        "--uart-pty",
        Tested("typed_bytes_come_back_and_the_session_replays"),
    ),
    (
        "firmware fw.ihx --max-cycles 5000",
        "--stimulus pins.txt",
        Serves,
    ),
    ("firmware fw.ihx --max-cycles 5000", "--vcd out.vcd", Serves),
    (
        "firmware fw.ihx --max-cycles 5000 --vcd out.vcd",
        "--clock 12000000",
        Serves,
    ),
    ("firmware fw.ihx --max-cycles 5000", "--check-stack", Serves),
    (
        "firmware fw.ihx --max-cycles 5000",
        "--coverage out.info",
        Serves,
    ),
    (
        "firmware fw.ihx --max-cycles 5000 --coverage out.info",
        "--symbols names.map",
        Serves,
    ),
    ("firmware fw.ihx", "--sources inc", Refused("--coverage")),
    (
        "firmware fw.ihx --coverage out.info",
        "--sources inc",
        Tested("source_is_found_beside_symbols_or_in_sources"),
    ),
    (
        "firmware fw.ihx --max-cycles 5000",
        "--record out.json",
        Serves,
    ),
    ("firmware fw.ihx", "--replay session.json", Serves),
    (
        "firmware fw.ihx --max-cycles 5000",
        "--save out.state",
        Serves,
    ),
    (
        "firmware fw.ihx --max-cycles 6000",
        "--restore saved.state",
        Serves,
    ),
    (
        "firmware fw.ihx --max-cycles 5000",
        "--uart-out fw.ihx",
        Refused("reads that file"),
    ),
    (
        "firmware fw.ihx --max-cycles 5000",
        "--vcd fw.ihx",
        Refused("reads that file"),
    ),
    (
        "firmware fw.ihx --max-cycles 5000",
        "--uart-out - --json",
        Refused("no place"),
    ),
    ("firmware w.wat", "--vcd out.vcd", Refused("WebAssembly")),
    ("firmware-test fw.test.toml", "--junit out.xml", Serves),
    (
        "firmware-test fw.test.toml",
        "--junit fw.test.toml",
        Refused("reads that file"),
    ),
    ("firmware-test snap.test.toml", "--update-snapshots", Serves),
    (
        "firmware-test fw.test.toml",
        "--jobs 1",
        Tested("samples_pass_in_order_with_any_jobs"),
    ),
    ("firmware-test fw.test.toml", "--coverage out.info", Serves),
    (
        "firmware-test fw.test.toml",
        "--sources inc",
        Refused("--coverage"),
    ),
    (
        "firmware-test fw.test.toml --coverage out.info",
        "--sources inc",
        Tested("source_is_found_beside_symbols_or_in_sources"),
    ),
    ("new ledger", "--rust", Serves),
    (
        "run w.wat",
        "--engine wasm=wasmi",
        Tested("the_engine_option_takes_what_the_build_has"),
    ),
    (
        "replay call.json",
        "--engine wasm=wasmi",
        Tested("the_engine_option_takes_what_the_build_has"),
    ),
    (
        "test w.scenario.toml",
        "--engine wasm=wasmi",
        Tested("the_engine_option_takes_what_the_build_has"),
    ),
    (
        "parity w.wat w.wat w.scenario.toml",
        "--engine wasm=wasmi",
        Tested("the_engine_option_takes_what_the_build_has"),
    ),
    (
        "deploy w.wat",
        "--engine wasm=wasmi",
        Tested("the_engine_option_takes_what_the_build_has"),
    ),
    (
        "call counter",
        "--engine wasm=wasmi",
        Tested("the_engine_option_takes_what_the_build_has"),
    ),
    (
        "query counter",
        "--engine wasm=wasmi",
        Tested("the_engine_option_takes_what_the_build_has"),
    ),
    ("run w.wat", "--engine wasm=none", Refused("wasm=wasmi")),
    ("transfer alice bob 5", "--store chain", Serves),
    (
        "firmware fw.ihx --max-cycles 90000 --uart-in 41",
        "--baud 1200",
        Serves,
    ),
    (
        "firmware fw.ihx --max-cycles 5000",
        "--dump iram:0x30..0x3F",
        Serves,
    ),
    ("sdk", "--out folder", Serves),
    ("run counter.ihx", "--input u32:7", Serves),
    ("run counter.ihx", "--max-cycles 100", Serves),
    ("run counter.ihx", "--max-steps 10", Serves),
    ("run counter.ihx", "--gas 5000", Serves),
    ("run counter.ihx", "--semantics dacrs2017", Serves),
    ("run counter.ihx", "--context context.json", Serves),
    ("run counter.ihx", "--trace out.txt", Serves),
    ("run counter.ihx", "--trace -", Serves),
    ("run counter.ihx", "--check-stack", Serves),
    ("run counter.ihx", "--coverage out.info", Serves),
    (
        "run fw.ihx --semantics dacrs2017 --max-cycles 1000 --coverage out.info",
        "--symbols names.map",
        Serves,
    ),
    ("run counter.ihx", "--sources inc", Refused("--coverage")),
    (
        "run counter.ihx --coverage out.info",
        "--sources inc",
        Tested("source_is_found_beside_symbols_or_in_sources"),
    ),
    ("run counter.ihx", "--record out.json", Serves),
    (
        "run counter.ihx",
        "--record counter.ihx",
        Refused("reads that file"),
    ),
    (
        "run counter.ihx",
        "--trace counter.ihx",
        Refused("reads that file"),
    ),
    (
        "run counter.ihx",
        "--coverage counter.ihx",
        Refused("reads that file"),
    ),
    ("run counter.ihx", "--trace - --json", Refused("no place")),
    (
        "run counter.ihx --semantics dacrs2017",
        "--gas 5",
        Refused("--max-steps"),
    ),
    ("run w.wat", "--input u32:7", Serves),
    ("run w.wat", "--gas 10010", Serves),
    ("run w.wat", "--record out.json", Serves),
    ("run w.wat", "--max-cycles 5", Refused("--gas")),
    ("run w.wat", "--max-steps 5", Refused("--gas")),
    ("run w.wat", "--trace out.txt", Refused("--gas")),
    ("run w.wat", "--trace -", Refused("--gas")),
    ("run w.wat", "--check-stack", Refused("--gas")),
    ("run w.wat", "--coverage out.info", Refused("--gas")),
    ("run w.wat", "--semantics dacrs2017", Refused("v1 only")),
    ("replay named.json", "--images images", Serves),
    (
        "test counter.scenario.toml",
        "--gas-snapshot out.txt",
        Serves,
    ),
    (
        "test counter.scenario.toml",
        "--gas-snapshot counter.scenario.toml",
        Refused("reads that file"),
    ),
    (
        "test counter.scenario.toml",
        "--gas-snapshot counter.ihx",
        Refused("reads that file"),
    ),
    (
        "test counter.scenario.toml --gas-snapshot gas.txt",
        "--check",
        Serves,
    ),
    (
        "test counter.scenario.toml",
        "--check",
        Refused("--gas-snapshot"),
    ),
    ("test counter.scenario.toml", "--check-stack", Serves),
    ("test counter.scenario.toml", "--coverage out.info", Serves),
    ("test w.scenario.toml", "--check-stack", Refused("8051")),
    (
        "test w.scenario.toml",
        "--coverage out.info",
        Refused("8051"),
    ),
    (
        "test counter.scenario.toml",
        "--sources inc",
        Refused("--coverage"),
    ),
    (
        "test counter.scenario.toml --coverage out.info",
        "--sources inc",
        Tested("source_is_found_beside_symbols_or_in_sources"),
    ),
    (
        "parity counter.ihx counter.ihx two.scenario.toml",
        "--contract counter",
        Serves,
    ),
    ("account new carol --store chain", "--balance 5", Serves),
    ("account new carol", "--store chain", Serves),
    ("account list", "--store chain", Serves),
    ("account show alice", "--store chain", Serves),
    ("chain mine", "--store chain", Serves),
    ("chain advance --seconds 5", "--store chain", Serves),
    ("chain advance --store chain", "--seconds 5", Serves),
    ("contract list", "--store chain", Serves),
    ("deploy counter.ihx --store chain", "--from alice", Serves),
    ("deploy counter.ihx --from alice", "--store chain", Serves),
    (
        "deploy counter.ihx --from alice --store chain",
        "--name c",
        Serves,
    ),
    (
        "deploy counter.ihx --from alice --store chain",
        "--semantics dacrs2017",
        Serves,
    ),
    (
        "deploy w.wat --from alice --store chain",
        "--semantics dacrs2017",
        Refused("v1 only"),
    ),
    ("call counter --store chain", "--from alice", Serves),
    ("call counter --from alice", "--store chain", Serves),
    (
        "call counter --from alice --store chain",
        "--input u32:7",
        Serves,
    ),
    (
        "call counter --from alice --store chain",
        "--value 5",
        Serves,
    ),
    (
        "call counter --from alice --store chain",
        "--gas 1_000_000",
        Serves,
    ),
    (
        "call counter --from alice --store chain",
        "--dry-run",
        Serves,
    ),
    (
        "call counter --from alice --store chain",
        "--record out.json",
        Serves,
    ),
    (
        "call counter --from alice --store chain --input @in.bin",
        "--record in.bin",
        Refused("reads that file"),
    ),
    (
        "call counter --from alice --store chain",
        "--fee 500000",
        Refused("use --gas"),
    ),
    (
        "call counter --from alice --store chain",
        "--fuel-rate 2",
        Refused("use --gas"),
    ),
    (
        "call old --from alice --store chain",
        "--fee 500000",
        Serves,
    ),
    (
        "call old --from alice --store chain",
        "--fuel-rate 2",
        Serves,
    ),
    (
        "call old --from alice --store chain",
        "--gas 500000",
        Refused("use --fee"),
    ),
    ("query counter --store chain", "--from bob", Serves),
    ("query counter", "--store chain", Serves),
    ("query counter --store chain", "--input u32:7", Serves),
    ("query counter --store chain", "--gas 1_000_000", Serves),
    ("query counter --store chain", "--timeout 0", Serves),
    (
        "query counter --store chain",
        "--fee 500000",
        Refused("use --gas"),
    ),
    (
        "query counter --store chain",
        "--fuel-rate 2",
        Refused("use --gas"),
    ),
    (
        "query old --from alice --store chain",
        "--fee 500000",
        Serves,
    ),
    (
        "query old --from alice --store chain",
        "--fuel-rate 2",
        Serves,
    ),
    (
        "query old --from alice --store chain",
        "--gas 500000",
        Refused("use --fee"),
    ),
    ("state counter --store chain", "--prefix ff", Serves),
    (
        "state counter ff --store chain",
        "--prefix ff",
        Refused("cannot be used with"),
    ),
    ("state counter", "--store chain", Serves),
    ("state export out.state", "--store chain", Serves),
    ("state import all.state", "--store empty", Serves),
    ("state check", "--store chain", Serves),
    ("receipt 00", "--store chain", Serves),
    ("block", "--store chain", Serves),
    ("rollback 1", "--store chain", Serves),
];

/// Ends well, having used as much gas as its input is long.
const W: &str = r#"(module (import "smart51" "exit" (func $exit (param i32))) (memory (export "memory") 1)
  (global (export "smart51_buffer") i32 (i32.const 0)) (func (export "smart51_main") (local $n i32)
    (local.set $n (i32.add (i32.const 1) (i32.load16_u (i32.const 0))))
    (loop $l (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (call $exit (i32.const 1))))"#;

/// Echoes what comes over the serial line late, after reading RAM, XDATA and CODE, an SFR of the 8052, and serving a timer.
const FW: &str = "ljmp main\n .org 0x0B\n inc R7\n reti\n .org 0x30\n main: mov A,0x40\n mov R6,A\n mov DPTR,#0x30\n
    movx A,@DPTR\n mov R5,A\n mov A,0xC8\n mov SCON,#0x50\n mov TMOD,#0x22\n mov TH1,#0xFD\n setb TR1\n setb TR0\n
    mov IE,#0x82\n loop: mov R0,#0\n wait: djnz R0,wait\n mov R4,P1\n jnb RI,loop\n clr RI\n mov A,SBUF\n mov SBUF,A\n
    sjmp loop\n";

fn fixture() -> Dir {
    let dir = Dir::new();
    let counter = SAMPLES
        .iter()
        .find(|sample| sample.name == "counter")
        .unwrap();
    dir.write("counter.ihx", counter.image);
    dir.write("c.c", counter.source);
    dir.write(
        "needs.c",
        format!(
            "#include \"inc.h\"\n#ifndef X\n#error X\n#endif\n{}",
            counter.source
        ),
    );
    fs::create_dir(dir.path("inc")).unwrap();
    dir.write("inc/inc.h", "");
    dir.write("w.wat", W);
    dir.write("fw.asm", FW);
    fs::hard_link(dir.path("fw.asm"), dir.path("hard.asm")).unwrap();
    std::os::unix::fs::symlink("fw.asm", dir.path("soft.asm")).unwrap();
    fs::hard_link(dir.path("c.c"), dir.path("hard.out")).unwrap();
    std::os::unix::fs::symlink("c.c", dir.path("soft.out")).unwrap();
    dir.run(&["asm", "fw.asm", "-o", "fw.ihx"]).ok();
    dir.write("in.bin", [7]);
    dir.write("names.map", "C:   00000030  _main   m\n");
    dir.write("pins.txt", "10 P1.0 0\n");
    dir.write(
        "fw.test.toml",
        "image = \"fw.ihx\"\nmax_cycles = 100\nexpect.stop = \"cycles\"\n",
    );
    dir.write(
        "snap.test.toml",
        "image = \"fw.ihx\"\nmax_cycles = 100\nexpect.snapshot = true\n",
    );
    let scenario = |image: &str| {
        format!(
            "[accounts]\nalice = 1_000_000\n[contracts.counter]\nimage = \"{image}\"\n[[step]]\ncall = \"counter\"\n"
        )
    };
    dir.write("counter.scenario.toml", scenario("counter.ihx"));
    dir.write("w.scenario.toml", scenario("w.wat"));
    let other = ["test", "w.scenario.toml", "--gas-snapshot", "gas.txt"];
    dir.run(&other).ok();
    dir.write(
        "two.scenario.toml",
        format!(
            "{}[contracts.other]\nimage = \"counter.ihx\"\n",
            scenario("counter.ihx").replace("[[step]]\ncall = \"counter\"\n", "")
        ) + "[[step]]\ncall = \"counter\"\n",
    );
    dir.write(
        "context.json",
        "{\"initial_db\": [[\"010000000100\", \"636f756e74\", \"29000000\"]]}",
    );
    dir.run(&["run", "counter.ihx", "--record", "named.json"])
        .ok();
    let mut named: serde_json::Value = serde_json::from_slice(&dir.read("named.json")).unwrap();
    named["rows"][0].as_object_mut().unwrap().remove("code");
    named["rows"][0]["image"] = "counter.ihx".into();
    dir.write("named.json", named.to_string());
    fs::create_dir(dir.path("images")).unwrap();
    dir.write("images/counter.ihx", counter.image);
    let firmware = ["firmware", "fw.ihx", "--max-cycles", "5000"];
    dir.run(&[&firmware[..], &["--record", "session.json"]].concat())
        .ok();
    dir.run(
        &[
            &firmware[..],
            &["--ram", "random:1", "--save", "saved.state"],
        ]
        .concat(),
    )
    .ok();
    for args in [
        "account new alice",
        "account new bob",
        "deploy counter.ihx --from alice --name counter",
        "deploy counter.ihx --from alice --name old --semantics dacrs2017",
        "call counter --from alice",
        "state export all.state",
    ] {
        let args: Vec<&str> = args.split(' ').chain(["--store", "chain"]).collect();
        dir.run(&args).ok();
    }
    dir
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if entry.path().is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(entry.path()).unwrap(), place).unwrap();
        } else if entry.path().is_dir() {
            fs::create_dir(&place).unwrap();
            copy(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}

fn files(folder: &Path, all: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, all);
        } else {
            let bytes = fs::read(&path).unwrap_or_default();
            all.insert(path.to_str().unwrap().to_owned(), bytes);
        }
    }
}

/// What a run in a copy of the folder says and leaves.
fn effect(fixture: &Dir, args: &str) -> (i32, String, String, BTreeMap<String, Vec<u8>>) {
    let dir = Dir::new();
    copy(&fixture.path(""), &dir.path(""));
    for (file, name) in [("fw.asm", "hard.asm"), ("c.c", "hard.out")] {
        fs::remove_file(dir.path(name)).unwrap();
        fs::hard_link(dir.path(file), dir.path(name)).unwrap();
    }
    let args: Vec<&str> = args.split(' ').collect();
    let mut command = dir.command(&args);
    command
        .env("HOME", dir.path("home"))
        .env_remove("XDG_DATA_HOME");
    let ran = ran(&mut command);
    let mut left = BTreeMap::new();
    files(&dir.path(""), &mut left);
    let root = dir.path("").to_str().unwrap().to_owned();
    let left = left
        .into_iter()
        .map(|(name, bytes)| (name.replace(&root, ""), bytes))
        .filter(|(name, _)| !name.starts_with("chain/") && !name.starts_with("empty/"));
    (ran.status, ran.stdout, ran.stderr, left.collect())
}

/// Runs each row of the table, with the option and without it.
#[test]
fn each_option_serves_or_is_refused() {
    let fixture = fixture();
    let tests = test_sources();
    let mut wrong = Vec::new();
    for (base, option, comes) in TABLE {
        let with = || effect(&fixture, &format!("{base} {option}"));
        match comes {
            Tested(name) if tests.contains(&format!("fn {name}(")) => {}
            Tested(name) => wrong.push(format!("{base} {option}: there is no test {name}")),
            Serves => {
                let with = with();
                if with == effect(&fixture, base) {
                    wrong.push(format!("{base} {option}: does nothing: {with:?}"));
                } else if with.0 == 2
                    && !option.starts_with("-l")
                    && !option.starts_with("--internal")
                    && !base.starts_with("receipt")
                    && !base.starts_with("inspect")
                {
                    wrong.push(format!("{base} {option}: {}", with.2));
                }
            }
            Refused(why) => {
                let (status, _, stderr, left) = with();
                let mut before = BTreeMap::new();
                files(&fixture.path(""), &mut before);
                let added = left.len()
                    > before
                        .keys()
                        .filter(|name| !name.contains("/chain/"))
                        .count();
                if status != 2 || !stderr.contains(why) || added {
                    wrong.push(format!("{base} {option}: status {status}: {stderr}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The text of all tests of this program.
fn test_sources() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = BTreeMap::new();
    for folder in ["tests", "src"] {
        files(&root.join(folder), &mut all);
    }
    all.into_values()
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .collect()
}

/// The table has a row that serves for each option in the help of each command.
#[test]
fn no_option_is_missing_from_the_table() {
    let dir = Dir::new();
    let mut missing = Vec::new();
    for command in &commands(&dir) {
        let words: Vec<&str> = command.split(' ').collect();
        let help = dir.run(&[&words[..], &["--help"]].concat()).ok().stdout;
        let options = help
            .lines()
            .filter(|line| line.starts_with("  ") && line.trim_start().starts_with('-'));
        for line in options {
            let names: Vec<&str> = line
                .split_whitespace()
                .take(2)
                .map(|name| name.trim_end_matches(','))
                .filter(|name| name.len() > 1 && name.starts_with('-'))
                .collect();
            if names.is_empty()
                || names
                    .iter()
                    .any(|name| ["--json", "--help", "--version"].contains(name))
            {
                continue;
            }
            let of = |base: &str| {
                base.strip_prefix(command.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
            };
            let listed = TABLE.iter().any(|(base, option, comes)| {
                of(base)
                    && !matches!(comes, Refused(_))
                    && names.contains(&option.split(' ').next().unwrap())
            });
            if !listed {
                missing.push(format!("{command} {}", names.join(" ")));
            }
        }
    }
    assert!(
        missing.is_empty(),
        "say in TABLE what these do:\n{}",
        missing.join("\n")
    );
}

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
        "events",
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
