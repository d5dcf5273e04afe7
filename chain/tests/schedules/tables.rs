//! Every preset, row by row, against the table that it is made of.

use abi::Schedule;
use abi::method::PerBytes;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A file of `tests/data/schedules`.
fn file(name: &str) -> PathBuf {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/schedules");
    data.join(name)
}

/// All figures of a schedule by path.
fn figures(schedule: &Schedule) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    schedule.each(&mut |figure| {
        let path = format!("{}.{}", figure.section, figure.name).replace("r#", "");
        assert_eq!(all.insert(path, figure.value), None, "{}", figure.name);
    });
    for (spec, rule) in schedule.rules() {
        let method = format!("methods.{}", spec.name);
        all.insert(format!("{method}.base"), rule.base);
        for (of, PerBytes { gas, bytes }) in [("request", rule.request), ("answer", rule.reply)] {
            all.insert(format!("{method}.{of}.gas"), gas);
            all.insert(format!("{method}.{of}.bytes"), bytes);
        }
    }
    all
}

/// The rows of a table: its name for it, the figure, and the paths whose sum that is.
fn rows(schedule: &str) -> Vec<(String, u64, Vec<String>)> {
    let text = std::fs::read_to_string(file(&format!("{schedule}.tsv"))).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let row = |line: &str| {
        let [name, figure, paths] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{schedule}: {line}");
        };
        let paths = paths.split('+').map(String::from).collect();
        (name.into(), figure.parse().unwrap(), paths)
    };
    lines.map(row).collect()
}

#[test]
fn presets_have_the_figures_of_their_tables() {
    for schedule in &Schedule::PRESETS[1..] {
        let figures = figures(schedule);
        for (row, figure, paths) in rows(schedule.name()) {
            let sum: u64 = paths.iter().map(|path| figures[path]).sum();
            assert_eq!(sum, figure, "{}: {row}", schedule.name());
        }
    }
}

/// What a method takes for its bytes goes with its row; nothing else may differ.
#[test]
fn presets_are_data_sheet_where_tables_are_silent() {
    let data_sheet = figures(&Schedule::DATA_SHEET);
    for schedule in [&Schedule::GOVM, &Schedule::XVM, &Schedule::DACRS] {
        let rows = rows(schedule.name());
        let named: BTreeSet<&str> = rows
            .iter()
            .flat_map(|(.., paths)| paths)
            .map(String::as_str)
            .collect();
        let owner = |path: &str| path.splitn(3, '.').take(2).collect::<Vec<_>>().join(".");
        let methods: BTreeSet<String> = named.iter().copied().map(owner).collect();
        for (path, figure) in figures(schedule) {
            let is_named = named.contains(&path[..])
                || path.starts_with("methods.") && methods.contains(&owner(&path));
            assert!(
                is_named || figure == data_sheet[&path],
                "{}: {path} is {figure}",
                schedule.name()
            );
        }
    }
}

/// The table of the first release with prices, of which the fuel table is a part: what it does not have is by
/// `data-sheet`, but records that go, which were free.
#[test]
fn wayki_is_the_first_table_of_ours() {
    let (wayki, data_sheet) = (figures(&Schedule::WAYKI), figures(&Schedule::DATA_SHEET));
    assert_eq!(wayki["storage.removed"], 0);
    for path in data_sheet.keys() {
        let is_method = path.starts_with("methods.");
        let section = path.split('.').next().unwrap();
        let is_priced = ["storage.", "effects."]
            .iter()
            .any(|it| path.starts_with(it));
        if !is_method && !is_priced && path != "general.gas_of_account" {
            assert_eq!(wayki[path], data_sheet[path], "{path} of {section}");
        }
    }
}

#[test]
fn every_schedule_prices_every_method() {
    for schedule in Schedule::PRESETS {
        for (spec, rule) in schedule.rules() {
            assert!(rule.base > 0, "{}: {}", schedule.name(), spec.name);
        }
    }
}

/// Versions, names and hashes: a figure that changes shows here. `SMART51_BLESS=1` writes the file anew; one that was
/// released gets a new version instead.
#[test]
fn hashes_of_presets_are_those_on_file() {
    let line = |schedule: &&Schedule| {
        let hash = hex::encode(chain::schedules::hash(schedule));
        format!("{}\t{}\t{hash}\n", schedule.version, schedule.name())
    };
    let lines: String = Schedule::PRESETS.iter().map(line).collect();
    let now = format!("# version\tname\tBLAKE2b of the byte form\n{lines}");
    if std::env::var_os("SMART51_BLESS").is_some() {
        std::fs::write(file("hashes.tsv"), &now).unwrap();
    }
    assert_eq!(std::fs::read_to_string(file("hashes.tsv")).unwrap(), now);
}

#[test]
fn byte_forms_read_back_and_nothing_else_does() {
    for schedule in Schedule::PRESETS {
        let bytes = schedule.encode();
        assert_eq!(Schedule::decode(&bytes).as_ref(), Some(*schedule));
        for cut in 0..bytes.len() {
            assert_eq!(Schedule::decode(&bytes[..cut]), None, "{cut} bytes");
        }
        assert_eq!(Schedule::decode(&[&bytes[..], &[0]].concat()), None);
        assert_eq!(Schedule::preset(schedule.name()), Some(*schedule));
        assert_eq!(Schedule::of_version(schedule.version), Some(*schedule));
    }
}

/// Whatever byte is another one: it is another schedule, whose work is bounded, or none.
#[test]
fn damaged_forms_are_other_schedules_or_none() {
    let bytes = Schedule::DATA_SHEET.encode();
    for at in 0..bytes.len() {
        for bit in [1, 0x80] {
            let mut damaged = bytes.clone();
            damaged[at] ^= bit;
            if let Some(schedule) = Schedule::decode(&damaged) {
                assert_ne!(schedule, Schedule::DATA_SHEET, "byte {at}");
                assert_eq!(schedule.encode(), damaged, "byte {at}");
                assert!(schedule.general.refund_divisor > 0 && schedule.storage.run > 0);
            }
        }
    }
}
