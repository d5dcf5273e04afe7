//! Entering a contract whose module was evicted, and deploying it: modules of much of each thing, small and large.

use super::{Case, Error, Part};
use crate::tool;
use abi::Semantics;
use abi::layout::{EXIT, LJMP};
use bridge::{Call, CallLimits, Engine, Mcs51, Wasmi, World, drive};
use chain::{ContractFlags, Deploy};
use hostapi::{Answer, CallEnd, Failure, HostApi, HostFault};
use loader::Image;
use std::path::Path;
use std::process::Command;

/// Every row of entries and deployments.
///
/// # Errors
/// When an image cannot be made.
pub fn cases() -> Result<Vec<Case>, Error> {
    let images = wasm()?.into_iter().chain(mcs51()?);
    Ok(images
        .flat_map(|(name, image)| {
            let entered = image.clone();
            let entry = Case::new(format!("enter {name}"), move |_| enter(&entered));
            let deployment = Case::new(format!("deploy {name}"), move |world| {
                let image = image.clone();
                Ok(Box::new(move |part| {
                    if part == Part::History {
                        return Ok(0);
                    }
                    let mut block = world.chain.begin_block()?;
                    let deploy = Deploy {
                        sender: world.payer,
                        image: &image,
                        semantics: Semantics::V1,
                        name: None,
                        flags: ContractFlags::empty(),
                        init: None,
                        abi: None,
                    };
                    Ok(block.deploy(&deploy)?.gas_charged())
                }))
            });
            [entry, deployment]
        })
        .collect())
}

/// Prepares the image and calls it, as a node does that has evicted it.
fn enter(image: &Image) -> Result<super::Trial<'static>, Error> {
    let engine: Box<dyn Engine> = match image.as_wasm() {
        Some(_) => Box::new(Wasmi::new()),
        None => Box::new(Mcs51::new()),
    };
    let image = image.clone();
    Ok(Box::new(move |part| {
        if part == Part::History {
            return Ok(0);
        }
        let module = engine.prepare(&image, &super::rules())?;
        let call = Call {
            input: &[],
            limits: CallLimits::NONE,
        };
        Ok(drive(&module, &call, &mut Nobody, &mut ())?.usage.gas.0)
    }))
}

/// A host that nobody calls.
struct Nobody;

impl HostApi for Nobody {
    fn call(&mut self, method: u16, _: &[u8]) -> Result<Answer<'_>, Failure<CallEnd>> {
        Err(HostFault::UnknownMethod(method).into())
    }
}

impl World for Nobody {}

/// 8051 images that end at once: a small one, one with a byte in every line of CODE, and a full one.
fn mcs51() -> Result<Vec<(String, Image)>, Error> {
    let mut small = vec![0x22; 0x23];
    small[..3].copy_from_slice(&[LJMP, 0x00, 0x20]);
    small[4..7].copy_from_slice(&[0x00, 0x01, 0x01]);
    small[0x14] = 0;
    small[0x20..].copy_from_slice(&[LJMP, 0x00, EXIT as u8]);
    let mut noise = 0x9E37_79B9_7F4A_7C15_u64;
    let mut full = small.clone();
    full.resize_with(0x1_0000, || {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        (noise >> 32) as u8
    });
    let lines = (1..1024u16).map(|line| record(64 * line, &[0]));
    let sparse: String = [record(0, &small[..0x20]), record(0x20, &small[0x20..])]
        .into_iter()
        .chain(lines)
        .collect();
    let sparse = format!("{sparse}:00000001FF\n");
    [
        ("an 8051 image of 35 bytes", &small[..]),
        ("an 8051 image with a byte in each line", sparse.as_bytes()),
        ("an 8051 image of 64 KiB", &full[..]),
    ]
    .into_iter()
    .map(|(name, file)| Ok((name.to_owned(), loader::load(file)?.image)))
    .collect()
}

/// A record of Intel hex.
fn record(at: u16, bytes: &[u8]) -> String {
    let [high, low] = at.to_be_bytes();
    let mut record = vec![bytes.len() as u8, high, low, 0];
    record.extend_from_slice(bytes);
    let sum = record.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    record.push(sum.wrapping_neg());
    format!(":{}\n", hex::encode_upper(record))
}

