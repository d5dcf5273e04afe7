//! What accounts, deployments and calls do to the chain.

use crate::common::*;
use chain::{Chain, ChainError, ContractFlags, Deploy, Genesis, Verdict, Work};
use hostapi::ChainView;
use state::{Batch, MemStore, StateStore, keys};

/// A transfer changes the token and costs the caller its gas.
#[test]
fn a_transfer_of_the_token_costs_its_gas() {
    let (chain, _) = in_memory();
    let before = balance(&chain, PARTIES.alice);
    let receipt = transfer(&chain, 30).unwrap();
    assert!(receipt.verdict.is_success(), "{receipt}");
    assert_eq!(
        (tokens(&chain, PARTIES.alice), tokens(&chain, PARTIES.bob)),
        (970, 30)
    );
    assert_eq!(
        receipt.fee,
        receipt.gas - receipt.refund,
        "a gas costs one unit"
    );
    assert_eq!(balance(&chain, PARTIES.alice), before - receipt.fee);
    assert_eq!(chain.receipt(&receipt.id).unwrap(), receipt);
}

#[test]
fn a_refused_call_changes_nothing_but_is_paid_for() {
    let (chain, _) = in_memory();
    let before = balance(&chain, PARTIES.alice);
    let receipt = transfer(&chain, 1001).unwrap();
    assert_eq!(receipt.verdict, Verdict::Refused { code: 4 });
    assert_eq!(
        (tokens(&chain, PARTIES.alice), tokens(&chain, PARTIES.bob)),
        (1000, 0)
    );
    assert!(receipt.fee > 0);
    assert_eq!(balance(&chain, PARTIES.alice), before - receipt.fee);
}

/// A call that runs out of gas costs all of it and changes nothing.
#[test]
fn a_call_out_of_gas_costs_all_and_changes_nothing() {
    let (chain, _) = in_memory();
    let mut block = chain.begin_block().unwrap();
    let whole = call(&mut block, PARTIES.alice, &input(TRANSFER, PARTIES.bob, 5)).unwrap();
    drop(block);
    let needed = whole.gas;
    let entry = chain.contract("token").unwrap().1.entry_gas;
    let least = abi::Schedule::DATA_SHEET.call_gas(15, 0).0 + entry.0;
    for limit in [least, least + 1, (least + needed) / 2, needed - 1, needed] {
        let payment = chain::session::Payment::Gas {
            limit: abi::Gas(limit),
            price: 3,
        };
        let (sender, contract) = (PARTIES.alice, PARTIES.token);
        let input = input(TRANSFER, PARTIES.bob, 5);
        let request = chain::CallRequest {
            sender,
            contract,
            input: &input,
            value: 0,
            payment,
        };
        let mut block = chain.begin_block().unwrap();
        let receipt = block.call(&request, &mut ()).unwrap().clone();
        if limit < needed {
            assert_eq!(receipt.verdict.fault(), Some("out_of_gas"), "limit {limit}");
            assert_eq!(
                hostapi::data::get(block.state(), &PARTIES.token, &PARTIES.bob).unwrap(),
                None
            );
            let gas = receipt.gas;
            assert!(gas <= limit && receipt.fee == 3 * gas, "{receipt}");
        } else {
            assert!(receipt.verdict.is_success(), "{receipt}");
        }
    }
}

#[test]
fn a_dropped_block_leaves_no_trace() {
    let (chain, store) = in_memory();
    let before = export(&*store);
    let mut block = chain.begin_block().unwrap();
    call(&mut block, PARTIES.alice, &input(TRANSFER, PARTIES.bob, 5)).unwrap();
    block.new_account("carol", 5).unwrap();
    drop(block);
    assert_eq!(export(&*store), before);
}

/// Transactions of a block see each other and a rejected one is not in it.
#[test]
fn transactions_of_a_block_see_each_other() {
    let (chain, _) = in_memory();
    let mut block = chain.begin_block().unwrap();
    let poor = block.new_account("carol", 5).unwrap().target;
    assert!(matches!(
        call(&mut block, poor, &input(TRANSFER, PARTIES.bob, 1)),
        Err(ChainError::Rejected(_))
    ));
    call(&mut block, PARTIES.alice, &input(TRANSFER, poor, 7)).unwrap();
    assert_eq!(block.receipts().len(), 2);
    let (made, receipts) = block.commit().unwrap();
    assert_eq!(
        made.ids().collect::<Vec<_>>(),
        receipts.iter().map(|r| r.id).collect::<Vec<_>>()
    );
    assert_eq!(tokens(&chain, poor), 7);
}

