//! Profiles as people and their tools read them: the tree of functions, and files.
//!
//! What was measured is a [`bridge::Profile`]; here it gets names, and forms.

pub(crate) mod names;
pub(crate) mod tree;

pub(crate) use names::Names;
