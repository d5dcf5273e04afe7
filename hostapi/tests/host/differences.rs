//! Where the old chain's rules and ours differ. Each test is a line of `docs/semantics.md`.

use crate::common::*;
use abi::Semantics;
use abi::codec::{reply_fits, reply_items, request};
use abi::method;
use hostapi::app_funds::{AppAccount, Fund, FundRecord};
use hostapi::{CallContext, CallEnd, Failure, Host, HostApi, HostFault, Requests, Status, settle};
use state::MemStore;

const OLDER: Semantics = Semantics::Dacrs2014;

fn undefined<R>(method: u16) -> Result<R, HostFault> {
    Err(HostFault::Undefined(method))
}

#[test]
fn u32_format_is_cut_to_16_bits_by_the_old_rules() {
    // 0x204080 as a VARINT.
    let input = |context: &mut CallContext<'static>| context.input = &[0x80, 0x80, 0x80, 0x00];
    with_context(OLD, input, |host| {
        assert_eq!(served(host, method::UNPACK, &[&[2]]), [0x80, 0x40])
    });
    with_context(OURS, input, |host| {
        assert_eq!(served(host, method::UNPACK, &[&[2]]), [0x80, 0x40, 0x20, 0])
    });
}

#[test]
fn smallest_number_by_minus_one_stopped_the_old_node() {
    let items: [&[u8]; 2] = [&i64::MIN.to_le_bytes(), &(-1i64).to_le_bytes()];
    with_host(OLD, |host| {
        assert_eq!(try_call(host, method::DIV, &items), undefined(method::DIV))
    });
    with_host(OURS, |host| assert!(refused(host, method::DIV, &items)));
}

#[test]
fn account_without_public_key_stopped_the_old_node() {
    with_host(OLD, |host| {
        assert_eq!(
            try_call(host, method::PUBKEY, &[&CONTRACT]),
            undefined(method::PUBKEY)
        )
    });
    with_host(OURS, |host| {
        assert!(refused(host, method::PUBKEY, &[&CONTRACT]))
    });
}

#[test]
fn bad_names_in_fund_records_stopped_the_old_node() {
    let nobody = fund(1, 0, 1, b"", b"");
    let mut long = fund(1, 0, 1, b"u", b"");
    long[13] = 41;
    let mut tag = fund(1, 0, 1, b"u", b"");
    tag[54] = 41;
    let mut id = [0; 41];
    id[0] = 41;
    let cases: [(u16, &[u8]); 6] = [
        (method::APP_FREE, &id),
        (method::APP_FROZEN, &nobody),
        (method::APP_FROZEN, &long),
        (method::APP_FROZEN, &tag),
        (method::APP_OPERATE, &nobody),
        (method::APP_OPERATE, &long),
    ];
    for (id, record) in cases {
        with_host(OLD, |host| {
            assert_eq!(try_call(host, id, &[record]), undefined(id))
        });
        with_host(OURS, |host| match id {
            method::APP_OPERATE => assert_eq!(
                try_call(host, id, &[record]),
                Err(HostFault::RequestRefused(id))
            ),
            _ => assert!(refused(host, id, &[record]), "{id}"),
        });
    }
}

/// Where there is never an answer, no answer cannot mean no: under our rules the run ends, and nothing is paid.
#[test]
fn a_silent_no_ends_the_run_under_our_rules() {
    let mut seen = Vec::new();
    for spec in method::METHODS {
        if !spec.reads_request() || !spec.reply.is_empty() {
            continue;
        }
        seen.push(spec.id);
        // No total, one too large, and arguments too many, the first of which is cut short for a record.
        let items: [&[u8]; 4] = [&[7; 47], b"a", b"b", b"c"];
        for frame in [vec![0, 0], vec![0, 0x10, 1, 0, 7], request(&items)] {
            let wrong = |host: &mut Host<'_, '_>| host.call(spec.id, &frame).map(|a| a.status);
            let ours = with_host(OURS, wrong);
            assert!(
                matches!(ours, Err(Failure::Contract(CallEnd::Fault(HostFault::RequestRefused(id), _))) if id == spec.id),
                "{}: {ours:?}",
                spec.name
            );
            if method::spec_under(OLD, spec.id).is_none() {
                continue;
            }
            let old = with_host(OLD, wrong);
            assert!(matches!(old, Ok(Status::Refused)), "{}: {old:?}", spec.name);
        }
    }
    let expected = [
        method::PRINT,
        method::OUTPUT,
        method::APP_OPERATE,
        method::EMIT,
        method::RETURN_DATA,
        method::FAIL,
        method::ABORT,
        method::NOTIFY,
        method::SEND_ACTION,
        method::SEND_CONTEXT_FREE,
    ];
    assert_eq!(seen, expected);
}

