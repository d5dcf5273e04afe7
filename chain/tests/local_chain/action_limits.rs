//! What transactions of several actions may cost and take, and the chain's own actions.

use crate::actions::*;
use crate::common::{PARTIES, actor, balance, parts};
use abi::codec::request;
use abi::{Gas, Name, Semantics, method};
use bridge::EngineId;
use chain::actions::SYSTEM;
use chain::session::Payment;
use chain::{
    Action, ActionList, CallRequest, ChainError, ContractFlags, Deploy, OpenBlock, Verdict,
};
use state::keys::RegId;

/// The chain's own actions.
#[test]
fn the_chain_has_actions_of_its_own() {
    let chain = actors(EngineId::Mcs51);
    let mut block = chain.begin_block().unwrap();
    let native = |name: &str, data: Vec<u8>| Action {
        account: SYSTEM,
        name: Name::of(name).unwrap(),
        data,
        ..action(SYSTEM, &[])
    };
    let pay =
        |to: RegId, amount: u64| native("transfer", [&to[..], &amount.to_le_bytes()].concat());
    let key = |n: u8| chain::identity::public_key(&format!("key {n}")).to_vec();
    let made = [
        native("newaccount", key(1)),
        native("newaccount", key(2)),
        pay(PARTIES.bob, 77),
    ];
    let before = balance(&chain, PARTIES.bob);
    let receipt = send(&mut block, &made);
    assert!(receipt.verdict.is_success(), "{receipt}");
    // They are counted in the block, not in the transaction.
    let ids = [[4, 0, 0, 0, 0, 0], [4, 0, 0, 0, 1, 0]];
    assert_eq!([0, 1].map(|at| receipt.frames[at].receiver), ids);
    let next = block.new_account("carol", 0).unwrap().target;
    assert_eq!(next, [4, 0, 0, 0, 2, 0]);
    // Its own id is the sender's in the transaction that made it, wherever that stands in the block.
    block.commit().unwrap();
    assert_eq!(balance(&chain, PARTIES.bob), before + 77);
    for (wrong, fault) in [
        (native("newaccount", key(1)), "no_account"),
        (native("newaccount", vec![0; 32]), "no_action"),
        (native("setcode", vec![]), "no_action"),
        (pay(A, 1), "to_contract"),
        (
            Action {
                authorization: vec![],
                ..pay(PARTIES.bob, 1)
            },
            "no_authority",
        ),
    ] {
        let mut block = chain.begin_block().unwrap();
        let receipt = send(
            &mut block,
            &[pay(PARTIES.bob, 1), native("newaccount", key(9)), wrong],
        );
        assert_eq!(receipt.verdict.fault(), Some(fault), "{receipt}");
        // Nothing is left of it, and its ids are free.
        assert_eq!(
            block.new_account("dave", 0).unwrap().target,
            [5, 0, 0, 0, 0, 0]
        );
    }
    let mut block = chain.begin_block().unwrap();
    let receipt = send(&mut block, &[pay([8; 6], 1)]);
    assert_eq!(receipt.verdict.exit_code(), Some(1), "{receipt}");
    assert!(
        chain::check::check(chain.store())
            .unwrap()
            .problems
            .is_empty()
    );
}

/// What cannot begin, and what costs more than its limit.
#[test]
fn limits_of_transactions() {
    let chain = actors(EngineId::Mcs51);
    let mut block = chain.begin_block().unwrap();
    let refused = |block: &mut OpenBlock<'_>, list: &ActionList, text: &str| {
        let before = block.writes();
        let error = block.transact(list, &mut ()).unwrap_err();
        assert!(error.to_string().contains(text), "{error}");
        assert_eq!(block.writes(), before);
    };
    let none = list(&[]);
    refused(&mut block, &none, "0 actions");
    let many = list(&vec![action(A, &[]); 256]);
    refused(&mut block, &many, "256 actions");
    let receipt = block
        .transact(&list(&vec![action(A, &[]); 255]), &mut ())
        .unwrap();
    assert!(receipt.verdict.is_success(), "{receipt}");
    let poor = ActionList {
        sender: A,
        ..list(&[Action {
            authorization: vec![],
            ..action(A, &[])
        }])
    };
    refused(&mut block, &poor, "no key");
    let dear = ActionList {
        gas_price: 1 << 60,
        ..list(&[action(A, &[])])
    };
    refused(&mut block, &dear, "may cost");
    let long = Action {
        data: vec![0; 4096],
        ..action(A, &[])
    };
    refused(&mut block, &list(&[long]), "4096 bytes");
    let one = list(&[action(A, &[])]);
    let gas = block.transact(&one, &mut ()).unwrap().gas;
    let tight = ActionList {
        gas_limit: Gas(gas),
        ..one.clone()
    };
    assert!(
        block
            .transact(&tight, &mut ())
            .unwrap()
            .verdict
            .is_success()
    );
    let short = ActionList {
        gas_limit: Gas(gas - 1),
        ..one.clone()
    };
    let receipt = block.transact(&short, &mut ()).unwrap();
    assert_eq!(receipt.verdict.fault(), Some("out_of_gas"));
    assert!(receipt.gas < gas);
    let shorter = ActionList {
        gas_limit: Gas(15_000),
        ..one
    };
    refused(&mut block, &shorter, "15000 gas");
    // No contract, and one of the old rules.
    for (account, fault) in [([7; 6], "no_contract"), (PARTIES.bob, "no_contract")] {
        let receipt = send(&mut block, &[action(account, &[])]);
        assert_eq!(receipt.verdict.fault(), Some(fault), "{receipt}");
        assert_eq!(receipt.frames.len(), 1);
    }
}

