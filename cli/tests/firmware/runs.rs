//! What a run does and where it writes to.

use super::common::Dir;
use super::{assembled, firmware, sample};

#[test]
fn json_has_the_fixed_keys_first_and_in_order() {
    let report = Dir::new()
        .run(&[
            "firmware",
            &sample("echo"),
            "--uart-in",
            "6869",
            "--max-cycles",
            "30_000",
            "--json",
        ])
        .ok()
        .json();
    let keys: Vec<&str> = report
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let fixed = [
        "stop",
        "pc",
        "machine_cycles",
        "instructions",
        "uart",
        "registers",
    ];
    assert_eq!(keys[..fixed.len()], fixed);
    assert_eq!(report["stop"], "cycles");
    assert_eq!(report["uart"], "6869");
    assert_eq!(report["registers"]["r"].as_array().map(Vec::len), Some(8));
}

#[test]
fn each_stop_condition_is_named_with_its_place() {
    let source = "mov DPTR,#0x1234\n movx A,@DPTR\n here: inc R0\n orl PCON,#2\n sjmp $\n";
    let dir = assembled(source);
    let stop = |options: &[&str]| {
        let report = firmware(&dir, &[options, &["--json"]].concat()).ok().json();
        (
            report["stop"].clone(),
            report["pc"].clone(),
            report["machine_cycles"].clone(),
        )
    };
    let expected = |name: &str, pc: &str, cycles: u64| (name.into(), pc.into(), cycles.into());
    assert_eq!(stop(&["--stop-pc", "4"]), expected("pc", "0x0004", 4));
    assert_eq!(
        stop(&["--stop-pc", "0x80", "--stop-pc", "5"]),
        expected("pc", "0x0005", 5)
    );
    assert_eq!(
        stop(&["--stop-xdata-read", "0x1234"]),
        expected("xdata_read", "0x0004", 4)
    );
    assert_eq!(
        stop(&["--stop-xdata-read", "0x1235"]),
        expected("power_down", "0x0008", 7)
    );
    assert_eq!(
        stop(&["--max-cycles", "3"]),
        expected("cycles", "0x0003", 2)
    );
    let idle = assembled("orl PCON,#1\n sjmp $\n");
    assert_eq!(firmware(&idle, &["--json"]).ok().json()["stop"], "idle");
}

