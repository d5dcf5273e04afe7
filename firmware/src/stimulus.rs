//! Stimulus files: what the world does to the pins and sends over the serial line, line by line.
//!
//! ```text
//! # machine cycle   pin     level
//! 1000              P3.2    0
//! 1_200             P3.2    1
//! 0x1000            P1.0    low
//! # machine cycle   serial  bytes
//! 5000              serial  68656c6c6f
//! ```

use crate::number::number;
use board::line::SerialByte;
use board::stimulus::{Input, Stimulus};
use emu8051::Cycles;

/// An error in a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {problem}")]
pub struct StimulusError {
    /// The line, from 1.
    pub line: usize,
    /// The column of the word that is wrong, from 1, in characters.
    pub column: usize,
    /// The expected text, and the text found.
    pub problem: String,
}

/// The stimuli in `text`, in order of time.
///
/// # Errors
/// The first line that is no stimulus, or comes before the one above it.
pub fn parse(text: &str) -> Result<Vec<Stimulus>, StimulusError> {
    let mut stimuli: Vec<Stimulus> = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        let content = content.split('#').next().unwrap_or_default();
        if content.trim().is_empty() {
            continue;
        }
        let latest = stimuli.last().map_or(Cycles::ZERO, |last| last.at);
        stimuli.extend(parse_line(content, latest).map_err(|(rest, problem)| {
            let before = content.len() - rest.len();
            let column = 1 + content[..before].chars().count();
            StimulusError {
                line,
                column,
                problem,
            }
        })?);
    }
    Ok(stimuli)
}

/// The stimuli of a line, or what is wrong from where on.
fn parse_line(content: &str, latest: Cycles) -> Result<Vec<Stimulus>, (&str, String)> {
    let [
        (at_start, at),
        (what_start, what),
        (value_start, value),
        (end, more),
    ] = words(content);
    let wrong = |start, problem: String| Err((start, problem));
    let at = match number(at) {
        Ok(cycle) => Cycles(cycle),
        Err(error) => {
            return wrong(
                at_start,
                format!("expected a machine cycle, found {at:?}: {error}"),
            );
        }
    };
    if at < latest {
        let problem = format!(
            "cycle {} comes after cycle {}: put the lines in order of time",
            at.0, latest.0
        );
        return wrong(at_start, problem);
    }
    let inputs: Vec<Input> = match (what, parse_pin(what)) {
        ("serial", _) => match hex::decode(value) {
            Ok(bytes) if !bytes.is_empty() => bytes
                .into_iter()
                .map(|byte| Input::Serial(SerialByte::from(byte)))
                .collect(),
            _ => {
                return wrong(
                    value_start,
                    format!("expected bytes in hex, found {value:?}"),
                );
            }
        },
        (_, Some((port, bit))) => match value {
            "0" | "low" => vec![Input::Pin {
                port,
                bit,
                level: false,
            }],
            "1" | "high" => vec![Input::Pin {
                port,
                bit,
                level: true,
            }],
            _ => {
                return wrong(
                    value_start,
                    format!("expected the level 0 or 1, found {value:?}"),
                );
            }
        },
        _ => {
            let problem = format!("expected a pin from P0.0 to P3.7, or serial, found {what:?}");
            return wrong(what_start, problem);
        }
    };
    if !more.is_empty() {
        return wrong(end, format!("expected the end of the line, found {more:?}"));
    }
    Ok(inputs
        .into_iter()
        .map(|input| Stimulus { at, input })
        .collect())
}

/// The first four words, each with all that begins with it; empty words where there are fewer.
fn words(content: &str) -> [(&str, &str); 4] {
    let mut rest = content;
    [(); 4].map(|()| {
        let start = rest.trim_start();
        let length = start.find(char::is_whitespace).unwrap_or(start.len());
        let (word, after) = start.split_at(length);
        rest = after;
        (start, word)
    })
}

/// `stimuli` as lines of such a file, in order of time; bytes that come together are on one line.
pub fn write(stimuli: &[Stimulus]) -> Vec<String> {
    let mut sorted = stimuli.to_vec();
    sorted.sort_by_key(|stimulus| stimulus.at);
    let mut lines: Vec<String> = Vec::new();
    let mut last = None;
    for Stimulus { at, input } in sorted {
        match input {
            Input::Pin { port, bit, level } => {
                lines.push(format!("{} P{port}.{bit} {}", at.0, u8::from(level)));
                last = None;
            }
            Input::Serial(byte) => {
                match lines.last_mut().filter(|_| last == Some(at)) {
                    Some(line) => *line += &hex::encode([byte.data]),
                    None => lines.push(format!("{} serial {:02x}", at.0, byte.data)),
                }
                last = Some(at);
            }
        }
    }
    lines
}

/// Port and bit of `P3.2`.
pub fn parse_pin(text: &str) -> Option<(u8, u8)> {
    let (port, bit) = text.strip_prefix(['P', 'p'])?.split_once('.')?;
    match (port, bit) {
        ("0" | "1" | "2" | "3", "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7") => {
            Some((port.parse().ok()?, bit.parse().ok()?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cycle_pin_level_with_comments() {
        let text = "# a button\n1_000 P3.2 0\n\n0x4B0  p1.7 high # let go\n";
        let pin = |at, port, bit, level| Stimulus {
            at: Cycles(at),
            input: Input::Pin { port, bit, level },
        };
        assert_eq!(
            parse(text),
            Ok(vec![pin(1000, 3, 2, false), pin(1200, 1, 7, true)])
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_line_and_column() {
        for (text, expected) in [
            (
                "10 P1.0 0\n 5 P1.0 1",
                "line 2, column 2: cycle 5 comes after cycle 10: put the lines in order of time",
            ),
            (
                "10 P1.0",
                "line 1, column 8: expected the level 0 or 1, found \"\"",
            ),
            (
                "\nten P1.0 1",
                "line 2, column 1: expected a machine cycle, found \"ten\": invalid digit found in string",
            ),
            (
                "1 P4.0 1",
                "line 1, column 3: expected a pin from P0.0 to P3.7, or serial, found \"P4.0\"",
            ),
            (
                "1\tP1.8 1",
                "line 1, column 3: expected a pin from P0.0 to P3.7, or serial, found \"P1.8\"",
            ),
            (
                "1 P1.0  x",
                "line 1, column 9: expected the level 0 or 1, found \"x\"",
            ),
            (
                "1 serial 6",
                "line 1, column 10: expected bytes in hex, found \"6\"",
            ),
            (
                "1 P1.0 1 2",
                "line 1, column 10: expected the end of the line, found \"2\"",
            ),
        ] {
            assert_eq!(
                parse(text).map_err(|error| error.to_string()),
                Err(expected.into())
            );
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let text = "10 serial 6869\n10 P3.2 0\n10 serial 21\n20 serial 0a";
        let stimuli = parse(text).expect("stimuli");
        assert_eq!(write(&stimuli), text.lines().collect::<Vec<_>>());
    }
}
