//! Values in JSON to bytes.

use crate::arguments::{Names, regid};
use crate::error::{Error, Problem, quote};
use crate::graph::{Id, Node, Struct, View};
use crate::scalar::Scalar;
use crate::wire::put_varuint;
use crate::{DATA_MAX, VALUES_MAX};
use serde_json::{Map, Value};

/// A problem and the way to it, the last step first: so that a value that is well costs nothing for
/// its path.
#[derive(Debug)]
pub(crate) struct Fail {
    problem: Problem,
    way: Vec<Step>,
}

/// A step from a value to a part of it.
#[derive(Debug)]
pub(crate) enum Step {
    Field(String),
    Element(usize),
}

impl From<Problem> for Box<Fail> {
    fn from(problem: Problem) -> Box<Fail> {
        let way = Vec::new();
        Box::new(Fail { problem, way })
    }
}

impl Fail {
    /// One step more.
    pub(crate) fn within(mut self: Box<Fail>, step: Step) -> Box<Fail> {
        self.way.push(step);
        self
    }

    /// The error, of a value of this name.
    pub(crate) fn error(self, root: &str) -> Error {
        let mut path = quote(root);
        for step in self.way.iter().rev() {
            match step {
                Step::Field(name) => {
                    path.push('.');
                    path.push_str(&quote(name));
                }
                Step::Element(index) => path.push_str(&format!("[{index}]")),
            }
        }
        Error::new(path, self.problem)
    }
}

pub(crate) type Walk<T> = Result<T, Box<Fail>>;

/// The bytes of one value.
pub(crate) struct Encoder<'a> {
    view: View<'a>,
    names: &'a dyn Names,
    pub(crate) out: Vec<u8>,
    values: usize,
    /// A field at the end was left out, so nothing may follow.
    left_out: bool,
}

