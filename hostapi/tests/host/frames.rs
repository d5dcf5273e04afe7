//! Frames, events, returned data and error texts, by a host that runs no contract: the test plays the driver.

use crate::common::*;
use abi::codec::request;
use abi::{ExitCode, Gas, method};
use hostapi::frames::{DEPTH_MAX, ERROR_TEXT_MAX, RETURN_MAX, TOPICS_MAX};
use hostapi::{
    CallContext, CallEnd, CallStatus, Failure, Host, HostApi, HostFault, NotEntered, Status,
    Transcript, data, settle,
};
use state::MemStore;
use state::keys::RegId;
use std::sync::Arc;

/// The record of a call.
fn record(contract: &RegId, value: u64, gas: u64) -> Vec<u8> {
    [&contract[..], &value.to_le_bytes(), &gas.to_le_bytes()].concat()
}

/// Begins a frame of `contract`, which must be entered.
fn enter(host: &mut Host<'_, '_>, method: u16, contract: &RegId, value: u64) {
    let frame = request(&[&record(contract, value, 0), b"input of the callee"]);
    let entry = host
        .entry(method, &frame)
        .unwrap()
        .expect("a sound request");
    assert_eq!(
        (entry.contract, entry.value, entry.gas),
        (*contract, value, None)
    );
    assert_eq!(host.bars(&entry, true).unwrap(), None);
    host.enter(&entry, Arc::from(entry.input), false)
        .unwrap()
        .expect("it is entered");
}

/// Ends the running frame, and gives status and code as its caller sees them, and the data.
fn leave(host: &mut Host<'_, '_>, ended: CallStatus, aborted: bool) -> ([u8; 2], Vec<u8>) {
    host.leave(ended, aborted, Gas(77)).unwrap();
    let answer = host.answer_call(Gas::MAX).unwrap();
    assert_eq!(answer.status, Status::Done);
    let mut items = abi::codec::reply_items(answer.reply);
    let result = items.next().expect("a result");
    assert_eq!(result[2..], 77u64.to_le_bytes());
    (
        [result[0], result[1]],
        items.next().unwrap_or_default().to_vec(),
    )
}

/// Runs `test` and gives the transcript.
fn transcript(test: impl FnOnce(&mut Host<'_, '_>)) -> Transcript {
    let store = MemStore::default();
    let mut state = genesis(&store);
    let context = context(OURS);
    let mut host = Host::new(&context, &Past, &mut state);
    test(&mut host);
    host.finish_frames().1
}

/// An event record: the name, and so many topics.
fn event(name: &str, topics: usize) -> Vec<u8> {
    let mut out = vec![0; 32 * (1 + topics)];
    out[..name.len()].copy_from_slice(name.as_bytes());
    out
}

#[test]
fn events_have_names_and_up_to_four_topics() {
    let said = transcript(|host| {
        call(host, method::EMIT, &[&event("paid", 0)]);
        call(host, method::EMIT, &[&event("a_2", TOPICS_MAX), b"data"]);
        call(host, method::EMIT, &[&event(&"x".repeat(32), 1)]);
        let mut gap = event("paid", 0);
        gap[9] = b'x';
        for wrong in [
            event("", 0),
            event("Paid", 0),
            event("a b", 0),
            gap,
            event("a", 5),
            vec![b'a'; 31],
        ] {
            let fault = try_call(host, method::EMIT, &[&wrong]);
            assert_eq!(
                fault,
                Err(HostFault::RequestRefused(method::EMIT)),
                "{wrong:?}"
            );
        }
    });
    let names: Vec<(&str, usize, usize)> = said
        .events
        .iter()
        .map(|event| (&event.name[..], event.topics.len(), event.data.len()))
        .collect();
    let long = "x".repeat(32);
    assert_eq!(names, [("paid", 0, 0), ("a_2", 4, 4), (&long, 1, 0)]);
}

#[test]
fn events_cost_by_topics_and_bytes() {
    with_host(OURS, |host| {
        let plain = call(host, method::EMIT, &[&event("a", 0)]).gas.0;
        let topics = call(host, method::EMIT, &[&event("a", 4)]).gas.0;
        assert_eq!(topics - plain, 4 * 375 + 8 * 4 * 32);
    });
}

