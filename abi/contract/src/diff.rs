//! What differs between two versions of a contract.

use crate::Codec;
use crate::error::quote;
use crate::graph::{Id, Node, View};
use crate::schema::{ActionExt, Contract, Extension};
use abi::Name;
use std::collections::BTreeSet;
use std::fmt;

/// The most differences that are listed.
const CHANGES_MAX: usize = 1000;

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// `true` if clients, callers or data of the old version do not go with the new one.
    pub breaking: bool,
    /// The place, as `actions.transfer.amount`.
    pub path: String,
    /// The difference, in words.
    pub what: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.breaking {
            "breaking"
        } else {
            "compatible"
        };
        write!(f, "{kind}: {}: {}", self.path, self.what)
    }
}

/// The differences between an old version of a contract and a new one, in the order of the
/// contract's parts: the 1,000 first.
///
/// Texts alone (legal ones, sentences of errors) are no difference. A selector belongs to its
/// action for ever: one that had another action in the old version is a breaking difference.
#[must_use]
pub fn diff(old: &Codec, new: &Codec) -> Vec<Change> {
    let mut diff = Diff {
        old,
        new,
        changes: Vec::new(),
        compared: BTreeSet::new(),
    };
    diff.all();
    diff.changes
}

struct Diff<'c> {
    old: &'c Codec,
    new: &'c Codec,
    changes: Vec<Change>,
    /// Pairs of types whose differences are listed already.
    compared: BTreeSet<(Id, Id)>,
}

/// The extension, or what its absence means.
fn extension(contract: &Contract) -> Extension {
    contract.smart51.clone().unwrap_or_default()
}

