//! `--profile`: files for other tools, which say what the call used.

use super::common::{Dir, Ran};
use super::{DEEP, SUMS, callgrind_annotate_is_here, sdcc_is_here};
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;

/// The sample, compiled with symbols, and what its run with nine squares used: cycles, instructions and gas.
fn sums() -> (Dir, [u64; 3]) {
    let dir = Dir::new();
    dir.write("sums.c", SUMS);
    dir.run(&["build", "sums.c", "--debug"]).ok();
    let report = dir
        .run(&["run", "sums.ihx", "--input", "u8:5", "--json"])
        .ok()
        .json();
    let used = ["machine_cycles", "instructions", "gas"].map(|key| report[key].as_u64().unwrap());
    (dir, used)
}

fn profiled(dir: &Dir, image: &str, file: &str) -> String {
    let ran: Ran = dir
        .run(&["run", image, "--input", "u8:5", "--profile", file])
        .ok();
    assert!(!ran.stdout.contains("function"), "{}", ran.all());
    String::from_utf8(dir.read(file)).unwrap()
}

/// Calls by caller and callee: how many, and what they spent.
type Calls = BTreeMap<(String, String), Vec<u64>>;

/// What the lines of a file of callgrind add up to beside those of calls, and the calls of each function by file,
/// function and line: how many, and what they spent.
fn read(text: &str) -> (Vec<u64>, Calls) {
    let mut own: Vec<u64> = Vec::new();
    let mut calls = BTreeMap::new();
    let (mut function, mut callee, mut count) = (String::new(), String::new(), None);
    for line in text.lines().skip(7) {
        if let Some(name) = line.strip_prefix("fn=") {
            function = name.into();
        } else if let Some(name) = line.strip_prefix("cfn=") {
            callee = name.into();
        } else if let Some(calls) = line.strip_prefix("calls=") {
            count = calls
                .split(' ')
                .next()
                .and_then(|calls| calls.parse::<u64>().ok());
        } else if line.starts_with(|first: char| first.is_ascii_digit()) {
            let figures: Vec<u64> = line
                .split(' ')
                .skip(1)
                .map(|n| n.parse().unwrap())
                .collect();
            match count.take() {
                None => {
                    own.resize(figures.len(), 0);
                    own.iter_mut().zip(figures).for_each(|(sum, n)| *sum += n);
                }
                Some(count) => {
                    let row = [vec![count], figures].concat();
                    calls.insert((function.clone(), callee.clone()), row);
                }
            }
        } else {
            let known = ["", "fl=", "fi=", "cfi="]
                .iter()
                .any(|start| line.starts_with(start));
            assert!(known, "{line}");
        }
    }
    (own, calls)
}

#[test]
fn callgrinds_file_has_lines_of_c_and_calls() {
    if !sdcc_is_here() {
        return;
    }
    let (dir, used) = sums();
    let text = profiled(&dir, "sums.ihx", "sums.callgrind");
    let head = "events: Cycles Instructions Gas\nsummary: ";
    assert!(
        text.contains(&format!("{head}{} {} {}\n", used[0], used[1], used[2])),
        "{text}"
    );
    let (own, calls) = read(&text);
    assert_eq!(own, used);
    let of = |caller: &str, callee: &str| calls[&(caller.to_owned(), callee.to_owned())].clone();
    assert_eq!(of("squares", "square")[0], 5);
    let trace = [
        "run", "sums.ihx", "--input", "u8:5", "--trace", "calls", "--json",
    ];
    let report = dir.run(&trace).ok().json();
    let functions = report["tree"]["functions"].as_array().unwrap();
    let keep = functions
        .iter()
        .find(|row| row["function"] == "keep")
        .unwrap();
    let whole = ["calls", "machine_cycles", "instructions", "gas"].map(|key| keep[key].as_u64());
    assert_eq!(of("contract", "keep"), whole.map(Option::unwrap_or_default));
    // The loop's line, with what its instructions took, and the call from it.
    let of_squares = text
        .split("\n\n")
        .find(|part| part.contains("fn=squares\n"))
        .unwrap();
    let sum = 1 + SUMS
        .lines()
        .position(|line| line.contains("sum += "))
        .unwrap();
    assert!(of_squares.starts_with("fl=sums.c\n"), "{of_squares}");
    assert_eq!(
        of_squares.matches(&format!("\n{sum} ")).count(),
        2,
        "{of_squares}"
    );
    // The file named by callgrind's own habit is the same.
    assert_eq!(profiled(&dir, "sums.ihx", "callgrind.out.1"), text);
}

