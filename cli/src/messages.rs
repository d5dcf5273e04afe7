//! The notes, warnings and errors of the crate `firmware` as messages, with advice.

use crate::error::{Error, about};
use crate::output::note;
use firmware::files::FilesError;
use firmware::image::ImageError;
use firmware::note::Note;
use firmware::ram::RamError;
use firmware::recording::RecordingError;
use firmware::suite::{Failure, SnapshotError, SuiteError};
use firmware::warning::Warning;
use firmware::watch::symbol_files::SymbolsError;
use hostapi::prints::visible;
use std::path::Path;
use verify::scenario::toml_problem;

/// Tells a note on standard error.
pub(crate) fn tell(told: &Note) {
    match told {
        Note::Image { .. } => note(format_args!("warning: {told}")),
        Note::SourceMissing { .. } => note(format_args!(
            "{told}: say with --sources where the source is, for readers of the coverage"
        )),
        _ => note(told),
    }
}

/// A warning about a run.
pub(crate) fn warning(warning: &Warning) -> String {
    match warning {
        Warning::OffRate { .. } => {
            format!("{warning}: --baud sets the host's rate, --clock the oscillator")
        }
        _ => warning.to_string(),
    }
}

/// A failure of a test in three lines, whatever the test file holds.
pub(crate) fn failure(failure: &Failure) -> String {
    let (what, expected, found) = match failure {
        Failure::Differs {
            what,
            expected,
            found,
        } => (what.clone(), expected.clone(), found.clone()),
        Failure::NoSnapshot { path } => (
            "snapshot".into(),
            path.display().to_string(),
            "no such file: write it with --update-snapshots".into(),
        ),
        other => return visible(&other.to_string()).into_owned(),
    };
    let [what, expected, found] = [&what, &expected, &found].map(|text| visible(text));
    format!("{what}\n  expected {expected}\n  found    {found}")
}

/// Why the recording at `path` can't be replayed.
pub(crate) fn recording(path: &Path, error: &RecordingError) -> Error {
    match error {
        RecordingError::Image { .. } => about(
            path,
            format_args!("{error}: replay the image it was made with"),
        ),
        _ => about(path, error),
    }
}

/// The error of a file: that of this program's own [`Guarded`](crate::files::Guarded) comes back as it went.
fn of_file(error: FilesError) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => *error,
        Err(error) => Error::input(error),
    }
}

impl From<ImageError> for Error {
    fn from(error: ImageError) -> Error {
        match error {
            ImageError::Files(error) => of_file(error),
            _ => Error::input(error),
        }
    }
}

impl From<RamError> for Error {
    fn from(error: RamError) -> Error {
        match error {
            RamError::Files(error) => of_file(error),
            _ => Error::input(error),
        }
    }
}

impl From<SymbolsError> for Error {
    fn from(error: SymbolsError) -> Error {
        match error {
            SymbolsError::Files(error) => of_file(error),
            _ => Error::input(error),
        }
    }
}

impl From<SuiteError> for Error {
    fn from(error: SuiteError) -> Error {
        match error {
            SuiteError::Files(error) => of_file(error),
            SuiteError::Image(error) => error.into(),
            SuiteError::Ram(error) => error.into(),
            SuiteError::Symbols(error) => error.into(),
            SuiteError::Toml { path, text, error } => about(&path, toml_problem(&text, &error)),
            SuiteError::Snapshot {
                path,
                error: error @ SnapshotError::Header,
            } => about(
                &path,
                format_args!("{error}: write it with --update-snapshots"),
            ),
            _ => Error::input(error),
        }
    }
}
