//! Random firmware that keeps timers, serial port, interrupts and pins busy: whatever way it is
//! run, and wherever it is stopped, it does the same.

use board::chips::Chip;
use board::interrupt::{InterruptTiming, Source};
use board::line::{Pace, SerialByte};
use board::stimulus::{Input, Stimulus};
use board::trace::Signal;
use board::{Board, BoardConfig};
use emu8051::{Cpu, Cycles, Insn, Observer, sfr};
use std::ops::ControlFlow;

/// A small generator of its own, so that a failing seed stays the same for ever.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn byte(&mut self) -> u8 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 24) as u8
    }

    fn pick(&mut self, of: &[u8]) -> u8 {
        of[usize::from(self.byte()) % of.len()]
    }
}

const MAIN: u16 = 0x100;
const END: usize = 0xFFE0;

/// Service routines that clear what they must, a start that sets everything up, and a main program
/// that now and then writes, reads or polls a register.
fn firmware(random: &mut Random) -> Vec<(u16, Vec<u8>)> {
    let reload = random.byte() | 0xF0;
    let mut segments = vec![
        (0x00, vec![0x02, 0x01, 0x00]),                         // LJMP MAIN
        (0x03, vec![0x05, 0x40, 0x32]),                         // INC 40h, RETI
        (0x0B, vec![0x05, 0x41, 0x75, sfr::TH0, reload, 0x32]), // INC 41h, MOV TH0,#reload, RETI
        (0x13, vec![0x05, 0x42, 0x32]),
        (0x1B, vec![0x05, 0x43, 0x32]),
        (0x23, vec![0x02, 0x00, 0x40]),
        (0x2B, vec![0xC2, 0xCF, 0xC2, 0xCE, 0x05, 0x45, 0x32]), // CLR TF2, CLR EXF2, INC 45h, RETI
        // PUSH PSW, MOV PSW,#10h, INC R1, JNB RI,+5, CLR RI, MOV 46h,SBUF, JNB TI,+5, CLR TI, MOV
        // SBUF,46h, POP PSW, RETI
        (
            0x40,
            vec![
                0xC0, 0xD0, 0x75, 0xD0, 0x10, 0x09, 0x30, 0x98, 0x05, 0xC2, 0x98, 0x85, 0x99, 0x46,
                0x30, 0x99, 0x05, 0xC2, 0x99, 0x85, 0x46, 0x99, 0xD0, 0xD0, 0x32,
            ],
        ),
    ];
    let mut code = Vec::new();
    let setup = [
        (
            sfr::TMOD,
            random.pick(&[
                0x20, 0x21, 0x22, 0x23, 0x10, 0x2A, 0x25, 0x62, 0x28, 0x30, 0x00, 0x13,
            ]),
        ),
        (sfr::TH1, 0xFF - random.byte() % 4),
        (sfr::TL1, random.byte() | 0xF0),
        (sfr::TH0, random.byte() | 0xF0),
        (sfr::RCAP2H, 0xFF),
        (sfr::RCAP2L, random.byte() | 0xC0),
        (sfr::TH2, 0xFF),
        (
            sfr::T2CON,
            random.pick(&[0x00, 0x04, 0x34, 0x14, 0x24, 0x0C, 0x0D, 0x05, 0x3C, 0x06]),
        ),
        (sfr::PCON, random.byte() & 0x80),
        (sfr::TCON, 0x50 | random.byte() & 5),
        (
            sfr::SCON,
            random.pick(&[
                0x50, 0x52, 0x40, 0x70, 0xD0, 0xF8, 0x90, 0xB0, 0x10, 0x12, 0xD8,
            ]),
        ),
        (sfr::IP, random.byte() & random.byte()),
        (sfr::IE, random.byte() | 0x80),
        (sfr::SBUF, random.byte()),
    ];
    for (register, value) in setup {
        code.extend([0x75, register, value]);
    }
    while usize::from(MAIN) + code.len() < END {
        act(random, &mut code);
    }
    code.extend([0x02, 0x01, 0x00]);
    segments.push((MAIN, code));
    segments
}

