//! [`SledStore`]: state on disk, in sled 0.34.7.
//!
//! ```text
//! DIR/SMART51   one line: which program and which format; its lock is the store's lock
//! DIR/sled/     sled's own files (conf, db, blobs/, snap.*)
//! DIR/SMART51.synced   the number of the newest blob that is durable
//! ```
//!
//! sled's `flush` asks the system to write but issues no barrier that a drive must honour (it calls
//! `sync_file_range`), so a commit is followed by an fsync of our own: of `db`, and of blobs that are new and their
//! folder. A blob is a large value in a file of its own, whose name is its place in sled's log: the names grow. Snapshots
//! need none: sled syncs them, and without one it reads its log.
//!
//! sled cannot open a database without writing to it. Where that fails, a store that is only to be read is copied to
//! where there is room, and the copy is opened.

use super::folder::{self, Making, PATIENCE, foreign, in_use, io_error, patiently, sync};
use super::memory::lower_bound;
use super::store::{Batch, Pair, StateStore, StoreError};
use std::cell::Cell;
use std::env;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::ops::Bound;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;
use tempfile::TempDir;

/// Says the format inside sled, in a tree of its own: a marker and data from different places differ.
const FORMAT_KEY: &[u8] = b"format";
const FORMAT: &[u8] = b"1";
/// The file with the number of the newest blob that is durable.
const SYNCED: &str = "SMART51.synced";
/// How much sled may keep in memory, in bytes.
const CACHE: u64 = 64 << 20;

/// A store in a folder. One process has it open at a time; dropping it lets the next one in.
#[derive(Debug)]
pub struct SledStore {
    tree: sled::Db,
    /// sled's `db` file, opened once more for the fsync.
    file: File,
    folder: PathBuf,
    /// The largest name of a blob that is durable.
    synced: Mutex<u64>,
    /// A commit failed half-way: what sled holds in memory may not be what is on the disk.
    broken: AtomicBool,
    /// Whether nothing may be written.
    read_only: bool,
    /// Whether the store is being made: nothing of it needs to be durable yet.
    is_draft: bool,
    /// Where sled's files are a copy, that copy. Removed once sled is closed.
    _copy: Option<TempDir>,
    /// Holds the lock. Declared last, so that sled is closed before the folder is free.
    _marker: Option<File>,
}

impl SledStore {
    /// Opens the store in `folder`, or makes an empty one there if the folder is missing or empty. Where another
    /// process has it, waits up to five seconds.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] if the folder belongs to another program or another version: nothing was
    /// written to it then. [`StoreError::Locked`] if another process keeps it; [`StoreError::Corrupt`] if sled cannot
    /// read its files.
    pub fn open(folder: &Path) -> Result<SledStore, StoreError> {
        SledStore::open_within(folder, PATIENCE)
    }

    fn open_within(folder: &Path, patience: Duration) -> Result<SledStore, StoreError> {
        loop {
            if let Some(marker) = folder::locked(folder, patience)? {
                return SledStore::connect(folder, marker, patience);
            }
            match SledStore::make(folder, patience, |_| Ok(())) {
                Err(StoreError::Exists(_)) => {} // somebody else made it
                made => return Ok(made?.0),
            }
        }
    }

    /// Opens the store in `folder`, which must be there. Waits like [`SledStore::open`].
    ///
    /// # Errors
    /// As [`SledStore::open`], and [`StoreError::Missing`].
    pub fn existing(folder: &Path) -> Result<SledStore, StoreError> {
        let marker = folder::locked(folder, PATIENCE)?;
        let marker = marker.ok_or_else(|| folder::missing(folder))?;
        SledStore::connect(folder, marker, PATIENCE)
    }

