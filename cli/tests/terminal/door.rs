//! Text of others on its way to a terminal: whatever it holds, it moves no cursor and forges no line.

use super::{Dir, Ran, commands};

/// What a name, a print or a value may hold: ends of lines, escape sequences, turned and hidden letters.
const HOSTILE: &str =
    "x\u{1b}[2J\u{7}\nFORGED  line\r\u{9b}1m\u{202e}\u{2066}\u{200b}\u{feff}\u{2028}\u{7f}y";

/// The same as it is shown, all within its line.
const SHOWN: &str =
    r"x\u{1b}[2J\u{7}\nFORGED  line\r\u{9b}1m\u{202e}\u{2066}\u{200b}\u{feff}\u{2028}\u{7f}y";

/// Bytes for a string of WebAssembly text.
fn wat_bytes(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\{byte:02x}")).collect()
}

/// A contract in WebAssembly that prints [`HOSTILE`] and ends well.
fn printing() -> String {
    let length = HOSTILE.len() as u16;
    let frame = [
        &(length + 5).to_le_bytes()[..],
        &[1, 0, 0],
        &length.to_le_bytes(),
        HOSTILE.as_bytes(),
    ]
    .concat();
    format!(
        r#"(module
  (import "smart51" "call" (func $call (param i32 i32 i32 i32 i32) (result i32)))
  (import "smart51" "exit" (func $exit (param i32)))
  (memory (export "memory") 2)
  (global (export "smart51_buffer") i32 (i32.const 0))
  (data (i32.const 8192) "{}")
  (func (export "smart51_main")
    (drop (call $call (i32.const 9) (i32.const 8192) (i32.const {}) (i32.const 65536) (i32.const 4096)))
    (call $exit (i32.const 1))))"#,
        wat_bytes(&frame),
        frame.len()
    )
}

/// A string of TOML or JSON.
fn quoted(text: &str) -> String {
    let unit = |unit: u16| format!("\\u{unit:04x}");
    let units = text.encode_utf16().map(unit);
    format!("\"{}\"", units.collect::<String>())
}

/// A folder with hostile files of all kinds, and a chain on which `print` was called last.
fn hostile_dir() -> Dir {
    let dir = Dir::new();
    dir.write("print.wat", printing());
    let import = wat_bytes(HOSTILE.as_bytes());
    dir.write(
        "import.wat",
        format!("(module (import \"{import}\" \"x\" (func)))"),
    );
    dir.write(
        "named.wat",
        format!(
            r#"(module
  (memory (export "memory") 1)
  (global (export "smart51_buffer") i32 (i32.const 0))
  (func $"{import}" unreachable)
  (func (export "smart51_main") (call $"{import}")))"#
        ),
    );
    dir.write("loop.asm", "sjmp $\n");
    dir.run(&["asm", "loop.asm", "-o", "loop.ihx"]).ok();
    dir.write("bad.asm", format!("mov A,{HOSTILE}\n"));
    dir.write("bad.c", format!("#error {HOSTILE}\n"));
    dir.write(
        "stimulus.txt",
        format!(
            "10 {} 0\n",
            HOSTILE.replace([' ', '\n', '\r', '\u{2028}'], "")
        ),
    );
    let scenario = |rest: &str| {
        format!(
            "[accounts]\nalice = 1_000_000_000\n[contracts.p]\nimage = \"print.wat\"\n[[step]]\ncall = \"p\"\n{rest}\n"
        )
    };
    let name = quoted(HOSTILE);
    dir.write(
        "name.scenario.toml",
        scenario(&format!("name = {name}\nexpect.fault = {name}")),
    );
    dir.write("key.scenario.toml", scenario(&format!("{name} = 1")));
    dir.write("input.scenario.toml", scenario(&format!("input = {name}")));
    dir.write(
        "name.toml",
        format!("[[action]]\naccount = {name}\nname = {name}\n"),
    );
    dir.write("key.toml", format!("{name} = 1\n"));
    dir.write("key.test.toml", format!("{name} = 1\n"));
    dir.write(
        "stop.test.toml",
        format!("image = \"loop.ihx\"\nmax_cycles = 10\nexpect.stop = {name}\n"),
    );
    dir.write("context.json", format!("{{\"network\": {name}}}"));
    let contract = |of: &str, text: &str| {
        format!(
            "{{\"version\": \"eosio::abi/1.2\", \"structs\": [{{\"name\": \"a\", \"fields\": [{{\"name\": {name}, \"type\": {of}}}]}}],
              \"actions\": [{{\"name\": \"a\", \"type\": \"a\", \"ricardian_contract\": {text}}}]}}"
        )
    };
    dir.write("sound.json", contract("\"string\"", &name));
    dir.write("other.json", contract("\"uint8\"", "\"\""));
    dir.write("wrong.json", contract(&name, "\"\""));
    dir.write("key.json", format!("{{{name}: 1}}"));
    let mut text = vec![HOSTILE.len() as u8];
    text.extend(HOSTILE.as_bytes());
    dir.write("value.bin", text);
    dir.run(&["run", "print.wat", "--record", "call.json"]).ok();
    let recording = String::from_utf8(dir.read("call.json")).unwrap();
    dir.write(
        "call.json",
        recording
            .replacen("\"print\"", &name, 1)
            .replacen("\"v1\"", &name, 1),
    );
    dir.write("said.json", recording.replacen("\"success\"", &name, 1));
    for args in [
        &["account", "new", "alice"][..],
        &["deploy", "print.wat", "--from", "alice", "--name", "print"],
        &["call", "print", "--from", "alice"],
    ] {
        dir.run(&[args, &["--store", "chain"]].concat()).ok();
    }
    dir
}