/// A few instructions of the main program.
fn act(random: &mut Random, code: &mut Vec<u8>) {
    let registers = [
        sfr::TCON,
        sfr::TMOD,
        sfr::TH0,
        sfr::TL0,
        sfr::TH1,
        sfr::TL1,
        sfr::SCON,
        sfr::SBUF,
        sfr::IE,
        sfr::IP,
        sfr::T2CON,
        sfr::RCAP2H,
        sfr::RCAP2L,
        sfr::TH2,
        sfr::P1,
        sfr::P3,
    ];
    let seen = [
        sfr::TL0,
        sfr::TL1,
        sfr::TH0,
        sfr::TH1,
        sfr::TL2,
        sfr::TH2,
        sfr::TCON,
        sfr::SCON,
        sfr::SBUF,
        sfr::P3,
        sfr::P1,
        sfr::T2CON,
    ];
    match random.byte() % 32 {
        0 => code.extend([0x75, random.pick(&registers), random.byte() | random.byte()]),
        // CLR of a flag
        1 => code.extend([
            0xC2,
            random.pick(&[0x98, 0x99, 0x8D, 0x8F, 0xCF, 0xCE, 0x89, 0x8B]),
        ]),
        // CPL of a pin
        2 => code.extend([
            0xB2,
            random.pick(&[0x90, 0x91, 0xB2, 0xB3, 0xB4, 0xB5, 0xB0, 0xB1]),
        ]),
        // a register's value into IRAM
        3..=5 => code.extend([0x85, random.pick(&seen), 0x50 + random.byte() % 32]),
        6 => code.extend([0x78 + random.byte() % 8, random.byte()]),
        // a delay
        7..=9 => {
            let n = random.byte() % 8;
            code.extend([0x78 + n, random.byte(), 0xD8 + n, 0xFE]);
        }
        10 => code.extend([0x85, 0x46, sfr::SBUF]),
        // SETB of an enable, a priority or a run bit
        11 => code.extend([
            0xD2,
            random.pick(&[0xA8, 0xA9, 0xAC, 0xAF, 0xB9, 0xBC, 0x8C, 0x8E]),
        ]),
        12 => code.push(0xA4), // MUL AB: four cycles
        13 if random.byte() < 40 => code.extend([0x43, sfr::PCON, 0x01]), // idle
        _ => code.push(random.pick(&[0x00, 0x04, 0x23, 0x33, 0xA3, 0x84])),
    }
}

/// The board of a seed, with pins that change and a host that sends.
fn lively(seed: u64) -> Board {
    let mut random = Random::new(seed);
    let segments = firmware(&mut random);
    let mut config = BoardConfig::new(Chip::named("8052").expect("a chip of the table"));
    if seed % 5 == 4 {
        config.timing = InterruptTiming::S51;
    }
    let code = segments.iter().map(|(at, bytes)| (*at, bytes.as_slice()));
    let mut board = Board::new(&config, code).expect("it fits");
    for k in 0..100 {
        let input = Input::Pin {
            port: 1 + 2 * (random.byte() & 1),
            bit: random.byte() & if seed.is_multiple_of(3) { 7 } else { 5 },
            level: random.byte() & 1 == 1,
        };
        let at = Cycles(k * 101 + u64::from(random.byte() % 100));
        board.input(Stimulus { at, input }).expect("in order");
    }
    if seed.is_multiple_of(2) {
        board.set_pace(Pace::BackToBack);
    }
    board.send_serial((0..40).map(|data| SerialByte {
        data,
        ninth: data % 3 == 0,
    }));
    board.trace(true);
    board
}

/// Everything that can be seen of a board, its history included.
fn seen(board: &mut Board) -> (Vec<u8>, Vec<String>, [Option<Cycles>; 6]) {
    // The host's level is shown whenever the port is caught up, so only its changes count.
    let mut rxd = true;
    let events = board.take_events();
    let mut shown: Vec<String> = events
        .into_iter()
        .filter(|event| match event.signal {
            Signal::Rxd(level) => std::mem::replace(&mut rxd, level) != level,
            _ => true,
        })
        .map(|event| format!("{:12} {:?}", event.at.0, event.signal))
        .collect();
    shown.sort(); // what happens at one moment has no order
    let latency = Source::ALL.map(|source| board.worst_latency(source));
    (board.snapshot().to_bytes(), shown, latency)
}

const CYCLES: u64 = 4000;

/// Stopped after every cycle and continued from bytes equals not stopped.
#[test]
fn stopped_after_every_cycle_equals_not_stopped() {
    for seed in 0..12 {
        let mut whole = lively(seed);
        let stop = whole.run(Cycles(CYCLES));
        let mut stopped = lively(seed);
        let mut last = stop;
        for cycle in 1..=CYCLES {
            last = stopped.run(Cycles(cycle));
            let bytes = stopped.snapshot().to_bytes();
            let snapshot = stopped.read_snapshot(&bytes).expect("just written");
            stopped.restore(&snapshot).expect("the same machine");
        }
        assert_eq!(last, stop, "seed {seed}");
        assert!(seen(&mut stopped) == seen(&mut whole), "seed {seed}");
    }
}

