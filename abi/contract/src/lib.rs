//! Contract JSON: what a contract's actions, tables, events and errors are called, of which types
//! they are, and how values of these types are bytes.
//!
//! The form is the ABI of EOS, version 1.2, so that foreign clients read it, with one extension of
//! ours ([`Extension`]): the key `smart51` in JSON, the tag [`EXTENSION_TAG`] in the binary form.
//! `docs/contract-json.md` describes both.
//!
//! A [`Contract`] is plain data, read from JSON ([`Contract::from_json`]) or bytes
//! ([`Contract::from_bytes`]). A [`Codec`] is a checked one, its types resolved: it turns JSON
//! values into bytes and bytes into JSON values. Every [`Error`] names the place, as in
//! `transfer.to.height: 70000000000 does not fit uint32`. Any bytes and any JSON end in a value or
//! an error, in memory and time bounded by [`READ_MAX`], [`DATA_MAX`], [`VALUES_MAX`] and
//! [`DEPTH_MAX`].

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod arguments;
mod binary;
mod check;
mod codec;
mod decode;
mod diff;
mod docs;
mod encode;
mod error;
mod extract;
mod graph;
mod json;
mod random;
mod scalar;
mod schema;
mod wire;

pub use arguments::Names;
pub use codec::{Codec, Entry, ShowId};
pub use diff::{Change, diff};
pub use docs::docs;
pub use error::{Error, Problem};
pub use extract::{ExtractError, SECTION, WRONG_INPUT};
pub use random::Random;
pub use schema::{
    ActionDef, ActionExt, ActionResult, Clause, Contract, Dispatch, ErrorMessage, ErrorName,
    EventDef, Extension, FieldDef, IndexExt, StructDef, TableDef, TableExt, TypeDef, VariantDef,
};

/// A value in JSON.
pub use serde_json::Value;

/// The tag of our extension among `abi_extensions`.
pub const EXTENSION_TAG: u16 = 0x5101;
/// The version of the extension that this library writes, and the only one that it reads.
pub const EXTENSION_VERSION: u8 = 1;
/// The version of the ABI that this library writes into new contracts.
pub const ABI_VERSION: &str = "eosio::abi/1.2";
/// The longest binary form of a contract that is sound, in bytes.
pub const CONTRACT_MAX: usize = 64 * 1024;
/// The most that is read of a contract in either form, in bytes. One of more than [`CONTRACT_MAX`]
/// is read, so that it can be looked at, and is wrong.
pub const READ_MAX: usize = 1024 * 1024;
/// The longest encoded value, in bytes.
pub const DATA_MAX: usize = 64 * 1024;
/// The most values in one: fields, elements and what they hold.
pub const VALUES_MAX: usize = 64 * 1024;
/// The deepest type: a struct's fields, an array's element, an optional's value are one deeper
/// each.
pub const DEPTH_MAX: usize = 32;
/// The most topics of an event.
pub const TOPICS_MAX: usize = 4;
/// The bytes of a topic. A field that is shorter has zeros behind it.
pub const TOPIC_SIZE: usize = 32;
