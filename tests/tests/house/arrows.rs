//! Which crate may use which, and the picture of that in `docs/design.md`.

use super::{none, read, root};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::process::Command;

/// The crates from the bottom up, and those of our own that each may use. `cli` and `tests` may use all.
const MAY_USE: [(&str, &[&str]); 13] = [
    ("emu8051", &[]),
    ("abi", &[]),
    ("contract", &["abi"]),
    ("firmware-samples", &[]),
    ("symbols", &[]),
    ("state", &[]),
    ("board", &["emu8051"]),
    ("loader", &["abi"]),
    ("hostapi", &["abi", "state"]),
    ("bridge", &["abi", "emu8051", "hostapi", "loader"]),
    (
        "chain",
        &["abi", "bridge", "contract", "hostapi", "loader", "state"],
    ),
    (
        "verify",
        &[
            "abi", "bridge", "chain", "contract", "hostapi", "loader", "state",
        ],
    ),
    ("firmware", &["board", "emu8051", "loader", "symbols"]),
];

/// Packages of others that a crate must do without.
const DOES_WITHOUT: [(&str, &[&str]); 7] = [
    ("emu8051", &["serde", "toml", "clap"]),
    ("board", &["serde", "toml", "clap"]),
    ("abi", &["serde", "toml", "clap"]),
    ("contract", &["serde", "toml", "clap"]),
    ("hostapi", &["serde", "toml", "clap", "wasmi", "wasmtime"]),
    ("bridge", &["serde", "toml", "clap"]),
    ("chain", &["serde", "serde_json", "toml", "clap", "wasmi"]),
];

/// What each crate of the workspace depends on, tests and build scripts apart: its own crates, and others' packages.
struct Uses {
    folder: String,
    ours: BTreeSet<String>,
    others: BTreeSet<String>,
}

/// The crates by name, as cargo sees them.
fn workspace() -> BTreeMap<String, Uses> {
    let printed = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(printed.status.success(), "cargo metadata");
    let metadata: Value = serde_json::from_slice(&printed.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    packages
        .iter()
        .map(|package| {
            let manifest = package["manifest_path"].as_str().expect("a path");
            let folder = manifest.strip_prefix(root().to_str().expect("UTF-8"));
            let folder = folder.and_then(|path| path.strip_suffix("/Cargo.toml"));
            let folder = folder.expect("in the workspace")[1..].to_owned();
            let mut uses = Uses {
                folder,
                ours: BTreeSet::new(),
                others: BTreeSet::new(),
            };
            for dependency in package["dependencies"].as_array().expect("a list") {
                let name = dependency["name"].as_str().expect("a name");
                if !dependency["kind"].is_null() {
                    continue;
                } else if dependency["path"].is_null() {
                    uses.others.insert(name.to_owned());
                } else {
                    uses.ours.insert(short(name));
                }
            }
            (short(package["name"].as_str().expect("a name")), uses)
        })
        .collect()
}

/// A package's name as pages say it: without `smart51-`, and `cli` for the command.
fn short(package: &str) -> String {
    package.strip_prefix("smart51-").unwrap_or("cli").to_owned()
}

#[test]
fn nothing_points_back() {
    let workspace = workspace();
    let mut wrong = Vec::new();
    for (name, uses) in &workspace {
        if matches!(name.as_str(), "cli" | "tests") {
            continue;
        }
        let Some((_, may)) = MAY_USE.iter().find(|(may, _)| may == name) else {
            wrong.push(format!("{name} is not in the list of this test"));
            continue;
        };
        let back = uses
            .ours
            .iter()
            .filter(|used| !may.contains(&used.as_str()));
        wrong.extend(back.map(|used| format!("{name} -> {used}")));
    }
    for (at, (name, may)) in MAY_USE.iter().enumerate() {
        let below = &MAY_USE[..at];
        let above = may
            .iter()
            .filter(|used| !below.iter().any(|(b, _)| b == *used));
        wrong.extend(above.map(|used| format!("the list has {used} above {name}")));
    }
    none(&wrong, "a crate uses only those that it may");
}

#[test]
fn crates_do_without_what_others_are_for() {
    let workspace = workspace();
    let mut wrong = Vec::new();
    for (name, packages) in DOES_WITHOUT {
        let others = &workspace[name].others;
        let used = packages.iter().filter(|&&package| others.contains(package));
        wrong.extend(used.map(|package| format!("{name} -> {package}")));
    }
    none(&wrong, "a crate does without these packages");
}

/// All crates that `name` uses, through others too.
fn reach(name: &str, workspace: &BTreeMap<String, Uses>) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&String> = workspace[name].ours.iter().collect();
    while let Some(used) = next.pop() {
        if reached.insert(used.clone()) {
            next.extend(&workspace[used].ours);
        }
    }
    reached
}

/// The picture: an arrow to each crate that is used and not reached through another one that is.
fn picture(workspace: &BTreeMap<String, Uses>) -> String {
    let mut out = String::from("```mermaid\ngraph TD\n");
    let shown = || workspace.iter().filter(|(name, _)| *name != "tests");
    for (name, uses) in shown() {
        writeln!(out, "    {name}[\"{}\"]", uses.folder).expect("a string takes all");
    }
    for (name, uses) in shown() {
        for used in &uses.ours {
            let through = uses
                .ours
                .iter()
                .any(|other| reach(other, workspace).contains(used));
            if !through {
                writeln!(out, "    {name} --> {used}").expect("a string takes all");
            }
        }
    }
    out += "```\n\n| crate | uses of ours | uses of others |\n|---|---|---|\n";
    let list = |names: &BTreeSet<String>| {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        names.join(", ")
    };
    for (_, uses) in shown() {
        let (ours, others) = (list(&uses.ours), list(&uses.others));
        writeln!(out, "| `{}` | {ours} | {others} |", uses.folder).expect("a string takes all");
    }
    out
}

/// `make refresh` draws the picture anew.
#[test]
fn design_page_shows_the_crates_as_they_are() {
    const PAGE: &str = "docs/design.md";
    const MARK: &str =
        "<!-- crates: drawn from cargo metadata by tests/tests/house/arrows.rs -->\n";
    let page = read(PAGE);
    let (before, rest) = page.split_once(MARK).expect("the picture has its mark");
    let (shown, after) = rest.split_once("<!-- end -->").expect("it has an end");
    let drawn = picture(&workspace());
    if std::env::var_os("SMART51_REFRESH_PAGES").is_some() {
        let fresh = format!("{before}{MARK}{drawn}<!-- end -->{after}");
        std::fs::write(root().join(PAGE), fresh).expect("writable");
        return;
    }
    assert_eq!(shown, drawn, "docs/design.md is stale: make refresh");
}
