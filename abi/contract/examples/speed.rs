//! The time of encoding and decoding a transfer, of checking a contract, and of reading one: the
//! figures of docs/performance.md.

use contract::{Codec, Contract};
use serde_json::json;
use std::hint::black_box;
use std::time::Instant;

const SAMPLE: &str = include_str!("../tests/samples/token.contract.json");

/// The shortest of several runs, in nanoseconds each.
fn time<T>(name: &str, times: u32, mut act: impl FnMut() -> T) {
    let run = |_| {
        let start = Instant::now();
        for _ in 0..times {
            black_box(act());
        }
        start.elapsed().as_nanos() / u128::from(times)
    };
    let least = (0..7).map(run).min().unwrap_or(0);
    println!("{name:<28} {least:>7} ns");
}

fn main() {
    let contract = Contract::from_json(SAMPLE).expect("the sample is sound");
    let codec = Codec::new(&contract).expect("the sample is sound");
    let arguments = json!({"to": {"height": 2, "index": 0}, "amount": "30"});
    let short = json!(["2-0", 30]);
    let input = codec.encode_call("transfer", &arguments).expect("it fits");
    let bytes = contract.to_bytes();
    time("encode a transfer", 100_000, || {
        codec.encode("transfer", &arguments)
    });
    time("encode one given as a list", 100_000, || {
        codec.encode("transfer", &short)
    });
    time("decode a transfer", 100_000, || {
        codec.decode("transfer", &input[1..])
    });
    time("encode a call of it", 100_000, || {
        codec.encode_call("transfer", &arguments)
    });
    time("decode a call of it", 100_000, || codec.decode_call(&input));
    time("read the contract's bytes", 10_000, || {
        Contract::from_bytes(&bytes)
    });
    time("check it", 10_000, || Codec::new(&contract));
}
