//! Transactions of several actions: their order, what they may, and what becomes of them.

use crate::common::{PARTIES, actor, balance, in_memory, parts, puppet, script};
use abi::codec::request;
use abi::{Gas, Name, Semantics, method};
use bridge::EngineId;
use chain::actions::ACTIVE;
use chain::receipt::FrameKind;
use chain::session::Payment;
use chain::{
    Action, ActionList, Authorization, CallRequest, Chain, ContractFlags, Deploy, OpenBlock,
    Receipt, Work,
};
use hostapi::{accounts, data};
use state::keys::RegId;

/// The actors of a chain with [`actors`], in the order of their ids.
pub(crate) const A: RegId = [3, 0, 0, 0, 0, 0];
pub(crate) const B: RegId = [3, 0, 0, 0, 1, 0];
pub(crate) const C: RegId = [3, 0, 0, 0, 2, 0];
pub(crate) const D: RegId = [3, 0, 0, 0, 3, 0];
pub(crate) const E: RegId = [3, 0, 0, 0, 4, 0];
/// A contract that is not notified.
pub(crate) const DEAF: RegId = [3, 0, 0, 0, 5, 0];

/// A chain with five actors that hold 1,000 each, the first one on this engine, the next on the other, and so on.
pub(crate) fn actors(first: EngineId) -> Chain {
    let (chain, _) = in_memory();
    let mut block = chain.begin_block().unwrap();
    let engines = match first {
        EngineId::Mcs51 => [EngineId::Mcs51, EngineId::Wasm],
        EngineId::Wasm => [EngineId::Wasm, EngineId::Mcs51],
    };
    for (engine, expected) in engines.iter().cycle().zip([A, B, C, D, E]) {
        let deploy = Deploy {
            sender: PARTIES.alice,
            image: &actor(*engine),
            semantics: Semantics::V1,
            name: None,
            flags: ContractFlags::APPLY,
            init: None,
            abi: None,
        };
        assert_eq!(block.deploy(&deploy).unwrap().target, expected);
    }
    let deploy = Deploy {
        sender: PARTIES.alice,
        image: &puppet(EngineId::Mcs51),
        semantics: Semantics::V1,
        name: None,
        flags: ContractFlags::empty(),
        init: None,
        abi: None,
    };
    assert_eq!(block.deploy(&deploy).unwrap().target, DEAF);
    for account in [A, B, C, D, E] {
        let pay = Action {
            value: 1_000,
            ..action(account, &[])
        };
        assert!(send(&mut block, &[pay]).verdict.is_success());
    }
    block.commit().unwrap();
    chain
}

/// An action named `go`, with the sender's authority, that has each of these do its script.
pub(crate) fn action(account: RegId, does: &[(RegId, Vec<u8>)]) -> Action {
    Action {
        account,
        name: Name::of("go").unwrap(),
        authorization: vec![Authorization {
            actor: PARTIES.alice,
            permission: ACTIVE,
        }],
        value: 0,
        data: parts(does),
    }
}

pub(crate) fn context_free(account: RegId, does: &[(RegId, Vec<u8>)]) -> Action {
    Action {
        authorization: vec![],
        ..action(account, does)
    }
}

pub(crate) fn list(actions: &[Action]) -> ActionList {
    ActionList {
        sender: PARTIES.alice,
        context_free: vec![],
        actions: actions.to_vec(),
        gas_limit: Gas(10_000_000),
        gas_price: 1,
    }
}

pub(crate) fn send(block: &mut OpenBlock<'_>, actions: &[Action]) -> Receipt {
    block.transact(&list(actions), &mut ()).unwrap().clone()
}

/// Calls of methods, for [`script`].
pub(crate) type Call = (u16, Vec<u8>);

pub(crate) fn notify(account: RegId) -> Call {
    (method::NOTIFY, request(&[&account]))
}

/// An inline action of `account` named `go`, with the authority of `by` and an amount.
pub(crate) fn inline(by: RegId, account: RegId, value: u64, does: &[(RegId, Vec<u8>)]) -> Call {
    let action = (account, Name::of("go").unwrap());
    inline_named(by, action, value, does)
}

pub(crate) fn inline_named(
    by: RegId,
    (account, name): (RegId, Name),
    value: u64,
    does: &[(RegId, Vec<u8>)],
) -> Call {
    let name = name.0.to_le_bytes();
    let record = [&account[..], &name, &value.to_le_bytes()].concat();
    let authorization = [&by[..], &ACTIVE.0.to_le_bytes()].concat();
    let data = parts(does);
    (
        method::SEND_ACTION,
        request(&[&record, &authorization, &data]),
    )
}

