//! `--watch`: the scenarios again and again, whenever a file that matters changes.
//!
//! Files are looked at several times a second, for a file system tells of changes in another way on each machine, and
//! not at all over a network. A file has changed when its contents have: one that is only written anew has not.

use super::Test;
use crate::error::{Error, Status, about};
use crate::files;
use crate::output::{Output, note};
use crate::toolchain;
use loader::{FILE_MAX, file};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, SystemTime};
use verify::scenario::named_images;

/// How often files are looked at.
const PAUSE: Duration = Duration::from_millis(200);

/// The most entries of folders that are looked at each time.
const ENTRIES_MAX: usize = 20_000;

/// The endings of sources.
const SOURCES: [&str; 10] = [
    "a51", "asm", "c", "h", "inc", "mk", "rs", "s", "toml", "wat",
];

/// The endings of images, which a build leaves.
const IMAGES: [&str; 4] = ["bin", "hex", "ihx", "wasm"];

/// Runs rounds without end.
///
/// # Errors
/// If a path or all scenarios are missing to begin with, or the report can't be written.
pub(super) fn run(test: &Test, out: &Output) -> Result<Status, Error> {
    for path in &test.paths {
        fs::metadata(path).map_err(|error| about(path, error))?;
    }
    let mut scenarios = test.scenarios()?;
    let mut before = Seen::default();
    loop {
        files::forget();
        before = look(test, &scenarios, &before);
        let built = match &test.build {
            Some(command) => toolchain::run(Command::new("sh").arg("-c").arg(command), "dash"),
            None => Ok(()),
        };
        match built {
            Ok(()) => {
                // What is built is what this round runs; a source that has changed meanwhile is for the next one.
                let built = look(test, &scenarios, &before);
                before.take_new_and_images(built);
                match test.round(out) {
                    Err(error) if error.status == Status::NodeFailed => return Err(error),
                    Err(error) => note(format_args!("error: {}", error.message)),
                    Ok(_) => {}
                }
            }
            Err(error) => note(format_args!("error: --build: {}", error.message)),
        }
        let more = if before.is_part {
            ", not all there are"
        } else {
            ""
        };
        note(format_args!(
            "watching {} files{more}; Ctrl-C ends",
            before.files.len()
        ));
        before = wait(test, &mut scenarios, before);
    }
}

/// Waits until a file is another one than `before`, and all have been the same for a moment.
fn wait(test: &Test, scenarios: &mut Vec<PathBuf>, before: Seen) -> Seen {
    let mut last = before.clone();
    loop {
        sleep(PAUSE);
        // A scenario that is gone for a moment is waited for.
        if let Ok(found) = test.scenarios() {
            *scenarios = found;
        }
        let now = look(test, scenarios, &last);
        let has_settled = now.files == last.files;
        if has_settled && let Some(path) = before.other(&now) {
            note(format_args!("changed: {}", path.display()));
            return now;
        }
        last = now;
    }
}

/// The files that matter, as they are.
#[derive(Clone, Debug, Default)]
struct Seen {
    files: BTreeMap<PathBuf, Contents>,
    /// Whether there are more.
    is_part: bool,
}

#[derive(Clone, Copy, Debug)]
struct Contents {
    /// The hash of what it holds.
    hash: u64,
    /// While these stay, what it holds is not read anew.
    stamp: (u64, Option<SystemTime>),
}

impl PartialEq for Contents {
    fn eq(&self, other: &Contents) -> bool {
        self.hash == other.hash
    }
}

impl Seen {
    /// Adds a file, of which `before` may know the contents.
    fn add(&mut self, path: PathBuf, before: &Seen) {
        let Ok(about) = fs::metadata(&path) else {
            return;
        };
        if !about.is_file() {
            return;
        }
        let stamp = (about.len(), about.modified().ok());
        let known = before.files.get(&path).filter(|known| known.stamp == stamp);
        let hash = known.map_or_else(|| hash(&path, stamp), |known| known.hash);
        self.files.insert(path, Contents { hash, stamp });
    }

    /// A file that is another one in `now`, new or gone.
    fn other<'s>(&'s self, now: &'s Seen) -> Option<&'s Path> {
        let mut all = self.files.keys().chain(now.files.keys());
        let found = all.find(|path| self.files.get(*path) != now.files.get(*path));
        found.map(PathBuf::as_path)
    }

    /// Takes over images, and files that were not there, from what there is behind a build.
    fn take_new_and_images(&mut self, built: Seen) {
        for (path, contents) in built.files {
            if has_ending(&path, &IMAGES) || !self.files.contains_key(&path) {
                self.files.insert(path, contents);
            }
        }
    }
}

/// The hash of a file's contents; of one too large to be an image or a source, that of its stamp.
fn hash(path: &Path, stamp: (u64, Option<SystemTime>)) -> u64 {
    let mut hasher = DefaultHasher::new();
    match file::read(path, FILE_MAX) {
        Ok(bytes) => bytes.hash(&mut hasher),
        Err(_) => stamp.hash(&mut hasher),
    }
    hasher.finish()
}

/// The scenarios, the images that they name, and images and sources in and below the folders of both, but for what the
/// command writes itself.
fn look(test: &Test, scenarios: &[PathBuf], before: &Seen) -> Seen {
    let images: Vec<PathBuf> = scenarios
        .iter()
        .flat_map(|path| named_images(path))
        .collect();
    let files = scenarios.iter().chain(&images);
    let folders: BTreeSet<&Path> = files.filter_map(|path| path.parent()).collect();
    let outputs = [&test.gas_snapshot, &test.junit, &test.coverage.coverage];
    let outputs: Vec<_> = outputs
        .into_iter()
        .flatten()
        .filter_map(|path| path.canonicalize().ok())
        .collect();
    let mut seen = Seen::default();
    for path in scenarios.iter().chain(&images) {
        seen.add(path.clone(), before);
    }
    let mut left = ENTRIES_MAX;
    for folder in folders {
        walk(folder, &mut left, &mut |path| seen.add(path, before));
    }
    seen.is_part = left == 0;
    if !outputs.is_empty() {
        let is_output = |path: &Path| {
            path.canonicalize()
                .is_ok_and(|path| outputs.contains(&path))
        };
        seen.files.retain(|path, _| !is_output(path));
    }
    seen
}

/// The images and sources in a folder and below it, but for what tools keep there, up to so many entries. Links to
/// folders are not followed: they can lead in a circle.
fn walk(folder: &Path, left: &mut usize, found: &mut impl FnMut(PathBuf)) {
    let place = match folder {
        folder if folder == Path::new("") => Path::new("."),
        folder => folder,
    };
    let Ok(entries) = fs::read_dir(place) else {
        return;
    };
    for entry in entries.filter_map(Result::ok) {
        if *left == 0 {
            return;
        }
        *left -= 1;
        let path = folder.join(entry.file_name());
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if !name.starts_with('.') && !["target", "node_modules"].contains(&&*name) {
                walk(&path, left, found);
            }
        } else if name == "Makefile" || has_ending(&path, &SOURCES) || has_ending(&path, &IMAGES) {
            found(path);
        }
    }
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| endings.contains(&ending))
}