#[test]
fn traced_equals_not_traced() {
    for seed in 0..100 {
        let (mut traced, mut silent) = (lively(seed), lively(seed));
        silent.trace(false);
        let stop = traced.run(Cycles(CYCLES));
        assert_eq!(silent.run(Cycles(CYCLES)), stop, "seed {seed}");
        let [traced, silent] = [traced, silent].map(|mut board| board.snapshot().to_bytes());
        assert!(traced == silent, "seed {seed}");
    }
}

/// Waits for TI, for a pin and for TF0 by instructions that jump to themselves, with an interrupt
/// now and then.
const WAITING: &[u8] = &[
    0x75, 0x89, 0x22, 0x75, 0x8C, 200, 0x75, 0x8D, 0xFD, 0x75, 0x98, 0x50, 0x75, 0x88,
    0x50, // timers and serial port
    0x75, 0xA8, 0x81, // MOV IE,#0x81: INT0
    0x05, 0x99, // loop: INC SBUF
    0x30, 0x99, 0xFD, // JNB TI,$
    0xC2, 0x99, // CLR TI
    0x30, 0x93, 0xFD, // JNB P1.3,$
    0x20, 0x93, 0xFD, // JB P1.3,$
    0x30, 0x8D, 0xFD, // JNB TF0,$
    0xC2, 0x8D, // CLR TF0
    0x30, 0xB0, 0xFD, // JNB RXD,$
    0x20, 0xB0, 0xFD, // JB RXD,$
];

fn waiting() -> Board {
    let mut code = WAITING.to_vec();
    let back = 18_usize.wrapping_sub(code.len() + 2) as u8;
    code.extend([0x80, back]); // SJMP loop
    let config = BoardConfig::new(Chip::named("8052").expect("a chip of the table"));
    let start = [0x02, 0x01, 0x00];
    let routine = [0x05, 0x40, 0xB2, 0x95, 0x32]; // INC 40h, CPL P1.5, RETI
    let segments: [(u16, &[u8]); 3] = [(0, &start), (3, &routine), (MAIN, &code)];
    let mut board = Board::new(&config, segments).expect("it fits");
    for k in 0..200 {
        let (port, bit) = [(1, 3), (3, 2), (1, 3)][k as usize % 3];
        let level = k / 3 % 2 == 1;
        let (at, input) = (Cycles(k * 217), Input::Pin { port, bit, level });
        board.input(Stimulus { at, input }).expect("in order");
    }
    board.set_pace(Pace::BackToBack);
    board.send_serial((0..40).map(SerialByte::from));
    board.trace(true);
    board
}

/// Waiting for a bit takes as long as executing the wait.
#[test]
fn waiting_for_a_bit_takes_as_long_as_executing_it() {
    for until in (0..40_000).step_by(37) {
        let (mut free, mut observed) = (waiting(), waiting());
        let stop = free.run_with(Cycles(until), &mut (), &mut ());
        let same = observed.run_with(Cycles(until), &mut (), &mut Counting(0));
        assert_eq!(same, stop, "until {until}");
        assert_eq!(free.steps(), observed.steps(), "until {until}");
        assert!(seen(&mut observed) == seen(&mut free), "until {until}");
        if until > 39_900 {
            assert!(free.cpu().iram(0x40) > 10, "interrupts come meanwhile");
            assert!(free.take_sent().len() > 5, "and bytes are sent");
        }
    }
}

struct Counting(u64);
impl Observer for Counting {
    fn before(&mut self, _: &Cpu, _: &Insn) -> ControlFlow<()> {
        self.0 += 1;
        ControlFlow::Continue(())
    }
}

#[test]
fn observed_at_every_instruction_equals_not_observed() {
    for seed in 0..100 {
        let (mut free, mut observed) = (lively(seed), lively(seed));
        let mut counting = Counting(0);
        let stop = free.run_with(Cycles(10 * CYCLES), &mut (), &mut ());
        assert_eq!(
            observed.run_with(Cycles(10 * CYCLES), &mut (), &mut counting),
            stop,
            "seed {seed}"
        );
        assert_eq!(counting.0, free.steps().0, "seed {seed}");
        assert!(seen(&mut observed) == seen(&mut free), "seed {seed}");
    }
}