/// Names are taken once and stand for ids and addresses.
#[test]
fn names_are_taken_once_and_resolve_to_ids() {
    let (chain, _) = in_memory();
    let mut block = chain.begin_block().unwrap();
    assert!(matches!(
        block.new_account("alice", 0),
        Err(ChainError::NameTaken { .. })
    ));
    assert!(matches!(
        block.new_account("1-2", 0),
        Err(ChainError::BadName { .. })
    ));
    assert!(matches!(
        block.new_account("rich", u64::MAX),
        Err(ChainError::AmountTooLarge { .. })
    ));
    let image = token_image();
    let name = Some("token");
    let deploy = Deploy {
        sender: PARTIES.alice,
        image: &image,
        semantics: abi::Semantics::V1,
        name,
        flags: ContractFlags::empty(),
        init: None,
        abi: None,
    };
    assert!(matches!(
        block.deploy(&deploy),
        Err(ChainError::NameTaken { .. })
    ));
    drop(block);
    let key_id = hostapi::accounts::key_id_of(&mut chain.state(), &PARTIES.alice)
        .unwrap()
        .unwrap();
    let address = chain.genesis().network.address(&key_id);
    for text in ["alice", "1-0", &address] {
        assert_eq!(chain.resolve(text).unwrap(), PARTIES.alice, "{text}");
    }
    for text in ["nobody", "9-9", ""] {
        assert!(
            matches!(chain.resolve(text), Err(ChainError::Unknown { .. })),
            "{text}"
        );
    }
    assert!(matches!(
        chain.contract("alice"),
        Err(ChainError::NoContract { .. })
    ));
}

/// Deploying costs gas by the byte and two contracts can share code.
#[test]
fn deploying_costs_by_the_byte_and_code_is_shared() {
    let (chain, _) = in_memory();
    let image = token_image();
    let before = balance(&chain, PARTIES.bob);
    let deploy = Deploy {
        sender: PARTIES.bob,
        image: &image,
        semantics: abi::Semantics::V1,
        name: None,
        flags: ContractFlags::empty(),
        init: None,
        abi: None,
    };
    let mut block = chain.begin_block().unwrap();
    let receipt = block.deploy(&deploy).unwrap().clone();
    block.commit().unwrap();
    let Work::Deploy { code_bytes, .. } = receipt.frames[0].work else {
        panic!("{receipt}")
    };
    let gas = receipt.gas;
    assert_eq!(code_bytes as usize, image.code_bytes());
    assert_eq!(
        gas,
        abi::Schedule::DATA_SHEET
            .deploy_gas(code_bytes as usize, 0)
            .0
    );
    assert_eq!(balance(&chain, PARTIES.bob), before - gas);
    assert!(chain.check().unwrap().problems.is_empty());
}

#[test]
fn blocks_are_linked_and_known_to_contracts() {
    let (chain, _) = in_memory();
    let receipt = transfer(&chain, 1).unwrap();
    let head = chain.head().unwrap();
    assert_eq!((head.height, receipt.height), (3, 3));
    for height in 1..=3 {
        let block = chain.block(height).unwrap();
        assert_eq!(
            Some(block.header.parent),
            chain.block_hash(height - 1).unwrap()
        );
        assert_eq!(
            block.header.time,
            Genesis::default().time + 10 * u64::from(height)
        );
    }
    assert!(matches!(
        chain.block(4),
        Err(ChainError::NoBlock {
            asked: 4,
            newest: 3
        })
    ));
    assert_eq!(chain.block_hash(4).unwrap(), None);
    let known = chain.transaction(&receipt.id).unwrap().unwrap();
    assert_eq!((known.sender, known.height), (PARTIES.alice, 3));
    let known = chain.transaction_input(&receipt.id).unwrap().unwrap();
    assert_eq!(known, input(TRANSFER, PARTIES.bob, 1));
    assert!(chain.transaction(&[0; 32]).unwrap().is_none());
    assert!(chain.transaction_input(&[0; 32]).unwrap().is_none());
    // What makes an account or a contract was sent by somebody too, without contract bytes.
    for (height, sender) in [(1, PARTIES.alice), (2, PARTIES.alice)] {
        let id = chain.block(height).unwrap().ids().next().unwrap();
        let known = chain.transaction(&id).unwrap().unwrap();
        assert_eq!((known.sender, known.height), (sender, height));
        assert_eq!(chain.transaction_input(&id).unwrap().unwrap(), b"");
    }
}

