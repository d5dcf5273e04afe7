//! The types of a contract, resolved: a list of nodes in which each stands behind those that it is
//! made of.

use crate::DEPTH_MAX;
use crate::error::{Error, Problem, quote};
use crate::scalar::{SCALARS, Scalar};
use crate::schema::Contract;
use std::collections::{BTreeMap, BTreeSet};

/// The number of a node.
pub(crate) type Id = usize;

/// The most errors that are looked for.
pub(crate) const ERRORS_MAX: usize = 100;
/// The most elements of an array of fixed length.
const FIXED_MAX: u32 = 65_536;

/// A type.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    Scalar(Scalar),
    Struct(Struct),
    /// One of several types, each with its name.
    Variant(Vec<(String, Id)>),
    Array(Id),
    Fixed(Id, usize),
    Optional(Id),
    /// A field at the end of a value that may be left out.
    Extension(Id),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Struct {
    /// The struct whose fields come first.
    pub(crate) base: Option<Id>,
    pub(crate) fields: Vec<(String, Id)>,
    /// The struct is a registered id, which has a short form.
    pub(crate) is_regid: bool,
}

/// What is known of a type's values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// How deep they are.
    depth: usize,
    /// The fewest bytes that one has.
    pub(crate) least: usize,
    /// Its bytes, if all have the same number.
    pub(crate) fixed: Option<usize>,
}

/// All types of a contract.
#[derive(Clone, Debug)]
pub(crate) struct Graph {
    nodes: Vec<Node>,
    sizes: Vec<Size>,
    /// The types that have names, those built in too.
    named: BTreeMap<String, Id>,
}

/// A graph with some types more, made of its own for one use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'g> {
    graph: &'g Graph,
    more: &'g [(Node, Size)],
}

impl<'g> View<'g> {
    pub(crate) fn node(&self, id: Id) -> &'g Node {
        match self.graph.nodes.get(id) {
            Some(node) => node,
            None => &self.more[id - self.graph.nodes.len()].0,
        }
    }

    pub(crate) fn size(&self, id: Id) -> Size {
        match self.graph.sizes.get(id) {
            Some(size) => *size,
            None => self.more[id - self.graph.nodes.len()].1,
        }
    }

    /// The struct of a node.
    pub(crate) fn structure(&self, id: Id) -> Option<&'g Struct> {
        match self.node(id) {
            Node::Struct(structure) => Some(structure),
            _ => None,
        }
    }

    /// The fields of a struct, those of its bases first.
    pub(crate) fn fields(&self, structure: &'g Struct) -> Vec<&'g (String, Id)> {
        let mut chain = vec![structure];
        while let Some(base) = chain[chain.len() - 1]
            .base
            .and_then(|id| self.structure(id))
        {
            chain.push(base);
        }
        let fields = chain.iter().rev().flat_map(|part| &part.fields);
        fields.collect()
    }
}

/// What may follow the name of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Suffix {
    Array,
    Fixed(usize),
    Optional,
    Extension,
}

/// A type's name and its suffixes, the outermost first.
fn suffixes(text: &str) -> Result<(&str, Vec<Suffix>), Problem> {
    let wrong = |reason| Problem::Suffix {
        type_name: quote(text),
        reason,
    };
    let mut rest = text;
    let mut found = Vec::new();
    loop {
        let (before, suffix) = if let Some(before) = rest.strip_suffix("[]") {
            (before, Suffix::Array)
        } else if let Some(before) = rest.strip_suffix('?') {
            (before, Suffix::Optional)
        } else if let Some(before) = rest.strip_suffix('$') {
            (before, Suffix::Extension)
        } else if let Some(within) = rest.strip_suffix(']') {
            let Some((before, count)) = within.rsplit_once('[') else {
                return Err(wrong("`]` without `[`"));
            };
            let digits = count.bytes().all(|byte| byte.is_ascii_digit());
            let count = count
                .parse()
                .ok()
                .filter(|_| digits && !count.starts_with('0'));
            match count.filter(|&count: &u32| count <= FIXED_MAX) {
                Some(count) => (before, Suffix::Fixed(count as usize)),
                None => return Err(wrong("an array has 1 to 65536 elements")),
            }
        } else {
            return Ok((rest, found));
        };
        if suffix == Suffix::Extension && !found.is_empty() {
            return Err(wrong("`$` is the last suffix"));
        }
        found.push(suffix);
        if found.len() > DEPTH_MAX {
            return Err(Problem::TooDeep(quote(text)));
        }
        rest = before;
    }
}

