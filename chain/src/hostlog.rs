//! The host-call log: what a contract and its host said to each other, in a form that does not depend on
//! the engine.
//!
//! Each call is written as
//!
//! ```text
//! method 2 · status 1 (1 served, 0 refused, 2 ended the run) · request items · reply items
//! ```
//!
//! where a list of items is its length in bytes (LE32) and the items as framed for contracts. A method
//! without arguments, and a request that is no frame, have no request items. Each frame has a log of its own; the
//! call that entered it has the hash of that log as its last reply item.

use crate::wire::{Reader, Writer};
use abi::codec;
use abi::method;
use bridge::{CallObserver, Cpu, Entered, FrameEnd, HostCall, HostReply, MachineView, Observer};
use hostapi::Status;
use hostapi::hash::{Blake2b, blake2b};
use state::keys::Hash;
use std::collections::BTreeMap;
use std::ops::ControlFlow::{self, Continue};

/// The status of a call until it is answered; it stays where the call ended the run.
const ENDED: u8 = 2;

/// The bytes of the log that are collected before they are hashed.
const COLLECTED: usize = 4096;

/// Where the calls of a run are usually kept that somebody asked to see: room for some 250,000 small ones.
pub const USUAL_ROOM: usize = 16 << 20;

/// What a kept call takes besides the bytes of its log, in bytes.
const CALL_SIZE: usize = 64;

/// Makes the host-call log of a run. It is hashed as it goes, so it holds one call and not the run; calls are
/// kept only where somebody asked for them.
pub(crate) struct HostLog<'o> {
    /// Nothing as long as the log is short.
    hasher: Option<Blake2b>,
    /// What is not hashed yet; the call under way stands at its end.
    bytes: Writer,
    calls: u32,
    kept: Option<&'o mut Kept>,
    /// Why the call under way was refused; it is in no log.
    reason: Option<&'static str>,
    /// Where in `bytes` the call under way begins.
    call_at: usize,
    /// The number of the outermost frame.
    first: u16,
    /// The number of the running frame.
    frame: u16,
    /// The logs of the frames that wait, the outermost one first.
    callers: Vec<CallerLog>,
    /// The calls of each frame that another one entered, in order, and the hash of its log.
    entered: Vec<(u32, Hash)>,
    /// The hash of the log of the frame that ended last, until the call that entered it is answered.
    callee: Option<Hash>,
}

/// The log of a frame that waits for another one.
struct CallerLog {
    hasher: Option<Blake2b>,
    bytes: Writer,
    calls: u32,
    call_at: usize,
    frame: u16,
}

/// The host-call logs of a transaction.
pub(crate) struct Logs {
    /// The number of calls of the outermost frame.
    pub(crate) calls: u32,
    /// BLAKE2b of its log.
    pub(crate) hash: Hash,
    /// The same of each frame that another one entered, in order.
    pub(crate) entered: Vec<(u32, Hash)>,
    /// The buffer.
    pub(crate) buffer: Vec<u8>,
}

impl<'o> HostLog<'o> {
    /// An empty log that uses the memory of `buffer`, and keeps its calls in `kept`.
    pub(crate) fn new(buffer: Vec<u8>, kept: Option<&'o mut Kept>) -> Self {
        HostLog::after(0, buffer, kept)
    }

    /// The same for a run before which the transaction began so many frames.
    pub(crate) fn after(frames: u16, mut buffer: Vec<u8>, kept: Option<&'o mut Kept>) -> Self {
        buffer.clear();
        HostLog {
            first: frames,
            hasher: None,
            bytes: Writer(buffer),
            calls: 0,
            kept,
            reason: None,
            call_at: 0,
            frame: frames,
            callers: Vec::new(),
            entered: Vec::new(),
            callee: None,
        }
    }

    /// Ends the logs.
    pub(crate) fn finish(mut self) -> Logs {
        self.end_call();
        Logs {
            calls: self.calls,
            hash: hash(self.hasher, &self.bytes.0),
            entered: self.entered,
            buffer: self.bytes.end(),
        }
    }

    #[cold]
    fn hash_collected(&mut self) {
        self.hasher.get_or_insert_default().update(&self.bytes.0);
        self.bytes.0.clear();
    }

    /// The call under way, if there is one, is as it stays.
    #[inline]
    fn end_call(&mut self) {
        if let Some(kept) = &mut self.kept
            && self.call_at < self.bytes.0.len()
        {
            kept.add(
                self.frame,
                &self.bytes.0[self.call_at..],
                self.reason.take(),
            );
        }
        if self.bytes.0.len() >= COLLECTED {
            self.hash_collected();
        }
        self.call_at = self.bytes.0.len();
    }
}

impl Observer for HostLog<'_> {
    fn wants_instructions(&self) -> bool {
        false
    }
}

