//! The serial port.
//!
//! After *Serial Interface* and *More About Mode 0* to *Modes 2 and 3* in Intel's Hardware Description of the 8051
//! (1994). Bits are timed by the divide-by-16 counters of transmitter and receiver, which are advanced by as many
//! counts as are due when somebody looks. Nothing that one of the two does on its own changes what the other does, so
//! each is caught up when it has a flag to set, and both when something changes from outside.

use std::collections::VecDeque;

use crate::archive::{Carrier, Fields, SnapshotError};
use crate::interrupt::Flag;
use crate::line::{BitTime, Frame, Line, Pace, Rate, SerialByte, levels};
use crate::time::{Pulses, States};
use crate::trace::{Signal, Trace};
use emu8051::Cycles;
use emu8051::sfr::Scon;

/// What the divide-by-16 counters can be fed with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Clocks {
    /// Timer 1's overflows.
    pub(crate) timer1: Option<Pulses>,
    /// Timer 2's overflows.
    pub(crate) timer2: Option<Pulses>,
    /// TCLK: timer 2 feeds the transmitter.
    pub(crate) transmit_by_timer2: bool,
    /// RCLK: timer 2 feeds the receiver.
    pub(crate) receive_by_timer2: bool,
}

impl Clocks {
    /// Leaves the pulses up to `to` behind.
    fn pass(&mut self, to: States) {
        self.timer1 = self.timer1.and_then(|pulses| pulses.after(to));
        self.timer2 = self.timer2.and_then(|pulses| pulses.after(to));
    }
}

/// The transmitter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transmitter {
    Idle,
    /// Modes 1 to 3: `begun` of `bits` bits have been put on TXD.
    Frame {
        byte: SerialByte,
        levels: u16,
        bits: u8,
        begun: u8,
    },
    /// Mode 0: written to SBUF at `from`; of the eight cycles in which bits are shifted out, `shown` are in the trace.
    Shift {
        data: u8,
        from: Cycles,
        shown: u8,
    },
}

/// The receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Receiver {
    /// Looking for a falling edge of RXD; its level at the last sample.
    Idle { last: bool },
    /// Modes 1 to 3: `ticks` counts since the edge; `bits` decided so far; how often the present one was sampled high.
    Frame { ticks: u16, decided: u16, highs: u8 },
    /// Modes 2 and 3: the bit time after the ninth bit, in counts left.
    Tail { left: u8 },
    /// Mode 0: begun at `from`; `taken` bits are in. A byte of the host is sampled instead of the pin.
    Shift {
        from: Cycles,
        taken: u8,
        data: u8,
        host: Option<u8>,
    },
}

impl Receiver {
    const LISTENING: Receiver = Receiver::Idle { last: true };
}

/// Bits a receiver takes in: start bit, data, and the stop bit or the ninth data bit.
const BITS_DECIDED: u16 = 10;
/// Counts of a divide-by-16 counter in a bit.
const TICKS_PER_BIT: u64 = 16;
/// Counts from the one that finds the start bit to the one that decides the last bit.
const TO_LAST_BIT: u16 = (BITS_DECIDED - 1) * 16 + 9;
/// Machine cycles from the write that starts a mode 0 transfer to its flag: the flag comes at S1P1 of the tenth cycle.
const SHIFT: Cycles = Cycles(9);

/// The serial port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Uart {
    /// Up to when the transmitter has gone, and the counters that run free.
    at: States,
    /// The pulses after `at`.
    clocks: Clocks,
    /// Up to when the receiver has listened.
    heard: States,
    /// The counts of its divide-by-16 counter after that.
    ticks: Option<Pulses>,
    /// When TI will be set; [`Cycles::MAX`] if never.
    next_sent: Cycles,
    /// RI and what SBUF reads as do not change by themselves before this moment.
    next_received: Cycles,
    /// SCON without its two flags.
    control: Scon,
    smod: bool,
    ti: Flag,
    ri: Flag,
    /// What SBUF reads as.
    received: u8,
    /// The divide-by-2 stage before the counters, for timer 1 and mode 2 with SMOD clear.
    half: bool,
    /// The transmitter's divide-by-16 counter, which runs free.
    count: u8,
    transmitter: Transmitter,
    receiver: Receiver,
    /// The level of pin RXD as far as neither `line` nor mode 0 makes it.
    rxd: bool,
    /// The level of pin TXD as far as the transmitter does not make it: its latch holds it low, or somebody outside.
    gate: bool,
    /// That was so while the byte on its way was sent.
    spoiled: bool,
    pub(crate) line: Line,
    /// Bytes that came while RI was set.
    pub(crate) overruns: u64,
    /// Frames that could not be read, because TXD was held low.
    pub(crate) unread: u64,
    /// The shortest and the longest bit of the frames sent.
    pub(crate) bits: Option<(States, States)>,
    /// Bytes sent and not yet collected: data and moment of TI.
    pub(crate) sent: VecDeque<(SerialByte, Cycles)>,
}

