//! Timer 2 of the 8052: capture, auto-reload, baud rate generator.
//!
//! After *Timer 2* and *Using Timer 2 to Generate Baud Rates* in Intel's Hardware Description of
//! the 8051 (1994).

use super::{Clocks, Effects, Peripheral, PinChange, Sample};
use crate::archive::{Reader, SnapshotError, archived_fields};
use crate::chips::Chip;
use crate::interrupt::{Flag, PollingDelay, Source};
use crate::time::{Pulses, States};
use crate::trace::{Signal, Trace};
use emu8051::Cycles;
use emu8051::sfr::{self, T2con};

/// Timer 2 and its registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Timer2 {
    /// The moment at which `count` was as it is kept.
    at: Cycles,
    /// T2CON without its two flags.
    control: u8,
    /// TF2.
    overflow: Flag,
    /// EXF2.
    external: Flag,
    /// TH2 and TL2.
    count: u16,
    /// RCAP2H and RCAP2L.
    capture: u16,
    /// A falling edge of T2 was sampled; it is counted at this moment.
    edge: Option<Cycles>,
    /// The moment at which TF2 will be set, unless something is written before; [`Cycles::MAX`] if
    /// never.
    next_flag: Cycles,
}

impl Timer2 {
    /// As after reset: stopped, all zero.
    pub(crate) fn new() -> Timer2 {
        Timer2 {
            at: Cycles::ZERO,
            control: 0,
            overflow: Flag::default(),
            external: Flag::default(),
            count: 0,
            capture: 0,
            edge: None,
            next_flag: Cycles::MAX,
        }
    }

    fn control(&self) -> T2con {
        T2con::from_bits_retain(self.control)
    }

    /// RCLK or TCLK: the overflows clock the serial port.
    fn generates_baud(&self) -> bool {
        self.control().intersects(T2con::RCLK | T2con::TCLK)
    }

    /// The count that follows 0xFFFF.
    fn reload(&self) -> u16 {
        let captures = self.control().contains(T2con::CP_RL2) && !self.generates_baud();
        if captures { 0 } else { self.capture }
    }

    /// Increments in a machine cycle: as a baud rate generator it counts every state.
    fn rate(&self) -> u64 {
        let control = self.control();
        match control.contains(T2con::TR2) && !control.contains(T2con::C_T2) {
            false => 0,
            true if self.generates_baud() => States::PER_CYCLE,
            true => 1,
        }
    }

    /// Its overflows, as far as they are known: of a counter, the one an edge already sampled will
    /// bring.
    fn pulses(&self) -> Option<Pulses> {
        let Some(increment) = States::PER_CYCLE.checked_div(self.rate()) else {
            return self.edge.filter(|_| self.count == 0xFFFF).map(Pulses::once);
        };
        let until = 0x1_0000 - u64::from(self.count);
        let period = 0x1_0000 - u64::from(self.reload());
        let next = States::from_cycles(self.at)
            .0
            .saturating_add(until * increment);
        Some(Pulses {
            next: States(next),
            period: States(period * increment),
        })
    }

    /// Finds out when TF2 will be set: to be called after any change but the passing of time. As a
    /// baud rate generator the timer sets no flag.
    fn refresh(&mut self) {
        let sets = !self.generates_baud() && !self.overflow.is_set();
        let pulses = self.pulses().filter(|_| sets);
        self.next_flag = pulses.map_or(Cycles::MAX, |pulses| pulses.next.ceil());
    }

    /// Whether an edge on pin T2 or T2EX can do anything.
    fn listens(&self) -> bool {
        self.control().intersects(T2con::C_T2 | T2con::EXEN2)
    }

    /// The falling edge of pin T2 was sampled in the cycle that ends at `at`: it is counted in the
    /// next one.
    fn t2_fell(&mut self, at: Cycles) {
        if self.control().contains(T2con::TR2 | T2con::C_T2) {
            self.edge = Some(at + Cycles(1));
            self.refresh();
        }
    }

    /// The falling edge of pin T2EX was sampled in the cycle that ends at `at`, where the timer is
    /// caught up.
    fn t2ex_fell(&mut self, at: Cycles) {
        if !self.control().contains(T2con::EXEN2) {
            return;
        }
        self.external.raise(at, at + Cycles(1));
        match (
            self.generates_baud(),
            self.control().contains(T2con::CP_RL2),
        ) {
            (true, _) => {}
            (false, true) => self.capture = self.count,
            (false, false) => self.count = self.capture,
        }
        self.refresh();
    }

    fn t2con(&self) -> u8 {
        let mut value = self.control();
        value.set(T2con::TF2, self.overflow.is_set());
        value.set(T2con::EXF2, self.external.is_set());
        value.bits()
    }

    fn set_t2con(&mut self, value: u8, at: Cycles) {
        let written = T2con::from_bits_retain(value);
        self.control = (written - T2con::TF2 - T2con::EXF2).bits();
        self.overflow.write(written.contains(T2con::TF2), at);
        self.external.write(written.contains(T2con::EXF2), at);
        self.refresh();
    }
}

