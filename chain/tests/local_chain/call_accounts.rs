//! Trees of calls between contracts with the account check: what users have in all is what the contracts hold.

use crate::call_trees::{cases, request_of, runner};
use crate::common::*;
use crate::money::{take, to_regid};
use abi::codec::request;
use abi::{Semantics, method};
use chain::{Chain, Deploy};
use hostapi::accounts::Account;
use hostapi::app_funds::AppAccount;
use loader::Image;
use proptest::prelude::*;
use state::keys::RegId;

/// What each contract holds at first, all of it the user's.
pub(crate) const FUNDS: u64 = 1_000_000;
const GAS: u64 = 50_000_000;

/// A call of one of two contracts, both reentrant, and what it does there.
#[derive(Clone, Debug)]
struct Node {
    to: usize,
    value: u64,
    /// Paid to Bob.
    pays: u64,
    /// What the user's account is off by, which fails the call.
    wrong: i64,
    /// What the user gets is frozen.
    frozen: bool,
    calls: Vec<Node>,
}

fn node() -> impl Strategy<Value = Node> {
    let wrong = prop_oneof![5 => Just(0i64), 1 => -9i64..9];
    let head = (0usize..2, 0u64..90, 0u64..9, wrong, any::<bool>());
    let of = |((to, value, pays, wrong, frozen), calls)| Node {
        to,
        value,
        pays,
        wrong,
        frozen,
        calls,
    };
    let leaf = head.clone().prop_map(move |head| of((head, Vec::new())));
    leaf.prop_recursive(6, 12, 3, move |inner| {
        (head.clone(), prop::collection::vec(inner, 1..4)).prop_map(of)
    })
}

impl Node {
    fn succeeds(&self) -> bool {
        self.wrong == 0
    }

    /// What the user has more of after it, or less.
    fn net(&self) -> i64 {
        let sent = self.calls.iter().filter(|call| call.succeeds());
        let sent: u64 = sent.map(|call| call.value).sum();
        self.value.cast_signed() - (self.pays + sent).cast_signed()
    }

    /// The changes of both contracts' users that stay.
    fn changes(&self, of: &mut [i64; 2]) {
        if self.succeeds() {
            of[self.to] += self.net();
            self.calls.iter().for_each(|call| call.changes(of));
        }
    }

    fn script(&self, ids: &[RegId; 2]) -> Vec<u8> {
        let own = ids[self.to];
        let net = self.net() + self.wrong;
        let mut calls = vec![(
            method::APP_OPERATE,
            request(&[&change(net, self.frozen && net > 0)]),
        )];
        if self.pays > 0 {
            let records = [to_regid(&PARTIES.bob, self.pays), take(&own, self.pays)];
            calls.push((method::OUTPUT, request(&[records.as_flattened()])));
        }
        for call in &self.calls {
            let record = [&ids[call.to][..], &call.value.to_le_bytes(), &[0; 8]].concat();
            let request = request(&[&record, &call.script(ids)]);
            calls.push((method::CALL_CONTRACT, request));
        }
        script(&calls, 1)
    }
}

/// The record that gives the user so much, or takes it.
pub(crate) fn change(amount: i64, frozen: bool) -> [u8; 95] {
    let mut record = [0; 95];
    record[0] = match (amount < 0, frozen) {
        (true, _) => 2,
        (false, false) => 1,
        (false, true) => 3,
    };
    record[1..5].copy_from_slice(&1_000u32.to_le_bytes());
    record[5..13].copy_from_slice(&amount.unsigned_abs().to_le_bytes());
    record[13..15].copy_from_slice(b"\x01u");
    record
}

/// A puppet that has the account check on.
pub(crate) fn checked_puppet() -> Image {
    let text = PUPPET_WAT.trim_end().strip_suffix(')').unwrap();
    let text = format!("{text}\n(func (export \"smart51_account_check\")))");
    loader::load(text.as_bytes()).expect("a module").image
}

pub(crate) fn contracts() -> (Chain, [RegId; 2]) {
    let (chain, _) = in_memory();
    let image = checked_puppet();
    let mut block = chain.begin_block().unwrap();
    let ids = [(); 2].map(|()| {
        let deploy = Deploy {
            sender: PARTIES.alice,
            image: &image,
            semantics: Semantics::V1,
            name: None,
            flags: chain::ContractFlags::REENTRANT,
            init: None,
            abi: None,
        };
        block.deploy(&deploy).unwrap().target
    });
    for id in ids {
        let calls = [(
            method::APP_OPERATE,
            request(&[&change(FUNDS.cast_signed(), false)]),
        )];
        let input = script(&calls, 1);
        let receipt = block.call(&request_of(id, &input, FUNDS, GAS), &mut ());
        assert!(receipt.unwrap().verdict.is_success());
    }
    block.commit().unwrap();
    (chain, ids)
}

#[test]
fn users_have_what_their_contracts_hold() {
    let (chain, ids) = contracts();
    let tree = node().prop_filter("an input is bounded", |node| {
        node.script(&[[0; 6]; 2]).len() < 3_900
    });
    runner(cases())
        .run(&tree, |tree| {
            let mut block = chain.begin_block().unwrap();
            let input = tree.script(&ids);
            let receipt = block
                .call(&request_of(ids[tree.to], &input, tree.value, GAS), &mut ())
                .unwrap();
            prop_assert_eq!(receipt.verdict.is_success(), tree.succeeds(), "{}", receipt);
            let mut changes = [0; 2];
            tree.changes(&mut changes);
            let state = block.state();
            for (id, change) in ids.iter().zip(changes) {
                let (_, account) = Account::of(state, id).unwrap().unwrap();
                let user = AppAccount::load(state, id, b"u").unwrap();
                let has = user.free + user.frozen.iter().map(|fund| fund.amount).sum::<u64>();
                prop_assert_eq!(has, account.balance, "{:?}", tree);
                prop_assert_eq!(has, FUNDS.strict_add_signed(change));
            }
            Ok(())
        })
        .unwrap();
}
