//! `smart51 parity`.

use crate::engine::EngineArgs;
use crate::error::about;
use crate::error::{Error, Status};
use crate::files::read_image;
use crate::output::Output;
use crate::text::{Page, Text, say};
use bridge::EngineId;
use clap::Args;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;
use verify::Difference;
use verify::parity::{CallCost, ComparedCall, compare};
use verify::scenario::{RunError, Scenario};

/// Run a scenario with two images of the same contract and compare them call by call.
///
/// Both are called from the same state, and have to make the same host calls with the same replies, print the
/// same, end alike and write the same. Machine cycles and gas are shown side by side. The status is 1 if anything
/// is different.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  smart51 parity counter.ihx counter.wasm counter.scenario.toml")]
pub(crate) struct Parity {
    /// An image, for the 8051 or WebAssembly.
    a: PathBuf,
    /// The other image.
    b: PathBuf,
    /// The scenario.
    scenario: PathBuf,
    /// The contract of the scenario whose image both are; needed where it has several.
    #[arg(long, value_name = "NAME")]
    contract: Option<String>,
    #[command(flatten)]
    engine: EngineArgs,
}

#[derive(Serialize)]
struct Report {
    contract: String,
    calls: usize,
    equal: usize,
    steps: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    step: usize,
    name: String,
    outcome: String,
    host_calls: usize,
    a: Option<Side>,
    b: Option<Side>,
    differences: Vec<Different>,
}

#[derive(Serialize)]
struct Side {
    engine: &'static str,
    /// Null where the engine has none.
    machine_cycles: Option<u64>,
    gas: u64,
}

#[derive(Serialize)]
struct Different {
    field: String,
    a: String,
    b: String,
}

impl Parity {
    pub(crate) fn run(self, out: &Output) -> Result<Status, Error> {
        let scenario = Scenario::read(&self.scenario).map_err(Error::input)?;
        let contract = self.contract(&scenario)?;
        let (a, b) = (read_image(&self.a)?.image, read_image(&self.b)?.image);
        let steps = compare(scenario, &contract, a, b, self.engine.engines()?).map_err(
            |error| match error {
                RunError::Chain(error) => error.into(),
                error => Error::input(error),
            },
        )?;
        let equal = steps
            .iter()
            .filter(|step| step.differences.is_empty())
            .count();
        let report = Report {
            contract,
            calls: steps.len(),
            equal,
            steps: steps.into_iter().map(Line::from).collect(),
        };
        out.print(&report)?;
        Ok(if report.equal == report.calls {
            Status::Success
        } else {
            Status::Refused
        })
    }

    /// The contract that is compared.
    fn contract(&self, scenario: &Scenario) -> Result<String, Error> {
        let names: Vec<&str> = scenario.contracts().collect();
        let wanted = match (&self.contract, &names[..]) {
            (Some(name), _) => name,
            (None, [only]) => return Ok((*only).into()),
            (None, _) => {
                return Err(about(
                    &self.scenario,
                    "it has several contracts; name one with --contract",
                ));
            }
        };
        if names.contains(&wanted.as_str()) {
            Ok(wanted.clone())
        } else {
            Err(about(
                &self.scenario,
                format_args!("there is no contract `{wanted}`"),
            ))
        }
    }
}

impl From<ComparedCall> for Line {
    fn from(step: ComparedCall) -> Self {
        let [a, b] = step.cost.map(|cost| cost.map(Side::from));
        Line {
            step: step.number,
            name: step.name,
            outcome: step.outcome,
            host_calls: step.host_calls,
            a,
            b,
            differences: step.differences.into_iter().map(Different::from).collect(),
        }
    }
}

impl From<CallCost> for Side {
    fn from(cost: CallCost) -> Self {
        Side {
            engine: cost.engine.name(),
            machine_cycles: (cost.engine == EngineId::Mcs51).then_some(cost.cycles),
            gas: cost.gas,
        }
    }
}

impl From<Difference> for Different {
    fn from(difference: Difference) -> Self {
        Different {
            field: difference.field,
            a: difference.expected,
            b: difference.actual,
        }
    }
}

impl Text for Report {
    fn text(&self, page: &mut Page) {
        for line in &self.steps {
            let Line {
                step,
                name,
                outcome,
                host_calls,
                ..
            } = line;
            say!(page, "{step:3} {name}: {outcome}, {host_calls} host calls");
            for side in [&line.a, &line.b].into_iter().flatten() {
                say!(page, "      {side}");
            }
            for Different { field, a, b } in &line.differences {
                say!(page, "    ! {field}");
                say!(page, "      a: {a}");
                say!(page, "      b: {b}");
            }
        }
        say!(
            page,
            "{}: {} of {} calls are the same on both",
            self.contract,
            self.equal,
            self.calls
        )
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Side {
            engine,
            machine_cycles,
            gas,
        } = self;
        match machine_cycles {
            Some(cycles) => write!(f, "{engine:>5} {cycles:9} machine cycles {gas:9} gas"),
            None => write!(f, "{engine:>5} {:>24} {gas:9} gas", ""),
        }
    }
}