pub(crate) fn inline_context_free(account: RegId, does: &[(RegId, Vec<u8>)]) -> Call {
    context_free_named((account, Name(0)), does)
}

pub(crate) fn context_free_named(
    (account, name): (RegId, Name),
    does: &[(RegId, Vec<u8>)],
) -> Call {
    let record = [&account[..], &name.0.to_le_bytes(), &[0; 8]].concat();
    (method::SEND_CONTEXT_FREE, request(&[&record, &parts(does)]))
}

pub(crate) fn write(key: &[u8]) -> Call {
    (method::DB_WRITE, request(&[key, b"1"]))
}

pub(crate) fn does(calls: &[Call]) -> Vec<u8> {
    script(calls, 1)
}

/// What a contract has under a key.
pub(crate) fn has(chain: &mut OpenBlock<'_>, contract: RegId, key: &[u8]) -> bool {
    data::get(chain.state(), &contract, key).unwrap().is_some()
}

/// Kind, receiver, ordinal and parent of each frame.
fn order(receipt: &Receipt) -> Vec<(FrameKind, RegId, u16, Option<u16>)> {
    let frames = receipt.frames.iter();
    frames
        .map(|frame| (frame.kind, frame.receiver, frame.ordinal, frame.parent))
        .collect()
}

/// The order that EOS executes in (`apply_context::exec` of spring): an action, who is notified of it, then
/// context-free inline actions, then inline ones; ordinals as they are asked for.
#[test]
fn actions_run_in_the_order_of_eos() {
    use FrameKind::{Action as Top, ContextFree, Inline, Notified};
    for first in [EngineId::Mcs51, EngineId::Wasm] {
        let chain = actors(first);
        let mut block = chain.begin_block().unwrap();
        let a = does(&[
            notify(B),
            inline(A, D, 0, &[]),
            notify(C),
            inline_context_free(E, &[]),
            notify(B),
            notify(A),
        ]);
        let b = does(&[notify(C), notify(E), inline(B, A, 0, &[])]);
        let transaction = ActionList {
            context_free: vec![context_free(C, &[])],
            ..list(&[action(A, &[(A, a), (B, b)]), action(B, &[])])
        };
        let receipt = block.transact(&transaction, &mut ()).unwrap();
        assert!(receipt.verdict.is_success(), "{receipt}");
        assert_eq!(
            order(receipt),
            [
                (ContextFree, C, 1, None),
                (Top, A, 2, None),
                (Notified, B, 4, Some(1)),
                (Notified, C, 6, Some(1)),
                (Notified, E, 8, Some(2)),
                (ContextFree, E, 7, Some(1)),
                (Inline, D, 5, Some(1)),
                (Inline, A, 9, Some(2)),
                (Top, B, 3, None),
            ],
            "{receipt}"
        );
        assert_eq!(Receipt::decode(&receipt.encode()).as_ref(), Some(receipt));
        // Those who are notified see whose action it is.
        assert_eq!(receipt.frames[2].code, A);
        assert_eq!(receipt.frames[2].caller, A);
        assert_eq!(receipt.frames[7].caller, B);
    }
}

/// What fails at any place takes back everything but the fee for what ran.
#[test]
fn all_actions_are_done_or_none() {
    let chain = actors(EngineId::Mcs51);
    let fails = || script(&[write(b"k")], 7);
    let failing = [
        action(B, &[(B, fails())]),
        action(B, &[(B, does(&[notify(C)])), (C, fails())]),
        action(B, &[(B, does(&[inline(B, C, 0, &[(C, fails())])]))]),
        action(B, &[(B, does(&[inline_context_free(C, &[(C, fails())])]))]),
    ];
    for second in failing {
        let mut block = chain.begin_block().unwrap();
        let before = block.writes();
        let first = action(A, &[(A, does(&[write(b"k")]))]);
        let alice = balance(&chain, PARTIES.alice);
        let receipt = send(&mut block, &[first, second]);
        assert!(!receipt.verdict.is_success(), "{receipt}");
        assert!(receipt.fee > 0 && receipt.fee == receipt.gas);
        assert!(!has(&mut block, A, b"k"));
        let changed: Vec<_> = block.writes();
        assert_eq!(
            changed.len(),
            before.len() + 1,
            "the fee alone: {changed:?}"
        );
        block.commit().unwrap();
        assert_eq!(balance(&chain, PARTIES.alice), alice - receipt.fee);
    }
}

