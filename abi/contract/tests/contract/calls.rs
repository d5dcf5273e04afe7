//! Calls, results, events, rows and arguments of a command line, by name.

use super::{codec, token, types};
use abi::Name;
use contract::{Codec, Dispatch, Entry, docs};
use serde_json::json;

#[test]
fn a_call_is_its_selector_and_its_arguments() {
    let codec = codec();
    let input = codec.encode_call("transfer", &json!({"to": "2-0", "amount": 30}));
    let input = input.expect("it fits");
    assert_eq!(hex::encode(&input), "020200000000001e00000000000000");
    let arguments = json!({"to": {"height": 2, "index": 0}, "amount": "30"});
    let transfer = Name::of("transfer").expect("a name");
    assert_eq!(codec.decode_call(&input), Ok((transfer, arguments.clone())));
    let data = codec.encode_arguments("transfer", &arguments, &());
    assert_eq!(data.as_deref(), Ok(&input[1..]));
    assert_eq!(
        codec.decode_arguments("transfer", &input[1..]),
        Ok(arguments)
    );
    for (input, error) in [
        (&[][..], "the bytes end at 0, and 1 more are expected"),
        (&[9], "the contract has no action of selector `9`"),
        (
            &[4, 1],
            "balance.of.height: the bytes end at 1, and 3 more are expected",
        ),
    ] {
        let found = codec.decode_call(input).map_err(|error| error.to_string());
        assert_eq!(found, Err(error.into()));
    }
    let error = codec
        .encode_call("burn", &json!([]))
        .map_err(|error| error.to_string());
    assert_eq!(error, Err("the contract has no action `burn`".into()));
}

/// Under `apply` the chain says which action is meant, so the bytes have no selector.
#[test]
fn apply_contracts_have_no_selectors() {
    let mut contract = token();
    let ours = contract.smart51.as_mut().expect("an extension");
    ours.dispatch = Dispatch::Apply;
    ours.actions.clear();
    let codec = Codec::new(&contract).expect("nothing wrong");
    assert!(codec.encode_call("balance", &json!(["2-0"])).is_err());
    assert!(codec.decode_call(&[4]).is_err());
    let data = codec.encode_arguments("balance", &json!(["2-0"]), &());
    assert_eq!(data.map(hex::encode).as_deref(), Ok("020000000000"));
}

#[test]
fn results_and_errors_are_read_by_name() {
    let codec = codec();
    assert_eq!(
        codec.decode_result("balance", &[42, 0, 0, 0, 0, 0, 0, 0]),
        Ok(json!("42"))
    );
    assert!(codec.decode_result("transfer", &[]).is_err());
    let contract = codec.contract();
    assert_eq!(contract.error_name(2), Some("too_little"));
    assert_eq!(contract.error_code("too_little"), Some(2));
    assert_eq!(contract.error_message(2), Some("the balance is too small"));
    assert_eq!(contract.selector("note"), Some(3));
    assert_eq!(
        contract.action_by_selector(3).map(|a| a.name.to_string()),
        Some("note".into())
    );
}

#[test]
fn events_have_their_topics_apart() {
    let codec = codec();
    let event =
        json!({"from": {"height": 1, "index": 2}, "to": {"height": 3, "index": 4}, "amount": "5"});
    let (topics, data) = codec.encode_event("moved", &event).expect("an event");
    assert_eq!(topics.len(), 2);
    assert_eq!(
        hex::encode(topics[0]),
        format!("010000000200{}", "00".repeat(26))
    );
    assert_eq!(data, 5_u64.to_le_bytes());
    assert_eq!(codec.decode_event("moved", &topics, &data), Ok(event));
    let mut wrong = topics.clone();
    wrong[1][31] = 1;
    assert!(codec.decode_event("moved", &wrong, &data).is_err());
    assert!(codec.decode_event("moved", &topics[..1], &data).is_err());
    assert!(codec.decode_event("moved", &topics, &data[..7]).is_err());
    assert!(
        codec
            .decode_event("moved", &[[0_u8; 3], [0; 3]], &data)
            .is_err()
    );
}

#[test]
fn rows_are_found_by_their_prefix() {
    let codec = codec();
    let key = codec
        .encode_key("accounts", &json!("2-0"), &())
        .expect("a key");
    assert_eq!(hex::encode(&key), "62020000000000");
    let entry = codec
        .decode_entry(&key, &7_u64.to_le_bytes())
        .expect("a row");
    let expected = Entry {
        table: Name::of("accounts").expect("a name"),
        key: json!({"height": 2, "index": 0}),
        value: json!("7"),
    };
    assert_eq!(entry, Some(expected));
    assert_eq!(codec.decode_entry(b"x", &[]), Ok(None));
    let error = codec
        .decode_entry(&key, &[1])
        .expect_err("too short")
        .to_string();
    assert_eq!(
        error,
        "accounts.value: the bytes end at 1, and 7 more are expected"
    );
}

