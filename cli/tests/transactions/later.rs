//! Deferred actions, as the commands that meet them tell of them; and what an upgrade keeps.

use super::on_chain;
use crate::common::Dir;
use firmware_samples::sample;

/// What Alice does to have Bob paid.
const FILL: &str = "[[action]]\naccount = \"order\"\nname = \"fill\"\nvalue = VALUE\n";
const START: &str = "[[action]]\naccount = \"order\"\nname = \"start\"\n\
                     data = [\"regid:bob\", \"u64:10\", \"u32:1\"]\n";

/// A chain with the sample `standing_order`, deployed as `order`, and files of actions.
fn ordered() -> Dir {
    let dir = Dir::new();
    dir.write(
        "order.ihx",
        sample("standing_order").expect("a sample").image,
    );
    dir.write("counter.ihx", sample("counter").expect("a sample").image);
    dir.write(
        "start.toml",
        format!("{}{START}", FILL.replace("VALUE", "900_000")),
    );
    dir.write(
        "poor.toml",
        format!("{}{START}", FILL.replace("VALUE", "399_999")),
    );
    dir.write(
        "short.toml",
        format!("{}{START}", FILL.replace("VALUE", "400_015")),
    );
    for words in [
        "account new alice",
        "account new bob",
        "deploy order.ihx --from alice --name order --apply",
    ] {
        on_chain(&dir, words).ok();
    }
    dir
}

/// A call, a transfer and other transactions say what was executed before them in their block.
#[test]
fn deferred_actions_before_it_are_told() {
    let dir = ordered();
    let start = on_chain(&dir, "transact start.toml --from alice --json")
        .ok()
        .json();
    assert!(start["deferred"].is_null());
    let dry = on_chain(&dir, "transact start.toml --from alice --dry-run").stdout;
    assert!(
        dry.contains("\ndeferred     1 executed before it in its block\n"),
        "{dry}"
    );
    let paid = on_chain(&dir, "transfer alice bob 5").ok().stdout;
    let row = "\ndeferred     1 executed before it in its block; smart51 block 5 shows them\n";
    assert!(paid.contains(row), "{paid}");
}

/// The same as JSON, with the transactions.
#[test]
fn deferred_actions_before_it_have_their_ids() {
    let dir = ordered();
    // The order has not the money for another payment behind the first.
    on_chain(&dir, "transact short.toml --from alice").ok();
    let upgraded = on_chain(&dir, "upgrade order counter.ihx --from alice").ok();
    let row = "\ndeferred     2 executed before it in its block, of which 1 failed; ";
    assert!(upgraded.stdout.contains(row), "{}", upgraded.stdout);
    on_chain(&dir, "rollback 1").ok();
    let undeployed = on_chain(&dir, "undeploy order --from alice --json");
    let undeployed = undeployed.ok().json();
    let deferred = undeployed["deferred"].as_array().expect("a list");
    let outcomes: Vec<_> = deferred.iter().map(|it| it["outcome"].as_str()).collect();
    assert_eq!(outcomes, [Some("refused"), Some("success")]);
    assert_eq!(undeployed["index"], 2);
    let id = deferred[0]["transaction"].as_str().expect("an id");
    let receipt = on_chain(&dir, &format!("receipt {id} --json")).ok().json();
    assert_eq!(receipt["reason"], deferred[0]["reason"]);
    // A receipt of the store doesn't say what else its block holds.
    assert!(receipt["deferred"].is_null());
}

/// A refused host call says why, in the tree and in a trace.
#[test]
fn a_refused_deferred_action_has_its_reason() {
    let dir = ordered();
    let refused = on_chain(&dir, "transact poor.toml --from alice --calls");
    assert_eq!(refused.status, 1);
    let why = "] refused: the contract's balance lacks what is paid in advance: amount, gas and gas of onerror\n";
    let line = |text: &str| {
        let mut lines = text.split_inclusive('\n');
        let found = lines.find(|line| line.contains("send_deferred("));
        found.expect("the call").to_owned()
    };
    assert!(line(&refused.stdout).ends_with(why), "{}", refused.stdout);
    let report = on_chain(&dir, "transact poor.toml --from alice --calls --json").json();
    let id = report["transaction"].as_str().expect("an id");
    let calls = report["frames"].as_array().expect("frames").iter();
    let calls = calls.flat_map(|frame| frame["calls"].as_array().expect("calls"));
    let reasons: Vec<_> = calls.filter_map(|call| call["reason"].as_str()).collect();
    assert_eq!(reasons.len(), 1);
    let traced = on_chain(&dir, &format!("trace {id}")).stdout;
    assert!(line(&traced).ends_with(why), "{traced}");
}

