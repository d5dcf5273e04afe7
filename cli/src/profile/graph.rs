//! A profile as the writers of files need it: named functions, and the tree in the order of a walk.

use super::Names;
use bridge::Profile;
use bridge::profile::{Function, Node, Spent};
use std::collections::BTreeMap;

/// A function's name, and where it begins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) name: String,
    /// The source, or what stands for it.
    pub(super) file: String,
    /// Its first line, or 0.
    pub(super) line: u32,
}

/// The file of what is no function of a contract.
const HOST: &str = "host";
/// That of a function whose source is not known, as the tools of valgrind write it.
pub(super) const UNKNOWN: &str = "???";

/// The named functions of a profile, and its tree.
pub(super) struct Graph<'a> {
    pub(super) profile: &'a Profile,
    pub(super) names: &'a Names,
    pub(super) nodes: Vec<Node>,
    /// What each node spent with all below it.
    pub(super) all: Vec<Spent>,
    /// The children of each node, in order of the first call.
    pub(super) children: Vec<Vec<usize>>,
    places: BTreeMap<Function, Place>,
}

/// A step of a walk through the tree.
#[derive(Clone, Copy, Debug)]
pub(super) enum Walk {
    Enter(usize),
    Leave(usize),
}

impl<'a> Graph<'a> {
    pub(super) fn of(profile: &'a Profile, names: &'a Names) -> Graph<'a> {
        let nodes: Vec<Node> = profile.nodes().collect();
        let mut all: Vec<Spent> = nodes.iter().map(|node| node.own).collect();
        let mut children = vec![Vec::new(); nodes.len()];
        for at in (1..nodes.len()).rev() {
            if let Some(parent) = nodes[at].parent {
                all[parent] = all[parent].and(all[at]);
                children[parent].push(at);
            }
        }
        children.iter_mut().for_each(|below| below.reverse());
        let functions = nodes.iter().map(|node| node.function);
        let places = functions
            .map(|function| (function, place(profile, names, function)))
            .collect();
        Graph {
            profile,
            names,
            nodes,
            all,
            children,
            places,
        }
    }

    /// The place of a function of the tree.
    pub(super) fn place(&self, function: Function) -> &Place {
        &self.places[&function]
    }

    /// The functions of the tree.
    pub(super) fn functions(&self) -> impl Iterator<Item = Function> {
        self.places.keys().copied()
    }

    /// The tree from its root, each node entered before what it called and left after it.
    pub(super) fn walk(&self) -> impl Iterator<Item = Walk> {
        let mut next = vec![Walk::Enter(0)];
        std::iter::from_fn(move || {
            let step = next.pop()?;
            if let Walk::Enter(at) = step {
                next.push(Walk::Leave(at));
                let children = self.children[at].iter().rev();
                next.extend(children.map(|child| Walk::Enter(*child)));
            }
            Some(step)
        })
    }

    /// What the call as a whole spent.
    pub(super) fn total(&self) -> Spent {
        self.all.first().copied().unwrap_or_default()
    }
}

fn place(profile: &Profile, names: &Names, function: Function) -> Place {
    let name = names.name(profile, function);
    let (file, line) = match function {
        Function::Code(image, at) => {
            let place = names.place(profile, image, at);
            let file = place.file.unwrap_or_else(|| UNKNOWN.into());
            (file, place.line.unwrap_or(0))
        }
        Function::Wasm(..) => (UNKNOWN.into(), 0),
        Function::Call | Function::Transaction | Function::Entry | Function::Host(_) => {
            (HOST.into(), 0)
        }
    };
    Place { name, file, line }
}
