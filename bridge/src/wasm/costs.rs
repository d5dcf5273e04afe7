//! What each operator costs: one table, [`Costs`], as versioned data.
//!
//! An operator without a class has no price, and a module that uses it is refused. So the list of classes is
//! at once the list of what is allowed: integers, control and plain memory access. Floats, SIMD, threads,
//! reference types, tail calls, exceptions and passive segments are in no class.

use wasmparser::Operator;

/// The operators of one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// They shape the code and do nothing when it runs.
    Structure,
    /// One step of arithmetic, or one move of a value.
    Simple,
    /// Division and remainder, the slow instruction of every processor.
    Divide,
    /// A read or write of linear memory.
    Access,
    /// A jump, taken or not.
    Branch,
    /// A jump through a table.
    BranchTable,
    /// A call of a function known by its index, the host's functions included.
    Call,
    /// A call through the table, with its type check.
    CallIndirect,
    /// `memory.grow`, `memory.fill` and `memory.copy`: what they do is charged for apart.
    Bulk,
}

impl Class {
    /// Every class, in the order of the documentation.
    pub const ALL: [Class; 9] = [
        Class::Structure,
        Class::Simple,
        Class::Divide,
        Class::Access,
        Class::Branch,
        Class::BranchTable,
        Class::Call,
        Class::CallIndirect,
        Class::Bulk,
    ];

    /// The operators of the class, as the documentation lists them.
    #[must_use]
    pub const fn operators(self) -> &'static str {
        match self {
            Class::Structure => "block, loop, else, end, nop, unreachable",
            Class::Simple => {
                "const, local.*, global.*, drop, select, memory.size, comparisons, conversions, \
                 sign extensions, add, sub, mul, and, or, xor, shl, shr, rotl, rotr, clz, ctz, popcnt"
            }
            Class::Divide => "div, rem",
            Class::Access => "loads, stores",
            Class::Branch => "br, br_if, if, return",
            Class::BranchTable => "br_table",
            Class::Call => "call",
            Class::CallIndirect => "call_indirect",
            Class::Bulk => "memory.grow, memory.fill, memory.copy",
        }
    }
}

/// The class of `operator`, or `None` if contracts may not use it.
#[must_use]
pub(super) fn class(operator: &Operator<'_>) -> Option<Class> {
    use Operator as O;
    Some(match operator {
        O::Block { .. } | O::Loop { .. } | O::Else | O::End | O::Nop | O::Unreachable => {
            Class::Structure
        }
        O::If { .. } | O::Br { .. } | O::BrIf { .. } | O::Return => Class::Branch,
        O::BrTable { .. } => Class::BranchTable,
        O::Call { .. } => Class::Call,
        O::CallIndirect { .. } => Class::CallIndirect,
        O::MemoryGrow { .. } | O::MemoryFill { .. } | O::MemoryCopy { .. } => Class::Bulk,
        O::I32DivS | O::I32DivU | O::I32RemS | O::I32RemU => Class::Divide,
        O::I64DivS | O::I64DivU | O::I64RemS | O::I64RemU => Class::Divide,
        O::I32Load { .. } | O::I32Store { .. } | O::I64Load { .. } | O::I64Store { .. } => {
            Class::Access
        }
        O::I32Load8S { .. } | O::I32Load8U { .. } | O::I32Load16S { .. } | O::I32Load16U { .. } => {
            Class::Access
        }
        O::I64Load8S { .. } | O::I64Load8U { .. } | O::I64Load16S { .. } | O::I64Load16U { .. } => {
            Class::Access
        }
        O::I64Load32S { .. }
        | O::I64Load32U { .. }
        | O::I32Store8 { .. }
        | O::I32Store16 { .. } => Class::Access,
        O::I64Store8 { .. } | O::I64Store16 { .. } | O::I64Store32 { .. } => Class::Access,
        O::Drop | O::Select | O::MemorySize { .. } => Class::Simple,
        O::LocalGet { .. } | O::LocalSet { .. } | O::LocalTee { .. } => Class::Simple,
        O::GlobalGet { .. } | O::GlobalSet { .. } => Class::Simple,
        O::I32Const { .. } | O::I64Const { .. } => Class::Simple,
        O::I32Eqz | O::I32Eq | O::I32Ne | O::I32LtS | O::I32LtU | O::I32GtS | O::I32GtU => {
            Class::Simple
        }
        O::I32LeS | O::I32LeU | O::I32GeS | O::I32GeU => Class::Simple,
        O::I64Eqz | O::I64Eq | O::I64Ne | O::I64LtS | O::I64LtU | O::I64GtS | O::I64GtU => {
            Class::Simple
        }
        O::I64LeS | O::I64LeU | O::I64GeS | O::I64GeU => Class::Simple,
        O::I32Clz | O::I32Ctz | O::I32Popcnt | O::I32Add | O::I32Sub | O::I32Mul => Class::Simple,
        O::I32And | O::I32Or | O::I32Xor | O::I32Shl | O::I32ShrS | O::I32ShrU => Class::Simple,
        O::I32Rotl | O::I32Rotr => Class::Simple,
        O::I64Clz | O::I64Ctz | O::I64Popcnt | O::I64Add | O::I64Sub | O::I64Mul => Class::Simple,
        O::I64And | O::I64Or | O::I64Xor | O::I64Shl | O::I64ShrS | O::I64ShrU => Class::Simple,
        O::I64Rotl | O::I64Rotr => Class::Simple,
        O::I32WrapI64 | O::I64ExtendI32S | O::I64ExtendI32U => Class::Simple,
        O::I32Extend8S | O::I32Extend16S => Class::Simple,
        O::I64Extend8S | O::I64Extend16S | O::I64Extend32S => Class::Simple,
        _ => return None,
    })
}

