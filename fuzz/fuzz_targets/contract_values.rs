//! Any bytes and any JSON as values of types of all kinds: what decodes encodes to the same bytes, and what encodes
//! decodes.
#![no_main]

use contract::{Codec, Contract};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use std::sync::LazyLock;

static KINDS: LazyLock<Codec> = LazyLock::new(|| {
    let text = include_str!("../../abi/contract/tests/samples/kinds.contract.json");
    let contract = Contract::from_json(text).expect("a contract");
    Codec::new(&contract).expect("a sound one")
});

/// The types that are tried with every input.
const TYPES: [&str; 8] = [
    "all",
    "lists",
    "deep",
    "one",
    "one[]",
    "regid?[]",
    "lists[2]",
    "nothing[]",
];

fuzz_target!(|bytes: &[u8]| {
    for name in TYPES.into_iter().chain(fields()) {
        if let Ok((value, size)) = KINDS.decode_prefix(name, bytes) {
            let encoded = KINDS.encode(name, &value);
            assert_eq!(encoded.as_deref(), Ok(&bytes[..size]), "{name} {value}");
            let text = value.to_string();
            let read: Value = serde_json::from_str(&text).expect("JSON");
            assert_eq!(KINDS.encode(name, &read), encoded, "{name} {text}");
            let _ = KINDS.text(name, &value);
        }
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let json: Option<Value> = serde_json::from_str(text).ok();
    for name in TYPES.into_iter().chain(fields()) {
        let argument = KINDS.parse_argument(name, text);
        for value in argument.iter().chain(&json) {
            if let Ok(encoded) = KINDS.encode(name, value) {
                let decoded = KINDS.decode(name, &encoded);
                let decoded = decoded.unwrap_or_else(|error| panic!("{name} {value}: {error}"));
                assert_eq!(KINDS.encode(name, &decoded), Ok(encoded), "{name} {value}");
            }
        }
    }
    let texts: Vec<&str> = text.split(' ').collect();
    let _ = KINDS.parse_arguments("do", &texts);
});

/// The types that are built in.
fn fields() -> impl Iterator<Item = &'static str> {
    let all = KINDS
        .contract()
        .structs
        .iter()
        .find(|def| def.name == "all");
    let fields = all.into_iter().flat_map(|def| &def.fields);
    fields.map(|field| field.r#type.as_str())
}
