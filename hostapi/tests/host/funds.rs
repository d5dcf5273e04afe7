//! App accounts: how the operations of a run change them, and the account check.

use crate::common::*;
use abi::method;
use hostapi::app_accounts::{is_account, is_fund};
use hostapi::app_funds::{AppAccount, Fund, FundError, FundRecord};
use hostapi::outputs::Output;
use hostapi::{CallContext, Failure, Host, Requests, SettleRefusal, settle};
use state::{MemStore, Overlay, keys};

const USER: &[u8] = &ALICE;

fn requests(funds: &[[u8; 95]]) -> Requests {
    Requests {
        funds: funds.iter().copied().map(FundRecord).collect(),
        ..Requests::default()
    }
}

fn settled(
    state: &mut Overlay<'_>,
    context: &CallContext<'_>,
    requests: &Requests,
) -> Result<(), SettleRefusal> {
    match settle(requests, state, context) {
        Ok(()) => Ok(()),
        Err(Failure::Contract(refusal)) => Err(refusal),
        Err(Failure::Node(error)) => panic!("the node failed: {error}"),
    }
}

fn account(free: u64, frozen: &[(&[u8], u32, u64)]) -> AppAccount {
    let fund = |&(tag, height, amount): &(&[u8], u32, u64)| Fund {
        tag: tag.to_vec(),
        height,
        amount,
    };
    AppAccount {
        free,
        frozen: frozen.iter().map(fund).collect(),
    }
}

/// The app account of [`USER`] after `funds` were made on `before`, or why not.
fn made(before: &AppAccount, funds: &[[u8; 95]]) -> Result<AppAccount, FundError> {
    made_in(&context(OLD), before, funds)
}