/// Whether a text can be the name of a type.
pub(crate) fn is_type_name(text: &str) -> bool {
    !text.is_empty() && !text.contains(['[', ']', '?', '$']) && !text.contains(char::is_whitespace)
}

impl Graph {
    /// The types of a contract. All errors are found, up to [`ERRORS_MAX`].
    pub(crate) fn new(contract: &Contract, errors: &mut Vec<Error>) -> Graph {
        let mut builder = Builder::new(contract, errors);
        builder.resolve_all();
        builder.graph
    }

    /// The graph and nothing more.
    pub(crate) fn view(&self) -> View<'_> {
        View {
            graph: self,
            more: &[],
        }
    }

    /// The type of a name, without suffixes.
    pub(crate) fn named(&self, name: &str) -> Option<Id> {
        self.named.get(name).copied()
    }

    /// Does something with the type of a text, which may have suffixes that no other type has.
    pub(crate) fn with<R>(
        &self,
        text: &str,
        act: impl FnOnce(View<'_>, Id) -> R,
    ) -> Result<R, Problem> {
        if let Some(id) = self.named(text) {
            return Ok(act(self.view(), id));
        }
        let (name, suffixes) = suffixes(text)?;
        let inner = self.named(name);
        let inner = inner.ok_or_else(|| Problem::UnknownType(quote(name)))?;
        let mut more = Vec::new();
        let mut id = inner;
        for suffix in suffixes.into_iter().rev() {
            let view = View {
                graph: self,
                more: &more,
            };
            let (node, size) = wrapped(view, id, suffix, text)?;
            more.push((node, size));
            id = self.nodes.len() + more.len() - 1;
        }
        let view = View {
            graph: self,
            more: &more,
        };
        Ok(act(view, id))
    }
}

/// A type with a suffix.
fn wrapped(view: View<'_>, inner: Id, suffix: Suffix, text: &str) -> Result<(Node, Size), Problem> {
    let Size {
        depth,
        least,
        fixed,
    } = view.size(inner);
    let depth = depth + 1;
    if depth > DEPTH_MAX {
        return Err(Problem::TooDeep(quote(text)));
    }
    let size = |least, fixed| Size {
        depth,
        least,
        fixed,
    };
    Ok(match suffix {
        Suffix::Array => (Node::Array(inner), size(1, None)),
        Suffix::Fixed(count) => {
            let all = |bytes: usize| bytes.saturating_mul(count);
            (Node::Fixed(inner, count), size(all(least), fixed.map(all)))
        }
        Suffix::Optional if matches!(view.node(inner), Node::Optional(_)) => {
            return Err(Problem::Suffix {
                type_name: quote(text),
                reason: "`?` of what is optional already",
            });
        }
        Suffix::Optional => (Node::Optional(inner), size(1, None)),
        Suffix::Extension => (Node::Extension(inner), size(0, None)),
    })
}

/// How far the type of a name is resolved.
#[derive(Clone, Copy, Debug)]
enum State {
    Begun,
    Done(Id),
    Failed,
}

#[derive(Clone, Copy, Debug)]
enum Definition {
    Alias(usize),
    Struct(usize),
    Variant(usize),
}

struct Builder<'c, 'e> {
    contract: &'c Contract,
    errors: &'e mut Vec<Error>,
    definitions: BTreeMap<&'c str, Definition>,
    states: BTreeMap<&'c str, State>,
    graph: Graph,
}

impl<'c, 'e> Builder<'c, 'e> {
    fn new(contract: &'c Contract, errors: &'e mut Vec<Error>) -> Builder<'c, 'e> {
        let mut graph = Graph {
            nodes: Vec::new(),
            sizes: Vec::new(),
            named: BTreeMap::new(),
        };
        for (name, scalar, least, is_fixed) in SCALARS {
            graph.named.insert(name.into(), graph.nodes.len());
            graph.nodes.push(Node::Scalar(scalar));
            graph.sizes.push(Size {
                depth: 1,
                least,
                fixed: is_fixed.then_some(least),
            });
        }
        let mut builder = Builder {
            contract,
            errors,
            definitions: BTreeMap::new(),
            states: BTreeMap::new(),
            graph,
        };
        let (asset, name) = (builder.graph.named["asset"], builder.graph.named["name"]);
        let fields = vec![("quantity".into(), asset), ("contract".into(), name)];
        let extended = builder.structure(Struct {
            fields,
            ..Struct::default()
        });
        builder
            .graph
            .named
            .insert("extended_asset".into(), extended);
        builder
    }

