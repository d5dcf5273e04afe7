//! `--watch`: each test starts it, changes files, reads what it says, and ends it.

use super::common::Dir;
use super::{counter, scenario};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// Longer than any round.
const PATIENCE: Duration = Duration::from_secs(20);

/// Longer than it takes to see that a file has changed.
const A_WHILE: Duration = Duration::from_millis(1500);

/// A running `smart51 test --watch`, and its lines on both streams.
struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    fn start(dir: &Dir, words: &[&str]) -> Watching {
        // Both streams in one, so that their lines come in order.
        let mut command = Command::new("sh");
        command.args([
            "-c",
            "exec \"$@\" 2>&1",
            "sh",
            env!("CARGO_BIN_EXE_smart51"),
        ]);
        command.args(["test", "--watch"]).args(words);
        command.current_dir(dir.path("")).stdout(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let (sender, lines) = channel();
        let stream = BufReader::new(child.stdout.take().expect("a pipe"));
        thread::spawn(move || {
            for line in stream.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Watching { child, lines }
    }

    /// Waits for a line with this text.
    fn says(&self, text: &str) -> String {
        let mut before = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(text) => return line,
                Ok(line) => before.push(line),
                Err(error) => panic!("no `{text}`: {error}: {}", before.join("\n")),
            }
        }
    }

    /// Nothing more is said for a while.
    fn is_quiet(&self) {
        let heard = self.lines.recv_timeout(A_WHILE);
        assert_eq!(heard, Err(RecvTimeoutError::Timeout));
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_changed_scenario_or_image_is_run_again() {
    let dir = Dir::new();
    dir.write("counter.ihx", counter());
    dir.write("c.scenario.toml", scenario("counter.ihx", ""));
    let watching = Watching::start(&dir, &["c.scenario.toml", "--junit", "out.xml"]);
    watching.says("1 scenarios, 1 steps, 0 scenarios failed");
    watching.says("watching 2 files");
    // What it wrote itself, and a file written anew as it was, are no change.
    dir.write("counter.ihx", counter());
    watching.is_quiet();
    dir.write(
        "c.scenario.toml",
        scenario("counter.ihx", "expect.code = 3"),
    );
    watching.says("changed: c.scenario.toml");
    watching.says("1 scenarios failed");
    watching.says("watching");
    dir.write("c.scenario.toml", "nonsense");
    watching.says("error: c.scenario.toml: line 1");
    watching.says("watching");
    dir.write("c.scenario.toml", scenario("counter.ihx", ""));
    watching.says("0 scenarios failed");
    watching.says("watching");
    std::fs::remove_file(dir.path("counter.ihx")).expect("it is there");
    watching.says("changed: counter.ihx");
    watching.says("error: counter.ihx");
    watching.says("watching");
    dir.write("counter.ihx", counter());
    watching.says("0 scenarios failed");
}

/// A new scenario in a watched folder is run, and so is one whose image lies elsewhere when that changes.
#[test]
fn new_scenarios_and_images_elsewhere_are_watched() {
    let dir = Dir::new();
    for folder in ["tests", "build"] {
        std::fs::create_dir(dir.path(folder)).expect("a folder");
    }
    dir.write("build/counter.ihx", counter());
    let text = scenario("../build/counter.ihx", "");
    dir.write("tests/a.scenario.toml", &text);
    let watching = Watching::start(&dir, &["tests", "--jobs", "2"]);
    watching.says("1 scenarios, 1 steps, 0 scenarios failed");
    watching.says("watching");
    dir.write("tests/b.scenario.toml", &text);
    watching.says("2 scenarios, 2 steps, 0 scenarios failed");
    watching.says("watching");
    dir.write("build/counter.ihx", "nonsense");
    watching.says("changed: tests/../build/counter.ihx");
    watching.says("error: ");
}

/// A source that changes has the image built anew; a build that fails runs nothing.
#[test]
fn a_build_comes_before_each_round() {
    let dir = Dir::new();
    dir.write("good.txt", counter());
    dir.write("c.scenario.toml", scenario("counter.ihx", ""));
    dir.write("source.c", "good.txt");
    let build = "echo building; cp $(cat source.c) counter.ihx";
    let watching = Watching::start(&dir, &["c.scenario.toml", "--build", build]);
    watching.says("building");
    watching.says("0 scenarios failed");
    // The image that it built itself is no change.
    watching.says("watching 3 files");
    watching.is_quiet();
    dir.write("source.c", "none.txt");
    watching.says("changed: source.c");
    watching.says("error: --build: sh failed");
    watching.says("watching");
    dir.write("source.c", "good.txt ");
    watching.says("building");
    watching.says("0 scenarios failed");
}

/// Nothing to watch, and options without a place, end it at once.
#[test]
fn a_watch_with_nothing_to_watch_ends() {
    let dir = Dir::new();
    dir.write("counter.ihx", counter());
    dir.write("c.scenario.toml", scenario("counter.ihx", ""));
    for (words, why) in [
        (&["none", "--watch"][..], "none"),
        (&[".", "--watch", "--filter", "x"], "--filter x"),
        (&[".", "--watch", "--json"], "--json"),
        (&[".", "--build", "make"], "--watch"),
    ] {
        let ran = dir.run(&[&["test"], words].concat());
        assert_eq!(ran.status, 2, "{words:?}");
        assert!(ran.stderr.contains(why), "{words:?}: {}", ran.stderr);
    }
}
