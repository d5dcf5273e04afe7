//! `--record` and `--replay`, `--save` and `--restore`.

use super::common::{Dir, Ran};
use super::{assembled, firmware, sample};
use serde_json::Value;

/// A run of the echo with pins and bytes at odd moments, recorded.
fn record(dir: &Dir) -> Value {
    dir.write(
        "world.txt",
        "1000 serial 4142\n1500000 P1.3 0\n2100000 serial 43\n",
    );
    let options = [
        "--uart-in",
        "6869",
        "--stimulus",
        "world.txt",
        "--max-cycles",
        "2_500_000",
    ];
    let echo = sample("echo");
    let run = [
        "firmware", &echo, "--ram", "random:9", "--record", "run.json", "--json",
    ];
    dir.run(&[&run[..], &options].concat()).ok().json()
}

#[test]
fn a_recorded_run_replays_equal_from_its_file_alone() {
    let dir = Dir::new();
    let recorded = record(&dir);
    assert_eq!(recorded["uart"], "6869414243");
    let replayed = dir
        .run(&[
            "firmware",
            &sample("echo"),
            "--replay",
            "run.json",
            "--json",
        ])
        .ok()
        .json();
    assert_eq!(replayed["differences"], Value::Array(Vec::new()));
    for field in [
        "stop",
        "pc",
        "machine_cycles",
        "instructions",
        "uart",
        "registers",
    ] {
        assert_eq!(replayed[field], recorded[field], "{field}");
    }
    let watched = [
        "--replay",
        "run.json",
        "--check-stack",
        "--vcd",
        "again.vcd",
    ];
    let ran = dir
        .run(&[&["firmware", &sample("echo")], &watched[..]].concat())
        .ok();
    assert!(
        ran.stdout
            .contains("replay        equal to the recording\n"),
        "{}",
        ran.stdout
    );
    assert!(
        !dir.read("again.vcd").is_empty(),
        "what was not written then can be now"
    );
}

#[test]
fn a_replay_that_differs_says_what_and_since_when() {
    let dir = Dir::new();
    record(&dir);
    let text = String::from_utf8(dir.read("run.json")).unwrap();
    let changed = text.replace("2100000 serial 43", "2100000 serial 44");
    assert_ne!(changed, text);
    dir.write("run.json", changed);
    let ran = dir.run(&[
        "firmware",
        &sample("echo"),
        "--replay",
        "run.json",
        "--json",
    ]);
    assert_eq!(ran.status, 1);
    let fields = |ran: &Ran| -> Vec<String> {
        let report = ran.json();
        let differences = report["differences"].as_array().unwrap();
        differences
            .iter()
            .map(|d| d["field"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        fields(&ran),
        ["uart", "registers", "digest"],
        "after the last checkpoint"
    );
    dir.write("run.json", text.replace("1500000 P1.3 0", "1500000 P1.4 0"));
    let ran = dir.run(&[
        "firmware",
        &sample("echo"),
        "--replay",
        "run.json",
        "--json",
    ]);
    assert_eq!(
        fields(&ran),
        ["machine, between cycles 1000000 and 2000000", "digest"]
    );
}

#[test]
fn a_recording_of_another_image_or_format_is_refused() {
    let dir = assembled("sjmp $\n");
    record(&dir);
    let ran = firmware(&dir, &["--replay", "run.json"]);
    assert_eq!(ran.status, 2);
    assert!(
        ran.stderr
            .contains("expected the image that was recorded, code hash "),
        "{}",
        ran.stderr
    );
    let text = String::from_utf8(dir.read("run.json")).unwrap();
    dir.write(
        "run.json",
        text.replace("\"firmware_recording\": 1", "\"firmware_recording\": 2"),
    );
    let ran = dir.run(&["firmware", &sample("echo"), "--replay", "run.json"]);
    assert_eq!(ran.status, 2);
    assert!(
        ran.stderr
            .contains("expected firmware recording format 1, found 2"),
        "{}",
        ran.stderr
    );
    let ran = dir.run(&[
        "firmware",
        &sample("echo"),
        "--replay",
        "run.json",
        "--chip",
        "8051",
    ]);
    assert_eq!(ran.status, 2, "the recording says which chip");
}

/// A saved machine goes on as if it had not been stopped.
#[test]
fn saved_machine_goes_on_as_if_never_stopped() {
    let dir = Dir::new();
    let clock = sample("clock");
    let run = |options: &[&str]| {
        dir.run(&[&["firmware", &clock, "--json"], options].concat())
            .ok()
            .json()
    };
    let whole = run(&["--max-cycles", "3_700_000"]);
    let first = run(&["--max-cycles", "1_234_567", "--save", "half.snapshot"]);
    let second = run(&["--max-cycles", "3_700_000", "--restore", "half.snapshot"]);
    for field in ["stop", "pc", "machine_cycles", "instructions", "registers"] {
        assert_eq!(second[field], whole[field], "{field}");
    }
    let sent = [&first, &second]
        .map(|report| report["uart"].as_str().unwrap())
        .concat();
    assert_eq!(whole["uart"], sent);
    let damaged = dir.read("half.snapshot").split_last().unwrap().1.to_vec();
    dir.write("half.snapshot", damaged);
    let ran = dir.run(&["firmware", &clock, "--restore", "half.snapshot"]);
    assert_eq!(ran.status, 2);
    assert!(
        ran.stderr.contains("half.snapshot: snapshot "),
        "{}",
        ran.stderr
    );
}

/// Recordings from before the host had a rate of its own have none: they are replayed with the firmware's.
#[test]
fn older_recording_has_a_host_that_follows() {
    let dir = Dir::new();
    let echo = sample("echo");
    // at twice the clock the firmware has twice the rate: a host of 9600 baud would not be understood
    let run = [
        "firmware",
        &echo,
        "--uart-in",
        "6869",
        "--baud",
        "auto",
        "--clock",
        "22.1184MHz",
        "--max-cycles",
        "60_000",
    ];
    let recorded = dir
        .run(&[&run[..], &["--record", "run.json", "--json"]].concat())
        .ok()
        .json();
    assert_eq!(recorded["uart"], "6869");
    let text = String::from_utf8(dir.read("run.json")).unwrap();
    let older: Vec<&str> = text
        .lines()
        .filter(|line| !line.contains("\"baud\"") && !line.contains("\"clock\""))
        .collect();
    assert_eq!(older.len() + 2, text.lines().count());
    dir.write("older.json", older.join("\n"));
    for file in ["run.json", "older.json"] {
        let replayed = dir
            .run(&["firmware", &echo, "--replay", file, "--json"])
            .ok()
            .json();
        assert_eq!(replayed["differences"], Value::Array(Vec::new()), "{file}");
    }
    let ran = dir.run(&["firmware", &echo, "--replay", "run.json", "--baud", "9600"]);
    assert_eq!(ran.status, 2, "the recording says which rate");
    let own = [
        "firmware",
        &echo,
        "--uart-in",
        "6869",
        "--max-cycles",
        "60_000",
        "--baud",
        "9800",
    ];
    dir.run(&[&own[..], &["--record", "own.json"]].concat())
        .ok();
    assert!(
        String::from_utf8(dir.read("own.json"))
            .unwrap()
            .contains("\"baud\": 9800")
    );
    dir.run(&["firmware", &echo, "--replay", "own.json"]).ok();
}
