//! What somebody meets who has just made a contract: costs, inputs, the local chain's small commands.

mod common;
#[path = "common/page.rs"]
mod page;

use common::Dir;
use serde_json::Value;

/// Writes (17) or deletes (18) some keys of one byte each. Input: the method (LE16), the first key and how many (1 byte
/// each).
const KEYS: &str = r#"(module
  (import "smart51" "call" (func $call (param i32 i32 i32 i32 i32) (result i32)))
  (import "smart51" "exit" (func $exit (param i32)))
  (memory (export "memory") 2)
  (global (export "smart51_buffer") i32 (i32.const 0))
  (func (export "smart51_main") (local $method i32) (local $key i32) (local $end i32)
    (local.set $method (i32.load16_u (i32.const 2)))
    (local.set $key (i32.load8_u (i32.const 4)))
    (local.set $end (i32.add (local.get $key) (i32.load8_u (i32.const 5))))
    (i32.store16 (i32.const 8192) (select (i32.const 6) (i32.const 3) (i32.eq (local.get $method) (i32.const 17))))
    (i32.store16 (i32.const 8194) (i32.const 1))
    (i32.store16 (i32.const 8197) (i32.const 1))
    (loop $again
      (i32.store8 (i32.const 8196) (local.get $key))
      (drop (call $call (local.get $method) (i32.const 8192) (i32.const 8) (i32.const 65536) (i32.const 4096)))
      (local.set $key (i32.add (local.get $key) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $key) (local.get $end))))
    (call $exit (i32.const 1))))"#;

const KEYS_SCENARIO: &str = r#"
[accounts]
alice = 1_000_000
[contracts.keys]
image = "keys.wat"
[[step]]
name = "two are written"
call = "keys"
input = ["u16:17", "u8:1", "u8:2"]
expect.keys = { keys = 2 }
[[step]]
name = "two are deleted"
call = "keys"
input = ["u16:18", "u8:1", "u8:2"]
expect.keys = { keys = 0 }
"#;

fn number(object: &Value, key: &str) -> u64 {
    object[key]
        .as_u64()
        .unwrap_or_else(|| panic!("no {key} in {object}"))
}

/// Gas is what was used, before anything was given back: in a test, a snapshot, an expectation, a run and a receipt.
#[test]
fn gas_means_the_same_everywhere() {
    let dir = Dir::new();
    dir.write("keys.wat", KEYS);
    dir.write("keys.scenario.toml", KEYS_SCENARIO);
    let tested = dir
        .run(&[
            "test",
            "keys.scenario.toml",
            "--gas-snapshot",
            "gas.txt",
            "--json",
        ])
        .ok();
    let deleted = &tested.json()["results"][0]["steps"][1];
    let [gas, refund, charged] = ["gas", "refund", "charged"].map(|key| number(deleted, key));
    assert!(refund > 0 && gas - refund == charged, "{deleted}");

    let text = dir.run(&["test", "keys.scenario.toml"]).ok().stdout;
    assert!(
        text.contains(&format!(
            "{gas} gas less {refund} given back  two are deleted"
        )),
        "{text}"
    );
    let snapshot = String::from_utf8(dir.read("gas.txt")).unwrap();
    assert!(
        snapshot.ends_with(&format!("\t{gas}\t{refund}\n")),
        "{snapshot}"
    );

    let expecting = format!("{KEYS_SCENARIO}expect.gas = {gas}\nexpect.refund = {refund}\n");
    dir.write("expect.scenario.toml", expecting);
    dir.run(&["test", "expect.scenario.toml"]).ok();

    dir.run(&["account", "new", "alice", "--store", "chain"])
        .ok();
    dir.run(&[
        "deploy", "keys.wat", "--from", "alice", "--name", "keys", "--store", "chain",
    ])
    .ok();
    let call = |input| {
        let args = [
            "call", "keys", "--from", "alice", "--input", input, "--store", "chain", "--json",
        ];
        dir.run(&args).ok().json()
    };
    call("11000102");
    let receipt = call("12000102");
    let figures = ["gas", "refund", "charged", "fee"].map(|key| number(&receipt, key));
    assert_eq!(figures, [gas, refund, charged, charged]);

    let run = [
        "run",
        "-",
        "--input",
        "11000102",
        "--gas",
        "1_000_000",
        "--json",
    ];
    let run = dir.run_with(&run, KEYS.as_bytes()).ok().json();
    assert_eq!(
        number(&run, "gas") - number(&run, "refund"),
        number(&run, "charged")
    );
}

