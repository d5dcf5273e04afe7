//! Compares the expectations of a step with its result; what contracts said is compared in `said`.

use super::bytes::{Bytes, BytesError};
use super::format::{DataTable, ExitCode, Expect, FundsTable};
use super::report::{RunError, StepContext, StepReport};
use super::said::compare_said;
use crate::difference::{Difference, Differences};
use crate::typed::{TypedContract, TypedError};
use chain::error::ChainError;
use chain::names;
use chain::receipt::Receipt;
use hostapi::NodeError;
use hostapi::app_funds::AppAccount;
use hostapi::data;
use serde_json::Value;
use std::fmt;
use std::path::Path;

/// The reason why a step cannot be compared.
pub(super) enum CompareError {
    Bytes(BytesError),
    Chain(ChainError),
}

impl CompareError {
    pub(super) fn at(self, path: &Path, number: usize) -> RunError {
        let path = path.into();
        match self {
            CompareError::Bytes(source) => RunError::Bytes {
                path,
                number,
                source,
            },
            CompareError::Chain(source) if source.is_node() => RunError::Chain(source),
            CompareError::Chain(source) => RunError::Step {
                path,
                number,
                source,
            },
        }
    }
}

impl From<TypedError> for CompareError {
    fn from(error: TypedError) -> Self {
        match error {
            TypedError::Chain(error) => CompareError::Chain(error),
            error => CompareError::Bytes(error.into()),
        }
    }
}

impl From<BytesError> for CompareError {
    fn from(error: BytesError) -> Self {
        CompareError::Bytes(error)
    }
}

impl From<ChainError> for CompareError {
    fn from(error: ChainError) -> Self {
        CompareError::Chain(error)
    }
}

impl From<NodeError> for CompareError {
    fn from(error: NodeError) -> Self {
        CompareError::Chain(error.into())
    }
}

impl Differences {
    /// Compares a value that is expected with the one there is.
    pub(super) fn compare<T: PartialEq + fmt::Display>(
        &mut self,
        field: &str,
        expected: Option<T>,
        actual: Option<T>,
    ) {
        match (expected, actual) {
            (Some(expected), Some(actual)) if expected != actual => {
                self.add(field, expected.to_string(), actual.to_string())
            }
            (Some(expected), None) => self.add(field, expected.to_string(), "nothing".into()),
            _ => {}
        }
    }
}

/// The differences between `expect` and the result.
pub(super) fn compare(
    expect: &Expect,
    report: &StepReport,
    context: &mut StepContext<'_>,
) -> Result<Vec<Difference>, CompareError> {
    let mut found = Differences::default();
    let code = match &expect.code {
        None => None,
        Some(ExitCode::Number(code)) => Some(*code),
        Some(ExitCode::Name(name)) => {
            let contract = report.contract.as_deref().unwrap_or_default();
            let typed = TypedContract::of(context.chain, contract)?;
            Some(typed.exit_code(name)?)
        }
    };
    compare_call(expect, code, report, &mut found);
    compare_said(expect, report, context, &mut found)?;
    let head = context.chain.head()?;
    found.compare("height", expect.height, Some(head.height));
    found.compare("time", expect.time, Some(head.time));
    for (name, balance) in &expect.balances {
        let network = context.chain.genesis().network;
        let (_, account) = names::account(&mut context.chain.state(), network, name)?;
        let actual = account.balance;
        found.compare(&format!("balances.{name}"), Some(*balance), Some(actual));
    }
    for (name, keys) in &expect.keys {
        let (id, _) = context.chain.contract(name)?;
        let actual = data::count(&mut context.chain.state(), &id)?;
        found.compare(&format!("keys.{name}"), Some(*keys), Some(actual));
    }
    for table in &expect.data {
        compare_data(table, context, &mut found)?;
    }
    for table in &expect.funds {
        compare_funds(table, context, &mut found)?;
    }
    Ok(found.0)
}

fn compare_call(expect: &Expect, code: Option<u8>, report: &StepReport, found: &mut Differences) {
    let receipt = report.receipt.as_ref();
    let (outcome, reason) = match (receipt, &report.rejected) {
        (Some(receipt), _) => (Some(receipt.verdict.name()), receipt.verdict.reason()),
        (None, Some(reason)) => (Some("rejected"), Some(reason.as_str())),
        (None, None) => (None, None),
    };
    // A call that expects nothing else must succeed; how it failed is worth saying.
    let expected = expect
        .outcome
        .as_deref()
        .or(report.contract.as_ref().map(|_| "success"));
    if let Some(expected) = expected
        && Some(expected) != outcome
    {
        let actual = match (receipt, reason) {
            (Some(receipt), _) => receipt.verdict.to_string(),
            (None, Some(reason)) => format!("rejected: {reason}"),
            (None, None) => "no call".into(),
        };
        found.add("outcome", expected.into(), actual);
    }
    found.compare(
        "code",
        code,
        receipt.and_then(|receipt| receipt.verdict.exit_code()),
    );
    found.compare(
        "fault",
        expect.fault.as_deref(),
        receipt.and_then(|receipt| receipt.verdict.fault()),
    );
    if let Some(part) = &expect.reason
        && !reason.is_some_and(|reason| reason.contains(part))
    {
        found.add(
            "reason",
            format!("one with `{part}`"),
            reason.unwrap_or("none").into(),
        );
    }
    if let Some(expected) = &expect.prints {
        compare_prints(expected, receipt, found);
    }
    if let Some(expected) = &expect.deferred {
        compare_deferred(expected, &report.deferred, found);
    }
    let number = |of: fn(&Receipt) -> u64| receipt.map(of);
    found.compare("cycles", expect.cycles, number(|r| r.meters.cycles));
    found.compare(
        "instructions",
        expect.instructions,
        number(|r| r.meters.instructions),
    );
    found.compare("steps", expect.steps, receipt.map(|r| r.meters.steps));
    found.compare("gas", expect.gas, number(|r| r.gas));
    found.compare("refund", expect.refund, number(|r| r.refund));
    found.compare("fee", expect.fee, number(|r| r.fee));
    found.compare(
        "host_calls",
        expect.host_calls,
        number(|r| r.meters.host_calls.into()),
    );
}

