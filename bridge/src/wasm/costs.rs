//! The class of each operator, which its price goes by (`abi::schedule`).
//!
//! An operator without a class has no price, and a module that uses it is refused. So the list of classes is
//! at once the list of what is allowed: integers, control and plain memory access. Floats, SIMD, threads,
//! reference types, tail calls, exceptions and passive segments are in no class.

use abi::schedule::Class;
use wasmparser::Operator;

/// The class of `operator`, or `None` if contracts may not use it.
#[must_use]
pub(super) fn class(operator: &Operator<'_>) -> Option<Class> {
    use Operator as O;
    Some(match operator {
        O::Block { .. } | O::Loop { .. } | O::Else | O::End | O::Nop | O::Unreachable => {
            Class::Structure
        }
        O::If { .. } => Class::If,
        O::Br { .. } | O::Return => Class::Branch,
        O::BrIf { .. } => Class::BranchIf,
        O::BrTable { .. } => Class::BranchTable,
        O::Call { .. } => Class::Call,
        O::CallIndirect { .. } => Class::CallIndirect,
        O::MemoryGrow { .. } => Class::Grow,
        O::MemoryFill { .. } | O::MemoryCopy { .. } => Class::Bulk,
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
        O::Drop | O::Select => Class::Pick,
        O::MemorySize { .. } => Class::MemorySize,
        O::LocalGet { .. } | O::LocalSet { .. } | O::LocalTee { .. } => Class::Variable,
        O::GlobalGet { .. } | O::GlobalSet { .. } => Class::Variable,
        O::I32Const { .. } | O::I64Const { .. } => Class::Constant,
        O::I32Eqz | O::I32Eq | O::I32Ne | O::I32LtS | O::I32LtU | O::I32GtS | O::I32GtU => {
            Class::Simple
        }
        O::I32LeS | O::I32LeU | O::I32GeS | O::I32GeU => Class::Simple,
        O::I64Eqz | O::I64Eq | O::I64Ne | O::I64LtS | O::I64LtU | O::I64GtS | O::I64GtU => {
            Class::Simple
        }
        O::I64LeS | O::I64LeU | O::I64GeS | O::I64GeU => Class::Simple,
        O::I32Clz | O::I32Ctz | O::I64Clz | O::I64Ctz => Class::CountZeros,
        O::I32Popcnt | O::I64Popcnt => Class::CountOnes,
        O::I32Mul | O::I64Mul => Class::Multiply,
        O::I32Add | O::I32Sub | O::I32And | O::I32Or | O::I32Xor => Class::Simple,
        O::I64Add | O::I64Sub | O::I64And | O::I64Or | O::I64Xor => Class::Simple,
        O::I32Shl | O::I32ShrS | O::I32ShrU | O::I32Rotl | O::I32Rotr => Class::Shift,
        O::I64Shl | O::I64ShrS | O::I64ShrU | O::I64Rotl | O::I64Rotr => Class::Shift,
        O::I32WrapI64 | O::I64ExtendI32S | O::I64ExtendI32U => Class::Convert,
        O::I32Extend8S | O::I32Extend16S => Class::Convert,
        O::I64Extend8S | O::I64Extend16S | O::I64Extend32S => Class::Convert,
        _ => return None,
    })
}