/// A snapshot made in one folder and with one spelling of a path holds in another and with another.
#[test]
fn a_gas_snapshot_holds_from_any_folder() {
    let dir = Dir::new();
    std::fs::create_dir_all(dir.path("a/b")).unwrap();
    dir.write("a/keys.wat", KEYS);
    dir.write("a/keys.scenario.toml", KEYS_SCENARIO);
    dir.run(&[
        "test",
        "a/keys.scenario.toml",
        "--gas-snapshot",
        "a/gas.txt",
    ])
    .ok();
    let text = String::from_utf8(dir.read("a/gas.txt")).unwrap();
    assert!(text.contains("\nkeys.scenario.toml\t0001\t"), "{text}");
    let whole = dir.path("a").display().to_string();
    for (folder, path, file) in [
        ("", "a", "./a/gas.txt"),
        ("", "./a/../a", "a/gas.txt"),
        ("a", ".", "gas.txt"),
        ("a/b", "../keys.scenario.toml", "../b/../gas.txt"),
        ("a/b", &whole, "../gas.txt"),
    ] {
        let mut command = dir.command(&["test", path, "--gas-snapshot", file, "--check"]);
        common::ran(command.current_dir(dir.path(folder))).ok();
    }
    // It moves with its folder.
    std::fs::rename(dir.path("a"), dir.path("c")).unwrap();
    dir.run(&["test", "c", "--gas-snapshot", "c/gas.txt", "--check"])
        .ok();
    assert_eq!(
        dir.run(&["test", "c", "--gas-snapshot", "none/gas.txt"])
            .status,
        2
    );
}

/// `--input` takes the values of scenarios, one after the other, where a contract is called.
#[test]
fn an_input_is_made_of_the_kinds_of_scenarios() {
    let dir = Dir::new();
    let token = firmware_samples::sample("token").unwrap();
    dir.write("token.ihx", token.image);
    dir.write("balance.bin", [3]);
    let on_chain = |args: &[&str]| dir.run(&[args, &["--store", "chain"]].concat());
    on_chain(&["account", "new", "alice"]).ok();
    on_chain(&["account", "new", "bob"]).ok();
    on_chain(&["deploy", "token.ihx", "--from", "alice", "--name", "token"]).ok();
    let with = |command: &str, values: &[&str]| {
        let mut args = vec![command, "token", "--from", "alice", "--json"];
        args.extend(values.iter().flat_map(|value| ["--input", value]));
        on_chain(&args)
    };
    with("call", &["u8:1", "regid:alice", "u64:100"]).ok();
    with("call", &["hex:02", "regid:2-0", "0x1e00", "zeros:6"]).ok();
    for values in [
        &["u8:3", "regid:bob"][..],
        &["@balance.bin", "regid:bob"],
        &["03_020000000000"],
    ] {
        let asked = with("query", values).ok().json();
        assert_eq!(asked["output"][0], "1e00000000000000", "{values:?}");
    }
    let address = on_chain(&["account", "show", "bob", "--json"]).ok().json();
    let address = format!("regid:{}", address["address"].as_str().unwrap());
    with("query", &["u8:3", &address]).ok();
    for (wrong, said) in [
        ("regid:carol", "`regid:carol` names nothing"),
        ("u8:256", "`u8:256` is no number of 1 byte"),
        ("u7:1", "begins with no kind"),
        ("xyz", "or a value such as u64:5"),
        ("txhash:zz", "names nothing"),
    ] {
        for command in ["call", "query"] {
            let refused = with(command, &[wrong]);
            assert_eq!(refused.status, 2, "{wrong}");
            assert!(refused.stderr.contains(said), "{wrong}: {}", refused.stderr);
        }
    }
}

