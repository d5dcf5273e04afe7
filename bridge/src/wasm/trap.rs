//! What a WebAssembly contract may not do: [`Trap`], the same set on every engine.

use std::fmt;

/// Why a WebAssembly contract could not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Trap {
    /// It ran into `unreachable`.
    Unreachable,
    /// It read or wrote outside of its memory.
    MemoryOutOfBounds,
    /// It called through the table, outside of it.
    TableOutOfBounds,
    /// It called through an element of the table that holds no function.
    IndirectCallToNull,
    /// It called a function of another type through the table.
    BadSignature,
    /// It divided by zero.
    DivisionByZero,
    /// Its quotient does not fit: the smallest integer divided by -1.
    IntegerOverflow,
    /// Its active calls take more than the limit `stack`.
    StackExhausted,
    /// The arguments or the reply of a call into the host do not lie inside its memory.
    BufferOutOfBounds,
}

impl Trap {
    /// The fault's name in JSON and receipts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Trap::Unreachable => "unreachable",
            Trap::MemoryOutOfBounds => "memory_out_of_bounds",
            Trap::TableOutOfBounds => "table_out_of_bounds",
            Trap::IndirectCallToNull => "indirect_call_to_null",
            Trap::BadSignature => "bad_signature",
            Trap::DivisionByZero => "division_by_zero",
            Trap::IntegerOverflow => "integer_overflow",
            Trap::StackExhausted => "stack_exhausted",
            Trap::BufferOutOfBounds => "buffer_out_of_bounds",
        }
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Trap::Unreachable => "the contract ran into `unreachable`",
            Trap::MemoryOutOfBounds => "access outside of linear memory",
            Trap::TableOutOfBounds => "indirect call outside of the table",
            Trap::IndirectCallToNull => "indirect call of an empty element",
            Trap::BadSignature => "indirect call of a function of another type",
            Trap::DivisionByZero => "division by zero",
            Trap::IntegerOverflow => "integer overflow in a division",
            Trap::StackExhausted => "the active calls take more than the stack",
            Trap::BufferOutOfBounds => "a buffer given to the host is not inside linear memory",
        })
    }
}
