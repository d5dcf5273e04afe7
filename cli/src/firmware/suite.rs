//! Firmware regression tests: TOML files that say what to run and what must come of it.
//!
//! ```toml
//! image = "echo.ihx"          # next to this file
//! chip = "8051"
//! max_cycles = 100_000
//! uart_in = "hello"
//! stimulus = ["1000 P3.2 0", "2000 P3.2 1"]
//!
//! [expect]
//! stop = "cycles"
//! uart = "hello"
//! max_stack = 0x30            # the highest SP
//! max_latency = { SERIAL = 20 }  # machine cycles from a request to its routine
//!
//! [[expect.pin]]              # the first such change in the window
//! pin = "P1.0"
//! level = 0
//! from = 400_000
//! to = 500_000
//!
//! [[expect.memory]]
//! iram = 0x30                 # or xdata
//! bytes = "c0c1"
//! ```

use crate::args::{about, read_text};
use crate::error::Error;
use crate::firmware::eeprom::Eeprom;
use crate::firmware::stack::StackWatch;
use crate::firmware::stimulus::{self, parse_pin};
use crate::firmware::{explain, image, stop_name};
use emu8051::Cycles;
use emu8051::hw::board::{Board, BoardConfig, BoardStop, Device, Wiring};
use emu8051::hw::chip::Chip;
use emu8051::hw::interrupt::Source;
use emu8051::hw::line::SerialByte;
use emu8051::hw::trace::{Event, Signal};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// A test file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TestFile {
    image: PathBuf,
    #[serde(default = "default_chip")]
    chip: String,
    max_cycles: u64,
    #[serde(default)]
    von_neumann: bool,
    #[serde(default)]
    uart_in: String,
    #[serde(default)]
    stimulus: Vec<String>,
    eeprom: Option<EepromPins>,
    expect: Expect,
}

fn default_chip() -> String {
    "8052".into()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EepromPins {
    scl: String,
    sda: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    stop: String,
    uart: Option<String>,
    max_stack: Option<u8>,
    #[serde(default)]
    max_latency: BTreeMap<String, u64>,
    #[serde(default)]
    pin: Vec<PinEvent>,
    #[serde(default)]
    memory: Vec<Memory>,
}

/// A change of a pin, in a window of machine cycles.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PinEvent {
    pin: String,
    level: u8,
    from: u64,
    to: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    iram: Option<u8>,
    xdata: Option<u16>,
    eeprom: Option<u8>,
    bytes: String,
}

/// What came of a test file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) name: String,
    /// What differs from the expectations, a line or more each; empty for a pass.
    pub(crate) failures: Vec<String>,
    pub(crate) machine_cycles: u64,
}

