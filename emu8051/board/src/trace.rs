//! Signals that can be seen from outside, as they happen: for waveforms and for tests on pins.

use crate::interrupt::Source;
use crate::time::States;

/// Something visible happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The pins of a port (0 to 3) changed to this.
    Port(u8, u8),
    /// The level of TXD: the serial port's, and-ed with the latch of P3.1 and what is outside.
    Txd(bool),
    /// The level of RXD with a byte that the host sends, or that the serial port shifts out in mode
    /// 0.
    Rxd(bool),
    /// Timer 0, 1 or 2 overflowed. In mode 3, the upper half of timer 0 counts as timer 1, whose
    /// flag it sets.
    Overflow(u8),
    /// The service routine of this source was called.
    Enter(Source),
    /// The service routine of this source ended with `RETI`.
    Leave(Source),
}

/// A [`Signal`] and its moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The moment, since reset.
    pub at: States,
    /// The signal.
    pub signal: Signal,
}

/// Collects signals while it is on.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    on: bool,
    events: Vec<Event>,
}

impl Trace {
    /// Whether signals are collected.
    pub fn is_on(&self) -> bool {
        self.on
    }

    pub(crate) fn set_on(&mut self, on: bool) {
        self.on = on;
    }

    pub(crate) fn record(&mut self, at: States, signal: Signal) {
        if self.on {
            self.events.push(Event { at, signal });
        }
    }

    /// The events collected since the last time, in order of time.
    pub(crate) fn take(&mut self) -> Vec<Event> {
        // each peripheral is caught up in one go, so they interleave
        self.events.sort_by_key(|event| event.at);
        std::mem::take(&mut self.events)
    }
}
