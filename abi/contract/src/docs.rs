//! A page about a contract, in Markdown.

use crate::schema::{ActionExt, ActionResult, Contract, Dispatch, FieldDef, StructDef, TypeDef};
use abi::Name;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// The size of a page behind which the fields of a type are not listed again, in bytes: many
/// actions may share a large type.
const LONG: usize = 1024 * 1024;

/// A page in Markdown: actions with their arguments and results, events, tables, errors and types.
///
/// Texts of the contract are escaped, so that none of them breaks out of its line.
#[must_use]
pub fn docs(contract: &Contract) -> String {
    let ours = contract.smart51.iter();
    let mut page = Page {
        contract,
        out: String::from("# Contract\n"),
        aliases: by(&contract.types, |def| &*def.new_type_name),
        structs: by(&contract.structs, |def| &*def.name),
        actions: ours
            .flat_map(|ours| by(&ours.actions, |action| action.name))
            .collect(),
        results: by(&contract.action_results, |result| result.name),
    };
    page.all();
    page.out
}

/// Elements by their names.
fn by<'c, T, K: Ord>(list: &'c [T], key: impl Fn(&'c T) -> K) -> BTreeMap<K, &'c T> {
    list.iter()
        .rev()
        .map(|element| (key(element), element))
        .collect()
}

struct Page<'c> {
    contract: &'c Contract,
    out: String,
    aliases: BTreeMap<&'c str, &'c TypeDef>,
    structs: BTreeMap<&'c str, &'c StructDef>,
    actions: BTreeMap<Name, &'c ActionExt>,
    results: BTreeMap<Name, &'c ActionResult>,
}

/// Text within a line: what Markdown or HTML would take for a mark has a backslash before it, and
/// nothing ends the line.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            letter if letter.is_control() || letter.is_whitespace() => out.push(' '),
            '_' | '.' | ',' | ':' | ';' | '/' | '?' | '%' | '(' | ')' | '\'' | '"' | '=' | '-' => {
                out.push(letter)
            }
            letter if letter.is_ascii_punctuation() => {
                out.push('\\');
                out.push(letter);
            }
            letter => out.push(letter),
        }
    }
    out
}

/// A name or type as code. Backticks and line ends cannot stand in it.
fn code(text: &str) -> String {
    let letter = |letter: char| match letter {
        '`' => '\'',
        '|' => '/',
        letter if letter.is_control() || letter.is_whitespace() => ' ',
        letter => letter,
    };
    format!("`{}`", text.chars().map(letter).collect::<String>())
}

impl<'c> Page<'c> {
    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    fn heading(&mut self, level: usize, text: &str) {
        let marks = "#".repeat(level);
        let before = if self.out.ends_with("\n\n") { "" } else { "\n" };
        let _ = write!(self.out, "{before}{marks} {text}\n\n");
    }