/// Runs the test in a file.
///
/// # Errors
/// If the file is no test, or something it names is wrong.
pub(crate) fn run_file(path: &Path) -> Result<Verdict, Error> {
    let test: TestFile = toml::from_str(&read_text(path)?).map_err(|error| about(path, error))?;
    let chip = Chip::named(&test.chip)
        .ok_or_else(|| about(path, format_args!("no chip is called {:?}", test.chip)))?;
    let config = BoardConfig {
        wiring: if test.von_neumann {
            Wiring::VonNeumann
        } else {
            Wiring::Harvard { xdata_bytes: 65536 }
        },
        ..BoardConfig::new(chip)
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut board = image::board(&config, &image::read(&folder.join(&test.image))?)?;
    for stimulus in stimulus::parse(&test.stimulus.join("\n"))
        .map_err(|error| about(path, format_args!("stimulus: {error}")))?
    {
        board.input(stimulus).map_err(|error| about(path, error))?;
    }
    board.send_serial(test.uart_in.bytes().map(SerialByte::from));
    board.trace(true);
    let mut eeprom = match &test.eeprom {
        Some(EepromPins { scl, sda }) => {
            let pin = |text: &str| {
                parse_pin(text)
                    .ok_or_else(|| about(path, format_args!("expected a pin, found {text:?}")))
            };
            Some(Eeprom::new(pin(scl)?, pin(sda)?))
        }
        None => None,
    };
    let mut stack = StackWatch::new(chip.iram_bytes, board.cpu().sp());
    let stop = match &mut eeprom {
        Some(eeprom) => run(&mut board, test.max_cycles, eeprom, &mut stack),
        None => run(&mut board, test.max_cycles, &mut (), &mut stack),
    };
    let outcome = Outcome {
        stop,
        events: board.take_events(),
        uart: board
            .take_sent()
            .into_iter()
            .map(|(byte, _)| byte.data)
            .collect(),
        board,
        stack,
        eeprom,
    };
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .trim_end_matches(".toml")
        .to_owned();
    let failures = outcome
        .compare(&test.expect)
        .map_err(|problem| about(path, problem))?;
    Ok(Verdict {
        name,
        failures,
        machine_cycles: outcome.board.now().0,
    })
}

fn run(
    board: &mut Board,
    max_cycles: u64,
    device: &mut dyn Device,
    stack: &mut StackWatch,
) -> BoardStop {
    board.run_observed(Cycles(max_cycles), device, stack)
}

/// Everything expectations are about.
struct Outcome {
    stop: BoardStop,
    events: Vec<Event>,
    uart: Vec<u8>,
    board: Board,
    stack: StackWatch,
    eeprom: Option<Eeprom>,
}

impl Outcome {
    /// What differs from `expect`.
    ///
    /// # Errors
    /// If `expect` makes no sense.
    fn compare(&self, expect: &Expect) -> Result<Vec<String>, String> {
        let mut failures = Vec::new();
        let mut differ = |what: &str, expected: String, actual: String| {
            if expected != actual {
                failures.push(format!(
                    "{what}\n  expected {expected}\n  found    {actual}"
                ));
            }
        };
        let pc = self.board.cpu().pc();
        let said = explain(self.stop, pc).map_or(String::new(), |why| format!(": {why}"));
        let (expected, actual) = (expect.stop.as_str(), stop_name(self.stop));
        differ(
            "stop",
            expected.into(),
            if expected == actual {
                actual.into()
            } else {
                format!("{actual} at 0x{pc:04X}{said}")
            },
        );
        if let Some(uart) = &expect.uart {
            differ(
                "uart",
                uart.as_bytes().escape_ascii().to_string(),
                self.uart.escape_ascii().to_string(),
            );
        }
        if let Some(overflow) = &self.stack.overflow {
            differ("stack", "no overflow".into(), overflow.to_string());
        }
        if let Some(most) = expect.max_stack.filter(|most| self.stack.highest > *most) {
            differ(
                "stack",
                format!("at most 0x{most:02X}"),
                format!("0x{:02X}", self.stack.highest),
            );
        }
        for (name, most) in &expect.max_latency {
            let source = Source::ALL.into_iter().find(|source| source.name() == name);
            let source = source.ok_or_else(|| format!("no interrupt is called {name:?}"))?;
            match self.board.worst_latency(source) {
                Some(worst) if worst.0 <= *most => {}
                worst => {
                    let found = worst.map_or("no such interrupt came".into(), |worst| {
                        format!("{} cycles", worst.0)
                    });
                    differ(
                        &format!("latency of {name}"),
                        format!("at most {most} cycles"),
                        found,
                    );
                }
            }
        }
        for event in &expect.pin {
            let (port, bit) = parse_pin(&event.pin)
                .ok_or_else(|| format!("expected a pin, found {:?}", event.pin))?;
            let changes = self.changes(port, bit);
            let hit = changes.iter().any(|(at, level)| {
                (event.from..=event.to).contains(at) && u8::from(*level) == event.level
            });
            if !hit {
                let mut found = String::new();
                for (at, level) in changes.iter().take(12) {
                    let _ = write!(found, "{}@{at} ", u8::from(*level));
                }
                let expected = format!(
                    "{} between cycles {} and {}",
                    event.level, event.from, event.to
                );
                differ(
                    &format!("pin {}", event.pin),
                    expected,
                    format!("changes {found}({} in all)", changes.len()),
                );
            }
        }
        for memory in &expect.memory {
            let bytes = hex::decode(memory.bytes.replace([' ', '_'], ""))
                .map_err(|error| format!("memory: {error}"))?;
            let (name, start, read): (&str, usize, Box<dyn Fn(usize) -> u8>) =
                match (memory.iram, memory.xdata, memory.eeprom, &self.eeprom) {
                    (Some(at), None, None, _) => (
                        "IRAM",
                        at.into(),
                        Box::new(|at| self.board.cpu().iram(at as u8)),
                    ),
                    (None, Some(at), None, _) => (
                        "XDATA",
                        at.into(),
                        Box::new(|at| self.board.xdata().read(at as u16)),
                    ),
                    (None, None, Some(at), Some(eeprom)) => (
                        "EEPROM",
                        at.into(),
                        Box::new(|at| eeprom.memory()[at & 0xFF]),
                    ),
                    _ => {
                        return Err(
                            "memory: name one of iram, xdata and, with an [eeprom], eeprom".into(),
                        );
                    }
                };
            let found: Vec<u8> = (0..bytes.len()).map(|n| read(start + n)).collect();
            differ(
                &format!("{name} 0x{start:02X}"),
                hex::encode(&bytes),
                hex::encode(found),
            );
        }
        Ok(failures)
    }

    /// When a pin changed, in machine cycles, and to what.
    fn changes(&self, port: u8, bit: u8) -> Vec<(u64, bool)> {
        let mut level = true;
        let mut changes = Vec::new();
        for event in &self.events {
            if let Signal::Port(of, pins) = event.signal
                && of == port
                && (pins >> bit & 1 == 1) != level
            {
                level = !level;
                changes.push((event.at.ceil().0, level));
            }
        }
        changes
    }
}

/// The test files in `paths`: files as they are, and those ending in `.test.toml` in folders, in order of name.
///
/// # Errors
/// If a folder can't be read.
pub(crate) fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let mut inside = Vec::new();
        for entry in std::fs::read_dir(path).map_err(|error| about(path, error))? {
            let file = entry.map_err(|error| about(path, error))?.path();
            if file.to_string_lossy().ends_with(".test.toml") {
                inside.push(file);
            }
        }
        inside.sort();
        files.extend(inside);
    }
    Ok(files)
}

