//! Who sets the code of a contract, and what becomes of it: upgrades, removals, initialising.

use crate::actions::{action, list, send};
use crate::common::*;
use crate::money::{take, to_regid};
use abi::codec::request;
use abi::{Gas, Name, Semantics, method};
use bridge::EngineId;
use chain::actions::SYSTEM;
use chain::receipt::FrameKind;
use chain::session::Payment;
use chain::{
    Action, CallRequest, Chain, ChainError, CodeRefusal, ContractFlags, ContractRecord, Deploy,
    Genesis, Init, OpenBlock, Receipt, SetCode, Verdict, Work,
};
use hostapi::accounts::Account;
use hostapi::data;
use loader::Image;
use state::MemStore;
use state::keys::RegId;
use std::sync::Arc;

/// A contract that writes this value under the key `k`.
fn writes(value: &[u8]) -> Image {
    asks(&[(method::DB_WRITE, request(&[b"k", value]))])
}

/// A contract that fails with code 7 unless its caller is who sent the transaction, and writes otherwise.
fn refuses() -> Image {
    asks(&[
        (method::DB_WRITE, request(&[b"k", b"9"])),
        (method::FAIL, request(&[&[7], b"no"])),
    ])
}

fn deploy<'a>(image: &'a Image, init: Option<Init<'a>>) -> Deploy<'a> {
    Deploy {
        sender: PARTIES.alice,
        image,
        semantics: Semantics::V1,
        name: None,
        flags: ContractFlags::empty(),
        init,
        abi: None,
    }
}

fn set<'a>(contract: RegId, image: &'a Image) -> SetCode<'a> {
    SetCode {
        sender: PARTIES.alice,
        contract,
        image,
        semantics: Semantics::V1,
        flags: ContractFlags::empty(),
        init: None,
        abi: None,
    }
}

fn called(block: &mut OpenBlock<'_>, contract: RegId, value: u64) -> Result<Receipt, ChainError> {
    let payment = Payment::Gas {
        limit: Gas(1_000_000),
        price: 1,
    };
    let request = CallRequest {
        sender: PARTIES.alice,
        contract,
        input: &[],
        value,
        payment,
    };
    block.call(&request, &mut ()).cloned()
}

fn under_k(block: &mut OpenBlock<'_>, contract: RegId) -> Option<Vec<u8>> {
    let value = data::get(block.state(), &contract, b"k").unwrap();
    value.map(<[u8]>::to_vec)
}

fn record(block: &mut OpenBlock<'_>, contract: RegId) -> ContractRecord {
    ContractRecord::load(block.state(), &contract)
        .unwrap()
        .unwrap()
}

/// The code is another one at once, and all else stays.
#[test]
fn an_upgrade_keeps_all_but_the_code() {
    let (chain, _) = in_memory();
    let mut block = chain.begin_block().unwrap();
    let old = writes(b"1");
    let named = Deploy {
        name: Some("c"),
        ..deploy(&old, None)
    };
    let id = block.deploy(&named).unwrap().target;
    assert!(called(&mut block, id, 50).unwrap().verdict.is_success());
    assert_eq!(under_k(&mut block, id), Some(b"1".to_vec()));
    let new = writes(b"2");
    let receipt = block.set_code(&set(id, &new)).unwrap().clone();
    assert!(receipt.verdict.is_success(), "{receipt}");
    let bytes = new.code_bytes() as u64;
    assert_eq!((receipt.gas, receipt.target), (10_000 + 200 * bytes, id));
    let Work::Deploy {
        replaced,
        code_hash,
        ..
    } = &receipt.frames[0].work
    else {
        panic!("{receipt}")
    };
    assert_eq!(
        (*replaced, *code_hash),
        (Some(old.code_hash()), new.code_hash())
    );
    assert_eq!(Receipt::decode(&receipt.encode()), Some(receipt));
    assert_eq!(under_k(&mut block, id), Some(b"1".to_vec()));
    assert!(called(&mut block, id, 0).unwrap().verdict.is_success());
    assert_eq!(under_k(&mut block, id), Some(b"2".to_vec()));
    let record = record(&mut block, id);
    assert_eq!((record.owner, record.sequence), (PARTIES.alice, 2));
    block.commit().unwrap();
    assert_eq!(balance(&chain, id), 50);
    assert_eq!(chain.resolve("c").unwrap(), id);
    assert_eq!(chain.check().unwrap().problems, []);
}

