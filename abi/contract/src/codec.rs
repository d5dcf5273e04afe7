//! [`Codec`]: a checked contract, ready to turn values into bytes and back.

use crate::arguments::Names;
use crate::decode::Decoder;
use crate::encode::Encoder;
use crate::error::{Error, Problem, quote};
use crate::graph::{Graph, Id, Node};
use crate::schema::{ActionDef, Contract, Dispatch, EventDef, TableExt};
use crate::wire::Reader;
use crate::{DATA_MAX, TOPIC_SIZE, TOPICS_MAX};
use abi::Name;
use serde_json::{Map, Value};

/// A contract that [`Contract::check`] finds nothing wrong with, its types resolved.
///
/// Values in JSON are those of eosjs: integers up to 32 bits are numbers, those of 64 and 128 bits
/// text; bytes are lower-case hexadecimal; a struct is an object, a variant `["type", value]`, an
/// optional null or its value.
#[derive(Clone, Debug)]
pub struct Codec {
    contract: Contract,
    graph: Graph,
}

/// The fields of a struct, those of its bases first.
type Fields<'f> = Vec<(&'f String, Id)>;

/// A record of a contract's data, read as a table's row.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The table.
    pub table: Name,
    /// The key, without the table's prefix.
    pub key: Value,
    /// The value.
    pub value: Value,
}

impl Codec {
    /// Checks a contract and resolves its types.
    ///
    /// # Errors
    /// All that [`Contract::check`] finds.
    pub fn new(contract: &Contract) -> Result<Codec, Vec<Error>> {
        let graph = crate::check::checked(contract)?;
        Ok(Codec {
            contract: contract.clone(),
            graph,
        })
    }

    /// The contract.
    #[must_use]
    pub fn contract(&self) -> &Contract {
        &self.contract
    }

    pub(crate) fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The bytes of a value. `type_name` is a type of the contract or one that is built in, with
    /// suffixes or without.
    ///
    /// A struct may be given as an object or as the list of its fields. What is left out of an
    /// object is null where it is optional. A registered id may be given as text, `2-0`.
    ///
    /// # Errors
    /// A type that is not known, and values that do not fit, each with its path.
    pub fn encode(&self, type_name: &str, value: &Value) -> Result<Vec<u8>, Error> {
        self.encode_with(type_name, value, &())
    }

    /// The same, with registered ids and addresses given by names.
    ///
    /// # Errors
    /// As [`Codec::encode`].
    pub fn encode_with(
        &self,
        type_name: &str,
        value: &Value,
        names: &dyn Names,
    ) -> Result<Vec<u8>, Error> {
        self.encode_as(type_name, type_name, value, names, Vec::new())
    }

    /// The bytes of a value, behind others that are there. Its path begins with `root`.
    fn encode_as(
        &self,
        root: &str,
        type_name: &str,
        value: &Value,
        names: &dyn Names,
        before: Vec<u8>,
    ) -> Result<Vec<u8>, Error> {
        let encoded = self.graph.with(type_name, |view, id| {
            let mut encoder = Encoder::new(view, names);
            encoder.out = before;
            encoder.value(id, value, true).map(|()| encoder.out)
        });
        match encoded {
            Ok(encoded) => encoded.map_err(|fail| fail.error(root)),
            Err(problem) => Err(Error::new(quote(root), problem)),
        }
    }

    /// The value of bytes, all of them.
    ///
    /// # Errors
    /// A type that is not known, and bytes that are not those of a value of it.
    pub fn decode(&self, type_name: &str, bytes: &[u8]) -> Result<Value, Error> {
        self.decode_as(type_name, type_name, bytes)
    }

    fn decode_as(&self, root: &str, type_name: &str, bytes: &[u8]) -> Result<Value, Error> {
        let (value, rest) = self.decode_from(root, type_name, bytes)?;
        match rest.end() {
            Ok(()) => Ok(value),
            Err(problem) => Err(Error::new(quote(root), problem)),
        }
    }

