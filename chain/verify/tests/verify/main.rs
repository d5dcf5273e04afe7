//! Scenarios and recordings on the local chain.

mod captures;
#[path = "../../../tests/local_chain/common.rs"]
#[allow(dead_code, reason = "the chain's own tests use all of it")]
mod common;
mod deferred;
mod json_schema;
mod nested;
mod scenarios;
mod schema;
mod steps;
