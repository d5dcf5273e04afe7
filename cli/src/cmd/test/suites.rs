//! The report as JUnit: a suite for each scenario and a case for each step, and what else can fail.

use super::report::{ChangeReport, Report, ScenarioReport};
use crate::error::Error;
use crate::junit::{Case, Suite, Verdict};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The suites of a report on `files`, each of which has been run or has an error, and of the gas snapshot that it was
/// compared with.
pub(super) fn of(
    files: &[PathBuf],
    errors: &[Option<&Error>],
    report: &Report,
    compared: Option<&Path>,
) -> Vec<Suite> {
    let mut results = report.results.iter();
    let mut suites = Vec::new();
    for (path, error) in files.iter().zip(errors) {
        suites.extend(match error {
            None => results.next().map(scenario),
            Some(error) => {
                let path = path.display().to_string();
                let verdict = Verdict::Broken(error.message.clone());
                Some(single(&path, path.clone(), verdict))
            }
        });
    }
    if let Some(file) = compared {
        let changes = report.gas_changes.iter().flat_map(ChangeReport::lines);
        let changes: Vec<_> = changes.collect();
        let verdict = failed_if(!changes.is_empty(), || changes.join("\n"));
        suites.push(single("gas snapshot", file.display().to_string(), verdict));
    }
    if !report.stacks.is_empty() {
        let stacks = report.stacks.iter().map(|(image, stack)| Case {
            name: image.clone(),
            class: "stack".into(),
            verdict: failed_if(stack.overflow.is_some(), || stack.to_string()),
        });
        suites.push(Suite {
            name: "stack".into(),
            cases: stacks.collect(),
        });
    }
    suites
}

fn failed_if(has_failed: bool, text: impl FnOnce() -> String) -> Verdict {
    if has_failed {
        Verdict::Failed(text())
    } else {
        Verdict::Passed
    }
}

fn single(suite: &str, name: String, verdict: Verdict) -> Suite {
    Suite {
        name: suite.into(),
        cases: vec![Case {
            name,
            class: suite.into(),
            verdict,
        }],
    }
}

fn scenario(scenario: &ScenarioReport) -> Suite {
    let mut used: BTreeMap<&str, u32> = BTreeMap::new();
    let mut cases = Vec::new();
    for step in &scenario.steps {
        // Services tell cases apart by their names.
        let times = used.entry(&step.name).or_default();
        *times += 1;
        let name = match times {
            1 => step.name.clone(),
            _ => format!("{} (step {})", step.name, step.step),
        };
        cases.push(Case {
            name,
            class: scenario.path.clone(),
            verdict: failed_if(!step.differences.is_empty(), || {
                step.failure().collect::<Vec<_>>().join("\n")
            }),
        });
    }
    Suite {
        name: scenario.path.clone(),
        cases,
    }
}
