//! docs/firmware.md tells the truth.

use super::common::{Dir, ran};
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A command of the page and what it is said to print.
struct Shown {
    command: String,
    output: String,
}

/// The commands in blocks marked `console`: a line that begins with `$ `, and those after it with `> `.
fn commands(page: &str) -> Vec<Shown> {
    let mut found: Vec<Shown> = Vec::new();
    for block in page.split("```console\n").skip(1) {
        for line in block.lines().take_while(|line| *line != "```") {
            match (
                line.strip_prefix("$ "),
                line.strip_prefix("> "),
                found.last_mut(),
            ) {
                (Some(command), ..) => found.push(Shown {
                    command: command.into(),
                    output: String::new(),
                }),
                (_, Some(more), Some(last)) => last.command += &format!("\n{more}"),
                (_, _, Some(last)) => last.output += &format!("{line}\n"),
                _ => panic!("{line:?} before the first command"),
            }
        }
    }
    found
}

#[test]
fn the_page_for_firmware_people_shows_what_its_commands_print() {
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
    let smart51 = PathBuf::from(env!("CARGO_BIN_EXE_smart51"));
    let folders = env::split_paths(&env::var_os("PATH").unwrap()).collect::<Vec<_>>();
    let path = env::join_paths(
        [smart51.parent().unwrap().to_owned()]
            .into_iter()
            .chain(folders),
    )
    .unwrap();
    let page = std::fs::read_to_string(root.join("docs/firmware.md")).unwrap();
    let commands = commands(&page);
    assert!(commands.len() > 20);
    for Shown { command, output } in commands {
        let mut shell = Command::new("sh");
        shell.current_dir(dir.path("")).env("PATH", &path);
        let printed = ran(shell.args(["-c", &format!("exec 2>&1\n{command}")])).stdout;
        assert_eq!(printed, output, "$ {command}");
    }
}
