//! The symbol files of an image: which they are, what they say, and where their sources lie.

use crate::files::{Files, FilesError, SYMBOLS_MAX};
use crate::note::Note;
use loader::Image;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use symbols::{self, SymbolError, Symbols};
use thiserror::Error;

/// Why the symbols of an image can't be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SymbolsError {
    /// A file can't be read.
    #[error(transparent)]
    Files(FilesError),
    /// A file is none of symbols.
    #[error("{}: expected symbols: a file ending in .cdb, .rst or .map", path.display())]
    Ending {
        /// The file.
        path: PathBuf,
    },
    /// A file is not what its ending says.
    #[error("{}: {error}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The problem.
        error: SymbolError,
    },
    /// The symbols are those of another image.
    #[error(
        "{}: its symbols are those of another image: they have {source_file}:{line} at CODE 0x{at:04X}, which it does \
         not fill; build both together",
        image.display()
    )]
    OtherImage {
        /// The image's file.
        image: PathBuf,
        /// A source that the symbols name.
        source_file: String,
        /// A line of it, from 1.
        line: u32,
        /// The address at which the line begins, and the image has no byte.
        at: u16,
    },
}

/// The symbols and sources that a caller wants for an image.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// Files of symbols; none for the best one beside the image.
    pub symbols: &'a [PathBuf],
    /// Folders with sources that are not beside the symbols.
    pub sources: &'a [PathBuf],
}

/// The symbols of an image, with sources as paths. Files of symbols that are not the best ones are told in `notes`.
///
/// # Errors
/// If a file can't be read, or is none of symbols.
pub(super) fn symbols_of(
    files: &dyn Files,
    image: &Path,
    wanted: Wanted<'_>,
    notes: &mut Vec<Note>,
) -> Result<Symbols, SymbolsError> {
    let mut symbols = Symbols::default();
    let paths = files_of(image, wanted.symbols);
    for path in &paths {
        symbols.add(read(files, path, wanted.sources, notes)?);
    }
    if symbols.spans.is_empty() {
        notes.push(Note::NoLines {
            image: image.into(),
        });
    } else if let [path] = paths.as_slice()
        && wanted.symbols.is_empty()
        && !is_cdb(path)
    {
        notes.push(Note::LinesFrom {
            image: image.into(),
            symbols: path.clone(),
        });
    }
    Ok(symbols)
}

/// Refuses symbols of another image than the one that was read from `path`.
///
/// # Errors
/// [`SymbolsError::OtherImage`].
pub(super) fn are_of(symbols: &Symbols, path: &Path, image: &Image) -> Result<(), SymbolsError> {
    let mut spans = symbols.spans.iter();
    match spans.find(|span| image.byte(span.first).is_none()) {
        None => Ok(()),
        Some(span) => Err(SymbolsError::OtherImage {
            image: path.into(),
            source_file: symbols.files.get(span.file).cloned().unwrap_or_default(),
            line: span.line,
            at: span.first,
        }),
    }
}

/// The files given, or the best of those beside the image.
fn files_of(image: &Path, given: &[PathBuf]) -> Vec<PathBuf> {
    if !given.is_empty() {
        return given.to_vec();
    }
    let beside = ["cdb", "rst", "map"].map(|extension| image.with_extension(extension));
    beside
        .into_iter()
        .find(|file| file.is_file())
        .into_iter()
        .collect()
}

fn is_cdb(file: &Path) -> bool {
    file.extension() == Some(OsStr::new("cdb"))
}

/// The functions of an image, as far as symbols beside it tell them.
#[must_use]
pub fn names(files: &dyn Files, image: &Path) -> Symbols {
    let paths = files_of(image, &[]);
    paths
        .iter()
        .find_map(|path| parse(files, path).ok())
        .unwrap_or_default()
}