impl CallObserver for HostLog<'_> {
    fn host_call(&mut self, call: &HostCall<'_>) -> ControlFlow<()> {
        self.end_call();
        self.calls = self.calls.saturating_add(1);
        let [low, high] = call.method.to_le_bytes();
        self.bytes.array(&[low, high, ENDED]);
        self.bytes.bytes(request_items(call));
        self.bytes.u32(0);
        Continue(())
    }

    fn host_reply(&mut self, reply: &HostReply<'_>) -> ControlFlow<()> {
        self.bytes.0[self.call_at + 2] = match reply.answer.status {
            Status::Done => 1,
            Status::Refused => 0,
        };
        self.reason = reply.answer.reason;
        // The empty reply gives way to the real one.
        self.bytes.0.truncate(self.bytes.0.len() - 4);
        match self.callee.take() {
            None => self.bytes.bytes(reply.answer.reply),
            Some(hash) => {
                let mut items = reply.answer.reply.to_vec();
                codec::push_item(&mut items, &hash);
                self.bytes.bytes(&items);
            }
        }
        Continue(())
    }

    fn entered(&mut self, _: &Entered) {
        self.entered.push((0, Hash::default()));
        let number = u16::try_from(self.entered.len()).unwrap_or(u16::MAX);
        let number = self.first.saturating_add(number);
        self.callers.push(CallerLog {
            hasher: std::mem::take(&mut self.hasher),
            bytes: std::mem::take(&mut self.bytes),
            calls: std::mem::take(&mut self.calls),
            call_at: std::mem::take(&mut self.call_at),
            frame: std::mem::replace(&mut self.frame, number),
        });
    }

    fn stopped(&mut self, machine: MachineView<'_>) {
        if let Some(kept) = &mut self.kept {
            kept.stops.insert(self.frame, Stop::of(machine.cpu));
        }
    }

    fn left(&mut self, _: &FrameEnd) {
        self.end_call();
        let Some(caller) = self.callers.pop() else {
            return;
        };
        let hasher = std::mem::replace(&mut self.hasher, caller.hasher);
        let hash = hash(hasher, &self.bytes.0);
        let calls = std::mem::replace(&mut self.calls, caller.calls);
        let frame = std::mem::replace(&mut self.frame, caller.frame);
        self.bytes = caller.bytes;
        self.call_at = caller.call_at;
        if let Some(done) = self
            .entered
            .get_mut(usize::from(frame - self.first).wrapping_sub(1))
        {
            *done = (calls, hash);
        }
        self.callee = Some(hash);
    }
}

/// The hash of a log of which `bytes` are not hashed yet.
fn hash(hasher: Option<Blake2b>, bytes: &[u8]) -> Hash {
    match hasher {
        None => blake2b(bytes),
        Some(mut hasher) => {
            hasher.update(bytes);
            hasher.hash()
        }
    }
}

/// The framed items of a request, without the total in front of them.
fn request_items<'a>(call: &HostCall<'a>) -> &'a [u8] {
    let takes_none = method::spec(call.method).is_some_and(|spec| !spec.reads_request());
    if takes_none || codec::scan(call.request, |_| ()).is_err() {
        return &[];
    }
    let Some((total, items)) = call.request.split_first_chunk() else {
        return &[];
    };
    items
        .get(..usize::from(u16::from_le_bytes(*total)))
        .unwrap_or_default()
}

/// One call of a host-call log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedCall {
    /// The number of the frame that made it; the transaction's first one is 0.
    pub frame: u16,
    /// The method's number, as the contract gave it.
    pub method: u16,
    /// 1 served, 0 refused, 2 ended the run.
    pub status: u8,
    /// Why it was refused, as far as the host says so.
    pub reason: Option<&'static str>,
    /// The items of the request.
    pub args: Vec<Vec<u8>>,
    /// The items of the reply, also of one that did not fit.
    pub reply: Vec<Vec<u8>>,
}

/// The calls of a run, as many of its first ones as there was room for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostCalls {
    /// The calls, in order.
    pub calls: Vec<LoggedCall>,
    /// How many came after them.
    pub left_out: u32,
    /// Where the frames of an 8051 stopped for good, by their numbers.
    pub stops: BTreeMap<u16, Stop>,
}

/// Where an 8051 stopped for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// PC.
    pub pc: u16,
    /// The bytes on its stack, at most [`Stop::STACK`], the newest first.
    pub stack: Vec<u8>,
}

impl Stop {
    /// The most bytes of a stack that are kept.
    pub const STACK: usize = 64;

    /// Where this processor is.
    #[must_use]
    pub fn of(cpu: &Cpu) -> Stop {
        let stack = (0..=cpu.sp()).rev().take(Stop::STACK);
        Stop {
            pc: cpu.pc(),
            stack: stack.map(|at| cpu.iram(at)).collect(),
        }
    }
}

