//! Receipts as people read them.

use super::{Frame, FrameKind, Receipt, Work};
use crate::names::RegIdText;
use abi::Name;
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
            _ if self.is_list() => {
                let actions = self.frames.iter().filter(|frame| frame.parent.is_none());
                rows.extend([
                    ("actions", format!("{}, by {sender}", actions.count())),
                    ("outcome", self.verdict.to_string()),
                ]);
                rows.extend(self.how_it_ran());
                rows.extend(self.tree(0).map(|line| ("frames", line)));
            }
            Some(Work::Nothing) => rows.push(cost),
            Some(Work::NewAccount) => rows.extend([("new account", target.to_string()), cost]),
            Some(Work::Transfer) => rows.extend([
                ("transfer", format!("{sender} to {target}, amount {value}")),
                cost,
            ]),
            Some(Work::Undeploy { code_hash }) => rows.extend([
                ("undeploy", format!("{target}, by {sender}")),
                ("removed", hex::encode(code_hash)),
                cost,
            ]),
            Some(Work::Deploy {
                replaced,
                code_hash,
                semantics,
                engine,
                code_bytes,
                refusal,
            }) => {
                let what = match replaced {
                    None => "deploy",
                    Some(_) => "upgrade",
                };
                match refusal {
                    None => rows.push((what, format!("{target}, by {sender}"))),
                    Some(_) => rows.extend([
                        (what, format!("nothing, by {sender}")),
                        ("outcome", self.verdict.to_string()),
                    ]),
                }
                rows.extend(self.error.iter().map(|error| ("error", error.to_string())));
                let replaced = replaced.map(|hash| ("replaces", hex::encode(hash)));
                rows.extend(replaced);
                rows.extend([
                    (
                        "code",
                        format!("{} ({code_bytes} bytes)", hex::encode(code_hash)),
                    ),
                    ("engine", format!("{engine}, semantics {semantics}")),
                    cost,
                ]);
                rows.extend(self.tree(1).map(|line| ("calls", line)));
            }
            Some(Work::Run(run)) => {
                rows.extend([
                    ("call", format!("{sender} to {target}, value {value}")),
                    ("outcome", self.verdict.to_string()),
                ]);
                rows.extend(self.how_it_ran());
                if !run.returned.is_empty() {
                    rows.push(("returned", hex::encode(&run.returned)));
                }
                rows.extend(self.tree(1).map(|line| ("calls", line)));
            }
        }
        rows.extend(self.events.iter().map(|event| {
            let source = RegIdText(self.event_source(event).unwrap_or_default());
            ("event", format!("{source} {event}"))
        }));
        rows.extend(self.prints().map(|print| ("printed", print.to_string())));
        rows
    }

    /// The contract's words, what it used and what it cost.
    fn how_it_ran(&self) -> Vec<(&'static str, String)> {
        let mut rows = Vec::new();
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
        rows
    }

    /// The frames from this depth on, a line each, indented by depth.
    fn tree(&self, from: usize) -> impl Iterator<Item = String> {
        let mut depths = vec![0; self.frames.len()];
        self.frames
            .iter()
            .enumerate()
            .filter_map(move |(number, frame)| {
                let parent = frame.parent.map(usize::from);
                let depth: usize =
                    parent.map_or(0, |parent| depths.get(parent).map_or(1, |d| d + 1));
                depths[number] = depth;
                let indent = depth.checked_sub(from)?;
                Some("  ".repeat(indent) + &frame.to_string())
            })
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let receiver = RegIdText(self.receiver);
        write!(f, "{receiver}")?;
        if self.action != 0 {
            write!(f, " {}", Name(self.action))?;
        }
        match self.kind {
            FrameKind::Notified => write!(f, " (notified by {})", RegIdText(self.code))?,
            FrameKind::StaticCall => f.write_str(" (static)")?,
            FrameKind::ContextFree => f.write_str(" (context-free)")?,
            FrameKind::Inline => f.write_str(" (inline)")?,
            FrameKind::Deferred => f.write_str(" (deferred)")?,
            FrameKind::Native | FrameKind::Action | FrameKind::Call => {}
        }
        if self.value != 0 {
            write!(f, " with {}", self.value)?;
        }
        let run = match &self.work {
            Work::Run(run) => run,
            Work::Nothing => return f.write_str(": runs no contract"),
            Work::NewAccount | Work::Transfer | Work::Deploy { .. } | Work::Undeploy { .. } => {
                return write!(f, ": success");
            }
        };
        write!(f, ": {}", run.verdict)?;
        if let Some(error) = &run.error {
            write!(f, " ({error})")?;
        }
        write!(f, ", {} gas", run.gas)?;
        if run.engine == EngineId::Mcs51 {
            write!(f, ", {} machine cycles of its own", run.cycles)?;
        }
        Ok(())
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
