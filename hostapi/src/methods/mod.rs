//! What each method does, by family. Arguments have been checked against the table before; a method that
//! still does not find what it needs refuses the call.

mod arithmetic;
mod chain;
mod crypto;
mod data;
mod money;
