//! Arithmetic: pure functions from operands and flags to result and flags.

/// The carries of the last addition or subtraction: bit *n* is the carry (borrow) **into** bit *n*, so bit 8 is the
/// carry out. AC and OV are read from it when a program asks, which is rare; CY is kept apart, as many instructions
/// write it alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Carries(u32);

impl Carries {
    /// Carries that show the given flags.
    pub(crate) fn new(ac: bool, ov: bool) -> Carries {
        Carries(u32::from(ac) << 4 | u32::from(ov) << 7)
    }

    /// AC: the carry out of bit 3.
    #[inline(always)]
    pub(crate) fn ac(self) -> bool {
        self.0 & 0x10 != 0
    }

    /// OV: the carries into and out of bit 7 differ.
    #[inline(always)]
    pub(crate) fn ov(self) -> bool {
        (self.0 >> 7 ^ self.0 >> 8) & 1 != 0
    }

    /// The same AC with another OV.
    #[inline(always)]
    pub(crate) fn with_ov(self, ov: bool) -> Carries {
        Carries(self.0 & 0x10 | u32::from(ov) << 7)
    }
}

/// A sum or difference with its flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) value: u8,
    pub(crate) cy: bool,
    pub(crate) carries: Carries,
}

/// `a + b + cy`.
#[inline(always)]
pub(crate) fn add(a: u8, b: u8, cy: bool) -> Sum {
    let wide = u32::from(a) + u32::from(b) + u32::from(cy);
    Sum {
        value: wide as u8,
        cy: wide > 0xFF,
        carries: Carries(u32::from(a) ^ u32::from(b) ^ wide),
    }
}

/// `a - b - cy`.
#[inline(always)]
pub(crate) fn sub(a: u8, b: u8, cy: bool) -> Sum {
    let wide = u32::from(a)
        .wrapping_sub(u32::from(b))
        .wrapping_sub(u32::from(cy));
    Sum {
        value: wide as u8,
        cy: wide > 0xFF,
        carries: Carries(u32::from(a) ^ u32::from(b) ^ wide),
    }
}

/// `DA A`: adds 6 to a low digit above 9 or with AC, then 6 to a high digit above 9 or with CY. The first addition may
/// carry into the high digit. CY is only ever set, never cleared. Returns the result and CY.
#[inline(always)]
pub(crate) fn decimal_adjust(a: u8, cy: bool, ac: bool) -> (u8, bool) {
    let mut sum = u16::from(a);
    if sum & 0x0F > 9 || ac {
        sum += 0x06;
    }
    let carry = cy || sum > 0xFF;
    if carry || sum & 0xF0 > 0x90 {
        sum += 0x60;
    }
    (sum as u8, carry || sum > 0xFF)
}

/// `MUL AB`: low byte, high byte, and OV, which says that the high byte is not zero.
#[inline(always)]
pub(crate) fn mul(a: u8, b: u8) -> (u8, u8, bool) {
    let product = u16::from(a) * u16::from(b);
    (product as u8, (product >> 8) as u8, product > 0xFF)
}

/// `DIV AB`: quotient, remainder, and OV, which says that B was zero; then A and B stay as they are (Intel leaves them
/// undefined; every known simulator and the original VM keep them).
#[inline(always)]
pub(crate) fn div(a: u8, b: u8) -> (u8, u8, bool) {
    match a.checked_div(b) {
        Some(quotient) => (quotient, a % b, false),
        None => (a, b, true),
    }
}
