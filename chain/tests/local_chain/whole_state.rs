//! Rollback, export, import and check.

use crate::common::*;
use abi::Gas;
use bridge::EngineId;
use chain::check::check;
use chain::export::{self, ImportError};
use chain::{Body, Chain, ChainError, Contract, Genesis, Head};
use hostapi::accounts::Account;
use state::keys;
use state::{Batch, MemStore, SledStore, StateStore};
use std::sync::Arc;

/// Rolled back blocks leave the state byte for byte as it was.
#[test]
fn rollback_restores_the_state_byte_for_byte() {
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
    assert!(export::import(&copy, &file[..]).unwrap() > 10);
    assert!(
        export(&copy) == file,
        "an imported state exports differently"
    );
    assert!(matches!(
        export::import(&copy, &file[..]),
        Err(ImportError::NotEmpty)
    ));
}

/// A damaged export is refused and nothing is imported.
#[test]
fn a_damaged_export_imports_nothing() {
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
    let token = chain.contract("token").unwrap().1;
    let code = token.code_hash;
    let cheaper = Contract {
        entry_gas: Gas(token.entry_gas.0 - 1),
        ..token
    };
    let elsewhere_run = Contract {
        engine: EngineId::Wasm,
        ..token
    };
    let record = |contract| {
        let owner = PARTIES.alice;
        let record = chain::ContractRecord {
            owner,
            sequence: 1,
            contract: Some(contract),
        };
        record.encode()
    };
    let to_come = Body::Deploy {
        sender: PARTIES.alice,
        code_hash: code,
        semantics: abi::Semantics::V1,
        name: String::new(),
        flags: chain::ContractFlags::empty(),
        init: None,
        abi: None,
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
            "a contract that is entered for less",
            keys::contract(&PARTIES.token).to_vec(),
            Some(record(cheaper)),
        ),
        (
            "a contract of another engine",
            keys::contract(&PARTIES.token).to_vec(),
            Some(record(elsewhere_run)),
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
        ("a kind of key that is not", b"Zebra".to_vec(), Some(vec![])),
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
        Some(vec![5, 0]),
        "raise the number with the stored form, and this one with it"
    );
    let before = export(&*store);
    for (stored, found) in [
        (None, 1),
        (Some(vec![1, 0]), 1),
        (Some(vec![2, 0]), 2),
        (Some(vec![3, 0]), 3),
        (Some(vec![4, 0]), 4),
        (Some(vec![9, 1]), 265),
    ] {
        let batch = Batch::from([(format.clone(), stored)]);
        store.commit(batch).unwrap();
        let opened = Chain::open(Box::new(Arc::clone(&store)), Genesis::default());
        let error = opened.unwrap_err();
        assert!(
            matches!(error, ChainError::Format { found: f, ours: 5 } if f == found),
            "{error}"
        );
        assert!(error.to_string().contains("--store"), "{error}");
    }
    let batch = Batch::from([(format.clone(), Some(vec![2]))]);
    store.commit(batch).unwrap();
    let opened = Chain::open(Box::new(Arc::clone(&store)), Genesis::default());
    assert!(matches!(opened, Err(ChainError::Node(_))));
    store
        .commit(Batch::from([(format, Some(vec![5, 0]))]))
        .unwrap();
    assert_eq!(export(&*store), before, "a refused store is not touched");
}

/// A copy of `store` with one key changed.
fn with(store: &MemStore, key: &[u8], value: Option<Vec<u8>>) -> Arc<MemStore> {
    let copy = Arc::new(MemStore::new());
    export::import(&*copy, &export(store)[..]).unwrap();
    copy.commit(Batch::from([(key.to_vec(), value)])).unwrap();
    copy
}

/// The first thing that check finds, and what an import of the same state says.
fn found(store: &MemStore) -> String {
    let problems = check(store).unwrap().problems;
    let first = problems.first().expect("check finds something");
    let refused = export::import_sound(&MemStore::new(), &export(store)[..]);
    let refused = refused
        .expect_err("what check finds is not imported")
        .to_string();
    assert!(
        refused.contains(&first.what),
        "{refused}, not {}",
        first.what
    );
    first.what.clone()
}

/// The stored form of what a block replaced, with one value made another one.
fn undo_with(undo: &[u8], change: impl Fn(&[u8], &[u8]) -> Option<Vec<u8>>) -> Vec<u8> {
    let mut out = Vec::new();
    let (mut rest, mut changed) = (undo, false);
    let counted = |rest: &mut &[u8]| {
        let (length, after) = rest.split_first_chunk().unwrap();
        let (bytes, after) = after.split_at(u32::from_le_bytes(*length) as usize);
        *rest = after;
        bytes.to_vec()
    };
    let push = |out: &mut Vec<u8>, bytes: &[u8]| {
        out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        out.extend_from_slice(bytes);
    };
    while !rest.is_empty() {
        let key = counted(&mut rest);
        push(&mut out, &key);
        let (&there, after) = rest.split_first().unwrap();
        rest = after;
        out.push(there);
        if there == 1 {
            let value = counted(&mut rest);
            let other = change(&key, &value);
            changed |= other.is_some();
            push(&mut out, &other.unwrap_or(value));
        }
    }
    assert!(changed, "there is such a value");
    out
}

