//! The SDK as authors meet it: cases that once lost something, the page on C, what `build` warns of, and Rust.

mod common;

use common::{Dir, ran};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// The page on contracts in C.
const PAGE: &str = include_str!("../../docs/c.md");

/// Both machines: the option of `build` and the extension of its image.
const MACHINES: [(&str, &str); 2] = [("8051", "ihx"), ("wasm", "wasm")];

/// A contract and its scenario from `tests/cases`.
macro_rules! case {
    ($source:literal, $scenario:literal) => {
        (
            include_str!(concat!("cases/", $source, ".c")),
            include_str!(concat!("cases/", $scenario, ".scenario.toml")),
        )
    };
}

/// Builds `source` for both machines, plays `scenario` on each, and compares the two call by call.
fn plays(name: &str, (source, scenario): (&str, &str)) {
    let dir = Dir::new();
    dir.write(&format!("{name}.c"), source);
    for (target, extension) in MACHINES {
        let image = format!("{name}.{extension}");
        dir.run(&[
            "build",
            &format!("{name}.c"),
            "--target",
            target,
            "-o",
            &image,
        ])
        .ok();
        let file = format!("{target}.scenario.toml");
        dir.write(&file, scenario.replace(&format!("{name}.ihx"), &image));
        dir.run(&["test", &file]).ok();
    }
    let images = MACHINES.map(|(_, extension)| format!("{name}.{extension}"));
    dir.run(&["parity", &images[0], &images[1], "8051.scenario.toml"])
        .ok();
}

/// Outputs in two requests, and the hundredth record of a call still ends it.
#[test]
fn every_output_is_paid() {
    plays("payloss", case!("payloss", "payloss"));
}

/// What is paid to an address without an account waits there, and a scenario sees it.
#[test]
fn an_address_is_paid_before_its_account_is_made() {
    let dir = Dir::new();
    let made = ["account", "new", "carol", "--store", "elsewhere", "--json"];
    let carol = dir.run(&made).ok().json();
    let address = carol["address"].as_str().unwrap();
    let scenario = format!(
        "[accounts]\namy = 1000\n[contracts.p]\nimage = \"payaddr.ihx\"\n[[step]]\ncall = \"p\"\nvalue = 10\n\
         input = [\"text:{address}\", \"u64:7\"]\nexpect.balances = {{ {address} = 7, amy = 990, p = 3 }}\n"
    );
    plays("payaddr", (include_str!("cases/payaddr.c"), &scenario));
}

#[test]
fn every_fund_record_is_made() {
    plays("appn", case!("appn", "appn"));
}

/// A call that the host refuses, as one with too long an input, has no result of the call before it.
#[test]
fn a_refused_call_is_no_success() {
    plays("stale", case!("stale", "stale"));
}

/// The longest record that can be written can be listed, and what cannot be framed fails.
#[test]
fn no_record_bricks_a_contract() {
    plays("big", case!("big", "brick"));
    plays("big", case!("big", "limits"));
    plays("largest", case!("largest", "largest"));
}

#[test]
fn an_empty_value_removes_its_key() {
    plays("empt", case!("empt", "empt"));
    plays("empty", case!("empty", "empty"));
}

/// The parts of the page between ```c and ```.
fn snippets() -> Vec<&'static str> {
    let parts = PAGE.split("\n```c\n").skip(1);
    let found: Vec<_> = parts
        .map(|part| part.split("\n```\n").next().unwrap())
        .collect();
    assert!(found.len() >= 5);
    found
}

/// Each snippet of the page is a contract for both machines, and of none does `build` warn.
#[test]
fn the_snippets_of_the_page_build() {
    let dir = Dir::new();
    for snippet in snippets() {
        dir.write("s.c", snippet);
        for (target, _) in MACHINES {
            let built = dir.run(&["build", "s.c", "--target", target]).ok();
            assert_eq!(built.stderr, "", "{target}:\n{snippet}");
        }
    }
}

