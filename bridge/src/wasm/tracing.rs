//! A metered module made to tell of its functions: [`traced`].
//!
//! Two imports come after the module's own, so each function of the module moves by two. Every function of the contract
//! calls `enter` with its index before anything else, and `leave` where it ends; metering has left it one `return`. The
//! charges stay as they are, and so do gas, outcome and the height of the stack that a contract is allowed.

use super::HOST_MODULE;
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    CodeSection, EntityType, FunctionSection, ImportSection, Instruction, Module, SectionId,
    TypeSection, ValType,
};
use wasmparser::{FunctionBody, FunctionSectionReader, ImportSectionReader, Parser};

/// The import that is told of the function that begins: `(index)`.
pub(super) const ENTER_IMPORT: &str = "enter";
/// The import that is told of its end.
pub(super) const LEAVE_IMPORT: &str = "leave";

/// The imports that are added.
const ADDED: u32 = 2;

/// The functions at the end of a metered module that are not the contract's.
const HELPERS: u32 = 4;

/// The metered module `wasm`, which tells of its functions. Indices are those that the contract's own module has.
///
/// # Errors
/// None for a metered module: only those of reading it.
pub(super) fn traced(wasm: &[u8]) -> Result<Vec<u8>, Error> {
    let mut module = Module::new();
    Tracing::default().parse_core_module(&mut module, Parser::new(0), wasm)?;
    Ok(module.finish())
}

/// A module on its way.
#[derive(Debug, Default)]
struct Tracing {
    /// The type of `enter`; that of `leave` follows.
    types: u32,
    /// How many functions it imports itself.
    imports: u32,
    imported: bool,
    /// The functions of the contract whose bodies are still to come, and those before them.
    left: u32,
    next: u32,
}

impl Tracing {
    fn import(&mut self, imports: &mut ImportSection) {
        self.imported = true;
        for (name, ty) in [(ENTER_IMPORT, self.types), (LEAVE_IMPORT, self.types + 1)] {
            imports.import(HOST_MODULE, name, EntityType::Function(ty));
        }
    }
}

impl Reencode for Tracing {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error> {
        let own = function >= self.imports;
        Ok(function + if own { ADDED } else { 0 })
    }

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: wasmparser::TypeSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_type_section(self, types, section)?;
        self.types = types.len();
        types.ty().function([ValType::I32], []);
        types.ty().function([], []);
        Ok(())
    }

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: ImportSectionReader<'_>,
    ) -> Result<(), Error> {
        // A contract imports functions alone.
        self.imports = section.count();
        utils::parse_import_section(self, imports, section)?;
        self.import(imports);
        Ok(())
    }

    fn intersperse_section_hook(
        &mut self,
        module: &mut Module,
        _: Option<SectionId>,
        before: Option<SectionId>,
    ) -> Result<(), Error> {
        if before == Some(SectionId::Function) && !self.imported {
            let mut imports = ImportSection::new();
            self.import(&mut imports);
            module.section(&imports);
        }
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error> {
        self.left = section.count().saturating_sub(HELPERS);
        self.next = self.imports;
        utils::parse_function_section(self, functions, section)
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Error> {
        if self.left == 0 {
            return utils::parse_function_body(self, code, body);
        }
        let mut function = self.new_function_with_parsed_locals(&body)?;
        function.instruction(&Instruction::I32Const(self.next.cast_signed()));
        function.instruction(&Instruction::Call(self.imports));
        let mut reader = body.get_operators_reader()?;
        while !reader.eof() {
            let instruction = self.parse_instruction(&mut reader)?;
            if matches!(instruction, Instruction::Return) {
                function.instruction(&Instruction::Call(self.imports + 1));
            }
            function.instruction(&instruction);
        }
        code.function(&function);
        self.left -= 1;
        self.next += 1;
        Ok(())
    }
}
