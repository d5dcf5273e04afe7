//! Pages name only files, headings and tests that exist, and the map has all of them.

use super::{files, none, read, root};
use std::collections::BTreeSet;

/// The pages whose links are followed.
fn pages() -> Vec<String> {
    let mut pages = files("docs", ".md");
    pages.extend(
        [
            "README.md",
            "CONTRIBUTING.md",
            "CHANGELOG.md",
            "SECURITY.md",
        ]
        .map(str::to_owned),
    );
    pages
}

/// The text between backquotes in a line.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// The lines of a page outside its blocks of code.
fn prose(page: &str) -> impl Iterator<Item = &str> {
    let mut code = false;
    page.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        code ^= fence;
        !code && !fence
    })
}

/// The targets of the links in a line.
fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once(')')?.0))
}

/// The name by which links find a heading.
fn anchor(heading: &str) -> String {
    let kept = heading
        .trim_start_matches('#')
        .trim()
        .chars()
        .filter(|&c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// The names of all functions in Rust files.
fn functions() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for path in files("", ".rs") {
        for line in read(&path).lines() {
            if let Some((_, rest)) = line.split_once("fn ")
                && let Some((name, _)) = rest.split_once('(')
            {
                names.insert(name.to_owned());
            }
        }
    }
    names
}

/// The tests that a page names: all that is in backquotes in the columns called `test`, and in lines that begin with
/// `Test:`.
fn tests_named(page: &str) -> Vec<&str> {
    let mut named = Vec::new();
    let mut column = None;
    for line in prose(page) {
        let cells = || line.trim_matches('|').split('|').map(str::trim);
        if !line.starts_with('|') {
            column = None;
            if line.trim_start().starts_with("Test:") {
                named.extend(quoted(line));
            }
        } else if let Some(at) = column {
            named.extend(cells().nth(at).into_iter().flat_map(quoted));
        } else {
            column = cells().position(|cell| cell == "test");
        }
    }
    named
}

#[test]
fn the_map_has_each_page() {
    let map = read("docs/README.md");
    let linked: BTreeSet<&str> = prose(&map).flat_map(links).collect();
    let missing: Vec<String> = files("docs", ".md")
        .into_iter()
        .filter(|page| page != "docs/README.md" && !linked.contains(&page["docs/".len()..]))
        .collect();
    none(&missing, "docs/README.md has each page of docs/");
}

#[test]
fn each_link_leads_somewhere() {
    let mut broken = Vec::new();
    for page in pages() {
        let text = read(&page);
        let folder = root().join(&page).parent().expect("a folder").to_owned();
        for link in prose(&text).flat_map(links) {
            if link.contains("://") {
                continue;
            }
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() {
                root().join(&page)
            } else {
                folder.join(file)
            };
            let found = target.exists()
                && (heading.is_empty()
                    || std::fs::read_to_string(&target).is_ok_and(|text| {
                        prose(&text)
                            .filter(|line| line.starts_with('#'))
                            .any(|line| anchor(line) == heading)
                    }));
            if !found {
                broken.push(format!("{page}: {link}"));
            }
        }
    }
    none(&broken, "each link leads somewhere");
}

#[test]
fn each_test_that_a_page_names_exists() {
    let functions = functions();
    let mut missing = Vec::new();
    for (page, least) in [
        ("README.md", 20),
        ("docs/security.md", 50),
        ("docs/adding.md", 15),
    ] {
        let text = read(page);
        let named = tests_named(&text);
        assert!(named.len() >= least, "{page} names only {}", named.len());
        let unknown = named.iter().filter(|&&name| !functions.contains(name));
        missing.extend(unknown.map(|name| format!("{page}: {name}")));
    }
    none(&missing, "each test that a page names exists");
}

/// All that has a slash between backquotes is a file or folder of the repository.
#[test]
fn each_file_that_adding_names_exists() {
    let mut missing = Vec::new();
    for page in ["docs/adding.md", "docs/style.md", "CONTRIBUTING.md"] {
        let text = read(page);
        let paths = prose(&text).flat_map(quoted).filter(|name| {
            name.contains('/')
                && !name.contains(' ')
                && !name.contains("::")
                && !name.contains('*')
                && !name.starts_with("x/")
        });
        let unknown = paths.filter(|path| !root().join(path).exists());
        missing.extend(unknown.map(|path| format!("{page}: {path}")));
    }
    none(&missing, "each file that a page names exists");
}

/// The numbers on the README's first screen are those of the page with the measurements.
#[test]
fn the_readme_has_the_measured_figures() {
    let readme = read("README.md");
    let measured = read("docs/performance.md");
    let (_, rest) = readme.split_once("| measured").expect("the table");
    let rows = rest.split("\n\n").next().expect("its rows");
    let rows = rows.lines().skip(2);
    let mut unknown = Vec::new();
    let mut count = 0;
    for row in rows {
        count += 1;
        // What is measured, then the figures.
        for cell in row.trim_matches('|').split('|').skip(1) {
            let words = cell.split([' ', ';']).filter(|word| {
                word.starts_with(|c: char| c.is_ascii_digit()) && word.contains(['.', ','])
            });
            unknown.extend(
                words
                    .filter(|word| !measured.contains(*word))
                    .map(str::to_owned),
            );
        }
    }
    assert_eq!(count, 5);
    none(
        &unknown,
        "each figure of README.md is in docs/performance.md",
    );
}

/// The page on the design walks with a call from crate to crate: each function is in the file where the page says.
#[test]
fn the_walk_of_a_call_is_the_codes() {
    let page = read("docs/design.md");
    let walk = page
        .split("## The walk of a call")
        .nth(1)
        .expect("the walk");
    let walk = walk.split("\n## ").next().unwrap_or_default();
    let steps: Vec<Vec<&str>> = walk
        .lines()
        .filter(|line| line.starts_with('|'))
        .map(|line| quoted(line).collect())
        .filter(|names: &Vec<&str>| !names.is_empty())
        .collect();
    assert!(steps.len() > 15, "{} steps", steps.len());
    let mut wrong = Vec::new();
    for step in steps {
        let [file, function] = step[..] else {
            wrong.push(format!("{step:?} is no file and a function"));
            continue;
        };
        let text = std::fs::read_to_string(root().join(file)).unwrap_or_default();
        let is_there = ["(", "<"]
            .iter()
            .any(|next| text.contains(&format!("fn {function}{next}")));
        if !is_there {
            wrong.push(format!("{file} has no fn {function}"));
        }
    }
    none(&wrong, "docs/design.md walks through functions that exist");
}