/// A look-up of a transaction or a block hash reads the header or the transaction, and no block or receipt.
#[test]
fn look_ups_read_what_they_tell_and_no_more() {
    let (chain, store) = in_memory();
    let receipt = transfer(&chain, 1).unwrap();
    let (reads, hash) = (keys::transaction(&receipt.id), chain.head().unwrap().hash);
    for key in [
        keys::receipt(&receipt.id).to_vec(),
        keys::ids(3).to_vec(),
        keys::undo(3).to_vec(),
    ] {
        store.commit(Batch::from([(key, None)])).unwrap();
    }
    assert_eq!(chain.block_hash(3).unwrap(), Some(hash));
    assert!(chain.transaction(&receipt.id).unwrap().is_some());
    store.commit(Batch::from([(reads.into(), None)])).unwrap();
    assert!(chain.transaction(&receipt.id).unwrap().is_none());
}

#[test]
fn of_two_blocks_above_one_only_the_first_is_kept() {
    let (chain, store) = in_memory();
    let pay = |block: &mut chain::OpenBlock<'_>, amount| {
        call(block, PARTIES.alice, &input(TRANSFER, PARTIES.bob, amount)).unwrap();
    };
    let (mut first, mut second) = (chain.begin_block().unwrap(), chain.begin_block().unwrap());
    pay(&mut first, 10);
    pay(&mut second, 20);
    first.commit().unwrap();
    let after = export(&*store);
    let error = second.commit().unwrap_err();
    assert!(
        matches!(
            error,
            ChainError::Overtaken {
                height: 3,
                newest: 3
            }
        ),
        "{error}"
    );
    assert!(error.to_string().contains("begin it again"), "{error}");
    assert_eq!(export(&*store), after);
    // Nor is one that was begun above a block that was taken back, whatever came in its place.
    for again in [false, true] {
        let mut late = chain.begin_block().unwrap();
        pay(&mut late, 30);
        chain.rollback(1).unwrap();
        if again {
            transfer(&chain, 40).unwrap();
        }
        let before = export(&*store);
        let error = late.commit().unwrap_err();
        assert!(matches!(error, ChainError::Overtaken { .. }), "{error}");
        assert_eq!(export(&*store), before);
        transfer(&chain, 50).unwrap();
    }
    // The same block made again is the same parent.
    let mut next = chain.begin_block().unwrap();
    pay(&mut next, 60);
    chain.rollback(1).unwrap();
    transfer(&chain, 50).unwrap();
    next.commit().unwrap();
    assert!(chain.check().unwrap().problems.is_empty());
}

#[test]
fn blocks_committed_at_once_are_one_after_the_other() {
    let (chain, _) = in_memory();
    let made = std::thread::scope(|scope| {
        let each = |_| scope.spawn(|| (0..50).filter(|_| transfer(&chain, 1).is_ok()).count());
        let threads: Vec<_> = (0..4).map(each).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum::<usize>()
    });
    assert_eq!(chain.head().unwrap().height as usize, 2 + made);
    assert_eq!(tokens(&chain, PARTIES.bob) as usize, made);
    assert!(chain.check().unwrap().problems.is_empty());
}

#[test]
fn time_travels_forwards_only() {
    let chain = Chain::open(Box::new(MemStore::new()), Genesis::default()).unwrap();
    let now = chain.head().unwrap().time;
    assert!(matches!(
        chain.begin_block_at(now - 1),
        Err(ChainError::TimeBeforeParent { .. })
    ));
    chain
        .begin_block_at(now + 86_400)
        .unwrap()
        .commit()
        .unwrap();
    chain.begin_block().unwrap().commit().unwrap();
    assert_eq!(chain.head().unwrap().time, now + 86_410);
}

