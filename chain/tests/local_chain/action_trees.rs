//! Random transactions of several actions against a model of their order, on machines in turn: the same frames, the
//! same data, the same money.

use crate::actions::*;
use crate::call_trees::cases;
use crate::common::{PARTIES, balance, script};
use abi::Gas;
use bridge::EngineId;
use chain::receipt::FrameKind;
use chain::{Action, ActionList, Receipt, Work};
use hostapi::data;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use state::keys::RegId;
use std::collections::{BTreeMap, BTreeSet};

const ACTORS: [RegId; 5] = [A, B, C, D, E];
/// What each actor holds at first.
const FUNDS: u64 = 1_000;

/// An action: whose it is, an amount, and what each actor does that runs for it.
#[derive(Clone, Debug)]
struct Plan {
    account: usize,
    value: u64,
    does: BTreeMap<usize, Vec<Act>>,
}

#[derive(Clone, Debug)]
enum Act {
    Write(u8),
    Notify(usize),
    Inline(Plan),
    Free(Plan),
    Fail,
}

fn any_plan(depth: u32) -> BoxedStrategy<Plan> {
    let act = if depth == 0 {
        prop_oneof![
            4 => any::<u8>().prop_map(Act::Write),
            4 => (0..5usize).prop_map(Act::Notify),
            1 => Just(Act::Fail),
        ]
        .boxed()
    } else {
        prop_oneof![
            6 => any::<u8>().prop_map(Act::Write),
            8 => (0..5usize).prop_map(Act::Notify),
            4 => any_plan(depth - 1).prop_map(Act::Inline),
            2 => any_plan(depth - 1).prop_map(Act::Free),
            1 => Just(Act::Fail),
        ]
        .boxed()
    };
    let does = proptest::collection::btree_map(0..5usize, vec(act, 0..4), 0..4);
    (0..5usize, 0..700u64, does)
        .prop_map(|(account, value, does)| Plan {
            account,
            value: if value < 350 { 0 } else { value },
            does,
        })
        .boxed()
}

impl Plan {
    /// The scripts of its actors.
    fn parts(&self) -> Vec<(RegId, Vec<u8>)> {
        let part = |(actor, acts): (&usize, &Vec<Act>)| {
            let by = ACTORS[*actor];
            let mut calls = Vec::new();
            for act in acts {
                match act {
                    Act::Write(key) => calls.push(write(&[*key])),
                    Act::Notify(whom) => calls.push(notify(ACTORS[*whom])),
                    Act::Inline(plan) => {
                        let to = ACTORS[plan.account];
                        calls.push(inline(by, to, plan.value, &plan.parts()));
                    }
                    Act::Free(plan) => {
                        calls.push(inline_context_free(ACTORS[plan.account], &plan.parts()));
                    }
                    Act::Fail => return (by, script(&calls, 7)),
                }
            }
            (by, script(&calls, 1))
        };
        self.does.iter().map(part).collect()
    }
}

/// The chain as the model has it: money, data, and the frames so far.
#[derive(Clone, Debug, Default, PartialEq)]
struct Model {
    holds: BTreeMap<usize, u64>,
    wrote: BTreeSet<(usize, u8)>,
    frames: Vec<(FrameKind, usize)>,
}

/// Something has failed, so the transaction does.
struct Failed;

impl Model {
    fn perform(
        &mut self,
        plan: &Plan,
        (kind, from, depth): (FrameKind, Option<usize>, usize),
    ) -> Result<(), Failed> {
        let mut notified = vec![plan.account];
        let (mut free, mut inline) = (Vec::new(), Vec::new());
        let mut next = 0;
        while let Some(&receiver) = notified.get(next) {
            let kind = if next == 0 { kind } else { FrameKind::Notified };
            next += 1;
            self.frames.push((kind, receiver));
            if kind == FrameKind::Inline || kind == FrameKind::Action {
                if let Some(from) = from {
                    let has = self.holds.entry(from).or_default();
                    *has = has.checked_sub(plan.value).ok_or(Failed)?;
                }
                *self.holds.entry(receiver).or_default() += plan.value;
            }
            for act in plan.does.get(&receiver).into_iter().flatten() {
                match act {
                    // In a context-free action a write is refused, and the rest faults.
                    Act::Write(_) if kind == FrameKind::ContextFree => {}
                    _ if kind == FrameKind::ContextFree => return Err(Failed),
                    Act::Write(key) => {
                        self.wrote.insert((receiver, *key));
                    }
                    Act::Notify(whom) => {
                        if !notified.contains(whom) {
                            notified.push(*whom);
                        }
                    }
                    Act::Inline(plan) => inline.push((plan, receiver)),
                    Act::Free(plan) => free.push(plan),
                    Act::Fail => return Err(Failed),
                }
            }
        }
        if depth == 4 && free.len() + inline.len() > 0 {
            return Err(Failed);
        }
        for plan in free {
            self.perform(plan, (FrameKind::ContextFree, None, depth + 1))?;
        }
        for (plan, by) in inline {
            self.perform(plan, (FrameKind::Inline, Some(by), depth + 1))?;
        }
        Ok(())
    }
}

