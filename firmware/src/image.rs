//! Firmware images: the forms contracts come in, Intel HEX as programmers read it, and any `.bin` whatever it begins
//! with.

use crate::files::{Files, FilesError};
use crate::note::Note;
use loader::{FILE_MAX, Image, LoadError};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why a file is no image of firmware.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ImageError {
    /// It can't be read.
    #[error(transparent)]
    Files(FilesError),
    /// It is no image.
    #[error("{}: {error}", path.display())]
    Load {
        /// The file.
        path: PathBuf,
        /// The problem.
        error: LoadError,
    },
    /// It is an image for another machine.
    #[error("{}: expected an 8051 image, found a WebAssembly module", path.display())]
    WebAssembly {
        /// The file.
        path: PathBuf,
    },
}

/// The 8051 image in a file. What is odd about it is added to `notes`.
///
/// # Errors
/// If the file can't be read, is no image, or is one for another machine.
pub fn read(files: &dyn Files, path: &Path, notes: &mut Vec<Note>) -> Result<Image, ImageError> {
    let bytes = files.read(path, FILE_MAX).map_err(ImageError::Files)?;
    let raw = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("bin"));
    let load = |error| ImageError::Load {
        path: path.into(),
        error,
    };
    let (image, odd) = match loader::load_firmware(&bytes) {
        Ok(loaded) => loaded,
        Err(_) if raw => (Image::bin(&bytes).map_err(load)?, Vec::new()),
        Err(error) => return Err(load(error)),
    };
    if image.as_wasm().is_some() {
        return Err(ImageError::WebAssembly { path: path.into() });
    }
    notes.extend(odd.into_iter().map(|warning| Note::Image {
        image: path.into(),
        warning,
    }));
    Ok(image)
}
