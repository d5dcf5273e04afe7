//! Stimulus files: what the world does to the pins, line by line.
//!
//! ```text
//! # machine cycle   pin   level
//! 1000              P3.2  0
//! 1_200             P3.2  1
//! 0x1000            P1.0  low
//! ```

use emu8051::Cycles;
use emu8051::hw::peripherals::{Input, Stimulus};
use std::fmt;

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StimulusError {
    line: usize,
    problem: String,
}

impl fmt::Display for StimulusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.problem)
    }
}

/// The stimuli in `text`, in order of time.
///
/// # Errors
/// The first line that is not a stimulus, or comes before the one above it.
pub(crate) fn parse(text: &str) -> Result<Vec<Stimulus>, StimulusError> {
    let mut stimuli: Vec<Stimulus> = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        let content = content.split('#').next().unwrap_or_default().trim();
        if content.is_empty() {
            continue;
        }
        let stimulus = parse_line(content).and_then(|stimulus| match stimuli.last() {
            Some(last) if stimulus.at < last.at => Err(format!(
                "cycle {} comes after cycle {}: put the lines in order of time",
                stimulus.at.0, last.at.0
            )),
            _ => Ok(stimulus),
        });
        stimuli.push(stimulus.map_err(|problem| StimulusError { line, problem })?);
    }
    Ok(stimuli)
}

fn parse_line(content: &str) -> Result<Stimulus, String> {
    let words: Vec<&str> = content.split_whitespace().collect();
    let &[at, pin, level] = words.as_slice() else {
        return Err(format!(
            "expected a machine cycle, a pin and a level, found {content:?}"
        ));
    };
    let at =
        crate::args::number(at).map_err(|error| format!("{at:?} is no machine cycle: {error}"))?;
    let (port, bit) =
        parse_pin(pin).ok_or_else(|| format!("expected a pin from P0.0 to P3.7, found {pin:?}"))?;
    let level = match level {
        "0" | "low" => false,
        "1" | "high" => true,
        _ => return Err(format!("expected the level 0 or 1, found {level:?}")),
    };
    Ok(Stimulus {
        at: Cycles(at),
        input: Input::Pin { port, bit, level },
    })
}

/// Port and bit of `P3.2`.
pub(crate) fn parse_pin(text: &str) -> Option<(u8, u8)> {
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
    fn what_is_wrong_is_said_with_its_line() {
        for (text, expected) in [
            (
                "10 P1.0 0\n5 P1.0 1",
                "line 2: cycle 5 comes after cycle 10: put the lines in order of time",
            ),
            (
                "10 P1.0",
                "line 1: expected a machine cycle, a pin and a level, found \"10 P1.0\"",
            ),
            (
                "\nten P1.0 1",
                "line 2: \"ten\" is no machine cycle: invalid digit found in string",
            ),
            (
                "1 P4.0 1",
                "line 1: expected a pin from P0.0 to P3.7, found \"P4.0\"",
            ),
            (
                "1 P1.8 1",
                "line 1: expected a pin from P0.0 to P3.7, found \"P1.8\"",
            ),
            ("1 P1.0 x", "line 1: expected the level 0 or 1, found \"x\""),
        ] {
            assert_eq!(
                parse(text).map_err(|error| error.to_string()),
                Err(expected.into())
            );
        }
    }
}
