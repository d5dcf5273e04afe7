//! `smart51 test` as people run it: chosen scenarios, many at a time, reports for CI, and again on each change.

mod choice;
#[path = "../common/mod.rs"]
mod common;
mod functions;
#[path = "../common/junit.rs"]
mod junit;
mod reports;
mod rounds;

use common::Dir;
use firmware_samples::SAMPLES;

/// The image of the sample `counter`.
fn counter() -> &'static [u8] {
    let found = SAMPLES.iter().find(|sample| sample.name == "counter");
    found.expect("it is a sample").image
}

/// A scenario of one call of the contract in `image`, with what it expects.
fn scenario(image: &str, expect: &str) -> String {
    format!(
        "[accounts]\nalice = 100_000_000\n[contracts.counter]\nimage = \"{image}\"\n\
         [[step]]\nname = \"counts\"\ncall = \"counter\"\n{expect}\n"
    )
}

/// A folder with `a/one`, `b/two`, which fails, and `b/three`, each a scenario.
fn three() -> Dir {
    let dir = Dir::new();
    dir.write("counter.ihx", counter());
    for (folder, name, expect) in [
        ("a", "one", ""),
        ("b", "two", "expect.code = 7"),
        ("b", "three", ""),
    ] {
        std::fs::create_dir_all(dir.path(folder)).unwrap();
        let path = format!("{folder}/{name}.scenario.toml");
        dir.write(&path, scenario("../counter.ihx", expect));
    }
    dir
}
