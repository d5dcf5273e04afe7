//! What a contract is checked for, beyond its types.

use crate::error::{Error, Problem, quote};
use crate::graph::{ERRORS_MAX, Graph, Id, Node, View};
use crate::schema::{Contract, Dispatch, Extension, TableDef, TableExt};
use crate::{CONTRACT_MAX, DEPTH_MAX, TOPIC_SIZE, TOPICS_MAX};
use abi::{ExitCode, Name};
use std::collections::{BTreeMap, BTreeSet};

/// The most letters of an event's name: the bytes of its record.
const EVENT_NAME_MAX: usize = 32;
/// The most parts of a row, a key or a value that are compared.
const PARTS_MAX: usize = 4096;

impl Contract {
    /// Looks for all that is wrong, with the place of each.
    ///
    /// # Errors
    /// The first 100: unknown types, recursive ones and ones deeper than 32; cycles of bases; names
    /// that are there twice or differ by case only; a binary form of more than 64 KiB; selectors
    /// that are missing or there twice; topics that are no fields; keys of tables that cannot be
    /// told apart.
    pub fn check(&self) -> Result<(), Vec<Error>> {
        checked(self).map(|_| ())
    }
}

/// The types of a contract in which nothing is wrong.
pub(crate) fn checked(contract: &Contract) -> Result<Graph, Vec<Error>> {
    let size = contract.to_bytes().len();
    if size > CONTRACT_MAX {
        let most = CONTRACT_MAX;
        return Err(vec![Error::new("", Problem::TooLong { size, most })]);
    }
    let mut errors = Vec::new();
    let graph = Graph::new(contract, &mut errors);
    let mut check = Check {
        contract,
        graph: &graph,
        errors,
    };
    check.all();
    match check.errors {
        errors if errors.is_empty() => Ok(graph),
        errors => Err(errors),
    }
}

struct Check<'c> {
    contract: &'c Contract,
    graph: &'c Graph,
    errors: Vec<Error>,
}

impl<'c> Check<'c> {
    fn fail(&mut self, path: impl Into<String>, problem: Problem) {
        if self.errors.len() < ERRORS_MAX {
            self.errors.push(Error::new(path, problem));
        }
    }

    fn rule(&mut self, path: impl Into<String>, rule: impl Into<String>) {
        self.fail(path, Problem::Rule(rule.into()));
    }

