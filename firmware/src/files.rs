//! The files that the crate reads and writes, and the one trait through which it reaches them.

use loader::file;
use std::error::Error;
use std::path::Path;
use thiserror::Error as ThisError;

/// The largest symbol file read, in bytes: a listing has some hundred for each byte of CODE.
pub const SYMBOLS_MAX: usize = 1 << 26;

/// Why a file was not read or written, with its name: the error of the [`Files`] given.
pub type FilesError = Box<dyn Error + Send + Sync>;

/// The files of a caller.
pub trait Files: Sync {
    /// The bytes of the file at `path`: at most `most`.
    ///
    /// # Errors
    /// If it can't be read, or is larger.
    fn read(&self, path: &Path, most: usize) -> Result<Vec<u8>, FilesError>;

    /// Writes the file at `path`, replacing an older one.
    ///
    /// # Errors
    /// If it can't be written.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), FilesError>;
}

/// The files of this computer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path, most: usize) -> Result<Vec<u8>, FilesError> {
        Ok(file::read(path, most)?)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), FilesError> {
        std::fs::write(path, bytes).map_err(|source| NotWritten::new(path, source).into())
    }
}

/// The system can't write a file.
#[derive(Debug, ThisError)]
#[error("{path}: {source}")]
struct NotWritten {
    path: String,
    source: std::io::Error,
}

impl NotWritten {
    fn new(path: &Path, source: std::io::Error) -> NotWritten {
        let path = path.display().to_string();
        NotWritten { path, source }
    }
}
