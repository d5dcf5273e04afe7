//! Rows of the methods that search among keys, and of those that keep indexes.

use super::Case;
use super::host::{HISTORY, KEY, MANY, long, named, row};
use super::script::Calls;
use abi::method;

/// The four ways: from, after, before, up to.
const WAYS: [u8; 4] = [0, 1, 2, 3];
/// An index by the number at the start of a row.
const INDEX: &[u8] = &[1, 0];
/// A key that the store has, and that is counted up from there.
const STORED: &[u8] = &[0, 1, 0, 0];

/// Every row of this file.
#[must_use]
pub fn cases() -> Vec<Case> {
    let mut rows = Vec::new();
    seek(&mut rows);
    range(&mut rows);
    write(&mut rows);
    index(&mut rows);
    rows
}

fn seek(rows: &mut Vec<Case>) {
    let n = method::DB_SEEK;
    let calls = |way: u8, prefix: u8, key: &[u8]| Calls::new(n, 3_000, &[&[way, prefix], key]);
    let new = || Calls::new(method::DB_WRITE, HISTORY, &[KEY, &[1]]).counted(0, 0);
    let delete = |key: &[u8]| Calls::new(method::DB_DELETE, HISTORY, &[key]).counted(0, 0);
    for way in WAYS {
        let each = || calls(way, 0, STORED).counted(1, 0);
        rows.push(named(
            n,
            &format!("way {way}, each stored key"),
            vec![],
            each(),
        ));
        rows.push(named(
            n,
            &format!("way {way}, each once more"),
            vec![each()],
            each(),
        ));
        let missing = calls(way, 0, &[0, 1, 0, 0, 0]).counted(1, 0);
        rows.push(named(
            n,
            &format!("way {way}, places between keys"),
            vec![],
            missing,
        ));
        let within = calls(way, 4, STORED).counted(1, 0);
        rows.push(named(
            n,
            &format!("way {way}, each key as a prefix"),
            vec![],
            within,
        ));
        let what = format!("way {way}, 4000 bytes");
        rows.push(named(
            n,
            &what,
            vec![],
            calls(way, 0, &long(STORED, 4000)).counted(1, 0),
        ));
        let history = vec![new(), delete(KEY)];
        let what = format!("way {way}, 10000 keys written and deleted");
        rows.push(named(n, &what, history, calls(way, 0, KEY)));
        let what = format!("way {way}, 10000 stored keys deleted, each");
        rows.push(named(
            n,
            &what,
            vec![delete(&[0; 4])],
            calls(way, 0, &[0; 4]).counted(1, 0),
        ));
        // Each place was looked up to before its key was deleted: nothing is known behind it.
        let holes = calls(2, 0, &[0, 0, 0, 0, 0]).times(HISTORY).counted(1, 0);
        let what = format!("way {way}, 10000 stored keys deleted with places between");
        let history = vec![holes, delete(&[0; 4])];
        rows.push(named(n, &what, history, calls(way, 0, &[0; 4]).times(MANY)));
    }
    rows.push(row(n, "an unknown way", &[&[9, 0], KEY]));
}

fn range(rows: &mut Vec<Case>) {
    let n = method::DB_RANGE;
    let calls = |way: u8, limit: u16, key: &[u8]| {
        let [low, high] = limit.to_le_bytes();
        Calls::new(n, MANY, &[&[way, 0, low, high], key]).counted(1, 0)
    };
    for (what, way, limit) in [
        ("a key", 0, 1),
        ("a key backwards", 2, 1),
        ("10 keys", 0, 10),
        ("as many as fit", 0, u16::MAX),
        ("as many as fit, backwards", 2, u16::MAX),
    ] {
        rows.push(named(n, what, vec![], calls(way, limit, STORED)));
        let more = format!("{what}, once more");
        rows.push(named(
            n,
            &more,
            vec![calls(way, limit, STORED)],
            calls(way, limit, STORED),
        ));
    }
    let large = Calls::new(method::DB_WRITE, 2, &[KEY, &long(&[], 2_500)]).counted(0, 0);
    let calls = Calls::new(n, MANY, &[&[0, 0, 9, 0], KEY]);
    rows.push(named(n, "2 values of 2500 bytes", vec![large], calls));
    rows.push(row(n, "behind the last", &[&[0, 0, 9, 0], &[0xFF; 4]]));
    let (high, low) = ([0xFF; 4], [0; 4]);
    rows.push(row(
        n,
        "an end before the first",
        &[&[0, 0, 9, 0], &high[..1], &low],
    ));
}

