//! A validator of JSON Schema, as far as our schemas for editors go.

use serde_json::Value;
use std::collections::BTreeSet;

/// Why `value` is none of `schema`, by the keywords that ours has; with the place. Another keyword is a panic.
pub(crate) fn problem(whole: &Value, schema: &Value, value: &Value, place: &str) -> Option<String> {
    let wrong = |what: String| Some(format!("{place}: {what}"));
    let mut found = None;
    for (keyword, want) in schema.as_object().expect("a schema is an object") {
        found = found.or(match keyword.as_str() {
            "$schema" | "title" | "description" | "default" | "definitions" => None,
            "$ref" => {
                let name = want.as_str().expect("a name").trim_start_matches('#');
                let meant = whole.pointer(name).expect("it is defined");
                problem(whole, meant, value, place)
            }
            "anyOf" => {
                let mut any = want.as_array().expect("schemas").iter();
                let fits = any.any(|one| problem(whole, one, value, place).is_none());
                (!fits).then(|| format!("{place}: fits none"))
            }
            "type" => {
                let fits = match want.as_str().expect("a type") {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    "integer" => value.is_i64() || value.is_u64(),
                    other => panic!("type {other}"),
                };
                (!fits).then(|| format!("{place}: no {want}"))
            }
            "enum" => {
                let fits = want.as_array().expect("values").contains(value);
                (!fits).then(|| format!("{place}: none of {want}"))
            }
            "pattern" => {
                let kinds = kinds(want.as_str().expect("a pattern"));
                let kind = value.as_str().and_then(|text| text.split_once(':'));
                let fits = kind.is_some_and(|(kind, _)| kinds.contains(kind));
                (value.is_string() && !fits).then(|| format!("{place}: not {want}"))
            }
            "minimum" | "maximum" => {
                let (value, bound) = (value.as_i64(), want.as_i64().expect("a bound"));
                let fits = |value: i64| match keyword.as_str() {
                    "minimum" => value >= bound,
                    _ => value <= bound,
                };
                let out = value.is_some_and(|value| !fits(value));
                out.then(|| format!("{place}: {keyword} {bound}"))
            }
            "minProperties" => {
                let count = value.as_object().map_or(usize::MAX, serde_json::Map::len);
                (count < want.as_u64().expect("a number") as usize)
                    .then(|| format!("{place}: too few"))
            }
            "required" => {
                let names = want.as_array().expect("names").iter();
                let mut names = names.map(|name| name.as_str().expect("a name"));
                let missing = names.find(|name| value.is_object() && value.get(name).is_none());
                missing.and_then(|name| wrong(format!("no {name}")))
            }
            "items" => {
                let items = value.as_array().into_iter().flatten().zip(0..);
                let mut items = items.map(|(item, at)| (item, format!("{place}[{at}]")));
                items.find_map(|(item, place)| problem(whole, want, item, &place))
            }
            "properties" | "additionalProperties" => {
                let known = &schema["properties"];
                let mut fields = value.as_object().into_iter().flatten();
                fields.find_map(|(name, field)| {
                    let place = format!("{place}.{name}");
                    match (keyword.as_str(), known.get(name)) {
                        ("properties", Some(meant)) => problem(whole, meant, field, &place),
                        ("properties", None) | (_, Some(_)) => None,
                        (_, None) if *want == Value::Bool(false) => {
                            Some(format!("{place}: no such key"))
                        }
                        (_, None) => problem(whole, want, field, &place),
                    }
                })
            }
            other => panic!("the schema has {other}: teach it to this test"),
        });
    }
    found
}

/// The kinds in a pattern of the form `^(a|b):`.
pub(crate) fn kinds(pattern: &str) -> BTreeSet<&str> {
    let inner = pattern
        .strip_prefix("^(")
        .and_then(|rest| rest.strip_suffix("):"));
    inner.expect("a pattern of this form").split('|').collect()
}
