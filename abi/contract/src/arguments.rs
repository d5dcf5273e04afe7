//! Values from people: names of accounts and contracts, and arguments of a command line.

use crate::codec::Codec;
use crate::error::{Error, Problem, quote};
use crate::graph::Node;
use crate::scalar::Scalar;
use serde_json::{Map, Value};

/// Who knows the accounts and contracts by their names.
pub trait Names {
    /// The registered id of a name: height and index.
    fn regid(&self, name: &str) -> Option<(u32, u16)>;

    /// The 20 bytes of the address that a text or a name stands for.
    fn address(&self, text: &str) -> Option<[u8; 20]> {
        let _ = text;
        None
    }
}

/// Nobody is known by name.
impl Names for () {
    fn regid(&self, _: &str) -> Option<(u32, u16)> {
        None
    }
}

/// The registered id of a text: `HEIGHT-INDEX`, or a name.
pub(crate) fn regid(text: &str, names: &dyn Names) -> Result<(u32, u16), Problem> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let parts = text.split_once('-');
    match parts.filter(|(height, index)| is_number(height) && is_number(index)) {
        Some((height, index)) => match (height.parse(), index.parse()) {
            (Ok(height), Ok(index)) => Ok((height, index)),
            _ => Err(Problem::DoesNotFit {
                value: quote(text),
                type_name: "a registered id",
            }),
        },
        None => names.regid(text).ok_or_else(|| {
            Problem::text(
                "a registered id as 2-0, or the name of an account or contract",
                text,
            )
        }),
    }
}

impl Codec {
    /// The value of an argument on a command line, for [`Codec::encode_with`]: text, numbers, times
    /// and registered ids as they are, all else as JSON. An optional that is `null` is none.
    ///
    /// # Errors
    /// A type that is not known, and text that is no JSON.
    pub fn parse_argument(&self, type_name: &str, text: &str) -> Result<Value, Error> {
        let found = self.graph().with(type_name, |view, mut id| {
            while let Node::Optional(inner) | Node::Extension(inner) = *view.node(id) {
                if text == "null" {
                    return Ok(Value::Null);
                }
                id = inner;
            }
            let as_it_is = match view.node(id) {
                // Numbers too, so that no digit is lost.
                Node::Scalar(scalar) => *scalar != Scalar::Bool,
                Node::Struct(structure) => structure.is_regid && !text.starts_with(['{', '[']),
                _ => false,
            };
            if as_it_is {
                return Ok(text.into());
            }
            serde_json::from_str(text).map_err(|error| Problem::Json(error.to_string()))
        });
        let found = found.and_then(|value| value);
        found.map_err(|problem| Error::new(quote(type_name), problem))
    }

    /// The arguments of an action on a command line: some in order, then some as `NAME=VALUE`. A
    /// text whose beginning names no field is a value, whatever it holds.
    ///
    /// # Errors
    /// An action that is not there, an argument too many, one given twice, and those of
    /// [`Codec::parse_argument`]. What is missing is found when the value is encoded.
    pub fn parse_arguments<T: AsRef<str>>(
        &self,
        action: &str,
        texts: &[T],
    ) -> Result<Value, Error> {
        let fields = self.argument_names(action)?;
        let mut object = Map::new();
        let mut by_name = false;
        for (at, text) in texts.iter().enumerate() {
            let text = text.as_ref();
            let named = text.split_once('=').and_then(|(name, value)| {
                let field = fields.iter().find(|(field, _)| field == name)?;
                Some((field, value))
            });
            by_name |= named.is_some();
            let ((name, type_name), value) = match (named, fields.get(at)) {
                (Some((field, value)), _) => (field, value),
                (None, Some(field)) if !by_name => (field, text),
                (None, Some((name, _))) => {
                    let rule = "stands behind arguments that are given by name";
                    let path = format!("{action}.{}", quote(name));
                    return Err(Error::new(path, Problem::Rule(rule.into())));
                }
                _ => {
                    return Err(Error::new(
                        quote(action),
                        Problem::Count {
                            expected: fields.len(),
                            found: texts.len(),
                        },
                    ));
                }
            };
            let path = || format!("{action}.{}", quote(name));
            let value = self
                .parse_argument(type_name, value)
                .map_err(|error| Error::new(path(), error.problem))?;
            if object.insert(name.clone(), value).is_some() {
                return Err(Error::new(path(), Problem::Twice(quote(name))));
            }
        }
        Ok(object.into())
    }
}
