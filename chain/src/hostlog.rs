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
//! without arguments, and a request that is no frame, have no request items.

use crate::wire::{Reader, push_bytes};
use abi::codec;
use abi::method;
use bridge::{Arrival, Observer, Served};
use emu8051::{Cpu, Insn, Xdata};
use hostapi::Status;
use hostapi::hash::blake2b;
use hostapi::state::keys::Hash;

/// The status of a call until it is answered; it stays where the call ended the run.
const ENDED: u8 = 2;

/// Keeps the host-call log of a run. Everything it sees goes on to another observer.
pub(crate) struct HostLog<'o> {
    bytes: Vec<u8>,
    calls: u32,
    next: &'o mut dyn Observer,
    /// Where in `bytes` the status of the call under way stands.
    status_at: usize,
}

impl<'o> HostLog<'o> {
    /// An empty log that uses the memory of `buffer`.
    pub(crate) fn new(mut buffer: Vec<u8>, next: &'o mut dyn Observer) -> Self {
        buffer.clear();
        HostLog {
            bytes: buffer,
            calls: 0,
            next,
            status_at: 0,
        }
    }

    /// How many calls there were.
    pub(crate) const fn calls(&self) -> u32 {
        self.calls
    }

    /// The BLAKE2b of the log.
    pub(crate) fn hash(&self) -> Hash {
        blake2b(&self.bytes)
    }

    /// The log itself.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl Observer for HostLog<'_> {
    fn wants_instructions(&self) -> bool {
        self.next.wants_instructions()
    }

    fn instruction(&mut self, cpu: &Cpu, insn: &Insn) {
        self.next.instruction(cpu, insn);
    }

    fn executed(&mut self, cpu: &Cpu, insn: &Insn) {
        self.next.executed(cpu, insn);
    }

    fn arrived(&mut self, arrival: &Arrival<'_>) {
        self.calls = self.calls.saturating_add(1);
        self.bytes.extend_from_slice(&arrival.method.to_le_bytes());
        self.status_at = self.bytes.len();
        self.bytes.push(ENDED);
        push_bytes(&mut self.bytes, request_items(arrival));
        push_bytes(&mut self.bytes, &[]);
        self.next.arrived(arrival);
    }

    fn served(&mut self, served: &Served<'_>) {
        self.bytes[self.status_at] = match served.answer.status {
            Status::Done => 1,
            Status::Refused => 0,
        };
        // The empty reply gives way to the real one.
        self.bytes.truncate(self.bytes.len() - 4);
        push_bytes(&mut self.bytes, served.answer.reply);
        self.next.served(served);
    }

    fn stopped(&mut self, cpu: &Cpu, xdata: &Xdata) {
        self.next.stopped(cpu, xdata);
    }
}

/// The framed items of a request, without the total in front of them.
fn request_items<'a>(arrival: &Arrival<'a>) -> &'a [u8] {
    let takes_none = method::spec(arrival.method).is_some_and(|spec| !spec.reads_request());
    if takes_none || codec::scan(arrival.request, |_| ()).is_err() {
        return &[];
    }
    let Some((total, items)) = arrival.request.split_first_chunk() else {
        return &[];
    };
    items
        .get(..usize::from(u16::from_le_bytes(*total)))
        .unwrap_or_default()
}

/// One call of a host-call log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedCall {
    /// The method's number, as the contract gave it.
    pub method: u16,
    /// 1 served, 0 refused, 2 ended the run.
    pub status: u8,
    /// The items of the request.
    pub args: Vec<Vec<u8>>,
    /// The items of the reply, also of one that did not fit.
    pub reply: Vec<Vec<u8>>,
}

/// The calls of a host-call log; it ends where `log` is none.
pub(crate) fn read(log: &[u8]) -> Vec<LoggedCall> {
    let mut r = Reader(log);
    let items = |framed| codec::reply_items(framed).map(<[u8]>::to_vec).collect();
    let next = || {
        Some(LoggedCall {
            method: r.u16()?,
            status: r.u8()?,
            args: items(r.bytes()?),
            reply: items(r.bytes()?),
        })
    };
    std::iter::from_fn(next).collect()
}
