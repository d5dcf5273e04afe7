//! Names and sizes of crates, files and tests. `docs/style.md` says why.

use super::{files, none, read};

/// The most lines of code in a source file, without blank lines, comments and its tests.
const SOURCE_MAX: usize = 500;
/// The words by which a source file's head gives the reason to be longer.
const REASON: &str = "longer than 500 lines because";
/// The most lines in a file of tests.
const TESTS_MAX: usize = 600;
/// The most characters in the name of a test.
const NAME_MAX: usize = 50;
/// The most characters in a line of comment.
const COMMENT_MAX: usize = 120;

/// The crates that decide results: they deny the lints that keep out the clock, chance and the environment.
const DECIDES: [&str; 11] = [
    "abi",
    "abi/contract",
    "bridge",
    "chain",
    "chain/verify",
    "emu8051",
    "emu8051/board",
    "hostapi",
    "hostapi/state",
    "loader",
    "loader/symbols",
];

/// The folders of all crates but the fuzz targets.
fn crates() -> Vec<String> {
    let manifests = files("", "Cargo.toml").into_iter();
    let crates = manifests.filter_map(|path| path.strip_suffix("/Cargo.toml").map(str::to_owned));
    crates
        .filter(|folder| {
            folder != "fuzz" && !folder.contains("/rust") && !folder.contains("templates")
        })
        .collect()
}

/// All Rust files of the workspace and of the fuzz targets.
fn sources() -> Vec<String> {
    files("", ".rs")
}

/// Whether a file holds tests alone.
fn is_tests(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let (file, folders) = parts.split_last().expect("a file");
    // The first folder is the crate, which may be called `tests`.
    folders.iter().skip(1).any(|&folder| folder == "tests") || file.ends_with("tests.rs")
}

/// The lines of `text` that are code: neither blank nor comment, and in no module of tests.
fn code(text: &str) -> usize {
    let mut lines = 0;
    let mut rest = text.lines().peekable();
    while let Some(line) = rest.next() {
        let next = rest.peek().copied().unwrap_or_default();
        if line == "#[cfg(test)]" && next.starts_with("mod ") {
            if next.ends_with('{') {
                rest.by_ref().find(|&line| line == "}");
            }
        } else if !line.trim().is_empty() && !line.trim_start().starts_with("//") {
            lines += 1;
        }
    }
    lines
}

/// The name that follows `key = "` at the start of a line after the line `[section]`.
fn value<'t>(manifest: &'t str, section: &str, key: &str) -> Option<&'t str> {
    let section = manifest.split_once(&format!("[{section}]\n"))?.1;
    let section = section.split("\n[").next()?;
    let line = section
        .lines()
        .find_map(|line| line.strip_prefix(&format!("{key} = \"")))?;
    line.strip_suffix('"')
}

/// A library is called in `use` as its folder is, and its package `smart51-NAME`; the command is `smart51`.
#[test]
fn crates_are_called_as_their_folders() {
    let mut wrong = Vec::new();
    for folder in crates() {
        let manifest = read(&format!("{folder}/Cargo.toml"));
        let name = folder.rsplit('/').next().expect("a name");
        let package = if name == "cli" {
            "smart51".to_owned()
        } else {
            format!("smart51-{name}")
        };
        let library = (name != "cli").then(|| name.replace('-', "_"));
        if value(&manifest, "package", "name") != Some(&package) {
            wrong.push(format!("{folder}: its package is to be {package}"));
        }
        if value(&manifest, "lib", "name") != library.as_deref() {
            wrong.push(format!("{folder}: its library is to be {library:?}"));
        }
    }
    none(&wrong, "crates are called as their folders");
}

#[test]
fn deciding_crates_deny_clock_and_chance() {
    let head = "\n#![deny(clippy::disallowed_methods, clippy::disallowed_types)]\n";
    let without = DECIDES
        .iter()
        .map(|folder| format!("{folder}/src/lib.rs"))
        .filter(|path| !read(path).contains(head))
        .collect::<Vec<_>>();
    none(&without, "crates that decide results say so in lib.rs");
}

/// A module with files of its own is `x/mod.rs`, not `x.rs` beside `x/`.
#[test]
fn modules_with_files_are_folders() {
    let all = sources();
    let beside: Vec<String> = all
        .iter()
        .filter(|path| {
            let folder = path.replace(".rs", "/");
            all.iter().any(|other| other.starts_with(&folder))
        })
        .cloned()
        .collect();
    none(&beside, "a module with files of its own is x/mod.rs");
}

#[test]
fn source_files_are_short_or_say_why_not() {
    let mut long = Vec::new();
    for path in sources().into_iter().filter(|path| !is_tests(path)) {
        let text = read(&path);
        let lines = code(&text);
        let head = text.lines().take_while(|line| line.starts_with("//!"));
        let head: Vec<&str> = head.map(|line| line[3..].trim()).collect();
        if lines > SOURCE_MAX && !head.join(" ").contains(REASON) {
            long.push(format!("{path}: {lines} lines of code"));
        }
    }
    none(
        &long,
        "a source file has at most 500 lines of code or says why in its head",
    );
}

#[test]
fn test_files_are_short() {
    let long: Vec<String> = sources()
        .into_iter()
        .filter(|path| is_tests(path))
        .map(|path| (read(&path).lines().count(), path))
        .filter(|&(lines, _)| lines > TESTS_MAX)
        .map(|(lines, path)| format!("{path}: {lines} lines"))
        .collect();
    none(&long, "a file of tests has at most 600 lines");
}

/// The sentence goes into the test's doc comment.
#[test]
fn test_names_are_short() {
    let mut long = Vec::new();
    for path in sources() {
        let text = read(&path);
        let mut marked = false;
        for line in text.lines().map(str::trim_start) {
            if line == "#[test]" {
                marked = true;
            } else if let Some(rest) = line.strip_prefix("fn ").filter(|_| marked) {
                let name = rest.split('(').next().expect("a first part");
                if name.chars().count() > NAME_MAX {
                    long.push(format!("{path}: {name}, {} characters", name.len()));
                }
                marked = false;
            }
        }
    }
    none(&long, "the name of a test has at most 50 characters");
}

/// Generated files apart.
#[test]
fn comment_lines_are_narrow() {
    let mut wide = Vec::new();
    for path in sources() {
        let text = read(&path);
        if text
            .lines()
            .take(5)
            .any(|line| line.starts_with("//! Generated"))
        {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("//") && line.chars().count() > COMMENT_MAX {
                wide.push(format!("{path}:{}", number + 1));
            }
        }
    }
    none(&wide, "a line of comment has at most 120 characters");
}