fn run(plans: &[Plan], first: EngineId) -> Result<(), TestCaseError> {
    let actions: Vec<Action> = plans
        .iter()
        .map(|plan| Action {
            value: plan.value,
            ..action(ACTORS[plan.account], &plan.parts())
        })
        .collect();
    if actions.iter().any(|action| action.data.len() > 4_000) {
        return Ok(());
    }
    let mut model = Model::default();
    model.holds.extend((0..5).map(|actor| (actor, FUNDS)));
    let before = model.clone();
    let expected = plans
        .iter()
        .try_for_each(|plan| model.perform(plan, (FrameKind::Action, None, 0)));
    let frames = std::mem::take(&mut model.frames);
    if expected.is_err() {
        model = before;
    }
    let chain = actors(first);
    let alice = balance(&chain, PARTIES.alice);
    let mut block = chain.begin_block().unwrap();
    let list = ActionList {
        gas_limit: Gas(100_000_000),
        ..list(&actions)
    };
    let receipt = block.transact(&list, &mut ()).unwrap().clone();
    prop_assert_eq!(
        receipt.verdict.is_success(),
        expected.is_ok(),
        "{}",
        receipt
    );
    let ran: Vec<_> = receipt
        .frames
        .iter()
        .map(|frame| {
            let actor = ACTORS.iter().position(|id| *id == frame.receiver);
            (frame.kind, actor.unwrap())
        })
        .collect();
    prop_assert_eq!(&ran, &frames, "{}", receipt);
    prop_assert_eq!(Receipt::decode(&receipt.encode()), Some(receipt.clone()));
    // Each ordinal once, and each frame after the one that asked for it.
    let ordinals: BTreeSet<u16> = receipt.frames.iter().map(|frame| frame.ordinal).collect();
    prop_assert_eq!(ordinals.len(), receipt.frames.len());
    let used: u64 = receipt
        .frames
        .iter()
        .map(|frame| match &frame.work {
            Work::Run(run) => run.gas,
            _ => 0,
        })
        .sum();
    let values = actions.iter().filter(|action| action.value != 0).count() as u64;
    let before_runs =
        10_000 + 20 * list.size() as u64 + 5_000 * actions.len() as u64 + 2_000 * values;
    prop_assert_eq!(receipt.gas, before_runs + used);
    prop_assert_eq!(receipt.fee, receipt.gas - receipt.refund);
    for (actor, id) in ACTORS.iter().enumerate() {
        for key in 0..=u8::MAX {
            let there = data::get(block.state(), id, &[key]).unwrap().is_some();
            prop_assert_eq!(there, model.wrote.contains(&(actor, key)));
        }
    }
    block.commit().unwrap();
    let held = ACTORS.map(|id| balance(&chain, id));
    prop_assert_eq!(held.to_vec(), model.holds.into_values().collect::<Vec<_>>());
    let left = alice - receipt.fee - (held.iter().sum::<u64>() - 5 * FUNDS);
    prop_assert_eq!(balance(&chain, PARTIES.alice), left);
    prop_assert!(chain.check().unwrap().problems.is_empty());
    Ok(())
}

#[test]
fn random_actions_are_as_the_model() {
    let config = Config {
        cases: cases().div_ceil(4),
        ..Config::default()
    };
    let plans = vec(any_plan(5), 1..4);
    TestRunner::new(config)
        .run(&(plans, any::<bool>()), |(plans, on_8051)| {
            let first = if on_8051 {
                EngineId::Mcs51
            } else {
                EngineId::Wasm
            };
            run(&plans, first)
        })
        .unwrap();
}