    fn fail(&mut self, path: String, problem: Problem) {
        if self.errors.len() < ERRORS_MAX {
            self.errors.push(Error { path, problem });
        }
    }

    /// Resolves all types. The order does not matter, but it decides which errors are found first.
    fn resolve_all(&mut self) {
        let contract = self.contract;
        let aliases = contract.types.iter().enumerate();
        let aliases = aliases.map(|(at, def)| (&def.new_type_name, Definition::Alias(at), "types"));
        let structs = contract.structs.iter().enumerate();
        let structs = structs.map(|(at, def)| (&def.name, Definition::Struct(at), "structs"));
        let variants = contract.variants.iter().enumerate();
        let variants = variants.map(|(at, def)| (&def.name, Definition::Variant(at), "variants"));
        let mut lower: BTreeMap<String, &str> = BTreeMap::new();
        let mut names = Vec::new();
        for (name, definition, list) in aliases.chain(structs).chain(variants) {
            let path = || format!("{list}.{}", quote(name));
            if !is_type_name(name) {
                let problem = Problem::BadName {
                    name: quote(name),
                    what: "name of a type: it is not empty and has no space, `[`, `]`, `?` and `$`",
                };
                self.fail(path(), problem);
            } else if self.graph.named.contains_key(name) {
                self.fail(path(), Problem::BuiltIn(quote(name)));
            } else if self.definitions.contains_key(name.as_str()) {
                self.fail(path(), Problem::Twice(quote(name)));
            } else {
                if let Some(other) = lower.insert(name.to_ascii_lowercase(), name) {
                    self.fail(path(), Problem::CaseOnly(quote(other), quote(name)));
                }
                self.definitions.insert(name, definition);
                names.push(name);
            }
        }
        for name in names {
            self.named(name, String::new, 1);
        }
    }

    /// The node of a type's name. An error that was found before is not said again: then there is
    /// none.
    fn named(&mut self, name: &'c str, path: impl Fn() -> String, level: usize) -> Option<Id> {
        match self.states.get(name) {
            Some(State::Done(id)) => return Some(*id),
            Some(State::Failed) => return None,
            Some(State::Begun) => {
                self.fail(path(), Problem::Recursive(quote(name)));
                return None;
            }
            None => {}
        }
        let Some(&definition) = self.definitions.get(name) else {
            let built_in = self.graph.named(name);
            if built_in.is_none() {
                self.fail(path(), Problem::UnknownType(quote(name)));
            }
            return built_in;
        };
        if level > DEPTH_MAX {
            self.fail(path(), Problem::TooDeep(quote(name)));
            return None;
        }
        self.states.insert(name, State::Begun);
        let id = match definition {
            Definition::Alias(at) => self.alias(at, level),
            Definition::Struct(at) => self.one_struct(at, level),
            Definition::Variant(at) => self.variant(at, level),
        };
        self.states
            .insert(name, id.map_or(State::Failed, State::Done));
        if let Some(id) = id {
            self.graph.named.insert(name.into(), id);
        }
        id
    }

    /// The node of a type with suffixes.
    fn typed(
        &mut self,
        text: &'c str,
        extension_allowed: bool,
        path: impl Fn() -> String,
        level: usize,
    ) -> Option<Id> {
        let (name, suffixes) = match suffixes(text) {
            Ok(parts) => parts,
            Err(problem) => {
                self.fail(path(), problem);
                return None;
            }
        };
        if suffixes.first() == Some(&Suffix::Extension) && !extension_allowed {
            let problem = Problem::Suffix {
                type_name: quote(text),
                reason: "`$` belongs to the last fields of a struct",
            };
            self.fail(path(), problem);
            return None;
        }
        let mut id = self.named(name, &path, level)?;
        for suffix in suffixes.into_iter().rev() {
            match wrapped(self.graph.view(), id, suffix, text) {
                Ok((node, size)) => id = self.add(node, size),
                Err(problem) => {
                    self.fail(path(), problem);
                    return None;
                }
            }
        }
        Some(id)
    }

