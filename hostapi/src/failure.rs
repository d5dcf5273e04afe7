//! [`Failure`]: the contract's fault, or the node's.

use crate::host::NodeError;
use state::StoreError;

/// The error of work done for a contract, which keeps the two who can be at fault apart: what the contract
/// did wrong is part of a receipt, what the node could not do never is.
#[derive(Debug, thiserror::Error)]
pub enum Failure<E> {
    /// The contract is at fault; its transaction fails and leaves no trace.
    #[error(transparent)]
    Contract(E),
    /// The node is at fault; the whole transaction is given up.
    #[error(transparent)]
    Node(NodeError),
}

impl<E> From<NodeError> for Failure<E> {
    fn from(error: NodeError) -> Self {
        Failure::Node(error)
    }
}

impl<E> From<StoreError> for Failure<E> {
    fn from(error: StoreError) -> Self {
        Failure::Node(error.into())
    }
}
