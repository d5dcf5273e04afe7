//! Deferred actions: when they run, who pays, and what becomes of those that fail.

use crate::actions::{A, B, C, Call, DEAF, action, actors, does, has, notify, send, write};
use crate::atomicity::copy_of;
use crate::common::{PARTIES, balance, export, parts, script};
use abi::codec::request;
use abi::{Name, method};
use bridge::EngineId;
use chain::actions::{ACTIVE, SYSTEM};
use chain::past::{self, AgainOptions};
use chain::receipt::{FrameKind, Receipt};
use chain::{Action, Chain, Genesis, OpenBlock, Work};
use hostapi::deferred;
use state::StateStore;
use state::keys::RegId;
use std::sync::Arc;

/// What most deferred actions of these tests may use.
pub(crate) const GAS: u64 = 1_000_000;

/// How an action is sent.
#[derive(Clone, Copy)]
pub(crate) struct Sent<'a> {
    pub(crate) by: RegId,
    pub(crate) id: u64,
    pub(crate) delay: u32,
    pub(crate) gas: u64,
    pub(crate) onerror_gas: u64,
    pub(crate) account: RegId,
    pub(crate) value: u64,
    pub(crate) does: &'a [(RegId, Vec<u8>)],
}

/// An action of B that may use [`GAS`], sent by A, for the next block.
pub(crate) const USUAL: Sent<'static> = Sent {
    by: A,
    id: 0xFF,
    delay: 1,
    gas: GAS,
    onerror_gas: 0,
    account: B,
    value: 0,
    does: &[],
};

impl Sent<'_> {
    fn record(&self) -> Vec<u8> {
        let name = Name::of("go").unwrap().0.to_le_bytes();
        [
            &self.id.to_le_bytes()[..],
            &self.delay.to_le_bytes(),
            &self.gas.to_le_bytes(),
            &self.onerror_gas.to_le_bytes(),
            &self.account,
            &name,
            &self.value.to_le_bytes(),
        ]
        .concat()
    }

    pub(crate) fn call(&self) -> Call {
        let authorization = [&self.by[..], &ACTIVE.0.to_le_bytes()].concat();
        let data = parts(self.does);
        (
            method::SEND_DEFERRED,
            request(&[&self.record(), &authorization, &data]),
        )
    }
}

pub(crate) fn cancel(id: u64) -> Call {
    (method::CANCEL_DEFERRED, request(&[&id.to_le_bytes()]))
}

/// A chain with actors of which A and B hold much money.
pub(crate) fn rich(first: EngineId) -> Chain {
    let chain = actors(first);
    let mut block = chain.begin_block().unwrap();
    for account in [A, B] {
        let pay = Action {
            value: 100_000_000,
            ..action(account, &[])
        };
        assert!(send(&mut block, &[pay]).verdict.is_success());
    }
    block.commit().unwrap();
    chain
}

/// Has `by` make these calls, in a block of its own.
pub(crate) fn have(chain: &Chain, by: RegId, calls: &[Call]) -> Receipt {
    let mut block = chain.begin_block().unwrap();
    let receipt = send(&mut block, &[action(by, &[(by, does(calls))])]);
    block.commit().unwrap();
    receipt
}

/// Commits a block without transactions but those that were due: their receipts.
pub(crate) fn mine(chain: &Chain) -> Vec<Receipt> {
    chain.begin_block().unwrap().commit().unwrap().1
}

fn waits(chain: &Chain, by: RegId, id: u64) -> bool {
    deferred::find(&mut chain.state(), &by, id)
        .unwrap()
        .is_some()
}

pub(crate) fn is_sound(chain: &Chain) {
    let checked = chain.check().unwrap();
    assert!(checked.problems.is_empty(), "{:?}", checked.problems);
}

/// The first reply of a receipt's last call.
pub(crate) fn replies(block: &OpenBlock<'_>) -> Vec<Vec<Vec<u8>>> {
    let calls = block.host_calls().calls;
    calls.iter().map(|call| call.reply.to_vec()).collect()
}

