//! Compares what a step expects with what came of it.

use super::bytes::BytesError;
use super::format::{DataTable, Expect, FundsTable};
use super::run::{RunError, StepReport};
use chain::chain::Chain;
use chain::error::ChainError;
use chain::names;
use chain::receipt::CallReceipt;
use hostapi::NodeError;
use hostapi::app_funds::AppAccount;
use hostapi::data;
use state::keys::Hash;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// Something that came out otherwise than expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What was compared, as a path in the file.
    pub field: String,
    /// What was expected.
    pub expected: String,
    /// What there is.
    pub actual: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: expected {}, found {}",
            self.field, self.expected, self.actual
        )
    }
}

/// The chain after a step, and the steps' transactions so far.
pub(super) struct Stage<'c> {
    pub(super) chain: &'c Chain,
    pub(super) transactions: &'c BTreeMap<usize, Hash>,
}

/// Why a step cannot be compared.
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

/// The differences found so far.
#[derive(Default)]
struct Differences(Vec<Difference>);

impl Differences {
    fn add(
        &mut self,
        field: impl Into<String>,
        expected: impl fmt::Display,
        actual: impl fmt::Display,
    ) {
        let (expected, actual) = (expected.to_string(), actual.to_string());
        self.0.push(Difference {
            field: field.into(),
            expected,
            actual,
        });
    }

    /// Compares where something is expected.
    fn compare<T: PartialEq + fmt::Display>(
        &mut self,
        field: &str,
        expected: Option<T>,
        actual: Option<T>,
    ) {
        match (expected, actual) {
            (Some(expected), Some(actual)) if expected != actual => {
                self.add(field, expected, actual)
            }
            (Some(expected), None) => self.add(field, expected, "nothing"),
            _ => {}
        }
    }
}

/// What of `expect` came out otherwise.
pub(super) fn compare(
    expect: &Expect,
    report: &StepReport,
    stage: &mut Stage<'_>,
) -> Result<Vec<Difference>, CompareError> {
    let mut found = Differences::default();
    compare_call(expect, report, &mut found);
    let head = stage.chain.head()?;
    found.compare("height", expect.height, Some(head.height));
    found.compare("time", expect.time, Some(head.time));
    for (name, balance) in &expect.balances {
        let network = stage.chain.genesis().network;
        let (_, account) = names::account(&mut stage.chain.state(), network, name)?;
        let actual = account.balance;
        found.compare(&format!("balances.{name}"), Some(*balance), Some(actual));
    }
    for (name, keys) in &expect.keys {
        let (id, _) = stage.chain.contract(name)?;
        let actual = data::count(&mut stage.chain.state(), &id)?;
        found.compare(&format!("keys.{name}"), Some(*keys), Some(actual));
    }
    for table in &expect.data {
        compare_data(table, stage, &mut found)?;
    }
    for table in &expect.funds {
        compare_funds(table, stage, &mut found)?;
    }
    Ok(found.0)
}

fn compare_call(expect: &Expect, report: &StepReport, found: &mut Differences) {
    let receipt = report.receipt.as_ref();
    let call = receipt.and_then(|receipt| receipt.call());
    let (outcome, reason) = match (call, &report.rejected) {
        (Some(call), _) => (Some(call.verdict.name()), call.verdict.reason()),
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
        let actual = match (call, reason) {
            (Some(call), _) => call.verdict.to_string(),
            (None, Some(reason)) => format!("rejected: {reason}"),
            (None, None) => "no call".into(),
        };
        found.add("outcome", expected, actual);
    }
    found.compare(
        "code",
        expect.code,
        call.and_then(|call| call.verdict.exit_code()),
    );
    found.compare(
        "fault",
        expect.fault.as_deref(),
        call.and_then(|call| call.verdict.fault()),
    );
    if let Some(part) = &expect.reason
        && !reason.is_some_and(|reason| reason.contains(part))
    {
        found.add(
            "reason",
            format!("one with `{part}`"),
            reason.unwrap_or("none"),
        );
    }
    if let Some(expected) = &expect.prints {
        compare_prints(expected, call, found);
    }
    let number = |of: fn(&CallReceipt) -> u64| call.map(of);
    found.compare("cycles", expect.cycles, number(|call| call.cycles));
    found.compare(
        "instructions",
        expect.instructions,
        number(|call| call.instructions),
    );
    found.compare("steps", expect.steps, call.map(|call| call.steps));
    found.compare("gas", expect.gas, number(|call| call.gas));
    found.compare("refund", expect.refund, number(|call| call.refund));
    found.compare("fee", expect.fee, receipt.map(|receipt| receipt.fee));
    found.compare(
        "host_calls",
        expect.host_calls,
        number(|call| call.host_calls.into()),
    );
}

fn compare_prints(expected: &[String], call: Option<&CallReceipt>, found: &mut Differences) {
    let prints = call.map_or(&[][..], |call| &call.prints);
    let actual: Vec<String> = prints.iter().map(ToString::to_string).collect();
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
    stage: &mut Stage<'_>,
    found: &mut Differences,
) -> Result<(), CompareError> {
    let key = table.key.resolve(stage)?;
    let expected = table
        .value
        .as_ref()
        .map(|value| value.resolve(stage))
        .transpose()?;
    let (id, _) = stage.chain.contract(&table.contract)?;
    let mut state = stage.chain.state();
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
    stage: &mut Stage<'_>,
    found: &mut Differences,
) -> Result<(), CompareError> {
    let user = table.user.resolve(stage)?;
    let (id, _) = stage.chain.contract(&table.contract)?;
    let account = AppAccount::load(&mut stage.chain.state(), &id, &user)?;
    let field = format!("funds.{}[{}]", table.contract, hex::encode(&user));
    found.compare(&format!("{field}.free"), table.free, Some(account.free));
    if let Some(frozen) = &table.frozen {
        let fund = |tag: &[u8], height: u32, amount: u64| {
            format!("{amount} until {height} tagged `{}`", hex::encode(tag))
        };
        let mut expected = Vec::new();
        for table in frozen {
            let tag = table.tag.resolve(stage)?;
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
