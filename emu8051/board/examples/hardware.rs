//! How fast firmware runs, beside the plain core and beside `s51`, all in one run and in turns.
//!
//! ```text
//! cargo run --release -p smart51-board --example hardware -- tests/data/workloads/dhry.ihx
//! ```
//!
//! The image is one of the workloads, which end where PC arrives at 0x0008. The loads put around
//! it:
//!
//! * `plain`: the bare core, no peripherals;
//! * `board`: a board on which nothing happens;
//! * `interrupts`: timer 0 interrupts every millisecond of a chip at 11.0592 MHz (921 machine
//!   cycles) and is reloaded by its routine; the serial port sends and receives without a pause at
//!   9600 baud, a byte in 960 cycles each way, with an interrupt for every byte sent and every byte
//!   received: three interrupts in 958 cycles, with routines that save registers and do something;
//! * `sending`: the same, but nobody sends to it: two interrupts in 940 cycles;
//! * `tick`: the same with only timer 0's interrupt enabled: one in 921 cycles;
//! * `dense`: timer 0 interrupts every 200 cycles besides, with an empty routine;
//! * `polled`: another program, without interrupts: it sends bytes and waits for TI, toggles a port
//!   pin, and waits for TF0;
//! * `echo`: the sample `firmware-samples/firmware/echo.ihx`, compiled C with ring buffers: it
//!   receives bytes without a pause at 9600 baud and sends them back, each with an interrupt, and
//!   timer 0 interrupts every millisecond besides;
//! * `waiting`: the same image on the bare core, where nothing ever comes.
//!
//! The speed of each is given beside `plain`, that of `echo` beside `waiting`.
//!
//! With a load's name as a second argument, it runs that one alone, to count host instructions:
//!
//! ```text
//! valgrind --tool=callgrind --toggle-collect='*measured*' target/release/examples/hardware FILE.ihx interrupts
//! ```

use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::time::Instant;

use board::chips::Chip;
use board::line::Pace;
use board::{Board, BoardConfig, BoardStop};
use emu8051::{Cpu, Cycles, Limit, Program, Stop, Xdata, assemble, run};

type Segments = Vec<(u16, Vec<u8>)>;

/// Where the programs end.
const END: u16 = 0x0008;
/// How often everything is run, `s51` twice; the fastest counts.
const ROUNDS: usize = 12;

/// Timer 0 every 921 cycles, the serial port both ways at 9600 baud. Counters are in IRAM the
/// workloads leave alone.
const INTERRUPTS: &str = "
    .org 0x000B
    ljmp tick
    .org 0x0023
    ljmp serial
    .org 0xF000
    mov TMOD,#0x21
    mov TH0,#0xFC
    mov TL0,#0x67
    mov TH1,#0xFD
    mov TL1,#0xFD
    mov SCON,#0x52
    mov IE,#0x92
    orl TCON,#0x50
    ljmp 0x0100
tick:
    mov TH0,#0xFC
    mov TL0,#0x70
    push ACC
    push PSW
    push 0x00
    mov r0,#0xF0
    inc @r0
    mov a,@r0
    jnz ticked
    inc r0
    inc @r0
ticked:
    pop 0x00
    pop PSW
    pop ACC
    reti
serial:
    push ACC
    push PSW
    push 0x00
    mov r0,#0xF2
    jnb RI,sending
    clr RI
    mov a,SBUF
    mov @r0,a
sending:
    jnb TI,served
    clr TI
    mov a,@r0
    mov SBUF,a
served:
    pop 0x00
    pop PSW
    pop ACC
    reti";

/// Timer 0 every 200 cycles, the serial port sending at 9600 baud.
const DENSE: &str = "
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

/// A tick every 921 cycles for the sample `echo`, which leaves timer 0 in its mode of 13 bits; it
/// ends the run after 61,440 ticks. Its priority is high: else it would wait for the routines of
/// the serial port, be reloaded late, and soon come with every byte. The sample begins at START.
const ECHO: &str = "
    .org 0x000B
    ljmp tick
    .org 0xF000
    mov TH0,#0xE3
    mov TL0,#0x07
    setb PT0
    setb TR0
    setb ET0
    ljmp START
tick:
    mov TH0,#0xE3
    mov TL0,#0x0F
    push ACC
    push PSW
    inc 0x7F
    mov a,0x7F
    jnz ticked
    inc 0x7E
    mov a,0x7E
    cjne a,#240,ticked
    ljmp 0x0008
ticked:
    pop PSW
    pop ACC
    reti";

/// Bytes are sent at 9600 baud and waited for, pins toggled, and timer 0 waited for.
const POLLED: &str = "
    .org 0x0000
    ljmp start
    .org 0x0100
start:
    mov TMOD,#0x22
    mov TH0,#56
    mov TH1,#0xFD
    mov SCON,#0x40
    orl TCON,#0x50
    mov r6,#40
