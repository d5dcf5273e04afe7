//! Random blocks of everything that actions can ask for: no money is made or lost, the state is sound, and each
//! transaction comes out again.

use crate::actions::*;
use crate::atomicity::copy_of;
use crate::call_trees::{cases, request_of};
use crate::common::{PARTIES, actor, export, parts, script};
use crate::deferred::{Sent, cancel, rich};
use crate::money::{take, to_regid};
use abi::codec::request;
use abi::{Gas, Name, method};
use bridge::EngineId;
use chain::actions::{ACTIVE, SYSTEM};
use chain::past::{AgainOptions, again};
use chain::{Action, ActionList, Chain, ContractFlags, Genesis, OpenBlock, Receipt};
use hostapi::Deferred;
use hostapi::accounts::Account;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use state::keys::{RegId, kind};
use state::{MemStore, StateStore};
use std::sync::Arc;

const ACTORS: [RegId; 5] = [A, B, C, D, E];
const GAS: u64 = 5_000_000;

/// What an actor does.
#[derive(Clone, Debug)]
enum Act {
    Write(u8),
    Notify(usize),
    Inline(usize, u64, Vec<Part>),
    Call(usize, u64, u64, Vec<Part>),
    /// The chain's own actions: a transfer to Bob, an account, a contract.
    Transfer(u64),
    NewAccount(u8),
    NewContract(bool),
    /// A payment to Bob after the run.
    Pay(u64),
    Defer {
        id: u64,
        delay: u32,
        gas: u64,
        onerror_gas: u64,
        to: usize,
        value: u64,
        does: Vec<Part>,
    },
    Cancel(u64),
    Fail,
    Abort,
}

/// Who does something, and what.
type Part = (usize, Vec<Act>);

/// What happens on the chain.
#[derive(Clone, Debug)]
enum Op {
    Act(Vec<(u64, (usize, Vec<Part>))>),
    Call(usize, u64, Vec<Part>),
    /// Alice's own actions of the chain: the code of an actor is set or removed.
    SetCode(usize, u8),
    /// The same, and the actor acts in the same transaction.
    SetCodeAndAct(usize, u8, Vec<Part>),
    Commit,
    Rollback(u32),
}

fn amount() -> impl Strategy<Value = u64> {
    prop_oneof![4 => Just(0), 6 => 1..2_000u64, 1 => any::<u64>(), 1 => Just(100_000_000)]
}

fn gas() -> impl Strategy<Value = u64> {
    prop_oneof![1 => Just(0), 1 => 0..40_000u64, 6 => Just(400_000u64)]
}

fn any_parts(depth: u32) -> BoxedStrategy<Vec<Part>> {
    let simple = prop_oneof![
        3 => any::<u8>().prop_map(Act::Write),
        3 => (0..21usize).prop_map(Act::Notify),
        2 => amount().prop_map(Act::Transfer),
        1 => (0..4u8).prop_map(Act::NewAccount),
        1 => any::<bool>().prop_map(Act::NewContract),
        2 => amount().prop_map(Act::Pay),
        2 => (0..3u64).prop_map(Act::Cancel),
        1 => prop_oneof![Just(Act::Fail), Just(Act::Abort), Just(Act::Write(0))],
    ];
    let act = if depth == 0 {
        simple.boxed()
    } else {
        let inner = || any_target(depth - 1);
        prop_oneof![
            6 => simple,
            3 => (amount(), inner()).prop_map(|(value, (to, does))| Act::Inline(to, value, does)),
            3 => (amount(), gas(), inner())
                .prop_map(|(value, gas, (to, does))| Act::Call(to, value, gas, does)),
            3 => (0..3u64, 0..3u32, gas(), gas(), amount(), inner()).prop_map(
                |(id, delay, gas, onerror_gas, value, (to, does))| Act::Defer {
                    id, delay, gas, onerror_gas, to, value, does,
                }
            ),
        ]
        .boxed()
    };
    vec((0..5usize, vec(act, 1..4)), 1..4).boxed()
}

fn op() -> impl Strategy<Value = Op> {
    let target = || any_target(2);
    let actions = vec((amount(), target()), 1..3);
    prop_oneof![
        8 => actions.prop_map(Op::Act),
        4 => (amount(), target()).prop_map(|(value, (to, does))| Op::Call(to, value, does)),
        1 => (0..5usize, 0..6u8).prop_map(|(of, code)| Op::SetCode(of, code)),
        2 => (0..5usize, 0..6u8, any_parts(2)).prop_map(|(of, code, does)| Op::SetCodeAndAct(of, code, does)),
        3 => Just(Op::Commit),
        1 => (1..4u32).prop_map(Op::Rollback),
    ]
}