/// The verdicts as JUnit XML.
pub(crate) fn junit(verdicts: &[Verdict]) -> String {
    let escape = |text: &str| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;")
    };
    let failed = verdicts
        .iter()
        .filter(|verdict| !verdict.failures.is_empty())
        .count();
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"firmware\" tests=\"{}\" failures=\"{failed}\">\n",
        verdicts.len()
    );
    for verdict in verdicts {
        let name = escape(&verdict.name);
        let _ = write!(xml, "  <testcase name=\"{name}\" classname=\"firmware\"");
        if verdict.failures.is_empty() {
            xml.push_str("/>\n");
        } else {
            let _ = write!(
                xml,
                ">\n    <failure>{}</failure>\n  </testcase>\n",
                escape(&verdict.failures.join("\n"))
            );
        }
    }
    xml + "</testsuite>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware-samples/firmware")
    }

    #[test]
    fn every_sample_does_what_its_test_file_says() {
        let files = find(&[samples()]).expect("the folder is there");
        assert_eq!(files.len(), 6, "one for each sample");
        for file in files {
            let verdict = run_file(&file).unwrap_or_else(|error| panic!("{}", error.message));
            assert!(
                verdict.failures.is_empty(),
                "{}:\n{}",
                verdict.name,
                verdict.failures.join("\n")
            );
        }
    }

    #[test]
    fn a_wrong_expectation_fails_with_both_values() {
        let text =
            std::fs::read_to_string(samples().join("softuart.test.toml")).expect("it is there");
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::copy(
            samples().join("softuart.ihx"),
            folder.path().join("softuart.ihx"),
        )
        .expect("copied");
        let file = folder.path().join("wrong.test.toml");
        std::fs::write(&file, text.replace("power_down", "idle")).expect("written");
        let failures = run_file(&file)
            .map_err(|error| error.message)
            .expect("it runs")
            .failures;
        assert_eq!(failures.len(), 1);
        assert!(
            failures[0].starts_with("stop\n  expected idle\n  found    power_down at 0x"),
            "{}",
            failures[0]
        );
    }

    #[test]
    fn junit_escapes_what_failed() {
        let verdict = |failures: &[&str]| Verdict {
            name: "a<b".into(),
            failures: failures.iter().map(ToString::to_string).collect(),
            machine_cycles: 0,
        };
        let xml = junit(&[verdict(&[]), verdict(&["x & \"y\""])]);
        assert!(xml.contains("tests=\"2\" failures=\"1\""));
        assert!(xml.contains("<testcase name=\"a&lt;b\" classname=\"firmware\"/>"));
        assert!(xml.contains("<failure>x &amp; &quot;y&quot;</failure>"));
    }
}
