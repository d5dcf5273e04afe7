//! The tree of functions of a call, as `--trace calls` shows it.

use super::Names;
use crate::text::{Page, Text, say};
use bridge::Profile;
use bridge::profile::{Function, Node, Spent};
use serde::Serialize;
use std::collections::BTreeMap;

/// The most functions of a tree that are shown as text.
const LINES_MAX: usize = 1_000;
/// Deeper functions are not moved to the right any more.
const INDENT_MAX: usize = 40;

/// The tree of functions, each by its path: which instruction called it makes no difference here.
#[derive(Debug, Serialize)]
pub(crate) struct FunctionTree {
    /// In order of the first call, each behind its caller; the first is the call as a whole.
    functions: Vec<Row>,
    /// The calls that count as part of their caller, because they were too many to be told apart.
    merged_calls: u64,
    #[serde(skip)]
    children: Vec<Vec<usize>>,
}

/// A function as one path of calls reached it. What an engine does not count is null.
#[derive(Debug, Serialize)]
struct Row {
    function: String,
    /// The number of its caller, from 0.
    parent: Option<usize>,
    calls: u64,
    /// With all that it called.
    machine_cycles: Option<u64>,
    own_machine_cycles: Option<u64>,
    instructions: Option<u64>,
    own_instructions: Option<u64>,
    gas: u64,
    own_gas: u64,
}

/// A node of the tree, its calls from different places together.
struct Path {
    parent: Option<usize>,
    function: Function,
    calls: u64,
    own: Spent,
    all: Spent,
}

impl FunctionTree {
    /// That of a profile; `on_8051` is whether machine cycles and instructions are counted.
    pub(crate) fn of(profile: &Profile, names: &Names, on_8051: bool) -> FunctionTree {
        let paths = paths(profile.nodes());
        let mut children = vec![Vec::new(); paths.len()];
        for (at, path) in paths.iter().enumerate() {
            if let Some(parent) = path.parent {
                children[parent].push(at);
            }
        }
        let counted = |count: u64| on_8051.then_some(count);
        let row = |path: &Path| Row {
            function: names.name(profile, path.function),
            parent: path.parent,
            calls: path.calls,
            machine_cycles: counted(path.all.cycles.0),
            own_machine_cycles: counted(path.own.cycles.0),
            instructions: counted(path.all.instructions.0),
            own_instructions: counted(path.own.instructions.0),
            gas: path.all.gas.0,
            own_gas: path.own.gas.0,
        };
        FunctionTree {
            functions: paths.iter().map(row).collect(),
            merged_calls: profile.merged(),
            children,
        }
    }
}

/// The nodes by path of functions, in their order.
fn paths(nodes: impl Iterator<Item = Node>) -> Vec<Path> {
    let mut paths: Vec<Path> = Vec::new();
    let mut known: BTreeMap<(Option<usize>, Function), usize> = BTreeMap::new();
    let mut at = Vec::new();
    for node in nodes {
        let parent = node.parent.and_then(|parent| at.get(parent).copied());
        let path = *known.entry((parent, node.function)).or_insert_with(|| {
            paths.push(Path {
                parent,
                function: node.function,
                calls: 0,
                own: Spent::default(),
                all: Spent::default(),
            });
            paths.len() - 1
        });
        at.push(path);
        paths[path].calls += node.calls;
        paths[path].own = paths[path].own.and(node.own);
    }
    for at in (0..paths.len()).rev() {
        let all = paths[at].all.and(paths[at].own);
        paths[at].all = all;
        if let Some(parent) = paths[at].parent {
            paths[parent].all = paths[parent].all.and(all);
        }
    }
    paths
}

impl Text for FunctionTree {
    fn text(&self, page: &mut Page) {
        let on_8051 = self
            .functions
            .iter()
            .any(|row| row.machine_cycles.is_some());
        match on_8051 {
            true => say!(
                page,
                "{:>12} {:>12} {:>12} {:>12} {:>9}  function",
                "cycles",
                "own",
                "gas",
                "own",
                "calls"
            ),
            false => say!(page, "{:>12} {:>12} {:>9}  function", "gas", "own", "calls"),
        }
        let mut lines = 0;
        let mut next = vec![(0, 0)];
        while let Some((at, depth)) = next.pop() {
            let Some(row) = self.functions.get(at) else {
                continue;
            };
            lines += 1;
            if lines > LINES_MAX {
                break;
            }
            let indent = 2 * depth.min(INDENT_MAX);
            let name = format!("{:indent$}{}", "", row.function);
            let (gas, own_gas, calls) = (row.gas, row.own_gas, row.calls);
            match (row.machine_cycles, row.own_machine_cycles) {
                (Some(cycles), Some(own)) => say!(
                    page,
                    "{cycles:>12} {own:>12} {gas:>12} {own_gas:>12} {calls:>9}  {name}"
                ),
                _ => say!(page, "{gas:>12} {own_gas:>12} {calls:>9}  {name}"),
            }
            let children = self.children.get(at).into_iter().flatten().rev();
            next.extend(children.map(|child| (*child, depth + 1)));
        }
        let left_out = self.functions.len().saturating_sub(LINES_MAX);
        if left_out > 0 {
            say!(page, "and {left_out} more, which --json has");
        }
        if self.merged_calls > 0 {
            say!(
                page,
                "{} calls count as part of their callers: no more than {} paths are told apart",
                self.merged_calls,
                bridge::profile::NODES_MAX
            );
        }
    }
}
