//! What a scenario's form alone does not say: the fields that go together, and the names that are there.

use super::bytes::Bytes;
use super::format::{FuzzTable, InvariantTable, ReadError, Scenario, Step, value_error};
use super::fuzz::CALLS_MAX;
use abi::Schedule;
use serde::Deserialize;

/// The most blocks without transactions that the steps of a scenario make together: each takes some 700 bytes.
const MINED_MAX: u64 = 1_000_000;

/// What a call's `expect.outcome` may be.
const OUTCOMES: [&str; 4] = ["success", "refused", "fault", "rejected"];

/// What `expect.deferred` may list: what is due always begins.
const DEFERRED_OUTCOMES: &[&str] = OUTCOMES.split_at(3).0;

impl Scenario {
    /// Checks what the file's form alone does not say.
    pub(super) fn check(&self) -> Result<(), ReadError> {
        let fail = |field: String, found: &str, expected: &str| {
            Err(value_error(&self.path, field, found, expected.into()))
        };
        if self.schedule().is_none() {
            let names: Vec<_> = Schedule::PRESETS.iter().map(|it| it.name()).collect();
            let (field, found) = ("chain.schedule".into(), &self.file.chain.schedule);
            return fail(field, found, &names.join(", "));
        }
        if self.network().is_none() {
            return fail(
                "chain.network".into(),
                &self.file.chain.network,
                "use main, test or regtest",
            );
        }
        if self.file.chain.height < 3 {
            let height = self.file.chain.height.to_string();
            return fail("chain.height".into(), &height, "it must be at least 3");
        }
        if self.file.accounts.is_empty() {
            return fail("accounts".into(), "", "somebody has to be there");
        }
        for (name, contract) in &self.file.contracts {
            self.check_account(&format!("contracts.{name}.from"), contract.from.as_deref())?;
        }
        for (invariant, number) in self.file.invariant.iter().zip(1..) {
            self.check_invariant(invariant, number)?;
        }
        let mut mined = 0;
        for (step, number) in self.file.step.iter().zip(1..) {
            mined += u64::from(step.mine.unwrap_or_default());
            if mined > MINED_MAX {
                let blocks = step.mine.unwrap_or_default().to_string();
                let expected = "all steps together mine at most 1,000,000 blocks";
                return fail(format!("step {number}: mine"), &blocks, expected);
            }
            self.check_account(&format!("step {number}: from"), step.from.as_deref())?;
            let doings = [
                step.call.is_some(),
                step.actions.is_some(),
                step.mine.is_some(),
                step.travel.is_some(),
                step.upgrade.is_some(),
                step.undeploy.is_some(),
                step.fuzz.is_some(),
            ];
            if doings.into_iter().filter(|&is_there| is_there).count() > 1 {
                return fail(
                    format!("step {number}"),
                    step.title(number).as_str(),
                    "use one of call, actions, upgrade, undeploy, fuzz, mine and travel",
                );
            }
            if step.upgrade.is_some() != step.code.is_some() {
                let title = step.title(number);
                let expected = "upgrade names the contract, and code its new code";
                return fail(format!("step {number}"), &title, expected);
            }
            if let Some(from) = step.code.as_ref().and_then(|code| code.from.as_deref()) {
                let field = format!("step {number}: code.from");
                return fail(field, from, "the step's own `from` says who sets the code");
            }
            match &step.call {
                Some(contract) => self.check_payment(step, number, contract)?,
                None => {
                    if let Some((field, needed)) = step.field_without_use() {
                        let title = step.title(number);
                        return fail(
                            format!("step {number}"),
                            &title,
                            &format!("{field} needs {needed}"),
                        );
                    }
                }
            }
            if let Some(outcome) = &step.expect.outcome
                && !OUTCOMES.contains(&outcome.as_str())
            {
                let field = format!("step {number}: expect.outcome");
                return fail(field, outcome, "use success, refused, fault or rejected");
            }
            let deferred = step.expect.deferred.iter().flatten();
            for outcome in deferred {
                if !DEFERRED_OUTCOMES.contains(&outcome.as_str()) {
                    let field = format!("step {number}: expect.deferred");
                    return fail(field, outcome, "use success, refused or fault");
                }
            }
            if let Some(fuzz) = &step.fuzz {
                self.check_fuzz(fuzz, number)?;
            }
            if step.action.is_some() && step.input.is_some() {
                let title = step.title(number);
                let expected = "give either action, with args, or input";
                return fail(format!("step {number}"), &title, expected);
            }
            if step.args.is_some() && step.action.is_none() {
                let title = step.title(number);
                return fail(format!("step {number}"), &title, "args needs action");
            }
            for data in &step.expect.data {
                let is_bytes = |value: &serde_json::Value| Bytes::deserialize(value).is_ok();
                let (key, value) = (data.key.as_ref(), data.value.as_ref());
                if data.table.is_none()
                    && !(key.is_some_and(is_bytes) && value.is_none_or(is_bytes))
                {
                    let field = format!("step {number}: expect.data");
                    let expected = "without table, key and value are bytes: texts KIND:VALUE";
                    return fail(field, &data.contract, expected);
                }
                if data.value.is_some() == data.missing {
                    let field = format!("step {number}: expect.data");
                    return fail(field, &data.contract, "give either value or missing = true");
                }
            }
        }
        Ok(())
    }

