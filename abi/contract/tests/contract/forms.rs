//! The JSON form and the binary one of a contract.

use super::{TOKEN, token};
use contract::{Contract, EXTENSION_TAG, Extension};
use serde_json::{Value, json};

#[test]
fn contracts_read_back_from_both_forms() {
    let contract = token();
    assert_eq!(contract.check(), Ok(()));
    assert_eq!(
        Contract::from_json(&contract.to_json()),
        Ok(contract.clone())
    );
    let bytes = contract.to_bytes();
    assert_eq!(Contract::from_bytes(&bytes), Ok(contract.clone()));
    // The JSON of the sample has all keys but those that may be missing.
    let mut given: Value = serde_json::from_str(TOKEN).expect("JSON");
    given.as_object_mut().expect("an object").remove("$schema");
    for action in given["smart51"]["actions"].as_array_mut().expect("a list") {
        for key in ["payable", "read_only"] {
            if action[key].is_null() {
                action[key] = false.into();
            }
        }
    }
    assert_eq!(contract.to_value(), given);
}

/// By hand, after `abi_def` of EOS: version, types, structs, actions, tables, clauses, errors,
/// extensions, variants, results.
#[test]
fn the_binary_form_is_that_of_eos() {
    let json = json!({
        "version": "v",
        "types": [{"new_type_name": "a", "type": "b"}],
        "structs": [{"name": "s", "base": "", "fields": [{"name": "f", "type": "t"}]}],
        "actions": [{"name": "eosio", "type": "s", "ricardian_contract": "r"}],
        "tables": [{"name": "eosio", "index_type": "i", "key_names": ["k"], "key_types": ["l"], "type": "s"}],
        "ricardian_clauses": [{"id": "i", "body": "b"}],
        "error_messages": [{"error_code": "5", "error_msg": "m"}],
        "abi_extensions": [{"tag": 1, "value": "ff"}, [2, ""]],
        "variants": [{"name": "v", "types": ["x"]}],
        "action_results": [{"name": "eosio", "result_type": "x"}],
    });
    let contract = Contract::from_value(&json).expect("a contract");
    let eosio = "0000000000ea3055";
    let parts = [
        "0176".to_owned(),
        "0101610162".into(),
        "010173000101660174".into(),
        format!("01{eosio}01730172"),
        format!("01{eosio}016901016b01016c0173"),
        "0101690162".into(),
        "010500000000000000016d".into(),
        "02010001ff020000".into(),
        "010176010178".into(),
        format!("01{eosio}0178"),
    ];
    let bytes = hex::decode(parts.concat()).expect("hexadecimal");
    assert_eq!(hex::encode(contract.to_bytes()), parts.concat());
    assert_eq!(Contract::from_bytes(&bytes), Ok(contract.clone()));
    // Older contracts end before the variants or before the results, some with an empty list of
    // key-value tables.
    let before = |count: usize| parts[..count].concat();
    for (bytes, variants, results) in [
        (before(8), 0, 0),
        (before(9), 1, 0),
        (format!("{}00", before(10)), 1, 1),
    ] {
        let bytes = hex::decode(bytes).expect("hexadecimal");
        let contract = Contract::from_bytes(&bytes).expect("a contract");
        let found = (contract.variants.len(), contract.action_results.len());
        assert_eq!(found, (variants, results));
    }
    for (bytes, error) in [
        (
            format!("{}01", before(10)),
            "1 bytes are left over, from byte 139 on",
        ),
        (
            before(1),
            "types: the bytes end at 2, and 1 more are expected",
        ),
        ("01ff".into(), "version: byte 0 is no text in UTF-8"),
    ] {
        let bytes = hex::decode(bytes).expect("hexadecimal");
        let found = Contract::from_bytes(&bytes).map_err(|error| error.to_string());
        let size = before(10).len() / 2;
        assert_eq!(found, Err(error.replace("139", &size.to_string())));
    }
}

