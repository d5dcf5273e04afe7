//! Whatever a block accepts is a sound state, and no money comes from nowhere or goes there: random sequences of
//! everything that moves money, on both machines and under both sets of rules.

use crate::common::*;
use crate::money::{take, to_address, to_regid};
use abi::codec::request;
use abi::{Semantics, method};
use bridge::EngineId;
use chain::session::Payment;
use chain::{
    CallRequest, Chain, ChainError, ContractFlags, Deploy, Genesis, OpenBlock, Receipt, export,
    identity,
};
use hostapi::accounts::{Account, contract_key_id, regid};
use hostapi::app_funds::FUND_SIZE;
use hostapi::hash::key_hash;
use hostapi::network::Network;
use hostapi::outputs::OUTPUT_SIZE;
use loader::Image;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use state::keys::{self, RegId, kind};
use state::{MemStore, StateStore};
use std::cell::Cell;
use std::sync::Arc;

/// How many sequences are tried; `make long` asks for 100,000.
const SEQUENCES: u32 = 300;

/// Who can be meant: accounts and addresses that may get one, contracts, and addresses of contracts to come.
#[derive(Clone, Copy, Debug)]
enum Who {
    /// The registered id of the so-manieth thing that was registered.
    Registered(usize),
    /// The address of a name's development key, registered or not.
    Named(usize),
    /// The address that a contract gets if it is deployed in the next blocks.
    ToCome(u32, u16),
    /// A text that is no address.
    Nobody,
}

/// An amount, by where it comes from.
#[derive(Clone, Copy, Debug)]
enum Amount {
    Exactly(u64),
    /// So much less than the network's most.
    BelowMost(u64),
    /// This part, in 255ths, of what the contract or the sender holds.
    Part(u8),
}

/// What a contract asks for.
#[derive(Clone, Debug)]
enum Ask {
    /// Gives, and takes as much from itself; or, with the second amount, something else.
    Pay(Vec<(Who, Amount)>, Option<Amount>),
    /// Takes from somebody.
    Take(Who, Amount),
    /// Changes a user's app account.
    Fund(u8, u8, u32, Amount),
    /// Any request at all.
    Raw(u16, Vec<u8>),
}

#[derive(Clone, Debug)]
enum Op {
    Account(usize, Amount),
    Transfer(Who, Who, Amount),
    Deploy {
        sender: Who,
        image: usize,
        old: bool,
    },
    Call {
        sender: Who,
        contract: usize,
        value: Amount,
        asks: Vec<Ask>,
        code: u8,
        gas: u64,
    },
    /// Ends the block.
    Commit,
    /// Drops the block.
    Drop,
    /// Ends the block and takes so many back.
    Rollback(u32),
    /// Ends the block, and goes on with what an export of it became in another store.
    Move,
}

const NAMES: [&str; 5] = ["amy", "ben", "cat", "dan", "eve"];

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![
        12 => (0..8usize).prop_map(Who::Registered),
        8 => (0..NAMES.len()).prop_map(Who::Named),
        4 => (0..3u32, 0..3u16).prop_map(|(blocks, index)| Who::ToCome(blocks, index)),
        1 => Just(Who::Nobody),
    ]
}

/// Mostly one of the two accounts that every sequence begins with.
fn sender() -> impl Strategy<Value = Who> {
    prop_oneof![8 => (0..2usize).prop_map(Who::Registered), 2 => who()]
}

fn amount() -> impl Strategy<Value = Amount> {
    prop_oneof![
        8 => (0..2_000u64).prop_map(Amount::Exactly),
        8 => any::<u8>().prop_map(Amount::Part),
        1 => any::<u64>().prop_map(Amount::Exactly),
        1 => (0..3_000_000u64).prop_map(Amount::BelowMost),
    ]
}

