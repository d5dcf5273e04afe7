//! `smart51 firmware` and `smart51 firmware-test`, as their users see them.

mod bad_input;
#[path = "../common/mod.rs"]
mod common;
mod coverage;
mod docs;
mod images;
#[path = "../common/junit.rs"]
mod junit;
#[path = "../common/page.rs"]
mod page;
mod pty;
mod recordings;
mod runs;
mod suite;
mod waveform;

use common::{Dir, Ran};

fn sample(name: &str) -> String {
    format!(
        "{}/../firmware-samples/firmware/{name}.ihx",
        env!("CARGO_MANIFEST_DIR")
    )
}

/// A folder with `image.ihx` made of `source`.
fn assembled(source: &str) -> Dir {
    let dir = Dir::new();
    dir.write("image.asm", source);
    dir.run(&["asm", "image.asm", "-o", "image.ihx"]).ok();
    dir
}

/// Runs `image.ihx`.
fn firmware(dir: &Dir, options: &[&str]) -> Ran {
    dir.run(&[&["firmware", "image.ihx"], options].concat())
}
