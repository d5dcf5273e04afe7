//! The transmitter: SBUF's bits on TXD, or in mode 0 on RXD.

use super::{SHIFT, TICKS_PER_BIT, Uart, raise};
use crate::archive::{Archive, Reader, SnapshotError};
use crate::line::{SerialByte, levels};
use crate::time::{Pulses, States};
use crate::trace::{Signal, Trace};
use emu8051::Cycles;
use emu8051::sfr::Scon;

/// The transmitter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transmitter {
    Idle,
    /// Modes 1 to 3: `begun` of `bits` bits have been put on TXD.
    Frame {
        byte: SerialByte,
        levels: u16,
        bits: u8,
        begun: u8,
    },
    /// Mode 0: written to SBUF at `from`; of the eight cycles in which bits are shifted out,
    /// `shown` are in the trace.
    Shift {
        data: u8,
        from: Cycles,
        shown: u8,
    },
}

/// A number for the variant, then its fields.
impl Archive for Transmitter {
    fn save(&self, out: &mut Vec<u8>) {
        match self {
            Transmitter::Idle => out.push(0),
            Transmitter::Frame {
                byte,
                levels,
                bits,
                begun,
            } => {
                out.push(1);
                byte.save(out);
                levels.save(out);
                bits.save(out);
                begun.save(out);
            }
            Transmitter::Shift { data, from, shown } => {
                out.push(2);
                data.save(out);
                from.save(out);
                shown.save(out);
            }
        }
    }

    fn restore(from: &mut Reader<'_>) -> Result<Transmitter, SnapshotError> {
        let number = u8::restore(from)?;
        from.check(number <= 2)?;
        match number {
            0 => Ok(Transmitter::Idle),
            1 => {
                let byte = Archive::restore(from)?;
                let levels = Archive::restore(from)?;
                let (bits, begun) = Archive::restore(from)?;
                from.check(begun < bits && bits <= 11)?;
                Ok(Transmitter::Frame {
                    byte,
                    levels,
                    bits,
                    begun,
                })
            }
            _ => {
                let (data, begin) = Archive::restore(from)?;
                let shown = Archive::restore(from)?;
                from.check(shown <= 8)?;
                Ok(Transmitter::Shift {
                    data,
                    from: begin,
                    shown,
                })
            }
        }
    }
}

impl Uart {
    pub(super) fn transmit_counts(&self) -> Option<Pulses> {
        self.counts(self.clocks.transmit_by_timer2)
    }

    /// The rollovers of the transmitter's counter, where bits begin.
    fn rollovers(&self) -> Option<Pulses> {
        Some(
            self.transmit_counts()?
                .every(16, 16 - u64::from(self.count)),
        )
    }

    /// Lets the transmitter go on to `to`.
    pub(super) fn catch_up_transmitter(&mut self, to: Cycles, trace: &mut Trace) {
        let to = States::from_cycles(to);
        if to <= self.at {
            return;
        }
        if self.transmitter != Transmitter::Idle {
            self.transmit(to, trace);
        }
        if self.mode() != 0 {
            let counted = self.transmit_counts().map_or(0, |counts| counts.until(to));
            self.count = ((u64::from(self.count) + counted) % 16) as u8;
            self.half ^= self.base().map_or(0, |base| base.until(to)) % 2 == 1;
        }
        self.at = to;
        self.clocks.pass(to);
    }

    fn transmit(&mut self, to: States, trace: &mut Trace) {
        match &mut self.transmitter {
            Transmitter::Idle => {}
            Transmitter::Shift { data, from, shown } => {
                let (data, done) = (*data, *from + SHIFT);
                while *shown < 8 {
                    let begins = States::from_cycles(*from + Cycles(u64::from(*shown) + 1)).0;
                    if begins + States::PER_CYCLE > to.0 {
                        break;
                    }
                    let bit = data >> *shown & 1 == 1;
                    trace.record(States(begins), Signal::Rxd(bit && self.rxd));
                    // the shift clock is low from S3 to S5
                    trace.record(States(begins + 2), Signal::Txd(false));
                    trace.record(States(begins + 5), Signal::Txd(self.gate));
                    *shown += 1;
                }
                if to.ceil() >= done {
                    trace.record(States::from_cycles(done), Signal::Rxd(self.rxd));
                    self.shifted_out(data, done);
                }
            }
            Transmitter::Frame { .. } => {
                let Some(rollovers) = self.rollovers() else {
                    return;
                };
                let Transmitter::Frame {
                    byte,
                    levels,
                    bits,
                    begun,
                } = &mut self.transmitter
                else {
                    return;
                };
                let due = rollovers.until(to).min((*bits - *begun).into()) as u8;
                let (byte, all, before) = (*byte, (*levels, *bits), *begun);
                *begun += due;
                if trace.is_on() {
                    for k in 0..due {
                        let level = self.gate && all.0 >> before >> k & 1 == 1;
                        trace.record(rollovers.nth(u64::from(k) + 1), Signal::Txd(level));
                    }
                }
                if before + due == all.1 {
                    self.transmitted(byte, rollovers.nth(due.into()).ceil());
                }
            }
        }
    }

