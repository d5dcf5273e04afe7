//! Timers, serial port and interrupts side by side with the simulator `s51`, where it follows the
//! manual.
//!
//! Random programs write and read the registers of the peripherals with instructions of every
//! length in between and log what they read; both machines have to log the same and take the same
//! number of cycles. The board is given [`InterruptTiming::S51`] for this; where `s51` is wrong
//! (docs/hardware.md), the programs keep away.

use std::io::Write as _;
use std::process::{Command, Stdio};

use board::chips::Chip;
use board::interrupt::InterruptTiming;
use board::{Board, BoardConfig, BoardStop};
use emu8051::{Cycles, sfr};

/// Numbers that look random and are the same every time.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % n
    }

    fn byte(&mut self) -> u8 {
        self.below(256) as u8
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

/// Code being written.
#[derive(Default)]
struct Code(Vec<u8>);

impl Code {
    fn put(&mut self, bytes: &[u8]) -> &mut Code {
        self.0.extend_from_slice(bytes);
        self
    }

    /// `MOV direct,#value`.
    fn set(&mut self, direct: u8, value: u8) -> &mut Code {
        self.put(&[0x75, direct, value])
    }

    /// `MOV @R0,direct` and `INC R0`: the log grows from IRAM 0x40 on.
    fn log(&mut self, direct: u8) -> &mut Code {
        self.put(&[0xA6, direct, 0x08])
    }

    /// Something that takes a while and changes nothing.
    fn wait(&mut self, random: &mut Random) -> &mut Code {
        match random.below(5) {
            0 | 1 => self.put(&[0x00]),
            2 => self.put(&[0xA4]), // MUL AB, 4 cycles
            3 => self.put(&[0xA3]), // INC DPTR, 2 cycles
            _ => self.put(&[0x7F, 5 + random.byte() % 60, 0xDF, 0xFE]), // MOV R7,#n and DJNZ R7,$
        }
    }
}

/// What a machine had done when it came to the end.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    cycles: u64,
    iram: Vec<u8>,
    sfrs: Vec<u8>,
}

const SFRS: &[u8] = &[
    sfr::TCON,
    sfr::TMOD,
    sfr::TL0,
    sfr::TH0,
    sfr::TL1,
    sfr::TH1,
    sfr::T2CON,
    sfr::TL2,
    sfr::TH2,
    sfr::SCON,
];
/// The log and what handlers count.
const LOGGED: std::ops::Range<usize> = 0x20..0x100;

fn ours(segments: &[(u16, Vec<u8>)], end: u16, sfrs: &[u8]) -> Outcome {
    let config = BoardConfig {
        timing: InterruptTiming::S51,
        breakpoints: vec![end],
        ..BoardConfig::new(Chip::named("8052").expect("listed"))
    };
    let mut board = Board::new(
        &config,
        segments.iter().map(|(at, bytes)| (*at, bytes.as_slice())),
    )
    .expect("a board");
    assert_eq!(board.run(Cycles(10_000_000)), BoardStop::Pc(end));
    Outcome {
        cycles: board.now().0,
        iram: board.cpu().iram_all()[LOGGED].to_vec(),
        sfrs: sfrs.iter().map(|at| board.sfr(*at)).collect(),
    }
}

/// The data bytes of the Intel HEX records in `text`, as `s51` dumps memory.
fn dumped(text: &str) -> Vec<u8> {
    let records = text
        .lines()
        .filter(|line| line.starts_with(':') && &line[7..9] == "00");
    let byte = |record: &str, at| u8::from_str_radix(&record[at..at + 2], 16).expect("hex digits");
    records
        .flat_map(|line| (0..byte(line, 1).into()).map(move |k| byte(line, 9 + 2 * k)))
        .collect()
}

