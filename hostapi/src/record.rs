//! [`Recorder`]: notes every call that goes through it.

use crate::failure::Failure;
use crate::host::{Answer, CallEnd, HostApi, HostFault, Status};
use abi::codec;
use abi::{Gas, Semantics};

/// One call into the host, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRecord {
    /// The method's number, as the contract gave it.
    pub method: u16,
    /// The items of the request; `None` where the buffer holds no sound frame.
    pub args: Option<Vec<Vec<u8>>>,
    /// The frame as it lay in the buffer: the total and as many bytes as it claims, at most the buffer.
    pub frame: Vec<u8>,
    /// The answer, or why the call ended the run.
    pub result: Result<RecordedAnswer, HostFault>,
}

/// An [`Answer`] that was noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedAnswer {
    /// Whether the call was served.
    pub status: Status,
    /// The items of the reply, also of one that is not delivered.
    pub reply: Vec<Vec<u8>>,
    /// Whether the reply is too large to be delivered under the old rules; under ours the run ends there.
    pub dropped: bool,
    /// The old chain's adjustment of the step counter.
    pub step_delta: i64,
    /// What the host charged.
    pub gas: Gas,
    /// What the host gives back.
    pub refund: Gas,
}

impl CallRecord {
    /// The number that the original has for what came of the call: 1 served, 0 not served, -1 for a
    /// hundredth output record. `None` where its host never came back.
    #[must_use]
    pub fn status(&self) -> Option<i8> {
        match &self.result {
            Ok(RecordedAnswer {
                status: Status::Done,
                ..
            }) => Some(1),
            Ok(RecordedAnswer {
                status: Status::Refused,
                ..
            }) => Some(0),
            Err(HostFault::TooManyOutputs) => Some(-1),
            Err(_) => None,
        }
    }

    fn new(method: u16, request: &[u8], result: Result<RecordedAnswer, HostFault>) -> CallRecord {
        let mut args = Vec::new();
        let is_sound = codec::scan(request, |item| args.push(item.to_vec())).is_ok();
        let total = request
            .first_chunk()
            .map_or(0, |total| usize::from(u16::from_le_bytes(*total)));
        let frame = request[..request.len().min(2 + total)].to_vec();
        CallRecord {
            method,
            args: is_sound.then_some(args),
            frame,
            result,
        }
    }
}

impl RecordedAnswer {
    fn new(answer: &Answer<'_>) -> RecordedAnswer {
        let mut reply = Vec::new();
        let mut rest = answer.reply;
        while let Some((length, tail)) = rest.split_first_chunk() {
            let (item, next) =
                tail.split_at(usize::from(u16::from_le_bytes(*length)).min(tail.len()));
            reply.push(item.to_vec());
            rest = next;
        }
        RecordedAnswer {
            status: answer.status,
            reply,
            dropped: answer.status == Status::Done
                && !codec::reply_fits(Semantics::Dacrs2017, answer.reply.len()),
            step_delta: answer.step_delta,
            gas: answer.gas,
            refund: answer.refund,
        }
    }
}

/// Passes calls on to another host and notes each. A call that was not served, for want of gas or because the node failed, is not noted.
#[derive(Debug)]
pub struct Recorder<H> {
    host: H,
    calls: Vec<CallRecord>,
}

impl<H> Recorder<H> {
    /// A recorder of the calls to `host`.
    pub fn new(host: H) -> Recorder<H> {
        Recorder {
            host,
            calls: Vec::new(),
        }
    }

    /// The calls up to now, in order.
    #[must_use]
    pub fn calls(&self) -> &[CallRecord] {
        &self.calls
    }

    /// The host and the calls.
    #[must_use]
    pub fn into_parts(self) -> (H, Vec<CallRecord>) {
        (self.host, self.calls)
    }
}

impl<H: HostApi> HostApi for Recorder<H> {
    fn call(&mut self, method: u16, request: &[u8]) -> Result<Answer<'_>, Failure<CallEnd>> {
        let result = self.host.call(method, request);
        let noted = match &result {
            Ok(answer) => Ok(RecordedAnswer::new(answer)),
            Err(Failure::Contract(CallEnd::Fault(fault))) => Err(*fault),
            Err(_) => return result,
        };
        self.calls.push(CallRecord::new(method, request, noted));
        result
    }

    fn allow(&mut self, gas: Gas) {
        self.host.allow(gas);
    }
}