#[test]
fn the_last_height_has_no_successor() {
    let genesis = Genesis {
        height: u32::MAX,
        ..Genesis::default()
    };
    let chain = Chain::open(Box::new(MemStore::new()), genesis).unwrap();
    assert!(matches!(chain.begin_block(), Err(ChainError::LastHeight)));
}

/// The same transactions give the same state everywhere.
#[test]
fn equal_transactions_give_equal_states() {
    let run = || {
        let (chain, store) = in_memory();
        transfer(&chain, 3).unwrap();
        transfer(&chain, 5000).unwrap();
        export(&*store)
    };
    assert_eq!(run(), run());
}

/// What Alice and Bob hold.
fn balances(chain: &Chain) -> [u64; 2] {
    [PARTIES.alice, PARTIES.bob].map(|id| balance(chain, id))
}

/// A transfer moves the amount, costs what being a transaction costs, and is taken back with its block.
#[test]
fn a_transfer_moves_money_and_is_taken_back() {
    let (chain, _) = in_memory();
    let before = balances(&chain);
    let mut block = chain.begin_block().unwrap();
    let receipt = block
        .transfer(PARTIES.alice, PARTIES.bob, 700)
        .unwrap()
        .clone();
    assert_eq!(receipt.frames[0].work, Work::Transfer);
    let (amount, gas) = (receipt.value(), receipt.gas);
    let price = abi::Schedule::DATA_SHEET.call_gas(0, 700).0;
    assert_eq!((amount, gas, receipt.fee), (700, price, price));
    assert_eq!(
        (receipt.sender, receipt.target),
        (PARTIES.alice, PARTIES.bob)
    );
    block.commit().unwrap();
    let [alice, bob] = before;
    assert_eq!(balances(&chain), [alice - 700 - price, bob + 700]);
    assert_eq!(chain.receipt(&receipt.id).unwrap(), receipt);
    assert_eq!(chain.check().unwrap().problems, []);

    // To oneself it costs the fee alone.
    let mut block = chain.begin_block().unwrap();
    block.transfer(PARTIES.bob, PARTIES.bob, 5).unwrap();
    block.commit().unwrap();
    assert_eq!(balances(&chain), [alice - 700 - price, bob + 700 - price]);
    chain.rollback(2).unwrap();
    assert_eq!(balances(&chain), before);
}

/// A transfer that cannot be leaves the block as it was.
#[test]
fn a_transfer_that_cannot_be_changes_nothing() {
    let (chain, _) = in_memory();
    let most = chain.genesis().network.max_amount();
    let [alice, bob] = balances(&chain);
    let price = abi::Schedule::DATA_SHEET.call_gas(0, 1).0;
    let mut block = chain.begin_block().unwrap();
    let rich = block.new_account("rich", most).unwrap().target;
    let writes = block.writes();
    let stranger = [9, 9, 9, 9, 9, 9];
    for (from, to, amount, said) in [
        (
            PARTIES.alice,
            PARTIES.bob,
            alice,
            "the transaction may cost",
        ),
        (
            PARTIES.alice,
            PARTIES.bob,
            alice - price + 1,
            "the transaction may cost",
        ),
        (
            PARTIES.alice,
            PARTIES.bob,
            u64::MAX,
            "the transaction may cost",
        ),
        (
            PARTIES.alice,
            PARTIES.token,
            1,
            "is a contract: send it money with a call",
        ),
        (PARTIES.alice, stranger, 1, "there is no account"),
        (stranger, PARTIES.alice, 1, "the sender has no account"),
        (PARTIES.token, PARTIES.alice, 1, "the sender has no key"),
        (PARTIES.bob, rich, 1, "the most is"),
    ] {
        let error = block.transfer(from, to, amount).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
        assert_eq!(block.writes(), writes, "{error}");
        assert_eq!(block.receipts().len(), 1);
    }
    block
        .transfer(PARTIES.alice, PARTIES.bob, alice - price)
        .unwrap();
    block.commit().unwrap();
    assert_eq!(balances(&chain), [0, bob + alice - price]);
    assert_eq!(chain.check().unwrap().problems, []);
}
