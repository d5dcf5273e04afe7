//! Reading files: the one door for what users name, and for what their files name in turn.
//!
//! Whatever a path leads to, no more than a bound is read, and nothing that waits is opened: a named pipe without a
//! writer would never answer, a device might never end.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why a file was not read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileError {
    /// The system cannot read it.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is something else than a file.
    #[error("{}: expected a file of at most {most} bytes, found {found}", path.display())]
    NoFile {
        /// Where it lies.
        path: PathBuf,
        /// The largest size taken, in bytes.
        most: u64,
        /// What it is.
        found: &'static str,
    },
    /// It is larger than what is taken here.
    #[error("{}: expected a file of at most {most} bytes, found more", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The largest size taken, in bytes.
        most: u64,
    },
}

/// What the file at `path` holds: at most `most` bytes.
///
/// # Errors
/// A [`FileError`] with the path. Folders, devices, sockets and named pipes are no files; a pipe that this process was
/// given (`/dev/stdin`, `/dev/fd/63`) is read like one.
pub fn read(path: &Path, most: usize) -> Result<Vec<u8>, FileError> {
    read_from(path, open(path, most as u64)?, most)
}

/// Opens the file at `path`, which may have up to `most` bytes, to be read bit by bit.
///
/// # Errors
/// As [`read`]; the size of a pipe is not known before it was read.
pub fn open(path: &Path, most: u64) -> Result<File, FileError> {
    let io = |source| FileError::Io {
        path: path.into(),
        source,
    };
    let about = fs::metadata(path).map_err(io)?;
    if let Some(found) = no_file(path, &about) {
        return Err(FileError::NoFile {
            path: path.into(),
            most,
            found,
        });
    }
    if about.len() > most {
        return Err(too_large(path, most));
    }
    File::open(path).map_err(io)
}

/// What `from` holds up to its end: at most `most` bytes. Errors call it `name`.
///
/// # Errors
/// [`FileError::Io`] and [`FileError::TooLarge`].
pub fn read_from(name: &Path, from: impl Read, most: usize) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    from.take(most as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| FileError::Io {
            path: name.into(),
            source,
        })?;
    if bytes.len() > most {
        return Err(too_large(name, most as u64));
    }
    Ok(bytes)
}

fn too_large(path: &Path, most: u64) -> FileError {
    FileError::TooLarge {
        path: path.into(),
        most,
    }
}

/// What lies at `path`, if it is nothing to be read as a file.
fn no_file(path: &Path, about: &Metadata) -> Option<&'static str> {
    if about.is_file() {
        return None;
    }
    if about.is_dir() {
        return Some("a folder");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let kind = about.file_type();
        if kind.is_fifo() {
            // Behind these names is what is open already; elsewhere opening waits for somebody to write.
            let is_ours = path.starts_with("/dev") || path.starts_with("/proc");
            return (!is_ours).then_some("a named pipe");
        }
        if kind.is_socket() {
            return Some("a socket");
        }
    }
    let _ = path;
    Some("a device")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_bound() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("five");
        fs::write(&path, "12345").expect("written");
        assert_eq!(read(&path, 5).expect("it is five long"), b"12345");
        let error = read(&path, 4).expect_err("longer than four").to_string();
        assert!(error.contains("five: expected a file of at most 4 bytes, found more"));
        let error = read_from(Path::new("-"), &b"12345"[..], 4).expect_err("longer than four");
        assert_eq!(
            error.to_string(),
            "-: expected a file of at most 4 bytes, found more"
        );
        assert!(matches!(
            read(&folder.path().join("none"), 4),
            Err(FileError::Io { .. })
        ));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_is_no_file_is_named_and_not_opened() {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.expect("mkfifo is there").success());
        let socket = folder.path().join("socket");
        let _bound = std::os::unix::net::UnixListener::bind(&socket).expect("bound");
        for (path, found) in [
            (folder.path(), "a folder"),
            (&pipe, "a named pipe"),
            (&socket, "a socket"),
            (Path::new("/dev/zero"), "a device"),
        ] {
            let error = read(path, 9).expect_err("no file").to_string();
            let said = format!(
                "{}: expected a file of at most 9 bytes, found {found}",
                path.display()
            );
            assert_eq!(error, said);
        }
    }
}
