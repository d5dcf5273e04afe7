//! The receiver: the levels of RXD into SBUF.

use super::transmitter::Transmitter;
use super::{SHIFT, TICKS_PER_BIT, Uart, raise};
use crate::archive::{Archive, Reader, SnapshotError};
use crate::time::{Pulses, States};
use crate::trace::{Signal, Trace};
use emu8051::Cycles;
use emu8051::sfr::Scon;

/// Bits a receiver takes in: start bit, data, and the stop bit or the ninth data bit.
pub(super) const BITS_DECIDED: u16 = 10;
/// Counts from the one that finds the start bit to the one that decides the last bit.
const TO_LAST_BIT: u16 = (BITS_DECIDED - 1) * 16 + 9;

/// The receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Receiver {
    /// Looking for a falling edge of RXD; its level at the last sample.
    Idle { last: bool },
    /// Modes 1 to 3: `ticks` counts since the edge; `bits` decided so far; how often the present
    /// one was sampled high.
    Frame { ticks: u16, decided: u16, highs: u8 },
    /// Modes 2 and 3: the bit time after the ninth bit, in counts left.
    Tail { left: u8 },
    /// Mode 0: begun at `from`; `taken` bits are in. A byte of the host is sampled instead of the
    /// pin.
    Shift {
        from: Cycles,
        taken: u8,
        data: u8,
        host: Option<u8>,
    },
}

impl Receiver {
    pub(super) const LISTENING: Receiver = Receiver::Idle { last: true };
}

/// A number for the variant, then its fields.
impl Archive for Receiver {
    fn save(&self, out: &mut Vec<u8>) {
        match self {
            Receiver::Idle { last } => {
                out.push(0);
                last.save(out);
            }
            Receiver::Frame {
                ticks,
                decided,
                highs,
            } => {
                out.push(1);
                ticks.save(out);
                decided.save(out);
                highs.save(out);
            }
            Receiver::Tail { left } => {
                out.push(2);
                left.save(out);
            }
            Receiver::Shift {
                from,
                taken,
                data,
                host,
            } => {
                out.push(3);
                from.save(out);
                taken.save(out);
                data.save(out);
                host.save(out);
            }
        }
    }

    fn restore(from: &mut Reader<'_>) -> Result<Receiver, SnapshotError> {
        let number = u8::restore(from)?;
        from.check(number <= 3)?;
        match number {
            0 => Ok(Receiver::Idle {
                last: Archive::restore(from)?,
            }),
            1 => {
                let (ticks, decided) = Archive::restore(from)?;
                let highs = Archive::restore(from)?;
                from.check(ticks < BITS_DECIDED * 16 && highs <= 3)?;
                Ok(Receiver::Frame {
                    ticks,
                    decided,
                    highs,
                })
            }
            2 => {
                let left = Archive::restore(from)?;
                from.check((1..=16).contains(&left))?;
                Ok(Receiver::Tail { left })
            }
            _ => {
                let begin = Archive::restore(from)?;
                let (taken, data) = Archive::restore(from)?;
                let host = Archive::restore(from)?;
                from.check(taken < 8)?;
                Ok(Receiver::Shift {
                    from: begin,
                    taken,
                    data,
                    host,
                })
            }
        }
    }
}

impl Uart {
    /// Lets the receiver go on to `to`.
    pub(super) fn catch_up_receiver(&mut self, to: Cycles, trace: &mut Trace) {
        let to = States::from_cycles(to);
        if to <= self.heard {
            return;
        }
        if !self.hears_nothing() {
            self.receive(to, trace);
        }
        self.heard = to;
        self.ticks = self.ticks.and_then(|ticks| ticks.after(to));
        self.refresh_receiver();
    }

    /// Whether the receiver waits for a line that is quiet.
    pub(super) fn hears_nothing(&self) -> bool {
        self.receiver == Receiver::LISTENING && self.rxd && self.line.frame.is_none()
    }

    /// The receiver sees RXD as stretches of one level.
    fn receive(&mut self, to: States, trace: &mut Trace) {
        let counts = self.ticks;
        let mut from = self.heard;
        while from < to {
            if let Some(moment) = self.receive_whole(from, to, trace) {
                from = moment;
                continue;
            }
            let (level, until) = match &self.line.frame {
                Some(frame) => {
                    let (level, until) = frame.level(from);
                    trace.record(from, Signal::Rxd(level));
                    (level && self.rxd, until.min(to))
                }
                None => (self.rxd, to),
            };
            if let Receiver::Shift { .. } = self.receiver {
                self.shift_in(until, level);
            } else if let Some(counts) = counts
                && !(level && self.receiver == Receiver::LISTENING)
            {
                // a count that falls on an edge sees the level before it
                self.sample(&counts, counts.until(from), counts.until(until), level);
            }
            from = until;
            if self.line.frame.is_some_and(|frame| frame.end() <= from) {
                self.line.frame = None;
                self.offer_byte(from, counts);
            }
        }
    }

    /// A byte of the host that nothing disturbs from `from` to `to` is received in one go: the
    /// samples of each bit lie within it. Returns when its last bit is decided.
    fn receive_whole(&mut self, from: States, to: States, trace: &Trace) -> Option<States> {
        let (frame, counts) = (self.line.frame?, self.ticks?);
        let listens = self.receiver == Receiver::LISTENING && self.control.contains(Scon::REN);
        let period = States(counts.period.0.saturating_mul(TICKS_PER_BIT));
        let in_step = from <= frame.start && frame.bit.is(period);
        if !listens || !in_step || !self.rxd || trace.is_on() {
            return None;
        }
        let count = counts.until(frame.start) + 1 + u64::from(TO_LAST_BIT);
        let moment = counts.nth(count);
        if moment > to {
            return None;
        }
        let bits = frame.levels & ((1 << BITS_DECIDED) - 1);
        self.decided(bits, bits >> (BITS_DECIDED - 1) == 1, moment);
        Some(moment)
    }