/// Who may not, and what may not.
#[test]
fn only_the_owner_sets_code_and_not_in_vain() {
    let (chain, _) = in_memory();
    let mut block = chain.begin_block().unwrap();
    let (old, new) = (writes(b"1"), writes(b"2"));
    let id = block.deploy(&deploy(&old, None)).unwrap().target;
    let fixed = Deploy {
        flags: ContractFlags::FIXED,
        ..deploy(&old, None)
    };
    let fixed = block.deploy(&fixed).unwrap().target;
    let bobs = SetCode {
        sender: PARTIES.bob,
        ..set(id, &new)
    };
    let before = block.writes();
    for (set, expected) in [
        (
            bobs,
            CodeRefusal::NotOwner {
                owner: "1-0".into(),
                sender: "1-1".into(),
            },
        ),
        (set(id, &old), CodeRefusal::SameCode),
        (set(fixed, &new), CodeRefusal::Fixed),
    ] {
        let error = block.set_code(&set).unwrap_err();
        assert!(
            matches!(&error, ChainError::Code(refusal) if *refusal == expected),
            "{error}"
        );
    }
    for (sender, contract) in [(PARTIES.bob, id), (PARTIES.alice, fixed)] {
        let error = block.remove_code(sender, contract).unwrap_err();
        assert!(matches!(error, ChainError::Code(_)), "{error}");
    }
    let error = block.set_code(&set(PARTIES.bob, &new)).unwrap_err();
    assert!(matches!(error, ChainError::NoContract { .. }), "{error}");
    assert_eq!(block.writes(), before);
    // The same image with other flags is not the same.
    let flags = ContractFlags::FIXED;
    let receipt = block.set_code(&SetCode {
        flags,
        ..set(id, &old)
    });
    assert!(receipt.unwrap().verdict.is_success());
}

/// A chain can forbid it from the beginning.
#[test]
fn a_chain_can_forbid_upgrades() {
    let genesis = Genesis {
        upgrades: false,
        ..Genesis::default()
    };
    let chain = Chain::open(Box::new(Arc::new(MemStore::new())), genesis).unwrap();
    set_up(&chain);
    let mut block = chain.begin_block().unwrap();
    let new = writes(b"2");
    for error in [
        block.set_code(&set(PARTIES.token, &new)).unwrap_err(),
        block.remove_code(PARTIES.alice, PARTIES.token).unwrap_err(),
    ] {
        assert!(
            matches!(error, ChainError::Code(CodeRefusal::NoUpgrades)),
            "{error}"
        );
    }
}

/// Without code it cannot be called, but keeps what it has.
#[test]
fn a_contract_without_code_keeps_its_money() {
    let (chain, store) = in_memory();
    let before = export(&*store);
    let mut block = chain.begin_block().unwrap();
    let image = writes(b"1");
    let id = block.deploy(&deploy(&image, None)).unwrap().target;
    let puppet = puppet(EngineId::Wasm);
    let puppet = block.deploy(&deploy(&puppet, None)).unwrap().target;
    assert!(called(&mut block, id, 50).unwrap().verdict.is_success());
    let receipt = block.remove_code(PARTIES.alice, id).unwrap().clone();
    assert_eq!(receipt.gas, 10_000);
    let code_hash = image.code_hash();
    assert_eq!(receipt.frames[0].work, Work::Undeploy { code_hash });
    assert_eq!(Receipt::decode(&receipt.encode()), Some(receipt));
    let error = called(&mut block, id, 0).unwrap_err();
    assert!(matches!(error, ChainError::Undeployed { .. }), "{error}");
    // A contract that calls it is told that there is none.
    let record_of_call = [&id[..], &[0; 16]].concat();
    let calls = [(method::CALL_CONTRACT, request(&[&record_of_call]))];
    block.keep_host_calls(1 << 16);
    let input = script(&calls, 1);
    let request = CallRequest {
        sender: PARTIES.alice,
        contract: puppet,
        input: &input,
        value: 0,
        payment: Payment::Gas {
            limit: Gas(1_000_000),
            price: 1,
        },
    };
    assert!(block.call(&request, &mut ()).unwrap().verdict.is_success());
    assert_eq!(block.host_calls().calls[0].reply[0][..2], [4, 1]);
    // Nor can it be sent money, by anybody.
    let error = block.transfer(PARTIES.alice, id, 5).unwrap_err();
    assert!(matches!(error, ChainError::ToContract { .. }), "{error}");
    let error = block.remove_code(PARTIES.alice, id).unwrap_err();
    assert!(
        matches!(error, ChainError::Code(CodeRefusal::NoCode)),
        "{error}"
    );
    block.commit().unwrap();
    assert_eq!(chain.check().unwrap().problems, []);
    assert_eq!(balance(&chain, id), 50);
    // Its owner sets its code again.
    let mut block = chain.begin_block().unwrap();
    block.set_code(&set(id, &image)).unwrap();
    assert_eq!(record(&mut block, id).sequence, 3);
    assert!(called(&mut block, id, 0).unwrap().verdict.is_success());
    block.commit().unwrap();
    assert_eq!(chain.check().unwrap().problems, []);
    chain.rollback(2).unwrap();
    assert_eq!(export(&*store), before, "an upgrade is taken back");
}

