//! How arguments are read: numbers, bytes, files, images.

use crate::error::Error;
use crate::files;
use crate::output::note;
use loader::{FILE_MAX, Loaded, file};
use serde::de::DeserializeOwned;
use std::fs::{self, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use verify::recording::format::FORMAT;
use verify::recording::{File as Recordings, Row};

/// The largest JSON file read, in bytes: recordings of thousands of calls.
const JSON_MAX: usize = 1 << 28;

/// The largest symbol file read, in bytes: a listing has some hundred for each byte of CODE.
pub(crate) const SYMBOLS_MAX: usize = 1 << 26;

/// A number, decimal or `0x…`, with `_` anywhere between its digits.
///
/// # Errors
/// What is wrong with it, for clap to print.
pub(crate) fn number<T: TryFrom<u64>>(text: &str) -> Result<T, String> {
    let plain = text.replace('_', "");
    let value = match plain
        .strip_prefix("0x")
        .or_else(|| plain.strip_prefix("0X"))
    {
        // `from_str_radix` and `parse` would take a sign.
        Some(digits) if !digits.starts_with('+') => u64::from_str_radix(digits, 16),
        None if !plain.starts_with('+') => plain.parse(),
        _ => return Err("expected a number, found a sign".into()),
    };
    let value = value.map_err(|e| e.to_string())?;
    T::try_from(value).map_err(|_| format!("{value} is too large here"))
}

/// Bytes: hex, `@FILE` for what a file holds, or `-` for standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Bytes {
    /// Given as hex.
    Given(Vec<u8>),
    /// To be read from a file, or from standard input if it is `-`.
    From(PathBuf),
}

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Bytes, String> {
        match text.strip_prefix('@') {
            Some(file) => Ok(Bytes::From(file.into())),
            None if text == "-" => Ok(Bytes::From(text.into())),
            None => {
                let digits = text.strip_prefix("0x").unwrap_or(text).replace('_', "");
                let given =
                    hex::decode(digits).map_err(|e| format!("{e}; give hex, @FILE or -"))?;
                Ok(Bytes::Given(given))
            }
        }
    }
}

impl Bytes {
    /// The bytes.
    ///
    /// # Errors
    /// If a file can't be read or is larger than [`FILE_MAX`].
    pub(crate) fn read(self) -> Result<Vec<u8>, Error> {
        match self {
            Bytes::Given(bytes) => Ok(bytes),
            Bytes::From(file) => read_file(&file),
        }
    }
}

/// What a file holds, or standard input if the path is `-`.
///
/// # Errors
/// If it can't be read or holds more than [`FILE_MAX`] bytes.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, Error> {
    read_bounded(path, FILE_MAX)
}

/// What a file of at most `most` bytes holds, or standard input if the path is `-`.
fn read_bounded(path: &Path, most: usize) -> Result<Vec<u8>, Error> {
    let read = if path == Path::new("-") {
        file::read_from(path, io::stdin().lock(), most)
    } else {
        files::has_read(path);
        file::read(path, most)
    };
    read.map_err(Error::input)
}

/// What a JSON file describes; it may be as large as [`JSON_MAX`].
///
/// # Errors
/// If it can't be read, or isn't what is expected there: with line and column.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    serde_json::from_slice(&read_bounded(path, JSON_MAX)?).map_err(|e| about(path, e))
}

/// [`read_json`] of a file that people write: a field that is not known, and so does nothing, is told on standard error.
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

/// Writes a file of one recording, replacing what was there.
///
/// # Errors
/// If it can't be written.
pub(crate) fn write_recording(path: &Path, row: Row) -> Result<(), Error> {
    let made_with = concat!("smart51 ", env!("CARGO_PKG_VERSION")).into();
    let file = Recordings {
        format: FORMAT,
        made_with,
        rows: vec![row],
    };
    let mut text = serde_json::to_vec_pretty(&file).map_err(Error::node)?;
    text.push(b'\n');
    write_file(path, &text)?;
    note(format_args!("recorded to {}", path.display()));
    Ok(())
}

