//! What is wrong with contracts, and where.

use super::{TOKEN, token, types};
use contract::{CONTRACT_MAX, Codec, Contract, FieldDef, READ_MAX, StructDef, diff};
use serde_json::{Value, json};

#[test]
fn wrong_types_have_their_place() {
    let field = |name: &str, of: &str| json!({"name": name, "type": of});
    let of = |fields: &[Value]| json!({"structs": [{"name": "s", "fields": fields}]});
    for (json, errors) in [
        (
            of(&[field("a", "nothing")]),
            &["structs.s.a: unknown type `nothing`"][..],
        ),
        (
            of(&[field("a", "s")]),
            &["structs.s.a: the type `s` holds itself"],
        ),
        (
            of(&[field("a", "s[]")]),
            &["structs.s.a: the type `s` holds itself"],
        ),
        (
            of(&[field("a", "uint8??")]),
            &["structs.s.a: `uint8??`: `?` of what is optional already"],
        ),
        (
            of(&[field("a", "uint8$[]")]),
            &["structs.s.a: `uint8$[]`: `$` is the last suffix"],
        ),
        (
            of(&[field("a", "uint8[0]")]),
            &["structs.s.a: `uint8[0]`: an array has 1 to 65536 elements"],
        ),
        (
            of(&[field("a", "uint8]")]),
            &["structs.s.a: `uint8]`: `]` without `[`"],
        ),
        (of(&[field("a", "")]), &["structs.s.a: unknown type ``"]),
        (
            of(&[field("a", "uint8$"), field("b", "uint8")]),
            &["structs.s.b: stands behind a field that may be left out (`$`)"],
        ),
        (
            of(&[field("a", "uint8"), field("a", "uint8")]),
            &["structs.s.a: `a` is there twice"],
        ),
        (
            of(&[field("a", "uint8"), field("A", "uint8")]),
            &["structs.s.A: `a` and `A` differ by case only"],
        ),
        (
            json!({"structs": [{"name": "s", "fields": []}, {"name": "S", "fields": []}]}),
            &["structs.S: `s` and `S` differ by case only"],
        ),
        (
            json!({"structs": [{"name": "s", "fields": []}], "variants": [{"name": "s", "types": ["uint8"]}]}),
            &["variants.s: `s` is there twice"],
        ),
        (
            json!({"structs": [{"name": "uint8", "fields": []}]}),
            &["structs.uint8: the type `uint8` is built in"],
        ),
        (
            json!({"structs": [{"name": "a[]", "fields": []}]}),
            &[
                "structs.a[]: `a[]` is no name of a type: it is not empty and has no space, `[`, `]`, `?` and `$`",
            ],
        ),
        (
            json!({"structs": [{"name": "a", "base": "b", "fields": []}, {"name": "b", "base": "a", "fields": []}]}),
            &["structs.b: the base `a` is based on this struct"],
        ),
        (
            json!({"structs": [{"name": "a", "base": "a", "fields": []}]}),
            &["structs.a: the base `a` is based on this struct"],
        ),
        (
            json!({"structs": [{"name": "a", "base": "uint8", "fields": []}]}),
            &["structs.a: the base `uint8` is no struct"],
        ),
        (
            json!({"structs": [{"name": "a", "base": "b", "fields": []}]}),
            &["structs.a: unknown type `b`"],
        ),
        (
            json!({"structs": [{"name": "a", "fields": [field("x", "bool")]}, {"name": "b", "base": "a", "fields": [field("X", "bool")]}]}),
            &["structs.b.X: a base has a field of this name"],
        ),
        (
            json!({"types": [{"new_type_name": "a", "type": "b"}, {"new_type_name": "b", "type": "a"}]}),
            &["types.b: the type `a` holds itself"],
        ),
        (
            json!({"types": [{"new_type_name": "a", "type": "uint8$"}]}),
            &["types.a: `uint8$`: `$` belongs to the last fields of a struct"],
        ),
        (
            json!({"variants": [{"name": "v", "types": []}]}),
            &["variants.v: a variant is of one type at least"],
        ),
        (
            json!({"variants": [{"name": "v", "types": ["bool", "bool"]}]}),
            &["variants.v: `bool` is there twice"],
        ),
        (
            json!({"variants": [{"name": "v", "types": ["w"]}]}),
            &["variants.v: unknown type `w`"],
        ),
        (
            json!({"actions": [{"name": "a", "type": "uint8"}]}),
            &["actions.a: `uint8` is no struct"],
        ),
        (
            json!({"actions": [{"name": "a", "type": "b"}]}),
            &["actions.a: unknown type `b`"],
        ),
        (
            json!({"structs": [{"name": "s", "fields": []}], "actions": [{"name": "a", "type": "s"}, {"name": "a", "type": "s"}]}),
            &["actions.a: `a` is there twice"],
        ),
        (
            json!({"action_results": [{"name": "a", "result_type": "bool"}]}),
            &["action_results.a: there is no such action"],
        ),
        (
            json!({"error_messages": [{"error_code": 1, "error_msg": ""}, {"error_code": 1, "error_msg": ""}]}),
            &["error_messages.1: `1` is there twice"],
        ),
        // Two errors, one of which is the reason of a third that is not said.
        (
            json!({"structs": [{"name": "s", "fields": [field("a", "x"), field("b", "y")]}, {"name": "t", "fields": [field("a", "s")]}]}),
            &[
                "structs.s.a: unknown type `x`",
                "structs.s.b: unknown type `y`",
            ],
        ),
    ] {
        let found = types(json.clone()).err().unwrap_or_default();
        assert_eq!(found, errors, "{json}");
    }
}

