//! `docs/hardware.md` names a test for each decision: all of them exist.

use std::path::Path;

/// The sources that hold tests of the hardware.
const SOURCES: [&str; 4] = [
    "emu8051/board/src",
    "emu8051/board/tests",
    "firmware/src",
    "tests",
];

fn collect(dir: &Path, text: &mut String) {
    for entry in std::fs::read_dir(dir).expect("a directory of the repository") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            collect(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&std::fs::read_to_string(&path).expect("readable"));
        }
    }
}

#[test]
fn every_test_the_document_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("the workspace");
    let document = std::fs::read_to_string(root.join("docs/hardware.md")).expect("readable");
    let mut sources = String::new();
    SOURCES
        .iter()
        .for_each(|dir| collect(&root.join(dir), &mut sources));
    let mut named = 0;
    let mut in_table = false;
    for line in document.lines() {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        if !line.starts_with('|') {
            in_table = false;
        } else if cells.last() == Some(&"test") {
            in_table = true;
        } else if in_table && let Some(tests) = cells.last() {
            for name in tests.split('`').skip(1).step_by(2) {
                let function = name.rsplit("::").next().unwrap_or(name);
                assert!(
                    sources.contains(&format!("fn {function}(")),
                    "no test is called {name}"
                );
                named += 1;
            }
        }
    }
    assert!(named > 40, "only {named} tests found in the tables");
}
