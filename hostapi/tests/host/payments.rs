//! Output records: what a contract may pay, and that nothing else happens.

use crate::common::*;
use hostapi::accounts::Account;
use hostapi::outputs::Output;
use hostapi::{CallContext, Failure, Requests, SettleRefusal, settle};
use state::{MemStore, Overlay};

const PLUS: u8 = 1;
const MINUS: u8 = 2;

fn settled(
    state: &mut Overlay<'_>,
    context: &CallContext<'_>,
    records: &[[u8; 48]],
) -> Result<(), SettleRefusal> {
    let outputs = records.iter().copied().map(Output).collect();
    match settle(
        &Requests {
            outputs,
            ..Requests::default()
        },
        state,
        context,
    ) {
        Ok(()) => Ok(()),
        Err(Failure::Contract(refusal)) => Err(refusal),
        Err(Failure::Node(error)) => panic!("the node failed: {error}"),
    }
}

/// What becomes of the balances of contract, Bob and the other contract.
fn paid(records: &[[u8; 48]]) -> Result<[u64; 3], SettleRefusal> {
    let store = MemStore::default();
    let mut state = genesis(&store);
    let result = settled(&mut state, &context(OLD), records);
    let balances = [CONTRACT, BOB, OTHER].map(|id| balance(&mut state, &id));
    if result.is_err() {
        assert_eq!(
            balances, [BALANCE; 3],
            "a refused settlement leaves no trace"
        );
    }
    result.map(|()| balances)
}

#[test]
fn a_contract_pays_from_its_own_account() {
    assert_eq!(
        paid(&[
            pay(CONTRACT, MINUS, 700),
            pay(BOB, PLUS, 300),
            pay(OTHER, PLUS, 400)
        ]),
        Ok([300, 1300, 1400])
    );
    assert_eq!(
        paid(&[pay(BOB, PLUS, 5), pay(CONTRACT, MINUS, 5)]),
        Ok([995, 1005, 1000]),
        "in any order"
    );
    assert_eq!(paid(&[]), Ok([1000; 3]));
    assert_eq!(paid(&[pay(BOB, PLUS, 0)]), Ok([1000; 3]));
}

#[test]
fn each_payment_sees_the_balance_the_last_one_left() {
    let twice = [
        pay(CONTRACT, MINUS, 600),
        pay(BOB, PLUS, 600),
        pay(CONTRACT, MINUS, 600),
        pay(BOB, PLUS, 600),
    ];
    assert_eq!(
        paid(&twice),
        Err(SettleRefusal::InsufficientBalance {
            record: 2,
            balance: 400,
            amount: 600
        })
    );
    let back = [
        pay(CONTRACT, MINUS, 1000),
        pay(CONTRACT, PLUS, 1000),
        pay(CONTRACT, MINUS, 1),
        pay(BOB, PLUS, 1),
    ];
    assert_eq!(paid(&back), Ok([999, 1001, 1000]));
}

#[test]
fn nobody_elses_money_can_be_taken() {
    let foreign = Err(SettleRefusal::ForeignDebit { record: 0 });
    assert_eq!(paid(&[pay(BOB, MINUS, 5), pay(CONTRACT, PLUS, 5)]), foreign);
    assert_eq!(paid(&[pay(OTHER, MINUS, 5), pay(BOB, PLUS, 5)]), foreign);
    let bob = context(OLD).network.address(&key_id(&BOB));
    assert_eq!(
        paid(&[pay_address(&bob, MINUS, 5), pay(CONTRACT, PLUS, 5)]),
        foreign
    );
    let stranger = context(OLD).network.address(&[9; 20]);
    assert_eq!(
        paid(&[pay_address(&stranger, MINUS, 5), pay(CONTRACT, PLUS, 5)]),
        foreign
    );
}