/// A transaction is named by the first digits of its id.
#[test]
fn an_input_can_name_a_transaction() {
    let dir = Dir::new();
    dir.write("echo.ihx", firmware_samples::sample("echo").unwrap().image);
    let on_chain = |args: &[&str]| dir.run(&[args, &["--store", "chain"]].concat());
    on_chain(&["account", "new", "alice"]).ok();
    let deployed = on_chain(&["deploy", "echo.ihx", "--from", "alice", "--json"])
        .ok()
        .json();
    let id = deployed["receipt"]["transaction"].as_str().unwrap();
    let hash_of = |input: &str| {
        let asked = on_chain(&["query", "2-0", "--input", input, "--json"]).ok();
        asked.json()["input_hash"].to_string()
    };
    assert_eq!(hash_of(&format!("txhash:{}", &id[..10])), hash_of(id));
}

/// Without a chain the names are those of the call's surroundings.
#[test]
fn a_run_takes_the_kinds_of_scenarios() {
    let dir = Dir::new();
    dir.write("echo.ihx", firmware_samples::sample("echo").unwrap().image);
    let run = |values: &[&str]| {
        let mut args = vec!["run", "echo.ihx", "--json"];
        args.extend(values.iter().flat_map(|value| ["--input", value]));
        dir.run(&args)
    };
    let key = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
    for (values, bytes) in [
        (
            &["regid:sender", "regid:contract", "regid:1-1"][..],
            "000000000100010000000100010000000100",
        ),
        (&["pubkey:sender"], key),
        (&["keyid:0-1"], "751e76e8199196d454941c45d1b3a323f1433bd6"),
        (&["u16:0x0102", "text:a b:c"], "02016120623a63"),
    ] {
        let ran = run(values).ok().json();
        let said = ran["host_calls"].to_string();
        assert!(said.contains(bytes), "{values:?}: {said}");
    }
    dir.run(&["run", "echo.ihx", "--input", "00", "--record", "call.json"])
        .ok();
    let recorded: Value = serde_json::from_slice(&dir.read("call.json")).unwrap();
    let address = recorded["rows"][0]["context"]["accounts"][0]["address"]
        .as_str()
        .unwrap();
    let said = run(&["address:sender"]).ok().json()["host_calls"].to_string();
    assert!(said.contains(&hex::encode(address)), "{address}: {said}");
    for wrong in ["pubkey:contract", "regid:9-9", "regid:alice", "txhash:00"] {
        let refused = run(&[wrong]);
        assert_eq!(refused.status, 2, "{wrong}");
        assert!(
            refused.stderr.contains("names nothing"),
            "{}",
            refused.stderr
        );
    }
    let twice = dir.run(&["run", "echo.ihx", "--input", "-", "--input", "-"]);
    assert!(
        twice.status == 2 && twice.stderr.contains("can be given once"),
        "{}",
        twice.all()
    );
    let once = dir.run_with(
        &["run", "echo.ihx", "--input", "-", "--input", "u8:0x21"],
        b"x",
    );
    assert!(once.ok().stdout.contains("7821"));
}

/// Writes a contract in two files, with a header in `inc`, which prints `triple(LIMIT)`.
fn write_two_files(dir: &Dir) {
    std::fs::create_dir_all(dir.path("inc")).unwrap();
    dir.write("inc/triple.h", "unsigned char triple(unsigned char x);\n");
    dir.write(
        "triple.c",
        "#include <triple.h>\nunsigned char triple(unsigned char x) { return 3 * x; }\n",
    );
    dir.write(
        "main.c",
        "#include \"smart51.h\"\n#include <triple.h>\n\
         void contract(void) { uint8_t x = triple(LIMIT); s51_print(1, &x, 1); }\n",
    );
}