fn made_in(
    context: &CallContext<'_>,
    before: &AppAccount,
    funds: &[[u8; 95]],
) -> Result<AppAccount, FundError> {
    let store = MemStore::default();
    let mut state = genesis(&store);
    before.save(&mut state, &context.contract, USER).unwrap();
    let result = settled(&mut state, context, &requests(funds));
    let after = AppAccount::load(&mut state, &context.contract, USER).unwrap();
    match result {
        Ok(()) => Ok(after),
        Err(SettleRefusal::Fund { error, .. }) => {
            assert_eq!(after, *before, "a refused settlement leaves no trace");
            Err(error)
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn free_amounts_are_added_and_taken() {
    let before = account(10, &[]);
    assert_eq!(
        made(&before, &[fund(1, 0, 5, USER, b"")]),
        Ok(account(15, &[]))
    );
    assert_eq!(
        made(&before, &[fund(2, 0, 10, USER, b"")]),
        Ok(account(0, &[]))
    );
    assert_eq!(
        made(&before, &[fund(2, 0, 11, USER, b"")]),
        Err(FundError::TooLittle)
    );
    assert_eq!(
        made(&before, &[fund(1, 0, -1, USER, b"")]),
        Err(FundError::Overflow),
        "amounts are unsigned here"
    );
}

#[test]
fn frozen_amounts_are_kept_by_tag_and_height() {
    let before = account(0, &[(b"A", 200, 5)]);
    let done = made(
        &before,
        &[
            fund(3, 200, 2, USER, b"A"),
            fund(3, 201, 1, USER, b"A"),
            fund(3, 200, 4, USER, b"B"),
        ],
    );
    assert_eq!(
        done,
        Ok(account(
            0,
            &[(b"A", 200, 7), (b"A", 201, 1), (b"B", 200, 4)]
        ))
    );
    assert_eq!(
        made(&before, &[fund(4, 200, 3, USER, b"A")]),
        Ok(account(0, &[(b"A", 200, 2)]))
    );
    assert_eq!(
        made(&before, &[fund(4, 200, 5, USER, b"A")]),
        Ok(account(0, &[])),
        "an empty fund is gone"
    );
    assert_eq!(
        made(&before, &[fund(4, 200, 6, USER, b"A")]),
        Err(FundError::TooLittle)
    );
    assert_eq!(
        made(&before, &[fund(4, 201, 1, USER, b"A")]),
        Err(FundError::NoFund)
    );
    assert_eq!(
        made(&before, &[fund(4, 200, 1, USER, b"")]),
        Err(FundError::NoFund)
    );
}

/// What stopped the originals node fails the operation.
#[test]
fn requests_that_stopped_the_old_node_fail() {
    let before = account(9, &[(b"A", 200, 5)]);
    assert_eq!(
        made(&before, &[fund(3, 0, 1, USER, b"A")]),
        Err(FundError::Height)
    );
    assert_eq!(
        made(&before, &[fund(4, 0, 1, USER, b"A")]),
        Err(FundError::Height)
    );
    assert_eq!(
        made(&before, &[fund(3, 200, 0, USER, b"A")]),
        Err(FundError::Nothing)
    );
    assert_eq!(
        made(&before, &[fund(5, 0, 1, USER, b"")]),
        Err(FundError::Kind)
    );
    let mut long = fund(3, 200, 1, USER, b"A");
    long[54] = 41;
    assert_eq!(made(&before, &[long]), Err(FundError::Tag));
    let mut nobody = fund(1, 0, 1, b"", b"");
    assert_eq!(made(&before, &[nobody]), Err(FundError::User));
    nobody[13] = 41;
    assert_eq!(made(&before, &[nobody]), Err(FundError::User));
}

/// Funds thaw when their height comes and before anything else.
#[test]
fn funds_thaw_at_their_height_before_anything_else() {
    let before = account(
        1,
        &[(b"A", HEIGHT, 4), (b"B", HEIGHT + 1, 8), (b"C", 3, 16)],
    );
    assert_eq!(
        made(&before, &[fund(2, 0, 21, USER, b"")]),
        Ok(account(0, &[(b"B", HEIGHT + 1, 8)]))
    );
    assert_eq!(
        made(&before, &[fund(4, HEIGHT, 4, USER, b"A")]),
        Err(FundError::NoFund)
    );
    let full = account(u64::MAX, &[(b"A", HEIGHT, 1)]);
    assert_eq!(
        made(&full, &[fund(2, 0, 1, USER, b"")]),
        Err(FundError::Overflow)
    );
}

/// Users come in byte order and each ones records in order of the calls.
#[test]
fn users_come_in_byte_order_records_in_call_order() {
    let records = [
        fund(1, 0, 1, b"bb", b""),
        fund(1, 0, 2, b"a", b""),
        fund(2, 0, 1, b"bb", b""),
        fund(1, 0, 3, b"b", b""),
        fund(2, 0, 2, b"a", b""),
    ];
    let requests = requests(&records);
    let order: Vec<_> = requests
        .funds_in_order()
        .iter()
        .map(|record| record.0)
        .collect();
    assert_eq!(
        order,
        [records[1], records[4], records[3], records[0], records[2]]
    );
}

/// The contract sees thawed funds but not what it asked for.
#[test]
fn thawed_funds_are_seen_and_requests_are_not() {
    let store = MemStore::default();
    let mut state = genesis(&store);
    account(1, &[(b"A", HEIGHT, 4), (b"B", HEIGHT + 1, 8)])
        .save(&mut state, &CONTRACT, USER)
        .unwrap();
    let context = context(OLD);
    let mut host = Host::new(&context, &Past, &mut state);
    let mut id = [0; 41];
    id[0] = 6;
    id[1..7].copy_from_slice(USER);
    for _ in 0..2 {
        assert_eq!(
            served(&mut host, method::APP_FREE, &[&id]),
            5u64.to_le_bytes()
        );
        assert_eq!(
            served(
                &mut host,
                method::APP_FROZEN,
                &[&fund(9, HEIGHT + 1, 77, USER, b"B")]
            ),
            8u64.to_le_bytes()
        );
        assert!(refused(
            &mut host,
            method::APP_FROZEN,
            &[&fund(3, HEIGHT, 0, USER, b"A")]
        ));
        call(
            &mut host,
            method::APP_OPERATE,
            &[&fund(1, 0, 100, USER, b"")],
        );
    }
    id[6] = 9;
    assert_eq!(
        served(&mut host, method::APP_FREE, &[&id]),
        [0; 8],
        "an unknown user has nothing"
    );
    let requests = host.finish();
    assert_eq!(settled(&mut state, &context, &requests), Ok(()));
    assert_eq!(
        AppAccount::load(&mut state, &CONTRACT, USER).unwrap().free,
        205
    );
}

/// Account check compares funds with the money paid and spent.
#[test]
fn account_check_compares_funds_with_the_money_moved() {
    let outputs = [pay(CONTRACT, 2, 30), pay(BOB, 1, 30)].map(Output).to_vec();
    for (pay_amount, funds, spends, good) in [
        (100, 100, false, true),
        (100, 99, false, false),
        (100, 70, true, true),
        (0, -30, true, true),
        (0, 0, true, false),
        (u64::MAX, -1, false, true),
        (1 << 63, 0, true, false),
    ] {
        let context = CallContext {
            pay_amount,
            account_check: true,
            ..context(OLD)
        };
        let store = MemStore::default();
        let mut state = genesis(&store);
        account(1000, &[])
            .save(&mut state, &CONTRACT, USER)
            .unwrap();
        let kind = if funds < 0 { 2 } else { 1 };
        let outputs = if spends { outputs.clone() } else { Vec::new() };
        let requests = Requests {
            outputs,
            ..requests(&[fund(kind, 0, i64::abs(funds), USER, b"")])
        };
        let result = settled(&mut state, &context, &requests);
        assert_eq!(
            result.is_ok(),
            good,
            "{pay_amount} {funds} {spends}: {result:?}"
        );
        let unchecked = CallContext {
            account_check: false,
            ..context
        };
        assert!(good || settled(&mut state, &unchecked, &requests).is_ok());
    }
}

#[test]
fn account_check_overflow_is_refused() {
    let store = MemStore::default();
    let mut state = genesis(&store);
    let context = CallContext {
        account_check: true,
        ..context(OLD)
    };
    let twice = requests(&[fund(1, 0, i64::MAX, USER, b""), fund(1, 0, 1, USER, b"")]);
    assert_eq!(
        settled(&mut state, &context, &twice),
        Err(SettleRefusal::AccountCheck)
    );
    // What was sent to and fro adds up beyond what is signed, and must not count as money that came.
    for (sent, wrapped) in [(u64::MAX, 1), (i64::MAX as u64 + 2, i64::MAX)] {
        let requests = Requests {
            sent,
            ..requests(&[fund(1, 0, wrapped, USER, b"")])
        };
        assert_eq!(
            settled(&mut state, &context, &requests),
            Err(SettleRefusal::AccountCheck)
        );
    }
}

/// A state from elsewhere may say that a user froze as many funds as can be counted: the next one is refused.
#[test]
fn funds_that_cannot_be_counted_are_refused() {
    let store = MemStore::default();
    for rules in [OLD, OURS] {
        let mut state = genesis(&store);
        let context = context(rules);
        let key = keys::app_account(&context.contract, USER);
        state.put(&key, [[0; 8], [0xFF; 8]].concat());
        let one_more = requests(&[fund(3, 900, 1, USER, b"t")]);
        let refused = settled(&mut state, &context, &one_more);
        assert!(
            matches!(
                refused,
                Err(SettleRefusal::Fund {
                    error: FundError::Overflow,
                    ..
                })
            ),
            "{refused:?}"
        );
    }
}

#[test]
fn stored_form_reads_back() {
    let store = MemStore::default();
    for account in [
        account(0, &[]),
        account(
            7,
            &[(b"", 0, 1), (&[9; 40], u32::MAX, u64::MAX), (b"b", 0, 2)],
        ),
    ] {
        let mut state = Overlay::new(&store);
        // What is kept for users whose names are beginnings of each other is not mixed up.
        for (user, free) in [(&b"u"[..], 1), (b"us", 2)] {
            AppAccount {
                free,
                ..account.clone()
            }
            .save(&mut state, &CONTRACT, user)
            .unwrap();
        }
        account.save(&mut state, &CONTRACT, b"us").unwrap();
        let kept = |state: &mut _, user| AppAccount::load(state, &CONTRACT, user).unwrap();
        assert_eq!(kept(&mut state, b"us"), account);
        assert_eq!(
            kept(&mut state, b"u"),
            AppAccount {
                free: 1,
                ..account.clone()
            }
        );
        for (key, value) in state.writes() {
            let value = value.expect("nothing is removed");
            match key[0] {
                keys::kind::APP_ACCOUNT => assert!(is_account(&key[1..], &value)),
                _ => assert!(is_fund(&key[1..], &value)),
            }
            assert!(!is_account(&key[1..], &value[1..]) && !is_fund(&key[1..], &value[1..]));
        }
    }
    assert!(
        !is_fund(b"\x01\0\0\0\x02\0\x04use", &[0; 16]),
        "a short name"
    );
    assert!(!is_account(b"\x01\0\0\0\x02\0", &[0; 16]), "no name");
}
