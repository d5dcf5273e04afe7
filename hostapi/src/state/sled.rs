//! [`SledStore`]: state on disk, in sled 0.34.7.
//!
//! ```text
//! DIR/SMART51   one line: which program and which format; its lock is the store's lock
//! DIR/sled/     sled's own files (conf, db, blobs/, snap.*)
//! ```
//!
//! sled's `flush` asks the system to write but issues no barrier that a drive must honour (it calls
//! `sync_file_range`), so a commit is followed by an fsync of our own: of `db`, of files that are new, and
//! of the folders they appeared in.

use super::memory::lower_bound;
use super::store::{Batch, Pair, StateStore, StoreError};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io;
use std::ops::Bound;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::thread;
use std::time::Duration;

/// The file that says whose folder this is, and what it says.
const MARKER: &str = "SMART51";
const MARKER_TEXT: &str = "smart51 store, format 1\n";
/// The marker while it is being made. A folder that holds nothing else is a new one.
const MARKER_DRAFT: &str = "SMART51.new";
/// Says the same inside sled, in a tree of its own: a marker and data from different places differ.
const FORMAT_KEY: &[u8] = b"format";
const FORMAT: &[u8] = b"1";
/// How much sled may keep in memory, in bytes.
const CACHE: u64 = 64 << 20;

/// A store in a folder. One process has it open at a time; dropping it lets the next one in.
#[derive(Debug)]
pub struct SledStore {
    tree: sled::Db,
    /// sled's `db` file, opened once more for the fsync.
    file: File,
    folder: PathBuf,
    /// The names last seen in sled's folder.
    names: Mutex<BTreeSet<PathBuf>>,
    /// A commit failed half-way: what sled holds in memory may not be what is on the disk.
    broken: AtomicBool,
    /// Holds the lock. Declared last, so that sled is closed before the folder is free.
    _marker: File,
}