    fn all(&mut self) {
        let contract = self.contract;
        if !contract.version.starts_with("eosio::abi/1.") {
            let problem = Problem::Version(quote(&contract.version), "eosio::abi/1.2");
            self.fail("version", problem);
        }
        let ours = crate::EXTENSION_TAG;
        if contract.abi_extensions.iter().any(|(tag, _)| *tag == ours) {
            self.rule(
                "abi_extensions",
                "the tag 0x5101 is that of the key `smart51`",
            );
        }
        self.fields();
        let actions = contract.actions.iter().map(|action| action.name);
        self.names("actions", actions);
        for action in &contract.actions {
            let path = format!("actions.{}", action.name);
            if self.known(&path, &action.r#type, "an action has") == Some(false) {
                self.rule(path, format!("`{}` is no struct", quote(&action.r#type)));
            }
        }
        self.names("tables", contract.tables.iter().map(|table| table.name));
        for table in &contract.tables {
            self.known(
                &format!("tables.{}", table.name),
                &table.r#type,
                "a table has",
            );
            if table.key_names.len() != table.key_types.len() {
                let rule = "key_names and key_types are of different lengths";
                self.rule(format!("tables.{}", table.name), rule);
            }
        }
        let results = contract.action_results.iter().map(|result| result.name);
        self.names("action_results", results);
        let actions: BTreeSet<Name> = contract.actions.iter().map(|a| a.name).collect();
        for result in &contract.action_results {
            let path = format!("action_results.{}", result.name);
            if !actions.contains(&result.name) {
                self.rule(&path, "there is no such action");
            }
            self.with(&path, &result.result_type, |_, _| ());
        }
        self.unique(
            "ricardian_clauses",
            contract.ricardian_clauses.iter().map(|c| &c.id),
        );
        let codes = contract
            .error_messages
            .iter()
            .map(|e| e.error_code.to_string());
        self.unique("error_messages", codes);
        if let Some(extension) = &contract.smart51 {
            self.extension(extension);
        }
    }

    /// Fields of structs: no name twice, also not in the bases, and `$` at the end alone.
    fn fields(&mut self) {
        let contract = self.contract;
        let mut structs = BTreeMap::new();
        for def in &contract.structs {
            let path = |field: &str| format!("structs.{}.{}", quote(&def.name), quote(field));
            let mut own = BTreeMap::new();
            let mut is_open = false;
            for field in &def.fields {
                if field.name.is_empty() {
                    let problem = Problem::BadName {
                        name: String::new(),
                        what: "name of a field",
                    };
                    self.fail(path(""), problem);
                }
                self.twice(&mut own, &field.name, || path(&field.name));
                let ends = field.r#type.ends_with('$');
                if is_open && !ends {
                    self.rule(
                        path(&field.name),
                        "stands behind a field that may be left out (`$`)",
                    );
                }
                is_open |= ends;
            }
            structs
                .entry(def.name.as_str())
                .or_insert((def, own, is_open));
        }
        let aliases: BTreeMap<&str, &str> = contract
            .types
            .iter()
            .map(|def| (def.new_type_name.as_str(), def.r#type.as_str()))
            .collect();
        for def in contract.structs.iter().filter(|def| !def.base.is_empty()) {
            let path = || format!("structs.{}", quote(&def.name));
            let is_closed = def.fields.iter().any(|field| !field.r#type.ends_with('$'));
            let mut base = def.base.as_str();
            // Whoever goes round in a circle has been complained of.
            for _ in 0..DEPTH_MAX {
                if let Some(alias) = aliases.get(base) {
                    base = alias;
                    continue;
                }
                let Some((above, names, is_open)) = structs.get(base) else {
                    break;
                };
                if *is_open && is_closed {
                    self.rule(
                        path(),
                        "its base ends with a field that may be left out (`$`)",
                    );
                }
                let mut own = def.fields.iter();
                if let Some(twice) = own.find(|f| names.contains_key(&f.name.to_ascii_lowercase()))
                {
                    let path = format!("{}.{}", path(), quote(&twice.name));
                    self.rule(path, "a base has a field of this name");
                }
                base = &above.base;
            }
        }
    }

    /// A name among others: it is neither there twice nor does it differ by case only.
    fn twice<'t>(
        &mut self,
        known: &mut BTreeMap<String, &'t str>,
        name: &'t str,
        path: impl FnOnce() -> String,
    ) {
        match known.insert(name.to_ascii_lowercase(), name) {
            Some(other) if other == name => self.fail(path(), Problem::Twice(quote(name))),
            Some(other) => self.fail(path(), Problem::CaseOnly(quote(other), quote(name))),
            None => {}
        }
    }

    fn unique<T: AsRef<str>>(&mut self, list: &str, names: impl Iterator<Item = T>) {
        let mut known = BTreeSet::new();
        for name in names {
            let name = name.as_ref();
            if !known.insert(name.to_owned()) {
                self.fail(
                    format!("{list}.{}", quote(name)),
                    Problem::Twice(quote(name)),
                );
            }
        }
    }

    /// Names of EOS: not empty, and none twice.
    fn names(&mut self, list: &str, names: impl Iterator<Item = Name> + Clone) {
        if names.clone().any(|name| name == Name::EMPTY) {
            self.rule(list, "one of them has no name");
        }
        self.unique(list, names.map(|name| name.to_string()));
    }

    /// Does something with a type, or says that it is unknown. What is wrong within it has been
    /// complained of.
    fn with<R>(
        &mut self,
        path: &str,
        type_name: &str,
        act: impl FnOnce(View<'_>, Id) -> R,
    ) -> Option<R> {
        let graph = self.graph;
        let is_extension = type_name.ends_with('$');
        match graph.with(type_name, act) {
            Ok(_) if is_extension => {
                let problem = Problem::Suffix {
                    type_name: quote(type_name),
                    reason: "`$` belongs to the last fields of a struct",
                };
                self.fail(path, problem);
                None
            }
            Ok(done) => Some(done),
            Err(Problem::UnknownType(_)) if self.is_described(type_name) => None,
            Err(problem) => {
                self.fail(path, problem);
                None
            }
        }
    }

    /// Whether a type is one of the contract's, well or not.
    fn is_described(&self, type_name: &str) -> bool {
        let name = type_name.trim_end_matches(|c: char| "[]?$".contains(c) || c.is_ascii_digit());
        let is = |other: &String| other == name || other == type_name;
        let contract = self.contract;
        contract.types.iter().any(|def| is(&def.new_type_name))
            || contract.structs.iter().any(|def| is(&def.name))
            || contract.variants.iter().any(|def| is(&def.name))
    }

    /// Whether a type that has to be there is a struct.
    fn known(&mut self, path: &str, type_name: &str, who: &str) -> Option<bool> {
        if type_name.is_empty() {
            self.rule(path, format!("{who} a type"));
            return None;
        }
        self.with(path, type_name, |view, id| view.structure(id).is_some())
    }

    fn extension(&mut self, ours: &'c Extension) {
        if ours.version != crate::EXTENSION_VERSION {
            let problem = Problem::Version(ours.version.to_string(), "1");
            self.fail("smart51.version", problem);
        }
        self.selectors(ours);
        self.events(ours);
        self.tables(ours);
        let mut names = BTreeMap::new();
        for error in &ours.errors {
            let path = format!("smart51.errors.{}", quote(&error.name));
            if error.code == ExitCode::SUCCESS.0 {
                self.rule(&path, "exit code 1 is success");
            }
            if error.name.is_empty() {
                self.rule(&path, "an error has a name");
            }
            self.twice(&mut names, &error.name, || path);
        }
        let codes = ours.errors.iter().map(|error| error.code.to_string());
        self.unique("smart51.errors", codes);
        let regids = self
            .contract
            .structs
            .iter()
            .filter(|def| def.name == "regid");
        if regids.into_iter().any(|def| !def.is_regid()) {
            let rule =
                "a registered id is a `uint32` called `height` and a `uint16` called `index`";
            self.rule("structs.regid", rule);
        }
    }

    fn selectors(&mut self, ours: &Extension) {
        self.names(
            "smart51.actions",
            ours.actions.iter().map(|action| action.name),
        );
        let actions: BTreeSet<Name> = self.contract.actions.iter().map(|a| a.name).collect();
        let described: BTreeSet<Name> = ours.actions.iter().map(|a| a.name).collect();
        for name in described.difference(&actions) {
            self.rule(format!("smart51.actions.{name}"), "there is no such action");
        }
        if ours.dispatch == Dispatch::Apply {
            for action in ours.actions.iter().filter(|action| action.selector != 0) {
                let path = format!("smart51.actions.{}", action.name);
                self.rule(path, "under `apply` actions have no selectors");
            }
            return;
        }
        for name in actions.difference(&described) {
            self.rule(
                format!("smart51.actions.{name}"),
                "the action has no selector",
            );
        }
        let mut taken = BTreeMap::new();
        for action in &ours.actions {
            if let Some(other) = taken.insert(action.selector, action.name) {
                let rule = format!("selector {} is that of {other} too", action.selector);
                self.rule(format!("smart51.actions.{}", action.name), rule);
            }
        }
    }

    fn events(&mut self, ours: &Extension) {
        self.unique(
            "smart51.events",
            ours.events.iter().map(|event| &event.name),
        );
        for event in &ours.events {
            let path = format!("smart51.events.{}", quote(&event.name));
            let letter =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            let name = &event.name;
            if !(1..=EVENT_NAME_MAX).contains(&name.len()) || !name.bytes().all(letter) {
                let problem = Problem::BadName {
                    name: quote(name),
                    what: "name of an event: it has 1 to 32 of `a` to `z`, `0` to `9` and `_`",
                };
                self.fail(&path, problem);
            }
            if event.topics.len() > TOPICS_MAX {
                let rule = format!(
                    "{} topics: at most {TOPICS_MAX} are allowed",
                    event.topics.len()
                );
                self.rule(&path, rule);
            }
            self.unique(&path, event.topics.iter());
            // The size of each field, and whether it may be left out.
            let fields = self.with(&path, &event.r#type, |view, id| {
                let fields = view.fields(view.structure(id)?).into_iter();
                let field = |(name, id): &(String, Id)| {
                    let is_open = matches!(view.node(*id), Node::Extension(_));
                    (name.clone(), view.size(*id).fixed, is_open)
                };
                Some(fields.map(field).collect::<Vec<_>>())
            });
            // Suffixes would make it no struct.
            let Some(fields) = fields else { continue };
            let is_name = self.graph.named(&event.r#type).is_some();
            let Some(fields) = fields.filter(|_| is_name) else {
                self.rule(&path, format!("`{}` is no struct", quote(&event.r#type)));
                continue;
            };
            if fields.iter().any(|&(_, _, is_open)| is_open) {
                self.rule(&path, "no field of an event may be left out (`$`)");
            }
            for topic in &event.topics {
                match fields.iter().find(|(name, _, _)| name == topic) {
                    None => self.rule(&path, format!("topic `{}` is no field", quote(topic))),
                    Some((_, Some(..=TOPIC_SIZE), _)) => {}
                    Some(_) => {
                        let topic = quote(topic);
                        let rule = format!("topic `{topic}` is of no fixed size of up to 32 bytes");
                        self.rule(&path, rule);
                    }
                }
            }
        }
    }

    fn tables(&mut self, ours: &'c Extension) {
        self.names("smart51.tables", ours.tables.iter().map(|table| table.name));
        let indexes = ours.tables.iter().flat_map(|table| &table.indexes);
        self.names("smart51.tables.indexes", indexes.map(|index| index.name));
        let mut keys: Vec<(&[u8], Option<usize>, Name)> = Vec::new();
        for table in &ours.tables {
            let path = format!("smart51.tables.{}", table.name);
            keys.extend(table.indexes.iter().map(|i| (&i.prefix[..], None, i.name)));
            let size = self.with(&format!("{path}.key"), &table.key, |view, id| {
                view.size(id).fixed
            });
            let length = size.flatten().map(|size| table.prefix.len() + size);
            keys.push((&table.prefix, length, table.name));
            self.with(&format!("{path}.value"), &table.value, |_, _| ());
            let rows = self
                .contract
                .tables
                .iter()
                .find(|def| def.name == table.name);
            match rows {
                None => self.rule(&path, "there is no such table"),
                Some(rows) => self.row(&path, rows, table),
            }
        }
        // Keys that begin alike are told apart by their lengths, where these are fixed.
        keys.sort_unstable();
        for (at, (first, length, name)) in keys.iter().enumerate() {
            let behind = keys[at + 1..].iter();
            let alike = behind.take_while(|(second, ..)| second.starts_with(first));
            for (_, other_length, other) in alike {
                if length.is_none() || other_length.is_none() || length == other_length {
                    let rule = format!(
                        "its keys cannot be told from those of {name}: they begin alike and are as long"
                    );
                    self.rule(format!("smart51.tables.{other}"), rule);
                    break;
                }
            }
        }
    }

    /// A row is the key and the value, and what indexes name are fields of it.
    fn row(&mut self, path: &str, rows: &TableDef, table: &TableExt) {
        let parts = |view: View<'_>, id| {
            let mut parts = Vec::new();
            leaves(view, id, &mut parts).then_some(parts)
        };
        let row = self.graph.with(&rows.r#type, parts).ok().flatten();
        let key = self.graph.with(&table.key, parts).ok().flatten();
        let value = self.graph.with(&table.value, parts).ok().flatten();
        if let (Some(row), Some(mut key), Some(value)) = (row, key, value) {
            key.extend(value);
            if row != key {
                let rule = "the fields of the table's type are not those of the key and of the value behind them";
                self.rule(path, rule);
            }
        }
        for index in &table.indexes {
            let size = self.graph.with(&rows.r#type, |view, id| {
                let fields = view.fields(view.structure(id)?);
                let (_, id) = fields.into_iter().find(|(name, _)| *name == index.field)?;
                view.size(*id).fixed
            });
            if size.ok().flatten().is_none() {
                let field = quote(&index.field);
                let rule =
                    format!("`{field}` is no field of the table's type, or one of no fixed size");
                self.rule(format!("{path}.{}", index.name), rule);
            }
        }
    }
}

/// Adds what a type is made of once all structs in it are opened; `false` where that is too much to
/// look at.
fn leaves(view: View<'_>, id: Id, out: &mut Vec<String>) -> bool {
    match view.node(id) {
        Node::Struct(structure) => {
            // A struct without fields adds nothing, and there may be many of them in one another.
            let fields = view.fields(structure);
            !fields.is_empty() && fields.into_iter().all(|(_, id)| leaves(view, *id, out))
        }
        Node::Scalar(scalar) => {
            out.push(format!("{scalar:?}"));
            out.len() <= PARTS_MAX
        }
        // The same type has the same node only within a contract's list, so what it is made of is
        // compared.
        Node::Optional(inner) => marked("?", view, *inner, out),
        Node::Extension(inner) => marked("$", view, *inner, out),
        Node::Array(inner) => marked("[]", view, *inner, out),
        Node::Fixed(inner, count) => marked(&format!("[{count}]"), view, *inner, out),
        Node::Variant(types) => {
            out.push(format!("one of {}", types.len()));
            types.iter().all(|(_, id)| leaves(view, *id, out))
        }
    }
}

fn marked(mark: &str, view: View<'_>, inner: Id, out: &mut Vec<String>) -> bool {
    out.push(mark.into());
    leaves(view, inner, out) && {
        out.push("end".into());
        out.len() <= PARTS_MAX
    }
}
