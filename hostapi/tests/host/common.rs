//! A small chain to run calls on.

use abi::codec::request;
use abi::{Gas, Semantics};
use hostapi::accounts::{Account, contract_key_id, regid};
use hostapi::hash::{double_sha256, key_hash};
use hostapi::{
    CallContext, CallEnd, ChainView, Failure, Host, HostApi, HostFault, KnownTx, Network,
    NodeError, Status,
};
use state::keys::{self, Hash, KeyId, RegId};
use state::{MemStore, Overlay};

pub(crate) const HEIGHT: u32 = 100;
/// The contract that runs.
pub(crate) const CONTRACT: RegId = [1, 0, 0, 0, 1, 0];
/// Another contract.
pub(crate) const OTHER: RegId = [2, 0, 0, 0, 1, 0];
/// Two people with registered ids.
pub(crate) const ALICE: RegId = [0, 0, 0, 0, 1, 0];
pub(crate) const BOB: RegId = [0, 0, 0, 0, 2, 0];
/// A transaction of block 90.
pub(crate) const KNOWN: Hash = [0x63; 32];
pub(crate) const BALANCE: u64 = 1_000;

pub(crate) const OLD: Semantics = Semantics::Dacrs2017;
pub(crate) const OURS: Semantics = Semantics::V1;

pub(crate) fn key_id(id: &RegId) -> KeyId {
    if *id == CONTRACT || *id == OTHER {
        contract_key_id(id)
    } else {
        key_hash(&public_key(id))
    }
}

fn public_key(id: &RegId) -> [u8; 33] {
    let mut key = [2; 33];
    key[27..].copy_from_slice(id);
    key
}

pub(crate) fn context(semantics: Semantics) -> CallContext<'static> {
    CallContext {
        semantics,
        network: Network::Test,
        height: HEIGHT,
        chain_tip: HEIGHT - 1,
        block_time: 1_400_006_000,
        tip_time: 1_400_005_940,
        tx_hash: [0x77; 32],
        sender: ALICE,
        contract: CONTRACT,
        input: b"input",
        pay_amount: 0,
        gas_price: 1,
        traversal: true,
        account_check: false,
    }
}

/// A state in which the four accounts exist and hold [`BALANCE`] each.
pub(crate) fn genesis(store: &MemStore) -> Overlay<'_> {
    let mut state = Overlay::new(store);
    for id in [ALICE, BOB, CONTRACT, OTHER] {
        let is_contract = id == CONTRACT || id == OTHER;
        let account = Account {
            balance: BALANCE,
            regid: Some(id),
            public_key: (!is_contract).then(|| public_key(&id)),
        };
        account.register(&mut state, &key_id(&id));
        if is_contract {
            state.put(&keys::contract(&id), b"code".as_slice());
        }
    }
    state
}

pub(crate) fn balance(state: &mut Overlay<'_>, id: &RegId) -> u64 {
    Account::load(state, &key_id(id))
        .unwrap()
        .map_or(0, |account| account.balance)
}

/// A chain whose block hashes and one transaction are made up.
#[derive(Debug)]
pub(crate) struct Past;

impl ChainView for Past {
    fn block_hash(&self, height: u32) -> Result<Option<Hash>, NodeError> {
        Ok(Some(double_sha256(format!("block{height}").as_bytes())))
    }

    fn transaction(&self, hash: &Hash) -> Result<Option<KnownTx>, NodeError> {
        Ok((*hash == KNOWN).then_some(KnownTx {
            sender: BOB,
            height: 90,
        }))
    }

    fn transaction_input(&self, hash: &Hash) -> Result<Option<Vec<u8>>, NodeError> {
        Ok((*hash == KNOWN).then(|| vec![0x81, 0x00, 5]))
    }
}

/// What a call came to: status, reply items, step delta, gas, refund; or the fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) status: Status,
    pub(crate) reply: Vec<Vec<u8>>,
    pub(crate) steps: i64,
    pub(crate) gas: Gas,
    pub(crate) refund: Gas,
}