    /// Opens the store in `folder`, which must be there, to be looked at: a commit fails. Where it cannot be written
    /// to, because the disk is full or it may only be read, a copy of it is opened, made in the folder for temporary
    /// files or else in memory (`/dev/shm`). Waits like [`SledStore::open`].
    ///
    /// # Errors
    /// As [`SledStore::existing`], and if there is no room for a copy.
    pub fn to_read(folder: &Path) -> Result<SledStore, StoreError> {
        let marker = folder::locked(folder, PATIENCE)?;
        let marker = marker.ok_or_else(|| folder::missing(folder))?;
        let opened = match connect(&folder::files(folder), folder, PATIENCE) {
            Err(StoreError::Io { source, .. }) if is_no_room(source.kind()) => None,
            opened => Some(opened?),
        };
        let mut store = match opened {
            Some(store) => store,
            None => connect_copy(folder)?,
        };
        store.read_only = true;
        store._marker = Some(marker);
        Ok(store)
    }

    /// Makes a store in `folder`, which must be missing or empty, with what `fill` puts into it. It is there once it
    /// is filled: after a failure, or after the end of the process, there is none. Waits like [`SledStore::open`].
    ///
    /// # Errors
    /// [`StoreError::Exists`] if there is a store already, what `fill` fails with, and as [`SledStore::open`].
    pub fn create<T, E: From<StoreError>>(
        folder: &Path,
        fill: impl FnOnce(&SledStore) -> Result<T, E>,
    ) -> Result<(SledStore, T), E> {
        SledStore::make(folder, PATIENCE, fill)
    }

    fn make<T, E: From<StoreError>>(
        folder: &Path,
        patience: Duration,
        fill: impl FnOnce(&SledStore) -> Result<T, E>,
    ) -> Result<(SledStore, T), E> {
        let making = Making::begin(folder, patience)?;
        let making = making.ok_or_else(|| StoreError::Exists(folder.into()))?;
        let mut store = connect(&folder::files(folder), folder, patience)?;
        let about = store.about()?;
        guarded("write", || about.insert(FORMAT_KEY, FORMAT))?;
        store.is_draft = true;
        let filled = match fill(&store) {
            Ok(filled) => filled,
            Err(error) => {
                drop(store); // sled is closed before its files are removed
                return Err(error);
            }
        };
        store.is_draft = false;
        store.commit(Batch::new())?;
        store
            .sync_new()
            .map_err(io_error("make its files durable"))?;
        store._marker = Some(making.finish()?);
        Ok((store, filled))
    }

    /// Opens what is in the folder whose marker this is.
    fn connect(folder: &Path, marker: File, patience: Duration) -> Result<SledStore, StoreError> {
        let mut store = connect(&folder::files(folder), folder, patience)?;
        store._marker = Some(marker);
        Ok(store)
    }

    /// Fails once a commit failed half-way.
    fn usable(&self) -> Result<(), StoreError> {
        if self.broken.load(Ordering::Acquire) {
            let source = io::Error::other("an earlier commit failed; open the store again");
            return Err(StoreError::Io {
                action: "go on",
                source,
            });
        }
        Ok(())
    }

    /// sled's tree with what is known of the store itself.
    fn about(&self) -> Result<sled::Tree, StoreError> {
        guarded("open its files", || self.tree.open_tree("smart51"))
    }

    /// Asks the drive to keep what sled wrote.
    fn sync(&self) -> io::Result<()> {
        self.file.sync_all()?;
        let mut synced = self.synced.lock().unwrap_or_else(PoisonError::into_inner);
        let blobs = self.folder.join("blobs");
        let mut newest = *synced;
        for entry in fs::read_dir(&blobs)? {
            let path = entry?.path();
            let number = path
                .file_name()
                .and_then(|name| name.to_str()?.parse().ok());
            if number.is_none_or(|number: u64| number > *synced) {
                sync(&path)?;
                newest = newest.max(number.unwrap_or_default());
            }
        }
        if newest > *synced {
            sync(&blobs)?;
            *synced = newest;
            // Without it, or with an older one, the next process syncs more than it needs to.
            let _ = self.write_synced(newest);
        }
        Ok(())
    }

