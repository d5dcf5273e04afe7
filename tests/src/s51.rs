//! Debian's `s51`, the 8051 simulator of SDCC's makers, as a judge.
//!
//! It is driven by whole scripts on its standard input: asked command by command it takes a tenth of a second for each.

use std::path::Path;
use std::process::Command;

use crate::tool::{self, ToolError};

/// The oscillator periods of a machine cycle: `s51` counts the former.
pub const CLOCKS_PER_MACHINE_CYCLE: u64 = 12;

/// Runs `script` on `s51` with `image` in CODE, and returns all it said.
///
/// Its answers come with an echo of the script in between, in chunks: look for patterns, not for lines in order.
///
/// # Errors
/// When `s51` is missing or fails.
pub fn batch(options: &[&str], image: &Path, script: &str) -> Result<String, ToolError> {
    let mut command = Command::new("s51");
    command.args(["-q", "-b"]).args(options).arg(image);
    let output = tool::output_with_input(&mut command, script.as_bytes())?;
    Ok(String::from_utf8_lossy(&output).into_owned())
}

/// The figure in front of `unit`, behind each of `marks` in turn.
#[must_use]
pub fn figure(output: &str, marks: &[&str], unit: &str) -> Option<u64> {
    let rest = marks.iter().try_fold(output, |rest, mark| {
        rest.split_once(mark).map(|(_, rest)| rest)
    })?;
    let (figure, _) = rest.split_once(unit)?;
    figure.trim().parse().ok()
}
