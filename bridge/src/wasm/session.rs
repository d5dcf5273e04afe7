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

/// The most gas that a module is told it has. It gives back what it has paid too much at a branch, and its global `gas`
/// must not overflow by that: a function cannot owe half of all that the global counts.
const GIVEN_MAX: i64 = i64::MAX / 2;

/// Where the request of `smart51.call` lies, and where its reply goes: addresses and lengths.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    pub(super) args: (i32, i32),
    pub(super) reply: (i32, i32),
}

impl Request {
    /// The ranges of the arguments and of the room for the reply, in a memory of `size` bytes.
    ///
    /// # Errors
    /// [`Trap::BufferOutOfBounds`] if one of them does not lie inside.
    pub(super) fn places(self, size: usize) -> Result<(Range<usize>, Range<usize>), Trap> {
        let inside = |start: i32, length: u32| {
            // Start and length are 32 bits each: their sum is taken in 64, whatever the host counts in.
            let start = u64::from(start.cast_unsigned());
            let end = start + u64::from(length);
            // What lies inside of a memory of `size` bytes can be counted in `usize`.
            (end <= size as u64)
                .then_some(start as usize..end as usize)
                .ok_or(Trap::BufferOutOfBounds)
        };
        let shown = self.args.1.cast_unsigned().min(BUFFER_SIZE);
        Ok((
            inside(self.args.0, shown)?,
            inside(self.reply.0, self.reply.1.cast_unsigned())?,
        ))
    }
}

/// What comes back from `smart51.call`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reply<'a> {
    /// The result for the contract.
    pub(super) result: i32,
    /// What is written into the room for the reply, which is long enough.
    pub(super) bytes: &'a [u8],
    /// The new value of the global `gas`.
    pub(super) gas: i64,
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

/// What a call has spent and may still spend.
struct Ledger {
    meter: Meter,
    /// What the module was last given to spend.
    given: i64,
}

impl Ledger {
    /// What the module may spend from here on.
    fn give(&mut self) -> i64 {
        let left = i64::try_from(self.meter.gas_left().0).unwrap_or(i64::MAX);
        self.given = left.min(GIVEN_MAX);
        self.given
    }

    /// Takes over what the module has spent.
    fn settle(&mut self, left: i64) -> Result<(), Fault> {
        // A module that ran out is below zero by less than it was given, so the difference is right.
        let spent = self.given.saturating_sub(left);
        self.given = left;
        self.meter.charge_gas(Gas(spent.max(0).cast_unsigned()))
    }
}

/// One call under way.
pub(super) struct Session<'a> {
    ledger: Ledger,
    host: &'a mut dyn HostApi,
    observer: &'a mut dyn Observer,
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
        let mut meter = Meter::new(Schedule::V1, Semantics::V1, call.limits);
        let fault = if call.input.len() > INPUT_MAX {
            Some(Fault::InputTooLong {
                length: call.input.len(),
            })
        } else {
            meter.charge_gas(module.entry_gas).err()
        };
        Session {
            ledger: Ledger { meter, given: 0 },
            host,
            observer,
            end: fault.map(End::Fault),
        }
    }

    /// Whether the call has ended already, before the module ran.
    pub(super) const fn has_ended(&self) -> bool {
        self.end.is_some()
    }

    /// What the module may spend from here on: the new value of its global `gas`.
    pub(super) fn give(&mut self) -> i64 {
        self.ledger.give()
    }

    /// Serves `smart51.call`: `asked` is the request as it lies in memory and the length of the room for the
    /// reply, `gas` the module's global.
    pub(super) fn call(
        &mut self,
        gas: i64,
        method: i32,
        asked: Result<(&[u8], usize), Trap>,
    ) -> Result<Reply<'_>, Ended> {
        let served = serve(
            &mut self.ledger,
            self.host,
            self.observer,
            gas,
            method,
            asked,
        );
        served.map_err(|end| {
            self.end = Some(end);
            Ended
        })
    }

    /// Serves `smart51.exit`.
    pub(super) fn exit(&mut self, gas: i64, code: i32) -> Ended {
        self.end = Some(match self.ledger.settle(gas) {
            Ok(()) => End::Exit(ExitCode(code as u8)),
            Err(fault) => End::Fault(fault),
        });
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
            usage: self.ledger.meter.finish(outcome.is_success()),
        })
    }

    /// The outcome of a call that no import ended.
    fn stopped(&mut self, left: Left, stopped: Result<(), Trap>) -> Outcome {
        let fault = match (self.ledger.settle(left.gas), stopped) {
            (Err(fault), _) => fault,
            (Ok(()), Err(Trap::Unreachable)) if left.stack < 0 => Trap::StackExhausted.into(),
            (Ok(()), Err(trap)) => trap.into(),
            (Ok(()), Ok(())) => return Outcome::Refused { code: ExitCode(0) },
        };
        Outcome::Fault { fault }
    }
}

/// Serves one request; see [`Session::call`].
fn serve<'h>(
    ledger: &mut Ledger,
    host: &'h mut dyn HostApi,
    observer: &mut dyn Observer,
    gas: i64,
    method: i32,
    asked: Result<(&[u8], usize), Trap>,
) -> Result<Reply<'h>, End> {
    ledger.settle(gas)?;
    let (request, room) = asked.map_err(Fault::from)?;
    let method = method as u16;
    observer.arrived(&Arrival {
        method,
        request,
        usage: ledger.meter.usage(),
        machine: None,
    });
    host.allow(ledger.meter.gas_left());
    let answer = host.call(method, request).map_err(|error| match error {
        HostError::Fault(fault) => fault.into(),
        HostError::OutOfGas => End::Fault(ledger.meter.run_out()),
        HostError::Node(error) => End::Node(error),
    })?;
    let size = answer.reply.len();
    let fits = reply_fits(Semantics::V1, size);
    observer.served(&Served { answer, fits });
    let (result, bytes): (_, &[u8]) = match answer.status {
        Status::Refused => (REFUSED, &[]),
        Status::Done if !fits => return Err(HostFault::ReplyTooLarge { size }.into()),
        Status::Done if size > room => (NO_ROOM, &[]),
        Status::Done => (size as i32, answer.reply),
    };
    ledger
        .meter
        .charge_call(answer.gas, answer.refund, answer.step_delta)?;
    Ok(Reply {
        result,
        bytes,
        gas: ledger.give(),
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Start and length of 32 bits each reach past the end of any address space that a host may count in.
    #[test]
    fn a_request_at_the_end_of_all_addresses_faults() {
        let all = [0, 1, 7, 8, i32::MAX, i32::MIN, -4096, -2, -1];
        for size in [0, 8, 0x1_0000, usize::MAX] {
            for (start, length) in all.into_iter().flat_map(|a| all.map(|b| (a, b))) {
                let end = u64::from(start.cast_unsigned()) + u64::from(length.cast_unsigned());
                let request = Request {
                    args: (0, 0),
                    reply: (start, length),
                };
                let room = request.places(size).map(|(_, room)| room);
                if end <= size as u64 {
                    let room = room.expect("it lies inside");
                    assert_eq!(
                        (room.start as u64, room.end as u64),
                        (end - room.len() as u64, end)
                    );
                } else {
                    assert_eq!(
                        room,
                        Err(Trap::BufferOutOfBounds),
                        "{start} {length} {size}"
                    );
                }
            }
        }
    }
}
