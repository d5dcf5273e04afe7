//! Metering by rewriting the module: [`instrument`].
//!
//! The bill is part of the module, so every engine presents the same one. What is added:
//!
//! * A global `gas`, what is left to spend, and a global `stack`, the bytes left for active calls. Both are
//!   exported: the host sets them before a call and reads them after it. Once one of them is negative the
//!   module traps, and the sign tells why. Of the module's own exports only those stay that a call needs, so
//!   no name can collide.
//! * A charge at the start of each stretch of code that runs as a whole or not at all, for the whole stretch:
//!   a basic block, and what follows a block that no branch leads out of. A call does not end a stretch.
//! * Four functions at the end of the module: one charges, three do `memory.grow`, `memory.fill` and
//!   `memory.copy` after charging for the size asked for.
//!
//! Indices of the module stay as they are, because everything new comes after them, and bodies are copied
//! byte for byte between the places of insertion. A body becomes
//!
//! ```wat
//! block $broke
//!   block $body (result …)
//!     left = gas - cost; br_if $broke (left < 0)
//!     here = stack - frame; stack = here; br_if $broke (here < 0)  ;; only if the function calls others
//!     …                                            ;; `return` is `br $body`
//!       left -= cost                               ;; where a branch was taken or not, or ways meet
//!     loop
//!       left -= cost; gas = left; br_if $broke (left < 0)
//!     …
//!     gas = left; call $f; left = gas
//!     …
//!   end
//!   gas = left; stack = here + frame
//!   return
//! end
//! gas = left
//! unreachable
//! ```
//!
//! Branches to the function's own label reach `$body`, which stands exactly where that label stood. The
//! count is kept in the local `left`, which is cheap; `gas` shows it to whoever is called, and to the host when
//! the module traps. Between two looks at the count lies at most one pass through one function, so a module
//! cannot run on for long without gas; whether it had enough does not depend on where it is looked at.

use super::body;
use super::costs::Costs;
use super::limits::Limits;
use super::validate::{Facts, Refusal};
use super::{GAS_EXPORT, MAIN_EXPORT, MEMORY_EXPORT, STACK_EXPORT};
use wasm_encoder::reencode::{self, Reencode, RoundtripReencoder};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ExportKind, ExportSection, Function, FunctionSection,
    GlobalSection, GlobalType, MemorySection, Module, RawSection, TypeSection, ValType,
};
use wasmparser::{Parser, Payload};

impl From<reencode::Error> for Refusal {
    fn from(error: reencode::Error) -> Self {
        match error {
            reencode::Error::ParseError(error) => error.into(),
            other => Refusal::Malformed {
                offset: 0,
                reason: other.to_string(),
            },
        }
    }
}

/// The indices of what is added.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Added {
    /// The type `(i64) -> ()`; `(i32) -> i32` and `(i32 i32 i32) -> ()` follow.
    types: u32,
    /// The function that charges; `grow`, `fill` and `copy` follow.
    charge: u32,
    /// The global `gas`; `stack` follows.
    pub(super) gas: u32,
}

impl Added {
    pub(super) const fn stack(self) -> u32 {
        self.gas + 1
    }
    pub(super) const fn grow(self) -> u32 {
        self.charge + 1
    }
    pub(super) const fn fill(self) -> u32 {
        self.charge + 2
    }
    pub(super) const fn copy(self) -> u32 {
        self.charge + 3
    }
}