hundreds:
    mov r5,#250
bytes:
    mov SBUF,r5
sending:
    jnb TI,sending
    clr TI
    mov r4,#100
pins:
    cpl P1.0
    mov a,P3
    mov c,P3.2
    mov P1.1,c
    djnz r4,pins
    clr TF0
    mov r3,#4
ticks:
    jnb TF0,ticks
    clr TF0
    djnz r3,ticks
    djnz r5,bytes
    djnz r6,hundreds
    ljmp 0x0008";

/// The sample `echo` with the tick of [`ECHO`].
fn echo() -> Segments {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../firmware-samples/firmware/echo.ihx"
    );
    let mut all = segments(&std::fs::read_to_string(path).expect("the sample can be read"));
    let (_, reset) = all
        .iter()
        .find(|(at, _)| *at == 0)
        .expect("a jump at 0x0000");
    let start = u16::from_be_bytes([reset[1], reset[2]]);
    let tick = assemble(&ECHO.replace("START", &start.to_string())).expect("it assembles");
    all.extend(tick.segments);
    all.push((0x0000, vec![0x02, 0xF0, 0x00])); // LJMP 0xF000
    all
}

/// The data records of an Intel HEX file.
fn segments(text: &str) -> Segments {
    let byte =
        |line: &str, at: usize| u8::from_str_radix(&line[at..at + 2], 16).expect("hex digits");
    let data = text
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with(':') && &line[7..9] == "00");
    data.map(|line| {
        let at = u16::from_be_bytes([byte(line, 3), byte(line, 5)]);
        let bytes = (0..byte(line, 1).into()).map(|k| byte(line, 9 + 2 * k));
        (at, bytes.collect())
    })
    .collect()
}

/// An Intel HEX file of `segments`, for `s51`.
fn hex(segments: &Segments) -> String {
    let mut text = String::new();
    for (at, bytes) in segments {
        for (k, line) in bytes.chunks(16).enumerate() {
            let [high, low] = (at + 16 * k as u16).to_be_bytes();
            let mut record = vec![line.len() as u8, high, low, 0];
            record.extend(line);
            record.push(
                record
                    .iter()
                    .fold(0, |sum: u8, byte| sum.wrapping_sub(*byte)),
            );
            text.push(':');
            for byte in record {
                let _ = write!(text, "{byte:02X}");
            }
            text.push('\n');
        }
    }
    text + ":00000001FF\n"
}

/// A program in its surroundings.
struct Load {
    name: &'static str,
    /// The load it is compared with.
    beside: &'static str,
    segments: Segments,
    on_board: bool,
    /// The program does not end by itself, so this many machine cycles of it are run.
    limit: Option<Cycles>,
    /// Bytes the host has to send: enough for the whole run.
    received: u64,
}

impl Load {
    fn all(workload: &Segments) -> Vec<Load> {
        let assembled = |source| assemble(source).expect("it assembles").segments;
        let around = |source| {
            let mut segments = workload.clone();
            segments.extend(assembled(source));
            segments.push((0x0000, vec![0x02, 0xF0, 0x00])); // LJMP 0xF000
            segments
        };
        let load = |name, segments, on_board, received| Load {
            name,
            beside: "plain",
            segments,
            on_board,
            limit: None,
            received,
        };
        let tick = INTERRUPTS.replace("mov IE,#0x92", "mov IE,#0x82");
        let plain = load("plain", workload.clone(), false, 0);
        let received = plain.run().cycles / 800;
        let echo = Load {
            beside: "waiting",
            ..load("echo", echo(), true, received)
        };
        let waiting = Load {
            name: "waiting",
            on_board: false,
            limit: Some(Cycles(57_000_000)), // about as many as `echo` takes
            segments: echo.segments.clone(),
            ..echo
        };
        vec![
            plain,
            load("board", workload.clone(), true, 0),
            load("interrupts", around(INTERRUPTS), true, received),
            load("sending", around(INTERRUPTS), true, 0),
            load("tick", around(&tick), true, 0),
            load("dense", around(DENSE), true, 0),
            load("polled", assembled(POLLED), true, 0),
            waiting,
            echo,
        ]
    }

    /// Runs it from reset to its end.
    fn run(&self) -> Ran {
        let segments = self.segments.iter().map(|(at, bytes)| (*at, &bytes[..]));
        if self.on_board {
            let config = BoardConfig {
                breakpoints: vec![END],
                ..BoardConfig::new(Chip::named("8052").expect("a chip of the table"))
            };
            let mut board = Board::new(&config, segments).expect("it fits");
            board.set_pace(Pace::BackToBack);
            board.send_serial((0..self.received).map(|k| (k as u8).into()));
            let begin = Instant::now();
            measured_board(&mut board);
            Ran {
                cycles: board.now().0,
                steps: board.steps().0,
                seconds: begin.elapsed().as_secs_f64(),
                sent: board.take_sent().len(),
                received: self.received - board.serial_waiting() as u64,
            }
        } else {
            let builder = segments.fold(Program::builder(), |builder, (at, bytes)| {
                builder.segment(at, bytes)
            });
            let program = builder.trap(END).build();
            let begin = Instant::now();
            let (cycles, steps) = measured_core(&program, self.limit);
            Ran {
                cycles,
                steps,
                seconds: begin.elapsed().as_secs_f64(),
                sent: 0,
                received: 0,
            }
        }
    }

