//! Processor time a gas.

use super::{Error, Part, Trial};
use rustix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use std::time::Duration;

/// How often each part is run; the best counts, because what disturbs a run only makes it slower.
pub const TIMES: usize = 20;

/// What a case takes: the whole less the history.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Taken {
    /// Gas.
    pub gas: u64,
    /// Nanoseconds of processor time.
    pub nanoseconds: f64,
}

impl Taken {
    /// Nanoseconds a gas.
    #[must_use]
    pub fn each(&self) -> f64 {
        self.nanoseconds / self.gas as f64
    }
}

/// The best of [`TIMES`] runs of each part.
///
/// # Errors
/// When a run fails, or costs no gas.
pub fn taken(trial: &mut Trial<'_>) -> Result<Taken, Error> {
    let mut best = [Duration::MAX; 2];
    let mut gas = [0; 2];
    for _ in 0..TIMES {
        for (at, part) in [Part::History, Part::Whole].into_iter().enumerate() {
            let begin = own_time();
            gas[at] = trial(part)?;
            best[at] = best[at].min(own_time().saturating_sub(begin));
        }
    }
    let used = gas[1].checked_sub(gas[0]).filter(|&gas| gas > 0);
    Ok(Taken {
        gas: used.ok_or("what is measured costs no gas")?,
        nanoseconds: best[1].saturating_sub(best[0]).as_nanos() as f64,
    })
}

/// Does a part of a case. Callgrind counts in here and nowhere else.
///
/// # Errors
/// As the trial.
#[inline(never)]
pub fn gas_time_measured(trial: &mut Trial<'_>, part: Part) -> Result<u64, Error> {
    black_box(trial(part))
}

/// Nothing. Callgrind writes down what it has counted where this is called.
#[inline(never)]
pub fn gas_time_counted() {
    black_box(());
}

/// The processor time this thread has used.
fn own_time() -> Duration {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        u64::try_from(used.tv_sec).unwrap_or_default(),
        u32::try_from(used.tv_nsec).unwrap_or_default(),
    )
}
