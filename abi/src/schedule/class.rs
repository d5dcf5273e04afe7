//! The operators of WebAssembly by price.

use super::{Costs, Entry};

/// Declares [`Class`] with the operators of each and the figure of [`Costs`] that prices it.
macro_rules! classes {
    ($($(#[doc = $doc:literal])+ $class:ident = $price:ident: $operators:literal;)+) => {
        /// The operators of one price.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Class {
            /// They shape the code and do nothing when it runs.
            Structure,
            $($(#[doc = $doc])+ $class,)+
        }

        impl Class {
            /// Every class, in the order of the documentation.
            pub const ALL: &[Class] = &[Class::Structure, $(Class::$class),+];

            /// The operators of the class, as the documentation lists them.
            #[must_use]
            pub const fn operators(self) -> &'static str {
                match self {
                    Class::Structure => "block, loop, else, end, nop, unreachable",
                    $(Class::$class => $operators,)+
                }
            }
        }

        impl Costs {
            /// The price of an operator of `class`.
            #[must_use]
            pub const fn of(&self, class: Class) -> u32 {
                match class {
                    Class::Structure => 0,
                    $(Class::$class => self.$price,)+
                }
            }
        }
    };
}

classes! {
    /// A number that stands in the code.
    Constant = constant: "const";
    /// A move of a value between the operands and a variable.
    Variable = variable: "local.*, global.*";
    /// One step of arithmetic.
    Simple = simple: "comparisons, add, sub, and, or, xor";
    /// The same number in another type.
    Convert = convert: "conversions, sign extensions";
    /// A shift or rotation.
    Shift = shift: "shl, shr, rotl, rotr";
    /// A product.
    Multiply = multiply: "mul";
    /// The zero bits at an end.
    CountZeros = count_zeros: "clz, ctz";
    /// The bits that are one.
    CountOnes = count_ones: "popcnt";
    /// An operand that goes, or one of two that stays.
    Pick = pick: "drop, select";
    /// The size of linear memory.
    MemorySize = memory_size: "memory.size";
    /// Division and remainder, the slow instruction of every processor.
    Divide = divide: "div, rem";
    /// A read or write of linear memory.
    Access = access: "loads, stores";
    /// A condition.
    If = r#if: "if";
    /// A jump.
    Branch = branch: "br, return";
    /// A jump, taken or not.
    BranchIf = branch_if: "br_if";
    /// A jump through a table.
    BranchTable = branch_table: "br_table";
    /// A call of a function known by its index, the host's functions included.
    Call = call: "call";
    /// A call through the table, with its type check.
    CallIndirect = call_indirect: "call_indirect";
    /// More linear memory: what it does is charged for apart.
    Grow = grow: "memory.grow";
    /// A run of bytes of linear memory: what they do is charged for apart.
    Bulk = bulk: "memory.fill, memory.copy";
}

impl Entry {
    /// What an operator of `class` in the code costs.
    #[must_use]
    pub const fn of(&self, class: Class) -> u32 {
        match class {
            Class::Structure | Class::Access | Class::Branch | Class::BranchIf | Class::If => {
                self.structure
            }
            _ => self.operator,
        }
    }
}