/// The head as it is stored.
fn head_of(height: u32, time: u64, hash: [u8; 32]) -> Vec<u8> {
    [&height.to_le_bytes()[..], &time.to_le_bytes(), &hash].concat()
}

/// A block holds 65,536 transactions: one with so many is sound, and can be read.
#[test]
fn a_full_block_is_sound() {
    let (chain, _) = in_memory();
    let mut block = chain.begin_block().unwrap();
    for _ in 0..=u16::MAX {
        block.transfer(PARTIES.bob, PARTIES.alice, 0).unwrap();
    }
    let error = block.transfer(PARTIES.bob, PARTIES.alice, 0).unwrap_err();
    assert!(matches!(error, ChainError::BlockFull(_)), "{error}");
    let (block, receipts) = block.commit().unwrap();
    assert_eq!(receipts.len(), 65_536);
    assert!(block.ids().eq(receipts.iter().map(|receipt| receipt.id)));
    assert_eq!(chain.check().unwrap().problems, []);
}

/// What a chain begins with is missing or replaced, or its newest block is none: found, not imported, not rolled back.
#[test]
fn both_ends_of_a_chain_are_checked() {
    let (chain, store) = in_memory();
    transfer(&chain, 7).unwrap();
    let genesis = keys::meta("genesis");
    let without = with(&store, &genesis, None);
    assert_eq!(found(&without), "the chain's first settings are missing");
    assert!(Chain::open(Box::new(Arc::clone(&without)), Genesis::default()).is_err());
    assert_eq!(
        without.get(&genesis).unwrap(),
        None,
        "opening makes no new one"
    );
    let mut later = store.get(&genesis).unwrap().unwrap();
    later[5] ^= 1; // the time of the first block
    let what = found(&with(&store, &genesis, Some(later)));
    assert_eq!(
        what,
        "it is not that of the block that the chain's settings begin with"
    );
    let above = Genesis {
        height: 9,
        ..Genesis::default()
    };
    let other = Arc::new(MemStore::new());
    Chain::open(Box::new(Arc::clone(&other)), above).unwrap();
    let below = with(&store, &genesis, other.get(&genesis).unwrap());
    assert_eq!(found(&below), "the newest block is below the first one");
    let rolled = Chain::existing(Box::new(below)).unwrap().rollback(60);
    assert!(matches!(rolled, Err(ChainError::Node(_))), "{rolled:?}");
    let head = keys::meta("head");
    assert_eq!(
        found(&with(&store, &head, None)),
        "it names no newest block"
    );
    let Head { height, time, hash } = chain.head().unwrap();
    let wrong_time = head_of(height, time + 1, hash);
    let what = found(&with(&store, &head, Some(wrong_time)));
    assert_eq!(what, "its hash and time are not those of the newest block");
    // A head that is one block too low leaves a block and its record beyond it.
    let parent = chain.block(height - 1).unwrap().header;
    let lower = head_of(height - 1, parent.time, parent.hash());
    let what = found(&with(&store, &head, Some(lower)));
    assert_eq!(what, "it lies beyond the first or the newest block");
    let what = found(&with(&store, &keys::meta("heads"), Some(vec![])));
    assert_eq!(what, "there is no such fact of a chain");
}

#[test]
fn unreadable_names_are_found() {
    let (_, store) = in_memory();
    for name in [&b"\xFF"[..], b"", b"1-2", b"a b", b"a\nb", &[b'n'; 33]] {
        let key = [b"l", name].concat();
        let what = found(&with(&store, &key, Some(PARTIES.alice.to_vec())));
        assert_eq!(what, "the key holds no local name", "{name:?}");
    }
}