/// A value that a struct is made of.
enum Given<'v> {
    Object(&'v Map<String, Value>),
    /// The fields in order.
    List(&'v [Value]),
}

impl<'a> Encoder<'a> {
    pub(crate) fn new(view: View<'a>, names: &'a dyn Names) -> Encoder<'a> {
        Encoder {
            view,
            names,
            out: Vec::new(),
            values: 0,
            left_out: false,
        }
    }

    /// Adds a value. `is_last` says whether it ends the whole, where fields may be left out.
    pub(crate) fn value(&mut self, id: Id, value: &Value, is_last: bool) -> Walk<()> {
        self.values += 1;
        if self.values > VALUES_MAX {
            return Err(Problem::TooMany { most: VALUES_MAX }.into());
        }
        match self.view.node(id) {
            Node::Scalar(scalar) => self.scalar(*scalar, value)?,
            Node::Struct(structure) if structure.is_regid && value.is_string() => {
                let text = value.as_str().unwrap_or_default();
                let (height, index) = regid(text, self.names)?;
                self.out.extend(height.to_le_bytes());
                self.out.extend(index.to_le_bytes());
            }
            Node::Struct(structure) => self.whole_struct(structure, value, is_last)?,
            Node::Variant(types) => {
                let given = value.as_array().map(Vec::as_slice);
                let Some([Value::String(name), value]) = given else {
                    let expected = "a list of a type's name and a value";
                    return Err(Problem::expected(expected, value).into());
                };
                let found = types.iter().position(|(of, _)| of == name);
                let at = found.ok_or_else(|| {
                    let known = types.iter().map(|(of, _)| of.as_str());
                    let known = known.collect::<Vec<_>>().join(", ");
                    Problem::Rule(format!("`{}` is none of {}", quote(name), quote(&known)))
                })?;
                put_varuint(&mut self.out, at as u32);
                let step = |fail: Box<Fail>| fail.within(Step::Field(types[at].0.clone()));
                self.value(types[at].1, value, is_last).map_err(step)?;
            }
            Node::Array(inner) => {
                let list = list(value)?;
                // What does not fit is found by the elements; a length of more than 32 bits has
                // none that do.
                put_varuint(&mut self.out, u32::try_from(list.len()).unwrap_or(u32::MAX));
                self.elements(*inner, list)?;
            }
            Node::Fixed(inner, count) => {
                let list = list(value)?;
                if list.len() != *count {
                    let (expected, found) = (*count, list.len());
                    return Err(Problem::Count { expected, found }.into());
                }
                self.elements(*inner, list)?;
            }
            Node::Optional(_) if value.is_null() => self.out.push(0),
            Node::Optional(inner) => {
                self.out.push(1);
                self.value(*inner, value, is_last)?;
            }
            Node::Extension(inner) => self.value(*inner, value, is_last)?,
        }
        match self.out.len() {
            ..=DATA_MAX => Ok(()),
            size => Err(Problem::TooLong {
                size,
                most: DATA_MAX,
            }
            .into()),
        }
    }

    fn scalar(&mut self, scalar: Scalar, value: &Value) -> Result<(), Problem> {
        if let (Scalar::Address, Value::String(text)) = (scalar, value)
            && let Some(address) = self.names.address(text)
        {
            self.out.extend(address);
            return Ok(());
        }
        scalar.encode(value, &mut self.out)
    }

    fn elements(&mut self, inner: Id, list: &[Value]) -> Walk<()> {
        for (index, value) in list.iter().enumerate() {
            let step = |fail: Box<Fail>| fail.within(Step::Element(index));
            self.value(inner, value, false).map_err(step)?;
        }
        Ok(())
    }

    fn whole_struct(&mut self, structure: &Struct, value: &Value, is_last: bool) -> Walk<()> {
        let (given, count) = match value {
            Value::Object(object) => (Given::Object(object), object.len()),
            Value::Array(list) => (Given::List(list), list.len()),
            _ => return Err(Problem::expected("an object, or a list of its fields", value).into()),
        };
        let mut used = 0;
        let mut fields = 0;
        self.part(structure, &given, is_last, &mut used, &mut fields)?;
        if used == count {
            return Ok(());
        }
        Err(match given {
            Given::List(_) => Problem::Count {
                expected: fields,
                found: count,
            }
            .into(),
            Given::Object(object) => {
                let known = self.view.fields(structure);
                let mut keys = object.keys();
                let unknown = keys.find(|key| !known.iter().any(|(name, _)| name == *key));
                Problem::UnknownKey(quote(unknown.map_or("", String::as_str))).into()
            }
        })
    }

    /// Adds the fields of a struct, those of its base first.
    fn part(
        &mut self,
        structure: &Struct,
        given: &Given<'_>,
        is_last: bool,
        used: &mut usize,
        fields: &mut usize,
    ) -> Walk<()> {
        if let Some(base) = structure.base.and_then(|id| self.view.structure(id)) {
            self.part(base, given, is_last, used, fields)?;
        }
        for (at, (name, id)) in structure.fields.iter().enumerate() {
            let value = match given {
                Given::Object(object) => object.get(name),
                Given::List(list) => list.get(*fields),
            };
            *fields += 1;
            let step = |fail: Box<Fail>| fail.within(Step::Field(name.clone()));
            let Some(value) = value else {
                match self.view.node(*id) {
                    Node::Extension(_) if is_last => self.left_out = true,
                    Node::Optional(_) if matches!(given, Given::Object(_)) && !self.left_out => {
                        self.out.push(0);
                    }
                    _ => return Err(step(Problem::Missing.into())),
                }
                continue;
            };
            if self.left_out {
                return Err(step(Problem::AfterLeftOut.into()));
            }
            let ends = is_last && at + 1 == structure.fields.len();
            self.value(*id, value, ends).map_err(step)?;
            *used += 1;
        }
        Ok(())
    }
}

fn list(value: &Value) -> Result<&Vec<Value>, Problem> {
    value
        .as_array()
        .ok_or_else(|| Problem::expected("a list", value))
}