/// A contract of several files, with folders of headers and macros, is one image on both machines.
#[test]
fn build_takes_several_files_headers_and_macros() {
    let dir = Dir::new();
    write_two_files(&dir);
    for target in ["8051", "wasm"] {
        let args = [
            "-I", "inc", "-D", "LIMIT=14", "-o", "out", "--target", target,
        ];
        let files = ["build", "main.c", "triple.c"];
        dir.run(&[&files[..], &args].concat()).ok();
        let ran = dir
            .run(&["run", "out", "--gas", "1_000_000", "--json"])
            .ok()
            .json();
        assert_eq!(ran["output"], "2a", "{target}");
        // Each of them is needed.
        for missing in [&args[..2], &args[2..4]] {
            let rest: Vec<&str> = args
                .iter()
                .filter(|arg| !missing.contains(*arg))
                .copied()
                .collect();
            assert_eq!(
                dir.run(&[&files[..], &rest].concat()).status,
                2,
                "{target} {missing:?}"
            );
        }
        assert_eq!(
            dir.run(&[&files[..2], &args].concat()).status,
            2,
            "{target}"
        );
    }
    dir.run(&["build", "-DLIMIT=1", "-Iinc", "main.c", "triple.c"])
        .ok();
    assert!(dir.path("main.ihx").exists() && !dir.path("triple.ihx").exists());
}

/// A library for the 8051 is what sdar makes of sdcc's objects, one for wasm what llvm-ar makes of clang's.
#[test]
fn build_links_libraries() {
    let dir = Dir::new();
    write_two_files(&dir);
    std::fs::create_dir(dir.path("lib")).unwrap();
    let tool = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let mut tool = std::process::Command::new(words[0]);
        tool.args(&words[1..]).current_dir(dir.path("")).output()
    };
    for (target, compiler, archiver) in [
        (
            "8051",
            "sdcc -mmcs51 --model-large -Iinc -c triple.c -o t.rel",
            "sdar -rc lib/triple.lib t.rel",
        ),
        (
            "wasm",
            "clang --target=wasm32 -Iinc -c triple.c -o t.o",
            "llvm-ar rc lib/libtriple.a t.o",
        ),
    ] {
        assert!(tool(compiler).unwrap().status.success());
        if tool(archiver).is_err() {
            eprintln!("SKIPPED: no archiver for {target}: {archiver}");
            continue;
        }
        let args = [
            "build",
            "main.c",
            "-Iinc",
            "-DLIMIT=14",
            "-Llib",
            "--target",
            target,
            "-o",
            "out",
        ];
        assert_eq!(dir.run(&args).status, 2, "{target}: triple is missing");
        dir.run(&[&args[..], &["-ltriple"]].concat()).ok();
        let ran = dir
            .run(&["run", "out", "--gas", "1_000_000", "--json"])
            .ok()
            .json();
        assert_eq!(ran["output"], "2a", "{target}");
        assert_eq!(
            dir.run(&[&args[..], &["-lnone"]].concat()).status,
            2,
            "{target}"
        );
    }
}

/// What is no source is refused before a tool sees it, and no source is written over.
#[test]
fn build_reads_sources_and_leaves_them_alone() {
    let dir = Dir::new();
    write_two_files(&dir);
    dir.write("notes.txt", "");
    std::os::unix::fs::symlink("main.c", dir.path("link.ihx")).unwrap();
    let source = dir.read("main.c");
    for (args, said) in [
        (&["notes.txt"][..], "notes.txt: expected a source in C"),
        (&["main.c", "main.ihx"], "main.ihx: expected a source in C"),
        (&["none.c"], "none.c: No such file"),
        (
            &["main.c", "-o", "main.c"],
            "main.c: an image is not written",
        ),
        (
            &["main.c", "-o", "inc/triple.h"],
            "inc/triple.h: an image is not written",
        ),
        (
            &["main.c", "-o", "link.ihx"],
            "link.ihx: this command reads that file",
        ),
        (
            &[
                "main.c",
                "-DLIMIT=1",
                "-Iinc",
                "triple.c",
                "--debug",
                "-o",
                "a.cdb",
            ],
            "a.cdb: an image",
        ),
    ] {
        let refused = dir.run(&[&["build"], args].concat());
        assert_eq!(refused.status, 2, "{args:?}");
        assert!(
            refused.stderr.contains(said),
            "{args:?}: {}",
            refused.stderr
        );
        assert!(refused.stderr.lines().count() < 4, "{}", refused.stderr);
    }
    assert_eq!(dir.read("main.c"), source);
}

