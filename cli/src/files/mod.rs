//! The files a command reads and writes: none is written that it read, and none twice, under whatever name.

mod read;
mod write;

use crate::error::{Error, about};
use firmware::files::{Files, FilesError};
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

pub(crate) use read::{
    find_files, read_file, read_image, read_json, read_json_bytes, read_json_noting_unknown,
    read_text, stem,
};
pub(crate) use write::{create, create_file, replace_file, replace_with, write, write_recording};

/// The use that a command made of a file.
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

/// Forgets what was read and written: the command begins anew.
pub(crate) fn forget() {
    USED.lock().unwrap_or_else(PoisonError::into_inner).clear();
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

/// Remembers that the file at `path` was written.
fn has_written(path: &Path) {
    if let Ok(file) = fs::metadata(path) {
        remember(&file, Use::Written);
    }
}

/// The files of the crate `firmware`, guarded as all others are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guarded;

impl Files for Guarded {
    fn read(&self, path: &Path, most: usize) -> Result<Vec<u8>, FilesError> {
        Ok(read::read_bounded(path, most)?)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), FilesError> {
        Ok(replace_with(path, bytes)?)
    }
}
