//! SDCC's regression suite on our core: fetched from Debian's source package, built by Debian's compiler for six ports
//! of the MCS-51, run, and compared with what `s51` recorded for every image.
//!
//! Nothing of the suite is kept in this repository: sources and images live in a cache folder.

pub mod build;
mod files;
pub mod live;
pub mod machine;
pub mod recorded;
pub mod report;
pub mod source;
pub mod suite;

use std::io;
use std::path::{Path, PathBuf};

use crate::tool::ToolError;

/// Why the suite could not be fetched, built or judged. A test that fails is no error: it is a line of the report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An outside program is missing or failed.
    #[error("{doing}: {source}")]
    Tool {
        /// What it was wanted for.
        doing: &'static str,
        /// What it said.
        source: ToolError,
    },
    /// A file or folder of the cache could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// This system does not name a Debian mirror to fetch from.
    #[error(
        "no Debian mirror in {looked_at}: SDCC's suite is fetched from the mirror that apt-get uses"
    )]
    NoMirror {
        /// The files that were looked at.
        looked_at: &'static str,
    },
    /// The fetched archive is not the one the recorded figures belong to.
    #[error("{}: expected sha256 {expected}, found {found}; remove the file to fetch it again", path.display())]
    Archive {
        /// The archive.
        path: PathBuf,
        /// The pinned digest, hexadecimal.
        expected: &'static str,
        /// The digest of the file, hexadecimal.
        found: String,
    },
    /// A recorded image has no template in the fetched suite.
    #[error("case {case}: no template of the suite makes it")]
    NoTemplate {
        /// The recorded case.
        case: String,
    },
    /// A line of the recorded figures is not in their format.
    #[error("recorded figures, line {line}: expected 10 columns with decimal figures")]
    Recorded {
        /// Counted from 1.
        line: usize,
    },
}

/// The folder under the workspace's `target` that holds the fetched suite and the built images.
#[must_use]
pub fn default_cache() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/conformance")
}