/// Blocks and seconds pass as told, and are taken back like others.
#[test]
fn blocks_are_mined_and_time_advances() {
    let dir = Dir::new();
    let on_chain = |args: &[&str]| dir.run(&[args, &["--store", "chain"]].concat());
    assert_eq!(
        on_chain(&["chain", "mine"]).status,
        2,
        "there is no chain yet"
    );
    on_chain(&["account", "new", "alice"]).ok();
    let place = |report: &Value| [number(report, "height"), number(report, "time")];
    let start = place(&on_chain(&["block", "--json"]).ok().json());
    let one = on_chain(&["chain", "mine", "--json"]).ok().json();
    assert_eq!(place(&one), [start[0] + 1, start[1] + 10]);
    let more = on_chain(&["chain", "mine", "3", "--json"]).ok().json();
    assert_eq!(
        (place(&more), &more["blocks"]),
        ([start[0] + 4, start[1] + 40], &3.into())
    );
    let later = on_chain(&["chain", "advance", "--seconds", "86_400", "--json"])
        .ok()
        .json();
    assert_eq!(place(&later), [start[0] + 5, start[1] + 86_440]);
    let newest = on_chain(&["block", "--json"]).ok().json();
    assert_eq!(
        (place(&newest), &newest["hash"]),
        (place(&later), &later["hash"])
    );
    assert_eq!(
        on_chain(&["chain", "mine", "0", "--json"]).ok().json()["blocks"],
        0
    );
    let text = on_chain(&["chain", "mine"]).ok().stdout;
    assert!(
        text.starts_with(&format!("height       {}\n", start[0] + 6)),
        "{text}"
    );
    let beyond = on_chain(&["chain", "advance", "--seconds", "0xffff_ffff_ffff_ffff"]);
    assert!(
        beyond.status == 2 && beyond.stderr.contains("is no time"),
        "{}",
        beyond.all()
    );
    assert_eq!(on_chain(&["chain", "mine", "-1"]).status, 2);
    on_chain(&["rollback", "6"]).ok();
    assert_eq!(place(&on_chain(&["block", "--json"]).ok().json()), start);
    on_chain(&["state", "check"]).ok();
}

/// Contracts are listed in order of deployment, named or not.
#[test]
fn contracts_are_listed() {
    let dir = Dir::new();
    dir.write("keys.wat", KEYS);
    dir.write(
        "token.ihx",
        firmware_samples::sample("token").unwrap().image,
    );
    let on_chain = |args: &[&str]| dir.run(&[args, &["--store", "chain"]].concat());
    on_chain(&["account", "new", "alice"]).ok();
    assert_eq!(
        on_chain(&["contract", "list", "--json"]).ok().stdout,
        "{\"contracts\":[]}\n"
    );
    on_chain(&["deploy", "token.ihx", "--from", "alice", "--name", "token"]).ok();
    on_chain(&["chain", "mine", "254"]).ok();
    // Its registered id, 257-0, begins with a smaller byte than 2-0.
    on_chain(&["deploy", "keys.wat", "--from", "alice"]).ok();
    on_chain(&[
        "call",
        "token",
        "--from",
        "alice",
        "--value",
        "5",
        "--input",
        "u8:3",
        "--input",
        "regid:alice",
    ])
    .ok();
    let listed = on_chain(&["contract", "list", "--json"]).ok().json();
    let field = |key: &str| [&listed["contracts"][0][key], &listed["contracts"][1][key]];
    assert_eq!(field("contract"), ["2-0", "257-0"]);
    assert_eq!(field("name"), [&Value::from("token"), &Value::Null]);
    assert_eq!(field("engine"), ["8051", "wasm"]);
    assert_eq!(field("balance"), [&Value::from(5), &Value::from(0)]);
    let shown = on_chain(&["account", "show", "2-0", "--json"]).ok().json();
    assert_eq!(*field("address")[0], shown["address"]);
    let text = on_chain(&["contract", "list"]).ok().stdout;
    assert!(
        text.starts_with("token            2-0      ") && text.lines().count() == 2,
        "{text}"
    );
}

