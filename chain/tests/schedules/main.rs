//! Gas schedules: their tables, what they bill, and how a chain changes from one to another.

mod billing;
mod changes;
#[path = "../local_chain/common.rs"]
#[expect(dead_code, reason = "shared with the tests of the local chain")]
mod common;
mod fuel;
mod tables;