/// The last data counts, and its bound is that of a reply.
#[test]
fn returned_data_is_the_last_and_bounded() {
    let said = transcript(|host| {
        call(host, method::RETURN_DATA, &[b"first"]);
        call(host, method::RETURN_DATA, &[&vec![7; RETURN_MAX]]);
        let fault = try_call(host, method::RETURN_DATA, &[&vec![7; RETURN_MAX + 1]]);
        assert_eq!(fault, Err(HostFault::RequestRefused(method::RETURN_DATA)));
    });
    assert_eq!(said.returned.len(), RETURN_MAX);
}

#[test]
fn a_failure_has_a_code_and_a_text() {
    let said = transcript(|host| {
        for (method, code, text) in [
            (method::FAIL, 1, &b""[..]),
            (method::ABORT, 1, b"text"),
            (method::FAIL, 2, &[b'x'; ERROR_TEXT_MAX + 1]),
        ] {
            let fault = try_call(host, method, &[&[code], text]);
            assert_eq!(fault, Err(HostFault::RequestRefused(method)), "{code}");
        }
        let ended = host.call(method::FAIL, &request(&[&[9], b"no"]));
        assert!(
            matches!(ended, Err(Failure::Contract(CallEnd::Exit(ExitCode(9), gas))) if gas.0 > 100),
            "{ended:?}"
        );
    });
    assert_eq!(said.error.as_deref(), Some(&b"no"[..]));
    with_host(OURS, |host| {
        let ended = host.call(method::ABORT, &request(&[&[4]]));
        assert!(
            matches!(
                ended,
                Err(Failure::Contract(CallEnd::Abort(ExitCode(4), _)))
            ),
            "{ended:?}"
        );
    });
}

/// A callee has its own input, caller and amount, sees the same sender, and writes its own data.
#[test]
fn a_frame_has_its_own_facts() {
    let said = transcript(|host| {
        call(host, method::DB_WRITE, &[b"key", b"outer"]);
        enter(host, method::CALL_CONTRACT, &OTHER, 30);
        assert_eq!(served(host, method::INPUT, &[]), b"input of the callee");
        assert_eq!(served(host, method::CALLER, &[]), CONTRACT);
        assert_eq!(served(host, method::TX_SENDER, &[]), ALICE);
        assert_eq!(served(host, method::SCRIPT_ID, &[]), OTHER);
        assert_eq!(served(host, method::PAY_AMOUNT, &[]), 30u64.to_le_bytes());
        assert!(refused(host, method::DB_READ, &[b"key"]));
        call(host, method::DB_WRITE, &[b"key", b"inner"]);
        call(host, method::RETURN_DATA, &[b"given back"]);
        let (result, data) = leave(host, CallStatus::Success, false);
        assert_eq!((result, &data[..]), ([1, 1], &b"given back"[..]));
        assert_eq!(served(host, method::DB_READ, &[b"key"]), b"outer");
        assert_eq!(served(host, method::CALLER, &[]), ALICE);
        assert_eq!(served(host, method::INPUT, &[]), b"input");
        let inner = data::get(host.state(), &OTHER, b"key").unwrap();
        assert_eq!(inner, Some(&b"inner"[..]));
        assert_eq!(balance(host.state(), &OTHER), BALANCE + 30);
        assert_eq!(balance(host.state(), &CONTRACT), BALANCE - 30);
    });
    assert_eq!(said.frames.len(), 1);
    assert_eq!((said.frames[0].parent, said.frames[0].value), (0, 30));
    assert_eq!(said.returned, b"");
}

/// All that a failed callee did is undone: writes, the amount, events; what it said stays.
#[test]
fn a_failed_frame_leaves_only_what_it_said() {
    for (ended, result) in [
        (CallStatus::Refused(ExitCode(7)), [2, 7]),
        (CallStatus::Fault, [3, 0]),
    ] {
        let said = transcript(|host| {
            enter(host, method::CALL_CONTRACT, &OTHER, 30);
            call(host, method::DB_WRITE, &[b"key", b"inner"]);
            call(host, method::EMIT, &[&event("inner", 0)]);
            call(host, method::PRINT, &[&[0], b"printed"]);
            call(host, method::RETURN_DATA, &[b"why"]);
            assert_eq!(leave(host, ended, false), (result, b"why".to_vec()));
            assert_eq!(data::get(host.state(), &OTHER, b"key").unwrap(), None);
            assert_eq!(balance(host.state(), &OTHER), BALANCE);
            assert_eq!(balance(host.state(), &CONTRACT), BALANCE);
            call(host, method::EMIT, &[&event("outer", 0)]);
        });
        assert_eq!(said.events.len(), 1);
        assert_eq!(
            (said.events[0].frame, &said.events[0].name[..]),
            (0, "outer")
        );
        assert_eq!(said.frames[0].prints.len(), 1);
    }
}

