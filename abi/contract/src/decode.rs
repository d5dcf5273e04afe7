//! Bytes to values in JSON.

use crate::VALUES_MAX;
use crate::encode::{Fail, Step, Walk};
use crate::error::Problem;
use crate::graph::{Id, Node, Struct, View};
use crate::wire::Reader;
use serde_json::{Map, Value};

/// The value that bytes are read as.
pub(crate) struct Decoder<'a, 'b> {
    view: View<'a>,
    pub(crate) at: Reader<'b>,
    values: usize,
}

impl<'a, 'b> Decoder<'a, 'b> {
    pub(crate) fn new(view: View<'a>, bytes: &'b [u8]) -> Decoder<'a, 'b> {
        Decoder {
            view,
            at: Reader::new(bytes),
            values: 0,
        }
    }

    /// Takes a value. `is_last` says whether it ends the whole, where fields may be left out.
    pub(crate) fn value(&mut self, id: Id, is_last: bool) -> Walk<Value> {
        // Structs without fields take no bytes: their number is bounded here, not by the bytes.
        self.values += 1;
        if self.values > VALUES_MAX {
            return Err(Problem::TooMany { most: VALUES_MAX }.into());
        }
        Ok(match self.view.node(id) {
            Node::Scalar(scalar) => scalar.decode(&mut self.at)?,
            Node::Struct(structure) => {
                let mut object = Map::with_capacity(structure.fields.len());
                self.part(structure, is_last, &mut object)?;
                object.into()
            }
            Node::Variant(types) => {
                let start = self.at.at();
                let index = self.at.varuint()? as usize;
                let Some((name, of)) = types.get(index) else {
                    return Err(Problem::NotCanonical {
                        at: start,
                        what: "number of one of the variant's types",
                    }
                    .into());
                };
                let step = |fail: Box<Fail>| fail.within(Step::Field(name.clone()));
                let value = self.value(*of, is_last).map_err(step)?;
                Value::Array(vec![name.as_str().into(), value])
            }
            Node::Array(inner) => {
                let count = self.at.count(self.view.size(*inner).least)?;
                self.elements(*inner, count)?
            }
            Node::Fixed(inner, count) => self.elements(*inner, *count)?,
            Node::Optional(inner) => match self.at.flag()? {
                true => self.value(*inner, is_last)?,
                false => Value::Null,
            },
            Node::Extension(inner) => self.value(*inner, is_last)?,
        })
    }

    fn elements(&mut self, inner: Id, count: usize) -> Walk<Value> {
        // Each takes memory, however few bytes it has.
        if count > VALUES_MAX {
            return Err(Problem::TooMany { most: VALUES_MAX }.into());
        }
        let mut list = Vec::new();
        for index in 0..count {
            let step = |fail: Box<Fail>| fail.within(Step::Element(index));
            list.push(self.value(inner, false).map_err(step)?);
        }
        Ok(list.into())
    }

    /// Takes the fields of a struct, those of its base first.
    fn part(
        &mut self,
        structure: &Struct,
        is_last: bool,
        object: &mut Map<String, Value>,
    ) -> Walk<()> {
        if let Some(base) = structure.base.and_then(|id| self.view.structure(id)) {
            self.part(base, is_last, object)?;
        }
        for (at, (name, id)) in structure.fields.iter().enumerate() {
            let is_extension = matches!(self.view.node(*id), Node::Extension(_));
            if is_extension && is_last && self.at.left() == 0 {
                continue;
            }
            let step = |fail: Box<Fail>| fail.within(Step::Field(name.clone()));
            let ends = is_last && at + 1 == structure.fields.len();
            let value = self.value(*id, ends).map_err(step)?;
            object.insert(name.clone(), value);
        }
        Ok(())
    }
}