    /// The byte on its way is sent by `to`. The counters run on alike with and without a byte, so
    /// they are caught up when somebody looks.
    pub(super) fn finish(&mut self, to: Cycles, trace: &mut Trace) {
        match self.transmitter {
            Transmitter::Frame { byte, .. } if !trace.is_on() => {
                self.transmitted(byte, self.next_sent);
            }
            _ => self.catch_up_transmitter(to, trace),
        }
    }

    /// TI is set when the stop bit begins.
    fn transmitted(&mut self, byte: SerialByte, at: Cycles) {
        if let Some(counts) = self.transmit_counts() {
            let bit = States(counts.period.0.saturating_mul(TICKS_PER_BIT));
            let (shortest, longest) = self.bits.unwrap_or((bit, bit));
            self.bits = Some((shortest.min(bit), longest.max(bit)));
        }
        if self.spoiled {
            self.unread += 1;
        } else {
            self.sent.push_back((byte, at));
        }
        self.end_transmission(at);
    }

    /// Mode 0: whoever takes the bits needs the shift clock on TXD, and sees RXD.
    fn shifted_out(&mut self, data: u8, at: Cycles) {
        if self.gate {
            let data = if self.rxd { data } else { 0 };
            self.sent.push_back((SerialByte::from(data), at));
        }
        self.end_transmission(at);
    }

    fn end_transmission(&mut self, at: Cycles) {
        raise(&mut self.ti, at);
        self.transmitter = Transmitter::Idle;
        self.next_sent = Cycles::MAX;
    }

    /// The latch of TXD, or whoever is outside, holds the pin low or lets go of it at `at`, where
    /// the transmitter is caught up.
    pub(super) fn set_gate(&mut self, level: bool, at: Cycles, trace: &mut Trace) {
        self.gate = level;
        let begun = !matches!(self.transmitter, Transmitter::Frame { begun: 0, .. });
        self.spoiled = !level || self.spoiled && begun;
        self.show_txd(at, trace);
    }

    /// The level of TXD may have changed at `at`, where the transmitter is caught up.
    fn show_txd(&mut self, at: Cycles, trace: &mut Trace) {
        let level = self.gate && self.txd();
        trace.record(States::from_cycles(at), Signal::Txd(level));
    }

    /// Finds out when TI will be set: to be called after any change but the passing of time.
    pub(super) fn refresh_transmitter(&mut self) {
        let moment = match self.transmitter {
            Transmitter::Idle => None,
            Transmitter::Frame { bits, begun, .. } => self
                .rollovers()
                .map(|rollovers| rollovers.nth(u64::from(bits - begun)).ceil()),
            Transmitter::Shift { from, .. } => Some(from + SHIFT),
        };
        self.next_sent = moment.unwrap_or(Cycles::MAX);
    }

    /// The level that the serial port gives TXD, to be and-ed with the latch.
    pub(super) fn txd(&self) -> bool {
        match self.transmitter {
            Transmitter::Frame { levels, begun, .. } if begun > 0 => levels >> (begun - 1) & 1 == 1,
            _ => true,
        }
    }

    /// SBUF was written at `at`, where the transmitter is caught up: transmission is requested. A
    /// byte on its way is cut off.
    pub(super) fn send(&mut self, data: u8, at: Cycles, trace: &mut Trace) {
        let cut_off = self.transmitter != Transmitter::Idle;
        self.spoiled = !self.gate;
        self.transmitter = if self.mode() == 0 {
            Transmitter::Shift {
                data,
                from: at,
                shown: 0,
            }
        } else {
            let nine = self.nine();
            let byte = SerialByte {
                data,
                ninth: nine && self.control.contains(Scon::TB8),
            };
            let (levels, bits) = levels(byte, nine);
            Transmitter::Frame {
                byte,
                levels,
                bits,
                begun: 0,
            }
        };
        if cut_off {
            self.show_txd(at, trace);
        }
        self.refresh_transmitter();
    }
}
