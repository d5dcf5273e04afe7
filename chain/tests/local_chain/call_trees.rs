//! Trees of calls between contracts of both machines, compared with a model that knows no machine.

use crate::common::*;
use crate::money::{take, to_regid};
use abi::codec::request;
use abi::{Gas, Semantics, method};
use bridge::EngineId;
use chain::receipt::{Frame, FrameKind, RunReceipt, Work};
use chain::session::Payment;
use chain::{CallRequest, Chain, ContractFlags, Deploy, Genesis, Receipt};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use state::MemStore;
use state::keys::RegId;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The contracts of a tree: their machine, and whether they are reentrant.
pub(crate) const CONTRACTS: [(EngineId, bool); 4] = [
    (EngineId::Mcs51, false),
    (EngineId::Wasm, false),
    (EngineId::Mcs51, true),
    (EngineId::Wasm, true),
];

/// What each contract holds at first.
const FUNDS: u64 = 1_000;
/// The gas of a transaction that lacks none.
const PLENTY: u64 = 50_000_000;

/// A call of a contract, and what it does there.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// The contract's place among [`CONTRACTS`]; beyond them, no contract.
    pub(crate) to: usize,
    pub(crate) value: u64,
    gas: u64,
    pub(crate) is_static: bool,
    acts: Vec<Act>,
    end: End,
}

#[derive(Clone, Debug)]
enum Act {
    /// Sets a key.
    Write(u8, u8),
    /// Emits an event of this data.
    Emit(u8),
    /// Asks for an amount to be paid to Bob at the end.
    Pay(u64),
    /// Sets the data returned.
    Return(u8),
    Call(Node),
}

#[derive(Clone, Copy, Debug)]
enum End {
    Success,
    /// With an exit code.
    Refuse(u8),
    /// With a code and a text.
    Fail(u8),
    /// By a method that does not exist.
    Fault,
    Abort(u8),
}

pub(crate) fn node() -> impl Strategy<Value = Node> {
    let end = prop_oneof![
        8 => Just(End::Success),
        1 => (2u8..9).prop_map(End::Refuse),
        1 => (2u8..9).prop_map(End::Fail),
        1 => Just(End::Fault),
        1 => (2u8..9).prop_map(End::Abort),
    ];
    let act = prop_oneof![
        3 => (0u8..3, any::<u8>()).prop_map(|(key, value)| Act::Write(key, value)),
        1 => any::<u8>().prop_map(Act::Emit),
        1 => (1u64..1_600).prop_map(Act::Pay),
        1 => any::<u8>().prop_map(Act::Return),
    ];
    let head = (
        0usize..=CONTRACTS.len(),
        prop_oneof![3 => Just(0u64), 2 => 1u64..1_600],
        prop::bool::weighted(0.15),
        end,
    );
    let of = |(to, value, is_static, end), acts| Node {
        to,
        value,
        gas: 0,
        is_static,
        acts,
        end,
    };
    let leaf = (head.clone(), prop::collection::vec(act.clone(), 0..3))
        .prop_map(move |(head, acts)| of(head, acts));
    leaf.prop_recursive(10, 24, 3, move |inner| {
        let act = prop_oneof![1 => act.clone(), 4 => inner.prop_map(Act::Call)];
        (head.clone(), prop::collection::vec(act, 1..4))
            .prop_map(move |(head, acts)| of(head, acts))
    })
}

/// The registered ids of the contracts, and one of none.
pub(crate) type Ids = [RegId; CONTRACTS.len() + 1];

