//! Timers 0 and 1.
//!
//! After *Timer/Counters* in Intel's Hardware Description of the 8051 (1994), modes 0 to 3. A timer
//! keeps its registers as they were at one moment and is caught up when somebody looks: nothing
//! counts in between. When its flag will be set is known in advance, so that needs no counting
//! either.

use super::{Clocks, Effects, Peripheral, PinChange, Sample};
use crate::archive::{Archive, Reader, SnapshotError, archived_fields};
use crate::chips::Chip;
use crate::interrupt::{Flag, PollingDelay, Source};
use crate::time::{Pulses, States};
use crate::trace::{Signal, Trace};
use emu8051::Cycles;
use emu8051::sfr::{self, Tcon};

/// The way a timer's two registers count together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// 13 bits: the low five of TL are a prescaler of TH.
    Bits13,
    /// 16 bits.
    Bits16,
    /// TL, reloaded from TH in the cycle of its overflow.
    Reload8,
    /// Timer 0: TL alone, with TH a timer of its own. Timer 1: halted.
    Split,
}

impl Mode {
    fn of(nibble: u8) -> Mode {
        match nibble & 3 {
            0 => Mode::Bits13,
            1 => Mode::Bits16,
            2 => Mode::Reload8,
            _ => Mode::Split,
        }
    }
}

/// TH and TL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Pair {
    th: u8,
    tl: u8,
}

impl Pair {
    /// Counts until the next overflow, and from one overflow to the one after.
    fn overflows(self, mode: Mode) -> (u64, u64) {
        let (tl, th) = (u64::from(self.tl), u64::from(self.th));
        match mode {
            Mode::Bits13 => (0x2000 - (th << 5 | tl & 0x1F), 0x2000),
            Mode::Bits16 => (0x1_0000 - (th << 8 | tl), 0x1_0000),
            Mode::Reload8 => (0x100 - tl, 0x100 - th),
            Mode::Split => (0x100 - tl, 0x100),
        }
    }

    /// The registers `n` counts later.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the registers are the low bits of the count"
    )]
    fn after(self, n: u64, mode: Mode) -> Pair {
        let (until, period) = self.overflows(mode);
        let low = u64::from(self.tl) + n;
        match mode {
            // The upper three bits of TL are indeterminate: here, as in s51, they last until the
            // first carry into TH.
            Mode::Bits13 if (u64::from(self.tl & 0x1F) + n) < 0x20 => Pair {
                tl: low as u8,
                ..self
            },
            Mode::Bits13 => {
                let count = (u64::from(self.th) << 5 | u64::from(self.tl & 0x1F)) + n;
                Pair {
                    th: (count >> 5) as u8,
                    tl: (count & 0x1F) as u8,
                }
            }
            Mode::Bits16 => {
                let count = (u64::from(self.th) << 8) + low;
                Pair {
                    th: (count >> 8) as u8,
                    tl: count as u8,
                }
            }
            Mode::Reload8 if n < until => Pair {
                tl: low as u8,
                ..self
            },
            Mode::Reload8 => Pair {
                tl: self.th + ((n - until) % period) as u8,
                ..self
            },
            Mode::Split => Pair {
                tl: low as u8,
                ..self
            },
        }
    }
}

impl Archive for Pair {
    fn save(&self, out: &mut Vec<u8>) {
        self.th.save(out);
        self.tl.save(out);
    }

    fn restore(from: &mut Reader<'_>) -> Result<Pair, SnapshotError> {
        Ok(Pair {
            th: Archive::restore(from)?,
            tl: Archive::restore(from)?,
        })
    }
}

/// Timer 0 or timer 1.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Timer {
    /// The moment at which the registers were as they are kept.
    at: Cycles,
    pair: Pair,
    /// TR: set to run.
    run: bool,
    /// TF.
    overflow: Flag,
    /// The level of its INT pin, which GATE looks at.
    gate_pin: bool,
    /// A falling edge was sampled; it is counted at this moment.
    edge: Option<Cycles>,
    /// TL and TH count machine cycles: what [`Timers::refresh`] found.
    counts_cycles: bool,
}

