//! The ABI of an image on disk: contract JSON, or its binary form, in a file of its own, or a section of the image.

use bridge::wasm::custom_section;
use contract::{Contract, SECTION};
use loader::{FILE_MAX, FileError, Image, file};
use std::path::{Path, PathBuf};

/// The extension of a file of contract JSON, beside its image.
pub const EXTENSION: &str = "abi";

/// Why there is no ABI in a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AbiFileError {
    /// The file cannot be read, or is too large.
    #[error(transparent)]
    File(#[from] FileError),
    /// It holds none.
    #[error("{}: {problems}", path.display())]
    NoAbi {
        /// The file.
        path: PathBuf,
        /// All that is wrong with it, with the places.
        problems: String,
    },
}

/// The ABI that belongs to an image in a file: that of the file beside it which ends in [`EXTENSION`], if it is there,
/// else what a WebAssembly image says of itself; `None` if neither is there.
///
/// # Errors
/// [`AbiFileError`].
pub fn beside(image_file: &Path, image: &Image) -> Result<Option<Contract>, AbiFileError> {
    let beside = image_file.with_extension(EXTENSION);
    if beside.is_file() {
        return read(&beside).map(Some);
    }
    in_image(image_file, image)
}

/// The ABI in the section [`SECTION`] of a WebAssembly image; `None` where it has none. `file` is its file.
///
/// # Errors
/// [`AbiFileError`].
pub fn in_image(file: &Path, image: &Image) -> Result<Option<Contract>, AbiFileError> {
    let section = image.as_wasm().and_then(|it| custom_section(it, SECTION));
    let Some(section) = section else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(section);
    let contract = Contract::from_entries(&text);
    contract
        .map(Some)
        .map_err(|problems| no_abi(file, &problems))
}

/// The ABI in a file, in JSON or in binary form.
///
/// # Errors
/// [`AbiFileError`].
pub fn read(path: &Path) -> Result<Contract, AbiFileError> {
    let bytes = file::read(path, FILE_MAX)?;
    let contract = match str::from_utf8(&bytes) {
        Ok(text) if text.trim_start().starts_with('{') => Contract::from_json(text),
        _ => Contract::from_bytes(&bytes),
    };
    let contract = contract.map_err(|error| no_abi(path, &[error]))?;
    match contract.check() {
        Ok(()) => Ok(contract),
        Err(errors) => Err(no_abi(path, &errors)),
    }
}

fn no_abi(path: &Path, problems: &[impl ToString]) -> AbiFileError {
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    AbiFileError::NoAbi {
        path: path.into(),
        problems: problems.join("; "),
    }
}
