//! Values of the built-in types and of what is made of them, beside their bytes.

use super::{codec, types};
use contract::{DATA_MAX, Names, VALUES_MAX};
use serde_json::{Value, json};

/// Values and their bytes, each of which is the only form of the other. Bytes by hand from the
/// descriptions of EOS's types, keys and signatures from its own tests' form of base 58.
const SCALARS: &[(&str, &str, &str)] = &[
    ("bool", "true", "01"),
    ("int8", "-128", "80"),
    ("uint8", "255", "ff"),
    ("int16", "-2", "feff"),
    ("uint16", "4660", "3412"),
    ("int32", "-1", "ffffffff"),
    ("uint32", "4294967295", "ffffffff"),
    ("int64", "\"-9223372036854775808\"", "0000000000000080"),
    ("uint64", "\"18446744073709551615\"", "ffffffffffffffff"),
    (
        "int128",
        "\"-170141183460469231731687303715884105728\"",
        "00000000000000000000000000000080",
    ),
    (
        "uint128",
        "\"340282366920938463463374607431768211455\"",
        "ffffffffffffffffffffffffffffffff",
    ),
    ("varint32", "-1", "01"),
    ("varint32", "-2147483648", "ffffffff0f"),
    ("varuint32", "300", "ac02"),
    ("float32", "0.5", "0000003f"),
    ("float32", "\"Infinity\"", "0000807f"),
    ("float32", "\"NaN\"", "0000c07f"),
    ("float32", "\"0x010080ff\"", "010080ff"),
    ("float64", "-0.0", "0000000000000080"),
    ("float64", "\"-Infinity\"", "000000000000f0ff"),
    (
        "float128",
        "\"000102030405060708090a0b0c0d0e0f\"",
        "000102030405060708090a0b0c0d0e0f",
    ),
    ("name", "\"eosio\"", "0000000000ea3055"),
    ("name", "\"\"", "0000000000000000"),
    ("bytes", "\"00ff\"", "0200ff"),
    ("string", "\"h\u{e9}\"", "0368c3a9"),
    (
        "checksum160",
        "\"000102030405060708090a0b0c0d0e0f10111213\"",
        "000102030405060708090a0b0c0d0e0f10111213",
    ),
    (
        "time_point",
        "\"1970-01-01T00:00:01.500\"",
        "60e3160000000000",
    ),
    (
        "time_point",
        "\"1970-01-01T00:00:00.000001\"",
        "0100000000000000",
    ),
    ("time_point_sec", "\"2018-06-15T19:17:47\"", "db10245b"),
    (
        "block_timestamp_type",
        "\"2000-01-01T00:00:00.500\"",
        "01000000",
    ),
    ("symbol_code", "\"EOS\"", "454f530000000000"),
    ("symbol", "\"4,EOS\"", "04454f5300000000"),
    ("symbol", "\"0,\"", "0000000000000000"),
    (
        "asset",
        "\"1.0000 EOS\"",
        "102700000000000004454f5300000000",
    ),
    ("asset", "\"-0.01 X\"", "ffffffffffffffff0258000000000000"),
    ("asset", "\"7 SEVEN\"", "070000000000000000534556454e0000"),
    (
        "extended_asset",
        "{\"quantity\": \"0.1 A\", \"contract\": \"eosio\"}",
        "010000000000000001410000000000000000000000ea3055",
    ),
    (
        "public_key",
        "\"PUB_K1_6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5BoDq63\"",
        "0002c0ded2bc1f1305fb0faac5e6c03ee3a1924234985427b6167ca569d13df435cf",
    ),
    ("uint8[]", "[1, 2]", "020102"),
    ("uint16[2]", "[1, 2]", "01000200"),
    ("uint8?", "null", "00"),
    ("uint8?", "7", "0107"),
    ("uint8?[]", "[null, 7]", "02000107"),
    ("uint8[]?", "[7]", "010107"),
    ("uint8[][]", "[[1], []]", "02010100"),
    (
        "transfer",
        "{\"to\": {\"height\": 2, \"index\": 0}, \"amount\": \"30\"}",
        "0200000000001e00000000000000",
    ),
    ("party", "[\"name\", \"eosio\"]", "010000000000ea3055"),
];

