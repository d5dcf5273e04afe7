//! What saving and restoring a machine costs, beside copying 64 KiB: all rows are measured in
//! turns, and each gives its median.
//!
//! `cargo run --release -p smart51-board --example snapshot`

use std::hint::black_box;
use std::time::Instant;

use board::chips::Chip;
use board::{Board, BoardConfig};
use emu8051::{Cpu, Cycles, Xdata, XdataSnapshot};

const ROUNDS: usize = 4001;

/// A row: what is measured, and microseconds of each round.
type Row<'a> = (&'a str, Box<dyn FnMut() -> f64>);

fn micros(work: impl FnOnce()) -> f64 {
    let begin = Instant::now();
    work();
    begin.elapsed().as_secs_f64() * 1e6
}

/// A processor and XDATA of which that many pages were written, and a snapshot of it.
fn machine(pages: u16) -> (Cpu, Xdata, XdataSnapshot) {
    let (mut xdata, mut snapshot) = (Xdata::new(), XdataSnapshot::default());
    write(&mut xdata, pages);
    xdata.snapshot(&mut snapshot);
    (Cpu::new(), xdata, snapshot)
}

fn write(xdata: &mut Xdata, pages: u16) {
    for page in 0..pages {
        xdata.write(page << 8, xdata.read(page << 8).wrapping_add(1));
    }
}

/// Saves and restores a machine; `pages` of those `written` are written before each of the two.
fn whole(written: u16, pages: u16) -> impl FnMut() -> f64 {
    let (mut cpu, mut xdata, mut snapshot) = machine(written);
    move || {
        write(&mut xdata, pages);
        let mut saved = cpu.clone();
        let saving = micros(|| {
            saved.clone_from(black_box(&cpu));
            xdata.snapshot(&mut snapshot);
        });
        write(&mut xdata, pages);
        saving
            + micros(|| {
                xdata.restore(black_box(&snapshot));
                cpu.clone_from(&saved);
            })
    }
}

/// Restores the `pages` written since the snapshot of a machine of which all 256 were.
fn restored(pages: u16) -> impl FnMut() -> f64 {
    let (_, mut xdata, snapshot) = machine(256);
    move || {
        write(&mut xdata, pages);
        micros(|| xdata.restore(black_box(&snapshot)))
    }
}

/// A board whose program writes so many pages of XDATA (0 for 256) over and over, with timers and
/// serial port running.
fn board(pages: u8) -> Board {
    // MOV TMOD,#0x21 | MOV TH1,#0xFD | MOV TCON,#0x50 | MOV SCON,#0x50 | MOV SBUF,#0x55 | round:
    // MOV DPH,#0 | MOV R0,#pages | page: INC A | MOVX @DPTR,A | INC DPH | DJNZ R0,page | SJMP round
    let program = [
        0x75, 0x89, 0x21, 0x75, 0x8D, 0xFD, 0x75, 0x88, 0x50, 0x75, 0x98, 0x50, 0x75, 0x99, 0x55,
        0x75, 0x83, 0x00, 0x78, pages, 0x04, 0xF0, 0x05, 0x83, 0xD8, 0xFA, 0x80, 0xF3,
    ];
    let config = BoardConfig::new(Chip::named("8052").expect("a chip of the table"));
    let mut board = Board::new(&config, [(0, &program[..])]).expect("it fits");
    board.run(Cycles(10_000));
    board
}

/// A snapshot of a board that has run 2,000 machine cycles since the last; as bytes if asked.
fn board_saved(pages: u8, as_bytes: bool) -> impl FnMut() -> f64 {
    let mut board = board(pages);
    move || {
        let until = board.now() + Cycles(2000);
        board.run(until);
        micros(|| {
            let snapshot = board.snapshot();
            if as_bytes {
                black_box(snapshot.to_bytes());
            } else {
                black_box(snapshot);
            }
        })
    }
}

fn main() {
    let (from, mut to) = (vec![1_u8; 65536], vec![0_u8; 65536]);
    let copy = move || micros(|| to.copy_from_slice(black_box(&from)));
    let mut rows: Vec<Row<'_>> = vec![
        ("64 KiB copied", Box::new(copy)),
        ("saved and restored, 6 pages written", Box::new(whole(6, 6))),
        ("256 pages written, none since", Box::new(whole(256, 0))),
        ("256 pages written, 6 since", Box::new(whole(256, 6))),
        (
            "256 pages written, all of them since",
            Box::new(whole(256, 256)),
        ),
        (
            "restored, 6 of 256 pages written since",
            Box::new(restored(6)),
        ),
        ("board saved, 6 pages", Box::new(board_saved(6, false))),
        ("board saved, 256 pages", Box::new(board_saved(0, false))),
        ("board as bytes, 6 pages", Box::new(board_saved(6, true))),
        ("board as bytes, 256 pages", Box::new(board_saved(0, true))),
    ];
    let mut times = vec![Vec::with_capacity(ROUNDS); rows.len()];
    for _ in 0..ROUNDS {
        for ((_, work), times) in rows.iter_mut().zip(&mut times) {
            times.push(work());
        }
    }
    let medians = times.into_iter().map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[ROUNDS / 2]
    });
    let medians: Vec<f64> = medians.collect();
    for ((name, _), median) in rows.iter().zip(&medians) {
        let copies = median / medians[0];
        println!("{name:<40} {median:>7.2} us {copies:>6.2} of the copy");
    }
}
