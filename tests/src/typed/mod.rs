//! Random contracts and values of their types, and what foreign implementations of the same ABI say
//! of them.

pub mod judges;
pub mod random;
