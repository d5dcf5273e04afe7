//! Metering by rewriting the module: [`Instrument`].
//!
//! The bill is part of the module, so every engine presents the same one. What is added:
//!
//! * A global `gas`, what is left to spend, and a global `stack`, the bytes left for active calls. Both are
//!   exported: the host sets them before a call and reads them after it. Once one of them is negative the
//!   module traps, and the sign tells why. Of the module's own exports only those stay that a call needs, so
//!   no name can collide.
//! * Charges. What the operators cost that have run is *owed* until it is paid; how much is owed is known
//!   at each place of the code. It is paid where a loop goes around, where something is called, where the
//!   function ends, and where a way to a label owes more, or less, than the first way that led there.
//! * Short loops without a loop in them are written out several times over, so that they are paid for once in
//!   several rounds, until the module has grown by half.
//! * Four functions at the end of the module: one charges, three do `memory.grow`, `memory.fill` and
//!   `memory.copy` after charging for the size asked for.
//!
//! Indices of the module stay as they are, because everything new comes after them, and plain operators are
//! copied byte for byte. A body becomes
//!
//! ```wat
//! block $broke
//!   block $body (result …)
//!     left = gas; br_if $broke (left < 0)
//!     here = stack - frame; stack = here; br_if $broke (here < 0)  ;; only if the function calls others
//!     …                                                 ;; `return` is `left -= owed; br $body`
//!     loop $again
//!       …
//!       left -= owed; gas = left; br_if $again (left >= 0); br $broke        ;; `br $again`
//!     end
//!     gas = left - owed; call $f; left = gas
//!     …
//!     left -= owed
//!   end
//!   gas = left; stack = here + frame
//!   return
//! end
//! gas = left
//! unreachable
//! ```
//!
//! and a short loop, in which nothing is called,
//!
//! ```wat
//! block $after (result …)
//!   loop $again
//!     block $round … br $after end     ;; in it, a branch to the loop is one to `$round`: to the next round
//!     block $round … left -= owed; br $after end
//!     …
//!     left -= owed; gas = left; br_if $again (left >= 0); br $broke
//!   end
//!   unreachable
//! end
//! ```
//!
//! Branches to the function's own label reach `$body`, which stands exactly where that label stood. The
//! count is kept in the local `left`, which is cheap; `gas` shows it to whoever is called, and to the host when
//! the module traps. Between two looks at the count nothing of a function runs twice, so a module cannot run
//! on for long without gas; whether it had enough does not depend on where it is looked at.

use super::body::Bodies;
use super::facts::Shape;
use super::invalid::InvalidModule;
use super::limits::ModuleLimits;
use super::{GAS_EXPORT, MAIN_EXPORT, MEMORY_EXPORT, STACK_EXPORT};
use abi::Schedule;
use wasm_encoder::reencode::{self, Reencode, RoundtripReencoder};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ExportKind, ExportSection, Function, FunctionSection,
    GlobalSection, GlobalType, MemorySection, Module, RawSection, TypeSection, ValType,
};
use wasmparser::{FunctionBody, Payload};