impl Node {
    /// The input that has a puppet do all that.
    pub(crate) fn script(&self, ids: &Ids) -> Vec<u8> {
        let own = ids[self.to];
        let mut calls: Vec<(u16, Vec<u8>)> = self
            .acts
            .iter()
            .map(|act| match act {
                Act::Write(key, value) => (method::DB_WRITE, request(&[&[*key], &[*value]])),
                Act::Emit(data) => {
                    let mut name = [0; 32];
                    name[..4].copy_from_slice(b"done");
                    (method::EMIT, request(&[&name, &[*data]]))
                }
                Act::Pay(amount) => {
                    let records = [to_regid(&PARTIES.bob, *amount), take(&own, *amount)];
                    (method::OUTPUT, request(&[records.as_flattened()]))
                }
                Act::Return(data) => (method::RETURN_DATA, request(&[&[*data]])),
                Act::Call(node) => {
                    let record = [
                        &ids[node.to][..],
                        &node.value.to_le_bytes(),
                        &node.gas.to_le_bytes(),
                    ]
                    .concat();
                    let by = match node.is_static {
                        true => method::STATIC_CALL,
                        false => method::CALL_CONTRACT,
                    };
                    (by, request(&[&record, &node.script(ids)]))
                }
            })
            .collect();
        let code = match self.end {
            End::Success => 1,
            End::Refuse(code) => code,
            End::Fail(code) => {
                calls.push((method::FAIL, request(&[&[code], b"no"])));
                1
            }
            End::Abort(code) => {
                calls.push((method::ABORT, request(&[&[code], b"never"])));
                1
            }
            End::Fault => {
                calls.push((0x7777, Vec::new()));
                1
            }
        };
        script(&calls, code)
    }

    pub(crate) fn fits(&self, ids: &Ids) -> bool {
        // The requests around the input of a call take some bytes more at each level.
        self.script(ids).len() < 3_900
    }
}

/// The part of the state that the trees touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct State {
    balances: Vec<u64>,
    bob: u64,
    data: BTreeMap<(usize, u8), u8>,
    events: Vec<(usize, u8)>,
}

/// A frame as its receipt shows it: contract, static, name of the verdict, data returned, has a text.
type Seen = (usize, bool, &'static str, Vec<u8>, bool);

/// The model: the state, the contracts that run, and the frames so far.
#[derive(Default)]
struct Model {
    state: State,
    stack: Vec<usize>,
    frames: Vec<Seen>,
    /// Status and code of each answer to a call, in the order in which the callers go on.
    answers: Vec<[u8; 2]>,
}

/// How a frame ends for its caller.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    Status(u8, u8),
    Aborted,
}

impl Model {
    /// The frame of `node`, whose amount has moved already.
    fn frame(&mut self, node: &Node, is_static: bool, before: State) -> Ended {
        let number = self.frames.len();
        let own = node.to;
        self.frames.push((own, is_static, "", Vec::new(), false));
        self.stack.push(own);
        let (mut pays, mut returned) = (Vec::new(), Vec::new());
        // A method without an answer that is refused in a static call ends the run.
        let mut broken = false;
        let mut aborted = false;
        for act in &node.acts {
            match act {
                Act::Write(key, value) if !is_static => {
                    self.state.data.insert((own, *key), *value);
                }
                Act::Write(..) => {}
                Act::Emit(_) | Act::Pay(_) if is_static => broken = true,
                Act::Emit(data) => self.state.events.push((number, *data)),
                Act::Pay(amount) => pays.push(*amount),
                Act::Return(data) => returned = vec![*data],
                Act::Call(callee) => aborted = self.call(own, callee, is_static) == Ended::Aborted,
            }
            if broken || aborted {
                break;
            }
        }
        let (verdict, text, ended) = match node.end {
            _ if aborted => ("fault", false, Ended::Aborted),
            _ if broken => ("fault", false, Ended::Status(3, 0)),
            End::Fault => ("fault", false, Ended::Status(3, 0)),
            End::Abort(_) => ("fault", true, Ended::Aborted),
            End::Refuse(code) => ("refused", false, Ended::Status(2, code)),
            End::Fail(code) => ("refused", true, Ended::Status(2, code)),
            End::Success => {
                let sum: u64 = pays.iter().sum();
                if sum <= self.state.balances[own] {
                    self.state.balances[own] -= sum;
                    self.state.bob += sum;
                    ("success", false, Ended::Status(1, 1))
                } else {
                    ("refused", false, Ended::Status(2, 1))
                }
            }
        };
        if ended != Ended::Status(1, 1) {
            self.state = before;
        }
        self.stack.pop();
        let text = text || aborted;
        self.frames[number] = (own, is_static, verdict, returned, text);
        ended
    }

