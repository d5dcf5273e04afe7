//! The commands for images, as their users see them.

mod common;

use common::{Dir, ran};
use firmware_samples::SAMPLES;
use std::fs;
use std::process::Stdio;

/// A right header, a program of two bytes behind it, and gaps between.
const HEX: &str = ":03000000020030CB\n:03000400010000F8\n:020008002222B2\n:03001200222201A6\n:02003000807FCF\n:00000001FF\n";

/// CODE in which every opcode and many operands occur, with gaps.
fn all_opcodes() -> String {
    let mut source = String::new();
    let mut state = 1u32;
    for segment in 0..16u32 {
        source += &format!(".org 0x{:04X}\n", segment * 0x1000 + segment);
        for _ in 0..512 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            source += &format!(".db 0x{:02X}\n", state >> 24);
        }
    }
    source
}

#[test]
fn inspect_shows_what_an_image_holds() {
    let dir = Dir::new();
    dir.write("a.ihx", HEX);
    insta::assert_snapshot!(dir.run(&["inspect", "a.ihx"]).all());
    insta::assert_snapshot!(dir.run(&["inspect", "a.ihx", "--json"]).all());
}

#[test]
fn inspect_names_the_place_of_what_is_wrong() {
    let dir = Dir::new();
    dir.write(
        "not_ljmp.ihx",
        HEX.replace(":03000000020030CB", ":0300000075003058"),
    );
    dir.write("checksum.ihx", HEX.replace("CB", "CC"));
    dir.write("short.bin", [0x02, 0x00, 0x30]);
    dir.write("module.wasm", b"\0asm\x01\0\0\0");
    let said: Vec<_> = [
        "not_ljmp.ihx",
        "checksum.ihx",
        "short.bin",
        "module.wasm",
        "missing.ihx",
    ]
    .map(|file| dir.run(&["inspect", file, "--json"]))
    .iter()
    .map(|ran| {
        assert_eq!(ran.status, 2);
        ran.json()["error"].as_str().unwrap().to_owned()
    })
    .collect();
    insta::assert_snapshot!(said.join("\n"));
}

/// Inspect takes the old chains rules by form or by flag.
#[test]
fn inspect_takes_old_rules_by_form_or_flag() {
    let dir = Dir::new();
    let mut rom = vec![0; 0x32];
    rom[..3].copy_from_slice(&[0x02, 0x00, 0x30]);
    let container = [&[0x32][..], &rom, &[4], b"text"].concat();
    dir.write("old.bin", &rom);
    dir.write("old.script", container);
    assert_eq!(dir.run(&["inspect", "old.bin"]).status, 2);
    assert_eq!(
        dir.run(&["inspect", "old.bin", "--semantics", "dacrs2017"])
            .status,
        0
    );
    let container = dir.run(&["inspect", "old.script", "--json"]).ok().json();
    assert_eq!(container["kind"], "container");
    assert_eq!(container["semantics"], "dacrs2017");
    assert_eq!(container["description"], hex::encode("text"));
}

#[test]
fn images_come_from_standard_input_too() {
    let dir = Dir::new();
    let ran = dir
        .run_with(&["inspect", "-", "--json"], HEX.as_bytes())
        .ok();
    assert_eq!(ran.json()["kind"], "hex");
}

#[test]
fn json_keys_come_in_the_fixed_order() {
    let dir = Dir::new();
    dir.write("a.ihx", HEX);
    let fixed = [
        "kind",
        "code_bytes",
        "code_hash",
        "version",
        "reset_target",
        "valid",
        "warnings",
        "error",
    ];
    for file in ["a.ihx", "missing"] {
        let json = dir.run(&["inspect", file, "--json"]).json();
        let keys: Vec<_> = json
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .take(fixed.len())
            .collect();
        assert!(keys == fixed || keys == ["error"], "{keys:?}");
    }
}

#[test]
fn asm_of_disasm_is_the_image() {
    let dir = Dir::new();
    dir.write("all.asm", all_opcodes());
    dir.run(&["asm", "all.asm", "-o", "all.ihx"]).ok();
    for sample in SAMPLES {
        dir.write(&format!("{}.ihx", sample.name), sample.image);
    }
    for name in SAMPLES.iter().map(|s| s.name).chain(["all"]) {
        let image = format!("{name}.ihx");
        dir.write("listing.asm", dir.run(&["disasm", &image]).ok().stdout);
        dir.run(&["asm", "listing.asm", "-o", "again.ihx"]).ok();
        let [before, after] =
            [&image, "again.ihx"].map(|file| loader::load(&dir.read(file)).unwrap().image);
        assert_eq!(before, after, "{name}");
    }
}

/// Disasm lists addresses bytes cycles names and labels.
#[test]
fn disasm_lists_bytes_cycles_names_and_labels() {
    let dir = Dir::new();
    let source = "start: MOV P1,#0x55\n JB TI,start\n LJMP 0x1234\n .org 0x40\n RET\n";
    dir.write("a.asm", source);
    dir.run(&["asm", "a.asm", "-o", "a.ihx"]).ok();
    insta::assert_snapshot!(dir.run(&["disasm", "a.ihx"]).all());
    insta::assert_snapshot!(
        dir.run(&[
            "disasm", "a.ihx", "--from", "0x06", "--to", "0x3F", "--json"
        ])
        .all()
    );
}

