//! The one place where [`Cycles`], [`Steps`] and [`Gas`] meet.
//!
//! Under our own rules a run is limited by gas: every machine cycle costs gas, every call into the host
//! costs what the method table says, and what has been used never goes down. What the host gives back
//! is kept apart and taken off at the end, never more than a fixed share of what was used. Under the old
//! chain's rules a run is limited by its step counter, which the host's adjustments move both ways.

use crate::outcome::Fault;
use abi::{Gas, Schedule, Semantics};
use emu8051::{Cycles, Limit, Steps};

/// What of a schedule a run is counted by.
#[derive(Clone, Copy, Debug)]
struct Prices {
    /// Gas of one machine cycle.
    cycle: u64,
    /// Gas of one instruction of an 8051. One of the two is 0.
    step: u64,
    /// At most one part in this many of the gas used is given back.
    refund_divisor: u64,
}

impl Prices {
    const fn of(schedule: &Schedule) -> Prices {
        Prices {
            cycle: schedule.general.gas_per_cycle,
            step: schedule.general.gas_per_step,
            refund_divisor: schedule.general.refund_divisor,
        }
    }

    /// The gas of what a processor ran.
    const fn run(&self, cycles: Cycles, steps: Steps) -> Gas {
        let cycles = cycles.0.saturating_mul(self.cycle);
        Gas(cycles.saturating_add(steps.0.saturating_mul(self.step)))
    }

    /// The machine cycles that `gas` pays for, rounded down.
    const fn cycles_affordable(&self, gas: Gas) -> Cycles {
        Cycles(affordable(gas, self.cycle))
    }

    /// The instructions that `gas` pays for, rounded down.
    const fn steps_affordable(&self, gas: Gas) -> Steps {
        Steps(affordable(gas, self.step))
    }

    /// What of `refund` is given back to a run that used `used`.
    const fn capped_refund(&self, used: Gas, refund: Gas) -> Gas {
        let most = used.0 / self.refund_divisor;
        Gas(if refund.0 < most { refund.0 } else { most })
    }
}

/// How often `price` can be paid from `gas`.
const fn affordable(gas: Gas, price: u64) -> u64 {
    match gas.0.checked_div(price) {
        Some(times) => times,
        None => u64::MAX,
    }
}

/// The gas that a called contract may use where its caller has `left` and asks for `asked`, or for all: at most what is
/// left less a 64th of it, so that a caller can go on after a callee that took everything (EIP-150).
#[must_use]
pub const fn forwarded(left: Gas, asked: Option<Gas>) -> Gas {
    let most = left.0 - left.0 / 64;
    match asked {
        Some(asked) if asked.0 < most => asked,
        _ => Gas(most),
    }
}

/// What a run may use. The maximum of each means no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallLimits {
    /// The most gas; not looked at under the old chain's rules.
    pub gas: Gas,
    /// The most machine cycles.
    pub cycles: Cycles,
    /// The most steps: instructions, under the old chain's rules as its host adjusts them.
    pub steps: Steps,
}

impl CallLimits {
    /// No limit at all.
    pub const NONE: CallLimits = CallLimits {
        gas: Gas::MAX,
        cycles: Cycles(u64::MAX),
        steps: Steps(u64::MAX),
    };
}

/// What a run has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Usage {
    /// Machine cycles, by Intel's data sheet. Calls into the host take none.
    pub cycles: Cycles,
    /// Instructions executed.
    pub instructions: Steps,
    /// The old chain's step counter: instructions and the host's adjustments. It can be negative.
    pub steps: i64,
    /// Gas used, before anything is given back.
    pub gas: Gas,
    /// Gas given back at the end, already capped.
    pub refund: Gas,
}

impl Usage {
    /// The gas a caller pays for.
    #[must_use]
    pub const fn gas_charged(&self) -> Gas {
        Gas(self.gas.0 - self.refund.0)
    }
}

