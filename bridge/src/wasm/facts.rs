//! What validation finds out of a module, and the small checks it is made of.

use super::invalid::InvalidModule;
use super::outline::Outline;
use std::ops::Range;
use wasmparser::{ConstExpr, Operator, ValType};

/// What metering needs to know of a function that the module defines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shape {
    /// How many parameters it has.
    pub(super) params: u32,
    /// How many parameters and locals it has.
    pub(super) locals: u32,
    /// The type of its result, if it has one.
    pub(super) result: Option<ValType>,
    /// The most operands on its stack at once.
    pub(super) operands: u32,
    /// How many operators it has.
    pub(super) operators: u32,
    /// Whether it calls functions of the module, itself perhaps.
    pub(super) calls: bool,
    /// How many groups its locals are declared in.
    pub(super) groups: u32,
    /// Where these groups lie in its body, in bytes; its operators follow.
    pub(super) declared: Range<usize>,
    /// Its code.
    pub(super) outline: Outline,
}

/// What a call needs to know of a valid module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    /// The address of the exchange buffer.
    pub(super) buffer: u32,
    /// The pages of memory at the start of a call.
    pub(super) pages: u32,
    /// Whether the account check is switched on.
    pub(super) account_check: bool,
    /// What preparing costs beside the code of functions, in gas.
    pub(super) entry: u64,
}

pub(super) fn at_most(
    offset: u64,
    what: &'static str,
    found: impl Into<u64>,
    most: u32,
) -> Result<(), InvalidModule> {
    let found = found.into();
    if found > u64::from(most) {
        Err(InvalidModule::Limit {
            offset,
            what,
            found,
            most,
        })
    } else {
        Ok(())
    }
}

/// A thing that lies at `start` and is `length` long, in a space of `size`.
pub(super) fn inside(
    offset: u64,
    kind: &'static str,
    start: u32,
    length: usize,
    size: u64,
    unit: &'static str,
) -> Result<(), InvalidModule> {
    let start = u64::from(start);
    let end = start + length as u64;
    if end > size {
        Err(InvalidModule::OutOfRange {
            offset,
            kind,
            start,
            end,
            size,
            unit,
        })
    } else {
        Ok(())
    }
}

/// The value of a constant expression; of those there is only `i32.const`, because nothing else of type i32
/// is constant without imported globals.
pub(super) fn constant(expression: &ConstExpr<'_>) -> Result<u32, InvalidModule> {
    let mut operators = expression.get_operators_reader();
    let offset = operators.original_position();
    match operators.read()? {
        Operator::I32Const { value } => Ok(value.cast_unsigned()),
        other => Err(InvalidModule::Operator {
            offset,
            operator: name(&other),
        }),
    }
}

/// The operator's name without its immediates.
pub(super) fn name(operator: &Operator<'_>) -> String {
    let text = format!("{operator:?}");
    text.split(' ').next().unwrap_or_default().to_owned()
}
