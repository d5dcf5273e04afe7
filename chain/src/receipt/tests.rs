//! The stored form and the text of receipts.

use super::*;
use abi::Semantics;
use bridge::EngineId;
use hostapi::Print;
use proptest::collection::vec;
use proptest::prelude::*;

const SENDER: RegId = [8, 0, 0, 0, 1, 0];
const TARGET: RegId = [9, 0, 0, 0, 2, 0];
const OTHER: RegId = [7, 0, 0, 0, 0, 0];

/// A receipt of one native frame.
fn native(value: u64, work: Work) -> Receipt {
    Receipt {
        id: [0x11; 32],
        height: 0x0102_0304,
        index: 5,
        sender: SENDER,
        target: TARGET,
        fee: 777,
        verdict: Verdict::Success,
        error: None,
        gas: 1234,
        refund: 56,
        schedule: 1,
        meters: Meters::default(),
        write_set: [0x55; 32],
        frames: vec![Frame {
            parent: None,
            ordinal: 1,
            kind: FrameKind::Native,
            receiver: TARGET,
            caller: SENDER,
            code: RegId::default(),
            action: 0,
            value,
            work,
        }],
        events: Vec::new(),
    }
}

fn account() -> Receipt {
    native(0, Work::NewAccount)
}

fn transfer() -> Receipt {
    native(500, Work::Transfer)
}

fn deploy() -> Receipt {
    let reason = "no header";
    let work = Work::Deploy {
        replaced: None,
        code_hash: [0x22; 32],
        semantics: Semantics::Dacrs2014,
        engine: EngineId::Wasm,
        code_bytes: 4096,
        refusal: Some(reason.into()),
    };
    Receipt {
        verdict: Verdict::NotDeployed {
            reason: reason.into(),
        },
        ..native(0, work)
    }
}

/// An action that called another contract, which refused and said something, and then faults.
fn call() -> Receipt {
    let fault = Verdict::Fault {
        name: "out_of_gas".into(),
        reason: "out of gas".into(),
    };
    let error = ErrorText::new(b"no\xFF".to_vec());
    let run = RunReceipt {
        semantics: Semantics::V1,
        engine: EngineId::Mcs51,
        code_hash: [0x22; 32],
        input_hash: [0x33; 32],
        verdict: fault.clone(),
        error: error.clone(),
        cycles: 1000,
        instructions: 600,
        steps: -3,
        gas: 1000,
        host_calls: 7,
        host_log: [0x44; 32],
        returned: Vec::new(),
        prints: vec![Print {
            hex: true,
            bytes: vec![0xDE, 0xAD],
        }],
    };
    let called = RunReceipt {
        verdict: Verdict::Refused { code: 4 },
        error: None,
        returned: b"ab".to_vec(),
        prints: Vec::new(),
        ..run.clone()
    };
    let frame = |parent: Option<u16>, kind, receiver, caller, action, value, run| Frame {
        parent,
        ordinal: parent.map_or(1, |parent| parent + 0x12),
        kind,
        receiver,
        caller,
        code: receiver,
        action,
        value,
        work: Work::Run(run),
    };
    let frames = vec![
        frame(
            None,
            FrameKind::Action,
            TARGET,
            SENDER,
            0x0102_0304_0506_0708,
            500,
            run,
        ),
        frame(Some(0), FrameKind::Call, OTHER, TARGET, 0, 0, called),
    ];
    Receipt {
        verdict: fault,
        error,
        meters: Meters {
            memory: 768,
            state_bytes: -9,
            ..Meters::of(&frames)
        },
        frames,
        events: vec![event(1, b"paid", &[[0x66; 32]], b"data")],
        ..account()
    }
}

fn event(frame: u16, name: &[u8], topics: &[[u8; 32]], data: &[u8]) -> Event {
    Event::new(frame, name.into(), topics.into(), data.into()).expect("it has the form of one")
}

