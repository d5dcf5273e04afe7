//! What `smart51` shows, and what its options do, each command in turn.

mod chain_table;
#[path = "../common/mod.rs"]
mod common;
mod door;
mod options;
mod outcomes;
mod table;

use common::{Dir, Ran, ran};

/// All commands, those below others as two words, from the program's own help: a new one is in every test here.
fn commands(dir: &Dir) -> Vec<String> {
    let below = |words: &[&str]| -> Vec<String> {
        let help = dir.run(&[words, &["--help"]].concat()).ok().stdout;
        let list = help.split_once("Commands:\n").map_or("", |(_, list)| list);
        let list = list.split("\n\n").next().unwrap_or_default();
        let names = list
            .lines()
            .filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
        names
            .filter(|name| !name.is_empty() && *name != "help")
            .map(|name| [words, &[name]].concat().join(" "))
            .collect()
    };
    let mut all = Vec::new();
    for command in below(&[]) {
        all.extend(below(&[&command]));
        all.push(command);
    }
    assert!(all.len() > 25, "{all:?}");
    all
}