/// The sample with one value replaced, by its path.
fn changed(path: &str, value: Value) -> Vec<String> {
    let mut json: Value = serde_json::from_str(TOKEN).expect("JSON");
    *json.pointer_mut(path).expect("a place") = value;
    let contract = Contract::from_value(&json).expect("a contract");
    let errors = contract.check().err().unwrap_or_default();
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn wrong_extensions_have_their_place() {
    for (path, value, errors) in [
        (
            "/version",
            json!("eosio::abi/2.0"),
            &["version: version `eosio::abi/2.0` is not known: expected eosio::abi/1.2"][..],
        ),
        (
            "/smart51/actions/1/selector",
            json!(2),
            &["smart51.actions.note: selector 2 is that of transfer too"],
        ),
        (
            "/smart51/actions/1/name",
            json!("burn"),
            &[
                "smart51.actions.burn: there is no such action",
                "smart51.actions.note: the action has no selector",
            ],
        ),
        (
            "/smart51/dispatch",
            json!("apply"),
            &[
                "smart51.actions.transfer: under `apply` actions have no selectors",
                "smart51.actions.note: under `apply` actions have no selectors",
                "smart51.actions.balance: under `apply` actions have no selectors",
            ],
        ),
        (
            "/smart51/events/0/topics",
            json!(["from", "to", "amount", "from", "from"]),
            &[
                "smart51.events.moved: 5 topics: at most 4 are allowed",
                "smart51.events.moved.from: `from` is there twice",
                "smart51.events.moved.from: `from` is there twice",
            ],
        ),
        (
            "/smart51/events/0/topics",
            json!(["who"]),
            &["smart51.events.moved: topic `who` is no field"],
        ),
        (
            "/smart51/events/0/type",
            json!("noted"),
            &[
                "smart51.events.moved: no field of an event may be left out (`$`)",
                "smart51.events.moved: topic `from` is no field",
            ],
        ),
        (
            "/smart51/events/0/type",
            json!("moved[]"),
            &["smart51.events.moved: `moved[]` is no struct"],
        ),
        (
            "/smart51/events/0/name",
            json!("Moved"),
            &[
                "smart51.events.Moved: `Moved` is no name of an event: it has 1 to 32 of `a` to `z`, `0` to `9` and `_`",
            ],
        ),
        (
            "/structs/4/fields/0/type",
            json!("string"),
            &["smart51.events.moved: topic `from` is of no fixed size of up to 32 bytes"],
        ),
        (
            "/smart51/tables/0/name",
            json!("others"),
            &["smart51.tables.others: there is no such table"],
        ),
        (
            "/smart51/tables/0/value",
            json!("uint32"),
            &[
                "smart51.tables.accounts: the fields of the table's type are not those of the key and of the value behind them",
            ],
        ),
        (
            "/smart51/tables/0/indexes/0/prefix",
            json!("6201"),
            &[
                "smart51.tables.rich: its keys cannot be told from those of accounts: they begin alike and are as long",
            ],
        ),
        (
            "/smart51/tables/0/prefix",
            json!(""),
            &[
                "smart51.tables.rich: its keys cannot be told from those of accounts: they begin alike and are as long",
            ],
        ),
        (
            "/smart51/tables/0/indexes/0/field",
            json!("x"),
            &[
                "smart51.tables.accounts.rich: `x` is no field of the table's type, or one of no fixed size",
            ],
        ),
        (
            "/smart51/errors/0/code",
            json!(1),
            &["smart51.errors.too_little: exit code 1 is success"],
        ),
        (
            "/structs/0/fields/1/type",
            json!("uint32"),
            &[
                "structs.regid: a registered id is a `uint32` called `height` and a `uint16` called `index`",
            ],
        ),
    ] {
        assert_eq!(changed(path, value.clone()), errors, "{path} {value}");
    }
}

#[test]
fn depth_and_size_have_limits() {
    let chain = |count: usize| {
        let of = |at: usize| {
            if at == 0 {
                "bool".into()
            } else {
                format!("s{}", at - 1)
            }
        };
        let structs = (0..count)
            .map(|at| json!({"name": format!("s{at}"), "fields": [{"name": "a", "type": of(at)}]}));
        // The deepest ones first: it must not matter.
        let mut structs: Vec<Value> = structs.collect();
        structs.reverse();
        json!({"structs": structs})
    };
    assert!(types(chain(31)).is_ok());
    let errors = types(chain(32)).expect_err("too deep");
    assert_eq!(errors, ["structs.s31: the type `s31` is deeper than 32"]);
    // A chain that would not fit on the stack.
    assert!(types(chain(1500)).is_err());
    let suffixes = "[]".repeat(32);
    let errors =
        types(json!({"types": [{"new_type_name": "a", "type": format!("bool{suffixes}")}]}));
    assert!(errors.expect_err("too deep")[0].ends_with("is deeper than 32"));

    let mut contract = token();
    let used = contract.to_bytes().len();
    let clause = |size: usize| contract::Clause {
        id: String::new(),
        body: "x".repeat(size),
    };
    // Three bytes of the text's length instead of none, and one of the other's.
    contract.ricardian_clauses = vec![clause(CONTRACT_MAX - used - 4)];
    assert_eq!(contract.to_bytes().len(), CONTRACT_MAX);
    assert_eq!(contract.check(), Ok(()));
    contract.ricardian_clauses = vec![clause(CONTRACT_MAX - used - 3)];
    let errors = contract.check().expect_err("too long");
    assert_eq!(
        errors[0].to_string(),
        "65537 bytes are too long: at most 65536 are allowed"
    );
    // It is read, so that it can be looked at; what is far longer is not.
    assert_eq!(Contract::from_bytes(&contract.to_bytes()), Ok(contract));
    let error = Contract::from_bytes(&vec![0; READ_MAX + 1]).map_err(|error| error.to_string());
    assert_eq!(
        error,
        Err("1048577 bytes are too long: at most 1048576 are allowed".into())
    );
}

/// A base with many fields and many structs based on it is checked in a moment.
#[test]
fn many_structs_on_a_large_base_are_checked() {
    let field = |at: usize| FieldDef {
        name: format!("{at:x}"),
        r#type: "bool".into(),
    };
    let def = |name: String, base: &str, fields| StructDef {
        name,
        base: base.into(),
        fields,
    };
    let mut structs = vec![def("a".into(), "", (0..3000).map(field).collect())];
    structs.extend((0..2000).map(|at| def(format!("s{at:x}"), "a", vec![field(0xF_0000)])));
    let contract = Contract {
        structs,
        ..Contract::default()
    };
    assert_eq!(contract.check(), Ok(()));
}

#[test]
fn differences_say_whether_they_break() {
    let old = Codec::new(&token()).expect("nothing wrong");
    assert_eq!(diff(&old, &old), []);
    for (path, value, changes) in [
        (
            "/smart51/actions/0/selector",
            json!(9),
            &["breaking: smart51.actions.transfer: selector was 2, is 9"][..],
        ),
        (
            "/smart51/actions/1/payable",
            json!(false),
            &["breaking: smart51.actions.note: is not payable any more"],
        ),
        (
            "/smart51/actions/0/payable",
            json!(true),
            &["compatible: smart51.actions.transfer: is payable now"],
        ),
        (
            "/smart51/reentrant",
            json!(true),
            &["compatible: smart51.reentrant: was false, is true"],
        ),
        (
            "/types/0/type",
            json!("int64"),
            &[
                "breaking: actions.transfer.amount: is of another type",
                "breaking: action_results.balance: is of another type",
            ][..1],
        ),
        (
            "/structs/1/fields/0/name",
            json!("whom"),
            &["breaking: actions.transfer.to: is called whom now"],
        ),
        (
            "/structs/3/fields",
            json!([{"name": "of", "type": "regid"}, {"name": "at", "type": "uint32"}]),
            &["breaking: actions.balance.at: is new"],
        ),
        (
            "/structs/3/fields",
            json!([{"name": "of", "type": "regid"}, {"name": "at", "type": "uint32$"}]),
            &["compatible: actions.balance.at: is new"],
        ),
        (
            "/action_results",
            json!([]),
            &["breaking: action_results.balance: is gone"],
        ),
        (
            "/smart51/tables/0/prefix",
            json!("63"),
            &["breaking: smart51.tables.accounts: prefix was 62, is 63"],
        ),
        (
            "/smart51/tables/0/indexes",
            json!([]),
            &["breaking: smart51.tables.accounts: index rich is gone"],
        ),
        (
            "/smart51/events/0/topics",
            json!(["to"]),
            &["breaking: smart51.events.moved: topics were from, to, are to"],
        ),
        (
            "/smart51/events",
            json!([]),
            &["breaking: smart51.events.moved: is gone"],
        ),
        (
            "/smart51/errors/0/code",
            json!(3),
            &["breaking: smart51.errors.too_little: exit code was 2, is 3"],
        ),
        ("/error_messages", json!([]), &[]),
    ] {
        let mut json: Value = serde_json::from_str(TOKEN).expect("JSON");
        *json.pointer_mut(path).expect("a place") = value;
        let new = Contract::from_value(&json).expect("a contract");
        let new = Codec::new(&new).expect("nothing wrong");
        let found = diff(&old, &new);
        let found: Vec<String> = found
            .iter()
            .map(ToString::to_string)
            .take(changes.len().max(1))
            .collect();
        assert_eq!(found, changes, "{path}");
    }
}

/// A selector belongs to its action for ever, also when that action is gone.
#[test]
fn a_selector_of_another_action_breaks() {
    let old = Codec::new(&token()).expect("nothing wrong");
    let mut contract = token();
    contract.actions.remove(0);
    let ours = contract.smart51.as_mut().expect("an extension");
    ours.actions.remove(0);
    ours.actions[0].selector = 2;
    let new = Codec::new(&contract).expect("nothing wrong");
    let found: Vec<String> = diff(&old, &new).iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "breaking: actions.transfer: is gone",
            "breaking: smart51.actions.note: selector was 3, is 2",
            "breaking: smart51.actions.note: selector 2 was that of transfer",
        ]
    );
}