/// The symbols in a file. Sources may be in any encoding, and a listing quotes them.
fn parse(files: &dyn Files, path: &Path) -> Result<Symbols, SymbolsError> {
    let bytes = files.read(path, SYMBOLS_MAX).map_err(SymbolsError::Files)?;
    let text = String::from_utf8_lossy(&bytes);
    match path.extension().and_then(OsStr::to_str) {
        Some("cdb") => symbols::cdb(&text).map_err(|error| SymbolsError::Format {
            path: path.into(),
            error,
        }),
        Some("rst") => {
            let assembler = path.with_extension("asm");
            let name = assembler.file_name().unwrap_or_default();
            Ok(symbols::listing(&text, &name.to_string_lossy()))
        }
        Some("map") => Ok(symbols::map(&text)),
        _ => Err(SymbolsError::Ending { path: path.into() }),
    }
}

/// The symbols in a file, its sources as paths.
fn read(
    files: &dyn Files,
    path: &Path,
    sources: &[PathBuf],
    notes: &mut Vec<Note>,
) -> Result<Symbols, SymbolsError> {
    let mut symbols = parse(files, path)?;
    let mut sources = Sources::new(path.parent().unwrap_or(Path::new("")), sources);
    for name in &mut symbols.files {
        *name = sources.path(name).to_string_lossy().into_owned();
    }
    notes.extend(sources.missing_notes());
    Ok(symbols)
}

/// The paths of the sources that a symbol file names.
///
/// SDCC writes a file's name without its folder into a .cdb, and what is no letter or digit as `_`.
struct Sources<'a> {
    /// The folder of the symbol file.
    folder: &'a Path,
    others: &'a [PathBuf],
    /// The files in the other folders and in this one, by what SDCC makes of their names; read when first needed.
    found: Option<BTreeMap<String, PathBuf>>,
    missing: Vec<PathBuf>,
}

/// How many missing sources are named.
const NAMED: usize = 5;

impl<'a> Sources<'a> {
    fn new(folder: &'a Path, others: &'a [PathBuf]) -> Sources<'a> {
        Sources {
            folder,
            others,
            found: None,
            missing: Vec::new(),
        }
    }

    /// The path of the source called `name`.
    fn path(&mut self, name: &str) -> PathBuf {
        let expected = self.folder.join(name);
        if expected.is_file() {
            return expected;
        }
        let folder = Path::new(self.folder);
        let folders = self.others.iter().map(PathBuf::as_path).chain([folder]);
        let found = self.found.get_or_insert_with(|| list(folders));
        let bare = Path::new(name).file_name().unwrap_or_default();
        if let Some(path) = found.get(&plain(&bare.to_string_lossy())) {
            return path.clone();
        }
        self.missing.push(expected.clone());
        expected
    }

    /// The notes on sources that are not there.
    fn missing_notes(&self) -> impl Iterator<Item = Note> {
        let named = self.missing.iter().take(NAMED).cloned();
        let count = self.missing.len().saturating_sub(NAMED);
        let others = (count > 0).then_some(Note::OtherSourcesMissing { count });
        named.map(|path| Note::SourceMissing { path }).chain(others)
    }
}

/// The files in `folders` by [`plain`] name: of equal names the one in the first folder, and there the first in order.
fn list<'a>(folders: impl Iterator<Item = &'a Path>) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    for folder in folders {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
        names.sort();
        for name in names {
            let path = found.entry(plain(&name.to_string_lossy()));
            path.or_insert_with(|| folder.join(name));
        }
    }
    found
}

/// A file's name as SDCC writes it.
fn plain(name: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '.' {
            c
        } else {
            '_'
        }
    };
    name.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A source is found beside the symbols or where it is said to be.
    #[test]
    fn source_is_found_beside_symbols_or_in_sources() {
        let folder = tempfile::tempdir().expect("a folder");
        let src = folder.path().join("src");
        fs::create_dir(&src).expect("made");
        fs::write(src.join("my-echo.c"), "").expect("written");
        fs::write(folder.path().join("main.c"), "").expect("written");
        let find = |name, sources: &[PathBuf]| Sources::new(folder.path(), sources).path(name);
        assert_eq!(find("main.c", &[]), folder.path().join("main.c"));
        assert_eq!(
            find("my_echo.c", std::slice::from_ref(&src)),
            src.join("my-echo.c")
        );
        assert_eq!(find("src/my-echo.c", &[]), src.join("my-echo.c"));
        assert_eq!(find("lost.c", &[src]), folder.path().join("lost.c"));
    }
}