/// An image that cannot be run is paid for, and the old one stays.
#[test]
fn a_bad_image_leaves_the_old_one() {
    let (chain, _) = in_memory();
    let mut block = chain.begin_block().unwrap();
    let old = writes(b"1");
    let id = block.deploy(&deploy(&old, None)).unwrap().target;
    let bad = loader::load(b"(module (memory 1))").unwrap().image;
    let receipt = block.set_code(&set(id, &bad)).unwrap().clone();
    assert!(
        matches!(receipt.verdict, Verdict::NotDeployed { .. }),
        "{receipt}"
    );
    assert!(receipt.fee > 0 && receipt.refusal().is_some());
    assert_eq!(record(&mut block, id).sequence, 1);
    assert!(called(&mut block, id, 0).unwrap().verdict.is_success());
}

/// A contract is initialised in the transaction that sets its code, or its code is not set.
#[test]
fn code_is_set_and_initialised_or_not_at_all() {
    let (chain, _) = in_memory();
    let mut block = chain.begin_block().unwrap();
    let init = Some(Init {
        input: &[],
        gas: Gas(100_000),
    });
    let good = writes(b"1");
    let receipt = block.deploy(&deploy(&good, init)).unwrap().clone();
    assert!(receipt.verdict.is_success(), "{receipt}");
    let id = receipt.target;
    assert_eq!(under_k(&mut block, id), Some(b"1".to_vec()));
    let Work::Run(run) = &receipt.frames[1].work else {
        panic!("{receipt}")
    };
    let frame = &receipt.frames[1];
    assert_eq!(
        (frame.kind, frame.caller, frame.parent),
        (FrameKind::Action, PARTIES.alice, Some(0))
    );
    let bytes = good.code_bytes() as u64;
    assert_eq!(receipt.gas, 25_000 + 200 * bytes + run.gas);
    assert_eq!(receipt.fee, receipt.gas);
    // What fails leaves nothing but its fee, and its id is free.
    let bad = refuses();
    let before = block.writes().len();
    let named = Deploy {
        name: Some("bad"),
        ..deploy(&bad, init)
    };
    let receipt = block.deploy(&named).unwrap().clone();
    assert_eq!(
        receipt.refusal(),
        Some("it is not initialised: refused with exit code 7")
    );
    assert_eq!(
        receipt.error.as_ref().map(|text| text.bytes()),
        Some(&b"no"[..])
    );
    assert_eq!(
        receipt.deployed().unwrap_err().to_string(),
        "the image cannot be deployed: it is not initialised: refused with exit code 7 (no)"
    );
    assert_eq!(block.writes().len(), before);
    assert!(receipt.fee > 25_000);
    let next = block.deploy(&deploy(&good, None)).unwrap().target;
    assert_eq!(next, receipt.target);
    // Of an upgrade, the old code stays.
    let upgrade = SetCode {
        init,
        ..set(id, &bad)
    };
    let receipt = block.set_code(&upgrade).unwrap().clone();
    assert!(receipt.refusal().is_some(), "{receipt}");
    assert_eq!(record(&mut block, id).sequence, 1);
    assert_eq!(under_k(&mut block, id), Some(b"1".to_vec()));
    assert!(called(&mut block, id, 0).unwrap().verdict.is_success());
    let better = writes(b"3");
    let upgrade = SetCode {
        init,
        ..set(id, &better)
    };
    assert!(block.set_code(&upgrade).unwrap().verdict.is_success());
    assert_eq!(under_k(&mut block, id), Some(b"3".to_vec()));
    // Too little gas is a failure as any other.
    let poor = Some(Init {
        input: &[],
        gas: Gas(100),
    });
    let receipt = block.deploy(&deploy(&writes(b"4"), poor)).unwrap().clone();
    assert!(
        receipt
            .refusal()
            .is_some_and(|why| why.contains("out of gas"))
    );
    block.commit().unwrap();
    assert_eq!(chain.check().unwrap().problems, []);
}

