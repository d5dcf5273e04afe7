//! `--uart-pty`: firmware behind a device that a terminal program opens.

use super::common::Dir;
use super::{assembled, sample};
use serde_json::{Value, json};
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

/// Types into the device of `image`, reads back the same, and closes it; what the run reports. It is recorded.
fn session(dir: &Dir, image: &str, typed: &[&str]) -> Value {
    let limits = [
        "--max-cycles",
        "100_000_000_000",
        "--clock",
        "110.592MHz",
        "--baud",
        "96_000",
    ];
    let record = [
        "firmware",
        image,
        "--uart-pty",
        "--record",
        "session.json",
        "--json",
    ];
    let mut command = dir.command(&[&record[..], &limits].concat());
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let path = line
        .trim_end()
        .strip_prefix("serial line: ")
        .expect("the device is named");
    let mut device = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .unwrap();
    for typed in typed {
        device.write_all(typed.as_bytes()).unwrap();
        let mut back = vec![0; typed.len()];
        device.read_exact(&mut back).unwrap();
        assert_eq!(
            back,
            typed.as_bytes(),
            "no byte is changed or taken for a command"
        );
    }
    drop(device);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["stop"], "hung_up", "closing the device ends the run");
    assert_eq!(report["uart"], hex(&typed.concat()));
    report
}

fn replays(dir: &Dir, image: &str, report: &Value) {
    let replayed = dir
        .run(&["firmware", image, "--replay", "session.json", "--json"])
        .ok()
        .json();
    assert_eq!(replayed["differences"], json!([]));
    for field in ["uart", "machine_cycles", "instructions"] {
        assert_eq!(replayed[field], report[field], "{field}");
    }
}

/// What is typed into the device comes back and the session replays.
#[test]
fn typed_bytes_come_back_and_the_session_replays() {
    let (dir, echo) = (Dir::new(), sample("echo"));
    let report = session(&dir, &echo, &["hello\r\n", "\u{3}\u{4}", "again"]);
    replays(&dir, &echo, &report);
}

#[test]
fn firmware_that_sleeps_waits_for_what_is_typed() {
    let dir = assembled(
        "ljmp main\n .org 0x23\n jbc TI,done\n clr RI\n mov A,SBUF\n mov SBUF,A\n done: reti\n .org 0x40\n
        main: mov TMOD,#0x20\n mov TH1,#0xFD\n setb TR1\n mov SCON,#0x50\n mov IE,#0x90\n
        sleep: orl PCON,#1\n sjmp sleep\n",
    );
    let report = session(&dir, "image.ihx", &["a", "b", "c"]);
    assert!(report["instructions"].as_u64().unwrap() < 1000, "{report}");
    replays(&dir, "image.ihx", &report);
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}
