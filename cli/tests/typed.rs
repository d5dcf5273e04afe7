//! Typed contracts as their users meet them: built, deployed, called and read by name.

mod common;

use common::{Dir, Ran};
use serde_json::json;

/// A contract with every kind of entry.
const SOURCE: &str = include_str!("cases/typed.c");
/// What it does, by name.
const SCENARIO: &str = include_str!("cases/typed.scenario.toml");

/// A folder with the contract built for both machines, and on a chain as `shop`, by alice; bob is there too.
fn shop() -> Dir {
    let dir = Dir::new();
    dir.write("typed.c", SOURCE);
    let built = dir.run(&["build", "typed.c"]).ok();
    assert!(
        built.stdout.contains("typed.abi: 6 actions"),
        "{}",
        built.stdout
    );
    for name in ["alice", "bob"] {
        dir.run(&["account", "new", name, "--store", "chain"]).ok();
    }
    dir.run(&[
        "deploy",
        "typed.ihx",
        "--name",
        "shop",
        "--from",
        "alice",
        "--store",
        "chain",
    ])
    .ok();
    dir
}

/// Runs a command on the chain.
fn on(dir: &Dir, command: &str) -> Ran {
    let words: Vec<&str> = command.split(' ').chain(["--store", "chain"]).collect();
    dir.run(&words)
}

#[test]
fn both_machines_play_the_typed_scenario() {
    let dir = Dir::new();
    dir.write("typed.c", SOURCE);
    dir.run(&["build", "typed.c"]).ok();
    dir.write("8051.scenario.toml", SCENARIO);
    dir.run(&["test", "8051.scenario.toml"]).ok();
    dir.run(&["build", "typed.c", "--target", "wasm", "-o", "other.wasm"])
        .ok();
    assert_eq!(dir.read("typed.abi"), dir.read("other.abi"));
    dir.write(
        "wasm.scenario.toml",
        SCENARIO.replace("typed.ihx", "other.wasm"),
    );
    dir.run(&["test", "wasm.scenario.toml"]).ok();
    dir.run(&["parity", "typed.ihx", "other.wasm", "8051.scenario.toml"])
        .ok();
}

#[test]
fn a_contract_is_called_by_name() {
    let dir = shop();
    let bought = on(
        &dir,
        "call shop buy memo=hi --value 100 --from alice --json",
    )
    .ok()
    .json();
    assert_eq!(bought["typed"]["action"], "buy");
    assert_eq!(bought["typed"]["arguments"], json!({"memo": "hi"}));
    let given = on(&dir, "call shop give bob 30 --from alice").ok().stdout;
    for line in [
        "action       give {to: bob 2-0, amount: 30}",
        "event        shop 3-0 given {from: alice 1-0, to: bob 2-0, amount: 30}",
    ] {
        assert!(given.contains(line), "{given}");
    }
    let held = on(&dir, "query shop held --args {\"by\":\"bob\"}")
        .ok()
        .stdout;
    assert!(held.contains("returned     30\n"), "{held}");
    let refused = on(&dir, "call shop give alice 31 --from bob");
    assert_eq!(refused.status, 1);
    let outcome = "outcome      refused with exit code 3, TOO_LITTLE: more than there is";
    assert!(refused.stdout.contains(outcome), "{}", refused.stdout);
    let refused = on(&dir, "call shop give alice 31 --from bob --json").json();
    assert_eq!(refused["typed"]["error"], "TOO_LITTLE");
    assert_eq!(refused["typed"]["error_message"], "more than there is");

    // What the chain has says the same later.
    let id = refused["transaction"].as_str().unwrap();
    let receipt = on(&dir, &format!("receipt {id}")).ok().stdout;
    assert!(
        receipt.contains("give {to: alice 1-0, amount: 31}"),
        "{receipt}"
    );
    let trace = on(&dir, &format!("trace {id}")).ok().stdout;
    assert!(
        trace.contains("give {to: alice 1-0, amount: 31}"),
        "{trace}"
    );
    let events = on(&dir, "events").ok().stdout;
    assert!(
        events.contains("shop given {from: alice 1-0, to: bob 2-0, amount: 30}"),
        "{events}"
    );
    let state = on(&dir, "state shop").ok().stdout;
    assert!(
        state.contains("  holdings {account: bob 2-0} = {amount: 30}"),
        "{state}"
    );
    let state = on(&dir, "state shop --json").ok().json();
    assert_eq!(state["data"][0]["row"]["table"], "holdings");
    on(&dir, "state check").ok();

    dir.write(
        "list.toml",
        "[[action]]\naccount = \"shop\"\nname = \"give\"\nargs = { to = \"bob\", amount = 1 }\n",
    );
    let list = on(&dir, "transact list.toml --from alice").ok().stdout;
    assert!(
        list.contains("shop 3-0 give {to: bob 2-0, amount: 1}: success"),
        "{list}"
    );
}