/// The account of a number: an actor, or now and then the chain itself.
fn account(number: usize) -> RegId {
    ACTORS.get(number / 4).copied().unwrap_or(SYSTEM)
}

/// The number of an account, and what is done there, mostly by the account itself.
fn any_target(depth: u32) -> impl Strategy<Value = (usize, Vec<Part>)> {
    (0..21usize, any_parts(depth)).prop_map(|(to, mut does)| {
        if let Some((who, _)) = does.first_mut()
            && to < 20
        {
            *who = to / 4;
        }
        (to, does)
    })
}

fn scripts(does: &[Part]) -> Vec<(RegId, Vec<u8>)> {
    let part = |(who, acts): &Part| {
        let by = ACTORS[*who];
        let code = match acts.iter().any(|act| matches!(act, Act::Fail)) {
            true => 7,
            false => 1,
        };
        let calls: Vec<Call> = acts.iter().filter_map(|act| act.call(by)).collect();
        (by, script(&calls, code))
    };
    does.iter().map(part).collect()
}

/// An inline action of the chain itself.
fn native(by: RegId, name: &str, data: &[u8]) -> Call {
    let name = Name::of(name).unwrap().0.to_le_bytes();
    let record = [&SYSTEM[..], &name, &[0; 8]].concat();
    let authorization = [&by[..], &ACTIVE.0.to_le_bytes()].concat();
    (
        method::SEND_ACTION,
        request(&[&record, &authorization, data]),
    )
}

impl Act {
    fn call(&self, by: RegId) -> Option<Call> {
        Some(match self {
            Act::Write(key) => write(&[*key]),
            Act::Notify(whom) => notify(account(*whom)),
            Act::Inline(to, value, does) => inline(by, account(*to), *value, &scripts(does)),
            Act::Call(to, value, gas, does) => {
                let gas = gas.to_le_bytes();
                let record = [&account(*to)[..], &value.to_le_bytes(), &gas].concat();
                let input = parts(&scripts(does));
                (method::CALL_CONTRACT, request(&[&record, &input]))
            }
            Act::Transfer(amount) => {
                let data = [&PARTIES.bob[..], &amount.to_le_bytes()].concat();
                native(by, "transfer", &data)
            }
            Act::NewAccount(number) => native(by, "newaccount", &[*number; 33]),
            Act::NewContract(is_fixed) => {
                let flags = if *is_fixed { 8 } else { 2 };
                let code = actor(EngineId::Wasm).code_hash();
                native(by, "setcode", &[&SYSTEM[..], &code, &[flags]].concat())
            }
            Act::Pay(amount) => {
                let records = [to_regid(&PARTIES.bob, *amount), take(&by, *amount)];
                (method::OUTPUT, request(&[records.as_flattened()]))
            }
            Act::Defer {
                id,
                delay,
                gas,
                onerror_gas,
                to,
                value,
                does,
            } => Sent {
                by,
                id: *id,
                delay: *delay,
                gas: *gas,
                onerror_gas: *onerror_gas,
                account: account(*to),
                value: *value,
                does: &scripts(does),
            }
            .call(),
            Act::Cancel(id) => cancel(*id),
            Act::Abort => (method::ABORT, request(&[&[9]])),
            Act::Fail => return None,
        })
    }
}

/// What all accounts hold, and what waits for deferred actions to use it.
fn total(chain: &Chain) -> u128 {
    let mut sum = 0u128;
    let each = |prefix: u8, of: &dyn Fn(&[u8]) -> u64, sum: &mut u128| {
        let mut after: Option<Vec<u8>> = None;
        while let Some((key, value)) = chain.store().next(&[prefix], after.as_deref()).unwrap() {
            *sum += u128::from(of(&value));
            after = Some(key);
        }
    };
    let held = |bytes: &[u8]| Account::decode(bytes).unwrap().balance;
    let waits = |bytes: &[u8]| Deferred::decode(bytes).unwrap().prepaid();
    each(kind::ACCOUNT, &held, &mut sum);
    each(kind::DEFERRED, &waits, &mut sum);
    sum
}

/// The data of actions has a bound.
fn fits(does: &[Part]) -> bool {
    parts(&scripts(does)).len() < 3_900
}

