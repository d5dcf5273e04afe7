//! A chain with two accounts and the token sample, for tests.

use abi::layout::{COMMUNICATE, RESULT};
use bridge::Silent;
use hostapi::state::keys::RegId;
use hostapi::state::{MemStore, StateStore};
use hostapi::{accounts, data};
use loader::Image;
use smart51_chain::session::Payment;
use smart51_chain::{CallRequest, Chain, ChainError, Deploy, Genesis, OpenBlock, Receipt};
use std::path::Path;
use std::sync::Arc;

/// What the token's first byte says.
pub(crate) const MINT: u8 = 1;
pub(crate) const TRANSFER: u8 = 2;

/// The image of the token sample.
pub(crate) fn token_image() -> Image {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware-samples/token/token.ihx");
    let file = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    loader::load(&file).expect("the sample is an image").image
}

/// Who takes part.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parties {
    pub(crate) alice: RegId,
    pub(crate) bob: RegId,
    pub(crate) token: RegId,
}

/// Alice, Bob and the token are always the first transactions of the first two blocks.
pub(crate) const PARTIES: Parties = Parties {
    alice: [1, 0, 0, 0, 0, 0],
    bob: [1, 0, 0, 0, 1, 0],
    token: [2, 0, 0, 0, 0, 0],
};

/// Makes accounts, deploys the token, and mints 1000 for Alice.
pub(crate) fn set_up(chain: &Chain) {
    let mut block = chain.begin_block().unwrap();
    assert_eq!(
        block
            .new_account("alice", 1_000_000_000_000)
            .unwrap()
            .target,
        PARTIES.alice
    );
    assert_eq!(
        block.new_account("bob", 1_000_000_000).unwrap().target,
        PARTIES.bob
    );
    block.commit().unwrap();
    let image = token_image();
    let deploy = Deploy {
        sender: PARTIES.alice,
        image: &image,
        semantics: abi::Semantics::V1,
        name: Some("token"),
    };
    let mut block = chain.begin_block().unwrap();
    assert_eq!(block.deploy(&deploy).unwrap().target, PARTIES.token);
    let minted = call(&mut block, PARTIES.alice, &input(MINT, PARTIES.alice, 1000)).unwrap();
    assert!(minted.call().unwrap().verdict.is_success(), "{minted}");
    block.commit().unwrap();
}

/// A fresh chain in memory, set up, and its store.
pub(crate) fn in_memory() -> (Chain, Arc<MemStore>) {
    let store = Arc::new(MemStore::new());
    let chain = Chain::open(Box::new(Arc::clone(&store)), Genesis::default()).unwrap();
    set_up(&chain);
    (chain, store)
}

/// The token's input.
pub(crate) fn input(action: u8, account: RegId, amount: u64) -> Vec<u8> {
    [&[action][..], &account, &amount.to_le_bytes()].concat()
}

/// Calls the token with up to 100,000 gas.
pub(crate) fn call(
    block: &mut OpenBlock<'_>,
    sender: RegId,
    input: &[u8],
) -> Result<Receipt, ChainError> {
    let payment = Payment::Gas {
        limit: abi::Gas(100_000),
        price: 1,
    };
    let request = CallRequest {
        sender,
        contract: PARTIES.token,
        input,
        value: 0,
        payment,
    };
    block.call(&request, &mut Silent).cloned()
}

/// One transfer from Alice to Bob in a block of its own.
pub(crate) fn transfer(chain: &Chain, amount: u64) -> Result<Receipt, ChainError> {
    let mut block = chain.begin_block()?;
    let receipt = call(
        &mut block,
        PARTIES.alice,
        &input(TRANSFER, PARTIES.bob, amount),
    )?;
    block.commit()?;
    Ok(receipt)
}

/// What `account` has of the token.
pub(crate) fn tokens(chain: &Chain, account: RegId) -> u64 {
    let mut state = chain.state();
    let value = data::get(&mut state, &PARTIES.token, &account).unwrap();
    value.map_or(0, |value| u64::from_le_bytes(value.try_into().unwrap()))
}

/// What `account` holds in the chain's own coin.
pub(crate) fn balance(chain: &Chain, account: RegId) -> u64 {
    let mut state = chain.state();
    let key_id = accounts::key_id_of(&mut state, &account).unwrap().unwrap();
    accounts::Account::load(&mut state, &key_id)
        .unwrap()
        .unwrap()
        .balance
}

/// The whole state as a file.
pub(crate) fn export(store: &dyn StateStore) -> Vec<u8> {
    let mut file = Vec::new();
    smart51_chain::export::export(store, &mut file).unwrap();
    file
}

/// A contract that makes `calls`, each with its request, and succeeds.
pub(crate) fn asks(calls: &[(u16, Vec<u8>)]) -> Image {
    let call = |(method, request): &(u16, Vec<u8>)| {
        let (request, method) = (
            store(COMMUNICATE, request),
            store(RESULT, &method.to_le_bytes()),
        );
        format!("{request}{method}LCALL 0x0012\n")
    };
    succeeds(&calls.iter().map(call).collect::<String>())
}

/// A contract that runs `body` and succeeds.
pub(crate) fn succeeds(body: &str) -> Image {
    let header = "LJMP 0x0020\n.org 0x0004\n.db 0, 1, 1\n.org 0x0008\nRET\nRET\n.org 0x0012\nRET\nRET\n.org 0x0020\n";
    let exit = store(RESULT, &[1]) + "LJMP 0x0008\n";
    let text = [header, body, &exit].concat();
    let assembly = emu8051::assemble(&text).unwrap_or_else(|error| panic!("{error}"));
    let program = assembly.program().build();
    let end = (0..=u16::MAX)
        .rev()
        .find(|at| program.is_programmed(*at))
        .expect("some code");
    let rom = &program.code()[..=usize::from(end)];
    loader::load(rom).expect("an image").image
}

/// Instructions that put `bytes` into XDATA.
fn store(address: u16, bytes: &[u8]) -> String {
    let each = (address..).zip(bytes);
    each.map(|(at, byte)| format!("MOV DPTR,#0x{at:04X}\nMOV A,#0x{byte:02X}\nMOVX @DPTR,A\n"))
        .collect()
}
