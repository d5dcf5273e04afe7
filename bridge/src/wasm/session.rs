//! One call under way, whichever engine runs it: [`Session`] serves the two imports and keeps the count.
//!
//! The module counts its own gas, so between the imports nothing needs to be done. At each of them the
//! session takes over what the module has spent, and gives it what is left after the host was paid.

use super::limits::BUFFER_SIZE;
use super::{Metered, Trap};
use crate::engine::{Arrival, Call, Observer, Report, Served};
use crate::meter::{Meter, Schedule};
use crate::outcome::{Fault, Outcome};
use abi::codec::reply_fits;
use abi::layout::INPUT_MAX;
use abi::{ExitCode, Gas, Semantics};
use hostapi::{HostApi, HostError, HostFault, NodeError, Status};
use std::ops::Range;

/// What `smart51.call` returns where the host refused.
const REFUSED: i32 = -1;
/// What `smart51.call` returns where the reply is longer than the room for it.
const NO_ROOM: i32 = -2;

/// The arguments of `smart51.call`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    pub(super) method: i32,
    pub(super) args: (i32, i32),
    pub(super) reply: (i32, i32),
}

/// The call has ended inside an import: the engine unwinds, and [`Session::finish`] says how it ended.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the call has ended")]
pub(super) struct Ended;

/// Why a call ended before its function returned.
enum End {
    Exit(ExitCode),
    Fault(Fault),
    Node(NodeError),
}

/// What is left in the module when it has stopped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Left {
    /// The global `gas`.
    pub(super) gas: i64,
    /// The global `stack`.
    pub(super) stack: i32,
}

/// One call under way.
pub(super) struct Session<'a> {
    meter: Meter,
    host: &'a mut dyn HostApi,
    observer: &'a mut dyn Observer,
    /// What the module was last given to spend.
    given: i64,
    end: Option<End>,
}

impl<'a> Session<'a> {
    /// Begins `call`, and pays for making its memory ready.
    pub(super) fn new(
        module: &Metered,
        call: &Call<'_>,
        host: &'a mut dyn HostApi,
        observer: &'a mut dyn Observer,
    ) -> Self {
        let meter = Meter::new(Schedule::V1, Semantics::V1, call.limits);
        let mut session = Session {
            meter,
            host,
            observer,
            given: 0,
            end: None,
        };
        if call.input.len() > INPUT_MAX {
            session.end = Some(End::Fault(Fault::InputTooLong {
                length: call.input.len(),
            }));
        } else if let Err(fault) = session.meter.charge_gas(module.entry_gas) {
            session.end = Some(End::Fault(fault));
        }
        session
    }

    /// Whether the call has ended already, before the module ran.
    pub(super) const fn has_ended(&self) -> bool {
        self.end.is_some()
    }

    /// What the module may spend from here on: the new value of its global `gas`.
    pub(super) fn give(&mut self) -> i64 {
        self.given = i64::try_from(self.meter.gas_left().0).unwrap_or(i64::MAX);
        self.given
    }

    /// Takes over what the module has spent.
    fn settle(&mut self, left: i64) -> Result<(), Fault> {
        // A module that ran out is below zero by less than it was given, so the difference is right.
        let spent = self.given.saturating_sub(left);
        self.given = left;
        self.meter.charge_gas(Gas(spent.max(0).cast_unsigned()))
    }

    /// Serves `smart51.call`: the result for the contract.
    pub(super) fn call(
        &mut self,
        memory: &mut [u8],
        gas: i64,
        request: Request,
    ) -> Result<i32, Ended> {
        self.serve(memory, gas, request)
            .map_err(|end| self.ended(end))
    }

