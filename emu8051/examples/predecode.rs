//! Measures making a `Program`: of 64 KiB of random bytes, which have no gap, and of a small image with nothing
//! programmed behind it.
//!
//! `valgrind --tool=callgrind --toggle-collect='*predecode::predecode*' target/release/examples/predecode random 1`
//! counts the host instructions of one; so does `small 1`. `tiny` is an image of three bytes, and with `again` in
//! front of the number each is made in the memory of the one before.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use emu8051::{Program, ProgramBuilder};

/// Bytes of a generator that is as good as this needs (xorshift64).
fn random(len: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    (0..len)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        })
        .collect()
}

#[inline(never)]
fn predecode(builder: ProgramBuilder, old: Option<Program>) -> Program {
    match old {
        Some(old) => builder.build_in(old),
        None => builder.build(),
    }
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let mut args: Vec<&str> = args.iter().map(String::as_str).collect();
    let again = args.get(1) == Some(&"again");
    if again {
        args.remove(1);
    }
    let (len, times) = match args[..] {
        ["tiny", times] => (3, times),
        ["random", times] => (0x1_0000, times),
        ["small", times] => (0x1000, times),
        _ => (0, ""),
    };
    let Ok(times @ 1..) = times.parse::<usize>() else {
        eprintln!("usage: predecode random|small|tiny [again] TIMES");
        return ExitCode::from(2);
    };
    let builder = Program::builder().segment(0, &random(len)).trap(0xEFFD);
    let mut old = again.then(|| builder.clone().build());
    let mut took: Vec<f64> = (0..times)
        .map(|_| {
            let builder = builder.clone();
            let begin = Instant::now();
            let program = black_box(predecode(builder, old.take()));
            let took = begin.elapsed().as_secs_f64() * 1e6;
            old = again.then_some(program);
            took
        })
        .collect();
    took.sort_by(f64::total_cmp);
    println!(
        "{len} bytes programmed: {:.1} us at best, {:.1} us in the median of {times}",
        took[0],
        took[times / 2]
    );
    ExitCode::SUCCESS
}