    /// A call of `node` by the contract `caller`.
    fn call(&mut self, caller: usize, node: &Node, in_static: bool) -> Ended {
        let is_static = node.is_static || in_static;
        if is_static && node.value != 0 {
            self.answers.push([0, 0]);
            return Ended::Status(0, 0);
        }
        let not_entered = if node.to == CONTRACTS.len() {
            Some(1)
        } else if self.stack.len() >= 8 {
            Some(2)
        } else if self.stack.contains(&node.to) && !CONTRACTS[node.to].1 {
            Some(3)
        } else if self.state.balances[caller] < node.value {
            Some(4)
        } else {
            None
        };
        let ended = match not_entered {
            Some(code) => Ended::Status(4, code),
            None => {
                let before = self.state.clone();
                self.state.balances[caller] -= node.value;
                self.state.balances[node.to] += node.value;
                self.frame(node, is_static, before)
            }
        };
        if let Ended::Status(status, code) = ended {
            self.answers.push([status, code]);
        }
        ended
    }
}

/// A chain with the contracts, each with [`FUNDS`].
pub(crate) fn contracts() -> (Chain, Ids) {
    let chain = Chain::open(Box::new(Arc::new(MemStore::new())), Genesis::default()).unwrap();
    set_up(&chain);
    let mut ids = [[0xEE; 6]; CONTRACTS.len() + 1];
    let mut block = chain.begin_block().unwrap();
    for (id, (engine, reentrant)) in ids.iter_mut().zip(CONTRACTS) {
        let image = puppet(engine);
        let deploy = Deploy {
            sender: PARTIES.alice,
            image: &image,
            semantics: Semantics::V1,
            name: None,
            flags: match reentrant {
                true => ContractFlags::REENTRANT,
                false => ContractFlags::empty(),
            },
            init: None,
            abi: None,
        };
        *id = block.deploy(&deploy).unwrap().target;
    }
    for id in &ids[..CONTRACTS.len()] {
        let input = script(&[], 1);
        let receipt = block.call(&request_of(*id, &input, FUNDS, PLENTY), &mut ());
        assert!(receipt.unwrap().verdict.is_success());
    }
    block.commit().unwrap();
    (chain, ids)
}

pub(crate) const fn request_of(
    contract: RegId,
    input: &[u8],
    value: u64,
    gas: u64,
) -> CallRequest<'_> {
    CallRequest {
        sender: PARTIES.alice,
        contract,
        input,
        value,
        payment: Payment::Gas {
            limit: Gas(gas),
            price: 0,
        },
    }
}

fn run(frame: &Frame) -> &RunReceipt {
    match &frame.work {
        Work::Run(run) => run,
        work => panic!("a run is expected, not {work:?}"),
    }
}

/// The sums of all frames: each has used what its callees have, and the price of each call; what each had left
/// paid for what came after.
fn gas_adds_up(receipt: &Receipt, limit: u64) {
    assert!(receipt.gas <= limit, "{receipt}");
    let mut of_callees = vec![0u64; receipt.frames.len()];
    for frame in &receipt.frames[1..] {
        let parent = usize::from(frame.parent.expect("an outer frame"));
        let price = method::Method::CallContract.spec().gas.base;
        of_callees[parent] += run(frame).gas + price;
    }
    for (frame, callees) in receipt.frames.iter().zip(of_callees) {
        assert!(run(frame).gas >= callees, "{receipt}");
    }
    assert!(receipt.refund <= receipt.gas / 5);
}

