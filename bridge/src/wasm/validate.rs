//! Whether a module may be deployed: [`Check`].
//!
//! wasmparser checks that the module is well formed and well typed, with one fixed set of features. On top
//! of it stand our own rules: the table of limits, the priced operators, the two imports, the exports that
//! a call needs, and segments that lie where they are put. Everything refused is refused with its offset.

use super::costs;
use super::facts::{Facts, Shape, at_most, constant, inside, name};
use super::invalid::InvalidModule;
use super::limits::{BUFFER_SIZE, ModuleLimits, PAGE_SIZE};
use super::{
    ACCOUNT_CHECK_EXPORT, BUFFER_EXPORT, CALL_IMPORT, EXIT_IMPORT, HOST_MODULE, MAIN_EXPORT,
    MEMORY_EXPORT,
};
use abi::Schedule;
use wasmparser::{
    DataKind, DataSectionReader, ElementItems, ElementKind, ElementSectionReader, Encoding,
    ExportSectionReader, ExternalKind, FuncToValidate, FuncType, FuncValidatorAllocations,
    FunctionBody, GlobalSectionReader, ImportSectionReader, MemorySectionReader, Operator, Payload,
    TableSectionReader, TypeRef, TypeSectionReader, ValType, ValidPayload, Validator,
    ValidatorResources, WasmFeatures,
};

/// The features a module may use, beside the first version of WebAssembly: what today's compilers emit
/// unasked. Floats are part of the first version, and off.
const FEATURES: WasmFeatures = WasmFeatures::SIGN_EXTENSION
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::CALL_INDIRECT_OVERLONG);

/// A module under examination, and what has been seen of it so far.
pub(super) struct Check<'l> {
    limits: &'l ModuleLimits,
    costs: &'l Schedule,
    validator: Validator,
    allocations: FuncValidatorAllocations,
    types: Vec<FuncType>,
    imports: u32,
    /// The types of the defined functions.
    functions: Vec<u32>,
    table: u64,
    pages: Option<u64>,
    /// Of each global, its constant if it is an immutable i32.
    globals: Vec<Option<u32>>,
    memory_export: bool,
    main_export: Option<u32>,
    buffer_export: Option<(u64, u32)>,
    account_check: bool,
    /// How many custom sections have been seen.
    customs: u32,
    /// What preparing costs so far, beside the code of functions.
    entry: u64,
    /// How many bodies have been seen.
    bodies: usize,
    /// The last of them.
    shape: Shape,
}

impl<'l> Check<'l> {
    /// A module of `size` bytes, of which nothing has been seen; `costs` prices its operators.
    ///
    /// # Errors
    /// If it is too long.
    pub(super) fn new(
        size: usize,
        limits: &'l ModuleLimits,
        costs: &'l Schedule,
    ) -> Result<Self, InvalidModule> {
        at_most(0, "module_size", size as u64, limits.module_size)?;
        Ok(Check {
            limits,
            costs,
            validator: Validator::new_with_features(FEATURES),
            allocations: FuncValidatorAllocations::default(),
            types: Vec::new(),
            imports: 0,
            functions: Vec::new(),
            table: 0,
            pages: None,
            globals: Vec::new(),
            memory_export: false,
            main_export: None,
            buffer_export: None,
            account_check: false,
            customs: 0,
            entry: u64::from(costs.entry.module) + size as u64 / 16 * u64::from(costs.entry.bytes),
            bodies: 0,
            shape: Shape::default(),
        })
    }