fn theirs(segments: &[(u16, Vec<u8>)], end: u16, sfrs: &[u8]) -> Outcome {
    let mut script = String::from("fill iram 0 0xff 0\n");
    for (at, bytes) in segments {
        for (k, line) in bytes.chunks(16).enumerate() {
            let bytes: String = line.iter().map(|byte| format!(" 0x{byte:02x}")).collect();
            script += &format!("set memory rom 0x{:04x}{bytes}\n", *at as usize + 16 * k);
        }
    }
    script += &format!("break 0x{end:04x}\nreset\nrun\nstate\ndump /i iram 0x20 0xff\n");
    for at in sfrs {
        script += &format!("dump /i sfr 0x{at:02x} 0x{at:02x}\n");
    }
    script += "quit\n";
    let mut s51 = Command::new("s51")
        .args(["-q", "-b", "-t", "52", "-R", "3"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("s51 starts");
    s51.stdin
        .take()
        .expect("piped")
        .write_all(script.as_bytes())
        .expect("written");
    let output =
        String::from_utf8_lossy(&s51.wait_with_output().expect("s51 ends").stdout).into_owned();
    let total = output
        .lines()
        .rfind(|line| line.starts_with("Total time"))
        .unwrap_or_else(|| panic!("{output}"));
    let clocks = total
        .split('(')
        .nth(1)
        .and_then(|rest| rest.split(' ').next())
        .expect("clocks");
    let mut bytes = dumped(&output);
    let sfrs = bytes.split_off(LOGGED.len());
    Outcome {
        cycles: clocks.parse::<u64>().expect("a number") / 12,
        iram: bytes,
        sfrs,
    }
}

fn compare(
    name: &str,
    seeds: std::ops::Range<u64>,
    make: impl Fn(&mut Random) -> Vec<(u16, Vec<u8>)>,
) {
    if Command::new("s51").arg("-H").output().is_err() {
        eprintln!(
            "SKIPPED: s51 is not installed (apt-get install sdcc-ucsim), {name} not compared"
        );
        return;
    }
    let mut different = 0;
    for seed in seeds.clone() {
        let mut random =
            Random(0x9E37_79B9_7F4A_7C15 ^ (seed + 1).wrapping_mul(0x2545_F491_4F6C_DD1D));
        let segments = make(&mut random);
        let (at, main) = segments.last().expect("a program");
        let end = at + main.len() as u16 - 2;
        let (ours, theirs) = (ours(&segments, end, SFRS), theirs(&segments, end, SFRS));
        if ours != theirs {
            different += 1;
            eprintln!(
                "{name} seed {seed} TMOD {:02X}: {} and {} cycles; SFRs {:02X?} and {:02X?}",
                ours.sfrs[1], ours.cycles, theirs.cycles, ours.sfrs, theirs.sfrs
            );
            for (k, (a, b)) in ours
                .iram
                .iter()
                .zip(&theirs.iram)
                .enumerate()
                .filter(|(_, (a, b))| a != b)
                .take(6)
            {
                eprintln!("  IRAM {:02X}: {a:02X} and {b:02X}", k + 0x20);
            }
            eprintln!("  {:02X?}", main);
        }
    }
    assert_eq!(
        different,
        0,
        "{name}: of {} programs",
        seeds.end - seeds.start
    );
}

/// `MOV R0,#0x40` and the timers in some state.
fn begin(random: &mut Random, code: &mut Code, tmod: u8) {
    code.put(&[0x78, 0x40])
        .set(sfr::T2CON, 0)
        .set(sfr::RCAP2L, random.byte())
        .set(sfr::RCAP2H, 0xFF);
    code.set(sfr::TMOD, tmod);
    for register in [sfr::TL0, sfr::TH0, sfr::TL1, sfr::TH1, sfr::TL2, sfr::TH2] {
        let any = random.byte();
        code.set(register, random.pick(&[0xFF, 0xFE, 0xF0, any])); // mostly near an overflow
    }
}

#[test]
fn timers_0_and_1_read_as_in_s51_in_every_mode() {
    compare("timers 0 and 1", 0..60, |random| {
        let mut code = Code::default();
        let tmod = random.byte() & 0x33;
        // s51 lets TR1 stop timer 1 even while timer 0, in mode 3, has taken TR1 over: then timer 1
        // is halted too
        begin(random, &mut code, if tmod & 3 == 3 { 0x33 } else { tmod });
        for _ in 0..50 {
            match random.below(9) {
                0 => code.put(&[random.pick(&[0xD2, 0xC2, 0xD2]), random.pick(&[0x8C, 0x8E])]), // SETB or CLR TR
                1 => code.put(&[0xC2, random.pick(&[0x8D, 0x8F])]), // CLR TF
                2 => code.set(
                    random.pick(&[sfr::TL0, sfr::TL1, sfr::TH0, sfr::TH1]),
                    random.byte() | 0xE0,
                ),
                3 | 4 => code.wait(random),
                _ => code.log(random.pick(&[sfr::TL0, sfr::TL1, sfr::TH0, sfr::TH1, sfr::TCON])),
            };
        }
        program(code)
    });
}

/// Timer 2 reads as in s51 when it reloads or captures.
#[test]
fn timer_2_reads_as_in_s51_reloading_and_capturing() {
    compare("timer 2", 0..20, |random| {
        let mut code = Code::default();
        begin(random, &mut code, 0);
        let t2con = random.pick(&[0x04, 0x05, 0x00, 0x0C]);
        code.set(sfr::T2CON, t2con);
        for _ in 0..50 {
            match random.below(8) {
                0 => code.put(&[random.pick(&[0xD2, 0xC2, 0xD2]), 0xCA]), // SETB or CLR TR2
                1 => code.put(&[0xC2, 0xCF]),                             // CLR TF2
                2 => code.set(random.pick(&[sfr::TL2, sfr::TH2]), random.byte() | 0xE0),
                3 | 4 => code.wait(random),
                _ => code.log(random.pick(&[sfr::TL2, sfr::TH2, sfr::T2CON, sfr::RCAP2L])),
            };
        }
        program(code)
    });
}

/// A byte is sent again and again, with TI cleared now and then; SCON is logged all the time.
fn sending(random: &mut Random, setup: &[(u8, u8)]) -> Vec<(u16, Vec<u8>)> {
    let mut code = Code::default();
    begin(random, &mut code, 0x20);
    for (register, value) in setup {
        code.set(*register, *value);
    }
    code.put(&[0xD2, 0x8E]); // SETB TR1
    for _ in 0..60 {
        match random.below(12) {
            0 => {
                // MOV A,SCON | JNB ACC.1,$+8 | CLR TI | MOV SBUF,#n: s51 reads the bit of a JNB one
                // cycle later than others
                code.put(&[0xE5, sfr::SCON, 0x30, 0xE1, 0x05, 0xC2, 0x99])
                    .set(sfr::SBUF, random.byte())
            }
            1..4 => code.wait(random),
            _ => code.log(sfr::SCON),
        };
    }
    program(code)
}

#[test]
fn mode_0_sets_ti_when_s51_does() {
    compare("mode 0", 0..20, |random| {
        sending(random, &[(sfr::SCON, 0x02)])
    });
}

/// Handlers of all sources, each counting at its own place in IRAM and logging timer 0.
fn handlers() -> Vec<(u16, Vec<u8>)> {
    [0x03_u16, 0x0B, 0x13, 0x1B, 0x2B]
        .into_iter()
        .map(|vector| {
            let counter = 0x20 + (vector >> 3) as u8;
            let mut code = vec![0x05, counter]; // INC counter
            if vector == 0x2B {
                code.extend([0xC2, 0xCF]); // CLR TF2
            }
            code.push(0x32); // RETI
            (vector, code)
        })
        .collect()
}

#[test]
fn interrupts_come_when_they_do_in_s51() {
    compare("interrupts", 0..40, |random| {
        let mut code = Code::default();
        let tmod = random.pick(&[0x22, 0x02, 0x21, 0x20]);
        begin(random, &mut code, tmod);
        code.set(sfr::TH0, random.pick(&[0x9C, 0xE0, 0xC8]))
            .set(sfr::TH1, random.pick(&[0xA0, 0xDD]));
        // One level: when a higher one asks during the call of a lower one, s51 executes an
        // instruction in between.
        code.set(sfr::IP, random.pick(&[0x00, 0x2A]))
            .set(sfr::T2CON, 0x04);
        code.put(&[0xD2, 0x8C, 0xD2, 0x8E])
            .set(sfr::IE, 0x80 | random.byte() & 0x2A)
            .put(&[0x00]);
        for _ in 0..50 {
            match random.below(8) {
                0 => code.put(&[0xD2, 0xCF]), // SETB TF2
                1..4 => code.wait(random),
                _ => code.log(random.pick(&[sfr::TL0, sfr::TL1, 0x21, 0x23, 0x25, sfr::TCON])),
            };
        }
        code.set(sfr::IE, 0).put(&[0, 0]);
        let mut segments = handlers();
        segments.insert(0, (0, vec![0x02, 0x00, 0x40]));
        segments.push((0x40, program(code).remove(0).1));
        segments
    });
}

/// `code` from 0 on, ending in `SJMP $`.
fn program(mut code: Code) -> Vec<(u16, Vec<u8>)> {
    code.put(&[0x80, 0xFE]);
    vec![(0, code.0)]
}
