//! The folder of a [`SledStore`](super::SledStore): whose it is, who has it, and how one comes to be.
//!
//! A store is there once its marker is. While it is being made the folder holds a draft in the marker's place, and
//! whoever makes it holds the lock of the folder itself. So a store that was not finished is none: the next one who
//! makes a store there begins anew.

use super::store::StoreError;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// The file that says whose folder this is, and what it says.
pub(super) const MARKER: &str = "SMART51";
pub(super) const MARKER_TEXT: &str = "smart51 store, format 1\n";
/// Says that a store is being made. Nothing is ever read from it or written into it.
pub(super) const MARKER_DRAFT: &str = "SMART51.new";
/// The folder of sled's own files in it.
const FILES: &str = "sled";
/// How long a lock that somebody holds is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Where sled's own files are.
pub(super) fn files(folder: &Path) -> PathBuf {
    folder.join(FILES)
}

/// The marker file of the store in `folder`, locked; `None` if there is no store.
pub(super) fn locked(folder: &Path, patience: Duration) -> Result<Option<File>, StoreError> {
    let Some(marker) = marker(folder)? else {
        return Ok(None);
    };
    lock(&marker, folder, patience)?;
    Ok(Some(marker))
}

/// The marker file of the store in `folder`, if there is one.
fn marker(folder: &Path) -> Result<Option<File>, StoreError> {
    let path = folder.join(MARKER);
    let read = || -> io::Result<(Option<File>, Vec<u8>)> {
        // Opening something else could wait for ever.
        if !fs::metadata(&path)?.is_file() {
            return Ok((None, Vec::new()));
        }
        let file = File::open(&path)?;
        let mut text = Vec::new();
        (&file).take(61).read_to_end(&mut text)?;
        Ok((Some(file), text))
    };
    match read() {
        Ok((Some(file), text)) if text == MARKER_TEXT.as_bytes() => Ok(Some(file)),
        Ok((Some(_), text)) => {
            let shown = text[..text.len().min(60)].trim_ascii_end().escape_ascii();
            Err(foreign(folder, format!("its {MARKER} file says `{shown}`")))
        }
        Ok((None, _)) => Err(foreign(folder, format!("its {MARKER} is no file"))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            Err(foreign(folder, "it is no folder".into()))
        }
        Err(error) => Err(io_error("read its marker file")(error)),
    }
}

/// Why there is no store in `folder`, which has no marker.
pub(super) fn missing(folder: &Path) -> StoreError {
    match is_free(folder) {
        Err(error @ StoreError::Foreign { .. }) => error,
        _ => StoreError::Missing(folder.into()),
    }
}

/// Checks that a folder without a marker is empty, but for a store that was not finished: whether there is one.
fn is_free(folder: &Path) -> Result<bool, StoreError> {
    let unfinished = folder.join(MARKER_DRAFT).symlink_metadata().is_ok();
    for entry in fs::read_dir(folder).map_err(io_error("list its folder"))? {
        let name = entry.map_err(io_error("list its folder"))?.file_name();
        if !(unfinished && is_ours(&name)) {
            let found = format!("it holds `{}` and no {MARKER} file", name.display());
            return Err(foreign(folder, found));
        }
    }
    Ok(unfinished)
}

/// Whether a store that is not finished has files of this name.
fn is_ours(name: &OsStr) -> bool {
    name == FILES || name.to_string_lossy().starts_with("SMART51.")
}

/// A folder in which a store is being made. Dropped unfinished, it leaves nothing of it.
#[derive(Debug)]
pub(super) struct Making {
    folder: PathBuf,
    /// Whether the folder was made for this.
    is_new: bool,
    /// Holds the lock of the folder.
    _lock: File,
    finished: bool,
}

