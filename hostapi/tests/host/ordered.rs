//! Keys in order, and indexes, against ordered maps.

use crate::common::*;
use abi::method::{self, Effect};
use hostapi::{CallEnd, Failure, Host, HostApi, Status};
use proptest::collection::vec;
use proptest::prelude::*;
use state::MemStore;
use state::keys;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

const FROM: u8 = 0;
const AFTER: u8 = 1;
const BEFORE: u8 = 2;
const UP_TO: u8 = 3;

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// Short keys over three letters: they collide and are prefixes of each other often.
fn key() -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![Just(0), Just(b'b'), Just(0xFF)], 1..4)
}

/// A row with a small number at 0 and another one at 8.
fn row(first: u64, second: u64) -> Vec<u8> {
    [first.to_le_bytes(), second.to_le_bytes()].concat()
}

#[derive(Clone, Debug)]
enum Step {
    Put(Vec<u8>, u64, u64),
    Plain(Vec<u8>, u64),
    Delete(Vec<u8>),
    Seek(u8, usize, Vec<u8>),
    Range(u8, usize, u16, Vec<u8>, Option<Vec<u8>>),
    Index(u8, u8, u64, Option<Vec<u8>>),
    Clean(u8, u64, Vec<u8>),
    Checkpoint,
    Revert(prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    let way = || 0..4u8;
    let number = || prop_oneof![0..3u64, Just(0x100), Just(u64::MAX)];
    prop_oneof![
        3 => (key(), number(), number()).prop_map(|(key, a, b)| Step::Put(key, a, b)),
        1 => (key(), number()).prop_map(|(key, a)| Step::Plain(key, a)),
        2 => key().prop_map(Step::Delete),
        3 => (way(), 0..3usize, key()).prop_map(|(way, prefix, key)| Step::Seek(way, prefix, key)),
        3 => (way(), 0..3usize, 0..5u16, key(), prop::option::of(key()))
            .prop_map(|(way, prefix, limit, key, end)| Step::Range(way, prefix, limit, key, end)),
        3 => (0..2u8, way(), number(), prop::option::of(key()))
            .prop_map(|(index, way, number, key)| Step::Index(index, way, number, key)),
        1 => (0..2u8, number(), key()).prop_map(|(index, number, key)| Step::Clean(index, number, key)),
        1 => Just(Step::Checkpoint),
        1 => any::<prop::sample::Index>().prop_map(Step::Revert),
    ]
}

/// The first or the last of `all` on the way from `bound`, as docs/abi.md says.
fn on_way<T: Ord + Clone>(way: u8, bound: &T, all: &BTreeSet<T>) -> Option<T> {
    use Bound::{Excluded, Included, Unbounded};
    let found = match way {
        FROM => all.range((Included(bound), Unbounded)).next(),
        AFTER => all.range((Excluded(bound), Unbounded)).next(),
        BEFORE => all.range((Unbounded, Excluded(bound))).next_back(),
        _ => all.range((Unbounded, Included(bound))).next_back(),
    };
    found.cloned()
}

/// The keys of `rows` that a search from `bound` meets one after the other.
fn expected<'m>(way: u8, prefix: &[u8], bound: &[u8], rows: &'m Rows) -> Vec<(&'m [u8], &'m [u8])> {
    let whole = way >= BEFORE && bound == prefix;
    let met = |key: &[u8]| {
        key.starts_with(prefix)
            && match way {
                FROM => key >= bound,
                AFTER => key > bound,
                BEFORE => whole || key < bound,
                _ => whole || key <= bound,
            }
    };
    let pairs = rows.iter().filter(|(key, _)| met(key));
    let mut pairs: Vec<_> = pairs.map(|(key, row)| (&key[..], &row[..])).collect();
    if way >= BEFORE {
        pairs.reverse();
    }
    pairs
}

/// What the contract should have: rows, and the entries of two indexes.
#[derive(Clone, Debug, Default)]
struct Model {
    rows: Rows,
    entries: [BTreeSet<(u64, Vec<u8>)>; 2],
}