/// valgrind's reader prints the three events, by function and by line of C.
#[test]
fn callgrind_annotate_reads_the_file() {
    if !sdcc_is_here() || !callgrind_annotate_is_here() {
        return;
    }
    let (dir, used) = sums();
    let text = profiled(&dir, "sums.ihx", "sums.callgrind");
    let mut annotate = Command::new("callgrind_annotate");
    annotate
        .current_dir(dir.path(""))
        .arg("--show-percs=no")
        .arg("sums.callgrind");
    let printed = super::common::ran(&mut annotate).ok();
    assert_eq!(printed.stderr, "");
    let number = |word: &str| word.replace(',', "").parse::<u64>().ok();
    let figures = |line: &str| -> Vec<u64> { line.split_whitespace().map_while(number).collect() };
    let line = |of: &str| {
        let mut lines = printed.stdout.lines();
        let line = lines.find(|line| line.trim_end().ends_with(of));
        figures(line.unwrap_or_else(|| panic!("no {of} in {}", printed.stdout)))
    };
    assert_eq!(line("PROGRAM TOTALS"), used);
    assert!(printed.stdout.contains("Auto-annotated source: sums.c"));
    let own_of = |function: &str| -> Vec<u64> {
        let part = text
            .split("\n\n")
            .find(|part| part.contains(&format!("\nfn={function}\n")));
        read(&format!("{}{}", "\n".repeat(7), part.unwrap())).0
    };
    for function in ["square", "squares", "keep", "contract"] {
        assert_eq!(
            line(&format!("sums.c:{function}")),
            own_of(function),
            "{function}"
        );
    }
    assert!(line("sum += square(n);").len() == 3);
    assert!(
        printed.stdout.contains("=> sums.c:square (5x)"),
        "{}",
        printed.stdout
    );
}

/// The rules of the schema that speedscope publishes, for files of events.
#[test]
fn speedscopes_file_keeps_its_schema() {
    let dir = Dir::new();
    dir.write("deep.wat", DEEP);
    dir.write("twice.asm", super::trees::ASM);
    dir.run(&["asm", "twice.asm", "-o", "twice.ihx"]).ok();
    for (image, units) in [
        ("twice.ihx", &["machine cycles", "gas"][..]),
        ("deep.wat", &["gas"]),
    ] {
        let file: Value = serde_json::from_str(&profiled(&dir, image, "out.json")).unwrap();
        let report = dir
            .run(&["run", image, "--input", "u8:5", "--json"])
            .ok()
            .json();
        assert_eq!(
            file["$schema"],
            "https://www.speedscope.app/file-format-schema.json"
        );
        assert_eq!(file["activeProfileIndex"], 0);
        let frames = file["shared"]["frames"].as_array().unwrap();
        assert!(frames.iter().all(|frame| frame["name"].is_string()));
        let profiles = file["profiles"].as_array().unwrap();
        let names: Vec<_> = profiles.iter().map(|profile| &profile["name"]).collect();
        assert_eq!(names, units);
        for profile in profiles {
            assert_eq!(
                (&profile["type"], &profile["unit"]),
                (&"evented".into(), &"none".into())
            );
            let (mut open, mut at) = (Vec::new(), profile["startValue"].as_u64().unwrap());
            for event in profile["events"].as_array().unwrap() {
                let frame = event["frame"].as_u64().unwrap() as usize;
                assert!(frame < frames.len());
                let when = event["at"].as_u64().unwrap();
                assert!(when >= at);
                at = when;
                match event["type"].as_str() {
                    Some("O") => open.push(frame),
                    Some("C") => assert_eq!(open.pop(), Some(frame)),
                    other => panic!("{other:?}"),
                }
            }
            assert!(open.is_empty());
            assert_eq!(profile["endValue"], at);
            let key = if profile["name"] == "gas" {
                "gas"
            } else {
                "machine_cycles"
            };
            assert_eq!(report[key], at, "{image}");
        }
    }
}

#[test]
fn a_flame_graph_is_as_wide_as_what_was_spent() {
    let dir = Dir::new();
    dir.write("deep.wat", DEEP);
    dir.write("twice.asm", super::trees::ASM);
    dir.run(&["asm", "twice.asm", "-o", "twice.ihx"]).ok();
    let svg = profiled(&dir, "twice.ihx", "out.svg");
    assert!(
        svg.starts_with("<?xml") && svg.trim_end().ends_with("</svg>"),
        "{svg}"
    );
    for bar in [
        "<title>call (21 machine cycles, 100%)</title>",
        "<title>0x0000 (21 machine cycles, 100.00%)</title>",
        "<title>0x002B (10 machine cycles, 47.62%)</title>",
        "<title>0x002F (6 machine cycles, 28.57%)</title>",
    ] {
        assert!(
            svg.contains(bar) || svg.contains(&bar.replace(", 100%", ", 100.00%")),
            "{bar}: {svg}"
        );
    }
    assert_eq!(profiled(&dir, "twice.ihx", "again.svg"), svg);
    let svg = profiled(&dir, "deep.wat", "out.svg");
    assert!(
        svg.contains("<title>down (") && svg.contains(" gas, "),
        "{svg}"
    );
}

/// Names of others break no form.
#[test]
fn names_of_functions_break_no_file() {
    let dir = Dir::new();
    let name = "(1) a;b \\\"<&\\0a\\1b[2J";
    dir.write("names.wat", DEEP.replace("$down", &format!("$\"{name}\"")));
    let (own, calls) = read(&profiled(&dir, "names.wat", "out.callgrind"));
    assert_eq!((own.len(), calls.len()), (1, 6));
    assert!(
        calls.contains_key(&("[1) a;b \"<&??[2J".into(), "check".into())),
        "{calls:?}"
    );
    let svg = profiled(&dir, "names.wat", "out.svg");
    assert!(svg.contains("(1) a:b &quot;&lt;&amp;??[2J ("), "{svg}");
    let file: Value = serde_json::from_str(&profiled(&dir, "names.wat", "out.json")).unwrap();
    let frames = file["shared"]["frames"].as_array().unwrap();
    assert!(
        frames
            .iter()
            .any(|frame| frame["name"] == "(1) a;b \"<&\n\u{1b}[2J")
    );
}
