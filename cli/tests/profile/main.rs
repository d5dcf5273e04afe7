//! Where a call spends, as `smart51 run` tells it.

#[path = "../common/mod.rs"]
mod common;
mod files;
mod gas_report;
#[path = "../common/page.rs"]
mod page;
mod trees;

use common::Dir;
use std::process::Command;

/// A module that counts down and then traps, or ends if it was given input.
const DEEP: &str = include_str!("../cases/deep.wat");

/// A contract in C that adds squares.
const SUMS: &str = include_str!("../cases/sums.c");

/// Whether the sdcc of the figures is there; says so if not.
fn sdcc_is_here() -> bool {
    let version = Command::new("sdcc").arg("--version").output();
    let here = version.is_ok_and(|said| String::from_utf8_lossy(&said.stdout).contains("4.2.0"));
    if !here {
        eprintln!(
            "SKIPPED: sdcc 4.2.0 is not installed, so no profile has lines of C; `make test` installs it"
        );
    }
    here
}

/// Whether valgrind's reader of profiles is there; says so if not.
fn callgrind_annotate_is_here() -> bool {
    let here = Command::new("callgrind_annotate")
        .arg("--version")
        .output()
        .is_ok();
    if !here {
        eprintln!(
            "SKIPPED: valgrind is not installed, so callgrind_annotate reads no profile; `make tools` installs it"
        );
    }
    here
}

/// docs/profile.md shows what its commands print.
#[test]
fn the_page_on_profiles_holds() {
    if !sdcc_is_here() || !callgrind_annotate_is_here() {
        return;
    }
    let dir = Dir::new();
    dir.write("sums.c", SUMS);
    dir.write("deep.wat", DEEP);
    let scenario = include_str!("../cases/sums.scenario.toml");
    dir.write("sums.scenario.toml", scenario);
    assert!(page::holds("profile.md", &dir) > 3);
}