fn ask() -> impl Strategy<Value = Ask> {
    let gifts = prop::collection::vec((who(), amount()), 1..4);
    let kinds = prop_oneof![6 => Just(1u8), 2 => 2..5u8, 1 => any::<u8>()];
    prop_oneof![
        16 => (gifts, prop::option::weighted(0.05, amount()))
            .prop_map(|(gifts, taken)| Ask::Pay(gifts, taken)),
        1 => (who(), amount()).prop_map(|(who, amount)| Ask::Take(who, amount)),
        4 => (kinds, 0..3u8, 0..4u32, amount())
            .prop_map(|(kind, user, height, amount)| Ask::Fund(kind, user, height, amount)),
        1 => (0..40u16, prop::collection::vec(any::<u8>(), 0..60))
            .prop_map(|(method, bytes)| Ask::Raw(method, bytes)),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let call = (
        sender(),
        0..8usize,
        amount(),
        prop::collection::vec(ask(), 1..4),
        prop_oneof![12 => Just(1u8), 1 => any::<u8>()],
        prop_oneof![12 => Just(200_000), 1 => 0..3_000u64],
    );
    prop_oneof![
        2 => (0..NAMES.len(), amount()).prop_map(|(name, balance)| Op::Account(name, balance)),
        2 => (sender(), who(), amount()).prop_map(|(from, to, amount)| Op::Transfer(from, to, amount)),
        2 => (sender(), 0..3usize, prop::bool::weighted(0.2))
            .prop_map(|(sender, image, old)| Op::Deploy { sender, image, old }),
        10 => call.prop_map(|(sender, contract, value, asks, code, gas)| Op::Call {
            sender, contract, value, asks, code, gas,
        }),
        4 => Just(Op::Commit),
        1 => Just(Op::Drop),
        1 => (0..4u32).prop_map(Op::Rollback),
        1 => Just(Op::Move),
    ]
}

/// A chain, and what all accounts together must hold after each of its blocks.
struct World {
    chain: Chain,
    store: Arc<MemStore>,
    /// By height, from 0.
    totals: Vec<u128>,
    images: [Image; 3],
    /// How many calls succeeded that paid somebody.
    paid: u64,
}

/// What is known of the block that is open, besides the block.
struct Sums {
    /// What all accounts together must hold.
    total: u128,
    /// How many calls succeeded that paid somebody.
    paid: u64,
}

const MOST: u64 = Network::Test.max_amount();

impl World {
    fn new(images: &[Image; 3]) -> World {
        let store = Arc::new(MemStore::new());
        let chain = Chain::open(Box::new(Arc::clone(&store)), Genesis::default()).unwrap();
        World {
            chain,
            store,
            totals: vec![0],
            images: images.clone(),
            paid: 0,
        }
    }

    /// Two accounts and a contract for each machine, so that most sequences have something to move.
    fn start(&mut self) {
        let start = [
            Op::Account(0, Amount::Exactly(MOST / 2)),
            Op::Account(1, Amount::Exactly(MOST)),
            Op::Deploy {
                sender: Who::Registered(0),
                image: 0,
                old: false,
            },
            Op::Deploy {
                sender: Who::Registered(0),
                image: 1,
                old: false,
            },
        ];
        self.block(&start);
    }

    /// Makes a block of `ops`, in which none ends it, and commits it.
    fn block(&mut self, ops: &[Op]) {
        let mut sums = Sums {
            total: *self.totals.last().unwrap(),
            paid: 0,
        };
        let mut block = self.chain.begin_block().unwrap();
        for op in ops {
            transaction(op, &mut block, &self.images, &mut sums);
        }
        block.commit().unwrap();
        self.totals.push(sums.total);
        self.paid += sums.paid;
        self.sound();
    }

    /// Checks the state and the sum of all balances.
    fn sound(&self) {
        assert_eq!(self.chain.check().unwrap().problems, []);
        let mut total = 0;
        let mut after: Option<Vec<u8>> = None;
        while let Some((key, value)) = self.store.next(&[kind::ACCOUNT], after.as_deref()).unwrap()
        {
            total += u128::from(Account::decode(&value).unwrap().balance);
            after = Some(key);
        }
        assert_eq!(total, *self.totals.last().unwrap(), "all balances together");
    }

    fn run(&mut self, ops: &[Op]) {
        let ends = |op: &Op| matches!(op, Op::Commit | Op::Drop | Op::Rollback(_) | Op::Move);
        for part in ops.split_inclusive(ends) {
            let (last, rest) = part
                .split_last()
                .expect("split_inclusive gives no empty part");
            match last {
                Op::Commit => self.block(rest),
                Op::Drop => {
                    let before = export(&*self.store);
                    let mut sums = Sums {
                        total: u128::MAX,
                        paid: 0,
                    };
                    let mut block = self.chain.begin_block().unwrap();
                    for op in rest {
                        transaction(op, &mut block, &self.images, &mut sums);
                    }
                    drop(block);
                    assert!(
                        export(&*self.store) == before,
                        "a dropped block left a trace"
                    );
                }
                Op::Rollback(count) => {
                    self.block(rest);
                    let there = self.totals.len() - 1;
                    match self.chain.rollback(*count) {
                        Ok(()) => self.totals.truncate(there + 1 - *count as usize),
                        Err(error) => assert!(*count as usize > there, "{error}"),
                    }
                    self.sound();
                }
                Op::Move => {
                    self.block(rest);
                    let file = export(&*self.store);
                    let store = Arc::new(MemStore::new());
                    export::import(&*store, &*file).unwrap();
                    self.chain =
                        Chain::open(Box::new(Arc::clone(&store)), Genesis::default()).unwrap();
                    self.store = store;
                    assert!(export(&*self.store) == file);
                    self.sound();
                }
                Op::Account(..) | Op::Transfer(..) | Op::Deploy { .. } | Op::Call { .. } => {
                    self.block(part);
                }
            }
        }
    }
}

/// Everything with a registered id, in order of id.
fn registered(block: &mut OpenBlock<'_>) -> Vec<RegId> {
    let mut found = Vec::new();
    let mut after: Option<Vec<u8>> = None;
    while let Some((key, _)) = block
        .state()
        .next(&[kind::REGISTERED], after.as_deref())
        .unwrap()
    {
        found.extend(key[1..].first_chunk::<6>().copied());
        after = Some(key);
    }
    found
}

/// The registered id that `who` has, or one that nobody has.
fn id_of(who: Who, block: &mut OpenBlock<'_>) -> RegId {
    let all = registered(block);
    match who {
        Who::Registered(index) if !all.is_empty() => all[index % all.len()],
        _ => regid(u32::MAX, 0),
    }
}

/// What the account of `id` holds.
fn held(block: &mut OpenBlock<'_>, id: &RegId) -> u64 {
    Account::of(block.state(), id)
        .unwrap()
        .map_or(0, |(_, account)| account.balance)
}

impl Amount {
    /// The amount, where `held` is what the parts are of.
    fn of(self, held: u64) -> u64 {
        match self {
            Amount::Exactly(amount) => amount,
            Amount::BelowMost(less) => MOST - less,
            Amount::Part(part) => u64::try_from(u128::from(held) * u128::from(part) / 255).unwrap(),
        }
    }
}

/// The record that gives `amount` to `who`.
fn gift(who: Who, amount: u64, block: &mut OpenBlock<'_>) -> [u8; OUTPUT_SIZE] {
    match who {
        Who::Registered(_) => to_regid(&id_of(who, block), amount),
        Who::Named(name) => to_address(&key_hash(&identity::public_key(NAMES[name])), amount),
        Who::ToCome(blocks, index) => {
            let id = regid(block.height() + blocks, index);
            to_address(&contract_key_id(&id), amount)
        }
        Who::Nobody => {
            let mut record = to_address(&[0; 20], amount);
            record[5] ^= 1;
            record
        }
    }
}

/// The host call that asks for `ask`, by a contract that holds `held`.
fn host_call(ask: &Ask, me: &RegId, held: u64, block: &mut OpenBlock<'_>) -> (u16, Vec<u8>) {
    match ask {
        Ask::Pay(gifts, taken) => {
            let mut records = Vec::new();
            let mut sum = 0u64;
            for (who, amount) in gifts {
                let amount = amount.of(held / 4);
                sum = sum.wrapping_add(amount);
                records.extend_from_slice(&gift(*who, amount, block));
            }
            let taken = taken.map_or(sum, |taken| taken.of(held));
            records.extend_from_slice(&take(me, taken));
            (method::OUTPUT, request(&[&records]))
        }
        Ask::Take(who, amount) => {
            let id = id_of(*who, block);
            (method::OUTPUT, request(&[&take(&id, amount.of(held))]))
        }
        Ask::Fund(kind, user, height, amount) => {
            let mut record = [0; FUND_SIZE];
            record[0] = *kind;
            record[1..5].copy_from_slice(&height.to_le_bytes());
            record[5..13].copy_from_slice(&amount.of(held).to_le_bytes());
            (record[13], record[14]) = (1, b'a' + user);
            (method::APP_OPERATE, request(&[&record]))
        }
        Ask::Raw(method, bytes) => (*method, bytes.clone()),
    }
}

/// Makes one transaction. What a block does not accept must leave it as it was.
fn transaction(op: &Op, block: &mut OpenBlock<'_>, images: &[Image; 3], sums: &mut Sums) {
    let before = block.writes();
    let (made, minted) = match op {
        Op::Account(name, balance) => {
            let balance = balance.of(0);
            (block.new_account(NAMES[*name], balance).cloned(), balance)
        }
        Op::Transfer(from, to, amount) => {
            let (from, to) = (id_of(*from, block), id_of(*to, block));
            let amount = amount.of(held(block, &from));
            (block.transfer(from, to, amount).cloned(), 0)
        }
        Op::Deploy { sender, image, old } => {
            let sender = id_of(*sender, block);
            let semantics = if *old && *image == 0 {
                Semantics::Dacrs2017
            } else {
                Semantics::V1
            };
            let deploy = Deploy {
                sender,
                image: &images[*image],
                semantics,
                name: None,
                flags: ContractFlags::empty(),
                init: None,
                abi: None,
            };
            (block.deploy(&deploy).cloned(), 0)
        }
        Op::Call {
            sender,
            contract,
            value,
            asks,
            code,
            gas,
        } => {
            let sender = id_of(*sender, block);
            (call(block, sender, *contract, *value, asks, *code, *gas), 0)
        }
        _ => unreachable!("ends a block"),
    };
    match made {
        Ok(receipt) => {
            sums.total = sums
                .total
                .wrapping_add(u128::from(minted))
                .wrapping_sub(u128::from(receipt.fee));
            if let Op::Call { asks, .. } = op
                && receipt.verdict.is_success()
                && asks.iter().any(|ask| matches!(ask, Ask::Pay(..)))
            {
                sums.paid += 1;
            }
            if receipt.run().is_some() && !receipt.verdict.is_success() {
                only_the_fee_moved(block, &before, &receipt);
            }
        }
        Err(error) => {
            assert!(!error.is_node(), "{error}");
            assert_eq!(block.writes(), before, "{error}");
        }
    }
}

/// What a call that failed leaves is the block before it, but for the sender's balance.
fn only_the_fee_moved(
    block: &OpenBlock<'_>,
    before: &[(Vec<u8>, Option<Vec<u8>>)],
    receipt: &Receipt,
) {
    let others = |writes: &[(Vec<u8>, Option<Vec<u8>>)]| {
        let others = writes
            .iter()
            .filter(|(key, _)| key.first() != Some(&kind::ACCOUNT));
        others.cloned().collect::<Vec<_>>()
    };
    let after = block.writes();
    assert_eq!(others(&after), others(before), "{receipt}");
    let changed = after.iter().filter(|write| !before.contains(write)).count();
    assert!(changed <= 1, "{receipt}");
}

fn call(
    block: &mut OpenBlock<'_>,
    sender: RegId,
    contract: usize,
    value: Amount,
    asks: &[Ask],
    code: u8,
    gas: u64,
) -> Result<Receipt, ChainError> {
    let contracts: Vec<RegId> = registered(block)
        .into_iter()
        .filter(|id| block.state().get(&keys::contract(id)).unwrap().is_some())
        .collect();
    let contract = match contracts.len() {
        0 => regid(u32::MAX, 1),
        there => contracts[contract % there],
    };
    let value = value.of(held(block, &sender));
    let holds = held(block, &contract).saturating_add(value);
    let calls: Vec<_> = asks
        .iter()
        .map(|ask| host_call(ask, &contract, holds, block))
        .collect();
    let old = chain::Contract::load(block.state(), &contract)
        .unwrap()
        .is_some_and(|contract| contract.semantics.is_dacrs());
    let payment = if old {
        Payment::Fuel {
            fee: hostapi::fees::MIN_FEE + gas * 100,
            rate: 1,
        }
    } else {
        Payment::Gas {
            limit: abi::Gas(gas),
            price: 1,
        }
    };
    let input = script(&calls, code);
    let request = CallRequest {
        sender,
        contract,
        input: &input,
        value,
        payment,
    };
    block.call(&request, &mut ()).cloned()
}

/// Every sequence leaves states that `state check` accepts and an export that can be imported, with all money there.
#[test]
fn no_sequence_makes_or_loses_money() {
    let sequences = std::env::var("SMART51_SEQUENCES").ok();
    let cases = sequences.map_or(SEQUENCES, |text| text.parse().expect("a number"));
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let [mcs51, wasm] = [EngineId::Mcs51, EngineId::Wasm].map(puppet);
    // A module that lacks what a contract needs: it is paid for and not deployed.
    let nothing = loader::load(b"(module)").unwrap().image;
    let images = [mcs51, wasm, nothing];
    let kept = Cell::new(0);
    TestRunner::new(config)
        .run(&prop::collection::vec(op(), 1..20), |ops| {
            let mut world = World::new(&images);
            world.start();
            world.run(&ops);
            kept.set(kept.get() + world.paid);
            Ok(())
        })
        .unwrap();
    // A test of refusals alone would prove little.
    assert!(
        kept.get() > u64::from(cases / 4),
        "{} calls paid",
        kept.get()
    );
}
