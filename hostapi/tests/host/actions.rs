//! Authority, notifications and sent actions, by a host that executes none of them.

use crate::common::*;
use abi::codec::request;
use abi::{Gas, Name, method};
use hostapi::{
    ActionFrame, CallStatus, FollowUp, Following, Host, HostApi, HostFault, Requests, SentAction,
};
use state::MemStore;
use state::keys::RegId;
use std::sync::Arc;

const GO: Name = match Name::of("go") {
    Some(name) => name,
    None => Name::EMPTY,
};

fn record(account: &RegId, value: u64) -> Vec<u8> {
    [&account[..], &GO.0.to_le_bytes(), &value.to_le_bytes()].concat()
}

fn by(actor: &RegId) -> Vec<u8> {
    [&actor[..], &7u64.to_le_bytes()].concat()
}

/// Runs `test` in the frame of an action, and gives what it asked for.
fn requests(is_context_free: bool, test: impl FnOnce(&mut Host<'_, '_>)) -> Requests {
    let store = MemStore::default();
    let mut state = genesis(&store);
    let context = context(OURS);
    let mut host = Host::new(&context, &Past, &mut state).for_action(&ActionFrame {
        caller: BOB,
        actors: Arc::new([ALICE, BOB]),
        is_context_free,
        frames_before: 0,
    });
    test(&mut host);
    host.finish()
}

#[test]
fn what_follows_is_kept_in_order() {
    let asked = requests(false, |host| {
        assert!(try_call(host, method::NOTIFY, &[&ALICE]).is_ok());
        let call = try_call(
            host,
            method::SEND_ACTION,
            &[&record(&OTHER, 5), &by(&CONTRACT), b"data"],
        );
        // 2,000 more for the amount.
        let gas = call.unwrap().gas.0;
        assert!((7_000..7_100).contains(&gas), "{gas}");
        let call = try_call(host, method::SEND_CONTEXT_FREE, &[&record(&OTHER, 0)]);
        assert!(call.is_ok());
    });
    let sent = |value, permissions: &[Name], data: &[u8]| SentAction {
        account: OTHER,
        name: GO,
        value,
        permissions: permissions.to_vec(),
        data: data.to_vec(),
    };
    let follow = |what| FollowUp {
        frame: 0,
        by: CONTRACT,
        what,
    };
    assert_eq!(
        asked.follow_ups,
        [
            follow(Following::Notify {
                account: ALICE,
                input: None
            }),
            follow(Following::Inline(sent(5, &[Name(7)], b"data"))),
            follow(Following::ContextFree(sent(0, &[], b""))),
        ]
    );
    assert_eq!(asked.sent, 5);
}

#[test]
fn only_the_contracts_own_authority_can_be_sent() {
    requests(false, |host| {
        let refused = |method| Err(HostFault::RequestRefused(method));
        let two = [by(&CONTRACT), by(&BOB)].concat();
        for authorization in [by(&BOB), by(&ALICE), two] {
            let call = try_call(
                host,
                method::SEND_ACTION,
                &[&record(&OTHER, 0), &authorization],
            );
            assert_eq!(call, refused(method::SEND_ACTION));
        }
        let call = try_call(host, method::SEND_CONTEXT_FREE, &[&record(&OTHER, 1)]);
        assert_eq!(call, refused(method::SEND_CONTEXT_FREE));
    });
}

/// The authority of an action is not that of the contracts it calls: they have their caller's.
#[test]
fn authority_ends_at_a_call() {
    requests(false, |host| {
        let has = |host: &mut Host<'_, '_>, account: &RegId| {
            served(host, method::HAS_AUTH, &[account]) == [1]
        };
        let all = [ALICE, BOB, CONTRACT, OTHER];
        assert_eq!(all.map(|id| has(host, &id)), [true, true, false, false]);
        let frame = request(&[&[&OTHER[..], &[0; 16]].concat()]);
        let entry = host.entry(method::CALL_CONTRACT, &frame).unwrap().unwrap();
        host.enter(&entry, Arc::from(entry.input), false)
            .unwrap()
            .unwrap();
        assert_eq!(all.map(|id| has(host, &id)), [false, false, true, false]);
        host.leave(CallStatus::Success, false, Gas(1)).unwrap();
        assert_eq!(all.map(|id| has(host, &id)), [true, true, false, false]);
    });
    // A plain call has its sender's.
    with_host(OURS, |host| {
        assert_eq!(served(host, method::HAS_AUTH, &[&ALICE]), [1]);
        assert_eq!(served(host, method::HAS_AUTH, &[&BOB]), [0]);
    });
}

/// What a callee asked for follows if it succeeded, and is dropped if not.
#[test]
fn what_a_callee_asks_for_is_its_frames() {
    for (status, kept) in [(CallStatus::Success, 2), (CallStatus::Fault, 1)] {
        let asked = requests(false, |host| {
            let frame = request(&[&[&OTHER[..], &[0; 16]].concat(), b"input"]);
            let entry = host.entry(method::CALL_CONTRACT, &frame).unwrap().unwrap();
            host.enter(&entry, Arc::from(entry.input), false)
                .unwrap()
                .unwrap();
            assert!(try_call(host, method::NOTIFY, &[&BOB]).is_ok());
            host.leave(status, false, Gas(1)).unwrap();
            assert!(try_call(host, method::NOTIFY, &[&ALICE]).is_ok());
        });
        assert_eq!(asked.follow_ups.len(), kept);
        let callee = FollowUp {
            frame: 1,
            by: OTHER,
            what: Following::Notify {
                account: BOB,
                input: Some(Arc::from(&b"input"[..])),
            },
        };
        assert_eq!(asked.follow_ups.first() == Some(&callee), kept == 2);
    }
}

/// Neither a static call nor a context-free action has anything follow.
#[test]
fn nothing_follows_what_may_not_change_anything() {
    let calls: [(u16, Vec<u8>); 3] = [
        (method::NOTIFY, request(&[&ALICE])),
        (
            method::SEND_ACTION,
            request(&[&record(&OTHER, 0), &by(&CONTRACT)]),
        ),
        (method::SEND_CONTEXT_FREE, request(&[&record(&OTHER, 0)])),
    ];
    for (method, frame) in calls {
        let asked = requests(true, |host| {
            assert!(host.call(method, &frame).is_err(), "{method:#x}");
            // Not even a call is begun.
            let call = request(&[&[&OTHER[..], &[0; 16]].concat()]);
            for method in [method::CALL_CONTRACT, method::STATIC_CALL] {
                assert_eq!(host.entry(method, &call).unwrap(), None);
            }
        });
        assert!(asked.follow_ups.is_empty());
        let asked = requests(false, |host| {
            let call = request(&[&[&OTHER[..], &[0; 16]].concat()]);
            let entry = host.entry(method::STATIC_CALL, &call).unwrap().unwrap();
            host.enter(&entry, Arc::from(entry.input), false)
                .unwrap()
                .unwrap();
            assert!(host.call(method, &frame).is_err(), "{method:#x}");
        });
        assert!(asked.follow_ups.is_empty());
    }
}
