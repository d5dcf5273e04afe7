//! Steps of a scenario that are no calls: actions, and new code of contracts.

use crate::common::token_image;
use crate::scenarios::written;
use verify::scenario::{RunOptions, Scenario, ScenarioRun};

fn run(steps: &str) -> ScenarioRun {
    run_with(steps, RunOptions::default())
}

fn run_with(steps: &str, options: RunOptions<'_>) -> ScenarioRun {
    let start = "[accounts]\nalice = 10_000\nbob = 0\n[contracts.token]\nimage = \"token.ihx\"\n";
    let (folder, path) = written(&format!("{start}{steps}"));
    let counter = include_bytes!("../../../../firmware-samples/counter/counter.ihx");
    std::fs::write(folder.path().join("counter.ihx"), counter).unwrap();
    Scenario::read(&path).unwrap().run(options).unwrap()
}

/// The fields of a step that differ.
fn differing(run: &ScenarioRun, step: usize) -> Vec<&str> {
    let differences = run.steps[step].differences.iter();
    differences.map(|one| one.field.as_str()).collect()
}

#[test]
fn actions_must_succeed_unless_told() {
    let fails = "[[step]]\nactions = [{ account = \"token\", data = \"u8:9\" }]\n";
    let told = run(&format!(
        "{fails}{fails}expect.outcome = \"refused\"\nexpect.code = 2\n"
    ));
    assert_eq!(differing(&told, 0), ["outcome"]);
    assert_eq!(differing(&told, 1), [""; 0]);
    assert_eq!(told.steps[0].contract.as_deref(), Some("token"));
}

#[test]
fn code_is_set_again_and_removed() {
    let balance = "input = [\"u8:3\", \"regid:alice\"]\n";
    let call = format!("[[step]]\ncall = \"token\"\nfrom = \"alice\"\n{balance}");
    let upgraded = run(&format!(
        "[[step]]\ncall = \"token\"\nfrom = \"alice\"\ninput = [\"u8:1\", \"regid:alice\", \"u64:7\"]\n\
         [[step]]\nfrom = \"bob\"\nupgrade = \"token\"\ncode = {{ image = \"counter.ihx\" }}\n\
         expect.outcome = \"rejected\"\nexpect.reason = \"owner\"\n\
         [[step]]\nupgrade = \"token\"\ncode = {{ image = \"counter.ihx\" }}\n\
         {call}expect.keys = {{ token = 4 }}\n\
         [[step]]\nundeploy = \"token\"\n\
         {call}\
         [[step]]\nupgrade = \"token\"\ncode = {{ image = \"token.ihx\" }}\n\
         {call}expect.returns = \"u64:7\"\n"
    ));
    for step in [0, 1, 2, 3, 4, 6, 7] {
        assert_eq!(differing(&upgraded, step), [""; 0], "step {}", step + 1);
    }
    assert_eq!(differing(&upgraded, 5), ["outcome"]);
    let rejected = upgraded.steps[5].rejected.as_deref().unwrap_or_default();
    assert!(rejected.contains("code"), "{rejected}");
}

/// Another image of a contract is compared as long as the contract has the code that it is one of.
#[test]
fn other_images_are_compared_until_code_is_set() {
    let call = "[[step]]\ncall = \"token\"\ninput = [\"u8:3\", \"regid:alice\"]\n";
    let upgrade = |from: &str, expect: &str| {
        format!(
            "[[step]]\nfrom = \"{from}\"\nupgrade = \"token\"\ncode = {{ image = \"counter.ihx\" }}\n{expect}\n"
        )
    };
    let refused = upgrade("bob", "expect.outcome = \"rejected\"");
    let steps = format!("{call}{refused}{call}{}{call}", upgrade("alice", ""));
    let other = RunOptions {
        other_image: Some(("token", token_image())),
        ..RunOptions::default()
    };
    let compared: Vec<bool> = run_with(&steps, other)
        .steps
        .iter()
        .map(|step| step.other_image.is_some())
        .collect();
    assert_eq!(compared, [true, false, true, false, false]);
}
