//! What a module may be: one table, [`ModuleLimits`], as versioned data.
//!
//! Every figure is checked in `validate`, and every row has a test at its boundary. The figures bound what
//! a node pays for a deployed module: the time to compile it, the memory to run it, and the machine stack.

use abi::layout::COMMUNICATE_SIZE;

/// The bytes of one page of linear memory.
pub const PAGE_SIZE: u32 = 0x1_0000;
/// The bytes of the exchange buffer that a module exports as `smart51_buffer`: the 4 KiB of the 8051 and
/// the byte after them, which the longest input reaches.
pub const BUFFER_SIZE: u32 = COMMUNICATE_SIZE as u32 + 1;

macro_rules! limits {
    ($($(#[doc = $doc:literal])+ $name:ident = $value:literal $unit:literal;)+) => {
        /// The bounds a module is held to.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct ModuleLimits {
            /// Counts up whenever a figure changes; part of what names a prepared module.
            pub version: u16,
            $($(#[doc = $doc])+ pub $name: u32,)+
        }

        impl ModuleLimits {
            /// The first table.
            pub const V1: ModuleLimits = ModuleLimits { version: 1, $($name: $value,)+ };

            /// The same for a module that was deployed under other prices: with them its metered form can be longer, by
            /// at most 32 bytes for each operator, and must not be refused for that.
            #[must_use]
            pub const fn once_deployed(self) -> ModuleLimits {
                ModuleLimits { metered_size: 32 * self.module_size, ..self }
            }

            /// The rows of the table: name, figure, unit, and what it bounds.
            #[must_use]
            pub fn rows(&self) -> Vec<(&'static str, u32, &'static str, &'static str)> {
                vec![$((stringify!($name), self.$name, $unit, concat!($($doc),+).trim_ascii()),)+]
            }
        }
    };
}

limits! {
    /// The whole module, custom sections included.
    module_size = 1_048_576 "bytes";
    /// Function types.
    types = 1024 "types";
    /// Imports; each must be `smart51.call` or `smart51.exit`.
    imports = 16 "imports";
    /// Functions the module defines.
    functions = 4096 "functions";
    /// Exports.
    exports = 256 "exports";
    /// Globals the module defines.
    globals = 256 "globals";
    /// Linear memory, at the start and after `memory.grow`.
    memory_pages = 16 "pages of 65,536 bytes";
    /// Elements of the table.
    table_elements = 1024 "elements";
    /// Element segments.
    element_segments = 256 "segments";
    /// Data segments.
    data_segments = 1024 "segments";
    /// Parameters of a function type.
    params = 16 "parameters";
    /// Results of a function type.
    results = 1 "results";
    /// Parameters and locals of a function.
    locals = 512 "locals";
    /// Values on the operand stack of a function.
    operands = 256 "values";
    /// Blocks, loops and ifs inside each other, the function's own block included.
    nesting = 256 "blocks";
    /// Targets of a `br_table`, its default not counted.
    br_table_targets = 1024 "targets";
    /// The body of a function, its locals included.
    body_size = 65_536 "bytes";
    /// The module with its metering.
    metered_size = 2_097_152 "bytes";
    /// Custom sections: names, debugging data, producers.
    custom_sections = 64 "sections";
    /// The frames of all active calls.
    stack = 262_144 "bytes";
}
