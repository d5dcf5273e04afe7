//! The tree of a transaction: names, what each frame used, where it faulted, and its host calls.

use super::{Dir, OPEN, SWAP, exchange, on_chain};
use serde_json::Value;

/// The lines of the tree in a receipt, without the label in front.
fn tree(text: &str) -> Vec<&str> {
    text.lines()
        .filter_map(|line| line.strip_prefix("calls        "))
        .collect()
}

/// Symbols for the token's image: one function and one line for all of it.
pub(super) fn with_symbols(dir: &Dir) {
    dir.write(
        "token.cdb",
        "L:G$move$0$0:0\nL:XG$move$0$0:FFFF\nL:C$token.c$77$0_0$1:0\n",
    );
}

/// Each frame has its contract's name, its end, its gas and its own cycles, in text and in JSON; receipts and blocks
/// show the same tree.
#[test]
fn each_frame_has_name_outcome_gas_and_cycles() {
    let dir = exchange();
    let called = on_chain(&dir, SWAP).ok().stdout;
    assert!(called.contains("\ncall         alice 1-0 to exchange 4-0, value 0\n"));
    assert!(called.contains("\nevent        exchange 4-0 swapped("));
    let lines = tree(&called);
    let [exchange, gold, silver] = lines[..] else {
        panic!("{called}")
    };
    for (line, name) in [
        (exchange, "exchange 4-0: success, "),
        (gold, "  gold 2-0: success, "),
        (silver, "  silver 3-0: success, "),
    ] {
        assert!(line.starts_with(name), "{line}");
        assert!(line.ends_with(" machine cycles of its own") && line.contains(" gas, "));
    }
    let id = called.split_whitespace().nth(1).expect("an id");
    for words in [format!("receipt {id}"), "block 10".into()] {
        assert_eq!(tree(&on_chain(&dir, &words).ok().stdout), lines, "{words}");
    }
    let report = on_chain(&dir, &format!("receipt {id} --json")).ok().json();
    let frames = report["frames"].as_array().expect("frames");
    let names: Vec<&Value> = frames.iter().map(|frame| &frame["receiver_name"]).collect();
    assert_eq!(names, ["exchange", "gold", "silver"]);
    for frame in frames {
        assert!(
            frame["place"].is_null() && frame["calls"].is_null(),
            "{frame}"
        );
    }
    assert!(report["calls_left_out"].is_null());
}

/// With `--calls` each frame has its host calls, and a called contract stands below the call that entered it.
#[test]
fn host_calls_are_shown_on_request() {
    let dir = exchange();
    for command in [
        format!("{SWAP} --dry-run"),
        "query exchange --from alice --input u8:2 --input u8:0 --input u64:10000 --input u64:1"
            .into(),
    ] {
        let text = on_chain(&dir, &format!("{command} --calls")).ok().stdout;
        let lines = tree(&text);
        let at = |start: &str| {
            let found = lines.iter().position(|line| line.starts_with(start));
            found.unwrap_or_else(|| panic!("no {start:?} in {text}"))
        };
        assert_eq!(at("exchange 4-0: success"), 0);
        // Of the 28 bytes of the pool the first ones are shown.
        assert!(
            lines[1].starts_with("  db_read(706f6f6c) = [02000000"),
            "{text}"
        );
        assert!(lines[1].ends_with("..(28 bytes)]"), "{text}");
        let call = at("  call_contract(0200");
        // The reply is a record, and nothing of the chain's own log.
        assert!(
            lines[call].contains(") = [0101") && lines[call].ends_with("000000]"),
            "{text}"
        );
        assert!(lines[call + 1].starts_with("  gold 2-0: success"), "{text}");
        assert_eq!(lines[call + 2], "    caller() = [040000000000]");
        assert!(at("  silver 3-0: success") > at("  call_contract(0300"));
        assert!(at("  emit(73776170706564") > at("  silver 3-0: success"));
        let report = on_chain(&dir, &format!("{command} --calls --json"))
            .ok()
            .json();
        assert_eq!(report["calls_left_out"], 0);
        let mut sum = 0;
        for frame in report["frames"].as_array().expect("frames") {
            let calls = frame["calls"].as_array().expect("calls");
            assert_eq!(
                calls.len() as u64,
                frame["host_calls"].as_u64().expect("a number")
            );
            sum += calls.len() as u64;
        }
        assert_eq!(report["host_calls"], sum);
        let read = &report["frames"][0]["calls"][0];
        assert_eq!(
            (&read["name"], &read["status"]),
            (&"db_read".into(), &1.into())
        );
        assert_eq!(read["reply"][0].as_str().map(str::len), Some(56));
    }
}

