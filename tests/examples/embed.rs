//! A chain in memory: an account, a contract, two calls in a block, a receipt, and what is kept. `docs/embedding.md`
//! shows this file and what it prints.

use abi::{Gas, Semantics};
use chain::session::Payment;
use chain::{CallRequest, Chain, ContractFlags, Deploy, Genesis};
use hostapi::accounts::Account;
use hostapi::data;
use state::MemStore;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("name counter.ihx")?;
    print!("{}", play(&std::fs::read(file)?)?);
    Ok(())
}

/// Deploys the contract in `file`, the sample `counter`, calls it, and tells what came of it.
pub(crate) fn play(file: &[u8]) -> Result<String, Box<dyn Error>> {
    let chain = Chain::open(Box::new(MemStore::new()), Genesis::default())?;
    let image = loader::load(file)?.image;

    // A block is open until it is committed; dropped, it leaves no trace.
    let mut block = chain.begin_block()?;
    let alice = block.new_account("alice", 1_000_000_000)?.target;
    let deploy = Deploy {
        sender: alice,
        image: &image,
        semantics: Semantics::V1,
        name: Some("counter"),
        flags: ContractFlags::empty(),
        init: None,
        abi: None,
    };
    // An image that cannot be run has a receipt too: `deployed` makes an error of it.
    let counter = block.deploy(&deploy)?.deployed()?.target;
    block.commit()?;

    // Two calls in one block: the second sees what the first has done.
    let mut block = chain.begin_block()?;
    let call = CallRequest {
        sender: alice,
        contract: counter,
        input: &[5],
        value: 0,
        payment: Payment::Gas {
            limit: Gas(1_000_000),
            price: chain.genesis().gas_price,
        },
    };
    block.call(&call, &mut ())?;
    let id = block.call(&call, &mut ())?.id;
    // What cannot begin, here for want of money, is an error. The block is as it was.
    let poor = CallRequest {
        value: 2_000_000_000,
        ..call
    };
    let begins = block.call(&poor, &mut ()).is_ok();
    let (block, receipts) = block.commit()?;

    // From now on everybody who has the chain has the receipt.
    let receipt = chain.receipt(&id)?;
    let mut said = format!(
        "block {}: {} receipts, the last one of a {}; more money than there is: {begins}\n",
        block.header.height,
        receipts.len(),
        receipt.verdict.name()
    );

    // The state after the newest block, to look at.
    let mut state = chain.state();
    let count = data::get(&mut state, &counter, b"count")?.map(<[u8]>::to_vec);
    let (_, account) = Account::of(&mut state, &alice)?.ok_or("no account")?;
    said += &format!("count = {:?}\n", count.unwrap_or_default());
    said += &format!("alice paid: {}\n", account.balance < 1_000_000_000);
    Ok(said)
}
