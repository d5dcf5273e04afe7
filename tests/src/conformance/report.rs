//! What was found out about the images: per image, per port, for people and as JSON.

use std::fmt;

use serde::Serialize;

use super::recorded::{Figures, Recorded};

const MACHINE_CYCLES: &str = "machine cycles";
const INSTRUCTIONS: &str = "instructions";

/// One thing that is not as `s51` has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "what")]
#[non_exhaustive]
pub enum Finding {
    /// The compiler, the linker or the suite's generator refused.
    NotBuilt {
        /// What the tool said.
        message: String,
    },
    /// The image did not come to its end.
    NoEnd {
        /// Why not.
        message: String,
    },
    /// A figure is another one.
    Figure {
        /// Which one.
        name: &'static str,
        /// As `s51` has it.
        expected: String,
        /// As our core has it.
        found: String,
    },
}

impl Finding {
    /// Whether the image did the same in another time.
    fn is_time(&self) -> bool {
        matches!(
            self,
            Self::Figure {
                name: MACHINE_CYCLES | INSTRUCTIONS,
                ..
            }
        )
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotBuilt { message } => write!(f, "not built: {message}"),
            Self::NoEnd { message } => write!(f, "no end: {message}"),
            Self::Figure {
                name,
                expected,
                found,
            } => write!(f, "{name}: s51 has {expected}, found {found}"),
        }
    }
}

/// Who says what the figures of an image are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Judge {
    /// The recorded figures.
    Recorded,
    /// `s51`, run now: the image is not byte for byte the recorded one, for sdcc does not compile all cases alike
    /// every time.
    S51,
}

/// The images whose times differ from those of `s51`, and why ("Differences from s51" in docs/hardware.md).
const EXPLAINED: [(&str, &str); 2] = [
    (
        "critical",
        "s51 answers an interrupt at once after SETB EA, Intel's manual has one more instruction executed",
    ),
    (
        "setjmp",
        "s51 counts the interrupt that it answers after the end of the test",
    ),
];

/// What was found out about one image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Case {
    /// The port's name.
    pub port: String,
    /// The image's name without extension.
    pub image: String,
    /// The run on our core, when it came to its end.
    #[serde(flatten)]
    pub figures: Option<Figures>,
    /// Who was asked for the figures.
    pub judge: Judge,
    /// What differs from those of `s51`.
    pub findings: Vec<Finding>,
    /// Why it may differ.
    pub explained: Option<&'static str>,
}

impl Case {
    /// An image that ran, compared with what `judge` expects.
    #[must_use]
    pub fn compared(
        recorded: &Recorded,
        judge: Judge,
        expected: &Figures,
        figures: Figures,
    ) -> Self {
        let findings = differences(expected, &figures);
        let only_times = findings.iter().all(Finding::is_time);
        let known = EXPLAINED
            .iter()
            .find(|(image, _)| only_times && !findings.is_empty() && *image == recorded.case);
        let explained = known.map(|(_, reason)| *reason);
        Self {
            judge,
            figures: Some(figures),
            explained,
            ..Self::failed(recorded, findings)
        }
    }

    /// An image that gave no figures, and why.
    #[must_use]
    pub fn failed(recorded: &Recorded, findings: Vec<Finding>) -> Self {
        let (port, image) = (recorded.port.clone(), recorded.case.clone());
        Self {
            port,
            image,
            figures: None,
            judge: Judge::Recorded,
            findings,
            explained: None,
        }
    }

    /// Whether the image differs from what `s51` says, for no reason that is known.
    #[must_use]
    pub fn is_different(&self) -> bool {
        !self.findings.is_empty() && self.explained.is_none()
    }
}

/// The figures that are not the same.
pub(super) fn differences(expected: &Figures, found: &Figures) -> Vec<Finding> {
    let figure = |name, expected: &dyn ToString, found: &dyn ToString| {
        let (expected, found) = (expected.to_string(), found.to_string());
        (expected != found).then_some(Finding::Figure {
            name,
            expected,
            found,
        })
    };
    let figures = [
        figure("tests", &expected.tests, &found.tests),
        figure("cases", &expected.cases, &found.cases),
        figure("failures", &expected.failures, &found.failures),
        figure(
            MACHINE_CYCLES,
            &expected.machine_cycles,
            &found.machine_cycles,
        ),
        figure(INSTRUCTIONS, &expected.instructions, &found.instructions),
        figure("output", &expected.output, &found.output),
    ];
    figures.into_iter().flatten().collect()
}

