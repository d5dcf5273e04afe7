//! ABIs on the chain: set with the code, by which actions have names and take money or not.

use crate::common::*;
use abi::codec::request;
use abi::{Gas, Name, Semantics, method};
use chain::actions::{ACTIVE, SYSTEM};
use chain::interface::{self, Selected};
use chain::past::{self, AgainOptions};
use chain::session::Payment;
use chain::{
    Action, ActionList, Authorization, CallRequest, Chain, ChainError, Contract, ContractFlags,
    Deploy, OpenBlock, Receipt, SetCode, Verdict,
};
use contract::Contract as Described;
use loader::Image;
use serde_json::json;
use state::keys::{self, RegId};
use state::{Batch, StateStore};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A contract that returns its input.
fn echo() -> Image {
    loader::load(include_bytes!("../../../firmware-samples/echo/echo.ihx"))
        .expect("the sample is an image")
        .image
}

/// An ABI with an action `give` (selector 7) and one that takes money, `buy` (selector 9).
fn described(dispatch: &str) -> Described {
    let selector = |selector: u8| if dispatch == "apply" { 0 } else { selector };
    let value = json!({
        "version": "eosio::abi/1.2",
        "structs": [{ "name": "amount", "fields": [{ "name": "amount", "type": "uint8" }] }],
        "actions": [{ "name": "give", "type": "amount" }, { "name": "buy", "type": "amount" }],
        "smart51": {
            "version": 1,
            "dispatch": dispatch,
            "actions": [
                { "name": "give", "selector": selector(7) },
                { "name": "buy", "selector": selector(9), "payable": true },
            ],
        },
    });
    Described::from_value(&value).expect("a contract")
}

fn deploy<'a>(image: &'a Image, abi: Option<&'a [u8]>) -> Deploy<'a> {
    Deploy {
        sender: PARTIES.alice,
        image,
        semantics: Semantics::V1,
        name: None,
        flags: ContractFlags::empty(),
        init: None,
        abi,
    }
}

/// Calls with these bytes and this amount.
fn called(
    block: &mut OpenBlock<'_>,
    contract: RegId,
    input: &[u8],
    value: u64,
) -> Result<Receipt, ChainError> {
    let payment = Payment::Gas {
        limit: Gas(1_000_000),
        price: 1,
    };
    let request = CallRequest {
        sender: PARTIES.alice,
        contract,
        input,
        value,
        payment,
    };
    block.call(&request, &mut ()).cloned()
}

/// Sends one action of this name.
fn acted(
    block: &mut OpenBlock<'_>,
    account: RegId,
    name: &str,
    (data, value): (&[u8], u64),
) -> Receipt {
    let action = Action {
        account,
        name: name.parse().expect("a name"),
        authorization: vec![Authorization {
            actor: PARTIES.alice,
            permission: ACTIVE,
        }],
        value,
        data: data.to_vec(),
    };
    let list = ActionList {
        sender: PARTIES.alice,
        actions: vec![action],
        gas_limit: Gas(2_000_000),
        gas_price: 1,
        ..ActionList::default()
    };
    block
        .transact(&list, &mut ())
        .expect("it is executed")
        .clone()
}

fn prints(receipt: &Receipt) -> Vec<String> {
    receipt.prints().map(ToString::to_string).collect()
}