#[test]
fn a_deferred_action_runs_first_in_its_block() {
    for first in [EngineId::Mcs51, EngineId::Wasm] {
        let chain = rich(first);
        let held = balance(&chain, A);
        let later = Sent {
            delay: 2,
            does: &[
                (B, does(&[write(b"k"), notify(C)])),
                (C, does(&[write(b"n")])),
            ],
            ..USUAL
        };
        let sent = have(&chain, A, &[later.call()]);
        assert!(sent.verdict.is_success(), "{sent}");
        assert_eq!(balance(&chain, A), held - GAS);
        is_sound(&chain);
        assert!(mine(&chain).is_empty());
        assert!(waits(&chain, A, later.id));
        let mut block = chain.begin_block().unwrap();
        assert!(has(&mut block, B, b"k") && has(&mut block, C, b"n"));
        send(&mut block, &[action(C, &[])]);
        let (_, receipts) = block.commit().unwrap();
        let [run, _] = &receipts[..] else {
            panic!("{receipts:?}")
        };
        assert!(run.verdict.is_success(), "{run}");
        let frames = run.frames.iter();
        let frames: Vec<_> = frames
            .map(|frame| (frame.kind, frame.receiver, frame.caller, frame.ordinal))
            .collect();
        assert_eq!(
            frames,
            [
                (FrameKind::Deferred, B, A, 1),
                (FrameKind::Notified, C, B, 2)
            ]
        );
        assert_eq!((run.sender, run.target, run.fee), (A, B, run.gas));
        // What was not used came back.
        assert_eq!(balance(&chain, A), held - run.fee);
        assert!(!waits(&chain, A, later.id));
        is_sound(&chain);
        assert!(mine(&chain).is_empty());
    }
}

#[test]
fn a_failed_one_is_undone_and_told() {
    for first in [EngineId::Mcs51, EngineId::Wasm] {
        let chain = rich(first);
        let held = balance(&chain, A);
        let fails = [(B, script(&[write(b"k")], 7))];
        let later = Sent {
            onerror_gas: GAS,
            does: &fails,
            ..USUAL
        };
        have(&chain, A, &[later.call()]);
        assert_eq!(balance(&chain, A), held - 2 * GAS);
        let receipts = mine(&chain);
        let [failed, told] = &receipts[..] else {
            panic!("{receipts:?}")
        };
        assert!(!failed.verdict.is_success() && told.verdict.is_success());
        let frame = &told.frames[0];
        assert_eq!(
            (frame.kind, frame.receiver, frame.code, frame.caller),
            (FrameKind::Notified, A, SYSTEM, SYSTEM)
        );
        assert_eq!(Name(frame.action).to_string(), "onerror");
        assert!(matches!(frame.work, Work::Run(_)));
        assert!(!has(&mut chain.begin_block().unwrap(), B, b"k"));
        assert_eq!(balance(&chain, A), held - failed.fee - told.fee);
        is_sound(&chain);
    }
}

/// An id whose bytes have A fail when it is told, for its part lies there.
const FAILS_WHEN_TOLD: u64 = u64::from_le_bytes([0, 3, 0, 0xFF, 0xFF, 9, 0, 0]);

#[test]
fn whoever_fails_when_told_stops_nothing() {
    let chain = rich(EngineId::Mcs51);
    let fails = [(B, script(&[], 7))];
    let first = Sent {
        id: FAILS_WHEN_TOLD,
        onerror_gas: GAS,
        does: &fails,
        ..USUAL
    };
    // Too little gas to be told of, and none for the action itself.
    let second = Sent {
        id: 2,
        gas: 0,
        onerror_gas: 1,
        ..USUAL
    };
    let works = [(B, does(&[write(b"k")]))];
    let third = Sent {
        id: 3,
        does: &works,
        ..USUAL
    };
    have(&chain, A, &[first.call(), second.call(), third.call()]);
    let receipts = mine(&chain);
    let told: Vec<_> = receipts
        .iter()
        .map(|receipt| (receipt.frames[0].kind, receipt.verdict.to_string()))
        .collect();
    assert_eq!(told.len(), 5, "{told:?}");
    assert!(told[1].1.contains('9'), "{told:?}");
    assert!(receipts[4].verdict.is_success());
    assert!(has(&mut chain.begin_block().unwrap(), B, b"k"));
    is_sound(&chain);
}

