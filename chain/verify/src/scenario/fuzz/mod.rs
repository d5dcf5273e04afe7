//! Fuzz steps: random calls of typed contracts, until one faults or leaves an invariant broken, and the fewest and
//! smallest calls that do so.

mod call;

use super::expect::{CompareError, compare};
use super::format::{FuzzTable, InvariantTable, Scenario};
use super::report::{RunError, StepContext, StepReport};
use crate::typed::{TypedContract, TypedError};
use abi::Gas;
use call::{RandomCall, smaller};
use chain::open_block::CallRequest;
use chain::receipt::Verdict;
use chain::session::Payment;
use contract::Random;
use serde_json::Value;

/// The calls of a step that names no number.
const CALLS: u32 = 100;

/// The most calls of a step.
pub(super) const CALLS_MAX: u32 = 100_000;

/// The most sequences that are tried when a failure is made smaller.
const TRIES_MAX: u32 = 400;

/// What a call did that it must not do.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Broken {
    /// Equal for failures of one kind.
    kind: String,
    expected: String,
    found: String,
}

/// What came of a fuzz step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fuzzed {
    /// The calls that were made.
    pub calls: u32,
    /// How many of them succeeded.
    pub succeeded: u32,
    /// The seed.
    pub seed: u64,
}

impl Scenario {
    /// Makes the random calls of a step, each in a block of its own.
    pub(super) fn fuzz(
        &self,
        context: &StepContext<'_>,
        table: &FuzzTable,
        seed: Option<u64>,
        report: &mut StepReport,
    ) -> Result<(), RunError> {
        let failed = |error: CompareError| error.at(&self.path, report.number);
        let seed = seed.or(table.seed).unwrap_or(1);
        let mut random = Random::new(seed);
        let pool = self.pool(context, table).map_err(failed)?;
        let mut fuzzed = Fuzzed {
            calls: 0,
            succeeded: 0,
            seed,
        };
        let mut made = Vec::new();
        let mut broken = None;
        while broken.is_none() && fuzzed.calls < table.calls.unwrap_or(CALLS) {
            let call = pool.call(&mut random).map_err(failed)?;
            made.push(call.clone());
            fuzzed.calls += 1;
            let (succeeded, found) = self.try_call(context, table, &call).map_err(failed)?;
            fuzzed.succeeded += u32::from(succeeded);
            broken = found;
        }
        if let Some(broken) = broken {
            let (calls, smallest) = self
                .smallest(context, table, (made, &broken.kind))
                .map_err(failed)?;
            let broken = smallest.unwrap_or(broken);
            let mut found = format!("{}, with seed {seed}, by", broken.found);
            for call in &calls {
                found += &format!("\n{call}");
            }
            report.differences.push(crate::Difference {
                field: broken.kind,
                expected: broken.expected,
                actual: found,
            });
        }
        report.fuzzed = Some(fuzzed);
        Ok(())
    }

