//! Measures saving and restoring a machine: all of it, and the pages a short call touched.

use std::hint::black_box;
use std::time::Instant;

use emu8051::{Cpu, Xdata, XdataSnapshot};

/// Median microseconds of `work`.
fn median(mut work: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..2001)
        .map(|_| {
            let begin = Instant::now();
            work();
            begin.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() {
    let (mut cpu, mut xdata, mut snapshot) = (Cpu::new(), Xdata::new(), XdataSnapshot::default());
    for pages in [6_u16, 256] {
        for page in 0..pages {
            xdata.write(page << 8, 1);
        }
        let whole = median(|| {
            let saved = cpu.clone();
            xdata.snapshot(&mut snapshot);
            xdata.restore(&snapshot);
            cpu.clone_from(black_box(&saved));
        });
        println!("{pages} pages written: snapshot and restore {whole:.2} us");
    }
    let changed = median(|| {
        for page in 0..6_u16 {
            xdata.write(page << 8, 2);
        }
        xdata.restore_changed(black_box(&snapshot));
    });
    println!("6 pages written, then restored from a snapshot of 256: {changed:.2} us");
}