fn native(data: Vec<u8>) -> Action {
    Action {
        account: SYSTEM,
        name: Name::of("setcode").unwrap(),
        data,
        ..action(SYSTEM, &[])
    }
}

/// The chain's own action takes images that the chain has, and its effect is seen by the next action.
#[test]
fn actions_set_code_that_the_chain_has() {
    let (chain, _) = in_memory();
    let mut block = chain.begin_block().unwrap();
    let (one, two) = (writes(b"1"), writes(b"2"));
    let id = block.deploy(&deploy(&one, None)).unwrap().target;
    block.deploy(&deploy(&two, None)).unwrap();
    let to = |contract: RegId, hash: [u8; 32], flags: u8| {
        native([&contract[..], &hash, &[flags]].concat())
    };
    let runs = Action {
        authorization: vec![],
        data: vec![],
        ..action(id, &[])
    };
    // In the middle of a transaction.
    let receipt = send(
        &mut block,
        &[runs.clone(), to(id, two.code_hash(), 0), runs.clone()],
    );
    assert!(receipt.verdict.is_success(), "{receipt}");
    assert_eq!(under_k(&mut block, id), Some(b"2".to_vec()));
    assert_eq!(record(&mut block, id).sequence, 2);
    let bytes = two.code_bytes() as u64;
    assert!(receipt.gas > 50_000 + 200 * bytes);
    // Removed, it cannot be acted on, and all is undone.
    let receipt = send(&mut block, &[to(id, [0; 32], 0), runs.clone()]);
    assert_eq!(receipt.verdict.fault(), Some("no_contract"), "{receipt}");
    assert!(send(&mut block, &[runs]).verdict.is_success());
    // A new one, and what cannot be.
    let receipt = send(&mut block, &[to(SYSTEM, one.code_hash(), 8)]);
    assert!(receipt.verdict.is_success(), "{receipt}");
    let made = receipt.frames[0].receiver;
    assert_eq!(record(&mut block, made).owner, PARTIES.alice);
    for wrong in [
        to(made, two.code_hash(), 0),
        to(id, two.code_hash(), 0),
        to(id, [7; 32], 0),
        to(PARTIES.bob, one.code_hash(), 0),
        to(SYSTEM, [0; 32], 0),
    ] {
        let receipt = send(&mut block, &[wrong]);
        assert_eq!(receipt.verdict.fault(), Some("no_code"), "{receipt}");
    }
    let receipt = send(&mut block, &[to(id, one.code_hash(), 16)]);
    assert_eq!(receipt.verdict.fault(), Some("no_action"), "{receipt}");
    let bob = chain::ActionList {
        sender: PARTIES.bob,
        ..list(&[])
    };
    let mut theft = to(id, one.code_hash(), 0);
    theft.authorization[0].actor = PARTIES.bob;
    let theft = chain::ActionList {
        actions: vec![theft],
        ..bob
    };
    let receipt = block.transact(&theft, &mut ()).unwrap();
    assert_eq!(receipt.verdict.fault(), Some("no_code"), "{receipt}");
    block.commit().unwrap();
    assert_eq!(chain.check().unwrap().problems, []);
}

/// An inline action by a contract, of the chain itself or of another contract.
fn by_contract(by: RegId, account: RegId, name: &str, data: &[u8]) -> (u16, Vec<u8>) {
    let name = Name::of(name).unwrap().0.to_le_bytes();
    let record = [&account[..], &name, &[0; 8]].concat();
    let authorization = [&by[..], &[0; 8]].concat();
    let args: &[&[u8]] = &[&record, &authorization, data];
    let args = if data.is_empty() { &args[..2] } else { args };
    (method::SEND_ACTION, request(args))
}

