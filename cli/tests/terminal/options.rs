//! Each option of each command does something for what it is given with, or is refused with a sentence.

use super::chain_table::CHAIN;
use super::table::{
    Effect,
    Effect::{Refused, Serves, Tested},
    TABLE,
};
use super::{Dir, commands, common, ran};
use firmware_samples::SAMPLES;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Ends well, having used as much gas as its input is long.
pub(super) const W: &str = r#"(module (import "smart51" "exit" (func $exit (param i32))) (memory (export "memory") 1)
  (global (export "smart51_buffer") i32 (i32.const 0)) (func (export "smart51_main") (local $n i32)
    (local.set $n (i32.add (i32.const 1) (i32.load16_u (i32.const 0))))
    (loop $l (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (call $exit (i32.const 1))))"#;

/// Echoes what comes over the serial line late, after reading RAM, XDATA and CODE, an SFR of the
/// 8052, and serving a timer.
const FW: &str = "ljmp main\n .org 0x0B\n inc R7\n reti\n .org 0x30\n main: mov A,0x40\n mov R6,A\n mov DPTR,#0x30\n
    movx A,@DPTR\n mov R5,A\n mov A,0xC8\n mov SCON,#0x50\n mov TMOD,#0x22\n mov TH1,#0xFD\n setb TR1\n setb TR0\n
    mov IE,#0x82\n loop: mov R0,#0\n wait: djnz R0,wait\n mov R4,P1\n jnb RI,loop\n clr RI\n mov A,SBUF\n mov SBUF,A\n
    sjmp loop\n";

pub(super) fn fixture() -> Dir {
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
    fs::hard_link(dir.path("counter.ihx"), dir.path("hard.svg")).unwrap();
    std::os::unix::fs::symlink("c.c", dir.path("soft.out")).unwrap();
    dir.run(&["asm", "fw.asm", "-o", "fw.ihx"]).ok();
    dir.write("in.bin", [7]);
    dir.write("token.contract.json", common::TOKEN_CONTRACT);
    dir.write(
        "pay.toml",
        "[[action]]\naccount = \"0-0\"\nname = \"transfer\"\ndata = [\"regid:bob\", \"u64:5\"]\n",
    );
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

pub(super) fn copy(from: &Path, to: &Path) {
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
    let links = [
        ("fw.asm", "hard.asm"),
        ("c.c", "hard.out"),
        ("counter.ihx", "hard.svg"),
    ];
    for (file, name) in links {
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

/// All rows.
fn rows() -> impl Iterator<Item = &'static (&'static str, &'static str, Effect)> {
    TABLE.iter().chain(CHAIN)
}

/// Runs each row of the table, with the option and without it.
#[test]
fn each_option_serves_or_is_refused() {
    let fixture = fixture();
    let tests = test_sources();
    let mut wrong = Vec::new();
    for (base, option, comes) in rows() {
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

/// The text of all tests of this program and of its library for firmware.
fn test_sources() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = BTreeMap::new();
    for folder in ["tests", "src", "../firmware/src"] {
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
            let listed = rows().any(|(base, option, comes)| {
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
