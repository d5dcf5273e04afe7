//! Receipts as people read them.

use super::{Called, Notes, Receipt, Work};
use abi::Schedule;
use bridge::EngineId;
use hostapi::prints::visible;
use std::fmt;

impl Receipt {
    /// Names and values for people, a line each. A value is as the contract has it: [`visible`] keeps
    /// it within its line.
    #[must_use]
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        self.rows_with(&())
    }

    /// The same, with what `notes` knows. The tree of frames is shown where there are several, and where something is
    /// known of the only one.
    #[must_use]
    pub fn rows_with(&self, notes: &dyn Notes) -> Vec<(&'static str, String)> {
        let [sender, target] = [self.sender, self.target].map(|id| Called { id, notes });
        let tree = |label| self.tree(notes).into_iter().map(move |line| (label, line));
        let is_deeper = self.frames.len() > 1 || !notes.below(0).is_empty();
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
                rows.extend(tree("frames"));
            }
            Some(Work::Nothing) => rows.push(cost),
            Some(Work::NewAccount) => rows.extend([("new account", target.to_string()), cost]),
            Some(Work::Transfer) => rows.extend([
                ("transfer", format!("{sender} to {target}, amount {value}")),
                cost,
            ]),
            Some(Work::SetSchedule {
                from,
                version,
                hash,
            }) => rows.extend([
                (
                    "schedule",
                    format!("version {version} from block {from} on"),
                ),
                ("hash", hex::encode(hash)),
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
                rows.extend(tree("calls").filter(|_| is_deeper));
            }
            Some(Work::Run(run)) => {
                rows.push(("call", format!("{sender} to {target}, value {value}")));
                rows.extend(notes.call(0).map(|call| ("action", call)));
                rows.push(("outcome", self.outcome(notes)));
                rows.extend(self.how_it_ran());
                if !run.returned.is_empty() {
                    let returned = notes.returned(0);
                    let returned = returned.unwrap_or_else(|| hex::encode(&run.returned));
                    rows.push(("returned", returned));
                }
                rows.extend(tree("calls").filter(|_| is_deeper));
            }
        }
        if self.schedule != Schedule::DATA_SHEET.version {
            let name = Schedule::of_version(self.schedule).map_or("?", Schedule::name);
            rows.push(("billed by", format!("{name}, version {}", self.schedule)));
        }
        rows.extend(self.events.iter().map(|event| {
            let id = self.event_source(event).unwrap_or_default();
            let source = Called { id, notes };
            let shown = match notes.event(&id, event) {
                Some(fields) => format!("{source} {} {fields}", event.shown_name()),
                None => format!("{source} {event}"),
            };
            ("event", shown)
        }));
        rows.extend(self.prints().map(|print| ("printed", print.to_string())));
        rows
    }

    /// How it ended, with the meaning of an exit code.
    fn outcome(&self, notes: &dyn Notes) -> String {
        let code = self.verdict.exit_code();
        match code.and_then(|code| notes.error(&self.target, code)) {
            Some(meaning) => format!("{}, {meaning}", self.verdict),
            None => self.verdict.to_string(),
        }
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