/// Four inline actions below an action, and no more.
#[test]
fn inline_actions_are_4_deep() {
    let chain = actors(EngineId::Wasm);
    let mut block = chain.begin_block().unwrap();
    let nested = |depth: usize| {
        let accounts = [A, B, C, D, E, A];
        let mut part = does(&[write(b"deepest")]);
        for at in (0..depth).rev() {
            let (by, to) = (accounts[at], accounts[at + 1]);
            part = does(&[inline(by, to, 0, &[(to, part)])]);
        }
        action(A, &[(A, part)])
    };
    let receipt = send(&mut block, &[nested(4)]);
    assert!(receipt.verdict.is_success(), "{receipt}");
    assert!(has(&mut block, E, b"deepest"));
    let receipt = send(&mut block, &[nested(5)]);
    assert_eq!(
        receipt.verdict.fault(),
        Some("inline_too_deep"),
        "{receipt}"
    );
}

/// Nobody acts for another one.
#[test]
fn authority_is_the_senders_or_the_contracts_own() {
    let chain = actors(EngineId::Mcs51);
    let mut block = chain.begin_block().unwrap();
    let foreign = Action {
        authorization: vec![Authorization {
            actor: PARTIES.bob,
            permission: ACTIVE,
        }],
        ..action(A, &[])
    };
    let before = block.writes();
    let error = block.transact(&list(&[foreign]), &mut ()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("action 1 needs the authority of 1-1"),
        "{error}"
    );
    assert_eq!(block.writes(), before);
    // An inline action with somebody else's.
    let steals = does(&[inline(B, C, 0, &[])]);
    let receipt = send(&mut block, &[action(A, &[(A, steals)])]);
    assert_eq!(
        receipt.verdict.fault(),
        Some("request_refused"),
        "{receipt}"
    );
    // Who has it: the contract writes down the reply as the data that it returns.
    let asks = |who: RegId| (method::HAS_AUTH, request(&[&who]));
    let logs = |receipt: &Receipt, frame: usize| match &receipt.frames[frame].work {
        Work::Run(run) => run.host_log,
        work => panic!("{work:?}"),
    };
    let asked = |block: &mut OpenBlock<'_>, of: RegId, account: RegId| {
        let inner = does(&[asks(of)]);
        let outer = does(&[inline(A, account, 0, &[(account, inner)])]);
        let receipt = send(block, &[action(A, &[(A, outer)])]);
        assert!(receipt.verdict.is_success(), "{receipt}");
        logs(&receipt, 1)
    };
    // The same method, request and reply but for what is answered.
    let (yes, no) = (asked(&mut block, A, B), asked(&mut block, PARTIES.alice, B));
    assert_ne!(yes, no);
    block.keep_host_calls(1 << 16);
    for (of, expected) in [(A, 1), (PARTIES.alice, 0), (B, 0)] {
        asked(&mut block, of, B);
        let calls = block.host_calls().calls;
        let last = calls.last().unwrap();
        assert_eq!(
            (last.frame, last.reply.as_slice()),
            (1, &[vec![expected]][..]),
            "{of:?}"
        );
    }
}

/// Without authority and without the state.
#[test]
fn context_free_actions_see_no_state() {
    let chain = actors(EngineId::Mcs51);
    let mut block = chain.begin_block().unwrap();
    for spec in method::METHODS {
        if spec.is_context_free() {
            continue;
        }
        let mut transaction = list(&[action(A, &[])]);
        let args: Vec<Vec<u8>> = spec
            .args
            .iter()
            .map(|arg| arg.kind.lengths())
            .map(|lengths| vec![0; (1..).find(|n| lengths.allows(*n)).unwrap()])
            .collect();
        let args: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
        let call = (spec.id, request(&args));
        transaction.context_free = vec![context_free(B, &[(B, does(&[call]))])];
        block.keep_host_calls(1 << 16);
        block.transact(&transaction, &mut ()).unwrap();
        let calls = block.host_calls().calls;
        assert_ne!(calls[0].status, 1, "{}", spec.name);
        assert!(calls[0].reply.is_empty(), "{}", spec.name);
    }
    // Neither can it be given an amount or somebody's authority.
    for wrong in [
        action(B, &[]),
        Action {
            value: 1,
            ..context_free(B, &[])
        },
    ] {
        let mut transaction = list(&[action(A, &[])]);
        transaction.context_free = vec![wrong];
        let error = block.transact(&transaction, &mut ()).unwrap_err();
        assert!(
            error.to_string().contains("action 1 is context-free"),
            "{error}"
        );
    }
}