pub(crate) fn try_call(
    host: &mut impl HostApi,
    method: u16,
    items: &[&[u8]],
) -> Result<Outcome, HostFault> {
    let frame = if items.is_empty() {
        vec![0; 4096]
    } else {
        request(items)
    };
    match host.call(method, &frame) {
        Ok(answer) => {
            let mut reply = Vec::new();
            let mut rest = answer.reply;
            while let Some((length, tail)) = rest.split_first_chunk() {
                let (item, next) = tail.split_at(usize::from(u16::from_le_bytes(*length)));
                reply.push(item.to_vec());
                rest = next;
            }
            assert!(rest.is_empty(), "a reply is a list of items");
            let steps = answer.step_delta;
            Ok(Outcome {
                status: answer.status,
                reply,
                steps,
                gas: answer.gas,
                refund: answer.refund,
            })
        }
        Err(Failure::Contract(CallEnd::Fault(fault, _))) => Err(fault),
        Err(error) => panic!("the node failed, or the gas: {error}"),
    }
}

pub(crate) fn call(host: &mut impl HostApi, method: u16, items: &[&[u8]]) -> Outcome {
    try_call(host, method, items).expect("the run goes on")
}

/// The only item of a reply that is served.
pub(crate) fn served(host: &mut impl HostApi, method: u16, items: &[&[u8]]) -> Vec<u8> {
    let outcome = call(host, method, items);
    assert_eq!(outcome.status, Status::Done, "method {method}");
    assert_eq!(outcome.reply.len(), 1, "method {method}");
    outcome.reply[0].clone()
}

pub(crate) fn refused(host: &mut impl HostApi, method: u16, items: &[&[u8]]) -> bool {
    call(host, method, items).status == Status::Refused
}

/// Runs `test` with a host under `semantics`, on a fresh chain, with the context as `change` makes it.
pub(crate) fn with_context<R>(
    semantics: Semantics,
    change: impl FnOnce(&mut CallContext<'static>),
    test: impl FnOnce(&mut Host<'_, '_>) -> R,
) -> R {
    let store = MemStore::default();
    let mut state = genesis(&store);
    let mut context = context(semantics);
    change(&mut context);
    test(&mut Host::new(&context, &Past, &mut state))
}

/// Runs `test` with a host under `semantics`, on a fresh chain.
pub(crate) fn with_host<R>(semantics: Semantics, test: impl FnOnce(&mut Host<'_, '_>) -> R) -> R {
    with_context(semantics, |_| {}, test)
}

/// An output record by registered id.
pub(crate) fn pay(id: RegId, operation: u8, amount: u64) -> [u8; 48] {
    let mut record = [0; 48];
    record[0] = 1;
    record[1..7].copy_from_slice(&id);
    record[35] = operation;
    record[40..].copy_from_slice(&amount.to_le_bytes());
    record
}

/// An output record by address.
pub(crate) fn pay_address(address: &str, operation: u8, amount: u64) -> [u8; 48] {
    let mut record = pay(RegId::default(), operation, amount);
    record[0] = 2;
    record[1..35].copy_from_slice(address.as_bytes());
    record
}

/// A fund record.
pub(crate) fn fund(kind: u8, height: u32, amount: i64, user: &[u8], tag: &[u8]) -> [u8; 95] {
    let mut record = [0; 95];
    record[0] = kind;
    record[1..5].copy_from_slice(&height.to_le_bytes());
    record[5..13].copy_from_slice(&amount.to_le_bytes());
    record[13] = user.len() as u8;
    record[14..][..user.len()].copy_from_slice(user);
    record[54] = tag.len() as u8;
    record[55..][..tag.len()].copy_from_slice(tag);
    record
}

#[test]
fn registered_ids_of_the_tests_are_what_they_say() {
    assert_eq!((regid(1, 1), regid(0, 2)), (CONTRACT, BOB));
}