impl Making {
    /// Begins to make a store in `folder`, which is missing or empty but for one that was not finished; `None` if
    /// there is a store by now. Nothing is written anywhere else.
    pub(super) fn begin(folder: &Path, patience: Duration) -> Result<Option<Making>, StoreError> {
        let is_new = !folder.exists();
        fs::create_dir_all(folder).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
                foreign(folder, "it is no folder".into())
            }
            _ => io_error("make its folder")(error),
        })?;
        let handle = File::open(folder).map_err(io_error("open its folder"))?;
        lock(&handle, folder, patience)?;
        if marker(folder)?.is_some() {
            return Ok(None);
        }
        let unfinished = is_free(folder)?;
        let making = Making {
            folder: folder.into(),
            is_new,
            _lock: handle,
            finished: false,
        };
        if unfinished {
            making
                .clear()
                .map_err(io_error("remove an unfinished store"))?;
        }
        let draft = folder.join(MARKER_DRAFT);
        let made = OpenOptions::new().write(true).create_new(true).open(&draft);
        made.and_then(|_| sync(folder))
            .map_err(io_error("make its marker file"))?;
        Ok(Some(making))
    }

    /// Makes the store one that is there. Returns its marker, locked.
    pub(super) fn finish(mut self) -> Result<File, StoreError> {
        let marker = self.mark().map_err(io_error("make its marker file"))?;
        self.finished = true;
        Ok(marker)
    }

    fn mark(&self) -> io::Result<File> {
        let mut marker = tempfile::Builder::new();
        marker.prefix("SMART51.");
        #[cfg(unix)]
        marker.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
        let mut marker = marker.tempfile_in(&self.folder)?;
        marker.write_all(MARKER_TEXT.as_bytes())?;
        marker.as_file().sync_all()?;
        // It is locked before anybody can see it.
        marker.as_file().try_lock()?;
        let marker = marker.persist(self.folder.join(MARKER))?;
        let _ = fs::remove_file(self.folder.join(MARKER_DRAFT));
        sync(&self.folder)?;
        Ok(marker)
    }

    /// Removes what there is of a store, the draft last. What others put into the folder meanwhile stays.
    fn clear(&self) -> io::Result<()> {
        let mut names: Vec<_> = fs::read_dir(&self.folder)?
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect::<io::Result<_>>()?;
        names.retain(|name| is_ours(name));
        names.sort_by_key(|name| name == MARKER_DRAFT);
        for path in names.iter().map(|name| self.folder.join(name)) {
            let about = path.symlink_metadata()?;
            if about.is_dir() {
                fs::remove_dir_all(path)?;
            } else {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        // What cannot be removed is no store either: without a marker nobody takes it for one.
        if !self.finished && self.clear().is_ok() && self.is_new {
            let _ = fs::remove_dir(&self.folder);
        }
    }
}

/// Waits at most `patience` for a lock that somebody holds. sled's threads keep theirs for a moment after the store is
/// dropped, and a process on its way to start another program keeps all that it had.
pub(super) fn retry_while_locked<T>(
    patience: Duration,
    mut attempt: impl FnMut() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    const PAUSE: Duration = Duration::from_millis(5);
    #[expect(
        clippy::disallowed_methods,
        reason = "how long to wait for a lock, before anything is read"
    )]
    let begin = Instant::now();
    loop {
        match attempt() {
            Err(StoreError::Locked { .. }) if begin.elapsed() < patience => thread::sleep(PAUSE),
            done => return done,
        }
    }
}

fn lock(file: &File, folder: &Path, patience: Duration) -> Result<(), StoreError> {
    retry_while_locked(patience, || match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(in_use(folder, patience)),
        Err(TryLockError::Error(source)) => Err(io_error("lock its folder")(source)),
    })
}

/// The error of a lock that was not to be had.
pub(super) fn in_use(folder: &Path, waited: Duration) -> StoreError {
    StoreError::Locked {
        path: folder.to_owned(),
        waited: waited.as_secs(),
    }
}

/// The error of a folder that is no store of ours.
pub(super) fn foreign(folder: &Path, found: String) -> StoreError {
    StoreError::Foreign {
        path: folder.to_owned(),
        found,
    }
}

/// The error of the system while doing something, which is said by a verb phrase.
pub(super) fn io_error(action: &'static str) -> impl FnOnce(io::Error) -> StoreError {
    move |source| StoreError::Io { action, source }
}

/// fsyncs a file or folder; one that was removed in the meantime needs none.
pub(super) fn sync(path: &Path) -> io::Result<()> {
    match File::open(path) {
        Ok(file) => file.sync_all(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}