impl Model {
    fn put(&mut self, key: &[u8], row: Option<Vec<u8>>) {
        let old = self.rows.remove(key);
        for (at, entries) in self.entries.iter_mut().enumerate() {
            if let Some(old) = old.as_ref().and_then(|old| number(old, at)) {
                entries.remove(&(old, key.to_vec()));
            }
            if let Some(new) = row.as_ref().and_then(|row| number(row, at)) {
                entries.insert((new, key.to_vec()));
            }
        }
        if let Some(row) = row {
            self.rows.insert(key.to_vec(), row);
        }
    }
}

/// The number of the index `at`, if it lies in the row.
fn number(row: &[u8], at: usize) -> Option<u64> {
    let bytes = row.get(8 * at..)?.first_chunk()?;
    Some(u64::from_le_bytes(*bytes))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn order_and_indexes_are_those_of_ordered_maps(steps in vec(step(), 1..80), stored in vec((key(), 0..3u64), 0..8)) {
        let store = MemStore::default();
        let context = context(OURS);
        let mut model = Model::default();
        // Some rows lie in the store already.
        let mut state = genesis(&store);
        for (key, a) in &stored {
            let row = row(*a, 7);
            served(&mut Host::new(&context, &Past, &mut state), method::ROW_WRITE, &[BOTH.as_flattened(), key, &row]);
            model.put(key, Some(row));
        }
        let writes = state.writes();
        drop(state);
        state::StateStore::commit(&store, writes).expect("in memory");
        let mut state = state::Overlay::new(&store);
        let mut checkpoints = Vec::new();
        for step in &steps {
            let mut host = Host::new(&context, &Past, &mut state);
            match step {
                Step::Put(key, a, b) => {
                    let row = row(*a, *b);
                    served(&mut host, method::ROW_WRITE, &[BOTH.as_flattened(), key, &row]);
                    model.put(key, Some(row));
                }
                // It keeps no index: the entries of before stay, and their rows are gone.
                Step::Plain(key, a) => {
                    served(&mut host, method::DB_WRITE, &[key, &a.to_le_bytes()]);
                    model.rows.insert(key.clone(), a.to_le_bytes().to_vec());
                }
                Step::Delete(key) => {
                    let deleted = served(&mut host, method::ROW_DELETE, &[BOTH.as_flattened(), key]);
                    prop_assert_eq!(deleted, [u8::from(model.rows.contains_key(key))]);
                    model.put(key, None);
                }
                Step::Seek(way, prefix, bound) => {
                    let prefix = bound.len().min(*prefix);
                    let outcome = call(&mut host, method::DB_SEEK, &[&[*way, prefix as u8], bound]);
                    let found = expected(*way, &bound[..prefix], bound, &model.rows);
                    let found = found.first().map_or(vec![], |(key, row)| vec![key.to_vec(), row.to_vec()]);
                    prop_assert_eq!(outcome.reply, found);
                }
                Step::Range(way, prefix, limit, bound, end) => {
                    let prefix = bound.len().min(*prefix);
                    let [low, high] = limit.to_le_bytes();
                    let mut items: Vec<&[u8]> = vec![];
                    let record = [*way, prefix as u8, low, high];
                    items.extend([&record[..], bound]);
                    items.extend(end.as_deref());
                    let outcome = call(&mut host, method::DB_RANGE, &items);
                    let found = expected(*way, &bound[..prefix], bound, &model.rows);
                    let within = |key: &[u8]| end.as_ref().is_none_or(|end| {
                        if *way >= BEFORE { key >= &end[..] } else { key < &end[..] }
                    });
                    let found = found.iter().take(usize::from(*limit)).take_while(|(key, _)| within(key));
                    let entries: Vec<u8> = found.flat_map(|(key, row)| {
                        let length = |part: &[u8]| u16::try_from(part.len()).expect("it is short").to_le_bytes();
                        [&length(key)[..], key, &length(row), row].concat()
                    }).collect();
                    prop_assert_eq!(outcome.reply.concat(), entries);
                }
                Step::Index(index, way, from, key) => {
                    let at = 8 * index;
                    let record = [&[*index, at, *way][..], &from.to_le_bytes()].concat();
                    let mut items = vec![&record[..]];
                    items.extend(key.as_deref());
                    let outcome = call(&mut host, method::INDEX_SEEK, &items);
                    let entries = &model.entries[usize::from(*index)];
                    let found = match (key, *way) {
                        (Some(key), way) => on_way(way, &(*from, key.clone()), entries),
                        (None, FROM | BEFORE) => on_way(*way, &(*from, vec![]), entries),
                        (None, AFTER) => from.checked_add(1).and_then(|from| on_way(FROM, &(from, vec![]), entries)),
                        (None, _) => on_way(UP_TO, &(*from, vec![0xFF; 5]), entries),
                    };
                    let reply = found.map_or(vec![], |(found, key)| {
                        let row = model.rows.get(&key).filter(|row| number(row, usize::from(*index)) == Some(found));
                        let is_there = if row.is_some() { 1 } else { 2 };
                        let mut reply = vec![vec![is_there], found.to_le_bytes().to_vec(), key];
                        reply.extend(row.cloned());
                        reply
                    });
                    prop_assert_eq!(outcome.reply, reply);
                }
                Step::Clean(index, from, key) => {
                    let record = [&[*index][..], &from.to_le_bytes()].concat();
                    let deleted = served(&mut host, method::INDEX_DELETE, &[&record, key]);
                    let was_there = model.entries[usize::from(*index)].remove(&(*from, key.clone()));
                    prop_assert_eq!(deleted, [u8::from(was_there)]);
                }
                Step::Checkpoint => checkpoints.push((state.checkpoint(), model.clone())),
                Step::Revert(which) if !checkpoints.is_empty() => {
                    checkpoints.truncate(which.index(checkpoints.len()) + 1);
                    let (checkpoint, then) = checkpoints.pop().expect("at least one");
                    state.revert(checkpoint);
                    model = then;
                }
                Step::Revert(_) => {}
            }
        }
        let mut host = Host::new(&context, &Past, &mut state);
        let keys = model.rows.len() as u32;
        prop_assert_eq!(call(&mut host, method::DB_SIZE, &[]).reply.concat(), if keys == 0 { vec![] } else { keys.to_le_bytes().to_vec() });
    }
}

