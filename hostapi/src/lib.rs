//! What the host does for a contract.
//!
//! Nothing here knows a processor: a call comes as a method id and a request frame, and goes back as an
//! [`Answer`]. Everything a call changes goes through one [`state::Overlay`], so that it can be undone.
//!
//! A run has a [`CallContext`] (its facts) and a [`ChainView`] (the past), and is served by a [`Host`]. What
//! it asks for beyond its data is collected in [`Requests`] and made afterwards by [`fn@settle`].

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod accounts;
pub mod actions;
pub mod app_accounts;
pub mod app_funds;
pub mod context;
pub mod data;
pub mod deferred;
pub mod dispatch;
mod failure;
pub mod fees;
pub mod frames;
pub mod hash;
pub mod host;
mod methods;
pub mod network;
pub mod objects;
pub mod outputs;
pub mod prints;
mod refusal;
mod requests;
pub mod settle;
pub mod signature;
pub mod varint;
mod walk;

pub use actions::{ActionFrame, FollowUp, Following, SentAction};
pub use context::{CallContext, ChainView, KnownTx};
pub use deferred::Deferred;
pub use dispatch::Host;
pub use failure::Failure;
pub use frames::{CallStatus, Entry, Event, Frame, NotEntered, Transcript};
pub use host::{Answer, CallEnd, HostApi, HostFault, NodeError, Status};
pub use network::Network;
pub use prints::Print;
pub use refusal::SettleRefusal;
pub use requests::Requests;
pub use settle::settle;
pub use state::keys::RegId;