    /// The value that bytes begin with, and how many of them it has.
    ///
    /// # Errors
    /// As [`Codec::decode`].
    pub fn decode_prefix(&self, type_name: &str, bytes: &[u8]) -> Result<(Value, usize), Error> {
        let (value, rest) = self.decode_from(type_name, type_name, bytes)?;
        Ok((value, rest.at()))
    }

    fn decode_from<'b>(
        &self,
        root: &str,
        type_name: &str,
        bytes: &'b [u8],
    ) -> Result<(Value, Reader<'b>), Error> {
        if bytes.len() > DATA_MAX {
            let (size, most) = (bytes.len(), DATA_MAX);
            return Err(Error::new(quote(root), Problem::TooLong { size, most }));
        }
        let decoded = self.graph.with(type_name, |view, id| {
            let mut decoder = Decoder::new(view, bytes);
            let value = decoder.value(id, true);
            value.map(|value| (value, decoder.at))
        });
        match decoded {
            Ok(decoded) => decoded.map_err(|fail| fail.error(root)),
            Err(problem) => Err(Error::new(quote(root), problem)),
        }
    }

    fn action(&self, name: &str) -> Result<&ActionDef, Error> {
        let found = self.contract.action(name);
        found.ok_or_else(|| not_there("action", name))
    }

    /// The fields of an action's arguments in order, each with its type as the contract has it.
    ///
    /// # Errors
    /// An action that is not there.
    pub fn argument_names(&self, action: &str) -> Result<Vec<(String, String)>, Error> {
        let mut types = vec![self.action(action)?.r#type.as_str()];
        // An action's type may be another name of a struct.
        while let Some(alias) = self.alias(types[0]) {
            types[0] = alias;
        }
        let mut fields = Vec::new();
        while let Some(def) = types.pop().and_then(|name| self.struct_def(name)) {
            let own = def
                .fields
                .iter()
                .map(|f| (f.name.clone(), f.r#type.clone()));
            fields.splice(0..0, own);
            types.push(&def.base);
        }
        Ok(fields)
    }

    fn alias(&self, name: &str) -> Option<&str> {
        let mut types = self.contract.types.iter();
        let def = types.find(|def| def.new_type_name == name)?;
        Some(&def.r#type)
    }

    fn struct_def(&self, name: &str) -> Option<&crate::StructDef> {
        let mut name = name;
        while let Some(alias) = self.alias(name) {
            name = alias;
        }
        self.contract.structs.iter().find(|def| def.name == name)
    }

    /// The bytes of an action's arguments, without a selector: what foreign clients send as an
    /// action's data.
    ///
    /// # Errors
    /// An action that is not there, and values that do not fit.
    pub fn encode_arguments(
        &self,
        action: &str,
        arguments: &Value,
        names: &dyn Names,
    ) -> Result<Vec<u8>, Error> {
        let def = self.action(action)?;
        self.encode_as(action, &def.r#type, arguments, names, Vec::new())
    }

    /// The arguments of an action's data.
    ///
    /// # Errors
    /// An action that is not there, and bytes that are not its arguments.
    pub fn decode_arguments(&self, action: &str, data: &[u8]) -> Result<Value, Error> {
        let def = self.action(action)?;
        self.decode_as(action, &def.r#type, data)
    }

    /// The input of a call: the action's selector and its arguments.
    ///
    /// # Errors
    /// An action that is not there or has no selector, and values that do not fit.
    pub fn encode_call(&self, action: &str, arguments: &Value) -> Result<Vec<u8>, Error> {
        self.encode_call_with(action, arguments, &())
    }

    /// The same, with registered ids and addresses given by names.
    ///
    /// # Errors
    /// As [`Codec::encode_call`].
    pub fn encode_call_with(
        &self,
        action: &str,
        arguments: &Value,
        names: &dyn Names,
    ) -> Result<Vec<u8>, Error> {
        let def = self.action(action)?;
        let selector = self.contract.selector(action);
        let selector = selector.ok_or_else(|| Error::new(quote(action), no_selector()))?;
        self.encode_as(action, &def.r#type, arguments, names, vec![selector])
    }

    /// The action of a call's input, and its arguments.
    ///
    /// # Errors
    /// An input without a selector of the contract, and bytes that are not the action's arguments.
    pub fn decode_call(&self, input: &[u8]) -> Result<(Name, Value), Error> {
        let here = |problem| Error::new("", problem);
        let extension = self.contract.smart51.as_ref();
        if extension.is_none_or(|ours| ours.dispatch != Dispatch::Selector) {
            return Err(here(no_selector()));
        }
        let Some((&selector, data)) = input.split_first() else {
            return Err(here(Problem::Truncated { at: 0, wanted: 1 }));
        };
        let action = self.contract.action_by_selector(selector);
        let action =
            action.ok_or_else(|| not_there("action of selector", &selector.to_string()))?;
        let arguments = self.decode_as(&action.name.to_string(), &action.r#type, data)?;
        Ok((action.name, arguments))
    }

    /// The value that an action returned.
    ///
    /// # Errors
    /// An action that has no type of what it returns, and bytes that are not a value of it.
    pub fn decode_result(&self, action: &str, data: &[u8]) -> Result<Value, Error> {
        let result_type = self.contract.result_type(action);
        let result_type = result_type.ok_or_else(|| not_there("result of action", action))?;
        self.decode_as(action, result_type, data)
    }

    fn event(&self, name: &str) -> Result<(&EventDef, Fields<'_>), Error> {
        let event = self.contract.event(name);
        let event = event.ok_or_else(|| not_there("event", name))?;
        let view = self.graph.view();
        let structure = self
            .graph
            .named(&event.r#type)
            .and_then(|id| view.structure(id));
        let fields = structure.map_or_else(Vec::new, |structure| view.fields(structure));
        Ok((
            event,
            fields.into_iter().map(|(name, id)| (name, *id)).collect(),
        ))
    }

    /// Topics and data of an event: each topic is the bytes of its field with zeros behind them,
    /// the data is the bytes of all other fields in order.
    ///
    /// # Errors
    /// An event that is not there, and values that do not fit.
    pub fn encode_event(
        &self,
        name: &str,
        value: &Value,
    ) -> Result<(Vec<[u8; TOPIC_SIZE]>, Vec<u8>), Error> {
        self.encode_event_with(name, value, &())
    }

    /// The same, with names looked up in `names`.
    ///
    /// # Errors
    /// As [`Codec::encode_event`].
    pub fn encode_event_with(
        &self,
        name: &str,
        value: &Value,
        names: &dyn Names,
    ) -> Result<(Vec<[u8; TOPIC_SIZE]>, Vec<u8>), Error> {
        let (event, fields) = self.event(name)?;
        let Some(object) = value.as_object() else {
            return Err(Error::new(name, Problem::expected("an object", value)));
        };
        if let Some(unknown) = object
            .keys()
            .find(|key| !fields.iter().any(|(f, _)| f == key))
        {
            return Err(Error::new(name, Problem::UnknownKey(quote(unknown))));
        }
        let bytes_of = |field: &str, id: Id| -> Result<Vec<u8>, Error> {
            let path = format!("{name}.{}", quote(field));
            let Some(value) = object.get(field) else {
                return Err(Error::new(path, Problem::Missing));
            };
            let mut encoder = Encoder::new(self.graph.view(), names);
            match encoder.value(id, value, false) {
                Ok(()) => Ok(encoder.out),
                Err(fail) => Err(fail.error(&path)),
            }
        };
        let mut topics = Vec::new();
        for topic in &event.topics {
            let found = fields.iter().find(|(field, _)| *field == topic);
            let bytes = found.map_or(Ok(Vec::new()), |(field, id)| bytes_of(field, *id))?;
            let mut padded = [0; TOPIC_SIZE];
            padded[..bytes.len()].copy_from_slice(&bytes);
            topics.push(padded);
        }
        let mut data = Vec::new();
        for (field, id) in fields
            .iter()
            .filter(|(field, _)| !event.topics.contains(field))
        {
            data.extend(bytes_of(field, *id)?);
        }
        Ok((topics, data))
    }

    /// The fields of an event, in the order of its struct.
    ///
    /// # Errors
    /// An event that is not there, topics of another number or with other bytes than zeros behind
    /// them, and data that is not that of the other fields.
    pub fn decode_event<T: AsRef<[u8]>>(
        &self,
        name: &str,
        topics: &[T],
        data: &[u8],
    ) -> Result<Value, Error> {
        let (event, fields) = self.event(name)?;
        let here = |problem| Error::new(quote(name), problem);
        if topics.len() != event.topics.len() || topics.len() > TOPICS_MAX {
            let (expected, found) = (event.topics.len(), topics.len());
            return Err(here(Problem::Count { expected, found }));
        }
        if data.len() > DATA_MAX {
            let (size, most) = (data.len(), DATA_MAX);
            return Err(here(Problem::TooLong { size, most }));
        }
        let view = self.graph.view();
        let mut rest = Decoder::new(view, data);
        let mut object = Map::new();
        for (field, id) in fields {
            let path = || format!("{name}.{}", quote(field));
            let value = match event.topics.iter().position(|topic| topic == field) {
                None => rest.value(id, false).map_err(|fail| fail.error(&path()))?,
                Some(at) => {
                    let topic = topics[at].as_ref();
                    let mut decoder = Decoder::new(view, topic);
                    let value = decoder.value(id, false);
                    let value = value.map_err(|fail| fail.error(&path()))?;
                    let padding = &topic[decoder.at.at()..];
                    if padding.iter().any(|&byte| byte != 0) || topic.len() > TOPIC_SIZE {
                        let (at, left) = (decoder.at.at(), padding.len());
                        return Err(Error::new(path(), Problem::LeftOver { at, left }));
                    }
                    value
                }
            };
            object.insert(field.clone(), value);
        }
        rest.at.end().map_err(here)?;
        Ok(object.into())
    }

    /// The key of a row in the contract's data: the table's prefix and the key's bytes.
    ///
    /// # Errors
    /// A table that is not there, and a key that does not fit.
    pub fn encode_key(
        &self,
        table: &str,
        key: &Value,
        names: &dyn Names,
    ) -> Result<Vec<u8>, Error> {
        let ext = self.table(table)?;
        self.encode_as(table, &ext.key, key, names, ext.prefix.clone())
    }

    fn table(&self, name: &str) -> Result<&TableExt, Error> {
        let extension = self.contract.smart51.iter();
        let mut tables = extension.flat_map(|ours| &ours.tables);
        let id = Name::of(name);
        let found = tables.find(|table| Some(table.name) == id);
        found.ok_or_else(|| not_there("table", name))
    }

    /// The table to which a key belongs: it begins with the table's prefix and is as long as its keys are.
    #[must_use]
    pub fn table_of(&self, key: &[u8]) -> Option<&TableExt> {
        let extension = self.contract.smart51.as_ref()?;
        let fits = |table: &&TableExt| {
            let Some(rest) = key.strip_prefix(&table.prefix[..]) else {
                return false;
            };
            let size = self.graph.with(&table.key, |view, id| view.size(id).fixed);
            size.is_ok_and(|size| size.is_none_or(|size| size == rest.len()))
        };
        extension.tables.iter().find(fits)
    }

    /// A record of the contract's data as a row, if its key is one of a table.
    ///
    /// # Errors
    /// A key or a value that is not of the table's types.
    pub fn decode_entry(&self, key: &[u8], value: &[u8]) -> Result<Option<Entry>, Error> {
        let Some(table) = self.table_of(key) else {
            return Ok(None);
        };
        let root = |part: &str| format!("{}.{part}", table.name);
        Ok(Some(Entry {
            table: table.name,
            key: self.decode_as(&root("key"), &table.key, &key[table.prefix.len()..])?,
            value: self.decode_as(&root("value"), &table.value, value)?,
        }))
    }

    /// A value as one line for people: registered ids as `2-0`, structs as `{to: 2-0, amount: 30}`.
    /// Text is quoted and escaped as in JSON.
    #[must_use]
    pub fn text(&self, type_name: &str, value: &Value) -> String {
        self.text_with(type_name, value, &|_, _| None)
    }

    /// The same, with registered ids as `name` tells them, of height and index, where it does.
    #[must_use]
    pub fn text_with(&self, type_name: &str, value: &Value, name: ShowId<'_>) -> String {
        let mut out = String::new();
        let written = self.graph.with(type_name, |view, id| {
            put_text(view, id, value, name, &mut out);
        });
        match written {
            Ok(()) => out,
            Err(_) => value.to_string(),
        }
    }
}

/// A registered id, by height and index, in words; `None` for its numbers.
pub type ShowId<'n> = &'n dyn Fn(u32, u16) -> Option<String>;

/// Adds a value for people. What does not fit its type is shown as JSON.
fn put_text(
    view: crate::graph::View<'_>,
    id: Id,
    value: &Value,
    name_of: ShowId<'_>,
    out: &mut String,
) {
    match (view.node(id), value) {
        (Node::Optional(inner) | Node::Extension(inner), value) if !value.is_null() => {
            put_text(view, *inner, value, name_of, out);
        }
        (Node::Array(inner) | Node::Fixed(inner, _), Value::Array(list)) => {
            put_list(out, '[', ']', list, |value, out| {
                put_text(view, *inner, value, name_of, out)
            });
        }
        (Node::Variant(types), Value::Array(pair)) => match &pair[..] {
            [Value::String(name), value] => {
                let of = types.iter().find(|(of, _)| of == name);
                out.push_str(name);
                out.push(' ');
                match of {
                    Some((_, of)) => put_text(view, *of, value, name_of, out),
                    None => out.push_str(&value.to_string()),
                }
            }
            _ => out.push_str(&value.to_string()),
        },
        (Node::Struct(structure), Value::Object(object)) => {
            let number = |key: &str| object.get(key).and_then(Value::as_u64);
            if let (true, Some(height), Some(index)) =
                (structure.is_regid, number("height"), number("index"))
            {
                let known = u32::try_from(height).ok().zip(u16::try_from(index).ok());
                let shown = known.and_then(|(height, index)| name_of(height, index));
                out.push_str(&shown.unwrap_or_else(|| format!("{height}-{index}")));
                return;
            }
            let fields = view.fields(structure);
            let shown = fields
                .iter()
                .filter_map(|(name, id)| Some((name, id, object.get(name)?)));
            put_list(out, '{', '}', shown, |(name, id, value), out| {
                out.push_str(name);
                out.push_str(": ");
                put_text(view, *id, value, name_of, out);
            });
        }
        // Numbers of 64 bits and more are text in JSON.
        (Node::Scalar(scalar), Value::String(text)) if !scalar.is_free_text() => out.push_str(text),
        (_, value) => out.push_str(&value.to_string()),
    }
}

fn put_list<T>(
    out: &mut String,
    open: char,
    close: char,
    parts: impl IntoIterator<Item = T>,
    mut put: impl FnMut(T, &mut String),
) {
    out.push(open);
    for (at, part) in parts.into_iter().enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        put(part, out);
    }
    out.push(close);
}

fn no_selector() -> Problem {
    Problem::Rule(
        "the contract has no selectors, so the input does not say which action is meant".into(),
    )
}

fn not_there(what: &'static str, name: &str) -> Error {
    let name = quote(name);
    Error::new("", Problem::NotThere { what, name })
}