    /// Checks the next part of the module against `limits` and all other rules.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub(super) fn payload(&mut self, payload: &Payload<'_>) -> Result<(), InvalidModule> {
        self.rules(payload)?;
        match self.validator.payload(payload)? {
            ValidPayload::Func(function, body) => self.body(function, &body),
            _ => Ok(()),
        }
    }

    /// The function whose body was the last part.
    pub(super) const fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Adds what preparing `count` things of a section costs.
    fn enter(&mut self, count: impl Into<u64>, price: u32) {
        self.entry += count.into() * u64::from(price);
    }

    /// Our own rules for one part of the module. What is not named here is wasmparser's alone.
    fn rules(&mut self, payload: &Payload<'_>) -> Result<(), InvalidModule> {
        match payload {
            Payload::Version {
                encoding: Encoding::Component,
                range,
                ..
            } => Err(InvalidModule::Malformed {
                offset: range.start,
                reason: "a component, not a module".into(),
            }),
            Payload::TypeSection(section) => self.types(section),
            Payload::ImportSection(section) => self.imports(section),
            Payload::FunctionSection(section) => {
                at_most(
                    section.range().start,
                    "functions",
                    section.count(),
                    self.limits.functions,
                )?;
                self.functions = section.clone().into_iter().collect::<Result<_, _>>()?;
                self.enter(section.count(), self.costs.entry.function);
                Ok(())
            }
            Payload::TableSection(section) => self.table(section),
            Payload::MemorySection(section) => self.memory(section),
            Payload::GlobalSection(section) => self.globals(section),
            Payload::ExportSection(section) => self.exports(section),
            Payload::StartSection { range, .. } => Err(InvalidModule::Start {
                offset: range.start,
            }),
            Payload::ElementSection(section) => self.elements(section),
            Payload::DataSection(section) => self.data(section),
            Payload::CustomSection(section) => {
                self.customs += 1;
                at_most(
                    section.range().start,
                    "custom_sections",
                    self.customs,
                    self.limits.custom_sections,
                )?;
                self.enter(1u32, self.costs.entry.item);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn types(&mut self, section: &TypeSectionReader<'_>) -> Result<(), InvalidModule> {
        let offset = section.range().start;
        at_most(offset, "types", section.count(), self.limits.types)?;
        self.enter(section.count(), self.costs.entry.r#type);
        for ty in section.clone().into_iter_err_on_gc_types() {
            let ty = ty?;
            at_most(
                offset,
                "params",
                ty.params().len() as u64,
                self.limits.params,
            )?;
            at_most(
                offset,
                "results",
                ty.results().len() as u64,
                self.limits.results,
            )?;
            self.types.push(ty);
        }
        Ok(())
    }

    fn imports(&mut self, section: &ImportSectionReader<'_>) -> Result<(), InvalidModule> {
        for entry in section.clone().into_imports_with_offsets() {
            let (offset, import) = entry?;
            let offered = match (import.module, import.name, import.ty) {
                (HOST_MODULE, CALL_IMPORT, TypeRef::Func(ty)) => {
                    self.has_type(ty, &[ValType::I32; 5], &[ValType::I32])
                }
                (HOST_MODULE, EXIT_IMPORT, TypeRef::Func(ty)) => {
                    self.has_type(ty, &[ValType::I32], &[])
                }
                _ => false,
            };
            if !offered {
                return Err(InvalidModule::Import {
                    offset,
                    module: import.module.into(),
                    name: import.name.into(),
                });
            }
            self.imports += 1;
            at_most(offset, "imports", self.imports, self.limits.imports)?;
            self.enter(1u32, self.costs.entry.item);
        }
        Ok(())
    }

    fn has_type(&self, ty: u32, params: &[ValType], results: &[ValType]) -> bool {
        self.types
            .get(ty as usize)
            .is_some_and(|ty| ty.params() == params && ty.results() == results)
    }

    fn table(&mut self, section: &TableSectionReader<'_>) -> Result<(), InvalidModule> {
        for table in section.clone().into_iter_with_offsets() {
            let (offset, table) = table?;
            at_most(
                offset,
                "table_elements",
                table.ty.initial,
                self.limits.table_elements,
            )?;
            self.table = table.ty.initial;
            self.enter(self.table, self.costs.entry.element);
        }
        Ok(())
    }

    fn memory(&mut self, section: &MemorySectionReader<'_>) -> Result<(), InvalidModule> {
        for memory in section.clone().into_iter_with_offsets() {
            let (offset, memory) = memory?;
            at_most(
                offset,
                "memory_pages",
                memory.initial,
                self.limits.memory_pages,
            )?;
            self.pages = Some(memory.initial);
        }
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.pages.unwrap_or(0) * u64::from(PAGE_SIZE)
    }

    fn globals(&mut self, section: &GlobalSectionReader<'_>) -> Result<(), InvalidModule> {
        at_most(
            section.range().start,
            "globals",
            section.count(),
            self.limits.globals,
        )?;
        self.enter(section.count(), self.costs.entry.item);
        for global in section.clone() {
            let global = global?;
            let fixed = global.ty.content_type == ValType::I32 && !global.ty.mutable;
            self.globals.push(if fixed {
                Some(constant(&global.init_expr)?)
            } else {
                None
            });
        }
        Ok(())
    }

    fn exports(&mut self, section: &ExportSectionReader<'_>) -> Result<(), InvalidModule> {
        at_most(
            section.range().start,
            "exports",
            section.count(),
            self.limits.exports,
        )?;
        self.enter(section.count(), self.costs.entry.item);
        for export in section.clone().into_iter_with_offsets() {
            let (offset, export) = export?;
            let wrong = |name, expected| InvalidModule::Export {
                name,
                expected,
                found: format!("a {:?}", export.kind),
            };
            match (export.name, export.kind) {
                (MEMORY_EXPORT, ExternalKind::Memory) => self.memory_export = true,
                (MEMORY_EXPORT, _) => return Err(wrong(MEMORY_EXPORT, "the memory")),
                (MAIN_EXPORT, ExternalKind::Func) => self.main_export = Some(export.index),
                (MAIN_EXPORT, _) => return Err(wrong(MAIN_EXPORT, "a function")),
                (BUFFER_EXPORT, ExternalKind::Global) => {
                    self.buffer_export = Some((offset, export.index))
                }
                (BUFFER_EXPORT, _) => return Err(wrong(BUFFER_EXPORT, "a global")),
                (ACCOUNT_CHECK_EXPORT, _) => self.account_check = true,
                _ => {}
            }
        }
        Ok(())
    }

    fn elements(&mut self, section: &ElementSectionReader<'_>) -> Result<(), InvalidModule> {
        at_most(
            section.range().start,
            "element_segments",
            section.count(),
            self.limits.element_segments,
        )?;
        self.enter(section.count(), self.costs.entry.item);
        for element in section.clone().into_iter_with_offsets() {
            let (offset, element) = element?;
            let ElementKind::Active { offset_expr, .. } = element.kind else {
                return Err(InvalidModule::PassiveSegment {
                    offset,
                    kind: "element",
                });
            };
            let count = match element.items {
                ElementItems::Functions(items) => items.count(),
                ElementItems::Expressions(_, items) => items.count(),
            };
            self.enter(count, self.costs.entry.element);
            inside(
                offset,
                "an element segment",
                constant(&offset_expr)?,
                count as usize,
                self.table,
                "elements",
            )?;
        }
        Ok(())
    }

    fn data(&mut self, section: &DataSectionReader<'_>) -> Result<(), InvalidModule> {
        at_most(
            section.range().start,
            "data_segments",
            section.count(),
            self.limits.data_segments,
        )?;
        self.enter(section.count(), self.costs.entry.item);
        for data in section.clone().into_iter_with_offsets() {
            let (offset, data) = data?;
            let DataKind::Active { offset_expr, .. } = data.kind else {
                return Err(InvalidModule::PassiveSegment {
                    offset,
                    kind: "data",
                });
            };
            inside(
                offset,
                "a data segment",
                constant(&offset_expr)?,
                data.data.len(),
                self.bytes(),
                "bytes",
            )?;
        }
        Ok(())
    }

    /// The operators of one function.
    fn body(
        &mut self,
        function: FuncToValidate<ValidatorResources>,
        body: &FunctionBody<'_>,
    ) -> Result<(), InvalidModule> {
        let range = body.range();
        at_most(
            range.start,
            "body_size",
            range.end - range.start,
            self.limits.body_size,
        )?;
        let mut validator = function.into_validator(std::mem::take(&mut self.allocations));
        let mut reader = body.get_binary_reader();
        let mut locals = reader.clone();
        let groups = locals.read_var_u32()?;
        validator.read_locals(&mut reader)?;
        at_most(
            range.start,
            "locals",
            validator.len_locals(),
            self.limits.locals,
        )?;
        let inside = |position: u64| (position - range.start) as usize;
        let declared = inside(locals.original_position())..inside(reader.original_position());
        self.shape.outline.clear();
        let (mut operands, mut calls, mut count) = (0, false, 0);
        let mut operators = wasmparser::OperatorsReader::new(reader);
        while !operators.eof() {
            let offset = operators.original_position();
            let operator = operators.read()?;
            let Some(class) = costs::class(&operator) else {
                return Err(InvalidModule::Operator {
                    offset,
                    operator: name(&operator),
                });
            };
            match &operator {
                Operator::BrTable { targets } => {
                    at_most(
                        offset,
                        "br_table_targets",
                        targets.len(),
                        self.limits.br_table_targets,
                    )?;
                }
                Operator::Call { function_index } => calls |= *function_index >= self.imports,
                Operator::CallIndirect { .. } => calls = true,
                _ => {}
            }
            validator.op(offset, &operator)?;
            at_most(
                offset,
                "operands",
                validator.operand_stack_height(),
                self.limits.operands,
            )?;
            at_most(
                offset,
                "nesting",
                validator.control_stack_height(),
                self.limits.nesting,
            )?;
            operands = operands.max(validator.operand_stack_height());
            count += 1;
            let place = offset - range.start..operators.original_position() - range.start;
            let mut entry = u64::from(self.costs.entry.of(class));
            if let Operator::BrTable { targets } = &operator {
                entry += u64::from(targets.len()) * u64::from(self.costs.entry.target);
            }
            let price = self.costs.wasm.of(class);
            self.shape.outline.note(&operator, price, entry, place);
        }
        operators.finish()?;
        // wasmparser has matched the bodies with the declared functions, and those with the types.
        let ty = self
            .functions
            .get(self.bodies)
            .and_then(|ty| self.types.get(*ty as usize));
        self.bodies += 1;
        self.shape.params = ty.map_or(0, |ty| ty.params().len() as u32);
        self.shape.locals = validator.len_locals();
        self.shape.result = ty.and_then(|ty| ty.results().first().copied());
        self.shape.operands = operands;
        self.shape.operators = count;
        self.shape.calls = calls;
        self.shape.groups = groups;
        self.shape.declared = declared;
        self.enter(
            self.shape.locals - self.shape.params,
            self.costs.entry.local,
        );
        self.allocations = validator.into_allocations();
        Ok(())
    }

    /// The rules that need the whole module.
    ///
    /// # Errors
    /// The first of them that it breaks.
    pub(super) fn finish(self) -> Result<Facts, InvalidModule> {
        let missing = |name, expected| InvalidModule::Export {
            name,
            expected,
            found: "nothing".into(),
        };
        if !self.memory_export {
            return Err(missing(MEMORY_EXPORT, "the memory"));
        }
        let main = self
            .main_export
            .ok_or_else(|| missing(MAIN_EXPORT, "a function"))?;
        let main = main
            .checked_sub(self.imports)
            .and_then(|defined| self.functions.get(defined as usize));
        if !main.is_some_and(|ty| self.has_type(*ty, &[], &[])) {
            let expected = "a function of the module, from nothing to nothing";
            return Err(InvalidModule::Export {
                name: MAIN_EXPORT,
                expected,
                found: "another function".into(),
            });
        }
        let expected = "an immutable i32 global, the address of the exchange buffer";
        let (offset, global) = self
            .buffer_export
            .ok_or_else(|| missing(BUFFER_EXPORT, expected))?;
        let Some(buffer) = self.globals.get(global as usize).copied().flatten() else {
            return Err(InvalidModule::Export {
                name: BUFFER_EXPORT,
                expected,
                found: "another global".into(),
            });
        };
        inside(
            offset,
            "the exchange buffer",
            buffer,
            BUFFER_SIZE as usize,
            self.bytes(),
            "bytes",
        )?;
        let pages = u32::try_from(self.pages.unwrap_or(0)).unwrap_or(self.limits.memory_pages);
        Ok(Facts {
            buffer,
            pages,
            account_check: self.account_check,
            entry: self.entry,
        })
    }
}
