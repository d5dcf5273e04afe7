//! Compares what contracts said to those outside of the chain: return data, error text and events.

use super::bytes::BytesError;
use super::expect::CompareError;
use super::format::{EventTable, Expect};
use super::report::{StepContext, StepReport};
use crate::difference::Differences;
use crate::typed::TypedContract;
use chain::RegIdText;
use chain::receipt::{Event, Receipt};

/// Compares what `expect` says of it with the receipt, and its events with those of the receipts of deferred actions
/// as well, which were executed before it.
pub(super) fn compare_said(
    expect: &Expect,
    report: &StepReport,
    context: &StepContext<'_>,
    found: &mut Differences,
) -> Result<(), CompareError> {
    let (deferred, receipt) = (&report.deferred, report.receipt.as_ref());
    let error = receipt.and_then(|receipt| receipt.error.as_ref());
    found.compare(
        "error",
        expect.error.clone(),
        error.map(ToString::to_string),
    );
    if let Some(expected) = &expect.returns {
        let expected = expected.resolve(context)?;
        let run = receipt.and_then(|receipt| receipt.run());
        found.compare(
            "returns",
            Some(shown(&expected)),
            run.map(|run| shown(&run.returned)),
        );
    }
    if let Some(expected) = &expect.result {
        let contract = report.contract.as_deref().unwrap_or_default();
        let typed = TypedContract::of(context.chain, contract)?;
        let action = report.action.as_deref().unwrap_or_default();
        let expected = typed.result(action, expected)?;
        let shown = |bytes: &[u8]| typed.shown_result(action, bytes);
        let run = receipt.and_then(|receipt| receipt.run());
        found.compare(
            "result",
            Some(shown(&expected)),
            run.map(|run| shown(&run.returned)),
        );
    }
    if let Some(tables) = &expect.events {
        let mut expected = Vec::new();
        for table in tables {
            expected.push(of_table(table, context)?);
        }
        let receipts = deferred.iter().chain(receipt);
        let actual: Vec<_> = receipts
            .flat_map(|receipt| receipt.events.iter().map(move |event| of(receipt, event)))
            .collect();
        for at in 0..expected.len().max(actual.len()) {
            let side = |events: &[String]| events.get(at).map_or("nothing".into(), String::clone);
            if expected.get(at) != actual.get(at) {
                found.add(format!("events[{at}]"), side(&expected), side(&actual));
            }
        }
    }
    Ok(())
}

/// Bytes in hex, or that there are none.
fn shown(bytes: &[u8]) -> String {
    match bytes {
        [] => "no bytes".into(),
        bytes => hex::encode(bytes),
    }
}

/// The bytes of a topic.
const TOPIC_SIZE: usize = 32;

/// The event that a table stands for, as text. A topic that is short is filled up with zeros.
fn of_table(table: &EventTable, context: &StepContext<'_>) -> Result<String, CompareError> {
    let (contract, _) = context.chain.contract(&table.contract)?;
    if let Some(fields) = &table.fields {
        let typed = TypedContract::of(context.chain, &table.contract)?;
        let (topics, data) = typed.event(&table.name, fields)?;
        let topics: Vec<_> = topics.iter().map(hex::encode).collect();
        let (contract, name, topics) = (RegIdText(contract), &table.name, topics.join(", "));
        return Ok(format!("{contract} {name}({topics}) {}", shown(&data)));
    }
    let mut topics = Vec::new();
    for topic in &table.topics {
        let mut topic = topic.resolve(context)?;
        if topic.len() > TOPIC_SIZE {
            return Err(CompareError::Bytes(BytesError::TooLong {
                what: "a topic in expect.events",
                found: topic.len(),
                most: TOPIC_SIZE,
            }));
        }
        topic.resize(TOPIC_SIZE, 0);
        topics.push(hex::encode(topic));
    }
    let data = table.data.resolve(context)?;
    let contract = RegIdText(contract);
    let (name, topics) = (&table.name, topics.join(", "));
    Ok(format!("{contract} {name}({topics}) {}", shown(&data)))
}

