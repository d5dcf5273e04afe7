//! Objects and indexes in a whole state: what a check says of them, what a rollback and an export keep.

use crate::common::*;
use chain::check::check;
use chain::session::Payment;
use chain::{CallRequest, Chain, ContractFlags, Deploy, Receipt, export as exports};
use hostapi::objects::{self, Object};
use loader::Image;
use state::keys::{self, RegId};
use state::{Batch, MemStore, Overlay, StateStore};
use std::sync::Arc;

const NFT: RegId = [3, 0, 0, 0, 0, 0];
const REGISTRY: RegId = [3, 0, 0, 0, 1, 0];

fn image(file: &[u8]) -> Image {
    loader::load(file).expect("the sample is an image").image
}

/// A chain on which bob has two things of the sample `nft`, and alice a name in the sample `registry`.
fn with_things() -> (Chain, Arc<MemStore>) {
    let (chain, store) = in_memory();
    let samples = [
        (
            image(include_bytes!("../../../firmware-samples/nft/nft.ihx")),
            NFT,
        ),
        (
            image(include_bytes!(
                "../../../firmware-samples/registry/registry.ihx"
            )),
            REGISTRY,
        ),
    ];
    let mut block = chain.begin_block().unwrap();
    for (image, id) in &samples {
        let deploy = Deploy {
            sender: PARTIES.alice,
            image,
            semantics: abi::Semantics::V1,
            name: None,
            flags: ContractFlags::empty(),
            init: None,
            abi: None,
        };
        assert_eq!(block.deploy(&deploy).unwrap().target, *id);
    }
    block.commit().unwrap();
    for text in [&b"lamp"[..], b"chair"] {
        done(&chain, PARTIES.alice, NFT, &[&[1], &PARTIES.bob, text]);
    }
    let name = [b'a'; 16];
    done(
        &chain,
        PARTIES.alice,
        REGISTRY,
        &[&[1], &name, &100u32.to_le_bytes()],
    );
    (chain, store)
}

/// A call that succeeds, in a block of its own.
fn done(chain: &Chain, sender: RegId, contract: RegId, input: &[&[u8]]) -> Receipt {
    let mut block = chain.begin_block().unwrap();
    let request = CallRequest {
        sender,
        contract,
        input: &input.concat(),
        value: 0,
        payment: Payment::Gas {
            limit: abi::Gas(100_000),
            price: 1,
        },
    };
    let receipt = block.call(&request, &mut ()).unwrap().clone();
    assert!(receipt.verdict.is_success(), "{receipt}");
    block.commit().unwrap();
    receipt
}

/// A key, the value that it gets, and what is said of that.
type Tampering<'a> = (&'a [u8], Option<&'a [u8]>, &'a str);

/// What a check says of the state with this key changed.
fn problems(store: &MemStore, key: &[u8], value: Option<&[u8]>) -> Vec<String> {
    let changed = MemStore::new();
    let mut pairs: Batch = exports::pairs(store)
        .map(|pair| pair.map(|(key, value)| (key, Some(value))).unwrap())
        .collect();
    pairs.insert(key.to_vec(), value.map(<[u8]>::to_vec));
    changed.commit(pairs).unwrap();
    let found = check(&changed).unwrap().problems;
    found.into_iter().map(|problem| problem.what).collect()
}

#[test]
fn records_of_objects_are_held_against_each_other() {
    let (_chain, store) = with_things();
    assert_eq!(check(&*store).unwrap().problems, []);
    let object = keys::object(&NFT, 1);
    let entry = keys::owned_object(&PARTIES.bob, &NFT, 1);
    let field = keys::field(&NFT, 1, b"text");
    let name = [b'a'; 16];
    let index = store
        .next(b"y", None)
        .unwrap()
        .expect("the name has an entry")
        .0;
    assert!(index.ends_with(&name));
    let mut nobody = object;
    nobody[1] = 77;
    let cases: [Tampering<'_>; 12] = [
        (&object, None, "the object is gone"),
        (&object, Some(&[1; 7]), "it is no object"),
        (
            &object,
            Some(&PARTIES.alice),
            "its owner has no entry of it",
        ),
        (&object, Some(&[7; 6]), "its owner is nobody"),
        (&nobody, Some(&PARTIES.bob), "no contract can have made it"),
        (&entry, None, "its owner has no entry of it"),
        (&entry, Some(&[1]), "it is no entry of an owner's object"),
        (
            &keys::owned_object(&PARTIES.alice, &NFT, 1),
            Some(&[]),
            "the object is gone, or somebody else's",
        ),
        (
            &keys::object(&NFT, 9),
            Some(&PARTIES.bob),
            "its id is not among those that were given",
        ),
        (
            &keys::object_count(&NFT),
            Some(&[1]),
            "it is no count of a contract's objects",
        ),
        (&field[..15], Some(&[1]), "it is no field of an object"),
        (&index[..16], Some(&[]), "it is no entry of an index"),
    ];
    for (key, value, said) in cases {
        let found = problems(&store, key, value);
        assert!(found.iter().any(|what| what == said), "{said}: {found:?}");
    }
    let gone = problems(&store, &object, None);
    assert_eq!(gone.len(), 2, "entry and field: {gone:?}");
}

#[test]
fn objects_are_rolled_back_and_carried_over() {
    let (chain, store) = with_things();
    let owner = |store: &dyn StateStore| {
        let mut state = Overlay::new(store);
        objects::find(&mut state, &NFT, 1)
            .unwrap()
            .map(|(_, object)| object)
    };
    let before = owner(&*store).expect("the lamp");
    assert_eq!(before.owner, PARTIES.bob);
    let gift: [&[u8]; 3] = [&[2], &1u64.to_le_bytes(), &PARTIES.alice];
    done(&chain, PARTIES.bob, NFT, &gift);
    let given = owner(&*store).expect("it is there");
    assert_eq!(
        given,
        Object {
            owner: PARTIES.alice,
            ..before
        }
    );
    let burnt = done(&chain, PARTIES.alice, NFT, &[&[4], &1u64.to_le_bytes()]);
    assert_eq!(owner(&*store), None);
    // The object, its entry and its field, each without kind and contract.
    assert_eq!(burnt.meters.state_bytes, -(14 + 14 + 8 + 4 + 4));
    assert_eq!(check(&*store).unwrap().problems, []);

    let file = export(&*store);
    let copy = MemStore::new();
    exports::import(&copy, &file[..]).unwrap();
    assert_eq!(export(&copy), file);
    assert_eq!(check(&copy).unwrap().problems, []);

    chain.rollback(1).unwrap();
    assert_eq!(owner(&*store), Some(given));
    chain.rollback(1).unwrap();
    assert_eq!(owner(&*store), Some(before));
    assert_eq!(check(&*store).unwrap().problems, []);
}

/// Without its code a contract's objects stay; nobody can change them until it has code again.
#[test]
fn objects_outlive_the_code_of_their_contract() {
    let (chain, store) = with_things();
    let mut block = chain.begin_block().unwrap();
    block.remove_code(PARTIES.alice, NFT).unwrap();
    block.commit().unwrap();
    let mut state = Overlay::new(&*store);
    let there = objects::find(&mut state, &NFT, 1).unwrap();
    assert_eq!(there.map(|(_, object)| object.owner), Some(PARTIES.bob));
    assert_eq!(check(&*store).unwrap().problems, []);
}
