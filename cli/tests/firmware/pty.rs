//! `smart51 firmware --uart-pty`: firmware behind a device that a terminal program opens.

use super::common::Dir;
use super::sample;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

#[test]
fn what_is_typed_into_the_device_comes_back_and_the_session_replays() {
    let dir = Dir::new();
    let echo = sample("echo");
    let mut command = dir.command(&[
        "firmware",
        &echo,
        "--uart-pty",
        "--record",
        "session.json",
        "--max-cycles",
        "100_000_000_000",
        "--clock",
        "110_592_000",
        "--json",
    ]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut notes = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    notes.read_line(&mut line).unwrap();
    let path = line
        .trim_end()
        .strip_prefix("serial line: ")
        .expect("the device is named");
    let mut device = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .unwrap();
    for typed in ["hello\r\n", "\u{3}\u{4}", "again"] {
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
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["stop"], "hung_up", "closing the device ends the run");
    assert_eq!(report["uart"], hex("hello\r\n\u{3}\u{4}again"));
    let replayed = dir
        .run(&["firmware", &echo, "--replay", "session.json", "--json"])
        .ok()
        .json();
    assert_eq!(replayed["differences"], serde_json::json!([]));
    assert_eq!(replayed["uart"], report["uart"]);
    assert_eq!(replayed["machine_cycles"], report["machine_cycles"]);
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}
