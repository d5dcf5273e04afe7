//! docs/wasm.md shows the tables that are in force.
//!
//! `SMART51_BLESS=1 cargo test -p smart51-bridge --test wasm_docs` writes them anew.

use abi::Schedule;
use abi::schedule::Class;
use bridge::wasm::ModuleLimits;
use std::fmt::Write;
use std::path::Path;

fn limits() -> String {
    let mut out = String::from("| limit | most | of | what it bounds |\n|---|---:|---|---|\n");
    for (name, most, unit, what) in ModuleLimits::V1.rows() {
        writeln!(out, "| `{name}` | {most} | {unit} | {what} |").expect("a string takes all");
    }
    out
}

fn costs() -> String {
    let costs = Schedule::DATA_SHEET.wasm;
    let mut out = String::from("| what | gas |\n|---|---:|\n");
    for class in Class::ALL {
        writeln!(out, "| {} | {} |", class.operators(), costs.of(*class))
            .expect("a string takes all");
    }
    for (what, gas) in [
        ("each declared local of a function entered", costs.local),
        ("each page of memory", costs.page),
        ("each 8 bytes filled or copied", costs.word),
    ] {
        writeln!(out, "| {what} | {gas} |").expect("a string takes all");
    }
    out
}

fn entry() -> String {
    let mut out = String::from("| what | gas |\n|---|---:|\n");
    for (what, gas) in Schedule::DATA_SHEET.entry.rows() {
        writeln!(out, "| {what} | {gas} |").expect("a string takes all");
    }
    out
}

/// `page` with the text between the marks of `name` replaced.
fn with_table(page: &str, name: &str, table: &str) -> String {
    let (before, rest) = page
        .split_once(&format!("<!-- {name}:"))
        .expect("the table has its mark");
    let (mark, rest) = rest.split_once("-->\n").expect("the mark is closed");
    let (_, after) = rest
        .split_once("<!-- end -->")
        .expect("the table has its end");
    format!("{before}<!-- {name}:{mark}-->\n{table}<!-- end -->{after}")
}

#[test]
fn the_tables_in_the_documentation_are_those_in_force() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/wasm.md");
    let page = std::fs::read_to_string(&path).expect("docs/wasm.md is there");
    let tables = [("limits", limits()), ("costs", costs()), ("entry", entry())];
    let fresh = tables.iter().fold(page.clone(), |page, (name, table)| {
        with_table(&page, name, table)
    });
    if std::env::var_os("SMART51_BLESS").is_some() {
        std::fs::write(&path, &fresh).expect("docs/wasm.md can be written");
    }
    assert!(
        page == fresh || std::env::var_os("SMART51_BLESS").is_some(),
        "docs/wasm.md is stale; see this file's head"
    );
}

#[test]
fn the_module_by_hand_may_be_deployed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/wasm.md");
    let page = std::fs::read_to_string(&path).expect("docs/wasm.md is there");
    let (_, rest) = page
        .split_once("```wat\n(module")
        .expect("the page has a module");
    let (module, _) = rest.split_once("```").expect("it ends");
    let wasm = wat::parse_str(format!("(module{module}")).expect("it is sound");
    bridge::wasm::meter(&wasm, &ModuleLimits::V1, &Schedule::DATA_SHEET)
        .expect("it breaks no rule");
}
