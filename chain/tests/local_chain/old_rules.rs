//! Calls under the old chain's rules: the fee buys the steps before the run, a block has twelve million of
//! them, and a failed call was never made.

use crate::common::*;
use abi::{Semantics, codec};
use chain::session::Payment;
use chain::{CallRequest, Chain, ChainError, ContractFlags, Deploy, OpenBlock, RunReceipt};
use hostapi::data;
use hostapi::fees::{MAX_STEPS, MIN_FEE};
use loader::Image;
use state::keys::RegId;

fn deployed(chain: &Chain, image: &Image, semantics: Semantics) -> RegId {
    let mut block = chain.begin_block().unwrap();
    let deploy = Deploy {
        sender: PARTIES.alice,
        image,
        semantics,
        name: None,
        flags: ContractFlags::empty(),
        init: None,
        abi: None,
    };
    let contract = block.deploy(&deploy).unwrap().target;
    block.commit().unwrap();
    contract
}

fn call_for(
    block: &mut OpenBlock<'_>,
    contract: RegId,
    fee: u64,
    rate: u64,
) -> Result<RunReceipt, ChainError> {
    let request = CallRequest {
        sender: PARTIES.alice,
        contract,
        input: b"in",
        value: 0,
        payment: Payment::Fuel { fee, rate },
    };
    let receipt = block.call(&request, &mut ())?;
    Ok(receipt.run().expect("a call").clone())
}

/// So many steps and the exit.
fn nops(count: usize) -> Image {
    succeeds(&"NOP\n".repeat(count))
}

/// The fee buys whole hundreds of steps and is taken whole.
#[test]
fn the_fee_buys_whole_hundreds_of_steps() {
    let (chain, _) = in_memory();
    // The jump to the start, the exit code (three instructions) and the jump to the exit.
    let hundred = deployed(&chain, &nops(100 - 5), Semantics::Dacrs2017);
    let before = balance(&chain, PARTIES.alice);
    let mut block = chain.begin_block().unwrap();
    let fee = MIN_FEE + 7;
    let call = call_for(&mut block, hundred, fee, 7).unwrap();
    assert!(call.verdict.is_success(), "{}", call.verdict);
    assert_eq!(call.steps, 100);
    let refused = call_for(&mut block, hundred, fee - 1, 7).unwrap();
    assert_eq!(refused.verdict.fault(), Some("out_of_steps"));
    for (fee, rate) in [(MIN_FEE, 1), (fee, 0)] {
        let error = call_for(&mut block, hundred, fee, rate).unwrap_err();
        assert!(!error.is_node(), "{error}");
    }
    block.commit().unwrap();
    assert_eq!(balance(&chain, PARTIES.alice), before - fee);
}

/// One step more than the fee buys fails and leaves no trace.
#[test]
fn one_step_more_than_the_fee_buys_leaves_no_trace() {
    let (chain, _) = in_memory();
    let more = deployed(&chain, &nops(101 - 5), Semantics::Dacrs2017);
    let before = balance(&chain, PARTIES.alice);
    let mut block = chain.begin_block().unwrap();
    let call = call_for(&mut block, more, MIN_FEE + 1, 1).unwrap();
    assert_eq!(call.verdict.fault(), Some("out_of_steps"));
    block.commit().unwrap();
    assert_eq!(
        balance(&chain, PARTIES.alice),
        before,
        "not even the fee is taken"
    );
}

#[test]
fn a_block_takes_twelve_million_steps_and_no_more() {
    let (chain, _) = in_memory();
    let body = "MOV R5,#75\nloop: DJNZ R7,loop\nDJNZ R6,loop\nDJNZ R5,loop\n";
    let busy = deployed(&chain, &succeeds(body), Semantics::Dacrs2017);
    let fee = MIN_FEE + MAX_STEPS;
    let mut block = chain.begin_block().unwrap();
    let mut steps = 0;
    for _ in 0..2 {
        let call = call_for(&mut block, busy, fee, 1).unwrap();
        assert!(call.verdict.is_success(), "{}", call.verdict);
        steps += call.steps.unsigned_abs();
    }
    assert!((8_000_000..=MAX_STEPS).contains(&steps), "{steps} steps");
    let error = call_for(&mut block, busy, fee, 1).unwrap_err();
    assert!(matches!(error, ChainError::BlockFull(_)), "{error}");
    assert_eq!(block.receipts().len(), 2);
    let before = balance(&chain, PARTIES.alice);
    block.commit().unwrap();
    assert_eq!(
        balance(&chain, PARTIES.alice),
        before - 2 * fee,
        "the third call was never made"
    );
    let mut next = chain.begin_block().unwrap();
    call_for(&mut next, busy, fee, 1).unwrap();
}

#[test]
fn an_image_of_2014_runs_with_the_numbers_of_2014() {
    // 20 writes, with a lifetime; 33 asks for the sender, 34 for the input.
    let lifetime = 7u32.to_le_bytes();
    let image = asks(&[
        (20, codec::request(&[b"key", b"value", &lifetime])),
        (33, Vec::new()),
        (34, Vec::new()),
    ]);
    for (semantics, written) in [(Semantics::Dacrs2014, true), (Semantics::Dacrs2017, false)] {
        let (chain, _) = in_memory();
        let contract = deployed(&chain, &image, semantics);
        let mut block = chain.begin_block().unwrap();
        block.keep_host_calls(1 << 16);
        let call = call_for(&mut block, contract, MIN_FEE + 100, 1).unwrap();
        assert!(call.verdict.is_success(), "{}", call.verdict);
        let calls = block.host_calls().calls;
        let value = data::get(block.state(), &contract, b"key").unwrap();
        if written {
            assert_eq!(value, Some(&b"value"[..]));
            assert_eq!(calls[1].reply, [PARTIES.alice]);
            assert_eq!(calls[2].reply, [b"in"]);
        } else {
            // 20 counts keys, 33 and 34 want records: none of them is served.
            assert_eq!(value, None);
            assert!(calls.iter().all(|call| call.status == 0), "{calls:?}");
        }
    }
}
