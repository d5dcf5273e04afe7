//! docs/contract-json.md tells the truth: its contract is sound, and each row of a value has its
//! bytes.

use super::{codec, token};
use contract::{Codec, Contract};
use serde_json::Value;

const PAGE: &str = include_str!("../../../../docs/contract-json.md");

#[test]
fn the_contract_of_the_page_is_sound() {
    let (_, rest) = PAGE.split_once("```json\n").expect("a contract");
    let (json, _) = rest.split_once("```").expect("its end");
    let contract = Contract::from_json(json).expect("a contract");
    assert_eq!(contract.check(), Ok(()));
}

/// Rows of the form "| `type` | `JSON` | `bytes` |".
#[test]
fn the_values_of_the_page_have_their_bytes() {
    let codec = codec();
    let mut rows = 0;
    for line in PAGE.lines() {
        let parts: Vec<&str> = line.split(" | ").collect();
        let code = |text: &str| text.split('`').nth(1).unwrap_or_default().to_owned();
        let [of, value, bytes] = &parts[..] else {
            continue;
        };
        let (Ok(value), Ok(bytes)) = (
            serde_json::from_str::<Value>(&code(value)),
            hex::decode(code(bytes)),
        ) else {
            continue;
        };
        assert_eq!(codec.encode(&code(of), &value), Ok(bytes.clone()), "{line}");
        assert_eq!(codec.decode(&code(of), &bytes), Ok(value), "{line}");
        rows += 1;
    }
    assert!(rows >= 30, "{rows}");
}

/// Every built-in type has a row.
#[test]
fn the_page_names_every_built_in_type() {
    for name in [
        "bool",
        "int8",
        "int16",
        "int32",
        "int64",
        "int128",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "uint128",
        "varint32",
        "varuint32",
        "float32",
        "float64",
        "float128",
        "time_point",
        "time_point_sec",
        "block_timestamp_type",
        "name",
        "bytes",
        "string",
        "checksum160",
        "checksum256",
        "checksum512",
        "public_key",
        "signature",
        "symbol",
        "symbol_code",
        "asset",
        "extended_asset",
    ] {
        assert!(PAGE.contains(&format!("| `{name}` |")), "{name}");
    }
    // There is no further one: a type of that name would be refused as unknown.
    assert!(
        Codec::new(&token())
            .expect("sound")
            .decode("private_key", &[0; 33])
            .is_err()
    );
}
