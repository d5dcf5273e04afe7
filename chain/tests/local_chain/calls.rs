//! Calls between contracts: what a callee may take, and whom nobody can call.

use crate::common::*;
use crate::money::{take, to_regid};
use abi::codec::request;
use abi::{Gas, Semantics, method};
use bridge::{Engine, EngineId, Mcs51, Wasmi, Watchdog};
use chain::receipt::Work;
use chain::session::Payment;
use chain::{CallRequest, Chain, ContractFlags, Deploy, OpenBlock, Receipt};
use loader::Image;
use state::keys::RegId;
use std::time::Duration;

fn deploy(block: &mut OpenBlock<'_>, image: &Image, semantics: Semantics) -> RegId {
    let deploy = Deploy {
        sender: PARTIES.alice,
        image,
        semantics,
        name: None,
        flags: ContractFlags::empty(),
        init: None,
        abi: None,
    };
    block.deploy(&deploy).unwrap().target
}

/// Has a puppet call `callee` with `gas` (0 for all) and write a key; what the call was answered, and the receipt.
fn pull(
    block: &mut OpenBlock<'_>,
    puppet: RegId,
    callee: RegId,
    gas: u64,
    limit: u64,
) -> (Vec<u8>, Receipt) {
    let record = [&callee[..], &0u64.to_le_bytes(), &gas.to_le_bytes()].concat();
    let calls = [
        (method::CALL_CONTRACT, request(&[&record])),
        (method::DB_WRITE, request(&[b"after", b"the call"])),
    ];
    let input = script(&calls, 1);
    let call = CallRequest {
        sender: PARTIES.alice,
        contract: puppet,
        input: &input,
        value: 0,
        payment: Payment::Gas {
            limit: Gas(limit),
            price: 0,
        },
    };
    block.keep_host_calls(1 << 16);
    let receipt = block.call(&call, &mut ()).unwrap().clone();
    let calls = block.host_calls().calls;
    let call = calls
        .iter()
        .find(|call| call.method == method::CALL_CONTRACT);
    let answer = call.and_then(|call| call.reply.first().cloned());
    (answer.unwrap_or_default(), receipt)
}

fn set_up_chain() -> Chain {
    in_memory().0
}

/// A callee that never ends takes all it is given, and its caller goes on with the 64th that stays.
#[test]
fn a_callee_that_takes_all_leaves_a_64th() {
    let chain = set_up_chain();
    let mut block = chain.begin_block().unwrap();
    let endless = deploy(&mut block, &succeeds("here: SJMP here\n"), Semantics::V1);
    for engine in [EngineId::Mcs51, EngineId::Wasm] {
        let puppet = deploy(&mut block, &puppet(engine), Semantics::V1);
        let limit = 1_000_000;
        let (answer, receipt) = pull(&mut block, puppet, endless, 0, limit);
        assert!(receipt.verdict.is_success(), "{receipt}");
        assert_eq!(answer[..2], [3, 0], "a fault");
        let Work::Run(run) = &receipt.frames[1].work else {
            panic!("{receipt}");
        };
        assert_eq!(run.verdict.fault(), Some("out_of_gas"));
        assert!(run.gas > limit / 64 * 60, "nearly all: {}", run.gas);
        assert!(receipt.gas < limit);
        // Some gas of the caller's choice is all that is taken.
        let (answer, receipt) = pull(&mut block, puppet, endless, 20_000, limit);
        // An instruction of the loop takes two cycles, and half of one cannot be bought.
        let used = u64::from_le_bytes(answer[2..].try_into().unwrap());
        assert!((19_998..=20_000).contains(&used), "{used}");
        assert!(receipt.gas < 200_000, "{receipt}");
    }
}

/// Gas that does not pay for entering a contract enters none, and is not taken.
#[test]
fn too_little_gas_enters_nothing() {
    let chain = set_up_chain();
    let mut block = chain.begin_block().unwrap();
    let puppet = deploy(&mut block, &puppet(EngineId::Mcs51), Semantics::V1);
    let (answer, receipt) = pull(&mut block, puppet, PARTIES.token, 100, 1_000_000);
    assert_eq!(answer[..2], [4, 5]);
    assert_eq!(answer[2..], [0; 8]);
    assert_eq!(receipt.frames.len(), 1);
    let (answer, _) = pull(&mut block, puppet, [0xAA; 6], 0, 1_000_000);
    assert_eq!(answer[..2], [4, 1]);
    let (answer, _) = pull(&mut block, puppet, PARTIES.alice, 0, 1_000_000);
    assert_eq!(answer[..2], [4, 1], "an account is no contract");
}

#[test]
fn old_rules_are_not_entered() {
    let chain = set_up_chain();
    let mut block = chain.begin_block().unwrap();
    let puppet_image = puppet(EngineId::Mcs51);
    let old = deploy(&mut block, &puppet_image, Semantics::Dacrs2017);
    let puppet = deploy(&mut block, &puppet_image, Semantics::V1);
    let (answer, receipt) = pull(&mut block, puppet, old, 0, 1_000_000);
    assert_eq!(answer[..2], [4, 6]);
    assert!(receipt.verdict.is_success());
}

/// The receipt shows the contracts that were called, each below the one that called it.
#[test]
fn a_receipt_shows_the_tree_of_calls() {
    let chain = set_up_chain();
    let mut block = chain.begin_block().unwrap();
    let puppet = deploy(&mut block, &puppet(EngineId::Mcs51), Semantics::V1);
    let (_, receipt) = pull(&mut block, puppet, PARTIES.token, 0, 1_000_000);
    let text = receipt.to_string();
    assert!(
        text.contains("calls          2-0: refused with exit code 2, "),
        "{text}"
    );
}

