//! [`SledStore`]: state on disk, in sled 0.34.7.
//!
//! ```text
//! DIR/SMART51   one line: which program and which format; its lock is the store's lock
//! DIR/sled/     sled's own files (conf, db, blobs/, snap.*)
//! DIR/SMART51.synced   the number of the newest blob that is durable
//! ```
//!
//! sled's `flush` asks the system to write but issues no barrier that a drive must honour (it calls
//! `sync_file_range`), so a commit is followed by an fsync of our own: of `db`, and of blobs that
//! are new and their folder. A blob is a large value in a file of its own, whose name is its place
//! in sled's log: the names grow. Snapshots need none: sled syncs them, and without one it reads
//! its log.
//!
//! sled cannot open a database without writing to it. Where that fails, a store that is only to be read is copied to
//! where there is room, and the copy is opened.

use crate::folder::{self, Making, PATIENCE, foreign, in_use, io_error, retry_while_locked, sync};
use crate::memory::{lower_bound, upper_bound};
use crate::store::{Batch, Pair, StateStore, StoreError};
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
        catch_panic("write", || about.insert(FORMAT_KEY, FORMAT))?;
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
        catch_panic("open its files", || self.tree.open_tree("smart51"))
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
        Ok(catch_panic("read", || self.tree.get(key))?.map(|value| value.to_vec()))
    }

    fn next(&self, prefix: &[u8], after: Option<&[u8]>) -> Result<Option<Pair>, StoreError> {
        self.usable()?;
        let start = lower_bound(prefix, after);
        let first = catch_panic("read", || {
            self.tree
                .range::<&[u8], _>((start, Bound::Unbounded))
                .next()
                .transpose()
        })?;
        let first = first.filter(|(key, _)| key.starts_with(prefix));
        Ok(first.map(|(key, value)| (key.to_vec(), value.to_vec())))
    }

    fn prev(&self, prefix: &[u8], before: Option<&[u8]>) -> Result<Option<Pair>, StoreError> {
        self.usable()?;
        let end = upper_bound(prefix, before);
        let last = catch_panic("read", || {
            self.tree
                .range::<Vec<u8>, _>((Bound::Unbounded, end))
                .next_back()
                .transpose()
        })?;
        let last = last.filter(|(key, _)| key.starts_with(prefix));
        Ok(last.map(|(key, value)| (key.to_vec(), value.to_vec())))
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
            return catch_panic("write", || batch.into_iter().try_for_each(change));
        }
        let mut changes = sled::Batch::default();
        for (key, value) in batch {
            match value {
                Some(value) => changes.insert(key, value),
                None => changes.remove(key),
            }
        }
        let written = catch_panic("write", || {
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
    let tree = retry_while_locked(patience, || {
        catch_panic("open its files", || config.open()).map_err(|error| match error {
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
        catch_panic("read", || about.get(FORMAT_KEY))?
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
fn catch_panic<T>(
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
mod tests;
