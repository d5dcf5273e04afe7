//! What each method answers, and to what it does not.

use crate::common::*;
use abi::codec::request;
use abi::method::{self, METHODS};
use hostapi::{Host, HostFault, Print, Status};

fn le(n: i64) -> [u8; 8] {
    n.to_le_bytes()
}

/// Arguments that a method's row accepts.
fn fitting(spec: &method::MethodSpec) -> Vec<Vec<u8>> {
    let length = |kind: method::Kind| {
        (1..200)
            .find(|&n| kind.lengths().allows(n))
            .expect("a length")
    };
    // The name of an event is letters, the actor the contract, and a context-free action has no amount.
    let byte = match spec.id {
        method::EMIT => b'a',
        method::SEND_ACTION => {
            let authorization = [&CONTRACT[..], &[1; 8]].concat();
            return vec![vec![1; 22], authorization];
        }
        method::SEND_CONTEXT_FREE => 0,
        // The value of a row holds the number of each index.
        method::ROW_WRITE => return vec![vec![1; 2], vec![1], vec![1; 9]],
        _ => 1,
    };
    spec.args
        .iter()
        .map(|item| vec![byte; length(item.kind)])
        .collect()
}

#[test]
fn every_method_of_the_table_is_served() {
    for spec in METHODS {
        if [method::FAIL, method::ABORT].contains(&spec.id) {
            continue; // They end the run: see frames.rs.
        }
        let items = fitting(spec);
        let items: Vec<_> = items.iter().map(Vec::as_slice).collect();
        let outcome = with_host(OURS, |host| try_call(host, spec.id, &items));
        assert!(
            outcome.is_ok_and(|outcome| outcome.gas.0 >= spec.gas.base),
            "{}",
            spec.name
        );
    }
}

#[test]
fn numbers_outside_the_table_end_the_run() {
    for id in (0..=u16::MAX).filter(|&id| method::spec(id).is_none()) {
        with_host(OURS, |host| {
            assert_eq!(try_call(host, id, &[]), Err(HostFault::UnknownMethod(id)))
        });
        if id > 0x0200 {
            break;
        }
    }
}

#[test]
fn wrong_arguments_are_refused_without_steps() {
    for spec in METHODS.iter().filter(|spec| spec.reads_request()) {
        let items = fitting(spec);
        let mut many: Vec<_> = items.iter().map(Vec::as_slice).collect();
        many.extend([&[1][..]; 3]);
        for semantics in [OLD, OURS] {
            if method::spec_under(semantics, spec.id).is_none() {
                continue;
            }
            with_host(semantics, |host| {
                for wrong in [&many[..], &[]] {
                    if semantics == OURS && spec.reply.is_empty() {
                        let fault = try_call(host, spec.id, wrong);
                        assert_eq!(fault, Err(HostFault::RequestRefused(spec.id)));
                        continue;
                    }
                    let outcome = call(host, spec.id, wrong);
                    assert_eq!(
                        (outcome.status, outcome.steps),
                        (Status::Refused, 0),
                        "{}",
                        spec.name
                    );
                    assert!(outcome.reply.is_empty());
                }
            });
        }
    }
}

#[test]
fn arithmetic_is_signed_and_wraps() {
    with_host(OLD, |host| {
        let mut of = |method, a, b| served(host, method, &[&le(a), &le(b)]);
        assert_eq!(of(method::COMPARE, 1, 1), [0]);
        assert_eq!(of(method::COMPARE, -1, 1), [1]);
        assert_eq!(of(method::COMPARE, 1, i64::MIN), [2]);
        assert_eq!(of(method::MUL, i64::MAX, 2), le(-2));
        assert_eq!(of(method::ADD, i64::MAX, 1), le(i64::MIN));
        assert_eq!(of(method::SUB, i64::MIN, 1), le(i64::MAX));
        assert_eq!(of(method::DIV, -7, 2), le(-3));
        assert!(refused(host, method::DIV, &[&le(5), &le(0)]));
    });
}

