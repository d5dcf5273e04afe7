//! An image and what is known of where it came from.

use super::counts::Counts;
use super::listing::Listing;
use crate::args::{about, read_symbols};
use crate::error::Error;
use crate::output::note;
use emu8051::Insn;
use loader::Image;
use loader::symbols::{self, Function, Span, Symbols};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// An image and the lines it was made from.
#[derive(Debug)]
pub(super) struct Program {
    code: emu8051::Program,
    image: Image,
    lines: Option<Lines>,
    /// Names for a listing, where lines are not known.
    names: Vec<Function>,
}

/// From which lines CODE comes.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// Source files, as paths.
    pub(super) files: Vec<PathBuf>,
    /// By index into `files`; in order of address.
    pub(super) spans: Vec<Span>,
    pub(super) functions: Vec<Function>,
}

impl Program {
    /// The image read from `path` with the symbols in `given`, or else those beside it.
    ///
    /// # Errors
    /// If symbols can't be read, or are those of another image.
    pub(super) fn new(
        path: &Path,
        image: &Image,
        given: &[PathBuf],
        sources: &[PathBuf],
    ) -> Result<Program, Error> {
        let mut symbols = Symbols::default();
        for file in &symbol_files(path, given) {
            symbols.add(read(file, sources)?);
            if given.is_empty() && !symbols.spans.is_empty() && !is_cdb(file) {
                let (path, file) = (path.display(), file.display());
                note(format_args!(
                    "{path}: no .cdb is beside it: lines come from {file}"
                ));
            }
        }
        let segments = image.segments().iter();
        let builder = segments.fold(emu8051::Program::builder(), |builder, segment| {
            builder.segment(segment.start, &segment.bytes)
        });
        let mut program = Program {
            code: builder.build(),
            image: image.clone(),
            lines: None,
            names: Vec::new(),
        };
        if symbols.spans.is_empty() {
            let path = path.display();
            note(format_args!(
                "{path}: no .cdb or .rst tells its lines: a listing is covered"
            ));
            program.names = symbols.functions;
            return Ok(program);
        }
        if let Some(span) = symbols
            .spans
            .iter()
            .find(|span| image.byte(span.first).is_none())
        {
            let (file, line, at) = (&symbols.files[span.file], span.line, span.first);
            return Err(about(
                path,
                format_args!(
                    "its symbols are those of another image: they have {file}:{line} at CODE 0x{at:04X}, which it \
                     does not fill; build both together"
                ),
            ));
        }
        program.lines = Some(Lines {
            files: symbols.files.into_iter().map(PathBuf::from).collect(),
            spans: symbols.spans,
            functions: symbols.functions,
        });
        Ok(program)
    }

    /// From which lines it comes, if that is known.
    pub(super) fn lines(&self) -> Option<&Lines> {
        self.lines.as_ref()
    }

    /// The instruction at `at`.
    pub(super) fn insn(&self, at: u16) -> Insn {
        self.code.insn_at(at)
    }

    /// Where the instructions of a part of CODE begin, read one after the other.
    pub(super) fn instructions(&self, first: u16, last: u16) -> impl Iterator<Item = u16> {
        let next = move |at: &u16| at.checked_add(self.insn(*at).size().into());
        std::iter::successors(Some(first), next).take_while(move |at| *at <= last)
    }

    /// Its instructions as lines of text. One that ran begins where it began, whatever stands before it.
    pub(super) fn listing(&self, counts: &Counts) -> Listing<'_> {
        let mut listing = Listing::new(&self.names);
        for segment in self.image.segments() {
            let mut at = usize::from(segment.start);
            while at < segment.end() {
                let here = at as u16;
                let insn = self.insn(here);
                let end = at + usize::from(insn.size());
                let cut = (at + 1..end)
                    .any(|inner| inner >= segment.end() || counts.ran(inner as u16) > 0);
                if cut && counts.ran(here) == 0 {
                    listing.byte(here, self.code.code()[at]);
                    at += 1;
                } else {
                    listing.instruction(here, &insn);
                    at = end;
                }
            }
        }
        listing
    }
}

/// The files given, or the best of those beside the image.
fn symbol_files(image: &Path, given: &[PathBuf]) -> Vec<PathBuf> {
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
    let files = symbol_files(image, &[]);
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
    let folder = file.parent().unwrap_or(Path::new(""));
    for name in &mut symbols.files {
        *name = source(name, folder, sources).to_string_lossy().into_owned();
    }
    Ok(symbols)
}

/// The path of the source called `name`: in `folder`, or in one of `sources`.
///
/// SDCC writes a file's name without its folder into a .cdb, and what is no letter or digit as `_`.
fn source(name: &str, folder: &Path, sources: &[PathBuf]) -> PathBuf {
    let bare = Path::new(name)
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    let plain = |name: &str| {
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() || c == '.' {
                c
            } else {
                '_'
            }
        };
        name.chars().map(plain).collect::<String>()
    };
    let expected = folder.join(name);
    if expected.is_file() {
        return expected;
    }
    for folder in sources.iter().map(PathBuf::as_path).chain([folder]) {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
        names.sort();
        if let Some(found) = names
            .iter()
            .find(|found| plain(&found.to_string_lossy()) == plain(&bare))
        {
            return folder.join(found);
        }
    }
    note(format_args!(
        "{} is not there: say with --sources where the source is, for readers of the coverage",
        expected.display()
    ));
    expected
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
        let find = |name, sources: &[PathBuf]| source(name, folder.path(), sources);
        assert_eq!(find("main.c", &[]), folder.path().join("main.c"));
        assert_eq!(
            find("my_echo.c", std::slice::from_ref(&src)),
            src.join("my-echo.c")
        );
        assert_eq!(find("src/my-echo.c", &[]), src.join("my-echo.c"));
        assert_eq!(find("lost.c", &[src]), folder.path().join("lost.c"));
    }
}
