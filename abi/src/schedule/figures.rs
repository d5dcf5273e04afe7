//! The figures of a schedule that are no method's: sections of named numbers, each with a name, data-sheet's figure and
//! a sentence.

use super::Figure;
use super::form::Reader;
use crate::Gas;
use crate::method::{self, Effect, Storage};

/// Declares a section: a struct of numbers of one type, its data-sheet, and how its figures are named and read.
macro_rules! section {
    (
        $(#[$about:meta])*
        $name:ident: $number:ident in $section:literal, at most $most:expr;
        $($(#[doc = $doc:literal])+ $field:ident = $value:expr;)+
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $name {
            $($(#[doc = $doc])+ pub $field: $number,)+
        }

        impl $name {
            /// The figures of `data-sheet`.
            pub const DATA_SHEET: $name = $name { $($field: $value,)+ };

            /// How many figures there are.
            pub(super) const COUNT: usize = [$(stringify!($field)),+].len();

            /// Shows each figure, in order.
            pub(super) fn each(&self, show: &mut dyn FnMut(Figure)) {
                $(show(Figure {
                    section: $section,
                    name: stringify!($field),
                    value: self.$field.into(),
                    about: concat!($($doc),+).trim_ascii(),
                });)+
            }

            /// Reads the figures in order; `None` where one is missing or beyond the most that it may be.
            pub(super) fn read(r: &mut Reader<'_>) -> Option<$name> {
                Some($name {
                    $($field: r.figure($most)?.try_into().ok()?,)+
                })
            }
        }
    };
}

/// The largest figure: what 4 KiB of it cost, and a module's worth of it, fit in 64 bits.
pub(super) const MOST: u64 = 1 << 40;
/// The largest price of an operator of WebAssembly: what `memory.grow` multiplies by it fits in 63 bits.
const MOST_WASM: u64 = 1 << 24;

section! {
    /// What else than methods and WebAssembly costs gas, and the bounds of transactions and blocks.
    General: u64 in "general", at most MOST;
    /// Gas of one machine cycle; 0 where instructions are counted.
    gas_per_cycle = 1;
    /// Gas of one instruction of an 8051; 0 where machine cycles are counted.
    gas_per_step = 0;
    /// Gas of deploying one byte of image.
    gas_per_code_byte = 200;
    /// Gas of being a transaction, before it does anything: it is checked and hashed, moves the fee, and is kept
    /// with its receipt and what it replaced.
    gas_per_transaction = 10_000;
    /// Gas of one byte of contract bytes or of a local name: it is hashed and kept.
    gas_per_input_byte = 20;
    /// Gas of an action of a transaction of several: its account is looked up, and its frame kept.
    gas_per_action = 5_000;
    /// Gas of sending an amount with a call: a second balance changes.
    gas_of_value = 2_000;
    /// Gas of looking for an image by its hash, beside that of each of its bytes.
    gas_of_code = 50_000;
    /// Gas of an account that a transaction makes, its own or a new contract's.
    gas_of_account = 15_000;
    /// Gas that a call of an 8051 contract pays before its first instruction.
    gas_per_entry = 500;
    /// Gas that it pays for each 64 bytes of CODE of which its image programs any: they are predecoded.
    gas_per_code_line = 105;
    /// The most actions of a transaction, the context-free ones among them.
    actions_max = 255;
    /// How deep inline actions can stand below an action of the transaction.
    inline_depth = 4;
    /// The most gas of the deferred actions that are executed in one block, and of telling that they failed: those
    /// that are due beyond it wait for the next block.
    deferred_gas_max = 50_000_000;
    /// The most gas of one deferred action, and of telling that it failed.
    deferred_entry_gas_max = 20_000_000;
    /// The longest delay of a deferred action, in blocks.
    deferred_delay_max = 1_000_000;
    /// The gas of a block beyond which no transaction begins in it; 0 for no bound.
    block_gas_max = 0;
    /// 1 where the price of gas follows the use of blocks, on a chain that was begun with a window for that.
    fuel_rate = 0;
    /// At most one part in this many of the gas used is given back.
    refund_divisor = 5;
}

section! {
    /// The price of a record of a contract's data, its key and its value together, by started runs.
    StoragePrices: u64 in "storage", at most MOST;
    /// The length of a run in bytes.
    run = method::STORAGE_RUN;
    /// For every started run that the store did not hold before.
    added = method::ADDED;
    /// For every started run that is written over.
    changed = method::CHANGED;
    /// For every started run that stays as it is.
    unchanged = method::UNCHANGED;
    /// For every started run that the store no longer holds: it is read, and kept for a rollback.
    removed = method::REMOVED;
    /// Given back for every started run that the store no longer holds.
    freed = method::FREED;
}

section! {
    /// What methods do beyond their answers.
    EffectPrices: u64 in "effects", at most MOST;
    /// What a key of DES costs, before any data.
    des_key = Effect::DES_KEY.0;
    /// What a started block of 8 bytes costs with DES.
    des_block = Effect::DES_BLOCK.0;
    /// What a key of triple DES costs.
    triple_key = Effect::TRIPLE * Effect::DES_KEY.0;
    /// What a started block of 8 bytes costs with triple DES.
    triple_block = Effect::TRIPLE * Effect::DES_BLOCK.0;
    /// What one output record costs.
    output_record = Effect::OUTPUT_RECORD.0;
    /// What one operation on an app account costs.
    app_record = Effect::APP_RECORD.0;
    /// What it costs to look at a fund that has thawed.
    thawed = Effect::THAWED.0;
    /// What it costs to send an amount with a call of another contract, or with an action: two balances change.
    value = Effect::VALUE.0;
    /// What it costs that an action is a transaction of its own later, with a receipt.
    later = Effect::LATER.0;
    /// What a byte of it costs: it is hashed and kept once more, in the transaction.
    later_byte = Effect::LATER_BYTE;
    /// What one topic of an event costs, beside its bytes.
    topic = Effect::TOPIC.0;
    /// What it costs to look at the next key among those that a call looks through.
    looked_at = Effect::LOOKED_AT.0;
    /// What it costs to keep an index with a key, beside the bytes of its entry.
    indexed = Effect::INDEXED.0;
}

section! {
    /// The prices of WebAssembly's operators, which metering writes into a module. One gas of `data-sheet` is one
    /// simple operator; the other prices follow the time they take next to it in an interpreter and in compiled code,
    /// whichever is worse.
    Costs: u32 in "wasm", at most MOST_WASM;
    /// An operator of [`Class::Constant`](super::Class::Constant).
    constant = 1;
    /// An operator of [`Class::Variable`](super::Class::Variable).
    variable = 1;
    /// An operator of [`Class::Simple`](super::Class::Simple).
    simple = 1;
    /// An operator of [`Class::Convert`](super::Class::Convert).
    convert = 1;
    /// An operator of [`Class::Shift`](super::Class::Shift).
    shift = 1;
    /// An operator of [`Class::Multiply`](super::Class::Multiply).
    multiply = 1;
    /// An operator of [`Class::CountZeros`](super::Class::CountZeros).
    count_zeros = 1;
    /// An operator of [`Class::CountOnes`](super::Class::CountOnes).
    count_ones = 1;
    /// An operator of [`Class::Pick`](super::Class::Pick).
    pick = 1;
    /// An operator of [`Class::MemorySize`](super::Class::MemorySize).
    memory_size = 1;
    /// An operator of [`Class::Divide`](super::Class::Divide).
    divide = 8;
    /// An operator of [`Class::Access`](super::Class::Access).
    access = 2;
    /// An operator of [`Class::If`](super::Class::If).
    r#if = 1;
    /// An operator of [`Class::Branch`](super::Class::Branch).
    branch = 1;
    /// An operator of [`Class::BranchIf`](super::Class::BranchIf).
    branch_if = 1;
    /// An operator of [`Class::BranchTable`](super::Class::BranchTable).
    branch_table = 3;
    /// An operator of [`Class::Call`](super::Class::Call).
    call = 10;
    /// An operator of [`Class::CallIndirect`](super::Class::CallIndirect).
    call_indirect = 14;
    /// An operator of [`Class::Grow`](super::Class::Grow), before what it does.
    grow = 16;
    /// An operator of [`Class::Bulk`](super::Class::Bulk), before what it does.
    bulk = 16;
    /// Each local that a function declares, whenever it is entered: it is set to zero.
    local = 1;
    /// Each page of memory, at the start of a call and when `memory.grow` asks for it.
    page = 1024;
    /// Each 8 bytes (or part of them) that `memory.fill` or `memory.copy` writes.
    word = 1;
}

section! {
    /// What preparing a module costs, in gas: paid by each call before its first operator.
    ///
    /// A node may keep prepared modules or not, and gas may not depend on that. So the prices follow the time of
    /// checking, metering and translating, with modules searched for that take the longest; see docs/performance.md.
    Entry: u32 in "entry", at most MOST_WASM;
    /// Any module, with the instance made of it.
    module = 3500;
    /// Each function that the module defines.
    function = 260;
    /// Each block, loop, else, end, nop, unreachable, load, store, br, br_if, if and return in its code.
    structure = 24;
    /// Each other operator in its code.
    operator = 14;
    /// Each local that a function declares.
    local = 2;
    /// Each target of a `br_table`.
    target = 9;
    /// Each 4 bytes that metering adds to a function.
    added = 18;
    /// Each function type.
    r#type = 470;
    /// Each import, global, export, segment and custom section.
    item = 190;
    /// Each element of the table, and each element of a segment.
    element = 14;
    /// Each 16 bytes of the module.
    bytes = 2;
}

impl StoragePrices {
    /// The price of changing a key of so many bytes from its `old` to its `new` value; `None` is no entry.
    #[must_use]
    pub fn change(&self, key: usize, old: Option<&[u8]>, new: Option<&[u8]>) -> Storage {
        let units =
            |value: Option<&[u8]>| value.map_or(0, |v| ((key + v.len()) as u64).div_ceil(self.run));
        let (before, after) = (units(old), units(new));
        let per_kept = if old == new {
            self.unchanged
        } else {
            self.changed
        };
        Storage {
            charge: Gas(before.min(after) * per_kept
                + after.saturating_sub(before) * self.added
                + before.saturating_sub(after) * self.removed),
            refund: Gas(before.saturating_sub(after) * self.freed),
        }
    }
}

impl EffectPrices {
    /// What it costs to encrypt or decrypt `length` bytes.
    #[must_use]
    pub const fn cipher(&self, length: usize, triple: bool) -> Gas {
        let (key, block) = match triple {
            true => (self.triple_key, self.triple_block),
            false => (self.des_key, self.des_block),
        };
        Gas(key + (length as u64).div_ceil(8) * block)
    }
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
}
