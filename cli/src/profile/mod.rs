//! Profiles as people and their tools read them: the tree of functions, and files.
//!
//! What was measured is a [`bridge::Profile`]; here it gets names, and forms.

mod callgrind;
mod flame;
mod graph;
pub(crate) mod names;
mod speedscope;
pub(crate) mod tree;

pub(crate) use names::Names;

use crate::error::{Error, about};
use crate::files;
use bridge::Profile;
use graph::Graph;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The most functions of a stack that are shown as text.
const STACK_SHOWN: usize = 16;

/// The functions under way at a fault, the newest first, in lines; equal ones in a row share one.
pub(crate) fn stack_lines(stack: &[String]) -> Vec<String> {
    let mut groups = stack.chunk_by(|a, b| a == b).enumerate();
    let shown = groups.by_ref().take(STACK_SHOWN);
    let mut lines: Vec<String> = shown
        .map(|(at, group)| {
            let name = group.first().map_or("", String::as_str);
            let how = if at == 0 { "in" } else { "called by" };
            match group.len() {
                1 => format!("{how} {name}"),
                times => format!("{how} {name}, {times} deep"),
            }
        })
        .collect();
    let more: usize = groups.map(|(_, group)| group.len()).sum();
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines
}

/// A file for a profile, whose form is by its name.
#[derive(Clone, Debug)]
pub(crate) struct ProfileFile {
    path: PathBuf,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Callgrind,
    Speedscope,
    Flame,
}

impl FromStr for ProfileFile {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<ProfileFile, Self::Err> {
        let path = PathBuf::from(text);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let form = match name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("svg") => Form::Flame,
            Some("json") => Form::Speedscope,
            Some("callgrind") => Form::Callgrind,
            _ if name.starts_with("callgrind.out") => Form::Callgrind,
            _ => {
                return Err(
                    "expected a name that ends in .callgrind (callgrind_annotate, KCachegrind), .json \
                            (speedscope) or .svg (flame graph)",
                );
            }
        };
        Ok(ProfileFile { path, form })
    }
}

impl ProfileFile {
    /// The file.
    pub(crate) fn path(&self) -> &PathBuf {
        &self.path
    }

    /// Whether it shows each instruction's line.
    pub(crate) fn has_lines(&self) -> bool {
        self.form == Form::Callgrind
    }

    /// Writes the profile of the call of `image`; `on_8051` is whether machine cycles are counted.
    ///
    /// # Errors
    /// If it can't be written.
    pub(crate) fn write(
        &self,
        image: &Path,
        profile: &Profile,
        names: &Names,
        on_8051: bool,
    ) -> Result<(), Error> {
        let graph = Graph::of(profile, names);
        let title = format!("smart51 run {}", image.display());
        let bytes = match self.form {
            Form::Callgrind => callgrind::callgrind(&graph, &title, on_8051).into_bytes(),
            Form::Speedscope => {
                let text = speedscope::speedscope(&graph, &title, on_8051);
                text.map_err(|error| about(&self.path, error))?.into_bytes()
            }
            Form::Flame => {
                flame::flame(&graph, &title, on_8051).map_err(|error| about(&self.path, error))?
            }
        };
        files::write(&self.path, &bytes)
    }
}