impl From<reencode::Error> for InvalidModule {
    fn from(error: reencode::Error) -> Self {
        match error {
            reencode::Error::ParseError(error) => error.into(),
            other => InvalidModule::Malformed {
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

/// A module on its way to its metered form. It is fed with the parts of the module in their order, each after
/// [`Check`](super::validate::Check) has found it valid. Custom sections are left out.
pub(super) struct Instrument<'a> {
    wasm: &'a [u8],
    limits: &'a ModuleLimits,
    costs: &'a Schedule,
    module: Module,
    added: Added,
    imports: u32,
    code: CodeSection,
    /// How many bodies are still to come.
    left: u32,
    bodies: Bodies,
}

impl<'a> Instrument<'a> {
    /// The metered form of `wasm`, of which nothing is there yet.
    pub(super) fn new(wasm: &'a [u8], limits: &'a ModuleLimits, costs: &'a Schedule) -> Self {
        Instrument {
            wasm,
            limits,
            costs,
            module: Module::new(),
            added: Added::default(),
            imports: 0,
            code: CodeSection::new(),
            left: 0,
            bodies: Bodies::new(wasm.len()),
        }
    }

    /// Takes in the next part of the module; `shape` is the function if the part is a body.
    ///
    /// # Errors
    /// None for a valid part: only those of reading it once more.
    pub(super) fn payload(
        &mut self,
        payload: Payload<'_>,
        shape: &Shape,
    ) -> Result<(), InvalidModule> {
        let mut same = RoundtripReencoder;
        match payload {
            Payload::TypeSection(section) => {
                let mut types = TypeSection::new();
                same.parse_type_section(&mut types, section)?;
                self.added.types = types.len();
                types.ty().function([ValType::I64], []);
                types.ty().function([ValType::I32], [ValType::I32]);
                types.ty().function([ValType::I32; 3], []);
                self.module.section(&types);
            }
            Payload::FunctionSection(section) => {
                let mut functions = FunctionSection::new();
                same.parse_function_section(&mut functions, section)?;
                self.added.charge = self.imports + functions.len();
                let charge = self.added.types;
                let bulk = charge + 2;
                for ty in [charge, charge + 1, bulk, bulk] {
                    functions.function(ty);
                }
                self.module.section(&functions);
            }
            Payload::MemorySection(section) => {
                let mut memories = MemorySection::new();
                for memory in section {
                    let mut memory = same.memory_type(memory?)?;
                    let most = u64::from(self.limits.memory_pages);
                    memory.maximum = Some(memory.maximum.map_or(most, |asked| asked.min(most)));
                    memories.memory(memory);
                }
                self.module.section(&memories);
            }
            Payload::GlobalSection(section) => {
                let mut globals = GlobalSection::new();
                same.parse_global_section(&mut globals, section)?;
                self.added.gas = globals.len();
                let ty = |val_type| GlobalType {
                    val_type,
                    mutable: true,
                    shared: false,
                };
                globals.global(ty(ValType::I64), &ConstExpr::i64_const(0));
                globals.global(ty(ValType::I32), &ConstExpr::i32_const(0));
                self.module.section(&globals);
            }
            Payload::ExportSection(section) => {
                let mut exports = ExportSection::new();
                for export in section {
                    let export = export?;
                    if [MEMORY_EXPORT, MAIN_EXPORT].contains(&export.name) {
                        same.parse_export(&mut exports, export)?;
                    }
                }
                exports.export(GAS_EXPORT, ExportKind::Global, self.added.gas);
                exports.export(STACK_EXPORT, ExportKind::Global, self.added.stack());
                self.module.section(&exports);
            }
            Payload::CodeSectionStart { count, .. } => self.left = count,
            Payload::CodeSectionEntry(body) => self.body(&body, shape),
            Payload::CustomSection(_) => {}
            other => {
                if let Payload::ImportSection(section) = &other {
                    self.imports = section.count();
                }
                if let Some((id, range)) = other.as_section() {
                    let data = self
                        .wasm
                        .get(range.start as usize..range.end as usize)
                        .unwrap_or_default();
                    self.module.section(&RawSection { id, data });
                }
            }
        }
        Ok(())
    }

    fn body(&mut self, body: &FunctionBody<'_>, shape: &Shape) {
        let metered = self
            .bodies
            .metered(body.as_bytes(), shape, self.added, self.costs);
        self.code.raw(metered);
        self.left -= 1;
        if self.left == 0 {
            for function in helpers(self.added, self.costs) {
                self.code.function(&function);
            }
            self.module.section(&self.code);
        }
    }

    /// The metered module, and what preparing its code costs in gas, once all parts are taken in.
    pub(super) fn finish(self) -> (Vec<u8>, u64) {
        (self.module.finish(), self.bodies.entry())
    }
}

/// The four functions after the module's own: `charge`, `grow`, `fill` and `copy`.
fn helpers(added: Added, costs: &Schedule) -> [Function; 4] {
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
        .i64_const(costs.wasm.page.into())
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
        code.i64_const(costs.wasm.word.into())
            .i64_mul()
            .call(added.charge);
        code.local_get(0).local_get(1).local_get(2);
        function
    });
    fill.instructions().memory_fill(0).end();
    copy.instructions().memory_copy(0, 0).end();
    [charge, grow, fill, copy]
}
