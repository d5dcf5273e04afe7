//! What a contract and its host agree on.
//!
//! This crate is knowledge and no behaviour: where things lie in memory ([`layout`]), how requests and
//! replies are framed ([`codec`]), which methods exist ([`method`]), how actions are named ([`name`]),
//! which generation of rules an image runs under ([`version`]), the unit a caller pays in ([`gas`]) and what costs
//! how much of it ([`schedule`]).
//! It knows nothing of processors or stores, so a contract author's own host-side tool can use it alone.
//! It needs no standard library, only an allocator; the generators of documents are behind the feature
//! `document`, which is on by default.
//!
//! Names that the original chain gave are kept: *Communicate* is the buffer of an exchange, a *regid*
//! (registered id) names an account by block and place, and a *script* is a contract.

#![cfg_attr(not(test), no_std)]
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

extern crate alloc;

pub mod codec;
#[cfg(feature = "document")]
pub mod document;
pub mod gas;
pub mod layout;
pub mod method;
pub mod name;
pub mod schedule;
pub mod version;

pub use gas::{ExitCode, Gas};
pub use name::Name;
pub use schedule::Schedule;
pub use version::{AbiVersion, Semantics};