archived_fields!(Timer: pair, run, overflow, gate_pin, edge);

/// Both timers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Timers {
    tmod: u8,
    timers: [Timer; 2],
    /// The moments at which TF0 and TF1 will be set, unless something is written before: what
    /// [`Timers::refresh`] found.
    next_flags: [Cycles; 2],
}

impl Timers {
    const GATE: u8 = 0x08;
    const COUNTER: u8 = 0x04;

    /// As after reset: stopped, all zero, pins high.
    pub(crate) fn new() -> Timers {
        let timer = Timer {
            at: Cycles::ZERO,
            pair: Pair::default(),
            run: false,
            overflow: Flag::default(),
            gate_pin: true,
            edge: None,
            counts_cycles: false,
        };
        Timers {
            tmod: 0,
            timers: [timer.clone(), timer],
            next_flags: [Cycles::MAX; 2],
        }
    }

    fn nibble(&self, n: usize) -> u8 {
        self.tmod >> (4 * n)
    }

    fn mode(&self, n: usize) -> Mode {
        Mode::of(self.nibble(n))
    }

    /// Timer 0 in mode 3: its TH counts under TR1 and sets TF1, and timer 1 does without both.
    fn split(&self) -> bool {
        self.mode(0) == Mode::Split
    }

    /// Whether TL and TH of timer `n` count when they are clocked.
    fn enabled(&self, n: usize) -> bool {
        let timer = &self.timers[n];
        let gate_open = self.nibble(n) & Self::GATE == 0 || timer.gate_pin;
        let (run, halted) = if n == 1 {
            (timer.run || self.split(), self.mode(1) == Mode::Split)
        } else {
            (timer.run, false)
        };
        run && gate_open && !halted
    }

    fn counts_edges(&self, n: usize) -> bool {
        self.nibble(n) & Self::COUNTER != 0
    }

    /// TH0 on its own, and whether it counts: timer function only, controlled by TR1.
    fn upper_half(&self) -> Option<u8> {
        (self.split() && self.timers[1].run).then_some(self.timers[0].pair.th)
    }

    /// The next overflow of timer `n`, as far as that is known: of a counter, by the edge
    /// already sampled.
    fn next_overflow(&self, n: usize) -> Option<Cycles> {
        let timer = &self.timers[n];
        let (until, _) = timer.pair.overflows(self.mode(n));
        if timer.counts_cycles {
            Some(timer.at + Cycles(until))
        } else {
            timer.edge.filter(|_| until == 1)
        }
    }

    /// Overflows of timer `n`, likewise.
    fn pulses(&self, n: usize) -> Option<Pulses> {
        let next = self.next_overflow(n)?;
        if !self.timers[n].counts_cycles {
            return Some(Pulses::once(next));
        }
        let (_, period) = self.timers[n].pair.overflows(self.mode(n));
        Some(Pulses {
            next: States::from_cycles(next),
            period: States::from_cycles(Cycles(period)),
        })
    }

    /// Overflows of TH0 on its own.
    fn upper_pulses(&self) -> Option<Pulses> {
        self.upper_half().map(|th| Pulses {
            next: States::from_cycles(self.timers[0].at + Cycles(0x100 - u64::from(th))),
            period: States::from_cycles(Cycles(0x100)),
        })
    }

    /// Lets TL and TH of timer `n` count up to `to`, where the flags that are due then have been
    /// set.
    fn catch_up_timer(&mut self, n: usize, to: Cycles, trace: &mut Trace) {
        let since = self.timers[n].at;
        if to <= since {
            return;
        }
        if trace.is_on() {
            self.trace_overflows(n, to, trace);
        }
        let elapsed = (to - since).0;
        let mode = self.mode(n);
        let upper = if n == 0 { self.upper_half() } else { None };
        let timer = &mut self.timers[n];
        if timer.counts_cycles {
            timer.pair = timer.pair.after(elapsed, mode);
        }
        if timer.edge.take_if(|due| *due <= to).is_some() && !timer.counts_cycles {
            timer.pair = timer.pair.after(1, mode);
        }
        if let Some(th) = upper {
            timer.pair.th = low_byte(u64::from(th) + elapsed);
        }
        timer.at = to;
    }