/// What cannot be called says what can.
#[test]
fn a_wrong_call_by_name_says_what_is_expected() {
    let dir = shop();
    for (call, message) in [
        (
            "give bob",
            "give.amount: is missing; expected give to:regid amount:uint64",
        ),
        ("give nobody 1", "give.to: expected a registered id"),
        ("give bob -1", "give.amount: "),
        ("give bob 1 2", "expected 2 values, found 3"),
        ("give bob to=bob 1", "give"),
        (
            "keep",
            "shop has no action keep: it has give, buy, held, title, burn, fill",
        ),
        ("give --args nothing", "--args: not JSON"),
        ("give --args {}", "give.to: is missing"),
        ("give bob --input 01", "cannot be used with"),
        ("give --args [] bob", "cannot be used with"),
    ] {
        let ran = on(&dir, &format!("call shop {call} --from alice"));
        assert_eq!(ran.status, 2, "{call}: {}", ran.stdout);
        assert!(ran.stderr.contains(message), "{call}: {}", ran.stderr);
    }
    dir.run(&[
        "deploy",
        "typed.ihx",
        "--no-abi",
        "--name",
        "bare",
        "--from",
        "alice",
        "--store",
        "chain",
    ])
    .ok();
    let bare = on(&dir, "call bare fill --from alice");
    assert!(bare.stderr.contains("bare has no ABI"), "{}", bare.stderr);
    on(&dir, "call bare --input 06 --from alice").ok();
}

/// An ABI is set with the code, by a file of any name or none, and is gone with new code that has none.
#[test]
fn an_abi_is_set_with_the_code() {
    let dir = shop();
    let described = on(&dir, "abi show shop").ok().stdout;
    for line in [
        "action       give to:regid amount:uint64",
        "action       buy memo:string (takes money)",
    ] {
        assert!(described.contains(line), "{described}");
    }
    dir.write("other.json", on(&dir, "abi show shop --json").ok().stdout);
    let same = on(&dir, "upgrade shop typed.ihx --from alice");
    assert!(
        same.stderr.contains("runs this code already"),
        "{}",
        same.stderr
    );
    on(&dir, "upgrade shop typed.ihx --no-abi --from alice").ok();
    assert!(on(&dir, "abi show shop").stderr.contains("no ABI"));
    on(&dir, "upgrade shop typed.ihx --abi other.json --from alice").ok();
    on(&dir, "query shop title").ok();
    dir.write("typed.abi", b"{}");
    let broken = on(&dir, "deploy typed.ihx --from alice");
    assert_eq!(broken.status, 2);
    assert!(broken.stderr.contains("typed.abi: "), "{}", broken.stderr);
    on(&dir, "undeploy shop --from alice").ok();
    on(&dir, "state check").ok();
}

#[test]
fn contract_json_is_extracted_from_sources() {
    let dir = Dir::new();
    dir.write("typed.c", SOURCE);
    let json = dir.run(&["abi", "extract", "typed.c"]).ok().stdout;
    for target in ["8051", "wasm"] {
        dir.run(&[
            "abi", "extract", "typed.c", "--target", target, "-o", "out.json",
        ])
        .ok();
        assert_eq!(String::from_utf8(dir.read("out.json")).unwrap(), json);
    }
    dir.write(
        "plain.c",
        "#include \"smart51.h\"\nvoid contract(void) {}\n",
    );
    let plain = dir.run(&["abi", "extract", "plain.c"]);
    assert!(
        plain.stderr.contains("plain.c: there is no S51_CONTRACT"),
        "{}",
        plain.stderr
    );
    let wrong = SOURCE.replace("S51_ACTION(1, give", "S51_ACTION(5, give");
    dir.write("wrong.c", wrong);
    let wrong = dir.run(&["abi", "extract", "wrong.c"]);
    assert_eq!(wrong.status, 2);
    assert!(
        wrong
            .stderr
            .contains("smart51.actions.burn: selector 5 is that of give too"),
        "{}",
        wrong.stderr
    );
}

/// Macros of the command line and headers beside decide what the list is; what is for the linker changes nothing.
#[test]
fn the_list_is_what_the_preprocessor_makes_of_it() {
    let dir = Dir::new();
    std::fs::create_dir(dir.path("include")).unwrap();
    dir.write("include/numbers.h", "#define GIVE 9\n");
    dir.write(
        "t.c",
        "#include \"numbers.h\"\n#define S51_CONTRACT S51_ACTION(GIVE, give) S51_ERROR(CODE, NO, \"no\")\n\
         #include \"smart51.h\"\nvoid give(void) {}\n",
    );
    let sources = [
        "abi", "extract", "t.c", "-I", "include", "-D", "CODE=8", "--json",
    ];
    let found = dir.run(&sources).ok().json();
    assert_eq!(found["smart51"]["actions"][0]["selector"], 9);
    assert_eq!(found["smart51"]["errors"][0]["code"], 8);
    let linked = dir.run(&[&sources[..], &["-l", "m", "-L", "."]].concat());
    assert_eq!(linked.ok().json(), found);
}