// FIPS 46-3 worked example, as in NBS Special Publication 500-20.
#[test]
fn des_transforms_block_by_block() {
    let key = 0x1334_5779_9bbc_dff1_u64.to_be_bytes();
    let plain = 0x0123_4567_89ab_cdef_u64.to_be_bytes();
    let cipher = 0x85e8_1354_0f0a_b405_u64.to_be_bytes();
    with_host(OLD, |host| {
        assert_eq!(served(host, method::DES, &[&plain, &key, &[1]]), cipher);
        assert_eq!(served(host, method::DES, &[&cipher, &key, &[0]]), plain);
        assert_eq!(served(host, method::DES, &[&cipher, &key, &[2, 1]]), plain);
        let parity: Vec<u8> = key.iter().map(|byte| byte ^ 1).collect();
        assert_eq!(
            served(host, method::DES, &[&plain, &parity, &[1]]),
            cipher,
            "parity is ignored"
        );
        let two = served(
            host,
            method::DES,
            &[&[&plain[..], &plain[..1]].concat(), &key, &[1]],
        );
        let filled = served(
            host,
            method::DES,
            &[&[plain[0], 0, 0, 0, 0, 0, 0, 0], &key, &[1]],
        );
        assert_eq!(two, [&cipher[..], &filled[..]].concat());
    });
}

/// Triple des is encrypt decrypt encrypt with two keys.
#[test]
fn triple_des_encrypts_decrypts_encrypts() {
    let (first, second, data) = ([0x13; 8], [0xf2; 8], [7; 8]);
    with_host(OURS, |host| {
        let mut des =
            |data: &[u8], key: &[u8], flag| served(host, method::DES, &[data, key, &[flag]]);
        let step = des(&data, &first, 1);
        let step = des(&step, &second, 0);
        let cipher = des(&step, &first, 1);
        let both = [first, second].concat();
        assert_eq!(des(&data, &both, 1), cipher);
        assert_eq!(des(&cipher, &both, 0), data);
        let single = call(host, method::DES, &[&data, &first, &[1]]);
        let triple = call(host, method::DES, &[&data, &both, &[1]]);
        let longer_key = 2; // eight bytes more of request
        let [once, thrice] =
            [false, true].map(|triple| abi::Schedule::DATA_SHEET.effects.cipher(8, triple).0);
        assert_eq!(thrice, 3 * once);
        assert_eq!(triple.gas.0 - single.gas.0, thrice - once + longer_key);
    });
}

#[test]
fn hash_is_double_and_our_own_is_single() {
    with_host(OURS, |host| {
        let double = served(host, method::HASH, &[b"abc"]);
        assert_eq!(
            hex::encode(&double),
            "4f8b42c22dd3729b519ba6f68d2da7cc5b2d606d05daed5ad5128cc03e6c6358"
        );
        let once = served(host, method::SHA256_ONCE, &[b"abc"]);
        assert_eq!(served(host, method::SHA256_ONCE, &[&once]), double);
    });
}

#[test]
fn prints_are_collected_in_order() {
    let store = state::MemStore::default();
    let mut state = genesis(&store);
    let context = context(OLD);
    let mut host = hostapi::Host::new(&context, &Past, &mut state);
    call(&mut host, method::PRINT, &[&[0], b"text"]);
    call(&mut host, method::PRINT, &[&[9, 0], &[0xde, 0xad]]);
    assert!(refused(&mut host, method::PRINT, &[b"text"]));
    let prints = host.finish().prints;
    assert_eq!(prints.len(), 2);
    assert_eq!(
        prints[0],
        Print {
            hex: false,
            bytes: b"text".to_vec()
        }
    );
    assert_eq!(prints[1].to_string(), "dead");
}