#[test]
fn arguments_are_read_in_order_and_by_name() {
    let codec = codec();
    let same = json!({"to": "bob", "amount": "30"});
    for texts in [
        &["bob", "30"][..],
        &["bob", "amount=30"],
        &["amount=30", "to=bob"],
    ] {
        let found = codec.parse_arguments("transfer", texts);
        // In whatever order they are given.
        assert_eq!(found, Ok(same.clone()), "{texts:?}");
    }
    // What stands before `=` is no field, so it is a value.
    let found = codec.parse_arguments("note", &["2-0", "1", "a=b"]);
    assert_eq!(
        found,
        Ok(json!({"to": "2-0", "amount": "1", "memo": "a=b"}))
    );
    for (texts, error) in [
        (
            &["bob", "1", "2"][..],
            "transfer: expected 2 values, found 3",
        ),
        (
            &["to=bob", "30"],
            "transfer.amount: stands behind arguments that are given by name",
        ),
        (&["bob", "to=bob"], "transfer.to: `to` is there twice"),
    ] {
        let found = codec
            .parse_arguments("transfer", texts)
            .map_err(|error| error.to_string());
        assert_eq!(found, Err(error.into()), "{texts:?}");
    }
    for (type_name, text, value) in [
        ("bool", "true", json!(true)),
        (
            "uint128",
            "340282366920938463463374607431768211455",
            json!("340282366920938463463374607431768211455"),
        ),
        ("string", "30", json!("30")),
        (
            "regid",
            "{\"height\": 2, \"index\": 0}",
            json!({"height": 2, "index": 0}),
        ),
        ("uint8[]", "[1, 2]", json!([1, 2])),
        ("uint8?", "null", json!(null)),
        ("uint8?", "7", json!("7")),
        ("party", "[\"name\", \"a\"]", json!(["name", "a"])),
    ] {
        assert_eq!(
            codec.parse_argument(type_name, text),
            Ok(value),
            "{type_name} {text}"
        );
    }
    assert!(codec.parse_argument("uint8[]", "1,2").is_err());
}

#[test]
fn values_are_shown_in_a_line() {
    let codec = types(json!({
        "structs": [
            {"name": "regid", "fields": [{"name": "height", "type": "uint32"}, {"name": "index", "type": "uint16"}]},
            {"name": "all", "fields": [
                {"name": "who", "type": "regid"}, {"name": "much", "type": "uint64"}, {"name": "words", "type": "string?"},
                {"name": "list", "type": "regid[]"}, {"name": "one", "type": "either"},
            ]},
        ],
        "variants": [{"name": "either", "types": ["regid", "bool"]}],
    }))
    .expect("types");
    let value = json!({
        "who": {"height": 2, "index": 0}, "much": "30", "words": "a\"\n", "list": [{"height": 1, "index": 1}],
        "one": ["regid", {"height": 3, "index": 0}],
    });
    let shown = r#"{who: 2-0, much: 30, words: "a\"\n", list: [1-1], one: regid 3-0}"#;
    assert_eq!(codec.text("all", &value), shown);
}

#[test]
fn the_page_has_every_part_of_a_contract() {
    let page = docs(&token());
    for line in [
        "### `transfer`",
        "selector 2.",
        "selector 3, payable.",
        "selector 4, read-only, returns `amount`.",
        "> Moves an amount to another account.",
        "Topics: `from`, `to`.",
        "| `accounts` | `62` | `regid` | `amount` | `rich` by `balance` |",
        "| 2 | `too_little` | the balance is too small |",
        "| `noted` | all of `transfer`, `string$` `memo` |",
        "| `party` | one of `regid`, `name` |",
    ] {
        assert!(page.lines().any(|found| found == line), "{line}\n{page}");
    }
}

/// No text of a contract ends its line, its cell or its code.
#[test]
fn texts_stay_within_their_place_on_a_page() {
    let mut contract = token();
    let hostile = "x`|\n# y\r<b>[z](w)";
    contract.actions[0].ricardian_contract = hostile.into();
    contract.structs[1].fields[0].name = hostile.into();
    contract.error_messages[0].error_msg = hostile.into();
    let page = docs(&contract);
    for line in page.lines() {
        assert!(
            !line.starts_with("# y") && !line.contains("<b>[z](w)") || line.starts_with("| `"),
            "{line}"
        );
    }
    assert!(page.contains("| `x'/ # y <b>[z](w)` | `regid` |"), "{page}");
}

/// Many actions with the fields of a large struct make no page of hundreds of megabytes.
#[test]
fn a_page_is_bounded() {
    let mut contract = token();
    let field = |at: u32| contract::FieldDef {
        name: format!("{at:x}"),
        r#type: "bool".into(),
    };
    contract.structs[1].fields = (0..3000).map(field).collect();
    let action = contract.actions[0].clone();
    contract.actions = (1..3000)
        .map(|at| contract::ActionDef {
            name: Name(at << 4),
            ..action.clone()
        })
        .collect();
    assert!(contract.to_bytes().len() > 64 * 1024);
    let page = docs(&contract);
    assert!(page.len() < 4 * 1024 * 1024, "{}", page.len());
    assert!(page.contains("Fields: those of `transfer`."));
}
