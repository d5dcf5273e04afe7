//! Everything that can be wrong with a file.

use crate::hex::HexError;
use crate::limits::FILE_MAX;
use crate::shown::Bytes;
use abi::layout::CODE_SIZE;
use thiserror::Error;

/// Why a file is not an image.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file has no bytes.
    #[error("expected an image, found an empty file")]
    Empty,
    /// The file has the form of an image, but programs nothing.
    #[error("expected an image, found one without a byte of code: build it again")]
    NoCode,
    /// The file is larger than [`FILE_MAX`].
    #[error("expected a file of at most {FILE_MAX} bytes, found {found}")]
    FileTooLarge {
        /// The file's size in bytes.
        found: usize,
    },
    /// The file is gzip and holds more than [`FILE_MAX`] bytes.
    #[error("expected at most {FILE_MAX} bytes in the gzip file, found more")]
    UnpackedTooLarge,
    /// The file is gzip and can't be unpacked.
    #[error("gzip file is {0}: pack the image again")]
    Gzip(GzipProblem),
    /// The file is Intel HEX with an error at a place.
    #[error(transparent)]
    Hex(#[from] HexError),
    /// A raw ROM, or the one in a container, doesn't fit in CODE.
    #[error("expected a ROM of at most {CODE_SIZE} bytes, found {found}")]
    RomTooLarge {
        /// The ROM's size in bytes.
        found: usize,
    },
    /// WebAssembly text is not UTF-8.
    #[error("WebAssembly text is not UTF-8 at byte {offset}")]
    NotUtf8 {
        /// Where the first wrong byte lies.
        offset: usize,
    },
    /// WebAssembly text doesn't describe a module.
    #[error("line {line}, column {column}: {message}")]
    Wat {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What the WebAssembly text parser says.
        message: String,
    },
    /// The first bytes are those of no form.
    #[error(
        "expected Intel HEX (`:`), a ROM that starts with LJMP (02), a container of one, a wasm module \
         (00 61 73 6D) or gzip (1F 8B), found {}",
        Bytes(start)
    )]
    UnknownForm {
        /// The first bytes of the file, at most four.
        start: Vec<u8>,
    },
}

/// What is wrong with a gzip file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum GzipProblem {
    /// It ends too early.
    #[error("truncated")]
    Truncated,
    /// Its header, data, length or checksum is wrong, or something else follows it.
    #[error("corrupt")]
    Corrupt,
}