    /// Shows the overflows up to `to` that the registers of timer `n` count to and that set a flag.
    #[cold]
    fn trace_overflows(&self, n: usize, to: Cycles, trace: &mut Trace) {
        for flag in (0..2).filter(|flag| self.counter_of(*flag) == n) {
            let Some(pulses) = self.flag_pulses(flag) else {
                continue;
            };
            for k in 1..=pulses.until(States::from_cycles(to)) {
                trace.record(pulses.nth(k), Signal::Overflow(flag as u8));
            }
        }
    }

    /// The overflows that set TF`n`.
    fn flag_pulses(&self, n: usize) -> Option<Pulses> {
        if n == 1 && self.split() {
            self.upper_pulses()
        } else {
            self.pulses(n)
        }
    }

    /// Finds out what counts and when the flags will be set: to be called, where both timers are
    /// caught up, after any change but the passing of time.
    fn refresh(&mut self) {
        for n in 0..2 {
            self.timers[n].counts_cycles = self.enabled(n) && !self.counts_edges(n);
        }
        self.refresh_flag(0);
        self.refresh_flag(1);
    }

    /// Finds out when TF`n` will be set, where the timer that sets it is caught up and clocked as
    /// before.
    fn refresh_flag(&mut self, n: usize) {
        let next = if self.timers[n].overflow.is_set() {
            None
        } else if n == 1 && self.split() {
            self.upper_pulses().map(|pulses| pulses.next.ceil())
        } else {
            self.next_overflow(n)
        };
        self.next_flags[n] = next.unwrap_or(Cycles::MAX);
    }

    /// The registers of timer `n` were written.
    fn refresh_counts(&mut self, n: usize) {
        self.refresh_flag(n);
        if n == 0 && self.split() {
            self.refresh_flag(1);
        }
    }

    /// The falling edge of pin T`n` was sampled in the cycle that ends at `at`: it is counted in
    /// the next one.
    fn pin_fell(&mut self, n: usize, at: Cycles) {
        if self.counts_edges(n) && self.enabled(n) {
            self.timers[n].edge = Some(at + Cycles(1));
            self.refresh();
        }
    }

    /// Whether an edge on a pin can count.
    fn listens(&self) -> bool {
        self.tmod & (Self::COUNTER | Self::COUNTER << 4) != 0
    }

    /// INT`n` changed: a gated timer runs while it is high.
    fn set_gate_pin(&mut self, n: usize, level: bool) {
        self.timers[n].gate_pin = level;
        self.refresh();
    }

    /// The timer whose registers count to the overflow that sets TF`n`.
    fn counter_of(&self, n: usize) -> usize {
        if self.split() { 0 } else { n }
    }

    /// Hardware clears TF`n` at `at`.
    fn clear_flag(&mut self, n: usize, at: Cycles, trace: &mut Trace) {
        self.catch_up_timer(self.counter_of(n), at, trace);
        self.timers[n].overflow.clear();
        self.refresh_flag(n);
    }

    /// TR`n` and TF`n` were written at `at`.
    fn set_control(&mut self, n: usize, run: bool, flag: bool, at: Cycles) {
        self.timers[n].run = run;
        self.timers[n].overflow.write(flag, at);
        self.refresh();
    }

    /// The upper half of TCON.
    fn control(&self) -> Tcon {
        let [timer0, timer1] = &self.timers;
        let mut tcon = Tcon::empty();
        tcon.set(Tcon::TR0, timer0.run);
        tcon.set(Tcon::TF0, timer0.overflow.is_set());
        tcon.set(Tcon::TR1, timer1.run);
        tcon.set(Tcon::TF1, timer1.overflow.is_set());
        tcon
    }

