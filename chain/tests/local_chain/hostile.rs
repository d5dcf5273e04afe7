//! What contracts try that must not work.

use crate::actions::{A, Call, action, actors, send};
use crate::call_accounts::{change, contracts};
use crate::call_trees::request_of;
use crate::common::{PARTIES, balance, in_memory, script};
use crate::deferred::is_sound;
use abi::codec::request;
use abi::layout::INPUT_MAX;
use abi::{Name, method};
use bridge::EngineId;
use chain::actions::apply::HEAD_SIZE;
use chain::actions::{ACTIVE, SYSTEM};
use chain::{Action, ChainError, Contract, OpenBlock};
use hostapi::app_funds::AppAccount;
use state::keys::RegId;

const GAS: u64 = 1_000_000;
/// Just enough for the chain's own transfer, and too little for a contract.
const DEFERRED_GAS: i64 = 2_000;

/// The chain's own transfer of an amount to Bob, as an inline action of `by`.
fn inline_transfer(by: RegId, amount: u64) -> Call {
    let name = Name::of("transfer").unwrap().0.to_le_bytes();
    let record = [&SYSTEM[..], &name, &[0; 8]].concat();
    let authorization = [&by[..], &ACTIVE.0.to_le_bytes()].concat();
    let data = [&PARTIES.bob[..], &amount.to_le_bytes()].concat();
    (
        method::SEND_ACTION,
        request(&[&record, &authorization, &data]),
    )
}

/// The same as an action for the next block, or another action with an amount.
fn deferred(by: RegId, account: RegId, name: &str, value: u64, data: &[u8]) -> Call {
    let name = Name::of(name).unwrap().0.to_le_bytes();
    let record = [
        &[0; 8][..],
        &1u32.to_le_bytes(),
        &DEFERRED_GAS.to_le_bytes(),
        &[0; 8],
        &account,
        &name,
        &value.to_le_bytes(),
    ]
    .concat();
    let authorization = [&by[..], &ACTIVE.0.to_le_bytes()].concat();
    (
        method::SEND_DEFERRED,
        request(&[&record, &authorization, data]),
    )
}

/// With the account check on no action takes users' money away: an inline transfer counts as sent, and what would leave
/// in a later block is not deferred.
#[test]
fn users_money_leaves_by_no_action() {
    let (chain, [own, other]) = contracts();
    let to_bob = [&PARTIES.bob[..], &5u64.to_le_bytes()].concat();
    let take = |amount: i64| (method::APP_OPERATE, request(&[&change(-amount, false)]));
    let inline = inline_transfer(own, 5);
    let tries = [
        // What is taken from the user, what the user pays for, and whether it is done.
        (vec![inline.clone()], 0, false),
        (vec![inline, take(5)], 5, true),
        // The user pays for the gas, and the amount is nobody's.
        (
            vec![
                deferred(own, SYSTEM, "transfer", 0, &to_bob),
                take(DEFERRED_GAS),
            ],
            0,
            false,
        ),
        (
            vec![
                deferred(own, other, "go", 5, &script(&[], 1)),
                take(DEFERRED_GAS),
            ],
            0,
            false,
        ),
        // To itself nothing would move, and the run would have an amount for the user.
        (
            vec![
                deferred(own, own, "go", 5, &script(&[take(-5)], 1)),
                take(DEFERRED_GAS),
            ],
            0,
            false,
        ),
    ];
    for (place, (calls, leaves, is_done)) in tries.into_iter().enumerate() {
        let before = balance(&chain, own);
        let mut block = chain.begin_block().unwrap();
        let input = script(&calls, 1);
        let receipt = block
            .call(&request_of(own, &input, 0, GAS), &mut ())
            .unwrap();
        assert_eq!(receipt.verdict.is_success(), is_done, "{place}: {receipt}");
        block.commit().unwrap();
        chain.begin_block().unwrap().commit().unwrap();
        let held = balance(&chain, own);
        assert_eq!(before - held, leaves, "{place}");
        let user = AppAccount::load(&mut chain.state(), &own, b"u").unwrap();
        assert_eq!(user.free, held, "{place}");
    }
}

