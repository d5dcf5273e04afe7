//! Rollback, export, import and check.

use crate::common::*;
use hostapi::state::keys;
use hostapi::state::{Batch, MemStore, SledStore, StateStore};
use smart51_chain::export::{self, ImportError};
use smart51_chain::{Action, Chain, ChainError, Genesis};
use std::sync::Arc;

#[test]
fn rolled_back_blocks_leave_the_state_byte_for_byte_as_it_was() {
    let (chain, store) = in_memory();
    let mut history = vec![export(&*store)];
    for amount in [1, 2, 5000, 3] {
        transfer(&chain, amount).unwrap();
        history.push(export(&*store));
    }
    for blocks in 1..=4u32 {
        chain.rollback(blocks).unwrap();
        assert_eq!(
            export(&*store),
            history[4 - blocks as usize],
            "{blocks} blocks back"
        );
        for amount in [1, 2, 5000, 3].into_iter().skip(4 - blocks as usize) {
            transfer(&chain, amount).unwrap();
        }
        assert_eq!(export(&*store), history[4], "and the same blocks again");
    }
    chain.rollback(0).unwrap();
    assert_eq!(export(&*store), history[4]);
}

#[test]
fn everything_but_the_first_block_can_be_taken_back() {
    let store = Arc::new(MemStore::new());
    let chain = Chain::open(Box::new(Arc::clone(&store)), Genesis::default()).unwrap();
    let first = export(&*store);
    set_up(&chain);
    assert!(matches!(
        chain.rollback(3),
        Err(ChainError::RollbackTooFar { asked: 3, there: 2 })
    ));
    chain.rollback(2).unwrap();
    assert_eq!(export(&*store), first);
}

#[test]
fn equal_states_export_equally_from_every_store() {
    let (chain, memory) = in_memory();
    transfer(&chain, 7).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let sled = SledStore::open(folder.path()).unwrap();
    let on_disk = Chain::open(Box::new(sled), Genesis::default()).unwrap();
    set_up(&on_disk);
    transfer(&on_disk, 7).unwrap();
    let file = export(&*memory);
    assert!(
        export(on_disk.store()) == file,
        "sled and memory export differently"
    );
    let copy = MemStore::new();
    assert!(export::import(&copy, &file).unwrap() > 10);
    assert!(
        export(&copy) == file,
        "an imported state exports differently"
    );
    assert!(matches!(
        export::import(&copy, &file),
        Err(ImportError::NotEmpty)
    ));
}

#[test]
fn a_damaged_export_is_refused_and_nothing_is_imported() {
    let (_, store) = in_memory();
    let file = export(&*store);
    let refused = |bytes: &[u8], what: &str| {
        let empty = MemStore::new();
        assert!(export::import(&empty, bytes).is_err(), "{what}");
        assert_eq!(empty.next(b"", None).unwrap(), None, "{what}");
    };
    for length in (0..file.len()).step_by(97).chain([file.len() - 1]) {
        refused(&file[..length], &format!("cut to {length} bytes"));
    }
    for at in (0..file.len()).step_by(61) {
        let mut bytes = file.clone();
        bytes[at] ^= 0x10;
        refused(&bytes, &format!("byte {at} changed"));
    }
    refused(&[&file[..], &[0]].concat(), "a byte too many");
}

#[test]
fn check_finds_what_was_tampered_with() {
    let (chain, store) = in_memory();
    let receipt = transfer(&chain, 7).unwrap();
    let sound = chain.check().unwrap();
    assert_eq!(sound.problems, []);
    assert_eq!(sound.blocks, 4);
    let alice = hostapi::accounts::key_id_of(&mut chain.state(), &PARTIES.alice)
        .unwrap()
        .unwrap();
    let code = chain.contract("token").unwrap().1.code_hash;
    let to_come = Action::Deploy {
        sender: PARTIES.alice,
        code_hash: code,
        semantics: abi::Semantics::V1,
        name: String::new(),
    };
    let (elsewhere, stored) = (to_come.id(2, 9), to_come.stored(2, 9));
    let tamperings = [
        (
            "an account",
            keys::account(&alice).to_vec(),
            Some(vec![1, 2, 3]),
        ),
        ("a missing account", keys::account(&alice).to_vec(), None),
        ("a missing image", keys::code(&code).to_vec(), None),
        (
            "another image",
            keys::code(&code).to_vec(),
            Some(vec![b'B', 0, 0, 0, 0, 2]),
        ),
        (
            "a key of data that is not counted",
            keys::data(&PARTIES.token, b"new").to_vec(),
            Some(vec![]),
        ),
        (
            "a wrong count",
            keys::data_count(&PARTIES.token).to_vec(),
            Some(vec![9, 0, 0, 0]),
        ),
        ("a name of nobody", keys::name("ghost"), Some(vec![9; 6])),
        ("a missing block", keys::block(2).to_vec(), None),
        ("missing ids", keys::ids(2).to_vec(), None),
        ("ids of others", keys::ids(2).to_vec(), Some(vec![7; 32])),
        ("no whole ids", keys::ids(2).to_vec(), Some(vec![7; 33])),
        (
            "a missing transaction",
            keys::transaction(&receipt.id).to_vec(),
            None,
        ),
        (
            "another transaction",
            keys::transaction(&receipt.id).to_vec(),
            Some(vec![0; 20]),
        ),
        (
            "a transaction in no block",
            keys::transaction(&elsewhere).to_vec(),
            Some(stored),
        ),
        (
            "a transaction of a block to come",
            keys::transaction(&to_come.id(9, 0)).to_vec(),
            Some(to_come.stored(9, 0)),
        ),
        (
            "a missing receipt",
            keys::receipt(&receipt.id).to_vec(),
            None,
        ),
        (
            "a receipt of nothing",
            keys::receipt(&[5; 32]).to_vec(),
            Some(receipt.encode()),
        ),
        ("a kind of key that is not", b"zebra".to_vec(), Some(vec![])),
    ];
    for (what, key, value) in tamperings {
        let before = store.get(&key).unwrap();
        store.commit(Batch::from([(key.clone(), value)])).unwrap();
        assert_ne!(chain.check().unwrap().problems, [], "{what}");
        store.commit(Batch::from([(key, before)])).unwrap();
        assert_eq!(chain.check().unwrap().problems, [], "{what} was put right");
    }
}

#[test]
fn a_store_of_another_format_is_refused() {
    let (_, store) = in_memory();
    let format = keys::meta("format");
    assert_eq!(
        store.get(&format).unwrap(),
        Some(vec![2, 0]),
        "raise the number with the stored form, and this one with it"
    );
    let before = export(&*store);
    for (stored, found) in [(None, 1), (Some(vec![1, 0]), 1), (Some(vec![9, 1]), 265)] {
        let batch = Batch::from([(format.clone(), stored)]);
        store.commit(batch).unwrap();
        let opened = Chain::open(Box::new(Arc::clone(&store)), Genesis::default());
        let error = opened.unwrap_err();
        assert!(
            matches!(error, ChainError::Format { found: f, ours: 2 } if f == found),
            "{error}"
        );
        assert!(error.to_string().contains("--store"), "{error}");
    }
    let batch = Batch::from([(format.clone(), Some(vec![2]))]);
    store.commit(batch).unwrap();
    let opened = Chain::open(Box::new(Arc::clone(&store)), Genesis::default());
    assert!(matches!(opened, Err(ChainError::Node(_))));
    store
        .commit(Batch::from([(format, Some(vec![2, 0]))]))
        .unwrap();
    assert_eq!(export(&*store), before, "a refused store is not touched");
}
