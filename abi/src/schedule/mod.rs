//! [`Schedule`]: everything that decides how much gas something costs, as plain data with one byte form.
//!
//! | module | holds |
//! |---|---|
//! | `figures` | the figures that are no method's, in sections |
//! | `class` | the operators of WebAssembly by price |
//! | `presets` | the schedules that have a name |
//! | `form` | the byte form |

mod class;
mod figures;
mod form;
mod presets;

pub use class::Class;
pub use figures::{Costs, EffectPrices, Entry, General, StoragePrices};

use crate::Gas;
use crate::method::{GasRule, METHODS, MethodSpec};
use core::fmt;

/// The longest name of a schedule in bytes.
const NAME_SIZE: usize = 16;

/// All prices and the bounds that belong to them. A chain has one in force at each height, and each receipt names its
/// version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Schedule {
    /// The number by which receipts name it; no two schedules of a chain have the same.
    pub version: u16,
    name: ScheduleName,
    /// What else than methods and WebAssembly costs gas, and the bounds of transactions and blocks.
    pub general: General,
    /// The price of a contract's data.
    pub storage: StoragePrices,
    /// What methods do beyond their answers.
    pub effects: EffectPrices,
    /// The prices of WebAssembly's operators.
    pub wasm: Costs,
    /// What preparing a module costs.
    pub entry: Entry,
    /// The price of each method, in the order of [`METHODS`].
    methods: [GasRule; METHODS.len()],
}

/// A figure of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Its section.
    pub section: &'static str,
    /// Its name in the section.
    pub name: &'static str,
    /// The figure: in gas, unless [`Figure::about`] says otherwise.
    pub value: u64,
    /// What it is, in a sentence.
    pub about: &'static str,
}

/// A name: lower-case letters, digits and hyphens, filled up with zeros.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct ScheduleName([u8; NAME_SIZE]);

impl ScheduleName {
    /// # Panics
    /// If it is too long; the names are literals.
    const fn of(text: &str) -> ScheduleName {
        let (text, mut name) = (text.as_bytes(), [0; NAME_SIZE]);
        let mut at = 0;
        while at < text.len() {
            name[at] = text[at];
            at += 1;
        }
        ScheduleName(name)
    }

    fn of_bytes(bytes: [u8; NAME_SIZE]) -> Option<ScheduleName> {
        let name = ScheduleName(bytes);
        let text = name.text();
        let is_name = |byte: u8| byte == b'-' || byte.is_ascii_digit() || byte.is_ascii_lowercase();
        let zeros = &bytes[text.len()..];
        let is_one = !text.is_empty() && text.bytes().all(is_name) && zeros.iter().all(|b| *b == 0);
        is_one.then_some(name)
    }

    fn text(&self) -> &str {
        let length = self.0.iter().position(|byte| *byte == 0);
        core::str::from_utf8(&self.0[..length.unwrap_or(NAME_SIZE)]).unwrap_or_default()
    }
}

impl fmt::Debug for ScheduleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text().fmt(f)
    }
}

impl Schedule {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.text()
    }

    /// The price of a method.
    #[inline]
    #[must_use]
    pub fn rule(&self, spec: &MethodSpec) -> &GasRule {
        &self.methods[spec.slot()]
    }

    /// Each method with its price.
    pub fn rules(&self) -> impl Iterator<Item = (&'static MethodSpec, &GasRule)> {
        METHODS.iter().zip(&self.methods)
    }

    /// What a call with so many contract bytes, and an amount or none, costs before it runs.
    #[must_use]
    pub const fn call_gas(&self, input: usize, value: u64) -> Gas {
        let moved = if value == 0 {
            0
        } else {
            self.general.gas_of_value
        };
        self.transaction_gas(input, moved)
    }

    /// What a transaction of so many actions costs before the first one runs, which takes so many bytes and sends
    /// amounts with so many of them.
    #[must_use]
    pub const fn actions_gas(&self, bytes: usize, actions: usize, values: usize) -> Gas {
        let actions = (actions as u64).saturating_mul(self.general.gas_per_action);
        let values = (values as u64).saturating_mul(self.general.gas_of_value);
        self.transaction_gas(bytes, actions.saturating_add(values))
    }

    /// What it costs to make an account with a local name of so many bytes.
    #[must_use]
    pub const fn account_gas(&self, name: usize) -> Gas {
        self.transaction_gas(name, self.general.gas_of_account)
    }

    /// What it costs to deploy an image of so many bytes as a contract, and to keep a local name and an input that it
    /// is initialised with, of so many bytes together.
    #[must_use]
    pub const fn deploy_gas(&self, code: usize, kept: usize) -> Gas {
        let code = (code as u64).saturating_mul(self.general.gas_per_code_byte);
        self.transaction_gas(kept, self.general.gas_of_account.saturating_add(code))
    }

    /// What it costs to set the code of a contract to an image of so many bytes, or with 0 to remove it, and to keep
    /// so many bytes that it is initialised with.
    #[must_use]
    pub const fn upgrade_gas(&self, code: usize, input: usize) -> Gas {
        let code = (code as u64).saturating_mul(self.general.gas_per_code_byte);
        self.transaction_gas(input, code)
    }

    /// What a transaction costs that keeps so many bytes and for which `beyond` is paid too.
    const fn transaction_gas(&self, bytes: usize, beyond: u64) -> Gas {
        let bytes = (bytes as u64).saturating_mul(self.general.gas_per_input_byte);
        let own = self.general.gas_per_transaction.saturating_add(bytes);
        Gas(own.saturating_add(beyond))
    }

    /// What a call of an 8051 contract pays before its first instruction, of whose CODE `predecoded` bytes were
    /// predecoded: as though nobody had kept it.
    #[must_use]
    pub const fn entry_gas(&self, predecoded: u32) -> Gas {
        let lines = predecoded as u64 / 64;
        Gas(self.general.gas_per_entry + lines * self.general.gas_per_code_line)
    }

    /// What it costs to keep an entry of so many bytes, with an amount or without, for a later block, and to execute it
    /// there: its own transaction, and one more where its contract is told of a failure. What its run uses is paid
    /// for by the contract.
    #[must_use]
    pub fn deferred_gas(&self, bytes: usize, has_amount: bool, tells: bool) -> Gas {
        let kept = self.storage.change(bytes, None, Some(&[])).charge.0;
        let amount = if has_amount { self.effects.value } else { 0 };
        let later = self.effects.later * if tells { 2 } else { 1 };
        Gas(kept + amount + later + self.effects.later_byte * bytes as u64)
    }

    /// What of `refund` is given back to a run that used `used`.
    #[must_use]
    pub const fn capped_refund(&self, used: Gas, refund: Gas) -> Gas {
        let most = used.0 / self.general.refund_divisor;
        Gas(if refund.0 < most { refund.0 } else { most })
    }
}