/// What to give `command` so that hostile text comes out of it. A command that is not here fails the test: add it.
fn hostile(command: &str) -> Vec<Vec<&'static str>> {
    let plain: &[&[&'static str]] = match command {
        "inspect" => &[&["import.wat"], &[HOSTILE]],
        "disasm" => &[&[HOSTILE]],
        "asm" => &[&["bad.asm", "-o", "out.ihx"], &["loop.asm", "-o", HOSTILE]],
        "build" => &[&["bad.c"], &["bad.c", "--target", "wasm"], &[HOSTILE]],
        "firmware" => &[
            &[HOSTILE],
            &["loop.ihx", "--stimulus", "stimulus.txt"],
            &["loop.ihx", "--chip", HOSTILE],
        ],
        "firmware-test" => &[&["stop.test.toml"], &["key.test.toml"], &[HOSTILE]],
        "new" => &[&[HOSTILE]],
        "sdk" => &[&["--out", HOSTILE]],
        "run" => &[
            &["print.wat"],
            &["import.wat"],
            &["print.wat", "--context", "context.json"],
            &["named.wat"],
            &["named.wat", "--trace", "calls"],
            &[HOSTILE],
        ],
        "replay" => &[&["call.json"], &["said.json"], &[HOSTILE]],
        "test" => &[
            &["name.scenario.toml"],
            &["key.scenario.toml"],
            &["input.scenario.toml"],
            &[HOSTILE],
        ],
        "parity" => &[
            &["print.wat", "print.wat", "name.scenario.toml"],
            &[
                "print.wat",
                "print.wat",
                "name.scenario.toml",
                "--contract",
                HOSTILE,
            ],
        ],
        "abi check" | "abi docs" | "abi json" => {
            &[&["wrong.json"], &["sound.json"], &["key.json"], &[HOSTILE]]
        }
        "abi binary" => &[&["key.json"], &["sound.json", "-o", HOSTILE], &[HOSTILE]],
        "abi diff" => &[
            &["sound.json", "other.json"],
            &["sound.json", "wrong.json"],
            &[HOSTILE, HOSTILE],
        ],
        "abi encode" => &[
            &["sound.json", "a", "{}"],
            &["wrong.json", "a", "{}"],
            &["sound.json", HOSTILE, "1"],
            &["sound.json", "uint8", HOSTILE],
        ],
        "abi decode" => &[
            &["sound.json", "a", "@value.bin"],
            &["sound.json", "string", "@value.bin"],
            &["sound.json", HOSTILE, "00"],
        ],
        "abi extract" => &[&["hostile.c"], &["print.wasm"], &[HOSTILE]],
        "abi show" => &[&["print"], &[HOSTILE]],
        "deploy" => &[
            &["import.wat", "--from", "alice"],
            &["print.wat", "--from", HOSTILE],
            &["print.wat", "--from", "alice", "--name", HOSTILE],
        ],
        "call" => &[
            &["print", "--from", "alice"],
            &[HOSTILE, "--from", "alice"],
            &["print", "--from", HOSTILE],
        ],
        "query" => &[&["print"], &[HOSTILE]],
        "receipt" | "rollback" | "trace" => &[&[HOSTILE]],
        "events" => &[&["--contract", HOSTILE], &["--name", HOSTILE]],
        "block" => &[&[], &[HOSTILE]],
        "state" | "account show" | "account new" => &[&[HOSTILE]],
        "state export" => &[&[HOSTILE]],
        "state import" => &[&[HOSTILE]],
        // These take no text: what they don't take is quoted.
        "account" | "account list" | "chain" | "chain new" | "chain mine" | "chain advance"
        | "chain deferred" | "chain schedules" | "gas" | "gas list" | "gas show" | "contract"
        | "contract list" | "state check" | "abi" | "abi list" => &[&[HOSTILE]],
        "gas diff" => &[&[HOSTILE, "xvm"], &["xvm", HOSTILE]],
        "chain schedule" => &[
            &[HOSTILE, "--at", "9", "--from", "alice"],
            &["xvm", "--at", "9", "--from", HOSTILE],
        ],
        "upgrade" => &[
            &["print", "import.wat", "--from", "alice"],
            &[HOSTILE, "print.wat", "--from", "alice"],
            &["print", "print.wat", "--from", HOSTILE],
        ],
        "undeploy" => &[&[HOSTILE, "--from", "alice"], &["print", "--from", HOSTILE]],
        "transact" => &[
            &["name.toml", "--from", "alice"],
            &["key.toml", "--from", "alice"],
            &[HOSTILE, "--from", "alice"],
            &["name.toml", "--from", HOSTILE],
        ],
        "transfer" => &[&[HOSTILE, "bob", "1"]],
        new => panic!("say here how text of others gets into the output of `smart51 {new}`"),
    };
    let mut all: Vec<Vec<_>> = plain.iter().map(|args| args.to_vec()).collect();
    all.push(vec!["--", "-\n", HOSTILE, HOSTILE, HOSTILE, HOSTILE]);
    all
}

