//! How receipts are shown.

use crate::error::{Error, Status};
use crate::host_calls::HostCall;
use crate::output::Bytes;
use crate::text::{Page, Text, say};
use crate::tree::{FaultPlace, Known};
use abi::{Name, Schedule};
use bridge::EngineId;
use chain::interface::Typed;
use chain::receipt::{Event, Frame, Meters, Notes};
use chain::{Chain, Receipt, RegIdText, RunReceipt, Work, names};
use serde::Serialize;
use serde_json::Value;
use state::keys::RegId;

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
    /// The contract's own words for its failure.
    error: Option<String>,
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
    /// The data that the contract returned.
    returned: Option<Bytes>,
    /// The call in the words of the contract's ABI.
    typed: Option<TypedReport>,
    events: Vec<EventReport>,
    engine: Option<&'static str>,
    semantics: Option<&'static str>,
    schedule: Option<u16>,
    code_hash: Option<Bytes>,
    code_bytes: Option<u32>,
    /// The hash of the image that the contract had before.
    replaced: Option<Bytes>,
    input_hash: Option<Bytes>,
    host_calls: Option<u32>,
    host_log: Option<Bytes>,
    meters: MetersReport,
    write_set: Bytes,
    frames: Vec<FrameReport>,
    /// How many host calls came after those listed.
    calls_left_out: Option<u32>,
    receipt_hash: Bytes,
    /// The transactions of deferred actions that were executed before it in its block, if there are some and the
    /// command made the block.
    deferred: Option<Vec<DeferredReport>>,
    /// Whether the chain has it; not after a dry run.
    committed: bool,
    #[serde(skip)]
    rows: Vec<(&'static str, String)>,
}

/// A transaction of a deferred action, in short.
#[derive(Debug, Serialize)]
struct DeferredReport {
    transaction: Bytes,
    index: u16,
    outcome: &'static str,
    reason: Option<String>,
}

/// A call in the words of the contract's ABI. A field that is not known is null.
#[derive(Debug, Serialize)]
struct TypedReport {
    action: Option<String>,
    arguments: Option<Value>,
    returned: Option<Value>,
    /// The name of the exit code, and its sentence.
    error: Option<String>,
    error_message: Option<String>,
}

impl TypedReport {
    /// That of a frame, if anything is known.
    fn new(receipt: &Receipt, number: u16, known: &Known) -> Option<TypedReport> {
        let types = known.types();
        let frame = receipt.frames.get(usize::from(number))?;
        let Work::Run(run) = &frame.work else {
            return None;
        };
        let call = types.call(receipt, number);
        let (action, arguments) = call.map(|(name, it)| (name.to_string(), it.value)).unzip();
        let returned = types.returned(receipt, number).map(|it| it.value);
        let code = run.verdict.exit_code();
        let error = code.and_then(|code| types.error(&frame.receiver, code));
        let is_known = action.is_some() || returned.is_some() || error.is_some();
        is_known.then(|| TypedReport {
            action,
            arguments,
            returned,
            error: error.map(|(name, _)| name.to_owned()),
            error_message: error.and_then(|(_, sentence)| sentence).map(str::to_owned),
        })
    }
}

/// What the transaction used in all its frames.
#[derive(Debug, Serialize)]
struct MetersReport {
    cycles: u64,
    instructions: u64,
    steps: i64,
    memory: u64,
    state_bytes: i64,
    host_calls: u32,
}

impl From<Meters> for MetersReport {
    fn from(meters: Meters) -> Self {
        let Meters {
            cycles,
            instructions,
            steps,
            memory,
            state_bytes,
            host_calls,
        } = meters;
        MetersReport {
            cycles,
            instructions,
            steps,
            memory,
            state_bytes,
            host_calls,
        }
    }
}

/// A piece of the transaction's work. A field that does not apply is null.
#[derive(Debug, Serialize)]
pub(crate) struct FrameReport {
    parent: Option<u16>,
    /// When it was asked for, among all frames, counted from 1.
    ordinal: u16,
    kind: &'static str,
    receiver: String,
    /// Its local name.
    receiver_name: Option<String>,
    caller: String,
    code: String,
    /// The action's name.
    action: Option<String>,
    value: u64,
    work: &'static str,
    typed: Option<TypedReport>,
    #[serde(flatten)]
    ran: RunReport,
    /// Where it faulted, on the 8051.
    place: Option<FaultPlace>,
    /// Its host calls.
    calls: Option<Vec<HostCall>>,
}

/// The run of a frame, or null in all of it.
#[derive(Debug, Default, Serialize)]
struct RunReport {
    outcome: Option<&'static str>,
    exit_code: Option<u8>,
    fault: Option<String>,
    reason: Option<String>,
    error: Option<String>,
    engine: Option<&'static str>,
    semantics: Option<&'static str>,
    code_hash: Option<Bytes>,
    input_hash: Option<Bytes>,
    machine_cycles: Option<u64>,
    instructions: Option<u64>,
    steps: Option<i64>,
    gas: Option<u64>,
    host_calls: Option<u32>,
    host_log: Option<Bytes>,
    returned: Option<Bytes>,
    prints: Vec<String>,
}