    fn write_control(&mut self, tcon: Tcon, at: Cycles, trace: &mut Trace) -> Effects {
        let runs = [tcon.contains(Tcon::TR0), tcon.contains(Tcon::TR1)];
        let flags = [tcon.contains(Tcon::TF0), tcon.contains(Tcon::TF1)];
        let clocks = runs[1] != self.timers[1].run;
        self.catch_up(at, trace);
        for n in 0..2 {
            self.set_control(n, runs[n], flags[n], at);
        }
        if clocks {
            Effects::CLOCKS | Effects::NEXT_CHANGE
        } else {
            Effects::NEXT_CHANGE
        }
    }

    /// TL or TH of a timer. Timer 0 clocks nothing.
    fn write_counts(&mut self, register: u8, value: u8, at: Cycles, trace: &mut Trace) -> Effects {
        let n = timer_at(register);
        self.catch_up_timer(n, at, trace);
        let pair = &mut self.timers[n].pair;
        if register < sfr::TH0 {
            pair.tl = value;
        } else {
            pair.th = value;
        }
        self.refresh_counts(n);
        if n == 1 {
            Effects::CLOCKS | Effects::NEXT_CHANGE
        } else {
            Effects::NEXT_CHANGE
        }
    }
}

/// The timer, 0 or 1, whose TL or TH is at this direct address: they are TL0, TL1, TH0, TH1 in a
/// row.
#[inline(always)]
fn timer_at(register: u8) -> usize {
    usize::from(register & 1)
}

/// The timer whose flag requests the interrupt of `source`.
#[inline(always)]
fn number(source: Source) -> usize {
    usize::from(source == Source::Timer1)
}

impl Peripheral for Timers {
    /// INT0 and INT1, which gate, and T0 and T1.
    const PINS: [u8; 4] = [0, 0, 0, 0x3C];

    fn after_reset(_: &Chip) -> Timers {
        Timers::new()
    }

    #[inline(always)]
    fn read(&self, register: u8) -> u8 {
        let pair = &self.timers[timer_at(register)].pair;
        match register {
            sfr::TCON => self.control().bits(),
            sfr::TMOD => self.tmod,
            sfr::TL0 | sfr::TL1 => pair.tl,
            _ => pair.th,
        }
    }

    fn write(&mut self, register: u8, value: u8, at: Cycles, trace: &mut Trace) -> Effects {
        match register {
            sfr::TCON => self.write_control(Tcon::from_bits_retain(value), at, trace),
            sfr::TMOD => {
                self.catch_up(at, trace);
                self.tmod = value;
                self.refresh();
                Effects::CLOCKS | Effects::NEXT_CHANGE
            }
            _ => self.write_counts(register, value, at, trace),
        }
    }

