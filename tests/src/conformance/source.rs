//! The suite's sources, fetched by apt-get from the Debian mirror this system already uses.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use super::Error;
use super::build::Port;
use super::files::{create_folder, names, read, remove_folder, rename, write};
use crate::tool;

/// The source package whose suite the recorded figures belong to.
const PACKAGE: &str = "sdcc=4.2.0+dfsg-1";
/// The package's file with the upstream sources.
const ARCHIVE: &str = "sdcc_4.2.0+dfsg.orig.tar.xz";
/// The archive's digest; the package's description, which apt-get verifies, has the same.
pub(super) const ARCHIVE_SHA256: &str =
    "ebe7bfb0894380cd92798b57fb9de96e6c0b913a02b6854d0a01cd70328c1578";
/// The folder the archive unpacks to.
pub(super) const UNPACKED: &str = "sdcc-4.2.0+dfsg";
/// The suite in it.
pub(super) const REGRESSION: &str = "sdcc-4.2.0+dfsg/support/regression";
/// The name of the only template that is written for m4.
const M4_TEMPLATE: &str = "compare_2_n";

/// The unpacked suite. No other process uses its folder as long as this value lives.
#[derive(Debug)]
pub struct Suite {
    folder: PathBuf,
    templates: Vec<String>,
    _lock: File,
}

impl Suite {
    /// Makes sure that `folder` holds the unpacked suite: downloads, checks and unpacks what is missing.
    ///
    /// # Errors
    /// When the mirror cannot be reached, the archive is not the pinned one, or a tool is missing.
    pub fn fetch(folder: &Path) -> Result<Self, Error> {
        let download = folder.join("download");
        create_folder(&download.join("lists/partial"))?;
        let lock_path = folder.join("lock");
        let lock = File::create(&lock_path).and_then(|file| file.lock().map(|()| file));
        let lock = lock.map_err(|source| Error::File {
            path: lock_path,
            source,
        })?;

        if !folder.join(UNPACKED).is_dir() {
            let archive = download.join(ARCHIVE);
            if !archive.is_file() {
                download_archive(&download)?;
            }
            verify(&archive)?;
            unpack(folder, &archive)?;
        }
        let files = names(&folder.join(REGRESSION).join("tests"))?;
        let templates = files
            .iter()
            .filter_map(|name| name.rsplit_once('.'))
            .map(|(stem, _)| stem.to_owned());
        Ok(Self {
            folder: folder.to_owned(),
            templates: templates.collect(),
            _lock: lock,
        })
    }

    /// The cache folder; every path the compiler is given is relative to it, because paths end up in the images.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where a port's images are.
    pub(super) fn images(&self, port: &Port) -> PathBuf {
        self.folder.join("images").join(port.name)
    }

    /// Where the image of a port's case is, or will be.
    #[must_use]
    pub fn image(&self, port: &Port, case: &str) -> PathBuf {
        self.images(port).join(format!("{case}.ihx"))
    }

    /// The template's file, relative to the folder.
    #[must_use]
    pub fn template_file(&self, template: &str) -> String {
        if template == M4_TEMPLATE {
            expanded_template()
        } else {
            format!("{REGRESSION}/tests/{template}.c")
        }
    }

    /// The template that makes a case: a case is named after its template and the values put into it, so it is the
    /// longest template name that begins the case's.
    ///
    /// # Errors
    /// When no template begins the case's name.
    pub fn template_of(&self, case: &str) -> Result<&str, Error> {
        let begins = |template: &&String| {
            case.strip_prefix(template.as_str())
                .is_some_and(|values| values.is_empty() || values.starts_with('_'))
        };
        let longest = self
            .templates
            .iter()
            .filter(begins)
            .max_by_key(|template| template.len());
        longest
            .map(String::as_str)
            .ok_or_else(|| Error::NoTemplate {
                case: case.to_owned(),
            })
    }
}

/// Where the template for m4 is put in its expanded form.
fn expanded_template() -> String {
    format!("{M4_TEMPLATE}.c")
}

/// Downloads the source package with an index of its own, so the system's package lists stay untouched.
fn download_archive(folder: &Path) -> Result<(), Error> {
    // apt-get resolves these options against the system's root unless they are absolute.
    let folder = fs::canonicalize(folder).map_err(|source| Error::File {
        path: folder.to_owned(),
        source,
    })?;
    write(&folder.join("src.sources"), source_entries()?.as_bytes())?;
    let apt_get = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.current_dir(&folder).args([
            "-q",
            "-o",
            "Acquire::Retries=3",
            "-o",
            "APT::Get::List-Cleanup=0",
        ]);
        command.arg("-o").arg(format!(
            "Dir::Etc::sourcelist={}/src.sources",
            folder.display()
        ));
        command.args(["-o", "Dir::Etc::sourceparts=/dev/null"]);
        command
            .arg("-o")
            .arg(format!("Dir::State::lists={}/lists", folder.display()))
            .args(arguments);
        tool::output(&mut command).map_err(|source| Error::Tool {
            doing: "fetching SDCC's source package",
            source,
        })
    };
    apt_get(&["update"])?;
    apt_get(&["source", "--download-only", PACKAGE])?;
    Ok(())
}

/// The system's own mirror, asked for sources instead of packages.
fn source_entries() -> Result<String, Error> {
    const ENTRIES: &str = "/etc/apt/sources.list.d/debian.sources";
    let entries =
        fs::read_to_string(ENTRIES).map_err(|_| Error::NoMirror { looked_at: ENTRIES })?;
    let entries = entries.lines().map(|line| {
        if line.trim_end() == "Types: deb" {
            "Types: deb-src"
        } else {
            line
        }
    });
    Ok(entries.collect::<Vec<_>>().join("\n") + "\n")
}

fn verify(archive: &Path) -> Result<(), Error> {
    let found = hex::encode(Sha256::digest(read(archive)?));
    if found != ARCHIVE_SHA256 {
        return Err(Error::Archive {
            path: archive.to_owned(),
            expected: ARCHIVE_SHA256,
            found,
        });
    }
    Ok(())
}

/// Unpacks beside the final place and renames, so that an interrupted run leaves no half of a suite.
fn unpack(folder: &Path, archive: &Path) -> Result<(), Error> {
    let partial = folder.join("unpacking");
    remove_folder(&partial)?;
    create_folder(&partial)?;
    let mut tar = Command::new("tar");
    tar.arg("-xJf").arg(archive).arg("-C").arg(&partial);
    tar.args([
        "--wildcards",
        "*/support/regression/*",
        "*/device/lib/_mullong.c",
    ]);
    tool::output(&mut tar).map_err(|source| Error::Tool {
        doing: "unpacking SDCC's suite",
        source,
    })?;

    let mut m4 = Command::new("m4");
    m4.current_dir(partial.join(REGRESSION))
        .args(["-I", "m4include", "rtmacros.m4"]);
    m4.arg(format!("tests/{M4_TEMPLATE}.m4"));
    let doing = "expanding a template of SDCC's suite";
    let expanded = tool::output(&mut m4).map_err(|source| Error::Tool { doing, source })?;
    write(&folder.join(expanded_template()), &expanded)?;
    rename(&partial.join(UNPACKED), &folder.join(UNPACKED))?;
    remove_folder(&partial)
}