#[test]
fn plus_and_minus_must_be_equal() {
    let unbalanced = Err(SettleRefusal::Unbalanced { plus: 5, minus: 4 });
    assert_eq!(
        paid(&[pay(CONTRACT, MINUS, 4), pay(BOB, PLUS, 5)]),
        unbalanced
    );
    let overflow = Err(SettleRefusal::SumOverflow { record: 1 });
    assert_eq!(
        paid(&[pay(BOB, PLUS, u64::MAX), pay(BOB, PLUS, 1)]),
        overflow
    );
}

#[test]
fn unknown_kinds_operations_and_accounts_are_refused() {
    let mut wrong = pay(BOB, PLUS, 0);
    wrong[0] = 3;
    assert_eq!(
        paid(&[wrong]),
        Err(SettleRefusal::AccountKind { record: 0, kind: 3 })
    );
    assert_eq!(
        paid(&[pay(BOB, 3, 0)]),
        Err(SettleRefusal::Operation {
            record: 0,
            operation: 3
        })
    );
    assert!(matches!(
        paid(&[pay([9; 6], PLUS, 0)]),
        Err(SettleRefusal::UnknownAccount { record: 0, .. })
    ));
    assert!(matches!(
        paid(&[pay([0; 6], PLUS, 0)]),
        Err(SettleRefusal::UnknownAccount { record: 0, .. })
    ));
    let text = "x".repeat(34);
    assert_eq!(
        paid(&[pay_address(&text, PLUS, 0)]),
        Err(SettleRefusal::NoAddress { record: 0 }),
        "even for nothing"
    );
}

/// An address stands for its registered account or makes one.
#[test]
fn an_address_names_its_account_or_makes_one() {
    let store = MemStore::default();
    let mut state = genesis(&store);
    let context = context(OLD);
    let own = context.network.address(&key_id(&CONTRACT));
    let stranger = [9; 20];
    let records = [
        pay_address(&own, MINUS, 30),
        pay_address(&context.network.address(&stranger), PLUS, 30),
    ];
    assert_eq!(settled(&mut state, &context, &records), Ok(()));
    assert_eq!(balance(&mut state, &CONTRACT), 970);
    let account = Account::load(&mut state, &stranger).unwrap();
    assert_eq!(
        account,
        Some(Account {
            balance: 30,
            ..Account::default()
        })
    );
    assert_eq!(
        settled(&mut state, &context, &records),
        Ok(()),
        "the account it has now is found again"
    );
    assert_eq!(
        Account::load(&mut state, &stranger)
            .unwrap()
            .map(|account| account.balance),
        Some(60)
    );
}

#[test]
fn amounts_and_balances_have_a_greatest() {
    let store = MemStore::default();
    let mut state = genesis(&store);
    for (network, most) in [
        (hostapi::Network::Test, 10u64.pow(17)),
        (hostapi::Network::Regtest, 2 * 10u64.pow(18)),
    ] {
        let context = CallContext {
            network,
            ..context(OLD)
        };
        Account {
            balance: most,
            regid: Some(CONTRACT),
            public_key: None,
        }
        .save(&mut state, &key_id(&CONTRACT));
        let pays = |amount| [pay(CONTRACT, MINUS, amount), pay(BOB, PLUS, amount)];
        let before = balance(&mut state, &BOB);
        assert_eq!(
            settled(&mut state, &context, &pays(most - before + 1)),
            Err(SettleRefusal::BalanceOverflow { record: 1, most })
        );
        assert_eq!(settled(&mut state, &context, &pays(most - before)), Ok(()));
        assert_eq!(balance(&mut state, &BOB), most);
        assert!(settled(&mut state, &context, &pays(most + 1)).is_err());
    }
}

#[test]
fn the_height_of_a_record_is_not_looked_at() {
    let mut record = pay(BOB, PLUS, 1);
    record[36..40].fill(0xff);
    assert_eq!(
        paid(&[pay(CONTRACT, MINUS, 1), record]),
        Ok([999, 1001, 1000])
    );
}
