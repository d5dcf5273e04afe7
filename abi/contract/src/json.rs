//! The JSON form of a [`Contract`]: that of EOS, with the key `smart51` for our [`Extension`].

use crate::error::{Error, Problem, quote};
use crate::schema::{
    ActionDef, ActionExt, ActionResult, Clause, Contract, Dispatch, ErrorMessage, ErrorName,
    EventDef, Extension, FieldDef, IndexExt, StructDef, TableDef, TableExt, TypeDef, VariantDef,
};
use crate::{EXTENSION_TAG, EXTENSION_VERSION, READ_MAX};
use abi::Name;
use serde_json::{Map, Value, json};

impl Contract {
    /// The contract of a text in JSON.
    ///
    /// The lists may be missing; keys that begin with `_` or `$` are comments.
    ///
    /// # Errors
    /// Text that is too long or no JSON, a key that is not known, or a value of another kind, with
    /// its path.
    pub fn from_json(text: &str) -> Result<Contract, Error> {
        if text.len() > READ_MAX {
            let (size, most) = (text.len(), READ_MAX);
            return Err(Error::new("", Problem::TooLong { size, most }));
        }
        let value = serde_json::from_str(text)
            .map_err(|error| Error::new("", Problem::Json(error.to_string())))?;
        Contract::from_value(&value)
    }

    /// The contract of a value in JSON.
    ///
    /// # Errors
    /// As [`Contract::from_json`].
    pub fn from_value(value: &Value) -> Result<Contract, Error> {
        contract(&At {
            value,
            path: String::new(),
        })
    }

    /// The text in JSON, with line ends and no end of line behind it.
    #[must_use]
    pub fn to_json(&self) -> String {
        format!("{:#}", self.to_value())
    }

    /// The value in JSON. Every list is there, so that foreign clients can encode it; `smart51` if
    /// there is an extension.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let text = ToString::to_string;
        let mut value = json!({
            "version": self.version,
            "types": list(&self.types, |def| json!({
                "new_type_name": def.new_type_name,
                "type": def.r#type,
            })),
            "structs": list(&self.structs, |def| json!({
                "name": def.name,
                "base": def.base,
                "fields": list(&def.fields, |field| json!({"name": field.name, "type": field.r#type})),
            })),
            "actions": list(&self.actions, |def| json!({
                "name": text(&def.name),
                "type": def.r#type,
                "ricardian_contract": def.ricardian_contract,
            })),
            "tables": list(&self.tables, |def| json!({
                "name": text(&def.name),
                "index_type": def.index_type,
                "key_names": def.key_names,
                "key_types": def.key_types,
                "type": def.r#type,
            })),
            "ricardian_clauses": list(&self.ricardian_clauses, |clause| json!({
                "id": clause.id,
                "body": clause.body,
            })),
            "error_messages": list(&self.error_messages, |error| json!({
                "error_code": number(error.error_code),
                "error_msg": error.error_msg,
            })),
            "abi_extensions": list(&self.abi_extensions, |(tag, bytes)| json!({
                "tag": tag,
                "value": hex::encode(bytes),
            })),
            "variants": list(&self.variants, |def| json!({"name": def.name, "types": def.types})),
            "action_results": list(&self.action_results, |result| json!({
                "name": text(&result.name),
                "result_type": result.result_type,
            })),
        });
        if let Some(ours) = &self.smart51 {
            value["smart51"] = ours.to_value();
        }
        value
    }
}

impl Extension {
    fn to_value(&self) -> Value {
        let text = ToString::to_string;
        let selectors = self.dispatch == Dispatch::Selector;
        json!({
            "version": self.version,
            "dispatch": if selectors { "selector" } else { "apply" },
            "reentrant": self.reentrant,
            "actions": list(&self.actions, |action| {
                let mut value = json!({"name": text(&action.name)});
                // Under `apply` it says nothing; one that is there anyway is shown, so that it is
                // seen and read back.
                if selectors || action.selector != 0 {
                    value["selector"] = action.selector.into();
                }
                value["payable"] = action.payable.into();
                value["read_only"] = action.read_only.into();
                value
            }),
            "events": list(&self.events, |event| json!({
                "name": event.name,
                "type": event.r#type,
                "topics": event.topics,
            })),
            "tables": list(&self.tables, |table| json!({
                "name": text(&table.name),
                "prefix": hex::encode(&table.prefix),
                "key": table.key,
                "value": table.value,
                "indexes": list(&table.indexes, |index| json!({
                    "name": text(&index.name),
                    "prefix": hex::encode(&index.prefix),
                    "field": index.field,
                })),
            })),
            "errors": list(&self.errors, |error| json!({"code": error.code, "name": error.name})),
        })
    }
}

/// A number as EOS writes it: above 32 bits as text, since JavaScript rounds large ones.
fn number(number: u64) -> Value {
    match u32::try_from(number) {
        Ok(number) => number.into(),
        Err(_) => number.to_string().into(),
    }
}

fn list<T>(elements: &[T], value: impl Fn(&T) -> Value) -> Value {
    elements.iter().map(value).collect()
}

/// A value and its place.
struct At<'v> {
    value: &'v Value,
    path: String,
}

impl<'v> At<'v> {
    fn error(&self, problem: Problem) -> Error {
        Error::new(self.path.clone(), problem)
    }

