//! 64-bit arithmetic, methods 0 and 4. It wraps, as the original's compiler made it.

use crate::dispatch::{Host, Served};
use crate::failure::Failure;
use crate::host::CallEnd;
use abi::method::Method;
use core::cmp::Ordering;

impl Host<'_, '_> {
    /// 0 for equal, 1 for less, 2 for more.
    pub(crate) fn compare(&mut self, a: i64, b: i64) -> Result<Served, Failure<CallEnd>> {
        self.answer(&[match a.cmp(&b) {
            Ordering::Equal => 0,
            Ordering::Less => 1,
            Ordering::Greater => 2,
        }])
    }

    /// The quotient, truncated toward zero; refused for a divisor of 0. The processor of the original's node
    /// trapped on the smallest number divided by -1.
    pub(crate) fn divide(&mut self, a: i64, b: i64) -> Result<Served, Failure<CallEnd>> {
        match a.checked_div(b) {
            Some(quotient) => self.answer(&quotient.to_le_bytes()),
            None if b == 0 => Ok(Served::REFUSED),
            None => self.undefined(Method::Div),
        }
    }
}
