//! Receipts as people read them.

use super::{FrameKind, Receipt, Work};
use crate::names::RegIdText;
use bridge::EngineId;
use hostapi::prints::visible;
use std::fmt;

impl Receipt {
    /// Names and values for people, a line each. A value is as the contract has it: [`visible`] keeps
    /// it within its line.
    #[must_use]
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        let (sender, target) = (RegIdText(self.sender), RegIdText(self.target));
        let value = self.value();
        let cost = ("cost", format!("{} gas, fee {}", self.gas, self.fee));
        let mut rows = vec![
            ("transaction", hex::encode(self.id)),
            ("block", format!("{}, index {}", self.height, self.index)),
        ];
        match self.frames.first().map(|frame| &frame.work) {
            None => {}
            Some(Work::NewAccount) => rows.extend([("new account", target.to_string()), cost]),
            Some(Work::Transfer) => rows.extend([
                ("transfer", format!("{sender} to {target}, amount {value}")),
                cost,
            ]),
            Some(Work::Deploy {
                code_hash,
                semantics,
                engine,
                code_bytes,
                refusal,
            }) => {
                match refusal {
                    None => rows.push(("deploy", format!("{target}, by {sender}"))),
                    Some(_) => rows.extend([
                        ("deploy", format!("nothing, by {sender}")),
                        ("outcome", self.verdict.to_string()),
                    ]),
                }
                rows.extend([
                    (
                        "code",
                        format!("{} ({code_bytes} bytes)", hex::encode(code_hash)),
                    ),
                    ("engine", format!("{engine}, semantics {semantics}")),
                    cost,
                ]);
            }
            Some(Work::Run(run)) => {
                rows.extend([
                    ("call", format!("{sender} to {target}, value {value}")),
                    ("outcome", self.verdict.to_string()),
                ]);
                rows.extend(self.error.iter().map(|error| ("error", error.to_string())));
                // WebAssembly has none of these.
                if self.runs().any(|run| run.engine == EngineId::Mcs51) {
                    let ran = format!(
                        "{} machine cycles, {} instructions, {} steps",
                        self.meters.cycles, self.meters.instructions, self.meters.steps
                    );
                    rows.push(("ran", ran));
                }
                let (gas, refund, fee) = (self.gas, self.refund, self.fee);
                rows.push((
                    "cost",
                    format!("{gas} gas less {refund} given back, fee {fee}"),
                ));
                if !run.returned.is_empty() {
                    rows.push(("returned", hex::encode(&run.returned)));
                }
                rows.extend(self.tree().map(|line| ("calls", line)));
            }
        }
        rows.extend(self.events.iter().map(|event| {
            let source = RegIdText(self.event_source(event).unwrap_or_default());
            ("event", format!("{source} {event}"))
        }));
        rows.extend(self.prints().map(|print| ("printed", print.to_string())));
        rows
    }

    /// The frames of contracts that others called, a line each, indented by depth.
    fn tree(&self) -> impl Iterator<Item = String> {
        let mut depths = vec![0; self.frames.len()];
        self.frames
            .iter()
            .enumerate()
            .filter_map(move |(number, frame)| {
                let parent = usize::from(frame.parent?);
                let depth = depths.get(parent).map_or(1, |depth| depth + 1);
                depths[number] = depth;
                let Work::Run(run) = &frame.work else {
                    return None;
                };
                let mut line = "  ".repeat(depth - 1) + &RegIdText(frame.receiver).to_string();
                if frame.kind == FrameKind::StaticCall {
                    line += " (static)";
                }
                if frame.value != 0 {
                    line += &format!(" with {}", frame.value);
                }
                line += &format!(": {}", run.verdict);
                if let Some(error) = &run.error {
                    line += &format!(" ({error})");
                }
                line += &format!(", {} gas", run.gas);
                if run.engine == EngineId::Mcs51 {
                    line += &format!(", {} machine cycles of its own", run.cycles);
                }
                Some(line)
            })
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, (name, value)) in self.rows().into_iter().enumerate() {
            let end = if n == 0 { "" } else { "\n" };
            write!(f, "{end}{name:<12} {}", visible(&value))?;
        }
        Ok(())
    }
}
