//! The parts there are: a row for each.

use super::data_pointers::DataPointers;
use super::external::Externals;
use super::ports::Ports;
use super::power::Power;
use super::timer2::Timer2;
use super::timers::Timers;
use super::uart::Uart;
use super::xram::Xram;
use super::{Clocks, Effects, Peripheral, PinChange, Sample};
use crate::archive::{Reader, SnapshotError};
use crate::chips::Chip;
use crate::interrupt::{Flag, Interrupts, PollingDelay, Source};
use crate::trace::Trace;
use emu8051::Cycles;

macro_rules! parts {
    ($( $(#[$doc:meta])* $field:ident: $part:ident [$($source:ident),*]; )*) => {
        /// The part of a chip that a register belongs to.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum PeripheralId {
            /// None of them.
            None,
            /// The processor itself.
            Cpu,
            /// Timers and external interrupts, which share TCON.
            Tcon,
            $( $(#[$doc])* $part, )*
        }

        /// The parts of a chip. A part without registers on it does nothing.
        #[derive(Clone, Debug)]
        pub(crate) struct Parts {
            $( pub(crate) $field: $part, )*
        }

        /// Each does for all parts, or for the one meant, what [`Peripheral`] says.
        impl Parts {
            /// The ports with pins that a part drives, as a mask.
            pub(crate) const DRIVEN: u8 = 0 $( | $part::DRIVES )*;

            pub(crate) fn after_reset(chip: &Chip) -> Parts {
                Parts { $( $field: $part::after_reset(chip), )* }
            }

            #[inline(always)]
            pub(crate) fn read(&self, owner: PeripheralId, register: u8) -> u8 {
                match owner {
                    PeripheralId::None | PeripheralId::Cpu => 0x00,
                    PeripheralId::Tcon => {
                        self.timers.read(register) | self.externals.read(register)
                    }
                    $( PeripheralId::$part => self.$field.read(register), )*
                }
            }

            #[inline(always)]
            pub(crate) fn write(
                &mut self,
                owner: PeripheralId,
                register: u8,
                value: u8,
                at: Cycles,
                trace: &mut Trace,
            ) -> Effects {
                match owner {
                    PeripheralId::None | PeripheralId::Cpu => Effects::empty(),
                    PeripheralId::Tcon => {
                        self.timers.write(register, value, at, trace)
                            | self.externals.write(register, value, at, trace)
                    }
                    $( PeripheralId::$part => self.$field.write(register, value, at, trace), )*
                }
            }

            pub(crate) fn save(&self, out: &mut Vec<u8>) {
                $( self.$field.save(out); )*
            }

            pub(crate) fn restore(&mut self, from: &mut Reader<'_>) -> Result<(), SnapshotError> {
                $( self.$field.restore(from)?; )*
                Ok(())
            }

            pub(crate) fn is_volatile(owner: PeripheralId, register: u8) -> bool {
                match owner {
                    PeripheralId::None | PeripheralId::Cpu | PeripheralId::Tcon => false,
                    $( PeripheralId::$part => $part::is_volatile(register), )*
                }
            }

            #[inline(always)]
            pub(crate) fn next_change(&self) -> Cycles {
                Cycles::MAX $( .min(self.$field.next_change()) )*
            }

            #[inline(always)]
            pub(crate) fn process_until(&mut self, to: Cycles, trace: &mut Trace) {
                $( self.$field.process_until(to, trace); )*
            }

            #[inline(always)]
            pub(crate) fn catch_up(&mut self, to: Cycles, trace: &mut Trace) {
                $( self.$field.catch_up(to, trace); )*
            }

            #[inline(always)]
            pub(crate) fn catch_up_register(
                &mut self,
                owner: PeripheralId,
                register: u8,
                to: Cycles,
                trace: &mut Trace,
            ) {
                match owner {
                    PeripheralId::None | PeripheralId::Cpu | PeripheralId::Tcon => {}
                    $( PeripheralId::$part => {
                        self.$field.catch_up_register(register, to, trace);
                    } )*
                }
            }

            pub(crate) fn sleep(&mut self, to: Cycles) {
                $( self.$field.sleep(to); )*
            }

            /// Gives everyone the pulses of everyone, where all are caught up.
            #[inline(always)]
            pub(crate) fn exchange_clocks(&mut self) {
                let mut clocks = Clocks::default();
                $( self.$field.add_clocks(&mut clocks); )*
                $( self.$field.set_clocks(&clocks); )*
            }

            pub(crate) fn power_control_written(
                &mut self,
                smod: bool,
                at: Cycles,
                trace: &mut Trace,
            ) {
                $( self.$field.power_control_written(smod, at, trace); )*
            }

            #[inline(always)]
            pub(crate) fn pins_changed(&mut self, pins: PinChange, trace: &mut Trace) -> Effects {
                let mut effects = Effects::empty();
                $(
                    let changed = pins.changed & $part::PINS[pins.port];
                    if changed != 0 {
                        effects |= self.$field.pins_changed(PinChange { changed, ..pins }, trace);
                    }
                )*
                effects
            }

            pub(crate) fn pins_sampled(
                &mut self,
                pins: &Sample,
                at: Cycles,
                trace: &mut Trace,
            ) -> Effects {
                Effects::empty() $( | self.$field.pins_sampled(pins, at, trace) )*
            }

            #[inline(always)]
            pub(crate) fn pins_read(
                &mut self,
                port: usize,
                bits: u8,
                at: Cycles,
                trace: &mut Trace,
            ) -> Effects {
                let mut effects = Effects::empty();
                $(
                    if $part::DRIVES >> port & 1 != 0 {
                        effects |= self.$field.pins_read(port, bits, at, trace);
                    }
                )*
                effects
            }

            #[inline(always)]
            pub(crate) fn levels(&self, port: usize) -> u8 {
                let mut levels = 0xFF;
                $(
                    if $part::DRIVES >> port & 1 != 0 {
                        levels &= self.$field.levels(port);
                    }
                )*
                levels
            }

            #[inline(always)]
            pub(crate) fn moves_pins(&self) -> bool {
                false $( | self.$field.moves_pins() )*
            }

            /// Lets those that drive pins go on to `to`.
            pub(crate) fn catch_up_pins(&mut self, to: Cycles, trace: &mut Trace) {
                $(
                    if self.$field.moves_pins() {
                        self.$field.catch_up(to, trace);
                    }
                )*
            }

            /// The sources with a request that can be answered at the boundary `at`, as a set.
            #[inline(always)]
            pub(crate) fn pending(&self, at: Cycles, delay: PollingDelay) -> u8 {
                let recognised_at = |flag: &Flag| flag.recognised_at(delay);
                let mut pending = 0;
                $( $(
                    let first = self.$field.first_request(Source::$source, recognised_at);
                    pending |= u8::from(first <= at) * self.interrupts.bit(Source::$source);
                )* )*
                pending
            }

            /// The first boundary at which one of `sources`, a set, could be answered, as far as is
            /// known, if what is sampled stays as it is; not later than `latest`.
            #[inline(always)]
            pub(crate) fn next_request(
                &self,
                sources: u8,
                latest: Cycles,
                delay: PollingDelay,
            ) -> Cycles {
                let recognised_at = |flag: &Flag| flag.recognised_at(delay);
                let mut next = latest;
                $( $(
                    if sources & self.interrupts.bit(Source::$source) != 0 {
                        let made = self.$field.first_request(Source::$source, recognised_at);
                        let to_come = self.$field.next_request(Source::$source, delay);
                        next = next.min(made).min(to_come);
                    }
                )* )*
                next
            }

            /// The moment at which the request of `source` was made.
            #[inline(always)]
            pub(crate) fn requested_at(&self, source: Source) -> Cycles {
                let mut requested_at = [Cycles::MAX; Source::COUNT]; // quicker than to branch
                $( $(
                    requested_at[Source::$source as usize] =
                        self.$field.first_request(Source::$source, Flag::raised);
                )* )*
                requested_at[source as usize]
            }

            #[inline(always)]
            pub(crate) fn acknowledge(&mut self, source: Source, at: Cycles, trace: &mut Trace) {
                match source {
                    $( $( Source::$source => self.$field.acknowledge(source, at, trace), )* )*
                }
            }

            pub(crate) fn wakes(&self, source: Source, pins: [u8; 4]) -> bool {
                match source {
                    $( $( Source::$source => self.$field.wakes(source, pins), )* )*
                }
            }

            pub(crate) fn wake(&mut self, source: Source, pins: [u8; 4], at: Cycles) {
                match source {
                    $( $( Source::$source => self.$field.wake(source, pins, at), )* )*
                }
            }
        }
    };
}

// In this order they are saved, and told of what concerns more than one.
parts! {
    /// Timers 0 and 1.
    timers: Timers [Timer0, Timer1];
    /// Timer 2.
    timer2: Timer2 [Timer2];
    /// The serial port.
    uart: Uart [Serial];
    /// INT0 and INT1.
    externals: Externals [External0, External1];
    /// The interrupt system.
    interrupts: Interrupts [];
    /// The latches of the ports.
    ports: Ports [];
    /// Power control.
    power: Power [];
    /// The second data pointer.
    data_pointers: DataPointers [];
    /// XDATA on the chip.
    xram: Xram [];
}
