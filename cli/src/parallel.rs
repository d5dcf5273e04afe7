//! Tests that run at the same time.

use crate::args::number;
use clap::Args;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// The option of commands that run several tests.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct JobsArgs {
    /// How many tests run at the same time [default: one on each processor].
    #[arg(long, value_parser = number::<u16>, value_name = "N")]
    jobs: Option<u16>,
}

impl JobsArgs {
    /// What comes of `work` on each item, in the order of the items, so many at a time. `work` is told the place of the
    /// item too.
    pub(crate) fn all<T: Sync, R: Send>(
        self,
        items: &[T],
        work: impl Fn(usize, &T) -> R + Sync,
    ) -> Vec<R> {
        let next = AtomicUsize::new(0);
        let worker = || {
            let mut done = Vec::new();
            loop {
                let place = next.fetch_add(1, Ordering::Relaxed);
                match items.get(place) {
                    Some(item) => done.push((place, work(place, item))),
                    None => return done,
                }
            }
        };
        let processors = || thread::available_parallelism().map_or(1, usize::from);
        let jobs = self.jobs.map_or_else(processors, usize::from);
        let jobs = jobs.clamp(1, items.len().max(1));
        let mut all = thread::scope(|scope| {
            let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(worker)).collect();
            let done = workers
                .into_iter()
                .map(|worker| worker.join().unwrap_or_else(|p| resume_unwind(p)));
            done.flatten().collect::<Vec<_>>()
        });
        all.sort_by_key(|(place, _)| *place);
        all.into_iter().map(|(_, result)| result).collect()
    }
}