fn compare_deferred(expected: &[String], receipts: &[Receipt], found: &mut Differences) {
    for at in 0..expected.len().max(receipts.len()) {
        let (expected, receipt) = (expected.get(at), receipts.get(at));
        if expected.map(String::as_str) != receipt.map(|receipt| receipt.verdict.name()) {
            let expected = expected.map_or("nothing".into(), String::clone);
            let actual = receipt.map_or("nothing".into(), |receipt| receipt.verdict.to_string());
            found.add(format!("deferred[{at}]"), expected, actual);
        }
    }
}

fn compare_prints(expected: &[String], receipt: Option<&Receipt>, found: &mut Differences) {
    let prints = receipt.into_iter().flat_map(Receipt::prints);
    let actual: Vec<String> = prints.map(ToString::to_string).collect();
    for at in 0..expected.len().max(actual.len()) {
        let quoted = |lines: &[String]| {
            lines
                .get(at)
                .map_or("nothing".into(), |line| format!("{line:?}"))
        };
        if expected.get(at) != actual.get(at) {
            found.add(format!("prints[{at}]"), quoted(expected), quoted(&actual));
        }
    }
}

fn compare_data(
    table: &DataTable,
    context: &mut StepContext<'_>,
    found: &mut Differences,
) -> Result<(), CompareError> {
    let (key, expected) = match &table.table {
        Some(rows) => {
            let typed = TypedContract::of(context.chain, &table.contract)?;
            let key = typed.key(rows, table.key.as_ref())?;
            let value = table.value.as_ref();
            let value = value.map(|value| typed.value(rows, value)).transpose()?;
            let actual =
                data::get(&mut context.chain.state(), &typed.id, &key)?.map(<[u8]>::to_vec);
            if value != actual {
                let shown = |value: Option<&[u8]>| {
                    value.map_or("nothing".into(), |value| typed.shown_value(rows, value))
                };
                let key = table.key.as_ref().map_or(String::new(), Value::to_string);
                let field = format!("data.{}.{rows}[{key}]", table.contract);
                found.add(field, shown(value.as_deref()), shown(actual.as_deref()));
            }
            return Ok(());
        }
        None => {
            let bytes = |value: &Value| {
                let bytes = serde_json::from_value::<Bytes>(value.clone());
                let bytes = bytes.map_err(|error| BytesError::Typed(error.to_string()))?;
                bytes.resolve(context)
            };
            let nothing = Value::Array(Vec::new());
            let key = bytes(table.key.as_ref().unwrap_or(&nothing))?;
            (key, table.value.as_ref().map(bytes).transpose()?)
        }
    };
    let (id, _) = context.chain.contract(&table.contract)?;
    let mut state = context.chain.state();
    let actual = data::get(&mut state, &id, &key)?;
    if expected.as_deref() != actual {
        let shown = |value: Option<&[u8]>| value.map_or("nothing".into(), hex::encode);
        let field = format!("data.{}[{}]", table.contract, hex::encode(&key));
        found.add(field, shown(expected.as_deref()), shown(actual));
    }
    Ok(())
}

fn compare_funds(
    table: &FundsTable,
    context: &mut StepContext<'_>,
    found: &mut Differences,
) -> Result<(), CompareError> {
    let user = table.user.resolve(context)?;
    let (id, _) = context.chain.contract(&table.contract)?;
    let account = AppAccount::load(&mut context.chain.state(), &id, &user)?;
    let field = format!("funds.{}[{}]", table.contract, hex::encode(&user));
    found.compare(&format!("{field}.free"), table.free, Some(account.free));
    if let Some(frozen) = &table.frozen {
        let fund = |tag: &[u8], height: u32, amount: u64| {
            format!("{amount} until {height} tagged `{}`", hex::encode(tag))
        };
        let mut expected = Vec::new();
        for table in frozen {
            let tag = table.tag.resolve(context)?;
            expected.push(fund(&tag, table.height, table.amount));
        }
        let actual = account
            .frozen
            .iter()
            .map(|found| fund(&found.tag, found.height, found.amount));
        let actual: Vec<String> = actual.collect();
        if expected != actual {
            let shown = |funds: &[String]| {
                if funds.is_empty() {
                    "none".into()
                } else {
                    funds.join(", ")
                }
            };
            found.add(format!("{field}.frozen"), shown(&expected), shown(&actual));
        }
    }
    Ok(())
}