/// The methods are those of the table, with the price that a call pays.
#[test]
fn the_methods_are_listed_with_what_they_cost() {
    let dir = Dir::new();
    let listed = dir.run(&["abi", "list", "--json"]).ok().json();
    let methods = listed["methods"].as_array().unwrap();
    assert_eq!(methods.len(), abi::method::METHODS.len());
    dir.write("keys.wat", KEYS);
    let gas_of = |input: &str| {
        let args = [
            "run",
            "keys.wat",
            "--gas",
            "1_000_000",
            "--json",
            "--input",
            input,
        ];
        number(&dir.run(&args).ok().json(), "gas")
    };
    // Two keys of 1 byte with values of 1 byte: what the second adds is one call and its loop.
    let write = &methods[17];
    assert_eq!(
        (&write["number"], &write["name"]),
        (&17.into(), &"db_write".into())
    );
    let priced = number(&write["gas"], "base")
        + number(&write["gas"]["arguments"], "gas")
            * 2u64.div_ceil(number(&write["gas"]["arguments"], "bytes"))
        + number(&write["gas"]["answer"], "gas")
        + number(&listed["schedule"]["storage"], "added");
    let paid = gas_of("11000102") - gas_of("11000101");
    assert!(
        (priced..priced + 64).contains(&paid),
        "{paid} paid, {priced} by the list: {write}"
    );
    let text = dir.run(&["abi", "list"]).ok().stdout;
    assert!(
        text.contains("db_write") && text.contains("+ storage\n"),
        "{text}"
    );
}

/// What `smart51 sdk` writes makes the image that `smart51 build` makes.
#[test]
fn the_sdk_builds_what_build_builds() {
    let dir = Dir::new();
    let token = firmware_samples::sample("token").unwrap();
    dir.write("token.c", token.source);
    let written = dir.run(&["sdk", "--out", "a/sdk", "--json"]).ok().json();
    assert_eq!(
        written["files"],
        serde_json::json!(["smart51.h", "smart51.c", "mcs51.asm"])
    );
    let flags = |tool: &str| written["flags"][tool].as_str().unwrap();
    let (compile, link) = (flags("sdcc_compile"), flags("sdcc_link"));
    let script = format!(
        "sdas8051 {} -o mcs51.rel a/sdk/mcs51.asm &&
         sdcc {compile} -Ia/sdk -c a/sdk/smart51.c -o smart51.rel &&
         sdcc {compile} -Ia/sdk -c token.c -o token.rel &&
         sdcc {link} mcs51.rel smart51.rel token.rel -o token.ihx &&
         clang {} -Ia/sdk token.c a/sdk/smart51.c -o token.wasm",
        flags("sdas8051"),
        flags("clang"),
    );
    let mut shell = std::process::Command::new("sh");
    common::ran(shell.args(["-c", &script]).current_dir(dir.path(""))).ok();
    let hash = |file| dir.run(&["inspect", file, "--json"]).ok().json()["code_hash"].to_string();
    for (target, file) in [("8051", "token.ihx"), ("wasm", "token.wasm")] {
        dir.run(&["build", "token.c", "--target", target, "-o", "built"])
            .ok();
        assert_eq!(hash("built"), hash(file), "{target}");
    }
    // Again is no change, and nothing is written over.
    dir.run(&["sdk", "--out", "a/sdk"]).ok();
    dir.write("a/sdk/smart51.h", "mine");
    std::fs::remove_file(dir.path("a/sdk/mcs51.asm")).unwrap();
    let refused = dir.run(&["sdk", "--out", "a/sdk"]);
    assert!(
        refused.status == 2 && refused.stderr.contains("smart51.h: is there"),
        "{}",
        refused.all()
    );
    assert_eq!(dir.read("a/sdk/smart51.h"), b"mine");
    assert!(!dir.path("a/sdk/mcs51.asm").exists());
}

