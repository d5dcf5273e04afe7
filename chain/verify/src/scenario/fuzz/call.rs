//! A random call, as a step has it, and smaller ones.

use serde_json::Value;
use std::fmt;

/// A random call.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RandomCall {
    pub(super) from: String,
    pub(super) contract: String,
    pub(super) action: String,
    pub(super) arguments: Value,
    pub(super) value: u64,
}

impl fmt::Display for RandomCall {
    /// As a step has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RandomCall {
            from,
            contract,
            action,
            arguments,
            value,
        } = self;
        write!(
            f,
            "{{ call = \"{contract}\", from = \"{from}\", action = \"{action}\", args = "
        )?;
        toml_value(arguments, f)?;
        if *value != 0 {
            write!(f, ", value = {value}")?;
        }
        f.write_str(" }")
    }
}

/// A value as TOML has it.
fn toml_value(value: &Value, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match value {
        Value::Object(object) => {
            f.write_str("{")?;
            for (at, (name, value)) in object.iter().enumerate() {
                let comma = if at == 0 { " " } else { ", " };
                write!(f, "{comma}{name} = ")?;
                toml_value(value, f)?;
            }
            f.write_str(" }")
        }
        Value::Array(list) => {
            f.write_str("[")?;
            for (at, value) in list.iter().enumerate() {
                f.write_str(if at == 0 { "" } else { ", " })?;
                toml_value(value, f)?;
            }
            f.write_str("]")
        }
        // TOML has no numbers beyond 63 bits.
        Value::Number(number) if number.as_i64().is_none() => write!(f, "\"{number}\""),
        value => write!(f, "{value}"),
    }
}

/// Calls like this one with smaller values, the smallest last.
pub(super) fn smaller(call: &RandomCall) -> Vec<RandomCall> {
    let arguments = smaller_values(&call.arguments).into_iter();
    let mut others: Vec<RandomCall> = arguments
        .map(|arguments| RandomCall {
            arguments,
            ..call.clone()
        })
        .collect();
    if call.value > 0 {
        others.extend([call.value - 1, call.value / 2, 0].map(|value| RandomCall {
            value,
            ..call.clone()
        }));
    }
    others
}

/// Values smaller than this one, the smallest last.
fn smaller_values(value: &Value) -> Vec<Value> {
    match value {
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(0), _) => Vec::new(),
            (Some(number), _) => {
                let mut steps = vec![
                    number - 1,
                    number - number / 16,
                    number / 2,
                    number.min(1),
                    0,
                ];
                steps.dedup();
                steps.retain(|&step| step < number);
                steps.into_iter().map(Value::from).collect()
            }
            (None, Some(number)) => vec![
                (number + 1).into(),
                (number / 2).into(),
                (-1).into(),
                0.into(),
            ]
            .into_iter()
            .filter(|step: &Value| *step != *value)
            .collect(),
            (None, None) => Vec::new(),
        },
        Value::Object(object) => {
            let mut others = Vec::new();
            for (name, field) in object {
                for smaller in smaller_values(field) {
                    let mut other = object.clone();
                    other.insert(name.clone(), smaller);
                    others.push(Value::Object(other));
                }
            }
            others
        }
        Value::Array(list) => {
            let mut others = Vec::new();
            for (at, element) in list.iter().enumerate() {
                for smaller in smaller_values(element) {
                    let mut other = list.clone();
                    other[at] = smaller;
                    others.push(Value::Array(other));
                }
            }
            if !list.is_empty() {
                others.push(Value::Array(list[..list.len() - 1].to_vec()));
                others.push(Value::Array(list[..list.len() / 2].to_vec()));
            }
            others
        }
        _ => Vec::new(),
    }
}