/// Keeps the calls of a run in a certain room.
#[derive(Debug)]
pub(crate) struct Kept {
    room: usize,
    /// What of the room is left.
    free: usize,
    log: Vec<u8>,
    calls: usize,
    /// Why calls were refused, by their places in `log`, counted from 0.
    reasons: BTreeMap<usize, &'static str>,
    left_out: u32,
    stops: BTreeMap<u16, Stop>,
}

impl Kept {
    /// Room for so many bytes.
    pub(crate) const fn new(room: usize) -> Kept {
        Kept {
            room,
            free: room,
            log: Vec::new(),
            calls: 0,
            reasons: BTreeMap::new(),
            left_out: 0,
            stops: BTreeMap::new(),
        }
    }

    /// Forgets all calls.
    pub(crate) fn clear(&mut self) {
        *self = Kept {
            log: std::mem::take(&mut self.log),
            ..Kept::new(self.room)
        };
        self.log.clear();
    }

    /// Keeps a call of this frame, unless one was left out already.
    fn add(&mut self, frame: u16, call: &[u8], reason: Option<&'static str>) {
        match self.free.checked_sub(call.len() + CALL_SIZE) {
            Some(free) if self.left_out == 0 => {
                self.free = free;
                self.log.extend_from_slice(&frame.to_le_bytes());
                self.log.extend_from_slice(call);
                self.reasons
                    .extend(reason.map(|reason| (self.calls, reason)));
                self.calls += 1;
            }
            _ => self.left_out = self.left_out.saturating_add(1),
        }
    }

    /// The calls.
    pub(crate) fn calls(&self) -> HostCalls {
        HostCalls {
            calls: read(&self.log, &self.reasons),
            left_out: self.left_out,
            stops: self.stops.clone(),
        }
    }
}

/// The calls of what is kept: each the number of its frame and the call as logged.
fn read(log: &[u8], reasons: &BTreeMap<usize, &'static str>) -> Vec<LoggedCall> {
    let mut r = Reader(log);
    let items = |framed| codec::reply_items(framed).map(<[u8]>::to_vec).collect();
    let next = || {
        Some(LoggedCall {
            frame: r.u16()?,
            method: r.u16()?,
            status: r.u8()?,
            reason: None,
            args: items(r.bytes()?),
            reply: items(r.bytes()?),
        })
    };
    let mut calls: Vec<_> = std::iter::from_fn(next).collect();
    for (at, reason) in reasons {
        if let Some(call) = calls.get_mut(*at) {
            call.reason = Some(reason);
        }
    }
    calls
}

#[cfg(test)]
mod tests {
    use super::*;
    use abi::Gas;
    use bridge::Usage;
    use hostapi::Answer;

    /// A call of method 19 with an argument of so many bytes, refused.
    fn call(log: &mut HostLog<'_>, length: usize) {
        let request = codec::request(&[&vec![7; length]]);
        let _ = log.host_call(&HostCall {
            method: method::DB_READ,
            request: &request,
            usage: Usage::default(),
            machine: None,
        });
        let _ = log.host_reply(&HostReply {
            answer: Answer {
                status: Status::Refused,
                reply: &[],
                step_delta: 0,
                gas: Gas::ZERO,
                refund: Gas::ZERO,
                reason: None,
            },
            fits: true,
        });
    }

    /// The bytes of such a call in the log.
    fn logged(length: usize) -> Vec<u8> {
        let mut w = Writer::default();
        w.u16(method::DB_READ);
        w.u8(0);
        w.bytes(&codec::request(&[&vec![7; length]])[2..]);
        w.bytes(&[]);
        w.end()
    }

    #[test]
    fn a_log_is_hashed_as_it_goes_and_holds_nothing() {
        for (calls, length) in [(0, 0), (1, 9), (3, 4000), (50_000, 3), (2000, 4000)] {
            let mut log = HostLog::new(Vec::new(), None);
            (0..calls).for_each(|_| call(&mut log, length));
            let Logs {
                calls: counted,
                hash,
                buffer,
                ..
            } = log.finish();
            assert_eq!(counted, calls);
            assert_eq!(hash, blake2b(&logged(length).repeat(calls as usize)));
            assert!(buffer.capacity() <= 4 * COLLECTED, "{}", buffer.capacity());
        }
    }

    #[test]
    fn calls_are_kept_up_to_their_room() {
        let size = logged(100).len() + CALL_SIZE;
        let mut kept = Kept::new(3 * size + 1);
        for run in 0..2 {
            kept.clear();
            let mut log = HostLog::new(Vec::new(), Some(&mut kept));
            (0..5).for_each(|_| call(&mut log, 100));
            // Small enough for what is left, but what is kept has no gaps.
            call(&mut log, 1);
            let counted = log.finish().calls;
            let calls = kept.calls();
            assert_eq!((counted, calls.left_out), (6, 3), "run {run}");
            assert_eq!(calls.calls.len(), 3);
            assert_eq!(calls.calls[2].args, [vec![7; 100]]);
        }
    }
}
