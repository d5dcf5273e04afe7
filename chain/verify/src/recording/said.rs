//! What format 2 adds to a recording: how a call ended, what it said, and the contracts that it called.

use super::format::{CpuRow, Hex};
use super::watch::{SeenFrame, Watch};
use bridge::Outcome;
use chain::callees::CalleeRun;
use chain::session::{FinishedRun, TransactionResult};
use hostapi::{CallStatus, Event, Frame};
use serde::{Deserialize, Serialize};

/// What a call under our own rules said, and the contracts that it called.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// How its run ended; none where it was not run.
    pub ended: Option<EndRow>,
    /// Gas given back.
    pub refund: u64,
    /// The data that it returned.
    pub returned: Hex,
    /// Its error text, or that of the contract that aborted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Hex>,
    /// The events of a call that is accepted, in order.
    pub events: Vec<EventRow>,
    /// The frames of the contracts that were called, in the order of entering: the first one is number 1.
    pub frames: Vec<FrameRow>,
}

/// How the run of a contract ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndRow {
    /// `success`, `refused` or `fault`.
    pub outcome: String,
    /// The exit code, where it reached its exit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u8>,
    /// The name of the fault, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRow {
    /// The number of the frame that emitted it; the outermost one is 0.
    pub frame: u16,
    /// Its name.
    pub name: String,
    /// Its topics, 32 bytes each.
    pub topics: Vec<Hex>,
    /// Its data.
    pub data: Hex,
}

/// The frame of a contract that another one called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrameRow {
    /// The number of the frame that entered it.
    pub parent: u16,
    /// Its contract.
    pub contract: Hex,
    /// SHA-256 of the ROM or module.
    pub rom_sha256: Hex,
    /// The contract that entered it.
    pub caller: Hex,
    /// The amount sent to it, in the smallest unit.
    pub value: u64,
    /// Whether nothing could be changed in it.
    pub is_static: bool,
    /// The gas that it could use.
    pub gas_limit: u64,
    /// Its input.
    pub input: Hex,
    /// How its run ended.
    pub ended: EndRow,
    /// Whether it got what it asked for, so that what it did was its caller's to keep.
    pub kept: bool,
    /// The data that it returned.
    pub returned: Hex,
    /// Its error text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Hex>,
    /// Gas used, that of the contracts it called included, as are those below.
    pub gas: u64,
    /// Instructions executed.
    pub insns: u64,
    /// Machine cycles.
    pub machine_cycles: u64,
    /// XDATA 0xEFFD at the end; 0 from an engine that has none.
    pub exit_byte: u8,
    /// The processor at the end; none from an engine that has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_cpu: Option<CpuRow>,
}

impl Said {
    /// What `result` says of a run that `watch` has seen.
    pub(super) fn of(result: &TransactionResult, watch: &Watch) -> Said {
        let Some(run) = result.run() else {
            return Said::default();
        };
        let FinishedRun {
            report,
            transcript,
            callees,
            ..
        } = run;
        let frames = transcript.frames.iter().zip(callees).zip(&watch.frames);
        Said {
            ended: Some((&report.outcome).into()),
            refund: report.usage.refund.0,
            returned: transcript.returned.clone().into(),
            error: transcript.error.clone().map(Hex),
            events: transcript.events.iter().map(EventRow::from).collect(),
            frames: frames
                .map(|((frame, run), seen)| FrameRow::of(frame, run, seen))
                .collect(),
        }
    }
}

impl From<&Outcome> for EndRow {
    fn from(outcome: &Outcome) -> Self {
        EndRow {
            outcome: outcome.name().into(),
            code: outcome.exit_code().map(|code| code.0),
            fault: outcome.fault().map(|fault| fault.name().into()),
        }
    }
}

impl From<&Event> for EventRow {
    fn from(event: &Event) -> Self {
        EventRow {
            frame: event.frame,
            name: event.name.clone(),
            topics: event.topics.iter().map(|&topic| topic.into()).collect(),
            data: event.data.clone().into(),
        }
    }
}

impl FrameRow {
    fn of(frame: &Frame, run: &CalleeRun, seen: &SeenFrame) -> FrameRow {
        FrameRow {
            parent: frame.parent,
            contract: frame.contract.into(),
            rom_sha256: run.contract.code_hash.into(),
            caller: frame.caller.into(),
            value: frame.value,
            is_static: frame.is_static,
            gas_limit: seen.gas_limit,
            input: seen.input.clone(),
            ended: (&run.outcome).into(),
            kept: frame.status == CallStatus::Success,
            returned: frame.returned.clone().into(),
            error: frame.error.clone().map(Hex),
            gas: run.usage.gas.0,
            insns: run.usage.instructions.0,
            machine_cycles: run.usage.cycles.0,
            exit_byte: seen.exit_byte,
            final_cpu: seen.final_cpu.clone(),
        }
    }
}
