//! The host at the other end of the line: the moment at which it begins a byte.

use super::super::Peripheral;
use super::receiver::BITS_DECIDED;
use super::{TICKS_PER_BIT, Uart};
use crate::line::{BitTime, Frame, Pace, Rate, SerialByte, levels};
use crate::time::{Pulses, States};
use crate::trace::Trace;
use emu8051::Cycles;
use emu8051::sfr::Scon;

impl Uart {
    /// The host begins its next byte at `at` if somebody can hear it.
    pub(super) fn offer_byte(&mut self, at: States, counts: Option<Pulses>) {
        let waits = self.line.pace == Pace::WhenTaken;
        let receives = self.control.contains(Scon::REN) && !(waits && self.ri.is_set());
        let counts = counts.filter(|counts| receives && counts.repeats());
        match (self.line.rate, counts) {
            (Rate::Own(bit), _) if !waits => self.begin_byte(at, bit),
            // a receiver whose bits are so long that it has not looked twice when the byte is over
            // hears nothing
            (Rate::Own(bit), Some(counts))
                if counts.period.0.saturating_mul(TICKS_PER_BIT / 2)
                    > bit.after(States(0), BITS_DECIDED.into()).0 => {}
            (rate, Some(counts)) => {
                // not before the receiver's clock runs: a timer may take a while to its first
                // overflow
                let clocked = States(counts.next.0.saturating_sub(counts.period.0));
                let (bit, earliest) = match rate {
                    Rate::Auto => (BitTime::of(counts.every(TICKS_PER_BIT, 1).period), at),
                    Rate::Own(bit) => (bit, at.max(self.line.not_before)),
                };
                self.begin_byte(earliest.max(clocked), bit);
            }
            (_, None) => {}
        }
    }

    /// The host begins its next byte at `start`, if it has one and is not sending.
    fn begin_byte(&mut self, start: States, bit: BitTime) {
        if self.line.frame.is_some() {
            return;
        }
        if let Some(byte) = self.line.queue.pop_front() {
            let (levels, bits) = levels(byte, self.nine());
            self.line.frame = Some(Frame {
                start,
                bit,
                levels,
                bits,
            });
        }
    }

    /// Whether the host has a byte that it sends when the program looks at the pin RXD.
    #[inline]
    pub(super) fn waits_for_a_look(&self) -> bool {
        !self.line.queue.is_empty()
            && self.line.frame.is_none()
            && matches!(self.line.rate, Rate::Own(_))
    }

    /// The program looked at `bits` of P3 at `at`, RXD among them: it is listening itself, unless
    /// it reads the whole port, perhaps for something else, while the receiver is on. The host
    /// begins a byte when that has lasted for a while, and lets the program alone after it.
    pub(super) fn looked_at(&mut self, bits: u8, at: Cycles, trace: &mut Trace) {
        let listens = bits == 0x01 || !self.control.contains(Scon::REN);
        if let (true, Rate::Own(bit)) = (listens, self.line.rate) {
            self.catch_up(at, trace);
            let now = States::from_cycles(at);
            let first = *self.line.looked_at.get_or_insert(now);
            let quiet = States(first.0.saturating_add(bit.pause().0));
            let start = bit.after(now, 1).max(quiet).max(self.line.not_before);
            self.begin_byte(start, bit);
            let end = self.line.frame.map_or(now, |frame| frame.end());
            self.line.not_before = States(end.0.saturating_add(bit.pause().0));
            self.refresh_receiver();
        }
    }

    /// The host's rate is `rate` from now on, where the port is caught up.
    pub(crate) fn set_rate(&mut self, rate: Rate) {
        self.line.rate = rate;
        self.resume();
    }

    /// The host has another byte to send, where the port is caught up.
    pub(crate) fn queue(&mut self, byte: SerialByte) {
        let waits = !self.line.queue.is_empty(); // for what the one before it waits for
        self.line.queue.push_back(byte);
        if !waits {
            self.resume();
        }
    }
}
