//! Measures what replaying a recording costs beyond its instructions: reading the image, making the state,
//! noting every call, reading the state back, comparing every field.
//!
//! ```text
//! cargo run --release -p smart51-chain --example replay_bench RECORDINGS IMAGES
//! ```

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};
use verify::recording::{File, Row, differences, execute};

/// Rows of fewer instructions are measured.
const SHORT: u64 = 5000;
/// How often each row is replayed; the fastest counts.
const TIMES: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args_os().skip(1);
    let (Some(file), Some(images)) = (args.next(), args.next()) else {
        return Err("name a file of recordings and the folder with their images".into());
    };
    let file: File = serde_json::from_slice(&std::fs::read(file)?)?;
    let mut measured = Vec::new();
    for row in &file.rows {
        let mut best = Duration::MAX;
        for _ in 0..TIMES {
            let start = Instant::now();
            replay(row, Path::new(&images))?;
            best = best.min(start.elapsed());
        }
        measured.push((row, best.as_secs_f64() * 1e3));
    }
    // The longest row is nearly nothing but instructions: what one takes, in milliseconds.
    let (longest, time) = measured
        .iter()
        .max_by_key(|(row, _)| row.result.insns)
        .ok_or("there are no rows")?;
    let instruction = time / longest.result.insns as f64;
    // In a long row the difference would drown in what one instruction takes more than another.
    let mut beyond: Vec<_> = measured
        .iter()
        .filter(|(row, _)| row.result.insns < SHORT)
        .map(|(row, time)| (time - row.result.insns as f64 * instruction, row))
        .collect();
    beyond.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let (most, row) = beyond.last().ok_or("there is only one row")?;
    println!(
        "{} rows of fewer than {SHORT} instructions; one takes {:.1} ns; beyond them {:.2} ms (median), \
         {most:.2} ms (most: {}, {} calls)",
        beyond.len(),
        instruction * 1e6,
        beyond[beyond.len() / 2].0,
        row.id,
        row.calls.len(),
    );
    Ok(())
}

/// Replays one row as `smart51 replay` does.
fn replay(row: &Row, images: &Path) -> Result<(), Box<dyn Error>> {
    let name = Path::new(&row.image).file_name();
    let path = images.join(name.ok_or("the row names no image")?);
    let image = loader::load(&std::fs::read(path)?)?.image;
    let run = execute(row, &image, true, &mut ())?;
    match differences(row, &run.row).first() {
        None => Ok(()),
        Some(different) => Err(format!("{different:?}").into()),
    }
}