    fn expected<T>(&self, expected: &'static str) -> Result<T, Error> {
        Err(self.error(Problem::expected(expected, self.value)))
    }

    /// An object that has no other keys than these.
    fn object(&self, keys: &[&str]) -> Result<&'v Map<String, Value>, Error> {
        let Some(object) = self.value.as_object() else {
            return self.expected("an object");
        };
        let unknown = object
            .keys()
            .find(|key| !keys.contains(&key.as_str()) && !key.starts_with(['_', '$']));
        match unknown {
            Some(key) => Err(self.error(Problem::UnknownKey(quote(key)))),
            None => Ok(object),
        }
    }

    /// The value of a key; null is none.
    fn maybe(&self, key: &str) -> Option<At<'v>> {
        let value = self.value.get(key).filter(|value| !value.is_null())?;
        let path = match self.path.as_str() {
            "" => key.into(),
            path => format!("{path}.{key}"),
        };
        Some(At { value, path })
    }

    /// The value of a key.
    fn get(&self, key: &str) -> Result<At<'v>, Error> {
        self.maybe(key).ok_or_else(|| {
            let path = match self.path.as_str() {
                "" => key.into(),
                path => format!("{path}.{key}"),
            };
            Error::new(path, Problem::Missing)
        })
    }

    /// The elements of a list.
    fn elements<T>(&self, read: impl Fn(&At<'v>) -> Result<T, Error>) -> Result<Vec<T>, Error> {
        let Some(list) = self.value.as_array() else {
            return self.expected("a list");
        };
        let read = |(index, value)| {
            let path = format!("{}[{index}]", self.path);
            read(&At { value, path })
        };
        list.iter().enumerate().map(read).collect()
    }

    /// The elements of the list of a key, none if it is not there.
    fn list<T>(
        &self,
        key: &str,
        read: impl Fn(&At<'v>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        self.maybe(key)
            .map_or(Ok(Vec::new()), |at| at.elements(read))
    }

    fn text(&self) -> Result<String, Error> {
        match self.value.as_str() {
            Some(text) => Ok(text.into()),
            None => self.expected("text"),
        }
    }

    fn flag(&self) -> Result<bool, Error> {
        match self.value.as_bool() {
            Some(is) => Ok(is),
            None => self.expected("true or false"),
        }
    }

    fn hex(&self) -> Result<Vec<u8>, Error> {
        match self.value.as_str().map(hex::decode) {
            Some(Ok(bytes)) => Ok(bytes),
            _ => self.expected("bytes in hexadecimal"),
        }
    }

    /// A number of 64 bits; EOS writes the large ones as text.
    fn large_number(&self) -> Result<u64, Error> {
        match self.value.as_str().map(str::parse) {
            Some(Ok(number)) => Ok(number),
            _ => self.number("a number of 64 bits"),
        }
    }

    fn number<T: TryFrom<u64>>(&self, expected: &'static str) -> Result<T, Error> {
        let number = self.value.as_u64();
        match number.and_then(|number| T::try_from(number).ok()) {
            Some(number) => Ok(number),
            None => self.expected(expected),
        }
    }

    /// A name that is the same when it is read back.
    fn name(&self) -> Result<Name, Error> {
        let text = self.text()?;
        match Name::of(&text) {
            Some(name) if name.to_string() == text => Ok(name),
            _ => Err(self.error(Problem::BadName {
                name: quote(&text),
                what: "name: it has up to 12 letters `a` to `z`, `1` to `5` and `.`, the last one no `.`",
            })),
        }
    }
}

const NUMBER_16: &str = "a number of 16 bits";
const NUMBER_8: &str = "a number of 8 bits";

fn contract(at: &At<'_>) -> Result<Contract, Error> {
    let all = [
        "version",
        "types",
        "structs",
        "actions",
        "tables",
        "ricardian_clauses",
        "error_messages",
        "abi_extensions",
        "variants",
        "action_results",
        "kv_tables",
        "smart51",
    ];
    at.object(&all)?;
    if let Some(tables) = at.maybe("kv_tables") {
        let empty = tables.value.as_object().is_some_and(Map::is_empty)
            || tables.value.as_array().is_some_and(Vec::is_empty);
        if !empty {
            return tables.expected("no key-value tables");
        }
    }
    let text = |key| move |at: &At<'_>| at.get(key)?.text();
    let or_empty = |at: &At<'_>, key| at.maybe(key).map_or(Ok(String::new()), |at| at.text());
    Ok(Contract {
        version: at.get("version")?.text()?,
        types: at.list("types", |at| {
            at.object(&["new_type_name", "type"])?;
            Ok(TypeDef {
                new_type_name: text("new_type_name")(at)?,
                r#type: text("type")(at)?,
            })
        })?,
        structs: at.list("structs", |at| {
            at.object(&["name", "base", "fields"])?;
            Ok(StructDef {
                name: text("name")(at)?,
                base: or_empty(at, "base")?,
                fields: at.list("fields", |at| {
                    at.object(&["name", "type"])?;
                    Ok(FieldDef {
                        name: text("name")(at)?,
                        r#type: text("type")(at)?,
                    })
                })?,
            })
        })?,
        actions: at.list("actions", |at| {
            at.object(&["name", "type", "ricardian_contract"])?;
            Ok(ActionDef {
                name: at.get("name")?.name()?,
                r#type: text("type")(at)?,
                ricardian_contract: or_empty(at, "ricardian_contract")?,
            })
        })?,
        tables: at.list("tables", |at| {
            at.object(&["name", "index_type", "key_names", "key_types", "type"])?;
            Ok(TableDef {
                name: at.get("name")?.name()?,
                index_type: or_empty(at, "index_type")?,
                key_names: at.list("key_names", At::text)?,
                key_types: at.list("key_types", At::text)?,
                r#type: text("type")(at)?,
            })
        })?,
        ricardian_clauses: at.list("ricardian_clauses", |at| {
            at.object(&["id", "body"])?;
            Ok(Clause {
                id: text("id")(at)?,
                body: text("body")(at)?,
            })
        })?,
        error_messages: at.list("error_messages", |at| {
            at.object(&["error_code", "error_msg"])?;
            Ok(ErrorMessage {
                error_code: at.get("error_code")?.large_number()?,
                error_msg: text("error_msg")(at)?,
            })
        })?,
        abi_extensions: at.list("abi_extensions", foreign_extension)?,
        variants: at.list("variants", |at| {
            at.object(&["name", "types"])?;
            Ok(VariantDef {
                name: text("name")(at)?,
                types: at.list("types", At::text)?,
            })
        })?,
        action_results: at.list("action_results", |at| {
            at.object(&["name", "result_type"])?;
            Ok(ActionResult {
                name: at.get("name")?.name()?,
                result_type: text("result_type")(at)?,
            })
        })?,
        smart51: at.maybe("smart51").map(|at| extension(&at)).transpose()?,
    })
}

/// An extension of others: `{"tag": 1, "value": "00"}` as eosjs has it, or `[1, "00"]` as EOS
/// itself does.
fn foreign_extension(at: &At<'_>) -> Result<(u16, Vec<u8>), Error> {
    let (tag, bytes) = if at.value.is_array() {
        let parts = at.elements(|at| {
            Ok(At {
                value: at.value,
                path: at.path.clone(),
            })
        })?;
        let [tag, bytes] = &parts[..] else {
            return at.expected("a tag and its bytes");
        };
        (tag.number(NUMBER_16)?, bytes.hex()?)
    } else {
        at.object(&["tag", "value"])?;
        (at.get("tag")?.number(NUMBER_16)?, at.get("value")?.hex()?)
    };
    if tag == EXTENSION_TAG {
        let rule = "the extension of smart51 stands under the key `smart51`";
        return Err(at.error(Problem::Rule(rule.into())));
    }
    Ok((tag, bytes))
}

fn extension(at: &At<'_>) -> Result<Extension, Error> {
    at.object(&[
        "version",
        "dispatch",
        "reentrant",
        "actions",
        "events",
        "tables",
        "errors",
    ])?;
    let version = at.get("version")?;
    if version.value.as_u64() != Some(EXTENSION_VERSION.into()) {
        let found = quote(&version.value.to_string());
        return Err(version.error(Problem::Version(found, "1")));
    }
    let text = |at: &At<'_>, key| at.get(key)?.text();
    let flag = |at: &At<'_>, key| at.maybe(key).map_or(Ok(false), |at| at.flag());
    let dispatch = match at.maybe("dispatch") {
        None => Dispatch::Selector,
        Some(at) => match at.value.as_str() {
            Some("selector") => Dispatch::Selector,
            Some("apply") => Dispatch::Apply,
            _ => return at.expected("`selector` or `apply`"),
        },
    };
    Ok(Extension {
        version: EXTENSION_VERSION,
        dispatch,
        reentrant: flag(at, "reentrant")?,
        actions: at.list("actions", |at| {
            at.object(&["name", "selector", "payable", "read_only"])?;
            Ok(ActionExt {
                name: at.get("name")?.name()?,
                selector: match (dispatch, at.maybe("selector")) {
                    (Dispatch::Apply, None) => 0,
                    _ => at.get("selector")?.number(NUMBER_8)?,
                },
                payable: flag(at, "payable")?,
                read_only: flag(at, "read_only")?,
            })
        })?,
        events: at.list("events", |at| {
            at.object(&["name", "type", "topics"])?;
            Ok(EventDef {
                name: text(at, "name")?,
                r#type: text(at, "type")?,
                topics: at.list("topics", At::text)?,
            })
        })?,
        tables: at.list("tables", |at| {
            at.object(&["name", "prefix", "key", "value", "indexes"])?;
            Ok(TableExt {
                name: at.get("name")?.name()?,
                prefix: at.get("prefix")?.hex()?,
                key: text(at, "key")?,
                value: text(at, "value")?,
                indexes: at.list("indexes", |at| {
                    at.object(&["name", "prefix", "field"])?;
                    Ok(IndexExt {
                        name: at.get("name")?.name()?,
                        prefix: at.get("prefix")?.hex()?,
                        field: text(at, "field")?,
                    })
                })?,
            })
        })?,
        errors: at.list("errors", |at| {
            at.object(&["code", "name"])?;
            Ok(ErrorName {
                code: at.get("code")?.number(NUMBER_8)?,
                name: text(at, "name")?,
            })
        })?,
    })
}