#[test]
fn a_static_frame_changes_nothing() {
    with_host(OURS, |host| {
        // No amount goes with a static call.
        let frame = request(&[&record(&OTHER, 1, 0)]);
        assert!(host.entry(method::STATIC_CALL, &frame).unwrap().is_none());
        assert_eq!(host.answer_call(Gas::MAX).unwrap().status, Status::Refused);

        enter(host, method::STATIC_CALL, &OTHER, 0);
        assert!(refused(host, method::DB_WRITE, &[b"key", b"value"]));
        assert!(refused(host, method::DB_DELETE, &[b"key"]));
        assert!(refused(host, method::DB_MODIFY, &[b"key", b"value"]));
        for (silent, args) in [
            (method::EMIT, event("a", 0)),
            (method::OUTPUT, vec![0; 48]),
            (method::APP_OPERATE, vec![0; 95]),
        ] {
            let fault = try_call(host, silent, &[&args]);
            assert_eq!(fault, Err(HostFault::RequestRefused(silent)));
        }
        // What it calls is static too.
        enter(host, method::CALL_CONTRACT, &CONTRACT, 0);
        assert!(refused(host, method::DB_WRITE, &[b"key", b"value"]));
        leave(host, CallStatus::Success, false);
        leave(host, CallStatus::Success, false);
        assert!(!refused(host, method::DB_WRITE, &[b"key", b"value"]));
    });
}

#[test]
fn what_cannot_be_entered_says_why() {
    with_host(OURS, |host| {
        let frame = request(&[&record(&OTHER, BALANCE + 1, 0)]);
        let entry = host
            .entry(method::CALL_CONTRACT, &frame)
            .unwrap()
            .expect("sound");
        // It is known before the contract would be prepared.
        assert_eq!(host.bars(&entry, true).unwrap(), Some(NotEntered::Funds));
        let entered = host.enter(&entry, Arc::from(entry.input), false).unwrap();
        assert_eq!(entered, Err(NotEntered::Funds));
        assert_eq!(balance(host.state(), &CONTRACT), BALANCE);

        let frame = request(&[&record(&CONTRACT, 0, 0)]);
        let entry = host
            .entry(method::CALL_CONTRACT, &frame)
            .unwrap()
            .expect("sound");
        assert_eq!(
            host.bars(&entry, false).unwrap(),
            Some(NotEntered::Reentrant)
        );
        for _ in 1..DEPTH_MAX {
            enter(host, method::CALL_CONTRACT, &OTHER, 0);
        }
        let entry = host
            .entry(method::CALL_CONTRACT, &frame)
            .unwrap()
            .expect("sound");
        assert_eq!(host.bars(&entry, true).unwrap(), Some(NotEntered::TooDeep));
        host.not_entered(NotEntered::TooDeep);
        let answer = host.answer_call(Gas::MAX).unwrap();
        assert_eq!(answer.reply[2..4], [4, 2]);
    });
}

/// Wrong requests are refused, and their bytes paid for.
#[test]
fn wrong_calls_are_refused_and_paid_for() {
    with_host(OURS, |host| {
        for wrong in [
            vec![0, 0],
            request(&[&[1; 21]]),
            request(&[&[1; 22], b"a", b"b"]),
            vec![0xFF; 4096],
        ] {
            assert!(host.entry(method::CALL_CONTRACT, &wrong).unwrap().is_none());
            let answer = host.answer_call(Gas::MAX).unwrap();
            assert_eq!(answer.status, Status::Refused);
            assert!(answer.gas.0 >= 5_000);
        }
    });
}

/// A key that a caller has found is as a callee of its contract has left it, or as it was before one that failed.
#[test]
fn a_key_found_before_a_call_is_not_stale() {
    with_host(OURS, |host| {
        call(host, method::DB_WRITE, &[b"key", b"outer"]);
        enter(host, method::CALL_CONTRACT, &CONTRACT, 0);
        assert_eq!(served(host, method::DB_READ, &[b"key"]), b"outer");
        call(host, method::DB_WRITE, &[b"key", b"inner"]);
        leave(host, CallStatus::Success, false);
        assert_eq!(served(host, method::DB_READ, &[b"key"]), b"inner");
        enter(host, method::CALL_CONTRACT, &CONTRACT, 0);
        call(host, method::DB_DELETE, &[b"key"]);
        leave(host, CallStatus::Fault, false);
        assert_eq!(served(host, method::DB_READ, &[b"key"]), b"inner");
        enter(host, method::CALL_CONTRACT, &CONTRACT, 0);
        call(host, method::DB_DELETE, &[b"key"]);
        leave(host, CallStatus::Success, false);
        assert!(refused(host, method::DB_MODIFY, &[b"key", b"again"]));
        assert!(refused(host, method::DB_SIZE, &[]));
    });
}