#[test]
fn asm_names_line_and_column_and_writes_nothing() {
    let dir = Dir::new();
    dir.write("bad.asm", "NOP\n MOV A,#0x1FF\n");
    let ran = dir.run(&["asm", "bad.asm", "-o", "bad.ihx"]);
    assert_eq!(ran.status, 2);
    insta::assert_snapshot!(ran.stderr);
    assert!(!dir.path("bad.ihx").exists());
}

#[test]
fn build_makes_the_samples_images_byte_for_byte() {
    let dir = Dir::new();
    for sample in SAMPLES {
        let source = format!("{}.c", sample.name);
        dir.write(&source, sample.source);
        let json = dir.run(&["build", &source, "--json"]).ok().json();
        let built = loader::load(&dir.read(&format!("{}.ihx", sample.name)))
            .unwrap()
            .image;
        assert_eq!(
            built,
            loader::load(sample.image).unwrap().image,
            "{}",
            sample.name
        );
        assert_eq!(json["code_hash"], hex::encode(built.code_hash()));
    }
}

#[test]
fn build_makes_a_wasm_contract_of_the_same_source() {
    let dir = Dir::new();
    let sample = &SAMPLES[0];
    dir.write("contract.c", sample.source);
    dir.run(&["build", "contract.c", "--target", "wasm", "-o", "out.wasm"])
        .ok();
    let inspected = dir.run(&["inspect", "out.wasm", "--json"]).ok().json();
    assert_eq!(inspected["kind"], "wasm");
    assert_eq!(inspected["valid"], true);
}

#[test]
fn build_passes_the_compilers_own_message_on() {
    let dir = Dir::new();
    dir.write(
        "bad.c",
        "#include \"smart51.h\"\nvoid contract(void) { undeclared(); }\n#error stop here\n",
    );
    for target in ["8051", "wasm"] {
        let ran = dir.run(&["build", "bad.c", "--target", target]);
        assert_eq!(ran.status, 2);
        assert!(
            ran.stderr.contains("bad.c:3") && ran.stderr.contains("stop here"),
            "{}",
            ran.stderr
        );
        assert_eq!(ran.stdout, "");
    }
    assert!(!dir.path("bad.ihx").exists() && !dir.path("bad.wasm").exists());
}

#[test]
fn build_names_the_package_of_a_missing_tool() {
    let dir = Dir::new();
    dir.write("a.c", "");
    for (target, package) in [("8051", "sdcc"), ("wasm", "lld")] {
        let ran = ran(dir
            .command(&["build", "a.c", "--target", target])
            .env("PATH", dir.path("")));
        assert_eq!(ran.status, 3);
        assert!(
            ran.stderr.contains(&format!("Debian package {package}")),
            "{}",
            ran.stderr
        );
    }
}

/// Runs `make goal` in a folder, with this build of `smart51`.
fn make(dir: &Dir, folder: &str, goal: &str) -> common::Ran {
    let path = std::path::Path::new(env!("CARGO_BIN_EXE_smart51"))
        .parent()
        .unwrap();
    let path = format!("{}:{}", path.display(), std::env::var("PATH").unwrap());
    let mut make = std::process::Command::new("make");
    ran(make
        .arg(goal)
        .current_dir(dir.path(folder))
        .env("PATH", &path))
}

#[test]
fn a_new_project_builds_tests_and_runs_as_it_is() {
    let dir = Dir::new();
    dir.run(&["new", "my-ledger"]).ok();
    for goal in ["my-ledger.ihx", "wasm", "test", "run"] {
        make(&dir, "my-ledger", goal).ok();
    }
}

/// Names that the template, C, make, the SDK or the tools use themselves, and the longest.
#[test]
fn every_name_that_new_accepts_works() {
    let dir = Dir::new();
    for name in [
        "alice",
        "NAME",
        "ACCOUNT",
        "int",
        "contract",
        "smart51",
        "mcs51",
        "Makefile",
        "test",
        "README",
        "a-b_C-9",
        &"n".repeat(32),
    ] {
        dir.run(&["new", name]).ok();
        let tested = make(&dir, name, "test");
        assert_eq!(tested.status, 0, "{name}: {}", tested.all());
        assert!(
            tested.stdout.contains("0 scenarios failed"),
            "{name}: {}",
            tested.all()
        );
    }
}

