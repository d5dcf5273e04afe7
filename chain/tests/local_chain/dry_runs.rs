//! Calls with another image than the contract's own: it runs wherever the contract would.

use crate::actions::{A, B, action, actors, does, inline, list, notify, write};
use crate::common::{PARTIES, actor, parts};
use abi::codec::request;
use abi::{Gas, Semantics, method};
use bridge::EngineId;
use chain::session::Payment;
use chain::{CallRequest, Contract, ContractFlags, Receipt, SetCode};
use state::keys::RegId;

/// The engines that ran A and B, in the order of the frames.
fn engines(receipt: &Receipt) -> Vec<(u8, EngineId)> {
    let frames = receipt.frames.iter().zip(receipt.runs());
    frames
        .map(|(frame, run)| (frame.receiver[4], run.engine))
        .collect()
}

/// A is called, calls B, which calls it back, has itself notified of that, and sends itself an action: each time the
/// other image runs. The chain has its own afterwards.
#[test]
fn the_other_image_runs_in_all_frames() {
    use EngineId::{Mcs51, Wasm};
    let chain = actors(Mcs51);
    let mut block = chain.begin_block().unwrap();
    let reentrant = SetCode {
        sender: PARTIES.alice,
        contract: A,
        image: &actor(Mcs51),
        semantics: Semantics::V1,
        flags: ContractFlags::APPLY | ContractFlags::REENTRANT,
        init: None,
        abi: None,
    };
    assert!(block.set_code(&reentrant).unwrap().verdict.is_success());
    let record = Contract::load(block.state(), &A).unwrap().unwrap();
    let enter = |to: RegId, input: &[u8]| {
        let record = [&to as &[u8], &[0; 16]].concat();
        (method::CALL_CONTRACT, request(&[&record, input]))
    };
    let back = parts(&[(A, does(&[write(b"back")]))]);
    let calls = enter(B, &parts(&[(B, does(&[enter(A, &back), notify(A)]))]));
    let later = inline(A, A, 0, &[(A, does(&[write(b"later")]))]);
    let data = [(A, does(&[calls, later]))];
    let input = parts(&data);
    let call = CallRequest {
        sender: PARTIES.alice,
        contract: A,
        input: &input,
        value: 0,
        payment: Payment::Gas {
            limit: Gas(10_000_000),
            price: 1,
        },
    };
    let actions = list(&[action(A, &data)]);
    let other = actor(Wasm);
    for is_call in [true, false] {
        let before = block.writes();
        let dry = match is_call {
            true => block.dry_run_with(&call, &other),
            false => block.dry_run_list_with(&actions, &A, &other),
        }
        .unwrap();
        assert!(block.writes() == before);
        assert_eq!(Contract::load(block.state(), &A).unwrap(), Some(record));
        let receipt = match is_call {
            true => block.call(&call, &mut ()).unwrap().clone(),
            false => block.transact(&actions, &mut ()).unwrap().clone(),
        };
        let dry_receipt = dry.receipt.unwrap();
        let frames = engines(&receipt);
        let expected: Vec<_> = frames.iter().map(|(who, _)| (*who, Wasm)).collect();
        assert_eq!(engines(&dry_receipt), expected);
        assert!(frames.iter().filter(|frame| **frame == (0, Mcs51)).count() > 2);
        // What was written is the same, but for the fee.
        let keys = |writes: Vec<(Vec<u8>, Option<Vec<u8>>)>| {
            writes.into_iter().map(|(key, _)| key).collect::<Vec<_>>()
        };
        assert_eq!(keys(dry.writes), keys(block.writes()));
    }
}