/// An event of a receipt, as text.
fn of(receipt: &Receipt, event: &Event) -> String {
    let contract = RegIdText(receipt.event_source(event).unwrap_or_default());
    let topics: Vec<_> = event.topics().iter().map(hex::encode).collect();
    let (name, topics) = (event.shown_name(), topics.join(", "));
    format!("{contract} {name}({topics}) {}", shown(event.data()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::difference::Difference;
    use crate::scenario::made::{CONTRACT, receipt};
    use abi::Semantics;
    use chain::ContractFlags;
    use chain::chain::Chain;
    use chain::genesis::Genesis;
    use chain::open_block::Deploy;
    use state::MemStore;
    use std::collections::BTreeMap;

    /// A chain with the account `alice` and the contract `token`, whose id is [`CONTRACT`].
    fn chain() -> Chain {
        let genesis = Genesis {
            height: 2,
            ..Genesis::default()
        };
        let chain = Chain::open(Box::new(MemStore::new()), genesis).expect("a chain");
        let sample = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../firmware-samples/token/token.ihx"
        );
        let file = std::fs::read(sample).expect("a sample");
        let image = loader::load(&file).expect("an image").image;
        let mut block = chain.begin_block().expect("a block");
        let contract = block.new_account("alice", 1 << 40).expect("an account");
        assert_eq!(contract.target, CONTRACT, "the first of its block");
        let deploy = Deploy {
            sender: CONTRACT,
            image: &image,
            semantics: Semantics::V1,
            name: Some("token"),
            flags: ContractFlags::empty(),
            init: None,
            abi: None,
        };
        block.deploy(&deploy).expect("a deployment");
        block.commit().expect("a commit");
        chain
    }

    /// The differences of the receipt made by hand from an expectation.
    fn differences(chain: &Chain, expect: &str, receipt: Option<&Receipt>) -> Vec<Difference> {
        after(chain, expect, &[], receipt)
    }

    /// The same behind deferred actions.
    fn after(
        chain: &Chain,
        expect: &str,
        deferred: &[Receipt],
        receipt: Option<&Receipt>,
    ) -> Vec<Difference> {
        let expect: Expect = toml::from_str(expect).expect("an expectation");
        let transactions = BTreeMap::new();
        let context = StepContext {
            chain,
            transactions: &transactions,
        };
        let mut found = Differences::default();
        let report = StepReport {
            deferred: deferred.to_vec(),
            receipt: receipt.cloned(),
            ..StepReport::default()
        };
        assert!(compare_said(&expect, &report, &context, &mut found).is_ok());
        found.0
    }

    fn call(chain: &Chain) -> Receipt {
        let mut receipt = receipt();
        let (token, _) = chain.contract("token").expect("it was deployed");
        receipt.frames[0].receiver = token;
        receipt
    }

    #[test]
    fn what_is_said_as_expected_is_no_difference() {
        let chain = chain();
        for expect in [
            "",
            r#"error = "not\\nenough""#,
            r#"returns = "u64:7""#,
            r#"returns = ["u32:7", "zeros:4"]"#,
            r#"events = [{ contract = "token", name = "paid", topics = ["u64:5"], data = "text:data" }]"#,
        ] {
            assert_eq!(differences(&chain, expect, Some(&call(&chain))), []);
        }
    }

    #[test]
    fn what_is_said_otherwise_is_a_difference() {
        let chain = chain();
        let event = |rest: &str| format!(r#"events = [{{ contract = "token", {rest} }}]"#);
        let topics = r#"topics = ["u64:5"]"#;
        for (expect, field) in [
            (r#"error = "not""#.to_string(), "error"),
            (r#"returns = "u8:7""#.into(), "returns"),
            ("returns = []".into(), "returns"),
            ("events = []".into(), "events[0]"),
            (event(r#"name = "paid""#), "events[0]"),
            (event(&format!(r#"name = "paid", {topics}"#)), "events[0]"),
            (
                event(&format!(r#"name = "pay", {topics}, data = "text:data""#)),
                "events[0]",
            ),
        ] {
            let found = differences(&chain, &expect, Some(&call(&chain)));
            let fields: Vec<_> = found.iter().map(|found| &found.field[..]).collect();
            assert_eq!(fields, [field], "{expect}");
        }
    }

    #[test]
    fn events_of_deferred_actions_are_compared() {
        let chain = chain();
        let (deferred, own) = (call(&chain), call(&chain));
        let paid =
            r#"{ contract = "token", name = "paid", topics = ["u64:5"], data = "text:data" }"#;
        let one = format!("events = [{paid}]");
        let both = format!("events = [{paid}, {paid}]");
        let deferred = std::slice::from_ref(&deferred);
        assert_eq!(after(&chain, &one, deferred, None), []);
        assert_eq!(after(&chain, &both, deferred, Some(&own)), []);
        assert_eq!(after(&chain, &one, deferred, Some(&own)).len(), 1);
        assert_eq!(after(&chain, "events = []", deferred, None).len(), 1);
    }

    /// A topic of 33 bytes is none: nothing could come out as it says.
    #[test]
    fn a_topic_that_is_too_long_is_refused() {
        let chain = chain();
        let topics = |bytes: usize| {
            format!(
                r#"events = [{{ contract = "token", name = "paid", topics = ["zeros:{bytes}"] }}]"#
            )
        };
        let transactions = BTreeMap::new();
        let context = StepContext {
            chain: &chain,
            transactions: &transactions,
        };
        for (bytes, is_topic) in [(0, true), (32, true), (33, false), (65_536, false)] {
            let expect: Expect = toml::from_str(&topics(bytes)).expect("an expectation");
            let mut found = Differences::default();
            let compared = compare_said(&expect, &StepReport::default(), &context, &mut found);
            match compared {
                Ok(()) => assert!(is_topic, "{bytes}"),
                Err(CompareError::Bytes(error)) => {
                    let expected =
                        format!("a topic in expect.events has {bytes} bytes, expected at most 32");
                    assert_eq!((error.to_string(), is_topic), (expected, false));
                }
                Err(CompareError::Chain(error)) => panic!("{error}"),
            }
        }
    }

    #[test]
    fn a_call_that_was_not_made_says_nothing() {
        let chain = chain();
        let expect = r#"
            error = "text"
            returns = "u8:1"
            events = [{ contract = "token", name = "paid" }]
        "#;
        let found = differences(&chain, expect, None);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found.iter().all(|found| found.actual == "nothing"));
        assert_eq!(differences(&chain, "events = []", None), []);
    }
}