/// A host call that ends the run has cost what was done for it, in the outermost frame and in a callee's, whose
/// caller could otherwise have it done again and again.
#[test]
fn a_call_that_ends_the_run_is_paid_for() {
    let chain = set_up_chain();
    let mut block = chain.begin_block().unwrap();
    // 600 numbers of eight bytes: more than a reply holds.
    let too_large = (method::UNPACK, request(&[&[4; 600]]));
    // The second record has a negative amount.
    let mut records = [[0; 95]; 2];
    for (record, amount) in records.iter_mut().zip([1i64, -1]) {
        record[0] = 1;
        record[5..13].copy_from_slice(&amount.to_le_bytes());
        (record[13], record[14]) = (1, b'u');
    }
    let negative = (method::APP_OPERATE, request(&[records.as_flattened()]));
    for engine in [EngineId::Mcs51, EngineId::Wasm] {
        let image = puppet(engine);
        let [outer, inner] = [(); 2].map(|()| deploy(&mut block, &image, Semantics::V1));
        for (call, name, least) in [
            (&too_large, "reply_too_large", 4_800 + 600),
            (&negative, "request_refused", 2 * 2_000),
        ] {
            let fails = script(std::slice::from_ref(call), 1);
            let record = [&inner[..], &[0; 16]].concat();
            let calls = [(method::CALL_CONTRACT, request(&[&record, &fails]))];
            for (input, frame) in [(fails.clone(), 0), (script(&calls, 1), 1)] {
                let call = CallRequest {
                    sender: PARTIES.alice,
                    contract: outer,
                    input: &input,
                    value: 0,
                    payment: Payment::Gas {
                        limit: Gas(1_000_000),
                        price: 0,
                    },
                };
                let nothing = CallRequest {
                    input: &script(&[], 1),
                    ..call
                };
                let gas = |receipt: &Receipt, frame: usize| match &receipt.frames[frame].work {
                    Work::Run(run) => (run.gas, run.verdict.fault().map(str::to_owned)),
                    work => panic!("{work:?}"),
                };
                let (without, _) = gas(block.call(&nothing, &mut ()).unwrap(), 0);
                let (with, fault) = gas(block.call(&call, &mut ()).unwrap(), frame);
                assert_eq!(fault.as_deref(), Some(name));
                assert!(
                    with >= without + least,
                    "{engine} {name}: {with}, {without}"
                );
            }
        }
    }
}

/// What a settlement that fails has put back was not freed: nothing is given back for it, whoever asked for it.
#[test]
fn a_failed_settlement_gives_nothing_back() {
    let chain = set_up_chain();
    let mut block = chain.begin_block().unwrap();
    let image = puppet(EngineId::Mcs51);
    let [outer, inner] = [(); 2].map(|()| deploy(&mut block, &image, Semantics::V1));
    let mut run = |contract: RegId, input: &[u8]| {
        let call = CallRequest {
            sender: PARTIES.alice,
            contract,
            input,
            value: 0,
            payment: Payment::Gas {
                limit: Gas(1_000_000),
                price: 1,
            },
        };
        block.call(&call, &mut ()).unwrap().clone()
    };
    let write = script(&[(method::DB_WRITE, request(&[b"key", &[7; 2000]]))], 1);
    let frees = |contract: RegId| {
        // More than it holds.
        let records = [to_regid(&PARTIES.bob, 5), take(&contract, 5)];
        let calls = [
            (method::DB_DELETE, request(&[b"key"])),
            (method::OUTPUT, request(&[records.as_flattened()])),
        ];
        script(&calls, 1)
    };
    for contract in [outer, inner] {
        assert!(run(contract, &write).verdict.is_success());
    }
    let record = [&inner[..], &[0; 16]].concat();
    let calls = [(method::CALL_CONTRACT, request(&[&record, &frees(inner)]))];
    for input in [frees(outer), script(&calls, 1)] {
        let receipt = run(outer, &input);
        assert_eq!((receipt.refund, receipt.fee), (0, receipt.gas), "{receipt}");
    }
}

/// A query whose callee never ends is given up as one that never ends itself, on either machine.
#[test]
fn an_endless_callee_is_given_up() {
    let watchdog = Watchdog::new(Duration::from_millis(30));
    let engines: [Box<dyn Engine>; 2] = [
        Box::new(Mcs51::watched(watchdog)),
        Box::new(Wasmi::watched(watchdog)),
    ];
    let chain = set_up_chain().with_engines(engines.into());
    let mut block = chain.begin_block().unwrap();
    let module = PUPPET_WAT.replace("(loop $next", "(loop $next (br $next)");
    let endless = [
        succeeds("here: SJMP here\n"),
        loader::load(module.as_bytes()).expect("a module").image,
    ];
    let endless = endless.map(|image| deploy(&mut block, &image, Semantics::V1));
    for engine in [EngineId::Mcs51, EngineId::Wasm] {
        let puppet = deploy(&mut block, &puppet(engine), Semantics::V1);
        for callee in endless {
            let record = [&callee[..], &[0; 16]].concat();
            let input = script(&[(method::CALL_CONTRACT, request(&[&record]))], 1);
            let call = CallRequest {
                sender: PARTIES.alice,
                contract: puppet,
                input: &input,
                value: 0,
                payment: Payment::Gas {
                    limit: Gas::MAX,
                    price: 0,
                },
            };
            let error = block.query(&call, &mut ()).unwrap_err();
            assert!(error.to_string().contains("took longer"), "{error}");
        }
    }
}
