//! A contract from the list that its source has: `S51_CONTRACT` of `smart51.h`, or the same of the SDK in Rust.
//!
//! The C preprocessor under `S51_ABI`, or the custom section [`SECTION`] of a WebAssembly image, leaves the list as
//! entries (`entries.rs`); here they become a [`Contract`]. `docs/c.md` tells what each entry is for.

mod entries;

use crate::schema::{
    ActionDef, ActionExt, ActionResult, Contract, ErrorMessage, ErrorName, EventDef, Extension,
    FieldDef, StructDef, TableDef, TableExt, TypeDef,
};
use crate::{Error, TOPICS_MAX};
use abi::Name;
use entries::{Entry, Part, entries};

/// The custom section of a WebAssembly image that holds the list.
pub const SECTION: &str = "smart51.contract";

/// The exit code of a typed contract for an input that is none of its actions, as `smart51.h` has it.
pub const WRONG_INPUT: u8 = 2;

/// The exit code of success.
const SUCCESS: u8 = 1;

/// The most bytes of a string or of bytes in an entry: the length in front of them is one byte.
const TEXT_MAX: u64 = 127;

/// The reason why a list is no contract.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExtractError {
    /// There is no list.
    #[error("there is no S51_CONTRACT: the contract is not typed")]
    None,
    /// An entry is not of the form of entries.
    #[error(
        "entry {number} of S51_CONTRACT: expected words, numbers, texts and fields in brackets: {text}"
    )]
    Form {
        /// Which one, counted from 1.
        number: usize,
        /// How it begins.
        text: String,
    },
    /// There are too many.
    #[error("S51_CONTRACT has more than 1,024 entries")]
    TooMany,
    /// An entry does not say what one of its kind says.
    #[error("{entry}: {problem}")]
    Entry {
        /// Its kind and its name, as far as it has one.
        entry: String,
        /// What is wrong.
        problem: String,
    },
    /// The contract that the list describes is none.
    #[error("{0}")]
    Check(Error),
}

impl Contract {
    /// The contract of a text in which the entries of its list stand, among anything else.
    ///
    /// # Errors
    /// An entry that does not say what it must, or all that [`Contract::check`] finds.
    pub fn from_entries(text: &str) -> Result<Contract, Vec<ExtractError>> {
        let list = entries(text).map_err(|error| vec![error])?;
        if list.is_empty() {
            return Err(vec![ExtractError::None]);
        }
        let mut builder = Builder::default();
        let mut errors = Vec::new();
        for entry in &list {
            if let Err((name, problem)) = builder.add(entry) {
                let kind = entry.kind.to_ascii_uppercase();
                let entry = match name {
                    Some(name) => format!("S51_{kind} {name}"),
                    None => format!("S51_{kind}"),
                };
                errors.push(ExtractError::Entry { entry, problem });
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let contract = builder.end().map_err(|error| vec![error])?;
        match contract.check() {
            Ok(()) => Ok(contract),
            Err(errors) => Err(errors.into_iter().map(ExtractError::Check).collect()),
        }
    }
}

/// A contract that grows by entries.
#[derive(Default)]
struct Builder {
    contract: Contract,
    extension: Extension,
    docs: Vec<(String, String)>,
}

/// A problem, with the name of the entry where it is known.
type Problem = (Option<String>, String);

/// What is left of an entry.
struct Parts<'e> {
    parts: std::slice::Iter<'e, Part>,
    name: Option<String>,
}

impl<'e> Parts<'e> {
    fn fail<T>(&self, problem: impl Into<String>) -> Result<T, Problem> {
        Err((self.name.clone(), problem.into()))
    }

    fn number(&mut self, what: &str, most: u64) -> Result<u64, Problem> {
        match self.parts.next() {
            Some(Part::Number(number)) if *number <= most => Ok(*number),
            Some(Part::Word(word)) => self.fail(format!(
                "expected {what} as a number or as a macro that is one, found {word}"
            )),
            _ => self.fail(format!("expected {what}, a number from 0 to {most}")),
        }
    }

    fn byte(&mut self, what: &str) -> Result<u8, Problem> {
        let number = self.number(what, u64::from(u8::MAX))?;
        Ok(u8::try_from(number).unwrap_or(u8::MAX))
    }

    fn word(&mut self, what: &str) -> Result<&'e str, Problem> {
        match self.parts.next() {
            Some(Part::Word(word)) => Ok(word),
            _ => self.fail(format!("expected {what}")),
        }
    }