/// The prices, in gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Costs {
    /// Counts up whenever a price changes; part of what names a prepared module.
    pub version: u16,
    /// An operator of [`Class::Simple`].
    pub simple: u32,
    /// An operator of [`Class::Divide`].
    pub divide: u32,
    /// An operator of [`Class::Access`].
    pub access: u32,
    /// An operator of [`Class::Branch`].
    pub branch: u32,
    /// An operator of [`Class::BranchTable`].
    pub branch_table: u32,
    /// An operator of [`Class::Call`].
    pub call: u32,
    /// An operator of [`Class::CallIndirect`].
    pub call_indirect: u32,
    /// An operator of [`Class::Bulk`], before what it does.
    pub bulk: u32,
    /// Each local that a function declares, whenever it is entered: it is set to zero.
    pub local: u32,
    /// Each page of memory, at the start of a call and when `memory.grow` asks for it.
    pub page: u32,
    /// Each 8 bytes (or part of them) that `memory.fill` or `memory.copy` writes.
    pub word: u32,
    /// What a call pays for its module, prepared as though no node had kept it.
    pub entry: Entry,
}

/// What preparing a module costs, in gas: paid by each call before its first operator.
///
/// A node may keep prepared modules or not, and gas may not depend on that. So the prices follow the time of
/// checking, metering and translating, with modules searched for that take the longest; see docs/performance.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// Any module, with the instance made of it.
    pub module: u32,
    /// Each function that the module defines.
    pub function: u32,
    /// Each operator of [`Class::Structure`], [`Class::Access`] or [`Class::Branch`] in its code.
    pub structure: u32,
    /// Each other operator in its code.
    pub operator: u32,
    /// Each local that a function declares.
    pub local: u32,
    /// Each target of a `br_table`.
    pub target: u32,
    /// Each 4 bytes that metering adds to a function.
    pub added: u32,
    /// Each function type.
    pub r#type: u32,
    /// Each import, global, export, segment and custom section.
    pub item: u32,
    /// Each element of the table, and each element of a segment.
    pub element: u32,
    /// Each 16 bytes of the module.
    pub bytes: u32,
}

impl Entry {
    /// Each price with what it is for, in the order of the documentation.
    #[must_use]
    pub const fn rows(&self) -> [(&'static str, u32); 11] {
        [
            ("any module", self.module),
            ("each function", self.function),
            (
                "each block, loop, else, end, nop, unreachable, load, store, br, br_if, if and return in its code",
                self.structure,
            ),
            ("each other operator in its code", self.operator),
            ("each local that a function declares", self.local),
            ("each target of a br_table", self.target),
            ("each 4 bytes that metering adds to a function", self.added),
            ("each function type", self.r#type),
            (
                "each import, global, export, segment and custom section",
                self.item,
            ),
            (
                "each element of the table, and of an element segment",
                self.element,
            ),
            ("each 16 bytes of the module", self.bytes),
        ]
    }

    /// What an operator of `class` in the code costs.
    #[must_use]
    pub const fn of(&self, class: Class) -> u32 {
        match class {
            Class::Structure | Class::Access | Class::Branch => self.structure,
            _ => self.operator,
        }
    }
}

impl Costs {
    /// The first table. One gas is one simple operator; the other prices follow the time they take next to
    /// it in an interpreter and in compiled code, whichever is worse.
    pub const V1: Costs = Costs {
        version: 1,
        simple: 1,
        divide: 8,
        access: 2,
        branch: 1,
        branch_table: 3,
        call: 10,
        call_indirect: 14,
        bulk: 16,
        local: 1,
        page: 1024,
        word: 1,
        entry: Entry {
            module: 3500,
            function: 260,
            structure: 24,
            operator: 14,
            local: 2,
            target: 9,
            added: 18,
            r#type: 470,
            item: 190,
            element: 14,
            bytes: 2,
        },
    };

    /// The price of an operator of `class`.
    #[must_use]
    pub const fn of(&self, class: Class) -> u32 {
        match class {
            Class::Structure => 0,
            Class::Simple => self.simple,
            Class::Divide => self.divide,
            Class::Access => self.access,
            Class::Branch => self.branch,
            Class::BranchTable => self.branch_table,
            Class::Call => self.call,
            Class::CallIndirect => self.call_indirect,
            Class::Bulk => self.bulk,
        }
    }
}