/// A step that comes out otherwise shows the deferred actions of its blocks, whether or not it has a transaction.
#[test]
fn a_failing_step_shows_its_deferred_actions() {
    let dir = ordered();
    let head = "[accounts]\nalice = 1_000_000\nbob = 0\n[contracts.order]\nimage = \"order.ihx\"\napply = true\n\
        [[step]]\nactions = [\n{ account = \"order\", name = \"fill\", value = 15 },\n\
        { account = \"order\", name = \"start\", data = [\"regid:bob\", \"u64:10\", \"u32:1\"] }]\n\
        [[step]]\nmine = 2\n";
    let name = "o.scenario.toml";
    dir.write(
        name,
        format!("{head}expect.deferred = [\"success\", \"refused\", \"success\"]\n"),
    );
    let passed = dir.run(&["test", name, "--json"]).ok().json();
    assert!(passed["results"][0]["steps"][1]["deferred"].is_null());
    dir.write(
        name,
        format!("{head}expect.deferred = [\"success\", \"success\"]\n"),
    );
    let failed = dir.run(&["test", name]);
    assert_eq!(failed.status, 1);
    let (_, shown) = failed
        .stdout
        .split_once("deferred[2]\n")
        .expect("a difference");
    let lines: Vec<&str> = shown.lines().skip(2).map(str::trim_end).collect();
    let titles: Vec<_> = lines
        .iter()
        .filter(|line| line.contains("frames of a deferred"))
        .collect();
    assert_eq!(titles.len(), 3, "{shown}");
    assert!(
        lines[0].starts_with("          frames of a deferred action in block "),
        "{shown}"
    );
    assert!(
        lines[1].starts_with("            order 9-0 pay (deferred): success, "),
        "{shown}"
    );
    assert!(
        shown.contains("\n            order 9-0 pay (deferred): refused"),
        "{shown}"
    );
    assert!(shown.contains(" onerror"), "{shown}");
    let report = dir.run(&["test", name, "--json"]).json();
    let deferred = &report["results"][0]["steps"][1]["deferred"];
    assert_eq!(deferred[1]["outcome"], "refused");
    assert!(deferred[1]["frames"].is_array());
}

/// What was chosen for a contract stays unless an option says otherwise, and that is said.
#[test]
fn an_upgrade_keeps_what_was_chosen() {
    let dir = ordered();
    let flags = || {
        let all = on_chain(&dir, "contract list --json").ok().json();
        let all = all["contracts"].as_array().expect("contracts").clone();
        let order = all
            .into_iter()
            .find(|it| it["name"] == "order")
            .expect("it");
        order["flags"].to_string()
    };
    on_chain(
        &dir,
        "upgrade order order.ihx --from alice --reentrant --unpayable",
    )
    .ok();
    assert_eq!(flags(), r#"["reentrant","apply","unpayable"]"#);
    let kept = on_chain(
        &dir,
        "upgrade order counter.ihx --from alice --no-reentrant",
    )
    .ok();
    assert_eq!(flags(), r#"["apply","unpayable"]"#);
    assert_eq!(
        kept.stderr,
        "the contract stays apply; --no-apply changes that\nthe contract stays unpayable; --payable changes that\n"
    );
    let none = on_chain(
        &dir,
        "upgrade order counter.ihx --from alice --no-apply --payable",
    )
    .ok();
    assert_eq!((flags().as_str(), none.stderr.as_str()), ("[]", ""));
    for both in [
        "--apply --no-apply",
        "--reentrant --no-reentrant",
        "--unpayable --payable",
    ] {
        let ran = on_chain(
            &dir,
            &format!("upgrade order order.ihx --from alice {both}"),
        );
        assert_eq!(ran.status, 2, "{both}");
    }
    // A contract whose code was removed has nothing to keep.
    on_chain(&dir, "upgrade order order.ihx --from alice --apply").ok();
    on_chain(&dir, "undeploy order --from alice").ok();
    on_chain(&dir, "upgrade order order.ihx --from alice").ok();
    assert_eq!(flags(), "[]");
}

/// The old rules stay too, unless the image says others or is for another machine.
#[test]
fn an_upgrade_keeps_the_old_rules() {
    let dir = ordered();
    dir.write("empty.wat", super::EMPTY);
    on_chain(
        &dir,
        "deploy counter.ihx --from alice --name old --semantics dacrs2014",
    )
    .ok();
    let kept = on_chain(&dir, "upgrade old order.ihx --from alice --json").ok();
    assert_eq!(kept.json()["semantics"], "dacrs2014");
    assert!(
        kept.stderr
            .contains("stays under dacrs2014; --semantics v1"),
        "{}",
        kept.stderr
    );
    let said = on_chain(
        &dir,
        "upgrade old order.ihx --from alice --semantics v1 --json",
    )
    .ok();
    assert_eq!(
        (&said.json()["semantics"], said.stderr.as_str()),
        (&"v1".into(), "")
    );
    on_chain(
        &dir,
        "upgrade old order.ihx --from alice --semantics dacrs2017",
    )
    .ok();
    let wasm = on_chain(&dir, "upgrade old empty.wat --from alice --json").ok();
    assert_eq!(wasm.json()["semantics"], "v1");
}