    fn write_synced(&self, newest: u64) -> io::Result<()> {
        let Some(folder) = self.folder.parent() else {
            return Ok(());
        };
        let mut draft = tempfile::Builder::new()
            .prefix("SMART51.")
            .tempfile_in(folder)?;
        draft.write_all(newest.to_string().as_bytes())?;
        draft.persist(folder.join(SYNCED))?;
        Ok(())
    }

    /// Asks the drive to keep a store that was just made, with the names of its files.
    fn sync_new(&self) -> io::Result<()> {
        for part in ["conf", "blobs", ""] {
            sync(&self.folder.join(part))?;
        }
        Ok(())
    }
}

impl StateStore for SledStore {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.usable()?;
        Ok(guarded("read", || self.tree.get(key))?.map(|value| value.to_vec()))
    }

    fn next(&self, prefix: &[u8], after: Option<&[u8]>) -> Result<Option<Pair>, StoreError> {
        self.usable()?;
        let start = lower_bound(prefix, after);
        let first = guarded("read", || {
            self.tree
                .range::<&[u8], _>((start, Bound::Unbounded))
                .next()
                .transpose()
        })?;
        let first = first.filter(|(key, _)| key.starts_with(prefix));
        Ok(first.map(|(key, value)| (key.to_vec(), value.to_vec())))
    }

    /// After a failure, whether the batch was made is known only when the store is opened again: until
    /// then every operation fails.
    fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        self.usable()?;
        if self.read_only {
            let source = io::Error::new(
                io::ErrorKind::ReadOnlyFilesystem,
                "it was opened to be read",
            );
            return Err(io_error("write")(source));
        }
        if self.is_draft {
            // One by one, sled frees what it replaces; a batch holds it all to its end.
            let change = |(key, value)| match value {
                Some(value) => self.tree.insert::<_, Vec<u8>>(key, value).map(drop),
                None => self.tree.remove::<Vec<u8>>(key).map(drop),
            };
            return guarded("write", || batch.into_iter().try_for_each(change));
        }
        let mut changes = sled::Batch::default();
        for (key, value) in batch {
            match value {
                Some(value) => changes.insert(key, value),
                None => changes.remove(key),
            }
        }
        let written = guarded("write", || {
            self.tree.apply_batch(changes)?;
            self.tree.flush().map(drop)
        });
        let durable =
            written.and_then(|()| self.sync().map_err(io_error("make its files durable")));
        if durable.is_err() {
            self.broken.store(true, Ordering::Release);
        }
        durable
    }
}

/// Opens sled's files, and checks that they are of this format.
fn connect(files: &Path, folder: &Path, patience: Duration) -> Result<SledStore, StoreError> {
    discard_drafts(files);
    let config = sled::Config::new()
        .path(files)
        .flush_every_ms(None)
        .cache_capacity(CACHE);
    let tree = patiently(patience, || {
        guarded("open its files", || config.open()).map_err(|error| match error {
            // sled has no error of its own for this; the text is that of the pinned version.
            StoreError::Io { source, .. }
                if source.to_string().contains("could not acquire lock") =>
            {
                in_use(folder, patience)
            }
            other => other,
        })
    })?;
    let file = File::open(files.join("db")).map_err(io_error("open its data file"))?;
    let store = SledStore {
        tree,
        file,
        folder: files.into(),
        synced: Mutex::new(synced(folder)),
        broken: AtomicBool::new(false),
        read_only: false,
        is_draft: false,
        _copy: None,
        _marker: None,
    };
    let found = {
        let about = store.about()?;
        guarded("read", || about.get(FORMAT_KEY))?
    };
    match found.as_deref() {
        Some(FORMAT) => Ok(store),
        // Without a format it is a new one, unless there is data.
        None if store.next(b"", None)?.is_none() => Ok(store),
        None => Err(foreign(folder, "its data carry no format".into())),
        Some(other) => {
            let found = format!("its data have format `{}`, not 1", other.escape_ascii());
            Err(foreign(folder, found))
        }
    }
}

