//! 64-bit arithmetic, methods 0 to 4. It wraps, as the original's compiler made it.

use crate::dispatch::{Host, Served};
use crate::failure::Failure;
use crate::host::CallEnd;
use abi::codec::Args;
use abi::method;
use core::cmp::Ordering;

fn operands(args: &Args<'_>) -> Option<(i64, i64)> {
    let [a, b] = args.exactly()?;
    Some((
        i64::from_le_bytes(a.try_into().ok()?),
        i64::from_le_bytes(b.try_into().ok()?),
    ))
}

impl Host<'_, '_> {
    /// 0 for equal, 1 for less, 2 for more.
    pub(crate) fn compare(&mut self, args: &Args<'_>) -> Result<Served, Failure<CallEnd>> {
        let Some((a, b)) = operands(args) else {
            return Ok(Served::REFUSED);
        };
        self.answer(&[match a.cmp(&b) {
            Ordering::Equal => 0,
            Ordering::Less => 1,
            Ordering::Greater => 2,
        }])
    }

    /// The result of `operation`, refused if it has none.
    pub(crate) fn calculate(
        &mut self,
        args: &Args<'_>,
        operation: fn(i64, i64) -> Option<i64>,
    ) -> Result<Served, Failure<CallEnd>> {
        match operands(args).and_then(|(a, b)| operation(a, b)) {
            Some(result) => self.answer(&result.to_le_bytes()),
            None => Ok(Served::REFUSED),
        }
    }

    /// The quotient, truncated toward zero. The processor of the original's node trapped on the smallest
    /// number divided by -1.
    pub(crate) fn divide(&mut self, args: &Args<'_>) -> Result<Served, Failure<CallEnd>> {
        if operands(args) == Some((i64::MIN, -1)) {
            return self.undefined(method::DIV);
        }
        self.calculate(args, i64::checked_div)
    }
}