#[test]
fn values_have_the_bytes_that_eos_gives_them() {
    let codec = codec();
    for (type_name, value, bytes) in SCALARS {
        let value: Value = serde_json::from_str(value).expect("JSON");
        let encoded = codec.encode(type_name, &value).map(hex::encode);
        assert_eq!(encoded.as_deref(), Ok(*bytes), "{type_name} {value}");
        let bytes = hex::decode(bytes).expect("hexadecimal");
        assert_eq!(codec.decode(type_name, &bytes), Ok(value), "{type_name}");
        let with_more = [&bytes[..], &[0]].concat();
        assert!(codec.decode(type_name, &with_more).is_err(), "{type_name}");
        let prefix = codec.decode_prefix(type_name, &with_more);
        assert_eq!(prefix.map(|(_, size)| size), Ok(bytes.len()), "{type_name}");
        for short in 0..bytes.len() {
            assert!(
                codec.decode(type_name, &bytes[..short]).is_err(),
                "{type_name}"
            );
        }
    }
}

/// Other forms of a value that are taken too.
#[test]
fn values_are_taken_in_other_forms() {
    let codec = codec();
    for (type_name, value, same) in [
        ("uint64", json!(7), json!("7")),
        ("uint8", json!("7"), json!(7)),
        ("bool", json!(1), json!(true)),
        ("float64", json!("1.5e3"), json!(1500.0)),
        ("bytes", json!([0, 255]), json!("00FF")),
        (
            "float128",
            json!("0x000102030405060708090a0b0c0d0e0f"),
            json!("000102030405060708090a0b0c0d0e0f"),
        ),
        (
            "time_point_sec",
            json!(5),
            json!("1970-01-01T00:00:05.000Z"),
        ),
        (
            "public_key",
            json!("EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV"),
            json!("PUB_K1_6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5BoDq63"),
        ),
        (
            "transfer",
            json!(["2-0", 30]),
            json!({"amount": "30", "to": {"index": 0, "height": 2}}),
        ),
        ("owner[]", json!([["2-0"]]), json!([{"of": [2, 0]}])),
    ] {
        let (encoded, other) = (
            codec.encode(type_name, &value),
            codec.encode(type_name, &same),
        );
        assert!(encoded.is_ok(), "{type_name} {value}: {encoded:?}");
        assert_eq!(encoded, other, "{type_name} {value}");
    }
}