/// A frame that faults has its PC, and where its image lies on disk with symbols, function, file and line.
#[test]
fn a_fault_has_its_place_in_each_frame() {
    let dir = exchange();
    with_symbols(&dir);
    let fails = format!("{SWAP} --dry-run --gas 40000");
    let ran = on_chain(&dir, &fails);
    assert_eq!(ran.status, 1, "{}", ran.all());
    let lines = tree(&ran.stdout);
    assert!(lines[0].starts_with("exchange 4-0: fault out_of_gas: out of gas, "));
    assert!(lines[1].starts_with("  at CODE 0x"), "{}", ran.stdout);
    assert!(lines[2].starts_with("  gold 2-0: fault out_of_gas: "));
    assert!(lines[3].starts_with("    at CODE 0x") && !lines[3].contains(" in "));
    let named = on_chain(&dir, &format!("{fails} --image token.ihx"));
    let line = tree(&named.stdout)[3];
    assert!(line.ends_with(" in move, token.c:77"), "{line}");
    assert_eq!(named.stderr, "");
    let report = on_chain(&dir, &format!("{fails} --image token.ihx --json")).json();
    let place = &report["frames"][1]["place"];
    assert!(
        place["pc"].as_str().is_some_and(|pc| line.contains(pc)),
        "{place}"
    );
    assert_eq!(
        [&place["function"], &place["file"], &place["line"]],
        [&Value::from("move"), &"token.c".into(), &77.into()]
    );
    assert!(report["frames"][0]["place"]["function"].is_null());
    // One function for all of the image is called by nobody.
    assert_eq!(place["callers"], Value::Array(Vec::new()));
    // A frame that only refuses has none.
    let refused = on_chain(&dir, &format!("{OPEN} --dry-run --image exchange.ihx"));
    assert_eq!(refused.status, 2, "no symbols: {}", refused.all());
    let refused = on_chain(&dir, &format!("{OPEN} --dry-run"));
    assert_eq!(refused.status, 1);
    assert!(!refused.stdout.contains("at CODE"), "{}", refused.stdout);
}

/// Below the place of a fault stand the calls that led there: of the host call that the gas ended, here.
#[test]
fn a_fault_has_the_calls_that_led_there() {
    let dir = exchange();
    dir.write(
        "token.map",
        "C:   00000015  _start   m\nC:   00000030  _rest   m\n",
    );
    let words = "call gold --from alice --input u8:2 --input regid:alice --input u64:1 --gas 17000 --dry-run \
                 --image token.ihx";
    let text = on_chain(&dir, words).stdout;
    let lines = tree(&text);
    assert_eq!(lines[1], "  at CODE 0x0012", "{text}");
    assert!(
        lines[2].starts_with("  called at CODE 0x") && lines[2].ends_with(" in rest"),
        "{text}"
    );
    let report = on_chain(&dir, &format!("{words} --json")).json();
    let caller = &report["frames"][0]["place"]["callers"][0];
    assert_eq!(
        (&caller["function"], &caller["line"]),
        (&"rest".into(), &Value::Null)
    );
    assert!(
        caller["pc"]
            .as_str()
            .is_some_and(|pc| lines[2].contains(pc)),
        "{report}"
    );
}

/// What symbol files say is text of others.
#[test]
fn symbols_forge_no_line_of_a_tree() {
    let dir = exchange();
    dir.write(
        "token.cdb",
        "L:G$a\u{1b}[2J\u{202e}$0$0:0\nL:XG$a\u{1b}[2J\u{202e}$0$0:FFFF\nL:C$b\u{7}\u{9b}1m.c$7$0_0$1:0\n",
    );
    let words =
        "query gold --from alice --input u8:3 --input regid:alice --gas 17000 --image token.ihx";
    let ran = on_chain(&dir, words);
    assert!(
        ran.stdout
            .contains(r" in a\u{1b}[2J\u{202e}, b\u{7}\u{9b}1m.c:7"),
        "{}",
        ran.all()
    );
    let json = on_chain(&dir, &format!("{words} --json"));
    for text in [ran.stdout, json.stdout] {
        assert!(
            text.chars().all(|c| c == '\n' || !c.is_control()),
            "{text:?}"
        );
    }
}

