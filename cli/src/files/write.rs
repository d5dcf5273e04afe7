//! Writing files: whole or not at all, and none that the command reads or has written.

use super::{has_written, may_write};
use crate::error::{Error, about};
use crate::output::note;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use verify::recording::{File as Recordings, Row};

/// Creates a file that is written while a command runs, replacing what was there.
///
/// # Errors
/// If it was read or written already, or can't be created.
pub(crate) fn create(path: &Path) -> Result<File, Error> {
    may_write(path)?;
    let file = File::create(path).map_err(|error| about(path, error))?;
    has_written(path);
    Ok(file)
}

/// Writes a file, replacing what was there: all of it, or if that fails nothing. A link is followed, and the file's
/// permissions stay. Where no draft can lie beside it, the file itself is written.
///
/// # Errors
/// If it was read or written already, or can't be written.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let all = |file: &mut dyn Write| file.write_all(bytes).map_err(|error| about(path, error));
    through_draft(path, Named::ByUser, all)?;
    has_written(path);
    Ok(())
}

/// Writes a file under a name that the user did not type, or one that must be whole or not there: first beside it, then
/// in its place. What was there is replaced and not written into, be it a link; a device or a pipe is written to.
///
/// # Errors
/// The error of `write`, or if the file can't be made or renamed. The old one is then still there.
pub(crate) fn replace_file<T>(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<T, Error>,
) -> Result<T, Error> {
    through_draft(path, Named::ByProgram, write)
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

/// The one who chose a file's name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    /// The user: what the name leads to is meant, with its permissions, even in a folder that can't be written.
    ByUser,
    /// The program, or the user for a file that must be whole on the disk: the name itself is meant.
    ByProgram,
}

/// Writes a draft beside the file, and renames it; into a device or a pipe as it is.
fn through_draft<T>(
    path: &Path,
    named: Named,
    write: impl FnOnce(&mut dyn Write) -> Result<T, Error>,
) -> Result<T, Error> {
    may_write(path)?;
    let failed = |error: io::Error| about(path, error);
    let lost = |error: io::Error| match named {
        Named::ByUser => about(path, error),
        Named::ByProgram => Error::node(format_args!("{}: {error}", path.display())),
    };
    let there = fs::metadata(path);
    let is_stream = |about: &fs::Metadata| !about.is_file() && !about.is_dir();
    let is_handle = path.starts_with("/dev") || path.starts_with("/proc");
    if there.as_ref().is_ok_and(is_stream) || is_handle && named == Named::ByProgram {
        let file = OpenOptions::new().write(true).open(path).map_err(failed)?;
        return fill(&file, write, lost);
    }
    let mut place = path.to_owned();
    if named == Named::ByUser {
        if there.is_ok() {
            File::options().write(true).open(path).map_err(failed)?;
        }
        place = path.canonicalize().unwrap_or(place);
    }
    let folder = place.parent().filter(|folder| *folder != Path::new(""));
    let draft = tempfile::Builder::new()
        .prefix(".smart51-")
        .permissions(PermissionsExt::from_mode(0o666))
        .tempfile_in(folder.unwrap_or(Path::new(".")));
    let draft = match draft {
        Ok(draft) => draft,
        // The file may be written where its folder may not.
        Err(_) if named == Named::ByUser => {
            return fill(&File::create(path).map_err(failed)?, write, lost);
        }
        Err(error) => return Err(failed(error)),
    };
    let made = fill(draft.as_file(), write, lost)?;
    match (named, there) {
        (Named::ByUser, Ok(there)) => draft
            .as_file()
            .set_permissions(there.permissions())
            .map_err(failed)?,
        (Named::ByUser, Err(_)) => {}
        (Named::ByProgram, _) => draft.as_file().sync_all().map_err(lost)?,
    }
    draft.persist(&place).map_err(|error| failed(error.error))?;
    Ok(made)
}

/// The result of `write`, when all that it wrote is in the file.
fn fill<T>(
    file: &File,
    write: impl FnOnce(&mut dyn Write) -> Result<T, Error>,
    lost: impl Fn(io::Error) -> Error,
) -> Result<T, Error> {
    let mut buffered = BufWriter::new(file);
    let made = write(&mut buffered)?;
    buffered.flush().map_err(lost)?;
    Ok(made)
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

/// Writes a file of one recording, replacing what was there.
///
/// # Errors
/// If it can't be written.
pub(crate) fn write_recording(path: &Path, row: Row) -> Result<(), Error> {
    let made_with = concat!("smart51 ", env!("CARGO_PKG_VERSION")).into();
    let file = Recordings::new(made_with, vec![row]);
    let mut text = serde_json::to_vec_pretty(&file).map_err(Error::node)?;
    text.push(b'\n');
    write(path, &text)?;
    note(format_args!("recorded to {}", path.display()));
    Ok(())
}