/// Every name of the header stands in the page.
#[test]
fn the_page_knows_every_name() {
    let names = |text: &'static str| {
        text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
            .filter(|word| {
                word.to_ascii_lowercase().starts_with("s51_") || word.starts_with("smart51_")
            })
            .collect::<BTreeSet<_>>()
    };
    let known = names(PAGE);
    let header = names(firmware_samples::HEADER);
    assert!(header.len() > 100);
    let missing: Vec<_> = header.difference(&known).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// The table of expressions says what both compilers make of them.
#[test]
fn the_compilers_differ_as_the_page_says() {
    let rows: Vec<(&str, [u8; 2])> = PAGE
        .lines()
        .filter_map(|line| {
            let mut cells = line
                .strip_prefix("| `")?
                .trim_end_matches(" |")
                .rsplit(" | ");
            let wasm = cells.next()?.parse().ok()?;
            let mcs51 = cells.next()?.parse().ok()?;
            Some((cells.next()?.trim_end_matches('`'), [mcs51, wasm]))
        })
        .collect();
    assert!(rows.len() >= 15, "{rows:?}");
    let values: String = rows
        .iter()
        .enumerate()
        .map(|(at, (expression, _))| format!("    r[{at}] = (uint8_t)({expression});\n"))
        .collect();
    let dir = Dir::new();
    dir.write(
        "s.c",
        format!(
            "#include \"smart51.h\"\n#include <stddef.h>\nstatic uint8_t r[{}];\nvoid contract(void)\n{{\n{values}    \
             s51_print(1, r, sizeof r);\n}}\n",
            rows.len()
        ),
    );
    for (at, (target, extension)) in MACHINES.into_iter().enumerate() {
        dir.run(&["build", "s.c", "--target", target]).ok();
        let report = dir
            .run(&["run", &format!("s.{extension}"), "--json"])
            .ok()
            .json();
        let printed = report["output"].as_str().unwrap();
        for (row, (expression, values)) in rows.iter().enumerate() {
            let found = u8::from_str_radix(&printed[2 * row..][..2], 16).unwrap();
            assert_eq!(found, values[at], "{expression} for {target}");
        }
    }
}

/// Two files that both bring what a contract has once are named, not the byte at which they meet.
#[test]
fn a_second_file_without_s51_part_is_named() {
    let dir = Dir::new();
    dir.write(
        "a.c",
        "#include \"smart51.h\"\nvoid two(void);\nvoid contract(void) { two(); }\n",
    );
    let part = "#include \"smart51.h\"\nvoid two(void) { s51_say(\"two\"); }\n";
    dir.write("b.c", part);
    let refused = dir.run(&["build", "a.c", "b.c"]);
    let error =
        "error: b.c: a second file without S51_PART, after a.c: write `#define S51_PART` before";
    assert_eq!(refused.status, 2, "{}", refused.all());
    assert!(refused.stderr.contains(error), "{}", refused.all());
    assert!(!dir.path("a.ihx").exists());
    dir.write("b.c", format!("#define S51_PART\n{part}"));
    dir.run(&["build", "a.c", "b.c"]).ok();
    assert_eq!(dir.run(&["run", "a.ihx", "--json"]).json()["output"], "two");
}

/// Where sdcc's output shows a trap `build` names it, and only there.
#[test]
fn build_warns_of_traps() {
    let dir = Dir::new();
    dir.write("gap.c", include_str!("cases/constgap.c"));
    dir.write("shift.c", include_str!("cases/sdcc_miscompile.c"));
    dir.write("deep.c", include_str!("cases/recursion.c"));
    dir.write("stack.c", include_str!("cases/stack.c"));
    let cases: [(&str, &[&str]); 4] = [
        ("gap", &["`nobody` is const and has no value"]),
        (
            "shift",
            &[
                "(uint8_t)((uint8_t)f4 << 1) >> 5",
                "(uint8_t)((uint8_t)((uint8_t)in[0] << 1) >> 5)",
            ],
        ),
        (
            "deep",
            &[
                "`even` calls itself by `odd`",
                "`factorial` calls itself and",
                "`odd` calls itself by `even`",
            ],
        ),
        ("stack", &[]),
    ];
    for (name, expected) in cases {
        let file = format!("{name}.c");
        let built = dir.run(&["build", &file, "--json"]).ok();
        let report = built.json();
        let warnings = report["warnings"].as_array().unwrap();
        assert_eq!(warnings.len(), expected.len(), "{warnings:?}");
        for (warning, expected) in warnings.iter().zip(expected) {
            assert!(warning.as_str().unwrap().contains(expected), "{warning}");
        }
        let lines = built
            .stderr
            .lines()
            .filter(|line| line.starts_with("warning: "));
        assert_eq!(lines.count(), expected.len(), "{}", built.stderr);
        // The standard gives a constant its zeros, and clang's stack is no trap.
        let wasm = dir.run(&["build", &file, "--target", "wasm", "--json"]);
        if name == "gap" {
            assert_eq!(wasm.ok().json()["warnings"].as_array().unwrap().len(), 0);
        }
    }
}

