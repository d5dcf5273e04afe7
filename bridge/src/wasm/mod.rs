//! The WebAssembly engine: the same host API for contracts compiled to wasm.
//!
//! A module is checked against a fixed set of rules (`validate`), rewritten so that it meters itself
//! (`instrument`), and only then handed to an engine. docs/wasm.md tells what a contract sees of this.

use crate::engine::{EngineId, PrepareError};
use crate::rules::Rules;
use abi::{Gas, Schedule};
use facts::at_most;
use instrument::Instrument;
use loader::Image;
use validate::Check;
use wasmparser::Parser;

mod body;
mod code;
mod costs;
mod facts;
mod guest;
mod instrument;
mod invalid;
mod limits;
mod names;
mod outline;
mod tracing;
mod validate;
mod wasmi;
#[cfg(feature = "wasmtime")]
mod wasmtime;

pub use invalid::{InvalidModule, InvalidSection};
pub use limits::{BUFFER_SIZE, ModuleLimits, PAGE_SIZE};
pub use names::{function_names, own_functions};
pub use wasmi::Wasmi;
#[cfg(feature = "wasmtime")]
pub use wasmtime::Wasmtime;

/// The module that a contract imports from.
pub const HOST_MODULE: &str = "smart51";
/// The import that calls the host: `(method, args_ptr, args_len, reply_ptr, reply_cap) -> length`.
pub const CALL_IMPORT: &str = "call";
/// The import that ends the call: `(code)`.
pub const EXIT_IMPORT: &str = "exit";
/// The export that holds linear memory.
pub const MEMORY_EXPORT: &str = "memory";
/// The export where a call begins, a function from nothing to nothing.
pub const MAIN_EXPORT: &str = "smart51_main";
/// The export that holds the address of the exchange buffer, an immutable i32 global.
pub const BUFFER_EXPORT: &str = "smart51_buffer";

/// The optional export, of any kind, that switches the account check on, as CODE 0x0014 does on the 8051.
pub const ACCOUNT_CHECK_EXPORT: &str = "smart51_account_check";

/// The export that metering adds for what is left of the gas, a mutable i64 global.
const GAS_EXPORT: &str = "gas";
/// The export that metering adds for what is left of the stack, a mutable i32 global.
const STACK_EXPORT: &str = "stack";

/// A module that passed validation and meters itself: what is handed to an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metered {
    /// The rewritten module.
    pub wasm: Vec<u8>,
    /// The address of the exchange buffer in linear memory.
    pub buffer: u32,
    /// What a call costs before its first operator, in gas: its module and its memory are made ready.
    pub entry_gas: Gas,
    /// What a call has for its frames, in bytes.
    pub stack: u32,
    /// Whether the account check is switched on.
    pub account_check: bool,
}

/// Checks `wasm` and makes it meter itself, by the prices of `schedule`.
///
/// # Errors
/// The first rule that the module breaks.
pub fn meter(
    wasm: &[u8],
    limits: &ModuleLimits,
    schedule: &Schedule,
) -> Result<Metered, InvalidModule> {
    let mut check = Check::new(wasm.len(), limits, schedule)?;
    let mut metered = Instrument::new(wasm, limits, schedule);
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        check.payload(&payload)?;
        metered.payload(payload, check.shape())?;
    }
    let facts = check.finish()?;
    let (wasm, code) = metered.finish();
    at_most(0, "metered_size", wasm.len() as u64, limits.metered_size)?;
    let memory = u64::from(facts.pages) * u64::from(schedule.wasm.page);
    Ok(Metered {
        wasm,
        buffer: facts.buffer,
        entry_gas: Gas(facts.entry + code + memory),
        stack: limits.stack,
        account_check: facts.account_check,
    })
}

/// The metered form of an image, under `rules`.
fn meter_image(image: &Image, rules: &Rules) -> Result<Metered, PrepareError> {
    let wasm = image.as_wasm().ok_or(PrepareError::WrongKind {
        engine: EngineId::Wasm,
    })?;
    if rules.semantics.is_dacrs() {
        return Err(PrepareError::Semantics(rules.semantics));
    }
    meter(wasm, &rules.limits, &rules.schedule)
        .map_err(|error| PrepareError::Module(Box::new(InvalidSection::new(error, wasm))))
}

/// The bytes of the first custom section of this name. Bytes that are no module have none.
#[must_use]
pub fn custom_section<'w>(wasm: &'w [u8], name: &str) -> Option<&'w [u8]> {
    let payloads = wasmparser::Parser::new(0).parse_all(wasm);
    payloads
        .map_while(Result::ok)
        .find_map(|payload| match payload {
            wasmparser::Payload::CustomSection(section) if section.name() == name => {
                Some(section.data())
            }
            _ => None,
        })
}
