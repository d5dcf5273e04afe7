//! Random contracts and values.

use crate::rng::Rng;
use abi::Name;
use contract::{
    ActionDef, ActionResult, Clause, Codec, Contract, ErrorMessage, Extension, FieldDef, StructDef,
    TableDef, TypeDef, VariantDef,
};
use serde_json::{Map, Value, json};

/// The types that are built in.
pub const BUILT_IN: [&str; 31] = [
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

/// The types of a random contract of its own, `t0` to the last one.
pub const TYPES: usize = 8;

/// Suffixes of types. The last three are not known to every judge.
const SUFFIXES: [&str; 8] = ["", "", "[]", "?", "[]?", "[][]", "?[]", "[3]"];

/// A type among those that are built in and those before number `below`, with a suffix that every
/// judge knows or any.
fn a_type(rng: &mut Rng, below: usize, any: bool) -> String {
    let name = match below > 0 && rng.once_in(3) {
        true => format!("t{}", rng.next_u64() as usize % below),
        false => rng.one_of(&BUILT_IN).to_owned(),
    };
    let suffixes = if any {
        SUFFIXES.len()
    } else {
        SUFFIXES.len() - 3
    };
    format!("{name}{}", rng.one_of(&SUFFIXES[..suffixes]))
}

/// A contract with types of all kinds, and lists of all kinds.
pub fn contract(rng: &mut Rng) -> Contract {
    loop {
        let contract = perhaps(rng);
        // An optional of what is optional by another name, or a variant that has a type twice.
        if contract.check().is_ok() {
            return contract;
        }
    }
}

fn perhaps(rng: &mut Rng) -> Contract {
    let mut contract = Contract::default();
    let any = rng.once_in(4);
    for at in 0..TYPES {
        let name = format!("t{at}");
        let count = 1 + rng.next_u64() as usize % 4;
        let types: Vec<String> = (0..count).map(|_| a_type(rng, at, any)).collect();
        match rng.next_u64() % 4 {
            0 => contract.types.push(TypeDef {
                new_type_name: name,
                r#type: types[0].clone(),
            }),
            1 => contract.variants.push(VariantDef { name, types }),
            _ => {
                let field = |(number, of): (usize, &String)| FieldDef {
                    name: format!("f{at}_{number}"),
                    r#type: of.clone(),
                };
                let mut fields: Vec<FieldDef> = types.iter().enumerate().map(field).collect();
                if rng.once_in(5) {
                    fields[count - 1].r#type.push('$');
                }
                // One whose fields may be left out is no base.
                let closed = |def: &&StructDef| !def.fields.iter().any(|f| f.r#type.ends_with('$'));
                let bases: Vec<&StructDef> = contract.structs.iter().filter(closed).collect();
                let base = match bases.is_empty() || rng.once_in(2) {
                    true => String::new(),
                    false => bases[rng.next_u64() as usize % bases.len()].name.clone(),
                };
                contract.structs.push(StructDef { name, base, fields });
            }
        }
    }
    let names: Vec<String> = contract
        .structs
        .iter()
        .map(|def| def.name.clone())
        .collect();
    for name in &names {
        let action = Name(rng.next_u64() | 1 << 63);
        contract.actions.push(ActionDef {
            name: action,
            r#type: name.clone(),
            ricardian_contract: text(rng),
        });
        contract.action_results.push(ActionResult {
            name: action,
            result_type: a_type(rng, TYPES, any),
        });
        contract.tables.push(TableDef {
            name: Name(rng.next_u64() | 1 << 63),
            index_type: "i64".into(),
            key_names: vec![text(rng)],
            key_types: vec!["uint64".into()],
            r#type: name.clone(),
        });
    }
    contract.ricardian_clauses.push(Clause {
        id: text(rng),
        body: text(rng),
    });
    contract.error_messages.push(ErrorMessage {
        error_code: rng.next_u64() >> (rng.byte() % 64),
        error_msg: text(rng),
    });
    contract
}

/// The contract with our extension, and one of somebody else.
#[must_use]
pub fn extended(contract: &Contract) -> Contract {
    let selectors = contract.actions.iter().zip(0..);
    let actions = selectors.map(|(action, selector)| contract::ActionExt {
        name: action.name,
        selector,
        ..contract::ActionExt::default()
    });
    Contract {
        smart51: Some(Extension {
            actions: actions.collect(),
            ..Extension::default()
        }),
        abi_extensions: vec![(7, vec![1, 2, 3])],
        ..contract.clone()
    }
}

/// Text of all kinds of letters, without one that JavaScript's reader of UTF-8 drops: a mark of
/// byte order in front.
fn text(rng: &mut Rng) -> String {
    let count = rng.byte() % 12;
    let letter = |_| {
        rng.one_of(&[
            'a', 'Z', '0', ' ', '"', '\\', '\n', '\0', 'é', '漢', '😀', '\u{202e}',
        ])
    };
    (0..count).map(letter).collect()
}

fn bytes(rng: &mut Rng, count: usize) -> Vec<u8> {
    (0..count).map(|_| rng.byte()).collect()
}

/// A number of some bits, small and large ones alike.
fn bits(rng: &mut Rng, count: u32) -> u128 {
    let whole = u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64());
    let kept = match rng.byte() % 4 {
        0 => count,
        _ => rng.next_u64() as u32 % (count + 1),
    };
    whole.checked_shr(128 - kept).unwrap_or(0)
}

fn signed(rng: &mut Rng, count: u32) -> i128 {
    let magnitude = bits(rng, count - 1) as i128;
    if rng.once_in(2) {
        magnitude
    } else {
        -magnitude - 1
    }
}

/// A random value of a type, in JSON. What a judge would lose is not among them;
/// docs/contract-json.md says what that is.
///
/// # Panics
/// If the contract does not have the type.
pub fn value(rng: &mut Rng, codec: &Codec, of: &str) -> Value {
    if let Some(inner) = of.strip_suffix("[]") {
        let count = rng.byte() % 4;
        return (0..count).map(|_| value(rng, codec, inner)).collect();
    }
    if let Some(inner) = of.strip_suffix("[3]") {
        return (0..3).map(|_| value(rng, codec, inner)).collect();
    }
    if let Some(inner) = of.strip_suffix('?') {
        return match rng.once_in(3) {
            true => Value::Null,
            false => value(rng, codec, inner),
        };
    }
    if let Some(inner) = of.strip_suffix('$') {
        return value(rng, codec, inner);
    }
    let contract = codec.contract();
    if let Some(def) = contract.types.iter().find(|def| def.new_type_name == of) {
        return value(rng, codec, &def.r#type);
    }
    if let Some(def) = contract.variants.iter().find(|def| def.name == of) {
        let of = &def.types[rng.next_u64() as usize % def.types.len()];
        return json!([of, value(rng, codec, of)]);
    }
    if let Some(def) = contract.structs.iter().find(|def| def.name == of) {
        let mut object = match def.base.as_str() {
            "" => Map::new(),
            base => match value(rng, codec, base) {
                Value::Object(object) => object,
                other => panic!("a base is a struct, not {other}"),
            },
        };
        for field in &def.fields {
            object.insert(field.name.clone(), value(rng, codec, &field.r#type));
        }
        return object.into();
    }
    built_in(rng, codec, of)
}

fn built_in(rng: &mut Rng, codec: &Codec, of: &str) -> Value {
    let checksum = |rng: &mut Rng, count| json!(hex::encode(bytes(rng, count)));
    match of {
        "bool" => json!(rng.once_in(2)),
        "int8" => json!(signed(rng, 8) as i8),
        "int16" => json!(signed(rng, 16) as i16),
        "int32" | "varint32" => json!(signed(rng, 32) as i32),
        "int64" => json!((signed(rng, 64) as i64).to_string()),
        "int128" => json!(signed(rng, 128).to_string()),
        "uint8" => json!(bits(rng, 8) as u8),
        "uint16" => json!(bits(rng, 16) as u16),
        "uint32" | "varuint32" => json!(bits(rng, 32) as u32),
        "uint64" => json!((bits(rng, 64) as u64).to_string()),
        "uint128" => json!(bits(rng, 128).to_string()),
        // Seven digits behind the point, which is what wharfkit writes of it.
        "float32" => json!((signed(rng, 18) as f64 + 0.0) / 128.0),
        "float64" => loop {
            let number = f64::from_bits(rng.next_u64());
            if number.is_finite() {
                break json!(number);
            }
        },
        "float128" => checksum(rng, 16),
        "time_point" => json!(time(rng, true)),
        "time_point_sec" => json!(&time(rng, false)[..19]),
        "block_timestamp_type" => {
            let bytes = (rng.next_u64() as u32).to_le_bytes();
            codec.decode(of, &bytes).expect("every number is a time")
        }
        "name" => json!(Name(rng.next_u64()).to_string()),
        "bytes" => {
            let count = usize::from(rng.byte() % 20);
            checksum(rng, count)
        }
        "string" => json!(text(rng)),
        "checksum160" => checksum(rng, 20),
        "checksum256" => checksum(rng, 32),
        "checksum512" => checksum(rng, 64),
        // A right checksum takes a hash: the text is that of bytes.
        "public_key" | "signature" => {
            let is_key = of == "public_key";
            let curve = rng.byte() % 3;
            let mut data = vec![curve];
            data.extend(bytes(rng, if is_key { 33 } else { 65 }));
            if curve == 2 {
                let mut texts = vec![4, b's', b'i', b't', b'e'];
                match is_key {
                    true => texts.insert(0, rng.byte()),
                    false => texts.extend([2, 1, 2]),
                }
                data.extend(texts);
            }
            codec.decode(of, &data).expect("any bytes are a key")
        }
        "symbol" => json!(format!("{},{}", rng.byte() % 19, code(rng, 1))),
        "symbol_code" => json!(code(rng, 1)),
        "asset" => json!(asset(rng)),
        "extended_asset" => {
            json!({"quantity": asset(rng), "contract": Name(rng.next_u64()).to_string()})
        }
        other => panic!("no such type: {other}"),
    }
}

/// A time of milliseconds, or of seconds, from 1970 to 2106.
fn time(rng: &mut Rng, milliseconds: bool) -> String {
    let second = u64::from(rng.next_u64() as u32);
    let fraction = if milliseconds {
        rng.next_u64() % 1000
    } else {
        0
    };
    let at = second * 1_000_000 + fraction * 1000;
    let plain = Codec::new(&Contract::default()).expect("nothing is wrong with nothing");
    let shown = plain.decode("time_point", &at.to_le_bytes());
    shown.expect("a time").as_str().expect("text").to_owned()
}

fn code(rng: &mut Rng, least: u8) -> String {
    let count = least + rng.byte() % (8 - least);
    (0..count)
        .map(|_| char::from(b'A' + rng.byte() % 26))
        .collect()
}

fn asset(rng: &mut Rng) -> String {
    let precision = usize::from(rng.byte() % 19);
    // EOS itself takes less than 2^62.
    let amount = signed(rng, 62);
    let digits = format!("{:0>1$}", amount.unsigned_abs(), precision + 1);
    let (whole, fraction) = digits.split_at(digits.len() - precision);
    let sign = if amount < 0 { "-" } else { "" };
    let point = if precision > 0 { "." } else { "" };
    format!("{sign}{whole}{point}{fraction} {}", code(rng, 1))
}