impl SledStore {
    /// Opens the store in `folder`, or makes a new one there if the folder is missing or empty.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] if the folder belongs to another program or another version: nothing was
    /// written to it then. [`StoreError::Locked`] if another process has it open and keeps it for a second;
    /// [`StoreError::Corrupt`] if sled cannot read its files.
    pub fn open(folder: &Path) -> Result<SledStore, StoreError> {
        let marker = claim(folder)?;
        patiently(|| match marker.try_lock() {
            Ok(()) => Ok(()),
            Err(TryLockError::WouldBlock) => Err(StoreError::Locked(folder.to_owned())),
            Err(TryLockError::Error(source)) => Err(StoreError::Io {
                action: "lock its folder",
                source,
            }),
        })?;
        let files = folder.join("sled");
        let config = sled::Config::new()
            .path(&files)
            .flush_every_ms(None)
            .cache_capacity(CACHE);
        let tree = patiently(|| {
            guarded("open its files", || config.open()).map_err(|error| match error {
                // sled has no error of its own for this; the text is that of the pinned version.
                StoreError::Io { source, .. }
                    if source.to_string().contains("could not acquire lock") =>
                {
                    StoreError::Locked(folder.to_owned())
                }
                other => other,
            })
        })?;
        let file = File::open(files.join("db")).map_err(io_error("open its data file"))?;
        let store = SledStore {
            tree,
            file,
            folder: files,
            names: Mutex::new(BTreeSet::new()),
            broken: AtomicBool::new(false),
            _marker: marker,
        };
        let about = guarded("open its files", || store.tree.open_tree("smart51"))?;
        match guarded("read", || about.get(FORMAT_KEY))?.as_deref() {
            Some(FORMAT) => {}
            // Without a format the making of the store was interrupted, unless there is data.
            None if store.next(b"", None)?.is_none() => {
                guarded("write", || about.insert(FORMAT_KEY, FORMAT))?;
                store.commit(Batch::new())?;
            }
            None => return Err(foreign(folder, "its data carry no format".into())),
            Some(other) => {
                let found = format!("its data have format `{}`, not 1", other.escape_ascii());
                return Err(foreign(folder, found));
            }
        }
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

    /// Asks the drive to keep what sled wrote.
    fn sync(&self) -> io::Result<()> {
        self.file.sync_all()?;
        let mut known = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let mut present = BTreeSet::new();
        for folder in [&self.folder, &self.folder.join("blobs")] {
            let mut changed = false;
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                if !known.contains(&path) {
                    changed = true;
                    sync_file(&path)?;
                }
                present.insert(path);
            }
            if changed {
                File::open(folder)?.sync_all()?;
            }
        }
        *known = present;
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

/// Tries for a second to get a lock that somebody holds. sled's threads keep theirs for a moment after the store is
/// dropped, and a process on its way to start another program keeps all that it had.
fn patiently<T>(mut attempt: impl FnMut() -> Result<T, StoreError>) -> Result<T, StoreError> {
    const TRIES: u32 = 100;
    const PAUSE: Duration = Duration::from_millis(10);
    for _ in 1..TRIES {
        match attempt() {
            Err(StoreError::Locked(_)) => thread::sleep(PAUSE),
            done => return done,
        }
    }
    attempt()
}

/// The marker file of `folder`, made if the folder is missing or empty. Writes nothing anywhere else.
fn claim(folder: &Path) -> Result<File, StoreError> {
    let path = folder.join(MARKER);
    match fs::read(&path) {
        Ok(text) if text == MARKER_TEXT.as_bytes() => {
            return File::open(&path).map_err(io_error("open its marker file"));
        }
        Ok(text) => {
            let shown = text[..text.len().min(60)].trim_ascii_end().escape_ascii();
            return Err(foreign(folder, format!("its {MARKER} file says `{shown}`")));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Err(foreign(folder, "it is no folder".into()));
        }
        Err(source) => {
            return Err(StoreError::Io {
                action: "read its marker file",
                source,
            });
        }
    }
    fs::create_dir_all(folder).map_err(io_error("make its folder"))?;
    for entry in fs::read_dir(folder).map_err(io_error("list its folder"))? {
        let name = entry.map_err(io_error("list its folder"))?.file_name();
        if name != MARKER_DRAFT {
            return Err(foreign(
                folder,
                format!("it holds `{}` and no {MARKER} file", name.display()),
            ));
        }
    }
    let draft = folder.join(MARKER_DRAFT);
    let make = || {
        fs::write(&draft, MARKER_TEXT)?;
        sync_file(&draft)?;
        fs::rename(&draft, &path)?;
        sync_file(folder)?;
        File::open(&path)
    };
    make().map_err(io_error("make its marker file"))
}

fn foreign(folder: &Path, found: String) -> StoreError {
    StoreError::Foreign {
        path: folder.to_owned(),
        found,
    }
}

fn io_error(action: &'static str) -> impl FnOnce(io::Error) -> StoreError {
    move |source| StoreError::Io { action, source }
}

/// fsyncs a file or folder; one that was removed in the meantime needs none.
fn sync_file(path: &Path) -> io::Result<()> {
    match File::open(path) {
        Ok(file) => file.sync_all(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
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
    use super::*;

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
        let error = SledStore::open(folder.path()).unwrap_err();
        assert!(matches!(error, StoreError::Locked(_)), "{error}");
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
            let error = SledStore::open(folder.path()).unwrap_err();
            assert!(
                matches!(error, StoreError::Foreign { .. }),
                "{name}: {error}"
            );
            assert_eq!(contents(folder.path()), before, "{name}");
        }
    }

    #[test]
    fn a_file_in_place_of_the_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "x").unwrap();
        assert!(matches!(
            SledStore::open(&path),
            Err(StoreError::Foreign { .. })
        ));
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
        SledStore::open(folder.path()).unwrap();
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
        drop(store);
        let original = contents(folder.path());
        let db = folder.path().join("sled/db");
        let length = fs::metadata(&db).unwrap().len();
        for step in 0..24 {
            for (path, bytes) in &original {
                fs::write(path, bytes).unwrap();
            }
            let mut bytes = fs::read(&db).unwrap();
            if step % 3 == 0 {
                bytes.truncate(usize::try_from(length * step / 24).unwrap());
            } else {
                let at = usize::try_from(length * step / 24 / 8).unwrap();
                bytes[at..at + 16].fill(0xA5);
            }
            fs::write(&db, bytes).unwrap();
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
