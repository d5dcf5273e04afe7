//! The serial port.
//!
//! After *Serial Interface* and *More About Mode 0* to *Modes 2 and 3* in Intel's Hardware
//! Description of the 8051 (1994). Bits are timed by the divide-by-16 counters of [transmitter] and
//! [receiver], which are advanced by as many counts as are due when somebody looks. Nothing that
//! one of the two does on its own changes what the other does, so each is caught up when it has a
//! flag to set, and both when something changes from outside. The [host] is at the other end of the
//! line.

mod host;
mod receiver;
mod transmitter;

use std::collections::VecDeque;

use self::receiver::Receiver;
use self::transmitter::Transmitter;
use super::{Clocks, Effects, Peripheral, PinChange};
use crate::archive::{Archive, Reader, SnapshotError, archived_fields};
use crate::chips::Chip;
use crate::interrupt::{Flag, PollingDelay, Source};
use crate::line::{Line, Pace, SerialByte};
use crate::time::{Pulses, States};
use crate::trace::Trace;
use emu8051::Cycles;
use emu8051::sfr::{self, Scon};

/// Counts of a divide-by-16 counter in a bit.
const TICKS_PER_BIT: u64 = 16;
/// Machine cycles from the write that starts a mode 0 transfer to its flag: the flag comes at S1P1
/// of the tenth cycle.
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
    /// The moment at which TI will be set; [`Cycles::MAX`] if never.
    next_sent: Cycles,
    /// RI and what SBUF reads as do not change by themselves before this moment.
    next_received: Cycles,
    /// SCON without its two flags.
    control: Scon,
    smod: bool,
    ti: Flag,
    ri: Flag,
    /// The value that SBUF reads as.
    received: u8,
    /// The divide-by-2 stage before the counters, for timer 1 and mode 2 with SMOD clear.
    half: bool,
    /// The transmitter's divide-by-16 counter, which runs free.
    count: u8,
    transmitter: Transmitter,
    receiver: Receiver,
    /// The level of pin RXD as far as neither `line` nor mode 0 makes it.
    rxd: bool,
    /// The level of pin TXD as far as the transmitter does not make it: its latch holds it low, or
    /// somebody outside.
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
    /// As after reset.
    fn new() -> Uart {
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

    /// The counts of the receiver, where both are caught up.
    fn receive_counts(&self) -> Option<Pulses> {
        self.counts(self.clocks.receive_by_timer2)
    }

    fn scon(&self) -> u8 {
        let mut value = self.control;
        value.set(Scon::TI, self.ti.is_set());
        value.set(Scon::RI, self.ri.is_set());
        value.bits()
    }

    /// Whether a write of `value` to SCON only clears and sets flags, for which no host is waiting:
    /// then it can be made without going on to that moment.
    fn leaves_mode(&self, value: u8) -> bool {
        let flags = Scon::TI | Scon::RI;
        self.mode() != 0
            && Scon::from_bits_retain(value) - flags == self.control
            && (self.line.queue.is_empty() || self.line.pace == Pace::BackToBack)
    }

    /// SCON was written at `at`. Returns whether nothing but RI and TI has changed.
    fn set_scon(&mut self, value: u8, at: Cycles, trace: &mut Trace) -> bool {
        let written = Scon::from_bits_retain(value);
        let leaves_mode = self.leaves_mode(value);
        if !leaves_mode {
            self.catch_up(at, trace);
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

    /// Sets the flags that are due at `to`.
    fn process_flags(&mut self, to: Cycles, trace: &mut Trace) {
        if self.next_sent <= to {
            self.finish(to, trace);
        }
        if self.next_received <= to {
            self.catch_up_receiver(to, trace);
        }
    }

    /// Something that decides whether the host can send has changed, where the port is caught up.
    fn resume(&mut self) {
        self.ticks = self.receive_counts();
        if !self.line.queue.is_empty() {
            self.offer_byte(self.at, self.ticks);
        }
        self.refresh_transmitter();
        self.refresh_receiver();
    }
}

impl Clocks {
    /// Leaves the pulses up to `to` behind.
    fn pass(&mut self, to: States) {
        self.timer1 = self.timer1.and_then(|pulses| pulses.after(to));
        self.timer2 = self.timer2.and_then(|pulses| pulses.after(to));
    }
}

impl Archive for Scon {
    fn save(&self, out: &mut Vec<u8>) {
        self.bits().save(out);
    }

    fn restore(from: &mut Reader<'_>) -> Result<Scon, SnapshotError> {
        u8::restore(from).map(Scon::from_bits_retain)
    }
}

archived_fields!(
    Uart: at, control, smod, ti, ri, received, half, count, transmitter, receiver, rxd, gate,
    spoiled, line, overruns, unread, bits, sent
);

impl Peripheral for Uart {
    /// RXD and TXD.
    const PINS: [u8; 4] = [0, 0, 0, 0x03];
    const DRIVES: u8 = 1 << 3;

    fn after_reset(_: &Chip) -> Uart {
        Uart::new()
    }

    #[inline(always)]
    fn read(&self, register: u8) -> u8 {
        if register == sfr::SCON {
            self.scon()
        } else {
            self.received
        }
    }

    fn write(&mut self, register: u8, value: u8, at: Cycles, trace: &mut Trace) -> Effects {
        if register == sfr::SBUF {
            self.catch_up_transmitter(at, trace);
            self.send(value, at, trace);
            Effects::NEXT_CHANGE
        } else if self.set_scon(value, at, trace) {
            Effects::empty()
        } else {
            Effects::NEXT_CHANGE
        }
    }

    fn save(&self, out: &mut Vec<u8>) {
        self.save_fields(out);
    }

    /// The clocks have to follow.
    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), SnapshotError> {
        self.restore_fields(from)?;
        self.heard = self.at;
        from.check(self.count < 16)
    }

    /// The moment at which a flag may be set.
    #[inline(always)]
    fn next_change(&self) -> Cycles {
        self.next_sent.min(self.next_received)
    }

    #[inline(always)]
    fn process_until(&mut self, to: Cycles, trace: &mut Trace) {
        if self.next_change() <= to {
            self.process_flags(to, trace);
        }
    }

    fn catch_up(&mut self, to: Cycles, trace: &mut Trace) {
        self.catch_up_transmitter(to, trace);
        self.catch_up_receiver(to, trace);
    }

    /// The host is not without one. Clocks have to follow.
    fn sleep(&mut self, to: Cycles) {
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

    fn set_clocks(&mut self, clocks: &Clocks) {
        self.clocks = *clocks;
        self.resume();
    }

    fn power_control_written(&mut self, smod: bool, at: Cycles, trace: &mut Trace) {
        self.catch_up(at, trace);
        self.smod = smod;
        self.resume();
    }

    fn pins_changed(&mut self, pins: PinChange, trace: &mut Trace) -> Effects {
        if pins.changed & 0x01 != 0 {
            self.catch_up(pins.at, trace);
            self.set_rxd(pins.is_high(0));
        }
        if pins.changed & 0x02 != 0 {
            self.catch_up_transmitter(pins.at, trace);
            self.set_gate(pins.is_high(1), pins.at, trace);
        }
        Effects::NEXT_CHANGE
    }

    /// A host that nobody else hears sends when the program looks at RXD.
    #[inline(always)]
    fn pins_read(&mut self, _: usize, bits: u8, at: Cycles, trace: &mut Trace) -> Effects {
        if bits & 0x01 == 0 || !self.waits_for_a_look() {
            return Effects::empty();
        }
        self.looked_at(bits, at, trace);
        Effects::NEXT_CHANGE
    }

    #[inline(always)]
    fn levels(&self, _: usize) -> u8 {
        if self.moves_pins() {
            !(u8::from(!self.txd()) << 1 | u8::from(!self.rxd()))
        } else {
            0xFF
        }
    }

    #[inline(always)]
    fn moves_pins(&self) -> bool {
        self.transmitter != Transmitter::Idle || self.line.frame.is_some()
    }

    /// RI and TI.
    #[inline(always)]
    fn first_request(&self, _: Source, of: impl Fn(&Flag) -> Cycles) -> Cycles {
        of(&self.ri).min(of(&self.ti))
    }

    #[inline(always)]
    fn next_request(&self, _: Source, delay: PollingDelay) -> Cycles {
        delay.recognised_at(self.next_change(), 2)
    }
}

/// A flag of the serial port is set at S1P1 of the cycle that begins at `at`, sampled in that cycle
/// and polled in the next one.
fn raise(flag: &mut Flag, at: Cycles) {
    flag.raise(at, at + Cycles(2));
}
