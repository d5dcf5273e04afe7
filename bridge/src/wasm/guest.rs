//! What the WebAssembly engines share of a run: the two imports as they are asked, and the gas that a module counts.

use super::limits::BUFFER_SIZE;
use crate::engine::{Reply, Used};
use crate::outcome::{Fault, Trap};
use abi::{ExitCode, Gas};
use std::ops::Range;

/// The result of `smart51.call` where the host refused.
const REFUSED: i32 = -1;
/// The result of `smart51.call` where the reply is longer than the room for it.
const NO_ROOM: i32 = -2;

/// The most gas that a module is told it has. It gives back what it has paid too much at a branch, and its global `gas`
/// must not overflow by that: a function cannot owe half of all that the global counts.
const GRANTED_MAX: i64 = i64::MAX / 2;

/// A call of `smart51.call`, as the contract makes it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) method: i32,
    /// Address and length of the arguments.
    pub(super) args: (i32, i32),
    /// Address and length of the room for the reply.
    pub(super) reply: (i32, i32),
}

impl Asked {
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

    /// The request as it lies in `memory`.
    ///
    /// # Errors
    /// If it, or the room for the reply, does not lie inside.
    pub(super) fn request(self, memory: &[u8]) -> Result<&[u8], Fault> {
        Ok(&memory[self.places(memory.len())?.0])
    }

    /// Writes a reply into the room for it in `memory`; gives the result of `smart51.call`.
    pub(super) fn deliver(self, memory: &mut [u8], reply: Reply<'_>) -> i32 {
        let Reply::Served(bytes) = reply else {
            return REFUSED;
        };
        // The request was read before the host answered, so the room lies inside.
        let Ok((_, room)) = self.places(memory.len()) else {
            return NO_ROOM;
        };
        let Some(room) = memory[room].get_mut(..bytes.len()) else {
            return NO_ROOM;
        };
        room.copy_from_slice(bytes);
        bytes.len() as i32
    }
}

/// The import at which a module has stopped.
#[derive(Clone, Copy, Debug)]
pub(super) enum Import {
    Call(Asked),
    Exit(ExitCode),
}

/// The gas that a module was granted, and counts down itself.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Grant(i64);

impl Grant {
    /// Grants what may be spent of `gas`: the new value of the global `gas`.
    pub(super) fn grant(&mut self, gas: Gas) -> i64 {
        let gas = i64::try_from(gas.0).unwrap_or(i64::MAX);
        self.0 = gas.min(GRANTED_MAX);
        self.0
    }

    /// What the module has spent since its last grant, whose global `gas` is at `remaining`.
    pub(super) fn peek(self, remaining: i64) -> Gas {
        Gas(self.0.saturating_sub(remaining).max(0).cast_unsigned())
    }

    /// What the module has spent, whose global `gas` is at `remaining`.
    pub(super) fn spent(&mut self, remaining: i64) -> Used {
        // A module that ran out is below zero by less than it was granted, so the difference is right.
        let spent = self.0.saturating_sub(remaining);
        self.0 = remaining;
        Used::Gas(Gas(spent.max(0).cast_unsigned()))
    }
}

/// The fault of a module that trapped by itself, with what is left of its global `stack`.
pub(super) fn trapped(trap: Trap, stack: i32) -> Fault {
    match trap {
        Trap::Unreachable if stack < 0 => Trap::StackExhausted.into(),
        trap => trap.into(),
    }
}

/// Puts the input into the exchange buffer at `buffer`, as the 8051 finds it: `LE16 length, bytes`.
pub(super) fn write_input(memory: &mut [u8], buffer: u32, input: &[u8]) {
    // Validation saw to it that the buffer lies inside the memory, and the driver that the input fits.
    let length = (input.len() as u16).to_le_bytes();
    let target = memory.get_mut(buffer as usize..).unwrap_or_default();
    for (byte, value) in target.iter_mut().zip(length.iter().chain(input)) {
        *byte = *value;
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
                let asked = Asked {
                    method: 0,
                    args: (0, 0),
                    reply: (start, length),
                };
                let room = asked.places(size).map(|(_, room)| room);
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