#[test]
fn the_call_knows_its_facts_whatever_the_buffer_holds() {
    with_context(
        OURS,
        |context| context.pay_amount = 7,
        |host| {
            assert_eq!(
                served(host, method::HEIGHT, &[&[1; 40]]),
                HEIGHT.to_le_bytes()
            );
            assert_eq!(served(host, method::TX_HASH, &[]), [0x77; 32]);
            assert_eq!(served(host, method::SCRIPT_ID, &[]), CONTRACT);
            assert_eq!(served(host, method::TX_SENDER, &[]), ALICE);
            assert_eq!(served(host, method::INPUT, &[]), b"input");
            assert_eq!(served(host, method::PAY_AMOUNT, &[]), 7u64.to_le_bytes());
            assert_eq!(
                served(host, method::BLOCK_TIME, &[]),
                1_400_006_000u64.to_le_bytes()
            );
            let stub = call(host, method::SIGN, &[&[1; 40]]);
            assert_eq!((stub.status, stub.reply.len()), (Status::Done, 0));
        },
    );
}

#[test]
fn transactions_and_blocks_of_the_past_are_known() {
    with_host(OLD, |host| {
        assert_eq!(served(host, method::TX_CONTRACT, &[&KNOWN]), [0x81, 0, 5]);
        assert_eq!(served(host, method::TX_ACCOUNT, &[&KNOWN]), BOB);
        assert_eq!(
            served(host, method::TX_HEIGHT, &[&KNOWN]),
            90u32.to_le_bytes()
        );
        assert_eq!(
            served(host, method::TX_UNPACK, &[&[0, 6, 1], &KNOWN]),
            [0, 1, 5]
        );
        for method in [method::TX_CONTRACT, method::TX_ACCOUNT, method::TX_HEIGHT] {
            assert!(refused(host, method, &[&[0; 32]]));
        }
        assert_eq!(
            hex::encode(served(host, method::BLOCK_HASH, &[&1i32.to_le_bytes()])),
            "e071fea17ae68aac06c651fbe96a7e3d7596e87154a743df5869bceeeaf6bad1"
        );
        for height in [0, -1, 100, 101, i32::MAX, i32::MIN] {
            assert!(
                refused(host, method::BLOCK_HASH, &[&height.to_le_bytes()]),
                "{height}"
            );
        }
    });
    with_context(
        OLD,
        |context| context.chain_tip = 50,
        |host| {
            assert!(refused(host, method::BLOCK_HASH, &[&51i32.to_le_bytes()]));
        },
    );
}

#[test]
fn accounts_are_named_by_registered_id_or_address() {
    with_host(OLD, |host| {
        let address = served(host, method::ADDRESS, &[&BOB]);
        assert_eq!(address.len(), 34);
        for name in [&BOB[..], &address] {
            assert_eq!(
                served(host, method::BALANCE, &[name]),
                BALANCE.to_le_bytes()
            );
            assert_eq!(served(host, method::PUBKEY, &[name])[27..], BOB);
        }
        let mut wrong = address.clone();
        wrong[33] ^= 1;
        for name in [&[9; 6][..], &wrong] {
            assert!(refused(host, method::BALANCE, &[name]));
            assert!(refused(host, method::PUBKEY, &[name]));
        }
        assert!(refused(host, method::ADDRESS, &[&[9; 6]]));
    });
}

#[test]
fn data_is_written_read_counted_and_listed() {
    with_host(OURS, |host| {
        assert!(refused(host, method::DB_SIZE, &[]));
        assert_eq!(served(host, method::DB_WRITE, &[b"b", b"two"]), [1]);
        assert_eq!(served(host, method::DB_WRITE, &[b"a", b"one"]), [1]);
        assert_eq!(served(host, method::DB_WRITE, &[b"b", b"2"]), [1]);
        assert_eq!(served(host, method::DB_SIZE, &[]), 2u32.to_le_bytes());
        assert_eq!(served(host, method::DB_READ, &[b"b"]), b"2");
        assert_eq!(
            served(host, method::SCRIPT_DATA, &[&CONTRACT, b"a"]),
            b"one"
        );
        assert!(refused(host, method::SCRIPT_DATA, &[&OTHER, b"a"]));
        let pair = |reply: Vec<Vec<u8>>| (reply[0].clone(), reply[1].clone());
        let first = call(host, method::DB_NEXT, &[&[0; 4]]).reply;
        assert_eq!(pair(first), (b"a".to_vec(), b"one".to_vec()));
        let second = call(host, method::DB_NEXT, &[&[1, 0, 0, 0], b"aa"]).reply;
        assert_eq!(pair(second), (b"b".to_vec(), b"2".to_vec()));
        let restart = call(host, method::DB_NEXT, &[&[0; 4], b"b"]).reply;
        assert_eq!(
            pair(restart),
            (b"a".to_vec(), b"one".to_vec()),
            "index 0 does not look at the key"
        );
        assert!(refused(host, method::DB_NEXT, &[&[1, 0, 0, 0], b"b"]));
        assert!(refused(host, method::DB_NEXT, &[&[1, 0, 0, 0]]));
        assert!(refused(host, method::DB_NEXT, &[&[2, 0, 0, 0], b"a"]));
        assert_eq!(served(host, method::DB_DELETE, &[b"a"]), [1]);
        assert_eq!(served(host, method::DB_DELETE, &[b"a"]), [0]);
        assert_eq!(served(host, method::DB_SIZE, &[]), 1u32.to_le_bytes());
        assert_eq!(served(host, method::DB_DELETE, &[b"b"]), [1]);
        assert!(refused(host, method::DB_SIZE, &[]));
        assert!(refused(host, method::DB_NEXT, &[&[0; 4]]));
    });
}

