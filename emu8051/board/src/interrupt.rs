//! The interrupt system: request flags, who is served next, and when.
//!
//! After *Interrupts* in Intel's Hardware Description of the 8051 (1994): *Interrupt Enables*, *Interrupt Priorities*,
//! *How Interrupts Are Handled*, *Response Time*.
//!
//! # Time
//!
//! Machine cycle *k* lies between the moments *k* and *k + 1*. An instruction boundary is a moment. A flag set within
//! cycle *k* is sampled at the cycle's S5P2, polled during cycle *k + 1*, and so can be answered at boundary *k + 2*
//! and no earlier. [`Flag`] holds that boundary, so that nothing has to be polled.

use crate::archive::{Carrier, Fields, SnapshotError};
use emu8051::Cycles;

/// Where an interrupt comes from, in polling order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Source {
    /// Pin INT0.
    External0,
    /// Overflow of timer 0.
    Timer0,
    /// Pin INT1.
    External1,
    /// Overflow of timer 1.
    Timer1,
    /// A byte sent or received.
    Serial,
    /// Overflow of timer 2, or a falling edge of T2EX.
    Timer2,
}

impl Source {
    /// All of them, in polling order: within a level, the first one asking is served first.
    pub const ALL: [Source; 6] = [
        Source::External0,
        Source::Timer0,
        Source::External1,
        Source::Timer1,
        Source::Serial,
        Source::Timer2,
    ];

    /// The address its service routine begins at.
    pub const fn vector(self) -> u16 {
        0x0003 + 8 * self as u16
    }

    /// Whose service routine begins at `address`.
    pub(crate) fn at_vector(address: u16) -> Option<Source> {
        Source::ALL.get(usize::from(address / 8)).copied()
    }

    /// Its bit in IE and in IP.
    pub const fn bit(self) -> u8 {
        1 << self as u8
    }

    /// Its name in reports and waveforms.
    pub const fn name(self) -> &'static str {
        match self {
            Source::External0 => "INT0",
            Source::Timer0 => "T0",
            Source::External1 => "INT1",
            Source::Timer1 => "T1",
            Source::Serial => "SERIAL",
            Source::Timer2 => "T2",
        }
    }
}

/// How long the processor takes to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterruptTiming {
    /// What the call of the service routine costs.
    pub call: Cycles,
    /// Whether a flag is sampled in one cycle and polled in the next, or answered at the next boundary.
    pub sampled: bool,
}

impl InterruptTiming {
    /// Intel's: the `LCALL` takes two cycles, and flags are polled one cycle after they are sampled.
    pub const INTEL: InterruptTiming = InterruptTiming {
        call: Cycles(2),
        sampled: true,
    };

    /// The simulator `s51`'s: one cycle, at once. For comparisons only.
    pub const S51: InterruptTiming = InterruptTiming {
        call: Cycles(1),
        sampled: false,
    };
}

/// A request flag, and when the interrupt system takes notice of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flag {
    /// When it was set; [`Cycles::MAX`] while it is clear.
    raised: Cycles,
    /// The first boundary at which it can be answered; likewise.
    answerable: Cycles,
}

impl Default for Flag {
    /// Clear.
    fn default() -> Flag {
        Flag {
            raised: Cycles::MAX,
            answerable: Cycles::MAX,
        }
    }
}

impl Flag {
    /// Set by hardware at `at`; the first boundary at which it can be answered is `answerable`. A flag that is set
    /// already stays as it is.
    pub(crate) fn raise(&mut self, at: Cycles, answerable: Cycles) {
        if !self.is_set() {
            *self = Flag {
                raised: at,
                answerable,
            };
        }
    }

    /// Written by an instruction at `at`: one more instruction is executed before a flag set so is answered.
    pub(crate) fn write(&mut self, value: bool, at: Cycles) {
        if value {
            self.raise(at, at + Cycles(1));
        } else {
            self.clear();
        }
    }

    pub(crate) fn clear(&mut self) {
        *self = Flag::default();
    }

    /// What an instruction reads.
    pub fn is_set(&self) -> bool {
        self.raised != Cycles::MAX
    }

    /// When it was set; [`Cycles::MAX`] if it is not.
    pub fn raised(&self) -> Cycles {
        self.raised
    }

    /// The first boundary at which it can be answered; [`Cycles::MAX`] if it is not set.
    pub(crate) fn answerable(&self, timing: InterruptTiming) -> Cycles {
        if timing.sampled {
            self.answerable
        } else {
            self.raised
        }
    }
}

impl Fields for Flag {
    fn fields(&mut self, carrier: &mut Carrier<'_>) -> Result<(), SnapshotError> {
        carrier.cycles(&mut self.raised)?;
        carrier.cycles(&mut self.answerable)?;
        carrier.check(self.is_set() == (self.answerable != Cycles::MAX))
    }
}

/// IE, IP and the two in-service flip-flops.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interrupts {
    /// IE as written.
    pub(crate) ie: u8,
    /// IP as written.
    pub(crate) ip: u8,
    /// What is being served on the low and on the high level.
    pub(crate) in_service: [Option<Source>; 2],
    /// The instruction before this boundary was a `RETI` or wrote IE or IP: nothing is answered here.
    pub(crate) blocked: bool,
}

impl Interrupts {
    const EA: u8 = 0x80;

    /// 1 for a source of high priority, 0 for low.
    pub fn level(&self, source: Source) -> usize {
        usize::from(self.ip & source.bit() != 0)
    }

    /// The sources that may interrupt, as a set of bits.
    fn enabled_bits(&self) -> u8 {
        if self.ie & Self::EA != 0 {
            self.ie & 0x3F
        } else {
            0
        }
    }