/// A contract without `--apply` would take what it is told for its own input.
#[test]
fn a_contract_without_apply_is_not_told() {
    let chain = rich(EngineId::Mcs51);
    let mut block = chain.begin_block().unwrap();
    let pay = Action {
        value: 10 * GAS,
        data: script(&[], 1),
        ..action(DEAF, &[])
    };
    assert!(send(&mut block, &[pay]).verdict.is_success());
    let fails = [(B, script(&[], 7))];
    let later = Sent {
        by: DEAF,
        onerror_gas: GAS,
        does: &fails,
        ..USUAL
    };
    let sends = Action {
        data: script(&[later.call()], 1),
        ..action(DEAF, &[])
    };
    assert!(send(&mut block, &[sends]).verdict.is_success());
    block.commit().unwrap();
    let receipts = mine(&chain);
    assert_eq!(receipts.len(), 2);
    assert_eq!(receipts[1].frames[0].work, Work::Nothing);
    assert_eq!(receipts[1].fee, 0);
    is_sound(&chain);
}

#[test]
fn one_that_is_cancelled_does_not_run() {
    let chain = rich(EngineId::Wasm);
    let held = balance(&chain, A);
    let later = Sent {
        onerror_gas: 5,
        does: &[(B, does(&[write(b"k")]))],
        ..USUAL
    };
    let mut block = chain.begin_block().unwrap();
    block.keep_host_calls(1 << 16);
    let calls = [
        later.call(),
        later.call(),
        cancel(later.id),
        cancel(later.id),
        later.call(),
    ];
    let receipt = send(&mut block, &[action(A, &[(A, does(&calls))])]);
    assert!(receipt.verdict.is_success(), "{receipt}");
    let due = (block.height() + 1).to_le_bytes().to_vec();
    let none = Vec::<Vec<u8>>::new();
    assert_eq!(
        replies(&block),
        [
            vec![due.clone()],
            none,
            vec![vec![1]],
            vec![vec![0]],
            vec![due]
        ]
    );
    // Another contract cancels nothing.
    let receipt = send(&mut block, &[action(B, &[(B, does(&[cancel(later.id)]))])]);
    assert!(receipt.verdict.is_success());
    assert_eq!(replies(&block), [vec![vec![0]]]);
    send(&mut block, &[action(A, &[(A, does(&[cancel(later.id)]))])]);
    assert_eq!(replies(&block), [vec![vec![1]]]);
    block.commit().unwrap();
    assert_eq!(balance(&chain, A), held);
    assert!(mine(&chain).is_empty());
    is_sound(&chain);
}

/// Whoever fails has sent nothing, and keeps its money.
#[test]
fn one_of_a_failed_frame_does_not_wait() {
    let chain = rich(EngineId::Mcs51);
    let held = balance(&chain, A);
    let mut block = chain.begin_block().unwrap();
    let receipt = send(&mut block, &[action(A, &[(A, script(&[USUAL.call()], 2))])]);
    assert!(!receipt.verdict.is_success());
    block.commit().unwrap();
    assert_eq!(balance(&chain, A), held);
    assert!(!waits(&chain, A, USUAL.id));
    is_sound(&chain);
}