/// docs/local-chain.md shows what its commands print.
#[test]
fn the_page_on_the_local_chain_holds() {
    let text = include_str!("../../docs/local-chain.md");
    let dir = Dir::new();
    for name in ["token", "counter"] {
        dir.write(
            &format!("{name}.ihx"),
            firmware_samples::sample(name).unwrap().image,
        );
    }
    let (_, example) = text.split_once("```json\n").unwrap();
    dir.write("context.json", example.split_once("```").unwrap().0);
    assert!(page::holds("local-chain.md", &dir) > 10);
}

/// The names in backquotes in the first column of the rows after `heading` of the page on the local chain.
fn listed_after(heading: &str) -> Vec<&'static str> {
    let text = include_str!("../../docs/local-chain.md");
    let (_, rows) = text.split_once(&format!("| {heading} |")).unwrap();
    let rows = rows
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with("| "));
    let mut names: Vec<_> = rows
        .flat_map(|row| {
            row[2..]
                .split(" | ")
                .next()
                .unwrap()
                .split('`')
                .skip(1)
                .step_by(2)
        })
        .collect();
    names.sort_unstable();
    names
}

/// The page on the local chain has a row for each field of a context.
#[test]
fn every_field_of_a_context_is_documented() {
    let source = include_str!("../../chain/verify/src/recording/format.rs");
    let (_, fields) = source.split_once("pub struct Context {").unwrap();
    let (fields, _) = fields.split_once("\n}").unwrap();
    let fields = fields
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub "));
    let mut fields: Vec<&str> = fields
        .map(|field| field.split(':').next().unwrap())
        .collect();
    fields.sort_unstable();
    assert!(fields.len() > 15);
    assert_eq!(listed_after("field"), fields);
}

/// The page on the local chain has every key of a receipt in JSON.
#[test]
fn every_key_of_a_receipt_is_documented() {
    let dir = Dir::new();
    let made = ["account", "new", "amy", "--store", "chain"];
    dir.run(&made).ok();
    let block = ["block", "1", "--store", "chain", "--json"];
    let block = dir.run(&block).ok().json();
    let receipt = block["receipts"][0].as_object().unwrap();
    let mut keys: Vec<&str> = receipt.keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert!(keys.len() > 20, "{keys:?}");
    assert_eq!(listed_after("`--json`"), keys);
}

/// The page on the local chain has a row for each name of a fault.
#[test]
fn every_name_of_a_fault_is_documented() {
    let mut names = Vec::new();
    for source in [
        include_str!("../../bridge/src/outcome.rs"),
        include_str!("../../hostapi/src/host.rs"),
    ] {
        let faults = source.lines().filter(|line| {
            ["Fault::", "HostFault::", "Trap::"]
                .iter()
                .any(|path| line.trim().starts_with(path))
        });
        let quoted = faults.filter_map(|line| line.split_once("=> \"")?.1.strip_suffix("\","));
        names.extend(quoted.filter(|name| !name.contains(' ')));
    }
    names.sort_unstable();
    assert!(names.len() > 15, "{names:?}");
    assert_eq!(listed_after("fault"), names);
}

