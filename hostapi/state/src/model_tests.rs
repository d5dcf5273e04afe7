//! Every store and the overlay against a plain `BTreeMap`.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

type Model = BTreeMap<Vec<u8>, Vec<u8>>;

/// Short keys over three letters: they collide and are prefixes of each other often.
fn key() -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![Just(b'a'), Just(b'b'), Just(0xFF)], 0..4)
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..6)
}

fn batches() -> impl Strategy<Value = Vec<Batch>> {
    vec(
        proptest::collection::btree_map(key(), proptest::option::of(value()), 0..8),
        0..6,
    )
}

fn apply(model: &mut Model, batch: &Batch) {
    for (key, value) in batch {
        match value {
            Some(value) => model.insert(key.clone(), value.clone()),
            None => model.remove(key),
        };
    }
}

fn next_in(model: &Model, prefix: &[u8], after: Option<&[u8]>) -> Option<Pair> {
    let mut pairs = model.iter().filter(|(key, _)| {
        key.starts_with(prefix) && after.is_none_or(|after| key.as_slice() > after)
    });
    pairs
        .next()
        .map(|(key, value)| (key.clone(), value.clone()))
}

fn prev_in(model: &Model, prefix: &[u8], before: Option<&[u8]>) -> Option<Pair> {
    let pairs = model.iter().rev();
    let mut pairs = pairs.filter(|(key, _)| {
        key.starts_with(prefix) && before.is_none_or(|before| key.as_slice() < before)
    });
    pairs
        .next()
        .map(|(key, value)| (key.clone(), value.clone()))
}