fn set_code(of: usize, code: u8) -> Action {
    let hash = match code {
        0 => [0; 32],
        1..4 => actor(EngineId::Wasm).code_hash(),
        _ => actor(EngineId::Mcs51).code_hash(),
    };
    // The head is what an actor looks for its part by.
    let flags = ContractFlags::APPLY | ContractFlags::from_bits_truncate(code & 1);
    Action {
        account: SYSTEM,
        name: Name::of("setcode").unwrap(),
        data: [&ACTORS[of][..], &hash, &[flags.bits()]].concat(),
        ..action(SYSTEM, &[])
    }
}

/// Sends actions, which a block may refuse.
fn transact(block: &mut OpenBlock<'_>, actions: &[Action]) -> Result<(), TestCaseError> {
    let list = ActionList {
        gas_limit: Gas(GAS),
        ..list(actions)
    };
    let Ok(receipt) = block.transact(&list, &mut ()).cloned() else {
        return Ok(());
    };
    prop_assert_eq!(Receipt::decode(&receipt.encode()), Some(receipt));
    Ok(())
}

struct World {
    store: Arc<MemStore>,
    chain: Chain,
}

fn run(ops: &[Op], first: EngineId) -> Result<(), TestCaseError> {
    let world = world(first);
    let chain = &world.chain;
    let store: Arc<dyn StateStore> = world.store.clone();
    let start = chain.head().unwrap().height;
    let mut totals = vec![total(chain)];
    let mut ops = ops
        .iter()
        .chain([&Op::Commit, &Op::Commit, &Op::Commit, &Op::Commit])
        .peekable();
    while ops.peek().is_some() {
        let mut block = chain.begin_block().unwrap();
        let mut back = 0;
        for op in ops.by_ref() {
            match op {
                Op::Commit => break,
                Op::Rollback(blocks) => {
                    back = *blocks;
                    break;
                }
                Op::Act(actions) => {
                    if actions.iter().all(|(_, (_, does))| fits(does)) {
                        let actions: Vec<Action> = actions
                            .iter()
                            .map(|(value, (to, does))| Action {
                                value: *value,
                                ..action(account(*to), &scripts(does))
                            })
                            .collect();
                        transact(&mut block, &actions)?;
                    }
                }
                Op::Call(to, value, does) => {
                    if fits(does) {
                        let input = parts(&scripts(does));
                        let mut request = request_of(account(*to), &input, *value, GAS);
                        request.payment = chain::session::Payment::Gas {
                            limit: Gas(GAS),
                            price: 1,
                        };
                        let asked = block.query(&request, &mut ()).ok();
                        let called = block.call(&request, &mut ()).ok().cloned();
                        prop_assert_eq!(asked, called);
                    }
                }
                Op::SetCode(of, code) => transact(&mut block, &[set_code(*of, *code)])?,
                Op::SetCodeAndAct(of, code, does) => {
                    if fits(does) {
                        let acts = action(ACTORS[*of], &scripts(does));
                        transact(&mut block, &[acts.clone(), set_code(*of, *code), acts])?;
                    }
                }
            }
        }
        let (done, receipts) = block.commit().unwrap();
        let fees: u128 = receipts.iter().map(|receipt| u128::from(receipt.fee)).sum();
        let now = total(chain);
        prop_assert_eq!(now + fees, *totals.last().unwrap());
        totals.push(now);
        prop_assert_eq!(chain.check().unwrap().problems, vec![]);
        if let Some(id) = done.ids().last() {
            let came = again(&store, &id, AgainOptions::default()).unwrap();
            prop_assert!(came.is_equal, "{}\n{}", came.stored, came.receipt);
            prop_assert!(came.differing_before.is_empty());
        }
        if back > 0 {
            let back = back.min(chain.head().unwrap().height - start);
            chain.rollback(back).unwrap();
            totals.truncate(totals.len() - back as usize);
            prop_assert_eq!(total(chain), *totals.last().unwrap());
        }
    }
    Ok(())
}

/// A copy of a chain with actors that hold something, A and B much, in a store of its own.
fn world(first: EngineId) -> World {
    let template = rich(first);
    let store = copy_of(&export(template.store()));
    let chain = Chain::open(Box::new(store.clone()), Genesis::default()).unwrap();
    World { store, chain }
}

#[test]
fn no_actions_make_or_lose_money() {
    let config = Config {
        cases: cases().div_ceil(4),
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&(vec(op(), 1..24), any::<bool>()), |(ops, on_8051)| {
            let first = if on_8051 {
                EngineId::Mcs51
            } else {
                EngineId::Wasm
            };
            run(&ops, first)
        })
        .unwrap();
}
