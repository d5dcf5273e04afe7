//! The lines of `README.md`: a contract deployed on a chain in memory, and called. `embed.rs` says more.

use abi::{Gas, Semantics};
use chain::session::Payment;
use chain::{CallRequest, Chain, ContractFlags, Deploy, Genesis};
use state::MemStore;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("name counter.ihx")?;
    println!("{} gas", play(&std::fs::read(file)?)?);
    Ok(())
}

/// What the call of the contract in `file` costs.
#[rustfmt::skip] // As the page has them.
pub(crate) fn play(file: &[u8]) -> Result<u64, Box<dyn Error>> {
    // The page begins.
    let chain = Chain::open(Box::new(MemStore::new()), Genesis::default())?;
    let image = loader::load(file)?.image;
    let mut block = chain.begin_block()?;
    let alice = block.new_account("alice", 1_000_000_000)?.target;
    let deploy = Deploy { sender: alice, image: &image, semantics: Semantics::V1, name: None, flags: ContractFlags::empty(), init: None, abi: None };
    let counter = block.deploy(&deploy)?.deployed()?.target;
    let payment = Payment::Gas { limit: Gas(100_000), price: chain.genesis().gas_price };
    let call = CallRequest { sender: alice, contract: counter, input: &[5], value: 0, payment };
    let cost = block.call(&call, &mut ())?.gas;
    block.commit()?;    // all of it, or nothing
    // The page ends.
    Ok(cost)
}