    /// Seconds of `s51` for the same image; `None` when it is not installed or would not end.
    fn run_s51(&self) -> Option<f64> {
        if self.limit.is_some() {
            return None;
        }
        let dir = std::env::temp_dir();
        let path = |suffix| dir.join(format!("hardware-{}-{suffix}", std::process::id()));
        let (image, input, script) = (path("image.ihx"), path("in"), path("script"));
        let clean = || {
            for file in [&image, &input, &script] {
                let _ = std::fs::remove_file(file);
            }
        };
        std::fs::write(&image, hex(&self.segments)).ok()?;
        std::fs::write(&input, vec![b'U'; self.received as usize]).ok()?;
        std::fs::write(&script, format!("break {END}\nrun\nstate\nquit\n")).ok()?;
        let begin = Instant::now();
        let output = Command::new("s51")
            .args(["-q", "-b", "-t", "52", "-R", "3", "-S"])
            .arg(format!("in={},out=/dev/null", input.display()))
            .arg(&image)
            .stdin(std::fs::File::open(&script).ok()?)
            .stderr(Stdio::null())
            .output();
        let seconds = begin.elapsed().as_secs_f64();
        clean();
        let output = output.ok()?;
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("Breakpoint"), "s51 does not end: {text}");
        Some(seconds)
    }
}

/// What a run took.
struct Ran {
    cycles: u64,
    steps: u64,
    seconds: f64,
    sent: usize,
    received: u64,
}

#[inline(never)]
fn measured_board(board: &mut Board) {
    assert_eq!(board.run(Cycles::MAX), BoardStop::Pc(END));
}

#[inline(never)]
fn measured_core(program: &Program, cycles: Option<Cycles>) -> (u64, u64) {
    let (limit, stop) = cycles.map_or((Limit::NONE, Stop::Trap(END)), |cycles| {
        (Limit::cycles(cycles.0), Stop::OutOfCycles)
    });
    let used = run(&mut Cpu::new(), &mut Xdata::new(), program, limit);
    assert_eq!(used.stop, stop);
    (used.cycles.0, used.steps.0)
}

fn main() {
    let mut args = std::env::args().skip(1);
    let path = args.next().expect("give an image of tests/data/workloads");
    let loads = Load::all(&segments(
        &std::fs::read_to_string(path).expect("it can be read"),
    ));
    if let Some(name) = args.next() {
        let load = loads
            .iter()
            .find(|load| load.name == name)
            .expect("the name of a load");
        let ran = load.run();
        println!("{name}: {} cycles, {} instructions", ran.cycles, ran.steps);
        return;
    }
    let mut best: Vec<Ran> = loads.iter().map(Load::run).collect();
    let mut s51: Vec<Option<f64>> = loads.iter().map(Load::run_s51).collect();
    for round in 1..ROUNDS {
        for (load, best) in loads.iter().zip(&mut best) {
            let ran = load.run();
            if ran.seconds < best.seconds {
                *best = ran;
            }
        }
        if let Some(load) = loads.get(round - 1) {
            let before = s51[round - 1];
            s51[round - 1] = load
                .run_s51()
                .zip(before)
                .map(|(now, before)| now.min(before));
        }
    }
    println!(
        "{:<10} {:>10} {:>12} {:>10} {:>6} {:>6} {:>10} {:>8}",
        "load", "cycles", "instructions", "Mcycles/s", "plain", "s51", "sent", "received"
    );
    let speed_of = |ran: &Ran| ran.cycles as f64 / ran.seconds;
    for ((load, ran), s51) in loads.iter().zip(&best).zip(s51) {
        let speed = speed_of(ran);
        let reference = loads.iter().position(|other| other.name == load.beside);
        let plain = reference.map_or(f64::NAN, |k| speed_of(&best[k]));
        let beside_s51 = s51.map_or("-".into(), |seconds| {
            format!("{:.0}", seconds / ran.seconds)
        });
        println!(
            "{:<10} {:>10} {:>12} {:>10.1} {:>6.2} {:>6} {:>10} {:>8}",
            load.name,
            ran.cycles,
            ran.steps,
            speed / 1e6,
            speed / plain,
            beside_s51,
            ran.sent,
            ran.received
        );
    }
}