/// Taking a block back must lead to a state that was there: no money more or less, no key that nobody made.
#[test]
fn what_a_block_replaced_is_checked() {
    let (chain, store) = in_memory();
    transfer(&chain, 7).unwrap();
    transfer(&chain, 8).unwrap();
    assert_eq!(check(&*store).unwrap().problems, []);
    for height in [3, 4] {
        let key = keys::undo(height);
        let undo = store.get(&key).unwrap().unwrap();
        let richer = undo_with(&undo, |key, value| {
            let account = Account::decode(value).filter(|_| key[0] == b'a')?;
            let balance = account.balance + 1;
            Some(Account { balance, ..account }.encode().to_vec())
        });
        let what = found(&with(&store, &key, Some(richer)));
        assert!(what.contains("of money, less fees"), "{what}");
        let another_head = undo_with(&undo, |key, value| {
            (key == b"mhead").then(|| value.iter().map(|byte| byte ^ 1).collect())
        });
        let what = found(&with(&store, &key, Some(another_head)));
        assert_eq!(what, "it does not lead back to the block before");
        let damaged = undo_with(&undo, |key, _| (key[0] == b'a').then(|| vec![1, 2, 3]));
        found(&with(&store, &key, Some(damaged)));
        let absent = |key: &[u8]| [&(key.len() as u32).to_le_bytes()[..], key, &[0]].concat();
        for (added, said) in [
            (absent(b"b\0\0\0\x01"), "which no block replaces"),
            (absent(b"mgenesis"), "which no block replaces"),
            (absent(b"Zebra"), "which no block replaces"),
            (
                absent(&keys::data(&PARTIES.token, &PARTIES.alice)),
                "the count of the keys",
            ),
        ] {
            let what = found(&with(&store, &key, Some([undo.clone(), added].concat())));
            assert!(what.contains(said), "{what}");
        }
        // A key more that was there before the block: nobody made it.
        let name = keys::name("ghost");
        let ghost = [
            &(name.len() as u32).to_le_bytes()[..],
            &name,
            &[1, 6, 0, 0, 0],
            &PARTIES.bob,
        ];
        let what = found(&with(
            &store,
            &key,
            Some([undo.clone(), ghost.concat()].concat()),
        ));
        assert!(what.contains("no block made it"), "{what}");
    }
    // Money that no block made, in an account that no block changes.
    let account = Account {
        balance: 5,
        ..Account::default()
    };
    let key = keys::account(&[7; 20]);
    let what = found(&with(&store, &key, Some(account.encode().to_vec())));
    assert!(what.contains("no block made it"), "{what}");
}

/// Bytes of exports and of states are flipped, cut and doubled: whoever reads them says what is wrong or goes on, and
/// never panics. `SMART51_LONG=N` tries N of them instead.
#[test]
fn damaged_states_never_panic() {
    let (chain, store) = in_memory();
    for amount in [7, 8, 9] {
        transfer(&chain, amount).unwrap();
    }
    let file = export(&*store);
    let pairs: Vec<_> = {
        let mut pairs = Vec::new();
        export::read(&file[..], |key, value| {
            pairs.push((key, value));
            Ok(())
        })
        .unwrap();
        pairs
    };
    let mut seed = 0x9E37_79B9_7F4A_7C15u64;
    let mut random = |below: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let cases = std::env::var("SMART51_LONG").map_or(600, |n| n.parse().unwrap());
    let mut unsound = 0;
    for _ in 0..cases {
        let mut bytes = file.clone();
        damage(&mut bytes, &mut random);
        let error = export::import(&MemStore::new(), &bytes[..]).unwrap_err();
        assert!(!error.to_string().is_empty());
        // The same inside of a pair, in a file that is whole.
        let damaged = MemStore::new();
        let mut pairs = pairs.clone();
        let length = pairs.len();
        let (mut key, mut value) = pairs.remove(random(length));
        if random(4) == 0 {
            damage(&mut key, &mut random)
        } else {
            damage(&mut value, &mut random)
        }
        pairs.push((key, value));
        let all = pairs.into_iter().map(|(key, value)| (key, Some(value)));
        damaged.commit(all.collect()).unwrap();
        unsound += usize::from(!check(&damaged).unwrap().problems.is_empty());
        look_at_everything(damaged);
    }
    assert!(unsound > cases / 2, "{unsound} of {cases} were found");
}

/// Flips a bit, cuts, or makes longer; `random` gives a number below another.
fn damage(bytes: &mut Vec<u8>, random: &mut impl FnMut(usize) -> usize) {
    match (bytes.len(), random(4)) {
        (0, _) | (_, 0) => bytes.push(random(256) as u8),
        (length, 1) => bytes.truncate(random(length)),
        (length, 2) => bytes.extend_from_within(random(length)..),
        (length, _) => bytes[random(length)] ^= 1 << random(8),
    }
}

/// Whatever a command may do with a chain.
fn look_at_everything(store: MemStore) {
    let Ok(chain) = Chain::open(Box::new(store), Genesis::default()) else {
        return;
    };
    let _ = (chain.head(), chain.names(), chain.ids_with_prefix(&[]));
    for name in ["alice", "bob", "token", "1-0", "2-0"] {
        let _ = (chain.resolve(name), chain.contract(name));
    }
    for height in 0..8 {
        if let Ok(block) = chain.block(height) {
            for id in block.ids() {
                let _ = chain.receipt(&id);
            }
        }
    }
    let _ = transfer(&chain, 1);
    for _ in 0..3 {
        let _ = chain.rollback(2);
    }
}
