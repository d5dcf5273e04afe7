//! The files a command reads and writes: none is written that it read, and none twice, under whatever name.

use crate::args::about;
use crate::error::Error;
use std::fs::{self, File, Metadata, Permissions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// What a command did with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Read,
    Written,
}

/// The files used so far, by device and inode: links of either kind are other names of the same file.
static USED: Mutex<Vec<((u64, u64), Use)>> = Mutex::new(Vec::new());

/// Folders of chains.
static KEPT: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Devices and pipes are not remembered: what is read from one is not what is written to it.
fn remember(file: &Metadata, what: Use) {
    if file.is_file() {
        let mut used = USED.lock().unwrap_or_else(PoisonError::into_inner);
        used.push(((file.dev(), file.ino()), what));
    }
}

/// Remembers that the file at `path` was read.
pub(crate) fn has_read(path: &Path) {
    if let Ok(file) = fs::metadata(path) {
        remember(&file, Use::Read);
    }
}

/// Remembers the folder of a chain, in which no output has a place.
pub(crate) fn keep(folder: &Path) {
    if let Ok(folder) = folder.canonicalize() {
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push(folder);
    }
}

/// Whether `path` lies, or would lie, in a chain's folder.
fn is_kept(path: &Path) -> bool {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let place = path
        .canonicalize()
        .or_else(|_| folder.unwrap_or(Path::new(".")).canonicalize());
    let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    place.is_ok_and(|place| kept.iter().any(|folder| place.starts_with(folder)))
}

/// Refuses to write a file that was read or written, or one of the chain's.
///
/// # Errors
/// That, with what to do.
pub(crate) fn may_write(path: &Path) -> Result<(), Error> {
    if is_kept(path) {
        let why = "lies in the folder of the chain; name a file elsewhere";
        return Err(about(path, why));
    }
    let Ok(file) = fs::metadata(path) else {
        return Ok(());
    };
    let used = USED.lock().unwrap_or_else(PoisonError::into_inner);
    let id = (file.dev(), file.ino());
    match used.iter().find(|(used, _)| *used == id) {
        None => Ok(()),
        Some((_, Use::Read)) => Err(about(
            path,
            "this command reads that file, and would overwrite it; name another one",
        )),
        Some((_, Use::Written)) => Err(about(
            path,
            "this command writes that file already; name another one",
        )),
    }
}

/// Creates a file that is written while a command runs, replacing what was there.
///
/// # Errors
/// If it was read or written already, or can't be created.
pub(crate) fn create(path: &Path) -> Result<File, Error> {
    may_write(path)?;
    let file = File::create(path).map_err(|error| about(path, error))?;
    if let Ok(file) = file.metadata() {
        remember(&file, Use::Written);
    }
    Ok(file)
}

/// Writes a file, replacing what was there: all of it, or if that fails nothing.
///
/// # Errors
/// If it was read or written already, or can't be written.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    may_write(path)?;
    replace(path, bytes).map_err(|error| about(path, error))?;
    if let Ok(file) = fs::metadata(path) {
        remember(&file, Use::Written);
    }
    Ok(())
}

fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let there = fs::metadata(path);
    // A draft takes no device's place.
    if there.as_ref().is_ok_and(|there| !there.is_file()) {
        return fs::write(path, bytes);
    }
    if there.is_ok() {
        File::options().write(true).open(path)?;
    }
    let place = path.canonicalize().unwrap_or_else(|_| path.into());
    let folder = place.parent().filter(|folder| *folder != Path::new(""));
    let draft = tempfile::Builder::new()
        .prefix(".smart51-")
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder.unwrap_or(Path::new(".")));
    let Ok(mut draft) = draft else {
        // The file may be written where its folder may not.
        return fs::write(path, bytes);
    };
    draft.write_all(bytes)?;
    if let Ok(there) = there {
        draft.as_file().set_permissions(there.permissions())?;
    }
    draft.persist(&place)?;
    Ok(())
}