#[test]
fn ram_is_zero_or_random_by_seed_or_what_a_file_holds() {
    // P1 and P2 show XDATA 0x0010 and IRAM 0x40.
    let dir = assembled("mov DPTR,#0x10\n movx A,@DPTR\n mov B,0x40\n here: sjmp here\n");
    let mut ram = vec![0; 0x10000 + 0x100];
    (ram[0x10], ram[0x10040]) = (0x5A, 0xA5);
    dir.write("ram.bin", &ram);
    let seen = |preset: &[&str]| {
        let report = firmware(&dir, &[preset, &["--stop-pc", "7", "--json"]].concat())
            .ok()
            .json();
        (
            report["registers"]["a"].as_u64().unwrap(),
            report["registers"]["b"].as_u64().unwrap(),
        )
    };
    assert_eq!(seen(&[]), (0, 0));
    assert_eq!(seen(&["--ram", "zero"]), (0, 0));
    assert_eq!(seen(&["--ram", "@ram.bin"]), (0x5A, 0xA5));
    assert_eq!(seen(&["--ram", "random:7"]), seen(&["--ram", "random:7"]));
    assert_ne!(seen(&["--ram", "random:7"]), seen(&["--ram", "random:8"]));
    dir.write("ram.bin", vec![0; 0x10101]);
    let ran = firmware(&dir, &["--ram", "@ram.bin"]);
    assert_eq!(ran.status, 2);
    assert!(
        ran.stderr
            .contains("expected at most 65792 bytes, found 65793"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_stimulus_moves_pins_and_sends_bytes_at_its_time() {
    // Counts while P3.2 is low, then waits for a byte.
    let source = "mov SCON,#0x50\n mov TMOD,#0x20\n mov TH1,#0xFD\n setb TR1\n wait: jb P3.2,wait\n
        low: inc R0\n jnb P3.2,low\n get: jnb RI,get\n mov A,SBUF\n orl PCON,#2\n sjmp $\n";
    let dir = assembled(source);
    dir.write(
        "world.txt",
        "# a button and a host\n100 P3.2 0\n130 P3.2 1\n5000 serial 7e\n",
    );
    let report = firmware(&dir, &["--stimulus", "world.txt", "--json"])
        .ok()
        .json();
    assert_eq!(report["stop"], "power_down");
    assert_eq!(
        report["registers"]["r"][0],
        30 / 3,
        "three machine cycles a round"
    );
    assert_eq!(report["registers"]["a"], 0x7E);
    assert!(report["machine_cycles"].as_u64().unwrap() > 5000 + 9 * 96);
}

/// Progress is said on standard error and not with json.
#[test]
fn progress_goes_to_standard_error() {
    let run = |options: &[&str]| {
        let limit = [
            "firmware",
            &sample("blink"),
            "--chip",
            "8051",
            "--max-cycles",
            "4_100_000_000",
        ];
        Dir::new().run(&[&limit, options].concat()).ok()
    };
    let ran = run(&[]);
    assert_eq!(
        ran.stderr,
        "2000000000 of 4100000000 machine cycles\n4000000000 of 4100000000 machine cycles\n"
    );
    assert!(!ran.stdout.contains("4000000000"));
    assert_eq!(run(&["--json"]).stderr, "");
}

/// What the firmware sends goes to a file or to standard output.
#[test]
fn sent_bytes_go_to_a_file_or_standard_output() {
    let dir = Dir::new();
    let echo = [
        "firmware",
        &sample("echo"),
        "--max-cycles",
        "60_000",
        "--uart-in",
        "00ff0a",
    ];
    let ran = dir
        .run(&[&echo[..], &["--uart-out", "sent.bin"]].concat())
        .ok();
    assert_eq!(dir.read("sent.bin"), [0x00, 0xFF, 0x0A]);
    assert!(!ran.stdout.contains("uart"), "not twice");
    let text = [
        "firmware",
        &sample("clock"),
        "--max-cycles",
        "3_700_000",
        "--uart-out",
        "-",
    ];
    let ran = dir.run(&text).ok();
    assert!(
        ran.stdout
            .starts_with("23:59:59\n00:00:00\n00:00:01\n00:00:02\nstop "),
        "{}",
        ran.stdout
    );
    let both = dir.run(&[&echo[..], &["--uart-out", "-", "--json"]].concat());
    assert_eq!(both.status, 2);
    assert!(both.stderr.contains("name a file"), "{}", both.stderr);
    let piped = dir.run_with(
        &[
            "firmware",
            &sample("echo"),
            "--max-cycles",
            "60_000",
            "--uart-in",
            "-",
            "--json",
        ],
        b"from a pipe",
    );
    assert_eq!(piped.ok().json()["uart"], "66726f6d20612070697065");
}

/// A function's name stands for its address, by the symbols beside the image.
#[test]
fn a_run_stops_where_a_function_begins() {
    let dir = assembled("ljmp main\n .org 0x10\n main: inc R0\n acall sub\n sjmp $\n sub: ret\n");
    let ran = firmware(&dir, &["--stop-pc", "main"]);
    assert_eq!(ran.status, 2);
    assert_eq!(
        ran.stderr,
        "error: image.ihx: no function is called main: no .cdb, .rst or .map beside it tells functions: link with \
         sdcc, or give an address\n"
    );
    dir.write(
        "image.map",
        "C:   00000010  _main   m\nC:   00000015  _sub   m\n",
    );
    let stop = |options: &[&str]| {
        let report = firmware(&dir, &[options, &["--json"]].concat()).ok().json();
        (report["stop"].clone(), report["pc"].clone())
    };
    assert_eq!(stop(&["--stop-pc", "main"]), ("pc".into(), "0x0010".into()));
    assert_eq!(stop(&["--stop-pc", "0x11", "--stop-pc", "sub"]).1, "0x0011");
    assert_eq!(stop(&["--stop-pc", "sub"]).1, "0x0015");
    let ran = firmware(&dir, &["--stop-pc", "mian"]);
    assert_eq!(ran.status, 2);
    assert!(
        ran.stderr
            .contains("no function is called mian: its symbols have main, sub"),
        "{}",
        ran.stderr
    );
}

/// Memory at the end of a run, in text and as JSON.
#[test]
fn memory_is_shown_after_a_run() {
    let dir = assembled(
        "mov 0x30,#0x42\n mov DPTR,#0x4001\n mov A,#7\n movx @DPTR,A\n mov P1,#0xF0\n here: sjmp here\n",
    );
    let run = |options: &[&str]| firmware(&dir, &[&["--max-cycles", "50"], options].concat()).ok();
    let shown = [
        "--dump",
        "iram:0x2E..0x31",
        "--dump",
        "xdata:0x4000..0x4001",
        "--dump",
        "sfr:0x90",
    ];
    let ran = run(&shown);
    assert!(
        ran.stdout.ends_with(
            "iram 0x2E     00 00\niram 0x30     42 00\nxdata 0x4000  00 07\nsfr 0x90      P1=F0\n"
        ),
        "{}",
        ran.stdout
    );
    let report = run(&[&shown[..], &["--json"]].concat()).json();
    assert_eq!(
        report["memory"][1],
        serde_json::json!({ "memory": "xdata", "first": "0x4000", "bytes": "0007" })
    );
    assert!(run(&["--json"]).json()["memory"].is_null(), "nobody asked");
    assert!(
        run(&["--dump", "sfr"])
            .stdout
            .contains("sfr 0x81      SP=07\n")
    );
}

/// A host of 9600 baud is heard by firmware with the right reload value, at the oscillator it was written for.
#[test]
fn rate_and_clock_decide_what_is_heard() {
    let heard = |options: &[&str]| {
        let run = [
            "firmware",
            &sample("echo"),
            "--uart-in",
            "6869",
            "--max-cycles",
            "60_000",
            "--json",
        ];
        Dir::new().run(&[&run, options].concat()).ok().json()["uart"].clone()
    };
    for right in [
        &[][..],
        &["--clock", "11.0592MHz"],
        &["--clock", "22.1184MHz", "--baud", "19200"],
        &["--clock", "12MHz", "--baud", "auto"],
    ] {
        assert_eq!(heard(right), "6869", "{right:?}");
    }
    for wrong in [
        ["--clock", "12MHz"],
        ["--baud", "4800"],
        ["--baud", "19200"],
    ] {
        assert_ne!(heard(&wrong), "6869", "{wrong:?}");
    }
}