/// It costs as much a byte as code, is kept by its hash, and stays when the chain is exported and taken back.
#[test]
fn an_abi_is_paid_and_kept_with_the_code() {
    let (chain, store) = in_memory();
    let (image, abi) = (echo(), described("selector").to_bytes());
    let mut block = chain.begin_block().unwrap();
    let bare = block.deploy(&deploy(&image, None)).unwrap().gas;
    let receipt = block.deploy(&deploy(&image, Some(&abi))).unwrap().clone();
    assert_eq!(receipt.gas - bare, 200 * abi.len() as u64);
    assert!(receipt.meters.state_bytes >= abi.len() as i64);
    let id = receipt.target;
    let contract = Contract::load(block.state(), &id).unwrap().unwrap();
    assert_eq!(contract.abi, Some(interface::hash(&abi)));
    let codec = interface::codec(block.state(), &contract).unwrap().unwrap();
    assert_eq!(*codec.contract(), described("selector"));
    let give = Name::of("give").unwrap();
    assert_eq!(
        contract.select(block.state(), give).unwrap(),
        Selected::Selector(7)
    );
    block.commit().unwrap();
    assert_eq!(chain.check().unwrap().problems, []);

    // Executed again, it comes out the same, whether the store has the ABI or is given it.
    let shared: Arc<dyn StateStore> = Arc::<state::MemStore>::clone(&store);
    let options = |abis| AgainOptions {
        engines: None,
        room: 0,
        images: BTreeMap::new(),
        abis,
    };
    assert!(
        past::again(&shared, &receipt.id, options(BTreeMap::new()))
            .unwrap()
            .is_equal
    );
    let hash = interface::hash(&abi);
    let lost = Batch::from([(keys::abi(&hash).to_vec(), None)]);
    store.commit(lost).unwrap();
    let problems = chain.check().unwrap().problems;
    assert_eq!(problems.len(), 2, "{problems:?}");
    let missing = past::again(&shared, &receipt.id, options(BTreeMap::new()));
    assert!(matches!(missing, Err(ChainError::NoAbi(it)) if it == hash));
    let given = BTreeMap::from([(hash, abi)]);
    assert!(
        past::again(&shared, &receipt.id, options(given))
            .unwrap()
            .is_equal
    );
    chain.rollback(1).unwrap();
    assert_eq!(chain.check().unwrap().problems, []);
}

/// What is no ABI is paid for, and there is no contract; nor is the old one's code another.
#[test]
fn what_is_no_abi_is_not_set() {
    let (chain, _) = in_memory();
    let mut wrong = described("selector");
    wrong.actions[0].r#type = "nothing".into();
    for (abi, problem) in [
        (Vec::new(), "its ABI: "),
        (vec![0; 9], "its ABI: "),
        (vec![0xFF; 70_000], "its ABI: "),
        (
            wrong.to_bytes(),
            "its ABI: actions.give: unknown type `nothing`",
        ),
    ] {
        let mut block = chain.begin_block().unwrap();
        let image = echo();
        let receipt = block.deploy(&deploy(&image, Some(&abi))).unwrap().clone();
        let Verdict::NotDeployed { reason } = &receipt.verdict else {
            panic!("{receipt}");
        };
        assert!(reason.starts_with(problem), "{reason}");
        assert_eq!(receipt.fee, receipt.gas);
        assert!(receipt.gas > 200 * abi.len() as u64);
        assert!(
            Contract::load(block.state(), &receipt.target)
                .unwrap()
                .is_none()
        );
        let upgrade = SetCode {
            sender: PARTIES.alice,
            contract: PARTIES.token,
            image: &image,
            semantics: Semantics::V1,
            flags: ContractFlags::empty(),
            init: None,
            abi: Some(&abi),
        };
        let before = Contract::load(block.state(), &PARTIES.token).unwrap();
        let receipt = block.set_code(&upgrade).unwrap();
        assert!(matches!(receipt.verdict, Verdict::NotDeployed { .. }));
        assert_eq!(
            Contract::load(block.state(), &PARTIES.token).unwrap(),
            before
        );
        block.commit().unwrap();
        assert_eq!(chain.check().unwrap().problems, []);
    }
}

/// A named action finds its selector in front of its data; one without a name, and a contract without selectors, finds
/// the data as they are.
#[test]
fn an_action_by_name_is_told_by_its_selector() {
    let (chain, _) = in_memory();
    let (image, abi) = (echo(), described("selector").to_bytes());
    let mut block = chain.begin_block().unwrap();
    let id = block.deploy(&deploy(&image, Some(&abi))).unwrap().target;
    let bare = block.deploy(&deploy(&image, None)).unwrap().target;
    let by_name = acted(&mut block, id, "give", (&[5], 0));
    let by_bytes = called(&mut block, id, &[7, 5], 0).unwrap();
    assert_eq!(prints(&by_name), prints(&by_bytes));
    assert_eq!(
        by_name.run().map(|run| run.input_hash),
        by_bytes.run().map(|run| run.input_hash)
    );
    let unnamed = acted(&mut block, id, "", (&[7, 5], 0));
    assert_eq!(prints(&unnamed), prints(&by_bytes));
    let untyped = acted(&mut block, bare, "give", (&[7, 5], 0));
    assert_eq!(prints(&untyped), prints(&by_bytes));
    let unknown = acted(&mut block, id, "keep", (&[5], 0));
    assert_eq!(unknown.verdict.fault(), Some("no_action"));

    // An `apply` contract is told by name, and its ABI has no selectors.
    let apply = described("apply").to_bytes();
    let deployed = Deploy {
        flags: ContractFlags::APPLY,
        ..deploy(&image, Some(&apply))
    };
    let id = block.deploy(&deployed).unwrap().target;
    let name = Name::of("keep").unwrap();
    let told = acted(&mut block, id, "keep", (&[5], 0));
    let head = chain::actions::apply::input(&id, &id, name, &[5]);
    assert_eq!(
        told.run().unwrap().input_hash,
        hostapi::hash::blake2b(&head)
    );
}