/// Our part is an extension of the ABI, so that foreign readers skip it.
#[test]
fn the_extension_has_its_tag() {
    let mut contract = Contract {
        smart51: Some(Extension::default()),
        ..Contract::default()
    };
    let bytes = contract.to_bytes();
    let plain = Contract::default().to_bytes();
    // Its number, tag, length, version, dispatch, reentrant, and four empty lists, before variants
    // and results.
    let mut expected = plain[..plain.len() - 3].to_vec();
    expected.extend([1, 0x01, 0x51, 7, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(hex::encode(&bytes), hex::encode(&expected));
    contract.abi_extensions = vec![(7, vec![1])];
    let read = Contract::from_bytes(&contract.to_bytes()).expect("a contract");
    assert_eq!(read, contract);
    let at = expected.len() - 9;
    let mut other = expected.clone();
    other[at] = 2;
    let error = Contract::from_bytes(&other)
        .expect_err("another version")
        .to_string();
    assert_eq!(error, "smart51: version `2` is not known: expected 1");
    let twice = vec![(EXTENSION_TAG, expected[at..at + 7].to_vec()); 2];
    let twice = Contract {
        abi_extensions: twice,
        ..Contract::default()
    };
    let error = Contract::from_bytes(&twice.to_bytes())
        .expect_err("twice")
        .to_string();
    assert_eq!(error, "abi_extensions: `tag 0x5101` is there twice");
}

#[test]
fn json_of_another_form_has_its_path() {
    let long = " ".repeat(1024 * 1024 + 1);
    for (json, error) in [
        (
            "{",
            "not JSON: EOF while parsing an object at line 1 column 1",
        ),
        ("[]", "expected an object, found a list of 0"),
        ("{}", "version: is missing"),
        (r#"{"version": 1}"#, "version: expected text, found 1"),
        (
            r#"{"version": "", "strcuts": []}"#,
            "`strcuts` is not known here",
        ),
        (
            r#"{"version": "", "structs": {}}"#,
            "structs: expected a list, found an object",
        ),
        (
            r#"{"version": "", "structs": [{"name": "a", "fields": [{"name": "x"}]}]}"#,
            "structs[0].fields[0].type: is missing",
        ),
        (
            r#"{"version": "", "actions": [{"name": "Transfer", "type": ""}]}"#,
            "actions[0].name: `Transfer` is no name: it has up to 12 letters `a` to `z`, `1` to `5` and `.`, the last one no `.`",
        ),
        (
            r#"{"version": "", "tables": [{"name": "a.", "type": ""}]}"#,
            "tables[0].name: `a.` is no name: it has up to 12 letters `a` to `z`, `1` to `5` and `.`, the last one no `.`",
        ),
        (
            r#"{"version": "", "abi_extensions": [[20737, ""]]}"#,
            "abi_extensions[0]: the extension of smart51 stands under the key `smart51`",
        ),
        (
            r#"{"version": "", "kv_tables": {"a": 1}}"#,
            "kv_tables: expected no key-value tables, found an object",
        ),
        (
            r#"{"version": "", "smart51": {"version": 2}}"#,
            "smart51.version: version `2` is not known: expected 1",
        ),
        (
            r#"{"version": "", "smart51": {"version": 1, "actions": [{"name": "a", "selector": 256}]}}"#,
            "smart51.actions[0].selector: expected a number of 8 bits, found 256",
        ),
        (
            r#"{"version": "", "smart51": {"version": 1, "actions": [{"name": "a"}]}}"#,
            "smart51.actions[0].selector: is missing",
        ),
        (
            r#"{"version": "", "smart51": {"version": 1, "tables": [{"name": "a", "prefix": "6"}]}}"#,
            "smart51.tables[0].prefix: expected bytes in hexadecimal, found \"6\"",
        ),
        (
            r#"{"version": "", "smart51": {"version": 1, "dispatch": "table"}}"#,
            "smart51.dispatch: expected `selector` or `apply`, found \"table\"",
        ),
        (
            &long,
            "1048577 bytes are too long: at most 1048576 are allowed",
        ),
    ] {
        let found = Contract::from_json(json).map_err(|error| error.to_string());
        assert_eq!(found, Err(error.into()));
    }
    // What begins with `_` or `$` is a comment, as EOS's compiler writes it.
    let comments = r#"{"____comment": "made by", "$schema": "x", "version": "v", "kv_tables": {}}"#;
    assert!(Contract::from_json(comments).is_ok());
}