    fn save(&self, out: &mut Vec<u8>) {
        self.timers[0].at.save(out); // both are caught up
        self.tmod.save(out);
        for timer in &self.timers {
            timer.save_fields(out);
        }
    }

    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), SnapshotError> {
        let at = Archive::restore(from)?;
        self.tmod = Archive::restore(from)?;
        for timer in &mut self.timers {
            timer.at = at;
            timer.restore_fields(from)?;
        }
        self.refresh();
        Ok(())
    }

    fn is_volatile(register: u8) -> bool {
        (sfr::TL0..=sfr::TH1).contains(&register)
    }

    /// The moment at which a flag will be set next.
    #[inline(always)]
    fn next_change(&self) -> Cycles {
        self.next_flags[0].min(self.next_flags[1])
    }

    /// Sets the flags that are due at `to`.
    #[inline(always)]
    fn process_until(&mut self, to: Cycles, _: &mut Trace) {
        for (timer, next) in self.timers.iter_mut().zip(&mut self.next_flags) {
            let at = std::mem::replace(next, if *next <= to { Cycles::MAX } else { *next });
            if at <= to {
                // at S5P2 of the cycle, which ends at `at`
                timer.overflow.raise(at, at + Cycles(1));
            }
        }
    }

    /// Counts up to `to`, and sets the flags that are due then.
    fn catch_up(&mut self, to: Cycles, trace: &mut Trace) {
        self.process_until(to, trace);
        self.catch_up_timer(0, to, trace);
        self.catch_up_timer(1, to, trace);
    }

    #[inline(always)]
    fn catch_up_register(&mut self, register: u8, to: Cycles, trace: &mut Trace) {
        self.catch_up_timer(timer_at(register), to, trace);
    }

    fn sleep(&mut self, to: Cycles) {
        for timer in &mut self.timers {
            let slept = to - timer.at;
            timer.edge = timer.edge.map(|due| due + slept);
            timer.at = to;
        }
        self.refresh();
    }

    #[inline(always)]
    fn add_clocks(&self, clocks: &mut Clocks) {
        clocks.timer1 = self.pulses(1);
    }

    fn pins_changed(&mut self, pins: PinChange, trace: &mut Trace) -> Effects {
        let mut effects = Effects::empty();
        if pins.changed & 0x0C != 0 {
            self.catch_up(pins.at, trace);
            self.set_gate_pin(0, pins.is_high(2));
            self.set_gate_pin(1, pins.is_high(3));
            effects |= Effects::CLOCKS | Effects::NEXT_CHANGE;
        }
        if pins.changed & 0x30 != 0 {
            effects |= Effects::SAMPLE;
        }
        effects
    }

    fn pins_sampled(&mut self, pins: &Sample, at: Cycles, trace: &mut Trace) -> Effects {
        let fell = pins.fell[3] >> 4 & 3;
        if fell == 0 || !self.listens() {
            return Effects::empty();
        }
        self.catch_up(at, trace);
        for n in (0..2).filter(|n| fell >> n & 1 == 1) {
            self.pin_fell(n, at);
        }
        Effects::CLOCKS
    }

    #[inline(always)]
    fn first_request(&self, source: Source, of: impl Fn(&Flag) -> Cycles) -> Cycles {
        of(&self.timers[number(source)].overflow)
    }

    #[inline(always)]
    fn next_request(&self, source: Source, delay: PollingDelay) -> Cycles {
        delay.recognised_at(self.next_flags[number(source)], 1)
    }

    #[inline(always)]
    fn acknowledge(&mut self, source: Source, at: Cycles, trace: &mut Trace) {
        self.clear_flag(number(source), at, trace);
    }
}

