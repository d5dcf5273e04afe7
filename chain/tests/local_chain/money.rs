//! Money goes nowhere: what was paid to an address, what a contract may hold, and who may send.

use crate::common::*;
use abi::codec::request;
use abi::{Semantics, method};
use bridge::EngineId;
use chain::session::{Payment, Rejection};
use chain::{CallRequest, ChainError, ContractFlags, Deploy, OpenBlock, Receipt, identity, names};
use hostapi::accounts::{Account, contract_key_id, regid};
use hostapi::hash::key_hash;
use hostapi::network::Network;
use hostapi::outputs::OUTPUT_SIZE;
use state::keys::{KeyId, RegId};

/// The machines a contract can be for.
const ENGINES: [EngineId; 2] = [EngineId::Mcs51, EngineId::Wasm];

/// The record that gives `amount` to the address of a key.
pub(crate) fn to_address(key_id: &KeyId, amount: u64) -> [u8; OUTPUT_SIZE] {
    let address = Network::Test.address(key_id);
    record((2, address.as_bytes()), 1, amount)
}

/// The record that gives `amount` to a registered id.
pub(crate) fn to_regid(id: &RegId, amount: u64) -> [u8; OUTPUT_SIZE] {
    record((1, id), 1, amount)
}

/// The record that takes `amount` from a registered id.
pub(crate) fn take(id: &RegId, amount: u64) -> [u8; OUTPUT_SIZE] {
    record((1, id), 2, amount)
}

fn record((kind, account): (u8, &[u8]), operation: u8, amount: u64) -> [u8; OUTPUT_SIZE] {
    let mut out = [0; OUTPUT_SIZE];
    out[0] = kind;
    // Not every address has 34 characters; the text of one that has fewer is no address here.
    let length = account.len().min(34);
    out[1..][..length].copy_from_slice(&account[..length]);
    out[35] = operation;
    out[40..].copy_from_slice(&amount.to_le_bytes());
    out
}

/// Deploys a puppet; it is always Alice who pays.
fn deploy(block: &mut OpenBlock<'_>, engine: EngineId, name: &str) -> RegId {
    let image = puppet(engine);
    let deploy = Deploy {
        sender: PARTIES.alice,
        image: &image,
        semantics: Semantics::V1,
        name: Some(name),
        flags: ContractFlags::empty(),
        init: None,
        abi: None,
    };
    block.deploy(&deploy).unwrap().target
}

/// Has a puppet do `calls`, and sends it `value`.
fn pull(
    block: &mut OpenBlock<'_>,
    (sender, contract): (RegId, RegId),
    value: u64,
    calls: &[(u16, Vec<u8>)],
) -> Result<Receipt, ChainError> {
    let request = CallRequest {
        sender,
        contract,
        input: &script(calls, 1),
        value,
        payment: Payment::Gas {
            limit: abi::Gas(1_000_000),
            price: 1,
        },
    };
    block.call(&request, &mut ()).cloned()
}

fn held(block: &mut OpenBlock<'_>, key_id: &KeyId) -> u64 {
    let account = Account::load(block.state(), key_id).unwrap();
    account.map_or(0, |account| account.balance)
}

/// Both kinds of owner can come later: a new account, and a contract that is deployed.
#[test]
fn registering_keeps_what_the_address_was_paid() {
    for engine in ENGINES {
        let (chain, _) = in_memory();
        let mut block = chain.begin_block().unwrap();
        let payer = deploy(&mut block, engine, "payer");
        block.commit().unwrap();

        let mut block = chain.begin_block().unwrap();
        let carol = key_hash(&identity::public_key("carol"));
        let next = regid(block.height(), 1);
        let contract = contract_key_id(&next);
        let records = [
            to_address(&carol, 70),
            to_address(&contract, 30),
            take(&payer, 100),
        ];
        let output = (method::OUTPUT, request(&[records.as_flattened()]));
        let paid = pull(&mut block, (PARTIES.alice, payer), 100, &[output]).unwrap();
        assert!(paid.verdict.is_success(), "{paid}");
        assert_eq!(held(&mut block, &carol), 70);

        // Money without an owner is seen by its address only.
        let address = Network::Test.address(&carol);
        let found = names::account(block.state(), Network::Test, &address).unwrap();
        assert_eq!((found.0, found.1.balance, found.1.regid), (carol, 70, None));
        assert!(names::resolve(block.state(), Network::Test, &address).is_err());

        block.new_account("carol", 5).unwrap();
        assert_eq!(deploy(&mut block, engine, "late"), next);
        assert_eq!(held(&mut block, &carol), 75);
        assert_eq!(held(&mut block, &contract), 30);
        block.commit().unwrap();
        assert_eq!(chain.check().unwrap().problems, []);
    }
}

