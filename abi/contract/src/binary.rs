//! The binary form of a [`Contract`], byte for byte that of EOS (`abi_def`), and of our
//! [`Extension`] within it.

use crate::error::{Error, Problem};
use crate::schema::{
    ActionDef, ActionExt, ActionResult, Clause, Contract, Dispatch, ErrorMessage, ErrorName,
    EventDef, Extension, FieldDef, IndexExt, StructDef, TableDef, TableExt, TypeDef, VariantDef,
};
use crate::wire::{Reader, put_bytes, put_varuint};
use crate::{EXTENSION_TAG, EXTENSION_VERSION, READ_MAX};
use abi::Name;

impl Contract {
    /// The contract of a binary form.
    ///
    /// # Errors
    /// Bytes that are too many, end too early, go on behind the end, or hold an extension of
    /// another version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Contract, Error> {
        if bytes.len() > READ_MAX {
            let (size, most) = (bytes.len(), READ_MAX);
            return Err(Error::new("", Problem::TooLong { size, most }));
        }
        read(&mut Reader::new(bytes))
    }

    /// The binary form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.put(&mut out);
        out
    }

    fn put(&self, out: &mut Vec<u8>) {
        text(out, &self.version);
        list(out, &self.types, |out, def| {
            text(out, &def.new_type_name);
            text(out, &def.r#type);
        });
        list(out, &self.structs, |out, def| {
            text(out, &def.name);
            text(out, &def.base);
            list(out, &def.fields, |out, field| {
                text(out, &field.name);
                text(out, &field.r#type);
            });
        });
        list(out, &self.actions, |out, def| {
            name(out, def.name);
            text(out, &def.r#type);
            text(out, &def.ricardian_contract);
        });
        list(out, &self.tables, |out, def| {
            name(out, def.name);
            text(out, &def.index_type);
            list(out, &def.key_names, |out, key| text(out, key));
            list(out, &def.key_types, |out, key| text(out, key));
            text(out, &def.r#type);
        });
        list(out, &self.ricardian_clauses, |out, clause| {
            text(out, &clause.id);
            text(out, &clause.body);
        });
        list(out, &self.error_messages, |out, error| {
            out.extend(error.error_code.to_le_bytes());
            text(out, &error.error_msg);
        });
        let ours = self
            .smart51
            .as_ref()
            .map(|ours| (EXTENSION_TAG, ours.to_bytes()));
        let extensions: Vec<_> = self.abi_extensions.iter().chain(&ours).collect();
        list(out, &extensions, |out, (tag, bytes)| {
            out.extend(tag.to_le_bytes());
            put_bytes(out, bytes);
        });
        list(out, &self.variants, |out, def| {
            text(out, &def.name);
            list(out, &def.types, |out, of| text(out, of));
        });
        list(out, &self.action_results, |out, result| {
            name(out, result.name);
            text(out, &result.result_type);
        });
    }
}

impl Extension {
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![self.version];
        out.push(match self.dispatch {
            Dispatch::Selector => 0,
            Dispatch::Apply => 1,
        });
        out.push(u8::from(self.reentrant));
        list(&mut out, &self.actions, |out, action| {
            name(out, action.name);
            out.push(action.selector);
            out.push(u8::from(action.payable));
            out.push(u8::from(action.read_only));
        });
        list(&mut out, &self.events, |out, event| {
            text(out, &event.name);
            text(out, &event.r#type);
            list(out, &event.topics, |out, topic| text(out, topic));
        });
        list(&mut out, &self.tables, |out, table| {
            name(out, table.name);
            put_bytes(out, &table.prefix);
            text(out, &table.key);
            text(out, &table.value);
            list(out, &table.indexes, |out, index| {
                name(out, index.name);
                put_bytes(out, &index.prefix);
                text(out, &index.field);
            });
        });
        list(&mut out, &self.errors, |out, error| {
            out.push(error.code);
            text(out, &error.name);
        });
        out
    }
}

fn text(out: &mut Vec<u8>, text: &str) {
    put_bytes(out, text.as_bytes());
}

fn name(out: &mut Vec<u8>, name: Name) {
    out.extend(name.0.to_le_bytes());
}

/// The elements, their number before them. Lists lie in memory and are far shorter than 4 G
/// elements.
fn list<T>(out: &mut Vec<u8>, elements: &[T], mut put: impl FnMut(&mut Vec<u8>, &T)) {
    put_varuint(out, u32::try_from(elements.len()).unwrap_or(u32::MAX));
    for element in elements {
        put(out, element);
    }
}

type Read<T> = Result<T, Problem>;

/// The elements of a list of which each takes at least `least` bytes.
fn elements<'b, T>(
    at: &mut Reader<'b>,
    least: usize,
    mut read: impl FnMut(&mut Reader<'b>) -> Read<T>,
) -> Read<Vec<T>> {
    let count = at.count(least)?;
    let mut list = Vec::new();
    for _ in 0..count {
        list.push(read(at)?);
    }
    Ok(list)
}

fn string(at: &mut Reader<'_>) -> Read<String> {
    at.text().map(str::to_owned)
}

fn read_name(at: &mut Reader<'_>) -> Read<Name> {
    at.u64().map(Name)
}

fn read(at: &mut Reader<'_>) -> Result<Contract, Error> {
    let place = |path: &'static str| move |problem| Error::new(path, problem);
    let mut contract = Contract {
        version: string(at).map_err(place("version"))?,
        types: elements(at, 2, |at| {
            Ok(TypeDef {
                new_type_name: string(at)?,
                r#type: string(at)?,
            })
        })
        .map_err(place("types"))?,
        structs: elements(at, 3, |at| {
            Ok(StructDef {
                name: string(at)?,
                base: string(at)?,
                fields: elements(at, 2, |at| {
                    Ok(FieldDef {
                        name: string(at)?,
                        r#type: string(at)?,
                    })
                })?,
            })
        })
        .map_err(place("structs"))?,
        actions: elements(at, 10, |at| {
            Ok(ActionDef {
                name: read_name(at)?,
                r#type: string(at)?,
                ricardian_contract: string(at)?,
            })
        })
        .map_err(place("actions"))?,
        tables: elements(at, 12, |at| {
            Ok(TableDef {
                name: read_name(at)?,
                index_type: string(at)?,
                key_names: elements(at, 1, string)?,
                key_types: elements(at, 1, string)?,
                r#type: string(at)?,
            })
        })
        .map_err(place("tables"))?,
        ricardian_clauses: elements(at, 2, |at| {
            Ok(Clause {
                id: string(at)?,
                body: string(at)?,
            })
        })
        .map_err(place("ricardian_clauses"))?,
        error_messages: elements(at, 9, |at| {
            Ok(ErrorMessage {
                error_code: at.u64()?,
                error_msg: string(at)?,
            })
        })
        .map_err(place("error_messages"))?,
        abi_extensions: elements(at, 3, |at| Ok((at.u16()?, at.bytes()?.to_vec())))
            .map_err(place("abi_extensions"))?,
        ..Contract::default()
    };
    // Older versions end here, or behind the variants.
    if at.left() > 0 {
        contract.variants = elements(at, 2, |at| {
            Ok(VariantDef {
                name: string(at)?,
                types: elements(at, 1, string)?,
            })
        })
        .map_err(place("variants"))?;
    }
    if at.left() > 0 {
        contract.action_results = elements(at, 9, |at| {
            Ok(ActionResult {
                name: read_name(at)?,
                result_type: string(at)?,
            })
        })
        .map_err(place("action_results"))?;
    }
    // An empty list of key-value tables, which some versions of EOS write and nothing reads.
    if at.left() == 1 && at.clone().u8() == Ok(0) {
        at.u8().map_err(place("kv_tables"))?;
    }
    at.end().map_err(place(""))?;
    contract.smart51 = take_ours(&mut contract.abi_extensions)?;
    Ok(contract)
}

/// Our extension, out of all of them.
fn take_ours(all: &mut Vec<(u16, Vec<u8>)>) -> Result<Option<Extension>, Error> {
    let mut ours = None;
    for (_, bytes) in all.extract_if(.., |(tag, _)| *tag == EXTENSION_TAG) {
        if ours.is_some() {
            let twice = Problem::Twice(format!("tag {EXTENSION_TAG:#x}"));
            return Err(Error::new("abi_extensions", twice));
        }
        let read = read_extension(&bytes).map_err(|problem| Error::new("smart51", problem))?;
        ours = Some(read);
    }
    Ok(ours)
}

fn read_extension(bytes: &[u8]) -> Read<Extension> {
    let mut at = Reader::new(bytes);
    let version = at.u8()?;
    if version != EXTENSION_VERSION {
        return Err(Problem::Version(version.to_string(), "1"));
    }
    let extension = Extension {
        version,
        dispatch: match at.flag()? {
            false => Dispatch::Selector,
            true => Dispatch::Apply,
        },
        reentrant: at.flag()?,
        actions: elements(&mut at, 11, |at| {
            Ok(ActionExt {
                name: read_name(at)?,
                selector: at.u8()?,
                payable: at.flag()?,
                read_only: at.flag()?,
            })
        })?,
        events: elements(&mut at, 3, |at| {
            Ok(EventDef {
                name: string(at)?,
                r#type: string(at)?,
                topics: elements(at, 1, string)?,
            })
        })?,
        tables: elements(&mut at, 12, |at| {
            Ok(TableExt {
                name: read_name(at)?,
                prefix: at.bytes()?.to_vec(),
                key: string(at)?,
                value: string(at)?,
                indexes: elements(at, 10, |at| {
                    Ok(IndexExt {
                        name: read_name(at)?,
                        prefix: at.bytes()?.to_vec(),
                        field: string(at)?,
                    })
                })?,
            })
        })?,
        errors: elements(&mut at, 2, |at| {
            Ok(ErrorName {
                code: at.u8()?,
                name: string(at)?,
            })
        })?,
    };
    at.end()?;
    Ok(extension)
}