/// Modules with much of each thing: of each unit so many that the module stays small, and a score of times as many.
fn wasm() -> Result<Vec<(String, Image)>, Error> {
    let mut modules = vec![("the smallest module".to_owned(), module("", ""))];
    for (times, size) in [(1, "few"), (20, "many")] {
        let mut add = |name: &str, fields: String, body: String| {
            let body = format!("(func (param i64) (local i64 i64) {body})");
            modules.push((format!("{size} {name}"), module(&fields, &body)));
        };
        for (name, unit, each) in [
            ("nops", "nop ", 2500),
            ("constants", "i64.const 0 drop ", 850),
            (
                "moves",
                "local.get 0 local.get 1 local.set 0 local.set 1 ",
                310,
            ),
            ("sums", "local.get 0 local.get 1 i64.add local.set 0 ", 360),
            ("chained operators", "", 0),
            (
                "loads and stores",
                "i32.const 0 i32.const 0 i32.load i32.store ",
                250,
            ),
            ("blocks", "block end ", 850),
            ("empty loops", "loop end ", 850),
            ("loops", "loop local.get 0 i32.wrap_i64 br_if 0 end ", 310),
            ("nested loops", "loop loop loop end end end ", 280),
            ("ifs", "local.get 0 i32.wrap_i64 if nop else end ", 310),
            ("branches", "local.get 0 i32.wrap_i64 br_if 0 ", 500),
            ("dead code", "block br 0 drop drop drop end ", 300),
            ("calls", "call $f ", 1200),
            ("calls in dead code", "unreachable call $p ", 850),
            ("calls with arguments", "", 0),
            ("tables of branches", "", 0),
            (
                "small tables of branches",
                "block i32.const 0 br_table 0 0 end ",
                280,
            ),
            ("memory.grow", "i32.const 0 memory.grow drop ", 500),
            (
                "memory.fill",
                "i32.const 0 i32.const 0 i32.const 0 memory.fill ",
                250,
            ),
        ] {
            let body = match name {
                "chained operators" => {
                    format!("i32.const 0 {} drop", "i32.eqz ".repeat(2500 * times))
                }
                "calls with arguments" => {
                    let call = format!("{} call $p ", "local.get 0 ".repeat(16));
                    call.repeat(70 * times)
                }
                "tables of branches" => {
                    let table = format!("block i32.const 0 br_table {} end ", "0 ".repeat(1000));
                    table.repeat(2 * times)
                }
                _ => unit.repeat(each * times),
            };
            let fields = format!("(func $f) (func $p (param{}))", " i64".repeat(16));
            add(name, fields, body);
        }
        // Operands that lie below the code, to be kept or moved aside.
        let lie = "local.get 0 ".repeat(250);
        let leave = "drop ".repeat(250);
        for (name, unit, each) in [
            ("blocks over operands", "block end ", 600),
            (
                "ifs over operands",
                "local.get 0 i32.wrap_i64 if else end ",
                250,
            ),
            (
                "changes of a local below operands",
                "drop local.get 0 i64.const 1 local.set 0 ",
                250,
            ),
        ] {
            add(
                name,
                String::new(),
                format!("{lie} {} {leave}", unit.repeat(each * times)),
            );
        }
        let many = |unit: &str, each: usize| unit.repeat(each * times);
        let params = "(param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)";
        for (name, fields) in [
            ("functions", many("(func)", 200)),
            (
                "functions with parameters",
                many(&format!("(func {params})"), 200),
            ),
            (
                "functions with locals",
                many(&format!("(func (local{}))", " i64".repeat(500)), 12),
            ),
            ("functions that call", many("(func call 0)", 200)),
            ("globals", many("(global (mut i64) (i64.const 0))", 12)),
            ("data segments", many(r#"(data (i32.const 0) "x")"#, 50)),
            (
                "bytes of data",
                format!(r#"(data (i32.const 0) "{}")"#, many("0123456789", 300)),
            ),
            (
                "exports",
                (0..12 * times)
                    .map(|n| format!(r#"(export "e{n}" (memory 0))"#))
                    .collect(),
            ),
            ("elements", {
                let segment = format!("(elem (i32.const 0) {})", "0 ".repeat(50));
                format!("(table 1024 funcref) {}", many(&segment, 12))
            }),
            (
                "types",
                (0..50 * times)
                    .map(|n| {
                        let ty = |bit: usize| if n >> bit & 1 == 0 { " i32" } else { " i64" };
                        format!(
                            "(type (func (param{})))",
                            (0..16).map(ty).collect::<String>()
                        )
                    })
                    .collect(),
            ),
            ("custom sections", many(r#"(@custom "x" "")"#, 3)),
        ] {
            modules.push((format!("{size} {name}"), module(&fields, "")));
        }
    }
    let token = {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware-samples");
        let folder = tempfile::tempdir()?;
        let out = folder.path().join("token.wasm");
        let mut clang = Command::new("clang");
        clang
            .args(firmware_samples::CLANG.split_whitespace())
            .arg(format!("-I{}", root.join("include").display()))
            .args([root.join("runtime/smart51.c"), root.join("token/token.c")])
            .arg("-o")
            .arg(&out);
        tool::output(&mut clang)?;
        Image::wasm(std::fs::read(&out)?)
    };
    let mut images = vec![("the sample token in wasm".to_owned(), token)];
    for (name, text) in modules {
        let loaded = loader::load(text.as_bytes()).map_err(|error| format!("{name}: {error}"))?;
        images.push((name, loaded.image));
    }
    Ok(images)
}

/// A module that does nothing, with these fields and functions.
fn module(fields: &str, functions: &str) -> String {
    format!(
        r#"(module (memory (export "memory") 1) (global (export "smart51_buffer") i32 (i32.const 0))
            (func (export "smart51_main")) {fields} {functions})"#
    )
}