    /// Counts `from + 1` to `to` of `counts`, all with RXD at `level`.
    fn sample(&mut self, counts: &Pulses, mut from: u64, to: u64, level: bool) {
        if !self.control.contains(Scon::REN) {
            return;
        }
        while from < to {
            let left = to - from;
            match &mut self.receiver {
                Receiver::Idle { last } => {
                    if *last && !level {
                        self.receiver = Receiver::Frame {
                            ticks: 0,
                            decided: 0,
                            highs: 0,
                        };
                        from += 1;
                    } else {
                        *last = level;
                        return;
                    }
                }
                Receiver::Tail { left: tail } => {
                    let n = left.min((*tail).into());
                    *tail -= n as u8;
                    from += n;
                    if *tail == 0 {
                        self.receiver = Receiver::Idle { last: level };
                    }
                }
                Receiver::Frame {
                    ticks,
                    decided,
                    highs,
                } => {
                    // samples are taken as the counter reaches 7, 8 and 9; two of three decide
                    let phase = (i64::from(*ticks) + 7) % 16 - 7;
                    let n = left.min((9 - phase).unsigned_abs());
                    let sampled = (phase + n as i64 - phase.max(6)).max(0);
                    *ticks += n as u16;
                    from += n;
                    if level {
                        *highs += sampled as u8;
                    }
                    if *ticks % 16 == 9 {
                        let index = *ticks / 16;
                        *decided |= u16::from(*highs >= 2) << index;
                        *highs = 0;
                        let decided = *decided;
                        if index == 0 && decided == 1 {
                            self.receiver = Receiver::LISTENING; // a false start
                        } else if index + 1 == BITS_DECIDED {
                            self.decided(decided, level, counts.nth(from));
                        }
                    }
                }
                Receiver::Shift { .. } => return,
            }
        }
    }

    /// The last bit was decided at `at`, with RXD at `level`: the byte is kept if RI is clear and,
    /// under SM2, the ninth or stop bit is set.
    fn decided(&mut self, bits: u16, level: bool, at: States) {
        let last = bits >> (BITS_DECIDED - 1) & 1 == 1;
        if self.ri.is_set() {
            self.overruns += 1;
        } else if last || !self.control.contains(Scon::SM2) {
            self.received = (bits >> 1) as u8;
            self.control.set(Scon::RB8, last);
            raise(&mut self.ri, at.ceil());
        }
        self.receiver = if self.nine() {
            Receiver::Tail { left: 16 }
        } else {
            Receiver::Idle { last: level }
        };
    }

    /// Mode 0: RXD is sampled at S5P2 of each of eight cycles.
    fn shift_in(&mut self, until: States, level: bool) {
        let Receiver::Shift {
            from,
            taken,
            data,
            host,
        } = &mut self.receiver
        else {
            return;
        };
        while *taken < 8 && States::from_cycles(*from + Cycles(u64::from(*taken) + 2)) <= until {
            let bit = host.map_or(level, |byte| byte >> *taken & 1 == 1);
            *data |= u8::from(bit) << *taken;
            *taken += 1;
        }
        if *taken == 8 {
            let (data, done) = (*data, *from + SHIFT);
            self.received = data;
            self.receiver = Receiver::LISTENING;
            raise(&mut self.ri, done);
        }
    }

    /// Finds out when a byte may have been received: to be called after any change but the passing
    /// of time.
    pub(super) fn refresh_receiver(&mut self) {
        self.next_received = self.next_byte().unwrap_or(Cycles::MAX);
    }

    /// The moment at which the receiver will have its next byte, at the earliest.
    fn next_byte(&self) -> Option<Cycles> {
        let (counts, needed) = match self.receiver {
            Receiver::Shift { from, .. } => return Some(from + SHIFT),
            _ if self.hears_nothing() || !self.control.contains(Scon::REN) => return None,
            Receiver::Frame { ticks, .. } => {
                (self.ticks?, TO_LAST_BIT.saturating_sub(ticks).into())
            }
            Receiver::Idle { .. } | Receiver::Tail { .. } => {
                let counts = self.ticks?;
                let falls = match self.line.frame {
                    Some(frame) if self.rxd => frame.low_from(self.heard),
                    _ => self.heard,
                };
                (counts, counts.until(falls) + 1 + u64::from(TO_LAST_BIT))
            }
        };
        Some(counts.nth(needed).ceil())
    }

    /// Pin RXD changed, where the port is caught up.
    pub(super) fn set_rxd(&mut self, level: bool) {
        self.rxd = level;
        self.refresh_receiver();
    }

    /// The level that the host and mode 0 give RXD, to be and-ed with the latch.
    pub(super) fn rxd(&self) -> bool {
        let shifted = match self.transmitter {
            Transmitter::Shift { data, from, .. } => {
                // a bit in each of eight cycles, from the second one after the write on
                let since = self
                    .at
                    .0
                    .checked_sub(States::from_cycles(from + Cycles(1)).0);
                let bit = since.map_or(8, |since| since / States::PER_CYCLE);
                bit >= 8 || data >> bit & 1 == 1
            }
            _ => true,
        };
        let host = self.line.frame;
        shifted && host.is_none_or(|frame| frame.level(self.heard).0)
    }
}
