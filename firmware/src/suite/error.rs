//! Why a test file can't be run.

use crate::files::FilesError;
use crate::image::ImageError;
use crate::ram::RamError;
use crate::settings::SettingsError;
use crate::watch::symbol_files::SymbolsError;
use std::path::PathBuf;
use std::str::Utf8Error;
use thiserror::Error;

/// Why a file is no test, or what it names is not there.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SuiteError {
    /// A file can't be read or written.
    #[error(transparent)]
    Files(FilesError),
    /// A file is not UTF-8.
    #[error("{}: is not text: {error}", path.display())]
    NoText {
        /// The file.
        path: PathBuf,
        /// The place of the first other byte.
        error: Utf8Error,
    },
    /// A file is no TOML, or has other fields than a test.
    #[error("{}: {error}", path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// Its text.
        text: String,
        /// The problem, with its place in the text.
        error: Box<toml::de::Error>,
    },
    /// The image can't be used.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// RAM can't be filled from a file.
    #[error(transparent)]
    Ram(#[from] RamError),
    /// There is no board as the test describes it.
    #[error("{}: {error}", path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: SettingsError,
    },
    /// A value in the test makes no sense.
    #[error("{}: {problem}", path.display())]
    Test {
        /// The file.
        path: PathBuf,
        /// The value and the reason.
        problem: String,
    },
    /// The symbols of the image can't be used.
    #[error(transparent)]
    Symbols(#[from] SymbolsError),
    /// The file to compare with is no snapshot.
    #[error("{}: {error}", path.display())]
    Snapshot {
        /// The file.
        path: PathBuf,
        /// The problem.
        error: SnapshotError,
    },
}

/// Why a text is no snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The first line is another one.
    #[error("expected a firmware snapshot of format 1")]
    Header,
    /// A line has no name and value.
    #[error("line {number}: expected NAME = VALUE, found {found:?}")]
    Line {
        /// The line, from 1.
        number: usize,
        /// The line's text.
        found: String,
    },
}