#[test]
fn new_overwrites_nothing_and_wants_a_plain_name() {
    let dir = Dir::new();
    dir.run(&["new", "ledger"]).ok();
    dir.write("ledger/ledger.c", "mine");
    assert_eq!(dir.run(&["new", "ledger"]).status, 2);
    assert_eq!(dir.read("ledger/ledger.c"), b"mine");
    assert_eq!(dir.run(&["new", "no/such/folder"]).status, 2);
    let before = fs::read_dir(dir.path("")).unwrap().count();
    assert_eq!(dir.run(&["new", ""]).status, 2);
    for wrong in [
        "..",
        "/",
        "1st",
        "1-2",
        "_a",
        "-a",
        "a b",
        "a$b",
        "a.b",
        "a:b",
        "zoë",
        "Ω",
        "a\nb",
        "a\u{202e}b",
        "../ledger/..",
        &"n".repeat(33),
    ] {
        let refused = dir.run(&["new", "--", wrong]);
        assert_eq!(refused.status, 2, "{wrong:?}");
        assert!(
            refused
                .stderr
                .contains("1 to 32 letters, digits, _ and -, a letter first"),
            "{wrong:?}: {}",
            refused.stderr
        );
    }
    assert_eq!(fs::read_dir(dir.path("")).unwrap().count(), before);
}

/// Wrong usage is status 2 and says nothing on standard output.
#[test]
fn wrong_usage_is_status_2() {
    let dir = Dir::new();
    for args in [
        &[][..],
        &["fly"],
        &["inspect"],
        &["inspect", "a", "--fast"],
        &["disasm", "a", "--from", "0x10000"],
    ] {
        let ran = dir.run(args);
        assert_eq!(ran.status, 2, "{args:?}");
        assert_eq!(ran.stdout, "");
        assert!(!ran.stderr.is_empty());
    }
}

#[test]
fn a_failure_with_json_is_one_object_that_says_why() {
    let ran = Dir::new().run(&["disasm", "missing.ihx", "--json"]);
    assert_eq!(ran.status, 2);
    assert!(
        ran.json()["error"]
            .as_str()
            .unwrap()
            .starts_with("missing.ihx: ")
    );
}

#[test]
fn a_closed_pipe_is_no_error() {
    let dir = Dir::new();
    dir.write("all.asm", all_opcodes());
    dir.run(&["asm", "all.asm", "-o", "all.ihx"]).ok();
    for args in [
        &["disasm", "all.ihx"][..],
        &["disasm", "all.ihx", "--json"],
        &["--help"],
    ] {
        let mut child = dir
            .command(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert_eq!(output.stderr, b"", "{args:?}");
    }
}

#[test]
fn a_full_disk_is_a_failure_of_the_node() {
    let dir = Dir::new();
    dir.write("a.ihx", HEX);
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    assert_eq!(
        ran(dir.command(&["inspect", "a.ihx"]).stdout(full)).status,
        3
    );
}

#[test]
fn a_file_without_an_end_is_refused_at_the_bound() {
    let ran = Dir::new().run(&["inspect", "/dev/zero"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("1048576 bytes"), "{}", ran.stderr);
}

/// What clangd reads a new project with: clang finds nothing wrong, also in a contract with words of sdcc, and finds
/// what is wrong.
#[test]
fn clang_reads_a_project_with_its_flags() {
    let dir = Dir::new();
    dir.run(&["new", "ledger"]).ok();
    let header = String::from_utf8(dir.read("ledger/sdk/smart51.h")).unwrap();
    assert_eq!(header, firmware_samples::HEADER);
    let reads = |file: &str| {
        let mut clang = std::process::Command::new("clang");
        clang.args(["-fsyntax-only", "-Werror", "@compile_flags.txt", file]);
        clang.current_dir(dir.path("ledger")).output()
    };
    let Ok(read) = reads("ledger.c") else {
        eprintln!(
            "SKIPPED: clang is not installed, so nobody reads the project; `make test` installs it"
        );
        return;
    };
    assert!(
        read.status.success(),
        "{}",
        String::from_utf8_lossy(&read.stderr)
    );
    dir.write(
        "ledger/words.c",
        "#include \"smart51.h\"\n#include <stdint.h>\nstatic __xdata uint8_t a[3];\nstatic const __code uint8_t b = 1;\n\
         void contract(void) __reentrant { a[b] = s51_refused(); }\n",
    );
    let read = reads("words.c").unwrap();
    assert!(
        read.status.success(),
        "{}",
        String::from_utf8_lossy(&read.stderr)
    );
    dir.write(
        "ledger/wrong.c",
        "#include \"smart51.h\"\nvoid contract(void) { s51_nothing(); }\n",
    );
    assert!(!reads("wrong.c").unwrap().status.success());
}

/// The first line of a new scenario names the schema, which is there, in C and in Rust.
#[test]
fn a_new_scenario_names_its_schema() {
    let dir = Dir::new();
    dir.run(&["new", "ledger"]).ok();
    dir.run(&["new", "--rust", "crab"]).ok();
    dir.run(&["sdk", "--out", "include"]).ok();
    let schema = dir.read("include/scenario.schema.json");
    for name in ["ledger", "crab"] {
        let scenario =
            String::from_utf8(dir.read(&format!("{name}/{name}.scenario.toml"))).unwrap();
        let first = scenario.lines().next().unwrap();
        let path = first.strip_prefix("#:schema ./").unwrap();
        assert_eq!(dir.read(&format!("{name}/{path}")), schema);
    }
}
