//! gzip around any other form (RFC 1952).

use crate::error::{GzipProblem, LoadError};
use crate::limits::FILE_MAX;
use flate2::read::MultiGzDecoder;
use std::io::{ErrorKind, Read};

/// Whether the file begins with gzip's magic bytes.
pub(crate) fn is_gzip(file: &[u8]) -> bool {
    file.starts_with(&[0x1F, 0x8B])
}

/// The unpacked bytes, at most [`FILE_MAX`]: no more than one byte beyond that is ever unpacked, however
/// far the file would swell.
pub(crate) fn unpack(file: &[u8]) -> Result<Vec<u8>, LoadError> {
    let mut unpacked = Vec::new();
    MultiGzDecoder::new(file)
        .take(FILE_MAX as u64 + 1)
        .read_to_end(&mut unpacked)
        .map_err(|error| {
            LoadError::Gzip(match error.kind() {
                ErrorKind::UnexpectedEof => GzipProblem::Truncated,
                _ => GzipProblem::Corrupt,
            })
        })?;
    if unpacked.len() > FILE_MAX {
        Err(LoadError::UnpackedTooLarge)
    } else {
        Ok(unpacked)
    }
}
