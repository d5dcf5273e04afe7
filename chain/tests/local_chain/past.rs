//! The chain as it was, and transactions executed again.

use crate::common::*;
use chain::past::{Access, Again, AgainOptions, again};
use chain::{Chain, ChainError, Receipt};
use state::keys::{self, Hash};
use state::{Batch, MemStore, StateStore};
use std::sync::Arc;

fn trace(store: &Arc<MemStore>, id: &Hash) -> Result<Again, ChainError> {
    let store: Arc<dyn StateStore> = Arc::<MemStore>::clone(store);
    again(&store, id, AgainOptions::default())
}

/// A chain with a block of several transactions that see each other's changes, and one more above it.
fn with_a_full_block() -> (Chain, Arc<MemStore>, Vec<Receipt>) {
    let (chain, store) = in_memory();
    let mut block = chain.begin_block().unwrap();
    block.new_account("carol", 7).unwrap();
    for amount in [10, 20, 5000, 30] {
        let input = input(TRANSFER, PARTIES.bob, amount);
        call(&mut block, PARTIES.alice, &input).unwrap();
    }
    let (_, receipts) = block.commit().unwrap();
    transfer(&chain, 1).unwrap();
    (chain, store, receipts)
}

/// Each transaction of a block comes out again after the earlier ones, and the store stays as it was.
#[test]
fn transactions_of_one_block_come_out_again() {
    let (chain, store, receipts) = with_a_full_block();
    let before = export(&*store);
    for receipt in &receipts {
        let again = trace(&store, &receipt.id).unwrap();
        assert!(again.is_equal);
        assert_eq!((&again.receipt, &again.stored), (receipt, receipt));
        assert_eq!(
            (again.taken_back, &again.differing_before[..]),
            (2, &[][..])
        );
    }
    assert!(trace(&store, &receipts[2].id).unwrap().host_calls.left_out > 0);
    assert!(export(&*store) == before);
    assert_eq!(chain.head().unwrap().height, 4);
}

/// What is read is what the earlier transactions of the block left, and what is written follows from it.
#[test]
fn what_is_read_is_what_earlier_transactions_left() {
    let (_, store, receipts) = with_a_full_block();
    let data = |account: state::keys::RegId| keys::data(&PARTIES.token, &account).to_vec();
    let number = |value: &Option<Vec<u8>>| {
        let bytes = value.clone().unwrap_or_default();
        bytes.try_into().map(u64::from_le_bytes).unwrap_or_default()
    };
    for (at, before, after) in [(1, 1000, 990), (2, 990, 970), (4, 970, 940)] {
        let Access { reads, writes, .. } = trace(&store, &receipts[at].id).unwrap().access;
        let read = reads.iter().find(|(key, _)| *key == data(PARTIES.alice));
        assert_eq!(number(&read.unwrap().1), before, "{at}");
        let write = writes.iter().find(|write| write.key == data(PARTIES.alice));
        let write = write.unwrap();
        assert_eq!(
            (number(&write.before), number(&write.after)),
            (before, after)
        );
    }
    // The refused one pays, and that is all.
    let writes = trace(&store, &receipts[3].id).unwrap().access.writes;
    assert_eq!(writes.len(), 1);
    assert_eq!(writes[0].key[0], keys::kind::ACCOUNT);
}

/// The chain as of a height is what rolling back to it leaves.
#[test]
fn the_chain_as_of_a_height_is_as_rolled_back() {
    let (chain, store, _) = with_a_full_block();
    let shared: Arc<dyn StateStore> = Arc::<MemStore>::clone(&store);
    let mut past: Vec<Vec<u8>> = Vec::new();
    for height in (0..=4).rev() {
        past.push(export(Chain::as_of(&shared, height).unwrap().store()));
    }
    for (number, exported) in past.iter().enumerate() {
        assert!(export(&*store) == *exported, "{number} blocks back");
        if number < 4 {
            chain.rollback(1).unwrap();
        }
    }
    assert!(matches!(
        Chain::as_of(&shared, 1),
        Err(ChainError::NoBlock {
            asked: 1,
            newest: 0
        })
    ));
}

/// An earlier transaction that comes out otherwise is named.
#[test]
fn an_earlier_transaction_that_differs_is_named() {
    let (_, store, receipts) = with_a_full_block();
    let changed = Receipt {
        fee: 1,
        ..receipts[1].clone()
    };
    let key = keys::receipt(&changed.id).to_vec();
    let batch = Batch::from([(key, Some(changed.encode()))]);
    store.commit(batch).unwrap();
    let again = trace(&store, &receipts[2].id).unwrap();
    assert!(again.is_equal);
    assert_eq!(again.differing_before, [changed.id]);
    assert!(!trace(&store, &changed.id).unwrap().is_equal);
}

/// A transaction that is refused on the state that the undo records lead to is said to be so.
#[test]
fn a_transaction_refused_now_is_told() {
    let (_, store, receipts) = with_a_full_block();
    // A record that puts nothing back: Carol is there already.
    let undo = keys::undo(3).to_vec();
    let nothing = Batch::from([(undo, Some(Vec::new()))]);
    store.commit(nothing).unwrap();
    let error = trace(&store, &receipts[1].id).unwrap_err();
    assert!(
        matches!(error, ChainError::NotAgain { id, .. } if id == receipts[0].id),
        "{error}"
    );
    assert!(matches!(
        trace(&store, &[9; 32]),
        Err(ChainError::NoReceipt(_))
    ));
}