#[test]
fn what_does_not_fit_has_its_path() {
    let codec = codec();
    let long = "a".repeat(DATA_MAX);
    for (type_name, value, error) in [
        (
            "transfer",
            json!({"to": {"height": 70_000_000_000_u64, "index": 0}, "amount": 1}),
            "transfer.to.height: 70000000000 does not fit uint32",
        ),
        (
            "transfer",
            json!({"to": "2-0"}),
            "transfer.amount: is missing",
        ),
        (
            "transfer",
            json!({"to": "2-0", "amount": 1, "memo": ""}),
            "transfer: `memo` is not known here",
        ),
        (
            "transfer",
            json!(["2-0", 1, 2]),
            "transfer: expected 2 values, found 3",
        ),
        (
            "transfer",
            json!(["2-70000", 1]),
            "transfer.to: 2-70000 does not fit a registered id",
        ),
        (
            "transfer",
            json!(["bob", 1]),
            "transfer.to: expected a registered id as 2-0, or the name of an account or contract, found \"bob\"",
        ),
        (
            "transfer",
            json!(5),
            "transfer: expected an object, or a list of its fields, found 5",
        ),
        (
            "uint8[]",
            json!([1, 256]),
            "uint8[][1]: 256 does not fit uint8",
        ),
        (
            "uint8[2]",
            json!([1]),
            "uint8[2]: expected 2 values, found 1",
        ),
        ("uint8", json!(-1), "uint8: -1 does not fit uint8"),
        ("int8", json!(-129), "int8: -129 does not fit int8"),
        (
            "uint8",
            json!(1.5),
            "uint8: expected an integer, beyond 64 bits as text, found 1.5",
        ),
        (
            "uint8",
            json!(""),
            "uint8: expected an integer, beyond 64 bits as text, found \"\"",
        ),
        (
            "float32",
            json!(1e300),
            "float32: 1e+300 does not fit float32",
        ),
        (
            "name",
            json!("Alice"),
            "name: expected a name of up to 12 letters `a` to `z`, `1` to `5` and `.`, the last one no `.`, found \"Alice\"",
        ),
        (
            "bytes",
            json!("0"),
            "bytes: expected bytes in hexadecimal, found \"0\"",
        ),
        (
            "asset",
            json!("1. EOS"),
            "asset: expected an amount as 1.0000 EOS, found \"1. EOS\"",
        ),
        (
            "party",
            json!(["bool", true]),
            "party: `bool` is none of regid, name",
        ),
        (
            "party",
            json!("name"),
            "party: expected a list of a type's name and a value, found \"name\"",
        ),
        (
            "party",
            json!(["regid", 5]),
            "party.regid: expected an object, or a list of its fields, found 5",
        ),
        ("nothing", json!(5), "nothing: unknown type `nothing`"),
        (
            "string",
            json!(long),
            "string: 65539 bytes are too long: at most 65536 are allowed",
        ),
    ] {
        let found = codec
            .encode(type_name, &value)
            .map_err(|error| error.to_string());
        assert_eq!(found, Err(error.into()));
    }
}

#[test]
fn bytes_that_no_value_has_are_refused() {
    let codec = codec();
    for (type_name, bytes, error) in [
        ("bool", "02", "bool: byte 0 is no flag, which is 0 or 1"),
        (
            "uint8?",
            "0207",
            "uint8?: byte 0 is no flag, which is 0 or 1",
        ),
        (
            "varuint32",
            "8000",
            "varuint32: byte 0 is no number of 32 bits in as few bytes as it takes",
        ),
        ("string", "02c328", "string: byte 0 is no text in UTF-8"),
        (
            "uint16[]",
            "ffff03ff",
            "uint16[]: the bytes end at 4, and 131069 more are expected",
        ),
        (
            "party",
            "02",
            "party: byte 0 is no number of one of the variant's types",
        ),
        (
            "public_key",
            "03",
            "public_key: byte 0 is no kind of key, which is 0, 1 or 2",
        ),
        (
            "transfer",
            "0200000000001e",
            "transfer.amount: the bytes end at 7, and 7 more are expected",
        ),
        (
            "uint8",
            "0102",
            "uint8: 1 bytes are left over, from byte 1 on",
        ),
        (
            "symbol_code",
            "4500530000000000",
            "symbol_code: byte 0 is no code of letters `A` to `Z` with zeros behind them",
        ),
    ] {
        let bytes = hex::decode(bytes).expect("hexadecimal");
        let found = codec
            .decode(type_name, &bytes)
            .map_err(|error| error.to_string());
        assert_eq!(found, Err(error.into()));
    }
}