archived_fields!(Timer2: at, control, overflow, external, count, capture, edge);

impl Peripheral for Timer2 {
    /// T2 and T2EX.
    const PINS: [u8; 4] = [0, 0x03, 0, 0];

    fn after_reset(_: &Chip) -> Timer2 {
        Timer2::new()
    }

    fn read(&self, register: u8) -> u8 {
        match register {
            sfr::TL2 => self.count.to_le_bytes()[0],
            sfr::TH2 => self.count.to_le_bytes()[1],
            sfr::RCAP2L => self.capture.to_le_bytes()[0],
            sfr::RCAP2H => self.capture.to_le_bytes()[1],
            _ => self.t2con(),
        }
    }

    fn write(&mut self, register: u8, value: u8, at: Cycles, trace: &mut Trace) -> Effects {
        self.catch_up(at, trace);
        let low = |word: u16| word & 0xFF00 | u16::from(value);
        let high = |word: u16| word & 0x00FF | u16::from(value) << 8;
        let mut effects = Effects::CLOCKS | Effects::NEXT_CHANGE;
        match register {
            sfr::TL2 => self.count = low(self.count),
            sfr::TH2 => self.count = high(self.count),
            sfr::RCAP2L => self.capture = low(self.capture),
            sfr::RCAP2H => self.capture = high(self.capture),
            _ => {
                self.set_t2con(value, at);
                effects |= Effects::LISTENS;
            }
        }
        self.refresh();
        effects
    }

