//! Pages of the documentation that show commands and what they print.

use super::common::{Dir, ran};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Set to anything, it writes what the commands print into the pages instead of comparing.
const REFRESH: &str = "SMART51_REFRESH_PAGES";

/// A command of a page and what it is said to print.
struct Shown {
    command: String,
    output: String,
}

/// The commands in a block: a line that begins with `$ `, and those after it with `> `.
fn commands(block: &str) -> Vec<Shown> {
    let mut found: Vec<Shown> = Vec::new();
    for line in block.lines() {
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
    found
}

/// Runs every command in the blocks marked `console` of the page `docs/NAME` in `dir`, one after the other, with
/// this build of `smart51` and its chain in that folder, and compares what it prints with what the page shows.
/// How many commands there are.
///
/// Refresh: `make refresh`.
pub(crate) fn holds(name: &str, dir: &Dir) -> usize {
    let page = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../docs")
        .join(name);
    let text = fs::read_to_string(&page).unwrap();
    let smart51 = PathBuf::from(env!("CARGO_BIN_EXE_smart51"));
    let folders = env::split_paths(&env::var_os("PATH").unwrap()).collect::<Vec<_>>();
    let path = env::join_paths(
        [smart51.parent().unwrap().to_owned()]
            .into_iter()
            .chain(folders),
    )
    .unwrap();
    let mut count = 0;
    let mut blocks = text.split("```console\n");
    let mut fresh = blocks.next().unwrap().to_owned();
    for block in blocks {
        let (block, rest) = block.split_once("```").expect("the block has an end");
        fresh += "```console\n";
        for Shown { command, output } in commands(block) {
            count += 1;
            let mut shell = Command::new("sh");
            shell
                .current_dir(dir.path(""))
                .env("PATH", &path)
                .env("XDG_DATA_HOME", dir.path("data"));
            let printed = ran(shell.args(["-c", &format!("exec 2>&1\n{command}")])).stdout;
            if env::var_os(REFRESH).is_none() {
                assert_eq!(printed, output, "{name}: $ {command}");
            }
            fresh += &format!("$ {}\n{printed}", command.replace('\n', "\n> "));
        }
        fresh += "```";
        fresh += rest;
    }
    if env::var_os(REFRESH).is_some() && fresh != text {
        fs::write(&page, fresh).unwrap();
    }
    count
}