/// Fields with `$` may be left out, the last ones of the whole alone.
#[test]
fn fields_at_the_end_may_be_left_out() {
    let codec = types(json!({"structs": [
        {"name": "inner", "fields": [{"name": "a", "type": "uint8"}, {"name": "b", "type": "uint8$"}, {"name": "c", "type": "uint8?$"}]},
        {"name": "outer", "fields": [{"name": "x", "type": "uint8"}, {"name": "last", "type": "inner"}]},
        {"name": "list", "fields": [{"name": "all", "type": "inner[]"}]},
    ]}))
    .expect("types");
    for (type_name, value, bytes) in [
        ("inner", json!({"a": 1}), "01"),
        ("inner", json!([1]), "01"),
        ("inner", json!({"a": 1, "b": 2}), "0102"),
        ("inner", json!({"a": 1, "b": 2, "c": null}), "010200"),
        ("inner", json!({"a": 1, "b": 2, "c": 3}), "01020103"),
        ("outer", json!({"x": 0, "last": {"a": 1}}), "0001"),
    ] {
        let encoded = codec.encode(type_name, &value).map(hex::encode);
        assert_eq!(encoded.as_deref(), Ok(bytes), "{value}");
        if value.is_object() {
            let bytes = hex::decode(bytes).expect("hexadecimal");
            assert_eq!(codec.decode(type_name, &bytes), Ok(value));
        }
    }
    for (type_name, value, error) in [
        (
            "inner",
            json!({"a": 1, "c": 3}),
            "inner.c: stands behind a field that was left out",
        ),
        (
            "list",
            json!({"all": [{"a": 1}]}),
            "list.all[0].b: is missing",
        ),
    ] {
        let found = codec
            .encode(type_name, &value)
            .map_err(|error| error.to_string());
        assert_eq!(found, Err(error.into()));
    }
    assert!(codec.decode("list", &[1, 1]).is_err());
}

/// Structs without fields in one another take no bytes, however many there are.
#[test]
fn values_without_bytes_are_bounded() {
    let mut structs = vec![json!({"name": "s0", "fields": []})];
    for depth in 1..30 {
        let of = format!("s{}", depth - 1);
        structs.push(json!({"name": format!("s{depth}"), "fields": [{"name": "a", "type": of}, {"name": "b", "type": of}]}));
    }
    let codec = types(json!({"structs": structs})).expect("types");
    let error = codec.decode("s29", &[]).expect_err("too many").to_string();
    assert!(
        error.ends_with(&format!(
            "too many values: at most {VALUES_MAX} are allowed"
        )),
        "{error}"
    );
    let error = codec
        .decode("s0[]", &[0xFF, 0xFF, 0xFF, 0xFF, 0x0F])
        .expect_err("too many");
    assert_eq!(
        error.to_string(),
        "s0[]: too many values: at most 65536 are allowed"
    );
    assert!(codec.decode("s0[65536][65536]", &[]).is_err());
    assert_eq!(codec.decode("s0[]", &[2]), Ok(json!([{}, {}])));
}

struct People;

impl Names for People {
    fn regid(&self, name: &str) -> Option<(u32, u16)> {
        (name == "bob").then_some((2, 1))
    }

    fn address(&self, text: &str) -> Option<[u8; 20]> {
        (text == "bob").then_some([7; 20])
    }
}

#[test]
fn names_stand_for_registered_ids_and_addresses() {
    let codec = types(json!({
        "types": [{"new_type_name": "address", "type": "checksum160"}, {"new_type_name": "payee", "type": "address"}],
        "structs": [{"name": "regid", "fields": [{"name": "height", "type": "uint32"}, {"name": "index", "type": "uint16"}]}],
    }))
    .expect("types");
    let encoded = codec
        .encode_with("regid[]", &json!(["bob", "2-1"]), &People)
        .map(hex::encode);
    assert_eq!(encoded.as_deref(), Ok("02020000000100020000000100"));
    let encoded = codec
        .encode_with("payee", &json!("bob"), &People)
        .map(hex::encode);
    assert_eq!(encoded, Ok("07".repeat(20)));
    assert!(
        codec
            .encode_with("checksum160", &json!("bob"), &People)
            .is_err()
    );
    let hexadecimal = codec
        .encode("payee", &json!("07".repeat(20)))
        .map(hex::encode);
    assert_eq!(hexadecimal, Ok("07".repeat(20)));
}
