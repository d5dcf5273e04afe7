//! A receipt made by hand, for tests of what is compared with one.

use abi::Semantics;
use bridge::EngineId;
use chain::receipt::{
    ErrorText, Event, Frame, FrameKind, Meters, Receipt, RunReceipt, Verdict, Work,
};
use state::keys::RegId;

/// The contract of the receipt.
pub(crate) const CONTRACT: RegId = [3, 0, 0, 0, 0, 0];

/// A call of [`CONTRACT`] that returned data, told an event, and refused with a text.
pub(crate) fn receipt() -> Receipt {
    let verdict = Verdict::Refused { code: 4 };
    let error = ErrorText::new(b"not\nenough".into());
    let (sender, target) = ([1, 0, 0, 0, 0, 0], CONTRACT);
    let run = RunReceipt {
        semantics: Semantics::V1,
        engine: EngineId::Mcs51,
        code_hash: [0; 32],
        input_hash: [0; 32],
        verdict: verdict.clone(),
        error: error.clone(),
        cycles: 0,
        instructions: 0,
        steps: 0,
        gas: 0,
        host_calls: 0,
        host_log: [0; 32],
        returned: 7u64.to_le_bytes().into(),
        prints: Vec::new(),
    };
    let mut topic = [0; 32];
    topic[..8].copy_from_slice(&5u64.to_le_bytes());
    let event = Event::new(0, b"paid".into(), vec![topic], b"data".into());
    Receipt {
        id: [0; 32],
        height: 3,
        index: 0,
        sender,
        target,
        fee: 0,
        verdict,
        error,
        gas: 0,
        refund: 0,
        schedule: 1,
        meters: Meters::default(),
        write_set: [0; 32],
        frames: vec![Frame {
            parent: None,
            ordinal: 1,
            kind: FrameKind::Action,
            receiver: target,
            caller: sender,
            code: target,
            action: 0,
            value: 0,
            work: Work::Run(run),
        }],
        events: vec![event.expect("it has the form of one")],
    }
}
