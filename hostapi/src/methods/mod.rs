//! What each method does, by family. The arguments come checked and typed; those that only the state or the
//! rules can tell wrong are refused here.

mod actions;
mod arithmetic;
mod chain;
mod crypto;
mod data;
mod money;
mod objects;
mod ordered;