#[test]
fn steps_move_with_the_lengths_of_values() {
    with_host(OLD, |host| {
        let mut steps = |method, items: &[&[u8]]| call(host, method, items).steps;
        assert_eq!(steps(method::DB_WRITE, &[b"k", b"12345"]), 4);
        assert_eq!(
            steps(method::DB_WRITE, &[b"k", b"123"]),
            2,
            "also when written over"
        );
        assert_eq!(steps(method::DB_MODIFY, &[b"k", b"1234567"]), 3);
        assert_eq!(steps(method::DB_MODIFY, &[b"k", b"1"]), -7);
        assert_eq!(steps(method::DB_DELETE, &[b"k"]), -2);
        assert_eq!(steps(method::DB_DELETE, &[b"k"]), 0);
        assert_eq!(steps(method::DB_READ, &[b"k"]), 0);
        assert_eq!(
            steps(
                method::APP_OPERATE,
                &[&[fund(1, 0, 1, b"u", b""); 3].concat()]
            ),
            284
        );
    });
}

#[test]
fn a_missing_key_is_not_modified_but_costs_steps() {
    with_host(OLD, |host| {
        let outcome = call(host, method::DB_MODIFY, &[b"k", b"1234"]);
        assert_eq!((outcome.status, outcome.steps), (Status::Refused, 3));
        assert_eq!(
            outcome.reply,
            [[0]],
            "the original computes an answer that it does not deliver"
        );
        assert!(refused(host, method::DB_READ, &[b"k"]));
    });
}

/// Storage is priced by what changes and refunded apart.
#[test]
fn storage_is_priced_by_what_changes() {
    with_host(OURS, |host| {
        // What is paid beyond base, request and answer.
        let mut price = |method, items: &[&[u8]]| {
            let outcome = call(host, method, items);
            let rule = method::spec(method).unwrap().gas;
            let frame = items.iter().map(|item| 2 + item.len()).sum();
            let answer = outcome.reply.iter().map(Vec::len).sum();
            let carried = rule.before(frame).0 + rule.after(answer).0;
            (outcome.gas.0 - carried, outcome.refund.0)
        };
        assert_eq!(price(method::DB_WRITE, &[b"k", b"1"]), (600, 0));
        assert_eq!(price(method::DB_WRITE, &[b"k", b"2"]), (150, 0));
        assert_eq!(price(method::DB_WRITE, &[b"k", b"2"]), (10, 0));
        assert_eq!(price(method::DB_DELETE, &[b"k"]), (25, 450));
        assert_eq!(price(method::DB_DELETE, &[b"k"]), (0, 0));
        assert_eq!(price(method::DB_READ, &[b"k"]), (0, 0));
        let [record, fund_record] = [method::Effect::OUTPUT_RECORD, method::Effect::APP_RECORD];
        assert_eq!(
            price(method::OUTPUT, &[&[pay(BOB, 1, 1); 2].concat()]),
            (2 * record.0, 0)
        );
        assert_eq!(
            price(method::APP_OPERATE, &[&fund(1, 0, 1, b"u", b"")]),
            (fund_record.0, 0)
        );
    });
}