// Written down with Python's struct and hashlib modules from the documentation of `encode`.
#[test]
fn encoding_is_the_documented_one_to_the_byte() {
    for (receipt, golden, hash) in [
        (
            account(),
            "\
            0200111111111111111111111111111111111111111111111111111111111111111184868808050800000001\
            0009000000020089060100d20938010000000000005555555555555555555555555555555555555555555555\
            5555555555555555550100010109000000020008000000010000000000000000000100",
            "394036626e5c00d54d0fb867ce0d698d4f4da0095a461d6e7048f9cf79dd5636",
        ),
        (
            transfer(),
            "\
            0200111111111111111111111111111111111111111111111111111111111111111184868808050800000001\
            0009000000020089060100d20938010000000000005555555555555555555555555555555555555555555555\
            5555555555555555550100010109000000020008000000010000000000000000f4030400",
            "92b76268a4ddbfc2dfb13ee864329314e7c52d977f30ddb81e29762679cecb95",
        ),
        (
            deploy(),
            "\
            0200111111111111111111111111111111111111111111111111111111111111111184868808050800000001\
            00090000000200890605096e6f2068656164657200d209380100000000000055555555555555555555555555\
            5555555555555555555555555555555555555501000101090000000200080000000100000000000000000002\
            222222222222222222222222222222222222222222222222222222222222222203028020096e6f2068656164\
            657200",
            "76783e86ebb0ecdccaad47a2cf83fdd6049b72a11e85a196e789f47e0f91fd29",
        ),
        (
            call(),
            "\
            0200111111111111111111111111111111111111111111111111111111111111111184868808050800000001\
            000900000002008906040a6f75745f6f665f6761730a6f7574206f662067617301036e6fffd2093801d00fb0\
            090b8006110e5555555555555555555555555555555555555555555555555555555555555555020001020900\
            00000200080000000100090000000200888e98a8c0e0808101f4030301012222222222222222222222222222\
            2222222222222222222222222222222222223333333333333333333333333333333333333333333333333333\
            333333333333040a6f75745f6f665f6761730a6f7574206f662067617301036e6fffe807d80405e807074444\
            44444444444444444444444444444444444444444444444444444444444400010102dead0112060700000000\
            0009000000020007000000000000000301012222222222222222222222222222222222222222222222222222\
            2222222222223333333333333333333333333333333333333333333333333333333333333333020400e807d8\
            0405e80707444444444444444444444444444444444444444444444444444444444444444402616200010104\
            706169640166666666666666666666666666666666666666666666666666666666666666660464617461",
            "4e46a6c15b3bcfbed0f5e2a966c81f538839dbec654c4094883e1e2783a72ff1",
        ),
    ] {
        assert_eq!(hex::encode(receipt.encode()), golden);
        assert_eq!(hex::encode(receipt.hash()), hash);
    }
}

/// Receipts of any kind and number of frames.
fn any_receipt() -> impl Strategy<Value = Receipt> {
    let facts = (any_verdict(), any_error(), any::<[u64; 3]>(), any_meters());
    let said = (vec(any_frame(), 1..6), vec(any_event(), 0..4));
    (any::<(u32, u16, u16)>(), facts, said).prop_map(|((height, index, schedule), facts, said)| {
        let (verdict, error, [fee, gas, refund], meters) = facts;
        let (mut frames, events) = said;
        for (place, frame) in (0..).zip(&mut frames) {
            frame.parent = frame.parent.and_then(|parent| parent.checked_rem(place));
        }
        let last = frames.len() as u16;
        let events = events.into_iter();
        let events = events.map(|(frame, name, topics, data)| {
            Event::new(frame % last, name, topics, data).expect("it has the form of one")
        });
        Receipt {
            height,
            index,
            schedule,
            fee,
            verdict,
            error,
            gas,
            refund,
            meters,
            events: events.collect(),
            frames,
            ..account()
        }
    })
}

fn any_verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        Just(Verdict::Success),
        any::<u8>().prop_map(|code| Verdict::Refused { code }),
        any::<String>().prop_map(|reason| Verdict::SettlementFailed { reason }),
        any::<String>().prop_map(|reason| Verdict::NotDeployed { reason }),
        any::<(String, String)>().prop_map(|(name, reason)| Verdict::Fault { name, reason }),
    ]
}

fn any_error() -> impl Strategy<Value = Option<ErrorText>> {
    let bytes = vec(any::<u8>(), 0..=ErrorText::MAX);
    proptest::option::of(bytes.prop_map(|bytes| ErrorText::new(bytes).expect("short")))
}