/// Both indexes of the model: number 0 at 0, number 1 at 8.
const BOTH: [[u8; 2]; 2] = [[0, 0], [1, 8]];

#[test]
fn without_a_bound_a_search_is_among_all_keys() {
    with_host(OURS, |host| {
        for key in [b"a", b"b", b"c"] {
            served(host, method::DB_WRITE, &[key, b"1"]);
        }
        let mut first = |way: u8| {
            call(host, method::DB_SEEK, &[&[way, 0]])
                .reply
                .swap_remove(0)
        };
        assert_eq!([FROM, AFTER].map(&mut first), [b"a", b"a"]);
        assert_eq!([BEFORE, UP_TO].map(&mut first), [b"c", b"c"]);
        let all = served(host, method::DB_RANGE, &[&[UP_TO, 0, 9, 0]]);
        assert_eq!(all, *b"\x01\0c\x01\x001\x01\0b\x01\x001\x01\0a\x01\x001");
        assert!(refused(host, method::DB_SEEK, &[&[4, 0], b"a"]));
        assert!(refused(host, method::DB_SEEK, &[&[0, 2], b"a"]));
        assert!(refused(host, method::DB_SEEK, &[&[0, 1]]));
        assert!(refused(host, method::DB_RANGE, &[&[0, 0, 0, 0], b"a"]));
    });
}

#[test]
fn a_range_ends_at_the_key_that_does_not_fit() {
    with_host(OURS, |host| {
        let value = vec![1; 1_500];
        for key in [b"a", b"b", b"c"] {
            served(host, method::DB_WRITE, &[key, &value]);
        }
        let outcome = call(host, method::DB_RANGE, &[&[FROM, 0, 9, 0], b"a"]);
        assert_eq!(outcome.reply.concat().len(), 2 * 1_505);
        // The third search is paid for, what it found is not carried.
        let spec = method::spec(method::DB_RANGE).expect("a method");
        let carried = spec.gas.after(2 * 1_505).0 + spec.gas.before(9).0;
        assert_eq!(outcome.gas.0, carried + 3 * Effect::LOOKED_AT.0);
    });
}

