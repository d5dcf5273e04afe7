//! contract.schema.json says what [`Contract::from_json`] takes: by a reader of the part of JSON
//! Schema that is used there, which knows no other keyword.

use super::{TOKEN, token};
use contract::Contract;
use serde_json::{Value, json};

const SCHEMA: &str = include_str!("../../contract.schema.json");

/// The patterns of the schema, as functions.
fn matches(pattern: &str, text: &str) -> bool {
    let all = |set: &dyn Fn(u8) -> bool| text.bytes().all(set);
    match pattern {
        r"^eosio::abi/1\." => text.starts_with("eosio::abi/1."),
        "^[0-9]+$" => !text.is_empty() && all(&|byte| byte.is_ascii_digit()),
        "^[_$]" => text.starts_with(['_', '$']),
        r"^[^\[\]?$\s]+$" => {
            !text.is_empty()
                && !text.contains(['[', ']', '?', '$'])
                && !text.contains(char::is_whitespace)
        }
        "^([0-9a-fA-F]{2})*$" => {
            text.len().is_multiple_of(2) && all(&|byte| byte.is_ascii_hexdigit())
        }
        "^[a-z0-9_]{1,32}$" => {
            (1..=32).contains(&text.len())
                && all(&|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        }
        "^([.1-5a-z]{0,11}[1-5a-z]|[.1-5a-z]{12}[1-5a-j])$" => {
            let last = text
                .bytes()
                .last()
                .is_some_and(|byte| byte != b'.' && (text.len() < 13 || byte <= b'j'));
            last && text.len() <= 13 && all(&|b| matches!(b, b'.' | b'1'..=b'5' | b'a'..=b'z'))
        }
        other => panic!("the pattern {other} is not known to this test"),
    }
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        other => panic!("the type {other} is not known to this test"),
    }
}

/// Whether a value is what a schema says.
fn holds(root: &Value, schema: &Value, value: &Value) -> bool {
    let rules = schema.as_object().expect("a schema is an object");
    let number = |rule: &Value| rule.as_i64().expect("a number");
    let names = |rule: &Value| -> Vec<String> {
        let list = rule
            .as_array()
            .cloned()
            .unwrap_or_else(|| vec![rule.clone()]);
        list.iter()
            .map(|name| name.as_str().expect("text").to_owned())
            .collect()
    };
    rules.iter().all(|(keyword, rule)| match keyword.as_str() {
        "$schema" | "$id" | "$defs" | "title" | "description" => true,
        "$ref" => {
            let place = rule
                .as_str()
                .expect("text")
                .strip_prefix('#')
                .expect("within the schema");
            holds(root, root.pointer(place).expect("a definition"), value)
        }
        "type" => names(rule).iter().any(|kind| is_of(kind, value)),
        "const" => value == rule,
        "enum" => rule.as_array().expect("a list").contains(value),
        "required" => value
            .as_object()
            .is_none_or(|object| names(rule).iter().all(|name| object.contains_key(name))),
        "properties" => rule
            .as_object()
            .expect("an object")
            .iter()
            .all(|(name, rule)| value.get(name).is_none_or(|value| holds(root, rule, value))),
        "patternProperties" => rule
            .as_object()
            .expect("an object")
            .values()
            .all(|rule| rule == &json!({})),
        "additionalProperties" => {
            assert_eq!(rule, &json!(false));
            let patterns = schema["patternProperties"]
                .as_object()
                .expect("comments are allowed");
            value.as_object().is_none_or(|object| {
                object.keys().all(|key| {
                    schema["properties"].get(key).is_some()
                        || patterns.keys().any(|p| matches(p, key))
                })
            })
        }
        "items" => value
            .as_array()
            .is_none_or(|list| list.iter().all(|value| holds(root, rule, value))),
        "minItems" => value
            .as_array()
            .is_none_or(|list| list.len() as i64 >= number(rule)),
        "maxItems" => value
            .as_array()
            .is_none_or(|list| list.len() as i64 <= number(rule)),
        "maxProperties" => value
            .as_object()
            .is_none_or(|object| object.len() as i64 <= number(rule)),
        "minLength" => value
            .as_str()
            .is_none_or(|text| text.chars().count() as i64 >= number(rule)),
        "minimum" => value.as_i64().is_none_or(|found| found >= number(rule)),
        "maximum" => value.as_i64().is_none_or(|found| found <= number(rule)),
        "pattern" => value
            .as_str()
            .is_none_or(|text| matches(rule.as_str().expect("text"), text)),
        other => panic!("the keyword {other} is not known to this test"),
    })
}

fn is_contract(value: &Value) -> bool {
    let schema: Value = serde_json::from_str(SCHEMA).expect("JSON");
    holds(&schema, &schema, value)
}

#[test]
fn the_schema_takes_what_is_read_and_written() {
    let sample: Value = serde_json::from_str(TOKEN).expect("JSON");
    assert!(is_contract(&sample));
    assert!(is_contract(&token().to_value()));
    let kinds = include_str!("../samples/kinds.contract.json");
    let contract = Contract::from_json(kinds).expect("a contract");
    assert_eq!(contract.check(), Ok(()));
    assert!(is_contract(&serde_json::from_str(kinds).expect("JSON")));
    assert!(is_contract(&contract.to_value()));
    assert!(is_contract(&Contract::default().to_value()));
}

/// Every single value of the sample is exchanged for ones of other kinds: what the schema takes is
/// read, and what is read and checked is what the schema takes.
#[test]
fn the_schema_and_the_reader_agree() {
    let sample: Value = serde_json::from_str(TOKEN).expect("JSON");
    let mut places = Vec::new();
    collect(&sample, String::new(), &mut places);
    assert!(places.len() > 120, "{}", places.len());
    let others = [
        json!(null),
        json!(true),
        json!(1),
        json!(-1),
        json!(300),
        json!("A b"),
        json!("abc"),
        json!("0"),
        json!([]),
        json!({}),
        json!({"x": 1}),
        json!([5]),
    ];
    let mut taken = 0;
    for place in places {
        for other in &others {
            let mut json = sample.clone();
            *json.pointer_mut(&place).expect("a place") = other.clone();
            let read = Contract::from_value(&json);
            let is_sound = read.as_ref().is_ok_and(|contract| contract.check().is_ok());
            // Null stands for nothing, which the schema says by leaving out.
            if other.is_null() {
                continue;
            }
            let by_schema = is_contract(&json);
            assert!(
                !by_schema || read.is_ok(),
                "{place} {other}: {:?}",
                read.err()
            );
            assert!(
                by_schema || !is_sound,
                "{place} {other} is read, but the schema refuses it"
            );
            taken += usize::from(by_schema);
        }
    }
    assert!(taken > 100, "{taken}");
}

/// The places of all values within another, as JSON pointers.
fn collect(value: &Value, place: String, out: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                if !key.starts_with('$') {
                    collect(value, format!("{place}/{key}"), out);
                }
            }
        }
        Value::Array(list) => {
            for (at, value) in list.iter().enumerate() {
                collect(value, format!("{place}/{at}"), out);
            }
        }
        _ => {}
    }
    if !place.is_empty() {
        out.push(place);
    }
}