fn any_meters() -> impl Strategy<Value = Meters> {
    let meters = any::<(u64, u64, i64, u64, i64, u32)>();
    meters.prop_map(
        |(cycles, instructions, steps, memory, state_bytes, host_calls)| Meters {
            cycles,
            instructions,
            steps,
            memory,
            state_bytes,
            host_calls,
        },
    )
}

fn any_frame() -> impl Strategy<Value = Frame> {
    let kind = prop::sample::select(FrameKind::ALL.to_vec());
    let around = any::<(Option<u16>, u16, [RegId; 3], u64, u64)>();
    (around, kind, any_work()).prop_map(|(around, kind, work)| {
        let (parent, ordinal, [receiver, caller, code], action, value) = around;
        Frame {
            parent,
            ordinal,
            kind,
            receiver,
            caller,
            code,
            action,
            value,
            work,
        }
    })
}

fn any_work() -> impl Strategy<Value = Work> {
    let rules = (
        prop::sample::select(Semantics::ALL.to_vec()),
        prop::sample::select(vec![EngineId::Mcs51, EngineId::Wasm]),
    );
    let deploy = (
        rules.clone(),
        any::<u32>(),
        proptest::option::of(".+"),
        any::<Option<[u8; 32]>>(),
    );
    let print = any::<(bool, Vec<u8>)>().prop_map(|(hex, bytes)| Print { hex, bytes });
    let ended = (any_verdict(), any_error(), any_meters(), any::<u64>());
    let said = (any::<Vec<u8>>(), vec(print, 0..3));
    prop_oneof![
        Just(Work::NewAccount),
        Just(Work::Transfer),
        Just(Work::Nothing),
        any::<[u8; 32]>().prop_map(|code_hash| Work::Undeploy { code_hash }),
        deploy.prop_map(
            |((semantics, engine), code_bytes, refusal, replaced)| Work::Deploy {
                replaced,
                code_hash: [0x22; 32],
                semantics,
                engine,
                code_bytes,
                refusal,
            }
        ),
        (rules, ended, said).prop_map(|((semantics, engine), ended, (returned, prints))| {
            let (verdict, error, meters, gas) = ended;
            Work::Run(RunReceipt {
                semantics,
                engine,
                code_hash: [0x22; 32],
                input_hash: [0x33; 32],
                verdict,
                error,
                cycles: meters.cycles,
                instructions: meters.instructions,
                steps: meters.steps,
                gas,
                host_calls: meters.host_calls,
                host_log: [0x44; 32],
                returned,
                prints,
            })
        }),
    ]
}

/// Frame, name, topics and data of an event.
fn any_event() -> impl Strategy<Value = (u16, Vec<u8>, Vec<[u8; 32]>, Vec<u8>)> {
    let name = vec(any::<u8>(), 1..=Event::NAME_MAX);
    let topics = vec(any::<[u8; 32]>(), 0..=Event::TOPICS_MAX);
    (any::<u16>(), name, topics, any::<Vec<u8>>())
}

proptest! {
    #[test]
    fn a_receipt_reads_back(receipt in any_receipt(), cut: prop::sample::Index) {
        let bytes = receipt.encode();
        prop_assert_eq!(Receipt::decode(&bytes), Some(receipt));
        prop_assert_eq!(Receipt::decode(&bytes[..cut.index(bytes.len())]), None);
        prop_assert_eq!(Receipt::decode(&[&bytes[..], &[0]].concat()), None);
    }

    #[test]
    fn no_other_bytes_stand_for_a_receipt(
        receipt in any_receipt(),
        at: prop::sample::Index,
        byte: u8,
    ) {
        let mut bytes = receipt.encode();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Some(receipt) = Receipt::decode(&bytes) {
            prop_assert_eq!(receipt.encode(), bytes);
        }
    }
}