/// The name of a file without its folder and ending, to name what was made of it.
pub(crate) fn stem(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
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

/// What a TOML file describes.
///
/// # Errors
/// If it can't be read, or isn't what is expected there: with line and column.
pub(crate) fn read_toml<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let text = read_text(path)?;
    toml::from_str(&text)
        .map_err(|error| about(path, verify::scenario::toml_problem(&text, &error)))
}

/// What a symbol file says. Sources may be in any encoding, and a listing quotes them.
///
/// # Errors
/// If the file can't be read.
pub(crate) fn read_symbols(path: &Path) -> Result<String, Error> {
    read_bounded(path, SYMBOLS_MAX).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
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

/// Writes a file, replacing what was there: all of it, or if that fails nothing.
///
/// # Errors
/// If the command reads it, or it can't be written.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    files::write(path, bytes)
}

/// Writes a file under a name that the user did not type, or one that must be whole or not there: first beside it, then
/// in its place. What was there is replaced and not written into, be it a link; a device or a pipe is written to.
///
/// # Errors
/// What `write` fails with, or if the file can't be made or renamed. The old one is then still there.
pub(crate) fn replace_file<T>(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<T, Error>,
) -> Result<T, Error> {
    files::may_write(path)?;
    let failed = |error: io::Error| about(path, error);
    let lost = |error: io::Error| Error::node(format_args!("{}: {error}", path.display()));
    let is_stream = fs::metadata(path).is_ok_and(|about| !about.is_file() && !about.is_dir());
    if is_stream || path.starts_with("/dev") || path.starts_with("/proc") {
        let file = OpenOptions::new().write(true).open(path).map_err(failed)?;
        let mut buffered = BufWriter::new(file);
        let made = write(&mut buffered)?;
        return buffered.flush().map(|()| made).map_err(lost);
    }
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let mut draft = tempfile::Builder::new();
    draft.prefix(".smart51-");
    #[cfg(unix)]
    draft.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let draft = draft
        .tempfile_in(folder.unwrap_or(Path::new(".")))
        .map_err(failed)?;
    let mut buffered = BufWriter::new(draft.as_file());
    let made = write(&mut buffered)?;
    buffered.flush().map_err(lost)?;
    drop(buffered);
    draft.as_file().sync_all().map_err(lost)?;
    draft.persist(path).map_err(|error| failed(error.error))?;
    Ok(made)
}

/// [`replace_file`] with bytes.
///
/// # Errors
/// If the file can't be made or renamed.
pub(crate) fn replace_with(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    replace_file(path, |file| {
        file.write_all(bytes).map_err(|error| about(path, error))
    })
}

/// Writes a file that must not be there yet.
///
/// # Errors
/// If it is there, or can't be written.
pub(crate) fn create_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    file.and_then(|mut f| f.write_all(bytes))
        .map_err(|e| about(path, e))
}

/// An error in what a file is or holds.
pub(crate) fn about(path: &Path, what: impl std::fmt::Display) -> Error {
    Error::input(format_args!("{}: {what}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_decimal_or_hex_with_underscores() {
        assert_eq!(number::<u64>("1_000"), Ok(1000));
        assert_eq!(number::<u64>("0xFF_ff"), Ok(0xFFFF));
        assert_eq!(number::<u64>("0"), Ok(0));
        assert_eq!(number::<u64>("18446744073709551615"), Ok(u64::MAX));
        for wrong in [
            "",
            "_",
            "0x",
            "-1",
            "+1",
            "0x+1",
            "1.5",
            "ten",
            "18446744073709551616",
            "0x1_0000_0000_0000_0000",
        ] {
            assert!(number::<u64>(wrong).is_err(), "{wrong}");
        }
        assert!(number::<u16>("0x10000").is_err());
    }

    #[test]
    fn bytes_are_hex_or_name_where_they_are() {
        assert_eq!("0x00_fF".parse(), Ok(Bytes::Given(vec![0, 0xFF])));
        assert_eq!("".parse(), Ok(Bytes::Given(vec![])));
        assert_eq!("@a.bin".parse(), Ok(Bytes::From("a.bin".into())));
        assert_eq!("-".parse(), Ok(Bytes::From("-".into())));
        for wrong in ["0", "xx", "00 11"] {
            assert!(wrong.parse::<Bytes>().is_err(), "{wrong}");
        }
    }
}