#[test]
fn each_key_of_a_range_is_paid_before_it_is_found() {
    with_host(OURS, |host| {
        for key in 1..=200u8 {
            served(host, method::DB_WRITE, &[&[key], b"1"]);
        }
        host.allow(abi::Gas(20_000));
        let frame = abi::codec::request(&[&[FROM, 0, 0xFF, 0xFF], &[1]]);
        let ended = host.call(method::DB_RANGE, &frame).map(|answer| answer.gas);
        assert!(matches!(ended, Err(Failure::Contract(CallEnd::OutOfGas))));
        assert!(
            host.paid().0 <= 20_000 + Effect::LOOKED_AT.0,
            "{:?}",
            host.paid()
        );
    });
}

#[test]
fn an_entry_whose_row_is_gone_is_told_and_cleaned() {
    with_host(OURS, |host| {
        let by = |way: u8| [&[7, 0, way][..], &5u64.to_le_bytes()].concat();
        served(
            host,
            method::ROW_WRITE,
            &[&[7, 0], b"k", &5u64.to_le_bytes()],
        );
        assert_eq!(call(host, method::INDEX_SEEK, &[&by(FROM)]).reply[0], [1]);
        served(host, method::DB_DELETE, &[b"k"]);
        let gone = call(host, method::INDEX_SEEK, &[&by(FROM)]).reply;
        assert_eq!(gone, [vec![2], 5u64.to_le_bytes().to_vec(), b"k".to_vec()]);
        let entry = [&[7][..], &5u64.to_le_bytes()].concat();
        assert_eq!(served(host, method::INDEX_DELETE, &[&entry, b"k"]), [1]);
        assert!(refused(host, method::INDEX_SEEK, &[&by(FROM)]));
        assert_eq!(served(host, method::INDEX_DELETE, &[&entry, b"k"]), [0]);
    });
}

#[test]
fn rows_without_their_numbers_are_refused() {
    with_host(OURS, |host| {
        let nine: Vec<[u8; 2]> = (0..9).map(|index| [index, 0]).collect();
        let value = [1; 16];
        for indexes in [&[[0, 9]][..], &[[0, 255]], &[[1, 0], [1, 8]], &nine] {
            let indexes = indexes.as_flattened();
            assert!(refused(host, method::ROW_WRITE, &[indexes, b"k", &value]));
        }
        assert!(refused(host, method::DB_READ, &[b"k"]));
        assert!(refused(
            host,
            method::ROW_DELETE,
            &[nine.as_flattened(), b"k"]
        ));
        served(
            host,
            method::ROW_WRITE,
            &[&nine.as_flattened()[2..], b"k", &value],
        );
    });
}

#[test]
fn a_damaged_entry_is_an_error_of_the_node() {
    let store = MemStore::default();
    let mut state = genesis(&store);
    state.put(&keys::index_entry(&CONTRACT, 7, 5, b""), b"");
    let context = context(OURS);
    let mut host = Host::new(&context, &Past, &mut state);
    let by = [&[7, 0, FROM][..], &0u64.to_le_bytes()].concat();
    let frame = abi::codec::request(&[&by]);
    let failed = host
        .call(method::INDEX_SEEK, &frame)
        .map(|answer| answer.gas);
    assert!(matches!(failed, Err(Failure::Node(_))), "{failed:?}");
}

#[test]
fn an_index_is_paid_like_keys() {
    with_host(OURS, |host| {
        let spec = method::spec(method::ROW_WRITE).expect("a method");
        let (indexes, key) = ([7, 0], [3; 15]);
        let gas = |row: u64, paid: u64| {
            let items: [&[u8]; 3] = [&indexes, &key, &row.to_le_bytes()];
            let carried = spec.gas.before(2 + 15 + 8 + 6).0 + spec.gas.after(1).0;
            (
                items.map(<[u8]>::to_vec),
                carried + Effect::INDEXED.0 + paid,
            )
        };
        // 23 bytes of row, 24 of entry: a run of bytes each.
        for (row, paid, refund) in [(1, 600 + 600, 0), (1, 10 + 10, 0), (2, 150 + 25 + 600, 450)] {
            let (items, gas) = gas(row, paid);
            let items: Vec<_> = items.iter().map(Vec::as_slice).collect();
            let outcome = call(host, method::ROW_WRITE, &items);
            assert_eq!((outcome.gas.0, outcome.refund.0), (gas, refund), "{row}");
            assert_eq!(outcome.status, Status::Done);
        }
    });
}
