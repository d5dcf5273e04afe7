//! A chain with every sample is the same to the byte on every machine: receipts, gas and state.
//!
//! `make other-machines` runs this on 32-bit x86 and on 64-bit ARM. `make refresh` writes the file anew.

use abi::{Gas, Semantics};
use chain::session::Payment;
use chain::{CallRequest, Chain, ContractFlags, Deploy, Genesis};
use sha2::{Digest, Sha256};
use state::MemStore;
use std::fmt::Write;
use std::sync::Arc;

/// A line for each transaction, and one for the state after all of them.
fn play() -> String {
    let store = Arc::new(MemStore::new());
    let chain = Chain::open(Box::new(store.clone()), Genesis::default()).expect("a chain");
    let mut out = String::new();
    let mut block = chain.begin_block().expect("a block");
    let alice = block
        .new_account("alice", 1_000_000_000)
        .expect("an account")
        .target;
    let wasm: &[u8] = include_bytes!("../../firmware-samples/rust/token/token.wasm");
    let samples = firmware_samples::SAMPLES.iter();
    let samples = samples.map(|sample| (sample.name, sample.image));
    for (name, file) in samples.chain([("token-wasm", wasm)]) {
        let image = loader::load(file).expect("a sample").image;
        let deploy = Deploy {
            sender: alice,
            image: &image,
            semantics: Semantics::V1,
            name: Some(name),
            flags: ContractFlags::empty(),
            init: None,
            abi: None,
        };
        let receipt = block.deploy(&deploy).expect("a deployment");
        let contract = receipt.target;
        writeln!(out, "{name} {}", digest(&receipt.encode())).expect("a string");
        for input in [&[][..], &[1], &[1, 0, 0, 0, 0, 0, 0, 5], &[2; 15]] {
            let call = CallRequest {
                sender: alice,
                contract,
                input,
                value: 0,
                payment: Payment::Gas {
                    limit: Gas(200_000),
                    price: chain.genesis().gas_price,
                },
            };
            let receipt = block.call(&call, &mut ()).expect("a call");
            let (outcome, gas) = (receipt.verdict.name(), receipt.gas);
            let digest = digest(&receipt.encode());
            writeln!(out, "  {outcome} {gas} gas {digest}").expect("a string");
        }
    }
    block.commit().expect("a commit");
    let mut export = Vec::new();
    chain::export::export(&*store, &mut export).expect("an export");
    writeln!(out, "state {}", digest(&export)).expect("a string");
    out
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[test]
fn a_chain_is_the_same_on_every_machine() {
    let played = play();
    if std::env::var_os("SMART51_REFRESH_PAGES").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/data/everywhere.txt");
        std::fs::write(path, played).expect("writable");
        return;
    }
    assert_eq!(played, include_str!("../data/everywhere.txt"));
}