/// The frames of a receipt.
pub(crate) fn frames(receipt: &Receipt, known: &Known) -> Vec<FrameReport> {
    let numbered = receipt.frames.iter().zip(0..=u16::MAX);
    numbered
        .map(|(frame, number)| FrameReport::new(receipt, frame, number, known))
        .collect()
}

impl FrameReport {
    /// The frame of this number.
    fn new(receipt: &Receipt, frame: &Frame, number: u16, known: &Known) -> Self {
        let [receiver, caller, code] =
            [frame.receiver, frame.caller, frame.code].map(|id| RegIdText(id).to_string());
        let (work, ran) = match &frame.work {
            Work::NewAccount => ("account", RunReport::default()),
            Work::Transfer => ("transfer", RunReport::default()),
            Work::Nothing => ("nothing", RunReport::default()),
            Work::Deploy { .. } => ("deploy", RunReport::default()),
            Work::Undeploy { .. } => ("undeploy", RunReport::default()),
            Work::SetSchedule { .. } => ("schedule", RunReport::default()),
            Work::Run(run) => ("run", RunReport::from(run)),
        };
        FrameReport {
            parent: frame.parent,
            ordinal: frame.ordinal,
            kind: frame.kind.name(),
            receiver,
            receiver_name: known.name(&frame.receiver).map(str::to_owned),
            caller,
            code,
            action: (frame.action != 0).then(|| Name(frame.action).to_string()),
            value: frame.value,
            work,
            typed: TypedReport::new(receipt, number, known),
            ran,
            place: known.place(number).cloned(),
            calls: known.calls(number),
        }
    }
}

impl From<&RunReceipt> for RunReport {
    fn from(run: &RunReceipt) -> Self {
        let on_8051 = run.engine == EngineId::Mcs51;
        RunReport {
            outcome: Some(run.verdict.name()),
            exit_code: run.verdict.exit_code(),
            fault: run.verdict.fault().map(Into::into),
            reason: run.verdict.reason().map(Into::into),
            error: run.error.as_ref().map(ToString::to_string),
            engine: Some(run.engine.name()),
            semantics: Some(run.semantics.name()),
            code_hash: Some(Bytes(run.code_hash.to_vec())),
            input_hash: Some(Bytes(run.input_hash.to_vec())),
            machine_cycles: on_8051.then_some(run.cycles),
            instructions: on_8051.then_some(run.instructions),
            steps: on_8051.then_some(run.steps),
            gas: Some(run.gas),
            host_calls: Some(run.host_calls),
            host_log: Some(Bytes(run.host_log.to_vec())),
            returned: Some(Bytes(run.returned.clone())),
            prints: run.prints.iter().map(ToString::to_string).collect(),
        }
    }
}

/// An event of a contract.
#[derive(Debug, Serialize)]
pub(crate) struct EventReport {
    frame: u16,
    contract: String,
    name: String,
    topics: Vec<Bytes>,
    data: Bytes,
    /// Its fields by the contract's ABI.
    fields: Option<Value>,
}

impl EventReport {
    /// An event of the contract `source`.
    pub(crate) fn new(source: RegId, event: &Event, types: &Typed) -> EventReport {
        let topics = event.topics().iter();
        EventReport {
            frame: event.frame(),
            contract: RegIdText(source).to_string(),
            name: event.shown_name(),
            topics: topics.map(|topic| Bytes(topic.to_vec())).collect(),
            data: Bytes(event.data().to_vec()),
            fields: types.event(&source, event).map(|it| it.value),
        }
    }
}

impl Report {
    /// The receipt alone, with the local names that `chain` has.
    ///
    /// # Errors
    /// If the store can't be read.
    pub(crate) fn of(chain: &Chain, receipt: &Receipt, committed: bool) -> Result<Report, Error> {
        let names = names::in_receipt(chain.store(), receipt)?;
        let body = chain.body(&receipt.id)?;
        let typed = Typed::of(&mut chain.state(), receipt, body.as_ref().into())?;
        let known = Known::names(names).typed(receipt, typed);
        Ok(Report::new(receipt, &known, committed))
    }