    /// The sources, as a set of bits, that are enabled and that what is being served lets in.
    pub(crate) fn admitted(&self) -> u8 {
        match self.in_service {
            [_, Some(_)] => 0,
            [Some(_), None] => self.enabled_bits() & self.ip, // only a higher level interrupts a lower one
            [None, None] => self.enabled_bits(),
        }
    }

    /// Who is served: of those `asking`, as a set of bits, that are admitted, the highest level, then the first in
    /// polling order.
    pub(crate) fn choose(&self, asking: u8) -> Option<Source> {
        let admitted = asking & self.admitted();
        let high = admitted & self.ip;
        let first = if high != 0 { high } else { admitted };
        Source::ALL.get(first.trailing_zeros() as usize).copied()
    }

    /// `source` is being served from now on.
    pub(crate) fn enter(&mut self, source: Source) {
        self.in_service[self.level(source)] = Some(source);
    }

    /// `RETI`: the routine of the higher level ends. Returns whose it was; outside any routine, `RETI` is a `RET`.
    pub(crate) fn leave(&mut self) -> Option<Source> {
        self.blocked = true;
        let [low, high] = &mut self.in_service;
        high.take().or_else(|| low.take())
    }

    /// What is being served, the inner one first.
    pub fn serving(&self) -> impl Iterator<Item = Source> + use<> {
        let [low, high] = self.in_service;
        [high, low].into_iter().flatten()
    }
}

impl Fields for Interrupts {
    fn fields(&mut self, carrier: &mut Carrier<'_>) -> Result<(), SnapshotError> {
        carrier.u8(&mut self.ie)?;
        carrier.u8(&mut self.ip)?;
        for level in &mut self.in_service {
            carrier.option(level, Source::External0, |carrier, source| {
                let mut index = *source as u8;
                carrier.u8(&mut index)?;
                carrier.check(usize::from(index) < Source::ALL.len())?;
                *source = Source::ALL[usize::from(index)];
                Ok(())
            })?;
        }
        carrier.bool(&mut self.blocked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enabled(ie: u8, ip: u8) -> Interrupts {
        Interrupts {
            ie,
            ip,
            ..Interrupts::default()
        }
    }

    #[test]
    fn vectors_are_eight_bytes_apart_from_0x0003() {
        assert_eq!(
            Source::ALL.map(Source::vector),
            [0x03, 0x0B, 0x13, 0x1B, 0x23, 0x2B]
        );
    }

    #[test]
    fn each_source_needs_its_own_bit_and_ea() {
        for source in Source::ALL {
            for ie in 0..=0xFF_u8 {
                let expected = ie & 0x80 != 0 && ie & source.bit() != 0;
                assert_eq!(
                    enabled(ie, 0).choose(source.bit()).is_some(),
                    expected,
                    "{source:?} {ie:02X}"
                );
            }
        }
    }

    #[test]
    fn every_set_of_requests_is_polled_by_level_then_in_order() {
        for ip in 0..0x40_u8 {
            let interrupts = enabled(0xFF, ip);
            for asking in 0..0x40_u8 {
                let first = [asking & ip, asking & !ip]
                    .into_iter()
                    .find(|set| *set != 0);
                let expected = first.map(|set| Source::ALL[set.trailing_zeros() as usize]);
                assert_eq!(interrupts.choose(asking), expected);
            }
        }
    }

    #[test]
    fn only_a_higher_level_interrupts_a_routine() {
        let mut interrupts = enabled(0xFF, Source::Timer1.bit() | Source::Serial.bit());
        interrupts.enter(Source::External0);
        assert!(interrupts.choose(Source::Timer0.bit()).is_none());
        assert!(interrupts.choose(Source::Timer1.bit()).is_some());
        interrupts.enter(Source::Timer1);
        assert!(interrupts.choose(Source::Serial.bit()).is_none());
        assert_eq!(
            interrupts.serving().collect::<Vec<_>>(),
            [Source::Timer1, Source::External0]
        );
    }

    #[test]
    fn reti_ends_the_inner_routine_first_and_blocks_one_boundary() {
        let mut interrupts = enabled(0xFF, Source::Timer1.bit());
        interrupts.enter(Source::External0);
        interrupts.enter(Source::Timer1);
        assert_eq!(interrupts.leave(), Some(Source::Timer1));
        assert!(interrupts.blocked);
        assert_eq!(interrupts.leave(), Some(Source::External0));
        assert_eq!(interrupts.leave(), None);
    }

    #[test]
    fn a_routine_keeps_its_level_when_ip_changes_under_it() {
        let mut interrupts = enabled(0xFF, 0);
        interrupts.enter(Source::Timer0);
        interrupts.ip = Source::Timer0.bit();
        assert_eq!(interrupts.leave(), Some(Source::Timer0));
        assert_eq!(interrupts.in_service, [None, None]);
    }

    #[test]
    fn a_flag_set_in_a_cycle_is_answerable_two_boundaries_later() {
        let mut flag = Flag::default();
        flag.raise(Cycles(11), Cycles(12)); // cycle 10
        assert_eq!(flag.answerable(InterruptTiming::INTEL), Cycles(12));
        assert_eq!(flag.answerable(InterruptTiming::S51), Cycles(11));
        flag.raise(Cycles(20), Cycles(21));
        assert_eq!(
            flag.raised(),
            Cycles(11),
            "a second event does not renew a flag that is set"
        );
        flag.clear();
        assert_eq!(flag.answerable(InterruptTiming::INTEL), Cycles::MAX);
    }
}
