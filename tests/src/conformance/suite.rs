//! Judging many images: each is built if need be, run on our core, and compared with what `s51` recorded.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::Error;
use super::build::{Builder, Port};
use super::files::read;
use super::recorded::{Recorded, digest};
use super::report::{Case, Finding, Judge};
use super::source::Suite;
use super::{live, machine};

/// The cases of one port that one template makes: what a worker takes at a time.
struct Work<'a> {
    builder: &'a Builder<'a>,
    template: &'a str,
    cases: Vec<&'a Recorded>,
}

/// Builds and runs every case of `recorded` that belongs to one of `ports`, on `jobs` threads.
///
/// `progress` is told how many of how many cases are judged, whenever some more are. The answer is in the order of
/// `recorded`.
///
/// # Errors
/// When a port's common files cannot be built or the cache cannot be written. An image that cannot be built, or that
/// differs, is a finding of the report instead.
pub fn judge(
    suite: &Suite,
    ports: &[Port],
    recorded: &[Recorded],
    jobs: usize,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<Vec<Case>, Error> {
    let builders = ports
        .iter()
        .map(|port| Builder::new(suite, *port))
        .collect::<Result<Vec<_>, _>>()?;
    let work = plan(suite, &builders, recorded)?;
    let total = work.iter().map(|work| work.cases.len()).sum();

    let next = AtomicUsize::new(0);
    let judged = Mutex::new((0, BTreeMap::new()));
    thread::scope(|scope| {
        let worker = || {
            while let Some((at, work)) = take(&next, &work) {
                let cases = judge_work(work);
                // A worker that panicked has spoiled no map: what is in it is complete.
                let mut judged = judged.lock().unwrap_or_else(PoisonError::into_inner);
                judged.0 += work.cases.len();
                judged.1.insert(at, cases);
                progress(judged.0, total);
            }
        };
        for _ in 0..jobs.max(1) {
            scope.spawn(worker);
        }
    });
    let (_, judged) = judged.into_inner().unwrap_or_else(PoisonError::into_inner);
    judged
        .into_values()
        .collect::<Result<Vec<_>, _>>()
        .map(|cases| cases.into_iter().flatten().collect())
}

/// The next piece of work with its number.
fn take<'w, 'a>(next: &AtomicUsize, work: &'w [Work<'a>]) -> Option<(usize, &'w Work<'a>)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    work.get(at).map(|work| (at, work))
}

/// Groups the cases by port and template.
fn plan<'a>(
    suite: &'a Suite,
    builders: &'a [Builder<'a>],
    recorded: &'a [Recorded],
) -> Result<Vec<Work<'a>>, Error> {
    let mut work: Vec<Work<'a>> = Vec::new();
    for builder in builders {
        for case in recorded
            .iter()
            .filter(|case| case.port == builder.port().name)
        {
            let template = suite.template_of(&case.case)?;
            match work.last_mut() {
                Some(last)
                    if last.template == template && last.builder.port() == builder.port() =>
                {
                    last.cases.push(case);
                }
                _ => work.push(Work {
                    builder,
                    template,
                    cases: vec![case],
                }),
            }
        }
    }
    Ok(work)
}

fn judge_work(work: &Work<'_>) -> Result<Vec<Case>, Error> {
    let missing = work
        .cases
        .iter()
        .any(|case| !work.builder.image(&case.case).is_file());
    if missing {
        work.builder.generate(work.template)?;
    }
    let cases = work
        .cases
        .iter()
        .map(|recorded| judge_case(work, recorded))
        .collect();
    if missing {
        work.builder.clean(work.template)?;
    }
    cases
}

fn judge_case(work: &Work<'_>, recorded: &Recorded) -> Result<Case, Error> {
    let path = match work.builder.build(work.template, &recorded.case)? {
        Ok(path) => path,
        Err(error) => {
            return Ok(Case::failed(
                recorded,
                vec![Finding::NotBuilt {
                    message: error.to_string(),
                }],
            ));
        }
    };
    let image = read(&path)?;
    let figures = match machine::run(&image) {
        Ok(figures) => figures,
        Err(error) => {
            return Ok(Case::failed(
                recorded,
                vec![Finding::NoEnd {
                    message: error.to_string(),
                }],
            ));
        }
    };
    if digest(&image) == recorded.image {
        return Ok(Case::compared(
            recorded,
            Judge::Recorded,
            &recorded.figures,
            figures,
        ));
    }
    Ok(match live::run(&path)? {
        Some(expected) => Case::compared(recorded, Judge::S51, &expected, figures),
        None => Case::failed(
            recorded,
            vec![Finding::NoEnd {
                message: live::NO_SUMMARY.to_owned(),
            }],
        ),
    })
}
