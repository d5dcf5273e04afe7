//! Bad input and programs that go wrong: each has its report.

use super::{assembled, firmware};
use serde_json::Value;

const LOOP: &str = "sjmp $\n";

fn warnings(report: &Value) -> Vec<&str> {
    report["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect()
}

#[test]
fn a_bad_stimulus_is_named_with_file_line_and_column() {
    let dir = assembled(LOOP);
    for (text, expected) in [
        (
            "10 P1.0 0\n 5 P1.0 1\n",
            "line 2, column 2: cycle 5 comes after cycle 10",
        ),
        (
            "10 P9.0 0\n",
            "line 1, column 4: expected a pin from P0.0 to P3.7, or serial, found \"P9.0\"",
        ),
        (
            "10 P1.0 2\n",
            "line 1, column 9: expected the level 0 or 1, found \"2\"",
        ),
        (
            "ten P1.0 1\n",
            "line 1, column 1: expected a machine cycle, found \"ten\"",
        ),
    ] {
        dir.write("bad.txt", text);
        let ran = firmware(&dir, &["--stimulus", "bad.txt"]);
        assert_eq!(ran.status, 2);
        assert!(
            ran.stderr
                .starts_with(&format!("error: bad.txt: {expected}")),
            "{}",
            ran.stderr
        );
    }
}

/// An image beyond the chips rom is refused with the address.
#[test]
fn image_beyond_the_rom_names_the_address() {
    let dir = assembled("ljmp far\n .org 0x1000\n far: sjmp far\n");
    let run = |chip| {
        firmware(
            &dir,
            &["--chip", chip, "--internal-code-only", "--max-cycles", "10"],
        )
    };
    let ran = run("8051");
    assert_eq!(ran.status, 2);
    assert_eq!(
        ran.stderr,
        "error: image fills CODE 0x1000, but the 8051 has 4096 bytes of ROM and no external CODE is connected: choose \
         a larger chip or allow external CODE\n"
    );
    run("8052").ok();
    firmware(&dir, &["--chip", "8051", "--max-cycles", "10"]).ok();
}

#[test]
fn a_register_the_chip_has_not_is_reported_once() {
    let dir = assembled("loop: mov 0xC8,#1\n mov A,0xC8\n mov 0x9A,A\n sjmp loop\n");
    let report = firmware(&dir, &["--chip", "8051", "--max-cycles", "1000", "--json"])
        .ok()
        .json();
    assert_eq!(
        warnings(&report),
        [
            "SFR 0xC8, which the 8051 has not, was accessed first in cycle 1",
            "SFR 0x9A, which the 8051 has not, was accessed first in cycle 4"
        ]
    );
    assert_eq!(report["registers"]["a"], 0, "it keeps nothing");
    let report = firmware(&dir, &["--chip", "8052", "--max-cycles", "1000", "--json"])
        .ok()
        .json();
    assert_eq!(warnings(&report).len(), 1, "an 8052 has T2CON");
}

/// An interrupt without a routine is a fault that names it.
#[test]
fn interrupt_without_a_routine_is_named() {
    let dir = assembled("ljmp main\n .org 0x40\n main: mov IE,#0x82\n setb TF0\n sjmp $\n");
    let ran = firmware(&dir, &["--json"]);
    assert_eq!(ran.status, 1);
    let report = ran.json();
    assert_eq!(
        (&report["stop"], &report["pc"]),
        (&"fault".into(), &"0x000B".into())
    );
    let expected = "interrupt T0 was accepted, but no service routine is at its vector 0x000B";
    assert_eq!(warnings(&report), [expected]);
    assert_eq!(ran.stderr, format!("warning: {expected}\n"));
}

#[test]
fn code_that_is_not_there_is_a_fault_at_its_address() {
    let dir = assembled("nop\n ljmp 0x1234\n");
    let ran = firmware(&dir, &[]);
    assert_eq!(ran.status, 1);
    assert!(
        ran.stdout.starts_with("stop          fault at 0x1234\n"),
        "{}",
        ran.stdout
    );
    assert_eq!(
        ran.stderr,
        "warning: the program runs into unprogrammed CODE at 0x1234\n"
    );
}

/// A stack overflow is reported with pc and call stack.
#[test]
fn stack_overflow_has_pc_and_call_stack() {
    let dir = assembled(
        "mov SP,#0x70\n first: acall second\n second: acall third\n third: acall second\n sjmp $\n",
    );
    let ran = firmware(&dir, &["--chip", "8051", "--check-stack", "--json"]);
    assert_eq!(ran.status, 1);
    let report = ran.json();
    assert_eq!(
        (&report["stop"], &report["pc"]),
        (&"fault".into(), &"0x0005".into())
    );
    assert_eq!(report["stack"]["overflow"]["pc"], "0x0005");
    let calls = &report["stack"]["overflow"]["calls"];
    assert_eq!(
        calls.as_array().unwrap()[..3],
        ["0x0003", "0x0005", "0x0007"]
    );
    assert!(
        report["machine_cycles"].as_u64().unwrap() <= 1000,
        "it stops soon"
    );
    assert!(
        ran.stderr.starts_with(
            "warning: the stack overflows at CODE 0x0005, called from 0x0007, 0x0005,"
        ),
        "{}",
        ran.stderr
    );
}

/// An endless run ends at its limit and says so when nobody set one.
#[test]
fn endless_run_ends_at_the_default_limit() {
    let source = "ljmp main
 .org 0x0B
 reti
 .org 0x40
 main: mov TMOD,#1
 mov IE,#0x82
 setb TR0

        sleep: orl PCON,#1
 sjmp sleep
";
    let ran = firmware(&assembled(source), &[]).ok();
    assert!(
        ran.stdout.starts_with("stop          cycles at "),
        "{}",
        ran.stdout
    );
    assert_eq!(
        ran.stderr,
        "stopped at the default limit of 1000000000 machine cycles: --max-cycles sets another
"
    );
    let loops = assembled(LOOP);
    let report = firmware(&loops, &["--max-cycles", "1_000_000", "--json"])
        .ok()
        .json();
    assert_eq!(
        (&report["stop"], &report["machine_cycles"]),
        (&"cycles".into(), &1_000_000.into())
    );
}

#[test]
fn bad_options_are_status_2_with_a_sentence() {
    let dir = assembled(LOOP);
    let wrong: [&[&str]; 16] = [
        &["--chip", "8048"],
        &["--clock", "0"],
        &["--clock", "11,0592MHz"],
        &["--baud", "0"],
        &["--baud", "1_000_000"],
        &["--dump", "rom"],
        &["--dump", "iram:0x30..0x20"],
        &["--stop-pc", "main"],
        &["--interrupt-latency-cycles", "3"],
        &["--xdata-bytes", "65537"],
        &["--ram", "ones"],
        &["--stop-pc", "0x10000"],
        &["--uart-in", "xyz"],
        &["--stimulus", "no-such-file"],
        &["--replay", "image.ihx"],
        &["--restore", "image.ihx"],
    ];
    for options in wrong {
        let ran = firmware(&dir, options);
        assert_eq!(ran.status, 2, "{options:?}: {}", ran.all());
        assert!(
            ran.stderr.starts_with("error: "),
            "{options:?}: {}",
            ran.stderr
        );
    }
}

/// What programmers load is loaded, with a word on what was odd; contracts are another matter.
#[test]
fn odd_images_are_loaded_with_a_warning() {
    let dir = assembled("mov 0x30,#0x42\n sjmp $\n");
    let plain = dir.read("image.ihx");
    dir.write("image.ihx", [&plain[..], b":00000001FF\n\x1A"].concat());
    let ran = firmware(&dir, &["--max-cycles", "100", "--dump", "iram:0x30"]).ok();
    assert_eq!(
        ran.stderr,
        "warning: image.ihx: line 3: everything after the end record is ignored, from `:` on\n"
    );
    assert!(ran.stdout.contains("iram 0x30     42\n"), "{}", ran.stdout);
    let contract = dir.run(&["inspect", "image.ihx"]);
    assert_ne!(
        contract.status,
        0,
        "a contract is refused: {}",
        contract.all()
    );
    dir.write("image.ihx", ":00000001FF\n");
    let ran = firmware(&dir, &[]);
    assert_eq!(ran.status, 2);
    assert_eq!(
        ran.stderr,
        "error: image.ihx: expected an image, found one without a byte of code: build it again\n"
    );
    dir.write("image.ihx", [b"made by hand\n", &plain[..]].concat());
    let ran = firmware(&dir, &[]);
    assert_eq!(ran.status, 2);
    assert_eq!(
        ran.stderr,
        "error: image.ihx: line 1, column 1: expected `:`, found `m`\n"
    );
}

/// A host that cannot have understood what was sent, and bytes that nobody took, are said.
#[test]
fn a_line_that_does_not_work_is_reported() {
    let source = "mov TMOD,#0x20\n mov TH1,#0xFA\n mov SCON,#0x40\n setb TR1\n mov SBUF,#0x41\n
        jnb TI,$\n clr TI\n clr P3.1\n mov SBUF,#0x42\n jnb TI,$\n sjmp $\n";
    let dir = assembled(source);
    let run = |options: &[&str]| {
        let limit = ["--max-cycles", "20_000", "--json"];
        firmware(&dir, &[&limit, options].concat()).ok().json()
    };
    let report = run(&["--uart-in", "0102"]);
    assert_eq!(report["uart"], "41");
    let said = warnings(&report);
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(
        said[0].starts_with("1 byte was sent while the latch of P3.1 held TXD low"),
        "{said:?}"
    );
    assert!(
        said[1].starts_with("2 bytes for the serial line were not sent"),
        "{said:?}"
    );
    assert!(
        said[2].starts_with("the firmware sent at 4800 baud to a host that listens at 9600,"),
        "{said:?}"
    );
    for right in [
        ["--baud", "4800"],
        ["--clock", "22.1184MHz"],
        ["--baud", "auto"],
    ] {
        assert_eq!(warnings(&run(&right)).len(), 1, "{right:?}");
    }
}
