//! Waveforms.

use super::common::Dir;
use super::sample;

/// What changes in a waveform: the picosecond and the line.
fn changes(vcd: &str) -> Vec<(u64, &str)> {
    let (_, body) = vcd.split_once("$enddefinitions $end\n").unwrap();
    let mut at = 0;
    let mut changes = Vec::new();
    for line in body.lines().filter(|line| !line.starts_with('$')) {
        match line.strip_prefix('#') {
            Some(time) => {
                let time = time.parse().unwrap();
                assert!(time >= at, "time goes on");
                at = time;
            }
            None => changes.push((at, line)),
        }
    }
    changes
}

/// The waveform of an echo has start bit data low bit first and stop bit to the machine cycle.
#[test]
fn echo_waveform_is_exact() {
    /// At 12 MHz a machine cycle is a microsecond; timer 1 reloads with 0xFD: a bit is 32 times 3 machine cycles.
    const CYCLE: u64 = 1_000_000;
    const BIT: u64 = 96 * CYCLE;
    let dir = Dir::new();
    dir.run(&[
        "firmware",
        &sample("echo"),
        "--uart-in",
        "a5300d",
        "--max-cycles",
        "10_000",
        "--clock",
        "12MHz",
        "--baud",
        "auto",
        "--vcd",
        "echo.vcd",
    ])
    .ok();
    let vcd = String::from_utf8(dir.read("echo.vcd")).unwrap();
    assert!(vcd.contains("$timescale 1 ps $end") && vcd.contains("$var wire 1 tx TXD $end"));
    let changes = changes(&vcd);
    let edges: Vec<(u64, bool)> = changes
        .iter()
        .filter(|(at, line)| *at > 0 && line.ends_with("tx"))
        .map(|(at, line)| (*at, line.starts_with('1')))
        .collect();
    let level = |at| {
        edges
            .iter()
            .take_while(|(edge, _)| *edge <= at)
            .last()
            .is_none_or(|(_, high)| *high)
    };
    let mut bytes = Vec::new();
    let mut idle_from = 0;
    for (start, _) in edges.iter().filter(|(_, high)| !high) {
        if *start < idle_from {
            continue; // within the frame before
        }
        assert_eq!(start % CYCLE, 0);
        let frame = *start..*start + 10 * BIT;
        for (edge, _) in edges.iter().filter(|(at, _)| frame.contains(at)) {
            assert_eq!(
                (edge - start) % BIT,
                0,
                "an edge at {edge} in the frame from {start}"
            );
        }
        let bit = |n: u64| level(start + n * BIT) && level(start + (n + 1) * BIT - 1);
        assert!(!level(*start) && !level(start + BIT - 1), "start bit");
        bytes.push((0..8).fold(0, |byte: u8, n| byte | u8::from(bit(n + 1)) << n));
        assert!(bit(9), "stop bit");
        idle_from = start + 10 * BIT;
    }
    assert_eq!(bytes, [0xA5, 0x30, 0x0D]);
    let last_overflow = changes
        .iter()
        .rfind(|(_, line)| line.ends_with("o1"))
        .unwrap()
        .0;
    assert!(
        last_overflow > 9_990 * CYCLE,
        "timer 1 runs to the end of the waveform"
    );
    let count = |wanted| changes.iter().filter(|(_, line)| *line == wanted).count();
    assert!(count("1i4") >= 3, "the serial interrupt is served");
    assert_eq!(
        count("1i4") + 1,
        count("0i4"),
        "and left again; at first it is low"
    );
}

/// Mode 0 on a waveform: with each rising edge of the clock on TXD a shift register takes a bit from RXD.
#[test]
fn mode_0_shows_its_data_and_its_clock() {
    let dir = Dir::new();
    let image = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/firmware/cases/shift_out.ihx"
    );
    let run = [
        "firmware",
        image,
        "--max-cycles",
        "60",
        "--vcd",
        "shift.vcd",
    ];
    dir.run(&run).ok();
    let vcd = String::from_utf8(dir.read("shift.vcd")).unwrap();
    let (mut data, mut shifted) = (1, Vec::new());
    for (at, line) in changes(&vcd).into_iter().filter(|(at, _)| *at > 0) {
        match line {
            "0rx" => data = 0,
            "1rx" => data = 1,
            "1tx" => shifted.push((at, data)),
            _ => {}
        }
    }
    let byte = shifted
        .iter()
        .rev()
        .fold(0, |byte, (_, bit)| byte << 1 | bit);
    assert_eq!((shifted.len(), byte), (8, 0xA5), "{shifted:?}");
}
