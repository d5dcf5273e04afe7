//! The symbol files of an image: which they are, what they say, and where their sources lie.

use crate::args::{about, read_symbols};
use crate::error::Error;
use crate::output::note;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use symbols::{self, Symbols};

/// What the symbols in `given` say of an image, or else those beside it, with sources as paths. What is not a .cdb beside
/// it is named on standard error.
///
/// # Errors
/// If a file can't be read, or is none of symbols.
pub(super) fn symbols_of(
    image: &Path,
    given: &[PathBuf],
    sources: &[PathBuf],
) -> Result<Symbols, Error> {
    let mut symbols = Symbols::default();
    let files = files_of(image, given);
    for file in &files {
        symbols.add(read(file, sources)?);
    }
    let image = image.display();
    if symbols.spans.is_empty() {
        note(format_args!(
            "{image}: no .cdb or .rst tells its lines: a listing is covered"
        ));
    } else if given.is_empty() && !files.iter().all(|file| is_cdb(file)) {
        let file = files
            .iter()
            .map(|file| file.display().to_string())
            .collect::<String>();
        note(format_args!(
            "{image}: no .cdb is beside it: lines come from {file}"
        ));
    }
    Ok(symbols)
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
pub(crate) fn names(image: &Path) -> Symbols {
    let files = files_of(image, &[]);
    files
        .iter()
        .find_map(|file| parse(file).ok())
        .unwrap_or_default()
}

/// What a symbol file says.
fn parse(file: &Path) -> Result<Symbols, Error> {
    let text = read_symbols(file)?;
    match file.extension().and_then(OsStr::to_str) {
        Some("cdb") => symbols::cdb(&text).map_err(|error| about(file, error)),
        Some("rst") => {
            let assembler = file.with_extension("asm");
            let name = assembler.file_name().unwrap_or_default();
            Ok(symbols::listing(&text, &name.to_string_lossy()))
        }
        Some("map") => Ok(symbols::map(&text)),
        _ => Err(about(
            file,
            "expected symbols: a file ending in .cdb, .rst or .map",
        )),
    }
}

/// What a symbol file says, its sources as paths.
fn read(file: &Path, sources: &[PathBuf]) -> Result<Symbols, Error> {
    let mut symbols = parse(file)?;
    let mut sources = Sources::new(file.parent().unwrap_or(Path::new("")), sources);
    for name in &mut symbols.files {
        *name = sources.path(name).to_string_lossy().into_owned();
    }
    sources.note_missing();
    Ok(symbols)
}

/// Where the sources lie that a symbol file names.
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

    /// Says which sources are not there.
    fn note_missing(&self) {
        for path in self.missing.iter().take(NAMED) {
            note(format_args!(
                "{} is not there: say with --sources where the source is, for readers of the coverage",
                path.display()
            ));
        }
        if let more @ 1.. = self.missing.len().saturating_sub(NAMED) {
            note(format_args!("and {more} other sources are not there"));
        }
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

    #[test]
    fn a_source_is_found_beside_the_symbols_or_where_it_is_said_to_be() {
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
