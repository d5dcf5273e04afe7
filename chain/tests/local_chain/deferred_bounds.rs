//! Deferred actions at their bounds: delay, gas, money, and many at one time.

use crate::actions::{A, B, C, Call, action, does, list, send, write};
use crate::common::{PARTIES, balance, in_memory, puppet, script};
use crate::deferred::{Sent, USUAL, cancel, have, is_sound, mine, replies, rich};
use abi::Schedule;
use abi::Semantics;
use bridge::EngineId;
use chain::{Action, ActionList, Chain, ContractFlags, Deploy, OpenBlock};

const GAS_MAX: u64 = Schedule::DATA_SHEET.general.deferred_entry_gas_max;
const DELAY_MAX: u32 = Schedule::DATA_SHEET.general.deferred_delay_max as u32;

#[test]
fn bounds_of_deferred_actions() {
    let chain = rich(EngineId::Mcs51);
    let mut block = chain.begin_block().unwrap();
    block.keep_host_calls(1 << 16);
    let held = balance(&chain, C);
    let asked = [
        (USUAL, true),
        (Sent { delay: 0, ..USUAL }, false),
        (
            Sent {
                delay: DELAY_MAX,
                ..USUAL
            },
            true,
        ),
        (
            Sent {
                delay: DELAY_MAX + 1,
                ..USUAL
            },
            false,
        ),
        (
            Sent {
                delay: u32::MAX,
                ..USUAL
            },
            false,
        ),
        (
            Sent {
                gas: GAS_MAX,
                ..USUAL
            },
            true,
        ),
        (
            Sent {
                gas: GAS_MAX,
                onerror_gas: 1,
                ..USUAL
            },
            false,
        ),
        (
            Sent {
                onerror_gas: u64::MAX,
                ..USUAL
            },
            false,
        ),
        // Somebody else's authority.
        (Sent { by: B, ..USUAL }, false),
        // What the contract does not hold: C has 1,000.
        (
            Sent {
                by: C,
                gas: held,
                ..USUAL
            },
            true,
        ),
        (
            Sent {
                by: C,
                gas: held + 1,
                ..USUAL
            },
            false,
        ),
        (
            Sent {
                by: C,
                gas: 1,
                onerror_gas: held,
                ..USUAL
            },
            false,
        ),
    ];
    for (sent, is_taken) in asked {
        let who = if sent.by == C { C } else { A };
        let before = block.writes();
        send(&mut block, &[action(who, &[(who, does(&[sent.call()]))])]);
        let replied = replies(&block);
        assert_eq!(!replied[0].is_empty(), is_taken, "{replied:?}");
        if is_taken {
            send(
                &mut block,
                &[action(who, &[(who, does(&[cancel(sent.id)]))])],
            );
        } else {
            assert_eq!(block.writes().len(), before.len());
        }
    }
}

/// What is due at one time is executed in the order of sending, as much as a block may have.
#[test]
fn many_that_are_due_wait_for_each_other() {
    let chain = rich(EngineId::Mcs51);
    let each: Vec<Call> = (0..4)
        .map(|id| {
            let does = [(B, does(&[write(&[b'k', id as u8])]))];
            Sent {
                id,
                gas: GAS_MAX,
                does: &does,
                ..USUAL
            }
            .call()
        })
        .collect();
    let receipt = have(&chain, A, &each);
    assert!(receipt.verdict.is_success(), "{receipt}");
    let there = |chain: &Chain| {
        let mut block = chain.state();
        (0..4u8)
            .filter(|id| {
                hostapi::data::get(&mut block, &B, &[b'k', *id])
                    .unwrap()
                    .is_some()
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(mine(&chain).len(), 2);
    assert_eq!(there(&chain), [0, 1]);
    assert_eq!(mine(&chain).len(), 2);
    assert_eq!(there(&chain), [0, 1, 2, 3]);
    assert!(mine(&chain).is_empty());
    is_sound(&chain);
}

/// An account that has no room left gets what fits, and no deferred action fails by that.
#[test]
fn what_comes_back_is_as_much_as_fits() {
    let (chain, _) = in_memory();
    let most = chain.genesis().network.max_amount();
    let mut block = chain.begin_block().unwrap();
    let deploy = Deploy {
        sender: PARTIES.alice,
        image: &puppet(EngineId::Mcs51),
        semantics: Semantics::V1,
        name: None,
        flags: ContractFlags::empty(),
        init: None,
        abi: None,
    };
    let id = block.deploy(&deploy).unwrap().target;
    let pay = |block: &mut OpenBlock<'_>, payer: &str, value, calls: &[Call]| {
        let sender = block.new_account(payer, most).unwrap().target;
        let paying = Action {
            value,
            authorization: vec![],
            data: script(calls, 1),
            ..action(id, &[])
        };
        let paying = ActionList {
            sender,
            ..list(&[paying])
        };
        let receipt = block.transact(&paying, &mut ()).unwrap();
        assert!(receipt.verdict.is_success(), "{receipt}");
    };
    let later = Sent {
        by: id,
        account: id,
        gas: GAS_MAX,
        ..USUAL
    };
    pay(&mut block, "first", most / 2, &[later.call()]);
    pay(&mut block, "second", most - most / 2 + GAS_MAX, &[]);
    // Nor can it be cancelled, as long as there is no room.
    pay(&mut block, "third", 0, &[cancel(later.id)]);
    block.commit().unwrap();
    assert_eq!(balance(&chain, id), most);
    is_sound(&chain);
    let receipts = mine(&chain);
    assert!(receipts[0].gas < GAS_MAX);
    assert_eq!(receipts[0].fee, GAS_MAX);
    assert_eq!(balance(&chain, id), most);
    is_sound(&chain);
}
