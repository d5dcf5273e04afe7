//! The README and the tour tell the truth.

mod common;
#[path = "common/page.rs"]
mod page;

use common::Dir;
use std::path::Path;
use std::process::Command;

/// Refresh: `make refresh` puts the output into the page.
#[test]
fn the_tour_shows_what_make_run_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let demo = Command::new(root.join("cli/demo.sh"))
        .arg(env!("CARGO_BIN_EXE_smart51"))
        .output()
        .unwrap();
    assert!(
        demo.status.success(),
        "{}",
        String::from_utf8_lossy(&demo.stderr)
    );
    let printed = String::from_utf8(demo.stdout).unwrap();
    let page = root.join("docs/tour.md");
    let tour = std::fs::read_to_string(&page).unwrap();
    let shown = tour
        .split_once("```text\n")
        .unwrap()
        .1
        .split_once("```\n")
        .unwrap()
        .0;
    if std::env::var_os("SMART51_REFRESH_PAGES").is_some() {
        let fresh = tour.replacen(shown, &format!("{}\n", printed.trim_end()), 1);
        std::fs::write(&page, fresh).unwrap();
        return;
    }
    assert_eq!(shown.trim_end(), printed.trim_end());
}

/// The contract on the first screen is built and called as its three commands say.
#[test]
fn the_readme_shows_what_its_commands_print() {
    let version = Command::new("sdcc").arg("--version").output();
    if !version.is_ok_and(|out| String::from_utf8_lossy(&out.stdout).contains("4.2.0 ")) {
        eprintln!(
            "SKIPPED: sdcc 4.2.0 is not installed, so README.md is not tried; `make test` installs it"
        );
        return;
    }
    let readme = include_str!("../../README.md");
    let (_, rest) = readme.split_once("```c\n").unwrap();
    let contract = rest.split_once("```").unwrap().0;
    assert!(contract.lines().count() <= 12);
    let dir = Dir::new();
    dir.write("counter.c", contract);
    assert_eq!(page::holds("../README.md", &dir), 3);
}
