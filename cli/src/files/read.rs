//! Reading files: bounded, and remembered, so that none is overwritten.

use super::has_read;
use crate::error::{Error, about};
use crate::output::note;
use loader::{FILE_MAX, Loaded, file};
use serde::de::DeserializeOwned;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The largest JSON file read, in bytes: recordings of thousands of calls.
const JSON_MAX: usize = 1 << 28;

/// The bytes of a file, or of standard input if the path is `-`.
///
/// # Errors
/// If it can't be read or holds more than [`FILE_MAX`] bytes.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, Error> {
    read_bounded(path, FILE_MAX)
}

/// The bytes of a file of at most `most`, or of standard input if the path is `-`.
pub(super) fn read_bounded(path: &Path, most: usize) -> Result<Vec<u8>, Error> {
    let read = if path == Path::new("-") {
        file::read_from(path, io::stdin().lock(), most)
    } else {
        has_read(path);
        file::read(path, most)
    };
    read.map_err(Error::input)
}

/// The value in a JSON file, which may be as large as [`JSON_MAX`].
///
/// # Errors
/// If it can't be read, or isn't what is expected there: with line and column.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    serde_json::from_slice(&read_bounded(path, JSON_MAX)?).map_err(|e| about(path, e))
}

/// The bytes of a JSON file, as large as [`JSON_MAX`].
///
/// # Errors
/// If it can't be read.
pub(crate) fn read_json_bytes(path: &Path) -> Result<Vec<u8>, Error> {
    read_bounded(path, JSON_MAX)
}

/// [`read_json`] of a file that people write: a field that is not known, and so does nothing, is
/// told on standard error.
///
/// # Errors
/// Those of [`read_json`].
pub(crate) fn read_json_noting_unknown<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let text = read_bounded(path, JSON_MAX)?;
    let mut json = serde_json::Deserializer::from_slice(&text);
    let unknown = |field: serde_ignored::Path<'_>| {
        let path = path.display();
        note(format_args!(
            "{path}: there is no field `{field}`; it does nothing"
        ));
    };
    let value = serde_ignored::deserialize(&mut json, unknown);
    let whole = value.and_then(|value| json.end().map(|()| value));
    whole.map_err(|e| about(path, e))
}

/// The image in a file.
///
/// # Errors
/// If the file can't be read or is no image.
pub(crate) fn read_image(path: &Path) -> Result<Loaded, Error> {
    loader::load(&read_file(path)?).map_err(|e| about(path, e))
}

/// Text in a file.
///
/// # Errors
/// If the file can't be read or isn't UTF-8.
pub(crate) fn read_text(path: &Path) -> Result<String, Error> {
    String::from_utf8(read_file(path)?)
        .map_err(|e| about(path, format_args!("is not text: {}", e.utf8_error())))
}

/// The files that `paths` stand for, in order: files as they are; a folder for all below it whose names end in
/// `ending`.
///
/// # Errors
/// If a folder can't be read, or holds none.
pub(crate) fn find_files(paths: &[PathBuf], ending: &str) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = files.len();
            collect(path, ending, &mut files)?;
            files[before..].sort();
            if files.len() == before {
                return Err(about(path, format_args!("holds no *{ending}")));
            }
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

fn collect(folder: &Path, ending: &str, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    for entry in fs::read_dir(folder).map_err(|error| about(folder, error))? {
        let entry = entry.map_err(|error| about(folder, error))?;
        // Links to folders are not followed: they can lead in a circle.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            collect(&entry.path(), ending, files)?;
        } else if entry.file_name().to_string_lossy().ends_with(ending) {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// The name of a file without its folder and ending, to name what was made of it.
pub(crate) fn stem(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