/// An authority counts once, however often it is named: asking for it takes no longer.
#[test]
fn an_authority_named_twice_is_one() {
    let chain = actors(EngineId::Mcs51);
    let mut block = chain.begin_block().unwrap();
    let mut transfer = Action {
        account: SYSTEM,
        name: Name::of("transfer").unwrap(),
        data: [&PARTIES.bob[..], &5u64.to_le_bytes()].concat(),
        ..action(SYSTEM, &[])
    };
    transfer.authorization = [&transfer.authorization[..]; 2].concat();
    let receipt = send(&mut block, &[transfer]);
    assert!(receipt.verdict.is_success(), "{receipt}");
}

/// Data that fits, and does not with the head in front of it: the contract is prepared to find that out, which is paid.
#[test]
fn an_input_too_long_is_paid_like_entering() {
    let chain = actors(EngineId::Wasm);
    let mut block = chain.begin_block().unwrap();
    let gas = |block: &mut OpenBlock<'_>, length: usize| {
        let long = Action {
            data: vec![0xFF; length],
            ..action(A, &[])
        };
        let receipt = send(block, &[long]);
        let used = receipt.runs().next().unwrap().gas;
        (receipt.verdict.fault().map(str::to_owned), used)
    };
    let entry = Contract::load(block.state(), &A)
        .unwrap()
        .unwrap()
        .entry_gas;
    assert!(entry.0 > 0);
    let (fault, used) = gas(&mut block, INPUT_MAX - HEAD_SIZE + 1);
    assert_eq!(fault.as_deref(), Some("input_too_long"));
    assert_eq!(used, entry.0);
    let (fault, used) = gas(&mut block, INPUT_MAX - HEAD_SIZE);
    assert_eq!(fault, None);
    assert!(used > entry.0);
}

/// A block has places for so many transactions and ids. What finds none left changes nothing, or is paid.
#[test]
fn what_a_full_block_refuses_leaves_nothing() {
    let (chain, _) = in_memory();
    let mut block = chain.begin_block().unwrap();
    for _ in 0..=u16::MAX {
        block.transfer(PARTIES.alice, PARTIES.bob, 1).unwrap();
    }
    let before = block.writes();
    let error = block.new_account("late", 5).unwrap_err();
    assert!(matches!(error, ChainError::BlockFull(_)), "{error}");
    let error = block.remove_code(PARTIES.alice, PARTIES.token).unwrap_err();
    assert!(matches!(error, ChainError::BlockFull(_)), "{error}");
    assert_eq!(block.writes().len(), before.len());
    assert!(block.writes() == before);
}

/// Once all ids of a block are given away, who asks for one more pays for what was done before.
#[test]
fn ids_that_are_used_up_are_no_free_work() {
    let chain = actors(EngineId::Mcs51);
    let mut block = chain.begin_block().unwrap();
    let account = |number: u32| {
        let mut key = vec![2; 33];
        key[..4].copy_from_slice(&number.to_le_bytes());
        Action {
            account: SYSTEM,
            name: Name::of("newaccount").unwrap(),
            data: key,
            ..action(SYSTEM, &[])
        }
    };
    let numbers: Vec<u32> = (0..=u32::from(u16::MAX)).collect();
    for numbers in numbers.chunks(255) {
        let actions: Vec<Action> = numbers.iter().map(|&number| account(number)).collect();
        let receipt = send(&mut block, &actions);
        assert!(receipt.verdict.is_success(), "{receipt}");
    }
    let receipt = send(&mut block, &[action(A, &[]), account(u32::MAX)]);
    assert_eq!(receipt.verdict.fault(), Some("no_account"), "{receipt}");
    assert!(receipt.fee > 0);
    let code = Contract::load(block.state(), &A)
        .unwrap()
        .unwrap()
        .code_hash;
    let contract = Action {
        name: Name::of("setcode").unwrap(),
        data: [&SYSTEM[..], &code, &[0]].concat(),
        ..account(0)
    };
    let receipt = send(&mut block, &[action(A, &[]), contract]);
    assert_eq!(receipt.verdict.fault(), Some("no_code"), "{receipt}");
    assert!(receipt.fee > 0);
    block.commit().unwrap();
    is_sound(&chain);
}
