//! What surrounds a run: predecoding, a program's size, snapshots.

use std::hint::black_box;

use emu8051::{Cpu, Program, Xdata, XdataSnapshot};
use tests::rng::Rng;

use crate::host;

/// How often each figure is taken; the best counts, as with the speeds.
const TIMES: usize = 31;

/// Prints the costs around a run.
pub(crate) fn costs() {
    let mut rng = Rng::new(8051);
    let code: Vec<u8> = (0..65536).map(|_| rng.byte()).collect();
    println!("\nAround a run, the best of {TIMES}:\n");
    println!("| what | |\n|---|--:|");
    let builder = Program::builder().segment(0, &code);
    let predecoding = least((0..TIMES).map(|_| {
        let builder = builder.clone();
        let begin = host::own_seconds();
        let program = black_box(builder.build());
        let took = host::own_seconds() - begin;
        drop(program);
        took
    }));
    println!(
        "| predecoding 64 KiB of random CODE, memory fresh from the system | {:.2} ms |",
        predecoding * 1e3
    );
    println!(
        "| a program, prepared | {:.0} KiB |",
        Program::SIZE as f64 / 1024.0
    );
    snapshots(&mut rng);
}

/// Whole machines and those parts of them that changed since the snapshot.
fn snapshots(rng: &mut Rng) {
    const REPEATS: usize = 1_000;
    const DIRTY_PAGES: u16 = 6;
    let (mut cpu, mut xdata) = (Cpu::new(), Xdata::new());
    let noise: Vec<u8> = (0..65536).map(|_| rng.byte()).collect();
    xdata.copy_in(0, &noise);
    let mut saved = XdataSnapshot::default();
    xdata.snapshot(&mut saved);
    let saved_cpu = cpu.clone();
    let write =
        |xdata: &mut Xdata, pages: u16| (0..pages).for_each(|page| xdata.write(page << 8, 1));
    let writing = |xdata: &mut Xdata, pages| seconds(REPEATS, || write(black_box(xdata), pages));
    let written = writing(&mut xdata, 256);
    let whole = seconds(REPEATS, || {
        write(&mut xdata, 256);
        let _ = black_box(cpu.clone());
        xdata.snapshot(black_box(&mut saved));
    });
    println!(
        "| snapshot of a machine, all 256 pages of XDATA written since the last | {:.2} µs |",
        (whole - written) * 1e6
    );
    let whole = seconds(REPEATS, || {
        write(&mut xdata, 256);
        cpu.clone_from(black_box(&saved_cpu));
        xdata.restore(black_box(&saved));
    });
    println!("| restore of it | {:.2} µs |", (whole - written) * 1e6);
    let written = writing(&mut xdata, DIRTY_PAGES);
    let dirty = seconds(REPEATS, || {
        write(&mut xdata, DIRTY_PAGES);
        cpu.clone_from(black_box(&saved_cpu));
        xdata.restore(black_box(&saved));
    });
    println!(
        "| restore of the {DIRTY_PAGES} pages that changed | {:.3} µs |",
        (dirty - written) * 1e6
    );
}

/// The seconds that one of `repeats` calls takes.
fn seconds(repeats: usize, mut call: impl FnMut()) -> f64 {
    least((0..TIMES).map(|_| {
        let begin = host::own_seconds();
        (0..repeats).for_each(|_| call());
        (host::own_seconds() - begin) / repeats as f64
    }))
}

fn least(seconds: impl Iterator<Item = f64>) -> f64 {
    seconds.fold(f64::INFINITY, f64::min)
}