/// Images that say nothing of places are refused before anything runs; one that no frame ran is told.
#[test]
fn images_that_say_nothing_are_refused_or_told() {
    let dir = exchange();
    dir.write("w.wat", super::EMPTY);
    let newest = on_chain(&dir, "block --json").ok().json()["height"].clone();
    for (image, said) in [
        ("w.wat", "w.wat: --image is for the 8051"),
        (
            "exchange.ihx",
            "no symbols beside it; build it with `smart51 build --debug`",
        ),
        ("nothing.ihx", "nothing.ihx"),
    ] {
        let ran = on_chain(&dir, &format!("{SWAP} --image {image}"));
        assert_eq!(ran.status, 2, "{image}");
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
    dir.write(
        "exchange.cdb",
        "L:G$f$0$0:F000\nL:XG$f$0$0:F010\nL:C$x.c$1$0_0$1:F000\n",
    );
    let other = on_chain(&dir, &format!("{SWAP} --image exchange.ihx"));
    assert_eq!(other.status, 2);
    assert!(
        other.stderr.contains("symbols are those of another image"),
        "{}",
        other.stderr
    );
    assert_eq!(on_chain(&dir, "block --json").ok().json()["height"], newest);
    with_symbols(&dir);
    let unused = on_chain(
        &dir,
        "query exchange --from alice --input u8:3 --image token.ihx",
    )
    .ok();
    assert_eq!(
        unused.stderr,
        "warning: token.ihx: no contract of this transaction ran this image\n"
    );
}

/// A transaction of several actions has a tree too, with places and host calls.
#[test]
fn actions_have_a_tree() {
    let dir = exchange();
    dir.write(
        "actions.toml",
        "[[action]]\naccount = \"gold\"\ndata = [\"u8:2\", \"regid:alice\", \"u64:1\"]\n\
         [[action]]\naccount = \"silver\"\ndata = [\"u8:2\", \"regid:alice\", \"u64:1\"]\n",
    );
    with_symbols(&dir);
    let words = "transact actions.toml --from alice --dry-run --image token.ihx";
    let ran = on_chain(&dir, &format!("{words} --gas 60000")).ok();
    let lines: Vec<&str> = ran
        .stdout
        .lines()
        .filter(|line| line.starts_with("frames "))
        .collect();
    assert!(
        lines[0].starts_with("frames       gold 2-0: success"),
        "{}",
        ran.stdout
    );
    assert!(
        lines[1].starts_with("frames       silver 3-0: success"),
        "{}",
        ran.stdout
    );
    // The second action has too little left.
    let gas = on_chain(&dir, &format!("{words} --json")).json()["gas"]
        .as_u64()
        .expect("gas")
        - 400;
    let ran = on_chain(&dir, &format!("{words} --gas {gas} --calls"));
    let lines: Vec<&str> = ran
        .stdout
        .lines()
        .filter(|line| line.starts_with("frames "))
        .collect();
    assert!(
        lines[1].starts_with("frames         caller() = ["),
        "{}",
        ran.stdout
    );
    let at = lines
        .iter()
        .position(|line| line.starts_with("frames       silver 3-0: fault out_of_gas"));
    let place = lines[at.expect("it faults") + 1];
    assert!(
        place.starts_with("frames         at CODE 0x") && place.ends_with(" in move, token.c:77"),
        "{place}"
    );
}

/// A step that comes out otherwise than expected has its tree, with places; the others have none.
#[test]
fn a_failing_step_has_its_tree() {
    let dir = exchange();
    with_symbols(&dir);
    dir.write(
        "t.scenario.toml",
        "[accounts]\nalice = 1_000_000_000\n[contracts.token]\nimage = \"token.ihx\"\n\
         [[step]]\ncall = \"token\"\ninput = [\"u8:1\", \"regid:alice\", \"u64:5\"]\n\
         [[step]]\ncall = \"token\"\ngas = 17_000\ninput = [\"u8:2\", \"regid:alice\", \"u64:1\"]\n",
    );
    let ran = dir.run(&["test", "t.scenario.toml"]);
    assert_eq!(ran.status, 1);
    let (_, frames) = ran.stdout.split_once("          frames\n").expect("a tree");
    let lines: Vec<&str> = frames.lines().collect();
    assert!(lines[0].starts_with("            token "), "{frames}");
    assert!(lines[0].contains(": fault out_of_gas: "), "{frames}");
    assert!(
        lines[1].starts_with("              at CODE 0x")
            && lines[1].ends_with(" in move, token.c:77")
    );
    assert!(!ran.stdout.contains("db_read"));
    let with_calls = dir.run(&["test", "t.scenario.toml", "--calls"]).stdout;
    assert!(
        with_calls.contains("\n              caller() = ["),
        "{with_calls}"
    );
    let report = dir.run(&["test", "t.scenario.toml", "--json"]).json();
    let steps = &report["results"][0]["steps"];
    assert!(steps[0]["frames"].is_null());
    assert_eq!(steps[1]["frames"][0]["place"]["line"], 77);
}

/// `run` says where its contract faulted.
#[test]
fn a_run_says_where_it_faulted() {
    let dir = exchange();
    let words = [
        "run",
        "token.ihx",
        "--gas",
        "17_000",
        "--input",
        "u8:2",
        "--input",
        "regid:sender",
        "--input",
        "u64:1",
    ];
    let bare = dir.run(&words);
    let places = bare
        .stdout
        .lines()
        .filter(|line| line.starts_with("fault ") && line.contains(" at CODE 0x"));
    let named = places.clone().filter(|line| line.contains(" in "));
    assert_eq!(
        (bare.status, places.count() > 2, named.count()),
        (1, true, 0),
        "{}",
        bare.all()
    );
    with_symbols(&dir);
    let named = dir.run(&words).stdout;
    assert!(
        named.contains("\nfault           at CODE 0x") && named.contains(" in move, token.c:77\n"),
        "{named}"
    );
    let report = dir.run(&[&words[..], &["--json"]].concat()).json();
    assert_eq!(report["place"]["pc"], report["pc"]);
    assert_eq!(report["place"]["function"], "move");
}
