//! What running costs under the old chain's rules: steps, fuel and fee.

/// The part of every fee that buys no steps, in the smallest unit.
pub const MIN_FEE: u64 = 10_000;
/// The most steps of one run and of all runs of one block.
pub const MAX_STEPS: u64 = 12_000_000;
/// How many steps one unit of fuel lasts.
const STEPS_PER_FUEL: u64 = 100;

/// Why a run did not begin, or did not count, for its steps and fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum FeeError {
    /// The fee buys no step.
    #[error("the fee is {fee}, it must be more than {MIN_FEE}")]
    FeeTooLow {
        /// The fee offered.
        fee: u64,
    },
    /// The fuel rate is 0.
    #[error("the fuel rate is 0, it must be at least 1")]
    NoFuelRate,
    /// The run returned 0: exit with another code than 1, or a step counter that ended at 0.
    #[error("the run returned 0 steps, which stands for failure")]
    Failed,
    /// The run returned -1: out of steps, a fatal call, or a step counter that ended at -1.
    #[error("the run returned -1 steps, which stands for the step limit")]
    StepLimit,
    /// The price does not fit in 64 bits.
    #[error("{steps} steps at fuel rate {fuel_rate} cost more than 64 bits can say")]
    SpendOverflow {
        /// The steps to pay for.
        steps: u64,
        /// The price of a step.
        fuel_rate: u64,
    },
}

/// How many steps `fee` buys. It can be 0, and the run then ends at once.
///
/// # Errors
/// [`FeeError::NoFuelRate`] and [`FeeError::FeeTooLow`], in this order.
pub fn max_steps(fee: u64, fuel_rate: u64) -> Result<u64, FeeError> {
    if fuel_rate == 0 {
        return Err(FeeError::NoFuelRate);
    }
    if fee <= MIN_FEE {
        return Err(FeeError::FeeTooLow { fee });
    }
    let fuel = (fee - MIN_FEE) / fuel_rate;
    Ok(fuel.saturating_mul(STEPS_PER_FUEL).min(MAX_STEPS))
}

/// The steps to pay for, from the number that a run returned: the step counter, 0 or -1.
///
/// Refunds can take the counter below zero. The original then reads it as unsigned: a huge count, and a
/// success wherever the price still fits in 64 bits.
///
/// # Errors
/// [`FeeError::Failed`] for 0 and [`FeeError::StepLimit`] for -1, also where the counter really ended there.
pub fn counted_steps(returned: i64) -> Result<u64, FeeError> {
    match returned {
        0 => Err(FeeError::Failed),
        -1 => Err(FeeError::StepLimit),
        steps => Ok(steps.cast_unsigned()),
    }
}

/// What the steps cost: one step one `fuel_rate`. Checked last, after everything else was applied.
///
/// # Errors
/// [`FeeError::SpendOverflow`].
pub fn spend(steps: u64, fuel_rate: u64) -> Result<u64, FeeError> {
    steps
        .checked_mul(fuel_rate)
        .ok_or(FeeError::SpendOverflow { steps, fuel_rate })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fee_buys_whole_hundreds_of_steps_up_to_the_limit() {
        assert_eq!(
            max_steps(10_000, 1),
            Err(FeeError::FeeTooLow { fee: 10_000 })
        );
        assert_eq!(max_steps(5, 0), Err(FeeError::NoFuelRate));
        assert_eq!(max_steps(10_001, 1), Ok(100));
        assert_eq!(max_steps(10_001, 2), Ok(0));
        assert_eq!(max_steps(10_099, 50), Ok(100));
        assert_eq!(max_steps(20_000, 1), Ok(1_000_000));
        assert_eq!(max_steps(u64::MAX, 1), Ok(MAX_STEPS));
    }

    #[test]
    fn returned_number_means_what_the_original_made_of_it() {
        assert_eq!(counted_steps(0), Err(FeeError::Failed));
        assert_eq!(counted_steps(-1), Err(FeeError::StepLimit));
        assert_eq!(counted_steps(1), Ok(1));
        assert_eq!(counted_steps(-1973), Ok(18_446_744_073_709_549_643));
    }

    #[test]
    fn price_beyond_64_bits_is_refused() {
        assert_eq!(
            spend(18_446_744_073_709_549_643, 1),
            Ok(18_446_744_073_709_549_643)
        );
        assert!(spend(18_446_744_073_709_549_643, 2).is_err());
    }
}
