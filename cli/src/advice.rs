//! What to do about the errors of stores and nodes: the libraries say what happened, this the command that helps.

use hostapi::NodeError;
use state::StoreError;

/// What happened to the store, and what to do next.
pub(crate) fn about_store(error: &StoreError) -> String {
    match error {
        StoreError::Corrupt(_) => {
            format!("{error}; restore it from an export with `smart51 state import`")
        }
        StoreError::Locked { waited, .. } => format!(
            "{error}; end that process or name another folder with --store (waited {waited} seconds)"
        ),
        StoreError::Missing(_) => format!(
            "{error}; make one with `smart51 account new NAME` or `smart51 state import`, or name its folder \
             with --store"
        ),
        StoreError::Exists(_) | StoreError::Foreign { .. } => {
            format!("{error}; name an empty or new folder with --store")
        }
        _ => error.to_string(),
    }
}

/// What happened to the node, and what to do next.
pub(crate) fn about_node(error: &NodeError) -> String {
    match error {
        NodeError::Store(error) => about_store(error),
        NodeError::Damaged { .. } => format!("{error}; run `smart51 state check`"),
        NodeError::TookTooLong { .. } => format!("{error}; allow more with --timeout"),
        _ => error.to_string(),
    }
}