/// Amounts go with actions, and come back when they fail.
#[test]
fn amounts_go_with_actions() {
    let chain = actors(EngineId::Wasm);
    let mut block = chain.begin_block().unwrap();
    let holds = |block: &mut OpenBlock<'_>, id: RegId| {
        accounts::Account::of(block.state(), &id)
            .unwrap()
            .unwrap()
            .1
            .balance
    };
    let pays = does(&[inline(A, B, 400, &[]), inline(A, C, 600, &[])]);
    let receipt = send(
        &mut block,
        &[Action {
            value: 5,
            ..action(A, &[(A, pays.clone())])
        }],
    );
    assert!(receipt.verdict.is_success(), "{receipt}");
    assert_eq!([A, B, C].map(|id| holds(&mut block, id)), [5, 1_400, 1_600]);
    assert_eq!(receipt.frames[1].value, 400);
    // More than it holds.
    let receipt = send(
        &mut block,
        &[Action {
            value: 994,
            ..action(A, &[(A, pays)])
        }],
    );
    assert_eq!(
        receipt.verdict.reason(),
        Some("3-0 holds 599, 600 are to be sent"),
        "{receipt}"
    );
    assert_eq!([A, B, C].map(|id| holds(&mut block, id)), [5, 1_400, 1_600]);
    // The sender's own money, which he may spend up to what the gas may cost.
    for (beyond, fits) in [(1, false), (0, true)] {
        let value = holds(&mut block, PARTIES.alice) - 10_000_000 + beyond;
        let pays = Action {
            value,
            ..action(A, &[])
        };
        let receipt = send(&mut block, &[pays]);
        assert_eq!(receipt.verdict.is_success(), fits, "{receipt}");
    }
}

/// A contract without `apply` could take somebody else's action for its own: it is not run.
#[test]
fn only_those_who_listen_are_notified() {
    let chain = actors(EngineId::Mcs51);
    let mut block = chain.begin_block().unwrap();
    let tells = does(&[notify(DEAF), notify(PARTIES.bob), notify([9; 6]), notify(B)]);
    let heard = does(&[write(b"heard")]);
    let receipt = send(&mut block, &[action(A, &[(A, tells), (B, heard)])]);
    assert!(receipt.verdict.is_success(), "{receipt}");
    let works: Vec<_> = receipt
        .frames
        .iter()
        .map(|frame| frame.work == Work::Nothing)
        .collect();
    assert_eq!(works, [false, true, true, true, false]);
    assert!(has(&mut block, B, b"heard"));
}

/// What a plain call's contract has follow is executed too, and what a callee of it asks for.
#[test]
fn calls_are_followed_by_what_they_ask_for() {
    let chain = actors(EngineId::Mcs51);
    for fails in [false, true] {
        let mut block = chain.begin_block().unwrap();
        let heard = script(&[write(b"heard")], if fails { 3 } else { 1 });
        // A calls B, with what B finds behind its head; B tells C of that call.
        let for_b = parts(&[(B, does(&[notify(C)])), (C, heard)]);
        let record = [&B[..], &[0; 16]].concat();
        let calls = (method::CALL_CONTRACT, request(&[&record, &for_b]));
        let input = parts(&[(A, does(&[write(b"called"), calls, notify(D), notify(D)]))]);
        let request = CallRequest {
            sender: PARTIES.alice,
            contract: A,
            input: &input,
            value: 0,
            payment: Payment::Gas {
                limit: Gas(1_000_000),
                price: 1,
            },
        };
        let receipt = block.call(&request, &mut ()).unwrap().clone();
        assert_eq!(receipt.verdict.is_success(), !fails, "{receipt}");
        assert_eq!(has(&mut block, A, b"called"), !fails);
        assert_eq!(has(&mut block, C, b"heard"), !fails);
        use FrameKind::{Action as Top, Call, Notified};
        let expected = [
            (Top, A, 1, None),
            (Call, B, 2, Some(0)),
            (Notified, C, 3, Some(1)),
            (Notified, D, 4, Some(0)),
        ];
        let ran = if fails { 3 } else { 4 };
        assert_eq!(order(&receipt), expected[..ran], "{receipt}");
        assert_eq!(receipt.frames[2].code, B);
        let sum: u64 = receipt
            .frames
            .iter()
            .filter(|frame| frame.kind != Call)
            .map(|frame| match &frame.work {
                Work::Run(run) => run.gas,
                _ => 0,
            })
            .sum();
        let before = 10_000 + 20 * (20 + input.len() as u64);
        assert_eq!(receipt.gas, before + sum);
    }
}