    pub(crate) fn new(receipt: &Receipt, known: &Known, committed: bool) -> Report {
        let mut report = Report {
            transaction: Bytes(receipt.id.into()),
            height: receipt.height,
            index: receipt.index,
            kind: "account",
            from: RegIdText(receipt.sender).to_string(),
            to: RegIdText(receipt.target).to_string(),
            outcome: receipt.verdict.name(),
            exit_code: None,
            fault: receipt.verdict.fault().map(Into::into),
            reason: receipt.verdict.reason().map(Into::into),
            error: receipt.error.as_ref().map(ToString::to_string),
            machine_cycles: None,
            instructions: None,
            steps: None,
            gas: receipt.gas,
            refund: receipt.refund,
            charged: receipt.gas_charged(),
            fee: receipt.fee,
            value: receipt.value(),
            output: receipt.prints().map(ToString::to_string).collect(),
            returned: None,
            typed: None,
            events: (receipt.events.iter())
                .map(|event| {
                    let source = receipt.event_source(event).unwrap_or_default();
                    EventReport::new(source, event, known.types())
                })
                .collect(),
            engine: None,
            semantics: None,
            // Of a transaction that runs nothing, where it is not the usual one.
            schedule: (receipt.schedule != Schedule::DATA_SHEET.version)
                .then_some(receipt.schedule),
            code_hash: None,
            code_bytes: None,
            replaced: None,
            input_hash: None,
            host_calls: None,
            host_log: None,
            meters: receipt.meters.into(),
            write_set: Bytes(receipt.write_set.into()),
            frames: frames(receipt, known),
            calls_left_out: known.calls_left_out(),
            receipt_hash: Bytes(receipt.hash().into()),
            deferred: None,
            committed,
            rows: receipt.rows_with(known),
        };
        let on_8051 = receipt.runs().any(|run| run.engine == EngineId::Mcs51);
        match receipt.frames.first().map(|frame| &frame.work) {
            _ if receipt.is_list() => {
                report.kind = "actions";
                report.exit_code = receipt.verdict.exit_code();
                report.schedule = Some(receipt.schedule);
                report.host_calls = Some(receipt.meters.host_calls);
            }
            None | Some(Work::NewAccount | Work::Nothing | Work::SetSchedule { .. }) => {}
            Some(Work::Transfer) => report.kind = "transfer",
            Some(Work::Undeploy { code_hash }) => {
                report.kind = "undeploy";
                report.replaced = Some(Bytes(code_hash.to_vec()));
            }
            Some(Work::Deploy {
                replaced,
                code_hash,
                semantics,
                engine,
                code_bytes,
                ..
            }) => {
                report.kind = match replaced {
                    None => "deploy",
                    Some(_) => "upgrade",
                };
                report.replaced = replaced.map(|hash| Bytes(hash.to_vec()));
                report.engine = Some(engine.name());
                report.semantics = Some(semantics.name());
                report.code_hash = Some(Bytes(code_hash.to_vec()));
                report.code_bytes = Some(*code_bytes);
            }
            Some(Work::Run(run)) => {
                report.kind = "call";
                report.exit_code = receipt.verdict.exit_code();
                report.returned = Some(Bytes(run.returned.clone()));
                report.typed = TypedReport::new(receipt, 0, known);
                report.engine = Some(run.engine.name());
                report.semantics = Some(run.semantics.name());
                report.schedule = Some(receipt.schedule);
                report.code_hash = Some(Bytes(run.code_hash.to_vec()));
                report.input_hash = Some(Bytes(run.input_hash.to_vec()));
                report.host_calls = Some(receipt.meters.host_calls);
                report.host_log = Some(Bytes(run.host_log.to_vec()));
            }
        }
        if on_8051 {
            report.machine_cycles = Some(receipt.meters.cycles);
            report.instructions = Some(receipt.meters.instructions);
            report.steps = Some(receipt.meters.steps);
        }
        report
    }

    /// The same with the transactions of deferred actions that are before it in its block.
    pub(crate) fn behind(mut self, deferred: &[Receipt]) -> Report {
        let short = |receipt: &Receipt| DeferredReport {
            transaction: Bytes(receipt.id.into()),
            index: receipt.index,
            outcome: receipt.verdict.name(),
            reason: receipt.verdict.reason().map(Into::into),
        };
        let deferred: Vec<_> = deferred.iter().map(short).collect();
        let failed = deferred.iter().filter(|it| it.outcome != "success").count();
        if !deferred.is_empty() {
            let failed = match failed {
                0 => String::new(),
                failed => format!(", of which {failed} failed"),
            };
            let shown = match self.committed {
                true => format!("; smart51 block {} shows them", self.height),
                false => String::new(),
            };
            let count = deferred.len();
            let row = format!("{count} executed before it in its block{failed}{shown}");
            self.rows.push(("deferred", row));
        }
        self.deferred = Some(deferred).filter(|deferred| !deferred.is_empty());
        self
    }

    /// The height of its block.
    pub(crate) fn height(&self) -> u32 {
        self.height
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
        if let Some(left_out @ 1..) = self.calls_left_out {
            say!(page, "{:<12} and {left_out} more host calls", "");
        }
        if !self.committed {
            say!(page, "not kept     this was a dry run");
        }
    }
}