    /// The entry's own name, which errors then have.
    fn name(&mut self) -> Result<&'e str, Problem> {
        let name = self.word("a name")?;
        self.name = Some(name.into());
        Ok(name)
    }

    fn eos_name(&mut self) -> Result<Name, Problem> {
        let name = self.name()?;
        match Name::of(name).filter(|it| it.to_string() == name) {
            Some(name) => Ok(name),
            None => self.fail(
                "names of actions and tables have up to 12 of the letters a to z and 1 to 5, and no others",
            ),
        }
    }

    fn text(&mut self) -> Result<Vec<u8>, Problem> {
        match self.parts.next() {
            Some(Part::Text(text)) => Ok(text.clone()),
            _ => self.fail("expected a text in quotes"),
        }
    }

    fn utf8(&mut self) -> Result<String, Problem> {
        let text = self.text()?;
        String::from_utf8(text).or_else(|_| self.fail("expected a text in UTF-8"))
    }

    fn fields(&mut self) -> Result<Vec<FieldDef>, Problem> {
        let mut fields = Vec::new();
        while let Some(part) = self.parts.next() {
            let is_last = self.parts.len() == 0;
            let field = match part {
                Part::List(parts) => match &parts[..] {
                    [Part::Word(r#type), Part::Word(name)] if is_text(r#type) => {
                        return self.fail(format!(
                            "({type}, {name}): expected ({type}, {name}, MOST), with the most bytes of it"
                        ));
                    }
                    [Part::Word(r#type), Part::Word(name)] => field(name, r#type),
                    [Part::Word(r#type), Part::Word(name), Part::Number(most)]
                        if is_text(r#type) =>
                    {
                        if *most == 0 || *most > TEXT_MAX {
                            return self.fail(format!("{name}: a text has 1 to {TEXT_MAX} bytes"));
                        }
                        if !is_last {
                            return self.fail(format!("{name}: only the last field is a text"));
                        }
                        field(name, r#type)
                    }
                    _ => {
                        return self
                            .fail("expected a field as (TYPE, NAME), or (string, NAME, MOST)");
                    }
                },
                _ => return self.fail("expected fields in brackets: (TYPE, NAME)"),
            };
            fields.push(field);
        }
        Ok(fields)
    }

    fn end(&mut self) -> Result<(), Problem> {
        match self.parts.next() {
            None => Ok(()),
            Some(_) => self.fail("nothing more is expected behind this"),
        }
    }
}

fn is_text(r#type: &str) -> bool {
    matches!(r#type, "string" | "bytes")
}

fn field(name: &str, r#type: &str) -> FieldDef {
    FieldDef {
        name: name.into(),
        r#type: r#type.into(),
    }
}

impl Builder {
    fn add(&mut self, entry: &Entry) -> Result<(), Problem> {
        let mut parts = Parts {
            parts: entry.parts.iter(),
            name: None,
        };
        match &entry.kind[..] {
            "doc" => {
                let name = parts.name()?.to_owned();
                let text = parts.utf8()?;
                self.docs.push((name, text));
            }
            "option" => match parts.name()? {
                "reentrant" => self.extension.reentrant = true,
                "apply" => self.extension.dispatch = crate::Dispatch::Apply,
                _ => return parts.fail("expected reentrant or apply"),
            },
            "error" => {
                let code = parts.byte("an exit code")?;
                let name = parts.name()?.to_owned();
                if code == SUCCESS || code == WRONG_INPUT {
                    return parts.fail(format!(
                        "exit code {code} is taken: 1 is success, 2 is an input that is none of the actions"
                    ));
                }
                let text = parts.utf8()?;
                self.error(code, name, text);
            }
            "struct" => {
                let name = parts.name()?;
                let fields = parts.fields()?;
                if let Some(text) = fields.iter().find(|field| is_text(&field.r#type)) {
                    return parts.fail(format!("{}: a struct has no texts", text.name));
                }
                self.add_struct(name.into(), fields);
            }
            "table" => self.table(&mut parts)?,
            "event" => self.event(&mut parts)?,
            "action" => self.action(&mut parts, false, false)?,
            "payable" => self.action(&mut parts, true, false)?,
            "answers" => self.answering(&mut parts, false)?,
            "query" => self.answering(&mut parts, true)?,
            "text_query" => {
                let selector = parts.byte("a selector")?;
                if !(1..=TEXT_MAX).contains(&parts.number("the most bytes", TEXT_MAX)?) {
                    return parts.fail(format!("a text has 1 to {TEXT_MAX} bytes"));
                }
                let name = self.selected(&mut parts, selector, false, true)?;
                self.result(name, "string");
            }
            _ => return parts.fail("there is no such entry: docs/c.md has their list"),
        }
        parts.end()
    }

    fn action(
        &mut self,
        parts: &mut Parts<'_>,
        payable: bool,
        read_only: bool,
    ) -> Result<(), Problem> {
        let selector = parts.byte("a selector")?;
        self.selected(parts, selector, payable, read_only)
            .map(|_| ())
    }

    fn answering(&mut self, parts: &mut Parts<'_>, read_only: bool) -> Result<(), Problem> {
        let selector = parts.byte("a selector")?;
        let r#type = parts.word("the type of what is answered")?;
        if is_text(r#type) {
            return parts.fail("a text is answered by S51_TEXT_QUERY(SELECTOR, MOST, NAME, …)");
        }
        let name = self.selected(parts, selector, false, read_only)?;
        self.result(name, r#type);
        Ok(())
    }

    fn selected(
        &mut self,
        parts: &mut Parts<'_>,
        selector: u8,
        payable: bool,
        read_only: bool,
    ) -> Result<Name, Problem> {
        let name = parts.eos_name()?;
        let fields = parts.fields()?;
        self.add_struct(name.to_string(), fields);
        self.contract.actions.push(ActionDef {
            name,
            r#type: name.to_string(),
            ricardian_contract: String::new(),
        });
        self.extension.actions.push(ActionExt {
            name,
            selector,
            payable,
            read_only,
        });
        Ok(name)
    }

    fn result(&mut self, name: Name, r#type: &str) {
        self.contract.action_results.push(ActionResult {
            name,
            result_type: r#type.into(),
        });
    }

    fn event(&mut self, parts: &mut Parts<'_>) -> Result<(), Problem> {
        let count = parts.number("the number of topics", TOPICS_MAX as u64)?;
        let name = parts.name()?;
        let fields = parts.fields()?;
        let count = usize::try_from(count).unwrap_or(TOPICS_MAX);
        let Some(topics) = fields.get(..count) else {
            return parts.fail(format!("{count} topics are more than it has fields"));
        };
        if let Some(text) = topics.iter().find(|field| is_text(&field.r#type)) {
            return parts.fail(format!("{}: a text is no topic", text.name));
        }
        let topics = topics.iter().map(|field| field.name.clone()).collect();
        let r#type = format!("{name}_event");
        self.add_struct(r#type.clone(), fields);
        self.extension.events.push(EventDef {
            name: name.into(),
            r#type,
            topics,
        });
        Ok(())
    }

    fn table(&mut self, parts: &mut Parts<'_>) -> Result<(), Problem> {
        let count = parts.number("the number of fields in the key", 16)?;
        let name = parts.eos_name()?;
        let prefix = parts.text()?;
        let fields = parts.fields()?;
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let Some((keys, values)) = fields.split_at_checked(count) else {
            return parts.fail(format!("{count} fields of the key are more than it has"));
        };
        if values.is_empty() {
            return parts.fail("there is no field of the value");
        }
        if keys.is_empty() && prefix.is_empty() {
            return parts.fail("without fields of the key, the text is the key, and it is empty");
        }
        let [key, value, row] = ["key", "value", "row"].map(|part| format!("{name}_{part}"));
        self.add_struct(key.clone(), keys.to_vec());
        self.add_struct(value.clone(), values.to_vec());
        self.contract.structs.push(StructDef {
            name: row.clone(),
            base: key.clone(),
            fields: values.to_vec(),
        });
        let names = keys.iter().map(|field| field.name.clone());
        let types = keys.iter().map(|field| field.r#type.clone());
        self.contract.tables.push(TableDef {
            name,
            index_type: "i64".into(),
            key_names: names.collect(),
            key_types: types.collect(),
            r#type: row,
        });
        self.extension.tables.push(TableExt {
            name,
            prefix,
            key,
            value,
            indexes: Vec::new(),
        });
        Ok(())
    }

    fn error(&mut self, code: u8, name: String, text: String) {
        self.contract.error_messages.push(ErrorMessage {
            error_code: code.into(),
            error_msg: text,
        });
        self.extension.errors.push(ErrorName { code, name });
    }

    fn add_struct(&mut self, name: String, fields: Vec<FieldDef>) {
        self.contract.structs.push(StructDef {
            name,
            base: String::new(),
            fields,
        });
    }

    /// The contract, with the types of ours that it uses.
    fn end(mut self) -> Result<Contract, ExtractError> {
        if self.extension.dispatch == crate::Dispatch::Selector {
            let text = "the input is none of the contract's actions";
            self.error(WRONG_INPUT, "WRONG_INPUT".into(), text.into());
        }
        let results = self
            .contract
            .action_results
            .iter()
            .map(|it| &it.result_type);
        let fields = self.contract.structs.iter().flat_map(|it| &it.fields);
        let used: Vec<&String> = fields.map(|field| &field.r#type).chain(results).collect();
        let uses = |name: &str| used.iter().any(|r#type| *r#type == name);
        let (regid, address, object) = (uses("regid"), uses("address"), uses("object"));
        if regid {
            self.contract.structs.insert(0, StructDef::regid());
        }
        for (is_used, def) in [(address, TypeDef::address()), (object, TypeDef::object())] {
            if is_used {
                self.contract.types.push(def);
            }
        }
        for (name, text) in self.docs {
            let action = self.contract.actions.iter_mut();
            let Some(action) = action.into_iter().find(|it| it.name.to_string() == name) else {
                return Err(ExtractError::Entry {
                    entry: format!("S51_DOC {name}"),
                    problem: "there is no such action".into(),
                });
            };
            action.ricardian_contract = text;
        }
        self.contract.smart51 = Some(self.extension);
        Ok(self.contract)
    }
}
