//! The door through which text goes to people: lines that nothing in them can break, and JSON that shows no control
//! character.
//!
//! What a contract prints, what a module imports, how a file is called and what it quotes is foreign text. A [`Page`]
//! takes whole lines; whatever stands within one stays within it ([`visible`]), and only the program's own calls end
//! a line. A report can't reach a terminal in another way.

use hostapi::prints::{is_visible, visible};
use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};
use std::fmt;
use std::io;

/// What is shown to people, in lines.
pub(crate) trait Text {
    /// Writes it.
    fn text(&self, page: &mut Page);
}

/// Lines of text.
#[derive(Debug, Default)]
pub(crate) struct Page(String);

impl Page {
    /// Adds one line. `say!` is the short way here.
    pub(crate) fn line(&mut self, line: fmt::Arguments<'_>) {
        let line = line.to_string();
        self.0.push_str(&visible(&line));
        self.0.push('\n');
    }

    /// What `shown` says, all of it.
    pub(crate) fn of(shown: &impl Text) -> String {
        let mut page = Page::default();
        shown.text(&mut page);
        page.0
    }
}

/// One line on a page: `say!(page, "height {height}")`.
macro_rules! say {
    ($page:expr, $($line:tt)+) => { $page.line(format_args!($($line)+)) };
}
pub(crate) use say;

/// The largest integer that JavaScript reads as it is written: 2^53 - 1.
const LARGEST_NUMBER: u64 = (1 << 53) - 1;

/// One JSON object as a line. What [`visible`] would escape is escaped as `\u202e`, which every
/// reader takes for what it stands for; an integer that JavaScript would round is a string of its
/// digits.
///
/// # Errors
/// If the report cannot be JSON.
pub(crate) fn json(report: &impl Serialize) -> serde_json::Result<String> {
    let mut line = Vec::new();
    report.serialize(&mut serde_json::Serializer::with_formatter(
        &mut line, Plain,
    ))?;
    line.push(b'\n');
    Ok(String::from_utf8_lossy(&line).into_owned())
}

/// JSON for people, in lines, escaped as that of [`json`].
pub(crate) fn pretty(value: &Value) -> String {
    let mut out = Vec::new();
    let lines = Lines(PrettyFormatter::new());
    // Neither a vector nor JSON that is there can fail.
    let _ = value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, lines));
    String::from_utf8_lossy(&out).into_owned()
}

/// How JSON is written in lines.
struct Lines(PrettyFormatter<'static>);

/// The methods that [`PrettyFormatter`] has of its own.
macro_rules! as_pretty {
    ($($method:ident($($argument:ident: $of:ty),*))*) => {
        $(fn $method<W: ?Sized + io::Write>(&mut self, writer: &mut W, $($argument: $of),*) -> io::Result<()> {
            self.0.$method(writer, $($argument),*)
        })*
    };
}

impl Formatter for Lines {
    as_pretty! {
        begin_array()
        end_array()
        begin_array_value(first: bool)
        end_array_value()
        begin_object()
        end_object()
        begin_object_key(first: bool)
        begin_object_value()
        end_object_value()
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        Plain.write_string_fragment(writer, fragment)
    }
}

/// How JSON is written.
struct Plain;

impl Formatter for Plain {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(|letter| !is_visible(letter)) {
            let (before, from) = rest.split_at(at);
            CompactFormatter.write_string_fragment(writer, before)?;
            let mut letters = from.chars();
            let letter = letters.next().unwrap_or_default();
            for unit in letter.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = letters.as_str();
        }
        CompactFormatter.write_string_fragment(writer, rest)
    }

    fn write_u64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: u64) -> io::Result<()> {
        if value > LARGEST_NUMBER {
            write!(writer, "\"{value}\"")
        } else {
            CompactFormatter.write_u64(writer, value)
        }
    }

    fn write_i64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: i64) -> io::Result<()> {
        if value.unsigned_abs() > LARGEST_NUMBER {
            write!(writer, "\"{value}\"")
        } else {
            CompactFormatter.write_i64(writer, value)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_line_stays_one_whatever_it_holds() {
        let mut page = Page::default();
        say!(page, "printed  {}", "hi\noutcome  success\u{1b}[2J\u{202e}");
        say!(page, "outcome  {}", "refused");
        assert_eq!(
            page.0,
            "printed  hi\\noutcome  success\\u{1b}[2J\\u{202e}\noutcome  refused\n"
        );
    }

    #[test]
    fn json_shows_no_control_and_means_the_same() {
        let text = "a\n\"\\\u{7f}\u{9b}\u{202e}\u{200b}\u{2028}\u{e0001}é😀";
        let written = json(&json!({ text: [text, ""] })).expect("JSON");
        assert!(
            written.trim_end_matches('\n').chars().all(is_visible),
            "{written}"
        );
        let read: Value = serde_json::from_str(&written).expect("JSON");
        assert_eq!(read, json!({ text: [text, ""] }));
        let written = pretty(&read);
        assert!(written.split('\n').all(|line| line.chars().all(is_visible)));
        assert!(written.starts_with("{\n  \"a\\n"), "{written}");
        assert_eq!(serde_json::from_str::<Value>(&written).ok(), Some(read));
    }

    #[test]
    fn integers_beyond_2_to_the_53_are_strings() {
        let most = LARGEST_NUMBER;
        let numbers = (most, most + 1, u64::MAX, -(most as i64), i64::MIN);
        assert_eq!(
            json(&numbers).expect("JSON"),
            "[9007199254740991,\"9007199254740992\",\"18446744073709551615\",-9007199254740991,\
             \"-9223372036854775808\"]\n"
        );
    }
}
