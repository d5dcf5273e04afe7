//! What a module must be to be deployed: every limit at its boundary, every rule broken once.

use abi::Schedule;
use bridge::wasm::{InvalidModule, ModuleLimits, PAGE_SIZE, meter};

fn check(wat: &str) -> Result<(), InvalidModule> {
    let wasm = wat::parse_str(wat).unwrap_or_else(|error| panic!("{error}\n{wat}"));
    meter(&wasm, &ModuleLimits::V1, &Schedule::DATA_SHEET).map(|_| ())
}

/// A module that has what every module must have, around `fields`; `main` is the body of `smart51_main`.
fn module_with(imports: &str, fields: &str, main: &str) -> String {
    format!(
        r#"(module {imports}
            (memory (export "memory") 1)
            (global (export "smart51_buffer") i32 (i32.const 16))
            {fields}
            (func (export "smart51_main") {main}))"#
    )
}

fn module(fields: &str, main: &str) -> String {
    module_with("", fields, main)
}

/// A module with exactly `n` of what the row `name` of the table bounds.
fn with_exactly(name: &str, n: usize) -> String {
    let times = |text: &str, n: usize| text.repeat(n);
    match name {
        "types" => {
            // One type more: that of main. All are different, and none has too many parameters.
            let ty = |i: usize| {
                let params: String = (0..11)
                    .map(|bit| if i >> bit & 1 == 0 { " i32" } else { " i64" })
                    .collect();
                format!("(type (func (param{params})))")
            };
            module(&(0..n - 1).map(ty).collect::<String>(), "")
        }
        "imports" => module_with(
            &times(r#"(import "smart51" "exit" (func (param i32)))"#, n),
            "",
            "",
        ),
        "functions" => module(&times("(func)", n - 1), ""),
        "exports" => {
            let more: String = (3..n)
                .map(|i| format!(r#"(export "e{i}" (memory 0))"#))
                .collect();
            module(&more, "")
        }
        "globals" => module(&times("(global i32 (i32.const 0))", n - 1), ""),
        "memory_pages" => format!(
            r#"(module (memory (export "memory") {n}) (global (export "smart51_buffer") i32 (i32.const 0))
                (func (export "smart51_main")))"#
        ),
        "table_elements" => module(&format!("(table {n} funcref)"), ""),
        "element_segments" => module(
            &format!(
                "(table 1 funcref) (func $f) {}",
                times("(elem (i32.const 0) $f)", n)
            ),
            "",
        ),
        "data_segments" => module(&times(r#"(data (i32.const 0) "x")"#, n), ""),
        "params" => module(&format!("(func (param {}))", times("i32 ", n)), ""),
        "results" => module(&format!("(type (func (result {})))", times("i32 ", n)), ""),
        "locals" => module("", &format!("(local {})", times("i64 ", n))),
        "operands" => module(
            "",
            &format!("{} {}", times("i32.const 0 ", n), times("drop ", n)),
        ),
        // The function's own block is the first.
        "nesting" => module(
            "",
            &format!("{} {}", times("block ", n - 1), times("end ", n - 1)),
        ),
        "br_table_targets" => module("", &format!("i32.const 0 br_table {} 0", times("0 ", n))),
        // One byte for the number of local groups, one for the end.
        "body_size" => module("", &times("nop ", n - 2)),
        "custom_sections" => module(&times(r#"(@custom "x" "")"#, n), ""),
        other => panic!("no module for the row `{other}`: write one"),
    }
}

/// Every limit passes at its figure and refuses one more.
#[test]
fn every_limit_passes_its_figure_and_no_more() {
    let tested = ModuleLimits::V1
        .rows()
        .into_iter()
        .filter(|(name, ..)| !["module_size", "metered_size", "stack"].contains(name));
    for (name, most, ..) in tested {
        let n = most as usize;
        assert_eq!(check(&with_exactly(name, n)), Ok(()), "{name} at {n}");
        match check(&with_exactly(name, n + 1)) {
            Err(InvalidModule::Limit {
                what,
                found,
                most: limit,
                ..
            }) => {
                assert_eq!((what, found, limit), (name, u64::from(most) + 1, most));
            }
            other => panic!("{name} at {}: {other:?}", n + 1),
        }
    }
}

/// Calls grow most by metering: two bytes become thirteen.
#[test]
fn a_module_whose_metering_is_too_long_is_refused() {
    let with = |functions: usize| {
        let function = format!("(func {})", "call 0 ".repeat(30_000));
        check(&module(&function.repeat(functions), ""))
    };
    assert_eq!(with(5), Ok(()));
    match with(6) {
        Err(InvalidModule::Limit {
            what, found, most, ..
        }) => {
            assert_eq!(
                (what, most),
                ("metered_size", ModuleLimits::V1.metered_size)
            );
            assert!(found > u64::from(most));
        }
        other => panic!("{other:?}"),
    }
}

/// Whatever is nested in what: the metered module stays in proportion to what its deployment paid for.
#[test]
fn metering_grows_a_module_in_proportion() {
    let nest = |unit: &[u8], depth: usize, times: usize| {
        let mut body = unit.repeat(depth);
        body.extend([0x0B].repeat(depth));
        body.repeat(times)
    };
    let again = |unit: &[u8], size: usize| unit.repeat(size / unit.len());
    for size in [8, 100, 1000, 30_000] {
        let nests =
            [1, 2, 3, 4, 10, 200].map(|depth| nest(&[0x03, 0x40], depth, size / (3 * depth)));
        let units: [&[u8]; 7] = [
            &[0x03, 0x40, 0x41, 0, 0x0D, 0, 0x0B],
            &[
                0x03, 0x40, 0x41, 0, 0x0D, 0, 0x41, 0, 0x0D, 0, 0x41, 0, 0x0D, 1, 0x0B,
            ],
            &[0x02, 0x40, 0x03, 0x40, 0x41, 0, 0x0D, 1, 0x0B, 0x0B],
            &[0x03, 0x40, 0x41, 0, 0x0E, 1, 0, 0, 0x0B],
            &[0x10, 0],
            &[0x41, 0, 0x40, 0, 0x1A],
            &[0x41, 0, 0x04, 0x40, 0x0F, 0x05, 0x0B],
        ];
        let bodies = nests.into_iter().chain(units.map(|unit| again(unit, size)));
        for body in bodies {
            let wasm = with_body(&body);
            let metered =
                meter(&wasm, &ModuleLimits::V1, &Schedule::DATA_SHEET).expect("it may be deployed");
            assert!(
                metered.wasm.len() <= 16 * wasm.len() + 4096,
                "{} bytes of {}: {:02x?}",
                metered.wasm.len(),
                wasm.len(),
                &body[..body.len().min(16)]
            );
        }
    }
}

/// A module with a function of these operators, its last `end` aside.
fn with_body(body: &[u8]) -> Vec<u8> {
    let mut wasm = wat::parse_str(module("", "unreachable")).expect("valid");
    // The code is the last section: one body, which is `unreachable`.
    assert_eq!(wasm[wasm.len() - 7..], [10, 5, 1, 3, 0, 0x00, 0x0B]);
    wasm.truncate(wasm.len() - 7);
    let mut function = vec![0];
    function.extend(body);
    function.push(0x0B);
    let mut section = vec![1];
    leb128(&mut section, function.len());
    section.extend(function);
    wasm.push(10);
    leb128(&mut wasm, section.len());
    wasm.extend(section);
    wasm
}

fn leb128(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A module of the largest size passes and one byte more is refused.
#[test]
fn the_largest_module_passes_and_no_larger_one() {
    let mut wasm = wat::parse_str(module("", "")).expect("valid");
    let most = ModuleLimits::V1.module_size as usize;
    // A custom section: id 0, a size of 4 bytes, an empty name, and zeros.
    let content = most - wasm.len() - 5;
    let size: Vec<u8> = (0..4)
        .map(|i| (content >> (7 * i)) as u8 & 0x7F | if i < 3 { 0x80 } else { 0 })
        .collect();
    wasm.push(0);
    wasm.extend_from_slice(&size);
    wasm.resize(most, 0);
    assert!(meter(&wasm, &ModuleLimits::V1, &Schedule::DATA_SHEET).is_ok());
    wasm.push(0);
    let refusal = meter(&wasm, &ModuleLimits::V1, &Schedule::DATA_SHEET).expect_err("too large");
    assert!(
        matches!(
            refusal,
            InvalidModule::Limit {
                what: "module_size",
                ..
            }
        ),
        "{refusal}"
    );
}

/// Everything that is off is refused with the offset of the instruction.
#[test]
fn features_that_are_off_are_refused_with_offsets() {
    // Three nops stand before the offender, so its offset is known: it is looked up in the bytes.
    for (body, opcode, name) in [
        ("f32.const 1 drop", &[0x43][..], "F32Const"),
        ("f64.const 1 drop", &[0x44], "F64Const"),
        (
            "i32.const 0 f32.convert_i32_s drop",
            &[0x41, 0, 0xB2],
            "F32ConvertI32S",
        ),
        ("v128.const i64x2 0 0 drop", &[0xFD, 0x0C], "V128Const"),
        (
            "i32.const 0 i32.atomic.load drop",
            &[0x41, 0, 0xFE, 0x10],
            "I32AtomicLoad",
        ),
        ("ref.null func drop", &[0xD0], "RefNull"),
        ("return_call 0", &[0x12], "ReturnCall"),
        (
            "i32.const 0 i32.const 0 i32.const 0 memory.init 0",
            &[0x41, 0, 0x41, 0, 0x41, 0, 0xFC, 8],
            "MemoryInit",
        ),
        ("i32.const 0 table.get 0 drop", &[0x41, 0, 0x25], "TableGet"),
        ("try_table end", &[0x1F], "TryTable"),
    ] {
        let extra = r#"(data "") (table 1 funcref)"#;
        let extra = if name == "MemoryInit" {
            extra
        } else {
            "(table 1 funcref)"
        };
        let wasm =
            wat::parse_str(module(extra, &format!("nop nop nop {body}"))).expect("well formed");
        let nops = wasm
            .windows(3 + opcode.len())
            .position(|w| w[..3] == [1, 1, 1] && w[3..] == *opcode);
        let at = nops.unwrap_or_else(|| panic!("{name}: the opcode is not where it should be")) + 3;
        // Constants before the offender take two bytes each.
        let before = opcode
            .chunks(2)
            .take_while(|pair| **pair == [0x41, 0])
            .count()
            * 2;
        match meter(&wasm, &ModuleLimits::V1, &Schedule::DATA_SHEET) {
            Err(InvalidModule::Operator { offset, operator }) => {
                assert_eq!((offset, operator.as_str()), ((at + before) as u64, name));
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn types_that_are_off_are_refused_with_an_offset() {
    for (fields, text) in [
        ("(func (param f32))", "floating-point support is disabled"),
        ("(func (local f64))", "floating-point support is disabled"),
        (
            "(global f64 (f64.const 0))",
            "floating-point support is disabled",
        ),
        ("(func (param v128))", "SIMD support is not enabled"),
        (
            "(func (param externref))",
            "reference types support is not enabled",
        ),
        ("(memory 1)", "multiple memories"),
        ("(table 1 funcref) (table 1 funcref)", "multiple tables"),
        (r#"(tag)"#, "exceptions proposal not enabled"),
        (
            r#"(global (export "g") (mut i32) (i32.const 0))"#,
            "mutable global support is not enabled",
        ),
    ] {
        let refusal = check(&module(fields, "")).expect_err(fields);
        let InvalidModule::Malformed { offset, reason } = &refusal else {
            panic!("{fields}: {refusal:?}")
        };
        assert!(*offset > 8 && reason.contains(text), "{fields}: {refusal}");
    }
}

/// Memories of 64 bits and shared memories are refused.
#[test]
fn wide_and_shared_memories_are_refused() {
    for memory in ["i64 1", "1 1 shared"] {
        let wat = format!(
            r#"(module (memory (export "memory") {memory}) (global (export "smart51_buffer") i32 (i32.const 0))
                (func (export "smart51_main")))"#
        );
        assert!(
            matches!(check(&wat), Err(InvalidModule::Malformed { .. })),
            "{memory}"
        );
    }
}

/// Only the two imports of the host are served and only with their types.
#[test]
fn only_the_two_imports_of_the_host_are_served() {
    let call = r#"(import "smart51" "call" (func (param i32 i32 i32 i32 i32) (result i32)))"#;
    let exit = r#"(import "smart51" "exit" (func (param i32)))"#;
    assert_eq!(
        check(&module_with(&format!("{call}{exit}"), "", "")),
        Ok(())
    );
    for import in [
        r#"(import "env" "call" (func (param i32 i32 i32 i32 i32) (result i32)))"#,
        r#"(import "smart51" "open" (func (param i32)))"#,
        r#"(import "smart51" "call" (func (param i32 i32 i32 i32) (result i32)))"#,
        r#"(import "smart51" "exit" (func (param i64)))"#,
        r#"(import "smart51" "exit" (memory 1))"#,
        r#"(import "smart51" "call" (global i32))"#,
        r#"(import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))"#,
    ] {
        let refusal = check(&module_with(import, "", ""));
        assert!(
            matches!(refusal, Err(InvalidModule::Import { .. })),
            "{import}: {refusal:?}"
        );
    }
}

/// Each required export must be there and be what a call needs.
#[test]
fn each_required_export_must_be_there() {
    let memory = r#"(memory (export "memory") 1)"#;
    let buffer = r#"(global (export "smart51_buffer") i32 (i32.const 0))"#;
    let main = r#"(func (export "smart51_main"))"#;
    let exit = r#"(import "smart51" "exit" (func $exit (param i32)))"#;
    for (fields, export) in [
        (["(memory 1)", buffer, main], "memory"),
        ([memory, main, ""], "smart51_buffer"),
        ([memory, buffer, ""], "smart51_main"),
        (
            [
                memory,
                buffer,
                r#"(func (export "smart51_main") (param i32))"#,
            ],
            "smart51_main",
        ),
        (
            [
                memory,
                buffer,
                r#"(func (export "smart51_main") (result i32) i32.const 0)"#,
            ],
            "smart51_main",
        ),
        (
            [
                exit,
                memory,
                r#"(global (export "smart51_buffer") i32 (i32.const 0)) (export "smart51_main" (func $exit))"#,
            ],
            "smart51_main",
        ),
        (
            [memory, r#"(func (export "smart51_buffer"))"#, main],
            "smart51_buffer",
        ),
        (
            [
                memory,
                r#"(global (export "smart51_buffer") i64 (i64.const 0))"#,
                main,
            ],
            "smart51_buffer",
        ),
        (
            ["(memory 1)", r#"(func (export "memory"))"#, main],
            "memory",
        ),
    ] {
        let refusal = check(&format!("(module {})", fields.concat()));
        assert!(
            matches!(refusal, Err(InvalidModule::Export { name, .. }) if name == export),
            "{fields:?}: {refusal:?}"
        );
    }
}

#[test]
fn the_exchange_buffer_must_lie_inside_memory() {
    let at = |address: u32| {
        check(&format!(
            r#"(module (memory (export "memory") 1) (global (export "smart51_buffer") i32 (i32.const {address}))
                (func (export "smart51_main")))"#
        ))
    };
    assert_eq!(at(PAGE_SIZE - 4097), Ok(()));
    for address in [PAGE_SIZE - 4096, PAGE_SIZE, u32::MAX] {
        assert!(
            matches!(
                at(address),
                Err(InvalidModule::OutOfRange {
                    kind: "the exchange buffer",
                    ..
                })
            ),
            "{address}"
        );
    }
}

#[test]
fn segments_must_lie_inside_what_they_fill() {
    let data = |at: u32| check(&module(&format!(r#"(data (i32.const {at}) "abcd")"#), ""));
    assert_eq!(data(PAGE_SIZE - 4), Ok(()));
    for at in [PAGE_SIZE - 3, PAGE_SIZE + 1, u32::MAX] {
        assert!(
            matches!(
                data(at),
                Err(InvalidModule::OutOfRange {
                    kind: "a data segment",
                    ..
                })
            ),
            "{at}"
        );
    }
    let elements = |at: u32| {
        check(&module(
            &format!("(table 3 funcref) (func $f) (elem (i32.const {at}) $f $f)"),
            "",
        ))
    };
    assert_eq!(elements(1), Ok(()));
    for at in [2, 3, u32::MAX] {
        assert!(
            matches!(
                elements(at),
                Err(InvalidModule::OutOfRange {
                    kind: "an element segment",
                    ..
                })
            ),
            "{at}"
        );
    }
    let passive = check(&module(r#"(data "x")"#, ""));
    assert!(matches!(
        passive,
        Err(InvalidModule::PassiveSegment { kind: "data", .. })
    ));
    let passive = check(&module("(func $f) (elem func $f)", ""));
    assert!(matches!(
        passive,
        Err(InvalidModule::PassiveSegment {
            kind: "element",
            ..
        })
    ));
}

#[test]
fn a_start_function_is_refused_even_one_that_loops() {
    let refusal = check(&module("(func $s (loop br 0)) (start $s)", ""));
    assert!(
        matches!(refusal, Err(InvalidModule::Start { .. })),
        "{refusal:?}"
    );
}

#[test]
fn a_component_is_refused() {
    let component = wat::parse_str("(component)").expect("well formed");
    let refusal =
        meter(&component, &ModuleLimits::V1, &Schedule::DATA_SHEET).expect_err("a component");
    assert!(
        matches!(refusal, InvalidModule::Malformed { .. }),
        "{refusal}"
    );
}

/// Every prefix and every flipped byte is refused or prepared without a panic.
#[test]
fn damaged_modules_never_panic() {
    let wat = module(
        r#"(table 2 funcref) (func $f (param i32) (result i32) local.get 0) (elem (i32.const 0) $f)
           (data (i32.const 9) "data")"#,
        "(local i64) i32.const 3 call $f (if (then loop i32.const 1 br_if 0 end)) i32.const 1 memory.grow drop",
    );
    let wasm = wat::parse_str(&wat).expect("valid");
    for length in 0..wasm.len() {
        let whole_section = meter(&wasm[..length], &ModuleLimits::V1, &Schedule::DATA_SHEET);
        assert!(
            whole_section.is_err() || wasm.len() - length < 32,
            "prefix of {length} bytes"
        );
    }
    for at in 0..wasm.len() {
        for byte in 0..=255 {
            let mut damaged = wasm.clone();
            damaged[at] = byte;
            if let Ok(metered) = meter(&damaged, &ModuleLimits::V1, &Schedule::DATA_SHEET) {
                let engine = wasmi::Engine::default();
                let module = wasmi::Module::new(&engine, &metered.wasm);
                assert!(
                    module.is_ok(),
                    "byte {at} is 0x{byte:02X}: {:?}",
                    module.err()
                );
            }
        }
    }
}