/// Under our rules a print without text is an empty line; the old rules print nothing.
#[test]
fn an_empty_print_is_a_line_under_our_rules() {
    for (semantics, lines) in [(OLD, 0), (OURS, 1)] {
        let store = MemStore::default();
        let mut state = genesis(&store);
        let context = context(semantics);
        let mut host = Host::new(&context, &Past, &mut state);
        call(&mut host, method::PRINT, &[&[0]]);
        assert_eq!(host.finish().prints.len(), lines, "{semantics}");
    }
}

/// What `db_write` can frame, `db_next` can answer within the buffer.
#[test]
fn every_record_that_can_be_written_can_be_listed() {
    for key in [1, 30, 2000, 4090] {
        with_host(OURS, |host| {
            let (key, value) = (vec![1; key], vec![2; 4091 - key]);
            assert!(!refused(host, method::DB_WRITE, &[&key, &value]));
            let answer = host.call(method::DB_NEXT, &request(&[&[0; 4]])).unwrap();
            assert!(reply_fits(OURS, answer.reply.len()));
            let items: Vec<&[u8]> = reply_items(answer.reply).collect();
            assert_eq!(items, [&key[..], &value]);
        });
    }
}

#[test]
fn empty_reply_item_ends_the_run_under_the_old_rules() {
    let empty = |context: &mut CallContext<'static>| context.input = b"";
    with_context(OLD, empty, |host| {
        assert_eq!(
            try_call(host, method::INPUT, &[]),
            Err(HostFault::EmptyReplyItem)
        );
        assert_eq!(
            try_call(host, method::UNPACK, &[&[6, 0]]),
            Err(HostFault::EmptyReplyItem)
        );
    });
    with_context(OURS, empty, |host| {
        assert!(call(host, method::INPUT, &[]).reply.is_empty());
        assert!(call(host, method::UNPACK, &[&[6, 0]]).reply.is_empty());
    });
}

#[test]
fn listing_keys_was_a_setting_of_the_old_node() {
    for (semantics, allowed) in [(OLD, false), (OURS, true)] {
        with_context(
            semantics,
            |context| context.traversal = false,
            |host| {
                call(host, method::DB_WRITE, &[b"k", b"v"]);
                assert_eq!(!refused(host, method::DB_NEXT, &[&[0; 4]]), allowed);
            },
        );
    }
}

#[test]
fn negative_fund_amounts_are_refused_whole_under_ours() {
    let records = [fund(1, 0, 5, b"u", b""), fund(1, 0, -5, b"u", b"")].concat();
    for (semantics, height, kept) in [
        (OLD, 99_854, 2),
        (OLD, 99_855, 1),
        (OURS, 100, 0),
        (OURS, 99_855, 0),
    ] {
        let store = MemStore::default();
        let mut state = genesis(&store);
        let context = CallContext {
            height,
            ..context(semantics)
        };
        let mut host = hostapi::Host::new(&context, &Past, &mut state);
        let outcome = try_call(&mut host, method::APP_OPERATE, &[&records]);
        match outcome {
            Ok(outcome) => assert_eq!(outcome.steps, if kept == 2 { 189 } else { 0 }),
            Err(fault) => {
                assert_eq!(fault, HostFault::RequestRefused(method::APP_OPERATE));
                assert_eq!(semantics, OURS);
            }
        }
        assert_eq!(host.finish().funds.len(), kept, "{semantics} at {height}");
    }
}

/// Overflowing a frozen fund was ignored by the old rules.
#[test]
fn the_old_rules_ignore_a_frozen_funds_overflow() {
    for (semantics, goes_on) in [(OLD, true), (OURS, false)] {
        let store = MemStore::default();
        let mut state = genesis(&store);
        let before = AppAccount {
            free: 0,
            frozen: vec![Fund {
                tag: b"A".to_vec(),
                height: 200,
                amount: u64::MAX,
            }],
        };
        before.save(&mut state, &CONTRACT, b"u").unwrap();
        let funds = vec![FundRecord(fund(3, 200, 1, b"u", b"A"))];
        let result = settle(
            &Requests {
                funds,
                ..Requests::default()
            },
            &mut state,
            &context(semantics),
        );
        assert_eq!(result.is_ok(), goes_on);
        assert_eq!(
            AppAccount::load(&mut state, &CONTRACT, b"u").unwrap(),
            before
        );
    }
}

#[test]
fn late_contracts_of_the_old_chain_freeze_by_time() {
    let late = [0xc0, 0x27, 0x09, 0, 1, 0]; // registered at height 600,000
    let early = [0xbf, 0x27, 0x09, 0, 1, 0];
    for (semantics, contract, height, by_time) in [
        (OLD, late, 600_000, true),
        (OLD, late, 599_999, false),
        (OLD, early, 600_000, false),
        (OURS, late, 600_000, false),
    ] {
        let context = CallContext {
            contract,
            height,
            ..context(semantics)
        };
        let frozen = |height| Fund {
            tag: Vec::new(),
            height,
            amount: 1,
        };
        let account = AppAccount {
            free: 0,
            frozen: vec![frozen(context.tip_time), frozen(context.tip_time + 1)],
        };
        let free = account.thawed(&context).unwrap().free;
        assert_eq!(
            free,
            u64::from(by_time),
            "{semantics} {contract:?} {height}"
        );
    }
}