/// No sample and no template has a trap.
#[test]
fn the_samples_build_without_a_warning() {
    let dir = Dir::new();
    for sample in firmware_samples::SAMPLES {
        dir.write("s.c", sample.source);
        let built = dir.run(&["build", "s.c"]).ok();
        assert_eq!(built.stderr, "", "{}", sample.name);
    }
}

const TARGET: &str = "wasm32-unknown-unknown";

/// Whether cargo can build for WebAssembly here.
fn rust_is_here() -> bool {
    let printed = ran(Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]));
    let here = printed.status == 0 && Path::new(printed.stdout.trim()).exists();
    if !here {
        eprintln!("SKIPPED: no Rust for {TARGET}; `rustup target add {TARGET}` brings it");
    }
    here
}

/// A project in Rust stands alone: it has its SDK and what cargo needs, builds outside any repository, and passes its
/// scenario.
#[test]
fn new_rust_writes_a_project_that_stands_alone() {
    let dir = Dir::new();
    let made = dir.run(&["new", "--rust", "ledger", "--json"]).ok().json();
    let files: Vec<_> = made["files"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|file| file.as_str())
        .collect();
    for file in [
        ".cargo/config.toml",
        "smart51-sdk/src/methods.rs",
        "src/lib.rs",
        "ledger.scenario.toml",
    ] {
        assert!(files.contains(&file), "{files:?}");
    }
    if !rust_is_here() {
        return;
    }
    let folder = dir.path("ledger");
    let built = ran(Command::new("cargo")
        .args(["build", "--release", "--offline"])
        .env_remove("CARGO_TARGET_DIR")
        .current_dir(&folder));
    assert_eq!(built.status, 0, "{}", built.all());
    assert!(!built.stderr.contains("warning"), "{}", built.stderr);
    let module = folder
        .join("target")
        .join(TARGET)
        .join("release/contract.wasm");
    std::fs::copy(module, folder.join("ledger.wasm")).unwrap();
    let tested = dir.run(&["test", "ledger/ledger.scenario.toml"]).ok();
    assert!(
        tested.stdout.contains("3 steps, 0 scenarios failed"),
        "{}",
        tested.all()
    );

    // A module beside src/lib.rs is built too, though the Makefile does not name it.
    let outdated = || ran(Command::new("make").arg("-q").current_dir(&folder)).status;
    assert_eq!(outdated(), 0);
    dir.write("ledger/src/limits.rs", "");
    assert_eq!(outdated(), 1);

    // Payments by the SDK: as many requests as the records need, and the case of the C contract passes as it stands.
    dir.write("ledger/src/lib.rs", include_str!("cases/payloss.rs"));
    let built = ran(Command::new("cargo")
        .args(["build", "--release", "--offline"])
        .env_remove("CARGO_TARGET_DIR")
        .current_dir(&folder));
    assert_eq!(built.status, 0, "{}", built.all());
    let module = folder
        .join("target")
        .join(TARGET)
        .join("release/contract.wasm");
    std::fs::copy(module, dir.path("payloss.wasm")).unwrap();
    dir.write("payloss.c", include_str!("cases/payloss.c"));
    dir.run(&["build", "payloss.c"]).ok();
    dir.write(
        "payloss.scenario.toml",
        include_str!("cases/payloss.scenario.toml"),
    );
    dir.run(&[
        "parity",
        "payloss.ihx",
        "payloss.wasm",
        "payloss.scenario.toml",
    ])
    .ok();
}
