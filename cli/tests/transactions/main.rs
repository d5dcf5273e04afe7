//! What the commands show of transactions that the chain has: events, trees of calls, traces.

#[path = "../common/mod.rs"]
mod common;
mod events;
mod later;
mod trace;
mod tree;

use common::{Dir, Ran};
use firmware_samples::sample;

/// Runs a command whose words are separated by spaces, on the chain in `chain`.
fn on_chain(dir: &Dir, words: &str) -> Ran {
    let words: Vec<&str> = words.split(' ').chain(["--store", "chain"]).collect();
    dir.run(&words)
}

/// A contract in WebAssembly that ends well.
const EMPTY: &str = r#"(module (import "smart51" "exit" (func $exit (param i32))) (memory (export "memory") 1)
    (global (export "smart51_buffer") i32 (i32.const 0))
    (func (export "smart51_main") (call $exit (i32.const 1))))"#;

/// The opening of the pool, and a swap of gold for silver.
const OPEN: &str = "call exchange --from alice --input u8:1 --input regid:gold --input regid:silver --input u64:100000 \
                    --input u64:400000";
const SWAP: &str =
    "call exchange --from alice --input u8:2 --input u8:0 --input u64:10000 --input u64:1";

/// A chain with an exchange between two tokens, of which Alice has a million each and lets it take half of that. Its
/// newest block is 9.
fn exchange() -> Dir {
    let dir = Dir::new();
    for name in ["token", "exchange"] {
        let image = sample(name).expect("a sample").image;
        dir.write(&format!("{name}.ihx"), image);
    }
    for words in [
        "account new alice",
        "deploy token.ihx --from alice --name gold",
        "deploy token.ihx --from alice --name silver",
        "deploy exchange.ihx --from alice --name exchange",
        "call gold --from alice --input u8:1 --input regid:alice --input u64:1000000",
        "call silver --from alice --input u8:1 --input regid:alice --input u64:1000000",
        "call gold --from alice --input u8:4 --input regid:exchange --input u64:500000",
        "call silver --from alice --input u8:4 --input regid:exchange --input u64:500000",
        OPEN,
    ] {
        on_chain(&dir, words).ok();
    }
    dir
}