/// Whether nothing on either stream does more than show itself.
fn assert_plain(ran: &Ran, args: &[&str]) {
    for text in [&ran.stdout, &ran.stderr] {
        let harmful =
            |c: &char| *c != '\n' && (c.is_control() || (HOSTILE.contains(*c) && !c.is_ascii()));
        assert_eq!(text.chars().find(harmful), None, "{args:?}: {text:?}");
        // A compiler quotes lines of a source, and these stay lines.
        let forged = args[0] != "build"
            && text
                .lines()
                .any(|line| line.trim_start().starts_with("FORGED"));
        assert!(!forged, "{args:?}: {text}");
    }
}

/// Each command, with and without `--json`, given text that would move a cursor or end a line.
#[test]
fn no_command_lets_foreign_text_act_on_a_terminal() {
    let dir = hostile_dir();
    for command in commands(&dir) {
        let words: Vec<&str> = command.split(' ').collect();
        let mut seen = false;
        for given in hostile(&command) {
            let store: &[&str] = &["--store", "chain"];
            let on_chain = dir
                .run(&[&words, &["--help"][..]].concat())
                .stdout
                .contains("--store");
            let options = if on_chain { store } else { &[] };
            for json in [&[][..], &["--json"]] {
                let args = [&words, json, options, &given].concat();
                let ran = dir.run(&args);
                assert_plain(&ran, &args);
                seen |= ran.all().contains(SHOWN);
                if !json.is_empty() {
                    ran.json();
                }
            }
        }
        assert!(
            seen,
            "nothing hostile came out of {command}: the test shows nothing"
        );
    }
}