/// Counts what a run uses against its limits.
#[derive(Clone, Debug)]
pub struct Meter {
    prices: Prices,
    limits: CallLimits,
    semantics: Semantics,
    /// Whether these are the old chain's: asked so often that it is kept.
    old_rules: bool,
    /// Without its `steps`, which are worked out when somebody asks.
    usage: Usage,
    /// What host calls have moved the step counter by, beside the instructions.
    step_delta: i64,
    /// What the host has offered to give back; capped only when the run ends.
    offered: Gas,
    /// The memory of the runs that have ended, in bytes.
    memory: u64,
}

impl Meter {
    /// A meter at zero, which counts by the prices of `schedule`.
    #[must_use]
    pub fn new(schedule: &Schedule, semantics: Semantics, limits: CallLimits) -> Self {
        Meter {
            prices: Prices::of(schedule),
            limits,
            semantics,
            old_rules: semantics.is_dacrs(),
            usage: Usage::default(),
            step_delta: 0,
            offered: Gas::ZERO,
            memory: 0,
        }
    }

    /// The memory of this run and those of the contracts it called, in bytes, as far as they have ended.
    #[must_use]
    pub const fn memory(&self) -> u64 {
        self.memory
    }

    /// What the host has offered to give back so far.
    #[must_use]
    pub const fn offered(&self) -> Gas {
        self.offered
    }

    /// Adds the memory of a run that has ended, in bytes.
    pub const fn hold(&mut self, memory: u64) {
        self.memory = self.memory.saturating_add(memory);
    }

    /// What has been used so far.
    #[must_use]
    pub const fn usage(&self) -> Usage {
        Usage {
            steps: self.steps(),
            ..self.usage
        }
    }

    /// The step counter.
    const fn steps(&self) -> i64 {
        self.step_delta
            .saturating_add_unsigned(self.usage.instructions.0)
    }

    /// Whose rules it counts by.
    #[must_use]
    pub const fn semantics(&self) -> Semantics {
        self.semantics
    }

    /// Whether it counts by the old chain's rules.
    #[inline]
    #[must_use]
    pub const fn old_rules(&self) -> bool {
        self.old_rules
    }

    /// What gas is left. Under the old chain's rules gas has no limit.
    #[must_use]
    pub const fn gas_left(&self) -> Gas {
        if self.old_rules {
            Gas::MAX
        } else {
            Gas(self.limits.gas.0.saturating_sub(self.usage.gas.0))
        }
    }

    /// What the processor may run before it has to stop.
    #[must_use]
    pub fn allowance(&self) -> Limit {
        let cycles = self.limits.cycles.0.saturating_sub(self.usage.cycles.0);
        let (gas, steps) = (self.gas_left(), self.steps_left());
        Limit {
            cycles: Cycles(cycles.min(self.prices.cycles_affordable(gas).0)),
            steps: match self.prices.step {
                0 => steps,
                _ => steps.min(self.prices.steps_affordable(gas)),
            },
        }
    }

    /// Steps left under the counter that the semantics limit by.
    fn steps_left(&self) -> Steps {
        if !self.old_rules {
            return Steps(
                self.limits
                    .steps
                    .0
                    .saturating_sub(self.usage.instructions.0),
            );
        }
        let most = i128::from(self.limits.steps.0);
        let left = (most - i128::from(self.steps())).max(0);
        Steps(u64::try_from(left).unwrap_or(u64::MAX))
    }

    /// Counts what the processor ran. It ran within [`Meter::allowance`], so nothing can run out here, nor wrap.
    pub fn charge_run(&mut self, cycles: Cycles, steps: Steps) {
        self.usage.cycles = Cycles(self.usage.cycles.0.wrapping_add(cycles.0));
        self.usage.instructions = Steps(self.usage.instructions.0.wrapping_add(steps.0));
        let gas = self.prices.run(cycles, steps);
        self.usage.gas = Gas(self.usage.gas.0.saturating_add(gas.0));
    }

