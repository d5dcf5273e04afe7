//! Parity: the same contract for two machines, compared call by call.
//!
//! A scenario runs with one image. Each call is made with the other image first, from the same state and
//! at the same place of the chain, and reverted; then both are compared: the host calls with their
//! arguments and replies, the prints, the outcome, what was returned, events and error text, and every
//! key that was written. So the state after
//! each call is that of both, block hashes and transaction ids do not come between them, and a
//! difference is found at the call that makes it. Machine cycles and gas are not compared but shown side
//! by side. The other image runs wherever the contract is entered in its call, also by others and by itself.

use crate::difference::{Difference, Differences};
use crate::scenario::{OtherImage, RunError, RunOptions, Scenario, StepReport};
use abi::method;
use bridge::{Engine, EngineId};
use chain::RegIdText;
use chain::hostlog::{HostCalls, LoggedCall, USUAL_ROOM};
use chain::receipt::{Receipt, Verdict};
use hostapi::prints::Print;
use loader::Image;

/// The first byte of the answer to a call of a contract that was not entered.
const NOT_ENTERED: u8 = 4;

/// The cost of a call on one machine; it is not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallCost {
    /// The engine that ran it.
    pub engine: EngineId,
    /// Machine cycles; 0 for WebAssembly.
    pub cycles: u64,
    /// Gas used.
    pub gas: u64,
}

/// A call on both machines.
#[derive(Clone, Debug)]
pub struct ComparedCall {
    /// Its place in the scenario, counted from 1.
    pub number: usize,
    /// Its name.
    pub name: String,
    /// Its end with the first image.
    pub outcome: String,
    /// The number of its calls into the host with the first image.
    pub host_calls: usize,
    /// Its cost with each image; `None` where it did not begin.
    pub cost: [Option<CallCost>; 2],
    /// The differences: `outcome`, `prints`, `returned`, `error`, `events`, `host call 3` or
    /// `state key 64…`. Expected is the value with the first image, actual that with the second.
    pub differences: Vec<Difference>,
}

/// Runs `scenario` with the images `a` and `b` of `contract`, by `engines`: its calls, in order.
///
/// # Errors
/// If the scenario cannot be run to its end with `a`, or `b` cannot be run at all. A difference is no
/// error but in the calls.
pub fn compare(
    mut scenario: Scenario,
    contract: &str,
    a: Image,
    b: Image,
    engines: Vec<Box<dyn Engine>>,
) -> Result<Vec<ComparedCall>, RunError> {
    scenario.set_image(contract, a);
    scenario.set_free_gas();
    let run = scenario.run(RunOptions {
        engines: Some(engines),
        other_image: Some((contract, b)),
        keep_host_calls: Some(USUAL_ROOM),
        ..RunOptions::default()
    })?;
    Ok(run.steps.into_iter().filter_map(step).collect())
}

/// The two sides of a step that was made with both images.
fn step(mut report: StepReport) -> Option<ComparedCall> {
    let OtherImage {
        dry_run: other,
        writes,
    } = report.other_image.take()?;
    let a = report.receipt.as_ref();
    let b = other.receipt.as_deref();
    let rejected = report.rejected.unwrap_or_default();
    let outcome = a.map_or_else(|| rejected.clone(), outcome);

    let mut differences = Differences::default();
    differences.compare_sides(
        "outcome",
        outcome.clone(),
        b.map_or_else(String::clone, self::outcome),
    );
    let b = b.ok();
    said(&mut differences, a, b);
    host_calls(
        &mut differences,
        (&report.host_calls, a),
        (&other.host_calls, b),
    );
    for (key, value) in &writes {
        differences.compare_sides(
            &format!("state key {}", hex::encode(key)),
            written(Some(value)),
            written(at_key(&other.writes, key)),
        );
    }
    for (key, value) in &other.writes {
        if at_key(&writes, key).is_none() {
            differences.compare_sides(
                &format!("state key {}", hex::encode(key)),
                written(None),
                written(Some(value)),
            );
        }
    }
    Some(ComparedCall {
        number: report.number,
        name: report.name,
        outcome,
        host_calls: a.map_or(0, |receipt| receipt.meters.host_calls as usize),
        cost: [a.and_then(cost), b.and_then(cost)],
        differences: differences.0,
    })
}

/// Compares what the contracts said: prints and, of calls that were made, return data, error text and events.
fn said(differences: &mut Differences, a: Option<&Receipt>, b: Option<&Receipt>) {
    let prints = |receipt: Option<&Receipt>| {
        let prints: Vec<&Print> = receipt.into_iter().flat_map(Receipt::prints).collect();
        shown(&prints, |print| format!("{print:?}"))
    };
    differences.compare_sides("prints", prints(a), prints(b));
    let (Some(a), Some(b)) = (a, b) else {
        return;
    };
    let mut both = |field: &str, of: fn(&Receipt) -> String| {
        differences.compare_sides(field, of(a), of(b));
    };
    both("returned", |receipt| {
        let returned: Vec<_> = receipt.runs().map(|run| &run.returned).collect();
        shown(&returned, |returned| hex::encode(returned))
    });
    both("error", |receipt| {
        let errors: Vec<_> = receipt.runs().map(|run| &run.error).collect();
        shown(&errors, |error| match error {
            Some(error) => error.bytes().escape_ascii().to_string(),
            None => "none".into(),
        })
    });
    both("events", |receipt| {
        shown(&receipt.events, |event| {
            let source = receipt.event_source(event).unwrap_or_default();
            format!("{} {event}", RegIdText(source))
        })
    });
}

