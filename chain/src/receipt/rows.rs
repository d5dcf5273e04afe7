//! Receipts as people read them.

use super::{ActionReceipt, CallReceipt, Receipt};
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
        let mut rows = vec![
            ("transaction", hex::encode(self.id)),
            ("block", format!("{}, index {}", self.height, self.index)),
        ];
        match &self.action {
            ActionReceipt::NewAccount { gas } => rows.extend([
                ("new account", target.to_string()),
                ("cost", format!("{gas} gas, fee {}", self.fee)),
            ]),
            ActionReceipt::Transfer { amount, gas } => rows.extend([
                ("transfer", format!("{sender} to {target}, amount {amount}")),
                ("cost", format!("{gas} gas, fee {}", self.fee)),
            ]),
            ActionReceipt::Deploy {
                code_hash,
                semantics,
                engine,
                code_bytes,
                gas,
                refusal,
            } => {
                match refusal {
                    None => rows.push(("deploy", format!("{target}, by {sender}"))),
                    Some(reason) => rows.extend([
                        ("deploy", format!("nothing, by {sender}")),
                        ("outcome", format!("refused: {reason}")),
                    ]),
                }
                rows.extend([
                    (
                        "code",
                        format!("{} ({code_bytes} bytes)", hex::encode(code_hash)),
                    ),
                    ("engine", format!("{engine}, semantics {semantics}")),
                    ("cost", format!("{gas} gas, fee {}", self.fee)),
                ]);
            }
            ActionReceipt::Call(call) => {
                let CallReceipt {
                    cycles,
                    instructions,
                    steps,
                    gas,
                    refund,
                    value,
                    verdict,
                    ..
                } = call.as_ref();
                rows.extend([
                    ("call", format!("{sender} to {target}, value {value}")),
                    ("outcome", verdict.to_string()),
                ]);
                // WebAssembly has none of these.
                if call.engine == EngineId::Mcs51 {
                    let ran = format!(
                        "{cycles} machine cycles, {instructions} instructions, {steps} steps"
                    );
                    rows.push(("ran", ran));
                }
                rows.extend([(
                    "cost",
                    format!("{gas} gas less {refund} given back, fee {}", self.fee),
                )]);
                let prints = call.prints.iter();
                rows.extend(prints.map(|print| ("printed", print.to_string())));
            }
        }
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
