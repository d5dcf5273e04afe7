//! Notes: what is worth telling about files and ends nothing.

use loader::hex::Warning;
use std::path::PathBuf;
use thiserror::Error;

/// A note. Its text has the file in it, and no advice.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum Note {
    /// An image has a form that programmers read, and is odd.
    #[error("{}: {warning}", image.display())]
    Image {
        /// Its file.
        image: PathBuf,
        /// The oddity.
        warning: Warning,
    },
    /// No symbols tell the lines of an image.
    #[error("{}: no .cdb or .rst tells its lines: a listing is covered", image.display())]
    NoLines {
        /// Its file.
        image: PathBuf,
    },
    /// The lines of an image come from another file than a .cdb.
    #[error("{}: no .cdb is beside it: lines come from {}", image.display(), symbols.display())]
    LinesFrom {
        /// Its file.
        image: PathBuf,
        /// The file of symbols.
        symbols: PathBuf,
    },
    /// A source that symbols name is not there.
    #[error("{} is not there", path.display())]
    SourceMissing {
        /// The path at which it was expected.
        path: PathBuf,
    },
    /// More sources are not there.
    #[error("and {count} other sources are not there")]
    OtherSourcesMissing {
        /// How many.
        count: usize,
    },
}
