//! The packed form of cycles and steps that the block loop subtracts at once.

use std::ops::{Add, Sub};

use crate::units::{Cycles, Steps};

/// Machine cycles in bits 0..=14 and steps in bits 16..=30. Bits 15 and 31 are guards: they are clear in every
/// amount, and a subtraction that takes too much of either part sets one of them, because the borrow stops there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cost(u32);

const GUARDS: u32 = 0x8000_8000;

impl Cost {
    pub(crate) const ZERO: Cost = Cost(0);
    /// The most that fits in either part.
    pub(crate) const PART_MAX: u64 = 0x7FFF;

    /// Both parts must be at most [`Self::PART_MAX`].
    pub(crate) const fn new(cycles: u16, steps: u16) -> Cost {
        Cost(cycles as u32 | (steps as u32) << 16)
    }

    /// As much of the given amounts as fits.
    pub(crate) fn saturating(cycles: Cycles, steps: Steps) -> Cost {
        Cost::new(
            cycles.0.min(Self::PART_MAX) as u16,
            steps.0.min(Self::PART_MAX) as u16,
        )
    }

    /// Whether a subtraction took more than there was. The difference is still exact: adding the same cost again
    /// gives what was there before.
    #[inline(always)]
    pub(crate) fn overdrawn(self) -> bool {
        self.0 & GUARDS != 0
    }

    /// Whether either part is larger than the other's.
    pub(crate) fn exceeds(self, other: Cost) -> bool {
        (other - self).overdrawn()
    }

    pub(crate) fn cycles(self) -> Cycles {
        Cycles(u64::from(self.0 & 0x7FFF))
    }

    pub(crate) fn steps(self) -> Steps {
        Steps(u64::from(self.0 >> 16))
    }
}

impl Add for Cost {
    type Output = Cost;
    #[inline(always)]
    fn add(self, other: Cost) -> Cost {
        Cost(self.0.wrapping_add(other.0))
    }
}

impl Sub for Cost {
    type Output = Cost;
    #[inline(always)]
    fn sub(self, other: Cost) -> Cost {
        Cost(self.0.wrapping_sub(other.0))
    }
}
