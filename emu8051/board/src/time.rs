//! Moments finer than a machine cycle.

use crate::archive::{Archive, Reader, SnapshotError};
use emu8051::Cycles;

/// Oscillator periods in a machine cycle.
pub const CLOCKS_PER_CYCLE: u64 = 12;

/// A moment or a length in states of two oscillator periods, six to a machine cycle: what serial
/// modes 2, and timer 2 as a baud rate generator, are clocked with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct States(pub u64);

impl States {
    /// States in a machine cycle.
    pub const PER_CYCLE: u64 = 6;

    /// The moment a machine cycle count names; saturates.
    pub fn from_cycles(cycles: Cycles) -> States {
        States(cycles.0.saturating_mul(Self::PER_CYCLE))
    }

    /// The first machine cycle boundary that is not earlier; never, for a moment beyond all that
    /// can be counted.
    pub fn ceil(self) -> Cycles {
        if self.0 == u64::MAX {
            return Cycles::MAX;
        }
        Cycles(self.0.div_ceil(Self::PER_CYCLE))
    }
}

impl Archive for States {
    fn save(&self, out: &mut Vec<u8>) {
        self.0.save(out);
    }

    fn restore(from: &mut Reader<'_>) -> Result<States, SnapshotError> {
        u64::restore(from).map(States)
    }
}

/// A train of pulses: the next one, and how far apart they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pulses {
    pub(crate) next: States,
    /// Never zero.
    pub(crate) period: States,
}

impl Pulses {
    const NEVER: States = States(u64::MAX);

    /// A single pulse.
    pub(crate) fn once(at: Cycles) -> Pulses {
        Pulses {
            next: States::from_cycles(at),
            period: Self::NEVER,
        }
    }

    /// Whether more than one will come.
    pub(crate) fn repeats(&self) -> bool {
        self.period != Self::NEVER
    }

    /// The same divided by `n`, beginning with the `first`-th.
    pub(crate) fn every(&self, n: u64, first: u64) -> Pulses {
        Pulses {
            next: self.nth(first),
            period: States(self.period.0.saturating_mul(n)),
        }
    }

    /// The number that come not later than `to`.
    pub(crate) fn until(&self, to: States) -> u64 {
        let Some(since) = to.0.checked_sub(self.next.0) else {
            return 0;
        };
        // almost always both are short, and a short division takes a third of the time
        match (u32::try_from(since), u32::try_from(self.period.0)) {
            (Ok(since), Ok(period)) => 1 + u64::from(since / period),
            _ => 1 + since / self.period.0,
        }
    }

    /// Those later than `to`, if there are any.
    pub(crate) fn after(&self, to: States) -> Option<Pulses> {
        match self.until(to) {
            0 => Some(*self),
            n => self.repeats().then(|| Pulses {
                next: self.nth(n + 1),
                ..*self
            }),
        }
    }

    /// The moment of the `n`-th, from 1; saturates.
    pub(crate) fn nth(&self, n: u64) -> States {
        States(
            self.next
                .0
                .saturating_add(self.period.0.saturating_mul(n.saturating_sub(1))),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pulses_are_counted_up_to_and_including_the_moment() {
        let pulses = Pulses {
            next: States(10),
            period: States(3),
        };
        for to in 0..40 {
            let expected = (0..).map(|k| 10 + 3 * k).take_while(|at| *at <= to).count() as u64;
            assert_eq!(pulses.until(States(to)), expected);
            assert!(expected == 0 || pulses.nth(expected) <= States(to));
            assert!(pulses.nth(expected + 1) > States(to));
            let after = pulses.after(States(to)).expect("they go on");
            assert_eq!(after.next, pulses.nth(expected + 1));
        }
    }

    #[test]
    fn a_moment_within_a_cycle_ends_with_the_cycle() {
        assert_eq!(
            [0, 1, 6, 7, u64::MAX].map(|s| States(s).ceil()),
            [Cycles(0), Cycles(1), Cycles(1), Cycles(2), Cycles::MAX]
        );
    }
}