/// A flood of notifications and inline actions ends where the gas does, and each has paid for its place.
#[test]
fn floods_are_paid_for() {
    let chain = actors(EngineId::Wasm);
    let mut block = chain.begin_block().unwrap();
    let many: Vec<Call> = (0..200u16)
        .map(|n| notify([9, 9, 9, 9, n as u8, 1]))
        .collect();
    let receipt = send(&mut block, &[action(A, &[(A, does(&many))])]);
    assert!(receipt.verdict.is_success(), "{receipt}");
    assert!(receipt.gas > 200 * 5_000);
    assert_eq!(receipt.frames.len(), 201);
    let inner: Vec<Call> = (0..20).map(|_| inline(B, C, 0, &[])).collect();
    let outer: Vec<Call> = (0..1)
        .map(|_| inline(A, B, 0, &[(B, does(&inner))]))
        .collect();
    let receipt = send(&mut block, &[action(A, &[(A, does(&outer))])]);
    assert!(receipt.verdict.is_success(), "{receipt}");
    assert_eq!(receipt.frames.len(), 22);
    let little = ActionList {
        gas_limit: Gas(receipt.gas / 2),
        ..list(&[action(A, &[(A, does(&outer))])])
    };
    let receipt = block.transact(&little, &mut ()).unwrap();
    assert_eq!(receipt.verdict.fault(), Some("out_of_gas"), "{receipt}");
    assert_eq!(receipt.gas, little.gas_limit.0);
}

/// A contract that takes no amounts is not entered with one, however it is called.
#[test]
fn unpayable_contracts_take_no_amounts() {
    let chain = actors(EngineId::Mcs51);
    let mut block = chain.begin_block().unwrap();
    let deploy = Deploy {
        sender: PARTIES.alice,
        image: &actor(EngineId::Wasm),
        semantics: Semantics::V1,
        name: None,
        flags: ContractFlags::APPLY | ContractFlags::UNPAYABLE,
        init: None,
        abi: None,
    };
    let shut = block.deploy(&deploy).unwrap().target;
    let payment = Payment::Gas {
        limit: Gas(1_000_000),
        price: 1,
    };
    let input = parts(&[]);
    let request_of = |value| CallRequest {
        sender: PARTIES.alice,
        contract: shut,
        input: &input,
        value,
        payment,
    };
    assert!(
        block
            .call(&request_of(0), &mut ())
            .unwrap()
            .verdict
            .is_success()
    );
    let error = block.call(&request_of(1), &mut ()).unwrap_err();
    assert!(matches!(error, ChainError::Rejected(_)), "{error}");
    let receipt = send(
        &mut block,
        &[Action {
            value: 1,
            ..action(shut, &[])
        }],
    );
    assert!(
        matches!(receipt.verdict, Verdict::SettlementFailed { .. }),
        "{receipt}"
    );
    // The caller of a call sees it by its code.
    let record = [&shut[..], &1u64.to_le_bytes(), &[0; 8]].concat();
    let calls = (method::CALL_CONTRACT, request(&[&record, &input]));
    block.keep_host_calls(1 << 16);
    let receipt = send(&mut block, &[action(A, &[(A, does(&[calls]))])]);
    assert!(receipt.verdict.is_success(), "{receipt}");
    assert_eq!(block.host_calls().calls[0].reply[0][..2], [4, 8]);
}