    /// Counts one call into the host: its gas, what it offers to give back, and the old chain's step
    /// adjustment (the arriving instruction itself is free there, hence the one taken off).
    ///
    /// # Errors
    /// [`Fault::OutOfGas`] or [`Fault::OutOfSteps`] where the call takes the last of either.
    pub fn charge_call(&mut self, gas: Gas, refund: Gas, step_delta: i64) -> Result<(), Fault> {
        if self.old_rules {
            self.step_delta = self.step_delta.saturating_add(step_delta).saturating_sub(1);
            return if self.steps_left().0 == 0 {
                Err(Fault::OutOfSteps)
            } else {
                Ok(())
            };
        }
        self.charge_gas(gas)?;
        self.offered = Gas(self.offered.0.saturating_add(refund.0));
        Ok(())
    }

    /// Takes `gas` from what is left.
    ///
    /// # Errors
    /// [`Fault::OutOfGas`] where it is more than what is left; all of the limit is then used.
    pub fn charge_gas(&mut self, gas: Gas) -> Result<(), Fault> {
        if gas > self.gas_left() {
            return Err(self.run_out());
        }
        self.usage.gas = Gas(self.usage.gas.0.saturating_add(gas.0));
        Ok(())
    }

    /// Ends a run that cannot pay for what it asks for: all of the limit is then used.
    pub fn run_out(&mut self) -> Fault {
        self.usage.gas = self.limits.gas;
        Fault::OutOfGas
    }

    /// What a contract that this run calls may use, of which `gas` is forwarded to it.
    #[must_use]
    pub const fn callee_limits(&self, gas: Gas) -> CallLimits {
        CallLimits {
            gas,
            cycles: Cycles(self.limits.cycles.0.saturating_sub(self.usage.cycles.0)),
            steps: Steps(
                self.limits
                    .steps
                    .0
                    .saturating_sub(self.usage.instructions.0),
            ),
        }
    }

    /// Adds what a contract that this run called has used, and what it was offered if what it did is kept.
    pub fn charge_callee(&mut self, callee: &Meter, kept: bool) {
        let usage = callee.usage;
        let own = &mut self.usage;
        own.cycles = Cycles(own.cycles.0.saturating_add(usage.cycles.0));
        own.instructions = Steps(own.instructions.0.saturating_add(usage.instructions.0));
        own.gas = Gas(own.gas.0.saturating_add(usage.gas.0));
        self.step_delta = self.step_delta.saturating_add(callee.step_delta);
        self.hold(callee.memory);
        if kept {
            self.offered = Gas(self.offered.0.saturating_add(callee.offered.0));
        }
    }

    /// Which limit made the processor stop for want of cycles.
    #[must_use]
    pub fn which_ran_out(&self) -> Fault {
        let by_gas = self.prices.cycles_affordable(self.gas_left());
        let by_cycles = self.limits.cycles.0.saturating_sub(self.usage.cycles.0);
        if by_gas.0 < by_cycles {
            Fault::OutOfGas
        } else {
            Fault::OutOfCycles
        }
    }

    /// Which limit made the processor stop for want of steps.
    #[must_use]
    pub fn which_steps_ran_out(&self) -> Fault {
        let by_gas = self.prices.steps_affordable(self.gas_left());
        if by_gas < self.steps_left() {
            Fault::OutOfGas
        } else {
            Fault::OutOfSteps
        }
    }

