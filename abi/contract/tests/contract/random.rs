//! Random types, values and bytes.

use super::{codec, token};
use contract::{Codec, Contract, FieldDef, StructDef, TypeDef, VariantDef, diff, docs};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

const SCALARS: [&str; 31] = [
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
];

const SUFFIXES: [&str; 6] = ["", "", "[]", "?", "[3]", "[]?"];

/// A type among those that stand before number `below`.
fn a_type(below: usize) -> impl Strategy<Value = String> {
    (0..SCALARS.len() + 2 * below, 0..SUFFIXES.len()).prop_map(move |(at, suffix)| {
        let name = match at.checked_sub(SCALARS.len()) {
            None => SCALARS[at].to_owned(),
            Some(at) => format!("t{}", at / 2),
        };
        format!("{name}{}", SUFFIXES[suffix])
    })
}

/// Contracts of eight types, each of those before it.
fn contracts() -> impl Strategy<Value = Contract> {
    let kinds = |at: usize| (0..4, vec(a_type(at), 1..4), any::<bool>());
    let all: Vec<_> = (0..8).map(kinds).collect();
    all.prop_map(|all| {
        let mut contract = Contract::default();
        for (at, (kind, types, is_open)) in all.into_iter().enumerate() {
            let name = format!("t{at}");
            match kind {
                0 => contract.types.push(TypeDef {
                    new_type_name: name,
                    r#type: types[0].clone(),
                }),
                1 => contract.variants.push(VariantDef { name, types }),
                _ => {
                    let fields = types.into_iter().enumerate();
                    let mut fields: Vec<FieldDef> = fields
                        .map(|(at, of)| FieldDef {
                            name: format!("f{at}"),
                            r#type: of,
                        })
                        .collect();
                    if is_open {
                        fields.last_mut().expect("one").r#type.push('$');
                    }
                    contract.structs.push(StructDef {
                        name,
                        base: String::new(),
                        fields,
                    });
                }
            }
        }
        contract
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever bytes are a value, its bytes are these and no others.
    #[test]
    fn bytes_that_decode_encode_to_themselves(contract in contracts(), bytes in vec(any::<u8>(), 0..200), small in vec(0_u8..3, 0..80)) {
        let Ok(codec) = Codec::new(&contract) else {
            // An optional of an optional.
            return Ok(());
        };
        for bytes in [&bytes, &small] {
            for name in (0..8).map(|at| format!("t{at}")).chain(SCALARS.map(str::to_owned)) {
                if let Ok((value, size)) = codec.decode_prefix(&name, bytes) {
                    let encoded = codec.encode(&name, &value);
                    prop_assert_eq!(encoded.as_deref(), Ok(&bytes[..size]), "{} {}", name, value);
                    let text = value.to_string();
                    let read: Value = serde_json::from_str(&text).expect("JSON");
                    let encoded = codec.encode(&name, &read);
                    prop_assert_eq!(encoded.as_deref(), Ok(&bytes[..size]), "{} {}", name, text);
                    let _ = codec.text(&name, &value);
                }
            }
        }
    }

    #[test]
    fn random_contracts_read_back(contract in contracts()) {
        prop_assert_eq!(Contract::from_bytes(&contract.to_bytes()), Ok(contract.clone()));
        prop_assert_eq!(Contract::from_json(&contract.to_json()), Ok(contract.clone()));
        if let Ok(codec) = Codec::new(&contract) {
            prop_assert_eq!(diff(&codec, &codec), []);
        }
        let _ = docs(&contract);
    }

    /// Any bytes at all, and the sample's with some of them changed.
    #[test]
    fn no_bytes_make_a_contract_panic(bytes in vec(any::<u8>(), 0..300), at: usize, changed: u8, cut: usize) {
        let mut sample = token().to_bytes();
        let size = sample.len();
        sample[at % size] = changed;
        sample.truncate(cut % size + 1);
        for bytes in [&bytes, &sample] {
            if let Ok(contract) = Contract::from_bytes(bytes) {
                let read = Contract::from_bytes(&contract.to_bytes());
                prop_assert_eq!(read.as_ref(), Ok(&contract));
                let _ = contract.check();
                let _ = docs(&contract);
            }
        }
    }

    /// Values of other kinds than the type's.
    #[test]
    fn no_json_makes_encoding_panic(value in values(), contract in contracts()) {
        let _ = Contract::from_value(&value);
        let Ok(codec) = Codec::new(&contract) else { return Ok(()) };
        for name in (0..8).map(|at| format!("t{at}")).chain(SCALARS.map(str::to_owned)) {
            if let Ok(bytes) = codec.encode(&name, &value) {
                prop_assert!(codec.decode(&name, &bytes).is_ok(), "{} {}", name, value);
            }
            let _ = codec.text(&name, &value);
        }
    }

    #[test]
    fn any_text_is_an_argument_or_an_error(text: String, type_name: String, list: Vec<String>) {
        let codec = codec();
        for name in SCALARS.iter().copied().chain(["transfer", "party", &type_name]) {
            if let Ok(value) = codec.parse_argument(name, &text) {
                let _ = codec.encode(name, &value);
            }
        }
        let _ = codec.parse_arguments("transfer", &list);
        let _ = Contract::from_json(&text);
    }
}

/// Any JSON, much of it like that of a contract's types.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        "[-.0-9A-Za-z ,:]{0,12}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec(("f[0-3]|[a-z]{1,3}", inner), 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}