/// Heights beyond 31 bits have come already under the old rules.
#[test]
fn heights_beyond_31_bits_have_come_by_the_old_rules() {
    for (semantics, free) in [(OLD, 1), (OURS, 0)] {
        let frozen = vec![Fund {
            tag: Vec::new(),
            height: u32::MAX,
            amount: 1,
        }];
        assert_eq!(
            AppAccount { free: 0, frozen }
                .thawed(&context(semantics))
                .unwrap()
                .free,
            free
        );
    }
}

#[test]
fn our_own_methods_are_unknown_to_the_old_rules() {
    for id in [method::SHA256_ONCE, method::BLOCK_TIME] {
        for semantics in [OLD, OLDER] {
            with_host(semantics, |host| {
                assert_eq!(
                    try_call(host, id, &[b"x"]),
                    Err(HostFault::UnknownMethod(id))
                )
            });
        }
        with_host(OURS, |host| assert!(!refused(host, id, &[b"x"])));
    }
}

#[test]
fn numbers_of_2014_name_other_methods() {
    with_host(OLDER, |host| {
        assert_eq!(served(host, 19, &[]), HEIGHT.to_le_bytes());
        assert_eq!(served(host, 16, &[&1i32.to_le_bytes()]).len(), 32);
        assert!(
            refused(host, 20, &[b"k", b"value"]),
            "a lifetime is missing"
        );
        let written = call(host, 20, &[b"k", b"value", &[9; 4]]);
        assert_eq!((written.reply, written.steps), (vec![vec![1]], 4));
        assert_eq!(served(host, 22, &[b"k"]), b"value");
        assert_eq!(served(host, 24, &[]), 1u32.to_le_bytes());
        assert_eq!(call(host, 25, &[&[0; 4]]).reply, [&b"k"[..], b"value"]);
        assert_eq!(served(host, 26, &[]), [0x77; 32]);
        assert_eq!(served(host, 29, &[b"k", b"v"]), [1]);
        assert_eq!(served(host, 31, &[&CONTRACT, b"k"]), b"v");
        assert_eq!(served(host, 32, &[]), CONTRACT);
        assert_eq!(served(host, 33, &[]), ALICE);
        assert_eq!(served(host, 34, &[]), b"input");
        assert_eq!(served(host, 21, &[b"k"]), [1]);
        for gone in [15, 17, 18, 23, 27, 28, 35, 36] {
            assert_eq!(
                try_call(host, gone, &[]),
                Err(HostFault::UnknownMethod(gone))
            );
        }
    });
}

#[test]
fn output_records_of_2014_are_shorter() {
    let store = MemStore::default();
    let mut state = genesis(&store);
    let context = context(OLDER);
    let mut host = hostapi::Host::new(&context, &Past, &mut state);
    let record = |id: [u8; 6], operation: u8, amount: u64| {
        [&id[..], &[operation], &[0; 4], &amount.to_le_bytes()].concat()
    };
    assert!(refused(&mut host, 30, &[&pay(BOB, 1, 7)]));
    let records = [record(BOB, 1, 7), record(CONTRACT, 2, 7)].concat();
    assert!(!refused(&mut host, 30, &[&records]));
    let requests = host.finish();
    assert_eq!(requests.outputs[0].0, pay(BOB, 1, 7));
    settle(&requests, &mut state, &context).unwrap();
    assert_eq!(
        (balance(&mut state, &BOB), balance(&mut state, &CONTRACT)),
        (BALANCE + 7, BALANCE - 7)
    );
}

#[test]
fn old_rules_forget_reads_and_end_what_keeps_on() {
    let store = MemStore::default();
    let mut state = genesis(&store);
    let context = context(OLD);
    let mut host = hostapi::Host::new(&context, &Past, &mut state);
    let mut key = vec![7; 4000];
    let count = |key: &mut Vec<u8>, number: u32| key[..4].copy_from_slice(&number.to_le_bytes());
    served(&mut host, method::DB_WRITE, &[b"kept", b"1"]);
    for number in 0..10_000 {
        count(&mut key, number);
        assert!(refused(&mut host, method::DB_READ, &[&key]));
    }
    assert_eq!(served(&mut host, method::DB_READ, &[b"kept"]), b"1");
    let end = (0..20_000).find_map(|number| {
        count(&mut key, number);
        try_call(&mut host, method::DB_WRITE, &[&key, b"1"]).err()
    });
    assert_eq!(end, Some(HostFault::TooMuchKept));
    drop(host);
    assert!(state.has_forgotten() && state.reads_size() < 17 << 20);
}