/// The store answers as the model does, for every key and for every prefix and start in use.
fn agrees(store: &dyn StateStore, model: &Model, asked: &[Vec<u8>]) {
    for prefix in asked {
        assert_eq!(store.get(prefix).unwrap().as_ref(), model.get(prefix));
        assert_eq!(
            store.next(prefix, None).unwrap(),
            next_in(model, prefix, None)
        );
        assert_eq!(
            store.prev(prefix, None).unwrap(),
            prev_in(model, prefix, None)
        );
        for place in asked {
            assert_eq!(
                store.next(prefix, Some(place)).unwrap(),
                next_in(model, prefix, Some(place))
            );
            assert_eq!(
                store.prev(prefix, Some(place)).unwrap(),
                prev_in(model, prefix, Some(place))
            );
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Get(Vec<u8>),
    Put(Vec<u8>, Vec<u8>),
    Delete(Vec<u8>),
    Remove(Vec<u8>),
    Forget,
    Next(Vec<u8>, Option<Vec<u8>>),
    First(Vec<u8>, Vec<u8>),
    Prev(Vec<u8>, Option<Vec<u8>>),
    Checkpoint,
    /// Back to one of the checkpoints taken so far, and away with those after it.
    Revert(prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        key().prop_map(Step::Get),
        (key(), value()).prop_map(|(key, value)| Step::Put(key, value)),
        key().prop_map(Step::Delete),
        key().prop_map(Step::Remove),
        Just(Step::Forget),
        (key(), proptest::option::of(key())).prop_map(|(prefix, after)| Step::Next(prefix, after)),
        (key(), proptest::option::of(key()))
            .prop_map(|(prefix, before)| Step::Prev(prefix, before)),
        (key(), key()).prop_map(|(prefix, from)| Step::First(prefix, from)),
        Just(Step::Checkpoint),
        any::<prop::sample::Index>().prop_map(Step::Revert),
    ]
}

proptest! {
    #[test]
    fn memory_is_an_ordered_map(batches in batches(), asked in vec(key(), 1..8)) {
        let (store, mut model) = (MemStore::new(), Model::new());
        for batch in &batches {
            store.commit(batch.clone()).unwrap();
            apply(&mut model, batch);
            agrees(&store, &model, &asked);
        }
    }

    #[test]
    fn an_overlay_is_the_store_with_the_writes_on_top(
        base in batches(),
        steps in vec(step(), 0..60),
    ) {
        let (store, mut model) = (MemStore::new(), Model::new());
        for batch in &base {
            store.commit(batch.clone()).unwrap();
            apply(&mut model, batch);
        }
        let below = model.clone();
        let mut overlay = Overlay::new(&store);
        let mut checkpoints = Vec::new();
        for step in &steps {
            match step {
                Step::Get(key) => assert_eq!(overlay.get(key).unwrap(), model.get(key).map(Vec::as_slice)),
                Step::Put(key, value) => {
                    overlay.put(key, value.as_slice());
                    model.insert(key.clone(), value.clone());
                }
                Step::Delete(key) => {
                    overlay.delete(key);
                    model.remove(key);
                }
                Step::Remove(key) => {
                    let place = overlay.find(key).unwrap();
                    overlay.remove(place, &key[..key.len().min(1)]).unwrap();
                    model.remove(key);
                }
                Step::Forget => overlay.forget_reads(),
                Step::Next(prefix, after) => {
                    let after = after.as_deref();
                    assert_eq!(overlay.next(prefix, after).unwrap(), next_in(&model, prefix, after));
                }
                Step::First(prefix, from) => {
                    let mut pairs = model.range(from.clone()..);
                    let first = pairs.find(|(key, _)| key.starts_with(prefix));
                    let first = first.map(|(key, value)| (key.clone(), value.clone()));
                    assert_eq!(overlay.first(prefix, from).unwrap(), first);
                }
                Step::Prev(prefix, before) => {
                    let before = before.as_deref();
                    assert_eq!(overlay.prev(prefix, before).unwrap(), prev_in(&model, prefix, before));
                }
                Step::Checkpoint => checkpoints.push((overlay.checkpoint(), model.clone())),
                Step::Revert(which) if !checkpoints.is_empty() => {
                    checkpoints.truncate(which.index(checkpoints.len()) + 1);
                    let (checkpoint, then) = checkpoints.pop().expect("truncated to at least one");
                    overlay.revert(checkpoint);
                    model = then;
                }
                Step::Revert(_) => {}
            }
        }
        for (checkpoint, then) in checkpoints {
            let keys: BTreeSet<_> = then.keys().chain(model.keys()).cloned().collect();
            let values = |key: Vec<u8>| (then.get(&key).cloned(), model.get(&key).cloned(), key);
            let expected = keys.into_iter().map(values).filter(|(then, now, _)| then != now);
            let mut changes = Vec::new();
            let found = overlay.changes_since(checkpoint, |key, then, now| {
                changes.push((then.map(<[u8]>::to_vec), now.map(<[u8]>::to_vec), key.to_vec()));
            });
            found.unwrap();
            prop_assert_eq!(changes, expected.collect::<Vec<_>>());
        }
        let replaced = overlay.replaced().unwrap();
        for (key, value) in overlay.reads() {
            assert_eq!(value, below.get(&key).map(Vec::as_slice), "what was read is what the store holds");
        }
        let batch = overlay.writes();
        store.commit(batch).unwrap();
        let asked: Vec<_> = below.keys().chain(model.keys()).cloned().collect();
        agrees(&store, &model, &asked);
        store.commit(replaced).unwrap();
        agrees(&store, &below, &asked);
    }
}

proptest! {
    // Each case makes a folder and several fsyncs.
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn sled_is_an_ordered_map_also_after_reopening(batches in batches(), asked in vec(key(), 1..8)) {
        let folder = tempfile::tempdir().unwrap();
        let mut model = Model::new();
        for batch in &batches {
            let store = SledStore::open(folder.path()).unwrap();
            agrees(&store, &model, &asked);
            store.commit(batch.clone()).unwrap();
            apply(&mut model, batch);
            agrees(&store, &model, &asked);
        }
    }
}

/// However keys were looked at and removed, a search steps over all of them together: its price is flat.
#[test]
fn removed_keys_are_stepped_over_together() {
    const KEYS: u32 = 2_000;
    let key = |number: u32| [b"d".as_slice(), &number.to_be_bytes()].concat();
    let store = FaultyStore::new(MemStore::new(), StoreFault::Once, u64::MAX);
    let pairs = (0..KEYS).map(|number| (key(number), Some(vec![1])));
    store.commit(pairs.collect()).unwrap();
    let prepared: [fn(&mut Overlay<'_>, &[u8]); 5] = [
        |_, _| {},
        |overlay, key| drop(overlay.next(b"d", Some(key)).unwrap()),
        |overlay, key| drop(overlay.prev(b"d", Some(&[key, &[0, 0]].concat())).unwrap()),
        |overlay, key| drop(overlay.prev(key, None).unwrap()),
        |overlay, key| drop(overlay.next(key, None).unwrap()),
    ];
    for (way, look) in prepared.into_iter().enumerate() {
        for backwards in [false, true] {
            let mut overlay = Overlay::new(&store);
            for number in 1..KEYS - 1 {
                let number = if backwards { KEYS - 1 - number } else { number };
                look(&mut overlay, &key(number));
                let place = overlay.find(&key(number)).unwrap();
                overlay.remove(place, b"d").unwrap();
            }
            let before = store.operations();
            let next = overlay.next(b"d", Some(&key(0))).unwrap();
            assert_eq!(next.map(|(key, _)| key), Some(key(KEYS - 1)));
            let prev = overlay.prev(b"d", Some(&key(KEYS - 1))).unwrap();
            assert_eq!(prev.map(|(key, _)| key), Some(key(0)));
            let asked = store.operations() - before;
            assert!(
                asked <= 6,
                "way {way}, backwards {backwards}: {asked} accesses"
            );
        }
    }
}

#[test]
fn what_was_looked_through_is_told() {
    let store = MemStore::new();
    store
        .commit(Batch::from([
            (b"da".to_vec(), Some(vec![1])),
            (b"dc".to_vec(), Some(vec![1])),
        ]))
        .unwrap();
    let mut overlay = Overlay::new(&store);
    overlay.prev(b"d", Some(b"db")).unwrap();
    overlay.next(b"dx", None).unwrap();
    let ranges: Vec<_> = overlay.ranges_read().collect();
    let expected: [(&[u8], &[u8]); 2] = [(b"da", b"db"), (b"dx", b"dy")];
    assert_eq!(
        ranges,
        expected.map(|(from, to)| (from.to_vec(), to.to_vec()))
    );
}