    fn alias(&mut self, at: usize, level: usize) -> Option<Id> {
        let def = &self.contract.types[at];
        let path = || format!("types.{}", quote(&def.new_type_name));
        if def.new_type_name == "address" && def.r#type == "checksum160" {
            let size = self.graph.sizes[self.graph.named["checksum160"]];
            return Some(self.add(Node::Scalar(Scalar::Address), size));
        }
        self.typed(&def.r#type, false, path, level + 1)
    }

    fn one_struct(&mut self, at: usize, level: usize) -> Option<Id> {
        let def = &self.contract.structs[at];
        let path = || format!("structs.{}", quote(&def.name));
        let base = match def.base.as_str() {
            "" => None,
            base => Some(self.base(base, path, level)?),
        };
        let mut fields = Vec::new();
        // All fields are looked at, so that all errors are found.
        let mut whole = true;
        for field in &def.fields {
            let path = || format!("{}.{}", path(), quote(&field.name));
            match self.typed(&field.r#type, true, path, level + 1) {
                Some(id) => fields.push((field.name.clone(), id)),
                None => whole = false,
            }
        }
        if !whole {
            return None;
        }
        let structure = Struct {
            base,
            fields,
            is_regid: def.is_regid(),
        };
        let id = self.structure(structure);
        if self.graph.sizes[id].depth > DEPTH_MAX {
            self.fail(path(), Problem::TooDeep(quote(&def.name)));
            return None;
        }
        Some(id)
    }

    fn base(&mut self, base: &'c str, path: impl Fn() -> String, level: usize) -> Option<Id> {
        if matches!(self.states.get(base), Some(State::Begun)) {
            self.fail(path(), Problem::BaseCycle(quote(base)));
            return None;
        }
        let id = self.named(base, &path, level + 1)?;
        match self.graph.nodes[id] {
            Node::Struct(_) => Some(id),
            _ => {
                self.fail(path(), Problem::BaseNoStruct(quote(base)));
                None
            }
        }
    }

    fn variant(&mut self, at: usize, level: usize) -> Option<Id> {
        let def = &self.contract.variants[at];
        let path = || format!("variants.{}", quote(&def.name));
        let mut types = Vec::new();
        let mut known = BTreeSet::new();
        for of in &def.types {
            if !known.insert(of) {
                // In JSON its name says which one is meant.
                self.fail(path(), Problem::Twice(quote(of)));
                return None;
            }
            types.push((of.clone(), self.typed(of, false, path, level + 1)?));
        }
        if types.is_empty() {
            let rule = "a variant is of one type at least";
            self.fail(path(), Problem::Rule(rule.into()));
            return None;
        }
        let sizes = types.iter().map(|&(_, id)| self.graph.sizes[id]);
        let size = Size {
            depth: 1 + sizes.clone().map(|size| size.depth).max().unwrap_or(0),
            least: sizes
                .map(|size| size.least)
                .min()
                .unwrap_or(0)
                .saturating_add(1),
            fixed: None,
        };
        if size.depth > DEPTH_MAX {
            self.fail(path(), Problem::TooDeep(quote(&def.name)));
            return None;
        }
        Some(self.add(Node::Variant(types), size))
    }

    fn structure(&mut self, structure: Struct) -> Id {
        let parts = structure.fields.iter().map(|&(_, id)| id);
        let parts = structure.base.into_iter().chain(parts);
        let mut all = Size {
            depth: 1,
            least: 0,
            fixed: Some(0),
        };
        for size in parts.map(|id| self.graph.sizes[id]) {
            all.depth = all.depth.max(size.depth + 1);
            all.least = all.least.saturating_add(size.least);
            all.fixed = all.fixed.zip(size.fixed).map(|(a, b)| a.saturating_add(b));
        }
        self.add(Node::Struct(structure), all)
    }

    fn add(&mut self, node: Node, size: Size) -> Id {
        self.graph.nodes.push(node);
        self.graph.sizes.push(size);
        self.graph.nodes.len() - 1
    }
}