/// A refused call pays for its base and for the bytes of its frame, sound or not.
#[test]
fn refused_calls_pay_for_their_arguments() {
    use hostapi::HostApi;
    with_host(OURS, |host| {
        let rule = method::spec(method::COMPARE).unwrap().gas;
        for (frame, bytes) in [
            (request(&[&[1; 4000]]), 4002),
            (request(&[&[1][..]; 1000]), 3000),
            ([&[0xFF, 0x0F][..], &[1; 4096]].concat(), 4095),
            ([&[0x00, 0x10][..], &[1; 4096]].concat(), 0),
            (vec![0; 4096], 0),
        ] {
            let answer = host.call(method::COMPARE, &frame).unwrap();
            assert_eq!(answer.status, Status::Refused);
            assert_eq!(answer.gas, rule.before(bytes), "{bytes} bytes");
        }
    });
}

/// What the gas left does not pay for is not done.
#[test]
fn a_call_beyond_the_gas_left_is_not_served() {
    use hostapi::{CallEnd, Failure, HostApi};
    let store = state::MemStore::default();
    let mut state = genesis(&store);
    let context = context(OURS);
    let before = state.writes();
    let record = fund(1, 0, 1, b"u", b"");
    for (method, items) in [
        (method::VERIFY, &[&[0x30; 70][..], &[2; 33], &[5; 32]][..]),
        (method::DES, &[&[1; 4000], &[2; 16], &[1]]),
        (method::DB_WRITE, &[b"key", &[1; 1000]]),
        (method::OUTPUT, &[&pay(BOB, 1, 1)]),
        (method::APP_OPERATE, &[&record]),
        (method::PRINT, &[&[0], &[b'a'; 1000]]),
    ] {
        let mut host = Host::new(&context, &Past, &mut state);
        let frame = request(items);
        let full = call(&mut host, method, items).gas;
        drop(host);
        state = genesis(&store);
        let mut host = Host::new(&context, &Past, &mut state);
        host.allow(abi::Gas(full.0 - 3)); // more than the answer costs
        let poor = host.call(method, &frame).map(|answer| answer.gas);
        assert!(
            matches!(poor, Err(Failure::Contract(CallEnd::OutOfGas))),
            "{method}: {poor:?}"
        );
        assert_eq!(host.finish(), Default::default(), "{method}");
        assert_eq!(state.writes(), before, "{method}");
        let mut host = Host::new(&context, &Past, &mut state);
        host.allow(full);
        assert_eq!(host.call(method, &frame).unwrap().gas, full, "{method}");
        drop(host);
        state = genesis(&store);
    }
}

#[test]
fn a_frame_that_lies_about_its_length_is_refused() {
    use hostapi::HostApi;
    with_host(OLD, |host| {
        for frame in [
            &[0, 0][..],
            &[0, 16, 1, 0, 0x61],
            &[5, 0, 4, 0, 1, 2, 3],
            &[5, 0, 0, 0, 1, 0, 0x61],
            &[],
            &[9],
        ] {
            let mut window = frame.to_vec();
            let short = host.call(method::HASH, &window).unwrap().status;
            window.resize(4096, 0);
            let whole = host.call(method::HASH, &window).unwrap().status;
            assert_eq!(
                (short, whole),
                (Status::Refused, Status::Refused),
                "{frame:?}"
            );
        }
    });
}

#[test]
fn the_hundredth_output_record_ends_the_run() {
    with_host(OLD, |host| {
        assert!(!refused(
            host,
            method::OUTPUT,
            &[&[pay(BOB, 1, 1); 50].concat()]
        ));
        assert!(!refused(
            host,
            method::OUTPUT,
            &[&[pay(BOB, 1, 1); 49].concat()]
        ));
        assert_eq!(
            try_call(host, method::OUTPUT, &[&pay(BOB, 1, 1)]),
            Err(HostFault::TooManyOutputs)
        );
    });
}
