//! The format of speedscope, <https://www.speedscope.app/file-format-schema.json>: one profile of events for each unit.

use super::graph::{Graph, UNKNOWN, Walk};
use bridge::profile::{Function, Spent};
use serde::Serialize;
use std::collections::BTreeMap;

/// The file.
#[derive(Serialize)]
struct File {
    #[serde(rename = "$schema")]
    schema: &'static str,
    exporter: String,
    name: String,
    #[serde(rename = "activeProfileIndex")]
    active: usize,
    shared: Shared,
    profiles: Vec<Evented>,
}

#[derive(Serialize)]
struct Shared {
    frames: Vec<Frame>,
}

#[derive(Serialize)]
struct Frame {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
}

#[derive(Serialize)]
struct Evented {
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'static str,
    unit: &'static str,
    #[serde(rename = "startValue")]
    start: u64,
    #[serde(rename = "endValue")]
    end: u64,
    events: Vec<Event>,
}

/// A function is opened or closed.
#[derive(Serialize)]
struct Event {
    #[serde(rename = "type")]
    kind: char,
    frame: usize,
    at: u64,
}

/// The profile of a call, called `name`.
///
/// # Errors
/// None that JSON could have.
pub(super) fn speedscope(
    graph: &Graph<'_>,
    name: &str,
    on_8051: bool,
) -> serde_json::Result<String> {
    let mut frames = Vec::new();
    let mut indices = BTreeMap::new();
    for function in graph.functions() {
        let place = graph.place(function);
        indices.insert(function, frames.len());
        frames.push(Frame {
            name: place.name.clone(),
            file: (place.file != UNKNOWN).then(|| place.file.clone()),
            line: (place.line > 0).then_some(place.line),
        });
    }
    let gas = evented(graph, &indices, "gas", |spent| spent.gas.0);
    let cycles =
        on_8051.then(|| evented(graph, &indices, "machine cycles", |spent| spent.cycles.0));
    let file = File {
        schema: "https://www.speedscope.app/file-format-schema.json",
        exporter: concat!("smart51 ", env!("CARGO_PKG_VERSION")).into(),
        name: name.into(),
        active: 0,
        shared: Shared { frames },
        profiles: cycles.into_iter().chain([gas]).collect(),
    };
    serde_json::to_string(&file)
}

/// The tree as a walk through it: a function spends what is its own before what it calls.
fn evented(
    graph: &Graph<'_>,
    indices: &BTreeMap<Function, usize>,
    name: &'static str,
    unit: impl Fn(Spent) -> u64,
) -> Evented {
    let mut at = 0;
    let mut events = Vec::new();
    for step in graph.walk() {
        let (kind, node) = match step {
            Walk::Enter(node) => ('O', node),
            Walk::Leave(node) => ('C', node),
        };
        let node = graph.nodes[node];
        events.push(Event {
            kind,
            frame: indices[&node.function],
            at,
        });
        if kind == 'O' {
            at += unit(node.own);
        }
    }
    Evented {
        kind: "evented",
        name,
        unit: "none",
        start: 0,
        end: at,
        events,
    }
}
