//! The host from outside: the rules of its methods, of what follows a run, and of what the old rules and
//! ours differ in; and the calls that were recorded on the original chain.

mod actions;
mod common;
mod differences;
mod frames;
mod funds;
mod methods;
mod objects;
mod ordered;
mod payments;
mod properties;
mod recordings;
mod signatures;
