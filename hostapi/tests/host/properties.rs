//! What holds for any call and any request whatever.

use crate::common::*;
use abi::{Semantics, method};
use hostapi::app_funds::FundRecord;
use hostapi::outputs::Output;
use hostapi::{CallContext, CallEnd, Failure, Host, HostApi, Requests, Status, settle};
use proptest::collection::vec;
use proptest::prelude::*;
use state::{MemStore, Overlay};

fn any_semantics() -> impl Strategy<Value = Semantics> {
    prop::sample::select(&Semantics::ALL[..])
}

fn any_method() -> impl Strategy<Value = u16> {
    prop_oneof![4 => 0..40u16, 1 => method::FIRST_OWN..method::FIRST_OWN + 4, 2 => prop_oneof![method::DB_SEEK..=method::INDEX_DELETE, method::OBJECT_CREATE..=method::OBJECT_NEXT], 1 => any::<u16>()]
}

/// Items of the lengths that methods take, some of them with a meaning.
fn any_item() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 1..100),
        prop::sample::select(vec![
            1usize, 2, 4, 6, 8, 9, 11, 14, 16, 19, 32, 33, 34, 41, 48, 95, 96, 190
        ])
        .prop_flat_map(|length| vec(any::<u8>(), length)),
        prop::sample::select(vec![
            ALICE.to_vec(),
            CONTRACT.to_vec(),
            KNOWN.to_vec(),
            vec![0; 4],
            b"key".to_vec()
        ]),
        (1..5u8, any::<u32>(), any::<i64>())
            .prop_map(|(kind, height, amount)| fund(kind, height, amount, b"u", b"t").to_vec()),
        any_output().prop_map(|record| record.to_vec()),
    ]
}

fn any_output() -> impl Strategy<Value = [u8; 48]> {
    let who = prop::sample::select(vec![ALICE, BOB, CONTRACT, OTHER, [9; 6]]);
    let amount = prop_oneof![0..2 * BALANCE, any::<u64>()];
    (who, 1..3u8, amount).prop_map(|(id, operation, amount)| pay(id, operation, amount))
}

/// A sound frame, or any bytes.
fn any_request() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => vec(any_item(), 1..4).prop_map(|items| {
            let items: Vec<_> = items.iter().map(Vec::as_slice).collect();
            abi::codec::request(&items)
        }),
        1 => vec(any::<u8>(), 0..200),
        1 => vec(any::<u8>(), 4096),
    ]
}

/// What all accounts hold together.
fn total(state: &mut Overlay<'_>) -> u128 {
    [ALICE, BOB, CONTRACT, OTHER]
        .iter()
        .map(|id| u128::from(balance(state, id)))
        .sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn refused_and_fatal_calls_change_nothing(
        semantics in any_semantics(),
        calls in vec((any_method(), any_request()), 1..8),
    ) {
        let store = MemStore::default();
        let mut state = genesis(&store);
        let context = context(semantics);
        let mut requests = Requests::default();
        for (method, request) in &calls {
            let before = state.writes();
            let mut host = Host::new(&context, &Past, &mut state);
            let status = match host.call(*method, request) {
                Ok(answer) => answer.status,
                Err(Failure::Contract(CallEnd::Fault(..))) => Status::Refused,
                Err(error) => return Err(TestCaseError::fail(error.to_string())),
            };
            let asked = host.finish();
            if status == Status::Refused {
                prop_assert_eq!(before, state.writes());
                prop_assert!(asked.prints.is_empty());
                prop_assert!(!matches!(semantics, Semantics::V1) || asked.funds.is_empty());
            }
            requests.outputs.extend(asked.outputs);
            requests.funds.extend(asked.funds);
        }
        let before = (state.writes(), total(&mut state));
        match settle(&requests, &mut state, &context) {
            Ok(()) => prop_assert_eq!(before.1, total(&mut state)),
            Err(_) => prop_assert_eq!(before, (state.writes(), total(&mut state))),
        }
    }

    #[test]
    fn settling_conserves_value(
        outputs in vec(any_output(), 0..6),
        balanced in any::<bool>(),
        account_check in any::<bool>(),
        pay_amount in any::<u64>(),
        funds in vec((1..5u8, 0..300u32, 0..2_000i64), 0..4),
    ) {
        let store = MemStore::default();
        let mut state = genesis(&store);
        let context = CallContext { account_check, pay_amount, ..context(OURS) };
        let mut outputs: Vec<_> = outputs.into_iter().map(Output).collect();
        if balanced {
            outputs.retain(|output| !output.is_minus() && output.amount() < BALANCE / 4);
            let sum = outputs.iter().map(Output::amount).sum();
            outputs.push(Output(pay(CONTRACT, 2, sum)));
        }
        let funds = funds.into_iter().map(|(kind, height, amount)| FundRecord(fund(kind, height, amount, b"u", b"t")));
        let requests = Requests { outputs, funds: funds.collect(), ..Requests::default() };
        let before = (state.writes(), total(&mut state));
        match settle(&requests, &mut state, &context) {
            Ok(()) => prop_assert_eq!(before.1, total(&mut state)),
            Err(_) => prop_assert_eq!(before, (state.writes(), total(&mut state))),
        }
    }
}
