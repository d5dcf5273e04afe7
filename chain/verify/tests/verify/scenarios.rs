//! The scenario runner: what passes, what is said where something does not, what is refused.

use crate::common::token_image;
use chain::Receipt;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;
use verify::scenario::snapshot::{self, Place};
use verify::scenario::{RunOptions, Scenario, ScenarioRun};

/// Writes a scenario beside the token's image; the folder goes when it is dropped.
pub(crate) fn written(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("token.ihx"),
        token_image().write_hex().unwrap(),
    )
    .unwrap();
    let path = folder.path().join("a.scenario.toml");
    fs::write(&path, text).unwrap();
    (folder, path)
}

fn run(text: &str) -> ScenarioRun {
    let (_folder, path) = written(text);
    Scenario::read(&path)
        .unwrap()
        .run(RunOptions::default())
        .unwrap()
}

const START: &str = r#"
[accounts]
alice = 1_000_000
bob = 0
[contracts.token]
image = "token.ihx"
[[step]]
name = "mint"
call = "token"
input = ["u8:1", "regid:alice", "u64:100"]
"#;

fn differences(step: &str) -> Vec<String> {
    let run = run(&format!("{START}\n[[step]]\n{step}"));
    run.steps[1]
        .differences
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn the_example_of_the_documentation_passes() {
    let docs = include_str!("../../../../docs/scenario.md");
    let (_, example) = docs.split_once("```toml\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let run = run(example);
    assert!(run.passed(), "{:?}", run.steps);
    assert_eq!(run.steps.len(), 3);
}

/// Each expectation that fails is named with what there is.
#[test]
fn each_failed_expectation_is_named() {
    let refused =
        "call = \"token\"\nfrom = \"bob\"\ninput = [\"u8:2\", \"regid:alice\", \"u64:1\"]\n";
    let ok = "call = \"token\"\ninput = [\"u8:3\", \"regid:alice\"]\n";
    let long_user = format!(
        "funds.token[{}].free: expected 1, found 0",
        "00".repeat(300)
    );
    for (step, expected) in [
        (
            refused.into(),
            "outcome: expected success, found refused with exit code 4",
        ),
        (
            format!("{refused}expect.outcome = \"refused\"\nexpect.code = 5"),
            "code: expected 5, found 4",
        ),
        (
            format!("{refused}expect.outcome = \"refused\"\nexpect.fault = \"out_of_gas\""),
            "fault: expected out_of_gas, found nothing",
        ),
        (
            format!("{ok}gas = 16_000"),
            "outcome: expected success, found fault out_of_gas: out of gas",
        ),
        (
            format!("{ok}expect.prints = [\"1\"]"),
            "prints[0]: expected \"1\", found \"6400000000000000\"",
        ),
        (
            format!("{ok}expect.prints = [\"6400000000000000\", \"x\"]"),
            "prints[1]: expected \"x\", found nothing",
        ),
        (
            format!("{ok}expect.height = 10"),
            "height: expected 10, found 11",
        ),
        (
            format!("{ok}expect.balances = {{ bob = 1 }}"),
            "balances.bob: expected 1, found 0",
        ),
        (
            format!("{ok}expect.keys = {{ token = 9 }}"),
            "keys.token: expected 9, found 3",
        ),
        (
            format!(
                "{ok}expect.data = [{{ contract = \"token\", key = \"text:total\", value = \"u64:1\" }}]"
            ),
            "data.token[746f74616c]: expected 0100000000000000, found 6400000000000000",
        ),
        (
            format!("{ok}expect.funds = [{{ contract = \"token\", user = \"text:u\", free = 1 }}]"),
            "funds.token[75].free: expected 1, found 0",
        ),
        (
            // No user is called so.
            "[[step.expect.funds]]\ncontract = \"token\"\nuser = \"zeros:300\"\nfree = 1".into(),
            long_user.as_str(),
        ),
        (
            "mine = 3\nexpect.height = 99".into(),
            "height: expected 99, found 13",
        ),
        (
            "call = \"token\"\nfrom = \"bob\"\nvalue = 5".into(),
            "outcome: expected success, found rejected: the transaction is not accepted: the sender holds 0, the \
             transaction may cost 5",
        ),
    ] {
        assert_eq!(differences(&step), [expected], "{step}");
    }
}

#[test]
fn time_and_height_travel_as_far_as_told() {
    let run = run(&format!(
        "{START}\n[[step]]\nmine = 100\nexpect.height = 110\nexpect.time = 1735690600\n\
         [[step]]\ntravel = 86400\nexpect.height = 111\nexpect.time = 1735777000"
    ));
    assert!(run.passed(), "{:?}", run.steps);
}

/// A file that is no scenario is refused with the place.
#[test]
fn a_bad_scenario_is_refused_with_the_place() {
    for (text, expected) in [
        ("[accounts\n", "line 1"),
        ("[accounts]\na = 1\n[[step]]\ncal = \"x\"", "line 4"),
        ("[accounts]\na = -1", "line 2"),
        ("", "accounts is ``: somebody has to be there"),
        (
            "[accounts]\na = 1\n[[step]]\ncall = \"x\"",
            "step 1: call is `x`: there is no such contract",
        ),
        (
            "[accounts]\na = 1\n[[step]]\nfrom = \"x\"",
            "step 1: from is `x`: there is no such account",
        ),
        (
            "[accounts]\na = 1\n[[step]]\nmine = 1\ntravel = 1",
            "use one of call, actions, upgrade, undeploy, fuzz, mine and travel",
        ),
        (
            "[accounts]\na = 1\n[contracts.c]\nimage = \"token.ihx\"\n[[step]]\nupgrade = \"c\"",
            "upgrade names the contract, and code its new code",
        ),
        (
            "[accounts]\na = 1\n[contracts.c]\nimage = \"token.ihx\"\n[[step]]\nupgrade = \"c\"\n\
             code = { image = \"token.ihx\", from = \"a\" }",
            "step 1: code.from is `a`: the step's own `from` says who",
        ),
        (
            "[accounts]\na = 1\n[[step]]\nmine = 1\nfrom = \"a\"",
            "from needs a call, actions or new code",
        ),
        (
            "[accounts]\na = 1\n[[step]]\ncontext_free = [{ account = \"a\" }]",
            "context_free needs actions",
        ),
        (
            "[accounts]\na = 1\n[[step]]\nname = \"n\"\nmine = 1\nvalue = 0",
            "step 1 is `n`: value needs a call",
        ),
        (
            "[accounts]\na = 1\n[[step]]\ninput = \"u8:1\"",
            "input needs a call",
        ),
        (
            "[accounts]\na = 1\n[chain]\nheight = 2",
            "chain.height is `2`: it must be at least 3",
        ),
        (
            "[accounts]\na = 1\n[chain]\nnetwork = \"mars\"",
            "chain.network is `mars`",
        ),
        (
            "[accounts]\na = 1\n[contracts.c]\nimage = \"no.ihx\"",
            "no.ihx",
        ),
        (
            "[accounts]\na = 1\n[contracts.c]\nimage = \"token.ihx\"\nsemantics = \"v9\"",
            "unknown semantics `v9`",
        ),
        (
            "[accounts]\na = 1\n[contracts.c]\nimage = \"a.scenario.toml\"",
            "a.scenario.toml",
        ),
        (
            "[accounts]\na = 1\n[contracts.c]\nimage = \"token.ihx\"\n[[step]]\ncall = \"c\"\nfee = 1",
            "step 1: fee or fuel_rate is `1`: under v1 use gas",
        ),
        (
            "[accounts]\na = 1\n[[step]]\nmine = 1_000_000\n[[step]]\nmine = 1",
            "step 2: mine is `1`: all steps together mine at most 1,000,000 blocks",
        ),
        (
            "[accounts]\na = 1\n[[step]]\nexpect.outcome = \"fine\"",
            "use success, refused, fault or rejected",
        ),
    ] {
        let (_folder, path) = written(text);
        let error = Scenario::read(&path).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}\n{error}");
        assert!(
            error.contains("a.scenario.toml") || error.contains("no.ihx"),
            "{error}"
        );
    }
}

/// Bytes and names that cannot be are told with their step.
#[test]
fn bad_bytes_and_names_are_told_with_their_step() {
    for (step, expected) in [
        (
            "call = \"token\"\ninput = \"alice\"",
            "step 2: `alice` begins with no kind",
        ),
        (
            "call = \"token\"\ninput = \"regid:carol\"",
            "step 2: `regid:carol` names nothing",
        ),
        (
            "expect.balances = { carol = 1 }",
            "step 2: there is no account or contract `carol`",
        ),
        (
            "expect.keys = { bob = 1 }",
            "step 2: `bob` is an account and no contract",
        ),
    ] {
        let (_folder, path) = written(&format!("{START}\n[[step]]\n{step}"));
        let error = Scenario::read(&path)
            .unwrap()
            .run(RunOptions::default())
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{step}\n{error}");
    }
}

#[test]
fn a_gas_snapshot_holds_every_cycle() {
    let (folder, path) = written(START);
    let place = Place::of(&folder.path().join("gas.txt")).unwrap();
    let old = [Scenario::read(&path)
        .unwrap()
        .run(RunOptions::default())
        .unwrap()];
    let text = snapshot::write(&old, &place);
    assert_eq!(snapshot::compare(&text, &old, &place), Ok(vec![]));
    let cycles = old[0].steps[0].receipt.as_ref().unwrap().meters.cycles;
    let other = text.replace(&format!("\t{cycles}\t"), &format!("\t{}\t", cycles + 1));
    assert_ne!(other, text);
    let changes = snapshot::compare(&other, &old, &place).unwrap();
    assert_eq!(changes.len(), 1);
    let [expected, actual] = [&changes[0].expected, &changes[0].actual].map(Option::as_ref);
    assert!(
        expected
            .unwrap()
            .starts_with(&format!("{} cycles", cycles + 1))
    );
    assert!(actual.unwrap().starts_with(&format!("{cycles} cycles")));
    let gone = snapshot::compare(&text, &[], &place).unwrap();
    assert_eq!((gone.len(), &gone[0].actual), (1, &None));
    assert_eq!(snapshot::compare_part(&text, &[], &place), Ok(vec![]));
    assert_eq!(snapshot::compare_part(&other, &old, &place), Ok(changes));
    assert_eq!(snapshot::compare("# title\nnonsense", &old, &place), Err(2));
    assert_eq!(
        snapshot::compare("a\t1\tn\tc\t-1\t1\t1\t0", &old, &place),
        Err(1)
    );
}

/// What a call that gave something back cost: the first of `run`, with a refund put into its receipt.
fn with_refund(run: &mut ScenarioRun) -> Receipt {
    let receipt = run.steps[0].receipt.as_mut().unwrap();
    receipt.refund = 7;
    receipt.clone()
}

/// A snapshot names a scenario by its path from the snapshot, however the path was typed and through a link too.
#[test]
fn a_gas_snapshot_knows_a_file_by_where_it_lies() {
    let (folder, path) = written(START);
    let (root, name) = (folder.path(), path.file_name().unwrap());
    std::fs::create_dir(root.join("sub")).unwrap();
    let place = Place::of(&root.join("sub/gas.txt")).unwrap();
    let expected = format!("../{}", name.to_string_lossy());
    assert_eq!(place.name(&path), expected);
    assert_eq!(
        place.name(&root.join("sub/.././sub/..").join(name)),
        expected
    );
    assert_eq!(
        Place::of(&root.join("gas.txt")).unwrap().name(&path),
        expected[3..]
    );
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(root, root.join("sub/link")).unwrap();
        assert_eq!(place.name(&root.join("sub/link").join(name)), expected);
    }
    assert!(Place::of(&root.join("none/gas.txt")).is_err());
}