    /// What the calls of a step are made of.
    fn pool<'c>(
        &self,
        context: &StepContext<'c>,
        table: &FuzzTable,
    ) -> Result<Pool<'c>, CompareError> {
        let mut actions = Vec::new();
        let mut contracts = Vec::new();
        for name in self.file.contracts.keys() {
            let is_chosen = table.contracts.as_ref().is_none_or(|it| it.contains(name));
            match TypedContract::of(context.chain, name) {
                _ if !is_chosen => {}
                Ok(contract) => contracts.push((name.clone(), contract)),
                Err(TypedError::NoAbi(_)) if table.contracts.is_none() => {}
                Err(error) => return Err(error.into()),
            }
        }
        for (at, (_, contract)) in contracts.iter().enumerate() {
            let ours = contract.codec.contract().smart51.as_ref();
            for action in ours.into_iter().flat_map(|it| &it.actions) {
                let name = action.name.to_string();
                let is_chosen = match &table.actions {
                    Some(chosen) => chosen.contains(&name),
                    None => !action.read_only,
                };
                if is_chosen {
                    actions.push((at, name, action.payable));
                }
            }
        }
        let problem = match (&table.actions, actions.is_empty()) {
            (Some(chosen), _) => chosen
                .iter()
                .find(|name| !actions.iter().any(|(_, it, _)| it == *name))
                .map(|name| format!("fuzz: no contract has an action {name}")),
            (None, true) => Some("fuzz: no contract has an ABI with actions".into()),
            (None, false) => None,
        };
        if let Some(problem) = problem {
            return Err(super::bytes::BytesError::Typed(problem).into());
        }
        let names = self.file.accounts.keys().chain(self.file.contracts.keys());
        Ok(Pool {
            ids: names.cloned().collect(),
            from: match &table.from {
                Some(from) => from.clone(),
                None => self.file.accounts.keys().cloned().collect(),
            },
            contracts,
            actions,
            most: table.value.unwrap_or_default(),
        })
    }

    /// Makes a call in a block of its own: whether it succeeded, and what is broken then.
    fn try_call(
        &self,
        context: &StepContext<'_>,
        table: &FuzzTable,
        call: &RandomCall,
    ) -> Result<(bool, Option<Broken>), CompareError> {
        let chain = context.chain;
        let typed = TypedContract::of(chain, &call.contract)?;
        let Ok(input) = typed.input(&call.action, &call.arguments) else {
            return Ok((false, None));
        };
        let request = CallRequest {
            sender: chain.resolve(&call.from)?,
            contract: typed.id,
            input: &input,
            value: call.value,
            payment: Payment::Gas {
                limit: Gas(table.gas.unwrap_or(super::run::DEFAULT_GAS)),
                price: chain.genesis().gas_price,
            },
        };
        let mut block = chain.begin_block()?;
        let receipt = match block.call(&request, &mut ()) {
            Ok(receipt) => Some(receipt.clone()),
            Err(error) if error.is_node() => return Err(error.into()),
            // It could not begin: who calls has too little, or no money goes with it.
            Err(_) => None,
        };
        block.commit()?;
        let verdict = receipt.as_ref().map(|receipt| &receipt.verdict);
        if let Some(Verdict::Fault { name, reason }) = verdict
            && !table.faults.contains(name)
        {
            let broken = Broken {
                kind: format!("fault {name}"),
                expected: "no call that faults".into(),
                found: reason.clone(),
            };
            return Ok((false, Some(broken)));
        }
        let succeeded = verdict.is_some_and(Verdict::is_success);
        Ok((succeeded, self.broken(context)?))
    }

    /// The first invariant that does not hold.
    fn broken(&self, context: &StepContext<'_>) -> Result<Option<Broken>, CompareError> {
        for (invariant, number) in self.file.invariant.iter().zip(1..) {
            if let Some((expected, found)) = self.look(context, invariant)? {
                let name = invariant.name.clone();
                let name = name.unwrap_or_else(|| format!("{number}"));
                return Ok(Some(Broken {
                    kind: format!("invariant {name}"),
                    expected,
                    found,
                }));
            }
        }
        Ok(None)
    }

    /// Compares the invariants with the state after a step.
    pub(super) fn check_invariants(
        &self,
        context: &StepContext<'_>,
        report: &mut StepReport,
    ) -> Result<(), CompareError> {
        if let Some(broken) = self.broken(context)? {
            report.differences.push(crate::Difference {
                field: broken.kind,
                expected: broken.expected,
                actual: broken.found,
            });
        }
        Ok(())
    }

    /// What an invariant expects and what there is, where these differ.
    fn look(
        &self,
        context: &StepContext<'_>,
        invariant: &InvariantTable,
    ) -> Result<Option<(String, String)>, CompareError> {
        let chain = context.chain;
        let mut report = StepReport {
            contract: invariant.call.clone(),
            action: invariant.action.clone(),
            ..StepReport::default()
        };
        if let (Some(contract), Some(action)) = (&invariant.call, &invariant.action) {
            let typed = TypedContract::of(chain, contract)?;
            let no_arguments = Value::Object(serde_json::Map::new());
            let input = typed.input(action, invariant.args.as_ref().unwrap_or(&no_arguments))?;
            let request = CallRequest {
                sender: typed.id,
                contract: typed.id,
                input: &input,
                value: 0,
                payment: Payment::Gas {
                    limit: Gas(super::run::DEFAULT_GAS),
                    price: 0,
                },
            };
            match chain.begin_block()?.query(&request, &mut ()) {
                Ok(receipt) => report.receipt = Some(receipt),
                Err(error) if error.is_node() => return Err(error.into()),
                Err(error) => report.rejected = Some(error.to_string()),
            }
        }
        let mut context = StepContext {
            chain,
            transactions: context.transactions,
        };
        if let Some(found) = compare(&invariant.expect, &report, &mut context)?
            .into_iter()
            .next()
        {
            let field = found.field;
            return Ok(Some((
                format!("{field} {}", found.expected),
                format!("{field} {}", found.actual),
            )));
        }
        let (Some(sum), Some(equals)) = (&invariant.sum, &invariant.equals) else {
            return Ok(None);
        };
        let (sum, all) = (
            total(chain, &sum.contract, &sum.table, &sum.field)?,
            total(chain, &equals.contract, &equals.table, &equals.field)?,
        );
        Ok((sum != all).then(|| (format!("a sum of {all}"), format!("a sum of {sum}"))))
    }

    /// The fewest and smallest calls that break the same, found by leaving calls out and making numbers smaller. The
    /// chain is left as they leave it.
    fn smallest(
        &self,
        context: &StepContext<'_>,
        table: &FuzzTable,
        (mut calls, kind): (Vec<RandomCall>, &str),
    ) -> Result<(Vec<RandomCall>, Option<Broken>), CompareError> {
        let chain = context.chain;
        let mut above = u32::try_from(calls.len()).unwrap_or(u32::MAX);
        let start = chain.head()?.height.saturating_sub(above);
        let mut tries = 0;
        // Whether these calls, from the state before the step, break the same with the last one.
        let mut breaks = |calls: &[RandomCall]| -> Result<bool, CompareError> {
            tries += 1;
            if tries > TRIES_MAX {
                return Ok(false);
            }
            chain.rollback(chain.head()?.height - start)?;
            for (call, left) in calls.iter().zip((0..calls.len()).rev()) {
                let (_, broken) = self.try_call(context, table, call)?;
                if let Some(broken) = broken {
                    return Ok(left == 0 && broken.kind == kind);
                }
            }
            Ok(false)
        };
        // First halves, then quarters, and so on down to single calls are left out, but the last one.
        let mut part = calls.len() / 2;
        while part > 0 {
            let mut at = 0;
            while at + part < calls.len() {
                let mut fewer = calls.clone();
                fewer.drain(at..at + part);
                match breaks(&fewer)? {
                    true => calls = fewer,
                    false => at += part,
                }
            }
            part /= 2;
        }
        // A value can often be smaller once another one is.
        let mut before = Vec::new();
        while before != calls {
            before.clone_from(&calls);
            for at in 0..calls.len() {
                let mut others = smaller(&calls[at]);
                while let Some(other) = others.pop() {
                    let mut changed = calls.clone();
                    changed[at] = other;
                    if breaks(&changed)? {
                        others = smaller(&changed[at]);
                        calls = changed;
                    }
                }
            }
        }
        above = chain.head()?.height - start;
        chain.rollback(above)?;
        let mut broken = None;
        for call in &calls {
            (_, broken) = self.try_call(context, table, call)?;
        }
        Ok((calls, broken))
    }
}

