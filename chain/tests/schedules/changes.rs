//! A chain changes its schedule: at the block that was said, for everybody, and back again with the blocks.

use crate::common::{PARTIES, TRANSFER, call, in_memory, input};
use abi::{Gas, Schedule, Semantics};
use bridge::{Engine, Rules, Wasmi};
use chain::actions::set_schedule;
use chain::session::Payment;
use chain::{
    ActionList, CallRequest, Chain, ChainError, ContractFlags, Deploy, Genesis, Receipt, Verdict,
    Work, export, schedules,
};
use loader::Image;
use proptest::prelude::*;
use state::keys::RegId;
use state::{MemStore, StateStore};
use std::sync::Arc;

/// Has `schedule` hold from block `from` on, by a transaction of `by` in a block of its own.
fn change(chain: &Chain, by: RegId, from: u32, schedule: &Schedule) -> Receipt {
    let list = ActionList {
        sender: by,
        actions: vec![set_schedule(by, from, &schedules::hash(schedule))],
        gas_limit: Gas(1_000_000),
        gas_price: chain.gas_price().unwrap(),
        ..ActionList::default()
    };
    let mut block = chain.begin_block().unwrap();
    let receipt = block.transact(&list, &mut ()).unwrap().clone();
    block.commit().unwrap();
    receipt
}

/// A block with a transfer of the token.
fn transfer(chain: &Chain) -> Receipt {
    let mut block = chain.begin_block().unwrap();
    let input = input(TRANSFER, PARTIES.bob, 1);
    let receipt = call(&mut block, PARTIES.alice, &input).unwrap().clone();
    assert!(receipt.verdict.is_success(), "{receipt}");
    block.commit().unwrap();
    receipt
}

fn fault(receipt: &Receipt) -> Option<&str> {
    match &receipt.verdict {
        Verdict::Fault { name, .. } => Some(name),
        _ => None,
    }
}

/// Everything that the store holds, as an export.
fn exported(store: &dyn StateStore) -> Vec<u8> {
    let mut out = Vec::new();
    export::export(store, &mut out).unwrap();
    out
}

#[test]
fn a_schedule_holds_from_the_block_that_was_said() {
    let (chain, _) = in_memory();
    // Bob has a record from the first one on.
    transfer(&chain);
    let before = transfer(&chain);
    let now = chain.head().unwrap().height;
    let receipt = change(&chain, PARTIES.alice, now + 3, &Schedule::WAYKI);
    assert!(receipt.verdict.is_success(), "{receipt}");
    let expected = Work::SetSchedule {
        from: now + 3,
        version: Schedule::WAYKI.version,
        hash: schedules::hash(&Schedule::WAYKI),
    };
    assert_eq!(receipt.frames[0].work, expected);
    assert_eq!(Receipt::decode(&receipt.encode()), Some(receipt.clone()));
    let [last, first] = [transfer(&chain), transfer(&chain)];
    assert_eq!((last.height, last.schedule), (now + 2, 1));
    assert_eq!((first.height, first.schedule), (now + 3, 2));
    assert_eq!(last.gas, before.gas);
    assert!(first.gas < last.gas, "{} and {}", first.gas, last.gas);
    let versions = chain.schedules().unwrap().into_iter();
    let versions: Vec<_> = versions.map(|it| (it.from, it.schedule.version)).collect();
    assert_eq!(versions, [(0, 1), (now + 3, 2)]);
    assert_eq!(chain.check().unwrap().problems, []);
}

#[test]
fn only_the_first_account_changes_the_schedule() {
    let (chain, _) = in_memory();
    assert_eq!(chain.first_account(), Some(PARTIES.alice));
    let receipt = change(&chain, PARTIES.bob, 100, &Schedule::XVM);
    assert_eq!(fault(&receipt), Some("no_authority"), "{receipt}");
    let newest = chain.head().unwrap().height;
    for from in [0, newest, newest + 1] {
        let receipt = change(&chain, PARTIES.alice, from, &Schedule::XVM);
        assert_eq!(
            fault(&receipt),
            Some("no_schedule"),
            "from {from}: {receipt}"
        );
    }
    let mut other = Schedule::XVM;
    other.general.gas_of_value += 1;
    let receipt = change(&chain, PARTIES.alice, 100, &other);
    assert_eq!(fault(&receipt), Some("no_schedule"), "{receipt}");
    assert_eq!(chain.schedules().unwrap().len(), 1);
}

#[test]
fn a_new_chain_needs_a_schedule_that_there_is() {
    let genesis = Genesis {
        schedule: 999,
        ..Genesis::default()
    };
    let error = Chain::open(Box::new(MemStore::new()), genesis).unwrap_err();
    assert!(matches!(error, ChainError::NoSchedule), "{error}");
}

/// A store without a schedule, as the version before wrote it.
#[test]
fn a_store_without_a_schedule_is_billed_by_data_sheet() {
    let (chain, store) = in_memory();
    let with = transfer(&chain);
    chain.rollback(1).unwrap();
    let key = state::keys::schedule(0).to_vec();
    store.commit([(key, None)].into()).unwrap();
    let chain = Chain::existing(Box::new(store)).unwrap();
    assert_eq!(transfer(&chain), with);
    assert_eq!(chain.check().unwrap().problems, []);
    assert_eq!(chain.schedules().unwrap().len(), 1);
}