/// A host alone answers, and charges, as one among whose contracts there is none of that id.
#[test]
fn a_host_alone_knows_no_contract() {
    for (method, value) in [
        (method::CALL_CONTRACT, 0),
        (method::CALL_CONTRACT, 1),
        (method::STATIC_CALL, 0),
        (method::STATIC_CALL, 1),
    ] {
        let frame = request(&[&record(&OTHER, value, 0)]);
        let [alone, among] = [true, false].map(|alone| {
            with_host(OURS, |host| {
                let answer = if alone {
                    host.call(method, &frame)
                } else {
                    if host.entry(method, &frame).unwrap().is_some() {
                        host.not_entered(NotEntered::NoContract);
                    }
                    host.answer_call(Gas::MAX)
                };
                let answer = answer.unwrap();
                (answer.status, answer.reply.to_vec(), answer.gas)
            })
        });
        assert_eq!(alone, among, "{method:#x} {value}");
    }
}

/// What the old chain's rules do not have.
#[test]
fn the_old_rules_have_no_frames() {
    with_host(OLD, |host| {
        let frame = request(&[&record(&OTHER, 0, 0)]);
        let ended = host.entry(method::CALL_CONTRACT, &frame);
        assert!(matches!(
            ended,
            Err(Failure::Contract(CallEnd::Fault(
                HostFault::UnknownMethod(method::CALL_CONTRACT),
                _
            )))
        ));
    });
}

/// A frame's payments are made when it ends, and what it must not have refuses it.
#[test]
fn a_frame_is_settled_when_it_ends() {
    let pay = |amount: u64| {
        let mut records = [[0; 48]; 2];
        for (record, (account, operation)) in records.iter_mut().zip([(BOB, 1), (OTHER, 2)]) {
            record[0] = 1;
            record[1..7].copy_from_slice(&account);
            record[35] = operation;
            record[40..].copy_from_slice(&amount.to_le_bytes());
        }
        records.as_flattened().to_vec()
    };
    let said = transcript(|host| {
        enter(host, method::CALL_CONTRACT, &OTHER, 0);
        call(host, method::OUTPUT, &[&pay(40)]);
        assert_eq!(leave(host, CallStatus::Success, false).0, [1, 1]);
        assert_eq!(balance(host.state(), &BOB), BALANCE + 40);

        enter(host, method::CALL_CONTRACT, &OTHER, 0);
        call(host, method::OUTPUT, &[&pay(BALANCE)]);
        assert_eq!(leave(host, CallStatus::Success, false).0, [2, 1]);
        assert_eq!(balance(host.state(), &BOB), BALANCE + 40);
    });
    assert_eq!(said.frames[0].refusal, None);
    assert!(said.frames[1].refusal.is_some());
}

/// What a contract sends itself is paid to its callee, so the account check does not count it for the caller again.
#[test]
fn an_amount_sent_to_oneself_is_checked_once() {
    for (rest, good) in [(100, false), (60, true)] {
        let store = MemStore::default();
        let mut state = genesis(&store);
        let context = CallContext {
            pay_amount: 100,
            account_check: true,
            ..context(OURS)
        };
        let mut host = Host::new(&context, &Past, &mut state);
        let frame = request(&[&record(&CONTRACT, 40, 0)]);
        let entry = host.entry(method::CALL_CONTRACT, &frame).unwrap().unwrap();
        host.enter(&entry, Arc::from(entry.input), true)
            .unwrap()
            .expect("it is entered");
        call(
            &mut host,
            method::APP_OPERATE,
            &[&fund(1, 0, 40, &BOB, b"")],
        );
        assert_eq!(leave(&mut host, CallStatus::Success, false).0, [1, 1]);
        call(
            &mut host,
            method::APP_OPERATE,
            &[&fund(1, 0, rest, &BOB, b"")],
        );
        let requests = host.finish();
        let settled = settle(&requests, &mut state, &context);
        assert_eq!(settled.is_ok(), good, "{rest}: {settled:?}");
    }
}