/// A misspelt field of a context is not passed over in silence.
#[test]
fn an_unknown_field_of_a_context_is_told() {
    let dir = Dir::new();
    dir.write(
        "counter.ihx",
        firmware_samples::sample("counter").unwrap().image,
    );
    let run = |context: &str| {
        dir.write("context.json", context);
        dir.run(&["run", "counter.ihx", "--context", "context.json"])
    };
    let known = run(r#"{"height": 7, "tx": {"pay_amount": 1}}"#).ok();
    assert_eq!(known.stderr, "");
    let misspelt = run(r#"{"heigth": 7, "tx": {"amount": 1}}"#).ok();
    assert_eq!(
        misspelt.stderr,
        "context.json: there is no field `heigth`; it does nothing\n\
         context.json: there is no field `tx.amount`; it does nothing\n"
    );
    assert_eq!(run("{} {}").status, 2);
}

/// A transfer prints a receipt that is found again, and says why it cannot be.
#[test]
fn a_transfer_has_a_receipt() {
    let dir = Dir::new();
    dir.write("keys.wat", KEYS);
    let on_chain = |args: &[&str]| dir.run(&[args, &["--store", "chain"]].concat());
    assert_eq!(
        on_chain(&["transfer", "a", "b", "1"]).status,
        2,
        "there is no chain"
    );
    on_chain(&["account", "new", "alice"]).ok();
    on_chain(&["account", "new", "bob", "--balance", "5"]).ok();
    on_chain(&["deploy", "keys.wat", "--from", "alice", "--name", "keys"]).ok();
    let bob = on_chain(&["account", "show", "bob", "--json"]).ok().json();
    let address = bob["address"].as_str().unwrap();
    let sent = on_chain(&["transfer", "alice", address, "1_000", "--json"])
        .ok()
        .json();
    assert_eq!(
        [&sent["kind"], &sent["from"], &sent["to"], &sent["outcome"]],
        ["transfer", "1-0", "2-0", "success"]
    );
    assert_eq!(number(&sent, "value"), 1000);
    assert!(
        number(&sent, "gas") > 0 && sent["gas"] == sent["fee"] && sent["gas"] == sent["charged"]
    );
    let id = sent["transaction"].as_str().unwrap();
    assert_eq!(on_chain(&["receipt", id, "--json"]).ok().json(), sent);
    let text = on_chain(&["receipt", id]).ok().stdout;
    assert!(
        text.contains("transfer     1-0 to 2-0, amount 1000\n"),
        "{text}"
    );
    let balance = on_chain(&["account", "show", "bob", "--json"]).ok().json();
    assert_eq!(number(&balance, "balance"), 1005);
    for (args, said) in [
        (["alice", "keys", "1"], "is a contract"),
        (
            ["alice", "carol", "1"],
            "there is no account or contract `carol`",
        ),
        (["bob", "alice", "1"], "the transaction may cost"),
        (["alice", "bob", "-1"], "unexpected argument"),
    ] {
        let refused = on_chain(&[&["transfer"], &args[..]].concat());
        assert!(
            refused.status == 2 && refused.stderr.contains(said),
            "{}",
            refused.all()
        );
    }
    on_chain(&["state", "check"]).ok();
}

/// Recursion that the stack has no room for ends the call as a fault, wherever it is that the stack would wrap: at a call, a
/// push, or the frame of a function.
#[test]
fn recursion_too_deep_is_a_fault_with_its_name() {
    let dir = Dir::new();
    dir.write(
        "stack.c",
        "#include \"smart51.h\"
        static uint16_t f(uint16_t n, uint8_t a, uint8_t b, uint8_t c) __reentrant
        {
            uint8_t loc[8];
            uint8_t i;
            for (i = 0; i < 8; i++)
                loc[i] = n + i;
            return n == 0 ? a + b + c : f(n - 1, a, b, c) + loc[n & 7];
        }
        void contract(void)
        {
            uint16_t n = 3;
            uint16_t r;
            s51_take_input(&n, 2);
            r = f(n, 1, 2, 3);
            s51_print(1, &r, 2);
        }
        ",
    );
    dir.run(&["build", "stack.c"]).ok();
    let test = |depth: u16, expect: &str| {
        let steps = format!(
            "[accounts]\na = 0\n[contracts.s]\nimage = \"stack.ihx\"\n[[step]]\ncall = \"s\"\ninput = \"u16:{depth}\"\n{expect}\n"
        );
        dir.write("stack.scenario.toml", steps);
        dir.run(&["test", "stack.scenario.toml"]).ok();
    };
    test(3, "expect.outcome = \"success\"");
    for depth in 14..30 {
        test(
            depth,
            "expect.outcome = \"fault\"\nexpect.fault = \"stack_overflow\"",
        );
    }
}
