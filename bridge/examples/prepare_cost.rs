//! What preparing a WebAssembly module costs, over families of modules that each have much of one thing.
use abi::Semantics;
use hostapi::{Answer, HostApi, HostError, NodeError};
use loader::Image;
use smart51_bridge::wasm::{Costs, Limits, meter};
use smart51_bridge::{Call, Engine, Limits as CallLimits, Module as _, Silent, Wasmi};
use std::sync::Arc;
use std::time::Instant;
use wasm_encoder::*;

fn module(
    funcs: u32,
    nlocals: u32,
    ty: (u32, u32),
    body: &dyn Fn(u32) -> Vec<u8>,
    extra: &dyn Fn(&mut Parts),
) -> Vec<u8> {
    let mut p = Parts::default();
    p.types.ty().function([], []);
    p.types.ty().function(
        vec![ValType::I64; ty.0 as usize],
        vec![ValType::I64; ty.1 as usize],
    );
    p.functions.function(0);
    let mut main = Function::new([]);
    main.instructions().end();
    p.code.function(&main);
    for i in 0..funcs {
        p.functions.function(1);
        let mut f = Function::new(if nlocals > 0 {
            vec![(nlocals, ValType::I64)]
        } else {
            vec![]
        });
        f.raw(body(i));
        p.code.function(&f);
    }
    extra(&mut p);
    p.finish()
}

#[derive(Default)]
struct Parts {
    types: TypeSection,
    functions: FunctionSection,
    code: CodeSection,
    tables: TableSection,
    elements: ElementSection,
    globals: GlobalSection,
    data: DataSection,
    exports: ExportSection,
    pages: u64,
}

