//! The frames of a receipt: what the host, the driver and the log each know of them, put together.

use crate::callees::CalleeRun;
use crate::receipt::{ErrorText, Frame, FrameKind, RunReceipt, Verdict, Work};
use bridge::Outcome;
use hostapi::CallStatus;
use state::keys::Hash;

/// The outermost frame and those that were entered, in order: as the host saw them, their runs, and the calls of each
/// with the hash of its log. Cycles, instructions and steps become each frame's own; gas stays with its callees'.
pub(super) fn of(
    outermost: Frame,
    seen: Vec<hostapi::Frame>,
    runs: Vec<CalleeRun>,
    logs: &[(u32, Hash)],
) -> Vec<Frame> {
    let mut frames = Vec::with_capacity(1 + seen.len());
    frames.push(outermost);
    let entered = seen.into_iter().zip(runs).zip(logs);
    for (((seen, run), (host_calls, host_log)), ordinal) in entered.zip(2..) {
        let usage = run.usage;
        frames.push(Frame {
            parent: Some(seen.parent),
            ordinal,
            kind: match seen.is_static {
                true => FrameKind::StaticCall,
                false => FrameKind::Call,
            },
            receiver: seen.contract,
            caller: seen.caller,
            code: seen.contract,
            action: 0,
            value: seen.value,
            work: Work::Run(RunReceipt {
                semantics: run.contract.semantics,
                engine: run.contract.engine,
                code_hash: run.contract.code_hash,
                input_hash: run.input_hash,
                verdict: verdict(run.outcome, seen.status, seen.refusal),
                error: seen.error.and_then(ErrorText::new),
                cycles: usage.cycles.0,
                instructions: usage.instructions.0,
                steps: usage.steps,
                gas: usage.gas.0,
                host_calls: *host_calls,
                host_log: *host_log,
                returned: seen.returned,
                prints: seen.prints,
            }),
        });
    }
    // Each takes what it used from its caller's, before its own callees take theirs from it.
    for number in 1..frames.len() {
        let (callers, from) = frames.split_at_mut(number);
        let Some(frame) = from.first() else { continue };
        let caller = frame.parent.and_then(|at| callers.get_mut(usize::from(at)));
        if let (Work::Run(used), Some(Work::Run(caller))) =
            (&frame.work, caller.map(|frame| &mut frame.work))
        {
            caller.cycles = caller.cycles.saturating_sub(used.cycles);
            caller.instructions = caller.instructions.saturating_sub(used.instructions);
            caller.steps = caller.steps.saturating_sub(used.steps);
        }
    }
    frames
}

/// How a called contract ended, for its caller.
fn verdict(outcome: Outcome, status: CallStatus, refusal: Option<String>) -> Verdict {
    match (status, refusal) {
        (CallStatus::Refused(_), Some(reason)) => Verdict::SettlementFailed { reason },
        _ => outcome.into(),
    }
}