    fn serve(&mut self, memory: &mut [u8], gas: i64, request: Request) -> Result<i32, End> {
        self.settle(gas)?;
        let args = inside(
            memory,
            request.args.0,
            request.args.1.cast_unsigned().min(BUFFER_SIZE),
        )?;
        let room = inside(memory, request.reply.0, request.reply.1.cast_unsigned())?;
        let method = request.method as u16;
        let request = &memory[args];
        let usage = self.meter.usage();
        self.observer.arrived(&Arrival {
            method,
            request,
            usage,
            machine: None,
        });
        let answer = self.host.call(method, request)?;
        let fits = reply_fits(answer.reply.len());
        self.observer.served(&Served { answer, fits });
        let result = match answer.status {
            Status::Refused => REFUSED,
            Status::Done if !fits => {
                return Err(HostFault::ReplyTooLarge {
                    size: answer.reply.len(),
                }
                .into());
            }
            Status::Done if answer.reply.len() > room.len() => NO_ROOM,
            Status::Done => {
                memory[room][..answer.reply.len()].copy_from_slice(answer.reply);
                answer.reply.len() as i32
            }
        };
        self.meter
            .charge_call(answer.gas, answer.refund, answer.step_delta)?;
        Ok(result)
    }

    /// Serves `smart51.exit`, and any failure of the engine inside an import.
    pub(super) fn exit(&mut self, gas: i64, code: i32) -> Ended {
        let end = match self.settle(gas) {
            Ok(()) => End::Exit(ExitCode(code as u8)),
            Err(fault) => End::Fault(fault),
        };
        self.ended(end)
    }

    fn ended(&mut self, end: End) -> Ended {
        self.end = Some(end);
        Ended
    }

    /// The report on a call that has stopped. `stopped` is how the module ended by itself, and is not looked
    /// at where an import ended it.
    ///
    /// # Errors
    /// The node's own failure inside an import.
    pub(super) fn finish(
        mut self,
        left: Left,
        stopped: Result<(), Trap>,
    ) -> Result<Report, NodeError> {
        let outcome = match self.end.take() {
            Some(End::Exit(ExitCode::SUCCESS)) => Outcome::Success,
            Some(End::Exit(code)) => Outcome::Refused { code },
            Some(End::Fault(fault)) => Outcome::Fault { fault },
            Some(End::Node(error)) => return Err(error),
            None => self.stopped(left, stopped),
        };
        Ok(Report {
            outcome,
            usage: self.meter.finish(outcome.is_success()),
            cpu: None,
        })
    }

    /// The outcome of a call that no import ended.
    fn stopped(&mut self, left: Left, stopped: Result<(), Trap>) -> Outcome {
        let fault = match (self.settle(left.gas), stopped) {
            (Err(fault), _) => fault,
            (Ok(()), Err(Trap::Unreachable)) if left.stack < 0 => Trap::StackExhausted.into(),
            (Ok(()), Err(trap)) => trap.into(),
            (Ok(()), Ok(())) => return Outcome::Refused { code: ExitCode(0) },
        };
        Outcome::Fault { fault }
    }
}

/// The range of `memory` from `start`, `length` long.
fn inside(memory: &[u8], start: i32, length: u32) -> Result<Range<usize>, End> {
    let start = start.cast_unsigned() as usize;
    let end = start + length as usize;
    if end > memory.len() {
        Err(End::Fault(Trap::BufferOutOfBounds.into()))
    } else {
        Ok(start..end)
    }
}

/// Puts the input into the exchange buffer at `buffer`, as the 8051 finds it: `LE16 length, bytes`.
pub(super) fn write_input(memory: &mut [u8], buffer: u32, input: &[u8]) {
    // Validation saw to it that the buffer lies inside the memory, and the session that the input fits.
    let length = (input.len() as u16).to_le_bytes();
    let target = memory.get_mut(buffer as usize..).unwrap_or_default();
    for (byte, value) in target.iter_mut().zip(length.iter().chain(input)) {
        *byte = *value;
    }
}

impl From<Fault> for End {
    fn from(fault: Fault) -> Self {
        End::Fault(fault)
    }
}

impl From<HostFault> for End {
    fn from(fault: HostFault) -> Self {
        End::Fault(fault.into())
    }
}

impl From<HostError> for End {
    fn from(error: HostError) -> Self {
        match error {
            HostError::Fault(fault) => fault.into(),
            HostError::Node(error) => End::Node(error),
        }
    }
}