/// The part of a count that an eight-bit counter keeps.
#[expect(clippy::cast_possible_truncation, reason = "that is the low byte")]
fn low_byte(count: u64) -> u8 {
    count as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts one machine cycle at a time, written from the manual's figures.
    #[derive(Clone, Debug, PartialEq)]
    struct Ticking {
        tmod: u8,
        run: [bool; 2],
        gate: [bool; 2],
        tl: [u8; 2],
        th: [u8; 2],
        tf: [bool; 2],
    }

    impl Ticking {
        fn tick(&mut self) {
            let split = self.tmod & 3 == 3;
            let split_run = split && self.run[1];
            for n in 0..2 {
                let nibble = self.tmod >> (4 * n);
                let run = self.run[n] || n == 1 && split;
                if nibble & 4 != 0
                    || !run
                    || nibble & 8 != 0 && !self.gate[n]
                    || n == 1 && nibble & 3 == 3
                {
                    continue;
                }
                let overflow = match nibble & 3 {
                    0 => {
                        let low = (self.tl[n] & 0x1F) + 1;
                        self.tl[n] = if low == 0x20 { 0 } else { self.tl[n] + 1 };
                        self.th[n] = self.th[n].wrapping_add(low >> 5);
                        low == 0x20 && self.th[n] == 0
                    }
                    1 => {
                        self.tl[n] = self.tl[n].wrapping_add(1);
                        self.th[n] = self.th[n].wrapping_add(u8::from(self.tl[n] == 0));
                        self.tl[n] == 0 && self.th[n] == 0
                    }
                    2 if self.tl[n] == 0xFF => {
                        self.tl[n] = self.th[n];
                        true
                    }
                    _ => {
                        self.tl[n] = self.tl[n].wrapping_add(1);
                        self.tl[n] == 0
                    }
                };
                self.tf[n] |= overflow && !(n == 1 && split);
            }
            if split_run {
                self.th[0] = self.th[0].wrapping_add(1);
                self.tf[1] |= self.th[0] == 0;
            }
        }
    }

    fn seen(timers: &Timers) -> ([u8; 2], [u8; 2], [bool; 2]) {
        (
            [0, 1].map(|n| timers.timers[n].pair.tl),
            [0, 1].map(|n| timers.timers[n].pair.th),
            [0, 1].map(|n| timers.timers[n].overflow.is_set()),
        )
    }

    fn trace() -> Trace {
        Trace::default()
    }

    /// Writes a register at the beginning.
    fn set(timers: &mut Timers, register: u8, value: u8) {
        timers.write(register, value, Cycles::ZERO, &mut trace());
    }

    /// Sets TR`n`.
    fn start(timers: &mut Timers, n: usize) {
        timers.set_control(n, true, false, Cycles::ZERO);
    }

    /// Every TMOD, with timers near their overflow, looked at after every step from 1 to 40 cycles.
    #[test]
    fn a_timer_caught_up_equals_a_timer_ticked() {
        for tmod in 0..=0xFF_u8 {
            for (bits, step) in
                (0..16_u8).zip([1, 2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 38, 39, 40])
            {
                let on = |bit: u8| bits >> bit & 1 == 1;
                let mut timers = Timers::new();
                let tl = [0xF9, 0xFC];
                let th = [0xFF, 0xFE];
                let mut model = Ticking {
                    tmod,
                    run: [on(0), on(1)],
                    gate: [on(2), on(3)],
                    tl,
                    th,
                    tf: [false; 2],
                };
                set(&mut timers, sfr::TMOD, tmod);
                for n in 0..2 {
                    set(&mut timers, sfr::TL0 + n as u8, tl[n]);
                    set(&mut timers, sfr::TH0 + n as u8, th[n]);
                    timers.set_control(n, model.run[n], false, Cycles::ZERO);
                    timers.set_gate_pin(n, model.gate[n]);
                }
                for look in 1..40 {
                    (0..step).for_each(|_| model.tick());
                    timers.catch_up(Cycles(look * step), &mut trace());
                    assert_eq!(
                        seen(&timers),
                        (model.tl, model.th, model.tf),
                        "TMOD {tmod:02X} bits {bits:X} look {look}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_next_flag_is_when_the_flag_is_set() {
        for tmod in (0..=0xFF_u8).filter(|tmod| tmod & 0x88 == 0) {
            let mut timers = Timers::new();
            set(&mut timers, sfr::TMOD, tmod);
            for n in 0..2 {
                start(&mut timers, n);
                set(&mut timers, sfr::TL0 + n as u8, 0xE7);
                set(&mut timers, sfr::TH0 + n as u8, 0xFD);
            }
            for n in 0..2 {
                let at = timers.next_flags[n];
                if at == Cycles::MAX {
                    continue;
                }
                let mut early = timers.clone();
                early.catch_up(at - Cycles(1), &mut trace());
                assert!(
                    !early.timers[n].overflow.is_set(),
                    "TMOD {tmod:02X} timer {n}"
                );
                early.catch_up(at, &mut trace());
                assert_eq!(
                    early.timers[n].overflow.raised(),
                    at,
                    "TMOD {tmod:02X} timer {n}"
                );
                assert_eq!(
                    early.next_flags[n],
                    Cycles::MAX,
                    "a flag that is set is not set again"
                );
            }
        }
    }

    #[test]
    fn mode_2_reloads_in_the_cycle_of_the_overflow() {
        let mut timers = Timers::new();
        set(&mut timers, sfr::TMOD, 0x20);
        set(&mut timers, sfr::TH1, 0xFD);
        set(&mut timers, sfr::TL1, 0xFF);
        start(&mut timers, 1);
        for (cycle, expected) in (1..).zip([0xFD, 0xFE, 0xFF, 0xFD, 0xFE, 0xFF, 0xFD]) {
            timers.catch_up(Cycles(cycle), &mut trace());
            assert_eq!(timers.timers[1].pair.tl, expected, "cycle {cycle}");
        }
        assert_eq!(
            timers.timers[1].overflow.raised(),
            Cycles(1),
            "the first overflow is the one that raised it"
        );
    }

    /// Timer 1 overflows do not depend on timer 0's mode unless that is 3.
    #[test]
    fn timer_1_does_not_depend_on_timer_0s_mode_below_3() {
        for mode0 in 0..4 {
            let mut timers = Timers::new();
            set(&mut timers, sfr::TMOD, 0x20 | mode0);
            set(&mut timers, sfr::TL1, 0xF0);
            start(&mut timers, 1);
            timers.catch_up(Cycles(0x10), &mut trace());
            assert_eq!(
                timers.timers[1].overflow.is_set(),
                mode0 != 3,
                "mode {mode0}"
            );
        }
    }

    #[test]
    fn timer_1_stops_in_its_mode_3_and_keeps_its_count() {
        let mut timers = Timers::new();
        set(&mut timers, sfr::TMOD, 0x30);
        set(&mut timers, sfr::TL1, 0x12);
        set(&mut timers, sfr::TH1, 0x34);
        start(&mut timers, 1);
        timers.catch_up(Cycles(100_000), &mut trace());
        assert_eq!(
            (
                timers.timers[1].pair.tl,
                timers.timers[1].pair.th,
                timers.next_flags[1]
            ),
            (0x12, 0x34, Cycles::MAX)
        );
    }

    /// With timer 0 split timer 1 clocks the serial port without TR1.
    #[test]
    fn with_timer_0_split_timer_1_clocks_without_tr1() {
        let mut timers = Timers::new();
        set(&mut timers, sfr::TMOD, 0x23);
        set(&mut timers, sfr::TH1, 0xF3);
        set(&mut timers, sfr::TL1, 0xF3);
        let pulses = timers.pulses(1).expect("timer 1 runs");
        assert_eq!(
            (pulses.next.ceil(), pulses.period),
            (Cycles(13), States(13 * 6))
        );
        set(&mut timers, sfr::TMOD, 0x33);
        assert_eq!(
            timers.pulses(1),
            None,
            "switching it into its own mode 3 turns it off"
        );
    }

    #[test]
    fn an_edge_counts_in_the_cycle_after_its_sample() {
        let mut timers = Timers::new();
        set(&mut timers, sfr::TMOD, 0x05);
        set(&mut timers, sfr::TL0, 0xFF);
        set(&mut timers, sfr::TH0, 0xFF);
        start(&mut timers, 0);
        timers.pin_fell(0, Cycles(10));
        assert_eq!(timers.next_flags[0], Cycles(11));
        timers.catch_up(Cycles(10), &mut trace());
        assert_eq!(timers.timers[0].pair.tl, 0xFF);
        timers.catch_up(Cycles(11), &mut trace());
        assert_eq!((timers.timers[0].pair.tl, timers.timers[0].pair.th), (0, 0));
        assert_eq!(timers.timers[0].overflow.raised(), Cycles(11));
        timers.catch_up(Cycles(99), &mut trace());
        assert_eq!(timers.timers[0].pair.tl, 0, "an edge counts once");
    }

    #[test]
    fn a_stopped_counter_sees_no_edges() {
        let mut timers = Timers::new();
        set(&mut timers, sfr::TMOD, 0x05);
        timers.pin_fell(0, Cycles(10));
        timers.catch_up(Cycles(20), &mut trace());
        assert_eq!(timers.timers[0].pair.tl, 0);
    }

    #[test]
    fn every_overflow_is_traced_even_while_tf_stays_set() {
        let mut timers = Timers::new();
        set(&mut timers, sfr::TMOD, 0x20);
        set(&mut timers, sfr::TH1, 0xFD);
        set(&mut timers, sfr::TL1, 0xFD);
        start(&mut timers, 1);
        let mut trace = Trace::default();
        trace.set_on(true);
        timers.catch_up(Cycles(10), &mut trace);
        let at: Vec<_> = trace
            .take()
            .into_iter()
            .map(|event| event.at.ceil().0)
            .collect();
        assert_eq!(at, [3, 6, 9]);
    }
}