impl Uart {
    pub(crate) fn new() -> Uart {
        Uart {
            at: States(0),
            clocks: Clocks::default(),
            heard: States(0),
            ticks: None,
            next_sent: Cycles::MAX,
            next_received: Cycles::MAX,
            control: Scon::empty(),
            smod: false,
            ti: Flag::default(),
            ri: Flag::default(),
            received: 0,
            half: false,
            count: 0,
            transmitter: Transmitter::Idle,
            receiver: Receiver::LISTENING,
            rxd: true,
            gate: true,
            spoiled: false,
            line: Line::default(),
            overruns: 0,
            unread: 0,
            bits: None,
            sent: VecDeque::new(),
        }
    }

    /// SM0 SM1.
    fn mode(&self) -> u8 {
        self.control.bits() >> 6
    }

    /// Nine data bits.
    fn nine(&self) -> bool {
        self.mode() >= 2
    }

    /// Timer 1's overflows, or in mode 2 the oscillator by two.
    fn base(&self) -> Option<Pulses> {
        match self.mode() {
            0 => None,
            2 => Some(Pulses {
                next: States(self.at.0 + 1),
                period: States(1),
            }),
            _ => self.clocks.timer1,
        }
    }

    /// The counts of a divide-by-16 counter.
    fn counts(&self, by_timer2: bool) -> Option<Pulses> {
        if by_timer2 && matches!(self.mode(), 1 | 3) {
            return self.clocks.timer2;
        }
        let base = self.base()?;
        Some(match (self.smod, self.half) {
            (true, _) => base,
            (false, half) => base.every(2, if half { 1 } else { 2 }),
        })
    }

    fn transmit_counts(&self) -> Option<Pulses> {
        self.counts(self.clocks.transmit_by_timer2)
    }

    /// The counts of the receiver, where both are settled.
    fn receive_counts(&self) -> Option<Pulses> {
        self.counts(self.clocks.receive_by_timer2)
    }

    /// The rollovers of the transmitter's counter, where bits begin.
    fn rollovers(&self) -> Option<Pulses> {
        Some(
            self.transmit_counts()?
                .every(16, 16 - u64::from(self.count)),
        )
    }

    /// Goes on to `to`.
    pub(crate) fn settle(&mut self, to: Cycles, trace: &mut Trace) {
        self.settle_transmitter(to, trace);
        self.settle_receiver(to, trace);
    }

    /// Sets the flags that are due at `to`.
    pub(crate) fn settle_flags(&mut self, to: Cycles, trace: &mut Trace) {
        if self.next_sent <= to {
            self.finish(to, trace);
        }
        if self.next_received <= to {
            self.settle_receiver(to, trace);
        }
    }