/// An ABI of which a deployment is executed again is taken from a file where the store has none.
#[test]
fn an_abi_that_the_store_lacks_is_given() {
    let dir = shop();
    let receipt = on(&dir, "block 3 --json").ok().json();
    let id = receipt["receipts"][0]["transaction"]
        .as_str()
        .unwrap()
        .to_owned();
    let traced = on(&dir, &format!("trace {id} --abi typed.abi")).ok();
    assert!(traced.stdout.contains("deploy"), "{}", traced.stdout);
    let wrong = on(&dir, &format!("trace {id} --abi typed.c"));
    assert_eq!(wrong.status, 2);
    assert!(wrong.stderr.contains("typed.c: "), "{}", wrong.stderr);
}

/// A token that counts twice what somebody gives himself, and a scenario that looks for it.
const LEAKY: [&str; 2] = [
    include_str!("cases/leaky.c"),
    include_str!("cases/leaky.scenario.toml"),
];

/// The calls that break an invariant are made few and small, and the same come of the same seed.
#[test]
fn a_fuzz_step_finds_the_smallest_calls() {
    let dir = Dir::new();
    let [source, scenario] = LEAKY;
    dir.write("leaky.c", source);
    dir.run(&["build", "leaky.c"]).ok();
    dir.write("leaky.scenario.toml", scenario);
    let found = dir.run(&["test", "leaky.scenario.toml"]);
    assert_eq!(found.status, 1);
    for line in [
        "invariant all that is held is all there is\n",
        "expected a sum of 8\n",
        "found    a sum of 9, with seed 1, by\n",
        "{ call = \"token\", from = \"bob\", action = \"give\", args = { to = \"bob\", amount = 1 } }\n",
    ] {
        assert!(found.stdout.contains(line), "{}", found.stdout);
    }
    assert_eq!(
        dir.run(&["test", "leaky.scenario.toml"]).stdout,
        found.stdout
    );
    let other = dir.run(&["test", "leaky.scenario.toml", "--seed", "9"]);
    assert!(other.stdout.contains("with seed 9, by"), "{}", other.stdout);

    // A fault is found too, unless it is allowed, and the calls that are printed are steps.
    let faults = scenario.replace("[\"mint\", \"give\"]", "[\"mint\", \"stop\"]");
    dir.write("leaky.scenario.toml", &faults);
    let found = dir.run(&["test", "leaky.scenario.toml"]).stdout;
    assert!(found.contains("fault unknown_method"), "{found}");
    let calls = found
        .lines()
        .filter_map(|line| line.trim().strip_prefix("{ call"));
    let steps: Vec<String> = calls.map(|call| format!("{{ call{call}")).collect();
    assert!((1..=2).contains(&steps.len()), "{found}");
    let (setup, _) = scenario.split_once("[[step]]").unwrap();
    let (_, minted) = scenario.split_once("[[step]]").unwrap();
    let (minted, _) = minted.split_once("[[step]]").unwrap();
    let minted = minted.replace("\"amy mints\"", "\"first\"");
    let steps: String = steps
        .iter()
        .map(|step| {
            let inner = step.strip_prefix("{ ").unwrap().strip_suffix(" }").unwrap();
            format!(
                "[[step]]\n{}\n",
                inner
                    .replace(", from", "\nfrom")
                    .replace(", action", "\naction")
                    .replace(", args", "\nargs")
            )
        })
        .collect();
    dir.write(
        "again.scenario.toml",
        format!("{setup}[[step]]{minted}{steps}"),
    );
    let again = dir.run(&["test", "again.scenario.toml"]).stdout;
    assert!(again.contains("fault unknown_method"), "{again}");
    let allowed = faults.replace("calls = 300", "calls = 300, faults = [\"unknown_method\"]");
    dir.write("leaky.scenario.toml", allowed);
    dir.run(&["test", "leaky.scenario.toml"]).ok();
}

/// What a fuzz step and an invariant cannot be is told with its place.
#[test]
fn wrong_fuzz_steps_and_invariants_are_told() {
    let dir = Dir::new();
    let [source, scenario] = LEAKY;
    dir.write("leaky.c", source);
    dir.run(&["build", "leaky.c"]).ok();
    for (from, to, problem) in [
        (
            "calls = 300",
            "calls = 100001",
            "step 2: fuzz.calls is `100001`: a step makes at most 100000 calls",
        ),
        (
            "calls = 300",
            "from = [\"carl\"]",
            "step 2: fuzz.from is `carl`: there is no such account",
        ),
        (
            "calls = 300",
            "contracts = [\"coin\"]",
            "step 2: fuzz.contracts is `coin`: there is no such contract",
        ),
        (
            "[\"mint\", \"give\"]",
            "[\"take\"]",
            "step 2: fuzz: no contract has an action take",
        ),
        (
            "equals = {",
            "expect = {} # {",
            "invariant 1 is `all that is held is all there is`: sum and equals go together",
        ),
        (
            "table = \"total\"",
            "table = \"sum\"",
            "token has no table sum",
        ),
        ("calls = 300", "colls = 300", "unknown field `colls`"),
    ] {
        dir.write("leaky.scenario.toml", scenario.replace(from, to));
        let ran = dir.run(&["test", "leaky.scenario.toml"]);
        assert_eq!(ran.status, 2, "{to}: {}", ran.stdout);
        assert!(ran.stderr.contains(problem), "{to}: {}", ran.stderr);
    }
}
