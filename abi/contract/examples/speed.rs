//! The time of encoding and decoding a transfer, of checking a contract, and of reading one: the
//! figures of docs/performance.md.

use contract::{Codec, Contract, FieldDef, StructDef};
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

/// A contract of nearly 64 KiB that takes long to check: many structs on one with many fields.
fn large() -> Contract {
    let field = |at: u32| FieldDef {
        name: format!("{at:x}"),
        r#type: "bool".into(),
    };
    let def = |name: String, base: &str, fields| StructDef {
        name,
        base: base.into(),
        fields,
    };
    let mut structs = vec![def("a".into(), "", (0..3000).map(field).collect())];
    let on_it = (0..1900).map(|at| def(format!("s{at:x}"), "a", vec![field(0xF_0000 + at)]));
    structs.extend(on_it);
    Contract {
        structs,
        ..Contract::default()
    }
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
    let large = large();
    let bytes = large.to_bytes();
    println!("one of {} bytes:", bytes.len());
    time("read it", 20, || Contract::from_bytes(&bytes));
    time("check it", 20, || Codec::new(&large));
}