/// What was paid before and the first balance together can be more than an account may hold.
#[test]
fn registering_never_makes_an_account_too_rich() {
    let (chain, _) = in_memory();
    let mut block = chain.begin_block().unwrap();
    let payer = deploy(&mut block, EngineId::Mcs51, "payer");
    let carol = key_hash(&identity::public_key("carol"));
    let records = [to_address(&carol, 1), take(&payer, 1)];
    let output = (method::OUTPUT, request(&[records.as_flattened()]));
    pull(&mut block, (PARTIES.alice, payer), 1, &[output]).unwrap();
    let most = Network::Test.max_amount();
    let made = block.new_account("carol", most).map(|_| ());
    assert!(
        matches!(made, Err(ChainError::AmountTooLarge { amount, most: allowed })
            if (amount, allowed) == (most + 1, most)),
        "{made:?}"
    );
    assert_eq!(held(&mut block, &carol), 1);
    block.new_account("carol", most - 1).unwrap();
    assert_eq!(held(&mut block, &carol), most);
}

/// Two who hold the most each cannot fill a contract beyond it, under either set of rules.
#[test]
fn a_value_never_lifts_a_contract_above_the_most() {
    let most = Network::Test.max_amount();
    for engine in ENGINES {
        let (chain, _) = in_memory();
        let mut block = chain.begin_block().unwrap();
        let rich = ["rich", "richer"].map(|name| block.new_account(name, most).unwrap().target);
        let vault = deploy(&mut block, engine, "vault");
        let fits = most - 1_000_000;
        pull(&mut block, (rich[0], vault), fits, &[]).unwrap();
        let refused = pull(&mut block, (rich[1], vault), 1_000_001, &[]).map(|_| ());
        let expected = Rejection::BalanceOverflow {
            balance: fits,
            amount: 1_000_001,
            most,
        };
        assert!(
            matches!(&refused, Err(ChainError::Rejected(rejection)) if *rejection == expected),
            "{refused:?}"
        );
        assert_eq!(held(&mut block, &contract_key_id(&vault)), fits);
        pull(&mut block, (rich[1], vault), 1_000_000, &[]).unwrap();
        assert_eq!(held(&mut block, &contract_key_id(&vault)), most);
        block.commit().unwrap();
        assert_eq!(chain.check().unwrap().problems, []);
    }
}

/// A contract has no key, so nobody can sign in its name: neither calls nor deployments.
#[test]
fn only_accounts_with_a_key_send() {
    let (chain, _) = in_memory();
    let mut block = chain.begin_block().unwrap();
    let vault = deploy(&mut block, EngineId::Wasm, "vault");
    pull(&mut block, (PARTIES.alice, vault), 50_000_000, &[]).unwrap();
    let spent = pull(&mut block, (vault, PARTIES.token), 0, &[]).map(|_| ());
    let image = puppet(EngineId::Wasm);
    let deploy = Deploy {
        sender: vault,
        image: &image,
        semantics: Semantics::V1,
        name: None,
        flags: ContractFlags::empty(),
        init: None,
        abi: None,
    };
    let deployed = block.deploy(&deploy).map(|_| ());
    for refused in [spent, deployed] {
        assert!(
            matches!(refused, Err(ChainError::Rejected(Rejection::NoKey))),
            "{refused:?}"
        );
    }
    assert_eq!(held(&mut block, &contract_key_id(&vault)), 50_000_000);
    assert_eq!(block.receipts().len(), 2);
}