    /// Lets the transmitter go on to `to`.
    pub(crate) fn settle_transmitter(&mut self, to: Cycles, trace: &mut Trace) {
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

    /// Lets the receiver go on to `to`.
    fn settle_receiver(&mut self, to: Cycles, trace: &mut Trace) {
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
    fn hears_nothing(&self) -> bool {
        self.receiver == Receiver::LISTENING && self.rxd && self.line.frame.is_none()
    }

    /// Whether the levels of TXD or RXD may change with time.
    pub(crate) fn moves_pins(&self) -> bool {
        self.transmitter != Transmitter::Idle || self.line.frame.is_some()
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
                    trace.record(States(begins + 2), Signal::Txd(false)); // the shift clock is low from S3 to S5
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

    /// The byte on its way is sent by `to`. The counters run on alike with and without a byte, so they are caught up when
    /// somebody looks.
    fn finish(&mut self, to: Cycles, trace: &mut Trace) {
        match self.transmitter {
            Transmitter::Frame { byte, .. } if !trace.is_on() => {
                self.transmitted(byte, self.next_sent);
            }
            _ => self.settle_transmitter(to, trace),
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

    /// The latch of TXD, or whoever is outside, holds the pin low or lets go of it at `at`, where the transmitter is
    /// settled.
    pub(crate) fn set_gate(&mut self, level: bool, at: Cycles, trace: &mut Trace) {
        self.gate = level;
        let begun = !matches!(self.transmitter, Transmitter::Frame { begun: 0, .. });
        self.spoiled = !level || self.spoiled && begun;
        self.show_txd(at, trace);
    }

    /// The level of TXD may have changed at `at`, where the transmitter is settled.
    fn show_txd(&mut self, at: Cycles, trace: &mut Trace) {
        let level = self.gate && self.txd();
        trace.record(States::from_cycles(at), Signal::Txd(level));
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

    /// A byte of the host that nothing disturbs from `from` to `to` is received in one go: the samples of each bit lie
    /// within it. Returns when its last bit is decided.
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

    /// The last bit was decided at `at`, with RXD at `level`: the byte is kept if RI is clear and, under SM2, the ninth
    /// or stop bit is set.
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

    /// The host begins its next byte at `at` if somebody can hear it.
    fn offer_byte(&mut self, at: States, counts: Option<Pulses>) {
        let waits = self.line.pace == Pace::WhenTaken;
        let receives = self.control.contains(Scon::REN) && !(waits && self.ri.is_set());
        let counts = counts.filter(|counts| receives && counts.repeats());
        match (self.line.rate, counts) {
            (Rate::Own(bit), _) if !waits => self.begin_byte(at, bit),
            // a receiver whose bits are so long that it has not looked twice when the byte is over hears nothing
            (Rate::Own(bit), Some(counts))
                if counts.period.0.saturating_mul(TICKS_PER_BIT / 2)
                    > bit.after(States(0), BITS_DECIDED.into()).0 => {}
            (rate, Some(counts)) => {
                // not before the receiver's clock runs: a timer may take a while to its first overflow
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
    pub(crate) fn waits_for_a_look(&self) -> bool {
        !self.line.queue.is_empty()
            && self.line.frame.is_none()
            && matches!(self.line.rate, Rate::Own(_))
    }

    /// The program looked at `bits` of P3 at `at`, RXD among them: it is listening itself, unless it reads the whole port,
    /// perhaps for something else, while the receiver is on. The host begins a byte when that has lasted for a while, and
    /// lets the program alone after it.
    pub(crate) fn looked_at(&mut self, bits: u8, at: Cycles, trace: &mut Trace) {
        let listens = bits == 0x01 || !self.control.contains(Scon::REN);
        if let (true, Rate::Own(bit)) = (listens, self.line.rate) {
            self.settle(at, trace);
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

    /// The host's rate is `rate` from now on, where the port is settled.
    pub(crate) fn set_rate(&mut self, rate: Rate) {
        self.line.rate = rate;
        self.resume();
    }

    /// The host has another byte to send, where the port is settled.
    pub(crate) fn queue(&mut self, byte: SerialByte) {
        let waits = !self.line.queue.is_empty(); // for what the one before it waits for
        self.line.queue.push_back(byte);
        if !waits {
            self.resume();
        }
    }

    /// Something that decides whether the host can send has changed, where the port is settled.
    fn resume(&mut self) {
        self.ticks = self.receive_counts();
        if !self.line.queue.is_empty() {
            self.offer_byte(self.at, self.ticks);
        }
        self.refresh_transmitter();
        self.refresh_receiver();
    }

    /// From now on, where the port is settled, these are the pulses it is clocked with.
    pub(crate) fn set_clocks(&mut self, clocks: Clocks) {
        self.clocks = clocks;
        self.resume();
    }

    /// SMOD was written, where the port is settled.
    pub(crate) fn set_smod(&mut self, smod: bool) {
        self.smod = smod;
        self.resume();
    }

    /// Finds out when TI will be set: to be called after any change but the passing of time.
    fn refresh_transmitter(&mut self) {
        let moment = match self.transmitter {
            Transmitter::Idle => None,
            Transmitter::Frame { bits, begun, .. } => self
                .rollovers()
                .map(|rollovers| rollovers.nth(u64::from(bits - begun)).ceil()),
            Transmitter::Shift { from, .. } => Some(from + SHIFT),
        };
        self.next_sent = moment.unwrap_or(Cycles::MAX);
    }

    /// Finds out when a byte may have been received: to be called after any change but the passing of time.
    fn refresh_receiver(&mut self) {
        self.next_received = self.next_byte().unwrap_or(Cycles::MAX);
    }

    /// When the receiver will have its next byte, at the earliest.
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

    /// Neither SCON nor what SBUF reads as changes by itself before this moment.
    pub(crate) fn next_flag(&self) -> Cycles {
        self.next_sent.min(self.next_received)
    }

    /// RI and TI.
    pub(crate) fn flags(&self) -> [Flag; 2] {
        [self.ri, self.ti]
    }

    /// Pin RXD changed, where the port is settled.
    pub(crate) fn set_rxd(&mut self, level: bool) {
        self.rxd = level;
        self.refresh_receiver();
    }

    /// What the serial port makes of TXD, to be and-ed with the latch.
    pub(crate) fn txd(&self) -> bool {
        match self.transmitter {
            Transmitter::Frame { levels, begun, .. } if begun > 0 => levels >> (begun - 1) & 1 == 1,
            _ => true,
        }
    }

    /// What the host and mode 0 make of RXD, to be and-ed with the latch.
    pub(crate) fn rxd(&self) -> bool {
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

    pub(crate) fn scon(&self) -> u8 {
        let mut value = self.control;
        value.set(Scon::TI, self.ti.is_set());
        value.set(Scon::RI, self.ri.is_set());
        value.bits()
    }

    /// Whether a write of `value` to SCON only clears and sets flags, for which no host is waiting: then it can be made
    /// without going on to that moment.
    fn leaves_mode(&self, value: u8) -> bool {
        let flags = Scon::TI | Scon::RI;
        self.mode() != 0
            && Scon::from_bits_retain(value) - flags == self.control
            && (self.line.queue.is_empty() || self.line.pace == Pace::BackToBack)
    }

    /// SCON was written at `at`. Returns whether nothing but RI and TI has changed.
    pub(crate) fn set_scon(&mut self, value: u8, at: Cycles, trace: &mut Trace) -> bool {
        let written = Scon::from_bits_retain(value);
        let leaves_mode = self.leaves_mode(value);
        if !leaves_mode {
            self.settle(at, trace);
        }
        self.ti.write(written.contains(Scon::TI), at);
        self.ri.write(written.contains(Scon::RI), at);
        if leaves_mode {
            return true;
        }
        self.control = written - Scon::TI - Scon::RI;
        let shifting = matches!(self.receiver, Receiver::Shift { .. });
        if !written.contains(Scon::REN) || shifting != (self.mode() == 0) {
            self.receiver = Receiver::LISTENING;
        }
        if self.mode() == 0 && written.contains(Scon::REN) && !self.ri.is_set() && !shifting {
            let host = self.line.queue.pop_front().map(|byte| byte.data);
            self.receiver = Receiver::Shift {
                from: at,
                taken: 0,
                data: 0,
                host,
            };
        }
        self.resume();
        false
    }

    /// The byte received last.
    pub(crate) fn sbuf(&self) -> u8 {
        self.received
    }

    /// SBUF was written at `at`, where the transmitter is settled: transmission is requested. A byte on its way is cut off.
    pub(crate) fn send(&mut self, data: u8, at: Cycles, trace: &mut Trace) {
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

    /// The chip was without a clock from where the port is settled to `to`; the host was not. [`Uart::set_clocks`] has to
    /// follow.
    pub(crate) fn sleep(&mut self, to: Cycles) {
        let slept = Cycles((States::from_cycles(to).0 - self.at.0) / States::PER_CYCLE);
        if let Transmitter::Shift { from, .. } = &mut self.transmitter {
            *from += slept;
        }
        if let Receiver::Shift { from, .. } = &mut self.receiver {
            *from += slept;
        }
        self.at = States::from_cycles(to);
        self.heard = self.at;
        while let Some(frame) = self.line.frame.take_if(|frame| frame.end() <= self.at) {
            if self.line.pace == Pace::BackToBack {
                self.offer_byte(frame.end(), None);
            }
        }
    }
}

impl Fields for Transmitter {
    fn fields(&mut self, carrier: &mut Carrier<'_>) -> Result<(), SnapshotError> {
        let mut kind = match self {
            Transmitter::Idle => 0,
            Transmitter::Frame { .. } => 1,
            Transmitter::Shift { .. } => 2,
        };
        carrier.u8(&mut kind)?;
        carrier.check(kind <= 2)?;
        *self = match (kind, *self) {
            (0, _) => Transmitter::Idle,
            (1, Transmitter::Frame { .. }) | (2, Transmitter::Shift { .. }) => *self,
            (1, _) => Transmitter::Frame {
                byte: SerialByte::from(0),
                levels: 0,
                bits: 0,
                begun: 0,
            },
            _ => Transmitter::Shift {
                data: 0,
                from: Cycles::ZERO,
                shown: 0,
            },
        };
        match self {
            Transmitter::Idle => Ok(()),
            Transmitter::Frame {
                byte,
                levels,
                bits,
                begun,
            } => {
                byte.fields(carrier)?;
                carrier.u16(levels)?;
                carrier.u8(bits)?;
                carrier.u8(begun)?;
                carrier.check(*begun < *bits && *bits <= 11)
            }
            Transmitter::Shift { data, from, shown } => {
                carrier.u8(data)?;
                carrier.cycles(from)?;
                carrier.u8(shown)?;
                carrier.check(*shown <= 8)
            }
        }
    }
}

impl Fields for Receiver {
    fn fields(&mut self, carrier: &mut Carrier<'_>) -> Result<(), SnapshotError> {
        let mut kind = match self {
            Receiver::Idle { .. } => 0,
            Receiver::Frame { .. } => 1,
            Receiver::Tail { .. } => 2,
            Receiver::Shift { .. } => 3,
        };
        carrier.u8(&mut kind)?;
        carrier.check(kind <= 3)?;
        *self = match (kind, *self) {
            (0, Receiver::Idle { .. })
            | (1, Receiver::Frame { .. })
            | (2, Receiver::Tail { .. })
            | (3, Receiver::Shift { .. }) => *self,
            (0, _) => Receiver::LISTENING,
            (1, _) => Receiver::Frame {
                ticks: 0,
                decided: 0,
                highs: 0,
            },
            (2, _) => Receiver::Tail { left: 16 },
            _ => Receiver::Shift {
                from: Cycles::ZERO,
                taken: 0,
                data: 0,
                host: None,
            },
        };
        match self {
            Receiver::Idle { last } => carrier.bool(last),
            Receiver::Frame {
                ticks,
                decided,
                highs,
            } => {
                carrier.u16(ticks)?;
                carrier.u16(decided)?;
                carrier.u8(highs)?;
                carrier.check(*ticks < BITS_DECIDED * 16 && *highs <= 3)
            }
            Receiver::Tail { left } => {
                carrier.u8(left)?;
                carrier.check((1..=16).contains(left))
            }
            Receiver::Shift {
                from,
                taken,
                data,
                host,
            } => {
                carrier.cycles(from)?;
                carrier.u8(taken)?;
                carrier.u8(data)?;
                carrier.option(host, 0, Carrier::u8)?;
                carrier.check(*taken < 8)
            }
        }
    }
}

impl Fields for Uart {
    fn fields(&mut self, carrier: &mut Carrier<'_>) -> Result<(), SnapshotError> {
        carrier.u64(&mut self.at.0)?;
        self.heard = self.at;
        let mut control = self.control.bits();
        carrier.u8(&mut control)?;
        self.control = Scon::from_bits_retain(control);
        carrier.bool(&mut self.smod)?;
        self.ti.fields(carrier)?;
        self.ri.fields(carrier)?;
        carrier.u8(&mut self.received)?;
        carrier.bool(&mut self.half)?;
        carrier.u8(&mut self.count)?;
        carrier.check(self.count < 16)?;
        self.transmitter.fields(carrier)?;
        self.receiver.fields(carrier)?;
        carrier.bool(&mut self.rxd)?;
        carrier.bool(&mut self.gate)?;
        carrier.bool(&mut self.spoiled)?;
        self.line.fields(carrier)?;
        carrier.u64(&mut self.overruns)?;
        carrier.u64(&mut self.unread)?;
        let none = (States(0), States(0));
        carrier.option(&mut self.bits, none, |carrier, (shortest, longest)| {
            carrier.u64(&mut shortest.0)?;
            carrier.u64(&mut longest.0)
        })?;
        carrier.queue(
            &mut self.sent,
            (SerialByte::from(0), Cycles::ZERO),
            |carrier, (byte, at)| {
                byte.fields(carrier)?;
                carrier.cycles(at)
            },
        )
    }
}

/// A flag of the serial port is set at S1P1 of the cycle that begins at `at`, sampled in that cycle and polled in the
/// next one.
fn raise(flag: &mut Flag, at: Cycles) {
    flag.raise(at, at + Cycles(2));
}