/// The receipt of a contract that prints a line break has the lines of its own, and one for the print.
#[test]
fn a_print_forges_no_line_of_a_receipt() {
    let dir = hostile_dir();
    let printed = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| line.contains("FORGED"));
        lines.map(str::to_owned).collect()
    };
    let shown = format!("printed      {SHOWN}");
    let block = dir.run(&["block", "3", "--store", "chain", "--json"]);
    let block = block.ok().json();
    let id = block["receipts"][0]["transaction"].as_str().unwrap();
    for args in [
        &["call", "print", "--from", "alice"][..],
        &["query", "print"],
        &["block", "3"],
        &["trace", id],
    ] {
        let ran = dir.run(&[args, &["--store", "chain"]].concat()).ok();
        assert_eq!(printed(&ran.stdout), [shown.as_str()], "{args:?}");
    }
    let ran = dir.run_with(&["run", "-"], &dir.read("print.wat")).ok();
    assert_eq!(printed(&ran.stdout), [format!("printed         {SHOWN}")]);
}

/// Wrong usage of every command is one object that says why, and help is one too.
#[test]
fn usage_errors_are_one_json_object() {
    let dir = Dir::new();
    let mut usages = vec!["--json".to_owned(), "--json fly".into()];
    for command in commands(&dir) {
        usages.push(format!("{command} --json --no-such-option"));
        usages.push(format!("--json {command} a b c d e f g"));
        let help = dir
            .run(
                &format!("{command} --json --help")
                    .split(' ')
                    .collect::<Vec<_>>(),
            )
            .ok();
        assert!(
            help.json()["help"]
                .as_str()
                .unwrap()
                .contains("Usage: smart51")
        );
    }
    for usage in usages {
        let ran = dir.run(&usage.split(' ').collect::<Vec<_>>());
        if ran.status == 1 || ran.status == 0 {
            panic!("{usage}: {}", ran.all());
        }
        let object = ran.json();
        // Tests that are not there have a report each.
        if usage.contains("firmware-test a") {
            continue;
        }
        let keys: Vec<_> = object.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["error"], "{usage}");
        assert!(object["error"].as_str().unwrap().len() > 10, "{usage}");
    }
    let version = dir.run(&["--version", "--json"]).ok().json();
    assert!(version["version"].as_str().unwrap().starts_with("smart51 "));
}

/// JavaScript's numbers are exact to 2^53 - 1: what is larger is a string of digits.
#[test]
fn no_number_in_json_is_one_javascript_rounds() {
    fn check(value: &serde_json::Value) {
        match value {
            serde_json::Value::Number(number) => assert!(
                number
                    .as_i64()
                    .is_some_and(|number| number.unsigned_abs() < 1 << 53),
                "{number}"
            ),
            serde_json::Value::Array(values) => values.iter().for_each(check),
            serde_json::Value::Object(values) => values.values().for_each(check),
            _ => {}
        }
    }
    let dir = Dir::new();
    let new = |name, balance| {
        let args = [
            "account",
            "new",
            name,
            "--balance",
            balance,
            "--store",
            "chain",
            "--json",
        ];
        dir.run(&args).ok().json()
    };
    assert_eq!(
        new("exact", "9007199254740991")["balance"],
        9_007_199_254_740_991_u64
    );
    let large = new("large", "9007199254740993");
    assert_eq!(large["balance"], "9007199254740993");
    let list = dir
        .run(&["account", "list", "--store", "chain", "--json"])
        .ok();
    check(&large);
    check(&list.json());
}

/// Only the door writes to the terminal: a command that wrote by itself would escape nothing.
#[test]
fn nothing_else_writes_to_the_terminal() {
    fn sources(folder: &std::path::Path, all: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, all);
            } else {
                all.push(path);
            }
        }
    }
    let mut all = Vec::new();
    let cli = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    sources(&cli.join("src"), &mut all);
    sources(&cli.join("../firmware/src"), &mut all);
    for file in all {
        let text = std::fs::read_to_string(&file).unwrap();
        for way in [
            "io::stdout",
            "io::stderr",
            "println!",
            "print!(",
            "Stdio::inherit",
        ] {
            // A trace is addresses, mnemonics and registers: nothing of it is anybody's text.
            let allowed = file.ends_with("cli/src/output.rs")
                || (file.ends_with("cli/src/trace.rs") && way == "io::stdout");
            assert!(allowed || !text.contains(way), "{}: {way}", file.display());
        }
    }
}
