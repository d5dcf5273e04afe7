//! Stores on disk: opened, locked, made, damaged.

use super::*;
use crate::folder::{MARKER, MARKER_DRAFT};
use std::thread;

fn pairs(pairs: &[(&str, Option<&str>)]) -> Batch {
    pairs
        .iter()
        .map(|(key, value)| {
            (
                key.as_bytes().to_vec(),
                value.map(|v| v.as_bytes().to_vec()),
            )
        })
        .collect()
}

#[test]
fn what_was_committed_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/store");
    let store = SledStore::open(&path).unwrap();
    store
        .commit(pairs(&[("a", Some("1")), ("b", Some("2"))]))
        .unwrap();
    store
        .commit(pairs(&[("a", None), ("c", Some(""))]))
        .unwrap();
    drop(store);
    let store = SledStore::open(&path).unwrap();
    assert_eq!(store.get(b"a").unwrap(), None);
    assert_eq!(store.get(b"b").unwrap().as_deref(), Some(&b"2"[..]));
    assert_eq!(
        store.next(b"c", None).unwrap(),
        Some((b"c".to_vec(), vec![]))
    );
}

/// Blobs of earlier processes are not synced again; one that no commit has acknowledged is.
#[test]
fn only_new_blobs_are_synced() {
    let folder = tempfile::tempdir().unwrap();
    let large = |n: u8| Batch::from([(vec![n], Some(vec![n; 1_000_000]))]);
    let store = SledStore::open(folder.path()).unwrap();
    store.commit(large(1)).unwrap();
    let newest = *store.synced.lock().unwrap();
    drop(store);
    let blobs = folder.path().join("sled/blobs");
    let is_there = |number: u64| blobs.join(number.to_string()).is_file();
    assert!(is_there(newest));
    let store = SledStore::open(folder.path()).unwrap();
    assert_eq!(*store.synced.lock().unwrap(), newest);
    store.commit(large(2)).unwrap();
    let newer = *store.synced.lock().unwrap();
    assert!(newer > newest && is_there(newer));
    drop(store);
    fs::remove_file(folder.path().join(SYNCED)).unwrap();
    let store = SledStore::open(folder.path()).unwrap();
    store.commit(Batch::new()).unwrap();
    assert_eq!(
        *store.synced.lock().unwrap(),
        newer,
        "all were looked at again"
    );
}

#[test]
fn values_as_large_as_an_image_survive_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let value: Vec<u8> = (0..1_000_000u32).map(|n| (n % 251) as u8).collect();
    let store = SledStore::open(folder.path()).unwrap();
    store
        .commit(Batch::from([(b"big".to_vec(), Some(value.clone()))]))
        .unwrap();
    drop(store);
    assert_eq!(
        SledStore::open(folder.path()).unwrap().get(b"big").unwrap(),
        Some(value)
    );
}

#[test]
fn a_second_opener_is_told_that_the_store_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let first = SledStore::open(folder.path()).unwrap();
    let waited = Duration::from_millis(30);
    let error = SledStore::open_within(folder.path(), waited).unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
    assert!(error.to_string().contains("in use"), "{error}");
    drop(first);
    SledStore::open(folder.path()).unwrap();
}

/// Every file below `folder` with its bytes.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(contents(&path))
        } else {
            all.push((path.clone(), fs::read(&path).unwrap()))
        }
    }
    all.sort();
    all
}

/// A folder of another program or version is refused and left as it was.
#[test]
fn a_foreign_folder_is_refused_and_left_as_it_was() {
    for (name, text) in [
        ("notes.txt", "mine"),
        (MARKER, "smart51 store, format 2\n"),
        (MARKER, ""),
        ("db", "x"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(name), text).unwrap();
        let before = contents(folder.path());
        for open in [SledStore::open, SledStore::existing, SledStore::to_read] {
            let error = open(folder.path()).unwrap_err();
            assert!(
                matches!(error, StoreError::Foreign { .. }),
                "{name}: {error}"
            );
        }
        assert_eq!(contents(folder.path()), before, "{name}");
    }
}

#[test]
fn a_file_in_place_of_the_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "x").unwrap();
    for path in [&path, &path.join("below")] {
        let opened = SledStore::open(path);
        let made = SledStore::create(path, |_| Ok(()));
        for error in [opened.unwrap_err(), made.unwrap_err()] {
            assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
        }
    }
}

#[test]
fn data_of_another_format_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = SledStore::open(folder.path()).unwrap();
    let about = store.tree.open_tree("smart51").unwrap();
    about.insert(FORMAT_KEY, b"7").unwrap();
    drop(about);
    drop(store);
    let error = SledStore::open(folder.path()).unwrap_err();
    assert!(error.to_string().contains("format `7`"), "{error}");
}

#[test]
fn an_interrupted_creation_is_taken_up_again() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(MARKER_DRAFT), "smart").unwrap();
    fs::create_dir(folder.path().join("sled")).unwrap();
    fs::write(folder.path().join("sled/db"), "half of something").unwrap();
    let missing = SledStore::to_read(folder.path()).unwrap_err();
    assert!(matches!(missing, StoreError::Missing(_)), "{missing}");
    SledStore::open(folder.path()).unwrap();
    assert!(!folder.path().join(MARKER_DRAFT).exists());
}

