//! How fast firmware runs: a workload on the plain core and on a board where timer 0 interrupts every 200 cycles and the
//! serial port sends without a pause; and how long a snapshot takes.
//!
//! `cargo run --release -p emu8051 --example hardware -- tests/data/workloads/dhry.ihx`

use std::time::Instant;

use emu8051::hw::board::{Board, BoardConfig, BoardStop};
use emu8051::hw::chip::Chip;
use emu8051::{Cpu, Cycles, Limit, Program, Stop, Xdata, assemble, run};

/// Where the workloads end.
const END: u16 = 0x0008;

/// The service routines, and what starts the timers before it jumps to the program.
const AROUND: &str = "
    .org 0x000B
    reti
    .org 0x0023
    clr TI
    mov SBUF,#0x55
    reti
    .org 0xF000
    mov TMOD,#0x22
    mov TH0,#56
    mov TL0,#56
    mov TH1,#0xFD
    mov TL1,#0xFD
    mov SCON,#0x42
    mov IE,#0x92
    orl TCON,#0x50
    ljmp 0x0100";

/// The data records of an Intel HEX file.
fn segments(text: &str) -> Vec<(u16, Vec<u8>)> {
    let byte =
        |line: &str, at: usize| u8::from_str_radix(&line[at..at + 2], 16).expect("hex digits");
    let data = text
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with(':') && &line[7..9] == "00");
    data.map(|line| {
        let at = u16::from_be_bytes([byte(line, 3), byte(line, 5)]);
        (
            at,
            (0..byte(line, 1).into())
                .map(|k| byte(line, 9 + 2 * k))
                .collect(),
        )
    })
    .collect()
}

fn main() {
    let path = std::env::args()
        .nth(1)
        .expect("give an image of tests/data/workloads");
    let mut image = segments(&std::fs::read_to_string(path).expect("it can be read"));

    let builder = image
        .iter()
        .fold(Program::builder(), |builder, (at, bytes)| {
            builder.segment(*at, bytes)
        });
    let program = builder.trap(END).build();
    let (mut cpu, mut xdata) = (Cpu::new(), Xdata::new());
    let begin = Instant::now();
    let plain = run(&mut cpu, &mut xdata, &program, Limit::NONE);
    let plain_speed = plain.cycles.0 as f64 / begin.elapsed().as_secs_f64() / 1e6;
    assert_eq!(plain.stop, Stop::Trap(END));
    println!(
        "plain core  {:>12} cycles  {plain_speed:7.1} M cycles/s",
        plain.cycles.0
    );

    image.extend(assemble(AROUND).expect("assembles").segments);
    image.push((0x0000, vec![0x02, 0xF0, 0x00]));
    let config = BoardConfig {
        breakpoints: vec![END],
        ..BoardConfig::new(Chip::named("8052").expect("listed"))
    };
    let mut board = Board::new(
        &config,
        image.iter().map(|(at, bytes)| (*at, bytes.as_slice())),
    )
    .expect("it fits");
    let begin = Instant::now();
    assert_eq!(board.run(Cycles::MAX), BoardStop::Pc(END));
    let speed = board.now().0 as f64 / begin.elapsed().as_secs_f64() / 1e6;
    println!(
        "board       {:>12} cycles  {speed:7.1} M cycles/s, {:.2} of the plain core",
        board.now().0,
        speed / plain_speed
    );
    println!("            {:>12} bytes sent", board.take_sent().len());

    const SNAPSHOTS: u32 = 100_000;
    let begin = Instant::now();
    for _ in 0..SNAPSHOTS {
        std::hint::black_box(board.snapshot());
    }
    println!(
        "snapshot    {:>12.2} µs",
        begin.elapsed().as_secs_f64() * 1e6 / f64::from(SNAPSHOTS)
    );
}