    fn check_fuzz(&self, fuzz: &FuzzTable, number: usize) -> Result<(), ReadError> {
        let calls = fuzz.calls.unwrap_or_default();
        if calls > CALLS_MAX {
            let field = format!("step {number}: fuzz.calls");
            let expected = format!("a step makes at most {CALLS_MAX} calls");
            return Err(value_error(&self.path, field, &calls.to_string(), expected));
        }
        for from in fuzz.from.iter().flatten() {
            self.check_account(&format!("step {number}: fuzz.from"), Some(from))?;
        }
        for contract in fuzz.contracts.iter().flatten() {
            if !self.file.contracts.contains_key(contract) {
                let field = format!("step {number}: fuzz.contracts");
                let expected = "there is no such contract".into();
                return Err(value_error(&self.path, field, contract, expected));
            }
        }
        Ok(())
    }

    fn check_invariant(&self, invariant: &InvariantTable, number: usize) -> Result<(), ReadError> {
        let problem = if invariant.call.is_some() != invariant.action.is_some() {
            "call and action go together"
        } else if invariant.args.is_some() && invariant.action.is_none() {
            "args needs action"
        } else if invariant.sum.is_some() != invariant.equals.is_some() {
            "sum and equals go together"
        } else {
            return Ok(());
        };
        let name = invariant.name.as_deref().unwrap_or_default();
        Err(value_error(
            &self.path,
            format!("invariant {number}"),
            name,
            problem.into(),
        ))
    }

    fn check_account(&self, field: &str, name: Option<&str>) -> Result<(), ReadError> {
        match name {
            Some(name) if !self.file.accounts.contains_key(name) => Err(value_error(
                &self.path,
                field.into(),
                name,
                "there is no such account".into(),
            )),
            _ => Ok(()),
        }
    }

    fn check_payment(&self, step: &Step, number: usize, contract: &str) -> Result<(), ReadError> {
        let fail = |field: &str, found: &str, expected: &str| {
            Err(value_error(
                &self.path,
                format!("step {number}: {field}"),
                found,
                expected.into(),
            ))
        };
        let Some(semantics) = self.semantics.get(contract) else {
            return fail("call", contract, "there is no such contract");
        };
        match (step.gas, step.fee.or(step.fuel_rate)) {
            (Some(gas), _) if semantics.is_dacrs() => fail(
                "gas",
                &gas.to_string(),
                "under the old chain's rules use fee and fuel_rate",
            ),
            (_, Some(fee)) if !semantics.is_dacrs() => {
                fail("fee or fuel_rate", &fee.to_string(), "under v1 use gas")
            }
            _ => Ok(()),
        }
    }
}