/// The sums over one port's images.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The port's name.
    pub port: String,
    /// How many images were judged.
    pub images: usize,
    /// How many of them are in every figure as `s51` has them.
    pub equal: usize,
    /// How many differ in time, for a known reason.
    pub explained: usize,
    /// How many differ for no known reason.
    pub different: usize,
    /// How many images are not the recorded ones and were run on `s51` now.
    pub judged_now: usize,
    /// Assertions made.
    pub tests: u64,
    /// Assertions failed.
    pub failures: u64,
    /// Machine cycles used.
    pub machine_cycles: u64,
    /// Instructions executed.
    pub instructions: u64,
}

impl Summary {
    /// Sums up the cases of one port.
    #[must_use]
    pub fn of(port: &str, cases: &[Case]) -> Self {
        let mut sum = Self {
            port: port.to_owned(),
            ..Self::default()
        };
        for case in cases.iter().filter(|case| case.port == port) {
            sum.images += 1;
            sum.equal += usize::from(case.findings.is_empty());
            sum.explained += usize::from(case.explained.is_some());
            sum.different += usize::from(case.is_different());
            sum.judged_now += usize::from(case.judge == Judge::S51);
            if let Some(figures) = &case.figures {
                sum.tests += u64::from(figures.tests);
                sum.failures += u64::from(figures.failures);
                sum.machine_cycles += figures.machine_cycles;
                sum.instructions += figures.instructions;
            }
        }
        sum
    }
}

/// Everything that was found out, as it is written to the JSON file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Per port.
    pub ports: Vec<Summary>,
    /// Per image, in order of port and name.
    pub images: Vec<Case>,
}

impl Report {
    /// Sums up the cases by port.
    #[must_use]
    pub fn new(ports: &[&str], images: Vec<Case>) -> Self {
        Self {
            ports: ports
                .iter()
                .map(|port| Summary::of(port, &images))
                .collect(),
            images,
        }
    }

    /// Whether no image differs without a known reason.
    #[must_use]
    pub fn all_equal(&self) -> bool {
        !self.images.iter().any(Case::is_different)
    }
}

/// The table per port, then every image that is not as `s51` has it.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let titles = [
            "port",
            "images",
            "equal",
            "explained",
            "different",
            "tests",
            "failures",
            "cycles",
            "instructions",
        ];
        row(f, titles.map(str::to_owned))?;
        for sum in &self.ports {
            let counts = [sum.images, sum.equal, sum.explained, sum.different]
                .map(|count| count.to_string());
            let sums = [
                sum.tests,
                sum.failures,
                sum.machine_cycles,
                sum.instructions,
            ]
            .map(|sum| sum.to_string());
            let [images, equal, explained, different] = counts;
            let [tests, failures, cycles, instructions] = sums;
            row(
                f,
                [
                    sum.port.clone(),
                    images,
                    equal,
                    explained,
                    different,
                    tests,
                    failures,
                    cycles,
                    instructions,
                ],
            )?;
        }
        let now = self.ports.iter().map(|sum| sum.judged_now).sum::<usize>();
        writeln!(
            f,
            "{now} images are not byte for byte those recorded; s51 was run on them now"
        )?;
        for case in self.images.iter().filter(|case| !case.findings.is_empty()) {
            let findings: Vec<String> = case.findings.iter().map(ToString::to_string).collect();
            let why = case
                .explained
                .map_or_else(String::new, |reason| format!(" ({reason})"));
            writeln!(
                f,
                "{}/{}: {}{why}",
                case.port,
                case.image,
                findings.join("; ")
            )?;
        }
        Ok(())
    }
}

fn row(f: &mut fmt::Formatter<'_>, [port, cells @ ..]: [String; 9]) -> fmt::Result {
    write!(f, "{port:<22}")?;
    for cell in cells {
        write!(f, " {cell:>12}")?;
    }
    writeln!(f)
}