/// A module of many conditions, whose metering takes more bytes the dearer its operators are.
fn conditions() -> Image {
    let condition = "(if (local.get 0) (then (local.set 0 (i32.clz (local.get 0)))))";
    let text = format!(
        r#"(module (import "smart51" "exit" (func $exit (param i32))) (memory (export "memory") 1)
           (global (export "smart51_buffer") i32 (i32.const 0))
           (func (export "smart51_main") (local i32) {} (call $exit (i32.const 1))))"#,
        condition.repeat(200)
    );
    loader::load(text.as_bytes()).expect("a module").image
}

/// A contract that is dearer to prepare by the new schedule than its record says: a limit between the two is paid for
/// whole, and one below the record's prepares nothing.
#[test]
fn preparing_a_contract_anew_is_paid_for() {
    let (chain, store) = in_memory();
    let image = conditions();
    let mut block = chain.begin_block().unwrap();
    let deploy = Deploy {
        sender: PARTIES.alice,
        image: &image,
        semantics: Semantics::V1,
        name: Some("conditions"),
        flags: ContractFlags::empty(),
        init: None,
        abi: None,
    };
    let id = block.deploy(&deploy).unwrap().target;
    block.commit().unwrap();
    let next = chain.head().unwrap().height + 1;
    change(&chain, PARTIES.alice, next + 1, &Schedule::XVM);
    // A node that has kept nothing.
    let chain = Chain::existing(Box::new(store)).unwrap();
    let (_, contract) = chain.contract("conditions").unwrap();
    let by_xvm = Rules::by(&Arc::new(Schedule::XVM), Semantics::V1);
    let now = Wasmi::new().prepare(&image, &by_xvm).unwrap().entry_gas();
    assert!(now > contract.entry_gas, "{now} and {}", contract.entry_gas);
    let before = Schedule::XVM.call_gas(0, 0).0;
    let mut block = chain.begin_block().unwrap();
    let mut call = |gas: u64| {
        let request = CallRequest {
            sender: PARTIES.alice,
            contract: id,
            input: &[],
            value: 0,
            payment: Payment::Gas {
                limit: Gas(gas),
                price: 1,
            },
        };
        block.call(&request, &mut ()).cloned()
    };
    let refused = call(before + contract.entry_gas.0 - 1).unwrap_err();
    assert!(matches!(refused, ChainError::Rejected(_)), "{refused}");
    let between = call(before + now.0 - 1).unwrap();
    assert_eq!(fault(&between), Some("out_of_gas"), "{between}");
    assert_eq!(between.fee, before + now.0 - 1);
    let enough = call(before + now.0 + 10_000).unwrap();
    assert!(enough.verdict.is_success(), "{enough}");
    block.commit().unwrap();
    assert_eq!(chain.check().unwrap().problems, []);
}

/// What a chain does in a step of the property.
#[derive(Clone, Debug)]
enum Step {
    /// A change to this preset, so many blocks after the next.
    Change(usize, u32),
    Transfer,
    /// So many blocks are taken back.
    Back(u32),
    /// The state goes out and into another store.
    Move,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..Schedule::PRESETS.len(), 1u32..5)
            .prop_map(|(preset, after)| Step::Change(preset, after)),
        Just(Step::Transfer),
        Just(Step::Transfer),
        (1u32..4).prop_map(Step::Back),
        Just(Step::Move),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The schedule of each block is that of a list of changes, whatever is taken back, exported and imported between.
    #[test]
    fn each_block_is_billed_by_its_schedule(steps in prop::collection::vec(step(), 1..14)) {
        let (mut chain, mut store) = in_memory();
        let start = chain.head().unwrap().height;
        // The changes that stand, with the height that they were made at.
        let mut made: Vec<(u32, u32, u16)> = vec![(0, 0, 1)];
        for step in steps {
            let next = chain.head().unwrap().height + 1;
            match step {
                Step::Change(preset, after) => {
                    let schedule = Schedule::PRESETS[preset];
                    let receipt = change(&chain, PARTIES.alice, next + after, schedule);
                    prop_assert!(receipt.verdict.is_success(), "{}", receipt);
                    made.push((next, next + after, schedule.version));
                }
                Step::Transfer => {
                    let receipt = transfer(&chain);
                    let held = made.iter().filter(|(_, from, _)| *from <= next);
                    // Of two for the same height the later one stands.
                    let (.., expected) = held.max_by_key(|(at, from, _)| (*from, *at)).unwrap();
                    prop_assert_eq!(receipt.schedule, *expected);
                }
                Step::Back(count) => {
                    let count = count.min(next - 1 - start);
                    chain.rollback(count).unwrap();
                    made.retain(|(at, ..)| *at < next - count);
                }
                Step::Move => {
                    let bytes = exported(&*store);
                    let other = Arc::new(MemStore::new());
                    export::import_sound(&*other, &bytes[..]).unwrap();
                    prop_assert_eq!(exported(&*other), bytes);
                    store = other;
                    chain = Chain::existing(Box::new(Arc::clone(&store))).unwrap();
                }
            }
        }
        prop_assert_eq!(chain.check().unwrap().problems, []);
    }
}
