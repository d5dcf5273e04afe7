//! A block is in the store with all that belongs to it, or not at all, whenever the store fails.

use crate::common::*;
use chain::{Chain, ChainError, Genesis};
use state::{FaultyStore, MemStore, StoreFault};
use std::sync::Arc;

/// A block of many kinds of transaction: successes, refusals, faults, an account, a deployment.
fn block(chain: &Chain) -> Result<(), ChainError> {
    let mut block = chain.begin_block()?;
    let carol = block.new_account("carol", 1_000_000_000)?.target;
    for amount in [1, 2, 5000, 3] {
        call(
            &mut block,
            PARTIES.alice,
            &input(TRANSFER, PARTIES.bob, amount),
        )?;
        call(&mut block, carol, &input(TRANSFER, PARTIES.alice, amount))?;
        call(&mut block, PARTIES.bob, &input(TRANSFER, carol, 1))?;
    }
    call(&mut block, PARTIES.alice, b"\xFF")?;
    block.commit()?;
    Ok(())
}

pub(crate) fn copy_of(file: &[u8]) -> Arc<MemStore> {
    let store = Arc::new(MemStore::new());
    chain::export::import(&*store, file).unwrap();
    store
}

/// A store that fails at any operation has the old state or the new one.
#[test]
fn a_failing_store_has_the_old_state_or_the_new_one() {
    let (chain, store) = in_memory();
    let old = export(&*store);
    block(&chain).unwrap();
    let new = export(&*store);
    for failure in [
        StoreFault::Once,
        StoreFault::FromThenOn,
        StoreFault::AnswerLost,
    ] {
        let (mut kept, mut made) = (0, 0);
        for at in 0.. {
            let store = copy_of(&old);
            let faulty = Arc::new(FaultyStore::new(Arc::clone(&store), failure, at));
            let result = Chain::open(Box::new(Arc::clone(&faulty)), Genesis::default())
                .and_then(|chain| block(&chain));
            let now = export(&*store);
            match &result {
                Ok(()) => assert!(
                    now == new,
                    "{failure:?} at {at}: acknowledged, but not there"
                ),
                Err(error) => assert!(error.is_node(), "{failure:?} at {at}: {error}"),
            }
            assert!(now == old || now == new, "{failure:?} at {at}: a mixture");
            if now == old {
                kept += 1
            } else {
                made += 1
            }
            if result.is_err() && now == old {
                // Whoever tries again, on a store that works, gets what everybody else has.
                block(&Chain::open(Box::new(Arc::clone(&store)), Genesis::default()).unwrap())
                    .unwrap();
                assert!(
                    export(&*store) == new,
                    "{failure:?} at {at}: the second try differs"
                );
            }
            if faulty.operations() <= at {
                assert!(result.is_ok());
                break;
            }
        }
        // A block that reads so little would prove nothing.
        assert!(kept > 15, "{failure:?}: only {kept} operations to fail at");
        assert_eq!(
            made,
            if failure == StoreFault::AnswerLost {
                2
            } else {
                1
            },
            "{failure:?}"
        );
    }
}

/// A block goes on after a failed read as if the call had never been.
#[test]
fn a_block_goes_on_after_a_failed_read() {
    let (chain, store) = in_memory();
    let old = export(&*store);
    // Which of the two calls were made; `None` where the failure comes only with the commit.
    let both = |chain: &Chain| {
        let mut block = chain.begin_block().unwrap();
        let first = call(&mut block, PARTIES.alice, &input(TRANSFER, PARTIES.bob, 1));
        let second = call(&mut block, PARTIES.alice, &input(TRANSFER, PARTIES.bob, 2));
        block.commit().ok().map(|_| (first.is_ok(), second.is_ok()))
    };
    transfer(&chain, 2).unwrap();
    let second_alone = export(&*store);
    let mut failed = 0;
    // Opening the chain reads twice, and beginning the block three times: the newest block, the prices, and what is
    // due.
    for at in 5.. {
        let store = copy_of(&old);
        let faulty = Arc::new(FaultyStore::new(Arc::clone(&store), StoreFault::Once, at));
        let chain = Chain::open(Box::new(Arc::clone(&faulty)), Genesis::default()).unwrap();
        match both(&chain) {
            Some((false, true)) => {
                assert!(
                    export(&*store) == second_alone,
                    "failed read {at} left a trace"
                );
                failed += 1;
            }
            Some((true, true)) => panic!("no read failed"),
            None => break,
            Some((_, false)) => panic!("a failed read spoiled another call"),
        }
    }
    assert!(failed > 5, "only {failed} reads failed");
}
