//! The format of callgrind, which `callgrind_annotate` and KCachegrind read: costs by line, and calls.
//!
//! It is that of the appendix "Callgrind Format Specification" of valgrind's manual. What a function spent itself
//! stands at the lines of its instructions; a call has what the callee spent with all below it, once where it is under
//! way already. Of WebAssembly gas alone is known, and no lines.

use super::graph::{Graph, UNKNOWN, Walk};
use bridge::profile::{Function, Spent};
use std::collections::BTreeMap;
use std::fmt::Write;

/// A line of a source.
type Line = (String, u32);

/// What a function spent at its lines, and whom it called from them.
#[derive(Default)]
struct Costs {
    lines: BTreeMap<Line, Spent>,
    calls: BTreeMap<(Line, Function), (u64, Spent)>,
}

/// The profile of a call; `command` is how it was made.
pub(super) fn callgrind(graph: &Graph<'_>, command: &str, on_8051: bool) -> String {
    let mut text = String::from("# callgrind format\nversion: 1\n");
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "creator: smart51 {}\ncmd: {}\npositions: line\nevents: {}\nsummary: {}\n",
        env!("CARGO_PKG_VERSION"),
        plain(command),
        if on_8051 {
            "Cycles Instructions Gas"
        } else {
            "Gas"
        },
        events(graph.total(), on_8051)
    );
    for (function, costs) in costs(graph) {
        let place = graph.place(function);
        let _ = write!(
            text,
            "\nfl={}\nfn={}\n",
            plain(&place.file),
            plain(&place.name)
        );
        let mut file = &place.file;
        for ((source, line), spent) in &costs.lines {
            if source != file {
                let _ = writeln!(text, "fi={}", plain(source));
                file = source;
            }
            let _ = writeln!(text, "{line} {}", events(*spent, on_8051));
        }
        for (((source, line), callee), (calls, spent)) in &costs.calls {
            if source != file {
                let _ = writeln!(text, "fi={}", plain(source));
                file = source;
            }
            let callee = graph.place(*callee);
            let _ = write!(
                text,
                "cfi={}\ncfn={}\ncalls={calls} {}\n{line} {}\n",
                plain(&callee.file),
                plain(&callee.name),
                callee.line,
                events(*spent, on_8051)
            );
        }
    }
    text
}

/// The costs of each function.
fn costs(graph: &Graph<'_>) -> BTreeMap<Function, Costs> {
    let functions = graph.functions();
    let mut costs: BTreeMap<Function, Costs> = functions
        .map(|function| (function, Costs::default()))
        .collect();
    let mut rest: BTreeMap<Function, Spent> = BTreeMap::new();
    for node in &graph.nodes {
        let own = rest.entry(node.function).or_default();
        *own = own.and(node.own);
    }
    for count in graph.profile.counts() {
        let spent = Spent {
            cycles: count.cycles,
            instructions: count.instructions,
            gas: abi::Gas(graph.profile.gas_of(count.cycles.0, count.instructions.0)),
        };
        let line = line(graph, count.function, Some(count.at));
        let of_function = costs.entry(count.function).or_default();
        let at_line = of_function.lines.entry(line).or_default();
        *at_line = at_line.and(spent);
        let own = rest.entry(count.function).or_default();
        *own = own.less(spent);
    }
    // What no instruction spent: the price of a method, or all of it where instructions are not counted.
    for (function, spent) in rest {
        if spent != Spent::default() {
            let place = graph.place(function);
            let line = (place.file.clone(), place.line);
            let of_function = costs.entry(function).or_default();
            let at_line = of_function.lines.entry(line).or_default();
            *at_line = at_line.and(spent);
        }
    }
    let mut under_way: BTreeMap<(Function, Function), u32> = BTreeMap::new();
    for step in graph.walk() {
        let (Walk::Enter(at) | Walk::Leave(at)) = step;
        let node = graph.nodes[at];
        let Some(caller) = node.parent.map(|parent| graph.nodes[parent].function) else {
            continue;
        };
        let arc = under_way.entry((caller, node.function)).or_default();
        if let Walk::Leave(_) = step {
            *arc -= 1;
            continue;
        }
        let counted = if *arc == 0 {
            graph.all[at]
        } else {
            Spent::default()
        };
        *arc += 1;
        let line = line(graph, caller, node.site);
        let of_caller = costs.entry(caller).or_default();
        let call = of_caller.calls.entry((line, node.function)).or_default();
        *call = (call.0 + node.calls, call.1.and(counted));
    }
    costs
}

/// The line of an instruction of a function; the function's first one where it has no line.
fn line(graph: &Graph<'_>, function: Function, at: Option<u16>) -> Line {
    let start = graph.place(function);
    if let (Function::Code(image, _), Some(at)) = (function, at) {
        let place = graph.names.place(graph.profile, image, at);
        if let (Some(file), Some(line)) = (place.file, place.line) {
            return (file, line);
        }
        if start.file != UNKNOWN {
            return (start.file.clone(), 0);
        }
    }
    (start.file.clone(), start.line)
}

fn events(spent: Spent, on_8051: bool) -> String {
    let Spent {
        cycles,
        instructions,
        gas,
    } = spent;
    if on_8051 {
        format!("{} {} {}", cycles.0, instructions.0, gas.0)
    } else {
        gas.0.to_string()
    }
}

/// A name that ends no line and is no reference to another: those are in parentheses.
fn plain(name: &str) -> String {
    let name = name.replace(char::is_control, "?");
    match name.strip_prefix('(') {
        Some(rest) => format!("[{rest}"),
        None => name,
    }
}