/// What [`SYNCED`] says; 0 where it says nothing.
fn synced(folder: &Path) -> u64 {
    let mut text = String::new();
    let file = File::open(folder.join(SYNCED));
    let read = file.and_then(|file| file.take(20).read_to_string(&mut text));
    read.ok()
        .and_then(|_| text.parse().ok())
        .unwrap_or_default()
}

/// Removes what sled left when it was stopped while it wrote a snapshot. sled would take the half for a whole one.
fn discard_drafts(files: &Path) {
    let entries = fs::read_dir(files).into_iter().flatten().flatten();
    for path in entries
        .map(|entry| entry.path())
        .filter(|path| is_draft(path))
    {
        // Where it cannot be removed, sled says what is wrong.
        let _ = fs::remove_file(path);
    }
}

fn is_draft(path: &Path) -> bool {
    path.to_string_lossy().ends_with(".generating")
}

/// Whether the system says that a place cannot be written to.
fn is_no_room(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(
        kind,
        PermissionDenied | QuotaExceeded | ReadOnlyFilesystem | StorageFull
    )
}

/// Opens a copy of sled's files in `folder`.
fn connect_copy(folder: &Path) -> Result<SledStore, StoreError> {
    #[expect(
        clippy::disallowed_methods,
        reason = "where a copy lies, not what is in it"
    )]
    let places = [env::temp_dir(), "/dev/shm".into()];
    let mut failed = None;
    for place in places {
        let copied = copy(&folder::files(folder), &place).map_err(io_error("be copied to be read"));
        let opened = copied.and_then(|copy| {
            let mut store = connect(copy.path(), folder, PATIENCE)?;
            store._copy = Some(copy);
            Ok(store)
        });
        match opened {
            Err(error @ StoreError::Io { .. }) => failed = Some(error),
            done => return done,
        }
    }
    Err(failed.expect("there are two places"))
}

/// Copies sled's files into a new folder in `place`.
fn copy(files: &Path, place: &Path) -> io::Result<TempDir> {
    let copy = tempfile::Builder::new()
        .prefix("smart51-")
        .tempdir_in(place)?;
    fs::create_dir(copy.path().join("blobs"))?;
    for part in ["", "blobs"] {
        for entry in fs::read_dir(files.join(part))? {
            let path = entry?.path();
            if let Some(name) = path.file_name()
                && path.is_file()
                && !is_draft(&path)
            {
                let to = copy.path().join(part).join(name);
                io::copy(&mut File::open(&path)?, &mut File::create_new(to)?)?;
            }
        }
    }
    Ok(copy)
}

thread_local! {
    /// Whether this thread is inside sled: its panics become errors and are not reported twice.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Runs a call into sled. Damaged files make sled panic where it should return an error; that becomes
/// [`StoreError::Corrupt`].
fn guarded<T>(
    action: &'static str,
    call: impl FnOnce() -> sled::Result<T>,
) -> Result<T, StoreError> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !INSIDE.get() {
                report(info);
            }
        }));
    });
    let outer = INSIDE.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(call));
    INSIDE.set(outer);
    match result {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(sled::Error::Io(source))) if source.kind() != io::ErrorKind::InvalidData => {
            Err(StoreError::Io { action, source })
        }
        Ok(Err(error)) => Err(StoreError::Corrupt(error.to_string())),
        Err(panicked) => Err(StoreError::Corrupt(panic_text(&*panicked))),
    }
}

fn panic_text(panicked: &(dyn std::any::Any + Send)) -> String {
    let text = panicked.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panicked.downcast_ref::<&str>().copied());
    text.unwrap_or("sled gave no reason").to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::folder::{MARKER, MARKER_DRAFT};
    use super::*;
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
        assert!(error.to_string().contains("--store"), "{error}");
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

    #[test]
    fn a_folder_of_another_program_or_version_is_refused_and_left_as_it_was() {
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
}