impl Diff<'_> {
    fn change(&mut self, breaking: bool, path: impl Into<String>, what: impl Into<String>) {
        if self.changes.len() < CHANGES_MAX {
            self.changes.push(Change {
                breaking,
                path: path.into(),
                what: what.into(),
            });
        }
    }

    fn all(&mut self) {
        let (old, new) = (self.old, self.new);
        let (old, new) = (old.contract(), new.contract());
        match (&old.smart51, &new.smart51) {
            (Some(_), None) => self.change(true, "smart51", "is gone"),
            (None, Some(_)) => self.change(true, "smart51", "is new"),
            _ => {}
        }
        let (old_ext, new_ext) = (extension(old), extension(new));
        if old_ext.dispatch != new_ext.dispatch {
            let what = format!("was {:?}, is {:?}", old_ext.dispatch, new_ext.dispatch);
            self.change(true, "smart51.dispatch", what.to_lowercase());
        }
        if old_ext.reentrant != new_ext.reentrant {
            let what = format!("was {}, is {}", old_ext.reentrant, new_ext.reentrant);
            self.change(old_ext.reentrant, "smart51.reentrant", what);
        }
        self.actions(&old_ext, &new_ext);
        self.tables(&old_ext, &new_ext);
        self.events(&old_ext, &new_ext);
        self.errors(&old_ext, &new_ext);
    }

    fn actions(&mut self, old_ext: &Extension, new_ext: &Extension) {
        let (old, new) = (self.old.contract(), self.new.contract());
        let ext =
            |ours: &Extension, name: Name| ours.actions.iter().find(|a| a.name == name).copied();
        for action in &old.actions {
            let name = action.name.to_string();
            let path = format!("actions.{name}");
            let Some(now) = new.actions.iter().find(|now| now.name == action.name) else {
                self.change(true, path, "is gone");
                continue;
            };
            self.types(&path, &action.r#type, &now.r#type);
            let path = format!("action_results.{name}");
            match (old.result_type(&name), new.result_type(&name)) {
                (Some(was), Some(is)) => self.types(&path, was, is),
                (Some(_), None) => self.change(true, path, "is gone"),
                (None, Some(_)) => self.change(false, path, "is new"),
                (None, None) => {}
            }
            let pair = (ext(old_ext, action.name), ext(new_ext, action.name));
            if let (Some(was), Some(is)) = pair {
                self.action(was, is);
            }
        }
        for action in &new.actions {
            if !old.actions.iter().any(|was| was.name == action.name) {
                self.change(false, format!("actions.{}", action.name), "is new");
            }
        }
        for action in &new_ext.actions {
            let mut before = old_ext.actions.iter();
            let before = before.find(|was| was.selector == action.selector);
            if let Some(was) = before.filter(|was| was.name != action.name) {
                // Under `apply` all are 0 and none counts.
                if self
                    .new
                    .contract()
                    .selector(&action.name.to_string())
                    .is_some()
                {
                    let what = format!("selector {} was that of {}", action.selector, was.name);
                    self.change(true, format!("smart51.actions.{}", action.name), what);
                }
            }
        }
    }

    fn action(&mut self, was: ActionExt, is: ActionExt) {
        let path = format!("smart51.actions.{}", was.name);
        if was.selector != is.selector {
            let what = format!("selector was {}, is {}", was.selector, is.selector);
            self.change(true, &path, what);
        }
        match (was.payable, is.payable) {
            (true, false) => self.change(true, &path, "is not payable any more"),
            (false, true) => self.change(false, &path, "is payable now"),
            _ => {}
        }
        match (was.read_only, is.read_only) {
            (true, false) => self.change(true, &path, "is not read-only any more"),
            (false, true) => self.change(false, &path, "is read-only now"),
            _ => {}
        }
    }

    fn tables(&mut self, old: &Extension, new: &Extension) {
        for table in &old.tables {
            let path = format!("smart51.tables.{}", table.name);
            let Some(now) = new.tables.iter().find(|now| now.name == table.name) else {
                self.change(true, path, "is gone");
                continue;
            };
            if table.prefix != now.prefix {
                let (was, is) = (hex::encode(&table.prefix), hex::encode(&now.prefix));
                self.change(true, &path, format!("prefix was {was}, is {is}"));
            }
            self.types(&format!("{path}.key"), &table.key, &now.key);
            self.types(&format!("{path}.value"), &table.value, &now.value);
            for index in &table.indexes {
                match now.indexes.iter().find(|is| is.name == index.name) {
                    None => self.change(true, &path, format!("index {} is gone", index.name)),
                    Some(is) if is != index => {
                        let what = format!("index {} has another prefix or field", index.name);
                        self.change(true, &path, what);
                    }
                    Some(_) => {}
                }
            }
            for index in &now.indexes {
                if !table.indexes.iter().any(|was| was.name == index.name) {
                    let what = format!(
                        "index {} is new: rows that are there are not in it",
                        index.name
                    );
                    self.change(true, &path, what);
                }
            }
        }
        for table in &new.tables {
            if !old.tables.iter().any(|was| was.name == table.name) {
                self.change(false, format!("smart51.tables.{}", table.name), "is new");
            }
        }
        let (old, new) = (self.old.contract(), self.new.contract());
        for table in &old.tables {
            let path = format!("tables.{}", table.name);
            match new.tables.iter().find(|now| now.name == table.name) {
                None => self.change(true, path, "is gone"),
                Some(now) => self.types(&path, &table.r#type, &now.r#type),
            }
        }
        for table in &new.tables {
            if !old.tables.iter().any(|was| was.name == table.name) {
                self.change(false, format!("tables.{}", table.name), "is new");
            }
        }
    }

    fn events(&mut self, old: &Extension, new: &Extension) {
        for event in &old.events {
            let path = format!("smart51.events.{}", quote(&event.name));
            let Some(now) = new.events.iter().find(|now| now.name == event.name) else {
                self.change(true, path, "is gone");
                continue;
            };
            if event.topics != now.topics {
                let (was, is) = (event.topics.join(", "), now.topics.join(", "));
                let what = format!("topics were {}, are {}", quote(&was), quote(&is));
                self.change(true, &path, what);
            }
            self.types(&path, &event.r#type, &now.r#type);
        }
        for event in &new.events {
            if !old.events.iter().any(|was| was.name == event.name) {
                self.change(
                    false,
                    format!("smart51.events.{}", quote(&event.name)),
                    "is new",
                );
            }
        }
    }

    fn errors(&mut self, old: &Extension, new: &Extension) {
        for error in &old.errors {
            let path = format!("smart51.errors.{}", quote(&error.name));
            match new.errors.iter().find(|now| now.name == error.name) {
                None => self.change(true, path, "is gone"),
                Some(now) if now.code != error.code => {
                    let what = format!("exit code was {}, is {}", error.code, now.code);
                    self.change(true, path, what);
                }
                Some(_) => {}
            }
        }
        for error in &new.errors {
            let path = format!("smart51.errors.{}", quote(&error.name));
            if !old.errors.iter().any(|was| was.name == error.name) {
                self.change(false, path, "is new");
            }
        }
    }

    /// The types of two names, with suffixes or without.
    fn types(&mut self, path: &str, was: &str, is: &str) {
        let (old, new) = (self.old, self.new);
        // Both contracts are checked, so both types are there.
        let _ = old.graph().with(was, |was_view, was| {
            new.graph().with(is, |is_view, is| {
                self.compare(path, (was_view, was), (is_view, is));
            })
        });
    }

    fn compare(&mut self, path: &str, was: (View<'_>, Id), is: (View<'_>, Id)) {
        let ((was_view, was), (is_view, is)) = (was, is);
        // What stands in several places is listed at the first one. It also keeps the time in
        // bounds.
        if self.changes.len() >= CHANGES_MAX || !self.compared.insert((was, is)) {
            return;
        }
        match (was_view.node(was), is_view.node(is)) {
            (Node::Scalar(a), Node::Scalar(b)) => {
                if a != b {
                    self.change(true, path, "is of another type");
                }
            }
            (Node::Struct(a), Node::Struct(b)) => {
                let (a, b) = (was_view.fields(a), is_view.fields(b));
                for (at, (name, was)) in a.iter().enumerate() {
                    let path = format!("{path}.{}", quote(name));
                    match b.get(at) {
                        None => self.change(true, path, "is gone"),
                        Some((now, is)) => {
                            if now != name {
                                self.change(true, &path, format!("is called {} now", quote(now)));
                            }
                            self.compare(&path, (was_view, *was), (is_view, *is));
                        }
                    }
                }
                for (name, id) in b.iter().skip(a.len()) {
                    let is_open = matches!(is_view.node(*id), Node::Extension(_));
                    self.change(!is_open, format!("{path}.{}", quote(name)), "is new");
                }
            }
            (Node::Variant(a), Node::Variant(b)) => {
                for (at, (name, was)) in a.iter().enumerate() {
                    let path = format!("{path}.{}", quote(name));
                    match b.get(at) {
                        None => self.change(true, path, "is gone"),
                        Some((now, is)) => {
                            if now != name {
                                self.change(true, &path, format!("is called {} now", quote(now)));
                            }
                            self.compare(&path, (was_view, *was), (is_view, *is));
                        }
                    }
                }
                for (name, _) in b.iter().skip(a.len()) {
                    self.change(false, format!("{path}.{}", quote(name)), "is new");
                }
            }
            (Node::Fixed(a, x), Node::Fixed(b, y)) if x == y => {
                self.compare(&format!("{path}[]"), (was_view, *a), (is_view, *b));
            }
            (Node::Array(a), Node::Array(b)) => {
                self.compare(&format!("{path}[]"), (was_view, *a), (is_view, *b));
            }
            (Node::Optional(a), Node::Optional(b)) | (Node::Extension(a), Node::Extension(b)) => {
                self.compare(path, (was_view, *a), (is_view, *b));
            }
            _ => self.change(true, path, "is of another type"),
        }
    }
}
