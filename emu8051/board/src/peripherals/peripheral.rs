//! The seam between the chip and a part of it.

use crate::archive::{Reader, SnapshotError};
use crate::chips::Chip;
use crate::interrupt::{Flag, PollingDelay, Source};
use crate::time::Pulses;
use crate::trace::Trace;
use emu8051::Cycles;

/// A part of the chip behind special function registers.
///
/// It keeps its state as it was at one moment, and is caught up when an instruction looks or
/// something is due. Every method but the first five has a default that does nothing: a part writes
/// those that it needs.
pub(crate) trait Peripheral: Sized {
    /// The pins whose levels it is told of, by port, as masks.
    const PINS: [u8; 4] = [0; 4];
    /// The ports it drives pins of, as a mask.
    const DRIVES: u8 = 0;

    /// The part as it is after reset of `chip`.
    fn after_reset(chip: &Chip) -> Self;

    /// The value of `register`, which is one of its own, at the moment up to which the part has
    /// gone.
    fn read(&self, register: u8) -> u8;

    /// An instruction writes `value` to `register`, which is one of its own, at `at`. All that was
    /// due before has happened.
    fn write(&mut self, register: u8, value: u8, at: Cycles, trace: &mut Trace) -> Effects;

    /// Appends its state to a snapshot.
    fn save(&self, out: &mut Vec<u8>);

    /// Takes over the state that [`Peripheral::save`] wrote, from after reset.
    fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), SnapshotError>;

    /// Whether `register` may change at any moment, and not only at [`Peripheral::next_change`].
    fn is_volatile(register: u8) -> bool {
        let _ = register;
        false
    }

    /// Before this moment none of its registers changes by itself, the volatile ones excepted.
    #[inline(always)]
    fn next_change(&self) -> Cycles {
        Cycles::MAX
    }

    /// Lets the changes happen that are due at `to`; others may wait until somebody looks.
    #[inline(always)]
    fn process_until(&mut self, to: Cycles, trace: &mut Trace) {
        let _ = (to, trace);
    }

    /// Lets everything happen up to `to`.
    #[inline(always)]
    fn catch_up(&mut self, to: Cycles, trace: &mut Trace) {
        let _ = (to, trace);
    }

    /// Lets everything happen up to `to` that a read of `register` shows, which is volatile.
    #[inline(always)]
    fn catch_up_register(&mut self, register: u8, to: Cycles, trace: &mut Trace) {
        let _ = register;
        self.catch_up(to, trace);
    }

    /// The chip was without a clock up to `to`, from where the part is caught up.
    #[inline(always)]
    fn sleep(&mut self, to: Cycles) {
        let _ = to;
    }

    /// Adds the pulses it clocks others with, where it is caught up.
    #[inline(always)]
    fn add_clocks(&self, clocks: &mut Clocks) {
        let _ = clocks;
    }

    /// The pulses that others clock it with are these from now on, where it is caught up.
    #[inline(always)]
    fn set_clocks(&mut self, clocks: &Clocks) {
        let _ = clocks;
    }

    /// PCON was written at `at`; the bit SMOD is now `smod`.
    #[inline(always)]
    fn power_control_written(&mut self, smod: bool, at: Cycles, trace: &mut Trace) {
        let _ = (smod, at, trace);
    }

    /// Levels of [`Peripheral::PINS`] have changed.
    #[inline(always)]
    fn pins_changed(&mut self, pins: PinChange, trace: &mut Trace) -> Effects {
        let _ = (pins, trace);
        Effects::empty()
    }

    /// S5P2 of the cycle that ends at `at`: pins are sampled.
    #[inline(always)]
    fn pins_sampled(&mut self, pins: &Sample, at: Cycles, trace: &mut Trace) -> Effects {
        let _ = (pins, at, trace);
        Effects::empty()
    }

    /// An instruction reads `bits` of the pins of `port`, which the part drives, at `at`.
    #[inline(always)]
    fn pins_read(&mut self, port: usize, bits: u8, at: Cycles, trace: &mut Trace) -> Effects {
        let _ = (port, bits, at, trace);
        Effects::empty()
    }

    /// The levels it drives the pins of `port` to: a 0 wins against everything else.
    #[inline(always)]
    fn levels(&self, port: usize) -> u8 {
        let _ = port;
        0xFF
    }

    /// Whether those levels may change with time.
    #[inline(always)]
    fn moves_pins(&self) -> bool {
        false
    }

    /// The first of the moments `of` the flags that request the interrupt of `source`, which is one
    /// of its own.
    #[inline(always)]
    fn first_request(&self, source: Source, of: impl Fn(&Flag) -> Cycles) -> Cycles {
        let _ = (source, of);
        Cycles::MAX
    }

    /// The first boundary at which a request of `source` could be answered that is not made yet, if
    /// what is sampled stays as it is.
    #[inline(always)]
    fn next_request(&self, source: Source, delay: PollingDelay) -> Cycles {
        let _ = (source, delay);
        Cycles::MAX
    }

    /// The service routine of `source` is called at `at`: the hardware clears the flags that do not
    /// wait for software.
    #[inline(always)]
    fn acknowledge(&mut self, source: Source, at: Cycles, trace: &mut Trace) {
        let _ = (source, at, trace);
    }

    /// Whether `source`, which is one of its own, ends power down while the pins are `pins`.
    fn wakes(&self, source: Source, pins: [u8; 4]) -> bool {
        let _ = (source, pins);
        false
    }

    /// Power is up again at `at`, because of `source`, while the pins are `pins`; edges in between
    /// were not seen.
    fn wake(&mut self, source: Source, pins: [u8; 4], at: Cycles) {
        let _ = (source, pins, at);
    }
}

bitflags::bitflags! {
    /// The effects beyond a part of what happened to it. None at all: its request flags may have
    /// changed, nothing else.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) struct Effects: u8 {
        /// Its next change comes at another moment.
        const NEXT_CHANGE = 0x01;
        /// The pulses it clocks others with are others.
        const CLOCKS = 0x02;
        /// Pins have to be sampled at the end of this cycle.
        const SAMPLE = 0x04;
        /// It samples the pins of its ports from now on, and has not before.
        const LISTENS = 0x08;
        /// Interrupts are enabled or have their levels otherwise than before.
        const ENABLES = 0x10;
        /// PCON was written.
        const POWER = 0x20;
        /// The board has something to do before the next instruction.
        const BOARD = 0x40;
    }
}

/// The pulses that parts clock each other with.
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

/// A change of the pins of a port, serial levels not counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PinChange {
    /// The port.
    pub(crate) port: usize,
    /// The levels now.
    pub(crate) levels: u8,
    /// The pins that have changed, as a mask.
    pub(crate) changed: u8,
    /// The beginning of the first cycle with these levels, at whose end they are sampled.
    pub(crate) at: Cycles,
}

impl PinChange {
    pub(crate) fn is_high(self, bit: u8) -> bool {
        self.levels >> bit & 1 == 1
    }
}

/// The pins of P1 and P3 as they are sampled, by port; those of P0 and P2 have no second function.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// The levels.
    pub(crate) levels: [u8; 4],
    /// The pins that were high in the sample before and are low now.
    pub(crate) fell: [u8; 4],
}