fn holdings(chain_state: &mut state::Overlay<'_>, ids: &Ids) -> State {
    let mut balance = |id: &RegId| {
        let (_, account) = hostapi::accounts::Account::of(chain_state, id)
            .unwrap()
            .unwrap();
        account.balance
    };
    let mut found = State {
        balances: ids[..CONTRACTS.len()].iter().map(&mut balance).collect(),
        bob: balance(&PARTIES.bob),
        ..State::default()
    };
    for (place, id) in ids[..CONTRACTS.len()].iter().enumerate() {
        for key in 0..3 {
            if let Some(value) = hostapi::data::get(chain_state, id, &[key]).unwrap() {
                found.data.insert((place, key), value[0]);
            }
        }
    }
    found
}

/// Calls the contracts of a random tree: states, events, frames, returned data and answers are the model's.
fn trees_are_as_the_model(cases: u32) {
    let (chain, ids) = contracts();
    let at_first = holdings(&mut chain.state(), &ids);
    let (frames, seen_answers) = (Cell::new(0), RefCell::new(BTreeSet::new()));
    let mut runner = runner(cases);
    let strategy = node().prop_filter("an input is bounded", |node| {
        node.to < CONTRACTS.len() && node.fits(&[[0; 6]; CONTRACTS.len() + 1])
    });
    runner
        .run(&strategy, |mut tree| {
            // The transaction is no static call, and pays its contract itself.
            (tree.is_static, tree.value) = (false, 0);
            let mut model = Model {
                state: at_first.clone(),
                ..Model::default()
            };
            let before = model.state.clone();
            let ended = model.frame(&tree, false, before);
            let mut block = chain.begin_block().unwrap();
            block.keep_host_calls(1 << 20);
            let input = tree.script(&ids);
            let receipt = block
                .call(&request_of(ids[tree.to], &input, 0, PLENTY), &mut ())
                .unwrap()
                .clone();
            frames.set(frames.get() + receipt.frames.len());
            seen_answers
                .borrow_mut()
                .extend(model.answers.iter().copied());
            gas_adds_up(&receipt, PLENTY);
            prop_assert_eq!(
                receipt.verdict.is_success(),
                ended == Ended::Status(1, 1),
                "{}",
                receipt
            );
            let place = |id: &RegId| ids.iter().position(|other| other == id).unwrap();
            let seen: Vec<Seen> = receipt
                .frames
                .iter()
                .map(|frame| {
                    let run = run(frame);
                    (
                        place(&frame.receiver),
                        frame.kind == FrameKind::StaticCall || is_below_static(&receipt, frame),
                        run.verdict.name(),
                        run.returned.clone(),
                        run.error.is_some(),
                    )
                })
                .collect();
            prop_assert_eq!(&seen, &model.frames, "{}", receipt);
            let events: Vec<(usize, u8)> = receipt
                .events
                .iter()
                .map(|event| (usize::from(event.frame()), event.data()[0]))
                .collect();
            prop_assert_eq!(&events, &model.state.events);
            let found = holdings(block.state(), &ids);
            model.state.events.clear();
            prop_assert_eq!(&found, &model.state);
            let answers: Vec<[u8; 2]> = block
                .host_calls()
                .calls
                .iter()
                .filter(|call| [method::CALL_CONTRACT, method::STATIC_CALL].contains(&call.method))
                .filter(|call| call.status != 2)
                .map(|call| {
                    call.reply
                        .first()
                        .map_or([0, 0], |reply| [reply[0], reply[1]])
                })
                .collect();
            prop_assert_eq!(answers, model.answers);
            Ok(())
        })
        .unwrap();
    // The trees are no bushes of one leaf, and every way in which a call can end has come up.
    assert!(frames.get() > 2 * cases as usize, "{} frames", frames.get());
    let seen = seen_answers.into_inner();
    for answer in [[0, 0], [1, 1], [2, 1], [3, 0], [4, 1], [4, 3], [4, 4]] {
        assert!(seen.contains(&answer), "{answer:?} is not among {seen:?}");
    }
}

/// Whether a frame has a static call below it.
fn is_below_static(receipt: &Receipt, frame: &Frame) -> bool {
    frame.parent.is_some_and(|parent| {
        let parent = &receipt.frames[usize::from(parent)];
        parent.kind == FrameKind::StaticCall || is_below_static(receipt, parent)
    })
}

