//! The rules of the house, which no compiler knows: how crates and files are named and how long they are (`rooms`),
//! which crate may use which (`arrows`), and that pages name only what exists (`pages`).

mod arrows;
mod pages;
mod rooms;

use std::fs;
use std::path::{Path, PathBuf};

/// The repository's folder.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
}

/// All files below `folder` that end with `ending`, by their paths from the root, in order.
fn files(folder: &str, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the repository") {
            let path = entry.expect("readable").path();
            let name = path.file_name().expect("a name").to_string_lossy();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                folders.push(path);
            } else if name.ends_with(ending) {
                found.push(from_root(&path));
            }
        }
    }
    found.sort();
    found
}

/// A path below the root, as pages name it.
fn from_root(path: &Path) -> String {
    let path: PathBuf = path.strip_prefix(root()).expect("below the root").into();
    path.to_str().expect("a path in UTF-8").to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Fails with all offenders at once.
#[track_caller]
fn none(offenders: &[String], rule: &str) {
    assert!(
        offenders.is_empty(),
        "{rule}; {} do not:\n{}",
        offenders.len(),
        offenders.join("\n")
    );
}