/// Only the chain tells of failures.
#[test]
fn nobody_else_sends_onerror() {
    let chain = rich(EngineId::Mcs51);
    let mut block = chain.begin_block().unwrap();
    let forged = Action {
        account: SYSTEM,
        name: Name::of("onerror").unwrap(),
        ..action(A, &[])
    };
    let receipt = send(&mut block, &[forged]);
    assert_eq!(receipt.verdict.fault(), Some("no_action"), "{receipt}");
    let name = Name::of("onerror").unwrap().0.to_le_bytes();
    let record = [&SYSTEM[..], &name, &[0; 8]].concat();
    let by = [&A[..], &ACTIVE.0.to_le_bytes()].concat();
    let inline = (method::SEND_ACTION, request(&[&record, &by, b"data"]));
    let receipt = send(&mut block, &[action(A, &[(A, does(&[inline]))])]);
    assert_eq!(receipt.verdict.fault(), Some("no_action"), "{receipt}");
}

/// The value leaves when the action is executed; without it the action fails.
#[test]
fn an_amount_leaves_when_the_action_is_executed() {
    let chain = rich(EngineId::Mcs51);
    let (a, b) = (balance(&chain, A), balance(&chain, B));
    let pays = Sent {
        value: 500,
        ..USUAL
    };
    let too_much = Sent {
        id: 1,
        value: a,
        ..USUAL
    };
    have(&chain, A, &[pays.call(), too_much.call()]);
    let receipts = mine(&chain);
    assert!(receipts[0].verdict.is_success());
    assert!(!receipts[1].verdict.is_success());
    assert_eq!(balance(&chain, B), b + 500);
    let fees: u64 = receipts.iter().map(|receipt| receipt.fee).sum();
    assert_eq!(balance(&chain, A), a - 500 - fees);
    is_sound(&chain);
}

/// The chain's own actions can be deferred too: a transfer, and a contract that is made.
#[test]
fn actions_of_the_chain_can_be_deferred() {
    let chain = rich(EngineId::Wasm);
    let bob = balance(&chain, PARTIES.bob);
    let data = [&PARTIES.bob[..], &7u64.to_le_bytes()].concat();
    let name = Name::of("transfer").unwrap().0.to_le_bytes();
    let record = [&USUAL.record()[..28], &SYSTEM, &name, &[0; 8]].concat();
    let by = [&A[..], &ACTIVE.0.to_le_bytes()].concat();
    let call = (method::SEND_DEFERRED, request(&[&record, &by, &data]));
    assert!(have(&chain, A, &[call]).verdict.is_success());
    let receipts = mine(&chain);
    assert_eq!(
        receipts[0].frames[0].work,
        Work::Transfer,
        "{}",
        receipts[0]
    );
    assert_eq!(balance(&chain, PARTIES.bob), bob + 7);
    is_sound(&chain);
}

/// A stored one is executed again, and taken back.
#[test]
fn deferred_actions_are_traced_and_rolled_back() {
    let chain = rich(EngineId::Mcs51);
    let fails = [(B, script(&[write(b"k")], 7))];
    let works = [(B, does(&[write(b"k")]))];
    let first = Sent {
        onerror_gas: GAS,
        does: &fails,
        ..USUAL
    };
    let second = Sent {
        id: 1,
        does: &works,
        ..USUAL
    };
    have(&chain, A, &[first.call(), second.call()]);
    let store = chain.into_store();
    let waiting = export(&*store);
    let chain = Chain::existing(store).unwrap();
    let mut block = chain.begin_block().unwrap();
    send(&mut block, &[action(B, &[(B, does(&[write(b"l")]))])]);
    let (_, receipts) = block.commit().unwrap();
    assert_eq!(receipts.len(), 4);
    let shared: Arc<dyn StateStore> = copy_of(&export(chain.store()));
    for receipt in &receipts {
        let again = past::again(&shared, &receipt.id, AgainOptions::default()).unwrap();
        assert!(again.is_equal && again.differing_before.is_empty());
        assert!(!again.access.writes.is_empty());
    }
    chain.rollback(1).unwrap();
    assert!(export(chain.store()) == waiting);
    // What is taken in from an export waits as before.
    let copy = Chain::open(Box::new(copy_of(&waiting)), Genesis::default()).unwrap();
    assert_eq!(mine(&copy), receipts[..3]);
}