/// In a snapshot of the first form gas is what was charged, and paths are as they were typed.
#[test]
fn a_gas_snapshot_of_the_first_form_is_read() {
    let (folder, path) = written(START);
    let place = Place::of(&folder.path().join("gas.txt")).unwrap();
    let mut runs = [Scenario::read(&path)
        .unwrap()
        .run(RunOptions::default())
        .unwrap()];
    let receipt = with_refund(&mut runs[0]);
    let (cycles, steps) = (receipt.meters.cycles, receipt.meters.steps);
    let (gas, refund) = (receipt.gas, receipt.refund);
    let text = snapshot::write(&runs, &place);
    assert!(
        text.ends_with(&format!("\t{cycles}\t{steps}\t{gas}\t{refund}\n")),
        "{text}"
    );
    assert_eq!(snapshot::compare(&text, &runs, &place), Ok(vec![]));
    let first_form = |gas: u64| {
        let path = path.display();
        format!("{path}\t0001\tmint\ttoken\t{cycles}\t{steps}\t{gas}\n")
    };
    let charged = first_form(gas - refund);
    assert_eq!(snapshot::compare(&charged, &runs, &place), Ok(vec![]));
    let changes = snapshot::compare(&first_form(gas), &runs, &place).unwrap();
    let actual = changes[0].actual.as_ref().unwrap();
    assert!(
        actual.ends_with(&format!(", {} gas charged", gas - refund)),
        "{actual}"
    );
}

/// A scenario runs with another image in place of its own.
#[test]
fn a_scenario_runs_with_another_image() {
    let (_folder, path) = written(START);
    let mut scenario = Scenario::read(&path).unwrap();
    assert_eq!(
        scenario.run(RunOptions::default()).unwrap().steps[0]
            .host_calls
            .calls,
        [],
        "unasked"
    );
    let run = |scenario: &Scenario| {
        let options = RunOptions {
            keep_host_calls: Some(chain::hostlog::USUAL_ROOM),
            ..RunOptions::default()
        };
        scenario.run(options).unwrap()
    };
    let own = run(&scenario);
    scenario.set_image("token", token_image());
    let other = run(&scenario);
    assert_eq!(own.state, other.state);
    let calls = &own.steps[0].host_calls.calls;
    assert!(!calls.is_empty());
    assert_eq!(calls, &other.steps[0].host_calls.calls);
    assert_eq!(
        own.steps[0].receipt.as_ref().unwrap().meters.host_calls as usize,
        calls.len()
    );
}
