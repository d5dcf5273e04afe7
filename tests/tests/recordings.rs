//! Recorded runs of the original chain, run again and compared field by field.
//!
//! The rows whose contracts we wrote ourselves are in this repository. The others need the images of other
//! people's contracts, which stay outside it; without them that test says so and compares nothing.

use flate2::read::GzDecoder;
use loader::Image;
use std::path::{Path, PathBuf};
use verify::recording::{File, Row, differences, execute};

const OWN: &[u8] = include_bytes!("../data/recordings/own_work.json.gz");

/// Runs `rows` with the images that `image` finds, and fails with the first differences.
fn replay(rows: &[Row], image: impl Fn(&Row) -> Image) {
    let mut different = Vec::new();
    for row in rows {
        let run = execute(row, &image(row), true, &mut ());
        let run = run.unwrap_or_else(|error| panic!("{}: {error}", row.id));
        let found = differences(row, &run.row).into_iter().take(5);
        different.extend(found.map(|difference| (&row.id, difference)));
    }
    assert!(different.is_empty(), "{different:#?}");
}

fn own_rows() -> Vec<Row> {
    let file: File = serde_json::from_reader(GzDecoder::new(OWN)).expect("a recording file");
    file.rows
}

#[test]
fn recordings_of_our_own_contracts_replay_equal() {
    let rows = own_rows();
    assert_eq!(rows.len(), 113);
    replay(&rows, |row| {
        let code = row.code.as_ref().expect("these rows hold their image");
        Image::decode(&code.0).expect("a stored image")
    });
}

#[test]
fn recordings_of_every_known_contract_replay_equal() {
    let folder = legacy_folder();
    let Ok(text) = std::fs::read(folder.join("recordings.json")) else {
        eprintln!(
            "SKIPPED: the images of other people's contracts are not beside this workspace ({} is missing), \
             so their recordings were NOT replayed",
            folder.display()
        );
        return;
    };
    let file: File = serde_json::from_slice(&text).expect("a recording file");
    assert!(!file.rows.is_empty());
    replay(&file.rows, |row| {
        let rom = std::fs::read(folder.join("images").join(&row.image)).expect("the row's image");
        loader::load(&rom).expect("a ROM").image
    });
}

fn legacy_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/legacy")
}

/// A row whose `field` was changed must be found out: otherwise the two tests above could not fail.
fn is_found_out(id: &str, field: &str, change: impl Fn(&mut Row)) {
    let rows = own_rows();
    let row = rows
        .iter()
        .find(|row| row.id == id)
        .expect("the row is in the file");
    let code = row.code.as_ref().expect("these rows hold their image");
    let image = Image::decode(&code.0).expect("a stored image");
    let run = execute(row, &image, true, &mut ()).expect("it runs");
    assert_eq!(differences(row, &run.row), []);
    let mut changed = row.clone();
    change(&mut changed);
    let found = differences(&changed, &run.row);
    assert!(
        found.iter().any(|d| d.field == field),
        "{field} of {id}: {found:?}"
    );
}

#[test]
fn every_changed_field_is_found_out() {
    let id = "own/counter-add";
    is_found_out(id, "result.ok", |row| row.result.ok ^= true);
    is_found_out(id, "result.vm_return", |row| row.result.vm_return += 1);
    is_found_out(id, "result.exit_byte", |row| row.result.exit_byte ^= 2);
    is_found_out(id, "result.final_step", |row| row.result.final_step += 1);
    is_found_out(id, "result.insns", |row| row.result.insns += 1);
    is_found_out(id, "result.machine_cycles", |row| {
        row.result.machine_cycles += 1
    });
    is_found_out(id, "result.pc_fnv64", |row| row.result.pc_fnv64.0[0] ^= 1);
    is_found_out(id, "calls.length", |row| drop(row.calls.pop()));
    is_found_out(id, "calls[1].step", |row| row.calls[0].step += 1);
    is_found_out(id, "calls[1].ret", |row| {
        row.calls[0].ret.push(vec![1].into())
    });
    is_found_out(id, "calls[1].status", |row| row.calls[0].status = Some(0));
    is_found_out(id, "outputs", |row| row.outputs.push(vec![0; 48].into()));
    is_found_out(id, "app_ops", |row| row.app_ops.push(vec![0; 95].into()));
    is_found_out(id, "final_db", |row| row.final_db.clear());
    is_found_out(id, "final_accounts", |row| row.final_accounts[0].1 += 1);
}
