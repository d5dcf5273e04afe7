//! Makes calls of one method on an overlay above a store in memory, and measures nothing: two runs under callgrind with
//! different numbers tell the host instructions of a call, the engine apart.
//!
//! ```text
//! cargo build --release -p smart51-hostapi --example object_bench
//! valgrind --tool=callgrind target/release/examples/object_bench KIND CALLS
//! ```
//!
//! KIND is `read`, `write` or `add` for a key of the contract's data; `get`, `set` or `new` for a field of an object
//! of the caller's, with the owner asked each time it is written; `seek` for the key before another one.

use abi::codec::request;
use abi::{Semantics, method};
use hostapi::accounts::{Account, contract_key_id};
use hostapi::{
    CallContext, CallEnd, ChainView, Failure, Host, HostApi, KnownTx, Network, NodeError,
};
use state::keys::{Hash, RegId};
use state::{MemStore, Overlay, StateStore};
use std::error::Error;

const CONTRACT: RegId = [1, 0, 0, 0, 1, 0];
const OWNER: RegId = [0, 0, 0, 0, 1, 0];
/// The keys and the fields that are there, and asked for in turn.
const THERE: u32 = 100;

/// A chain without a past.
#[derive(Debug)]
struct Past;

impl ChainView for Past {
    fn block_hash(&self, _: u32) -> Result<Option<Hash>, NodeError> {
        Ok(None)
    }

    fn transaction(&self, _: &Hash) -> Result<Option<KnownTx>, NodeError> {
        Ok(None)
    }

    fn transaction_input(&self, _: &Hash) -> Result<Option<Vec<u8>>, NodeError> {
        Ok(None)
    }
}

/// A call, as a contract makes it.
fn call(host: &mut Host<'_, '_>, method: u16, items: &[&[u8]]) -> Result<(), Failure<CallEnd>> {
    host.call(method, &request(items)).map(drop)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let kind = arguments.next().ok_or("which kind?")?;
    let calls: u32 = arguments.next().ok_or("how many calls?")?.parse()?;
    let context = CallContext {
        semantics: Semantics::V1,
        network: Network::Test,
        height: 10,
        chain_tip: 9,
        block_time: 0,
        tip_time: 0,
        tx_hash: [0; 32],
        sender: OWNER,
        contract: CONTRACT,
        input: &[],
        pay_amount: 0,
        gas_price: 1,
        traversal: true,
        account_check: false,
    };
    let store = MemStore::new();
    let mut state = Overlay::new(&store);
    for id in [OWNER, CONTRACT] {
        let account = Account {
            regid: Some(id),
            ..Account::default()
        };
        account.register(&mut state, &contract_key_id(&id));
    }
    let one = 1u64.to_le_bytes();
    let object = [&CONTRACT[..], &one].concat();
    let mut host = Host::new(&context, &Past, &mut state);
    call(&mut host, method::OBJECT_CREATE, &[&OWNER])?;
    for number in 0..THERE {
        let name = number.to_be_bytes();
        call(&mut host, method::DB_WRITE, &[&name, &[1; 8]])?;
        call(&mut host, method::OBJECT_SET, &[&one, &name, &[1; 8]])?;
    }
    let writes = state.writes();
    drop(state);
    store.commit(writes)?;
    let mut state = Overlay::new(&store);
    let mut host = Host::new(&context, &Past, &mut state);
    for number in 0..calls {
        let name = (number % THERE).to_be_bytes();
        let new = (THERE + number).to_be_bytes();
        let value = u64::from(number).to_le_bytes();
        match &kind[..] {
            "read" => call(&mut host, method::DB_READ, &[&name])?,
            "write" => call(&mut host, method::DB_WRITE, &[&name, &value])?,
            "add" => call(&mut host, method::DB_WRITE, &[&new, &value])?,
            "get" => call(&mut host, method::OBJECT_GET, &[&object, &name])?,
            "set" => call(&mut host, method::OBJECT_SET, &[&one, &name, &value])?,
            "new" => call(&mut host, method::OBJECT_SET, &[&one, &new, &value])?,
            "seek" => call(&mut host, method::DB_SEEK, &[&[2, 0], &name])?,
            _ => return Err("there is no such kind".into()),
        }
    }
    Ok(())
}
