//! `smart51 gas`.

use crate::error::{Error, Status};
use crate::output::{Bytes, Output};
use crate::text::{Page, Text, say};
use abi::Schedule;
use abi::method::PerBytes;
use abi::schedule::Figure;
use chain::schedules;
use clap::{Args, Subcommand};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// List, show and compare gas schedules: what costs how much.
///
/// A chain has one in force: `smart51 chain new --schedule` chooses the first, and
/// `smart51 chain schedule` has another one hold from a later block on.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  smart51 gas list\n  smart51 gas diff data-sheet xvm")]
pub(crate) struct Gas {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the schedules, with version and hash.
    #[command(after_help = "Example:\n  smart51 gas list --json")]
    List,
    /// Show all figures of a schedule.
    #[command(after_help = "Example:\n  smart51 gas show wayki --json")]
    Show {
        /// Its name.
        #[arg(value_name = "NAME", value_parser = preset)]
        schedule: &'static Schedule,
    },
    /// Show the figures in which two schedules differ. The status is 1 if there are any.
    #[command(after_help = "Example:\n  smart51 gas diff data-sheet govm")]
    Diff {
        /// The name of one.
        #[arg(value_name = "A", value_parser = preset)]
        a: &'static Schedule,
        /// The name of the other.
        #[arg(value_name = "B", value_parser = preset)]
        b: &'static Schedule,
    },
}

/// The schedule of a name.
pub(super) fn preset(name: &str) -> Result<&'static Schedule, String> {
    Schedule::preset(name).ok_or_else(|| {
        let names: Vec<_> = Schedule::PRESETS.iter().map(|it| it.name()).collect();
        format!(
            "there is no such gas schedule; there are {}",
            names.join(", ")
        )
    })
}

impl Gas {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        match self.action {
            Action::List => {
                let schedules = Schedule::PRESETS.iter().map(|it| Named::of(it)).collect();
                out.print(&List { schedules })?;
            }
            Action::Show { schedule } => out.print(&Shown::of(schedule))?,
            Action::Diff { a, b } => {
                let differing = Differing::of(a, b);
                out.print(&differing)?;
                return Ok(match differing.differing.is_empty() {
                    true => Status::Success,
                    false => Status::Refused,
                });
            }
        }
        Ok(Status::Success)
    }
}

/// The schedules that have a name.
#[derive(Debug, Serialize)]
struct List {
    schedules: Vec<Named>,
}

/// What names a schedule.
#[derive(Debug, Serialize)]
pub(super) struct Named {
    name: String,
    version: u16,
    /// BLAKE2b of its byte form.
    hash: Bytes,
}

impl Named {
    pub(super) fn of(schedule: &Schedule) -> Named {
        Named {
            name: schedule.name().into(),
            version: schedule.version,
            hash: Bytes(schedules::hash(schedule).to_vec()),
        }
    }

    /// In one line.
    pub(super) fn line(&self) -> String {
        let Named {
            name,
            version,
            hash,
        } = self;
        format!("{name:<12} version {version}, hash {hash}")
    }
}

impl Text for List {
    fn text(&self, page: &mut Page) {
        for named in &self.schedules {
            say!(page, "{}", named.line());
        }
    }
}

/// A figure by its path.
type Row = (String, u64, &'static str);

/// All figures of a schedule, those of methods among them, in order.
fn rows(schedule: &Schedule) -> Vec<Row> {
    let mut rows = Vec::new();
    schedule.each(&mut |figure: Figure| {
        let name = figure.name.trim_start_matches("r#");
        rows.push((
            format!("{}.{name}", figure.section),
            figure.value,
            figure.about,
        ));
    });
    for (spec, rule) in schedule.rules() {
        let name = spec.name;
        let mut add = |part: &str, value, about| {
            rows.push((format!("methods.{name}.{part}"), value, about));
        };
        add("base", rule.base, "each call");
        let bytes = [("request", rule.request), ("answer", rule.reply)];
        for (of, PerBytes { gas, bytes }) in bytes {
            add(&format!("{of}.gas"), gas, "each started run of bytes");
            add(
                &format!("{of}.bytes"),
                bytes,
                "the length of a run in bytes",
            );
        }
    }
    rows
}

/// A schedule with all its figures.
#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    named: Named,
    #[serde(flatten, serialize_with = "nested")]
    rows: Vec<Row>,
}

impl Shown {
    fn of(schedule: &Schedule) -> Shown {
        Shown {
            named: Named::of(schedule),
            rows: rows(schedule),
        }
    }
}

/// Rows as objects in objects, by the parts of their paths.
fn nested<S: Serializer>(rows: &[Row], serializer: S) -> Result<S::Ok, S::Error> {
    let mut all = Map::new();
    for (path, value, _) in rows {
        let mut at = &mut all;
        let mut parts = path.split('.').peekable();
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                at.insert(part.into(), (*value).into());
                break;
            }
            let inner = at.entry(part).or_insert_with(|| Value::Object(Map::new()));
            match inner {
                Value::Object(inner) => at = inner,
                _ => break,
            }
        }
    }
    all.serialize(serializer)
}

impl Text for Shown {
    fn text(&self, page: &mut Page) {
        say!(page, "{}", self.named.line());
        let is_method = |path: &str| path.starts_with("methods.");
        for (path, value, about) in self.rows.iter().filter(|(path, ..)| !is_method(path)) {
            say!(page, "{value:>14} {path:<32} {}", summary(about));
        }
        let methods = self.rows.iter().filter(|(path, ..)| is_method(path));
        for row in methods.collect::<Vec<_>>().chunks(5) {
            let figures: Vec<u64> = row.iter().map(|(_, value, _)| *value).collect();
            let [base, request, request_bytes, answer, answer_bytes] = figures[..] else {
                continue;
            };
            let name = row[0].0.trim_end_matches(".base");
            let per = |gas, bytes, of| match gas {
                0 => String::new(),
                gas => format!(" + {gas} for every started {bytes} bytes of the {of}"),
            };
            let bytes =
                per(request, request_bytes, "request") + &per(answer, answer_bytes, "answer");
            say!(page, "{base:>14} {name}{bytes}");
        }
    }
}

/// The first line of a sentence.
fn summary(about: &str) -> &str {
    let end = about.find([':', ';', '.']).unwrap_or(about.len());
    about.get(..end).unwrap_or(about)
}

/// Where two schedules differ.
#[derive(Debug, Serialize)]
struct Differing {
    a: Named,
    b: Named,
    differing: Vec<Difference>,
}

#[derive(Debug, Serialize)]
struct Difference {
    figure: String,
    a: u64,
    b: u64,
}

impl Differing {
    fn of(a: &Schedule, b: &Schedule) -> Differing {
        let pairs = rows(a).into_iter().zip(rows(b));
        let differing = pairs.filter(|((_, a, _), (_, b, _))| a != b);
        Differing {
            a: Named::of(a),
            b: Named::of(b),
            differing: differing
                .map(|((figure, a, _), (_, b, _))| Difference { figure, a, b })
                .collect(),
        }
    }
}

impl Text for Differing {
    fn text(&self, page: &mut Page) {
        for Difference { figure, a, b } in &self.differing {
            say!(page, "{figure:<40} {a:>14} {b:>14}");
        }
        let count = self.differing.len();
        let (a, b) = (&self.a.name, &self.b.name);
        say!(page, "{count} figures of {a} and {b} differ");
    }
}
