//! How receipts are shown.

use crate::error::Status;
use crate::output::Bytes;
use crate::text::{Page, Text, say};
use bridge::EngineId;
use chain::{ActionReceipt, Receipt, RegIdText};
use serde::Serialize;

/// A receipt as it is printed. A field that does not apply is null.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    transaction: Bytes,
    height: u32,
    index: u16,
    kind: &'static str,
    from: String,
    to: String,
    outcome: &'static str,
    exit_code: Option<u8>,
    fault: Option<String>,
    reason: Option<String>,
    machine_cycles: Option<u64>,
    instructions: Option<u64>,
    steps: Option<i64>,
    /// Gas used, before anything was given back.
    gas: u64,
    refund: u64,
    /// What is left of `gas` without `refund`.
    charged: u64,
    fee: u64,
    value: u64,
    output: Vec<String>,
    engine: Option<&'static str>,
    semantics: Option<&'static str>,
    schedule: Option<u16>,
    code_hash: Option<Bytes>,
    code_bytes: Option<u32>,
    input_hash: Option<Bytes>,
    host_calls: Option<u32>,
    host_log: Option<Bytes>,
    receipt_hash: Bytes,
    /// Whether the chain has it; not after a dry run.
    committed: bool,
    #[serde(skip)]
    rows: Vec<(&'static str, String)>,
}

impl Report {
    pub(crate) fn new(receipt: &Receipt, committed: bool) -> Report {
        let mut report = Report {
            transaction: Bytes(receipt.id.into()),
            height: receipt.height,
            index: receipt.index,
            kind: "account",
            from: RegIdText(receipt.sender).to_string(),
            to: RegIdText(receipt.target).to_string(),
            outcome: "success",
            exit_code: None,
            fault: None,
            reason: None,
            machine_cycles: None,
            instructions: None,
            steps: None,
            gas: receipt.gas(),
            refund: receipt.gas() - receipt.gas_charged(),
            charged: receipt.gas_charged(),
            fee: receipt.fee,
            value: 0,
            output: Vec::new(),
            engine: None,
            semantics: None,
            schedule: None,
            code_hash: None,
            code_bytes: None,
            input_hash: None,
            host_calls: None,
            host_log: None,
            receipt_hash: Bytes(receipt.hash().into()),
            committed,
            rows: receipt.rows(),
        };
        match &receipt.action {
            ActionReceipt::NewAccount { .. } => {}
            ActionReceipt::Transfer { amount, .. } => {
                report.kind = "transfer";
                report.value = *amount;
            }
            ActionReceipt::Deploy {
                code_hash,
                semantics,
                engine,
                code_bytes,
                ..
            } => {
                report.kind = "deploy";
                report.engine = Some(engine.name());
                report.semantics = Some(semantics.name());
                report.code_hash = Some(Bytes(code_hash.to_vec()));
                report.code_bytes = Some(*code_bytes);
                if let Some(reason) = receipt.refusal() {
                    report.outcome = "refused";
                    report.reason = Some(reason.into());
                }
            }
            ActionReceipt::Call(call) => {
                report.kind = "call";
                report.outcome = call.verdict.name();
                report.exit_code = call.verdict.exit_code();
                report.fault = call.verdict.fault().map(Into::into);
                report.reason = call.verdict.reason().map(Into::into);
                if call.engine == EngineId::Mcs51 {
                    report.machine_cycles = Some(call.cycles);
                    report.instructions = Some(call.instructions);
                    report.steps = Some(call.steps);
                }
                report.value = call.value;
                report.output = call.prints.iter().map(ToString::to_string).collect();
                report.engine = Some(call.engine.name());
                report.semantics = Some(call.semantics.name());
                report.schedule = Some(call.schedule);
                report.code_hash = Some(Bytes(call.code_hash.to_vec()));
                report.input_hash = Some(Bytes(call.input_hash.to_vec()));
                report.host_calls = Some(call.host_calls);
                report.host_log = Some(Bytes(call.host_log.to_vec()));
            }
        }
        report
    }

    /// What to say of it when it can't be shown though the chain has it.
    pub(crate) fn committed(&self) -> String {
        format!(
            "the transaction is in block {}: smart51 receipt {} shows it",
            self.height, self.transaction
        )
    }

    /// The exit status that goes with it.
    pub(crate) fn status(&self) -> Status {
        if self.outcome == "success" {
            Status::Success
        } else {
            Status::Refused
        }
    }
}

impl Text for Report {
    fn text(&self, page: &mut Page) {
        for (name, value) in &self.rows {
            say!(page, "{name:<12} {value}");
        }
        if !self.committed {
            say!(page, "not kept     this was a dry run");
        }
    }
}