    /// Ends the count: what a successful run is given back is worked out here and nowhere else.
    #[must_use]
    pub fn finish(mut self, succeeded: bool) -> Usage {
        if succeeded {
            self.usage.refund = self.prices.capped_refund(self.usage.gas, self.offered);
        }
        self.usage()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    fn limits(gas: u64, cycles: u64, steps: u64) -> CallLimits {
        CallLimits {
            gas: Gas(gas),
            cycles: Cycles(cycles),
            steps: Steps(steps),
        }
    }

    #[test]
    fn the_smallest_limit_decides_the_allowance() {
        let meter = Meter::new(&Schedule::DATA_SHEET, Semantics::V1, limits(100, 40, 7));
        assert_eq!(
            meter.allowance(),
            Limit {
                cycles: Cycles(40),
                steps: Steps(7)
            }
        );
        assert_eq!(meter.which_ran_out(), Fault::OutOfCycles);
        let meter = Meter::new(&Schedule::DATA_SHEET, Semantics::V1, limits(30, 40, 7));
        assert_eq!(meter.allowance().cycles, Cycles(30));
        assert_eq!(meter.which_ran_out(), Fault::OutOfGas);
    }

    #[test]
    fn gas_used_never_goes_down_and_refunds_are_capped() {
        let mut meter = Meter::new(
            &Schedule::DATA_SHEET,
            Semantics::V1,
            limits(1000, u64::MAX, u64::MAX),
        );
        meter.charge_run(Cycles(100), Steps(50));
        meter
            .charge_call(Gas(400), Gas(10_000), -5000)
            .expect("500 of 1000 gas");
        let usage = meter.usage();
        assert_eq!((usage.gas, usage.refund), (Gas(500), Gas::ZERO));
        let usage = meter.finish(true);
        assert_eq!(
            (usage.gas, usage.refund, usage.gas_charged()),
            (Gas(500), Gas(100), Gas(400))
        );
    }

    #[test]
    fn a_failed_run_is_given_nothing_back() {
        let mut meter = Meter::new(
            &Schedule::DATA_SHEET,
            Semantics::V1,
            limits(1000, u64::MAX, u64::MAX),
        );
        meter
            .charge_call(Gas(400), Gas(50), 0)
            .expect("400 of 1000 gas");
        assert_eq!(meter.finish(false).refund, Gas::ZERO);
    }

    #[test]
    fn a_call_that_cannot_be_paid_takes_all_that_is_left() {
        let mut meter = Meter::new(
            &Schedule::DATA_SHEET,
            Semantics::V1,
            limits(1000, u64::MAX, u64::MAX),
        );
        assert_eq!(
            meter.charge_call(Gas(1001), Gas::ZERO, 0),
            Err(Fault::OutOfGas)
        );
        assert_eq!(meter.usage().gas, Gas(1000));
    }

    /// Every transaction costs something and more costs more.
    #[test]
    fn every_transaction_costs_and_more_costs_more() {
        let schedule = Schedule::DATA_SHEET;
        assert_eq!(schedule.call_gas(0, 0), Gas(10_000));
        assert_eq!(schedule.call_gas(3, 1), Gas(12_060));
        assert_eq!(schedule.account_gas(5), Gas(25_100));
        assert_eq!(schedule.deploy_gas(10, 5), Gas(27_100));
        // As many bytes as a machine can count: too many for 64 bits of gas where it counts in 64.
        let most = 25_000 + 220 * usize::MAX as u128;
        let most = u64::try_from(most).unwrap_or(u64::MAX);
        assert_eq!(schedule.deploy_gas(usize::MAX, usize::MAX), Gas(most));
    }

    #[test]
    fn old_steps_go_both_ways_and_end_a_run_at_the_limit() {
        let mut meter = Meter::new(
            &Schedule::DATA_SHEET,
            Semantics::Dacrs2017,
            limits(0, u64::MAX, 100),
        );
        meter.charge_run(Cycles(20), Steps(10));
        meter
            .charge_call(Gas(1 << 40), Gas::ZERO, -30)
            .expect("below the limit");
        assert_eq!(meter.usage().steps, -21);
        assert_eq!(meter.allowance().steps, Steps(121));
        assert_eq!(
            meter.charge_call(Gas::ZERO, Gas::ZERO, 122),
            Err(Fault::OutOfSteps)
        );
    }
}