/// The metered form of `wasm`, which [`validate`](super::validate::validate) found valid with `facts`.
/// Custom sections are left out.
///
/// # Errors
/// None for a valid module: only those of reading it once more.
pub(super) fn instrument(
    wasm: &[u8],
    facts: &Facts,
    limits: &Limits,
    costs: &Costs,
) -> Result<Vec<u8>, Refusal> {
    let mut same = RoundtripReencoder;
    let mut module = Module::new();
    let mut added = Added::default();
    let mut imports = 0;
    let mut code = CodeSection::new();
    let mut shapes = facts.functions.iter();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        match payload {
            Payload::TypeSection(section) => {
                let mut types = TypeSection::new();
                same.parse_type_section(&mut types, section)?;
                added.types = types.len();
                types.ty().function([ValType::I64], []);
                types.ty().function([ValType::I32], [ValType::I32]);
                types.ty().function([ValType::I32; 3], []);
                module.section(&types);
            }
            Payload::FunctionSection(section) => {
                let mut functions = FunctionSection::new();
                same.parse_function_section(&mut functions, section)?;
                added.charge = imports + functions.len();
                let bulk = added.types + 2;
                functions
                    .function(added.types)
                    .function(added.types + 1)
                    .function(bulk)
                    .function(bulk);
                module.section(&functions);
            }
            Payload::MemorySection(section) => {
                let mut memories = MemorySection::new();
                for memory in section {
                    let mut memory = same.memory_type(memory?)?;
                    let most = u64::from(limits.memory_pages);
                    memory.maximum = Some(memory.maximum.map_or(most, |asked| asked.min(most)));
                    memories.memory(memory);
                }
                module.section(&memories);
            }
            Payload::GlobalSection(section) => {
                let mut globals = GlobalSection::new();
                same.parse_global_section(&mut globals, section)?;
                added.gas = globals.len();
                let ty = |val_type| GlobalType {
                    val_type,
                    mutable: true,
                    shared: false,
                };
                globals.global(ty(ValType::I64), &ConstExpr::i64_const(0));
                globals.global(ty(ValType::I32), &ConstExpr::i32_const(0));
                module.section(&globals);
            }
            Payload::ExportSection(section) => {
                let mut exports = ExportSection::new();
                for export in section {
                    let export = export?;
                    if [MEMORY_EXPORT, MAIN_EXPORT].contains(&export.name) {
                        same.parse_export(&mut exports, export)?;
                    }
                }
                exports.export(GAS_EXPORT, ExportKind::Global, added.gas);
                exports.export(STACK_EXPORT, ExportKind::Global, added.stack());
                module.section(&exports);
            }
            Payload::CodeSectionEntry(body) => {
                if let Some(shape) = shapes.next() {
                    code.raw(&body::metered(&body, shape, added, costs)?);
                }
                if shapes.len() == 0 {
                    for function in helpers(added, costs) {
                        code.function(&function);
                    }
                    module.section(&code);
                }
            }
            Payload::CodeSectionStart { .. } | Payload::CustomSection(_) => {}
            other => {
                if let Payload::ImportSection(section) = &other {
                    imports = section.count();
                }
                if let Some((id, range)) = other.as_section() {
                    let data = wasm
                        .get(range.start as usize..range.end as usize)
                        .unwrap_or_default();
                    module.section(&RawSection { id, data });
                }
            }
        }
    }
    Ok(module.finish())
}

/// The four functions after the module's own: `charge`, `grow`, `fill` and `copy`.
fn helpers(added: Added, costs: &Costs) -> [Function; 4] {
    let mut charge = Function::new([]);
    let mut code = charge.instructions();
    code.global_get(added.gas)
        .local_get(0)
        .i64_sub()
        .global_set(added.gas);
    code.global_get(added.gas)
        .i64_const(0)
        .i64_lt_s()
        .if_(BlockType::Empty)
        .unreachable()
        .end()
        .end();

    let mut grow = Function::new([]);
    let mut code = grow.instructions();
    code.local_get(0)
        .i64_extend_i32_u()
        .i64_const(costs.page.into())
        .i64_mul()
        .call(added.charge);
    code.local_get(0).memory_grow(0).end();

    // The words written, rounded up; both functions have the length as their last parameter.
    let [mut fill, mut copy] = [(); 2].map(|()| {
        let mut function = Function::new([]);
        let mut code = function.instructions();
        code.local_get(2)
            .i64_extend_i32_u()
            .i64_const(7)
            .i64_add()
            .i64_const(3)
            .i64_shr_u();
        code.i64_const(costs.word.into())
            .i64_mul()
            .call(added.charge);
        code.local_get(0).local_get(1).local_get(2);
        function
    });
    fill.instructions().memory_fill(0).end();
    copy.instructions().memory_copy(0, 0).end();
    [charge, grow, fill, copy]
}