/// The sum of a field over all rows of a table.
fn total(
    chain: &chain::Chain,
    contract: &str,
    table: &str,
    field: &str,
) -> Result<i128, CompareError> {
    let typed = TypedContract::of(chain, contract)?;
    let problem = |what: String| CompareError::from(super::bytes::BytesError::Typed(what));
    let ours = typed.codec.contract().smart51.as_ref();
    let mut tables = ours.into_iter().flat_map(|it| &it.tables);
    let Some(found) = tables.find(|it| it.name.to_string() == table) else {
        return Err(problem(format!("{contract} has no table {table}")));
    };
    let mut sum: i128 = 0;
    let mut after: Option<Vec<u8>> = None;
    let prefix = state::keys::data(&typed.id, &found.prefix);
    let failed = |error| CompareError::from(hostapi::NodeError::from(error));
    let store = chain.store();
    while let Some((key, value)) = store.next(&prefix, after.as_deref()).map_err(failed)? {
        let own = &key[1 + typed.id.len()..];
        let row = typed
            .codec
            .decode_entry(own, &value)
            .map_err(TypedError::from)?;
        if let Some(row) = row.filter(|row| row.table == found.name) {
            let number = row.value.get(field).or_else(|| row.key.get(field));
            let number = number.and_then(|it| match it {
                Value::Number(number) => number.to_string().parse::<i128>().ok(),
                Value::String(text) => text.parse().ok(),
                _ => None,
            });
            let number = number.ok_or_else(|| problem(format!("{table} has no number {field}")))?;
            sum = sum.saturating_add(number);
        }
        after = Some(key);
    }
    Ok(sum)
}

/// What random calls are made of.
struct Pool<'c> {
    /// Accounts and contracts.
    ids: Vec<String>,
    from: Vec<String>,
    contracts: Vec<(String, TypedContract<'c>)>,
    /// The contract, the action, and whether it takes money.
    actions: Vec<(usize, String, bool)>,
    /// The most money of a call.
    most: u64,
}

impl Pool<'_> {
    fn call(&self, random: &mut Random) -> Result<RandomCall, CompareError> {
        let nothing =
            || CompareError::from(super::bytes::BytesError::Typed("fuzz: nobody calls".into()));
        let (at, action, payable) = random.pick(&self.actions).ok_or_else(nothing)?;
        let (contract, typed) = &self.contracts[*at];
        let codec = &typed.codec;
        let mut arguments = serde_json::Map::new();
        for (name, of) in codec.argument_names(action).map_err(TypedError::from)? {
            let value = codec
                .random(&of, &self.ids, random)
                .map_err(TypedError::from)?;
            arguments.insert(name, value);
        }
        Ok(RandomCall {
            from: random.pick(&self.from).ok_or_else(nothing)?.clone(),
            contract: contract.clone(),
            action: action.clone(),
            arguments: Value::Object(arguments),
            value: match payable {
                true => random.below(self.most.saturating_add(1)),
                false => 0,
            },
        })
    }
}