    fn all(&mut self) {
        let contract = self.contract;
        self.actions();
        if let Some(ours) = &contract.smart51 {
            if !ours.events.is_empty() {
                self.heading(2, "Events");
                for event in &ours.events {
                    self.heading(3, &code(&event.name));
                    let topics = event
                        .topics
                        .iter()
                        .map(|topic| code(topic))
                        .collect::<Vec<_>>();
                    if !topics.is_empty() {
                        self.line(&format!("Topics: {}.\n", topics.join(", ")));
                    }
                    self.fields_of(&event.r#type);
                }
            }
            if !ours.tables.is_empty() {
                self.heading(2, "Tables");
                self.line("| table | prefix | key | value | indexes |\n|---|---|---|---|---|");
                for table in &ours.tables {
                    let index = |index: &crate::IndexExt| {
                        format!(
                            "{} by {}",
                            code(&index.name.to_string()),
                            code(&index.field)
                        )
                    };
                    let indexes = table.indexes.iter().map(index).collect::<Vec<_>>();
                    let line = format!(
                        "| {} | {} | {} | {} | {} |",
                        code(&table.name.to_string()),
                        code(&hex::encode(&table.prefix)),
                        code(&table.key),
                        code(&table.value),
                        indexes.join(", ")
                    );
                    self.line(&line);
                }
            }
        } else if !contract.tables.is_empty() {
            self.heading(2, "Tables");
            self.line("| table | row |\n|---|---|");
            for table in &contract.tables {
                let line = format!(
                    "| {} | {} |",
                    code(&table.name.to_string()),
                    code(&table.r#type)
                );
                self.line(&line);
            }
        }
        self.errors();
        self.types();
    }

    fn actions(&mut self) {
        let contract = self.contract;
        if contract.actions.is_empty() {
            return;
        }
        let ours = contract.smart51.as_ref();
        let selectors = ours.is_some_and(|ours| ours.dispatch == Dispatch::Selector);
        self.heading(2, "Actions");
        for action in &contract.actions {
            let name = action.name.to_string();
            self.heading(3, &code(&name));
            let mut notes = Vec::new();
            if let Some(ext) = self.actions.get(&action.name) {
                notes.extend(selectors.then(|| format!("selector {}", ext.selector)));
                notes.extend(ext.payable.then(|| "payable".to_owned()));
                notes.extend(ext.read_only.then(|| "read-only".to_owned()));
            }
            if let Some(result) = self.results.get(&action.name) {
                notes.push(format!("returns {}", code(&result.result_type)));
            }
            if !notes.is_empty() {
                self.line(&format!("{}.\n", notes.join(", ")));
            }
            self.fields_of(&action.r#type);
            if !action.ricardian_contract.trim().is_empty() {
                self.line("");
                for line in action.ricardian_contract.lines() {
                    self.line(format!("> {}", plain(line)).trim_end());
                }
            }
        }
    }

    /// The fields of a type, if it is a struct; those of its bases first.
    fn fields_of(&mut self, type_name: &str) {
        if self.out.len() > LONG {
            self.line(&format!("Fields: those of {}.", code(type_name)));
            return;
        }
        let mut fields: Vec<&FieldDef> = Vec::new();
        let mut name = type_name;
        // Contracts that are not checked may go round in a circle.
        for _ in 0..crate::DEPTH_MAX {
            if let Some(alias) = self.aliases.get(name) {
                name = &alias.r#type;
            } else if let Some(def) = self.structs.get(name) {
                fields.splice(0..0, &def.fields);
                name = &def.base;
            } else {
                break;
            }
        }
        if fields.is_empty() {
            self.line("No fields.");
            return;
        }
        self.line("| field | type |\n|---|---|");
        for field in fields {
            let line = format!("| {} | {} |", code(&field.name), code(&field.r#type));
            self.line(&line);
        }
    }

    fn errors(&mut self) {
        let contract = self.contract;
        let mut lines = Vec::new();
        let messages = by(&contract.error_messages, |error| error.error_code);
        let mut named = BTreeSet::new();
        for error in contract.smart51.iter().flat_map(|ours| &ours.errors) {
            named.insert(u64::from(error.code));
            let message = messages.get(&u64::from(error.code));
            let message = message.map_or("", |error| &*error.error_msg);
            lines.push(format!(
                "| {} | {} | {} |",
                error.code,
                code(&error.name),
                plain(message)
            ));
        }
        for error in &contract.error_messages {
            if !named.contains(&error.error_code) {
                let message = plain(&error.error_msg);
                lines.push(format!("| {} | | {message} |", error.error_code));
            }
        }
        if lines.is_empty() {
            return;
        }
        self.heading(2, "Errors");
        self.line("| code | name | sentence |\n|---|---|---|");
        for line in lines {
            self.line(&line);
        }
    }

    fn types(&mut self) {
        let contract = self.contract;
        if contract.types.is_empty() && contract.structs.is_empty() && contract.variants.is_empty()
        {
            return;
        }
        self.heading(2, "Types");
        self.line("| type | is |\n|---|---|");
        for def in &contract.types {
            self.line(&format!(
                "| {} | {} |",
                code(&def.new_type_name),
                code(&def.r#type)
            ));
        }
        for def in &contract.structs {
            let mut parts = Vec::new();
            if !def.base.is_empty() {
                parts.push(format!("all of {}", code(&def.base)));
            }
            let fields = def.fields.iter();
            parts.extend(fields.map(|f| format!("{} {}", code(&f.r#type), code(&f.name))));
            let is = if parts.is_empty() {
                "no fields".into()
            } else {
                parts.join(", ")
            };
            self.line(&format!("| {} | {is} |", code(&def.name)));
        }
        for def in &contract.variants {
            let types = def
                .types
                .iter()
                .map(|of| code(of))
                .collect::<Vec<_>>()
                .join(", ");
            self.line(&format!("| {} | one of {types} |", code(&def.name)));
        }
        if contract
            .smart51
            .as_ref()
            .is_some_and(|ours| ours.dispatch == Dispatch::Apply)
        {
            self.line("\nReceiver, code and action come before the arguments (`apply`).");
        }
    }
}