#[test]
fn no_byte_of_a_receipt_has_two_values() {
    for receipt in [account(), transfer(), deploy(), call()] {
        let bytes = receipt.encode();
        for at in 0..bytes.len() {
            for byte in [0, 1, 0x7F, 0xFF, bytes[at].wrapping_add(1)] {
                let mut other = bytes.clone();
                other[at] = byte;
                if let Some(read) = Receipt::decode(&other) {
                    assert_eq!(read.encode(), other, "byte {at} made {byte}");
                }
            }
        }
    }
}

/// A parent that is not before its frame, an event of no frame, and no frame at all.
#[test]
fn frames_that_cannot_be_are_no_receipt() {
    let whole = call();
    assert_eq!(
        Receipt::decode(&whole.encode()).as_ref(),
        Some(&whole),
        "a frame may have the one before it as parent"
    );
    for (ordinal, parent) in [(0, 0), (0, 1), (1, 1), (1, 2), (1, 65_534)] {
        let mut receipt = whole.clone();
        receipt.frames[ordinal].parent = Some(parent);
        assert_eq!(Receipt::decode(&receipt.encode()), None, "{parent}");
    }
    let mut receipt = whole.clone();
    receipt.events.push(event(2, b"late", &[], b""));
    assert_eq!(Receipt::decode(&receipt.encode()), None);
    // The account's frame takes 24 bytes between the numbers of frames and events.
    let bytes = account().encode();
    let frames = bytes.len() - 1 - 24 - 1;
    assert_eq!(bytes[frames], 1);
    let none = [&bytes[..frames], &[0, 0]].concat();
    assert_eq!(Receipt::decode(&none), None);
}

#[test]
fn a_receipt_of_the_first_version_is_none() {
    let mut bytes = account().encode();
    bytes[0] = 1;
    assert_eq!(Receipt::decode(&bytes), None);
}

#[test]
fn events_and_error_texts_have_their_bounds() {
    let name = |length: usize| Event::new(0, vec![b'n'; length], vec![], vec![]);
    assert_eq!(name(0), Err(EventError::Name(0)));
    assert!(name(1).is_ok() && name(32).is_ok());
    assert_eq!(name(33), Err(EventError::Name(33)));
    let topics = |count: usize| Event::new(0, vec![b'n'], vec![[0; 32]; count], vec![]);
    assert!(topics(4).is_ok());
    assert_eq!(topics(5), Err(EventError::Topics(5)));
    assert!(ErrorText::new(vec![0; 256]).is_some());
    assert_eq!(ErrorText::new(vec![0; 257]), None);
}

#[test]
fn each_kind_of_frame_has_its_code() {
    let codes: Vec<u8> = FrameKind::ALL.iter().map(|kind| kind.code()).collect();
    assert_eq!(codes, [1, 2, 3, 4, 5, 6, 7, 8]);
    for code in 0..=u8::MAX {
        let kind = FrameKind::from_code(code);
        assert_eq!(
            kind.map(FrameKind::code),
            (1..=8).contains(&code).then_some(code)
        );
    }
}

/// What a contract says has its line, and forges none.
#[test]
fn what_a_contract_says_has_a_line() {
    let mut receipt = call();
    receipt.frames[0].action = 0;
    receipt.error = ErrorText::new(b"no\nfee 0\xFF".to_vec());
    receipt.events.push(event(0, b"a\x1b[2J", &[], b""));
    let Work::Run(run) = &mut receipt.frames[0].work else {
        panic!("a run")
    };
    run.returned = vec![1, 2];
    let shown = receipt.to_string();
    let lines: Vec<&str> = shown.lines().skip(2).collect();
    let topic = "66".repeat(32);
    assert_eq!(
        lines,
        [
            "call         8-1 to 9-2, value 500",
            "outcome      fault out_of_gas: out of gas",
            "error        no\\nfee 0\u{FFFD}",
            "ran          2000 machine cycles, 1200 instructions, -6 steps",
            "cost         1234 gas less 56 given back, fee 777",
            "returned     0102",
            "calls        9-2 with 500: fault out_of_gas: out of gas (no\u{FFFD}), 1000 gas, 1000 machine cycles of its own",
            "calls          7-0: refused with exit code 4, 1000 gas, 1000 machine cycles of its own",
            &format!("event        7-0 paid({topic}) 64617461"),
            "event        9-2 a\\u{1b}[2J()",
            "printed      dead",
        ]
    );
}