/// Calls with little gas, given on in parts: whatever runs out, money and gas add up, and a failure leaves nothing.
fn gas_and_money_are_conserved(cases: u32) {
    let (chain, ids) = contracts();
    let at_first = holdings(&mut chain.state(), &ids);
    let sum = |state: &State| state.balances.iter().sum::<u64>() + state.bob;
    let mut runner = runner(cases);
    let tree = node().prop_filter("an input is bounded", |node| {
        node.to < CONTRACTS.len() && node.fits(&[[0; 6]; CONTRACTS.len() + 1])
    });
    let strategy = (tree, 10_000u64..200_000, any::<u64>());
    runner
        .run(&strategy, |(mut tree, limit, seed)| {
            (tree.is_static, tree.value) = (false, 0);
            spread(&mut tree, limit, &mut { seed });
            let mut block = chain.begin_block().unwrap();
            let input = tree.script(&ids);
            let request = request_of(ids[tree.to], &input, 0, limit);
            let Ok(receipt) = block.call(&request, &mut ()).cloned() else {
                // The limit does not pay for the beginning.
                return Ok(());
            };
            gas_adds_up(&receipt, limit);
            let found = holdings(block.state(), &ids);
            prop_assert_eq!(sum(&found), sum(&at_first));
            if !receipt.verdict.is_success() {
                prop_assert_eq!(&found, &at_first);
                prop_assert_eq!(receipt.events.len(), 0);
            }
            Ok(())
        })
        .unwrap();
}

/// Gives each call a part of the gas, by chance.
pub(crate) fn spread(node: &mut Node, limit: u64, seed: &mut u64) {
    for act in &mut node.acts {
        if let Act::Call(callee) = act {
            *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            callee.gas = (*seed >> 33) % limit;
            spread(callee, limit, seed);
        }
    }
}

/// The same trees each time, so that what must come up does.
pub(crate) fn runner(cases: u32) -> TestRunner {
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// The number of cases: 200, or what `SMART51_TREES` says.
pub(crate) fn cases() -> u32 {
    let asked = std::env::var("SMART51_TREES").ok();
    asked.map_or(200, |asked| asked.parse().expect("a number"))
}

#[test]
fn random_call_trees_are_as_the_model() {
    trees_are_as_the_model(cases());
}

#[test]
fn random_call_trees_conserve_gas_and_money() {
    gas_and_money_are_conserved(cases());
}

/// Depth 8 is served and 9 is not, for each machine and for both in turns, on a thread with 2 MiB of stack.
#[test]
fn calls_are_8_deep_on_a_small_stack() {
    let deep = || {
        let (chain, ids) = contracts();
        for turns in [[2, 2], [3, 3], [2, 3], [3, 2]] {
            let mut tree = Node {
                to: turns[0],
                value: 0,
                gas: 0,
                is_static: false,
                acts: vec![Act::Write(1, 9)],
                end: End::Success,
            };
            for level in 1..9 {
                let inner = std::mem::replace(
                    &mut tree,
                    Node {
                        to: turns[level % 2],
                        value: 0,
                        gas: 0,
                        is_static: false,
                        acts: Vec::new(),
                        end: End::Success,
                    },
                );
                tree.acts = vec![Act::Call(inner)];
            }
            let mut block = chain.begin_block().unwrap();
            block.keep_host_calls(1 << 20);
            let input = tree.script(&ids);
            let request = request_of(ids[tree.to], &input, 0, PLENTY);
            let receipt = block.call(&request, &mut ()).unwrap().clone();
            assert!(receipt.verdict.is_success(), "{receipt}");
            assert_eq!(receipt.frames.len(), 8, "{turns:?}");
            let calls = block.host_calls().calls;
            assert_eq!(calls[0].frame, 7, "the deepest caller is answered first");
            assert_eq!(calls[0].reply[0][..2], [4, 2], "not entered, too deep");
            assert_eq!(calls.len(), 8);
        }
    };
    std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(deep)
        .unwrap()
        .join()
        .unwrap();
}
