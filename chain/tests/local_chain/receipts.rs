//! What receipts say of the work: frames, meters, and the writes.

use crate::common::*;
use chain::session::Payment;
use chain::{CallRequest, Chain, ContractFlags, Deploy, OpenBlock, Receipt, Work};
use hostapi::hash::blake2b;
use state::keys;

/// A transfer of the token in a block that is dropped.
fn transferred(chain: &Chain, before: impl FnOnce(&mut OpenBlock<'_>), amount: u64) -> Receipt {
    let mut block = chain.begin_block().unwrap();
    before(&mut block);
    let input = input(TRANSFER, PARTIES.bob, amount);
    call(&mut block, PARTIES.alice, &input).unwrap()
}

#[test]
fn a_transaction_of_today_has_one_frame() {
    let (chain, _) = in_memory();
    let receipt = transferred(&chain, |_| (), 5);
    let [frame] = &receipt.frames[..] else {
        panic!("{receipt:?}")
    };
    assert_eq!((frame.parent, frame.kind.name()), (None, "action"));
    let (alice, token) = (PARTIES.alice, PARTIES.token);
    assert_eq!(
        (frame.caller, frame.receiver, frame.code),
        (alice, token, token)
    );
    let run = receipt.run().unwrap();
    assert_eq!(run.verdict, receipt.verdict);
    let meters = receipt.meters;
    assert_eq!(
        (run.cycles, run.instructions, run.steps, run.host_calls),
        (
            meters.cycles,
            meters.instructions,
            meters.steps,
            meters.host_calls
        )
    );
    let price = abi::Schedule::DATA_SHEET.call_gas(15, 0).0;
    assert_eq!(run.gas, receipt.gas - price, "the transaction's price");
    assert_eq!((&receipt.events, &run.returned), (&vec![], &vec![]));
    let size = receipt.encode().len();
    assert!(size <= 256, "{size} bytes are hashed in two blocks");
    let mut block = chain.begin_block().unwrap();
    let moved = block.transfer(PARTIES.alice, PARTIES.bob, 7).unwrap();
    assert_eq!(moved.frames[0].kind.name(), "native");
    assert_eq!((&moved.frames[0].work, moved.value()), (&Work::Transfer, 7));
}

/// The bytes of the XDATA pages that were written, and of linear memory.
#[test]
fn memory_is_what_the_contract_wrote() {
    let (chain, _) = in_memory();
    let memory = transferred(&chain, |_| (), 5).meters.memory;
    assert!(memory >= 256 && memory.is_multiple_of(256), "{memory}");
    let mut block = chain.begin_block().unwrap();
    for pages in [1, 3] {
        let text = format!(
            r#"(module (import "smart51" "exit" (func $exit (param i32)))
            (memory (export "memory") 1) (global (export "smart51_buffer") i32 (i32.const 0))
            (func (export "smart51_main")
                (drop (memory.grow (i32.const {}))) (call $exit (i32.const 1))))"#,
            pages - 1
        );
        let image = loader::load(text.as_bytes()).unwrap().image;
        let deploy = Deploy {
            sender: PARTIES.alice,
            image: &image,
            semantics: abi::Semantics::V1,
            name: None,
            flags: ContractFlags::empty(),
            init: None,
            abi: None,
        };
        let contract = block.deploy(&deploy).unwrap().deployed().unwrap().target;
        let request = CallRequest {
            sender: PARTIES.alice,
            contract,
            input: &[],
            value: 0,
            payment: Payment::Gas {
                limit: abi::Gas(1_000_000),
                price: 1,
            },
        };
        let receipt = block.call(&request, &mut ()).unwrap();
        assert!(receipt.verdict.is_success(), "{receipt}");
        assert_eq!(receipt.meters.memory, pages * 65_536);
    }
}

/// A new key counts with its value, a changed value by the difference, and code where it was not there.
#[test]
fn state_bytes_are_what_was_added() {
    let (chain, _) = in_memory();
    let first = transferred(&chain, |_| (), 5);
    assert_eq!(first.meters.state_bytes, 6 + 8, "the account of Bob");
    let second = |block: &mut OpenBlock<'_>| {
        call(block, PARTIES.alice, &input(TRANSFER, PARTIES.bob, 1)).unwrap();
    };
    assert_eq!(transferred(&chain, second, 5).meters.state_bytes, 0);
    let refused = transferred(&chain, |_| (), 5000);
    assert!(!refused.verdict.is_success());
    assert_eq!(refused.meters.state_bytes, 0);
    let counter = include_bytes!("../../../firmware-samples/counter/counter.ihx");
    let image = loader::load(counter).unwrap().image;
    let deploy = Deploy {
        sender: PARTIES.alice,
        image: &image,
        semantics: abi::Semantics::V1,
        name: None,
        flags: ContractFlags::empty(),
        init: None,
        abi: None,
    };
    let mut block = chain.begin_block().unwrap();
    let made = block.deploy(&deploy).unwrap().clone();
    assert!(made.refusal().is_none(), "{made}");
    assert_eq!(made.meters.state_bytes, image.encode().len() as i64);
    let again = block.deploy(&deploy).unwrap();
    assert_eq!(again.meters.state_bytes, 0, "the code was there");
}

/// The writes of a transaction, and nothing of what was looked at or taken back before it.
#[test]
fn a_write_set_is_of_the_writes_alone() {
    let (chain, _) = in_memory();
    let plain = transferred(&chain, |_| (), 5);
    assert_ne!(plain.write_set, transferred(&chain, |_| (), 6).write_set);
    let looked = |block: &mut OpenBlock<'_>| {
        block
            .query(&request(&input(TRANSFER, PARTIES.bob, 9)), &mut ())
            .unwrap();
        assert!(block.new_account("alice", 1).is_err());
        block.state().forget_reads();
    };
    assert_eq!(transferred(&chain, looked, 5), plain);

    // Only the fee of a call that failed.
    let mut block = chain.begin_block().unwrap();
    let refused = call(
        &mut block,
        PARTIES.alice,
        &input(TRANSFER, PARTIES.bob, 5000),
    )
    .unwrap();
    assert!(!refused.verdict.is_success());
    let key_id = hostapi::accounts::key_id_of(block.state(), &PARTIES.alice).unwrap();
    let key = keys::account(&key_id.unwrap());
    let value = block.state().get(&key).unwrap().unwrap().to_vec();
    let writes = [
        &[key.len() as u8][..],
        &key,
        &[value.len() as u8 + 1],
        &value,
    ];
    assert_eq!(refused.write_set, blake2b(&writes.concat()));
}

/// A query says what the call would say, and is in no block.
#[test]
fn a_query_has_the_receipt_of_the_call() {
    let (chain, _) = in_memory();
    let mut block = chain.begin_block().unwrap();
    let input = input(TRANSFER, PARTIES.bob, 5);
    let queried = block.query(&request(&input), &mut ()).unwrap();
    let dry = block
        .dry_run_with(&request(&input), &token_image())
        .unwrap();
    assert_eq!((block.receipts(), block.writes().len()), (&[][..], 0));
    let called = block.call(&request(&input), &mut ()).unwrap();
    assert_eq!(queried, *called);
    assert_eq!(*dry.receipt.unwrap(), *called);
}

fn request(input: &[u8]) -> CallRequest<'_> {
    CallRequest {
        sender: PARTIES.alice,
        contract: PARTIES.token,
        input,
        value: 0,
        payment: Payment::Gas {
            limit: abi::Gas(1_000_000),
            price: 1,
        },
    }
}