/// A query that sets code and makes accounts leaves the block as though it had not been asked.
#[test]
fn a_query_leaves_neither_code_nor_ids() {
    let chain = crate::actions::actors(EngineId::Wasm);
    let mut block = chain.begin_block().unwrap();
    let by = crate::actions::DEAF;
    let (one, two) = (writes(b"1"), writes(b"2"));
    block.deploy(&deploy(&one, None)).unwrap();
    block.deploy(&deploy(&two, None)).unwrap();
    let payment = Payment::Gas {
        limit: Gas(5_000_000),
        price: 1,
    };
    let asks = |calls: &[(u16, Vec<u8>)]| script(calls, 1);
    let set = |contract: RegId, hash: [u8; 32]| {
        let data = [&contract[..], &hash, &[0]].concat();
        by_contract(by, SYSTEM, "setcode", &data)
    };
    let request_of = |input| CallRequest {
        sender: PARTIES.alice,
        contract: by,
        input,
        value: 0,
        payment,
    };
    let make = asks(&[set(SYSTEM, one.code_hash())]);
    let receipt = block.call(&request_of(&make), &mut ()).unwrap().clone();
    assert!(receipt.verdict.is_success(), "{receipt}");
    let child = receipt.frames[1].receiver;
    assert_eq!(record(&mut block, child).owner, by);
    let before = block.writes();
    let change = asks(&[
        set(SYSTEM, one.code_hash()),
        set(child, two.code_hash()),
        by_contract(by, child, "go", &[]),
    ]);
    let receipt = block.query(&request_of(&change), &mut ()).unwrap();
    assert!(receipt.verdict.is_success(), "{receipt}");
    assert_eq!(block.writes(), before);
    assert!(called(&mut block, child, 0).unwrap().verdict.is_success());
    assert_eq!(under_k(&mut block, child), Some(b"1".to_vec()));
    let height = block.height().to_le_bytes();
    let next = [&height[..], &[3, 0]].concat();
    assert_eq!(block.deploy(&deploy(&one, None)).unwrap().target[..], next);
}

/// What a contract is initialised with is kept, and paid for as any input is.
#[test]
fn what_initialises_is_paid_by_the_byte() {
    let (chain, _) = in_memory();
    let image = writes(b"1");
    let gas = |input: &[u8]| {
        let init = Some(Init {
            input,
            gas: Gas(100_000),
        });
        let mut block = chain.begin_block().unwrap();
        let deployed = block.deploy(&deploy(&image, init)).unwrap().gas;
        let other = writes(b"2");
        let id = block.receipts()[0].target;
        let upgrade = SetCode {
            init,
            ..set(id, &other)
        };
        (deployed, block.set_code(&upgrade).unwrap().gas)
    };
    let (none, some) = (gas(&[]), gas(&[7; 100]));
    assert_eq!((some.0 - none.0, some.1 - none.1), (2_000, 2_000));
}

/// What is left of a fee can come back to an account that the initialised contract has filled: then nothing is done.
#[test]
fn no_rest_makes_an_account_too_rich() {
    let (chain, _) = in_memory();
    let most = chain.genesis().network.max_amount();
    let mut block = chain.begin_block().unwrap();
    let rich = block.new_account("rich", most).unwrap().target;
    let image = puppet(EngineId::Mcs51);
    let own = Deploy {
        sender: rich,
        ..deploy(&image, None)
    };
    let contract = block.deploy(&own).unwrap().target;
    let payment = Payment::Gas {
        limit: Gas(1_000_000),
        price: 1,
    };
    let amount = 1_000_000_000;
    let fill = CallRequest {
        sender: PARTIES.alice,
        contract,
        input: &script(&[], 1),
        value: amount,
        payment,
    };
    assert!(block.call(&fill, &mut ()).unwrap().verdict.is_success());
    let spent = most - held(&mut block, rich);
    block.transfer(PARTIES.alice, rich, spent).unwrap();
    let records = [to_regid(&rich, amount), take(&contract, amount)];
    let other = asks(&[(method::OUTPUT, request(&[records.as_flattened()]))]);
    let upgrade = SetCode {
        sender: rich,
        init: Some(Init {
            input: b"x",
            gas: Gas(1_000_000),
        }),
        ..set(contract, &other)
    };
    let receipt = block.set_code(&upgrade).unwrap().clone();
    assert!(!receipt.verdict.is_success(), "{receipt}");
    assert!(held(&mut block, rich) < most);
    block.commit().unwrap();
    assert_eq!(chain.check().unwrap().problems, []);
}

fn held(block: &mut OpenBlock<'_>, account: RegId) -> u64 {
    let account = Account::of(block.state(), &account).unwrap().unwrap();
    account.1.balance
}