/// Compares the host calls: one by one as far as both runs kept theirs, and beyond that their logs.
fn host_calls(
    differences: &mut Differences,
    a: (&HostCalls, Option<&Receipt>),
    b: (&HostCalls, Option<&Receipt>),
) {
    let (first, second) = (&a.0.calls, &b.0.calls);
    let all_kept = a.0.left_out == 0 && b.0.left_out == 0;
    let compared = if all_kept {
        first.len().max(second.len())
    } else {
        first.len().min(second.len())
    };
    for at in 0..compared {
        let call = |calls: &[LoggedCall]| calls.get(at).map_or("none".into(), call);
        differences.compare_sides(&format!("host call {}", at + 1), call(first), call(second));
    }
    if !all_kept {
        let log = |receipt: Option<&Receipt>| {
            let run = receipt.and_then(|receipt| receipt.run());
            run.map_or("none".into(), |run| hex::encode(run.host_log))
        };
        let field = format!("log of all host calls, of which {compared} were compared one by one");
        differences.compare_sides(&field, log(a.1), log(b.1));
    }
}

/// The write under `key`; `writes` are in order of key.
fn at_key<'w>(writes: &'w [(Vec<u8>, Option<Vec<u8>>)], key: &[u8]) -> Option<&'w Option<Vec<u8>>> {
    let at = writes.binary_search_by(|(written, _)| written.as_slice().cmp(key));
    at.ok().map(|at| &writes[at].1)
}

impl Differences {
    fn compare_sides(&mut self, field: &str, a: String, b: String) {
        if a != b {
            self.add(field, a, b);
        }
    }
}

fn cost(receipt: &Receipt) -> Option<CallCost> {
    Some(CallCost {
        engine: receipt.run()?.engine,
        cycles: receipt.meters.cycles,
        gas: receipt.gas,
    })
}

fn outcome(receipt: &Receipt) -> String {
    match &receipt.verdict {
        Verdict::Success => "success".into(),
        Verdict::Refused { code } => format!("refused with exit code {code}"),
        Verdict::SettlementFailed { reason } => format!("not granted: {reason}"),
        Verdict::Fault { reason, .. } => format!("fault: {reason}"),
        Verdict::NotDeployed { reason } => format!("not deployed: {reason}"),
    }
}

/// A host call without what machines differ in: how much gas a called contract used, and the hash of its log, which has
/// such figures in it. The calls that it made are compared themselves.
fn call(call: &LoggedCall) -> String {
    let items = |items: &[Vec<u8>]| shown(items, |item| hex::encode(item));
    let mut reply = call.reply.clone();
    if matches!(call.method, method::CALL_CONTRACT | method::STATIC_CALL)
        && let Some([status, _, gas @ ..]) = reply.first_mut().map(Vec::as_mut_slice)
    {
        gas.fill(0);
        if *status != NOT_ENTERED {
            reply.pop();
        }
    }
    format!(
        "method 0x{:04X}, status {}, arguments {}, reply {}",
        call.method,
        call.status,
        items(&call.args),
        items(&reply)
    )
}

fn written(value: Option<&Option<Vec<u8>>>) -> String {
    match value {
        Some(Some(value)) => hex::encode(value),
        Some(None) => "removed".into(),
        None => "not written".into(),
    }
}

fn shown<T>(items: &[T], show: impl Fn(&T) -> String) -> String {
    format!(
        "[{}]",
        items.iter().map(show).collect::<Vec<_>>().join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::made::receipt;
    use chain::receipt::{ErrorText, Event, RunReceipt, Work};

    fn run(receipt: &mut Receipt) -> &mut RunReceipt {
        match &mut receipt.frames[0].work {
            Work::Run(run) => run,
            _ => panic!("a call"),
        }
    }

    #[test]
    fn what_only_one_machine_says_is_a_difference() {
        let a = receipt();
        let found = |change: fn(&mut Receipt)| {
            let mut b = a.clone();
            change(&mut b);
            let mut differences = Differences::default();
            said(&mut differences, Some(&a), Some(&b));
            let fields = differences.0.into_iter().map(|difference| difference.field);
            fields.collect::<Vec<_>>()
        };
        assert_eq!(found(|_| {}), [""; 0]);
        assert_eq!(
            found(|b| b
                .events
                .push(Event::new(0, b"more".into(), vec![], vec![]).unwrap())),
            ["events"]
        );
        assert_eq!(found(|b| b.events.clear()), ["events"]);
        assert_eq!(found(|b| run(b).returned.push(0)), ["returned"]);
        assert_eq!(
            found(|b| run(b).error = ErrorText::new(b"other".into())),
            ["error"]
        );
    }
}
