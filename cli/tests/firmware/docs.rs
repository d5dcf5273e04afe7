//! docs/firmware.md tells the truth.

use super::common::Dir;
use super::page;
use std::path::Path;
use std::process::Command;

/// The page for firmware people shows what its commands print.
#[test]
fn firmware_page_shows_what_its_commands_print() {
    let version = Command::new("sdcc").arg("--version").output();
    if !version.is_ok_and(|out| String::from_utf8_lossy(&out.stdout).contains("4.2.0 ")) {
        eprintln!(
            "SKIPPED: sdcc 4.2.0 is not installed, so docs/firmware.md is not tried; `make test` installs it"
        );
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let dir = Dir::new();
    for entry in root.join("firmware-samples/firmware").read_dir().unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_file() {
            let name = entry.file_name().into_string().unwrap();
            dir.write(&name, std::fs::read(entry.path()).unwrap());
        }
    }
    assert!(page::holds("firmware.md", &dir) > 20);
}
