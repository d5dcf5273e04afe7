//! A process that is killed in a loop of calls: no call that it acknowledged is lost, and none is half there.

use crate::common::*;
use chain::{Chain, Genesis};
use state::SledStore;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Names the store to the process that is going to be killed.
const STORE: &str = "SMART51_TEST_KILLED_STORE";
const ROUNDS: u32 = 50;

fn open(folder: &Path) -> Chain {
    Chain::open(
        Box::new(SledStore::open(folder).unwrap()),
        Genesis::default(),
    )
    .unwrap()
}

/// Not a test by itself: the process that the test below starts and kills. It makes transfers, and says so
/// only when they are durable.
#[test]
fn child_that_calls_until_it_is_killed() {
    let Some(folder) = std::env::var_os(STORE) else {
        return;
    };
    let chain = open(Path::new(&folder));
    loop {
        let receipt = transfer(&chain, 1).unwrap();
        assert!(receipt.verdict.is_success(), "{receipt}");
        // Standard output is captured by the test harness, standard error is too: write past it.
        let mut stdout = std::io::stdout().lock();
        writeln!(stdout, "acknowledged {}", receipt.height).unwrap();
        stdout.flush().unwrap();
    }
}

/// Killing the process fifty times loses no acknowledged call and leaves no half one.
#[test]
fn fifty_kills_lose_no_acknowledged_call() {
    let folder = tempfile::tempdir().unwrap();
    set_up(&open(folder.path()));
    let mut transfers = 0;
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "killed_process::child_that_calls_until_it_is_killed",
                "--nocapture",
            ])
            .env(STORE, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // It is killed at different points of a call: after some calls, and a little later each time.
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut acknowledged = 0;
        let mut calls = 0;
        while calls <= round % 5 {
            let line = lines
                .next()
                .expect("the child runs until it is killed")
                .unwrap();
            if let Some(height) = line.strip_prefix("acknowledged ") {
                acknowledged = height.parse().unwrap();
                calls += 1;
            }
        }
        std::thread::sleep(Duration::from_micros(u64::from(round) * 97));
        child.kill().unwrap();
        child.wait().unwrap();
        // What it said before it died counts too.
        for line in lines.map_while(Result::ok) {
            if let Some(height) = line
                .strip_prefix("acknowledged ")
                .and_then(|text| text.parse().ok())
            {
                acknowledged = height;
            }
        }
        let chain = open(folder.path());
        let height = chain.head().unwrap().height;
        assert!(
            height == acknowledged || height == acknowledged + 1,
            "{height}, {acknowledged} acknowledged"
        );
        // Each block above the first two is one whole transfer of 1.
        transfers = u64::from(height) - 2;
        assert_eq!(tokens(&chain, PARTIES.bob), transfers);
        assert_eq!(tokens(&chain, PARTIES.alice), 1000 - transfers);
        assert_eq!(chain.check().unwrap().problems, [], "round {round}");
    }
    assert!(
        transfers >= u64::from(ROUNDS),
        "only {transfers} transfers were made"
    );
}
