//! Any calls with any requests, under any rules: the host must not panic, a refused call must change
//! nothing, and settling must conserve value.

#![no_main]

use abi::Semantics;
use abi::codec::push_item;
use hostapi::accounts::{Account, contract_key_id};
use state::keys::{self, Hash, RegId};
use state::{MemStore, Overlay};
use hostapi::{
    CallContext, ChainView, Host, HostApi, CallEnd, Failure, KnownTx, Network, NodeError, Status, settle,
};
use libfuzzer_sys::fuzz_target;

const CONTRACT: RegId = [1, 0, 0, 0, 1, 0];
const BOB: RegId = [0, 0, 0, 0, 2, 0];

/// A chain with one transaction, whose bytes are the fuzzer's.
#[derive(Debug)]
struct Past<'a>(&'a [u8]);

impl ChainView for Past<'_> {
    fn block_hash(&self, height: u32) -> Result<Option<Hash>, NodeError> {
        Ok(Some([height as u8; 32]))
    }

    fn transaction(&self, _: &Hash) -> Result<Option<KnownTx>, NodeError> {
        Ok(Some(KnownTx {
            sender: BOB,
            height: 1,
        }))
    }

    fn transaction_input(&self, _: &Hash) -> Result<Option<Vec<u8>>, NodeError> {
        Ok(Some(self.0.to_vec()))
    }
}

/// Takes `length` bytes, or what is left.
fn take<'a>(data: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, rest) = data.split_at(length.min(data.len()));
    *data = rest;
    taken
}

fn byte(data: &mut &[u8]) -> u8 {
    take(data, 1).first().copied().unwrap_or(0)
}

/// A sound frame of the fuzzer's items, or the fuzzer's bytes.
fn request(data: &mut &[u8]) -> Vec<u8> {
    let shape = byte(data);
    if shape & 1 == 0 {
        return take(data, usize::from(shape)).to_vec();
    }
    let mut items = Vec::new();
    for _ in 0..shape >> 6 {
        let length = usize::from(byte(data));
        push_item(&mut items, take(data, length));
    }
    let mut frame = (items.len() as u16).to_le_bytes().to_vec();
    frame.extend_from_slice(&items);
    frame
}

fn accounts() -> [[u8; 20]; 2] {
    [contract_key_id(&CONTRACT), [2; 20]]
}

fn total(state: &mut Overlay<'_>) -> u128 {
    let balance =
        |state: &mut Overlay<'_>, key_id| Account::load(state, key_id).expect("a sound state");
    accounts()
        .iter()
        .filter_map(|key_id| balance(state, key_id))
        .map(|account| u128::from(account.balance))
        .sum()
}

fuzz_target!(|data: &[u8]| {
    let mut data = data;
    let store = MemStore::new();
    let mut state = Overlay::new(&store);
    for (regid, key_id) in [CONTRACT, BOB].iter().zip(accounts()) {
        Account {
            balance: 1000,
            regid: Some(*regid),
            public_key: None,
        }
        .register(&mut state, &key_id);
    }
    state.put(&keys::contract(&CONTRACT), b"code".as_slice());
    let flags = byte(&mut data);
    let context = CallContext {
        semantics: Semantics::ALL[usize::from(flags) % Semantics::ALL.len()],
        network: Network::Test,
        height: 100 + u32::from(flags & 4) * 200_000,
        chain_tip: 99,
        block_time: 1_400_000_000,
        tip_time: 1_400_000_000,
        tx_hash: [7; 32],
        sender: BOB,
        contract: CONTRACT,
        input: data,
        pay_amount: u64::from(flags),
        gas_price: 0,
        traversal: flags & 8 != 0,
        account_check: flags & 16 != 0,
    };
    let chain = Past(data);
    let begin = state.checkpoint();
    let before = (state.writes(), total(&mut state));
    let mut host = Host::new(&context, &chain, &mut state);
    while !data.is_empty() {
        let method = u16::from_le_bytes([byte(&mut data), byte(&mut data) & 1]);
        let frame = request(&mut data);
        match host.call(method, &frame) {
            Ok(answer) => assert!(answer.status == Status::Done || answer.step_delta >= 0),
            Err(Failure::Contract(CallEnd::Fault(..))) => break,
            Err(error) => panic!("the node failed, or the gas: {error}"),
        }
    }
    let requests = host.finish();
    let run = state.writes();
    match settle(&requests, &mut state, &context) {
        Ok(()) => assert!(total(&mut state) <= before.1),
        Err(_) => assert_eq!(state.writes(), run),
    }
    state.revert(begin);
    assert_eq!((state.writes(), total(&mut state)), before);
});
