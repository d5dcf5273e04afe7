//! A flame graph as SVG, by the crate inferno from folded stacks: as wide as what was spent.

use super::graph::{Graph, Walk};
use bridge::profile::Spent;
use inferno::flamegraph::{self, Options};

/// The most nodes that are drawn; what is below the others is drawn as their own.
const DRAWN_MAX: usize = 10_000;
/// The most functions above each other.
const DEPTH_MAX: usize = 200;
/// The most letters of a name.
const NAME_MAX: usize = 100;

/// The flame graph of a call, in machine cycles or, of WebAssembly, in gas.
///
/// # Errors
/// None but those of inferno on stacks that are none.
pub(super) fn flame(graph: &Graph<'_>, title: &str, on_8051: bool) -> Result<Vec<u8>, String> {
    let unit = |spent: Spent| if on_8051 { spent.cycles.0 } else { spent.gas.0 };
    let lines = folded(graph, unit);
    let mut options = Options::default();
    options.title = title.to_owned();
    options.count_name = if on_8051 { "machine cycles" } else { "gas" }.into();
    options.deterministic = true;
    options.pretty_xml = true;
    let mut svg = Vec::new();
    let lines = lines.iter().map(String::as_str);
    flamegraph::from_lines(&mut options, lines, &mut svg).map_err(|error| error.to_string())?;
    Ok(svg)
}

/// The stacks, each as a line with what its newest function spent itself.
fn folded(graph: &Graph<'_>, unit: impl Fn(Spent) -> u64) -> Vec<String> {
    let mut largest: Vec<usize> = (0..graph.nodes.len()).collect();
    // Of equal ones the caller comes first, so that who is drawn stands on who is.
    largest.sort_by_key(|at| (u64::MAX - unit(graph.all[*at]), *at));
    let mut drawn = vec![false; graph.nodes.len()];
    for at in largest.into_iter().take(DRAWN_MAX) {
        drawn[at] = true;
    }
    let mut lines = Vec::new();
    let mut stack: Vec<String> = Vec::new();
    // Below a node that is drawn no more, how deep that is.
    let mut hidden = 0;
    for step in graph.walk() {
        match step {
            Walk::Leave(_) if hidden > 0 => hidden -= 1,
            Walk::Leave(_) => _ = stack.pop(),
            Walk::Enter(_) if hidden > 0 => hidden += 1,
            Walk::Enter(at) if !drawn[at] || stack.len() >= DEPTH_MAX => hidden = 1,
            Walk::Enter(at) => {
                let node = graph.nodes[at];
                stack.push(frame(&graph.place(node.function).name));
                let deepest = stack.len() >= DEPTH_MAX;
                let below = graph.children[at].iter();
                let below = below.filter(|child| deepest || !drawn[**child]);
                let own = below.map(|child| unit(graph.all[*child])).sum::<u64>() + unit(node.own);
                if own > 0 {
                    lines.push(format!("{} {own}", stack.join(";")));
                }
            }
        }
    }
    lines
}

/// A name in which nothing parts functions.
fn frame(name: &str) -> String {
    let plain = |letter: char| match letter {
        ';' => ':',
        letter if letter.is_control() => '?',
        letter => letter,
    };
    name.chars().take(NAME_MAX).map(plain).collect()
}
