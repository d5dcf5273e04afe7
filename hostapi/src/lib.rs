//! What the host does for a contract.
//!
//! Nothing here knows a processor: a call comes as a method id and a request frame, and goes back as an
//! [`Answer`]. Everything a call changes goes through one [`state::Overlay`], so that it can be undone.

pub mod host;
pub mod state;

pub use host::{Answer, HostApi, HostError, HostFault, NodeError, Status};