/// Money goes with the actions that take it, from outside, by an action, and from another contract.
#[test]
fn an_action_takes_money_only_if_it_says_so() {
    let (chain, _) = in_memory();
    let (image, abi) = (echo(), described("selector").to_bytes());
    let mut block = chain.begin_block().unwrap();
    let id = block.deploy(&deploy(&image, Some(&abi))).unwrap().target;
    for input in [&[7, 5][..], &[], &[8, 5]] {
        let refused = called(&mut block, id, input, 10);
        assert!(
            matches!(refused, Err(ChainError::Rejected(_))),
            "{refused:?}"
        );
        assert!(called(&mut block, id, input, 0).is_ok());
    }
    assert!(
        called(&mut block, id, &[9, 5], 10)
            .unwrap()
            .verdict
            .is_success()
    );
    assert!(
        acted(&mut block, id, "buy", (&[5], 10))
            .verdict
            .is_success()
    );
    let refused = acted(&mut block, id, "give", (&[5], 10));
    assert!(!refused.verdict.is_success());
    assert!(
        refused
            .verdict
            .reason()
            .unwrap()
            .contains("takes no amounts"),
        "{refused}"
    );

    // Status 4, not entered, with the code of what takes no money.
    let call = |selector: u8| {
        let record = [&id[..], &1u64.to_le_bytes(), &0u64.to_le_bytes()].concat();
        asks(&[(method::CALL_CONTRACT, request(&[&record, &[selector, 5]]))])
    };
    for (selector, entered) in [(9, true), (7, false)] {
        let caller = call(selector);
        let caller = block.deploy(&deploy(&caller, None)).unwrap().target;
        let receipt = called(&mut block, caller, &[], 1).unwrap();
        assert!(receipt.verdict.is_success(), "{receipt}");
        assert_eq!(
            receipt.frames.len(),
            if entered { 2 } else { 1 },
            "{receipt}"
        );
    }
    block.commit().unwrap();
    assert_eq!(chain.check().unwrap().problems, []);
}

/// `setcode` gives a contract an ABI that the chain has.
#[test]
fn setcode_names_an_abi_by_its_hash() {
    let (chain, _) = in_memory();
    let (image, abi) = (echo(), described("selector").to_bytes());
    let mut block = chain.begin_block().unwrap();
    let bare = block.deploy(&deploy(&image, None)).unwrap().target;
    let data = |hash: &[u8]| [&bare[..], &image.code_hash(), &[0], hash].concat();
    let hash = interface::hash(&abi);
    let unknown = acted(&mut block, SYSTEM, "setcode", (&data(&hash), 0));
    assert_eq!(unknown.verdict.fault(), Some("no_code"));
    assert!(
        unknown
            .verdict
            .reason()
            .unwrap()
            .contains("no contract of this chain has an ABI of this hash")
    );
    block.deploy(&deploy(&image, Some(&abi))).unwrap();
    let set = acted(&mut block, SYSTEM, "setcode", (&data(&hash), 0));
    assert!(set.verdict.is_success(), "{set}");
    let contract = Contract::load(block.state(), &bare).unwrap().unwrap();
    assert_eq!(contract.abi, Some(hash));
    let short = acted(&mut block, SYSTEM, "setcode", (&data(&hash[..31]), 0));
    assert_eq!(short.verdict.fault(), Some("no_action"));
    block.commit().unwrap();
    assert_eq!(chain.check().unwrap().problems, []);
}

/// A chain whose accounts and contracts are looked up by name.
#[test]
fn names_of_the_chain_are_arguments() {
    let (chain, _): (Chain, _) = in_memory();
    let names: &dyn contract::Names = &chain;
    assert_eq!(names.regid("bob"), Some((1, 1)));
    assert_eq!(names.regid("token"), Some((2, 0)));
    assert_eq!(names.regid("nobody"), None);
    assert!(names.address("bob").is_some());
    assert!(names.address("nobody").is_none());
}
