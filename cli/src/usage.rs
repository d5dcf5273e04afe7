//! What is said instead of running a command: help, the version, or why the arguments are not understood.

use crate::Cli;
use crate::error::{Error, Status};
use crate::output::{Output, note};
use crate::text::{Page, Text, say};
use clap::Parser;
use clap::error::ErrorKind;
use hostapi::prints::visible;
use serde::Serialize;
use std::ffi::OsString;

/// Says why `arguments` are no command, or the help that they ask for.
pub(crate) fn answer(arguments: &[OsString]) -> Status {
    let json = arguments
        .iter()
        .skip(1)
        .take_while(|argument| *argument != "--");
    let out = Output::new(json.into_iter().any(|argument| argument == "--json"));
    // Arguments are foreign text that clap quotes: it is given them as they may be shown, and its own lines stay lines.
    let shown = arguments
        .iter()
        .map(|argument| visible(&argument.to_string_lossy()).into_owned());
    match Cli::try_parse_from(shown) {
        Err(said) if said.use_stderr() => refuse(&said, &out),
        Err(said) => {
            let text = said.render().to_string();
            let asked = match said.kind() {
                ErrorKind::DisplayVersion => Asked::Version(text.trim_end().into()),
                _ => Asked::Help(text),
            };
            match out.print(&asked) {
                Ok(()) => Status::Success,
                Err(error) => out.fail(error),
            }
        }
        Ok(_) => out.fail(Error::input(
            "an argument is not UTF-8, or has letters that show nothing; leave them out",
        )),
    }
}

fn refuse(said: &clap::Error, out: &Output) -> Status {
    let text = said.render().to_string();
    if !out.is_json() {
        text.trim_end().lines().for_each(note);
        return Status::BadInput;
    }
    let sentence = match said.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "expected a command or more arguments; --help lists them".into()
        }
        _ => {
            let first = text.lines().take_while(|line| !line.is_empty());
            let words: Vec<&str> = first.flat_map(str::split_whitespace).collect();
            let sentence = words.join(" ");
            sentence
                .strip_prefix("error: ")
                .unwrap_or(&sentence)
                .to_owned()
        }
    };
    out.fail(Error::input(sentence))
}

/// What was asked for instead of a command.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Asked {
    Help(String),
    Version(String),
}

impl Text for Asked {
    fn text(&self, page: &mut Page) {
        let (Asked::Help(text) | Asked::Version(text)) = self;
        for line in text.trim_end().lines() {
            say!(page, "{line}");
        }
    }
}