    fn save(&self, out: &mut Vec<u8>) {
        self.save_fields(out);
    }

    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), SnapshotError> {
        self.restore_fields(from)?;
        self.refresh();
        Ok(())
    }

    fn is_volatile(register: u8) -> bool {
        register != sfr::T2CON
    }

    /// The moment at which TF2 will be set; never if it is set already or nothing that is known
    /// brings an overflow.
    #[inline(always)]
    fn next_change(&self) -> Cycles {
        self.next_flag
    }

    #[inline(always)]
    fn process_until(&mut self, to: Cycles, trace: &mut Trace) {
        if self.next_flag <= to {
            self.catch_up(to, trace);
        }
    }

    /// Counts up to `to`.
    fn catch_up(&mut self, to: Cycles, trace: &mut Trace) {
        if to <= self.at {
            return;
        }
        if trace.is_on()
            && let Some(pulses) = self.pulses()
        {
            for k in 1..=pulses.until(States::from_cycles(to)) {
                trace.record(pulses.nth(k), Signal::Overflow(2));
            }
        }
        let edge = self.edge.take_if(|due| *due <= to).is_some();
        let n = match self.rate() {
            0 => edge.into(),
            rate => (to - self.at).0.saturating_mul(rate),
        };
        let until = 0x1_0000 - u64::from(self.count);
        self.count = match n.checked_sub(until) {
            None => self.count + n as u16,
            Some(beyond) => self.reload() + (beyond % (0x1_0000 - u64::from(self.reload()))) as u16,
        };
        self.at = to;
        if to >= self.next_flag {
            // set at S2P2 and polled in the same cycle, so answerable at the cycle's end
            self.overflow.raise(self.next_flag, self.next_flag);
            self.refresh();
        }
    }

    fn sleep(&mut self, to: Cycles) {
        let slept = to - self.at;
        self.edge = self.edge.map(|due| due + slept);
        self.at = to;
        self.refresh();
    }

    #[inline(always)]
    fn add_clocks(&self, clocks: &mut Clocks) {
        clocks.timer2 = self.pulses();
        clocks.transmit_by_timer2 = self.control().contains(T2con::TCLK);
        clocks.receive_by_timer2 = self.control().contains(T2con::RCLK);
    }

    fn pins_changed(&mut self, _: PinChange, _: &mut Trace) -> Effects {
        if self.listens() {
            Effects::SAMPLE
        } else {
            Effects::empty()
        }
    }

    fn pins_sampled(&mut self, pins: &Sample, at: Cycles, trace: &mut Trace) -> Effects {
        let fell = pins.fell[1] & 0x03;
        if fell == 0 || !self.listens() {
            return Effects::empty();
        }
        self.catch_up(at, trace);
        if fell & 0x01 != 0 {
            self.t2_fell(at);
        }
        if fell & 0x02 != 0 {
            self.t2ex_fell(at);
        }
        Effects::CLOCKS
    }

    /// TF2 and EXF2.
    #[inline(always)]
    fn first_request(&self, _: Source, of: impl Fn(&Flag) -> Cycles) -> Cycles {
        of(&self.overflow).min(of(&self.external))
    }

    /// Polled in the cycle of the overflow.
    #[inline(always)]
    fn next_request(&self, _: Source, _: PollingDelay) -> Cycles {
        self.next_flag
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timer(t2con: T2con, count: u16, capture: u16) -> Timer2 {
        let mut timer = Timer2 {
            count,
            capture,
            ..Timer2::new()
        };
        timer.set_t2con(t2con.bits(), Cycles::ZERO);
        timer
    }

    fn catch_up(timer: &mut Timer2, to: u64) {
        timer.catch_up(Cycles(to), &mut Trace::default());
    }

    /// Increment by increment, for every way the timer can run.
    #[test]
    fn a_timer_caught_up_equals_a_timer_ticked() {
        for control in (0..0x40)
            .filter(|control| control & 0x02 == 0)
            .map(T2con::from_bits_retain)
        {
            let baud = control.intersects(T2con::RCLK | T2con::TCLK);
            let reload = if control.contains(T2con::CP_RL2) && !baud {
                0
            } else {
                0xFFD3
            };
            for step in [1, 2, 3, 7, 8, 45, 46, 1000] {
                let mut timer = timer(control, 0xFFE0, 0xFFD3);
                let (mut count, mut flag) = (0xFFE0_u16, false);
                for look in 1..30 {
                    for _ in
                        0..step * if baud { 6 } else { 1 } * u64::from(control.contains(T2con::TR2))
                    {
                        flag |= count == 0xFFFF && !baud;
                        count = if count == 0xFFFF { reload } else { count + 1 };
                    }
                    catch_up(&mut timer, look * step);
                    assert_eq!(
                        (timer.count, timer.overflow.is_set()),
                        (count, flag),
                        "{control:?} {step} {look}"
                    );
                }
            }
        }
    }

    #[test]
    fn tf2_is_polled_in_the_cycle_of_the_overflow() {
        let mut timer = timer(T2con::TR2, 0xFFFE, 0);
        assert_eq!(timer.next_flag, Cycles(2));
        catch_up(&mut timer, 5);
        assert_eq!(timer.overflow.raised(), Cycles(2));
        assert_eq!(
            timer
                .overflow
                .recognised_at(crate::interrupt::InterruptTiming::INTEL.into()),
            Cycles(2)
        );
    }

    #[test]
    fn capture_copies_the_count_and_reload_copies_back() {
        let mut capturing = timer(T2con::TR2 | T2con::EXEN2 | T2con::CP_RL2, 0x1234, 0);
        catch_up(&mut capturing, 1);
        capturing.t2ex_fell(Cycles(1));
        assert_eq!((capturing.capture, capturing.count), (0x1235, 0x1235));
        assert!(capturing.external.is_set());

        let mut reloading = timer(T2con::TR2 | T2con::EXEN2, 0x1234, 0xAA55);
        reloading.t2ex_fell(Cycles(1));
        assert_eq!((reloading.capture, reloading.count), (0xAA55, 0xAA55));
    }

    /// T2EX is ignored without EXEN2 and only interrupts as a baud rate generator.
    #[test]
    fn t2ex_needs_exen2_and_only_interrupts_for_baud() {
        let mut deaf = timer(T2con::TR2, 0x1234, 0xAA55);
        deaf.t2ex_fell(Cycles(1));
        assert_eq!((deaf.count, deaf.external.is_set()), (0x1234, false));

        let mut baud = timer(T2con::TR2 | T2con::TCLK | T2con::EXEN2, 0x1234, 0xAA55);
        baud.t2ex_fell(Cycles(1));
        assert_eq!(
            (baud.count, baud.capture, baud.external.is_set()),
            (0x1234, 0xAA55, true)
        );
    }

    #[test]
    fn flags_are_cleared_by_software_only() {
        let mut timer = timer(T2con::TR2 | T2con::EXEN2, 0xFFFF, 0xFFFF);
        catch_up(&mut timer, 1);
        timer.t2ex_fell(Cycles(1));
        assert_eq!(timer.t2con() & 0xC0, 0xC0);
        timer.set_t2con((T2con::TR2 | T2con::EXEN2).bits(), Cycles(1));
        assert_eq!(timer.t2con() & 0xC0, 0);
    }

    #[test]
    fn a_counter_counts_falling_edges_of_t2() {
        let mut counter = timer(T2con::TR2 | T2con::C_T2, 0xFFFF, 0x8000);
        catch_up(&mut counter, 50);
        assert_eq!(counter.count, 0xFFFF);
        counter.t2_fell(Cycles(50));
        catch_up(&mut counter, 50);
        assert_eq!(counter.count, 0xFFFF);
        catch_up(&mut counter, 51);
        assert_eq!(
            (counter.count, counter.overflow.raised()),
            (0x8000, Cycles(51))
        );
    }

    /// The baud rate is the oscillator over 32 times the reload distance.
    #[test]
    fn the_baud_rate_follows_from_the_reload_distance() {
        // 9600 Bd at 11.0592 MHz: 65536 - 36
        let pulses = timer(T2con::TR2 | T2con::RCLK | T2con::TCLK, 0xFFDC, 0xFFDC)
            .pulses()
            .expect("running");
        assert_eq!(11_059_200 / (2 * pulses.period.0 * 16), 9600);
    }
}