impl Parts {
    fn finish(mut self) -> Vec<u8> {
        let mut m = Module::new();
        m.section(&self.types);
        m.section(&self.functions);
        if self.tables.len() > 0 {
            m.section(&self.tables);
        }
        let mut mem = MemorySection::new();
        mem.memory(MemoryType {
            minimum: self.pages.max(1),
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        m.section(&mem);
        let buffer = self.globals.len();
        self.globals.global(
            GlobalType {
                val_type: ValType::I32,
                mutable: false,
                shared: false,
            },
            &ConstExpr::i32_const(0),
        );
        m.section(&self.globals);
        self.exports.export("memory", ExportKind::Memory, 0);
        self.exports.export("smart51_main", ExportKind::Func, 0);
        self.exports
            .export("smart51_buffer", ExportKind::Global, buffer);
        m.section(&self.exports);
        if self.elements.len() > 0 {
            m.section(&self.elements);
        }
        m.section(&self.code);
        if self.data.len() > 0 {
            m.section(&self.data);
        }
        m.finish()
    }
}

fn rep(unit: &[u8], n: usize, tail: &[u8]) -> Vec<u8> {
    let mut v = unit.repeat(n);
    v.extend_from_slice(tail);
    v
}

fn main() {
    let none = |_: &mut Parts| {};
    let mut rows: Vec<(String, Vec<u8>)> = Vec::new();
    let sizes = [1usize, 20];
    for n in sizes {
        let one = |unit: &[u8], tail: &[u8]| {
            let b = rep(unit, 50_000 / 20 * n / unit.len(), tail);
            module(1, 2, (0, 0), &|_| b.clone(), &none)
        };
        rows.push((format!("nops {n}"), one(&[0x01], &[0x0b])));
        rows.push((
            format!("i64.const drop {n}"),
            one(&[0x42, 0, 0x1a], &[0x0b]),
        ));
        rows.push((
            format!("local.get drop {n}"),
            one(&[0x20, 0, 0x1a], &[0x0b]),
        ));
        rows.push((
            format!("get get set set {n}"),
            one(&[0x20, 0, 0x20, 1, 0x21, 0, 0x21, 1], &[0x0b]),
        ));
        rows.push((
            format!("get tee drop {n}"),
            one(&[0x20, 0, 0x22, 1, 0x1a], &[0x0b]),
        ));
        rows.push((
            format!("add {n}"),
            one(&[0x20, 0, 0x20, 1, 0x7c, 0x21, 0], &[0x0b]),
        ));
        rows.push((
            format!("add chain {n}"),
            one(&[0x42, 1, 0x42, 2, 0x7c, 0x1a], &[0x0b]),
        ));
        rows.push((format!("eqz chain {n}"), rep_chain(n, &[0x45])));
        rows.push((
            format!("load store {n}"),
            one(&[0x41, 0, 0x41, 0, 0x28, 2, 0, 0x36, 2, 0], &[0x0b]),
        ));
        rows.push((format!("block end {n}"), one(&[0x02, 0x40, 0x0b], &[0x0b])));
        rows.push((format!("loop end {n}"), one(&[0x03, 0x40, 0x0b], &[0x0b])));
        rows.push((
            format!("loop br_if {n}"),
            one(&[0x03, 0x40, 0x20, 0, 0xa7, 0x0d, 0, 0x0b], &[0x0b]),
        ));
        rows.push((
            format!("loop br {n}"),
            one(&[0x03, 0x40, 0x0c, 0, 0x0b], &[0x0b]),
        ));
        rows.push((
            format!("if end {n}"),
            one(&[0x41, 0, 0x04, 0x40, 0x0b], &[0x0b]),
        ));
        rows.push((
            format!("if else end {n}"),
            one(&[0x41, 0, 0x04, 0x40, 0x01, 0x05, 0x0b], &[0x0b]),
        ));
        rows.push((
            format!("get if else end {n}"),
            one(&[0x20, 0, 0xa7, 0x04, 0x40, 0x01, 0x05, 0x0b], &[0x0b]),
        ));
        rows.push((format!("br_if 0 {n}"), one(&[0x41, 0, 0x0d, 0], &[0x0b])));
        rows.push((
            format!("get br_if 0 {n}"),
            one(&[0x20, 0, 0xa7, 0x0d, 0], &[0x0b]),
        ));
        rows.push((
            format!("block br {n}"),
            one(&[0x02, 0x40, 0x0c, 0, 0x0b], &[0x0b]),
        ));
        rows.push((
            format!("block br dead {n}"),
            one(
                &[0x02, 0x40, 0x0c, 0, 0x1a, 0x1a, 0x1a, 0x1a, 0x0b],
                &[0x0b],
            ),
        ));
        rows.push((format!("call {n}"), one(&[0x10, 0], &[0x0b])));
        rows.push((format!("size drop {n}"), one(&[0x3f, 0, 0x1a], &[0x0b])));
        rows.push((
            format!("grow drop {n}"),
            one(&[0x41, 0, 0x40, 0, 0x1a], &[0x0b]),
        ));
        rows.push((
            format!("fill {n}"),
            one(&[0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 0x0b, 0], &[0x0b]),
        ));
        rows.push((
            format!("select {n}"),
            one(&[0x41, 0, 0x41, 0, 0x41, 0, 0x1b, 0x1a], &[0x0b]),
        ));
        rows.push((format!("global.get {n}"), one(&[0x23, 0, 0x1a], &[0x0b])));
        // Values alive: locals pushed, then local set while they lie on the stack.
        rows.push((
            format!("preserve {n}"),
            one(
                &[
                    0x20, 0, 0x20, 0, 0x20, 0, 0x20, 0, 0x20, 0, 0x20, 0, 0x20, 0, 0x20, 0, 0x42,
                    0, 0x21, 0, 0x1a, 0x1a, 0x1a, 0x1a, 0x1a, 0x1a, 0x1a, 0x1a,
                ],
                &[0x0b],
            ),
        ));
        let mut deep = Vec::new();
        for _ in 0..(n * 2) {
            deep.extend([0x20, 0].repeat(250));
            deep.extend([0x42, 0, 0x21, 0].repeat(10));
            deep.extend([0x1a].repeat(250));
        }
        deep.truncate(60_000);
        rows.push((format!("deep operands {n}"), {
            let b = {
                let mut v = Vec::new();
                for _ in 0..n.min(15) {
                    v.extend([0x20, 0].repeat(250));
                    v.extend([0x42, 0, 0x21, 0].repeat(10));
                    v.extend([0x1a].repeat(250));
                }
                v.push(0x0b);
                v
            };
            module(1, 2, (0, 0), &|_| b.clone(), &none)
        }));
        // A block entered with 250 operands on the stack, many times.
        rows.push((format!("blocks over 250 operands {n}"), {
            let mut v = [0x20, 0].repeat(250);
            v.extend([0x02, 0x40, 0x0b].repeat(800 * n));
            v.extend([0x1a].repeat(250));
            v.push(0x0b);
            module(1, 2, (0, 0), &|_| v.clone(), &none)
        }));
        rows.push((format!("ifs over 250 operands {n}"), {
            let mut v = [0x20, 0].repeat(250);
            v.extend([0x20, 0, 0xa7, 0x04, 0x40, 0x05, 0x0b].repeat(400 * n));
            v.extend([0x1a].repeat(250));
            v.push(0x0b);
            module(1, 2, (0, 0), &|_| v.clone(), &none)
        }));
        rows.push((format!("set over 250 operands {n}"), {
            let mut v = [0x20, 0].repeat(250);
            v.extend([0x20, 0, 0x42, 0, 0x21, 0].repeat(20));
            v.extend([0x1a, 0x20, 0, 0x42, 0, 0x21, 0].repeat(400 * n));
            v.extend([0x1a].repeat(1020));
            v.push(0x0b);
            module(1, 2, (0, 0), &|_| v.clone(), &none)
        }));
        rows.push((format!("calls 16 params {n}"), {
            let mut v = Vec::new();
            for _ in 0..18 * n {
                v.extend([0x20, 0].repeat(16));
                v.extend([0x10, 1]);
            }
            v.push(0x0b);
            module(1, 0, (16, 0), &|_| v.clone(), &none)
        }));
        rows.push((format!("unreachable calls 16 params {n}"), {
            let mut v = vec![0x00];
            v.extend([0x10, 1].repeat(1200 * n));
            v.push(0x0b);
            module(1, 0, (16, 0), &|_| v.clone(), &none)
        }));
        rows.push((format!("br_table 1024 {n}"), {
            let mut v = Vec::new();
            for _ in 0..2 * n {
                v.extend([0x02, 0x40, 0x41, 0, 0x0e, 0x80, 0x08]);
                v.extend([0].repeat(1025));
                v.push(0x0b);
            }
            v.push(0x0b);
            module(1, 2, (0, 0), &|_| v.clone(), &none)
        }));
        rows.push((
            format!("br_table 1 {n}"),
            one(&[0x02, 0x40, 0x41, 0, 0x0e, 1, 0, 0, 0x0b], &[0x0b]),
        ));
        rows.push((format!("nested 250 br_table {n}"), {
            let mut v = [0x02, 0x40].repeat(250);
            for _ in 0..2 * n {
                v.extend([0x41, 0, 0x0e, 0x80, 0x08]);
                v.extend((0..1025).map(|i| (i % 127) as u8));
            }
            v.extend([0x0b].repeat(251));
            module(1, 2, (0, 0), &|_| v.clone(), &none)
        }));
        rows.push((format!("nested loops {n}"), {
            let mut v = Vec::new();
            for _ in 0..n.min(60) * 4 {
                v.extend([0x03, 0x40].repeat(250));
                v.extend([0x0b].repeat(250));
            }
            v.push(0x0b);
            module(1, 2, (0, 0), &|_| v.clone(), &none)
        }));
        rows.push((format!("nested loops 10 {n}"), {
            let mut v = Vec::new();
            for _ in 0..n * 80 {
                v.extend([0x03, 0x40].repeat(10));
                v.extend([0x0b].repeat(10));
            }
            v.push(0x0b);
            module(1, 2, (0, 0), &|_| v.clone(), &none)
        }));
        rows.push((format!("nested loops 3 {n}"), {
            let mut v = Vec::new();
            for _ in 0..n * 250 {
                v.extend([0x03, 0x40].repeat(3));
                v.extend([0x0b].repeat(3));
            }
            v.push(0x0b);
            module(1, 2, (0, 0), &|_| v.clone(), &none)
        }));
        rows.push((
            format!("empty functions {n}"),
            module(200 * n as u32, 0, (0, 0), &|_| vec![0x0b], &none),
        ));
        rows.push((
            format!("functions 250 locals {n}"),
            module(200 * n as u32, 250, (0, 0), &|_| vec![0x0b], &none),
        ));
        rows.push((
            format!("functions 16 params {n}"),
            module(200 * n as u32, 0, (16, 0), &|_| vec![0x0b], &none),
        ));
        rows.push((
            format!("calling functions 16 params {n}"),
            module(200 * n as u32, 0, (16, 0), &|_| vec![0x10, 0, 0x0b], &none),
        ));
        rows.push((
            format!("result functions {n}"),
            module(200 * n as u32, 0, (0, 1), &|_| vec![0x42, 0, 0x0b], &none),
        ));
        rows.push((
            format!("types {n}"),
            module(0, 0, (0, 0), &|_| vec![0x0b], &|p| {
                for i in 0..50 * n as u32 {
                    p.types.ty().function(
                        (0..16).map(|b| {
                            if i >> b & 1 == 1 && b < 32 {
                                ValType::I64
                            } else {
                                ValType::I32
                            }
                        }),
                        [],
                    );
                }
            }),
        ));
        rows.push((
            format!("globals {n}"),
            module(0, 0, (0, 0), &|_| vec![0x0b], &|p| {
                for _ in 0..12 * n {
                    p.globals.global(
                        GlobalType {
                            val_type: ValType::I64,
                            mutable: true,
                            shared: false,
                        },
                        &ConstExpr::i64_const(0),
                    );
                }
            }),
        ));
        rows.push((
            format!("exports {n}"),
            module(0, 0, (0, 0), &|_| vec![0x0b], &|p| {
                for i in 0..12 * n {
                    p.exports.export(&format!("e{i}"), ExportKind::Func, 0);
                }
            }),
        ));
        rows.push((
            format!("data {n}"),
            module(0, 0, (0, 0), &|_| vec![0x0b], &|p| {
                for _ in 0..50 * n {
                    p.data.active(0, &ConstExpr::i32_const(0), [0u8]);
                }
            }),
        ));
        rows.push((
            format!("data bytes {n}"),
            module(0, 0, (0, 0), &|_| vec![0x0b], &|p| {
                p.data
                    .active(0, &ConstExpr::i32_const(0), vec![0u8; 3000 * n]);
            }),
        ));
        rows.push((
            format!("elements {n}"),
            module(0, 0, (0, 0), &|_| vec![0x0b], &|p| {
                p.tables.table(TableType {
                    element_type: RefType::FUNCREF,
                    table64: false,
                    minimum: 1024,
                    maximum: None,
                    shared: false,
                });
                for _ in 0..12 * n {
                    p.elements.active(
                        None,
                        &ConstExpr::i32_const(0),
                        Elements::Functions(vec![0u32; 50].into()),
                    );
                }
            }),
        ));
        rows.push((
            format!("table {n}"),
            module(0, 0, (0, 0), &|_| vec![0x0b], &|p| {
                p.tables.table(TableType {
                    element_type: RefType::FUNCREF,
                    table64: false,
                    minimum: 1024,
                    maximum: None,
                    shared: false,
                });
            }),
        ));
    }
    rows.push((
        "smallest".into(),
        module(0, 0, (0, 0), &|_| vec![0x0b], &none),
    ));
    for file in std::env::args().skip(1) {
        if file.ends_with(".wasm") {
            rows.push((file.clone(), std::fs::read(file).unwrap()));
        }
    }
    println!(
        "{:34} {:>7} {:>8} {:>9} {:>9} {:>8} {:>7} {:>6} {:>6}",
        "module", "bytes", "metered", "meter us", "entry us", "gas", "KiB", "ns/gas", "B/mB"
    );
    let only = std::env::var("ONLY").ok();
    for (name, wasm) in rows {
        if only.as_ref().is_some_and(|only| !name.contains(only)) {
            continue;
        }
        let mut gas = 0;
        let metered = match meter(&wasm, &Limits::V1, &Costs::V1) {
            Ok(m) => {
                gas = m.entry_gas.0;
                m.wasm.len()
            }
            Err(e) => {
                println!("{name:36} {e}");
                continue;
            }
        };
        let best = |work: &dyn Fn()| {
            let begun = Instant::now();
            let mut best = f64::MAX;
            let mut round = 0;
            while round < 5 || (round < 200 && begun.elapsed().as_millis() < 60) {
                let times = if metered < 5000 { 8 } else { 1 };
                let start = cpu();
                (0..times).for_each(|_| work());
                best = best.min((cpu() - start) as f64 / 1e3 / f64::from(times));
                round += 1;
            }
            best
        };
        let m = best(&|| drop(meter(&wasm, &Limits::V1, &Costs::V1)));
        let image = Image::wasm(wasm.clone());
        let p = best(&|| {
            let module = Wasmi::new()
                .prepare(&image, Semantics::V1)
                .expect("a contract");
            let call = Call {
                input: b"",
                limits: CallLimits::NONE,
            };
            module
                .call(&call, &mut Nobody, &mut Silent)
                .expect("the node does not fail");
        });
        let rss = || -> usize {
            let text = std::fs::read_to_string("/proc/self/statm").expect("Linux");
            text.split(' ')
                .nth(1)
                .and_then(|pages| pages.parse::<usize>().ok())
                .expect("pages")
                * 4
        };
        let n = (2_000_000 / metered).clamp(4, 400);
        let mut kept: Vec<Arc<dyn smart51_bridge::Module>> = Vec::with_capacity(n);
        let before = rss();
        for _ in 0..n {
            kept.push(
                Wasmi::new()
                    .prepare(&image, Semantics::V1)
                    .expect("a contract"),
            );
        }
        let kib = rss().saturating_sub(before) as f64 / n as f64;
        let said = kept[0].size() as f64 / 1024.0;
        drop(kept);
        println!(
            "{name:34} {:7} {metered:8} {m:9.1} {p:9.1} {gas:8} {kib:7.1} {:6.1} {:6.1} said {:5.2}",
            wasm.len(),
            p * 1e3 / gas as f64,
            kib * 1024.0 / metered as f64,
            said / kib
        );
    }
}

/// A host that nobody calls.
struct Nobody;

impl HostApi for Nobody {
    fn call(&mut self, _: u16, _: &[u8]) -> Result<Answer<'_>, HostError> {
        Err(NodeError::Engine("nobody calls it".into()).into())
    }
}

fn rep_chain(n: usize, op: &[u8]) -> Vec<u8> {
    let mut v = vec![0x41, 0];
    v.extend(op.repeat(2500 * n));
    v.extend([0x1a, 0x0b]);
    module(1, 2, (0, 0), &|_| v.clone(), &|_| {})
}

/// The processor time of this thread so far, in nanoseconds.
fn cpu() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    text.split(' ')
        .next()
        .and_then(|ns| ns.parse().ok())
        .expect("a figure")
}