#[test]
fn a_store_is_there_only_when_it_is_filled() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let fill = |store: &SledStore| store.commit(pairs(&[("a", Some("1"))]));
    let failed = SledStore::create(&path, |store| {
        fill(store)?;
        let missing = SledStore::existing(&path).unwrap_err();
        assert!(matches!(missing, StoreError::Missing(_)), "{missing}");
        Err::<(), _>(StoreError::Injected(7))
    });
    assert!(matches!(failed, Err(StoreError::Injected(7))));
    assert!(!path.exists(), "nothing is left of it");
    drop(SledStore::create(&path, fill).unwrap());
    let there = SledStore::create(&path, fill).unwrap_err();
    assert!(matches!(there, StoreError::Exists(_)), "{there}");
    assert!(
        SledStore::existing(&path)
            .unwrap()
            .get(b"a")
            .unwrap()
            .is_some()
    );
}

/// Making a store can take long, and fail: what others put into its folder meanwhile is not its own.
#[test]
fn a_failed_creation_removes_only_its_own_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let notes = path.join("notes.txt");
    let failed = SledStore::create(&path, |_| {
        fs::write(&notes, "mine").unwrap();
        Err::<(), _>(StoreError::Injected(7))
    });
    assert!(matches!(failed, Err(StoreError::Injected(7))));
    assert_eq!(contents(&path), [(notes, b"mine".to_vec())]);
}

#[test]
fn many_first_openings_at_once_all_succeed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    thread::scope(|scope| {
        for n in 0..10u8 {
            let path = &path;
            scope.spawn(move || {
                let store = SledStore::open(path).unwrap();
                store
                    .commit(Batch::from([(vec![n], Some(vec![n]))]))
                    .unwrap();
            });
        }
    });
    let store = SledStore::open(&path).unwrap();
    for n in 0..10u8 {
        assert_eq!(store.get(&[n]).unwrap(), Some(vec![n]));
    }
}

#[test]
fn what_is_opened_to_read_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let missing = SledStore::to_read(&folder.path().join("none")).unwrap_err();
    assert!(
        missing.to_string().contains("there is no smart51 store in"),
        "{missing}"
    );
    assert!(!folder.path().join("none").exists());
    let store = SledStore::open(folder.path()).unwrap();
    store.commit(pairs(&[("a", Some("1"))])).unwrap();
    drop(store);
    let store = SledStore::to_read(folder.path()).unwrap();
    assert!(store.get(b"a").unwrap().is_some());
    assert!(store.commit(pairs(&[("a", None)])).is_err());
    assert!(store.get(b"a").unwrap().is_some());
}

/// Also where sled was stopped while it wrote a snapshot, which it takes for a whole one by itself.
#[test]
fn half_a_snapshot_is_no_damage() {
    let folder = tempfile::tempdir().unwrap();
    let store = SledStore::open(folder.path()).unwrap();
    store.commit(pairs(&[("a", Some("1"))])).unwrap();
    drop(store);
    let half = folder.path().join("sled/snap.7FFFFFFFFFFFFFFF.generating");
    fs::write(half, "half").unwrap();
    let store = SledStore::open(folder.path()).unwrap();
    assert!(store.get(b"a").unwrap().is_some());
}

#[test]
fn a_copy_is_what_was_copied() {
    let folder = tempfile::tempdir().unwrap();
    let store = SledStore::open(folder.path()).unwrap();
    let large = Batch::from([(b"large".to_vec(), Some(vec![7; 1_000_000]))]);
    store.commit(large.clone()).unwrap();
    drop(store);
    let before = contents(folder.path());
    let copy = connect_copy(folder.path()).unwrap();
    assert_eq!(
        copy.get(b"large").unwrap().as_ref(),
        large[&b"large"[..]].as_ref()
    );
    assert_eq!(contents(folder.path()), before);
    let place = copy.folder.clone();
    drop(copy);
    assert!(!place.exists());
}

#[test]
fn damaged_files_are_an_error_and_never_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let store = SledStore::open(folder.path()).unwrap();
    for n in 0..50u8 {
        store
            .commit(Batch::from([(vec![b'd', n], Some(vec![n; 200]))]))
            .unwrap();
    }
    // A value of a megabyte gets a file of its own.
    let large = Batch::from([(b"large".to_vec(), Some(vec![7; 1_000_000]))]);
    store.commit(large).unwrap();
    drop(store);
    let original = contents(folder.path());
    assert!(original.len() >= 5, "marker, conf, db, snapshot, blob");
    let cases = original.iter().flat_map(|(path, bytes)| {
        let steps = if path.ends_with("db") { 24 } else { 8 };
        (0..steps).map(move |step| (path, bytes, step, steps))
    });
    for (path, bytes, step, steps) in cases {
        for (path, bytes) in &original {
            fs::write(path, bytes).unwrap();
        }
        let mut bytes = bytes.clone();
        if step % 3 == 0 {
            bytes.truncate(bytes.len() * step / steps);
        } else {
            let at = (bytes.len() * step / steps / 8).min(bytes.len().saturating_sub(16));
            let end = bytes.len().min(at + 16);
            bytes[at..end].fill(0xA5);
        }
        fs::write(path, bytes).unwrap();
        // Whatever is left may be read or refused; it may not take the process down.
        let Ok(store) = SledStore::open(folder.path()) else {
            continue;
        };
        let mut after: Option<Vec<u8>> = None;
        while let Ok(Some((key, _))) = store.next(b"", after.as_deref()) {
            after = Some(key);
        }
    }
}