fn write(rows: &mut Vec<Case>) {
    let (w, d) = (method::ROW_WRITE, method::ROW_DELETE);
    let number = 5u64.to_le_bytes();
    let put =
        |indexes: &[u8], key: &[u8], value: &[u8]| Calls::new(w, MANY, &[indexes, key, value]);
    let eight: Vec<u8> = (0..8).flat_map(|index| [index, 0]).collect();
    for (what, indexes) in [("1 index", INDEX), ("8 indexes", &eight)] {
        let new = || put(indexes, KEY, &number).counted(1, 0);
        rows.push(named(w, &format!("new rows, {what}"), vec![], new()));
        rows.push(named(
            w,
            &format!("the same again, {what}"),
            vec![new()],
            new(),
        ));
        let moved = put(indexes, KEY, &6u64.to_le_bytes()).counted(1, 0);
        rows.push(named(
            w,
            &format!("other numbers, {what}"),
            vec![new()],
            moved,
        ));
        let stored = put(indexes, STORED, &number).counted(1, 0);
        rows.push(named(w, &format!("stored keys, {what}"), vec![], stored));
        let delete = |key: &[u8]| Calls::new(d, MANY, &[indexes, key]).counted(1, 0);
        rows.push(named(d, &format!("rows, {what}"), vec![new()], delete(KEY)));
        rows.push(named(
            d,
            &format!("missing rows, {what}"),
            vec![],
            delete(KEY),
        ));
        rows.push(named(
            d,
            &format!("stored keys, {what}"),
            vec![],
            delete(STORED),
        ));
        let large = long(KEY, 3_900);
        let long_keys = put(indexes, &large, &number).counted(1, 0);
        rows.push(named(
            w,
            &format!("keys of 3900 bytes, {what}"),
            vec![],
            long_keys,
        ));
    }
    rows.push(row(w, "no number in the value", &[INDEX, KEY, &[1]]));
    let entry = [&[1][..], &number].concat();
    let entry: &[u8] = &entry;
    let x = method::INDEX_DELETE;
    let calls = || Calls::new(x, MANY, &[entry, KEY]).counted(1, 0);
    rows.push(named(x, "missing entries", vec![], calls()));
    let new = put(INDEX, KEY, &number).counted(1, 0);
    rows.push(named(x, "entries", vec![new], calls()));
    let absent = Calls::new(x, MANY, &[entry, &long(KEY, 4_000)]).counted(1, 0);
    rows.push(named(x, "missing entries of 4000 bytes", vec![], absent));
}

fn index(rows: &mut Vec<Case>) {
    let n = method::INDEX_SEEK;
    let number = 5u64.to_le_bytes();
    let new = |keys| {
        let args: [&[u8]; 3] = [INDEX, KEY, &number];
        Calls::new(method::ROW_WRITE, keys, &args).counted(1, 0)
    };
    let delete = |keys| Calls::new(method::ROW_DELETE, keys, &[INDEX, KEY]).counted(1, 0);
    let by = |way: u8| [INDEX, &[way], &number].concat();
    for way in WAYS {
        let calls = |times| Calls::new(n, times, &[&by(way), KEY]).counted(1, 0);
        let what = format!("way {way}, each of 1000 entries");
        rows.push(named(n, &what, vec![new(1_000)], calls(1_000)));
        let gone = Calls::new(method::DB_DELETE, 1_000, &[KEY]).counted(0, 0);
        let what = format!("way {way}, each of 1000 whose row is gone");
        rows.push(named(n, &what, vec![new(1_000), gone], calls(1_000)));
        let what = format!("way {way}, 1000 entries written and deleted");
        let group = Calls::new(n, MANY, &[&by(way)]);
        rows.push(named(n, &what, vec![new(1_000), delete(1_000)], group));
    }
    rows.push(row(n, "no entry", &[&by(0), KEY]));
}
